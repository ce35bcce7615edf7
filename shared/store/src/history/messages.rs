//! The messages of a customer as they stood at an instant, from its records and its head.

use std::collections::{BTreeMap, BTreeSet};

use domain::{DeliveryEvent, MessageId, MessageStatus};
use jiff::Timestamp;

use crate::{
    Head, Result,
    customer::head::unpack,
    message::record::{RecordItem, RecordStatus},
};

/// Messages that are told of at most, the newest.
const MESSAGES_MAX: usize = 20;

/// A message as it stood at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageAsOf {
    /// The message.
    pub id: MessageId,
    /// The decision's number.
    pub number: u64,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// The steps that it stands for; none where they are too many for its own item.
    pub steps: Vec<String>,
    /// How it was settled, and when; `None` where that came later.
    pub settled: Option<(MessageStatus, Timestamp)>,
    /// What its provider had said of it by then.
    pub heard: BTreeMap<DeliveryEvent, Timestamp>,
}

/// The messages that were decided by an instant, newest first.
pub(super) fn messages_as_of(records: &[RecordItem], head: &Head, at: Timestamp) -> Result<Vec<MessageAsOf>> {
    let mut all = Vec::new();
    for item in records {
        let Some(message) = item.body.message.as_ref().filter(|message| message.decided_at <= at) else { continue };
        let settled = match item.body.status {
            RecordStatus::Message(status) if item.body.at <= at => Some((status, item.body.at)),
            RecordStatus::Message(_) | RecordStatus::Marks | RecordStatus::Decided => None,
        };
        let rows = unpack(&message.rows, &item.key)?;
        let steps: BTreeSet<String> = rows.into_iter().map(|row| row.step).collect();
        all.push(MessageAsOf {
            id: message.id.clone(),
            number: item.body.number,
            decided_at: message.decided_at,
            steps: steps.into_iter().collect(),
            settled,
            heard: item.heard.iter().filter(|(_, heard)| **heard <= at).map(|(event, heard)| (*event, *heard)).collect(),
        });
    }
    for entry in head.pending.values().filter(|entry| entry.message.decided_at <= at) {
        let message = &entry.message;
        if all.iter().any(|known| known.id == message.id) {
            continue;
        }
        let steps: BTreeSet<String> = message.rows.iter().map(|row| row.step.clone()).collect();
        all.push(MessageAsOf {
            id: message.id.clone(),
            number: message.number,
            decided_at: message.decided_at,
            steps: steps.into_iter().collect(),
            settled: None,
            heard: BTreeMap::new(),
        });
    }
    all.sort_by(|a, b| b.decided_at.cmp(&a.decided_at).then_with(|| b.number.cmp(&a.number)).then_with(|| a.id.cmp(&b.id)));
    all.truncate(MESSAGES_MAX);
    Ok(all)
}
