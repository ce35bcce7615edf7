//! What payments that were taken here pay of invoices: known money, so that it is no other that is on its way.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::InvoiceId;

/// What a payment that was taken here pays of an invoice, after what was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PaidHere {
    /// The invoice.
    pub(crate) invoice: InvoiceId,
    /// Minor units, above zero.
    pub(crate) amount_minor: i64,
    /// When its basket was begun.
    pub(crate) begun_at: Timestamp,
    /// The day on which it came, where the tenant is.
    pub(crate) received_on: Date,
    /// When its newest version was recorded.
    pub(crate) recorded_at: Timestamp,
}

impl PaidHere {
    /// Whether it was not known yet at an instant. One that was and of which something was said on the same day may count too: then what was
    /// on its way at that instant is waited for longer, and not for ever.
    pub(crate) fn is_since(&self, at: Timestamp, zone: &TimeZone) -> bool {
        let on = at.to_zoned(zone.clone()).date();
        self.begun_at >= at || (self.recorded_at > at && self.received_on >= on)
    }
}
