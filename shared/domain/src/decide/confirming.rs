//! Credit holds and stricter terms: what is asked for is confirmed by whoever carries it out, or a person looks; what is in force ends once what it
//! was for is paid, and its end is asked for and confirmed in the same way.
//!
//! ```text
//! asked for ── confirmed: in force ── nothing of its balance is past due any more ── its end is asked for ── confirmed
//!     └─ nobody said so in time: a person looks                                          └─ likewise
//! ```

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    Situation,
    work::{Asking, Says},
};
use crate::{Case, CaseKey, Currency, NewTask, OpenWork, TaskKind, dates::add_days};

/// What somebody is to confirm, by what asks for it.
const CONFIRMED: [(TaskKind, &str); 4] = [
    (TaskKind::CreditHold, "supply is stopped"),
    (TaskKind::CreditRelease, "supply goes on again"),
    (TaskKind::ChangeTerms, "the customer has stricter terms"),
    (TaskKind::RestoreTerms, "the customer has its usual terms again"),
];

/// What waits for somebody to say that it was carried out.
fn waiting<'a>(situation: &'a Situation<'_>) -> impl Iterator<Item = (&'a OpenWork, Timestamp)> {
    situation.facts.work.iter().filter(|work| !work.done).filter_map(|work| Some((work, work.confirm_by?)))
}

/// What nobody confirmed in time.
pub(super) fn unconfirmed(situation: &Situation<'_>) -> Vec<Asking> {
    let late = waiting(situation).filter(|(_, by)| *by <= situation.now);
    let asking = |(work, by): (&OpenWork, Timestamp)| {
        let what = CONFIRMED.iter().find(|(kind, _)| *kind == work.kind).map_or("it was done", |(_, what)| what);
        let says = Says {
            kind: TaskKind::Unconfirmed,
            title: format!("Nobody has said whether {what}"),
            detail: format!(
                "task {} asked for it at {}, and whoever carries it out was to say so by {by}; look whether it was done, and end that task with \
                 done or failed, or have the system that carries it out call POST /v1/effects/{{id}}/result",
                work.task, work.asked_at
            ),
            step: work.step.clone(),
            case: work.currency.zip(work.case.clone()),
        };
        Asking::of(situation, says, work.task.to_string(), &[])
    };
    late.map(asking).collect()
}

/// The end of what is in force though what it was for is paid.
pub(super) fn ends(situation: &Situation<'_>) -> Vec<Asking> {
    let over = situation.facts.work.iter().filter(|work| is_in_force(work) && is_paid(situation, &situation.facts.cases, work));
    let asking = |work: &OpenWork| {
        let (kind, title, what) = if work.kind == TaskKind::ChangeTerms {
            (TaskKind::RestoreTerms, "Give this customer its usual terms back", "its terms were changed")
        } else {
            (TaskKind::CreditRelease, "Supply to this customer again", "supply was stopped")
        };
        let within = work.confirm_by.map_or(SignedDuration::ZERO, |by| by.duration_since(work.asked_at));
        let days = within.as_hours() / 24;
        let says = Says {
            kind,
            title: title.to_owned(),
            detail: format!("{what} by task {}; nothing of the customer's is past due any more in that balance", work.task),
            step: work.step.clone(),
            case: work.currency.zip(work.case.clone()),
        };
        // Of several terms that were given one after the other the end is one.
        let reason = format!("{}/{kind}", work.case.as_ref().map_or(work.task.as_str(), |case| case.as_str()));
        let asking = Asking::of(situation, says, reason, &[]);
        let confirm_by = situation.now.checked_add(within).ok();
        let due_on = Some(add_days(situation.receivables.today, days));
        Asking { task: NewTask { due_on, ..asking.task }, work: OpenWork { confirm_by, ..asking.work } }
    };
    over.map(asking).collect()
}

/// When somebody is to have said next that something was carried out, what is `asked` for just now included.
pub(super) fn next_at(situation: &Situation<'_>, asked: &[OpenWork]) -> Option<Timestamp> {
    let now = asked.iter().filter_map(|work| work.confirm_by);
    waiting(situation).map(|(_, by)| by).chain(now).filter(|by| *by > situation.now).min()
}

fn is_in_force(work: &OpenWork) -> bool {
    matches!(work.kind, TaskKind::CreditHold | TaskKind::ChangeTerms) && work.done
}

/// Whether nothing of the balance that it is about is past due any more. What is contested or promised is not paid.
pub(super) fn is_paid(situation: &Situation<'_>, cases: &BTreeMap<CaseKey, Case>, work: &OpenWork) -> bool {
    let Some(currency) = work.currency else { return false };
    let key = cases.iter().find(|(_, case)| work.case.as_ref() == Some(&case.id)).map(|(key, _)| key);
    let is_of_it = |of: Currency, entity: &str| of == currency && key.is_none_or(|key| key.balance.legal_entity == entity);
    let receivables = &situation.receivables;
    let mut overdue = receivables.items.iter().filter(|item| item.due_on < receivables.today && item.owed_minor() > 0);
    !overdue.any(|item| is_of_it(item.currency, item.balance().legal_entity.as_str()))
}
