//! Effects: what a decision asks the world to do, each with an id, a kind and one life; and the work for people that is open.
//!
//! ```text
//! queued -> calling -> done | failed | unknown
//!        \-> superseded | blocked
//! ```
//!
//! What a person carries out is asked for by a task, and nobody is called: it goes from queued to done, failed or superseded. A message is
//! an effect whose id is the message's own; it has finer words for where it stands, and [`MessageStatus::effect`](crate::MessageStatus::effect)
//! says what they come to. A step that can reach nobody asks for nothing: it is missed, which is a mark of the step.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CaseId, Currency, DueItemKey, Occurrence, TaskId, TaskKind, word::stored_words};

stored_words!(
    /// What kind of thing a decision asks for.
    EffectKind {
        /// A communication to one person.
        Message = "message",
        /// Work for a person of the tenant.
        Task = "task",
        /// Telling people of the tenant.
        Notice = "notice",
        /// Stopping supply.
        CreditHold = "credit_hold",
        /// Supplying again.
        CreditRelease = "credit_release",
        /// Stricter terms of payment.
        ChangeTerms = "change_terms",
        /// The usual terms again.
        RestoreTerms = "restore_terms",
        /// Giving the matter to an agency.
        HandOff = "hand_off",
        /// Charging for the delay.
        Charge = "charge",
    }
);

impl EffectKind {
    /// What a task of a kind is there for. An approval and an exception are work like any other.
    pub fn of_task(kind: TaskKind) -> Self {
        match kind {
            TaskKind::Notify | TaskKind::Escalation => Self::Notice,
            TaskKind::CreditHold => Self::CreditHold,
            TaskKind::CreditRelease => Self::CreditRelease,
            TaskKind::ChangeTerms => Self::ChangeTerms,
            TaskKind::RestoreTerms => Self::RestoreTerms,
            TaskKind::HandOff => Self::HandOff,
            TaskKind::Fee => Self::Charge,
            TaskKind::Task
            | TaskKind::Approval
            | TaskKind::Proposal
            | TaskKind::Dispute
            | TaskKind::CustomerAsked
            | TaskKind::MessageUnsent
            | TaskKind::EnterPayment
            | TaskKind::Unreachable
            | TaskKind::PlanBroken
            | TaskKind::PlanEnded
            | TaskKind::MoneyInFlight
            | TaskKind::Overpaid
            | TaskKind::SeenTwice
            | TaskKind::OtherCurrency
            | TaskKind::LegalEntity
            | TaskKind::TakenBack
            | TaskKind::InDoubt
            | TaskKind::NeedsReview
            | TaskKind::Document
            | TaskKind::Failing
            | TaskKind::Breaker
            | TaskKind::DeadLetter
            | TaskKind::AnswerUnmatched
            | TaskKind::Connection
            | TaskKind::Books
            | TaskKind::Records
            | TaskKind::Unconfirmed
            | TaskKind::Later(_) => Self::Task,
        }
    }
}

stored_words!(
    /// Where an effect stands in its life.
    EffectStatus {
        /// Asked for: it waits for a sender or a person.
        Queued = "queued",
        /// A sender has it.
        Calling = "calling",
        /// It happened.
        Done = "done",
        /// Its reason was gone before it happened.
        Superseded = "superseded",
        /// A rule of the guard forbade it.
        Blocked = "blocked",
        /// It was tried and did not happen.
        Failed = "failed",
        /// It is not known whether it happened.
        Unknown = "unknown",
    }
);

stored_words!(
    /// How a person says that a task ended.
    TaskResult {
        /// It was done.
        Done = "done",
        /// It could not be done.
        Failed = "failed",
        /// The step that asked may happen; what was proposed was carried out.
        Approve = "approve",
        /// It may not, or is not to be.
        Refuse = "refuse",
    }
);

impl TaskResult {
    /// Whether it fits a task of a kind: what asks for approval, and what is proposed, is approved or refused, everything else done or failed.
    pub fn fits(self, kind: TaskKind) -> bool {
        let is_answered = matches!(kind, TaskKind::Approval | TaskKind::Proposal);
        match self {
            Self::Done | Self::Failed => !is_answered,
            Self::Approve | Self::Refuse => is_answered,
            Self::Later(_) => false,
        }
    }

    /// What a person means who says no more than that a task is over.
    pub fn plain(kind: TaskKind) -> Self {
        if Self::Approve.fits(kind) { Self::Approve } else { Self::Done }
    }

    /// Where the effect stands that the task is there for.
    pub fn effect(self) -> EffectStatus {
        match self {
            Self::Done | Self::Approve | Self::Refuse => EffectStatus::Done,
            Self::Failed => EffectStatus::Failed,
            Self::Later(word) => EffectStatus::Later(word),
        }
    }
}

/// Most due items that open work names one by one.
pub const WORK_ROWS_MAX: usize = 200;

/// A due item that work is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WorkRow {
    /// The due item.
    pub item: DueItemKey,
    /// Which occurrence of the step that asked.
    #[serde(default, skip_serializing_if = "Occurrence::is_only")]
    pub occurrence: Occurrence,
}

/// Work for a person that is open, as far as deciding has to know of it: a fact of the customer's. It lives as long as its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenWork {
    /// The task.
    pub task: TaskId,
    /// What kind of work.
    pub kind: TaskKind,
    /// What it is about among the work of its kind: while it is open, no more of the same is asked for.
    pub reason: String,
    /// The step that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The case's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// The due items that it is about; none for what is about the case or the customer as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<WorkRow>,
    /// Whether it is about more due items than it names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Whether a person finished it though its reason is still there; of a credit hold and of stricter terms, whether they are in force.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub done: bool,
    /// By when whoever carries it out is to say so, where somebody is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_by: Option<Timestamp>,
    /// The ways by which people are told of it, where its step names some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<String>,
    /// Whether they are told at once, whatever the hour.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub urgent: bool,
}

impl OpenWork {
    /// Whether it stays known after a person finished it, until its reason is gone, so that the same is not asked for at each
    /// decision: what is found in the facts, not asked for by a step.
    pub fn outlives_its_end(kind: TaskKind) -> bool {
        match kind {
            TaskKind::MoneyInFlight
            | TaskKind::Overpaid
            | TaskKind::SeenTwice
            | TaskKind::OtherCurrency
            | TaskKind::LegalEntity
            | TaskKind::TakenBack
            | TaskKind::NeedsReview
            | TaskKind::PlanEnded
            | TaskKind::Failing
            | TaskKind::Unconfirmed
            | TaskKind::Later(_) => true,
            TaskKind::Task
            | TaskKind::Notify
            | TaskKind::Escalation
            | TaskKind::CreditHold
            | TaskKind::CreditRelease
            | TaskKind::ChangeTerms
            | TaskKind::RestoreTerms
            | TaskKind::HandOff
            | TaskKind::Fee
            | TaskKind::Approval
            | TaskKind::Proposal
            | TaskKind::Dispute
            | TaskKind::CustomerAsked
            | TaskKind::MessageUnsent
            | TaskKind::EnterPayment
            | TaskKind::Unreachable
            | TaskKind::PlanBroken
            | TaskKind::InDoubt
            | TaskKind::Document
            | TaskKind::Breaker
            | TaskKind::DeadLetter
            | TaskKind::AnswerUnmatched
            | TaskKind::Connection
            | TaskKind::Books
            | TaskKind::Records => false,
        }
    }

    /// What a decision knows of it once a person ended it so: nothing, or that it is over though its reason is still there. A credit hold that
    /// was placed, and stricter terms that were given, stay known as long as they are in force.
    pub fn ended(self, result: TaskResult) -> Option<Self> {
        let in_force = matches!(self.kind, TaskKind::CreditHold | TaskKind::ChangeTerms) && result == TaskResult::Done;
        (in_force || Self::outlives_its_end(self.kind)).then(|| Self { done: true, ..self })
    }
}

/// Work that is taken back because its reason is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// The task.
    pub task: TaskId,
    /// Why, in a line without names or addresses.
    pub why: String,
    /// Whether nobody has to be told: a person finished it before.
    pub done: bool,
}
