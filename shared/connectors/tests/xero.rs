//! Xero: what its notifications point at, what is asked, and what the recorded answers say.

mod common;

use std::{fs, time::Duration};

use bytes::Bytes;
use common::{hints, tenant};
use connectors::{AccountingApi, Company, Page, Site, Trouble, VendorRequest, accounting_api_of};
use domain::{Currency, Customer, Document, Invoice, InvoiceStatus, Payment, PaymentKind, PaymentStatus, document::Why};
use http::{HeaderMap, HeaderValue, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

const REALM: &str = "c2cc9b6e-9458-4c7d-93cc-f02b81b0594f";
const ID: &str = "a03ffcd2-5d91-4c7e-b483-318584e9e439";

fn books() -> &'static dyn AccountingApi {
    accounting_api_of("xero").expect("read back")
}

fn fixture(name: &str) -> String {
    let path = format!("{}/fixtures/xero/{name}.json", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(path).expect("the fixture")
}

fn with_site<T>(run: impl FnOnce(&Site<'_>) -> T) -> T {
    let nzd = Currency::parse("NZD").ok();
    let (tenant, company) = (tenant(), Company { name: None, country: Some("NZ".to_owned()), currency: nzd });
    run(&Site { tenant: &tenant, realm: REALM, company: &company, base: None })
}

fn answer(ask: &VendorRequest, status: u16, body: impl Into<Bytes>) -> Result<Page, Trouble> {
    let answer =
        Response::builder().status(status).header("date", "Thu, 07 Mar 2019 18:00:58 GMT").body(body.into()).expect("valid");
    with_site(|site| books().read(site, ask, &answer))
}

fn changes(page: &str) -> VendorRequest {
    VendorRequest::Changes { since: at("2019-01-01T00:00:00Z"), page: Some(page.to_owned()) }
}

fn objects(kind: &str, ids: &[&str]) -> VendorRequest {
    VendorRequest::Objects { kind: kind.to_owned(), ids: ids.iter().map(|id| (*id).to_owned()).collect() }
}

fn one(kind: &str, id: &str) -> VendorRequest {
    VendorRequest::One { kind: kind.to_owned(), id: id.to_owned() }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn invoices(page: &Page) -> Vec<&Invoice> {
    page.documents
        .iter()
        .filter_map(|document| if let Document::Invoice { invoice, .. } = document { Some(invoice) } else { None })
        .collect()
}

fn payments(page: &Page) -> Vec<&Payment> {
    page.documents
        .iter()
        .filter_map(|document| if let Document::Payment { payment, .. } = document { Some(payment) } else { None })
        .collect()
}

fn customers(page: &Page) -> Vec<&Customer> {
    page.documents
        .iter()
        .filter_map(|document| if let Document::Customer(customer) = document { Some(customer) } else { None })
        .collect()
}

#[test]
fn notifications() {
    let intent = hints("xero", fixture("webhook-intent-to-receive").as_bytes()).expect("read");
    assert_eq!((intent.hints.len(), intent.unread.len()), (0, 0));
    let contact = hints("xero", fixture("webhook-contact-update").as_bytes()).expect("read");
    let hint = &contact.hints[0];
    assert_eq!((hint.realm.as_str(), hint.kind, hint.id.as_str()), (REALM, "Contacts", "717f2bfc-c6d4-41fd-b238-3f2f0c0cf777"));
    assert_eq!(hint.at, Some(at("2024-06-21T01:15:39.902Z")));
    let bill = hints("xero", fixture("webhook-creditnote-create").as_bytes()).expect("read");
    assert_eq!((bill.hints.len(), bill.unread.len()), (0, 0), "the credit of a bill is not ours");

    let event = |category: &str, id: &str, tenant_type: &str| {
        json!({"resourceUrl": "https://evil.example/x", "resourceId": id, "tenantId": REALM, "tenantType": tenant_type,
            "eventCategory": category, "eventType": "UPDATE", "eventDateUtc": "2025-12-02T00:44:09.923"})
    };
    let body = json!({"events": [
        event("INVOICE", ID, "ORGANISATION"),
        event("CREDITNOTE", ID, "ORGANISATION"),
        event("SUBSCRIPTION", ID, "APPLICATION"),
        event("INVOICE", "../../etc", "ORGANISATION"),
        17,
    ], "entropy": "x"});
    let hinted = hints("xero", body.to_string().as_bytes()).expect("read");
    assert_eq!(hinted.hints.iter().map(|hint| hint.kind).collect::<Vec<_>>(), ["Invoices", "CreditNotes"]);
    assert_eq!(hinted.unread.iter().map(|flaw| flaw.pointer.as_str()).collect::<Vec<_>>(), ["/events/3", "/events/4"]);
    assert!(hints("xero", b"{}").is_err() && hints("xero", b"[]").is_err());
}

fn past(page: Option<&str>) -> VendorRequest {
    VendorRequest::Past { since: at("2019-01-01T00:00:00Z"), page: page.map(str::to_owned) }
}

#[test]
fn what_is_asked() {
    let base = "https://api.xero.com/api.xro/2.0";
    for (ask, expected) in [
        (VendorRequest::Company { page: None }, format!("{base}/Organisation")),
        (one("Invoices", ID), format!("{base}/Invoices/{ID}")),
        (objects("Invoices", &[ID]), format!("{base}/Invoices?IDs={ID}&includeArchived=true&page=1&pageSize=500")),
        (
            objects("CreditNotes", &["a", "b"]),
            format!(
                "{base}/CreditNotes?where=CreditNoteID%3D%3DGuid%28%22a%22%29+OR+CreditNoteID%3D%3DGuid%28%22b%22%29&page=1&pageSize=500"
            ),
        ),
        (changes("Invoices:2"), format!("{base}/Invoices?page=2&pageSize=500&order=InvoiceID")),
        (past(None), format!("{base}/Invoices?page=1&pageSize=500&order=InvoiceID")),
        (past(Some("Payments:3")), format!("{base}/Payments?page=3&pageSize=500&order=PaymentID")),
        (
            VendorRequest::Open { money_since: None, page: None },
            format!(
                "{base}/Invoices?where=Type%3D%3D%22ACCREC%22+AND+Status%3D%3D%22AUTHORISED%22&page=1&pageSize=500&order=InvoiceID"
            ),
        ),
    ] {
        let request = with_site(|site| books().request(site, &ask));
        assert_eq!(request.uri().to_string(), expected);
        assert_eq!(request.headers()["xero-tenant-id"], REALM);
        let since = request.headers().get("if-modified-since").and_then(|value| value.to_str().ok());
        let is_since = matches!(ask, VendorRequest::Changes { .. } | VendorRequest::Past { .. });
        assert_eq!(since, is_since.then_some("2019-01-01T00:00:00"));
    }
}

#[test]
fn recorded_invoices() {
    let page = answer(&changes("Invoices:1"), 200, fixture("invoices-list")).expect("read");
    let listed: Value = serde_json::from_str(&fixture("invoices-list")).expect("JSON");
    let ours = listed["Invoices"].as_array().expect("a list").iter().filter(|invoice| invoice["Type"] == "ACCREC").count();
    assert!(ours > 0 && page.unreadable.is_empty(), "{:?}", page.unreadable);
    assert_eq!(invoices(&page).len(), ours, "bills are left out");
    for invoice in invoices(&page) {
        let recorded = listed["Invoices"].as_array().expect("a list").iter().find(|one| one["InvoiceID"] == invoice.external_id);
        let recorded = recorded.expect("recorded");
        let due =
            recorded["AmountDue"].as_f64().map(|due| format!("{due:.2}").replace('.', "").parse::<i64>().expect("a number"));
        assert_eq!(Some(invoice.total_minor - invoice.paid_minor - invoice.credited_minor), due, "{}", invoice.number);
    }
    assert_eq!(page.next.as_deref(), Some("CreditNotes:1"));

    let page = answer(&one("Invoices", ID), 200, fixture("invoice")).expect("read");
    let invoice = invoices(&page)[0];
    assert_eq!((invoice.total_minor, invoice.paid_minor, invoice.status), (14_806_276, 14_806_276, InvoiceStatus::Open));
    assert_eq!((invoice.issued_on.to_string(), invoice.due_on.to_string()), ("2019-03-07".to_owned(), "2019-03-13".to_owned()));
    assert_eq!(page.customers.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>(), ["430fa14a-f945-44d3-9f97-5df5e28441b8"]);
}

/// A line by its id, description, quantity and amount.
type Line = (Option<String>, String, Option<String>, i64);

#[test]
fn lines_come_with_their_tax() {
    let lines = |body: &Value| -> Option<Vec<Line>> {
        let page = answer(&one("Invoices", ID), 200, body.to_string()).expect("read");
        let each = invoices(&page)[0].lines.clone()?.into_iter();
        Some(each.map(|line| (line.external_id, line.description, line.quantity, line.amount_minor)).collect())
    };
    let recorded: Value = serde_json::from_str(&fixture("invoice")).expect("JSON");
    let id = "b18f39d9-7739-4246-9288-72afe939d2d5".to_owned();
    let expected = vec![(Some(id), "Guitars Fender Strat".to_owned(), Some("1".to_owned()), 14_806_276)];
    assert_eq!(lines(&recorded), Some(expected));
    for (types, minor) in [("Exclusive", 11_500), ("Inclusive", 10_000), ("NoTax", 10_000)] {
        let mut body = recorded.clone();
        body["Invoices"][0]["LineAmountTypes"] = json!(types);
        body["Invoices"][0]["LineItems"] = json!([
            {"ItemCode": "GOLF", "LineAmount": 100.00, "TaxAmount": 15.00, "Quantity": 2.5000},
            {"Description": "A remark"},
            {"Description": "Bad", "LineAmount": "much"},
            {"LineAmount": 1.0},
        ]);
        let expected = vec![(None, "GOLF".to_owned(), Some("2.5".to_owned()), minor)];
        assert_eq!(lines(&body), Some(expected), "{types}: what does not read is left out");
    }
    let listed = answer(&changes("Invoices:1"), 200, fixture("invoices-list")).expect("read");
    assert!(
        invoices(&listed).iter().all(|invoice| invoice.lines.is_none()),
        "a summary has no lines, which says nothing of them"
    );
}

#[test]
fn recorded_money() {
    let page = answer(&changes("CreditNotes:1"), 200, fixture("creditnotes-list")).expect("read");
    let [credit] = payments(&page)[..] else { panic!("the credit of a bill is left out: {page:?}") };
    assert_eq!((credit.kind, credit.amount_minor, credit.status), (PaymentKind::CreditNote, 3_250, PaymentStatus::Received));
    let page = answer(&changes("Payments:1"), 200, fixture("payments-list")).expect("read");
    let [payment] = payments(&page)[..] else { panic!("the refund of a credit note is left out: {page:?}") };
    assert_eq!((payment.kind, payment.amount_minor, payment.allocations[0].amount_minor), (PaymentKind::Payment, 4_600, 4_600));
    assert_eq!(payment.received_on.to_string(), "2018-11-29");
}

#[test]
fn statuses() {
    for (status, due, expected, paid) in [
        ("DRAFT", 115.0, InvoiceStatus::Draft, 0),
        ("SUBMITTED", 115.0, InvoiceStatus::Draft, 0),
        ("AUTHORISED", 15.0, InvoiceStatus::Open, 10_000),
        ("PAID", 0.0, InvoiceStatus::Open, 11_500),
        ("VOIDED", 0.0, InvoiceStatus::Void, 11_500),
        ("DELETED", 0.0, InvoiceStatus::Void, 11_500),
    ] {
        let mut body: Value = serde_json::from_str(&fixture("invoice")).expect("JSON");
        let invoice = &mut body["Invoices"][0];
        invoice["Status"] = json!(status);
        invoice["Total"] = json!(115.0);
        invoice["AmountDue"] = json!(due);
        let page = answer(&one("Invoices", ID), 200, body.to_string()).expect("read");
        assert_eq!((invoices(&page)[0].status, invoices(&page)[0].paid_minor), (expected, paid), "{status}");
    }
    let mut body: Value = serde_json::from_str(&fixture("payments-list")).expect("JSON");
    body["Payments"][0]["Status"] = json!("DELETED");
    let page = answer(&changes("Payments:1"), 200, body.to_string()).expect("read");
    assert_eq!(payments(&page)[0].status, PaymentStatus::Reversed);
}

#[test]
fn recorded_contacts() {
    let page = answer(&one("Contacts", ID), 200, fixture("contact")).expect("read");
    let [customer] = customers(&page)[..] else { panic!("{page:?}") };
    assert_eq!(customer.name, "Acme Parts Co.");
    assert_eq!(customer.postal_address.as_ref().map(|address| address.line1.as_str()), Some("1234 Fake Street"));
    let people: Vec<_> =
        customer.contacts.iter().map(|person| (person.name.as_str(), person.email.as_deref(), person.phone.as_deref())).collect();
    // Its mobile number does not exist; the default one does.
    assert_eq!(
        people,
        [("Blake Kohler", Some("bk@krave.co"), Some("+16044080914")), ("Sue Johnson", Some("sue.johnson@krave.com"), None),]
    );
    let page = answer(&changes("Contacts:1"), 200, fixture("contacts-list")).expect("read");
    assert_eq!(customers(&page).iter().map(|customer| customer.country.as_deref()).collect::<Vec<_>>(), [Some("US"), Some("US")]);
    let mut body: Value = serde_json::from_str(&fixture("contact")).expect("JSON");
    body["Contacts"][0]["ContactStatus"] = json!("GDPRREQUEST");
    let page = answer(&one("Contacts", ID), 200, body.to_string()).expect("read");
    assert!(customers(&page)[0].contacts.is_empty() && customers(&page)[0].postal_address.is_none());
}

#[test]
fn the_company_and_links() {
    let page = answer(&VendorRequest::Company { page: None }, 200, fixture("organisation")).expect("read");
    let company = page.company.expect("said");
    assert_eq!((company.country.as_deref(), company.currency.map(|c| c.to_string()).as_deref()), (Some("NZ"), Some("NZD")));
    let answer = |status: u16, body: String| Response::builder().status(status).body(Bytes::from(body)).expect("valid");
    let url = "https://in.xero.com/bCWCCfytGdTXoJam9HENWlQt07G6zcDaj4gQojHu";
    assert_eq!(books().read_link(&answer(200, fixture("online-invoice"))).as_deref(), Some(url));
    assert_eq!(books().read_link(&answer(200, "{}".to_owned())), None);
    assert_eq!(books().read_link(&answer(404, fixture("online-invoice"))), None);
    let request = with_site(|site| books().link(site, ID)).expect("asked for by itself");
    assert_eq!(request.uri().path(), format!("/api.xro/2.0/Invoices/{ID}/OnlineInvoice"));
}

#[test]
fn pages_follow_one_another() {
    let mut body: Value = serde_json::from_str(&fixture("invoices-list")).expect("JSON");
    body["pagination"] = json!({"page": 1, "pageSize": 500, "pageCount": 2, "itemCount": 501});
    let next = |ask: &VendorRequest, body: &Value| answer(ask, 200, body.to_string()).expect("read").next;
    assert_eq!(next(&changes("Invoices:1"), &body).as_deref(), Some("Invoices:2"));
    assert_eq!(next(&changes("Invoices:2"), &body).as_deref(), Some("CreditNotes:1"));
    assert_eq!(next(&VendorRequest::Open { money_since: None, page: Some("Invoices:2".to_owned()) }, &body), None);
    let money_since = Some(at("2018-01-01T00:00:00Z"));
    assert_eq!(
        next(&VendorRequest::Open { money_since, page: Some("Invoices:2".to_owned()) }, &body).as_deref(),
        Some("CreditNotes:1")
    );
    assert_eq!(next(&past(Some("Invoices:2")), &body).as_deref(), Some("CreditNotes:1"));
    let empty = json!({"DateTimeUTC": "/Date(1551981658323)/", "Prepayments": []});
    assert_eq!(next(&changes("Prepayments:1"), &empty), None);
}

#[test]
fn troubles() {
    let gone = answer(&one("Invoices", ID), 404, "The resource you're looking for cannot be found").expect("an answer");
    assert!(matches!(&gone.documents[..], [Document::Withdrawn(withdrawn)] if withdrawn.why == Why::Deleted));
    assert!(matches!(answer(&changes("Invoices:1"), 404, ""), Err(Trouble::Refused(_))));
    assert_eq!(answer(&changes("Invoices:1"), 401, "{}"), Err(Trouble::Token));
    assert!(matches!(answer(&changes("Invoices:1"), 403, "{}"), Err(Trouble::Denied(_))));
    assert!(matches!(answer(&changes("Invoices:1"), 503, ""), Err(Trouble::Unavailable(_))));
    let refused = answer(
        &changes("Invoices:1"),
        400,
        json!({"ErrorNumber": 16, "Type": "QueryParseException", "Message": "No property"}).to_string(),
    );
    assert_eq!(refused, Err(Trouble::Refused("No property".to_owned())));
    for body in ["<html></html>", "", r#"{"DateTimeUTC": "/Date(1551981658323)/"}"#, r#"{"Invoices": []}"#] {
        assert!(matches!(answer(&changes("Invoices:1"), 200, body), Err(Trouble::Garbled(_))), "{body}");
    }
    let headers = |pairs: &[(&'static str, &'static str)]| {
        pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect::<HeaderMap>()
    };
    let pace = books().pace(&headers(&[("x-minlimit-remaining", "0"), ("x-daylimit-remaining", "499")]));
    assert_eq!((pace.wait, pace.scarce), (Some(Duration::from_secs(60)), true));
    let pace = books().pace(&headers(&[("x-minlimit-remaining", "59"), ("x-daylimit-remaining", "4999"), ("retry-after", "3")]));
    assert_eq!((pace.wait, pace.scarce), (Some(Duration::from_secs(3)), false));
}

#[test]
fn an_invoice_says_whether_it_left() {
    for (sent, expected) in [(json!(true), Some(true)), (json!(false), Some(false)), (Value::Null, None)] {
        let mut body: Value = serde_json::from_str(&fixture("invoices-list")).expect("JSON");
        let list = body["Invoices"].as_array_mut().expect("a list");
        list.retain(|invoice| invoice["Type"] == "ACCREC");
        list[0]["SentToContact"] = sent;
        let page = answer(&changes("Invoices:1"), 200, body.to_string()).expect("read");
        assert_eq!(invoices(&page)[0].sent_to_customer, expected);
    }
}

#[test]
fn address_fields_hold_what_people_typed() {
    let mut body: Value = serde_json::from_str(&fixture("contacts-list")).expect("JSON");
    let contact = &mut body["Contacts"][0];
    contact["FirstName"] = json!("Ann");
    contact["LastName"] = Value::Null;
    contact["EmailAddress"] = json!("Bob <a@b.example>; c@d.example");
    contact["Phones"] =
        json!([{"PhoneType": "DEFAULT", "PhoneNumber": "020 7946 0958", "PhoneAreaCode": "", "PhoneCountryCode": "44"}]);
    contact["ContactPersons"] = json!([
        {"FirstName": "Eve", "EmailAddress": "ask Bob", "IncludeInEmails": true},
        {"FirstName": "Zoe", "EmailAddress": "mailto:zoe@d.example", "IncludeInEmails": true},
    ]);
    let page = answer(&changes("Contacts:1"), 200, body.to_string()).expect("read");
    let shown: Vec<_> = customers(&page)[0]
        .contacts
        .iter()
        .map(|one| (one.external_id.as_str(), one.name.as_str(), one.email.as_deref(), one.phone.as_deref(), one.unusable.len()))
        .collect();
    assert_eq!(
        shown,
        [
            ("billing", "Ann", Some("a@b.example"), Some("+442079460958"), 0),
            ("billing-2", "", Some("c@d.example"), None, 0),
            ("person-1", "Eve", None, None, 1),
            ("person-2", "Zoe", Some("zoe@d.example"), None, 0),
        ]
    );
}
