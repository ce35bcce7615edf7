//! Canonical documents: what is taken, and every way in which one document alone shows that it is wrong.

mod common;

use common::{NOW_S, now, tenant};
use domain::document::CustomerRef;
use domain::word::Word;
use domain::{
    Channel, CustomerId, CustomerKind, DebtPurpose, Document, InvoiceId, InvoiceStatus, PaymentId, PaymentKind, PaymentStatus,
    Role, SourceVersion,
};
use jiff::civil::date;
use serde_json::{Value, json};

fn sample() -> Value {
    serde_json::from_str(include_str!("../fixtures/canonical/invoice.json")).expect("JSON")
}

fn payment() -> Value {
    json!({
        "type": "payment.upserted",
        "customer": {"external_id": "C-100"},
        "payment": {
            "external_id": "P-1", "source_version": "2026-01-05T10:00:00Z", "status": "received", "amount_minor": 5000,
            "currency": "EUR", "received_on": "2026-01-05",
            "allocations": [{"invoice_external_id": "INV-1001", "amount_minor": 4000}]
        }
    })
}

fn taken(document: &Value) -> Document {
    let reading = common::read("canonical", &serde_json::to_vec(document).expect("JSON")).expect("taken");
    assert_eq!((reading.event_id.as_str(), reading.parked.len(), reading.ignored), ("evt_1", 0, None));
    let [document] = <[Document; 1]>::try_from(reading.documents).expect("one document");
    document
}

/// The pointers of what is wrong with a document.
fn flaws(document: &Value) -> Vec<String> {
    flaws_of(&serde_json::to_string(document).expect("JSON"))
}

fn flaws_of(body: &str) -> Vec<String> {
    match common::read("canonical", body.as_bytes()) {
        Ok(_) => Vec::new(),
        Err(rejected) => {
            assert!(rejected.errors.iter().all(|flaw| !flaw.detail.is_empty()));
            rejected.errors.into_iter().map(|flaw| flaw.pointer).collect()
        }
    }
}

fn with(document: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = document.clone();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    match changed.pointer_mut(parent).expect("there") {
        Value::Object(map) => {
            map.insert(key.to_owned(), value);
        }
        Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value,
        other => panic!("{parent} is {other}"),
    }
    changed
}

#[test]
fn the_documented_example_is_taken_whole() {
    let Document::Invoice { customer: CustomerRef::Full(customer), invoice } = taken(&sample()) else { panic!("an invoice") };
    assert_eq!(customer.id, CustomerId::derive(&["acme", "canonical", "C-100"]));
    assert_eq!(customer.source_version, Some(SourceVersion::Number(3)));
    assert_eq!((customer.language.as_deref(), customer.region.as_deref()), (Some("de"), Some("BE")));
    let [contact] = customer.contacts.as_slice() else { panic!("one contact") };
    assert_eq!((contact.external_id.as_str(), contact.roles.as_slice()), ("p1", [Role::Billing].as_slice()));
    assert!(contact.consented(Channel::Sms) && contact.consented(Channel::Whatsapp) && !contact.consented(Channel::Voice));
    assert_eq!(invoice.id, InvoiceId::derive(&["acme", "canonical", "INV-1001"]));
    assert_eq!((invoice.total_minor, invoice.due_on, invoice.instalments.len()), (125_000, date(2026, 2, 4), 1));
    assert!(!invoice.paid_is_gross);
}

#[test]
fn payments_credit_notes_and_heartbeats_are_taken() {
    let Document::Payment { customer, payment: read } = taken(&payment()) else { panic!("a payment") };
    let id = CustomerId::derive(&["acme", "canonical", "C-100"]);
    assert_eq!(customer, CustomerRef::Called { id, external_id: "C-100".to_owned() });
    assert_eq!(read.id, PaymentId::derive(&["acme", "canonical", "payment", "P-1"]));
    assert_eq!(read.allocations[0].invoice, InvoiceId::derive(&["acme", "canonical", "INV-1001"]));
    assert_eq!(read.status, PaymentStatus::Received);

    let mut note = payment();
    let body = note.as_object_mut().expect("an object").remove("payment").expect("there");
    note["credit_note"] = body;
    note["type"] = json!("credit_note.upserted");
    let Document::Payment { payment: read, .. } = taken(&note) else { panic!("a credit note") };
    assert_eq!(
        (read.kind, &read.id),
        (PaymentKind::CreditNote, &PaymentId::derive(&["acme", "canonical", "credit_note", "P-1"]))
    );

    assert_eq!(taken(&json!({"type": "source.heartbeat"})), Document::Heartbeat(now()));
    let at = now() - jiff::SignedDuration::from_secs(60);
    assert_eq!(taken(&json!({"type": "source.heartbeat", "at": at.to_string()})), Document::Heartbeat(at));
    let later = jiff::Timestamp::from_second(NOW_S + 301).expect("in range");
    assert_eq!(flaws(&json!({"type": "source.heartbeat", "at": later.to_string()})), ["/at"]);
}

#[test]
fn what_is_optional_may_be_absent_or_null() {
    let mut document = sample();
    for (object, names) in [
        ("customer", "source_version kind segment language country region time_zone contacts postal_address"),
        ("invoice", "number paid_minor credited_minor instalments url purchase_order"),
    ] {
        for name in names.split(' ') {
            document = with(&document, &format!("/{object}/{name}"), Value::Null);
        }
    }
    document["unknown"] = json!({"anything": [1, 2, 3]});
    let Document::Invoice { customer: CustomerRef::Full(customer), invoice } = taken(&document) else { panic!("an invoice") };
    assert_eq!((customer.source_version, customer.contacts.len()), (None, 0));
    assert_eq!((invoice.number.as_str(), invoice.paid_minor, invoice.credited_minor), ("INV-1001", 0, 0));

    let named = with(&sample(), "/customer", json!({"external_id": "C-100"}));
    let Document::Invoice { customer, .. } = taken(&named) else { panic!("an invoice") };
    let id = CustomerId::derive(&["acme", "canonical", "C-100"]);
    assert_eq!(customer, CustomerRef::Called { id, external_id: "C-100".to_owned() });
}

#[test]
fn values_that_are_taken() {
    for (pointer, value) in [
        ("/invoice/paid_minor", json!(999_999)),
        ("/invoice/source_version", json!("2026-01-05T10:00:00.5+01:00")),
        ("/invoice/source_version", json!(u64::MAX)),
        ("/invoice/status", json!("written_off")),
        ("/invoice/currency", json!("BGN")),
        ("/invoice/currency", json!("HRK")),
        ("/invoice/currency", json!("ANG")),
        ("/invoice/currency", json!("CLF")),
        ("/invoice/instalments", json!([])),
        ("/invoice/credited_minor", json!(125_000)),
        ("/customer/language", json!("pt-BR")),
        ("/customer/region", json!("DE-BE")),
        ("/customer/contacts/0", json!({"email": " ap@acme.example "})),
        ("/customer/external_id", json!("x".repeat(128))),
        ("/customer/name", json!("{{ 7 * 7 }} <b>")),
    ] {
        assert_eq!(flaws(&with(&sample(), pointer, value.clone())), Vec::<String>::new(), "{pointer} {value}");
    }
    for (phone, expected) in [("+4402079460958", "+442079460958"), ("+390612345678", "+390612345678")] {
        let document = with(&sample(), "/customer/contacts/0/phone", json!(phone));
        let Document::Invoice { customer: CustomerRef::Full(customer), .. } = taken(&document) else { panic!("an invoice") };
        assert_eq!(customer.contacts[0].phone.as_deref(), Some(expected), "one number has one text");
    }
    let broken = with(&sample(), "/customer/name", json!(" Acme\r\nBcc: x\u{202e}\u{0} "));
    let Document::Invoice { customer: CustomerRef::Full(customer), .. } = taken(&broken) else { panic!("an invoice") };
    assert_eq!(customer.name, "Acme  Bcc: x");
    let Document::Invoice { customer: CustomerRef::Full(customer), .. } =
        taken(&with(&sample(), "/customer/contacts", json!([{"name": "A"}, {"name": "B"}])))
    else {
        panic!("an invoice")
    };
    let contacts: Vec<(&str, &[Role])> = customer.contacts.iter().map(|c| (c.external_id.as_str(), &*c.roles)).collect();
    assert_eq!(contacts, [("#0", [Role::Billing].as_slice()), ("#1", [Role::Billing].as_slice())]);
}

#[test]
fn what_an_invoice_says_of_itself() {
    let mut document = sample();
    for (name, value) in [
        ("contact", json!({"name": "Ann", "email": "ann@site.example", "phone": "+4402079460958", "roles": ["approver"]})),
        ("sent_to_customer", json!(false)),
        ("legal_entity", json!("acme-uk")),
        ("tags", json!(["vip", "export", "vip"])),
        ("for_external_id", json!("C-7")),
        ("for_name", json!("Branch Hamburg")),
    ] {
        document = with(&document, &format!("/invoice/{name}"), value);
    }
    document = with(&document, "/customer/parent_external_id", json!("C-1"));
    document = with(&document, "/customer/bill_with_parent", json!(true));
    let Document::Invoice { customer: CustomerRef::Full(customer), invoice } = taken(&document) else { panic!("an invoice") };
    let contact = invoice.contact.expect("a contact");
    assert_eq!((contact.external_id.as_str(), contact.email.as_deref()), ("#invoice", Some("ann@site.example")));
    assert_eq!((contact.roles.as_slice(), contact.name.as_str()), ([Role::Approver].as_slice(), "Ann"));
    assert_eq!((invoice.sent_to_customer, invoice.legal_entity.as_deref()), (Some(false), Some("acme-uk")));
    assert_eq!(invoice.tags, ["export", "vip"]);
    assert_eq!((invoice.for_external_id.as_deref(), invoice.for_name.as_deref()), (Some("C-7"), Some("Branch Hamburg")));
    assert_eq!(customer.contacts_of, Some(CustomerId::derive(&["acme", "canonical", "C-1"])));

    for (pointer, value, at) in [
        ("/invoice/contact", json!("ann@site.example"), "/invoice/contact"),
        ("/invoice/contact", json!({"name": "Ann"}), "/invoice/contact/email"),
        ("/invoice/contact", json!({"email": "ann"}), "/invoice/contact/email"),
        ("/invoice/contact", json!({"email": "a@b.example", "roles": ["boss"]}), "/invoice/contact/roles/0"),
        ("/invoice/sent_to_customer", json!("no"), "/invoice/sent_to_customer"),
        ("/invoice/legal_entity", json!(""), "/invoice/legal_entity"),
        ("/invoice/legal_entity", json!("x".repeat(51)), "/invoice/legal_entity"),
        ("/invoice/tags", json!("vip"), "/invoice/tags"),
        ("/invoice/tags", json!(["vip", 3]), "/invoice/tags/1"),
        ("/invoice/tags", json!([" "]), "/invoice/tags/0"),
        ("/invoice/tags", json!(vec!["x"; 21]), "/invoice/tags"),
        ("/invoice/for_external_id", json!(""), "/invoice/for_external_id"),
        ("/invoice/for_name", json!("Branch Hamburg"), "/invoice/for_external_id"),
        ("/customer/bill_with_parent", json!(true), "/customer/parent_external_id"),
        ("/customer/bill_with_parent", json!("yes"), "/customer/bill_with_parent"),
    ] {
        assert_eq!(flaws(&with(&sample(), pointer, value)), [at], "{pointer}");
    }
}

#[test]
fn values_that_are_refused() {
    let long = "x".repeat(10_240);
    for (pointer, value) in [
        ("/type", json!("invoice.exploded")),
        ("/type", json!(null)),
        ("/customer", json!("C-100")),
        ("/customer/external_id", json!("")),
        ("/customer/external_id", json!(long)),
        ("/customer/external_id", json!("C\n100")),
        ("/customer/external_id", json!(100)),
        ("/customer/name", json!(" ")),
        ("/customer/source_version", json!(-1)),
        ("/customer/kind", json!("llc")),
        ("/customer/language", json!("german")),
        ("/customer/country", json!("de")),
        ("/customer/country", json!("XX")),
        ("/customer/region", json!("Berlin")),
        ("/customer/region", json!("AT-9")),
        ("/customer/time_zone", json!("Mars/Olympus")),
        ("/customer/debt_purpose", json!("fun")),
        ("/customer/contacts", json!({})),
        ("/customer/contacts", Value::Array(vec![json!({}); 101])),
        ("/customer/contacts/0/roles", json!("billing")),
        ("/customer/contacts/0/email", json!("ap@acme")),
        ("/customer/contacts/0/email", json!("a@b.example, c@d.example")),
        ("/customer/contacts/0/email", json!("a@b.example\r\nBcc: c@d.example")),
        ("/customer/contacts/0/email", json!("Anna <a@b.example>")),
        ("/customer/contacts/0/phone", json!("030 12345678")),
        ("/customer/contacts/0/phone", json!("+49 30 12345678")),
        ("/customer/postal_address/country", json!("Germany")),
        ("/customer/postal_address/city", json!(null)),
        ("/invoice", json!([])),
        ("/invoice/external_id", json!(null)),
        ("/invoice/source_version", json!(null)),
        ("/invoice/source_version", json!("7")),
        ("/invoice/source_version", json!(1.5)),
        ("/invoice/source_version", json!("2026-02-30T00:00:00Z")),
        ("/invoice/currency", json!("eur")),
        ("/invoice/currency", json!("DEM")),
        ("/invoice/total_minor", json!(-1)),
        ("/invoice/total_minor", json!("125000")),
        ("/invoice/total_minor", json!(1250.5)),
        ("/invoice/total_minor", json!(1_000_000_000_000_001_i64)),
        ("/invoice/total_minor", json!(u64::MAX)),
        ("/invoice/paid_minor", json!(-5)),
        ("/invoice/credited_minor", json!(125_001)),
        ("/invoice/issued_on", json!("2026-02-30")),
        ("/invoice/issued_on", json!("2026-01-05T00:00:00")),
        ("/invoice/issued_on", json!("0026-01-05")),
        ("/invoice/due_on", json!("2026-01-04")),
        ("/invoice/due_on", json!("9999-12-31")),
        ("/invoice/status", json!("paid")),
        ("/invoice/status", json!("weird")),
        ("/invoice/status", json!(null)),
        ("/invoice/url", json!("javascript:alert(1)")),
        ("/invoice/url", json!("https://")),
        ("/invoice/instalments", json!([{"due_on": "2026-02-04", "amount_minor": 124_999}])),
        ("/invoice/instalments", Value::Array(vec![json!({"due_on": "2026-02-04", "amount_minor": 1}); 121])),
        ("/invoice/instalments", Value::Array(vec![json!(null); 10_000])),
    ] {
        assert_eq!(flaws(&with(&sample(), pointer, value.clone())), [pointer], "{pointer} {}", value.to_string().len());
    }
    for (pointer, value, at) in [
        ("/customer/contacts/0/roles", json!(["boss"]), "/customer/contacts/0/roles/0"),
        ("/customer/contacts/0/consents", json!(["fax"]), "/customer/contacts/0/consents/0"),
        (
            "/customer/contacts/0/consents",
            json!([{"given_at": "2026-01-01T00:00:00Z"}]),
            "/customer/contacts/0/consents/0/channel",
        ),
        ("/customer/contacts", json!([{"external_id": "p"}, {"external_id": "p"}]), "/customer/contacts/1/external_id"),
        ("/invoice/instalments", json!([{"due_on": "2026-02-04", "amount_minor": 0}]), "/invoice/instalments/0/amount_minor"),
        ("/invoice/instalments", json!([{"due_on": "2026-01-01", "amount_minor": 125_000}]), "/invoice/instalments/0/due_on"),
    ] {
        assert_eq!(flaws(&with(&sample(), pointer, value)), [at]);
    }
    for (pointer, value) in [("/payment/amount_minor", json!(3999)), ("/payment/allocations/0/amount_minor", json!(5001))] {
        assert_eq!(flaws(&with(&payment(), pointer, value)), ["/payment/allocations"]);
    }
    for status in ["open", "weird"] {
        assert_eq!(flaws(&with(&payment(), "/payment/status", json!(status))), ["/payment/status"]);
    }
    assert_eq!(flaws(&with(&payment(), "/customer", json!({}))), ["/customer/external_id"]);
}

#[test]
fn versions_from_the_future_are_refused() {
    let ahead = |hours: i64| json!((now() + jiff::SignedDuration::from_hours(hours)).to_string());
    for (pointer, document) in
        [("/invoice/source_version", sample()), ("/customer/source_version", sample()), ("/payment/source_version", payment())]
    {
        assert_eq!(flaws(&with(&document, pointer, ahead(24))), Vec::<String>::new(), "{pointer}");
        for version in [ahead(25), json!("2199-12-31T23:59:59Z")] {
            assert_eq!(flaws(&with(&document, pointer, version)), [pointer]);
        }
    }
}

#[test]
fn amounts_are_json_integers() {
    for amount in ["1250.0", "1e3", "125000e0", "1E400", "9223372036854775808", "99999999999999999999999", "-0.0", "true"] {
        let body = serde_json::to_string(&sample())
            .expect("JSON")
            .replace("\"total_minor\":125000", &format!("\"total_minor\":{amount}"));
        assert!(body.contains(amount));
        let flaws = flaws_of(&body);
        assert!(flaws == ["/invoice/total_minor"] || flaws == [""], "{amount}: {flaws:?}");
    }
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let mut document = with(&sample(), "/customer/country", json!("Germany"));
    for (pointer, value) in [
        ("/customer/contacts/0/email", json!("nobody")),
        ("/invoice/currency", json!("EURO")),
        ("/invoice/total_minor", json!(-1)),
        ("/invoice/due_on", json!("2026-13-01")),
    ] {
        document = with(&document, pointer, value);
    }
    let mut found = flaws(&document);
    found.sort();
    let all = ["/customer/contacts/0/email", "/customer/country", "/invoice/currency", "/invoice/due_on", "/invoice/total_minor"];
    assert_eq!(found, all);
    let many = Value::Array(vec![json!({"roles": ["x", "x"], "email": 1}); 100]);
    assert_eq!(flaws(&with(&sample(), "/customer/contacts", many)).len(), 101, "a list of flaws is bounded");
}

#[test]
fn instalments_stand_in_order_of_their_due_date() {
    let parts = json!([
        {"external_id": "b", "due_on": "2026-03-04", "amount_minor": 25_000},
        {"external_id": "a", "due_on": "2026-02-04", "amount_minor": 100_000},
    ]);
    let Document::Invoice { invoice, .. } = taken(&with(&sample(), "/invoice/instalments", parts)) else { panic!("an invoice") };
    let order: Vec<Option<&str>> = invoice.instalments.iter().map(|part| part.external_id.as_deref()).collect();
    assert_eq!((order, invoice.due_on), (vec![Some("a"), Some("b")], date(2026, 3, 4)));
}

#[test]
fn lines_are_kept_in_their_order_and_bounded() {
    let lines_of = |document: &Value| -> Vec<domain::BilledLine> {
        let Document::Invoice { invoice, .. } = taken(document) else { panic!("an invoice") };
        invoice.lines.expect("a document says its lines, or that it has none")
    };
    assert_eq!(lines_of(&sample()), [], "without lines there are none");
    let lines = json!([
        {"external_id": "L-2", "description": " Bricks\n", "quantity": "1.5", "amount_minor": 120_000},
        {"description": "Discount", "quantity": null, "amount_minor": -5_000},
        {"description": "Carriage", "quantity": 2, "amount_minor": 0, "colour": "red"},
    ]);
    let read = lines_of(&with(&sample(), "/invoice/lines", lines));
    let said: Vec<_> = read
        .iter()
        .map(|line| (line.external_id.as_deref(), line.description.as_str(), line.quantity.as_deref(), line.amount_minor))
        .collect();
    let expected =
        [(Some("L-2"), "Bricks", Some("1.5"), 120_000), (None, "Discount", None, -5_000), (None, "Carriage", Some("2"), 0)];
    assert_eq!(said, expected);

    let line = |changes: Value| {
        let mut line = json!({"description": "Bricks", "amount_minor": 1});
        for (name, value) in changes.as_object().expect("an object") {
            line[name] = value.clone();
        }
        json!([line])
    };
    assert_eq!(lines_of(&with(&sample(), "/invoice/lines", line(json!({"description": "ä".repeat(200)})))).len(), 1);
    let twice = json!([{"external_id": "a", "description": "x", "amount_minor": 1}, {"external_id": "a", "description": "y", "amount_minor": 1}]);
    let wide = json!({"description": "ä".repeat(200), "external_id": null, "amount_minor": 1});
    for (lines, at) in [
        (json!("Bricks"), "/invoice/lines"),
        (Value::Array(vec![json!({"description": "x", "amount_minor": 1}); 201]), "/invoice/lines"),
        (Value::Array(vec![wide; 200]), "/invoice/lines"),
        (json!([3]), "/invoice/lines/0"),
        (line(json!({"description": "ä".repeat(201)})), "/invoice/lines/0/description"),
        (line(json!({"description": " "})), "/invoice/lines/0/description"),
        (line(json!({"description": null})), "/invoice/lines/0/description"),
        (line(json!({"amount_minor": null})), "/invoice/lines/0/amount_minor"),
        (line(json!({"amount_minor": 1.5})), "/invoice/lines/0/amount_minor"),
        (line(json!({"amount_minor": -1_000_000_000_000_001_i64})), "/invoice/lines/0/amount_minor"),
        (line(json!({"quantity": 1.5})), "/invoice/lines/0/quantity"),
        (line(json!({"quantity": "a dozen"})), "/invoice/lines/0/quantity"),
        (line(json!({"quantity": "1."})), "/invoice/lines/0/quantity"),
        (line(json!({"quantity": "1".repeat(21)})), "/invoice/lines/0/quantity"),
        (line(json!({"external_id": ""})), "/invoice/lines/0/external_id"),
        (twice, "/invoice/lines/1/external_id"),
    ] {
        assert_eq!(flaws(&with(&sample(), "/invoice/lines", lines.clone())), [at], "{}", lines.to_string().len());
    }
}

#[test]
fn the_event_id_is_checked_too() {
    use connectors::{Headers, Incoming, Objects, canonical::Canonical};
    let body = serde_json::to_vec(&sample()).expect("JSON");
    for (id, good) in [("evt", true), (&*"x".repeat(128), true), ("", false), (&*"x".repeat(129), false), ("a\tb", false)] {
        let headers: Headers = [("Webhook-Id", id)].into_iter().collect();
        let read = Canonical.read(&tenant(), &common::berlin(), &Incoming { headers: &headers, body: &body, now: now() });
        assert_eq!(read.is_ok(), good, "{} bytes", id.len());
    }
}

#[test]
fn the_schema_names_the_words_that_are_taken() {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/schemas/canonical.schema.json")).expect("JSON");
    let words = |pointer: &str| -> Vec<Value> { schema.pointer(pointer).and_then(Value::as_array).expect(pointer).clone() };
    for (list, at) in [
        ("/$defs/invoice/properties/status/enum", "/invoice/status"),
        ("/$defs/customer/properties/kind/enum", "/customer/kind"),
        ("/$defs/customer/properties/debt_purpose/enum", "/customer/debt_purpose"),
    ] {
        for word in words(list) {
            assert_eq!(flaws(&with(&sample(), at, word.clone())), Vec::<String>::new(), "{word}");
        }
    }
    for (list, at) in [
        ("/$defs/contact/properties/roles/items/enum", "/customer/contacts/0/roles"),
        ("/$defs/channel/enum", "/customer/contacts/0/consents"),
    ] {
        assert_eq!(flaws(&with(&sample(), at, Value::Array(words(list)))), Vec::<String>::new(), "{at}");
    }
    for word in words("/$defs/payment/properties/status/enum") {
        assert_eq!(flaws(&with(&payment(), "/payment/status", word)), Vec::<String>::new());
    }
    for branch in words("/oneOf") {
        let kind = &branch["properties"]["type"]["const"];
        assert!(!flaws(&json!({"type": kind})).contains(&"/type".to_owned()), "{kind}");
    }
}

/// Where a schema has an `enum`, as JSON pointers.
fn enums(schema: &Value, at: &str) -> Vec<String> {
    let here = schema.get("enum").is_some_and(Value::is_array).then(|| format!("{at}/enum"));
    let fields = schema.as_object().into_iter().flatten().flat_map(|(name, part)| enums(part, &format!("{at}/{name}")));
    let parts = schema.as_array().into_iter().flatten().enumerate().flat_map(|(n, part)| enums(part, &format!("{at}/{n}")));
    here.into_iter().chain(fields).chain(parts).collect()
}

#[test]
fn the_schema_names_every_word_that_the_domain_has() {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/schemas/canonical.schema.json")).expect("JSON");
    let meant = [
        ("/$defs/channel/enum", Channel::WORDS),
        ("/$defs/contact/properties/roles/items/enum", Role::WORDS),
        ("/$defs/customer/properties/debt_purpose/enum", DebtPurpose::WORDS),
        ("/$defs/customer/properties/kind/enum", CustomerKind::WORDS),
        ("/$defs/invoice/properties/status/enum", InvoiceStatus::WORDS),
        ("/$defs/payment/properties/status/enum", PaymentStatus::WORDS),
    ];
    for (pointer, words) in meant {
        let named = schema.pointer(pointer).and_then(Value::as_array).expect(pointer);
        let named: Vec<&str> = named.iter().filter_map(Value::as_str).collect();
        assert_eq!(named, words, "{pointer} of docs/schemas/canonical.schema.json, and the words of the domain");
    }
    let mut found = enums(&schema, "");
    found.sort();
    assert_eq!(found, meant.map(|(pointer, _)| pointer), "each enum of the schema is compared here");
}

#[test]
fn the_example_of_the_manual_is_right() {
    let manual = include_str!("../../../docs/webhooks.md");
    let recorded: Value = sample();
    let block = manual.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the example");
    assert_eq!(serde_json::from_str::<Value>(block).expect("JSON"), recorded);

    let after = |mark: &str, end: &str| {
        manual
            .split_once(mark)
            .and_then(|(_, rest)| rest.split_once(end))
            .map(|(text, _)| text.to_owned())
            .expect("in the manual")
    };
    let (secret, id, body) = (after("secret='", "'"), after("\nid='", "'"), after("\nbody='", "'"));
    let (timestamp, signature) = (after("the timestamp `", "`"), after("signature is\n`", "`"));
    let connector = connectors::by_source("canonical").expect("registered");
    let pairs = [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature)];
    let headers: connectors::Headers = pairs.into_iter().collect();
    let incoming = connectors::Incoming { headers: &headers, body: body.as_bytes(), now: now() };
    connector.verify(&incoming, &[connectors::Secret::new(secret)]).expect("the signature that the manual shows");
}

#[test]
fn a_key_that_appears_twice_is_refused() {
    let body = serde_json::to_string(&sample()).expect("JSON");
    let twice = body.replace("\"total_minor\":125000", "\"total_minor\":125000,\"total_minor\":1");
    assert_ne!(twice, body);
    assert_eq!(flaws_of(&twice), [""]);
    assert_eq!(flaws_of(&body), Vec::<String>::new());
}
