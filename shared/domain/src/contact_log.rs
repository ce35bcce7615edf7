//! The contact log of a person: when whom was written to, across a tenant's customers.
//!
//! A sender writes the entry before it claims the message, and takes it back when nothing was sent. Gaps and caps read it, so that
//! a person whom several customers share is not written to more often than one whom none does. Live messages and those of shadow mode
//! are two ledgers, as everywhere.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{CaseId, Channel, CustomerId, MessageId, Mode, calendar::Locality, mode::counts};

/// Days for which a contact is kept: as far back as a cap may look.
pub const CONTACT_DAYS: i64 = 60;
/// Contacts of one day that are kept: rules ask which days there were, and which was the last at another customer.
const KEPT_A_DAY: usize = 4;

/// One message to a person that left, or may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactAttempt {
    /// When its sender was about to call the provider.
    pub at: Timestamp,
    /// By which channel.
    pub channel: Channel,
    /// The message.
    pub message: MessageId,
    /// The case that it is of; `None` where that is not known.
    pub case: Option<CaseId>,
    /// The customer whose money it is about.
    pub customer: CustomerId,
    /// The ledger that it belongs to.
    pub mode: Mode,
}

/// The contacts of one person within [`CONTACT_DAYS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactLog {
    /// Counts the writes of the log, so that a write holds only for the log that it was made from.
    pub revision: u64,
    /// The contacts, oldest first.
    pub attempts: Vec<ContactAttempt>,
}

impl ContactLog {
    /// The log with one more contact, in the place of an earlier one of the same message, without what is too old to matter.
    pub fn with(&self, attempt: &ContactAttempt) -> Self {
        let kept_from = attempt.at.checked_sub((CONTACT_DAYS * 24).hours()).unwrap_or(Timestamp::MIN);
        let known = self.attempts.iter().filter(|known| known.message != attempt.message && known.at >= kept_from);
        let mut attempts: Vec<ContactAttempt> = known.cloned().chain([attempt.clone()]).collect();
        attempts.sort_by_key(|known| known.at);
        let same_day = of_day(&attempts, attempt);
        if let Some(oldest) = same_day.first().filter(|_| same_day.len() > KEPT_A_DAY) {
            attempts.remove(*oldest);
        }
        Self { revision: self.revision + 1, attempts }
    }

    /// The log without the contact of a message that reached nobody. A day that was full stays as it is: others of it may have
    /// been left out.
    pub fn without(&self, message: &MessageId) -> Self {
        let mut attempts = self.attempts.clone();
        let full = |attempt: &ContactAttempt| of_day(&self.attempts, attempt).len() >= KEPT_A_DAY;
        attempts.retain(|attempt| attempt.message != *message || full(attempt));
        Self { revision: self.revision + 1, attempts }
    }

    /// Whether a message stands in the log under a civil day of a place.
    pub fn has(&self, message: &MessageId, on: Date, place: &Locality) -> bool {
        self.attempts.iter().any(|attempt| attempt.message == *message && place.date_of(attempt.at) == on)
    }

    /// The civil days of contacts that count in `mode`, where the person is.
    pub fn days(&self, mode: Mode, place: &Locality) -> BTreeSet<Date> {
        self.attempts.iter().filter(|attempt| counts(attempt.mode, mode)).map(|attempt| place.date_of(attempt.at)).collect()
    }

    /// The last contact that counts in `mode` about another customer's money: one's own last contact is a fact of the customer.
    pub fn last_elsewhere(&self, customer: &CustomerId, mode: Mode) -> Option<Timestamp> {
        let elsewhere = |attempt: &&ContactAttempt| attempt.customer != *customer && counts(attempt.mode, mode);
        self.attempts.iter().filter(elsewhere).map(|attempt| attempt.at).max()
    }
}

/// The positions of the contacts of one day and ledger: days of no place, so that what is kept does not depend on who writes.
fn of_day(attempts: &[ContactAttempt], of: &ContactAttempt) -> Vec<usize> {
    let day = |attempt: &ContactAttempt| (attempt.at.to_zoned(TimeZone::UTC).date(), attempt.mode);
    attempts.iter().enumerate().filter(|(_, attempt)| day(attempt) == day(of)).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn attempt(message: &str, when: &str) -> ContactAttempt {
        ContactAttempt {
            at: at(when),
            channel: Channel::Email,
            message: MessageId::derive(&[message]),
            case: None,
            customer: CustomerId::derive(&[message.split('.').next().unwrap_or_default()]),
            mode: Mode::Live,
        }
    }

    fn log(entries: &[(&str, &str)]) -> ContactLog {
        entries.iter().fold(ContactLog::default(), |log, (message, when)| log.with(&attempt(message, when)))
    }

    #[test]
    fn a_message_stands_once_and_can_be_taken_back() {
        let both = log(&[("a.1", "2026-02-02T10:00:00Z"), ("b.1", "2026-02-03T10:00:00Z"), ("a.1", "2026-02-04T10:00:00Z")]);
        assert_eq!((both.attempts.len(), both.revision), (2, 3));
        assert_eq!(both.attempts[1].at, at("2026-02-04T10:00:00Z"));
        let left = both.without(&MessageId::derive(&["a.1"]));
        assert_eq!((left.attempts.len(), left.revision), (1, 4));
    }

    #[test]
    fn sixty_days_are_kept_and_four_contacts_of_one() {
        let old = log(&[("a.1", "2026-01-01T10:00:00Z"), ("a.2", "2026-03-02T10:00:00Z")]);
        assert_eq!(old.attempts.len(), 2);
        assert_eq!(old.with(&attempt("a.3", "2026-03-02T10:00:01Z")).attempts.len(), 2, "the first is too old");
        let day: Vec<(String, String)> = (1..=6).map(|n| (format!("c{n}.1"), format!("2026-02-02T10:0{n}:00Z"))).collect();
        let day: Vec<(&str, &str)> = day.iter().map(|(message, when)| (message.as_str(), when.as_str())).collect();
        let full = log(&day);
        assert_eq!(full.attempts.iter().map(|kept| kept.at).min(), Some(at("2026-02-02T10:03:00Z")));
        assert_eq!(full.attempts.len(), 4);
        // One of those that are gone may have reached somebody.
        assert_eq!(full.without(&MessageId::derive(&["c6.1"])).attempts.len(), 4);
    }

    #[test]
    fn ledgers_and_customers_are_told_apart() {
        let mut shadow = attempt("a.1", "2026-02-02T10:00:00Z");
        shadow.mode = Mode::Shadow;
        let both = ContactLog::default().with(&shadow).with(&attempt("b.1", "2026-02-01T10:00:00Z"));
        let (a, b) = (CustomerId::derive(&["a"]), CustomerId::derive(&["b"]));
        for (customer, mode, last) in [
            (&b, Mode::Live, None),
            (&b, Mode::Shadow, Some("2026-02-02T10:00:00Z")),
            (&a, Mode::Live, Some("2026-02-01T10:00:00Z")),
        ] {
            assert_eq!(both.last_elsewhere(customer, mode), last.map(at), "{customer} {mode:?}");
        }
    }
}
