//! Keys of events that go to subscriptions. A *lane* is what is delivered to one subscription in its order: the events of one customer.

use domain::{SubscriptionId, TenantId};
use jiff::{Timestamp, civil::Date};

use super::{Key, second, subscriptions_of};

/// What the sort keys of deliveries begin with. No filter of the stream passes them.
pub(crate) const DELIVERIES: &str = "DLV#";
/// What deliveries that wait have in the index `chase`, by their place in the lane.
pub(crate) const WAITING_DELIVERIES: &str = "W#";
/// What the sort keys of how subscriptions fare begin with. No filter of the stream passes them.
pub(crate) const DELIVERY_HEALTH: &str = "HEALTH#";
/// What the sort keys of replays begin with. No filter of the stream passes them.
const REPLAYS: &str = "REPLAY#";
/// The sort key of a lane itself. No filter of the stream passes it.
const LANE: &str = "LANE";
/// Where the index `due` lists lanes and replays.
pub(crate) const DUE_DELIVERIES: &str = "DELIVER";

/// The partition of a lane.
pub(crate) fn lane_of(t: &TenantId, subscription: &SubscriptionId, lane: &str) -> String {
    format!("T#{t}#DLV#{subscription}#{lane}")
}
pub(crate) fn lane(t: &TenantId, subscription: &SubscriptionId, of: &str) -> Key {
    Key::new(lane_of(t, subscription, of), LANE)
}
/// Reads tenant, subscription and lane back from a partition.
pub(crate) fn parse_lane(pk: &str) -> Option<(TenantId, SubscriptionId, String)> {
    let (tenant, rest) = pk.strip_prefix("T#")?.split_once("#DLV#")?;
    let (subscription, lane) = rest.split_once('#')?;
    Some((TenantId::parse(tenant).ok()?, SubscriptionId::parse(subscription)?, lane.to_owned()))
}
/// Whether a sort key is a lane's own.
pub(crate) fn is_lane(sk: &str) -> bool {
    sk == LANE
}
pub(crate) fn delivery(t: &TenantId, subscription: &SubscriptionId, lane: &str, event: &str) -> Key {
    Key::new(lane_of(t, subscription, lane), format!("{DELIVERIES}{event}"))
}
/// The place of a delivery that waits.
pub(crate) fn waiting_at(position: u64) -> String {
    format!("{WAITING_DELIVERIES}{position:015}")
}
/// Where the index `due` lists the deliveries of a subscription that were queued on a day.
pub(crate) fn queued_on(t: &TenantId, subscription: &SubscriptionId, on: Date) -> String {
    format!("DLV#{t}#{subscription}#{on}")
}
/// The place of a delivery there: by when it was first queued.
pub(crate) fn queued_at(at: Timestamp, lane: &str, event: &str) -> String {
    format!("{}#{lane}#{event}", queued_from(at))
}
/// What the places of an instant begin with.
pub(crate) fn queued_from(at: Timestamp) -> String {
    format!("{:015}", at.as_millisecond().max(0))
}
/// The instant of a place, and the place itself, where a text is one, or what the places of an instant begin with.
pub(crate) fn queued_cursor(text: &str) -> Option<(Timestamp, String)> {
    let millis = text.split('#').next().unwrap_or_default();
    let plain = millis.len() == 15 && millis.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 160;
    let at = Timestamp::from_millisecond(millis.parse().ok().filter(|_| plain)?).ok()?;
    Some((at, text.to_owned()))
}
/// How the deliveries of a subscription fare.
pub(crate) fn delivery_health(t: &TenantId, subscription: &SubscriptionId) -> Key {
    Key::new(subscriptions_of(t), format!("{DELIVERY_HEALTH}{subscription}"))
}
pub(crate) fn delivery_replay(t: &TenantId, subscription: &SubscriptionId) -> Key {
    Key::new(subscriptions_of(t), format!("{REPLAYS}{subscription}"))
}
/// Reads tenant and subscription back from the key of a replay.
pub(crate) fn parse_replay(pk: &str, sk: &str) -> Option<(TenantId, SubscriptionId)> {
    let tenant = TenantId::parse(pk.strip_prefix("T#")?.strip_suffix("#SUBSCRIPTIONS")?).ok()?;
    Some((tenant, SubscriptionId::parse(sk.strip_prefix(REPLAYS)?)?))
}
/// When a lane or a replay is due.
pub(crate) fn delivery_due_sk(at: Timestamp, subscription: &SubscriptionId, lane: &str) -> String {
    format!("{}#{subscription}#{lane}", second(at))
}
/// Behind everything that is due at an instant.
pub(crate) fn deliveries_due_until(at: Timestamp) -> String {
    format!("{}#~", second(at))
}
