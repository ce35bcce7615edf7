//! What every connector must do, run over the registry: a new entry is covered once `common::signed` says how its vendor
//! signs.

mod common;

use std::{fs, path::Path};

use common::{NOW_S, headers, refusal, signed};
use connectors::{Bodies, Connector, Incoming, Secret, by_source, registry};
use domain::Document;
use proptest::prelude::*;
use serde_json::{Value, json};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

fn each(check: impl Fn(&dyn Connector, &str)) {
    assert!(!registry().is_empty());
    for connector in registry() {
        check(*connector, &secret(*connector, 7));
    }
}

/// A secret: made, or as the vendor might show it.
fn secret(connector: &dyn Connector, seed: u8) -> String {
    connector.new_secret([seed; 32]).unwrap_or_else(|| format!("verifier-token-{seed}-of-the-vendor"))
}

fn body() -> Vec<u8> {
    br#"{"id":"evt_1","type":"none","text":"0123456789"}"#.to_vec()
}

#[test]
fn sources_are_told_apart() {
    for connector in registry() {
        let found = by_source(connector.source()).expect("found by its own name");
        assert_eq!(found.source(), connector.source());
        assert_eq!(registry().iter().filter(|other| other.source() == connector.source()).count(), 1);
        assert!(connector.source().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
    }
    assert!(by_source("unknown").is_none());
}

#[test]
fn what_writes_payments_asks_for_the_right_to_and_for_no_host_but_its_own() {
    let (tenant, company) = (domain::TenantId::parse("acme").expect("a tenant"), connectors::Company::default());
    for connector in registry() {
        let source = connector.source();
        let Some(books) = connectors::accounting_api_of(source) else { continue };
        let Some(writing) = books.writing() else { continue };
        assert!(!writing.scopes.is_empty() && !writing.scopes.contains("  "), "{source}");
        let reference = domain::PaymentId::of_basket(&[source]);
        let part = domain::BooksPart {
            invoice: connectors::invoice_id(&tenant, source, "1", "7"),
            external_id: "7".to_owned(),
            number: "F-7".to_owned(),
            amount_minor: 1_250,
        };
        let payment = domain::BooksPayment {
            reference: reference.clone(),
            customer: "5".to_owned(),
            currency: domain::Currency::EUR,
            received_on: jiff::civil::date(2026, 2, 5),
            account: Some("090".to_owned()),
            parts: vec![part],
            round: 0,
        };
        let site = connectors::Site { tenant: &tenant, realm: "1", company: &company, base: None };
        let find = connectors::VendorRequest::FindPayment { reference: reference.clone(), page: None };
        for ask in [connectors::VendorRequest::WritePayment { payment }, find] {
            let request = books.request(&site, &ask);
            assert!(request.uri().to_string().starts_with(books.access().api), "{source}: {}", request.uri());
            let body = std::str::from_utf8(request.body()).expect("text");
            let all = format!("{} {body}", request.uri());
            assert!(all.contains(reference.as_str()), "{source}: the entry is known by its reference: {all}");
            assert_eq!(request.method() == http::Method::GET, body.is_empty(), "{source}");
        }
    }
}

#[test]
fn a_test_event_is_signed_as_the_vendor_signs_and_reads() {
    let tenant = domain::TenantId::parse("acme").expect("a tenant");
    let now = jiff::Timestamp::from_second(NOW_S).expect("an instant");
    each(|connector, secret| {
        let (source, own) = (connector.source(), Secret::new(secret));
        let event = connector.test_event(&own, now);
        let Bodies::Objects(objects) = connector.bodies() else { return assert!(event.is_none(), "{source}") };
        let event = event.expect("a tenant's own webhooks can be tried");
        let incoming = Incoming { headers: &event.headers, body: &event.body, now };
        connector.verify(&incoming, &[own]).expect("it is signed");
        assert!(connector.verify(&incoming, &[Secret::new(self::secret(connector, 8))]).is_err(), "{source}");
        let reading = objects.read(&tenant, &jiff::tz::TimeZone::UTC, &incoming);
        assert!(reading.is_ok_and(|reading| reading.parked.is_empty()), "{source}");
    });
}

#[test]
fn own_signatures_are_believed_and_secrets_overlap() {
    each(|connector, secret| {
        let (source, body) = (connector.source(), body());
        let other = self::secret(connector, 8);
        assert_ne!(secret, other);
        let pairs = signed(source, secret, NOW_S, &body);
        for (secrets, refused) in [
            (vec![secret], false),
            (vec![&other, secret], false),
            (vec![secret, &other], false),
            (vec![&*other], true),
            (vec![], true),
            (vec![""], true),
        ] {
            let expected = refused.then_some(connector.capabilities().bad_signature_status);
            assert_eq!(refusal(connector, &pairs, &body, &secrets), expected, "{source} {secrets:?}");
        }
        let shouted: Vec<_> = pairs.iter().map(|(name, value)| (name.to_uppercase(), value.clone())).collect();
        assert_eq!(refusal(connector, &shouted, &body, &[secret]), None, "{source}: header names in any case");
    });
}

#[test]
fn one_changed_byte_is_refused() {
    each(|connector, secret| {
        let (source, body, status) = (connector.source(), body(), connector.capabilities().bad_signature_status);
        let pairs = signed(source, secret, NOW_S, &body);
        for bit in [0x01, 0x10, 0x20] {
            for index in 0..body.len() {
                let mut changed = body.clone();
                changed[index] ^= bit;
                assert_eq!(refusal(connector, &pairs, &changed, &[secret]), Some(status), "{source} body {index}");
            }
            for which in 0..pairs.len() {
                for index in 0..pairs[which].1.len() {
                    let mut bytes = pairs[which].1.clone().into_bytes();
                    bytes[index] ^= bit;
                    let Ok(value) = String::from_utf8(bytes) else { continue };
                    let mut changed = pairs.clone();
                    changed[which].1 = value;
                    let refused = refusal(connector, &changed, &body, &[secret]);
                    assert_eq!(refused, Some(status), "{source} {} {index}", pairs[which].0);
                }
            }
        }
        for cut in [&body[..body.len() - 1], b""] {
            assert_eq!(refusal(connector, &pairs, cut, &[secret]), Some(status), "{source}: a shorter body");
        }
    });
}

#[test]
fn stale_and_missing_headers_are_refused() {
    each(|connector, secret| {
        let (source, body, status) = (connector.source(), body(), connector.capabilities().bad_signature_status);
        // A vendor that signs no timestamp is protected from replays by the ids of its events alone.
        let dated = signed(source, secret, NOW_S, &body) != signed(source, secret, NOW_S + 1, &body);
        for (off, stale) in [(0, false), (300, false), (-300, false), (301, true), (-301, true), (-90_000, true)] {
            let refused = stale && dated;
            let pairs = signed(source, secret, NOW_S + off, &body);
            assert_eq!(refusal(connector, &pairs, &body, &[secret]), refused.then_some(status), "{source} {off} s off");
        }
        let pairs = signed(source, secret, NOW_S, &body);
        for which in 0..pairs.len() {
            let mut fewer = pairs.clone();
            fewer.remove(which);
            assert_eq!(refusal(connector, &fewer, &body, &[secret]), Some(status), "{source} without {}", pairs[which].0);
        }
        for value in ["", ",", "=", "v1,", "v1=", "t=", "t=,v1=", "t=99999999999999999999,v1=00", "\u{1f600}"] {
            let broken: Vec<_> = pairs.iter().map(|(name, _)| (name.clone(), value.to_owned())).collect();
            assert_eq!(refusal(connector, &broken, &body, &[secret]), Some(status), "{source} {value:?}");
        }
        let signed_empty = signed(source, secret, NOW_S, b"");
        assert_eq!(refusal(connector, &signed_empty, b"", &[secret]), None, "{source}: an empty body can be signed");
        assert!(rejection(connector, b"").is_some(), "{source}: but says nothing");
    });
}

/// Why nothing of a body can be taken.
fn rejection(connector: &dyn Connector, body: &[u8]) -> Option<connectors::Rejected> {
    match connector.bodies() {
        Bodies::Objects(_) => common::read(connector.source(), body).err(),
        Bodies::Hints(_) => common::hints(connector.source(), body).err(),
    }
}

/// The connectors whose webhooks carry objects.
fn carriers() -> impl Iterator<Item = &'static dyn Connector> {
    registry().iter().copied().filter(|connector| matches!(connector.bodies(), Bodies::Objects(_)))
}

#[test]
fn published_vectors_pass() {
    let text = fs::read_to_string(format!("{FIXTURES}/vectors/signatures.json")).expect("the vectors");
    let vectors: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let mut covered = Vec::new();
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap_or_default().to_owned();
        let source = match text("system").as_str() {
            "standard-webhooks" => "canonical".to_owned(),
            system => system.to_owned(),
        };
        let Some(connector) = by_source(&source) else { continue };
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut at_s = vector["timestamp"].as_i64();
        for (name, value) in vector["headers"].as_object().into_iter().flatten() {
            let value = value.as_str().expect("a text").to_owned();
            at_s = at_s.or(value.parse().ok());
            pairs.push((name.clone(), value));
        }
        let header = if source == "canonical" { "webhook-signature".to_owned() } else { text("header") };
        pairs.push((header, text("expected")));
        let now = jiff::Timestamp::from_second(at_s.unwrap_or(NOW_S)).expect("in range");
        let body = text("body");
        let incoming = Incoming { headers: &headers(&pairs), body: body.as_bytes(), now };
        connector.verify(&incoming, &[Secret::new(text("secret"))]).expect("believed");
        let changed = Incoming { body: &body.as_bytes()[1..], ..incoming };
        connector.verify(&changed, &[Secret::new(text("secret"))]).expect_err("refused");
        covered.push(source);
    }
    covered.sort();
    assert_eq!(covered, ["canonical", "quickbooks", "stripe", "xero"]);
}

#[test]
fn hostile_bodies_are_answered() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000)).into_bytes();
    let junk: Vec<u8> = (0..1_048_576_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut not_text = br#"{"type":"invoice.upserted","id":"#.to_vec();
    let offset = not_text.len();
    not_text.extend([0xff, 0xfe]);
    for body in [
        deep("[", "]"),
        deep(r#"{"a":"#, "}"),
        format!(r#"{{"id":"e","type":"x","data":{}}}"#, "[".repeat(100_000)).into_bytes(),
        junk,
        vec![b'1'; 1_048_576],
        vec![b'"'; 1_048_576],
        not_text.clone(),
        b"null".to_vec(),
        b"{".to_vec(),
        br#"{"a":1,"a":2}"#.to_vec(),
    ] {
        each(|connector, _| {
            let rejected = rejection(connector, &body).expect("nothing in it can be taken");
            assert!(!rejected.errors.is_empty(), "{}", connector.source());
        });
    }
    each(|connector, _| {
        let rejected = rejection(connector, &not_text).expect("no text");
        assert!(rejected.errors[0].detail.contains(&format!("offset {offset} ")), "{:?}", rejected.errors);
    });
}

/// Every recorded object of a system, wrapped as its vendor delivers it.
fn deliveries(source: &str) -> Vec<(String, Value)> {
    let folder = format!("{FIXTURES}/{source}");
    if !Path::new(&folder).is_dir() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let object: Value = serde_json::from_str(&fs::read_to_string(&path).expect("readable")).expect("JSON");
        let kinds: &[&str] = match name.as_str() {
            "invoice" => &["invoice.created", "invoice.finalized", "invoice.paid", "invoice.voided", "invoice.deleted"],
            "invoice_payment" => &["invoice_payment.paid"],
            "credit_note" => &["credit_note.created", "credit_note.updated", "credit_note.voided"],
            "charge" => &["charge.refunded", "charge.succeeded"],
            "refund" => &["refund.created", "refund.failed", "charge.refund.updated"],
            "dispute" => &["charge.dispute.created", "charge.dispute.closed", "charge.dispute.funds_withdrawn"],
            "payment_intent" => &["payment_intent.processing", "payment_intent.succeeded", "payment_intent.payment_failed"],
            "customer" => &["customer.created", "customer.updated", "customer.deleted"],
            _ => &["some.type"],
        };
        // These files are whole deliveries already.
        if name == "event" || source == "canonical" {
            found.push((name, object));
            continue;
        }
        for kind in kinds {
            let event = json!({"id": "evt_1", "object": "event", "created": NOW_S, "type": kind, "data": {"object": object}});
            found.push((format!("{name} as {kind}"), event));
        }
    }
    found
}

#[test]
fn recorded_objects_are_taken_parked_or_ignored() {
    for connector in carriers() {
        for (name, event) in deliveries(connector.source()) {
            let body = serde_json::to_vec(&event).expect("JSON");
            let reading = common::read(connector.source(), &body).expect("signed by the vendor");
            assert!(!reading.event_id.is_empty());
            let outcomes = [!reading.documents.is_empty(), !reading.parked.is_empty(), reading.ignored.is_some()];
            assert_eq!(outcomes.iter().filter(|outcome| **outcome).count(), 1, "{} {name}: {reading:?}", connector.source());
            for document in &reading.documents {
                assert!(!has_later_word(document), "{} {name}: {document:?}", connector.source());
                let remaining = event["data"]["object"]["amount_remaining"].as_i64();
                if let (Document::Invoice { invoice, .. }, Some(remaining)) = (document, remaining) {
                    assert_eq!(invoice.total_minor - invoice.paid_minor - invoice.credited_minor, remaining, "{name}");
                }
            }
        }
    }
    let taken = deliveries("stripe").into_iter().filter(|(_, event)| {
        let body = serde_json::to_vec(event).expect("JSON");
        !common::read("stripe", &body).expect("signed by the vendor").documents.is_empty()
    });
    assert!(taken.count() >= 14, "most recorded objects are taken");
}

proptest! {
    #[test]
    fn any_bytes_are_answered(body in prop::collection::vec(any::<u8>(), 0..600), value in "\\PC{0,80}", bytes in any::<bool>()) {
        let body = if bytes { body } else { format!(r#"{{"id":"e","type":"invoice.paid","data":{value}}}"#).into_bytes() };
        for connector in registry() {
            let secret = secret(*connector, 7);
            let pairs: Vec<(String, String)> =
                signed(connector.source(), &secret, NOW_S, b"other").into_iter().map(|(name, _)| (name, value.clone())).collect();
            prop_assert!(refusal(*connector, &pairs, &body, &[&secret]).is_some());
            let _answered = rejection(*connector, &body);
        }
    }

    /// A good delivery of which one value anywhere is replaced by another never panics and never passes with flaws half taken.
    #[test]
    fn any_replaced_value_is_answered(which in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), junk in junk()) {
        let mut all: Vec<(&str, Value)> = deliveries("stripe").into_iter().map(|(_, event)| ("stripe", event)).collect();
        all.push(("canonical", sample()));
        let (source, document) = which.get(all.as_slice());
        let mut document = document.clone();
        let mut pointers = Vec::new();
        collect(&document, String::new(), &mut pointers);
        let pointer: &String = place.get(pointers.as_slice());
        *document.pointer_mut(pointer).expect("collected there") = junk;
        if let Ok(reading) = common::read(source, &serde_json::to_vec(&document).expect("JSON")) {
            for document in reading.documents {
                prop_assert!(!has_later_word(&document), "{document:?}");
                if let Document::Invoice { invoice, .. } = document {
                    prop_assert!(invoice.total_minor >= 0 && invoice.paid_minor >= 0);
                    prop_assert!((0..=invoice.total_minor).contains(&invoice.credited_minor));
                    prop_assert!(invoice.issued_on <= invoice.due_on);
                }
            }
        }
    }
}

/// Whether a document has a word that only a later release could have stored.
fn has_later_word(document: &Document) -> bool {
    format!("{document:?}").contains("Later(")
}

fn sample() -> Value {
    serde_json::from_str(include_str!("../fixtures/canonical/invoice.json")).expect("JSON")
}

fn collect(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| collect(value, format!("{at}/{key}"), pointers)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| collect(value, format!("{at}/{index}"), pointers))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    pointers.push(at);
}

fn junk() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        Just(json!(1250.5)),
        "\\PC{0,200}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!("weird")),
        Just(json!([{}, null, 1])),
        Just(Value::from("x".repeat(10_000))),
    ]
}
