//! Books delivered in any order, with repeats, through the real HTTP path come to the same facts and decisions as in order.

use std::collections::BTreeMap;

use domain::{CustomerId, Facts, TenantId, calendar::tenant_zone, decide, receivables::Receivables};
use jiff::{Timestamp, ToSpan, civil::Date};
use local::{Options, Stack};
use serde_json::{Value, json};
use store::Read;
use tests::faults::{
    Random,
    http::{Caller, Hook},
    judge::open_table,
};

const BOOKS: usize = 200;
const SEED: u64 = 7_011_977;
const TENANT: &str = "books";
const ISSUED: Date = Date::constant(2026, 1, 5);
const PLACES: [(&str, &str); 5] = [
    ("DE", "Europe/Berlin"),
    ("US", "America/New_York"),
    ("AU", "Australia/Sydney"),
    ("GB", "Europe/London"),
    ("US", "America/Los_Angeles"),
];
/// Currency and by how much amounts are cut: of yen there are no cents.
const CURRENCIES: [&str; 4] = ["EUR", "USD", "GBP", "JPY"];

/// The frozen instant of all deliveries.
fn now() -> Timestamp {
    "2026-03-10T10:00:00Z".parse().unwrap()
}

/// One object's documents, oldest first; their place is their version.
type History = Vec<Value>;

fn pick<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[usize::try_from(random.below(of.len() as u64)).unwrap()]
}

fn number(random: &mut Random, from: i64, to: i64) -> i64 {
    from + i64::try_from(random.below(u64::try_from(to - from + 1).unwrap())).unwrap()
}

fn customer(book: usize, version: i64, place: (&str, &str)) -> Value {
    json!({
        "external_id": format!("B-{book}"), "source_version": version, "name": format!("Book {book} as of {version}"),
        "kind": "company", "country": place.0, "time_zone": place.1,
        "contacts": [{"external_id": "p1", "name": "Pat", "roles": ["billing"], "email": format!("ap{version}@b{book}.example")}],
    })
}

/// A book: every object with its history.
fn book(at: usize, random: &mut Random) -> Vec<History> {
    let place = pick(random, &PLACES);
    let mut customers = 0;
    let mut objects = Vec::new();
    let mut invoices: Vec<(String, &str, i64)> = Vec::new();
    for bill in 0..number(random, 1, 3) {
        let id = format!("I-{at}-{bill}");
        let currency = pick(random, &CURRENCIES);
        let total = number(random, 1, 900) * 100;
        let parts = number(random, 0, 3);
        let due_on = ISSUED + number(random, 0, 60).days();
        let instalments: Vec<Value> = (0..parts)
            .map(|part| {
                let amount = if part == parts - 1 { total - (parts - 1) * (total / parts) } else { total / parts };
                json!({"due_on": due_on + (30 * part).days(), "amount_minor": amount})
            })
            .collect();
        let versions = number(random, 1, 3);
        let history = (1..=versions).map(|version| {
            customers += 1;
            let is_last = version == versions;
            let fate = random.below(10);
            let status = if is_last && fate == 0 {
                "void"
            } else if is_last && fate == 1 {
                "written_off"
            } else {
                "open"
            };
            let paid = if version == 1 { 0 } else { number(random, 0, total / 100) * 100 };
            let credited = if version == 1 { 0 } else { number(random, 0, total / 300) * 100 };
            let last_due = due_on + (30 * (parts - 1).max(0)).days();
            json!({
                "type": "invoice.upserted", "customer": customer(at, customers, place),
                "invoice": {
                    "external_id": id, "source_version": version, "number": id, "currency": currency, "total_minor": total,
                    "issued_on": ISSUED, "due_on": last_due, "status": status, "paid_minor": paid,
                    "credited_minor": credited, "instalments": instalments,
                },
            })
        });
        objects.push(history.collect());
        invoices.push((id, currency, total));
    }
    for kind in ["payment", "credit_note"] {
        for each in 0..number(random, 0, 2) {
            let (invoice, currency, total) =
                invoices[usize::try_from(number(random, 0, invoices.len() as i64 - 1)).unwrap()].clone();
            let versions = number(random, 1, 2);
            let history = (1..=versions).map(|version| {
                let allocated = number(random, 1, total / 100) * 100;
                let spare = if random.below(4) == 0 { 300 } else { 0 };
                let status =
                    if version == 2 && random.below(2) == 0 { pick(random, &["reversed", "refunded"]) } else { "received" };
                let object = json!({
                    "external_id": format!("{kind}-{at}-{each}"), "source_version": version, "status": status,
                    "amount_minor": allocated + spare, "currency": currency, "received_on": ISSUED + 20.days(),
                    "allocations": [{"invoice_external_id": invoice, "amount_minor": allocated}],
                });
                json!({"type": format!("{kind}.upserted"), "customer": {"external_id": format!("B-{at}")}, kind: object})
            });
            objects.push(history.collect());
        }
    }
    objects
}

/// What is open by currency, from the newest documents and nothing else.
fn expected_open(objects: &[History]) -> BTreeMap<String, i64> {
    let newest: Vec<&Value> = objects.iter().filter_map(|history| history.last()).collect();
    let claimed = |kind: &str, invoice: &str| -> i64 {
        let of_kind = newest.iter().filter_map(|document| document.get(kind));
        let good = of_kind.filter(|object| object["status"] == "received");
        let allocations = good.flat_map(|object| object["allocations"].as_array().unwrap());
        allocations.filter(|each| each["invoice_external_id"] == invoice).map(|each| each["amount_minor"].as_i64().unwrap()).sum()
    };
    let mut open = BTreeMap::new();
    for invoice in newest.iter().filter_map(|document| document.get("invoice")).filter(|invoice| invoice["status"] == "open") {
        let minor = |name: &str| invoice[name].as_i64().unwrap();
        let id = invoice["external_id"].as_str().unwrap();
        let paid = minor("paid_minor").max(claimed("payment", id));
        let credited = minor("credited_minor").max(claimed("credit_note", id));
        let left = (minor("total_minor") - paid - credited).max(0);
        if left > 0 {
            *open.entry(invoice["currency"].as_str().unwrap().to_owned()).or_default() += left;
        }
    }
    open
}

/// Delivers documents, each under an id of its own, and answers the stack.
async fn deliver(documents: &[(String, Value)]) -> Stack {
    let stack = Stack::start(Options { now: Some(now()), seed: Some(SEED), ..Options::default() }).await.unwrap();
    let caller = Caller::default();
    let tenant = json!({"tenant": TENANT, "settings": {"name": "Books", "country": "DE", "time_zone": "Europe/Berlin"}});
    let url = format!("{}/_local/tenants", stack.url());
    let (_, answer) = caller.until_taken("POST", &url, &[], tenant.to_string().as_bytes()).await.unwrap();
    let hook = Hook::of(&answer).unwrap();
    for (id, document) in documents {
        let body = serde_json::to_vec(document).unwrap();
        let (status, answer) = caller.call("POST", &hook.url, &hook.sign(id, now(), &body), &body).await.unwrap();
        assert!(status == 202 || status == 200, "{status} {answer} to {document}");
    }
    stack
}

/// Facts as a text in which only what the order of arrival may change is left out: how often the head was written
/// (`version`), for a repeat or an older version writes nothing. Nothing else is: the clock stands still, so that instants of
/// recording are the same.
fn comparable(facts: &Facts) -> String {
    let mut facts = facts.clone();
    facts.version = 0;
    facts.invoices.sort_by(|a, b| a.invoice.id.cmp(&b.invoice.id));
    facts.payments.sort_by(|a, b| a.payment.id.cmp(&b.payment.id));
    facts.reversals.sort_by_key(|reversal| format!("{reversal:?}"));
    format!("{facts:#?}")
}

#[tokio::test(flavor = "multi_thread")]
async fn books_in_any_order_come_to_the_same() {
    println!("seed {SEED}");
    let mut random = Random(SEED);
    let books: Vec<Vec<History>> = (0..BOOKS).map(|at| book(at, &mut random)).collect();
    let in_order: Vec<(String, Value)> =
        books.iter().flatten().flatten().enumerate().map(|(at, document)| (format!("e{at}"), document.clone())).collect();
    let mut shuffled = in_order.clone();
    #[expect(clippy::needless_range_loop, reason = "three lists side by side")]
    for at in 0..in_order.len() {
        match random.below(4) {
            0 => shuffled.push(in_order[at].clone()),
            1 => shuffled.push((format!("again{at}"), in_order[at].1.clone())),
            _ => {}
        }
    }
    for at in (1..shuffled.len()).rev() {
        shuffled.swap(at, usize::try_from(random.below(at as u64 + 1)).unwrap());
    }
    let (ordered, mixed) = tokio::join!(deliver(&in_order), deliver(&shuffled));
    let (one, other) = (open_table(&ordered).await.unwrap(), open_table(&mixed).await.unwrap());
    let tenant = TenantId::parse(TENANT).unwrap();
    let mut decided = 0;
    for (at, objects) in books.iter().enumerate() {
        let customer = CustomerId::derive(&[TENANT, "canonical", &format!("B-{at}")]);
        let head = one.head(&tenant, &customer).await.unwrap().unwrap_or_else(|| panic!("book {at} is not there"));
        let twin = other.head(&tenant, &customer).await.unwrap().unwrap();
        assert_eq!((head.open_invoices, head.due), (twin.open_invoices, twin.due), "book {at}, seed {SEED}");
        let facts = one.facts(&tenant, &head).await.unwrap();
        let again = other.facts(&tenant, &twin).await.unwrap();
        assert_eq!(comparable(&facts), comparable(&again), "book {at}, seed {SEED}");
        let policy = one.policy(&tenant, &head.cases, Read::Fresh).await.unwrap();
        let book = Receivables::in_zone(&again, &tenant_zone(&policy.settings), now());
        let open: BTreeMap<String, i64> =
            book.currencies().iter().map(|currency| (currency.code().to_owned(), book.open_minor(*currency))).collect();
        assert_eq!(open, expected_open(objects), "book {at}, seed {SEED}: {objects:#?}");
        for days in [0, 1, 6, 30, 90] {
            let instant = now() + jiff::SignedDuration::from_hours(24 * days);
            let decision = decide::decide(&facts, &policy, instant);
            assert_eq!(decision, decide::decide(&again, &policy, instant), "book {at} at {instant}, seed {SEED}");
            decided += decision.messages.len();
        }
    }
    assert!(decided > BOOKS, "the books give something to decide: {decided}");
    println!(
        "{BOOKS} books, {} documents in order, {} in random order, {decided} messages decided",
        in_order.len(),
        shuffled.len()
    );
    ordered.stop().await;
    mixed.stop().await;
}
