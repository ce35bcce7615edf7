//! The decision: pure and total. Same input, same output, forever; sweep, sender, simulation and explanation ask this code.
//!
//! Five phases, each a function whose result is a value:
//!
//! ```text
//! assess   (facts, now)          what is due, what is kept back, how far each item is      assess.rs, rungs.rs
//! gate     (case, situation)     may the case be chased at all                             gate.rs
//! agenda   (workflow, situation) which steps are due, passed over, next                    agenda.rs
//! resolve  (agenda, policy)      whom and how: messages and work for people                resolve.rs, route.rs, work.rs
//! conclude (…)                   states, reason, next moment, trace, what is taken back    conclude.rs, withdraw.rs, confirming.rs
//! ```
//!
//! What people ordered (orders.rs) is looked at before the gate: it becomes results of steps like any other. A reminder of a promise (promised.rs) stands
//! beside the ladder, and goes first where one is due.
//!
//! `agenda` and `resolve` repeat: a step that was passed over, missed or done becomes part of a new situation, which is asked
//! again, until nothing new is satisfied.

mod agenda;
mod archive;
mod asked;
mod assess;
mod case;
mod conclude;
mod confirm_within;
mod confirming;
mod ended;
mod gate;
mod looked_at;
mod orders;
mod promised;
mod recheck;
mod resolve;
mod resolving;
mod route;
mod rungs;
mod statement;
mod withdraw;
mod work;

use jiff::Timestamp;

pub use agenda::upcoming;
pub use asked::{RuleAsked, RuleOutcome, rules_asked, rules_asked_again};
pub use assess::{Situation, assess};
pub use case::{CaseByItem, case_by_item};
pub use conclude::{owed, remembered};
pub use gate::UNKNOWN_HOURS_MAX;
pub use promised::{promised_on, promised_rows};
pub use recheck::{Recheck, Refusal, cap_is_lifted, guard_said, recheck};
pub use rungs::NextStep;

pub use crate::workflow::CLEARING_BUSINESS_DAYS;

use crate::{Case, CaseState, Decision, Facts, Mode, Order, Policy};
use case::CaseItems;
use conclude::{CaseDecision, Rounds};
use ended::Ended;
use gate::{Gate, GateQuestion, GateStop};
use resolving::Resolving;
use statement::Stating;

/// Decides what to do about one customer now.
pub fn decide(facts: &Facts, policy: &Policy, now: Timestamp) -> Decision {
    let mut situation = assess(facts, policy, now);
    match policy.settings.mode {
        Mode::Off | Mode::Later(_) => return conclude::switched_off(&situation),
        Mode::Shadow | Mode::Live => {}
    }
    let mut joined = case::case_by_item(&situation);
    let mut keys = joined.keys();
    keys.extend(facts.cases.keys().cloned());
    let given = orders::of_cases(&situation, &mut joined, &keys);
    keys.extend(given.of_case.keys().cloned());
    let mut cases = Vec::with_capacity(keys.len());
    for key in keys {
        let orders = given.of_case.get(&key).map_or(&[][..], Vec::as_slice);
        let case;
        (case, situation) = decide_case(situation, &CaseItems::of(&joined, &key), orders);
        cases.push((key, case));
    }
    conclude::customer(&situation, &joined, cases, &given.of_none)
}

/// Decides about one case, which `given` orders are about; gives the situation back with what the decision satisfied.
fn decide_case<'a>(situation: Situation<'a>, of: &CaseItems<'_>, given: &[&'a Order]) -> (CaseDecision<'a>, Situation<'a>) {
    let sums = of.sums(&situation);
    if sums.open_minor == 0 {
        return (conclude::over(&situation, of.key, given), situation);
    }
    let (target, mut orders) = orders::moved(&situation, given);
    let pinned = case::case_and_workflow(&situation, of);
    let (case, workflow) = match (pinned, target) {
        (Some((case, workflow)), None) => (case, workflow),
        (pinned, Some(workflow)) => {
            let case = pinned.map_or_else(|| case::opened(&situation, of.key, workflow), |(case, _)| case);
            let (id, version, state) = (workflow.id.clone(), workflow.version, CaseState::Open);
            (Case { workflow: id, version, state, by_hand: true, ..case }, workflow)
        }
        (None, None) => return (conclude::without_workflow(&situation, of, given), situation),
    };
    let mut situation = situation;
    situation.history = situation.history.carried(&of.items, workflow);
    let seen = situation.case_facts(of.key);
    let mut chased = of.chased(&situation);
    chased.retain(|at| situation.receivables.items.get(*at).is_some_and(|item| !orders::is_unclear(situation.facts, &item.key)));
    let obeyed = orders::obey(&situation, of, given, workflow, &rungs::Rungs::new(&situation, workflow, &case));
    orders.extend(obeyed.traces);
    situation.history = situation.history.with(obeyed.results.iter().cloned());
    let mut rounds = Rounds {
        tasks: Vec::new(),
        results: obeyed.results,
        rules: Vec::new(),
        driver: None,
        lapsed: Vec::new(),
        stopped: false,
        look_at: None,
        orders: Vec::new(),
    };
    let lifts_cap = obeyed.lifts_cap.is_some();
    // Each round satisfies at least one step of one item or asks for its approval, or is the last.
    let rounds_max = 1 + 2 * workflow.rungs() * chased.len().max(1);
    let asked = GateQuestion {
        situation: &situation,
        of,
        state: case.state,
        workflow,
        seen: &seen,
        oldest_chased: chased.first().copied(),
        history: &situation.history,
        reminds: false,
    };
    let mut ended = match gate::gate(&asked) {
        Gate::Proceed => None,
        Gate::Wait(GateStop { because, state, next }) => Some(Ended::Gate(because, state, next)),
    };
    let rungs = rungs::Rungs::new(&situation, workflow, &case);
    let reminders = promised::reminders(&situation, workflow, &rungs, of, &seen);
    let mut remind_at = reminders.next_at;
    if !reminders.due.is_empty() && matches!(gate::gate(&GateQuestion { reminds: true, ..asked }), Gate::Proceed) {
        let resolving = Resolving { situation: &situation, of, workflow, case: &case, lifts_cap };
        let resolved = resolving.resolve(&reminders.due, Vec::new());
        rounds.results.extend(resolved.results.iter().cloned());
        if resolved.messages.is_empty() {
            remind_at = remind_at.into_iter().chain(resolved.next.at()).min();
            rounds.tasks.extend(resolved.tasks);
            rounds.rules = resolved.rules;
            situation.history = situation.history.with(resolved.results.iter().cloned());
            situation.asked.extend(resolved.asked);
        } else {
            rounds.driver = reminders.due.into_iter().next();
            ended = Some(Ended::Resolved(resolved));
        }
    }
    for _ in 0..rounds_max {
        if ended.is_some() {
            break;
        }
        let agenda = agenda::agenda(&situation, workflow, &case, &seen, &chased);
        let skipped = agenda.skipped;
        let passed_over_all = agenda.is_due && agenda.due.is_empty() && !skipped.is_empty();
        rounds.look_at = agenda.look_at;
        if agenda.driver.is_some() {
            (rounds.driver, rounds.lapsed) = (agenda.driver, agenda.lapsed);
        }
        situation.history = situation.history.with(skipped.iter().cloned());
        rounds.results.extend(skipped);
        ended = match (agenda.is_due, &rounds.driver, agenda.until) {
            (true, ..) if passed_over_all => None,
            (true, ..) => {
                let resolving = Resolving { situation: &situation, of, workflow, case: &case, lifts_cap };
                let resolved = resolving.resolve(&agenda.due, std::mem::take(&mut rounds.rules));
                situation.asked.extend(resolved.asked.iter().cloned());
                let goes_on = !resolved.results.is_empty() || !resolved.asked.is_empty();
                if resolved.messages.is_empty() && goes_on {
                    rounds.tasks.extend(resolved.tasks);
                    rounds.rules = resolved.rules;
                    rounds.stopped |= resolved.stopped;
                    situation.history = situation.history.with(resolved.results.iter().cloned());
                    rounds.results.extend(resolved.results);
                    None
                } else {
                    rounds.results.extend(resolved.results.iter().cloned());
                    Some(Ended::Resolved(resolved))
                }
            }
            (false, _, None) if agenda.approval.is_some() => agenda.approval.map(Ended::Approval),
            (false, Some(step), Some(until)) => {
                Some(Ended::NotDue { step: step.clone(), until, from: agenda.from, waits: agenda.waits })
            }
            (false, ..) => Some(Ended::NoStepLeft),
        };
    }
    let resolving = Resolving { situation: &situation, of, workflow, case: &case, lifts_cap };
    let ended = ended.unwrap_or(Ended::Unsettled);
    let stating = resolving.state(&ended, &rounds.results);
    let is_stated = matches!(stating, Stating::Goes { .. });
    if let (Some(lifts), Ended::Resolved(resolved), false) = (&obeyed.lifts_cap, &ended, is_stated) {
        let beyond = resolving.beyond_cap(&resolved.messages);
        let used = orders.iter_mut().filter(|trace| trace.order == *lifts && !beyond.is_empty());
        used.for_each(|trace| trace.used = true);
        rounds.results.extend(beyond);
    }
    let look_at = rounds.look_at.into_iter().chain(remind_at).min();
    let rounds = Rounds { orders, look_at, ..rounds };
    let decided = conclude::case(&resolving, rounds, ended, stating, sums);
    situation.stated_now.extend(is_stated.then(|| of.key.balance.clone()));
    (decided, situation)
}

#[cfg(test)]
use crate::{Because, Currency, testing::case_in};

#[cfg(test)]
mod agreement_properties;
#[cfg(test)]
mod case_tests;
#[cfg(test)]
mod confirming_tests;
#[cfg(test)]
mod contact_tests;
#[cfg(test)]
mod fallback_tests;
#[cfg(test)]
mod money_tests;
#[cfg(test)]
mod people_tests;
#[cfg(test)]
mod plan_properties;
#[cfg(test)]
mod plan_tests;
#[cfg(test)]
mod promise_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod statement_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod version_tests;
