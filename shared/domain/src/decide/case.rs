//! Which case a currency has, and by which workflow.

use std::sync::Arc;

use jiff::Timestamp;

use super::Situation;
use crate::{Case, CaseId, CaseState, Currency, condition::ExposureFacts, workflow::CompiledWorkflow};

/// The case of a currency with its workflow: the one that it is pinned to while it is open; else, once something is open,
/// the published workflow of highest priority that applies. `None` when no workflow applies.
pub(super) fn case_and_workflow<'a>(
    situation: &Situation<'a>,
    currency: Currency,
    exposure: &Arc<ExposureFacts>,
) -> Option<(Case, &'a CompiledWorkflow)> {
    let book = &situation.book;
    let mut items = book.items.iter().enumerate().filter(|(_, item)| item.currency == currency).map(|(at, _)| at);
    if let Some(case) = situation.facts.cases.get(&currency) {
        let comes_back = || items.clone().any(|at| !situation.history.results(at).is_empty());
        if case.state != CaseState::Closed || comes_back() {
            let workflow = situation.policy.workflow(&case.workflow, case.version)?;
            return Some((case.clone(), workflow));
        }
    }
    let driver = items.next();
    let published = |workflow: &CompiledWorkflow| {
        situation.policy.published.iter().any(|(id, version)| *id == workflow.id && *version == workflow.version)
    };
    let applies = |workflow: &&'a CompiledWorkflow| {
        published(workflow) && workflow.applies_when().holds(true, || situation.condition_facts(exposure, driver))
    };
    let applying = situation.policy.workflows.iter().map(Arc::as_ref).filter(applies);
    let workflow = applying.min_by(|a, b| b.priority.cmp(&a.priority).then_with(|| a.id.cmp(&b.id)))?;
    Some((opened(situation, currency, workflow), workflow))
}

/// A case that opens now.
pub(super) fn opened(situation: &Situation<'_>, currency: Currency, workflow: &CompiledWorkflow) -> Case {
    Case {
        id: CaseId::derive(&[
            situation.facts.tenant.as_str(),
            situation.facts.customer.id.as_str(),
            currency.code(),
            &(situation.facts.decision + 1).to_string(),
        ]),
        workflow: workflow.id.clone(),
        version: workflow.version,
        opened_at: whole_second(situation.now),
        state: CaseState::Open,
    }
}

/// What the table keeps of an instant.
fn whole_second(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
