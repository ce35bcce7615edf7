//! Xero.

use connectors::{Trouble, VendorRequest};
use domain::{Document, PaymentStatus};
use doubles::{
    Double, InvoiceState, Xero,
    xero::{Address, Contact, Credit, CreditKind, Invoice, Limits, Organisation, Person, Phone, Side},
};
use http::StatusCode;
use jiff::SignedDuration;
use serde_json::Value;

use crate::{
    client::{Reader, Time, agree, date, get, hear, json},
    shapes,
};

const TENANT: &str = "b2c885a9-4bb9-4a00-9b6e-6c2bf60b1a2b";
const ELSEWHERE: &str = "c2cc9b6e-9458-4c7d-93cc-f02b81b0594f";

async fn started(time: &Time) -> Xero {
    let double = Xero::start(time.clock()).await.expect("a port");
    double.add_organisation(Organisation::new(TENANT, "Kea Supplies"));
    double.add_organisation(Organisation::new(ELSEWHERE, "Northern Goods"));
    double
}

fn contact() -> Contact {
    let text = str::to_owned;
    Contact {
        first_name: text("Blake"),
        last_name: text("Kohler"),
        company_number: text("NB1234"),
        persons: vec![Person {
            first_name: text("Sue"),
            last_name: text("Johnson"),
            email: text("sue@acme.example"),
            include_in_emails: true,
        }],
        phones: vec![Phone { kind: text("DEFAULT"), country: text("64"), area: text("9"), number: text("888 7777") }],
        address: Some(Address {
            line1: text("1 High St"),
            city: text("Auckland"),
            country: text("New Zealand"),
            ..Address::default()
        }),
        ..Contact::new("Acme Parts", "ap@acme.example")
    }
}

fn invoice(contact: &str, total: &str) -> Invoice {
    Invoice::new(contact, total, date("2026-02-02"), date("2026-03-04"))
}

/// A story with every kind of money in it: what is due at its end is 60.00 + 275.00 + 5.00 = 340.00.
fn story(double: &Xero, time: &Time) -> Vec<String> {
    let on = date("2026-02-20");
    let contact = double.add_contact(TENANT, contact());
    let ids: Vec<String> = ["100", "275", "80.50", "60", "45"]
        .into_iter()
        .map(|total| double.add_invoice(TENANT, invoice(&contact, total)))
        .collect();
    double.add_invoice(TENANT, Invoice { draft: true, ..invoice(&contact, "7") });
    double.add_invoice(TENANT, Invoice { side: Side::Purchases, ..invoice(&contact, "999") });
    time.pass(SignedDuration::from_hours(24));
    double.pay_several(TENANT, &[(&ids[0], "40"), (&ids[2], "80.50")], on);
    let bounced = double.pay(TENANT, &ids[1], "275", on);
    double.delete_payment(TENANT, &bounced);
    double.void_invoice(TENANT, &ids[4]);
    for (kind, amount) in [(CreditKind::Note, "30"), (CreditKind::Overpayment, "15"), (CreditKind::Prepayment, "10")] {
        let credit = double.add_credit(TENANT, Credit::new(kind, &contact, "32.50", on));
        double.allocate(TENANT, &credit, &ids[3], amount, on);
    }
    double.add_credit(TENANT, Credit { side: Side::Purchases, ..Credit::new(CreditKind::Note, &contact, "500", on) });
    ids
}

#[tokio::test]
async fn the_connector_reads_what_is_true() {
    let time = Time::at("2026-02-19T09:00:00.250Z");
    let double = started(&time).await;
    let start = time.now();
    let ids = story(&double, &time);
    let reader = Reader::of(&double, "xero", TENANT).await;
    assert_eq!(reader.company.country.as_deref(), Some("NZ"));
    let truth = double.truth(TENANT);
    assert_eq!(truth.open_minor("NZD"), 34_000);
    agree(&reader.open(start).await, &truth, "NZD");
    let (_, customer) = truth.customers.first_key_value().expect("a customer");
    assert_eq!(customer.unapplied_minor["NZD"], 3 * 3_250 - 5_500);
    assert_eq!(customer.invoices[&ids[4]].state, InvoiceState::Void);
    assert_eq!(customer.invoices.len(), 6, "without the bill");

    let changes = reader.changes(start).await;
    let mut counts = [0; 3];
    for document in &changes.documents {
        match document {
            Document::Customer(_) => counts[0] += 1,
            Document::Invoice { .. } => counts[1] += 1,
            Document::Payment { payment, .. } => counts[2] += i32::from(payment.status == PaymentStatus::Received),
            _ => panic!("{document:?}"),
        }
    }
    assert_eq!(counts, [1, 6, 5], "bills, their credits and the deleted payment count for nothing");
    let later = reader.changes(start + SignedDuration::from_secs(1)).await;
    let touched = later.documents.iter().filter(|document| matches!(document, Document::Invoice { .. })).count();
    assert_eq!(touched, 5, "a payment touches its invoice");
    let asked = VendorRequest::Objects { kind: "Invoices".to_owned(), ids: vec![ids[0].clone(), ELSEWHERE.to_owned()] };
    assert_eq!(reader.all(asked).await.missing, [ELSEWHERE]);
    let gone =
        reader.page(&VendorRequest::One { kind: "Invoices".to_owned(), id: ELSEWHERE.to_owned() }).await.expect("an answer");
    assert!(matches!(gone.documents[..], [Document::Withdrawn(_)]));
    let credits: Vec<Value> = listed(&reader, "CreditNotes").await;
    let credit = credits[0]["CreditNoteID"].as_str().expect("an id").to_owned();
    let found =
        reader.all(VendorRequest::Objects { kind: "CreditNotes".to_owned(), ids: vec![credit, ELSEWHERE.to_owned()] }).await;
    assert_eq!((found.documents.len(), found.missing.len()), (1, 1));
    assert!(reader.link(&ids[0]).await.expect("a link").starts_with("https://in.xero.com/"));
    assert_eq!(&reader.pdf(&ids[0]).await.body()[..5], b"%PDF-");
}

async fn ask(reader: &Reader<'_>, path: &str) -> http::Response<bytes::Bytes> {
    let bearer = format!("Bearer {}", reader.token);
    let headers = [("authorization", bearer.as_str()), ("xero-tenant-id", &reader.realm), ("accept", "application/json")];
    get(reader.double, &format!("/api.xro/2.0/{path}"), &headers).await
}

async fn listed(reader: &Reader<'_>, path: &str) -> Vec<Value> {
    let answer = json(&ask(reader, path).await);
    let list = path.split('?').next().unwrap_or_default();
    answer[list].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

#[tokio::test]
async fn objects_are_written_as_they_were_recorded() {
    let time = Time::at("2026-02-19T09:00:00Z");
    let double = started(&time).await;
    let ids = story(&double, &time);
    let reader = Reader::of(&double, "xero", TENANT).await;
    let contact = listed(&reader, "Contacts").await[0]["ContactID"].as_str().expect("an id").to_owned();
    let of_invoices =
        ["/Invoices[]/CreditNotes[]/", "/Invoices[]/Prepayments[]/", "/Invoices[]/Overpayments[]/", "/Invoices[]/LineItems[]/"];
    let people = ["/Contacts[]/ContactPersons[]/"];
    let without = ["/Invoices[]/RepeatingInvoiceID", "/Invoices[]/Payments[]/Reference"];
    let unsaid = [
        "/Contacts[]/ContactNumber",
        "/Contacts[]/AccountNumber",
        "/Contacts[]/Accounts",
        "/Contacts[]/Addresses[]/Att",
        "/Contacts[]/DefaultCurrency",
        "/Contacts[]/Discount",
        "/Contacts[]/Website",
        "/Contacts[]/BrandingTheme",
        "/Contacts[]/Purchases",
        "/Contacts[]/SalesDefaultAccountCode",
        "/Contacts[]/BatchPayments",
        "/Contacts[]/PaymentTerms",
        "/Contacts[]/Attachments",
    ];
    let tax = ["/Contacts[]/TaxNumbeType", "/Contacts[]/Addresses[]/AddressLine"];
    let key = [
        "/Organisations[]/APIKey",
        "/Organisations[]/TaxNumber",
        "/Organisations[]/SalesTax",
        "/Organisations[]/Default",
        "/Organisations[]/PeriodLock",
        "/Organisations[]/EndOfYear",
    ];
    let batch = ["/Payments[]/Batch", "/Payments[]/Invoice/Contact/ContactNumber"];
    let allocated = ["/CreditNotes[]/Allocations[]/", "/CreditNotes[]/LineItems[]/"];
    for (path, file, more, without) in [
        ("Organisation".to_owned(), "organisation", &[][..], &key[..]),
        ("Invoices?page=1".to_owned(), "invoices-list", &of_invoices[..], &without[..]),
        ("Contacts?page=1".to_owned(), "contacts-list", &people[..], &tax[..]),
        (format!("Contacts/{contact}"), "contact", &[][..], &unsaid[..]),
        ("Payments?page=1".to_owned(), "payments-list", &[][..], &batch[..]),
        ("CreditNotes?page=1".to_owned(), "creditnotes-list", &allocated[..], &["/CreditNotes[]/Payments[]/"][..]),
        (format!("Invoices/{}/OnlineInvoice", ids[0]), "online-invoice", &[][..], &[][..]),
    ] {
        let answer = ask(&reader, &path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        shapes::check(&json(&answer), &shapes::recorded(&[&format!("xero/{file}")]), more, without);
    }
    let thin = &listed(&reader, "Invoices?page=1").await[0]["Contact"];
    assert_eq!((thin["Name"].as_str(), thin["Phones"].as_array().map(Vec::len)), (Some("Acme Parts"), Some(0)));
    let whole = json(&ask(&reader, &format!("Invoices/{}", ids[0])).await);
    assert_eq!(whole["Invoices"][0]["Contact"]["EmailAddress"], "ap@acme.example");
    assert_eq!(whole["Invoices"][0]["DueDateString"], "2026-03-04T00:00:00");
    assert_eq!(whole["Invoices"][0]["DueDate"], "/Date(1772582400000+0000)/");
    assert_eq!(whole["Invoices"][0]["UpdatedDateUTC"], "/Date(1771578000000+0000)/");
}

#[tokio::test]
async fn lists_page_sort_and_narrow() {
    let time = Time::at("2026-02-19T09:00:00.500Z");
    let double = started(&time).await;
    let customer = double.add_contact(TENANT, contact());
    for _ in 0..250 {
        double.add_invoice(TENANT, invoice(&customer, "1"));
    }
    time.pass(SignedDuration::from_secs(10));
    double.add_invoice(TENANT, Invoice { draft: true, ..invoice(&customer, "1") });
    double.limit(None);
    let reader = Reader::of(&double, "xero", TENANT).await;
    for (query, found, pages) in [
        ("page=1", 100, Some(3)),
        ("page=3", 51, Some(3)),
        ("page=4", 0, Some(3)),
        ("page=1&pageSize=1000", 251, Some(1)),
        ("page=1&pageSize=250&order=InvoiceID", 250, Some(2)),
        ("", 251, None),
        ("Statuses=DRAFT", 1, None),
        ("where=Status%21%3D%22DRAFT%22", 250, None),
        ("where=Type%3D%3D%22ACCREC%22+AND+Status%3D%3D%22DRAFT%22", 1, None),
        ("where=Type%3D%3D%22ACCPAY%22", 0, None),
    ] {
        let answer = json(&ask(&reader, &format!("Invoices?{query}")).await);
        assert_eq!(answer["Invoices"].as_array().map(Vec::len), Some(found), "{query}");
        assert_eq!(answer["pagination"]["pageCount"].as_i64(), pages, "{query}");
    }
    for query in ["page=0", "page=1&pageSize=1001", "where=Colour%3D%3D%22red%22", "order=Colour"] {
        assert_eq!(ask(&reader, &format!("Invoices?{query}")).await.status(), StatusCode::BAD_REQUEST, "{query}");
    }
    let sorted = listed(&reader, "Invoices?page=1&order=InvoiceID+DESC").await;
    assert!(sorted.windows(2).all(|pair| pair[0]["InvoiceID"].as_str() > pair[1]["InvoiceID"].as_str()));
    // To the second: what changed within the second that is named is listed.
    for (since, found) in
        [("2026-02-19T09:00:00", 251), ("2026-02-19T09:00:01", 1), ("2026-02-19T09:00:10.900", 1), ("2026-02-19T09:00:11", 0)]
    {
        let bearer = format!("Bearer {}", reader.token);
        let headers = [("authorization", bearer.as_str()), ("xero-tenant-id", TENANT), ("if-modified-since", since)];
        let answer = get(&double, "/api.xro/2.0/Invoices", &headers).await;
        assert_eq!(json(&answer)["Invoices"].as_array().map(Vec::len), Some(found), "{since}");
    }
    double.archive(TENANT, &customer, true);
    assert_eq!(listed(&reader, "Contacts").await.len(), 0);
    assert_eq!(listed(&reader, "Contacts?includeArchived=true").await[0]["ContactStatus"], "ARCHIVED");
    let absent = ask(&reader, &format!("Invoices/{ELSEWHERE}")).await;
    assert_eq!(
        (absent.status(), absent.headers()["content-type"].as_bytes()),
        (StatusCode::NOT_FOUND, &b"text/plain; charset=utf-8"[..])
    );
}

#[tokio::test]
async fn webhooks_are_numbered_and_say_nothing_of_payments() {
    let time = Time::at("2026-02-19T09:00:00.902Z");
    let double = started(&time).await;
    story(&double, &time);
    double.add_contact(ELSEWHERE, contact());
    let told = double.notifications();
    let kinds: std::collections::BTreeSet<_> = told.iter().map(|of| of.kind).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["CONTACT", "CREDITNOTE", "INVOICE"]);
    let delivery = double.delivery(&told);
    let body: Value = serde_json::from_slice(&delivery.body).expect("JSON");
    assert_eq!((&body["firstEventSequence"], &body["lastEventSequence"]), (&1.into(), &told.len().into()));
    assert_eq!(body["events"][0]["eventDateUtc"], "2026-02-19T09:00:00.902");
    let recorded = shapes::recorded(&["xero/webhook-creditnote-create", "xero/webhook-contact-update"]);
    shapes::check(&body, &recorded, &[], &[]);
    let hinted = hear("xero", &double.app().webhook_secret, &delivery, time.now()).expect("hints");
    // All but the notification of the supplier's credit note, which says whose it is.
    assert_eq!((hinted.hints.len(), hinted.unread.len()), (told.len() - 1, 0));
    assert!(hinted.hints.iter().any(|hint| hint.realm == ELSEWHERE));
    let (good, bad) = double.intent_to_receive();
    assert_eq!(hear("xero", &double.app().webhook_secret, &good, time.now()).map(|hinted| hinted.hints.len()), Ok(0));
    assert_eq!(hear("xero", &double.app().webhook_secret, &bad, time.now()), Err(401));
    let recorded = shapes::recorded(&["xero/webhook-intent-to-receive"]);
    shapes::check(&serde_json::from_slice(&good.body).expect("JSON"), &recorded, &[], &[]);
}

#[tokio::test]
async fn limits_are_said_and_kept() {
    let time = Time::at("2026-02-19T09:00:00Z");
    let double = started(&time).await;
    let reader = Reader::of(&double, "xero", TENANT).await;
    let last = ask(&reader, "Organisation").await;
    let left = |answer: &http::Response<bytes::Bytes>, name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    let names = ["x-minlimit-remaining", "x-daylimit-remaining", "x-appminlimit-remaining"];
    assert_eq!(names.map(|name| left(&last, name)), ["58", "4998", "9998"]);
    time.pass(SignedDuration::from_secs(20));
    for _ in 0..58 {
        assert_eq!(ask(&reader, "Organisation").await.status(), StatusCode::OK);
    }
    let refused = ask(&reader, "Organisation").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(["retry-after", "x-rate-limit-problem"].map(|name| left(&refused, name)), ["40", "minute"]);
    let waits = Some(std::time::Duration::from_secs(40));
    assert_eq!(reader.page(&VendorRequest::Company { page: None }).await, Err(Trouble::Limited(waits)));
    let other = Reader::of(&double, "xero", ELSEWHERE).await;
    double.limit(Some(Limits { app_minute: 60, ..Limits::default() }));
    assert_eq!(left(&ask(&other, "Organisation").await, "x-rate-limit-problem"), "appminute");
    time.pass(SignedDuration::from_secs(40));
    double.limit(Some(Limits { day: 61, ..Limits::default() }));
    assert_eq!(ask(&reader, "Organisation").await.status(), StatusCode::OK);
    let refused = ask(&reader, "Organisation").await;
    assert_eq!(["retry-after", "x-rate-limit-problem"].map(|name| left(&refused, name)), ["86340", "day"]);
    double.limit(None);
    assert!(!ask(&reader, "Organisation").await.headers().contains_key("x-minlimit-remaining"));
}
