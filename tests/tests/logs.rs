//! What is written down for operators says nothing of people: a scenario with marked names, addresses and numbers, and a search through every
//! log line at every level and every event on the bus.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use doubles::{
    Double, Fault as VendorFault, QuickBooks,
    quickbooks::{Company, Customer, Invoice},
};
use jiff::civil::date;
use local::{Fault, Mode, Options, When};
use serde_json::{Value, json};
use tests::{
    company::clock,
    documents::invoice,
    release::{Tap, Way},
    test_tenant::{TENANT, TestTenant, at, portal_path},
};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt,
    prelude::*,
};

/// What stands in names, addresses and numbers of people, and nowhere else.
const MARKS: [&str; 6] = ["Quinzelwort", "quinzelmail", "quinzelbuyer", "3098765431", "Quinzelstrasse", "quinzelbooks"];
/// The crates that functions share. Their lines leave a function at every level, as those of the functions themselves do.
const SHARED: [&str; 11] =
    ["domain", "store", "connectors", "reading", "channels", "sending", "kit", "service", "files", "payments", "documents"];
/// What stands for AWS and vendors here: its lines are no function's.
const STAND_INS: [&str; 4] = ["local", "dynoxide", "doubles", "tests"];

/// Lines as they are written.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn read(&self) -> Vec<Value> {
        let bytes = self.0.lock().unwrap();
        String::from_utf8_lossy(&bytes).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A company whose every text is marked.
fn marked(id: &str) -> Value {
    json!({
        "external_id": id, "source_version": 1, "name": "Quinzelwort GmbH", "kind": "company", "language": "de", "country": "DE",
        "region": "BE", "time_zone": "Europe/Berlin",
        "contacts": [{"external_id": "p1", "name": "Ada Quinzelwort", "roles": ["billing"],
            "email": format!("quinzelmail-{}@quinzelbuyer.example", id.to_lowercase()), "phone": "+493098765431", "consents": ["sms"]}],
        "postal_address": {"line1": "Quinzelstrasse 1", "postal_code": "10115", "city": "Berlin", "country": "DE"},
    })
}

fn marks_in(text: &str) -> Vec<&'static str> {
    MARKS.into_iter().filter(|mark| text.contains(mark)).collect()
}

/// A function dies before the first call that it makes, each time.
fn dies(desk: &TestTenant, function: &str) {
    let (call, when) = (Some(1), Some(When::Before));
    desk.stack.fault(Fault { target: function.to_owned(), mode: Some(Mode::Crash), times: 500, call, when }).unwrap();
}

/// What customers type on the pages behind their link, and what people write of them and to them, enter, export and erase.
async fn people_write(desk: &TestTenant, path: &str) {
    let words = "Ada Quinzelwort, quinzelmail@quinzelbuyer.example, 3098765431, Quinzelstrasse 1";
    let form = |pairs: &[(&str, &str)]| form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let taken = form(&[("for", "message"), ("invoice", ""), ("words", words)]);
    desk.post_page(&format!("{path}/write"), &taken).await.is(303);
    // Forms that are not filled in as they ask, each with marks in every field.
    let wrong = form(&["for", "invoice", "words", "amount", "day", "reason", "name", "email", "code"].map(|name| (name, words)));
    for page in ["write", "promise", "paid-already", "not-for-me", "contacts", "preferences", "others", "code", "pay"] {
        desk.post_page(&format!("{path}/{page}"), &wrong).await;
    }
    let id = desk.matter("Q-1").await["customer"]["id"].as_str().unwrap().to_owned();
    let entered = json!({"name": "Ben Quinzelwort", "email": "quinzelmail-ben@quinzelbuyer.example"});
    desk.admin("POST", &format!("/v1/customers/{id}/contacts"), &entered).await.is(200);
    desk.admin("POST", &format!("/v1/customers/{id}/contacts"), &json!({"email": "Ben Quinzelwort"})).await.is(400);
    desk.admin("POST", "/v1/notes", &json!({"customer": id, "text": words})).await.is(200);
    desk.admin("POST", "/v1/messages", &json!({"customer": id, "subject": "Quinzelwort", "body": words})).await;
    desk.admin("GET", "/v1/search?q=Quinzelwort", &Value::Null).await.is(200);
    desk.advance("PT1M").await;
    let named = json!({"channel": "email", "address": "quinzelmail-ben@quinzelbuyer.example"});
    let person = desk.admin("POST", "/v1/contacts/find", &named).await.is(200).body["id"].as_str().unwrap().to_owned();
    desk.admin("POST", &format!("/v1/contacts/{person}/export"), &Value::Null).await.is(200);
    let why = json!({"reason": "Ben Quinzelwort asked for it"});
    desk.admin("POST", &format!("/v1/contacts/{person}/erase"), &why).await.is(200);
    desk.advance("PT10M").await;
}

/// Everything that may go wrong on the way of a message, of a webhook and of a page.
async fn play(desk: &TestTenant) {
    for id in ["Q-1", "Q-2", "Q-3", "Q-4", "Q-5"] {
        desk.put(&invoice(&marked(id), &format!("I-{id}"), 125_000, "2026-02-04")).await;
    }
    // What is refused, does not read, or is somebody else's.
    let mut wrong = invoice(&marked("Q-6"), "I-Q-6", 100, "2026-02-04");
    wrong["customer"]["contacts"][0]["email"] = json!("quinzelmail at quinzelbuyer");
    desk.send(&wrong).await.is(422);
    desk.send_bytes(b"{\"customer\": {\"name\": \"Quinzelwort").await.is(422);
    desk.call(
        "POST",
        &desk.canonical.path,
        &[("webhook-id".to_owned(), "quinzelmail@quinzelbuyer.example".to_owned())],
        b"Quinzelwort",
    )
    .await
    .is(401);
    let parked = json!({"id": "evt_q", "object": "event", "type": "invoice.paid", "created": desk.second(), "api_version": "2024-10-28.acacia",
        "data": {"object": {"object": "invoice", "customer_name": "Quinzelwort", "customer_email": "quinzelmail@quinzelbuyer.example"}}});
    desk.send_stripe(&parked).await;
    // Providers that fail in every way, and a sender that dies.
    for (target, mode) in [
        ("sesv2", Mode::Error),
        ("sesv2", Mode::Throttle),
        ("sesv2", Mode::AcceptThenDrop),
        ("sns", Mode::Error),
        ("dynamodb", Mode::Throttle),
        ("send-email", Mode::Crash),
    ] {
        desk.fault(target, mode, 2);
    }
    desk.to("2026-02-07T00:00:00Z").await;
    for target in ["sesv2", "sns", "dynamodb", "send-email"] {
        desk.mend(target);
    }
    desk.to("2026-02-20T00:00:00Z").await;
    // A sender that dies on whatever it is given, and a reader of the stream that does: what they were given is given up.
    dies(desk, "send-email");
    desk.put(&invoice(&marked("Q-7"), "I-Q-7", 125_000, "2026-02-18")).await;
    desk.advance("P7D").await;
    desk.mend("send-email");
    dies(desk, "dispatch");
    desk.put(&invoice(&marked("Q-8"), "I-Q-8", 125_000, "2026-02-27")).await;
    desk.advance("P1D").await;
    desk.mend("dispatch");
    let mail = desk.sent().into_iter().find(|sent| sent.channel == "email").expect("a mail");
    let bounce = json!({"bounce": {
        "feedbackId": "f", "bounceType": "Permanent", "bounceSubType": "General", "timestamp": desk.stack.now().to_string(),
        "bouncedRecipients": [{"emailAddress": mail.to, "action": "failed", "status": "5.1.1",
            "diagnosticCode": format!("smtp; 550 5.1.1 <{}> Ada Quinzelwort is unknown", mail.to)}],
    }});
    desk.ses_event(&mail, "Email Bounced", "Bounce", &bounce).await;
    // Pages, and what an admin sees and sends.
    people_write(desk, &portal_path(&mail)).await;
    let text = mail.text.unwrap_or_default();
    for link in text.split_whitespace().filter(|word| word.starts_with("http")) {
        desk.call("GET", link, &[], b"").await;
        desk.call("POST", link, &[], b"List-Unsubscribe=One-Click").await;
        desk.call("GET", &format!("{link}Quinzelwort"), &[], b"").await;
    }
    desk.matter("Q-1").await;
    desk.admin("GET", "/v1/customers/canonical/Quinzelwort", &Value::Null).await.is(404);
    desk.admin("PUT", "/v1/settings", &json!({"name": "Acme", "reply_to": "quinzelmail@quinzelbuyer.example"})).await.is(422);
    desk.admin("PUT", "/v1/settings", &json!({"name": "Acme", "Quinzelwort": 1})).await.is(422);
    // What an assistant reads, and proposes.
    let assistant = desk.stack.token(TENANT, "collector").unwrap();
    let mine = desk.matter("Q-1").await["customer"]["id"].as_str().unwrap().to_owned();
    for (tool, arguments) in [
        ("show_customer_by_id", json!({"customer_id": mine})),
        ("search", json!({"q": "Quinzelwort"})),
        ("show_customer", json!({"source": "canonical", "external_id": "Quinzelwort"})),
        (
            "propose_add_note",
            json!({"body": {"customer": mine, "text": "Ada Quinzelwort called"}, "reason": "Quinzelwort asked"}),
        ),
        ("quinzelmail@quinzelbuyer.example", json!({})),
    ] {
        let asked = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}});
        let headers = [
            ("authorization", format!("Bearer {assistant}")),
            ("accept", "application/json, text/event-stream".to_owned()),
            ("content-type", "application/json".to_owned()),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value));
        desk.call("POST", "/mcp", &headers, asked.to_string().as_bytes()).await.is(200);
    }
    // Books that are read back, and do not read.
    let double = QuickBooks::start(clock(desk)).await.unwrap();
    double.add_company(Company::new("9130347596842384", "Coastal Supplies"));
    let customer =
        double.add_customer("9130347596842384", Customer::new("Quinzelwort Bakery", "quinzelmail@quinzelbooks.example"));
    let bill = double.add_invoice("9130347596842384", Invoice::new(&customer, "362.07", date(2026, 2, 2), date(2026, 2, 20)));
    desk.connect("quickbooks", &double, "9130347596842384").await;
    desk.advance("PT10M").await;
    for fault in [VendorFault::Html, VendorFault::Truncated, VendorFault::Status { status: 400, retry_after_s: None }] {
        double.fail_next_at("/v3/", 2, fault);
        double.pay("9130347596842384", &bill, "10.00", date(2026, 2, 20));
        desk.deliver_all("quickbooks", &double).await;
        desk.advance("PT10M").await;
        double.clear_faults();
    }
    desk.advance("P7D").await;
}

#[tokio::test]
async fn nothing_that_operators_read_says_anything_of_people() {
    let lines = Lines::default();
    let writer = lines.clone();
    // Of other crates the release has no lines below `debug`.
    let registry = local::registry();
    let functions = registry.names().map(|name| name.replace('-', "_"));
    let ours = SHARED.into_iter().chain(["local"]).map(str::to_owned).chain(functions);
    let levels = Targets::new().with_default(LevelFilter::DEBUG).with_targets(ours.map(|name| (name, LevelFilter::TRACE)));
    // As a function's log has it.
    let levels = levels.with_target(kit::TELLS_ALL, LevelFilter::ERROR);
    let layer = fmt::layer().json().flatten_event(true).with_writer(move || writer.clone());
    let subscriber = tracing_subscriber::registry().with(layer.with_filter(levels));
    let _until_the_end = tracing::subscriber::set_default(subscriber);
    // While one subscriber is all there is, `tracing` asks that of the current thread whether a line is of interest, and keeps the answer: a
    // test on another thread, without any, would say no for all. With two it asks both.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());

    let tap = Tap::default();
    tap.set("feedback", Way::Noted);
    let options =
        Options { now: Some(at("2026-02-04T20:00:00Z")), seed: Some(1), registry: tap.registry(), ..Options::default() };
    let desk = TestTenant::start(options, json!({}), None).await;
    play(&desk).await;

    let (of_bus, of_functions): (Vec<Value>, Vec<Value>) = {
        let is_of = |line: &Value, names: &[&str]| {
            let target = line["target"].as_str().unwrap_or_default();
            names.iter().any(|name| target == *name || target.starts_with(&format!("{name}::")))
        };
        let read = lines.read();
        let bus = read.iter().filter(|line| line["message"] == "an event on a bus").cloned().collect();
        (bus, read.into_iter().filter(|line| !is_of(line, &STAND_INS)).collect())
    };
    let secrets = [desk.canonical.secret.as_str(), desk.stripe.secret.as_str()];
    for line in &of_functions {
        let text = line.to_string();
        assert!(marks_in(&text).is_empty(), "{:?} in {text}", marks_in(&text));
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "a secret in {text}");
    }
    let own: Vec<&Value> = of_bus.iter().filter(|line| line["bus"] != "default").collect();
    for line in &own {
        let text = line.to_string();
        assert!(marks_in(&text).is_empty(), "{:?} in {text}", marks_in(&text));
    }
    // What AWS's own events say of a mail is AWS's; everything else that was given up is ours.
    let given_up: Vec<String> = tap
        .noted("feedback")
        .into_iter()
        .flat_map(|given| given.event["Records"].as_array().cloned().unwrap_or_default())
        .filter(|record| record["eventSourceARN"].as_str().is_some_and(|arn| arn.ends_with(":dead-letters")))
        .map(|record| record.to_string())
        .filter(|text| !text.contains("aws.ses"))
        .collect();
    for text in &given_up {
        assert!(marks_in(text).is_empty(), "{:?} in {text}", marks_in(text));
    }
    for what in ["MessageQueued", "DDBStreamBatchInfo"] {
        assert!(given_up.iter().any(|text| text.contains(what)), "no {what} among {} that were given up", given_up.len());
    }
    // The search sees what there is.
    let says =
        |what: &str| of_functions.iter().any(|line| line["message"].as_str().is_some_and(|message| message.contains(what)));
    for what in ["webhook taken in", "signature does not hold", "provider refused for now"] {
        assert!(says(what), "no line says '{what}'");
    }
    for level in ["DEBUG", "INFO", "WARN"] {
        assert!(of_functions.iter().any(|line| line["level"] == level), "no line of {level}");
    }
    assert!(own.iter().any(|line| line.to_string().contains("MessageQueued")), "no message on the bus in {} events", own.len());
    assert!(desk.sent().iter().any(|sent| !marks_in(&sent.to).is_empty()), "nobody was written to");
}
