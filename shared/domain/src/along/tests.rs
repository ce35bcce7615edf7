use serde_json::json;

use super::*;
use crate::{
    AgreementId, Currency, Event, OrderId, OrderKind, OrderedStep, evolve,
    proposal::{Proposal, Proposer, propose},
    testing::{Stage, at, ladder},
};

fn order(name: &str, items: &[DueItemKey]) -> Order {
    let step = |item: &DueItemKey| OrderedStep { item: item.clone(), step: "reminder".to_owned(), occurrence: None };
    Order {
        case: None,
        id: OrderId::derive(&[name]),
        kind: OrderKind::Skip,
        currency: Currency::EUR,
        steps: items.iter().map(step).collect(),
        workflow: None,
        by: "u-1".to_owned(),
        given_at: at("2026-02-05T09:00:00Z"),
        until: None,
    }
}

fn items(order: &Order) -> Vec<DueItemKey> {
    order.steps.iter().map(|step| step.item.clone()).collect()
}

#[test]
fn an_order_goes_along_with_the_items_that_it_names_and_is_shared_where_it_names_others() {
    let mut stage = Stage::new(ladder());
    let (a, b) = (stage.invoice("A", Currency::EUR, 1_000, "2026-02-04"), stage.invoice("B", Currency::EUR, 500, "2026-02-04"));
    let plan = AgreementId::derive(&["plan"]);
    let parts = json!([{"amount_minor": 1_000, "due_on": "2026-03-02"}]);
    let body = json!({"kind": "plan", "scope": {"invoices": ["A"]}, "parts": parts});
    let proposal: Proposal = serde_json::from_value(body).expect("a proposal");
    let proposer = Proposer { id: &plan, by: "u-1", now: at("2026-02-05T09:00:00Z") };
    let agreed = propose(&proposal, &stage.facts, &stage.policy.settings, proposer).expect("no flaw");
    stage.facts = evolve(&stage.facts, &Event::AgreementPut(agreed));
    let whole = DueItemKey::whole;
    let instalment = DueItemKey::instalment(a.clone(), None, 1);
    let part = DueItemKey::part_of_plan(plan.clone(), 0);
    let charge = DueItemKey::charge(crate::ChargeId::derive(&["late"]));
    for (name, named, stays, goes) in [
        ("own", vec![whole(a.clone())], vec![], vec![whole(a.clone())]),
        ("instalments", vec![instalment.clone()], vec![], vec![instalment.clone()]),
        ("other", vec![whole(b.clone()), charge.clone()], vec![whole(b.clone()), charge.clone()], vec![]),
        ("both", vec![whole(a.clone()), whole(b.clone())], vec![whole(b.clone())], vec![whole(a.clone())]),
        ("plan", vec![part.clone(), charge.clone()], vec![charge], vec![part]),
        ("case", vec![], vec![], vec![]),
    ] {
        let order = order(name, &named);
        let found = order_split(&order, &stage.facts.agreements, &a);
        let (left, gone) = found.map_or((Some(order.clone()), None), |(left, gone)| (left, Some(gone)));
        assert_eq!(
            (left.as_ref().map(items).unwrap_or_default(), gone.as_ref().map(items).unwrap_or_default()),
            (stays, goes),
            "{name}"
        );
        // An id is of one order at one customer.
        let shares_id = left.zip(gone.clone()).is_some_and(|(left, gone)| left.id == gone.id);
        assert!(!shares_id, "{name}");
        // As it is told of in events.
        stage.facts.orders = vec![order.clone()];
        let after = evolve(&stage.facts, &Event::InvoiceMovedAway(a.clone()));
        assert!(after.orders.iter().all(|left| gone.as_ref().is_none_or(|gone| gone.id != left.id)), "{name}");
        assert!(after.orders.iter().flat_map(items).all(|item| item.invoice() != Some(&a)), "{name}");
        assert!(after.agreements.is_empty(), "the plan is of that invoice alone");
    }
}

#[test]
fn no_more_goes_along_than_one_transaction_takes() {
    let mut stage = Stage::new(ladder());
    let invoice = stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
    let orders: Vec<Order> = (0..30).map(|n| order(&n.to_string(), &[DueItemKey::whole(invoice.clone())])).collect();
    let pause = |n: u32| {
        let hold = crate::testing::hold(
            crate::HoldScope::Invoice(invoice.clone()),
            None,
            crate::HoldClock::Freeze,
            "2026-02-01T00:00:00Z",
            "2026-12-31",
        );
        let agreement = Agreement { id: AgreementId::derive(&[&n.to_string()]), ..hold };
        if n.is_multiple_of(2) { agreement.lifted(at("2026-02-02T00:00:00Z")) } else { agreement }
    };
    let agreements: Vec<Agreement> = (0..50).map(pause).collect();
    let along = along(&Facts { agreements, orders, ..Stage::new(ladder()).facts }, &invoice);
    assert_eq!((along.agreements.len(), along.orders.len()), (AGREEMENTS_ALONG_MAX, ORDERS_ALONG_MAX));
    assert!(along.agreements.iter().all(|agreement| !agreement.is_over()), "what still holds first");
}
