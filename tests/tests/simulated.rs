//! Simulation equals reality: what is simulated for 90 days in which nobody pays is what the local stack then does, message for message,
//! on the same days and in the same hours where caps bind.

use std::collections::BTreeMap;

use domain::CustomerId;
use jiff::{Timestamp, tz::TimeZone};
use local::Sent;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tests::test_tenant::{TestTenant, step};

const DAYS: u32 = 90;
/// Before summer time begins on either side of the Atlantic.
const FROM: &str = "2026-03-01T06:00:30Z";

/// A book: how many customers, and by which seed.
struct Book {
    customers: usize,
    seed: u64,
    settings: Value,
}

/// A message: the hour in the tenant's zone, whose it is, its channel and what it says.
type Said = (String, String, String, String);

fn document(random: &mut StdRng, n: usize, invoice: usize) -> Value {
    let is_german = n.is_multiple_of(2);
    let due = jiff::civil::date(2026, 3, 1).checked_add(jiff::Span::new().days(random.random_range(-40..60))).unwrap();
    let mut contact =
        json!({"external_id": "p1", "name": "Anna Weber", "roles": ["billing"], "email": format!("c-{n}@buyer.example")});
    if is_german {
        contact["phone"] = json!(format!("+493012{n:04}78"));
        contact["consents"] = json!(["sms"]);
    }
    let place = if is_german {
        json!({"country": "DE", "region": "BE", "time_zone": "Europe/Berlin", "language": "de"})
    } else {
        json!({"country": "US", "region": "NY", "time_zone": "America/New_York", "language": "en"})
    };
    let mut customer = json!({
        "external_id": format!("C-{n}"), "source_version": 1, "name": format!("Firma {n}"), "kind": "company", "contacts": [contact],
    });
    customer.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
    json!({
        "type": "invoice.upserted", "customer": customer,
        "invoice": {
            "external_id": format!("F-{n}-{invoice}"), "source_version": 1, "number": format!("F-{n}-{invoice}"), "currency": "EUR",
            "total_minor": random.random_range(1_000..500_000), "issued_on": due - jiff::Span::new().days(30), "due_on": due,
            "status": "open",
        },
    })
}

fn hour(at: Timestamp) -> String {
    at.to_zoned(TimeZone::get("Europe/Berlin").unwrap()).strftime("%Y-%m-%d %H").to_string()
}

/// What the simulation's file says of messages.
fn simulated(file: &str, customers: usize) -> Vec<Said> {
    let named: BTreeMap<String, String> = (0..customers)
        .map(|n| format!("C-{n}"))
        .map(|id| (CustomerId::derive(&["acme", "canonical", &id]).to_string(), id))
        .collect();
    let lines = file.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut said: Vec<Said> = lines
        .filter(|line| line["what"]["kind"] == "message")
        .map(|line| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let at: Timestamp = text(&line["at"]).parse().unwrap();
            (hour(at), named[&text(&line["customer"])].clone(), text(&line["what"]["channel"]), text(&line["what"]["template"]))
        })
        .collect();
    said.sort();
    said
}

/// What left.
fn sent(all: &[Sent]) -> Vec<Said> {
    let mut said: Vec<Said> = all
        .iter()
        .map(|sent| {
            let digits = sent.to.strip_prefix("+493012").and_then(|rest| rest.get(..4)).and_then(|n| n.parse::<usize>().ok());
            let customer = match digits {
                Some(n) => format!("C-{n}"),
                None => sent.to.split('@').next().unwrap().to_uppercase(),
            };
            (hour(sent.at), customer, sent.channel.clone(), step(sent).to_owned())
        })
        .collect();
    said.sort();
    said
}

async fn play(book: &Book) {
    let desk = TestTenant::with("2026-03-01T05:55:30Z", book.settings.clone(), None).await;
    // What a new tenant wakes is over before anybody owes anything.
    desk.to(FROM).await;
    let mut random = StdRng::seed_from_u64(book.seed);
    for n in 0..book.customers {
        for invoice in 0..random.random_range(1..4) {
            desk.put(&document(&mut random, n, invoice)).await;
        }
    }
    let begun = desk.admin("POST", "/v1/jobs", &json!({"kind": "simulate", "days": DAYS})).await.is(202);
    desk.advance("PT10S").await;
    let job = desk.admin("GET", &format!("/v1/jobs/{}", begun.body["id"].as_str().unwrap()), &Value::Null).await.is(200).body;
    assert_eq!(job["status"], "done", "{job}");
    assert_eq!(desk.sent().len(), 0, "the simulation sent nothing");
    let link = desk.admin("GET", job["file"].as_str().unwrap(), &Value::Null).await.is(303).location.unwrap();
    let expected = simulated(&desk.call("GET", &link, &[], &[]).await.is(200).text, book.customers);
    let until: Timestamp = job["result"]["from"].as_str().unwrap().parse().unwrap();
    let until = until.checked_add(jiff::SignedDuration::from_hours(i64::from(DAYS) * 24)).unwrap();
    desk.stack.to(until).await.unwrap();
    let real = sent(&desk.sent());
    assert!(real.len() > book.customers, "{} messages of {} customers", real.len(), book.customers);
    assert!(real.iter().all(|(.., step)| step != "?"), "every text is told apart");
    let only = |a: &[Said], b: &[Said]| a.iter().filter(|one| !b.contains(one)).cloned().collect::<Vec<_>>();
    assert_eq!((only(&expected, &real), only(&real, &expected)), (vec![], vec![]), "seed {}", book.seed);
    assert_eq!(expected.len(), real.len());
    let caps = &book.settings["caps"];
    if let Some(per_day) = caps["per_day"].as_u64() {
        let waits = job["result"]["present"]["waits"].as_object().unwrap().values();
        assert!(waits.clone().any(|day| day["day_full"].as_u64().unwrap() > 0), "the cap of {per_day} a day binds");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated_days_are_those_that_come() {
    let env = kit::Env::from_process();
    let number = |name: &str, few: usize| env.get(name).map_or(few, |count| count.parse().unwrap());
    let (books, customers) = (number("DUNLIN_BOOKS", 3), number("DUNLIN_BOOK_CUSTOMERS", 20));
    for seed in 0..u64::try_from(books).unwrap() {
        let per_day = customers / 4;
        let settings = match seed % 3 {
            0 => json!({"caps": {"per_day": per_day, "per_hour": per_day / 2}}),
            1 => json!({"caps": {"per_day": per_day, "per_person": {"count": 2, "days": 14}}}),
            _ => json!({"breaker": {"minimum": 10_000}}),
        };
        play(&Book { customers, seed, settings }).await;
    }
}
