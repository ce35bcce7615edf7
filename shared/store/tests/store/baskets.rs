//! Baskets: what is written when one begins, and when its provider says something of it, in whatever order and however often.

use domain::{basket::BasketBegin, *};
use store::{AppliedOutcome, BasketBegun, BasketHeard, BasketOwner, BasketSays, Receipt, Store};

use crate::common::*;

const TOTAL: i64 = 125_000;

pub async fn with_invoices() -> Table {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1), invoice_doc("INV-2", 1)], 0).await;
    table
}

pub fn settings() -> Settings {
    Settings { mode: Mode::Live, ..Settings::named("Acme") }
}

pub fn beginning(name: &str, lines: &[(&str, i64)]) -> BasketBegin {
    let line = |(name, amount_minor): &(&str, i64)| BasketLine {
        invoice: invoice_id(name),
        number: (*name).to_owned(),
        amount_minor: *amount_minor,
    };
    BasketBegin {
        id: PaymentId::of_basket(&["acme", name]),
        currency: Currency::EUR,
        legal_entity: "".into(),
        lines: lines.iter().map(line).collect(),
        provider: "stripe".to_owned(),
        way: WayOfPaying::Card,
        link: LinkId::derive(&["link"]),
        pays_on: None,
    }
}

pub async fn begin(table: &Table, begin: BasketBegin, minute: i64) -> (Basket, BasketBegun) {
    let facts = table.facts().await;
    let (basket, money) = begin.begin(&facts, &settings(), at(minute)).expect("no flaw");
    let begun = table.store.begin_basket(&table.tenant, &basket, &money, facts.version, at(minute)).await.unwrap();
    (basket, begun)
}

pub fn owner(table: &Table) -> BasketOwner {
    BasketOwner { tenant: table.tenant.clone(), customer: customer_id() }
}

pub fn said(basket: &Basket, event: &str, minute: i64, what: ProviderOutcome) -> ProviderSaid {
    ProviderSaid { basket: basket.id.clone(), event: event.to_owned(), at: at(minute), provider_id: None, what }
}

pub fn received(minor: i64) -> ProviderOutcome {
    let money = Money::from_minor(minor, Currency::EUR);
    ProviderOutcome::Received { money, way: WayOfPaying::Card, reference: "pi_1".to_owned() }
}

fn refunded(minor: i64) -> ProviderOutcome {
    let money = Money::from_minor(minor, Currency::EUR);
    ProviderOutcome::TakenBack { external_id: "re_1".to_owned(), kind: ReversalKind::Refund, money, in_force: true }
}

pub async fn hear_by(store: &Store, table: &Table, said: &ProviderSaid, minute: i64) -> store::Result<BasketHeard> {
    let receipt = Receipt { source: "pay-stripe".to_owned(), event_id: said.event.clone() };
    let says = BasketSays::Provider(said, Some(&receipt));
    store.change_basket(&owner(table), &said.basket, says, &settings(), at(minute)).await
}

pub async fn hear(table: &Table, said: &ProviderSaid, minute: i64) -> (Basket, AppliedOutcome) {
    match hear_by(&table.store, table, said, minute).await.unwrap() {
        BasketHeard::Heard(basket, outcome) => (*basket, outcome),
        BasketHeard::Unknown => panic!("no basket"),
    }
}

/// What may be asked for now.
pub async fn due_now(table: &Table, minute: i64) -> i64 {
    due_at(table, "C-1", minute).await
}

/// What may be asked of a customer.
pub async fn due_at(table: &Table, external: &str, minute: i64) -> i64 {
    let facts = table.facts_of(external).await;
    receivables::Receivables::in_zone(&facts, &jiff::tz::TimeZone::UTC, at(minute)).exposure_minor(Currency::EUR)
}

#[tokio::test]
async fn a_basket_begins_once_with_what_it_keeps_back() {
    let table = with_invoices().await;
    let all = due_now(&table, 1).await;
    let before = table.head().await.version;
    let (basket, begun) = begin(&table, beginning("b", &[("INV-1", 5_000)]), 1).await;
    assert_eq!(begun, BasketBegun::Begun);
    assert_eq!((due_now(&table, 2).await, due_now(&table, 31).await), (all - 5_000, all));
    assert_eq!(table.head().await.version, before + 1, "the customer is decided again");
    assert_eq!(table.store.basket_owner(&basket.id).await.unwrap(), Some(owner(&table)));
    assert_eq!(table.store.basket_owner(&PaymentId::of_basket(&["x"])).await.unwrap(), None);
    assert_eq!(table.store.baskets(&table.tenant, &customer_id(), 10).await.unwrap(), std::slice::from_ref(&basket));

    // The same form again, by facts of then.
    let facts = table.facts().await;
    let money = facts.agreements.first().expect("money on its way");
    let again = table.store.begin_basket(&table.tenant, &basket, money, facts.version, at(2)).await.unwrap();
    assert_eq!(again, BasketBegun::Before(Box::new(basket.clone())));

    // Another one for the same invoice, whose tab was open before.
    let old = before;
    let other = Basket { id: PaymentId::of_basket(&["other"]), ..basket.clone() };
    let other_money = Agreement { id: other.agreement(), ..money.clone() };
    let second = table.store.begin_basket(&table.tenant, &other, &other_money, old, at(2)).await.unwrap();
    assert_eq!(second, BasketBegun::Changed);
    assert_eq!(table.store.basket_owner(&other.id).await.unwrap(), None, "nothing of it was written");
    assert!(beginning("c", &[("INV-1", 10)]).begin(&facts, &settings(), at(2)).is_err(), "and looked at again it is refused");
}

#[tokio::test]
async fn what_its_provider_says_comes_with_its_money_and_its_receipt() {
    let table = with_invoices().await;
    let all = due_now(&table, 1).await;
    let (basket, _) = begin(&table, beginning("b", &[("INV-1", 5_000), ("INV-2", 2_000)]), 1).await;
    let sent = BasketSays::SentOn { provider_id: "cs_1", pay_url: Some("https://pay.example/cs_1") };
    let heard = table.store.change_basket(&owner(&table), &basket.id, sent, &settings(), at(1)).await.unwrap();
    let BasketHeard::Heard(known, AppliedOutcome::Applied) = heard else { panic!("{heard:?}") };
    assert_eq!((known.provider_id.as_deref(), known.revision), (Some("cs_1"), 1));

    let paid = said(&basket, "evt_1", 2, received(7_000));
    let (known, outcome) = hear(&table, &paid, 2).await;
    assert_eq!((known.status, outcome), (BasketStatus::Paid, AppliedOutcome::Applied));
    assert_eq!(due_now(&table, 3).await, all - 7_000);
    assert_eq!(due_now(&table, 60).await, all - 7_000, "and stays so when its time is over");
    let facts = table.facts().await;
    assert_eq!(facts.payments.len(), 1);
    assert_eq!((&facts.payments[0].payment.id, facts.payments[0].payment.allocations.len()), (&basket.id, 2));
    assert_eq!(facts.agreements[0].status(), "arrived");

    let version = table.head().await.version;
    assert_eq!(hear(&table, &paid, 4).await.1, AppliedOutcome::Duplicate);
    assert_eq!(table.head().await.version, version, "an event that comes again changes nothing");
    let (known, _) = hear(&table, &said(&basket, "evt_2", 5, refunded(7_000)), 5).await;
    assert_eq!(known.status, BasketStatus::Refunded);
    assert_eq!(table.facts().await.reversals.len(), 1);

    let unknown = said(&Basket { id: PaymentId::of_basket(&["x"]), ..basket }, "evt_3", 6, received(1));
    assert_eq!(hear_by(&table.store, &table, &unknown, 6).await.unwrap(), BasketHeard::Unknown);
}

#[tokio::test]
async fn the_first_money_of_a_basket_asks_for_one_receipt() {
    let receipts = async |table: &Table| {
        let page = table.store.service_mails(&table.tenant, &customer_id(), 10, None, at(20)).await.unwrap();
        page.mails.into_iter().map(|known| (known.mail.kind, known.mail.link, known.mail.about)).collect::<Vec<_>>()
    };
    let table = with_invoices().await;
    let (basket, _) = begin(&table, beginning("b", &[("INV-1", 5_000), ("INV-2", 2_000)]), 1).await;
    let pending = ProviderOutcome::Pending { money: Money::from_minor(7_000, Currency::EUR), way: WayOfPaying::Card };
    hear(&table, &said(&basket, "e1", 2, pending), 2).await;
    assert!(receipts(&table).await.is_empty(), "nothing came yet");
    let link = basket.link.clone().unwrap();
    let expected = [(ServiceMailKind::Receipt, link, Some(basket.id.to_string()))];
    for (event, what) in [("e2", received(7_000)), ("e2", received(7_000)), ("e3", refunded(2_000)), ("e4", received(7_000))] {
        hear(&table, &said(&basket, event, 3, what), 3).await;
        assert_eq!(receipts(&table).await, expected, "{event}");
    }
    // What was given back before it was heard of has none.
    let table = with_invoices().await;
    let (basket, _) = begin(&table, beginning("b", &[("INV-1", 5_000)]), 1).await;
    hear(&table, &said(&basket, "e1", 3, refunded(5_000)), 3).await;
    hear(&table, &said(&basket, "e2", 2, received(5_000)), 4).await;
    assert!(receipts(&table).await.is_empty());
}

#[tokio::test]
async fn any_order_and_any_repeats_leave_the_same_money() {
    let events = |basket: &Basket| {
        [
            said(basket, "e1", 2, ProviderOutcome::Expired),
            said(basket, "e2", 3, received(7_000)),
            said(basket, "e3", 4, refunded(2_000)),
        ]
    };
    let mut known = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
        let table = with_invoices().await;
        let (basket, _) = begin(&table, beginning("b", &[("INV-1", 5_000), ("INV-2", 2_000)]), 1).await;
        for at in order.into_iter().chain(order) {
            hear(&table, &events(&basket)[at], 10).await;
        }
        let facts = table.facts().await;
        assert_eq!((facts.payments.len(), facts.reversals.len()), (1, 1), "{order:?}");
        let payment = facts.payments[0].payment.clone();
        known.push((payment.amount_minor, payment.status, payment.allocations, facts.reversals[0].amount_minor));
    }
    assert!(known.windows(2).all(|two| two[0] == two[1]), "{known:?}");
    assert_eq!((known[0].0, known[0].3), (7_000, 2_000));
}

#[tokio::test]
async fn what_fails_or_is_given_up_keeps_nothing_back_any_more() {
    for says in ["failed", "expired", "cancelled"] {
        let table = with_invoices().await;
        let all = due_now(&table, 1).await;
        let (basket, _) = begin(&table, beginning("b", &[("INV-1", 5_000)]), 1).await;
        let failed = said(&basket, "e", 2, ProviderOutcome::Failed { reason: "declined".to_owned(), retries: false });
        let says_of = match says {
            "failed" => BasketSays::Provider(&failed, None),
            "expired" => BasketSays::Expired,
            _ => BasketSays::Cancelled,
        };
        table.store.change_basket(&owner(&table), &basket.id, says_of, &settings(), at(2)).await.unwrap();
        assert_eq!(due_now(&table, 2).await, all, "{says}");
        let known = table.store.basket(&table.tenant, &customer_id(), &basket.id).await.unwrap().unwrap();
        assert_eq!(known.status.as_str(), says);
    }
}

#[tokio::test]
async fn a_process_that_dies_at_any_call_loses_nothing_once_the_event_comes_again() {
    for calls in 0..12 {
        let table = with_invoices().await;
        let all = due_now(&table, 1).await;
        let (basket, _) = begin(&table, beginning("b", &[("INV-1", 5_000), ("INV-2", 2_000)]), 1).await;
        let paid = said(&basket, "evt_1", 2, received(7_000));
        let died = hear_by(&table.dying(calls), &table, &paid, 2).await.is_err();
        let left = due_now(&table, 2).await;
        assert_eq!(left, all - 7_000, "on its way or there, and never both: {calls}");
        hear(&table, &paid, 3).await;
        assert_eq!((due_now(&table, 60).await, table.facts().await.payments.len()), (all - 7_000, 1), "{calls}");
        if !died {
            assert!(calls > 0, "a process that makes no call does nothing");
            return;
        }
    }
    panic!("hearing of a basket takes more than 12 calls");
}

#[tokio::test]
async fn a_person_says_whether_an_entry_in_the_books_is_its_payment() {
    let table = with_invoices().await;
    let all = due_now(&table, 1).await;
    let (basket, _) = begin(&table, beginning("b", &[("INV-1", 5_000)]), 1).await;
    hear(&table, &said(&basket, "evt_1", 2, received(5_000)), 2).await;
    let entry = Payment { received_on: "2026-01-05".parse().unwrap(), ..payment("P-1", 1, "INV-1") };
    table.say("e2", &[Document::Payment { customer: CustomerRef::Named(customer_id()), payment: entry.clone() }], 3).await;
    assert_eq!(due_now(&table, 4).await, all - 10_000, "nobody is chased for what may have come twice");
    for (is_same, then) in [(true, all - 5_000), (false, all - 10_000)] {
        let judged = BasketSays::Judged { entry: &entry.id, is_same };
        table.store.change_basket(&owner(&table), &basket.id, judged, &settings(), at(5)).await.unwrap();
        assert_eq!(due_now(&table, 6).await, then, "{is_same}");
    }
    assert!(all >= TOTAL);
}

pub const REFERENCE: &str = "RF18539007547034ABCDEFGH";

/// A transfer of 50.00 for the first invoice was announced, under a reference.
pub async fn announced(table: &Table) -> Basket {
    let begin_transfer = BasketBegin {
        provider: "transfer".to_owned(),
        way: WayOfPaying::Transfer,
        pays_on: Some("2026-01-05".parse().unwrap()),
        ..beginning("t", &[("INV-1", 5_000)])
    };
    let (basket, _) = begin(table, begin_transfer, 1).await;
    let sent = BasketSays::SentOn { provider_id: REFERENCE, pay_url: None };
    table.store.change_basket(&owner(table), &basket.id, sent, &settings(), at(1)).await.unwrap();
    basket
}

/// An entry of 50.00 in the books, for the first invoice.
fn entry(version: u64, reference: Option<&str>) -> Document {
    let received_on = "2026-01-05".parse().unwrap();
    let payment = Payment { received_on, reference: reference.map(str::to_owned), ..payment("P-1", version, "INV-1") };
    Document::Payment { customer: CustomerRef::Named(customer_id()), payment }
}

pub async fn stands(table: &Table, basket: &Basket) -> (BasketStatus, i64, usize) {
    let known = table.store.basket(&table.tenant, &customer_id(), &basket.id).await.unwrap().unwrap();
    (known.status, known.received_minor, known.booked.len())
}

#[tokio::test]
async fn an_entry_that_names_a_transfer_is_its_payment_from_the_same_moment() {
    let table = with_invoices().await;
    let all = due_now(&table, 1).await;
    let basket = announced(&table).await;
    assert_eq!(due_now(&table, 2).await, all - 5_000);
    let before = table.head().await.version;
    let shown = "INV-1 rf18 5390 0754 7034 abcd efgh";
    assert_eq!(table.say("e2", &[entry(1, Some(shown))], 3).await.outcome, AppliedOutcome::Applied);
    assert_eq!(stands(&table, &basket).await, (BasketStatus::Paid, 5_000, 1));
    let facts = table.facts().await;
    assert_eq!((facts.payments.len(), facts.agreements[0].status()), (1, "arrived"));
    assert_eq!((due_now(&table, 4).await, due_now(&table, 60 * 24 * 30).await), (all - 5_000, all - 5_000));
    assert_eq!(table.head().await.version, before + 1, "both in one transaction");

    // The same again and an older one change nothing, and a newer one that names it no longer takes it away.
    assert_eq!(table.say("e2", &[entry(1, Some(shown))], 5).await.outcome, AppliedOutcome::Duplicate);
    table.say("e3", &[entry(1, None)], 5).await;
    assert_eq!(stands(&table, &basket).await, (BasketStatus::Paid, 5_000, 1));
    table.say("e4", &[entry(2, Some("check 10264"))], 6).await;
    assert_eq!(stands(&table, &basket).await, (BasketStatus::Begun, 0, 0));
    assert_eq!(due_now(&table, 7).await, all - 5_000, "what came is what was on its way");
    table.say("e5", &[entry(3, Some(REFERENCE))], 8).await;
    assert_eq!(stands(&table, &basket).await, (BasketStatus::Paid, 5_000, 1));
    let Document::Payment { customer, payment } = entry(4, Some(REFERENCE)) else { unreachable!() };
    let reversed = Document::Payment { customer, payment: Payment { status: PaymentStatus::Reversed, ..payment } };
    table.say("e6", &[reversed], 9).await;
    assert_eq!(stands(&table, &basket).await, (BasketStatus::Begun, 0, 0));
}

#[tokio::test]
async fn nobody_elses_transfer_is_paid_by_an_entry() {
    let table = with_invoices().await;
    let basket = announced(&table).await;
    let Document::Payment { payment, .. } = entry(1, Some(REFERENCE)) else { unreachable!() };
    let elsewhere = Payment { allocations: vec![], ..payment };
    table.say("e2", &[Document::Payment { customer: other("C-2"), payment: elsewhere }], 3).await;
    assert_eq!(stands(&table, &basket).await, (BasketStatus::Begun, 0, 0));
}

#[tokio::test]
async fn a_process_that_dies_at_any_call_pays_the_transfer_once_the_entry_comes_again() {
    for calls in 0..20 {
        let table = with_invoices().await;
        let all = due_now(&table, 1).await;
        let basket = announced(&table).await;
        let receipt = Receipt { source: "stripe".to_owned(), event_id: "e2".to_owned() };
        let documents = [entry(1, Some(REFERENCE))];
        let died = table.dying(calls).apply(&table.tenant, &receipt, &documents, at(3)).await.is_err();
        assert_eq!(due_now(&table, 3).await, all - 5_000, "on its way or there: {calls}");
        table.store.apply(&table.tenant, &receipt, &documents, at(4)).await.unwrap();
        assert_eq!(stands(&table, &basket).await, (BasketStatus::Paid, 5_000, 1), "{calls}");
        assert_eq!((due_now(&table, 60).await, table.facts().await.payments.len()), (all - 5_000, 1), "{calls}");
        if !died {
            assert!(calls > 0, "a process that makes no call does nothing");
            return;
        }
    }
    panic!("applying an entry takes more than 20 calls");
}
