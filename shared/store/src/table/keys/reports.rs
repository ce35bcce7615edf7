//! Keys of what reports are made of. `report` writes them, but for what is noted of customers that changed, which `read-model` writes. No filter
//! of the stream passes any of them.
//!
//! | item | pk | sk | written by | read by | cost |
//! |---|---|---|---|---|---|
//! | figures of a customer | `T#FIGURES#{shard}` | `FIG#{customer}` | `report`, after it changed and on a day that moves what is open of it | `report`, by key and once a day a query a shard; reports by customer: a query a shard | by size, 2 to 6 W |
//! | totals of a day | `T#TOTALS#{day}` | `TOT#{by}#{shard}#{hash of the group}#{part}` | `report`, once, those of today after a change | reports: a query a kind of group | by size, expires after 3 years |
//! | that a customer changed | `T#CHANGED` | `CHG#{customer}` | `read-model`, once a batch and customer | `report`: query | 1 W, 1 W to forget |
//! | how far the reports have come | `T#REPORTS` | `PLACE` | `report`, between its steps | `report` and reports, by key | 1 W |
//! | who gets the weekly mail | `T#REPORTS` | `MAIL#{day}#{hash of the subject}` | `report`, before it sends one | `report`, by key | 1 W, expires after 90 days |

use domain::{CustomerId, TenantId, id::digest};
use jiff::civil::Date;

use super::{Key, list_shard};

/// What the sort keys of figures of customers begin with.
pub(crate) const FIGURES: &str = "FIG#";
/// What the sort keys of totals begin with.
pub(crate) const TOTALS: &str = "TOT#";
/// What the sort keys of customers that changed begin with.
pub(crate) const CHANGED: &str = "CHG#";

/// The partition of the figures of a shard's customers as they are now.
pub(crate) fn figures(t: &TenantId, shard: u8) -> String {
    format!("T#{t}#FIGURES#{shard}")
}
pub(crate) fn figures_of(t: &TenantId, c: &CustomerId) -> Key {
    Key::new(figures(t, list_shard(c.as_str())), format!("{FIGURES}{c}"))
}
/// Reads the customer back from the sort key of its figures.
pub(crate) fn parse_figures(sk: &str) -> Option<CustomerId> {
    CustomerId::parse(sk.strip_prefix(FIGURES)?)
}
/// The partition of a day's totals.
pub(crate) fn totals(t: &TenantId, day: Date) -> String {
    format!("T#{t}#TOTALS#{day}")
}
/// What the sort keys of the totals by one kind of group begin with.
pub(crate) fn totals_by(by: &str) -> String {
    format!("{TOTALS}{by}#")
}
/// The same of one shard.
pub(crate) fn totals_of_shard(by: &str, shard: u8) -> String {
    format!("{}{shard}#", totals_by(by))
}
pub(crate) fn totals_of(t: &TenantId, day: Date, (by, shard): (&str, u8), group: &str, part: usize) -> Key {
    Key::new(totals(t, day), format!("{}{}#{part:02}", totals_of_shard(by, shard), digest(&[group])))
}
/// The partition of customers that changed since their figures were set.
pub(crate) fn changed(t: &TenantId) -> String {
    format!("T#{t}#CHANGED")
}
pub(crate) fn changed_customer(t: &TenantId, c: &CustomerId) -> Key {
    Key::new(changed(t), format!("{CHANGED}{c}"))
}
/// Reads the customer back from the sort key of a change.
pub(crate) fn parse_changed(sk: &str) -> Option<CustomerId> {
    CustomerId::parse(sk.strip_prefix(CHANGED)?)
}
pub(crate) fn report_mail(t: &TenantId, day: Date, subject: &str) -> Key {
    Key::new(format!("T#{t}#REPORTS"), format!("MAIL#{day}#{}", digest(&[subject])))
}
pub(crate) fn reports_place(t: &TenantId) -> Key {
    Key::new(format!("T#{t}#REPORTS"), "PLACE")
}
