//! How long each way of paying keeps its amounts back.

use jiff::{Timestamp, ToSpan, civil::Date};

use super::SOURCE;
use crate::{Settings, WayOfPaying, agreed::day_after, agreement::expected_on, calendar::tenant_zone};

/// For how long a payer who was sent on is given, in minutes, whatever the way: until then nobody knows whether they will pay.
pub const BEGUN_MINUTES: i64 = 30;

/// Until when a basket keeps its amounts back that nobody has said anything of. Where the payer is sent on to a page it is
/// [`BEGUN_MINUTES`]. A transfer that is announced for a day is on its way until it cleared on the tenant's business days, and for as long
/// as the source of the customer may be silent on top.
pub fn kept_while_begun(settings: &Settings, source: &str, pays_on: Option<Date>, begun_at: Timestamp) -> Timestamp {
    match pays_on {
        Some(pays_on) => day_after(expected_on(settings, source, pays_on, &WayOfPaying::Transfer), &tenant_zone(settings)),
        None => begun_at.checked_add(BEGUN_MINUTES.minutes()).unwrap_or(Timestamp::MAX),
    }
}

/// Until when a basket keeps its amounts back whose money is on its way since `at`: a debit until it can no longer fail quietly, by the
/// tenant's business days. What is pending by a way that takes no days waits for the provider or for the payer's bank, so that it has as
/// long as a check.
pub fn kept_while_pending(settings: &Settings, way: &WayOfPaying, at: Timestamp) -> Timestamp {
    let zone = tenant_zone(settings);
    let way = match way {
        WayOfPaying::Card | WayOfPaying::Paypal | WayOfPaying::Cash | WayOfPaying::Other => &WayOfPaying::Check,
        WayOfPaying::Ach
        | WayOfPaying::SepaDebit
        | WayOfPaying::Bacs
        | WayOfPaying::Transfer
        | WayOfPaying::Check
        | WayOfPaying::Later(_) => way,
    };
    // The provider tells by itself: no books have to be read for it.
    day_after(expected_on(settings, SOURCE, at.to_zoned(zone.clone()).date(), way), &zone)
}
