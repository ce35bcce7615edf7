//! What a provider says of a message, and what that changes on its record.

use domain::{DeliveryEvent, Outcome, hear};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    message::{record::RecordStatus, result::MessageResult},
    table::{
        attributes,
        value::{Row, millis, n, s, text, word_of},
    },
};

/// What a provider said of a message before its sender settled it. The note is kept on the head. The write that takes the message off
/// the head puts the note into the message's record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) heard: DeliveryEvent,
    pub(crate) at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider_id: Option<String>,
}

impl Note {
    pub(crate) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// How a message ended of which nothing but this is known.
    pub(crate) fn settles(&self) -> MessageResult {
        match (self.heard.proves_loss(), self.heard.proves_sent()) {
            (true, _) => MessageResult::Failed,
            (false, true) => MessageResult::Sent,
            (false, false) => MessageResult::Unknown,
        }
    }

    /// Adds itself to a record that is about to be written. True when nobody got what the record says was sent, or may have been.
    pub(crate) fn merge_into_record(&self, row: &mut Row, outcome: Option<Outcome>) -> bool {
        let Some(outcome) = outcome else { return false };
        let status = text(row, attributes::record::STATUS).and_then(RecordStatus::read).unwrap_or(RecordStatus::Decided);
        let change = hear(self.heard, status.message(), outcome);
        row.insert(attributes::record::heard_at(self.heard), n(millis(self.at)));
        if change.status {
            row.insert(attributes::record::STATUS.to_owned(), s(self.heard.as_str()));
        }
        if let Some(outcome) = change.outcome {
            row.insert(attributes::record::OUTCOME.to_owned(), s(word_of(outcome)));
        }
        if let (false, Some(id)) = (row.contains_key(attributes::record::PROVIDER_ID), &self.provider_id) {
            row.insert(attributes::record::PROVIDER_ID.to_owned(), s(id));
        }
        change.outcome.is_some_and(|outcome| !outcome.is_contact())
    }
}
