//! Whether the gate holds: the questions of which a wrong answer would harm most, asked of the code that decides and sends, on facts that
//! never change. It is asked each day and its answers are kept, so that a build in which one is wrong is found within a day.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{Timestamp, civil::Date};

use crate::{
    Action, AddressFact, Anchor, At, Channel, CompiledWorkflow, Contact, Currency, Customer, CustomerId, CustomerKind, Days,
    Decision, Event, Facts, Invoice, InvoiceFact, InvoiceId, Mode, Next, Offset, Pending, Policy, Role, Scope, Settings, Step,
    Suppression, SuppressionReason, TenantId, Workflow, address_key,
    decide::{self, Recheck},
    evolve,
    workflow::Send,
};

/// A question, and whether its answer was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfTest {
    /// What must be so.
    pub name: &'static str,
    /// Whether it was.
    pub passed: bool,
    /// What was found.
    pub found: String,
}

/// A Wednesday that is no holiday, at 11:00 in Berlin.
const MORNING: &str = "2026-02-11T10:00:00Z";
/// The same day at 20:30 in Berlin.
const EVENING: &str = "2026-02-11T19:30:00Z";
/// Whom the message would go to.
const ADDRESS: &str = "ap@self-test.example";

/// Asks every question. None where the facts that never change do not read, which fails as well.
pub fn run() -> Vec<SelfTest> {
    let Some(stage) = Stage::new() else {
        let found = "the facts of the self-test do not read".to_owned();
        return vec![SelfTest { name: "the self-test can be asked", passed: false, found }];
    };
    let decided = decide::decide(&stage.facts, &stage.policy, stage.morning);
    let pending = stage.pending(&decided);
    let mut all = vec![
        stage.decides("an overdue invoice is chased", &stage.facts, stage.morning, |decision| decision.messages.len() == 1),
        stage.decides("a paid invoice is not chased", &stage.paid(), stage.morning, |decision| decision.messages.is_empty()),
        stage.decides("20:30 waits", &stage.facts, stage.evening, |decision| {
            decision.messages.is_empty() && matches!(decision.next, Next::At(at) if at > stage.evening)
        }),
        stage.decides("an opt-out holds", &stage.opted_out(), stage.morning, |decision| decision.messages.is_empty()),
    ];
    let Some(pending) = pending else { return all };
    let queued = |facts: Facts| evolve(&facts, &Event::Decided { decision: decided.clone(), at: stage.morning });
    let asked = |name, facts: Facts, now, right: fn(&Recheck) -> bool| {
        let found = decide::recheck(&queued(facts), &stage.policy, &pending, now);
        SelfTest { name, passed: right(&found), found: said(&found) }
    };
    all.extend([
        asked("the sender lets it pass", stage.facts.clone(), stage.morning, |found| matches!(found, Recheck::Send { .. })),
        asked("the sender stops what was paid", stage.paid(), stage.morning, |found| matches!(found, Recheck::Supersede(_))),
        asked("the sender waits at 20:30", stage.facts.clone(), stage.evening, |found| matches!(found, Recheck::Defer(..))),
        asked("the sender stops after an opt-out", stage.opted_out(), stage.morning, |found| matches!(found, Recheck::Block(_))),
    ]);
    all
}

fn said(found: &Recheck) -> String {
    match found {
        Recheck::Send { .. } => "send".to_owned(),
        Recheck::Supersede(why) => format!("supersede: {why}"),
        Recheck::Block(refusal) => format!("block: {refusal}"),
        Recheck::Defer(until, refusal) => format!("defer until {until}: {refusal}"),
    }
}

/// The facts that never change.
struct Stage {
    facts: Facts,
    policy: Policy,
    morning: Timestamp,
    evening: Timestamp,
}

impl Stage {
    fn new() -> Option<Self> {
        let tenant = TenantId::parse("self-test").ok()?;
        let due_on: Date = "2026-02-04".parse().ok()?;
        let id = CustomerId::derive(&[tenant.as_str(), "self-test", "C-1"]);
        let customer = Customer {
            kind: Some(CustomerKind::Company),
            country: Some("DE".to_owned()),
            time_zone: Some("Europe/Berlin".to_owned()),
            contacts: vec![Contact::by_email("p1", Role::Billing, ADDRESS)],
            ..Customer::stub(&id, "self-test", "C-1")
        };
        let id = InvoiceId::derive(&[tenant.as_str(), "self-test", "INV-1"]);
        let invoice = Invoice::open(id, "INV-1", (Currency::EUR, 125_000), (due_on, due_on));
        let send = Send {
            channels: vec![Channel::Email],
            template: "reminder".to_owned(),
            to: vec![Role::Billing],
            fallback: Default::default(),
            copies: 0,
            after: None,
            attach: Vec::new(),
        };
        let at = At { anchor: Anchor::DueDate, offset: Offset::Days(Days(1)) };
        let workflow = Workflow {
            id: "self-test".to_owned(),
            version: 1,
            name: "Self-test".to_owned(),
            scope: Scope::Customer,
            priority: 100,
            applies_when: None,
            exit_when: None,
            min_gap: Days(3),
            statement: None,
            steps: vec![Step::new("reminder", at, Action::Send(send))],
        };
        let settings = Settings {
            country: "DE".to_owned(),
            time_zone: Some("Europe/Berlin".to_owned()),
            mode: Mode::Live,
            ..Settings::named("Self-test")
        };
        let invoices = vec![InvoiceFact { invoice, folded: vec![], archived: false }];
        let facts = Facts { invoices, ..Facts::of(tenant, customer) };
        let policy = Policy {
            settings,
            breaker_open: false,
            published: BTreeSet::from([(workflow.id.clone(), workflow.version)]),
            workflows: vec![Arc::new(CompiledWorkflow::compile(workflow))],
            rollouts: BTreeMap::new(),
            withdrawn: BTreeMap::new(),
            senders: BTreeSet::from([Channel::Email]),
            identities: None,
            templates: BTreeMap::from([(("reminder".to_owned(), Channel::Email), 1)]),
        };
        Some(Self { facts, policy, morning: MORNING.parse().ok()?, evening: EVENING.parse().ok()? })
    }

    fn paid(&self) -> Facts {
        let mut facts = self.facts.clone();
        for fact in &mut facts.invoices {
            fact.invoice.paid_minor = fact.invoice.total_minor;
        }
        facts
    }

    fn opted_out(&self) -> Facts {
        let suppressed = Some(Suppression { reason: SuppressionReason::OptOut, at: Timestamp::UNIX_EPOCH });
        let addresses = BTreeMap::from([(address_key(Channel::Email, ADDRESS), AddressFact { suppressed })]);
        Facts { addresses, ..self.facts.clone() }
    }

    /// The message that was decided, as its sender finds it.
    fn pending(&self, decided: &Decision) -> Option<Pending> {
        let after = evolve(&self.facts, &Event::Decided { decision: decided.clone(), at: self.morning });
        after.pending.into_iter().next()
    }

    fn decides(&self, name: &'static str, facts: &Facts, now: Timestamp, right: impl Fn(&Decision) -> bool) -> SelfTest {
        let decision = decide::decide(facts, &self.policy, now);
        let because: Vec<&str> = decision.trace.iter().map(|trace| trace.because.as_str()).collect();
        let found = format!("{} message(s): {}", decision.messages.len(), because.join(" "));
        SelfTest { name, passed: right(&decision), found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_holds() {
        let all = run();
        assert_eq!(all.len(), 8, "{all:?}");
        assert!(all.iter().all(|test| test.passed), "{all:?}");
    }

    #[test]
    fn a_wrong_answer_is_found() {
        let stage = Stage::new().expect("it reads");
        let wrong = stage.decides("x", &stage.facts, stage.morning, |decision| decision.messages.is_empty());
        assert!(!wrong.passed && wrong.found.starts_with("1 message(s): send"), "{wrong:?}");
    }
}
