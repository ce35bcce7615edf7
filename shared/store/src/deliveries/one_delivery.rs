//! The delivery of an event to a subscription, as it stands.

use domain::{DeliveryStatus, word::Word};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Error, Result,
    table::{
        attributes::{
            document::DOC,
            event_delivery,
            every::{PK, SK},
        },
        db::{Row, instant, json, number, text},
        keys,
    },
};

/// How long a delivery is kept after it was queued last, in days: three in which it is tried, and thirty.
pub(crate) const KEPT_DAYS: i64 = 33;
/// The lane of samples that people ask for: none of its events stands for anything that happened.
pub const SAMPLES: &str = "sample";

/// The delivery of an event to a subscription.
#[derive(Clone, Debug, PartialEq)]
pub struct EventDelivery {
    /// The lane: the customer's id, or what else the event is of.
    pub lane: String,
    /// The event's id, by which a subscriber knows it.
    pub event: String,
    /// The kind of event.
    pub kind: String,
    /// What is said of it: ids only.
    pub detail: Value,
    /// Its place in the lane.
    pub position: u64,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// When it was first queued.
    pub made_at: Timestamp,
    /// When it was queued last: first, or by a replay.
    pub queued_at: Timestamp,
    /// How often it was tried since then.
    pub tries: u32,
    /// When it was tried last.
    pub tried_at: Option<Timestamp>,
    /// When it is tried again, where a try failed.
    pub next_at: Option<Timestamp>,
    /// The HTTP status of the last try.
    pub answer: Option<u16>,
    /// Why the last try failed, or why it was given up.
    pub why: Option<String>,
    /// When it was delivered or given up.
    pub ended_at: Option<Timestamp>,
    /// How often it was replayed.
    pub replays: u32,
}

impl EventDelivery {
    /// Its id: the event's, a dot, and the lane.
    pub fn id(&self) -> String {
        delivery_id(&self.event, &self.lane)
    }

    /// Whether it is a sample that somebody asked for.
    pub fn is_sample(&self) -> bool {
        self.lane == SAMPLES
    }
}

/// The id of the delivery of an event in a lane.
pub fn delivery_id(event: &str, lane: &str) -> String {
    format!("{event}.{lane}")
}

/// Event and lane of a delivery's id; `None` for a text that is none.
pub(crate) fn parse_delivery_id(id: &str) -> Option<(&str, &str)> {
    let is_plain =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    id.split_once('.').filter(|(event, lane)| id.len() <= 160 && event.starts_with("evt_") && is_plain(event) && is_plain(lane))
}

pub(crate) fn read_delivery(row: &Row) -> Result<EventDelivery> {
    let key = || format!("{}|{}", text(row, PK).unwrap_or("?"), text(row, SK).unwrap_or("?"));
    let corrupt = |what: &str| Error::Corrupt { key: key(), detail: format!("the delivery's {what} does not read") };
    let lane = text(row, PK).and_then(keys::parse_lane).map(|(_, _, lane)| lane).ok_or_else(|| corrupt("lane"))?;
    let event = text(row, SK).and_then(|sk| sk.strip_prefix(keys::DELIVERIES)).ok_or_else(|| corrupt("event"))?;
    let at = |name: &str| number(row, name).map(instant);
    let made_at = at(event_delivery::MADE_AT).ok_or_else(|| corrupt("instant"))?;
    Ok(EventDelivery {
        lane,
        event: event.to_owned(),
        kind: text(row, event_delivery::KIND_OF).ok_or_else(|| corrupt("kind"))?.to_owned(),
        detail: json(row, DOC)?,
        position: number(row, event_delivery::POSITION).ok_or_else(|| corrupt("place"))?,
        status: text(row, event_delivery::STATUS).and_then(DeliveryStatus::read).ok_or_else(|| corrupt("status"))?,
        made_at,
        queued_at: at(event_delivery::QUEUED_AT).unwrap_or(made_at),
        tries: number(row, event_delivery::TRIES).unwrap_or(0),
        tried_at: at(event_delivery::TRIED_AT),
        next_at: at(event_delivery::NEXT_AT),
        answer: number(row, event_delivery::ANSWER),
        why: text(row, event_delivery::WHY).map(str::to_owned),
        ended_at: at(event_delivery::ENDED_AT),
        replays: number(row, event_delivery::REPLAYS).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_to_event_and_lane_and_nothing_else_does() {
        assert_eq!(parse_delivery_id(&delivery_id("evt_1a", "cus_2b")), Some(("evt_1a", "cus_2b")));
        for id in ["", "evt_1", "evt_1.", ".cus_1", "cus_1.evt_1", "evt_1.cus_1.x", "evt_1#x.cus_1", "evt_1.cus 1"] {
            assert_eq!(parse_delivery_id(id), None, "{id}");
        }
    }
}
