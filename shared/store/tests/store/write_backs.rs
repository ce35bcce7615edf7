//! Payments that are written into the books: what is written down when a basket is paid and when less of it stays, and what the bus is told.

use domain::{
    basket::BasketBegin,
    write_back::{back_task, enter_task, undo_task},
    *,
};
use store::{BasketHeard, BasketOwner, BasketSays, BusEvent, Receipt, events};

use crate::common::*;

/// The tests' customers are of this source.
const SOURCE: &str = "stripe";

fn settings() -> Settings {
    Settings { mode: Mode::Live, ..Settings::named("Acme") }
}

/// A customer who begins to pay 5,000 of an invoice; `writes` says whether payments are written into the books of its source.
async fn begun(writes: bool) -> (Table, Basket) {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    if writes {
        table.store.open_books(&table.tenant, SOURCE, "1", &serde_json::json!({}), at(0)).await.unwrap();
        let setting = WriteBackSetting { account: Some("35".to_owned()) };
        assert!(table.store.put_write_back_setting(&table.tenant, SOURCE, Some(&setting)).await.unwrap());
        assert_eq!(table.store.write_back_setting(&table.tenant, SOURCE).await.unwrap(), Some(setting));
    }
    let facts = table.facts().await;
    let begin = BasketBegin {
        id: PaymentId::of_basket(&["acme", "b"]),
        currency: Currency::EUR,
        legal_entity: "".into(),
        lines: vec![BasketLine { invoice: invoice_id("INV-1"), number: "INV-1".to_owned(), amount_minor: 5_000 }],
        provider: "stripe".to_owned(),
        way: WayOfPaying::Card,
        link: LinkId::derive(&["link"]),
        pays_on: None,
    };
    let (basket, money) = begin.begin(&facts, &settings(), at(1)).expect("no flaw");
    table.store.begin_basket(&table.tenant, &basket, &money, facts.version, at(1)).await.unwrap();
    (table, basket)
}

async fn hear(table: &Table, basket: &Basket, event: &str, minute: i64, what: ProviderOutcome) -> Basket {
    let said = ProviderSaid { basket: basket.id.clone(), event: event.to_owned(), at: at(minute), provider_id: None, what };
    let receipt = Receipt { source: "pay-stripe".to_owned(), event_id: event.to_owned() };
    let owner = BasketOwner { tenant: table.tenant.clone(), customer: customer_id() };
    let says = BasketSays::Provider(&said, Some(&receipt));
    match table.store.change_basket(&owner, &basket.id, says, &settings(), at(minute)).await.unwrap() {
        BasketHeard::Heard(basket, _) => *basket,
        BasketHeard::Unknown => panic!("no basket"),
    }
}

fn received(minor: i64) -> ProviderOutcome {
    let money = Money::from_minor(minor, Currency::EUR);
    ProviderOutcome::Received { money, way: WayOfPaying::Card, reference: "pi_1".to_owned() }
}

fn charged_back(in_force: bool) -> ProviderOutcome {
    let money = Money::from_minor(5_000, Currency::EUR);
    ProviderOutcome::TakenBack { external_id: "dp_1".to_owned(), kind: ReversalKind::Chargeback, money, in_force }
}

async fn is_raised(table: &Table, task: &NewTask) -> bool {
    let id = task.id(&table.tenant, Some(&customer_id()));
    table.store.task(&table.tenant, &id).await.unwrap().is_some()
}

/// Whether work is there, and neither done nor taken back.
async fn is_open(table: &Table, task: &NewTask) -> bool {
    let id = task.id(&table.tenant, Some(&customer_id()));
    table.store.task(&table.tenant, &id).await.unwrap().is_some_and(|task| task.done_at.is_none() && task.withdrawn.is_none())
}

/// An entry in the books for the invoice.
fn entry(name: &str, amount_minor: i64, reference: Option<&str>) -> Document {
    let known = payment(name, 1, "INV-1");
    let allocations = vec![Allocation { invoice: invoice_id("INV-1"), amount_minor }];
    let payment = Payment { amount_minor, allocations, reference: reference.map(str::to_owned), ..known };
    Document::Payment { customer: CustomerRef::Named(customer_id()), payment }
}

async fn stands(table: &Table, basket: &Basket) -> Option<WriteBack> {
    table.store.write_back(&table.tenant, &customer_id(), &basket.id).await.unwrap()
}

async fn waiting(table: &Table) -> Vec<PaymentId> {
    let all = table.store.waiting_writes(&table.tenant, SOURCE, 10).await.unwrap();
    all.into_iter().map(|one| one.basket).collect()
}

/// What the bus is told of payments, and for the reader of books.
fn told(table: &Table) -> Vec<BusEvent> {
    let image = |record: &serde_json::Value, name: &str| {
        let image = record["dynamodb"].get(name).cloned()?;
        Some(serde_json::from_value::<serde_dynamo::Item>(image).unwrap())
    };
    let records = table.aws.records();
    let new = |record| image(record, "NewImage").map(|new| events(image(record, "OldImage").as_ref(), &new).unwrap());
    let all = records.iter().filter_map(new).flatten();
    all.filter(|event| ["PaymentTaken", "SyncRequested"].contains(&event.kind.as_str())).collect()
}

#[tokio::test]
async fn where_nobody_writes_a_person_is_told_what_to_enter() {
    let (table, basket) = begun(false).await;
    let enter = enter_task(&basket, basket.asked(), &["INV-1"], "");
    assert!(!is_raised(&table, &enter).await);
    let paid = hear(&table, &basket, "evt_1", 2, received(5_000)).await;
    assert!(is_raised(&table, &enter).await);
    assert_eq!((stands(&table, &basket).await, waiting(&table).await), (None, vec![]));
    let events = told(&table);
    let [taken] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((taken.kind.as_str(), &taken.detail["payment"]), ("PaymentTaken", &basket.id.as_str().into()));
    assert_eq!(taken.detail.get("written_into"), None);
    // One that was charged back, and came back, is no new payment. Meanwhile nobody is to enter it.
    assert!(is_open(&table, &enter).await);
    let gone = hear(&table, &basket, "evt_2", 3, charged_back(true)).await;
    assert!(!is_raised(&table, &undo_task(&gone, SOURCE)).await, "nobody wrote it");
    assert!(!is_open(&table, &enter).await);
    hear(&table, &basket, "evt_3", 4, charged_back(false)).await;
    assert_eq!((told(&table).len(), paid.status), (1, BasketStatus::Paid));
    assert!(is_open(&table, &enter).await);
}

#[tokio::test]
async fn work_to_enter_a_payment_ends_with_the_entries_that_are_it() {
    let (table, basket) = begun(false).await;
    hear(&table, &basket, "evt_1", 2, received(5_000)).await;
    let enter = enter_task(&basket, basket.asked(), &[], "");
    let id = basket.id.as_str();
    table.say("e2", &[entry("P-1", 3_000, Some(id))], 3).await;
    assert!(is_open(&table, &enter).await, "2,000 are to be entered still");
    table.say("e3", &[entry("P-2", 2_000, Some(&format!("Card {id}")))], 4).await;
    assert!(!is_open(&table, &enter).await);
    // Of what is in the books a person takes back what did not stay, and sees that it is there when it is back.
    let gone = hear(&table, &basket, "evt_2", 5, charged_back(true)).await;
    assert!(is_open(&table, &undo_task(&gone, SOURCE)).await);
    let back = hear(&table, &basket, "evt_3", 6, charged_back(false)).await;
    assert!(is_open(&table, &back_task(&back, SOURCE)).await && !is_open(&table, &enter).await);

    // One that names nothing ends it once a person says that it is the payment.
    let (table, basket) = begun(false).await;
    hear(&table, &basket, "evt_1", 2, received(5_000)).await;
    table.say("e2", &[entry("P-1", 5_000, None)], 3).await;
    let enter = enter_task(&basket, basket.asked(), &[], "");
    let owner = BasketOwner { tenant: table.tenant.clone(), customer: customer_id() };
    for (is_same, open) in [(false, true), (true, false)] {
        let says = BasketSays::Judged { entry: &payment_id("P-1"), is_same };
        table.store.change_basket(&owner, &basket.id, says, &settings(), at(4)).await.unwrap();
        assert_eq!(is_open(&table, &enter).await, open, "{is_same}");
    }
}

#[tokio::test]
async fn of_an_entry_whose_payment_failed_before_anybody_heard_that_it_came_a_person_is_told() {
    let failed = || ProviderOutcome::Failed { reason: "late".to_owned(), retries: false };
    let named = |basket: &Basket| entry("P-1", 5_000, Some(basket.id.as_str()));
    // The books have it before it fails, and after.
    let (table, basket) = begun(false).await;
    table.say("e2", &[named(&basket)], 2).await;
    let gone = hear(&table, &basket, "evt_1", 3, failed()).await;
    assert!(is_open(&table, &undo_task(&gone, SOURCE)).await);
    let (table, basket) = begun(false).await;
    let gone = hear(&table, &basket, "evt_1", 2, failed()).await;
    assert!(!is_raised(&table, &undo_task(&gone, SOURCE)).await, "no entry names it");
    table.say("e2", &[named(&basket)], 3).await;
    assert!(is_open(&table, &undo_task(&gone, SOURCE)).await);
    // It names nothing, and a person says that it is the payment.
    let (table, basket) = begun(false).await;
    table.say("e2", &[entry("P-1", 5_000, None)], 2).await;
    let gone = hear(&table, &basket, "evt_1", 3, failed()).await;
    assert!(!is_raised(&table, &undo_task(&gone, SOURCE)).await, "it may be another");
    let owner = BasketOwner { tenant: table.tenant.clone(), customer: customer_id() };
    let says = BasketSays::Judged { entry: &payment_id("P-1"), is_same: true };
    let BasketHeard::Heard(judged, _) = table.store.change_basket(&owner, &basket.id, says, &settings(), at(4)).await.unwrap()
    else {
        panic!("no basket")
    };
    assert!(is_open(&table, &undo_task(&judged, SOURCE)).await);
}

#[tokio::test]
async fn what_was_given_back_in_part_before_it_was_heard_of_is_a_payment_all_the_same() {
    let refunded = || {
        let money = Money::from_minor(2_000, Currency::EUR);
        ProviderOutcome::TakenBack { external_id: "re_1".to_owned(), kind: ReversalKind::Refund, money, in_force: true }
    };
    let (table, basket) = begun(false).await;
    hear(&table, &basket, "evt_2", 2, refunded()).await;
    let paid = hear(&table, &basket, "evt_1", 3, received(5_000)).await;
    assert_eq!((paid.status, paid.received_minor, paid.taken_back_minor), (BasketStatus::Paid, 5_000, 2_000));
    let id = enter_task(&basket, basket.asked(), &[], "").id(&table.tenant, Some(&customer_id()));
    let task = table.store.task(&table.tenant, &id).await.unwrap().expect("a person enters it");
    assert!(task.task.detail.starts_with(&Money::from_minor(3_000, Currency::EUR).to_string()), "{}", task.task.detail);

    let (table, basket) = begun(true).await;
    hear(&table, &basket, "evt_2", 2, refunded()).await;
    let paid = hear(&table, &basket, "evt_1", 3, received(5_000)).await;
    assert_eq!(waiting(&table).await, std::slice::from_ref(&basket.id));
    assert!(is_open(&table, &undo_task(&paid, SOURCE)).await, "what is written is the whole");
    // What was given back is back again.
    let ProviderOutcome::TakenBack { external_id, kind, money, .. } = refunded() else { unreachable!() };
    let failed = ProviderOutcome::TakenBack { external_id, kind, money, in_force: false };
    let back = hear(&table, &basket, "evt_3", 4, failed).await;
    assert!(is_open(&table, &back_task(&back, SOURCE)).await);
}

#[tokio::test]
async fn where_it_is_written_it_waits_beside_the_hints_until_it_is_over() {
    let (table, basket) = begun(true).await;
    for minute in [2, 3] {
        hear(&table, &basket, "evt_1", minute, received(5_000)).await;
    }
    assert!(!is_raised(&table, &enter_task(&basket, basket.asked(), &[], "")).await);
    let asked = stands(&table, &basket).await.expect("it was asked for");
    assert_eq!((asked.status, asked.source.as_str(), asked.revision), (WriteBackStatus::Queued, SOURCE, 0));
    assert_eq!(waiting(&table).await, std::slice::from_ref(&basket.id));
    let mut kinds: Vec<_> = told(&table).iter().map(|event| event.kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["PaymentTaken", "SyncRequested"], "its reader is woken once");
    assert!(told(&table).iter().any(|event| event.detail["written_into"] == SOURCE));

    // Taken back before anybody asked, it is not written; back again, it is.
    hear(&table, &basket, "evt_2", 4, charged_back(true)).await;
    assert_eq!(stands(&table, &basket).await.map(|one| one.status), Some(WriteBackStatus::Withdrawn));
    hear(&table, &basket, "evt_3", 5, charged_back(false)).await;
    let again = stands(&table, &basket).await.expect("it was asked for");
    assert_eq!((again.status, waiting(&table).await.len()), (WriteBackStatus::Queued, 1));

    // Whoever saw it before it was asked for again keeps nothing, and makes nobody forget it.
    let (tenant, customer) = (&table.tenant, customer_id());
    let settings = settings();
    let invoices = table.store.invoices_of(tenant, &customer, &[invoice_id("INV-1"), invoice_id("none")]).await.unwrap();
    let paid = table.store.basket(tenant, &customer, &basket.id).await.unwrap().unwrap();
    let writes = BooksPayment::of(&paid, &settings, "58", &invoices, None).expect("something");
    assert!(!table.store.keep_write_back(tenant, &customer, &asked, &asked.calling(writes.clone(), at(6))).await.unwrap());
    let calling = again.calling(writes, at(6));
    assert!(table.store.keep_write_back(tenant, &customer, &again, &calling).await.unwrap());
    // What may be in the books is taken back there by a person.
    let gone = hear(&table, &basket, "evt_4", 7, ProviderOutcome::Failed { reason: "late".to_owned(), retries: false }).await;
    assert!(is_raised(&table, &undo_task(&gone, SOURCE)).await);
    assert_eq!(stands(&table, &basket).await.map(|one| one.status), Some(WriteBackStatus::Calling));
    assert!(table.store.end_write_back(tenant, &customer, &calling, &calling.done(at(8))).await.unwrap());
    assert_eq!(waiting(&table).await.len(), 0);
}

#[tokio::test]
async fn what_was_refused_waits_again_once_somebody_says_so() {
    let (table, basket) = begun(true).await;
    hear(&table, &basket, "evt_1", 2, received(5_000)).await;
    let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
    let waiting = async || store.waiting_writes(tenant, SOURCE, 10).await.unwrap().len();
    let known = store.write_back(tenant, &customer, &basket.id).await.unwrap().unwrap();
    assert_eq!((known.status, known.tried_again(at(3)), waiting().await), (WriteBackStatus::Queued, None, 1));
    let failed = known.failed("the period is closed", at(3));
    assert!(store.end_write_back(tenant, &customer, &known, &failed).await.unwrap());
    assert_eq!(waiting().await, 0);
    let again = failed.tried_again(at(4)).expect("it was refused");
    assert!(store.ask_write_back_again(tenant, &customer, &failed, &again, at(4)).await.unwrap());
    let stands = store.write_back(tenant, &customer, &basket.id).await.unwrap().unwrap();
    assert_eq!((stands.status, stands.round, waiting().await), (WriteBackStatus::Queued, 1, 1));
    assert!(!store.ask_write_back_again(tenant, &customer, &failed, &again, at(5)).await.unwrap(), "it is no longer as it was");
}
