//! Payments that are written into books: the exact requests, and what the answers say.

mod common;

use bytes::Bytes;
use common::tenant;
use connectors::{
    AccountingApi, Company, Page, PaymentEntries, Site, Trouble, VendorRequest, accounting_api_of, customer_id, invoice_id,
};
use domain::{BooksPart, BooksPayment, Currency, Document, Payment, PaymentId};
use http::{Method, Request, Response};
use serde_json::{Value, json};

const REALM: &str = "9130347596842384";
const XERO_INVOICE: &str = "4a8d4e34-5b2f-4a0c-9b5a-6a2f3f5b8a10";

fn books(source: &str) -> &'static dyn AccountingApi {
    accounting_api_of(source).expect("read back")
}

fn company() -> Company {
    Company { name: None, country: Some("US".to_owned()), currency: Some(Currency::USD) }
}

fn reference() -> PaymentId {
    PaymentId::of_basket(&["b"])
}

/// A payment of two invoices of a source.
fn payment(source: &str, ids: &[(&str, i64)]) -> BooksPayment {
    let part = |(id, amount_minor): &(&str, i64)| BooksPart {
        invoice: invoice_id(&tenant(), source, REALM, id),
        external_id: (*id).to_owned(),
        number: format!("F-{id}"),
        amount_minor: *amount_minor,
    };
    BooksPayment {
        reference: reference(),
        customer: "58".to_owned(),
        currency: Currency::USD,
        received_on: "2026-02-05".parse().expect("a date"),
        account: Some("35".to_owned()),
        parts: ids.iter().map(part).collect(),
        round: 0,
    }
}

fn write(payment: BooksPayment) -> VendorRequest {
    VendorRequest::WritePayment { payment }
}

fn find() -> VendorRequest {
    VendorRequest::FindPayment { reference: reference(), page: None }
}

fn asked(source: &str, ask: &VendorRequest) -> Request<Bytes> {
    let (tenant, company) = (tenant(), company());
    books(source).request(&Site { tenant: &tenant, realm: REALM, company: &company, base: None }, ask)
}

fn answered(source: &str, ask: &VendorRequest, status: u16, body: &Value) -> Result<Page, Trouble> {
    let (tenant, company) = (tenant(), company());
    let site = Site { tenant: &tenant, realm: REALM, company: &company, base: None };
    books(source).read(&site, ask, &Response::builder().status(status).body(body.to_string().into()).expect("valid"))
}

fn payments(page: &Page) -> Vec<&Payment> {
    page.documents
        .iter()
        .filter_map(|document| if let Document::Payment { payment, .. } = document { Some(payment) } else { None })
        .collect()
}

fn text(request: &Request<Bytes>) -> &str {
    std::str::from_utf8(request.body()).expect("text")
}

#[test]
fn every_vendor_that_takes_payments_is_asked_by_the_reference_and_tells_repeats_by_it() {
    for (source, entries, account_required) in
        [("quickbooks", PaymentEntries::One, false), ("xero", PaymentEntries::PerInvoice, true)]
    {
        let writing = books(source).writing().expect("it takes payments");
        assert_eq!((writing.entries, writing.account_required), (entries, account_required));
        let reads = books(source).access().scopes;
        let less = writing.scopes.replace("accounting.payments ", "accounting.payments.read ");
        assert_eq!(less, reads, "{source}: nothing but payments may be written");
        let one = payment(source, &[(XERO_INVOICE, 100)]);
        let (first, again) = (asked(source, &write(one.clone())), asked(source, &write(one)));
        let whole = |request: &Request<Bytes>| {
            (request.method().clone(), request.uri().clone(), format!("{:?}", request.headers()), request.body().clone())
        };
        assert_eq!(whole(&first), whole(&again), "{source}: a repeat is the same request");
        assert_ne!(first.method(), Method::GET);
        let told_by = format!("{} {:?}", first.uri(), first.headers());
        assert!(told_by.contains(reference().as_str()), "{source}: {told_by}");
        let found = asked(source, &find());
        assert!(found.method() == Method::GET && found.uri().to_string().contains(reference().as_str()), "{source}");
    }
    assert_eq!(reference().as_str().len(), 20, "QuickBooks keeps 21 characters");
}

#[test]
fn quickbooks_is_sent_one_payment_with_a_line_for_each_invoice() {
    let reference = reference();
    let request = asked("quickbooks", &write(payment("quickbooks", &[("130", 125_000), ("131", 705)])));
    let base = format!("https://quickbooks.api.intuit.com/v3/company/{REALM}");
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.uri().to_string(), format!("{base}/payment?requestid={reference}&minorversion=75"));
    assert_eq!(request.headers()["content-type"], "application/json");
    let line = |amount: &str, id: &str| {
        format!("{{\"Amount\":{amount},\"LinkedTxn\":[{{\"TxnId\":\"{id}\",\"TxnType\":\"Invoice\"}}]}}")
    };
    let expected = format!(
        "{{\"CustomerRef\":{{\"value\":\"58\"}},\"TxnDate\":\"2026-02-05\",\"TotalAmt\":1257.05,\"PaymentRefNum\":\"{reference}\",\
         \"PrivateNote\":\"Dunlin payment {reference}\",\"DepositToAccountRef\":{{\"value\":\"35\"}},\"Line\":[{},{}]}}",
        line("1250.00", "130"),
        line("7.05", "131")
    );
    assert_eq!(text(&request), expected);

    // Another currency than the company's is named; no account is the vendor's own choice.
    let foreign = BooksPayment { currency: Currency::EUR, account: None, ..payment("quickbooks", &[("130", 125_000)]) };
    let body: Value = serde_json::from_slice(asked("quickbooks", &write(foreign)).body()).expect("JSON");
    assert_eq!((&body["CurrencyRef"]["value"], body.get("DepositToAccountRef")), (&json!("EUR"), None));

    let query = asked("quickbooks", &find()).uri().to_string();
    let expected = format!("select+*+from+Payment+where+PaymentRefNum+%3D+%27{reference}%27+maxresults+1000");
    assert!(query.contains(&format!("/query?query={expected}&")), "{query}");
}

/// A payment as QuickBooks answers it.
fn quickbooks_payment() -> Value {
    json!({
        "Id": "163", "SyncToken": "0", "MetaData": {"LastUpdatedTime": "2026-02-05T08:00:00-08:00"}, "TotalAmt": 1257.05, "UnappliedAmt": 0,
        "CustomerRef": {"value": "58"}, "CurrencyRef": {"value": "USD"}, "TxnDate": "2026-02-05", "PaymentRefNum": reference(),
        "Line": [{"Amount": 1250.0, "LinkedTxn": [{"TxnId": "130", "TxnType": "Invoice"}]},
                 {"Amount": 7.05, "LinkedTxn": [{"TxnId": "131", "TxnType": "Invoice"}]}],
    })
}

#[test]
fn quickbooks_answers_with_the_entry_or_says_why_not() {
    let ask = write(payment("quickbooks", &[("130", 125_000), ("131", 705)]));
    let time = "2026-02-05T08:00:01.000-08:00";
    let found = json!({"QueryResponse": {"Payment": [quickbooks_payment()], "maxResults": 1}, "time": time});
    for (ask, body) in [(&ask, json!({"Payment": quickbooks_payment(), "time": time})), (&find(), found)] {
        let page = answered("quickbooks", ask, 200, &body).expect("an entry");
        let entry = payments(&page)[0];
        assert_eq!((entry.reference.as_deref(), entry.amount_minor), (Some(reference().as_str()), 125_705));
        let invoices: Vec<_> = entry.allocations.iter().map(|part| part.invoice.clone()).collect();
        assert_eq!(invoices, ["130", "131"].map(|id| invoice_id(&tenant(), "quickbooks", REALM, id)));
        assert_eq!(page.customers[0].0, customer_id(&tenant(), "quickbooks", REALM, "58"));
    }
    let none = answered("quickbooks", &find(), 200, &json!({"QueryResponse": {}, "time": time})).expect("nothing");
    assert_eq!((payments(&none).len(), none.next), (0, None));

    let detail = "The account period has closed and the account books cannot be updated through the QBO Services API.";
    let error = json!({"Message": "Account Period Closed, Cannot Update Through Services", "Detail": detail, "code": "6210"});
    let fault = json!({"Fault": {"Error": [error], "type": "ValidationFault"}, "time": time});
    let Err(Trouble::Refused(why)) = answered("quickbooks", &ask, 400, &fault) else { panic!("it is refused") };
    assert!(why.contains("6210") && why.contains("cannot be updated"), "{why}");
    assert!(matches!(answered("quickbooks", &ask, 200, &json!({"time": time})), Err(Trouble::Garbled(_))), "no word of an entry");
}

#[test]
fn xero_is_sent_a_payment_of_one_invoice() {
    let reference = reference();
    let request = asked("xero", &write(payment("xero", &[(XERO_INVOICE, 125_000)])));
    assert_eq!(
        (request.method(), request.uri().to_string().as_str()),
        (&Method::PUT, "https://api.xero.com/api.xro/2.0/Payments")
    );
    let header = |name: &str| request.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("idempotency-key"), format!("{reference}:{XERO_INVOICE}"));
    assert!(header("idempotency-key").len() <= 128);
    assert_eq!((header("xero-tenant-id"), header("content-type")), (REALM.to_owned(), "application/json".to_owned()));
    let expected = format!(
        "{{\"Payments\":[{{\"Invoice\":{{\"InvoiceID\":\"{XERO_INVOICE}\"}},\"Account\":{{\"Code\":\"35\"}},\"Date\":\"2026-02-05\",\
         \"Amount\":1250.00,\"Reference\":\"{reference}\"}}]}}"
    );
    assert_eq!(text(&request), expected);
    let query = asked("xero", &find()).uri().to_string();
    let expected = format!("/Payments?where=Reference%3D%3D%22{reference}%22&page=1&pageSize=500&order=PaymentID");
    assert!(query.ends_with(&expected), "{query}");
}

/// A payment as Xero answers it.
fn xero_payment(more: Value) -> Value {
    let mut payment = json!({
        "PaymentID": "61c73f91-6f0a-4f0b-8f0a-2d5c5a4f9f01", "Date": "/Date(1770249600000+0000)/", "Amount": 1250.0, "Reference": reference(),
        "PaymentType": "ACCRECPAYMENT", "Status": "AUTHORISED", "UpdatedDateUTC": "/Date(1770307200000+0000)/",
        "Account": {"Code": "35"},
        "Invoice": {"Type": "ACCREC", "InvoiceID": XERO_INVOICE, "CurrencyCode": "USD", "Contact": {"ContactID": "58", "Name": "A"}},
    });
    if let (Some(payment), Value::Object(more)) = (payment.as_object_mut(), more) {
        payment.extend(more);
    }
    payment
}

#[test]
fn xero_answers_with_the_entry_or_says_why_not_also_with_a_200() {
    let ask = write(payment("xero", &[(XERO_INVOICE, 125_000)]));
    let body = |payment: Value| json!({"Status": "OK", "DateTimeUTC": "/Date(1770307201000)/", "Payments": [payment]});
    for ask in [&ask, &find()] {
        let page = answered("xero", ask, 200, &body(xero_payment(json!({"HasValidationErrors": false})))).expect("an entry");
        let entry = payments(&page)[0];
        assert_eq!((entry.reference.as_deref(), entry.amount_minor), (Some(reference().as_str()), 125_000));
        assert_eq!(entry.allocations[0].invoice, invoice_id(&tenant(), "xero", REALM, XERO_INVOICE));
    }
    let deleted = answered("xero", &find(), 200, &body(xero_payment(json!({"Status": "DELETED"})))).expect("an entry");
    assert!(!payments(&deleted)[0].status.counts(), "what was deleted is not in the books");

    let exceeds = "Payment amount exceeds the amount outstanding on this document";
    let errors = json!([{"Message": exceeds}]);
    let flawed = xero_payment(json!({"HasValidationErrors": true, "ValidationErrors": errors}));
    let refused = json!({
        "ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred", "Elements": [{"ValidationErrors": errors}],
    });
    for (status, body) in [(200, body(flawed)), (400, refused)] {
        assert_eq!(answered("xero", &ask, status, &body), Err(Trouble::Refused(exceeds.to_owned())), "{status}");
    }
    let silent = body(xero_payment(json!({"HasValidationErrors": true})));
    assert!(matches!(answered("xero", &ask, 200, &silent), Err(Trouble::Refused(_))));
    assert!(matches!(answered("xero", &ask, 503, &json!({})), Err(Trouble::Unavailable(_))), "nobody knows");
}
