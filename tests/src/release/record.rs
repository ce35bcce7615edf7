use std::{collections::BTreeSet, fs};

use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use doubles::{
    QuickBooks,
    quickbooks::{Company, Customer, Invoice},
};
use jiff::civil::date;
use local::Options;
use serde_json::{Value, json};
use store::inspect::{Item, Stored};

use super::{Given, KEYS, Left, Release, Tap, Told, Way, items};
use crate::{
    company::clock,
    documents::{customer, invoice, payment},
    test_tenant::{TestTenant, at},
};

const REALM: &str = "9130347596842384";
/// Those to whom something happens, and what.
const BOUNCED: &str = "C-bounced";
const MAILED: &str = "C-mailed";
const TEXTED: &str = "C-texted";
const DISPATCHED: &str = "C-dispatched";
const SWEPT: &str = "C-swept";
const DEAD: &str = "C-dead";
const UNREACHABLE: &str = "C-unreachable";

/// Plays a story with the functions as they are built here, stops it with something on its way to each of them, and writes down what
/// there is then, and what becomes of it.
///
/// # Errors
///
/// When the story does not come to that.
pub async fn record(version: &str) -> anyhow::Result<Release> {
    let folder = tempfile::tempdir()?;
    let tap = Tap::default();
    let options = Options {
        data: Some(folder.path().to_owned()),
        now: Some(at("2026-02-04T20:00:00Z")),
        seed: Some(1),
        registry: tap.registry(),
        ..Options::default()
    };
    let desk = TestTenant::start(options, json!({}), None).await;
    tap.set("dispatch", Way::Noted);
    let given = story(&desk, &tap).await?;
    let keys = KEYS.map(|name| Ok((name.to_owned(), STANDARD.encode(fs::read(folder.path().join(name))?))));
    let left = Left {
        at: desk.stack.now(),
        keys: keys.into_iter().collect::<anyhow::Result<_>>()?,
        secret: desk.canonical.secret.clone(),
        customers: [BOUNCED, MAILED, TEXTED, DISPATCHED, SWEPT, DEAD, UNREACHABLE].map(str::to_owned).into(),
        links: links(&desk),
        given,
    };
    let table = items(&desk.stack)?;
    let told = told(&tap.noted("dispatch"))?;
    desk.stack.stop().await;
    let mut release = Release { version: version.to_owned(), table, left, told, outcome: Value::Null };
    let (desk, _folder) = release.resume().await?;
    release.outcome = release.play(&desk).await?;
    Ok(release)
}

/// The story, and what is on its way at its end.
async fn story(desk: &TestTenant, tap: &Tap) -> anyhow::Result<Vec<Given>> {
    // A company whose books have been read, and what else there is in a table.
    let double = QuickBooks::start(clock(desk)).await?;
    double.add_company(Company::new(REALM, "Coastal Supplies"));
    let bakery = double.add_customer(REALM, Customer::new("Harbour Bakery", "ap@harbourbakery.example"));
    let owed = double.add_invoice(REALM, Invoice::new(&bakery, "362.07", date(2026, 2, 2), date(2026, 3, 4)));
    desk.connect("quickbooks", &double, REALM).await;
    desk.advance("PT10M").await;
    // A reminder that is sent before the release stops.
    desk.put(&invoice(&customer(BOUNCED), "F-bounced", 125_000, "2026-02-04")).await;
    desk.put(&payment(BOUNCED, "P-1", 1, "received", "F-bounced", 25_000)).await;
    desk.end_of("2026-02-05").await;
    let mail = desk.sent().into_iter().next_back().ok_or_else(|| anyhow::anyhow!("no reminder was sent"))?;
    // Those that are decided, and not sent any more.
    tap.set("send-email", Way::Kept);
    tap.set("send-sms", Way::Kept);
    for id in [MAILED, DISPATCHED, DEAD] {
        desk.put(&invoice(&customer(id), &format!("F-{id}"), 80_000, "2026-02-05")).await;
    }
    let mut phone_only = customer(TEXTED);
    phone_only["contacts"][0]["email"] = Value::Null;
    desk.put(&invoice(&phone_only, "F-texted", 80_000, "2026-02-05")).await;
    let mut unreachable = customer(UNREACHABLE);
    unreachable["contacts"] = json!([]);
    desk.put(&invoice(&unreachable, "F-unreachable", 80_000, "2026-02-05")).await;
    desk.to("2026-02-06T15:55:00Z").await;
    let (mails, texts) = (tap.noted("send-email"), tap.noted("send-sms"));
    let mut given = vec![about(desk, &mails, MAILED).await?, about(desk, &texts, TEXTED).await?];
    given.push(of_dispatch(desk, tap).await?);
    given.push(dead_letter(about(desk, &mails, DEAD).await?));
    // A bounce, a webhook of ids, and a sweep that has no time.
    tap.set("feedback", Way::Kept);
    tap.set("sync", Way::Kept);
    tap.set("sweep", Way::Hurried);
    let bounce = json!({"bounce": {
        "feedbackId": "f", "bounceType": "Permanent", "bounceSubType": "General", "timestamp": desk.stack.now().to_string(),
        "bouncedRecipients": [{"emailAddress": mail.to, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1"}],
    }});
    desk.ses_event(&mail, "Email Bounced", "Bounce", &bounce).await;
    double.pay(REALM, &owed, "100.00", date(2026, 2, 6));
    desk.deliver_all("quickbooks", &double).await;
    desk.put(&invoice(&customer(SWEPT), "F-swept", 80_000, "2026-01-20")).await;
    desk.advance("PT1M").await;
    for function in ["feedback", "sync", "sweep"] {
        let noted = tap.noted(function);
        anyhow::ensure!(noted.iter().any(|given| given.event.get("Records").is_some()), "nothing was queued for {function}");
        given.extend(noted.into_iter().filter(|given| given.event.get("Records").is_some()));
    }
    Ok(given)
}

/// What was noted last about a customer.
async fn about(desk: &TestTenant, noted: &[Given], customer: &str) -> anyhow::Result<Given> {
    let id = desk.matter(customer).await["customer"]["id"].clone();
    let found = noted.iter().rev().find(|given| {
        let bodies = given.event["Records"].as_array().into_iter().flatten().filter_map(|record| record["body"].as_str());
        bodies.filter_map(|body| serde_json::from_str::<Value>(body).ok()).any(|body| body["detail"]["customer"] == id)
    });
    found.cloned().ok_or_else(|| anyhow::anyhow!("nothing was queued for {customer}"))
}

/// The batch of the stream that has a decision in it whose message no sender was given.
async fn of_dispatch(desk: &TestTenant, tap: &Tap) -> anyhow::Result<Given> {
    let id = desk.matter(DISPATCHED).await["customer"]["id"].as_str().unwrap_or_default().to_owned();
    let noted = tap.noted("dispatch");
    let is_decided = |record: &&Value| {
        let item = Item::from_json(&record["dynamodb"]["NewImage"]);
        match item.map(|item| item.read()) {
            Some(Ok(Stored::Head(head))) => head.customer.as_str() == id && !head.pending.is_empty(),
            Some(_) | None => false,
        }
    };
    let records: Vec<&Value> = noted.iter().flat_map(|given| given.event["Records"].as_array().into_iter().flatten()).collect();
    let record = records.into_iter().find(is_decided).ok_or_else(|| anyhow::anyhow!("no decision about {DISPATCHED}"))?.clone();
    Ok(Given { function: "dispatch".to_owned(), event: json!({"Records": [record]}) })
}

/// As it comes once its sender has failed on it five times: the same body, out of another queue.
fn dead_letter(mut given: Given) -> Given {
    given.function = "feedback".to_owned();
    for record in given.event["Records"].as_array_mut().into_iter().flatten() {
        let queue = record["eventSourceARN"].as_str().unwrap_or_default().to_owned();
        let (place, _) = queue.rsplit_once(':').unwrap_or_default();
        record["eventSourceARN"] = json!(format!("{place}:DeadLetters"));
        record["attributes"]["DeadLetterQueueSourceArn"] = json!(queue);
    }
    given
}

/// Portal and opt-out of the first mail, without the stack's address.
fn links(desk: &TestTenant) -> Vec<String> {
    let text = desk.sent().first().and_then(|mail| mail.text.clone()).unwrap_or_default();
    let words = text.split_whitespace().map(|word| word.trim_matches(|c: char| "<>()[].,".contains(c)));
    let paths = words.filter_map(|word| word.strip_prefix(desk.stack.url())).filter(|path| path.starts_with("/p/"));
    paths.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Of all changes the first of each kind: by what was changed, and which events it was.
fn told(noted: &[Given]) -> anyhow::Result<Vec<Told>> {
    let mut kinds = BTreeSet::new();
    let mut told = Vec::new();
    for record in noted.iter().flat_map(|given| given.event["Records"].as_array().into_iter().flatten()) {
        let change = Told { record: record.clone(), events: events(record)? };
        let key = Item::from_json(&record["dynamodb"]["Keys"]).context("a change names its item")?;
        let kind = key.sk().split('#').next().unwrap_or_default().to_owned();
        let names: Vec<String> = change.events.iter().map(|(name, detail)| format!("{name} {}", detail["status"])).collect();
        if kinds.insert((kind, names)) {
            told.push(change);
        }
    }
    Ok(told)
}

/// The events that a record of the stream stands for, as `dispatch` puts them on the bus.
pub fn events(record: &Value) -> anyhow::Result<Vec<(String, Value)>> {
    let image = |name: &str| -> anyhow::Result<Option<serde_dynamo::Item>> {
        let image = record["dynamodb"].get(name).filter(|image| image.as_object().is_some_and(|image| !image.is_empty()));
        Ok(image.map(|image| serde_json::from_value(image.clone())).transpose()?)
    };
    let Some(new) = image("NewImage")? else { return Ok(vec![]) };
    let events = store::events(image("OldImage")?.as_ref(), &new)?;
    let formed =
        |event: store::BusEvent| Ok((event.kind.as_str().to_owned(), serde_json::to_value(kit::Queued::new(event.detail))?));
    events.into_iter().map(formed).collect()
}
