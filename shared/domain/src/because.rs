//! Why a case was decided as it was: one reason, with what it takes to put it into words and to say what would change it.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{AgreementId, DueItemKey, calendar::DayOff};

/// What a decision about one case came to. Holds ids, never names or addresses.
///
/// Stored as an object whose `kind` is the word of [`Because::as_str`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Because {
    /// A message is sent.
    Send,
    /// The statement of a period is sent.
    Statement {
        /// Which: `2026-12`, or the week `2026-W49`.
        period: String,
        /// The step whose message would leave on the same day, and comes later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead_of: Option<String>,
    },
    /// Nothing is open.
    NothingOpen,
    /// Something is open, and the `applies_when` of no published workflow holds.
    NoWorkflowApplies,
    /// Holds, unapplied credit or money in flight cover everything that is open.
    NothingDueNow {
        /// Whether holds keep something of it back; otherwise money covers it.
        held: bool,
    },
    /// Holds keep the whole case back.
    Held {
        /// Which.
        #[serde(default)]
        by: Vec<AgreementId>,
    },
    /// Less is due now than the tenant chases.
    BelowMinimum {
        /// The tenant's minimum, minor units of the case's currency.
        minimum_minor: i64,
    },
    /// It is owed to a legal entity that the settings do not list.
    UnknownLegalEntity {
        /// Which.
        legal_entity: String,
    },
    /// The workflow's `exit_when` holds.
    ExitWhenHolds,
    /// The workflow was withdrawn with its open cases.
    WorkflowWithdrawn,
    /// A message is decided and its result is not known yet.
    MessagePending {
        /// When the ladder goes on without a result.
        until: Timestamp,
    },
    /// The next step is not due yet.
    NotDue {
        /// The due item whose step comes first.
        item: DueItemKey,
        /// That step.
        step: String,
        /// When it is due.
        until: Timestamp,
        /// The day by which a message asked to be paid, where the step would come before the money can be missed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pay_by: Option<Date>,
        /// Days before it on which it would come, were they no holidays.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        holidays: Vec<DayOff>,
    },
    /// The next step would be due and waits for its condition.
    Waiting {
        /// The due item whose step it is.
        item: DueItemKey,
        /// That step.
        step: String,
        /// When it stops waiting without it.
        until: Timestamp,
    },
    /// A step is due, and every way to do it has to wait; the rules of the trace say why.
    Deferred,
    /// A step is due, and a rule about the tenant as a whole stops every message; the rules of the trace say which.
    Stopped,
    /// A step is due and waits for a person's approval.
    Approval {
        /// Which.
        step: String,
    },
    /// No due item has a step left, though money is owed.
    PlanEnded,
    /// A later release left the case in a state that this release does not know: it waits until that release, or a person, takes it on.
    UnknownState {
        /// The state, or why it waits, in that release's word.
        state: String,
    },
    /// Deciding came to no end within its bound; a person is told.
    Unsettled,
    /// A reason that a later release wrote: kept as it is, treated as one that says nothing.
    #[serde(untagged)]
    Later(serde_json::Map<String, serde_json::Value>),
}

impl Because {
    /// Whether a message is sent.
    pub fn sends(&self) -> bool {
        matches!(self, Self::Send | Self::Statement { .. })
    }

    /// The reason in a word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Send => "send",
            Self::Statement { .. } => "statement",
            Self::NothingOpen => "nothing_open",
            Self::NoWorkflowApplies => "no_workflow_applies",
            Self::NothingDueNow { .. } => "nothing_due_now",
            Self::Held { .. } => "held",
            Self::BelowMinimum { .. } => "below_minimum",
            Self::UnknownLegalEntity { .. } => "unknown_legal_entity",
            Self::ExitWhenHolds => "exit_when_holds",
            Self::WorkflowWithdrawn => "workflow_withdrawn",
            Self::MessagePending { .. } => "message_pending",
            Self::NotDue { .. } => "not_due",
            Self::Waiting { .. } => "waiting",
            Self::Deferred => "deferred",
            Self::Stopped => "stopped",
            Self::Approval { .. } => "approval",
            Self::PlanEnded => "plan_ended",
            Self::UnknownState { .. } => "unknown_state",
            Self::Unsettled => "unsettled",
            Self::Later(map) => map.get("kind").and_then(serde_json::Value::as_str).unwrap_or("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_reads_back_and_a_later_one_is_kept() {
        let at: Timestamp = "2026-02-05T09:00:00Z".parse().expect("an instant");
        for because in [
            Because::Send,
            Because::Statement { period: "2026-12".to_owned(), instead_of: Some("nudge".to_owned()) },
            Because::NothingDueNow { held: true },
            Because::MessagePending { until: at },
            Because::Approval { step: "agency".to_owned() },
            Because::Waiting { item: DueItemKey::whole(crate::InvoiceId::derive(&["i"])), step: "call".to_owned(), until: at },
        ] {
            let text = serde_json::to_string(&because).expect("plain");
            assert_eq!(serde_json::from_str::<Because>(&text).expect(&text), because);
            assert!(text.contains(&format!("\"kind\":\"{}\"", because.as_str())), "{text}");
        }
        let later = r#"{"kind":"waits_for_moon","phase":3}"#;
        let read: Because = serde_json::from_str(later).expect("kept");
        assert_eq!(read.as_str(), "waits_for_moon");
        assert_eq!(serde_json::to_string(&read).expect("plain"), later);
    }
}
