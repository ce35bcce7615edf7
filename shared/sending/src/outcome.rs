//! What a provider's answer means for its message: the one place where that is decided.

use channels::{Accepted, SendError};
use domain::{DeliveryRule, DeliveryWord, ProviderProblem};
use store::MessageResult;

/// How often a provider may refuse for now before the message has failed.
const TRIES_MAX: u32 = 8;
/// The wait before the next try where the provider names none, seconds; it doubles with each.
const WAIT_SECONDS: u64 = 60;
/// The same where people have to mend something first.
const MENDING_SECONDS: u64 = 1_800;
/// The longest wait, seconds.
const WAIT_SECONDS_MAX: i64 = 21_600;

/// What follows from a provider's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// What becomes of the message.
    pub(crate) then: Then,
    /// Whether its address must not be used again.
    pub(crate) suppress: bool,
    /// The provider's id of the message.
    pub(crate) provider_id: Option<String>,
    /// Why it was not sent; empty where it was.
    pub(crate) reason: String,
    /// What people have to mend at the provider first.
    pub(crate) problem: Option<ProviderProblem>,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// It is settled.
    Settle(MessageResult),
    /// The provider did nothing: it is tried again.
    TryAgain {
        /// After this many seconds.
        seconds: i64,
    },
}

/// What an answer means for a message that was put on the bus `dispatches` times.
pub(crate) fn meaning(answer: Result<Accepted, SendError>, dispatches: u32) -> Meaning {
    let word = word_of(&answer, dispatches);
    let rule = word.rule();
    let (then, suppress) = (then(rule, &answer, dispatches), rule.suppress.is_some());
    match answer {
        Ok(Accepted { provider_id }) => {
            Meaning { then, suppress, provider_id: Some(provider_id), reason: String::new(), problem: None }
        }
        Err(SendError::SetUp { problem, detail }) => {
            Meaning { then, suppress, provider_id: None, reason: detail, problem: Some(problem) }
        }
        Err(SendError::Retry { detail, .. } | SendError::Refused { detail, .. } | SendError::Unknown { detail }) => {
            Meaning { then, suppress, provider_id: None, reason: detail, problem: None }
        }
    }
}

/// What an answer says. A provider that is busy for too long has refused.
fn word_of(answer: &Result<Accepted, SendError>, dispatches: u32) -> DeliveryWord {
    match answer {
        Ok(_) => DeliveryWord::Accepted,
        Err(SendError::Retry { .. } | SendError::SetUp { .. }) if dispatches >= TRIES_MAX => DeliveryWord::Refused,
        Err(SendError::Retry { .. } | SendError::SetUp { .. }) => DeliveryWord::Busy,
        Err(SendError::Refused { suppress: true, .. }) => DeliveryWord::InvalidAddress,
        Err(SendError::Refused { suppress: false, .. }) => DeliveryWord::Refused,
        Err(SendError::Unknown { .. }) => DeliveryWord::InDoubt,
    }
}

/// What becomes of a message by the rule of what its provider answered.
fn then(rule: DeliveryRule, answer: &Result<Accepted, SendError>, dispatches: u32) -> Then {
    if rule.retries {
        let after = match answer {
            Err(SendError::Retry { after, .. }) => *after,
            Err(SendError::SetUp { .. }) => Some(MENDING_SECONDS),
            Ok(_) | Err(SendError::Refused { .. } | SendError::Unknown { .. }) => None,
        };
        return Then::TryAgain { seconds: wait_seconds(after.unwrap_or(WAIT_SECONDS), dispatches) };
    }
    Then::Settle(match (rule.falls_back, rule.asks_person) {
        (true, _) => MessageResult::Failed,
        (false, true) => MessageResult::Unknown,
        (false, false) => MessageResult::Sent,
    })
}

/// Doubles from what the provider asked for with each dispatch, at most six hours.
fn wait_seconds(after: u64, dispatches: u32) -> i64 {
    i64::try_from(after).unwrap_or(3_600).saturating_mul(1 << dispatches.min(10)).min(WAIT_SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_means_one_thing() {
        let retry = |after| Err(SendError::Retry { after, detail: "busy".to_owned() });
        let refused = |suppress| Err(SendError::Refused { suppress, detail: "no".to_owned() });
        let set_up = || Err(SendError::SetUp { problem: ProviderProblem::Sandbox, detail: "set up".to_owned() });
        let failed = Then::Settle(MessageResult::Failed);
        for (answer, dispatches, then, suppress, reason) in [
            (Ok(Accepted { provider_id: "p".to_owned() }), 1, Then::Settle(MessageResult::Sent), false, ""),
            (Ok(Accepted { provider_id: "p".to_owned() }), 99, Then::Settle(MessageResult::Sent), false, ""),
            (retry(None), 0, Then::TryAgain { seconds: 60 }, false, "busy"),
            (retry(None), 1, Then::TryAgain { seconds: 120 }, false, "busy"),
            (retry(Some(7)), 2, Then::TryAgain { seconds: 28 }, false, "busy"),
            (retry(Some(600)), 7, Then::TryAgain { seconds: 21_600 }, false, "busy"),
            (retry(Some(u64::MAX)), 1, Then::TryAgain { seconds: 7_200 }, false, "busy"),
            (retry(None), 8, failed, false, "busy"),
            (retry(Some(7)), 9, failed, false, "busy"),
            (set_up(), 1, Then::TryAgain { seconds: 3_600 }, false, "set up"),
            (set_up(), 4, Then::TryAgain { seconds: 21_600 }, false, "set up"),
            (set_up(), 8, failed, false, "set up"),
            (refused(false), 1, failed, false, "no"),
            (refused(true), 1, failed, true, "no"),
            (refused(true), 8, failed, true, "no"),
            (Err(SendError::Unknown { detail: "lost".to_owned() }), 1, Then::Settle(MessageResult::Unknown), false, "lost"),
            (Err(SendError::Unknown { detail: "lost".to_owned() }), 8, Then::Settle(MessageResult::Unknown), false, "lost"),
        ] {
            let said = format!("{answer:?} at {dispatches}");
            let provider_id = answer.as_ref().ok().map(|accepted| accepted.provider_id.clone());
            let problem = (reason == "set up").then_some(ProviderProblem::Sandbox);
            let expected = Meaning { then, suppress, provider_id, reason: reason.to_owned(), problem };
            assert_eq!(meaning(answer, dispatches), expected, "{said}");
        }
    }
}
