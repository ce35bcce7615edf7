//! Decisions explained: what each case came to in words, which rules were asked with what, and what would change it.
//!
//! Pure, over the same facts and by the same code as the decision. Whether the facts are those of now, of an instant that is past or those
//! of today looked at from a later instant, the caller says.

mod barred;
mod earliest;
mod fallback;
mod moment;
mod switched_off;
mod words;

use jiff::{Timestamp, tz::TimeZone};

pub use earliest::{Earliest, LOOKS_MAX};
pub use moment::{day, moment};
pub use switched_off::SwitchedOff;
pub use words::{Told, changes, hold_in_words, outcome, rule};

use self::barred::Barred;
use crate::{
    Action, CaseKey, CaseTrace, Decision, DueItemKey, Facts, InvoiceId, Money, Pending, Policy, Standing,
    decide::{self, CaseByItem, Recheck, RuleAsked, Situation, assess, case_by_item},
};

/// What a decision about one case came to, explained.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseInWords {
    /// The trace that is explained.
    pub trace: CaseTrace,
    /// What was found, a sentence a fact.
    pub outcome: Vec<String>,
    /// What would change it.
    pub changes: Vec<String>,
    /// When a message could leave at the earliest if nothing else changes, where such a moment was found.
    pub earliest: Option<Earliest>,
    /// The rules in their order.
    pub rules: Vec<RuleAsked>,
}

/// What is so of one due item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemInWords {
    /// The item.
    pub item: DueItemKey,
    /// Its case, by the position of its explanation; `None` where no workflow applies to it.
    pub case: Option<usize>,
    /// What is so of it.
    pub said: Vec<String>,
    /// What of it is open, and what is due now, minor units.
    pub amounts_minor: (i64, i64),
}

/// A decision explained.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionInWords {
    /// Where the customer's people are.
    pub zone: TimeZone,
    /// The cases, in the order of the decision's trace.
    pub cases: Vec<CaseInWords>,
    /// The due items that were asked about.
    pub items: Vec<ItemInWords>,
    /// That nothing is decided at all, while the tenant is switched off.
    pub switched_off: Option<SwitchedOff>,
}

impl DecisionInWords {
    /// What the case at a position came to, beside what is said of the due items that were asked about: amounts that are theirs are not said
    /// twice, and others are said to be those of all.
    pub fn beside_items(&self, at: usize) -> Vec<String> {
        let Some(case) = self.cases.get(at) else { return vec![] };
        let Some(amounts) = words::amounts(&case.trace) else { return case.outcome.clone() };
        let is_of_it = |item: &&ItemInWords| item.case.map_or(case.trace.case.is_none(), |of| of == at);
        let theirs = self.items.iter().filter(is_of_it).map(|item| item.amounts_minor);
        let theirs = theirs.fold((0_i64, 0_i64), |sum, item| (sum.0.saturating_add(item.0), sum.1.saturating_add(item.1)));
        let of_all = (theirs != (case.trace.open_minor, case.trace.due_now_minor)).then(|| format!("In all, {amounts}"));
        of_all.into_iter().chain(case.outcome.iter().skip(1).cloned()).collect()
    }
}

/// Which part of a decision is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// The case, by its id.
    Case(&'a crate::CaseId),
    /// The cases of an invoice's due items, and the parts of plans that stand for it.
    Invoice(&'a InvoiceId),
}

/// Explains what `decision`, made from these facts at `now`, says of a part.
pub fn decision(facts: &Facts, policy: &Policy, now: Timestamp, decision: &Decision, part: Part<'_>) -> DecisionInWords {
    let situation = assess(facts, policy, now);
    let joined = case_by_item(&situation);
    let wanted = positions(&situation, &joined, decision, part);
    let told = Told { holds: &situation.receivables.holds, zone: situation.place.zone() };
    let in_words = |trace: &CaseTrace| {
        let key = key_of(decision, trace);
        let rules = key.map(|key| decide::rules_asked(&situation, &joined, key, trace)).unwrap_or_default();
        let earliest = earliest::earliest(facts, policy, now, decision, trace, told);
        let mut found = outcome(trace, told);
        found.extend(key.map(|key| barred::missed(&situation, &joined, key)).unwrap_or_default());
        let driving = key.and_then(|key| Some((key, policy.driving(decision.cases.get(key)?)?)));
        found
            .extend(driving.map(|(key, workflow)| fallback::not_arrived(&situation, &joined, key, workflow)).unwrap_or_default());
        let is_stuck = earliest.is_none() && facts.pending.is_empty() && barred::waits_for_time(&trace.because);
        let step = key.filter(|_| is_stuck).and_then(|key| step_that_sends(policy, decision, key, trace));
        let barred = step.and_then(|step| Barred::of(step, &rules, &situation));
        let changes = match barred {
            Some(barred) => {
                found.extend(barred.found);
                barred.changes.into_iter().chain(words::looked_at(trace, told)).collect()
            }
            None => changes(trace, told),
        };
        CaseInWords { outcome: found, changes, earliest, rules, trace: trace.clone() }
    };
    let cases: Vec<CaseInWords> = wanted.iter().filter_map(|at| decision.trace.get(*at)).map(in_words).collect();
    let items = match part {
        Part::Invoice(invoice) => items(&situation, &joined, decision, invoice, &cases),
        Part::Case(_) => vec![],
    };
    let switched_off = SwitchedOff::of(policy.settings.mode);
    DecisionInWords { zone: situation.place.zone().clone(), cases, items, switched_off }
}

/// The key of a trace's case.
fn key_of<'d>(decision: &'d Decision, trace: &CaseTrace) -> Option<&'d CaseKey> {
    let case = trace.case.as_ref()?;
    decision.cases.iter().find(|(_, known)| known.id == *case).map(|(key, _)| key)
}

/// The next step of a trace's case, where it sends.
fn step_that_sends<'p>(policy: &'p Policy, decision: &Decision, key: &CaseKey, trace: &CaseTrace) -> Option<&'p str> {
    let case = decision.cases.get(key)?;
    let workflow = policy.workflow(&case.workflow, case.version)?;
    let step = workflow.steps.iter().find(|step| Some(&step.id) == trace.step.as_ref())?;
    matches!(step.action, Action::Send(_)).then_some(step.id.as_str())
}

/// The positions, in the decision's trace, of what a part is about.
fn positions(situation: &Situation<'_>, joined: &CaseByItem, decision: &Decision, part: Part<'_>) -> Vec<usize> {
    let all = decision.trace.iter().enumerate();
    match part {
        Part::Case(case) => all.filter(|(_, trace)| trace.case.as_ref() == Some(case)).map(|(at, _)| at).collect(),
        Part::Invoice(invoice) => {
            let of = of_invoice(situation, invoice);
            let is_of = |trace: &CaseTrace| {
                of.iter().any(|at| match joined.case_of(*at) {
                    Some(key) => key_of(decision, trace) == Some(key),
                    None => {
                        let item = situation.receivables.items.get(*at);
                        trace.case.is_none() && item.is_some_and(|item| item.is_of(&trace.balance()))
                    }
                })
            };
            all.filter(|(_, trace)| is_of(trace)).map(|(at, _)| at).collect()
        }
    }
}

/// The positions of the due items of an invoice, and of the parts of running plans that it is of.
fn of_invoice(situation: &Situation<'_>, invoice: &InvoiceId) -> Vec<usize> {
    let items = &situation.receivables.items;
    let is_planned = |item: &crate::receivables::DueItem<'_>| match item.joins {
        crate::receivables::Joins::Plan(of) => of.iter().any(|stood| stood.invoice == *invoice),
        crate::receivables::Joins::Own | crate::receivables::Joins::Workflow(_) => false,
    };
    (0..items.len())
        .filter(|at| items.get(*at).is_some_and(|item| item.key.invoice() == Some(invoice) || is_planned(item)))
        .collect()
}

fn items(
    situation: &Situation<'_>,
    joined: &CaseByItem,
    decision: &Decision,
    invoice: &InvoiceId,
    cases: &[CaseInWords],
) -> Vec<ItemInWords> {
    let zone = situation.place.zone();
    let told = |at: usize| {
        let item = situation.receivables.items.get(at)?;
        let money = |minor| Money::from_minor(minor, item.currency);
        let (number, due_on) = (&item.number, day(item.due_on));
        let standing = match item.standing(situation.receivables.today) {
            Standing::PastDue => format!("{number} fell due on {due_on} and is past due."),
            Standing::Today => format!("{number} is due today, {due_on}."),
            Standing::Ahead => format!("{number} falls due on {due_on} and is not due yet."),
        };
        let mut said =
            vec![standing, format!("{} of it is open, and {} is due now.", money(item.open_minor), money(item.due_now_minor))];
        if item.planned_minor > 0 {
            said.push(format!("The parts of a payment plan stand for {} of it.", money(item.planned_minor)));
        }
        let kept = situation.receivables.kept.of_item.get(at).copied().unwrap_or(0);
        if kept > 0 {
            said.push(format!("Holds keep {} of it back.", money(kept)));
        }
        let is_off = SwitchedOff::of(situation.policy.settings.mode).is_some();
        let key = joined.case_of(at);
        let case = key.and_then(|key| cases.iter().position(|case| key_of(decision, &case.trace) == Some(key)));
        let pinned = key.and_then(|key| decision.cases.get(key));
        let workflow = pinned.and_then(|case| Some((case, situation.policy.workflow(&case.workflow, case.version)?)));
        let next = workflow.and_then(|(case, workflow)| {
            let (next, until) = decide::upcoming(situation, workflow, case, at)?;
            Some((workflow.steps.get(next.index)?.id.clone(), until))
        });
        match next {
            // While nothing is decided no step comes, and whether a workflow would apply is not looked at.
            None | Some(_) if is_off => {}
            Some((step, until)) => {
                said.push(format!("Its next step is {step}, on {} at the earliest.", moment(until, zone)));
            }
            None if key.is_none() => said.push("No workflow applies to it.".to_owned()),
            None => said.push("It has no step left.".to_owned()),
        }
        Some(ItemInWords { item: item.key.clone(), case, said, amounts_minor: (item.open_minor, item.due_now_minor) })
    };
    of_invoice(situation, invoice).into_iter().filter_map(told).collect()
}

/// What a sender of a message would find at an instant, explained.
#[derive(Clone, Debug, PartialEq)]
pub struct RecheckInWords {
    /// Where the customer's people are.
    pub zone: TimeZone,
    /// What it finds.
    pub found: Recheck,
    /// The same in words.
    pub said: Vec<String>,
    /// The rules that it asks.
    pub rules: Vec<RuleAsked>,
}

/// Explains what the sender of `pending` finds at `now`, right before it would claim it.
pub fn recheck(facts: &Facts, policy: &Policy, pending: &Pending, now: Timestamp) -> RecheckInWords {
    let situation = assess(facts, policy, now);
    let joined = case_by_item(&situation);
    let zone = situation.place.zone().clone();
    let found = decide::recheck(facts, policy, pending, now);
    let said = match &found {
        Recheck::Send { rows } if rows.is_empty() => vec!["The sender finds it right.".to_owned()],
        Recheck::Send { rows } => {
            vec![format!("The sender finds it right, for {} due item(s).", rows.len())]
        }
        Recheck::Supersede(why) => vec![format!("The sender finds that it is no longer right: {why}.")],
        Recheck::Block(refusal) => vec![format!("The sender finds that a rule forbids it: {refusal}.")],
        Recheck::Defer(until, refusal) => {
            vec![format!("The sender finds that it has to wait until {}: {refusal}.", moment(*until, &zone))]
        }
    };
    let rules = decide::rules_asked_again(&situation, &joined, pending);
    RecheckInWords { zone, found, said, rules }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Currency,
        testing::{Stage, at, ladder},
    };

    #[test]
    fn amounts_are_said_once_of_an_invoice_and_its_case() {
        let now = at("2026-02-05T15:45:00Z");
        let mut stage = Stage::new(ladder());
        let invoice = stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
        let said = |stage: &Stage| {
            let decided = crate::decide(&stage.facts, &stage.policy, now);
            let words = decision(&stage.facts, &stage.policy, now, &decided, Part::Invoice(&invoice));
            assert_eq!(words.cases[0].outcome[0], super::words::amounts(&words.cases[0].trace).expect("amounts"));
            (words.items[0].said.join(" "), words.beside_items(0).join(" "))
        };
        let (item, case) = said(&stage);
        assert!(item.contains("10.00 EUR of it is open, and 10.00 EUR is due now."), "{item}");
        assert!(!case.contains("10.00 EUR") && case.starts_with("Step"), "{case}");
        stage.invoice("B", Currency::EUR, 500, "2026-02-04");
        let (_, case) = said(&stage);
        assert!(case.starts_with("In all, 15.00 EUR is open, and 15.00 EUR is due now."), "{case}");
    }

    /// What is said of the one case of an invoice after its first step, and what would change it.
    fn after_the_first_step(before: impl Fn(&mut Stage), after: impl Fn(&mut Stage)) -> (String, Vec<String>) {
        let mut stage = Stage::new(ladder());
        let invoice = stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
        before(&mut stage);
        stage.step(at("2026-02-05T15:45:00Z"));
        after(&mut stage);
        let now = at("2026-02-06T15:45:00Z");
        let decided = crate::decide(&stage.facts, &stage.policy, now);
        let words = decision(&stage.facts, &stage.policy, now, &decided, Part::Invoice(&invoice));
        let case = &words.cases[0];
        let said = case.outcome.join(" ");
        if case.earliest.is_some() {
            assert!(!said.contains("Time alone") && !said.contains("reach nobody"), "{said}");
        }
        (said, case.changes.clone())
    }

    #[test]
    fn what_no_time_lifts_is_said_with_what_would_change_it() {
        let (said, changes) = after_the_first_step(|_| {}, |_| {});
        assert!(said.contains("Step nudge is next") && !said.contains("reached nobody"), "{said}");
        assert!(changes[0].starts_with("Time, or a person"), "{changes:?}");

        let (said, changes) = after_the_first_step(|stage| stage.facts.customer.contacts.clear(), |_| {});
        assert!(said.contains("Step reminder reached nobody on Thursday 5 February 2026."), "{said}");
        assert!(said.contains("Step nudge can reach nobody."), "{said}");
        assert!(changes[0].starts_with("A contact that step nudge may go to"), "{changes:?}");

        let ceases = |stage: &mut Stage| {
            let address = crate::address_key(crate::Channel::Email, "p1@beispiel.example");
            let cease = crate::Suppression { reason: crate::SuppressionReason::Cease, at: at("2026-02-01T00:00:00Z") };
            stage.facts.addresses.entry(address).or_default().suppressed = Some(cease);
        };
        let (said, changes) = after_the_first_step(ceases, |_| {});
        assert!(said.contains("Step reminder reached nobody on Thursday 5 February 2026."), "{said}");
        assert!(said.contains("Rule suppression by email to contact p1 forbids it: the person asked"), "{said}");
        assert_eq!(changes[0], "What rule suppression asks for: the person asked for all contact to cease.", "{changes:?}");

        let (said, changes) = after_the_first_step(|_| {}, |stage| stage.policy.settings.paused = true);
        assert!(said.contains("Rule kill-switch by email to contact p1 forbids it: the kill switch is on"), "{said}");
        assert!(changes[0].starts_with("What rule kill-switch asks for: the kill switch is on"), "{changes:?}");
        assert!(!changes.iter().any(|change| change.starts_with("Time")), "{changes:?}");
    }

    #[test]
    fn what_did_not_arrive_is_said_with_what_is_tried_next() {
        let send = serde_json::json!({"channels": ["email", "sms"], "template": "reminder", "to": ["billing"], "after": "P1D"});
        let plan = serde_json::json!({
            "id": "ladder", "name": "Ladder", "scope": "customer", "min_gap": "P0D",
            "steps": [{"id": "reminder", "at": {"anchor": "due_date", "offset": "P1D"}, "action": {"send": send}},
                      {"id": "person", "at": {"anchor": "due_date", "offset": "P30D"}, "action": {"task": {"title": "Call"}}}],
        });
        let said = |lost: bool| {
            let mut stage = Stage::new(crate::testing::workflow(plan.clone()));
            let invoice = stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
            stage.step(at("2026-02-05T15:45:00Z"));
            if lost {
                let message = stage.facts.coverage.iter().find_map(|mark| mark.message.clone()).expect("a message");
                stage.not_delivered(&message);
            }
            let words = |stage: &Stage, now| {
                let decided = crate::decide(&stage.facts, &stage.policy, now);
                decision(&stage.facts, &stage.policy, now, &decided, Part::Invoice(&invoice)).cases[0].outcome.join(" ")
            };
            let now = at("2026-02-06T15:45:00Z");
            let before = words(&stage, now);
            stage.step(now);
            (before, words(&stage, at("2026-02-06T16:45:00Z")))
        };
        let (before, after) = said(true);
        assert!(before.contains("Step reminder went by email on Thursday 5 February 2026, and did not arrive."), "{before}");
        assert!(before.contains("Step reminder is open again because of that, and it tries sms next."), "{before}");
        assert!(after.contains("It went by sms instead."), "{after}");
        let (before, after) = said(false);
        assert!(before.contains("on Thursday 5 February 2026, and no receipt came in the time that the step gives."), "{before}");
        assert!(before.contains("it tries sms next") && after.contains("It went by sms instead."), "{before} {after}");
    }

    #[test]
    fn no_step_comes_while_the_tenant_is_switched_off() {
        let now = at("2026-02-05T15:45:00Z");
        let mut stage = Stage::new(ladder());
        let invoice = stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
        stage.step(now);
        let words = |stage: &Stage| {
            let decided = crate::decide(&stage.facts, &stage.policy, now);
            decision(&stage.facts, &stage.policy, now, &decided, Part::Invoice(&invoice))
        };
        let on = words(&stage);
        assert_eq!(on.switched_off, None);
        assert!(on.items[0].said.iter().any(|said| said.starts_with("Its next step is")), "{:?}", on.items);
        stage.policy.settings.mode = crate::Mode::Off;
        let off = words(&stage);
        let switched_off = off.switched_off.expect("it is off");
        assert!(switched_off.said[0].starts_with("The tenant is switched off"), "{switched_off:?}");
        assert!(switched_off.changes.contains("shadow or live"), "{switched_off:?}");
        assert!(!off.items[0].said.iter().any(|said| said.contains("step")), "{:?}", off.items);
        assert!(off.items[0].said.iter().any(|said| said.contains("10.00 EUR of it is open")), "{:?}", off.items);
    }
}
