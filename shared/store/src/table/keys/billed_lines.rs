//! Keys of the lines of invoices.

use domain::{InvoiceId, TenantId};

use super::{Key, reference};

/// The lines of an invoice, beside what says whose it is: there they stay wherever the invoice moves. No filter of the stream passes them.
pub(crate) fn billed_lines(t: &TenantId, invoice: &InvoiceId) -> Key {
    Key::new(reference(t, invoice.as_str()).pk, "LINES")
}
