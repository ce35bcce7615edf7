//! States and reasons in words for people.

use domain::MessageStatus;

/// What came of a decision about a case: `not_due`, `held`, …
pub fn because(word: &str) -> String {
    match word {
        "nothing_open" => "nothing is owed",
        "no_workflow_applies" => "no workflow applies",
        "nothing_due_now" => "holds, credit or money in flight cover everything that is owed",
        "held" => "a hold keeps everything back",
        "below_minimum" => "less is owed than the minimum to chase",
        "exit_when_holds" => "the workflow's exit condition holds",
        "workflow_withdrawn" => "the workflow was withdrawn: a person goes on",
        "message_pending" => "a message is on its way",
        "plan_ended" => "the plan has no step left: a person goes on",
        "statement" => "the statement of the period is sent",
        "not_due" => "the next step is not due yet",
        "waiting" => "the next step waits for its condition",
        "send" => "a message was sent",
        "approval" => "a step waits for approval",
        "unknown_state" => "a later release has the case in a state that this one does not know",
        "deferred" => "a step is due and waits for its moment",
        "stopped" => "the tenant is stopped",
        "" => "nothing was to be done",
        other => return other.replace('_', " "),
    }
    .to_owned()
}

/// Why a case waits.
pub fn waiting(word: &str) -> String {
    match word {
        "held" => "on hold",
        "covered" => "covered by credit or money in flight",
        "below_minimum" => "below the minimum",
        "exited" => "exit condition holds",
        "approval" => "for approval",
        other => return other.replace('_', " "),
    }
    .to_owned()
}

/// What the head says of its last decision, `EUR:send USD:not_due`, as sentences.
pub fn last_decision(text: &str) -> Vec<(String, String)> {
    text.split([' ', ',', ';'])
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once(':').unwrap_or(("", part)))
        .map(|(currency, word)| (currency.to_owned(), because(word)))
        .collect()
}

/// A message's status.
pub fn status(status: MessageStatus) -> String {
    match status {
        MessageStatus::Sent => "handed to the provider",
        MessageStatus::Complained => "reported as spam",
        MessageStatus::Shadow => "not sent: the tenant is in shadow mode",
        MessageStatus::Superseded => "not sent: it was no longer right",
        MessageStatus::Blocked => "not sent: a rule forbids it",
        MessageStatus::Failed => "not sent: the provider refused it",
        MessageStatus::Unknown | MessageStatus::InDoubt => "not known whether it was sent",
        MessageStatus::NotSent => "not sent: a person found out that it never left",
        MessageStatus::Dropped => "not sent: a person found out that it never left, and dropped it",
        MessageStatus::Queued
        | MessageStatus::Delivered
        | MessageStatus::BouncedForNow
        | MessageStatus::Bounced
        | MessageStatus::Rejected
        | MessageStatus::RenderingFailed
        | MessageStatus::Later(_) => return status.as_str().replace('_', " "),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_decision_is_told_in_words() {
        assert_eq!(
            last_decision("EUR:send USD:plan_ended"),
            [
                ("EUR".to_owned(), "a message was sent".to_owned()),
                ("USD".to_owned(), "the plan has no step left: a person goes on".to_owned())
            ]
        );
        assert!(last_decision("").is_empty());
    }
}
