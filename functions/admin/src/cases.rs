//! A customer's cases, their due items, and what would be decided about each, as the API shows them.

use std::collections::BTreeMap;

use domain::{
    Case, CaseKey, CaseState, Currency, Decision, DueItemKey, Policy,
    decide::{self, CaseByItem, Situation},
    explain::Told,
    receivables::DueItem,
};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::explain::{self, Explanation, of_mode};

/// One customer's collection in one currency, for one legal entity, by one workflow.
#[derive(Serialize, ToSchema)]
pub struct CaseOut {
    /// Its id.
    id: String,
    /// Its currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// The legal entity that it is owed to, where it is not the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_entity: Option<String>,
    /// `open`, `waiting`, `ended` or `closed`.
    state: &'static str,
    /// Why it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<String>,
    /// The workflow.
    workflow: String,
    /// The version that it is pinned to.
    version: u32,
    /// When it opened.
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    /// Open, in minor units.
    open_minor: i64,
    /// Due now, in minor units.
    due_now_minor: i64,
    /// The part of it past due.
    overdue_minor: i64,
}

/// What falls due at once.
#[derive(Serialize, ToSchema)]
pub struct DueItemOut {
    /// The id of the invoice, plan or charge, and for an instalment or a part of a plan its key.
    item: String,
    /// The invoice's number, or what the plan or charge is called.
    number: String,
    /// Which instalment or part of how many, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    instalment: Option<[usize; 2]>,
    /// Its currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// The legal entity that it is owed to, where it is not the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_entity: Option<String>,
    /// The case that it belongs to; absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    /// The invoice's total, minor units.
    total_minor: i64,
    /// Open, minor units.
    open_minor: i64,
    /// What of it the parts of a running plan stand for, minor units.
    #[serde(skip_serializing_if = "is_zero")]
    planned_minor: i64,
    /// Due now, minor units.
    due_now_minor: i64,
    /// When the invoice was issued.
    #[schema(value_type = String, format = Date)]
    issued_on: Date,
    /// When the item falls due.
    #[schema(value_type = String, format = Date)]
    due_on: Date,
    /// In the tenant's zone; negative before.
    days_past_due: i64,
    /// The last of its steps that is satisfied.
    rung: Option<String>,
    /// Its next step; none while the tenant is switched off.
    next_step: Option<String>,
    /// The earliest moment for it, if nothing changes.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Timestamp>,
}

fn is_zero(minor: &i64) -> bool {
    *minor == 0
}

/// What would be decided now.
#[derive(Serialize, ToSchema)]
pub struct NowOut {
    /// The case's currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// The legal entity that it is owed to, where it is not the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_entity: Option<String>,
    /// The case ; absent where no workflow applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    /// In a word.
    because: String,
    /// In words.
    #[serde(flatten)]
    words: Explanation,
    /// When it is decided again by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// How many messages would be queued.
    messages: usize,
    /// The whole trace.
    #[schema(value_type = Object)]
    trace: Value,
}

/// The cases, with what each comes to.
pub fn cases(situation: &Situation<'_>, by_item: &CaseByItem, cases: &BTreeMap<CaseKey, Case>) -> Vec<CaseOut> {
    cases
        .iter()
        .map(|(key, case)| {
            let items = by_item.items(key).into_iter().filter_map(|at| situation.receivables.items.get(at));
            let (mut open_minor, mut due_now_minor, mut overdue_minor) = (0_i64, 0_i64, 0_i64);
            for item in items {
                open_minor = open_minor.saturating_add(item.owed_minor());
                due_now_minor = due_now_minor.saturating_add(item.due_now_minor);
                if item.days_past_due(situation.receivables.today) > 0 {
                    overdue_minor = overdue_minor.saturating_add(item.due_now_minor);
                }
            }
            let (state, waiting) = match case.state {
                CaseState::Open => ("open", None),
                CaseState::Waiting(reason) => ("waiting", Some(reason.as_str().to_owned())),
                CaseState::Ended => ("ended", None),
                CaseState::Closed => ("closed", None),
                CaseState::Later(word) => ("waiting", Some(word.to_string())),
            };
            CaseOut {
                id: case.id.as_str().to_owned(),
                currency: key.currency(),
                legal_entity: legal_entity(&key.balance.legal_entity),
                state,
                waiting,
                workflow: case.workflow.clone(),
                version: case.version,
                opened_at: case.opened_at,
                open_minor,
                due_now_minor,
                overdue_minor,
            }
        })
        .collect()
}

fn legal_entity(id: &str) -> Option<String> {
    Some(id.to_owned()).filter(|id| !id.is_empty())
}

/// A due item with its case, rung and next step.
pub fn due_item(
    situation: &Situation<'_>,
    by_item: &CaseByItem,
    policy: &Policy,
    decision: &Decision,
    item: &DueItem<'_>,
) -> DueItemOut {
    let key = situation.receivables.position(&item.key).and_then(|at| by_item.case_of(at));
    let case = key.and_then(|key| decision.cases.get(key));
    let is_on = of_mode(policy.settings.mode).is_none();
    let planned = case.and_then(|case| Some((case, policy.workflow(&case.workflow, case.version)?)));
    let (rung, next_step, next_at) = planned.map_or((None, None, None), |(case, workflow)| {
        let satisfied = |step: &&domain::Step| {
            situation
                .history
                .results_of(&situation.receivables, &item.key)
                .iter()
                .any(|mark| mark.step == step.id && mark.satisfies())
        };
        let rung = workflow.steps.iter().rev().find(satisfied).map(|step| step.id.clone());
        let position = situation.receivables.position(&item.key);
        let next = position.filter(|_| is_on).and_then(|at| decide::upcoming(situation, workflow, case, at));
        let (step, at) = next.map(|(next, at)| (workflow.steps.get(next.index).map(|step| step.id.clone()), at)).unzip();
        let step = step.flatten();
        (rung, step, at)
    });
    DueItemOut {
        item: DueItemKey::to_string(&item.key),
        number: item.number.to_owned(),
        instalment: item.instalment.map(|(at, of)| [at, of]),
        currency: item.currency,
        legal_entity: legal_entity(item.legal_entity),
        case: case.map(|case| case.id.to_string()),
        total_minor: item.total_minor,
        open_minor: item.open_minor,
        planned_minor: item.planned_minor,
        due_now_minor: item.due_now_minor,
        issued_on: item.issued_on,
        due_on: item.due_on,
        days_past_due: item.days_past_due(situation.receivables.today),
        rung,
        next_step,
        next_at,
    }
}

/// What would be decided about a case.
pub fn now_out(trace: &domain::CaseTrace, decision: &Decision, told: Told<'_>) -> NowOut {
    NowOut {
        currency: trace.currency,
        legal_entity: legal_entity(&trace.legal_entity),
        case: trace.case.as_ref().map(ToString::to_string),
        because: trace.because.as_str().to_owned(),
        words: explain::of_trace(trace, told),
        until: trace.until,
        messages: decision
            .messages
            .iter()
            .filter(|message| decision.cases.get(&message.case).map(|case| &case.id) == trace.case.as_ref())
            .count(),
        trace: json!(trace),
    }
}
