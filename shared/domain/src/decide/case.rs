//! Which case a due item belongs to, and by which workflow a case is driven.
//!
//! A due item joins the case of the published workflow of highest priority that applies to it. From its first step that is over on it
//! stays there. A part of a plan joins the case of its first invoice, a charge the case of the step that proposed it.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;

use super::{Situation, assess::CaseFacts};
use crate::{
    BalanceKey, Case, CaseId, CaseKey, CaseState, Stood, VersionChoice,
    receivables::{DueItem, Joins},
    rollout::SHARE_WHOLE,
    workflow::CompiledWorkflow,
};

/// Which case each due item belongs to.
#[derive(Clone, Debug, Default)]
pub struct CaseByItem {
    keys: Vec<CaseKey>,
    /// Positions in `keys`, by the item's position; `None` where no workflow applies.
    of_item: Vec<Option<usize>>,
    /// When a new day may let an item join another case.
    pub(super) look_at: Option<Timestamp>,
}

impl CaseByItem {
    /// The case of the item at a position; `None` where no workflow applies to it.
    pub fn case_of(&self, item: usize) -> Option<&CaseKey> {
        self.keys.get((*self.of_item.get(item)?)?)
    }

    /// The positions of the items of a case, oldest first.
    pub fn items(&self, key: &CaseKey) -> Vec<usize> {
        let place = self.keys.iter().position(|known| known == key);
        (0..self.of_item.len()).filter(|at| place.is_some() && self.of_item.get(*at) == Some(&place)).collect()
    }

    /// The positions of the items that no workflow applies to, oldest first.
    pub(super) fn without_case(&self) -> Vec<usize> {
        (0..self.of_item.len()).filter(|at| self.of_item.get(*at) == Some(&None)).collect()
    }

    /// The cases that have an item.
    pub(super) fn keys(&self) -> BTreeSet<CaseKey> {
        self.keys.iter().cloned().collect()
    }

    /// Lets a case have the items of its balance that belong to none.
    pub(super) fn adopt(&mut self, situation: &Situation<'_>, key: &CaseKey) {
        for at in self.without_case() {
            if situation.receivables.items.get(at).is_some_and(|item| item.is_of(&key.balance)) {
                self.put(at, Some(key.clone()));
            }
        }
    }

    fn put(&mut self, item: usize, key: Option<CaseKey>) {
        let place = key.map(|key| match self.keys.iter().position(|known| *known == key) {
            Some(place) => place,
            None => {
                self.keys.push(key);
                self.keys.len() - 1
            }
        });
        if let Some(of) = self.of_item.get_mut(item) {
            *of = place;
        }
    }
}

/// A case and its due items.
pub(super) struct CaseItems<'k> {
    /// Which case.
    pub(super) key: &'k CaseKey,
    /// The positions of its items, oldest first.
    pub(super) items: Vec<usize>,
}

/// What a case's items come to, minor units.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) open_minor: i64,
    pub(super) due_now_minor: i64,
    pub(super) kept_minor: i64,
}

impl<'k> CaseItems<'k> {
    pub(super) fn of(joined: &CaseByItem, key: &'k CaseKey) -> Self {
        Self { key, items: joined.items(key) }
    }

    /// The items themselves.
    pub(super) fn due_items<'s, 'a>(&'s self, situation: &'s Situation<'a>) -> impl Iterator<Item = &'s DueItem<'a>> {
        self.items.iter().filter_map(|at| situation.receivables.items.get(*at))
    }

    /// The positions of the items with something due now, oldest first.
    pub(super) fn chased(&self, situation: &Situation<'_>) -> Vec<usize> {
        let is_due = |at: &usize| situation.receivables.items.get(*at).is_some_and(|item| item.due_now_minor > 0);
        self.items.iter().copied().filter(is_due).collect()
    }

    pub(super) fn sums(&self, situation: &Situation<'_>) -> Sums {
        let kept = |at: &usize| situation.receivables.kept.of_item.get(*at).copied().unwrap_or(0);
        let mut sums = Sums { kept_minor: self.items.iter().map(kept).fold(0, i64::saturating_add), ..Sums::default() };
        for item in self.due_items(situation) {
            sums.open_minor = sums.open_minor.saturating_add(item.owed_minor());
            sums.due_now_minor = sums.due_now_minor.saturating_add(item.due_now_minor);
        }
        sums
    }
}

/// A workflow that items of a balance may join.
struct Candidate<'a> {
    /// The case that they join with it.
    joins: &'a str,
    workflow: &'a CompiledWorkflow,
    /// Whether it applies to every item, where its condition asks for nothing that differs between them.
    to_all: Option<bool>,
}

/// What is known of one balance while its items are looked at.
struct Choice<'a> {
    balance: BalanceKey,
    seen: CaseFacts,
    candidates: Vec<Candidate<'a>>,
    /// When a new day may change which applies.
    look_at: Option<Timestamp>,
}

impl<'a> Choice<'a> {
    fn of(situation: &Situation<'a>, balance: BalanceKey) -> Self {
        let seen = situation.balance_facts(&balance);
        let policy = situation.policy;
        let is_published = |id: &str| policy.published.iter().any(|(published, _)| published == id);
        let mut published: Vec<&CompiledWorkflow> =
            policy.published.iter().filter_map(|(id, version)| policy.workflow(id, *version)).map(Arc::as_ref).collect();
        published.sort_by(|a, b| b.priority.cmp(&a.priority).then_with(|| a.id.cmp(&b.id)));
        let conditional = |joins: &'a str, workflow: &'a CompiledWorkflow| {
            let applies_when = workflow.applies_when();
            let differs = applies_when.names_any(|fact| fact.starts_with("invoice.") || fact.starts_with("history."));
            let to_all = (!differs).then(|| applies_when.holds(true, || situation.condition_facts(&seen, None)));
            Candidate { joins, workflow, to_all }
        };
        let mut candidates: Vec<Candidate<'a>> =
            published.into_iter().map(|workflow| conditional(workflow.id.as_str(), workflow)).collect();
        // Cases that go on though their workflow is not published any more, and those that a person chose, take what is left.
        for (key, case) in &situation.facts.cases {
            let goes_on = key.balance == balance && case.state != CaseState::Closed;
            if !goes_on || !case.by_hand && is_published(&key.workflow) {
                continue;
            }
            let Some(workflow) = policy.workflow(&case.workflow, case.version) else { continue };
            let candidate = conditional(&key.workflow, workflow);
            // One that a person made for what nothing applied to goes on taking such; one that was moved asks its workflow.
            let was_made = case.by_hand && key.workflow == case.workflow;
            candidates.push(if was_made { Candidate { to_all: Some(true), ..candidate } } else { candidate });
        }
        let look_at = candidates.iter().filter_map(|of| situation.new_day(of.workflow.applies_when())).min();
        Self { balance, seen, candidates, look_at }
    }

    fn chosen(&self, situation: &Situation<'a>, at: usize) -> Option<CaseKey> {
        let applies = |candidate: &&Candidate<'a>| {
            let of_item = || situation.condition_facts(&self.seen, Some(at));
            candidate.to_all.unwrap_or_else(|| candidate.workflow.applies_when().holds(true, of_item))
        };
        let candidate = self.candidates.iter().find(applies)?;
        Some(CaseKey::new(self.balance.clone(), candidate.joins))
    }
}

/// Finds the case of each due item.
pub fn case_by_item(situation: &Situation<'_>) -> CaseByItem {
    let receivables = &situation.receivables;
    let mut joined = CaseByItem { keys: Vec::new(), of_item: vec![None; receivables.items.len()], look_at: None };
    let mut choices: Vec<Choice<'_>> = Vec::new();
    let mut of_plans: Vec<(usize, &[Stood])> = Vec::new();
    for (at, item) in receivables.items.iter().enumerate() {
        if let Some(key) = stays(situation, at, item) {
            joined.put(at, Some(key));
            continue;
        }
        if let Joins::Plan(of) = item.joins {
            of_plans.push((at, of));
        }
        if !situation.policy.settings.knows_legal_entity(item.legal_entity) {
            continue;
        }
        let choice = match choices.iter().position(|choice| item.is_of(&choice.balance)) {
            Some(place) => choices.get(place),
            None => {
                choices.push(Choice::of(situation, item.balance()));
                choices.last()
            }
        };
        joined.put(at, choice.and_then(|choice| choice.chosen(situation, at)));
    }
    joined.look_at = choices.iter().filter_map(|choice| choice.look_at).min();
    for (at, of) in of_plans {
        let place = |stood: &Stood| receivables.items.iter().position(|item| item.key.invoice() == Some(&stood.invoice));
        let of_invoice = of.iter().find_map(place).and_then(|at| joined.case_of(at));
        if let Some(workflow) = of_invoice.map(|key| key.workflow.clone()) {
            let balance = receivables.items.get(at).map(DueItem::balance);
            joined.put(at, balance.map(|balance| CaseKey::new(balance, &workflow)));
        }
    }
    joined
}

/// The case in which an item stays, because a step of it is over there, or because the step that proposed it belongs to it.
fn stays(situation: &Situation<'_>, at: usize, item: &DueItem<'_>) -> Option<CaseKey> {
    let of_charge = match item.joins {
        Joins::Workflow(workflow) => Some(workflow),
        Joins::Own | Joins::Plan(_) => None,
    };
    let workflow = situation.history.workflow(at).or(of_charge)?;
    let key = CaseKey::new(item.balance(), workflow);
    let case = situation.facts.cases.get(&key).or_else(|| left(situation, &key));
    let goes_on = case.is_some_and(|case| situation.policy.workflow(&case.workflow, case.version).is_some());
    (goes_on || published(situation, workflow).is_some()).then_some(key)
}

/// The case that items leave for `key` when their legal entity changes: the newest of the same currency and workflow.
fn left<'a>(situation: &Situation<'a>, key: &CaseKey) -> Option<&'a Case> {
    let is_other =
        |other: &CaseKey| other.workflow == key.workflow && other.currency() == key.currency() && other.balance != key.balance;
    let others = situation.facts.cases.iter().filter(|(other, _)| is_other(other));
    others.map(|(_, case)| case).max_by_key(|case| (case.state != CaseState::Closed, case.opened_at, case.id.clone()))
}

fn published<'a>(situation: &Situation<'a>, id: &str) -> Option<&'a CompiledWorkflow> {
    let version =
        situation.policy.published.iter().filter(|(published, _)| published == id).map(|(_, version)| *version).max()?;
    situation.policy.workflow(id, version).map(Arc::as_ref)
}

/// A case with the workflow that drives it: the one that it is pinned to while it is not closed, or where one of its items comes back
/// to it; else the case opens at what is published. `None` when that workflow is not there.
pub(super) fn case_and_workflow<'a>(situation: &Situation<'a>, of: &CaseItems<'_>) -> Option<(Case, &'a CompiledWorkflow)> {
    if let Some(case) = situation.facts.cases.get(of.key) {
        let comes_back = || of.items.iter().any(|at| !situation.history.results(*at).is_empty());
        if case.state != CaseState::Closed || comes_back() {
            let workflow = situation.policy.driving(case)?;
            return Some((Case { version: workflow.version, ..case.clone() }, workflow));
        }
    }
    // What comes from a case of another balance goes on as it went there.
    let comes_along = of.items.iter().any(|at| situation.history.workflow(*at).is_some());
    if let Some(before) = left(situation, of.key).filter(|_| comes_along)
        && let Some(workflow) = situation.policy.driving(before)
    {
        return Some((Case { by_hand: before.by_hand, ..opened(situation, of.key, workflow) }, workflow));
    }
    let workflow = published(situation, &of.key.workflow)?;
    let case = opened(situation, of.key, workflow);
    Some(match first(situation, &case) {
        Some(workflow) => (Case { version: workflow.version, ..case }, workflow),
        None => (case, workflow),
    })
}

/// The newest version of a case's workflow, where the case is among those that take it before the others.
fn first<'a>(situation: &Situation<'a>, case: &Case) -> Option<&'a CompiledWorkflow> {
    let rollout = situation.policy.rollouts.get(&case.workflow).filter(|rollout| rollout.takes(&case.id))?;
    situation.policy.workflow(&case.workflow, rollout.version).map(Arc::as_ref)
}

/// Why a case goes by its version, where a publishing has to do with it.
pub(super) fn version_choice(situation: &Situation<'_>, key: &CaseKey, case: &Case) -> Option<VersionChoice> {
    let rollout = situation.policy.rollouts.get(&case.workflow)?;
    let before = situation.facts.cases.get(key).filter(|before| before.id == case.id && before.workflow == case.workflow);
    let from = before.map(|before| before.version).filter(|version| *version != case.version);
    let choice = VersionChoice { newest: rollout.version, share: rollout.share, from };
    (rollout.share < SHARE_WHOLE || from.is_some()).then_some(choice)
}

/// A case that opens now.
pub(super) fn opened(situation: &Situation<'_>, key: &CaseKey, workflow: &CompiledWorkflow) -> Case {
    Case {
        id: CaseId::derive(&[
            situation.facts.tenant.as_str(),
            situation.facts.customer.id.as_str(),
            &key.balance.to_string(),
            &key.workflow,
            &(situation.facts.decision + 1).to_string(),
        ]),
        workflow: workflow.id.clone(),
        version: workflow.version,
        opened_at: whole_second(situation.now),
        state: CaseState::Open,
        by_hand: false,
        // One that comes again within a period is not stated again.
        stated: situation.facts.cases.get(key).map(|case| case.stated.clone()).unwrap_or_default(),
    }
}

/// What the table keeps of an instant.
fn whole_second(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
