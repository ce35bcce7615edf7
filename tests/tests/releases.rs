//! Releases beside each other: what an earlier one left is gone on with, and what a later one may leave is understood or left alone.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Channel, Identities, Settings, Workflow};
use jsonschema::Validator;
use local::{Mode, Options, token::TokenIn};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{
    StoredTemplate,
    inspect::attributes::{
        self, document,
        every::{PK, SK},
        head, version,
    },
};
use tests::{
    documents::{changed, customer, invoice},
    release::{Release, Tap, VERSION, Way, events, record},
    test_tenant::{TENANT, TestTenant, at, portal_path},
};

/// Attributes that hold a document, where a later release adds fields.
const DOCUMENTS: [&str; 2] = [document::DOC, attributes::record::BODY];
/// Keys of items by which a tenant is decided: what they say that is not known stops the tenant, so that nothing is added to them.
const RULES: [&str; 4] = ["SETTINGS", "SENDERS", "WFV#", "TPL#"];

const EVENTS: &str = include_str!("../../docs/schemas/events.schema.json");

const CHANGELOG: &str = include_str!("../../CHANGELOG.md");

fn schema() -> Validator {
    jsonschema::validator_for(&serde_json::from_str(EVENTS).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_release_left_is_gone_on_with_as_it_did_itself() {
    for release in Release::all().await.unwrap() {
        let (desk, _folder) = release.resume().await.unwrap();
        let outcome = release.play(&desk).await.unwrap();
        assert_eq!(outcome, release.outcome, "{}", release.version);
        // Its secrets open, and its customers are known.
        let document = invoice(&customer("C-mailed"), "F-later", 10_000, "2026-03-01");
        desk.put(&document).await;
        assert_eq!(desk.matter("C-mailed").await["due_items"].as_array().unwrap().len(), 2);
        // The days after it bring what was given up, and nothing twice.
        let sent = desk.sent().len();
        desk.end_of("2026-02-09").await;
        assert_eq!(desk.sent()[sent..].iter().map(|sent| sent.to.as_str()).collect::<Vec<_>>(), ["c-dead@buyer.example"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_a_later_release_adds_change_nothing() {
    for mut release in Release::all().await.unwrap() {
        add_to_table(&mut release.table);
        for given in &mut release.left.given {
            add_to_event(&mut given.event);
        }
        let (desk, _folder) = release.resume().await.unwrap();
        assert_eq!(release.play(&desk).await.unwrap(), release.outcome, "{}", release.version);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_items_are_the_events_that_they_were() {
    for release in Release::all().await.unwrap() {
        for told in &release.told {
            assert_eq!(events(&told.record).unwrap(), told.events, "{}", told.record);
            let mut later = told.record.clone();
            for image in ["NewImage", "OldImage"] {
                if later["dynamodb"].get(image).is_some() {
                    add_to_item(&mut later["dynamodb"][image]);
                }
            }
            assert_eq!(events(&later).unwrap(), told.events, "{later}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_to_decide_by_is_stored_again_without_a_word_that_the_release_does_not_know() {
    fn same<T: Serialize + DeserializeOwned>(text: &str) {
        let read: T = serde_json::from_str(text).unwrap();
        let stored: Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), stored);
    }
    for release in Release::all().await.unwrap() {
        let mut seen = BTreeSet::new();
        for item in &release.table {
            let sk = item[SK]["S"].as_str().unwrap();
            let (Some(rule), Some(doc)) = (RULES.iter().find(|rule| sk.starts_with(**rule)), item[document::DOC]["S"].as_str())
            else {
                continue;
            };
            match *rule {
                "SETTINGS" => same::<Settings>(doc),
                "SENDERS" => same::<Identities>(doc),
                "WFV#" => same::<Workflow>(doc),
                _ => same::<StoredTemplate>(doc),
            }
            seen.insert(*rule);
        }
        assert_eq!(seen, BTreeSet::from(RULES), "{}", release.version);
    }
}

/// The versions that a changelog has a heading for.
fn released(changelog: &str) -> Vec<&str> {
    let headings = changelog.lines().filter_map(|line| line.strip_prefix("## "));
    headings
        .filter_map(|heading| heading.trim_start_matches('[').split([']', ' ']).next())
        .filter(|name| *name != "Unreleased")
        .collect()
}

#[test]
fn what_the_changelog_says_was_released_is_recorded() {
    let recorded: Vec<String> = Release::recorded().unwrap().into_iter().map(|release| release.version).collect();
    for version in released(CHANGELOG) {
        assert!(recorded.iter().any(|known| known == version), "record what {version} leaves: cargo run -p tests --bin release");
    }
    assert_eq!(released("# Changelog\n\n## Unreleased\n\n### Added\n\n## [0.3.0] - 2026-03-01\n## 0.2.0"), ["0.3.0", "0.2.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn this_release_leaves_nothing_that_an_earlier_one_would_miss() {
    let releases = Release::all().await.unwrap();
    let now = record(VERSION).await.unwrap();
    let known = releases.iter().find(|release| release.version == VERSION).unwrap();
    assert_eq!(now.outcome, known.outcome);
    let told: Vec<_> = now.told.iter().flat_map(|told| &told.events).collect();
    for earlier in releases {
        assert_eq!(now.left.given.len(), earlier.left.given.len());
        for (given, before) in now.left.given.iter().zip(&earlier.left.given) {
            assert_eq!(given.function, before.function);
            assert_eq!(missing(&given.event, &before.event), None, "{} {}", earlier.version, given.function);
        }
        for (name, before) in earlier.told.iter().flat_map(|told| &told.events) {
            let is_told = told.iter().any(|(known, detail)| known == name && missing(detail, before).is_none());
            assert!(is_told, "{} {name} {before}", earlier.version);
        }
        for before in &earlier.table {
            let is_left = now.table.iter().any(|item| kind(item) == kind(before) && missing(item, before).is_none());
            assert!(is_left, "{} {before}", earlier.version);
        }
    }
}

/// Events of two months in which most of what can happen does.
async fn eventful() -> Vec<(String, Value)> {
    let tap = Tap::default();
    tap.set("dispatch", Way::Noted);
    let options =
        Options { now: Some(at("2026-02-04T20:00:00Z")), seed: Some(1), registry: tap.registry(), ..Options::default() };
    let step = |id: &str, offset: &str, action: Value| json!({"id": id, "at": {"anchor": "due_date", "offset": offset}, "action": action});
    let workflow = json!({
        "id": "short", "name": "Short", "scope": "customer",
        "steps": [
            step("reminder", "P1D", json!({"send": {"channels": ["email"], "template": "reminder", "to": ["billing"]}})),
            step("stop-supply", "P9D", json!({"credit_hold": {}})),
            step("terms", "P12D", json!({"change_terms": {"terms": {"days": 7}}})),
            step("executive", "P16D", json!({"escalate": {"to": "finance-director", "via": ["email"]}})),
            step("agency", "P23D", json!({"hand_off": {"agency": "northgate"}})),
        ],
    });
    let desk = TestTenant::start(options, json!({"legal_entities": {"berlin": {}}}), Some(vec![workflow])).await;
    desk.put(&changed(&invoice(&customer("C-berlin"), "F-berlin", 125_000, "2026-02-04"), 1, &json!({"legal_entity": "berlin"})))
        .await;
    for id in ["C-ladder", "C-paid", "C-bounced", "C-held"] {
        desk.put(&invoice(&customer(id), &format!("F-{id}"), 125_000, "2026-02-04")).await;
    }
    desk.end_of("2026-02-05").await;
    let mails = desk.sent();
    let bounced = mails.iter().find(|mail| mail.to.starts_with("c-bounced")).unwrap();
    let bounce = json!({"bounce": {
        "feedbackId": "f", "bounceType": "Permanent", "bounceSubType": "General", "timestamp": desk.stack.now().to_string(),
        "bouncedRecipients": [{"emailAddress": bounced.to, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1"}],
    }});
    desk.ses_event(bounced, "Email Bounced", "Bounce", &bounce).await;
    desk.put(&changed(&invoice(&customer("C-paid"), "F-C-paid", 125_000, "2026-02-04"), 2, &json!({"paid_minor": 125_000})))
        .await;
    let held = desk.matter("C-held").await["customer"]["id"].as_str().unwrap().to_owned();
    let hold = json!({"reason": "manual", "until_on": "2026-06-30"});
    desk.admin("PUT", &format!("/v1/customers/{held}/holds/wait"), &hold).await.is(200);
    // Promises that are kept and broken, and a dispute with its end.
    for (id, kind) in [("C-kept", "promise"), ("C-broken", "promise"), ("C-disputed", "dispute")] {
        desk.put(&invoice(&customer(id), &format!("F-{id}"), 125_000, "2026-02-04")).await;
        let customer = desk.matter(id).await["customer"]["id"].as_str().unwrap().to_owned();
        let mut agreement = json!({"kind": kind, "customer": customer});
        agreement[if kind == "promise" { "pays_on" } else { "reason" }] =
            json!(if kind == "promise" { "2026-02-16" } else { "price" });
        let made = desk.admin("POST", "/v1/agreements", &agreement).await.is(200).body;
        if kind == "dispute" {
            let path = format!("/v1/agreements/{}/reject", made["id"].as_str().unwrap());
            desk.admin("POST", &path, &json!({})).await.is(200);
        }
    }
    desk.put(&changed(&invoice(&customer("C-kept"), "F-C-kept", 125_000, "2026-02-04"), 2, &json!({"paid_minor": 125_000})))
        .await;
    // Somebody of the tenant's own looks at a message as it arrives.
    let ladder = desk.matter("C-ladder").await["customer"]["id"].clone();
    desk.admin("POST", "/v1/invitations", &json!({"role": "collector", "email": "kim@acme.example"})).await.is(200);
    let text = |text: &str| Some(text.to_owned());
    let claims = TokenIn { tenant: text(TENANT), sub: text("kim"), email: text("kim@acme.example"), ..TokenIn::default() };
    let kim = [("authorization".to_owned(), format!("Bearer {}", desk.stack.token_for(&claims).unwrap()))];
    desk.call("GET", "/v1/me", &kim, b"").await.is(200);
    let test = json!({"customer": ladder, "template": "reminder", "to": "kim@acme.example"});
    desk.admin("POST", "/v1/messages/test", &test).await.is(200);
    desk.advance("PT5M").await;
    // One whose mail gets no answer.
    desk.put(&invoice(&customer("C-doubt"), "F-doubt", 125_000, "2026-02-09")).await;
    desk.fault("sesv2", Mode::Timeout, 1);
    desk.end_of("2026-04-05").await;
    // A person stopped supply, changed terms, and gave the matter away.
    for kind in ["credit_hold", "change_terms", "hand_off"] {
        let task = desk.tasks(kind).await.remove(0);
        let path = format!("/v1/tasks/{}/done", task["id"].as_str().unwrap());
        desk.admin("POST", &path, &json!({"result": "done"})).await.is(200);
    }
    desk.admin("POST", "/v1/jobs", &json!({"kind": "audit_book"})).await.is(202);
    // A collector was paid, and somebody asks for a code on the customer's page.
    let taken = json!({"customer": ladder, "amount_minor": 100, "currency": "EUR", "received_on": "2026-04-04", "way": "check"});
    desk.admin("POST", "/v1/payments", &taken).await.is(200);
    let reminded = mails.iter().find(|mail| mail.to.starts_with("c-ladder")).unwrap();
    desk.post_page(&format!("{}/code", portal_path(reminded)), "to=preferences").await.is(303);
    desk.advance("PT5M").await;
    // Everybody pays: what is in force ends, and what nobody answered is taken back.
    for id in ["C-berlin", "C-ladder", "C-bounced", "C-broken", "C-disputed"] {
        let (number, entity) = if id == "C-berlin" { ("F-berlin", json!("berlin")) } else { ("", Value::Null) };
        let number = if number.is_empty() { format!("F-{id}") } else { number.to_owned() };
        let paid = json!({"paid_minor": 125_000, "legal_entity": entity});
        desk.put(&changed(&invoice(&customer(id), &number, 125_000, "2026-02-04"), 9, &paid)).await;
    }
    desk.advance("PT10M").await;
    for kind in ["credit_release", "restore_terms"] {
        for task in desk.tasks(kind).await {
            let path = format!("/v1/tasks/{}/done", task["id"].as_str().unwrap());
            desk.admin("POST", &path, &json!({"result": "done"})).await.is(200);
        }
    }
    desk.advance("PT5M").await;
    let noted = tap.noted("dispatch");
    noted.iter().flat_map(|given| given.event["Records"].as_array().unwrap()).flat_map(|record| events(record).unwrap()).collect()
}

/// The keys of an event's detail that the schema does not name. A reader is to pass over what it does not know, so that the schema itself
/// takes them.
fn unnamed(schema: &Value, name: &str, detail: &Value) -> Vec<String> {
    let of_kind = |rule: &&Value| {
        let kinds = rule["if"]["properties"]["detail-type"]["enum"].as_array().unwrap();
        kinds.iter().any(|kind| kind == name)
    };
    let rule = schema["allOf"].as_array().unwrap().iter().find(of_kind).unwrap();
    let place = rule["then"]["properties"]["detail"]["$ref"].as_str().unwrap();
    let form = schema.pointer(place.trim_start_matches('#')).unwrap();
    let common = &schema["$defs"]["Common"];
    let is_named = |key: &str| [form, common].iter().any(|form| form["properties"].get(key).is_some());
    detail.as_object().unwrap().keys().filter(|key| !is_named(key)).cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_has_the_form_of_its_schema() {
    let schema = schema();
    let text: Value = serde_json::from_str(EVENTS).unwrap();
    let (mut seen, mut keys) = (BTreeSet::new(), BTreeSet::new());
    let recorded = Release::all().await.unwrap().into_iter().flat_map(|release| release.told).flat_map(|told| told.events);
    for (name, detail) in eventful().await.into_iter().chain(recorded) {
        let event = json!({"source": "dunlin", "detail-type": name, "detail": detail});
        let wrong: Vec<String> = schema.iter_errors(&event).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(wrong, Vec::<String>::new(), "{event}");
        assert_eq!(unnamed(&text, &name, &event["detail"]), Vec::<String>::new(), "{event}");
        // Each of these is required.
        for key in ["schema_version", "tenant", "id"] {
            let mut less = event.clone();
            less["detail"].as_object_mut().unwrap().remove(key);
            assert!(!schema.is_valid(&less), "{name} without {key}");
        }
        keys.extend(event["detail"].as_object().unwrap().keys().map(|key| format!("{name} {key}")));
        seen.insert(name);
    }
    for key in ["CaseOpened legal_entity", "TaskCreated case", "TermsChangeRequested terms"] {
        assert!(keys.contains(key), "{key}: {keys:?}");
    }
    let described: BTreeSet<String> = serde_json::from_value(text["properties"]["detail-type"]["enum"].clone()).unwrap();
    assert_eq!(seen, described, "what is seen, and what is described");
    for channel in Channel::ALL {
        let detail = json!({
            "schema_version": 1, "id": "evt_1", "tenant": "acme", "customer": "cus_1", "message": "msg_1", "number": 1,
            "channel": channel.as_str(),
        });
        assert!(schema.is_valid(&json!({"source": "dunlin", "detail-type": "MessageQueued", "detail": detail})), "{channel:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_a_later_release_waits_and_is_told_of() {
    let tap = Tap::default();
    let options =
        Options { now: Some(at("2026-02-04T20:00:00Z")), seed: Some(1), registry: tap.registry(), ..Options::default() };
    let desk = TestTenant::start(options, json!({}), None).await;
    tap.set("send-email", Way::Kept);
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.to("2026-02-05T15:00:00Z").await;
    tap.set("send-email", Way::Open);
    let mut event = tap.noted("send-email").remove(0).event;
    let mut body: Value = serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["detail"]["schema_version"], 1);
    body["detail"]["schema_version"] = json!(2);
    event["Records"][0]["body"] = json!(body.to_string());
    let answer = desk.stack.invoke("send-email", event.clone()).await.unwrap();
    assert_eq!(
        answer["batchItemFailures"],
        json!([{"itemIdentifier": event["Records"][0]["messageId"]}]),
        "it goes back to its queue"
    );
    assert_eq!(desk.log(), Vec::<String>::new());
    // Of a form of this release beside it, the other is done.
    let detail = |version: u32| json!({"schema_version": version, "tenant": "acme", "source": "xero"});
    let record = |id: &str, version: u32| json!({"messageId": id, "body": json!({"detail": detail(version)}).to_string()});
    let answer = desk.stack.invoke("sync", json!({"Records": [record("m1", 2), record("m2", 1)]})).await.unwrap();
    assert_eq!(answer["batchItemFailures"], json!([{"itemIdentifier": "m1"}]));
    let hand_over = json!({"schema_version": 2, "tenant": "acme", "shard": 0, "at": desk.stack.now()}).to_string();
    let refused = desk.stack.invoke("sweep", json!({"Records": [{"messageId": "m3", "body": hand_over}]})).await.unwrap_err();
    assert!(format!("{refused:#}").contains("cannot be read"), "{refused:#}");
    // Given up at last, a person is told which message it is; the sweep sends it in the form of this release.
    event["Records"][0]["eventSourceARN"] = json!("arn:aws:sqs:eu-central-1:123456789012:DeadLetters");
    desk.stack.invoke("feedback", event).await.unwrap();
    let told = desk.tasks("dead_letter").await;
    assert!(told[0]["detail"].as_str().unwrap().contains(body["detail"]["message"].as_str().unwrap()), "{told:?}");
    desk.end_of("2026-02-05").await;
    assert_eq!(desk.log(), ["2026-02-05 email reminder"]);
}

/// What kind of item it is: its keys without ids.
fn kind(item: &Value) -> [String; 2] {
    [PK, SK].map(|key| {
        let words = item[key]["S"].as_str().unwrap().split('#');
        words.filter(|word| word.chars().all(|letter| letter.is_ascii_uppercase())).collect::<Vec<_>>().join("#")
    })
}

/// Where a value lacks what an earlier one of its form has, or has it in another kind; texts of JSON are looked into.
fn missing(value: &Value, earlier: &Value) -> Option<String> {
    let below = |key: &str, value: Option<&Value>, earlier: &Value| match value {
        None => Some(key.to_owned()),
        Some(value) => missing(value, earlier).map(|rest| format!("{key}/{rest}")),
    };
    let json = |text: &str| serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
    match (value, earlier) {
        // What is sealed differs each time, and opens only for whoever has the keys.
        (Value::Object(fields), Value::Object(earlier)) => earlier.iter().find_map(|(key, was)| match key.as_str() {
            version::SEALED if fields.contains_key(key) => None,
            _ => below(key, fields.get(key), was),
        }),
        (Value::Array(values), Value::Array(earlier)) => {
            earlier.iter().enumerate().find_map(|(at, was)| below(&at.to_string(), values.get(at), was))
        }
        (Value::String(text), Value::String(was)) => json(was).and_then(|was| below("text", json(text).as_ref(), &was)),
        (Value::Number(_), Value::Number(_)) | (Value::Bool(_), Value::Bool(_)) | (_, Value::Null) => None,
        _ => Some("of another kind".to_owned()),
    }
}

/// A table as a release would have written it that has more to say: its chains of records are whole too.
fn add_to_table(table: &mut [Value]) {
    let hash = |text: &str| URL_SAFE_NO_PAD.encode(Sha256::digest(text));
    let is_record = |item: &Value| ["COV#", "DEC#"].iter().any(|kind| item[SK]["S"].as_str().unwrap().starts_with(kind));
    let body = |item: &Value| item[attributes::record::BODY]["S"].as_str().unwrap().to_owned();
    let whose = |item: &Value| item[PK]["S"].as_str().unwrap().to_owned();
    // The records whose hashes are still those of before.
    let mut left: Vec<(usize, String)> =
        table.iter().enumerate().filter(|(_, item)| is_record(item)).map(|(at, item)| (at, hash(&body(item)))).collect();
    assert!(!left.is_empty(), "the table holds no record");
    for item in &mut *table {
        add_to_item(item);
    }
    // The hash that a record has now, by whose it is and the one that it had.
    let mut anew: BTreeMap<(String, String), String> = BTreeMap::new();
    while !left.is_empty() {
        let before = left.len();
        left.retain(|(at, was)| {
            let (owner, mut said) = (whose(&table[*at]), serde_json::from_str::<Value>(&body(&table[*at])).unwrap());
            let previous = said["previous"].as_str().unwrap().to_owned();
            match anew.get(&(owner.clone(), previous.clone())) {
                Some(linked) => said["previous"] = json!(linked),
                None if previous.is_empty() => {}
                None => return true,
            }
            let text = said.to_string();
            anew.insert((owner, was.clone()), hash(&text));
            table[*at][attributes::record::BODY] = json!({"S": text});
            false
        });
        assert!(left.len() < before, "the records of the fixture are no chain");
    }
    for item in table.iter_mut().filter(|item| item[SK]["S"] == "HEAD") {
        let of = (whose(&*item), item[head::TIP]["S"].as_str().unwrap_or_default().to_owned());
        if !of.1.is_empty() {
            item[head::TIP] = json!({"S": anew[&of]});
        }
    }
}

/// An item as a release would write it that has more to say.
fn add_to_item(item: &mut Value) {
    let sk = item[SK]["S"].as_str().unwrap().to_owned();
    if RULES.iter().any(|rule| sk.starts_with(rule)) {
        return;
    }
    item["added_later"] = json!({"M": {"why": {"S": "more to say"}}});
    for name in DOCUMENTS {
        let document = item[name]["S"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(mut document) = document.filter(Value::is_object) {
            document["added_later"] = json!({"why": "more to say"});
            item[name] = json!({"S": document.to_string()});
        }
    }
    for (_, entry) in
        item.get_mut(head::PENDING).and_then(|pending| pending.get_mut("M")).and_then(Value::as_object_mut).into_iter().flatten()
    {
        entry["M"]["added_later"] = json!({"S": "more to say"});
    }
}

/// A Lambda event with what a later release, or AWS, may have more to say.
fn add_to_event(event: &mut Value) {
    for record in event["Records"].as_array_mut().unwrap() {
        record["added_later"] = json!("more to say");
        if let Some(body) = record["body"].as_str() {
            let mut body: Value = serde_json::from_str(body).unwrap();
            body["added_later"] = json!({"why": "more to say"});
            if let Some(detail) = body.get_mut("detail") {
                detail["added_later"] = json!({"why": "more to say"});
            }
            record["body"] = json!(body.to_string());
        }
        for image in ["NewImage", "OldImage"] {
            if record["dynamodb"].get(image).is_some() {
                add_to_item(&mut record["dynamodb"][image]);
            }
        }
    }
}
