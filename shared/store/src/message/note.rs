//! What a provider says of a message, and what that changes on its record.

use domain::{DeliveryEvent, Outcome};
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

    /// Adds itself to a record that is about to be written. True when it proves that nobody got what the record says was sent.
    pub(crate) fn merge_into_record(&self, row: &mut Row, outcome: Option<Outcome>) -> bool {
        let Some(outcome) = outcome else { return false };
        let status = text(row, attributes::record::STATUS).and_then(RecordStatus::read).unwrap_or(RecordStatus::Decided);
        let change = changes(self.heard, status, outcome);
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
        change.outcome == Some(Outcome::Undelivered)
    }
}

/// What a word changes on a record.
pub(crate) struct Changes {
    /// Its status becomes the word.
    pub(crate) status: bool,
    /// What came of the message becomes this.
    pub(crate) outcome: Option<Outcome>,
}

/// Whatever the order in which words are heard, they end the same. Word that it left settles a doubt; it never undoes a proof of loss.
pub(crate) fn changes(heard: DeliveryEvent, status: RecordStatus, outcome: Outcome) -> Changes {
    let outcome = if heard.proves_loss() {
        outcome.satisfies().then_some(Outcome::Undelivered)
    } else {
        (outcome == Outcome::Unknown && heard.proves_sent()).then_some(Outcome::Sent)
    };
    let settles = outcome == Some(Outcome::Sent);
    let is_louder = status.message().is_none_or(|status| heard.status().rank() > status.rank());
    Changes { status: settles || is_louder, outcome }
}
