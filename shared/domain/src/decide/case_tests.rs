//! Which case a due item belongs to: by currency, legal entity and workflow, and what never crosses them.

use std::{collections::BTreeSet, sync::Arc};

use proptest::prelude::*;
use serde_json::json;

use super::{assess, case_by_item, decide};
use crate::{
    Agreement, BalanceKey, Because, CaseState, Charge, CompiledWorkflow, Currency, Decision, Event, HoldClock, HoldScope,
    Invoice, InvoiceId, Next, Order, OrderId, OrderKind, PaymentStatus, Role, WaitingReason, Workflow, evolve,
    testing::{Stage, at, case_in, charge, contact, hold, ladder, workflow},
};

const EUR: Currency = Currency::EUR;
const NOW: &str = "2026-02-05T15:45:00Z";

fn one_step(id: &str, priority: u32, applies_when: &str) -> Workflow {
    workflow(json!({
        "id": id, "name": id, "scope": "customer", "priority": priority, "applies_when": applies_when,
        "steps": [{"id": format!("{id}-first"), "at": {"anchor": "due_date", "offset": "P1D"},
                   "action": {"send": {"channels": ["email"], "template": id, "to": ["billing"]}}},
                  {"id": format!("{id}-second"), "at": {"anchor": "due_date", "offset": "P9D"},
                   "action": {"send": {"channels": ["email"], "template": id, "to": ["billing"]}}}],
    }))
}

fn list(stage: &mut Stage, legal_entities: &[&str]) {
    let listed = legal_entities.iter().map(|id| ((*id).to_owned(), crate::settings::LegalEntity::default()));
    stage.policy.settings.legal_entities = listed.collect();
}

fn publish(stage: &mut Stage, workflow: Workflow) {
    for channel in [crate::Channel::Email, crate::Channel::Sms] {
        stage.policy.templates.insert((workflow.id.clone(), channel), 1);
    }
    stage.policy.published.insert((workflow.id.clone(), workflow.version));
    stage.policy.workflows.push(Arc::new(CompiledWorkflow::compile(workflow)));
}

/// Two published workflows: `vip` for what is tagged so, `ladder` for the rest.
fn stage() -> Stage {
    let mut stage = Stage::new(ladder());
    publish(&mut stage, one_step("vip", 200, "'vip' in invoice.tags"));
    stage
}

fn change(stage: &mut Stage, invoice: &InvoiceId, change: impl FnOnce(&mut Invoice)) {
    change(stage.invoice_mut(invoice));
}

/// Each message as the workflow of its case, the legal entity and the numbers of what it covers.
fn said(stage: &Stage, decision: &Decision) -> Vec<String> {
    let number = |row: &crate::Covered| {
        let fact = stage.facts.invoices.iter().find(|fact| row.item.invoice() == Some(&fact.invoice.id));
        fact.map_or_else(|| row.item.to_string(), |fact| fact.invoice.number.clone())
    };
    let line = |message: &crate::Planned| {
        let rows: BTreeSet<String> = message.rows.iter().map(number).collect();
        let rows: Vec<String> = rows.into_iter().collect();
        format!("{} {} {}", message.case.workflow, message.case.balance, rows.join(" "))
    };
    let mut lines: Vec<String> = decision.messages.iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn each_legal_entity_is_a_case_of_its_own() {
    let mut stage = Stage::new(ladder());
    list(&mut stage, &["berlin", "paris"]);
    let (a, b) = (stage.invoice("A", EUR, 1_000, "2026-02-04"), stage.invoice("B", EUR, 2_000, "2026-02-04"));
    stage.invoice("C", EUR, 4_000, "2026-02-04");
    change(&mut stage, &a, |invoice| invoice.legal_entity = Some("berlin".to_owned()));
    change(&mut stage, &b, |invoice| invoice.legal_entity = Some("paris".to_owned()));
    let decision = stage.step(at(NOW));
    assert_eq!(said(&stage, &decision), ["ladder EUR C", "ladder EUR/berlin A", "ladder EUR/paris B"]);
    let ids: BTreeSet<_> = stage.facts.cases.values().map(|case| &case.id).collect();
    assert_eq!(ids.len(), 3, "each with an id of its own");
    stage.facts.customer.legal_entity = Some("paris".to_owned());
    let by_item = case_by_item(&assess(&stage.facts, &stage.policy, at(NOW))).items(&stage_key("EUR/paris", "ladder")).len();
    assert_eq!(by_item, 2, "what names no legal entity is owed to the customer's");
}

fn stage_key(balance: &str, workflow: &str) -> crate::CaseKey {
    crate::CaseKey::new(BalanceKey::try_from(balance.to_owned()).expect("a balance"), workflow)
}

#[test]
fn credit_minimum_and_holds_do_not_cross_legal_entities() {
    let of = |berlin: i64, paris: i64| {
        let mut stage = Stage::new(ladder());
        list(&mut stage, &["berlin", "paris"]);
        let (a, b) = (stage.invoice("A", EUR, berlin, "2026-02-04"), stage.invoice("B", EUR, paris, "2026-02-04"));
        change(&mut stage, &a, |invoice| invoice.legal_entity = Some("berlin".to_owned()));
        change(&mut stage, &b, |invoice| invoice.legal_entity = Some("paris".to_owned()));
        (stage, a)
    };
    // Credit: a payment of which 2,500 are left over, said to be Berlin's.
    let (mut stage, a) = of(1_000, 2_000);
    stage.pay("P", &a, 1_000, PaymentStatus::Received, "2026-02-04T12:00:00Z");
    stage.facts.payments[0].payment.amount_minor = 3_500;
    let decision = decide(&stage.facts, &stage.policy, at(NOW));
    assert_eq!(said(&stage, &decision), ["ladder EUR/paris B"]);
    assert_eq!(decision.messages[0].rows[0].due_now_minor, 2_000, "Berlin's credit pays nothing of Paris");
    stage.facts.payments[0].payment.legal_entity = Some("paris".to_owned());
    assert!(decide(&stage.facts, &stage.policy, at(NOW)).messages.is_empty(), "the payment itself says whose credit it is");
    // Minimum exposure: by balance, whatever the sum of both.
    let (mut stage, _) = of(1_000, 2_000);
    stage.policy.settings.minimum_exposure.insert(EUR, 1_500);
    let decision = decide(&stage.facts, &stage.policy, at(NOW));
    assert_eq!(said(&stage, &decision), ["ladder EUR/paris B"]);
    let berlin = &decision.cases[&stage_key("EUR/berlin", "ladder")];
    assert_eq!(berlin.state, CaseState::Waiting(WaitingReason::BelowMinimum));
    // Holds: of one balance, or of the currency as a whole.
    for (scope, expected) in
        [(HoldScope::Balance(BalanceKey::with(EUR, "paris")), vec!["ladder EUR/berlin A"]), (HoldScope::Case(EUR), vec![])]
    {
        let (mut stage, _) = of(1_000, 2_000);
        let held: Agreement = hold(scope.clone(), None, HoldClock::Freeze, "2026-02-01T09:00:00Z", "2026-02-20");
        stage.facts.agreements.push(held);
        assert_eq!(said(&stage, &decide(&stage.facts, &stage.policy, at(NOW))), expected, "{scope:?}");
    }
}

#[test]
fn an_invoice_joins_the_workflow_of_highest_priority_that_applies_to_it() {
    let mut stage = stage();
    let (a, _) = (stage.invoice("A", EUR, 1_000, "2026-02-04"), stage.invoice("B", EUR, 2_000, "2026-02-04"));
    change(&mut stage, &a, |invoice| invoice.tags = vec!["vip".to_owned()]);
    let decision = stage.step(at(NOW));
    assert_eq!(said(&stage, &decision), ["ladder EUR B", "vip EUR A"]);
    // `exposure` is of both cases.
    publish(&mut stage, one_step("large", 300, "exposure.open_minor >= 3000 && invoice.number == 'C'"));
    stage.invoice("C", EUR, 10, "2026-02-04");
    let decision = decide(&stage.facts, &stage.policy, at("2026-02-12T15:45:00Z"));
    assert!(said(&stage, &decision).contains(&"large EUR C".to_owned()), "{:?}", said(&stage, &decision));
    // What an invoice is for can say it too.
    publish(&mut stage, one_step("site", 400, "invoice.for_external_id == 'SITE-9'"));
    let d = stage.invoice("D", EUR, 10, "2026-02-04");
    change(&mut stage, &d, |invoice| invoice.for_external_id = Some("SITE-9".to_owned()));
    let decision = decide(&stage.facts, &stage.policy, at("2026-02-12T15:45:00Z"));
    assert!(said(&stage, &decision).contains(&"site EUR D".to_owned()), "{:?}", said(&stage, &decision));
}

#[test]
fn from_its_first_step_on_an_invoice_stays_in_its_case() {
    let mut stage = stage();
    let (a, b) = (stage.invoice("A", EUR, 1_000, "2026-02-04"), stage.invoice("B", EUR, 2_000, "2026-02-20"));
    for invoice in [&a, &b] {
        change(&mut stage, invoice, |invoice| invoice.tags = vec!["vip".to_owned()]);
    }
    stage.step(at(NOW));
    for invoice in [&a, &b] {
        change(&mut stage, invoice, |invoice| invoice.tags.clear());
    }
    let situation = assess(&stage.facts, &stage.policy, at(NOW));
    let by_item = case_by_item(&situation);
    let workflows: Vec<Option<&str>> = (0..2).map(|at| by_item.case_of(at).map(|key| key.workflow.as_str())).collect();
    assert_eq!(workflows, [Some("vip"), Some("ladder")], "A had a step there, B had none");
    let decision = decide(&stage.facts, &stage.policy, at("2026-02-13T15:45:00Z"));
    assert_eq!(said(&stage, &decision), ["vip EUR A"], "and its next step is that of its workflow");
}

#[test]
fn a_case_goes_on_without_its_workflow_and_takes_what_nothing_else_applies_to() {
    let mut stage = stage();
    let a = stage.invoice("A", EUR, 1_000, "2026-02-04");
    change(&mut stage, &a, |invoice| invoice.tags = vec!["vip".to_owned()]);
    stage.step(at(NOW));
    stage.policy.published.retain(|(id, _)| id != "vip" && id != "ladder");
    let b = stage.invoice("B", EUR, 2_000, "2026-02-04");
    stage.invoice("C", EUR, 4_000, "2026-02-04");
    change(&mut stage, &b, |invoice| invoice.tags = vec!["vip".to_owned()]);
    let decision = decide(&stage.facts, &stage.policy, at("2026-02-13T15:45:00Z"));
    assert_eq!(said(&stage, &decision), ["vip EUR A B"]);
    let nobody = decision.trace.iter().find(|trace| trace.case.is_none()).expect("C is spoken of");
    assert_eq!((&nobody.because, nobody.open_minor), (&Because::NoWorkflowApplies, 4_000));
}

fn moves(workflow: &str, given_at: &str) -> Order {
    Order {
        id: OrderId::derive(&[workflow, given_at]),
        kind: OrderKind::Move,
        currency: EUR,
        case: None,
        steps: Vec::new(),
        workflow: Some(workflow.to_owned()),
        by: "anna".to_owned(),
        given_at: at(given_at),
        until: None,
    }
}

#[test]
fn a_person_moves_a_case_and_what_no_workflow_applies_to() {
    // A case, and what joins it later.
    let mut stage = stage();
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.step(at(NOW));
    stage.facts.orders.push(moves("vip", "2026-02-06T09:00:00Z"));
    stage.step(at("2026-02-06T10:00:00Z"));
    stage.invoice("B", EUR, 2_000, "2026-02-12");
    let decision = stage.step(at("2026-02-13T15:45:00Z"));
    assert_eq!(said(&stage, &decision), ["ladder EUR A B"], "one case, known as before");
    assert!(decision.messages.iter().all(|message| message.template == "vip"), "but driven by the other workflow");
    // What belongs to no case gets one, and stays in it without a step.
    let mut stage = self::stage();
    stage.policy.published.retain(|(id, _)| id == "vip");
    stage.invoice("A", EUR, 1_000, "2026-03-04");
    assert!(stage.step(at(NOW)).cases.is_empty());
    stage.facts.orders.push(moves("vip", "2026-02-06T09:00:00Z"));
    let moved = stage.step(at("2026-02-06T10:00:00Z"));
    assert!(moved.used_orders.len() == 1 && moved.cases.values().all(|case| case.by_hand), "{:?}", moved.trace);
    let decision = decide(&stage.facts, &stage.policy, at("2026-03-05T15:45:00Z"));
    assert_eq!(said(&stage, &decision), ["vip EUR A"]);
}

#[test]
fn a_charge_joins_the_case_of_the_step_that_proposed_it() {
    let mut stage = stage();
    let a = stage.invoice("A", EUR, 1_000, "2026-02-04");
    change(&mut stage, &a, |invoice| invoice.tags = vec!["vip".to_owned()]);
    stage.step(at(NOW));
    let fee = Charge { workflow: Some("vip".into()), ..charge("Fee", 500, "2026-02-04") };
    stage.facts.charges.push(fee);
    let situation = assess(&stage.facts, &stage.policy, at(NOW));
    assert_eq!(case_by_item(&situation).items(&stage_key("EUR", "vip")).len(), 2);
}

#[test]
fn the_newest_closed_cases_are_remembered() {
    let mut stage = Stage::new(ladder());
    list(&mut stage, &["a", "b", "c", "d", "e", "f"]);
    for entity in ["a", "b", "c", "d", "e", "f"] {
        let id = stage.invoice(entity, EUR, 1_000, "2026-02-04");
        change(&mut stage, &id, |invoice| invoice.legal_entity = Some(entity.to_owned()));
    }
    stage.step(at(NOW));
    assert_eq!(stage.facts.cases.len(), 6, "open ones stay, however many");
    for fact in &mut stage.facts.invoices {
        fact.invoice.paid_minor = 1_000;
    }
    let decision = stage.step(at("2026-02-06T15:45:00Z"));
    assert_eq!((decision.cases.len(), decision.next), (4, Next::Nothing));
    assert!(decision.cases.values().all(|case| case.state == CaseState::Closed));
}

/// An invoice: tag, legal entity, days until it is due, amount.
type Drawn = (Option<&'static str>, Option<&'static str>, i64, i64);

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let tag = prop_oneof![Just(None), Just(Some("vip")), Just(Some("large"))];
    let entity = prop_oneof![Just(None), Just(Some("berlin")), Just(Some("paris"))];
    prop::collection::vec((tag, entity, -20_i64..20, 1_i64..5_000), 1..9)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Every due item is in one case at most, cases come to the balances, nobody gets one item twice, and the order in which facts
    /// are read changes nothing.
    #[test]
    fn cases_share_out_what_is_owed(invoices in drawn(), days in prop::collection::vec(1_i64..9, 1..6)) {
        let mut stage = stage();
        list(&mut stage, &["berlin", "paris"]);
        publish(&mut stage, one_step("large", 300, "'large' in invoice.tags && exposure.open_minor > 2000"));
        stage.facts.customer.contacts = vec![contact("p1", Role::Billing)];
        for (at, (tag, entity, due_in, minor)) in invoices.iter().enumerate() {
            let due_on = crate::dates::add_days(crate::testing::on("2026-02-04"), *due_in).to_string();
            let id = stage.invoice(&format!("I{at}"), EUR, *minor, &due_on);
            change(&mut stage, &id, |invoice| {
                invoice.tags = tag.iter().map(|tag| (*tag).to_owned()).collect();
                invoice.legal_entity = entity.map(str::to_owned);
            });
        }
        let mut now = at(NOW);
        for gap in days {
            let situation = assess(&stage.facts, &stage.policy, now);
            let by_item = case_by_item(&situation);
            let decision = decide(&stage.facts, &stage.policy, now);
            let open: i64 = decision.trace.iter().map(|trace| trace.open_minor).sum();
            prop_assert_eq!(open, situation.receivables.open_minor(EUR), "cases come to what is open");
            for message in &decision.messages {
                for row in &message.rows {
                    let position = situation.receivables.position(&row.item).expect("it is open");
                    prop_assert_eq!(by_item.case_of(position), Some(&message.case));
                    prop_assert!(situation.receivables.items[position].is_of(&message.case.balance));
                }
            }
            let covered: Vec<_> = decision.messages.iter().flat_map(|message| &message.rows).map(|row| &row.item).collect();
            let once: BTreeSet<_> = covered.iter().collect();
            prop_assert_eq!(once.len(), covered.len(), "no item is in two messages to one person");
            let mut turned = stage.facts.clone();
            turned.invoices.reverse();
            turned.coverage.reverse();
            prop_assert_eq!(decide(&turned, &stage.policy, now), decision.clone());
            stage.step(now);
            now = now.checked_add(jiff::SignedDuration::from_hours(24 * gap)).expect("near");
        }
    }
}

#[test]
fn a_message_is_taken_back_when_its_invoice_belongs_to_another_case() {
    let mut stage = stage();
    let a = stage.invoice("A", EUR, 1_000, "2026-02-04");
    let decision = decide(&stage.facts, &stage.policy, at(NOW));
    stage.facts = evolve(&stage.facts, &Event::Decided { decision, at: at(NOW) });
    let pending = stage.facts.pending[0].clone();
    let send = super::recheck(&stage.facts, &stage.policy, &pending, at(NOW));
    assert!(matches!(send, super::Recheck::Send { .. }), "{send:?}");
    change(&mut stage, &a, |invoice| invoice.tags = vec!["vip".to_owned()]);
    let now = super::recheck(&stage.facts, &stage.policy, &pending, at(NOW));
    assert!(matches!(now, super::Recheck::Supersede(_)), "{now:?}");
}

#[test]
fn what_is_owed_to_a_legal_entity_that_is_not_listed_waits_and_is_told() {
    let mut stage = Stage::new(ladder());
    let (a, b) = (stage.invoice("A", EUR, 1_000, "2026-02-04"), stage.invoice("B", EUR, 2_000, "2026-02-04"));
    change(&mut stage, &a, |invoice| invoice.legal_entity = Some("berlin".to_owned()));
    change(&mut stage, &b, |invoice| invoice.legal_entity = Some("atlantis".to_owned()));
    let berlin = crate::settings::LegalEntity { name: Some("Berlin GmbH".to_owned()), ..Default::default() };
    stage.policy.settings.legal_entities.insert("berlin".to_owned(), berlin);
    let decision = stage.step(at(NOW));
    assert_eq!(said(&stage, &decision), ["ladder EUR/berlin A"]);
    let told: Vec<&crate::TaskKind> = decision.tasks.iter().map(|task| &task.kind).collect();
    assert_eq!(told, [&crate::TaskKind::LegalEntity]);
    let waits = decision.trace.iter().find(|trace| trace.legal_entity == "atlantis").expect("it is spoken of");
    assert!(matches!(&waits.because, Because::UnknownLegalEntity { legal_entity } if legal_entity == "atlantis"));
    assert!(decision.next.at().is_some_and(|next| next <= at("2026-02-06T15:45:00Z")), "it is looked at again each day");
    // Once it is listed the task goes and the message comes.
    stage.policy.settings.legal_entities.insert("atlantis".to_owned(), crate::settings::LegalEntity::default());
    let decision = stage.step(at("2026-02-09T15:45:00Z"));
    assert_eq!((said(&stage, &decision), decision.withdrawn.len()), (vec!["ladder EUR/atlantis B".to_owned()], 1));
}

#[test]
fn a_new_day_lets_an_invoice_join_another_workflow() {
    let mut stage = Stage::new(one_step("late", 100, "invoice.days_past_due > 3"));
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    let decision = stage.step(at(NOW));
    assert!(decision.cases.is_empty() && decision.messages.is_empty());
    assert_eq!(decision.next, Next::At(at("2026-02-05T23:00:00Z")), "midnight in Berlin");
    let decision = stage.step(at("2026-02-09T15:45:00Z"));
    assert_eq!(said(&stage, &decision), ["late EUR A"]);
}

#[test]
fn while_none_is_listed_legal_entities_are_labels() {
    let mut stage = Stage::new(ladder());
    let (a, b) = (stage.invoice("A", EUR, 1_000, "2026-02-04"), stage.invoice("B", EUR, 2_000, "2026-02-04"));
    change(&mut stage, &a, |invoice| invoice.legal_entity = Some("branch 1".to_owned()));
    change(&mut stage, &b, |invoice| invoice.legal_entity = Some("branch 2".to_owned()));
    assert_eq!(said(&stage, &decide(&stage.facts, &stage.policy, at(NOW))), ["ladder EUR A B"]);
    stage.pay("P", &a, 1_000, PaymentStatus::Received, "2026-02-04T12:00:00Z");
    stage.facts.payments[0].payment.allocations.clear();
    let decision = decide(&stage.facts, &stage.policy, at(NOW));
    assert_eq!(decision.messages[0].rows.len(), 1, "a payment that names nothing pays the oldest");
}

#[test]
fn credit_that_names_no_legal_entity_pays_the_only_one_or_is_kept_back_and_told() {
    let with = |second: Option<&str>| {
        let mut stage = Stage::new(ladder());
        list(&mut stage, &["berlin", "paris"]);
        let (a, b) = (stage.invoice("A", EUR, 1_000, "2026-02-04"), stage.invoice("B", EUR, 2_000, "2026-02-04"));
        change(&mut stage, &a, |invoice| invoice.legal_entity = Some("berlin".to_owned()));
        change(&mut stage, &b, |invoice| invoice.legal_entity = second.map(str::to_owned));
        stage.pay("P", &a, 1_000, PaymentStatus::Received, "2026-02-04T12:00:00Z");
        stage.facts.payments[0].payment.allocations.clear();
        let decision = decide(&stage.facts, &stage.policy, at(NOW));
        let due: i64 = decision.messages.iter().flat_map(|message| &message.rows).map(|row| row.due_now_minor).sum();
        (due, decision.tasks.iter().filter(|task| task.kind == crate::TaskKind::LegalEntity).count())
    };
    assert_eq!(with(Some("berlin")), (2_000, 0));
    assert_eq!(with(Some("paris")), (2_000, 1));
}

#[test]
fn what_changes_its_legal_entity_goes_on_as_it_went() {
    let mut stage = stage();
    list(&mut stage, &["berlin", "paris"]);
    let a = stage.invoice("A", EUR, 1_000, "2026-02-04");
    change(&mut stage, &a, |invoice| invoice.tags = vec!["vip".to_owned()]);
    stage.step(at(NOW));
    // Its workflow is out of use and runs on, and a person was asked to do something about it.
    stage.policy.published.retain(|(id, _)| id != "vip");
    let case = case_in(&stage.facts.cases, EUR).id.clone();
    let mut work = crate::testing::work_of(&stage.facts, crate::TaskKind::CreditHold, crate::DueItemKey::whole(a.clone()));
    work.case = Some(case);
    stage.facts.work.push(work);
    stage.facts.customer.legal_entity = Some("berlin".to_owned());
    let decision = stage.step(at("2026-02-13T15:45:00Z"));
    assert_eq!(said(&stage, &decision), ["vip EUR/berlin A"], "the next step of the workflow that it had");
    assert!(decision.withdrawn.is_empty(), "what people were asked to do about it is still theirs");
}

#[test]
fn a_part_of_a_plan_joins_the_case_of_its_first_open_invoice() {
    let mut stage = stage();
    let (a, b) = (stage.invoice("A", EUR, 1_000, "2026-02-04"), stage.invoice("B", EUR, 1_000, "2026-02-05"));
    for invoice in [&a, &b] {
        change(&mut stage, invoice, |invoice| invoice.tags = vec!["vip".to_owned()]);
    }
    let stood = |invoice: &InvoiceId| crate::Stood {
        invoice: invoice.clone(),
        open_minor: 1_000,
        claim_minor: 1_000,
        currency: None,
        sent_minor: None,
    };
    let part = |due_on: &str| crate::PlanPart {
        amount_minor: 1_000,
        due_on: crate::testing::on(due_on),
        expected_on: crate::testing::on(due_on),
    };
    let plan = crate::PaymentPlan {
        name: "A, B".to_owned(),
        currency: EUR,
        legal_entity: Default::default(),
        parts: vec![part("2026-03-01"), part("2026-04-01")],
        of: vec![stood(&a), stood(&b)],
        status: crate::PlanStatus::Running,
    };
    let all = hold(HoldScope::Customer, None, HoldClock::Freeze, "2026-02-01T09:00:00Z", "2026-12-31");
    stage.facts.agreements.push(Agreement { terms: crate::Terms::Plan(plan), until_on: None, ..all });
    for paid in [false, true] {
        change(&mut stage, &a, |invoice| invoice.paid_minor = if paid { 1_000 } else { 0 });
        let situation = assess(&stage.facts, &stage.policy, at(NOW));
        let by_item = case_by_item(&situation);
        let parts: Vec<usize> =
            (0..situation.receivables.items.len()).filter(|at| situation.receivables.items[*at].invoice.is_none()).collect();
        assert!(!parts.is_empty());
        for part in parts {
            assert_eq!(by_item.case_of(part).map(|key| key.workflow.as_str()), Some("vip"), "first invoice paid: {paid}");
        }
    }
}

#[test]
fn a_move_that_came_too_late_takes_nothing_along() {
    let mut stage = Stage::new(one_step("vip", 200, "'vip' in invoice.tags"));
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.facts.orders.push(Order { until: Some(at("2026-02-05T10:00:00Z")), ..moves("vip", "2026-02-05T09:00:00Z") });
    let decision = stage.step(at(NOW));
    assert!(decision.cases.is_empty() && decision.messages.is_empty() && decision.used_orders.len() == 1, "{:?}", decision.trace);
}

#[test]
fn what_only_a_later_release_was_told_to_do_holds_its_item() {
    let mut stage = Stage::new(ladder());
    let a = stage.invoice("A", EUR, 1_000, "2026-02-04");
    let step = crate::OrderedStep { item: crate::DueItemKey::whole(a), step: "reminder".to_owned(), occurrence: None };
    let later = OrderKind::Later("sell".to_owned());
    for n in 0..9 {
        let id = OrderId::derive(&[&n.to_string()]);
        stage.facts.orders.push(Order {
            id,
            kind: later.clone(),
            steps: vec![step.clone()],
            ..moves("x", "2026-02-01T09:00:00Z")
        });
    }
    let skip = OrderKind::Skip;
    stage.facts.orders.push(Order { kind: skip, steps: vec![step], ..moves("x", "2026-02-02T09:00:00Z") });
    let decision = decide(&stage.facts, &stage.policy, at(NOW));
    assert!(decision.messages.is_empty(), "{:?}", decision.trace);
    assert_eq!(decision.used_orders.len(), 1, "nine that wait take no place from the skip, nor overrule it");
}
