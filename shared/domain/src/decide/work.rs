//! Work for people that steps ask for, in words.

use super::{Situation, agenda::ItemStep, resolve::Resolving};
use crate::{
    Action, Case, Money, NewTask, Step, TaskKind,
    dates::add_days,
    workflow::{FeeKind, Notify},
};

/// No due item has a step left though money is owed; once a case, for whoever was not told yet.
pub(super) fn plan_ended(resolving: &Resolving<'_, '_>, due_now_minor: i64) -> NewTask {
    NewTask {
        kind: TaskKind::PlanEnded,
        key: format!("{}/{}", resolving.case.id, resolving.situation.facts.decision + 1),
        title: "The plan has ended and money is still owed".to_owned(),
        detail: format!(
            "no due item has a step of workflow {} left, and {} are still due; decide what to do next, or write \
             the rest off in the accounting system",
            resolving.workflow.id,
            Money::from_minor(due_now_minor, resolving.currency)
        ),
        to: None,
        due_on: None,
        step: None,
        currency: Some(resolving.currency),
    }
}

/// The workflow was withdrawn while money is owed: once a case, and again for each due item that comes after it.
pub(super) fn withdrawn(resolving: &Resolving<'_, '_>, open_minor: i64) -> NewTask {
    let items = resolving.situation.book.in_currency(resolving.currency);
    let newest = items.max_by_key(|item| (item.issued_on, &item.key)).map(|item| item.key.to_string()).unwrap_or_default();
    NewTask {
        kind: TaskKind::PlanEnded,
        key: format!("{}/withdrawn/{newest}", resolving.case.id),
        title: "The plan was withdrawn and money is still owed".to_owned(),
        detail: format!(
            "workflow {} was taken out of use and its open cases were ended, while {} are open; nothing chases them, nor what this \
             customer comes to owe in that currency until all of it is paid; go on by hand, or take the workflow out of use again with \
             open_cases=run_on, which lets them go on",
            resolving.workflow.id,
            Money::from_minor(open_minor, resolving.currency)
        ),
        to: None,
        due_on: None,
        step: None,
        currency: Some(resolving.currency),
    }
}

/// A step waits for approval.
pub(super) fn approval(resolving: &Resolving<'_, '_>, step: &Step, rows: &[ItemStep]) -> NewTask {
    NewTask {
        kind: TaskKind::Approval,
        key: key(resolving, step, rows),
        title: format!("Approve step {}: {}", step.id, step.action.kind()),
        detail: format!("step {} of workflow {} needs a person's approval before it happens", step.id, resolving.workflow.id),
        to: None,
        due_on: None,
        step: Some(step.id.clone()),
        currency: Some(resolving.currency),
    }
}

/// A step that automation could not settle.
pub(super) fn exception(
    resolving: &Resolving<'_, '_>,
    kind: TaskKind,
    step: &Step,
    rows: &[ItemStep],
    detail: String,
) -> NewTask {
    NewTask {
        kind,
        key: key(resolving, step, rows),
        title: if kind == TaskKind::Unreachable {
            format!("Step {} could reach nobody", step.id)
        } else {
            format!("Step {} needs a look", step.id)
        },
        detail,
        to: None,
        due_on: None,
        step: Some(step.id.clone()),
        currency: Some(resolving.currency),
    }
}

/// What a step asks a person to do.
pub(super) fn of_step(resolving: &Resolving<'_, '_>, step: &Step, rows: &[ItemStep]) -> NewTask {
    let (workflow, currency, book) = (resolving.workflow, resolving.currency, &resolving.situation.book);
    let via = |notify: &Notify| if notify.via.is_empty() { String::new() } else { format!(" (by {})", notify.via.join(", ")) };
    let (kind, title, to, due_in) = match &step.action {
        Action::Send(_) => (TaskKind::Task, step.id.clone(), None, None),
        Action::Task(task) => (TaskKind::Task, task.title.clone(), task.to.clone(), task.due_in),
        Action::Notify(notify) => (TaskKind::Notify, format!("Tell {}{}", notify.to, via(notify)), Some(notify.to.clone()), None),
        Action::Escalate(notify) => {
            (TaskKind::Escalation, format!("Escalated to {}{}", notify.to, via(notify)), Some(notify.to.clone()), None)
        }
        Action::CreditHold(_) => (TaskKind::CreditHold, "Stop supply to this customer".to_owned(), None, None),
        Action::HandOff(hand_off) => (TaskKind::HandOff, format!("Hand over to {}", hand_off.agency), None, None),
        Action::Fee(fee) => {
            let title = match (fee.kind, fee.amount_minor) {
                (FeeKind::Fixed, Some(minor)) => format!("Charge a fee of {}", Money::from_minor(minor, currency)),
                (FeeKind::Fixed, None) | (FeeKind::Statutory, _) => "Charge the statutory fee".to_owned(),
            };
            (TaskKind::Fee, title, None, None)
        }
    };
    let due_now = |row: &ItemStep| book.items.get(row.item).map_or(0, |item| item.due_now_minor);
    let owed: i64 = rows.iter().map(due_now).fold(0, i64::saturating_add);
    NewTask {
        kind,
        key: key(resolving, step, rows),
        title,
        detail: format!(
            "step {} of workflow {} covers {} due items with {} due now",
            step.id,
            workflow.id,
            rows.len(),
            Money::from_minor(owed, currency)
        ),
        to,
        due_on: due_in.map(|days| add_days(book.today, i64::from(days.0))),
        step: Some(step.id.clone()),
        currency: Some(currency),
    }
}

fn key(resolving: &Resolving<'_, '_>, step: &Step, rows: &[ItemStep]) -> String {
    let case: &Case = resolving.case;
    let first = rows.first().and_then(|row| {
        let item = resolving.situation.book.items.get(row.item)?;
        Some(format!("{}/{}", item.key, row.next.occurrence))
    });
    format!("{}/{}/{}", case.id, step.id, first.unwrap_or_default())
}

/// What does not add up about a customer's money: a person has to look.
pub(super) fn about_money(situation: &Situation<'_>) -> Vec<NewTask> {
    let book = &situation.book;
    let task = |kind, key, title: &str, detail| NewTask {
        kind,
        key,
        title: title.to_owned(),
        detail,
        to: None,
        due_on: None,
        step: None,
        currency: None,
    };
    let late = book.in_flight.iter().filter(|in_flight| in_flight.ask_at <= situation.now).map(|in_flight| {
        let detail = format!(
            "payments and credit notes allocated to {} exceed what its own document says by {} minor units since {}; the excess is \
             kept back; send the invoice as it is now, or correct the allocation",
            in_flight.invoice, in_flight.excess_minor, in_flight.since
        );
        let key = format!("{}/{}", in_flight.invoice, in_flight.since);
        task(TaskKind::MoneyInFlight, key, "Payments exceed what the invoice says", detail)
    });
    let overpaid = book.overpaid.iter().map(|overpaid| {
        let excess = Money::from_minor(overpaid.excess_minor, overpaid.currency);
        let detail = format!(
            "{excess} more was paid and credited on {} than it comes to; the excess counts as credit of the customer; refund it, or \
             allocate it to another invoice in the accounting system",
            overpaid.invoice
        );
        let key = format!("{}/{}", overpaid.invoice, overpaid.excess_minor);
        task(TaskKind::Overpaid, key, "More was paid on an invoice than it comes to", detail)
    });
    let mismatched = book.mismatched.iter().map(|mismatch| {
        let detail = format!(
            "payment {} is in {} and is allocated to {}, which is in {}; nothing of it is counted; allocate it in the invoice's \
             currency in the accounting system",
            mismatch.payment, mismatch.currency, mismatch.invoice, mismatch.wanted
        );
        let key = format!("{}/{}", mismatch.payment, mismatch.invoice);
        task(TaskKind::OtherCurrency, key, "A payment is in another currency than its invoice", detail)
    });
    late.chain(overpaid).chain(mismatched).collect()
}
