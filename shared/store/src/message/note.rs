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

    /// Adds itself to a record that is about to be written. True when nobody got what the record says was sent, or may have been.
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
        change.outcome.is_some_and(|outcome| !outcome.is_contact())
    }
}

/// What a word changes on a record.
pub(crate) struct Changes {
    /// Its status becomes the word.
    pub(crate) status: bool,
    /// What came of the message becomes this.
    pub(crate) outcome: Option<Outcome>,
}

/// Whatever the order in which words are heard, they end the same. Word that it left settles a doubt; it never undoes a proof of loss. What
/// a person says of a message that was not sent counts only as long as its provider says nothing.
pub(crate) fn changes(heard: DeliveryEvent, status: RecordStatus, outcome: Outcome) -> Changes {
    // A message's steps are skipped only where a person dropped it, and that stands whatever became of the address.
    let is_doubted = matches!(outcome, Outcome::Unknown | Outcome::NotSent | Outcome::Skipped);
    let can_be_lost = outcome.is_contact() || outcome == Outcome::NotSent;
    let outcome = match (heard.unsent(), heard.proves_loss()) {
        (Some(unsent), _) => (outcome == Outcome::Unknown).then_some(unsent),
        (None, true) => can_be_lost.then_some(Outcome::Undelivered),
        (None, false) => (is_doubted && heard.proves_sent()).then_some(Outcome::Sent),
    };
    let settles = outcome.is_some_and(|outcome| outcome != Outcome::Undelivered);
    let is_louder = status.message().is_none_or(|status| heard.status().rank() > status.rank());
    Changes { status: settles || (is_louder && heard.unsent().is_none()), outcome }
}
