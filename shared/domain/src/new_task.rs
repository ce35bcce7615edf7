//! Work for a person, as a decision or anybody else asks for it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{CaseId, Currency, CustomerId, MessageId, StricterTerms, TaskId, TenantId, word::stored_words};

/// Work for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTask {
    /// What kind of work.
    pub kind: TaskKind,
    /// What tells it from others of its kind at this customer: raising it again under the same key changes nothing.
    pub key: String,
    /// One line for the worklist; holds no names or addresses.
    pub title: String,
    /// What was wrong, where, and what to do.
    pub detail: String,
    /// Who should do it: a role or name of the tenant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// By when, in the tenant's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Date>,
    /// The step that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The case's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
}

impl NewTask {
    /// The id that it has, whether it was raised or not.
    pub fn id(&self, tenant: &TenantId, customer: Option<&CustomerId>) -> TaskId {
        TaskId::derive(&[tenant.as_str(), customer.map_or("", CustomerId::as_str), self.kind.as_str(), &self.key])
    }

    /// The message that it is about, where it is about one: one in doubt, one that ended without leaving, and one that was given up on its way.
    /// Its key names it.
    pub fn message(&self) -> Option<MessageId> {
        let names_one = matches!(self.kind, TaskKind::InDoubt | TaskKind::MessageUnsent | TaskKind::DeadLetter);
        self.key.split(':').filter(|_| names_one).find_map(MessageId::parse)
    }

    /// The terms that it asks to give the customer, where it asks for stricter ones. Its key names them.
    pub fn terms(&self) -> Option<StricterTerms> {
        let names_some = self.kind == TaskKind::ChangeTerms;
        self.key.split('/').filter(|_| names_some).find_map(StricterTerms::parse)
    }
}

stored_words!(
    /// Kinds of work for a person: what a step asked for, and exceptions, which automation could not settle.
    TaskKind {
        /// A step's task.
        Task = "task",
        /// Tell somebody.
        Notify = "notify",
        /// A step escalated.
        Escalation = "escalation",
        /// Stop supply.
        CreditHold = "credit_hold",
        /// Supply again: what it was stopped for is paid.
        CreditRelease = "credit_release",
        /// Give the customer stricter terms.
        ChangeTerms = "change_terms",
        /// Give the customer its usual terms back: what they were changed for is paid.
        RestoreTerms = "restore_terms",
        /// Give the matter to an agency.
        HandOff = "hand_off",
        /// Charge for the delay.
        Fee = "fee",
        /// A step waits for approval.
        Approval = "approval",
        /// An operation that somebody proposed waits for a person, who accepts or refuses it.
        Proposal = "proposal",
        /// A customer contests what is asked, by the page behind its link: somebody decides.
        Dispute = "dispute",
        /// A customer asked for something, or wrote, by the page behind its link.
        CustomerAsked = "customer_asked",
        /// A message that somebody wrote ended without leaving: who wrote it decides what to do.
        MessageUnsent = "message_unsent",
        /// A payment that was taken here is to be entered, looked for or taken back in the books, as far as Dunlin does not do it.
        EnterPayment = "enter_payment",
        /// Exception: a step could reach nobody.
        Unreachable = "unreachable",
        /// Exception: no step is left though money is owed.
        PlanEnded = "plan_ended",
        /// Exception: payments exceed what the invoice's document says for too long.
        MoneyInFlight = "money_in_flight",
        /// Exception: more was paid and credited on an invoice than it comes to.
        Overpaid = "overpaid",
        /// Exception: a payment that was taken here and an entry in the books may be one.
        SeenTwice = "seen_twice",
        /// Exception: a payment is in another currency than the invoice that it is allocated to.
        OtherCurrency = "other_currency",
        /// Exception: invoices name a legal entity that the settings do not list, or nothing says which one was paid.
        LegalEntity = "legal_entity",
        /// Exception: it is not known whether a message was sent.
        InDoubt = "in_doubt",
        /// Exception: the guard asks for a person.
        NeedsReview = "needs_review",
        /// Exception: a document could not be used.
        Document = "document",
        /// Exception: something keeps failing.
        Failing = "failing",
        /// Exception: the circuit breaker tripped.
        Breaker = "breaker",
        /// Exception: a payment was refunded or charged back, and its invoice is open again.
        TakenBack = "taken_back",
        /// Exception: a part of a payment plan was missed.
        PlanBroken = "plan_broken",
        /// Exception: a dead letter.
        DeadLetter = "dead_letter",
        /// Exception: an outside system cannot be read; somebody must connect it again, or wait.
        Connection = "connection",
        /// Exception: the books and what was read of them differ.
        Books = "books",
        /// Exception: an answer came of which nothing says whose it is, or that nobody is shown.
        AnswerUnmatched = "answer_unmatched",
        /// Exception: the records of a customer are not as they were written.
        Records = "records",
        /// Exception: nobody said in time whether a credit hold, stricter terms or the end of these were carried out.
        Unconfirmed = "unconfirmed",
    }
);

impl TaskKind {
    /// Whether this is an exception.
    pub fn is_exception(self) -> bool {
        match self {
            Self::Task
            | Self::Notify
            | Self::Escalation
            | Self::CreditHold
            | Self::CreditRelease
            | Self::ChangeTerms
            | Self::RestoreTerms
            | Self::HandOff
            | Self::Fee
            | Self::Approval
            | Self::Proposal
            | Self::Dispute
            | Self::CustomerAsked
            | Self::MessageUnsent
            | Self::EnterPayment => false,
            Self::Unreachable
            | Self::PlanEnded
            | Self::MoneyInFlight
            | Self::Overpaid
            | Self::SeenTwice
            | Self::OtherCurrency
            | Self::LegalEntity
            | Self::InDoubt
            | Self::NeedsReview
            | Self::Document
            | Self::Failing
            | Self::Breaker
            | Self::DeadLetter
            | Self::TakenBack
            | Self::PlanBroken
            | Self::Connection
            | Self::Books
            | Self::AnswerUnmatched
            | Self::Records
            | Self::Unconfirmed
            | Self::Later(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_about_a_message_names_it() {
        let message = MessageId::derive(&["m"]);
        let of = |kind: TaskKind, key: String| {
            let (title, detail) = (String::new(), String::new());
            NewTask { kind, key, title, detail, to: None, due_on: None, step: None, currency: None, case: None }.message()
        };
        for (kind, key, known) in [
            (TaskKind::InDoubt, message.to_string(), Some(message.clone())),
            (TaskKind::MessageUnsent, message.to_string(), Some(message.clone())),
            (TaskKind::DeadLetter, format!("{message}:2026-02-05"), Some(message.clone())),
            (TaskKind::DeadLetter, format!("ses:{message}:0f"), Some(message.clone())),
            (TaskKind::DeadLetter, "sweep:0:2026-02-05T09:00:00Z".to_owned(), None),
            (TaskKind::Task, message.to_string(), None),
        ] {
            assert_eq!(of(kind, key.clone()), known, "{kind} {key}");
        }
    }
}
