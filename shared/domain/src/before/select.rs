use std::sync::Arc;

use jiff::Timestamp;

use super::View;
use crate::{Case, CaseId, CaseState, CompiledWorkflow, Currency, Workflow, before::ladder::History, condition::Condition};

/// Whether a condition's source holds; an absent one does. One that does not check any more (it was checked when it was
/// published) does not hold, so that nothing is sent on its account.
pub(super) fn holds(
    view: &View<'_>,
    source: Option<&str>,
    currency: Currency,
    driver: Option<&crate::book::DueItem<'_>>,
    history: &History,
) -> bool {
    let Some(source) = source else { return true };
    Condition::check(source).is_ok_and(|condition| condition.holds(&view.condition_facts(currency, driver, history)))
}

/// The case of a currency with its workflow: the one that it is pinned to while it is open; else, once something is open,
/// the published workflow of highest priority that applies. `None` when no workflow applies.
pub(super) fn case_and_workflow(view: &View<'_>, currency: Currency) -> Option<(Case, Arc<CompiledWorkflow>)> {
    if let Some(case) = view.facts.cases.get(&currency) {
        let comes_back = view.book.in_currency(currency).any(|item| !view.history.marks(&item.key).is_empty());
        if case.state != CaseState::Closed || comes_back {
            let workflow = view.policy.workflow(&case.workflow, case.version)?;
            return Some((case.clone(), workflow.clone()));
        }
    }
    let driver = view.book.in_currency(currency).next();
    let applies = |workflow: &&Arc<CompiledWorkflow>| {
        is_current(view, workflow) && holds(view, workflow.applies_when.as_deref(), currency, driver, &view.history)
    };
    let mut applying: Vec<_> = view.policy.workflows.iter().filter(applies).collect();
    applying.sort_by(|a, b| b.priority.cmp(&a.priority).then_with(|| a.id.cmp(&b.id)));
    let workflow = (*applying.first()?).clone();
    let case = Case {
        id: CaseId::derive(&[
            view.facts.tenant.as_str(),
            view.facts.customer.id.as_str(),
            currency.code(),
            &(view.facts.decision + 1).to_string(),
        ]),
        workflow: workflow.id.clone(),
        version: workflow.version,
        opened_at: opened_at(view.now),
        state: CaseState::Open,
    };
    Some((case, workflow))
}

/// Whole seconds: what the table keeps.
fn opened_at(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// Whether a workflow is published in this version, and not only there because a case is pinned to it.
fn is_current(view: &View<'_>, workflow: &Workflow) -> bool {
    view.policy.published.contains(&(workflow.id.clone(), workflow.version))
}
