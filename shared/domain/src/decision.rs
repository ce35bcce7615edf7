//! What a decision is: the next states and the effects, as data. Both are stored in one write or neither.

use std::collections::BTreeMap;

use compact_str::CompactString;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Agreement, BalanceKey, Because, Case, CaseId, CaseKey, CaseState, Channel, Charge, Coverage, Covered, Currency, DueItemKey,
    Facts, InvoiceId, ItemOf, MessageId, Mode, NewTask, OpenWork, OrderId, OrderTrace, PaymentId, Pending, PendingStatus,
    PersonDigest, VersionChoice, Withdrawal, WorkRow, effect::WORK_ROWS_MAX, workflow::ReceiptTime,
};

/// The answer of `decide`.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Every case of the customer as it is now.
    pub cases: BTreeMap<CaseKey, Case>,
    /// Messages to send.
    pub messages: Vec<Planned>,
    /// Tasks and exceptions to raise; raising one twice changes nothing.
    pub tasks: Vec<NewTask>,
    /// Marks that take effect with the decision: steps skipped, missed or done. Their number is the decision's own.
    pub marks: Vec<Coverage>,
    /// Agreements that time or money changed, as they are from now on.
    pub agreements: Vec<Agreement>,
    /// Charges that steps propose; proposing one twice changes nothing.
    pub charges: Vec<Charge>,
    /// When to decide again. Not stored while a message is pending.
    pub next: Next,
    /// Why, for every case.
    pub trace: Vec<CaseTrace>,
    /// What is owed in each currency with something open, as of now.
    pub owed: BTreeMap<Currency, Owed>,
    /// Facts that no longer matter, and those that matter again.
    pub archiving: Archiving,
    /// What is to be known of the tasks from now on, so that they are not asked for again and can be withdrawn. Some tasks have none.
    pub work: Vec<OpenWork>,
    /// Work whose reason is gone.
    pub withdrawn: Vec<Withdrawal>,
    /// Orders that are used up.
    pub used_orders: Vec<OrderId>,
    /// What it was made from, where whoever commits it said so.
    pub inputs: Option<crate::Inputs>,
}

/// What a customer owes in one currency, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// What is open.
    pub open_minor: i64,
    /// What is due now: net exposure.
    pub due_now_minor: i64,
    /// The part of that which is past due.
    pub overdue_minor: i64,
    /// When the oldest that is open falls due, or fell due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_due_on: Option<Date>,
    /// The first day on which more of it is past due though nothing else changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grows_on: Option<Date>,
}

impl Decision {
    /// When the customer is due again once this is done: at once where more is to be done now.
    pub fn due_again(&self, now: Timestamp) -> Next {
        let acts = !self.messages.is_empty()
            || !self.tasks.is_empty()
            || !self.marks.is_empty()
            || !self.archiving.is_empty()
            || !self.withdrawn.is_empty()
            || !self.used_orders.is_empty();
        if acts { Next::At(now) } else { self.next }
    }

    /// The agreements that storing the decision writes, made from `facts`: those that changed, and those whose marks are folded.
    pub fn folded_agreements(&self, facts: &Facts) -> Vec<Agreement> {
        let mut all = self.agreements.clone();
        for (of, marks) in &self.archiving.fold_others {
            let ItemOf::Plan(id) = of else { continue };
            if let Some(changed) = all.iter_mut().find(|agreement| agreement.id == *id) {
                changed.folded.clone_from(marks);
            } else if let Some(known) = facts.agreements.iter().find(|agreement| agreement.id == *id) {
                all.push(Agreement { folded: marks.clone(), ..known.clone() });
            }
        }
        all
    }

    /// The charges that storing the decision writes, made from `facts`: those that are new, and those whose marks are folded.
    pub fn folded_charges(&self, facts: &Facts) -> Vec<Charge> {
        let known = |id: &crate::ChargeId| facts.charges.iter().find(|charge| charge.id == *id);
        let mut all: Vec<Charge> = self.charges.iter().filter(|charge| known(&charge.id).is_none()).cloned().collect();
        for (of, marks) in &self.archiving.fold_others {
            let ItemOf::Charge(id) = of else { continue };
            all.extend(known(id).map(|charge| Charge { folded: marks.clone(), ..charge.clone() }));
        }
        all
    }
}

/// When a customer is to be decided again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// At this instant.
    At(Timestamp),
    /// Money is owed, but only a new fact or a person changes anything.
    Parked,
    /// Nothing is owed.
    Nothing,
}

impl Next {
    /// The instant, if it is one.
    pub fn at(self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::Parked | Self::Nothing => None,
        }
    }

    /// The earlier of two: an instant before [`Next::Parked`] before [`Next::Nothing`].
    pub fn earlier(self, other: Self) -> Self {
        match (self, other) {
            (Self::At(a), Self::At(b)) => Self::At(a.min(b)),
            (Self::At(at), Self::Parked | Self::Nothing) | (Self::Parked | Self::Nothing, Self::At(at)) => Self::At(at),
            (Self::Parked, _) | (_, Self::Parked) => Self::Parked,
            (Self::Nothing, Self::Nothing) => Self::Nothing,
        }
    }
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Position within the decision, from 0.
    pub position: u32,
    /// The ledger that it is decided in.
    pub mode: Mode,
    /// The case.
    pub case: CaseKey,
    /// The channel.
    pub channel: Channel,
    /// The contact's external id.
    pub contact: String,
    /// The person whom the contact is now.
    pub person: Option<PersonDigest>,
    /// The template of the highest covered rung's step.
    pub template: String,
    /// Its version.
    pub template_version: u32,
    /// By when it asks to be paid.
    pub pay_by: Option<Date>,
    /// The due items and steps that it stands for, sorted.
    pub rows: Vec<Covered>,
    /// The position of the message of which it is a copy to one more person.
    pub copy_of: Option<u32>,
    /// How long its arrival is awaited once it left, before its step tries another channel.
    pub receipt_within: Option<ReceiptTime>,
}

impl Pending {
    /// A planned message that is now waiting for its sender.
    pub fn of(planned: &Planned, id: MessageId, number: u64, decided_at: Timestamp) -> Self {
        Self {
            id,
            number,
            position: planned.position,
            status: PendingStatus::Queued,
            decided_at,
            mode: planned.mode,
            case: planned.case.clone(),
            channel: planned.channel,
            contact: planned.contact.clone(),
            person: planned.person.clone(),
            template: planned.template.clone(),
            template_version: planned.template_version,
            pay_by: planned.pay_by,
            rows: planned.rows.clone(),
            copy_of: planned.copy_of,
            receipt_within: planned.receipt_within,
        }
    }
}

impl OpenWork {
    /// What there is to know of a task that a decision raises at `asked_at`.
    pub fn of(facts: &Facts, task: &NewTask, reason: String, rows: &[WorkRow], asked_at: Timestamp) -> Self {
        Self {
            task: task.id(&facts.tenant, Some(&facts.customer.id)),
            kind: task.kind,
            reason,
            step: task.step.clone(),
            currency: task.currency,
            case: task.case.clone(),
            rows: rows.iter().take(WORK_ROWS_MAX).cloned().collect(),
            more: rows.len() > WORK_ROWS_MAX,
            asked_at,
            done: false,
            confirm_by: None,
            via: Vec::new(),
            urgent: false,
        }
    }
}

/// Facts to set aside because they no longer matter, and to take back because they do again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archiving {
    /// Closed invoices, each with the marks to fold into it.
    pub archive_invoices: Vec<(InvoiceId, Vec<Coverage>)>,
    /// Invoices that are open again.
    pub restore_invoices: Vec<InvoiceId>,
    /// Open invoices whose marks are to be folded into them, so that old coverage need not be read again.
    pub fold_invoices: Vec<(InvoiceId, Vec<Coverage>)>,
    /// Plans and charges whose marks are to be folded into them likewise.
    pub fold_others: Vec<(ItemOf, Vec<Coverage>)>,
    /// Payments that only touch closed invoices and leave no credit.
    pub archive_payments: Vec<PaymentId>,
    /// Payments of other customers that only touch closed invoices of this one.
    pub archive_shared: Vec<PaymentId>,
    /// The oldest decision number whose coverage is still needed once the folds are written.
    pub covered_from: u64,
}

impl Archiving {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.archive_invoices.is_empty()
            && self.restore_invoices.is_empty()
            && self.fold_invoices.is_empty()
            && self.fold_others.is_empty()
            && self.archive_payments.is_empty()
            && self.archive_shared.is_empty()
    }
}

/// Why a case was decided as it was. Holds ids, never names or addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseTrace {
    /// The currency of the amounts.
    pub currency: Currency,
    /// The legal entity; empty for the default one.
    #[serde(default, skip_serializing_if = "CompactString::is_empty")]
    pub legal_entity: CompactString,
    /// The case; `None` where no workflow applies to the due items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// The state that the decision left it in; `None` when no workflow applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<CaseState>,
    /// The workflow and version, `standard@3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Why at that version, where a publishing gives a newer one out or has just moved the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionChoice>,
    /// The workflow by which the case is known, where a person moved it to another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined: Option<CompactString>,
    /// Whether a person chose the workflow.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
    /// What was due now, minor units, and what was open.
    pub due_now_minor: i64,
    /// See `due_now_minor`.
    pub open_minor: i64,
    /// The due item that drives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<DueItemKey>,
    /// Its next step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What came of it.
    pub because: Because,
    /// When that changes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The driver's steps whose anchor passed before they could happen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lapsed: Vec<String>,
    /// Rules that did not allow, for each way that was tried, and ways that were passed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleTrace>,
    /// What was made of people's orders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<OrderTrace>,
}

impl CaseTrace {
    /// The balance that it is about.
    pub fn balance(&self) -> BalanceKey {
        BalanceKey { currency: self.currency, legal_entity: self.legal_entity.clone() }
    }
}

/// What one rule of the guard said about one way to reach a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleTrace {
    /// The rule's id, or `way` for a way that does not exist.
    pub rule: String,
    /// The rule's version.
    pub version: u32,
    /// The channel tried.
    pub channel: Channel,
    /// The contact's external id; empty when there was none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contact: String,
    /// What it said: `defer until …`, `block: …`.
    pub said: String,
}
