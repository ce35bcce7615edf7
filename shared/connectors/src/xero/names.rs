//! What the source is called, and what its objects are.

/// The name of the source.
pub const SOURCE: &str = "xero";

/// The kinds that are read, as the API's paths name them, in the order of reading.
pub const KINDS: [&str; 6] = ["Contacts", "Invoices", "CreditNotes", "Payments", "Overpayments", "Prepayments"];

/// Whether a text has the form of this vendor's ids: a UUID.
pub fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
