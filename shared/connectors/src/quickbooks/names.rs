//! What the source is called, and what its objects are.

/// The name of the source.
pub const SOURCE: &str = "quickbooks";

/// The kinds that are read, in the order of reading.
pub const KINDS: [&str; 4] = ["Customer", "Invoice", "Payment", "CreditMemo"];

/// Whether a text has the form of this vendor's ids.
pub fn is_id(text: &str) -> bool {
    (1..=36).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
