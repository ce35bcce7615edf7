//! Agreements and orders that go along with an invoice that moves to another customer.

use domain::*;
use proptest::prelude::*;

use crate::common::*;

fn owed_by(customer: &str, name: &str, version: u64) -> Document {
    Document::Invoice { customer: other(customer), invoice: invoice(name, version) }
}

fn order(name: &str, invoices: &[&str]) -> Order {
    let step =
        |invoice: &&str| OrderedStep { item: DueItemKey::whole(invoice_id(invoice)), step: "reminder".into(), occurrence: None };
    Order {
        case: None,
        id: OrderId::derive(&[name]),
        kind: OrderKind::Skip,
        currency: Currency::EUR,
        steps: invoices.iter().map(step).collect(),
        workflow: None,
        by: "ann".into(),
        given_at: at(1),
        until: None,
    }
}

fn pause(name: &str, invoices: &[&str]) -> Agreement {
    Agreement {
        id: AgreementId::derive(&[name]),
        terms: Terms::Pause(Pause { reason: HoldReason::Manual, ends_with: None, of: vec![], status: PauseStatus::Running }),
        scope: AgreementScope::Invoices(invoices.iter().map(|name| invoice_id(name)).collect()),
        amount_minor: None,
        clock: HoldClock::Freeze,
        made_at: at(0),
        from_at: at(0),
        until_on: None,
        ended_at: None,
        status_at: at(0),
        by: String::new(),
        folded: vec![],
    }
}

/// What the orders of a customer are about, in order.
async fn ordered(table: &Table, customer: &str) -> Vec<String> {
    let facts = table.facts_of(customer).await;
    let of = |order: &Order| order.steps.iter().map(|step| step.item.to_string()).collect::<Vec<_>>().join(" ");
    let mut all: Vec<String> = facts.orders.iter().map(of).collect();
    all.sort();
    all
}

fn named(invoices: &[&str]) -> String {
    invoices.iter().map(|name| invoice_id(name).to_string()).collect::<Vec<_>>().join(" ")
}

/// A customer A with two invoices, and a customer B.
async fn two() -> Table {
    let table = table().await;
    table.say("e1", &[owed_by("A", "INV-1", 1), owed_by("A", "INV-2", 1)], 0).await;
    table.say("e2", &[owed_by("B", "INV-3", 1)], 0).await;
    table
}

#[tokio::test]
async fn an_order_goes_along_and_is_shared_where_it_names_other_items_too() {
    let table = two().await;
    let a = customer_of("A");
    for order in [order("own", &["INV-1"]), order("both", &["INV-1", "INV-2"]), order("other", &["INV-2"])] {
        table.store.put_order(&table.tenant, &a, &order, at(1)).await.unwrap();
    }
    table.say("e3", &[owed_by("B", "INV-1", 2)], 2).await;
    assert_eq!(ordered(&table, "A").await, [named(&["INV-2"]), named(&["INV-2"])]);
    assert_eq!(ordered(&table, "B").await, [named(&["INV-1"]), named(&["INV-1"])]);
    // Back again, by itself, in a circle.
    table.say("e4", &[owed_by("C", "INV-1", 3)], 3).await;
    table.say("e5", &[owed_by("A", "INV-1", 4)], 4).await;
    let mut back = vec![named(&["INV-1"]), named(&["INV-1"]), named(&["INV-2"]), named(&["INV-2"])];
    back.sort();
    assert_eq!(ordered(&table, "A").await, back);
    assert!(ordered(&table, "B").await.is_empty() && ordered(&table, "C").await.is_empty());
    let gone = table.store.put_order(&table.tenant, &customer_of("B"), &order("late", &["INV-1"]), at(5)).await;
    assert!(matches!(gone, Err(store::Error::Conflict { .. })), "the invoice is not there any more: {gone:?}");
}

#[tokio::test]
async fn invoices_that_move_with_one_event_share_what_names_them_all() {
    let table = two().await;
    let a = customer_of("A");
    table.store.put_order(&table.tenant, &a, &order("both", &["INV-1", "INV-2"]), at(1)).await.unwrap();
    table.store.put_agreement(&table.tenant, &a, None, &pause("both", &["INV-1", "INV-2"]), at(1)).await.unwrap();
    table.say("e3", &[owed_by("B", "INV-1", 2), owed_by("C", "INV-2", 2)], 2).await;
    for (customer, name) in [("B", "INV-1"), ("C", "INV-2")] {
        assert_eq!(ordered(&table, customer).await, [named(&[name])], "{customer}");
        let scopes: Vec<_> = table.facts_of(customer).await.agreements.into_iter().map(|known| known.scope).collect();
        assert_eq!(scopes, [AgreementScope::Invoices(vec![invoice_id(name)])], "{customer}");
    }
    let left = table.facts_of("A").await;
    assert_eq!((left.orders.len(), left.agreements.len()), (0, 0));
}

/// Moves INV-1 from A to B, at each call of the move with something else between; `between` says whether it was done.
async fn at_each_call(between: impl AsyncFn(&Table) -> bool, before: &[Order], ends: impl AsyncFn(&Table, bool, usize)) {
    let mut table = table().await;
    for call in 0.. {
        table.tenant = TenantId::parse(&format!("acme-{call}")).unwrap();
        table.say("e1", &[owed_by("A", "INV-1", 1)], 0).await;
        table.say("e2", &[owed_by("B", "INV-3", 1)], 0).await;
        for order in before {
            table.store.put_order(&table.tenant, &customer_of("A"), order, at(1)).await.unwrap();
        }
        let (came, go) = table.aws.world.hold_after(call);
        let others = async {
            let reached = came.await.is_ok();
            let done = reached && between(&table).await;
            drop(go);
            (reached, done)
        };
        let moves = async {
            table.say("e3", &[owed_by("B", "INV-1", 2)], 2).await;
            table.aws.world.hold_none();
        };
        let ((), (reached, done)) = tokio::join!(moves, others);
        if !reached {
            assert!(call > 5, "the move has calls to come between: {call}");
            break;
        }
        ends(&table, done, call).await;
    }
}

#[tokio::test]
async fn an_order_that_is_given_while_its_invoice_moves_goes_along_or_is_refused() {
    let gives = async |table: &Table| {
        let order = order("given", &["INV-1"]);
        table.store.put_order(&table.tenant, &customer_of("A"), &order, at(2)).await.is_ok()
    };
    let ends = async |table: &Table, done: bool, call: usize| {
        assert!(ordered(table, "A").await.is_empty(), "left behind at call {call}");
        assert_eq!(ordered(table, "B").await.len(), usize::from(done), "call {call}");
    };
    at_each_call(gives, &[], ends).await;
}

#[tokio::test]
async fn an_order_that_is_used_up_while_its_invoice_moves_is_used_once() {
    let waiting = [order("waiting", &["INV-1"])];
    let decides = async |table: &Table| {
        let head = table.head_of("A").await;
        let facts = table.store.facts(&table.tenant, &head).await.unwrap();
        let mut plan = decision(vec![], Next::Nothing);
        plan.used_orders = facts.orders.iter().map(|order| order.id.clone()).collect();
        let used = !plan.used_orders.is_empty();
        table.store.commit(&table.tenant, &head, &facts, &plan, at(2)).await.is_ok() && used
    };
    let ends = async |table: &Table, used: bool, call: usize| {
        assert!(ordered(table, "A").await.is_empty(), "call {call}");
        assert_eq!(ordered(table, "B").await.len(), usize::from(!used), "call {call}");
    };
    at_each_call(decides, &waiting, ends).await;
}

#[tokio::test]
async fn a_message_that_is_being_sent_while_its_invoice_moves_counts_as_sent_where_that_comes_to() {
    let table = two().await;
    let head = table.head_of("A").await;
    let facts = table.facts_of("A").await;
    let plan = decision(vec![planned(vec![row("INV-1")])], Next::Parked);
    let message = table.store.commit(&table.tenant, &head, &facts, &plan, at(1)).await.unwrap().messages.remove(0);
    let (own, a) = (attempt("a1", 5), customer_of("A"));
    let claim = table.store.claim(&table.tenant, &a, head.version, &message, &own).await.unwrap();
    let store::Claim::Held(claimed) = claim else { panic!("{claim:?}") };
    for (event, to, version) in [("e3", "B", 2), ("e4", "C", 3), ("e5", "B", 4)] {
        table.say(event, &[owed_by(to, "INV-1", version)], 2).await;
        let facts = table.facts_of(to).await;
        let moved = facts.invoices.iter().find(|fact| fact.invoice.id == invoice_id("INV-1")).unwrap();
        let marks: Vec<_> = moved.folded.iter().map(|mark| (mark.outcome, mark.message.clone(), mark.rows.len())).collect();
        assert_eq!(marks, [(Outcome::Unknown, Some(message.clone()), 1)], "{event}");
    }
    // Its sender settles it where it was decided.
    let settled = table.store.settle(&table.tenant, &claimed, &message, &own, &sent(3, vec![row("INV-1")]), Next::Parked).await;
    assert!(settled.is_ok(), "{settled:?}");
    assert!(table.head_of("A").await.pending.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    #[test]
    fn an_invoice_that_moves_with_its_payment_is_paid_once_in_any_order(
        order in Just((0..4).collect::<Vec<usize>>()).prop_shuffle(), repeats in prop::collection::vec(0_usize..4, 0..3),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let found = runtime.block_on(async {
            let table = table().await;
            let paid = |customer: &str, version| Document::Payment { customer: other(customer), payment: payment("P-1", version, "INV-1") };
            let story = [owed_by("A", "INV-1", 1), paid("A", 1), owed_by("B", "INV-1", 2), paid("B", 2)];
            for (minute, at) in order.iter().chain(&repeats).enumerate() {
                table.say(&format!("e{minute}"), &[story[*at].clone()], 1).await;
            }
            let mut open = vec![];
            for customer in ["A", "B"] {
                let facts = match table.store.head(&table.tenant, &customer_of(customer)).await.unwrap() {
                    Some(head) => table.store.facts(&table.tenant, &head).await.unwrap(),
                    None => continue,
                };
                let book = receivables::Receivables::in_zone(&facts, &jiff::tz::TimeZone::UTC, at(100));
                let payments = facts.payments.len() + facts.shared.len();
                open.push((customer, book.open_minor(Currency::EUR), book.exposure_minor(Currency::EUR), payments));
            }
            open.retain(|(_, open, _, payments)| *open > 0 || *payments > 0);
            open
        });
        prop_assert_eq!(found, [("B", 120_000, 120_000, 1)]);
    }
}
