//! Work for people that steps ask for, in words, and what is to be known of it while it is open.
//!
//! A task's key is its reason and the number of the decision: the same may be asked for again once it is over, and asking twice for
//! what is open is left out when everything is concluded.

use super::{Situation, agenda::ItemStep, confirm_within, resolving::Resolving};
use crate::{
    Action, Case, CaseId, Charge, ChargeId, ChargeStatus, Currency, DisputeStatus, Money, NewTask, OpenWork, PlanStatus,
    ReversalKind, Step, TaskKind, Terms, WorkRow,
    dates::add_days,
    workflow::{AfterWait, FeeKind, Notify},
};

/// A task that a decision asks for, and the fact that it is open.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    pub(super) task: NewTask,
    pub(super) work: OpenWork,
}

/// Most legal entities that a task names.
const UNKNOWN_NAMED_MAX: usize = 3;

/// What a task says.
pub(super) struct Says {
    pub(super) kind: TaskKind,
    pub(super) title: String,
    pub(super) detail: String,
    pub(super) step: Option<String>,
    pub(super) case: Option<(Currency, CaseId)>,
}

impl Asking {
    pub(super) fn of(situation: &Situation<'_>, says: Says, reason: String, rows: &[WorkRow]) -> Self {
        let Says { kind, title, detail, step, case } = says;
        let (currency, case) = case.unzip();
        let key = format!("{reason}/{}", situation.facts.decision + 1);
        let due_in = situation.policy.settings.notices.due_in.get(&kind);
        let due_on =
            due_in.map(|days| situation.home_calendar().add_business_days(situation.receivables.today, i32::from(*days)));
        let task = NewTask { kind, key, title, detail, to: None, due_on, step, currency, case };
        let work = OpenWork::of(situation.facts, &task, reason, rows, situation.now);
        Self { task, work }
    }

    /// Whether the same is open already.
    pub(super) fn is_known(&self, situation: &Situation<'_>) -> bool {
        situation.facts.work.iter().any(|work| work.kind == self.work.kind && work.reason == self.work.reason)
    }
}

/// No due item has a step left though money is owed; once a case, for whoever was not told yet.
pub(super) fn plan_ended(resolving: &Resolving<'_, '_>, due_now_minor: i64) -> Asking {
    let reason = format!("{}/{}", resolving.case.id, resolving.situation.facts.decision + 1);
    let says = Says {
        kind: TaskKind::PlanEnded,
        title: "The workflow has ended and money is still owed".to_owned(),
        detail: format!(
            "no due item has a step of workflow {} left, and {} are still due; decide what to do next, or write \
             the rest off in the accounting system",
            resolving.workflow.id,
            Money::from_minor(due_now_minor, resolving.of.key.currency())
        ),
        step: None,
        case: of(resolving),
    };
    Asking::of(resolving.situation, says, reason, &[])
}

/// The workflow was withdrawn while money is owed: once a case, and again for each due item that comes after it.
pub(super) fn withdrawn(resolving: &Resolving<'_, '_>, open_minor: i64) -> Asking {
    let items = resolving.of.due_items(resolving.situation);
    let newest = items.max_by_key(|item| (item.issued_on, &item.key)).map(|item| item.key.to_string()).unwrap_or_default();
    let says = Says {
        kind: TaskKind::PlanEnded,
        title: "The workflow was withdrawn and money is still owed".to_owned(),
        detail: format!(
            "workflow {} was taken out of use and its open cases were ended, while {} are open; nothing chases them, nor what \
             joins this case until all of it is paid; go on by hand, or take the workflow out of use again with \
             open_cases=run_on, which lets them go on",
            resolving.workflow.id,
            Money::from_minor(open_minor, resolving.of.key.currency())
        ),
        step: None,
        case: of(resolving),
    };
    Asking::of(resolving.situation, says, format!("{}/withdrawn/{newest}", resolving.case.id), &[])
}

/// Deciding came to no end: an error of ours, which a person has to report.
pub(super) fn unsettled(resolving: &Resolving<'_, '_>) -> Asking {
    let says = Says {
        kind: TaskKind::Failing,
        title: "A case could not be decided".to_owned(),
        detail: format!(
            "deciding workflow {} did not come to an end; nothing is sent until tomorrow, when it is tried again; please report it",
            resolving.workflow.id
        ),
        step: None,
        case: of(resolving),
    };
    Asking::of(resolving.situation, says, format!("{}/unsettled", resolving.case.id), &[])
}

/// A step waits for approval.
pub(super) fn approval(resolving: &Resolving<'_, '_>, step: &Step, rows: &[ItemStep]) -> Asking {
    let within = match (step.approve_within, step.then) {
        (Some(days), Some(then)) => {
            let then = match then {
                AfterWait::Skip => "skipped",
                AfterWait::Do => "done all the same",
            };
            format!("; after {} days without an answer it is {then}", days.0)
        }
        _ => String::new(),
    };
    let says = Says {
        kind: TaskKind::Approval,
        title: format!("Approve step {}: {}", step.id, step.action.kind()),
        detail: format!(
            "step {} of workflow {} needs a person's approval before it happens, for {} due items with {} due now; approve or refuse \
             it{within}",
            step.id,
            resolving.workflow.id,
            rows.len(),
            owed(resolving, rows)
        ),
        step: Some(step.id.clone()),
        case: of(resolving),
    };
    Asking::of(resolving.situation, says, reason(resolving, step, rows), &work_rows(resolving, rows))
}

/// A step that automation could not settle.
pub(super) fn exception(resolving: &Resolving<'_, '_>, kind: TaskKind, step: &Step, rows: &[ItemStep], detail: String) -> Asking {
    let says = Says {
        kind,
        title: if kind == TaskKind::Unreachable {
            format!("Step {} could reach nobody", step.id)
        } else {
            format!("Step {} needs a look", step.id)
        },
        detail,
        step: Some(step.id.clone()),
        case: of(resolving),
    };
    Asking::of(resolving.situation, says, reason(resolving, step, rows), &work_rows(resolving, rows))
}

/// What a step asks a person to do.
pub(super) fn of_step(resolving: &Resolving<'_, '_>, step: &Step, rows: &[ItemStep]) -> Asking {
    let (workflow, currency, receivables) = (resolving.workflow, resolving.of.key.currency(), &resolving.situation.receivables);
    let via = |notify: &Notify| if notify.via.is_empty() { String::new() } else { format!(" (by {})", notify.via.join(", ")) };
    let (kind, title, to, due_in) = match &step.action {
        Action::Send(_) => (TaskKind::Task, step.id.clone(), None, None),
        Action::Task(task) => (TaskKind::Task, task.title.clone(), task.to.clone(), task.due_in),
        Action::Notify(notify) => (TaskKind::Notify, format!("Tell {}{}", notify.to, via(notify)), Some(notify.to.clone()), None),
        Action::Escalate(notify) => {
            (TaskKind::Escalation, format!("Escalated to {}{}", notify.to, via(notify)), Some(notify.to.clone()), None)
        }
        Action::CreditHold(hold) => {
            (TaskKind::CreditHold, "Stop supply to this customer".to_owned(), None, Some(hold.confirm_within))
        }
        Action::ChangeTerms(change) => {
            let title = format!("Give this customer stricter terms: {}", change.terms.words());
            (TaskKind::ChangeTerms, title, None, Some(change.confirm_within))
        }
        Action::HandOff(hand_off) => (TaskKind::HandOff, format!("Hand over to {}", hand_off.agency), None, None),
        Action::Fee(fee) => {
            let title = match (fee.kind, fee.amount_minor) {
                (FeeKind::Fixed, Some(minor)) => format!("Charge a fee of {}", Money::from_minor(minor, currency)),
                (FeeKind::Fixed, None) | (FeeKind::Statutory, _) => "Charge the statutory fee".to_owned(),
            };
            (TaskKind::Fee, title, None, None)
        }
    };
    let says = Says {
        kind,
        title,
        detail: format!(
            "step {} of workflow {} covers {} due items with {} due now",
            step.id,
            workflow.id,
            rows.len(),
            owed(resolving, rows)
        ),
        step: Some(step.id.clone()),
        case: of(resolving),
    };
    let reason = match &step.action {
        // Supply is stopped once, and the same terms are given once, whichever items ask for it.
        Action::CreditHold(_) => format!("{}/credit_hold", resolving.case.id),
        Action::ChangeTerms(change) => format!("{}/{}", resolving.case.id, change.terms),
        Action::Send(_) | Action::Task(_) | Action::Notify(_) | Action::Escalate(_) | Action::HandOff(_) | Action::Fee(_) => {
            reason(resolving, step, rows)
        }
    };
    let asking = Asking::of(resolving.situation, says, reason, &work_rows(resolving, rows));
    let due_on = due_in.map(|days| add_days(receivables.today, i64::from(days.0)));
    let (via, urgent) = match &step.action {
        Action::Notify(notify) | Action::Escalate(notify) => (notify.via.clone(), notify.urgent),
        Action::Send(_)
        | Action::Task(_)
        | Action::CreditHold(_)
        | Action::ChangeTerms(_)
        | Action::HandOff(_)
        | Action::Fee(_) => (Vec::new(), false),
    };
    let confirm_by = confirm_within::confirm_by(resolving.situation, &step.action);
    let work = OpenWork { via, urgent, confirm_by, ..asking.work };
    let due_on = due_on.or(asking.task.due_on);
    Asking { task: NewTask { to, due_on, ..asking.task }, work }
}

/// The charge that a step's task asks for, if it asks for one: proposed, and due only once a person confirmed it.
pub(super) fn charge(resolving: &Resolving<'_, '_>, asking: &Asking) -> Option<Charge> {
    let task = &asking.task;
    let (step, facts) = (task.step.as_ref().filter(|_| task.kind == TaskKind::Fee)?, resolving.situation.facts);
    let action = resolving.workflow.steps.iter().find(|known| known.id == *step).map(|known| &known.action);
    let Some(Action::Fee(fee)) = action else { return None };
    let name = match fee.kind {
        FeeKind::Fixed => "Late payment fee",
        FeeKind::Statutory => "Statutory late payment fee",
    };
    Some(Charge {
        id: ChargeId::derive(&[facts.tenant.as_str(), facts.customer.id.as_str(), &asking.work.reason]),
        name: name.to_owned(),
        currency: resolving.of.key.currency(),
        legal_entity: resolving.of.key.balance.legal_entity.clone(),
        workflow: Some(resolving.of.key.workflow.clone()),
        amount_minor: fee.amount_minor.filter(|_| fee.kind == FeeKind::Fixed),
        step: step.clone(),
        proposed_at: resolving.situation.now,
        due_on: None,
        status: ChargeStatus::Proposed,
        status_at: resolving.situation.now,
        by: String::new(),
        folded: Vec::new(),
    })
}

fn of(resolving: &Resolving<'_, '_>) -> Option<(Currency, CaseId)> {
    Some((resolving.of.key.currency(), resolving.case.id.clone()))
}

fn owed(resolving: &Resolving<'_, '_>, rows: &[ItemStep]) -> Money {
    let due_now = |row: &ItemStep| resolving.situation.receivables.items.get(row.item).map_or(0, |item| item.due_now_minor);
    Money::from_minor(rows.iter().map(due_now).fold(0, i64::saturating_add), resolving.of.key.currency())
}

fn work_rows(resolving: &Resolving<'_, '_>, rows: &[ItemStep]) -> Vec<WorkRow> {
    let row = |row: &ItemStep| {
        let item = resolving.situation.receivables.items.get(row.item)?;
        Some(WorkRow { item: item.key.clone(), occurrence: row.next.occurrence.clone() })
    };
    rows.iter().filter_map(row).collect()
}

fn reason(resolving: &Resolving<'_, '_>, step: &Step, rows: &[ItemStep]) -> String {
    let case: &Case = resolving.case;
    let first = rows.first().and_then(|row| {
        let item = resolving.situation.receivables.items.get(row.item)?;
        Some(format!("{}/{}", item.key, row.next.occurrence))
    });
    format!("{}/{}/{}", case.id, step.id, first.unwrap_or_default())
}

/// What does not add up about a customer's money: a person has to look.
pub(super) fn about_money(situation: &Situation<'_>) -> Vec<Asking> {
    let receivables = &situation.receivables;
    let task = |kind, reason, title: &str, detail| {
        let says = Says { kind, title: title.to_owned(), detail, step: None, case: None };
        Asking::of(situation, says, reason, &[])
    };
    let late = receivables.in_flight.iter().filter(|in_flight| in_flight.ask_at <= situation.now).map(|in_flight| {
        let detail = format!(
            "payments and credit notes allocated to {} exceed what its own document says by {} minor units since {}; the excess is \
             kept back; send the invoice as it is now, or correct the allocation",
            in_flight.invoice, in_flight.excess_minor, in_flight.since
        );
        let key = format!("{}/{}", in_flight.invoice, in_flight.since);
        task(TaskKind::MoneyInFlight, key, "Payments exceed what the invoice says", detail)
    });
    let overpaid = receivables.overpaid.iter().map(|overpaid| {
        let excess = Money::from_minor(overpaid.excess_minor, overpaid.currency);
        let detail = format!(
            "{excess} more was paid and credited on {} than it comes to; the excess counts as credit of the customer; refund it, or \
             allocate it to another invoice in the accounting system",
            overpaid.invoice
        );
        let key = format!("{}/{}", overpaid.invoice, overpaid.excess_minor);
        task(TaskKind::Overpaid, key, "More was paid on an invoice than it comes to", detail)
    });
    let mismatched = receivables.mismatched.iter().map(|mismatch| {
        let detail = format!(
            "payment {} is in {} and is allocated to {}, which is in {}; nothing of it is counted; allocate it in the invoice's \
             currency in the accounting system",
            mismatch.payment, mismatch.currency, mismatch.invoice, mismatch.wanted
        );
        let key = format!("{}/{}", mismatch.payment, mismatch.invoice);
        task(TaskKind::OtherCurrency, key, "A payment is in another currency than its invoice", detail)
    });
    let twice = receivables.twice.iter().map(|twice| {
        let detail = format!(
            "payment {} was taken here, and entry {} in the books has the same customer, amount ({}) and a day that fits; nothing says \
             whether they are one. Until somebody says so each invoice counts the larger of the two, and the other is kept back. Say it by \
             POST /v1/baskets/{}/entries/{} with {{\"same\": true}} or {{\"same\": false}}; or, if they are one, write {} into the \
             reference of the entry in the accounting system",
            twice.payment, twice.entry_external_id, twice.money, twice.basket, twice.entry, twice.basket
        );
        task(TaskKind::SeenTwice, twice.id().to_string(), "A payment and an entry in the books may be one", detail)
    });
    let after_refund = situation.policy.settings.after_refund;
    let taken_back = receivables.taken_back.iter().filter(|taken| taken.is_kept_back(after_refund)).map(|taken| {
        let what = match taken.kind {
            ReversalKind::Refund => "refunded",
            ReversalKind::Chargeback => "charged back",
            ReversalKind::Later(_) => "taken back",
        };
        let minor = taken.of.iter().map(|(_, minor)| *minor).fold(0, i64::saturating_add);
        let detail = format!(
            "{} of payment {} were {what}, so that invoices that it paid are open again; the amount is kept \
             back; credit or write it off in the accounting system, or let it be chased by POST /v1/agreements/{}/release with \
             {{\"customer\": \"{}\"}}",
            Money::from_minor(minor, taken.currency),
            taken.payment,
            taken.id,
            situation.facts.customer.id
        );
        let title = format!("A payment was {what} and its invoice is open again");
        task(TaskKind::TakenBack, taken.id.to_string(), &title, detail)
    });
    let broken = receivables.agreements.iter().filter_map(|agreement| match &agreement.terms {
        Terms::Plan(plan) if plan.status == PlanStatus::Broken => Some((agreement, plan)),
        Terms::Plan(_) | Terms::Promise(_) | Terms::Dispute(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => None,
    });
    let broken = broken.map(|(agreement, plan)| {
        let detail = format!(
            "a part of plan {} over {} was not on the ledger in time; the plan is broken, and its invoices are chased again at the rungs \
             that they had; agree on a new plan if that is not what you want",
            agreement.id, plan.name
        );
        task(TaskKind::PlanBroken, agreement.id.to_string(), "A payment plan is broken", detail)
    });
    let undecided = receivables.agreements.iter().filter(|agreement| match &agreement.terms {
        Terms::Dispute(dispute) => dispute.status == DisputeStatus::Open && agreement.ended_at.is_some(),
        Terms::Plan(_) | Terms::Promise(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => false,
    });
    let undecided = undecided.map(|agreement| {
        let detail = format!(
            "dispute {} was to keep its amount back up to a day that has passed, and nobody decided it: what it contests is chased again; \
             uphold or reject it, or make another one if that is not what you want",
            agreement.id
        );
        task(TaskKind::Dispute, agreement.id.to_string(), "A dispute is undecided after its last day", detail)
    });
    let unknown: std::collections::BTreeSet<&str> = receivables
        .items
        .iter()
        .map(|item| item.legal_entity)
        .filter(|id| !situation.policy.settings.knows_legal_entity(id))
        .collect();
    let named: Vec<String> = unknown.iter().take(UNKNOWN_NAMED_MAX).map(|id| format!("'{id}'")).collect();
    let unknown = (!named.is_empty()).then(|| {
        let (named, more) = (named.join(", "), unknown.len().saturating_sub(named.len()));
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let detail = format!(
            "invoices of this customer are owed to legal entities that settings.legal_entities does not list ({named}{more}); they wait; \
             list them there, or name others in the accounting system"
        );
        task(TaskKind::LegalEntity, format!("{named}{more}"), "A legal entity is not known", detail)
    });
    let unplaced = receivables.unplaced.iter().map(|credit| {
        let detail = format!(
            "{credit} were received and nothing says for which legal entity, while several have something open; as much is kept back of the \
             oldest; allocate the payment, or name its legal entity, in the accounting system"
        );
        task(TaskKind::LegalEntity, format!("payment/{credit}"), "It is not known which legal entity was paid", detail)
    });
    late.chain(unknown)
        .chain(unplaced)
        .chain(overpaid)
        .chain(twice)
        .chain(mismatched)
        .chain(taken_back)
        .chain(broken)
        .chain(undecided)
        .collect()
}
