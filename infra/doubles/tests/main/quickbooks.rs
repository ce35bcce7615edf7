//! QuickBooks Online.

use connectors::{Trouble, VendorRequest};
use domain::Document;
use doubles::{
    Change, Double, InvoiceState, QuickBooks,
    quickbooks::{Address, Company, Customer, Invoice, Payment},
};
use http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    client::{Reader, Time, agree, date, get, hear, json},
    shapes,
};

const REALM: &str = "9130347";
const ELSEWHERE: &str = "9130348";

async fn started(time: &Time) -> QuickBooks {
    let double = QuickBooks::start(time.clock()).await.expect("a port");
    double.add_company(Company::new(REALM, "Coastal Supplies"));
    double.add_company(Company { currency: "EUR".to_owned(), ..Company::new(ELSEWHERE, "Northern Goods") });
    double
}

fn bakery() -> Customer {
    let text = str::to_owned;
    Customer {
        company_name: text("Harbour Bakery LLC"),
        given_name: text("Dylan"),
        family_name: text("Sollfrank"),
        phone: text("(650) 555-3311"),
        address: Some(Address {
            line1: text("12 Ocean Dr."),
            city: text("Half Moon Bay"),
            region: text("CA"),
            postal_code: text("94019"),
            country: text("USA"),
        }),
        ..Customer::new("Harbour Bakery", "dylan@harbourbakery.example, ap@harbourbakery.example")
    }
}

fn invoice(customer: &str, total: &str) -> Invoice {
    Invoice::new(customer, total, date("2026-02-02"), date("2026-03-04"))
}

/// A story with every kind of money in it: what is open at its end is 262.07 + 275.00 + 40.00 = 577.07.
fn story(double: &QuickBooks, time: &Time) -> Vec<String> {
    let on = date("2026-02-20");
    let customer = double.add_customer(REALM, bakery());
    let ids: Vec<String> = ["362.07", "275", "80.50", "60", "99", "45"]
        .into_iter()
        .map(|total| double.add_invoice(REALM, invoice(&customer, total)))
        .collect();
    time.pass(SignedDuration::from_hours(24));
    let memo = double.credit(REALM, &customer, "95.25", date("2026-02-10"));
    let both = Payment::unapplied(&customer, "120.50", on).to(&ids[0], "100").to(&ids[2], "80.50");
    double.receive(REALM, Payment { credit_memos: vec![(memo, "80".to_owned())], ..both });
    double.receive(REALM, Payment::unapplied(&customer, "50", on));
    double.deposit(REALM, &ids[3], "20");
    let bounced = double.pay(REALM, &ids[1], "275", on);
    double.delete_payment(REALM, &bounced);
    double.void_invoice(REALM, &ids[4]);
    double.delete_invoice(REALM, &ids[5]);
    ids
}

#[tokio::test]
async fn the_connector_reads_what_is_true() {
    let time = Time::at("2026-02-19T09:00:00.250Z");
    let double = started(&time).await;
    let start = time.now();
    let ids = story(&double, &time);
    let reader = Reader::of(&double, "quickbooks", REALM).await;
    assert_eq!(reader.company.name.as_deref(), Some("Coastal Supplies"));
    assert_eq!(double.truth(REALM).open_minor("USD"), 57_707);
    agree(&reader.open(start).await, &double.truth(REALM), "USD");
    // 20.00 of the first payment, 50.00 of the second, 15.25 of the credit memo.
    let customers = double.truth(REALM).customers;
    assert_eq!(customers["1"].unapplied_minor["USD"], 8_525);
    assert_eq!(customers["1"].invoices[&ids[4]].state, InvoiceState::Void);
    assert_eq!(customers["1"].invoices[&ids[5]].state, InvoiceState::Deleted);
    assert_eq!(double.truth(ELSEWHERE).open_minor("EUR"), 0);

    let changes = reader.changes(start - SignedDuration::from_mins(5)).await;
    let withdrawn = changes.documents.iter().filter(|document| matches!(document, Document::Withdrawn(_))).count();
    assert_eq!((changes.documents.len(), withdrawn, changes.incomplete), (11, 2, false));
    let asked = VendorRequest::Objects { kind: "Invoice".to_owned(), ids: ids.clone() };
    assert_eq!(reader.all(asked).await.missing, [ids[5].clone()]);
    for id in &ids {
        let page = reader.page(&VendorRequest::One { kind: "Invoice".to_owned(), id: id.clone() }).await.expect("an answer");
        assert_eq!(matches!(page.documents[..], [Document::Withdrawn(_)]), *id == ids[5], "{id}");
    }
    assert_eq!(&reader.pdf(&ids[0]).await.body()[..5], b"%PDF-");
}

#[tokio::test]
async fn a_payment_changes_the_invoices_that_it_touches() {
    let time = Time::at("2026-02-19T09:00:00.999Z");
    let double = started(&time).await;
    let customer = double.add_customer(REALM, bakery());
    let id = double.add_invoice(REALM, invoice(&customer, "10"));
    double.notifications();
    time.pass(SignedDuration::from_secs(90));
    let payment = double.pay(REALM, &id, "4", date("2026-02-19"));
    let told: Vec<_> = double.notifications().into_iter().map(|of| (of.kind, of.id, of.change)).collect();
    assert_eq!(told, [("Payment", payment, Change::Created), ("Invoice", id.clone(), Change::Updated)]);
    let token = double.issue_tokens(REALM).access_token;
    let bearer = format!("Bearer {token}");
    let answer = get(&double, &format!("/v3/company/{REALM}/invoice/{id}"), &[("authorization", &bearer)]).await;
    let read = json(&answer);
    assert_eq!(read["Invoice"]["SyncToken"], "1");
    assert_eq!(read["Invoice"]["Balance"].to_string(), "6.0");
    assert_eq!(read["Invoice"]["MetaData"]["CreateTime"], "2026-02-19T01:00:00-08:00");
    assert_eq!(read["Invoice"]["MetaData"]["LastUpdatedTime"], "2026-02-19T01:01:30-08:00");
    assert_eq!(read["time"], "2026-02-19T01:01:30.999-08:00");
    assert_eq!(answer.headers()["date"], "Thu, 19 Feb 2026 09:01:30 GMT");
    assert!(read["Invoice"].get("InvoiceLink").is_none(), "it was not asked for");
}

#[tokio::test]
async fn objects_are_written_as_they_were_recorded() {
    let time = Time::at("2026-02-19T09:00:00Z");
    let double = started(&time).await;
    let ids = story(&double, &time);
    let bearer = format!("Bearer {}", double.issue_tokens(REALM).access_token);
    let company = format!("/v3/company/{REALM}");
    let invoice = format!("{company}/invoice/{}?include=invoiceLink", ids[2]);
    let all = "Customer,Invoice,Payment,CreditMemo";
    let cdc = format!("{company}/cdc?entities={all}&changedSince=2026-02-01T00:00:00Z&include=invoiceLink");
    let invoices = format!("{company}/query?query=select+*+from+Invoice&include=invoiceLink");
    let nothing = format!("{company}/query?query=select+*+from+Invoice+where+Id+%3D+'99'");
    let captured = ["BillAddr/Country", "LinkedTxn[]/", "PrivateNote"]
        .map(|name| format!("/CDCResponse[]/QueryResponse[]/Invoice[]/{name}"));
    let captured = captured.each_ref().map(String::as_str);
    for (path, status, file, more, without) in [
        (format!("{company}/companyinfo/{REALM}"), 200, "company-info", vec![], vec![]),
        (format!("{company}/query?query=select+*+from+Preferences"), 200, "preferences", vec![], vec![]),
        (format!("{company}/customer/1"), 200, "customer", vec![], vec![]),
        (invoice, 200, "invoice", vec!["/Invoice/BillAddr/Country", "/Invoice/LinkedTxn[]/"], vec![]),
        (format!("{company}/payment/8"), 200, "payment", vec![], vec![]),
        (format!("{company}/creditmemo/7"), 200, "credit-memo", vec![], vec![]),
        (invoices, 200, "query-invoices", vec!["/QueryResponse/Invoice[]/BillAddr/Country"], vec![]),
        (nothing, 200, "query-nothing", vec![], vec![]),
        (cdc, 200, "cdc", captured.to_vec(), vec![]),
        (format!("{company}/invoice/99"), 400, "fault-not-found", vec![], vec![]),
    ] {
        let answer = get(&double, &path, &[("authorization", &bearer)]).await;
        assert_eq!(answer.status().as_u16(), status, "{path}");
        let recorded = shapes::recorded(&[&format!("quickbooks/answers/{file}")]);
        shapes::check(&json(&answer), &recorded, &more, &without);
    }
    let token = get(&double, &format!("{company}/customer/1"), &[("authorization", "Bearer no")]).await;
    assert_eq!(token.status(), StatusCode::UNAUTHORIZED);
    shapes::check(&json(&token), &shapes::recorded(&["quickbooks/answers/fault-token"]), &[], &[]);
}

#[tokio::test]
async fn capture_lists_a_thousand_and_queries_page() {
    let time = Time::at("2026-02-19T09:00:00Z");
    let double = started(&time).await;
    let customer = double.add_customer(REALM, bakery());
    for _ in 0..1_205 {
        double.add_invoice(REALM, invoice(&customer, "1"));
    }
    let first = double.truth(REALM).customers[&customer].invoices.keys().next().cloned().expect("an invoice");
    time.pass(SignedDuration::from_secs(1));
    double.delete_invoice(REALM, &first);
    let reader = Reader::of(&double, "quickbooks", REALM).await;
    let changes = reader.changes("2026-02-19T08:00:00Z".parse().expect("an instant")).await;
    assert!(changes.incomplete);
    let withdrawn = changes.documents.iter().filter(|document| matches!(document, Document::Withdrawn(_))).count();
    // What was deleted is listed last, past the thousandth.
    assert_eq!(withdrawn, 0);
    let open = reader.open(time.now()).await;
    assert_eq!(open.documents.len(), 1_204);
    agree(&open, &double.truth(REALM), "USD");
    // Two pages of what changed, five of what is open.
    assert_eq!(double.calls()["query Invoice"], 7);
    assert_eq!(double.calls()["cdc"], 5);

    let bearer = format!("Bearer {}", double.issue_tokens(REALM).access_token);
    for (since, status) in [("2026-01-20T09:00:02Z", 200), ("2026-01-20T09:00:00Z", 400), ("soon", 400)] {
        let path = format!("/v3/company/{REALM}/cdc?entities=Invoice&changedSince={since}");
        assert_eq!(get(&double, &path, &[("authorization", &bearer)]).await.status().as_u16(), status, "{since}");
    }
}

#[tokio::test]
async fn a_merge_moves_everything_and_leaves_an_inactive_name() {
    let time = Time::at("2026-02-19T09:00:00Z");
    let double = started(&time).await;
    let (from, into) = (double.add_customer(REALM, bakery()), double.add_customer(REALM, Customer::new("Bakery", "a@b.example")));
    double.add_invoice(REALM, invoice(&from, "10"));
    double.notifications();
    double.merge_customers(REALM, &from, &into);
    let told = double.notifications();
    let merge = told.last().expect("a notification");
    assert_eq!((merge.id.as_str(), merge.change, &merge.data), (into.as_str(), Change::Merged, &json!({ "deletedId": from })));
    let truth = double.truth(REALM);
    assert_eq!((truth.customers[&into].invoices.len(), truth.customers[&from].invoices.len()), (1, 0));
    let reader = Reader::of(&double, "quickbooks", REALM).await;
    let asked = VendorRequest::Objects { kind: "Customer".to_owned(), ids: vec![from.clone(), into] };
    assert_eq!(reader.all(asked).await.missing, std::slice::from_ref(&from), "inactive names are not found by default");
    assert!(reader.page(&VendorRequest::One { kind: "Customer".to_owned(), id: from }).await.is_ok());
}

#[tokio::test]
async fn one_webhook_carries_several_companies() {
    let time = Time::at("2026-02-19T09:00:00Z");
    let double = started(&time).await;
    for realm in [REALM, ELSEWHERE] {
        let customer = double.add_customer(realm, bakery());
        double.add_invoice(realm, invoice(&customer, "10"));
        double.note_bill(realm);
    }
    let told = double.notifications();
    for (delivery, hints) in [(double.delivery(&told), 4), (double.legacy_delivery(&told), 4)] {
        assert_eq!(hear("quickbooks", "another", &delivery, time.now()), Err(401));
        let read = hear("quickbooks", &double.app().webhook_secret, &delivery, time.now()).expect("hints");
        assert_eq!((read.hints.len(), read.unread.len()), (hints, 0));
        assert_eq!((read.hints[0].realm.as_str(), read.hints[3].realm.as_str()), (REALM, ELSEWHERE));
        let events: std::collections::BTreeSet<_> = read.hints.iter().map(|hint| &hint.event).collect();
        assert_eq!(events.len(), hints, "events differ though the clock stands still");
    }
    assert!(double.notifications().is_empty());
    let recorded = shapes::recorded(&["quickbooks/webhook-cloudevents"]);
    shapes::check(&serde_json::from_slice(&double.delivery(&told).body).expect("JSON"), &recorded, &[], &[]);
    let recorded = shapes::recorded(&["quickbooks/webhook-legacy"]);
    shapes::check(&serde_json::from_slice(&double.legacy_delivery(&told).body).expect("JSON"), &recorded, &[], &[]);
}

#[tokio::test]
async fn a_company_answers_five_hundred_times_a_minute() {
    let time = Time::at("2026-02-19T09:00:00Z");
    let double = started(&time).await;
    let reader = Reader::of(&double, "quickbooks", REALM).await;
    let other = Reader::of(&double, "quickbooks", ELSEWHERE).await;
    let ask = VendorRequest::Company { page: None };
    for _ in 2..500 {
        assert!(reader.page(&ask).await.is_ok());
    }
    assert_eq!(reader.page(&ask).await, Err(Trouble::Limited(None)));
    assert!(other.page(&ask).await.is_ok(), "each company by itself");
    time.pass(SignedDuration::from_secs(59));
    assert!(reader.page(&ask).await.is_err());
    time.pass(SignedDuration::from_secs(1));
    assert!(reader.page(&ask).await.is_ok());
    double.limit(Some(1));
    assert!(reader.page(&ask).await.is_err());
    let path = format!("/v3/company/{REALM}/companyinfo/{REALM}");
    let refused = get(&double, &path, &[("authorization", &format!("Bearer {}", reader.token))]).await;
    shapes::check(&json(&refused), &shapes::recorded(&["quickbooks/answers/fault-throttled"]), &[], &[]);
    double.limit(None);
    assert!(reader.page(&ask).await.is_ok());
}
