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
