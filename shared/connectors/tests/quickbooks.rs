//! QuickBooks Online: what its notifications point at, what is asked, and what the answers say.

mod common;

use std::{fs, time::Duration};

use bytes::Bytes;
use common::{hints, tenant};
use connectors::{AccountingApi, Company, Page, Site, Trouble, VendorRequest, accounting_api_of};
use domain::{
    Currency, Customer, CustomerKind, Document, Invoice, InvoiceStatus, Payment, PaymentKind,
    document::{ObjectId, Why},
};
use http::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

const REALM: &str = "9130347596842384";

fn books() -> &'static dyn AccountingApi {
    accounting_api_of("quickbooks").expect("read back")
}

fn company() -> Company {
    Company { name: None, country: Some("US".to_owned()), currency: Some(Currency::USD) }
}

fn fixture(name: &str) -> String {
    let path = format!("{}/fixtures/quickbooks/{name}.json", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(path).expect("the fixture")
}

fn answer(ask: &VendorRequest, status: u16, body: impl Into<Bytes>) -> Result<Page, Trouble> {
    let (tenant, company) = (tenant(), company());
    let site = Site { tenant: &tenant, realm: REALM, company: &company, base: None };
    let answer = Response::builder().status(status).body(body.into()).expect("valid");
    books().read(&site, ask, &answer)
}

fn url(ask: &VendorRequest) -> String {
    let (tenant, company) = (tenant(), company());
    let site = Site { tenant: &tenant, realm: REALM, company: &company, base: None };
    let request = books().request(&site, ask);
    assert_eq!(request.method(), "GET");
    request
        .uri()
        .to_string()
        .replace('+', " ")
        .replace("%27", "'")
        .replace("%2C", ",")
        .replace("%3A", ":")
        .replace("%3E", ">")
        .replace("%3D", "=")
        .replace("%28", "(")
        .replace("%29", ")")
        .replace("%2A", "*")
}

fn objects(kind: &str, ids: &[&str]) -> VendorRequest {
    VendorRequest::Objects { kind: kind.to_owned(), ids: ids.iter().map(|id| (*id).to_owned()).collect() }
}

fn one(kind: &str, id: &str) -> VendorRequest {
    VendorRequest::One { kind: kind.to_owned(), id: id.to_owned() }
}

fn changes(page: Option<&str>) -> VendorRequest {
    VendorRequest::Changes { since: at("2026-02-19T00:00:00Z"), page: page.map(str::to_owned) }
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

fn customer(page: &Page) -> &Customer {
    let found = page
        .documents
        .iter()
        .find_map(|document| if let Document::Customer(customer) = document { Some(customer) } else { None });
    found.expect("a customer")
}

#[test]
fn both_forms_of_notification_point_at_the_same() {
    let element = |kind: &str, id: &str, realm: &str| {
        json!({"specversion": "1.0", "id": format!("evt-{id}"), "source": "intuit.x=", "type": kind, "datacontenttype": "application/json",
            "time": "2026-02-20T16:31:00.179851517Z", "intuitentityid": id, "intuitaccountid": realm, "data": {}})
    };
    let body = json!([
        element("qbo.invoice.updated.v1", "130", "1"),
        element("qbo.Payment.Created.v1", "140", "2"),
        element("QBO.CREDITMEMO.VOIDED.V1", "150", "1"),
        element("qbo.account.created.v1", "7", "1"),
        element("something.else", "8", "1"),
        {"type": "qbo.invoice.updated.v1", "intuitentityid": "9", "id": "evt-9"},
        "rubbish",
    ]);
    let hinted = hints("quickbooks", body.to_string().as_bytes()).expect("read");
    let seen: Vec<_> =
        hinted.hints.iter().map(|hint| (hint.realm.as_str(), hint.kind, hint.id.as_str(), hint.event.as_str())).collect();
    assert_eq!(
        seen,
        [("1", "Invoice", "130", "evt-130"), ("2", "Payment", "140", "evt-140"), ("1", "CreditMemo", "150", "evt-150")]
    );
    assert_eq!(hinted.hints[0].at, Some(at("2026-02-20T16:31:00.179851517Z")));
    let unread: Vec<_> = hinted.unread.iter().map(|flaw| flaw.pointer.as_str()).collect();
    assert_eq!(unread, ["/5", "/6"], "half-valid arrays keep their good half");

    let published = hints("quickbooks", fixture("webhook-cloudevents").as_bytes()).expect("read");
    assert_eq!((published.hints.len(), published.unread.len()), (0, 0), "an account is not ours");
    let legacy = hints("quickbooks", fixture("webhook-legacy").as_bytes()).expect("read");
    let hint = &legacy.hints[0];
    assert_eq!((hint.realm.as_str(), hint.kind, hint.id.as_str()), ("1185883450", "Customer", "1"));
    assert_eq!(hint.at, Some(at("2015-10-05T14:42:19-07:00")));
    for body in ["null", "3", "{}", r#"{"eventNotifications": 1}"#] {
        assert!(hints("quickbooks", body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn what_is_asked() {
    let base = format!("https://quickbooks.api.intuit.com/v3/company/{REALM}");
    let money_since = Some(at("2024-03-01T00:00:00Z"));
    for (ask, expected) in [
        (VendorRequest::Company { page: None }, format!("{base}/companyinfo/{REALM}?minorversion=75")),
        (one("CreditMemo", "150"), format!("{base}/creditmemo/150?include=invoiceLink&minorversion=75")),
        (
            objects("Invoice", &["1", "2"]),
            format!(
                "{base}/query?query=select * from Invoice where Id in ('1', '2') maxresults 1000&include=invoiceLink&minorversion=75"
            ),
        ),
        (
            changes(None),
            format!(
                "{base}/cdc?entities=Customer,Invoice,Payment,CreditMemo&changedSince=2026-02-19T00:00:00Z&include=invoiceLink&minorversion=75"
            ),
        ),
        (
            changes(Some("queried:Invoice:1001")),
            format!(
                "{base}/query?query=select * from Invoice where MetaData.LastUpdatedTime >= '2026-02-19T00:00:00Z' orderby Id startposition 1001 maxresults 1000&include=invoiceLink&minorversion=75"
            ),
        ),
        (
            VendorRequest::Open { money_since: None, page: None },
            format!(
                "{base}/query?query=select * from Invoice where Balance > '0' orderby Id startposition 1 maxresults 250&include=invoiceLink&minorversion=75"
            ),
        ),
        (
            VendorRequest::Open { money_since, page: Some("queried:Payment:1".to_owned()) },
            format!(
                "{base}/query?query=select * from Payment where MetaData.LastUpdatedTime >= '2024-03-01T00:00:00Z' orderby Id startposition 1 maxresults 250&include=invoiceLink&minorversion=75"
            ),
        ),
        (
            VendorRequest::Past { since: at("2024-03-01T00:00:00Z"), page: None },
            format!(
                "{base}/query?query=select * from Invoice where MetaData.LastUpdatedTime >= '2024-03-01T00:00:00Z' orderby Id startposition 1 maxresults 250&include=invoiceLink&minorversion=75"
            ),
        ),
    ] {
        assert_eq!(url(&ask), expected);
    }
}

#[test]
fn invoices_have_no_status_of_their_own() {
    let page =
        answer(&objects("Invoice", &["130", "131", "132", "133", "134"]), 200, fixture("answers/query-invoices")).expect("read");
    let read: Vec<_> = invoices(&page)
        .iter()
        .map(|invoice| (invoice.number.as_str(), invoice.status, invoice.total_minor, invoice.paid_minor))
        .collect();
    assert_eq!(
        read,
        [
            ("1070", InvoiceStatus::Open, 36_207, 10_000),
            ("1071", InvoiceStatus::Open, 27_500, 0),
            ("1072", InvoiceStatus::Void, 0, 0),
            ("1073", InvoiceStatus::Open, 8_050, 8_050),
        ]
    );
    let first = invoices(&page)[0];
    assert_eq!((first.issued_on.to_string().as_str(), first.due_on.to_string().as_str()), ("2026-02-02", "2026-03-04"));
    assert_eq!(first.url.as_deref(), Some("https://connect.intuit.com/t/scs-v1-0123456789abcdef"));
    assert_eq!(page.missing, ["134"], "what is not answered is asked for by itself, not taken for deleted");
    assert_eq!(page.customers.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>(), ["24"]);
}

/// A line by its id, description, quantity and amount.
type Line = (Option<String>, String, Option<String>, i64);

#[test]
fn lines_are_what_was_sold() {
    let lines = |invoice: &Invoice| -> Option<Vec<Line>> {
        let each = invoice.lines.clone()?.into_iter();
        Some(each.map(|line| (line.external_id, line.description, line.quantity, line.amount_minor)).collect())
    };
    let page = answer(&objects("Invoice", &["130", "132"]), 200, fixture("answers/query-invoices")).expect("read");
    let of = |number: &str| invoices(&page).into_iter().find(|invoice| invoice.number == number).map(lines).expect("the invoice");
    assert_eq!(of("1070"), Some(vec![(Some("1".to_owned()), "Services".to_owned(), None, 36_207)]), "and no subtotal");
    assert_eq!(of("1072"), None, "a void invoice has none, which says nothing of lines");

    let mut body: Value = serde_json::from_str(&fixture("answers/query-invoices")).expect("JSON");
    let long = "x".repeat(4_000);
    body["QueryResponse"]["Invoice"] = json!([body["QueryResponse"]["Invoice"][0].clone()]);
    body["QueryResponse"]["Invoice"][0]["Line"] = json!([
        {"Id": "1", "Description": "Design\nwork", "Amount": 100.5, "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"Qty": 1.50, "TaxInclusiveAmt": 120.6}},
        {"Id": "2", "Description": "A bundle", "Amount": 80, "DetailType": "GroupLineDetail", "GroupLineDetail": {"Quantity": 2}},
        {"Id": "3", "Description": long, "Amount": 1, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}},
        {"Id": "4", "Amount": 1, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}},
        {"Id": "5", "Description": "Bad", "Amount": "much", "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}},
        {"Id": "6", "Description": "A remark", "DetailType": "DescriptionOnly", "DescriptionLineDetail": {}},
        {"Amount": 10, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": false}},
        {"Amount": 181.5, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
    ]);
    let page = answer(&objects("Invoice", &["130"]), 200, body.to_string()).expect("read");
    let read = lines(invoices(&page)[0]).expect("lines");
    let texts: Vec<_> =
        read.iter().map(|(id, words, count, minor)| (id.as_deref(), words.len(), count.as_deref(), *minor)).collect();
    // The third is shortened to 200 characters, of which the last takes three bytes.
    let expected = [(Some("1"), 11, Some("1.5"), 12_060), (Some("2"), 8, Some("2"), 8_000), (Some("3"), 202, None, 100)];
    assert_eq!(texts, expected, "what does not read is left out");
}

#[test]
fn money_is_counted_once() {
    let page = answer(&one("Payment", "140"), 200, fixture("answers/payment")).expect("read");
    let payment = payments(&page)[0];
    let allocated: Vec<i64> = payment.allocations.iter().map(|allocation| allocation.amount_minor).collect();
    assert_eq!((payment.kind, payment.amount_minor, allocated), (PaymentKind::Payment, 20_050, vec![10_000, 8_050]));
    let page = answer(&one("CreditMemo", "150"), 200, fixture("answers/credit-memo")).expect("read");
    let credit = payments(&page)[0];
    assert_eq!((credit.kind, credit.amount_minor, credit.allocations.len()), (PaymentKind::CreditNote, 1_525, 0));
    assert_ne!(payment.id, credit.id);

    let mut body: Value = serde_json::from_str(&fixture("answers/cdc")).expect("JSON");
    let found = body["CDCResponse"][0]["QueryResponse"][2]["Payment"].clone();
    body = json!({"QueryResponse": {"Payment": found.as_array().expect("a list")[..2]}, "time": body["time"]});
    let ask = VendorRequest::Open { money_since: Some(at("2024-03-01T00:00:00Z")), page: Some("queried:Payment:1".to_owned()) };
    let page = answer(&ask, 200, body.to_string()).expect("read");
    assert_eq!(payments(&page).iter().map(|payment| payment.external_id.as_str()).collect::<Vec<_>>(), ["140", "141"]);
}

#[test]
fn customers_and_whom_to_write_to() {
    let page = answer(&one("Customer", "24"), 200, fixture("answers/customer")).expect("read");
    let customer = customer(&page);
    assert_eq!((customer.name.as_str(), customer.kind), ("Harbour Bakery", Some(CustomerKind::Company)));
    assert_eq!((customer.country.as_deref(), customer.region.as_deref()), (Some("US"), Some("CA")));
    let people: Vec<_> = customer
        .contacts
        .iter()
        .map(|contact| (contact.name.as_str(), contact.email.as_deref().unwrap_or_default(), contact.phone.as_deref()))
        .collect();
    assert_eq!(
        people,
        [("Dylan Sollfrank", "dylan@harbourbakery.example", Some("+16505553311")), ("", "ap@harbourbakery.example", None),]
    );
}

#[test]
fn changes_come_at_once_and_deletions_with_them() {
    let page = answer(&changes(None), 200, fixture("answers/cdc")).expect("read");
    assert_eq!((invoices(&page).len(), payments(&page).len(), page.next.as_deref()), (1, 3, None));
    let gone: Vec<_> =
        page.documents
            .iter()
            .filter_map(|document| {
                if let Document::Withdrawn(withdrawn) = document { Some((&withdrawn.object, withdrawn.why)) } else { None }
            })
            .collect();
    assert!(matches!(gone[..], [(ObjectId::Invoice(_), Why::Deleted), (ObjectId::Payment(_), Why::Deleted)]), "{gone:?}");
}

#[test]
fn a_full_list_is_read_kind_by_kind_and_then_by_query() {
    let body = |kind: &str, count: usize| {
        let one: Value = serde_json::from_str(&fixture("answers/invoice")).expect("JSON");
        let many: Vec<Value> = (0..count)
            .map(|index| {
                let mut invoice = one["Invoice"].clone();
                invoice["Id"] = json!(index.to_string());
                invoice
            })
            .collect();
        (
            json!({"CDCResponse": [{"QueryResponse": [{kind: many}]}], "time": one["time"]}).to_string(),
            json!({"QueryResponse": {kind: many}, "time": one["time"]}).to_string(),
        )
    };
    let step = |page: Option<&str>, body: String| {
        let page = answer(&changes(page), 200, body).expect("read");
        (page.next, page.incomplete, page.documents.len())
    };
    let name = |text: &str| Some(text.to_owned());
    assert_eq!(step(None, body("Invoice", 999).0), (None, false, 999));
    assert_eq!(step(None, body("Invoice", 1_000).0), (name("captured:Customer"), false, 1_000));
    assert_eq!(step(Some("captured:Customer"), body("Invoice", 0).0), (name("captured:Invoice"), false, 0));
    assert_eq!(step(Some("captured:Invoice"), body("Invoice", 1_000).0), (name("queried:Invoice:1"), true, 1_000));
    assert_eq!(step(Some("queried:Invoice:1"), body("Invoice", 1_000).1), (name("queried:Invoice:1001"), false, 1_000));
    assert_eq!(step(Some("queried:Invoice:1001"), body("Invoice", 3).1), (name("captured:Payment"), false, 3));
    assert_eq!(step(Some("captured:CreditMemo"), body("Invoice", 0).0), (None, false, 0));
}

#[test]
fn what_cannot_be_read_is_said_and_not_chased() {
    let with = |field: &str, value: Value| {
        let mut body: Value = serde_json::from_str(&fixture("answers/query-invoices")).expect("JSON");
        body["QueryResponse"]["Invoice"][1][field] = value;
        answer(&objects("Invoice", &["130", "131", "132", "133"]), 200, body.to_string()).expect("the others read")
    };
    for (field, value, said) in [
        ("CurrencyRef", json!({"value": "XXX"}), "/CurrencyRef/value"),
        ("TxnDate", json!("2026-02-30"), "/TxnDate"),
        ("DueDate", json!("soon"), "/DueDate"),
        ("TotalAmt", json!("a lot"), "/TotalAmt"),
        ("TotalAmt", json!(-5), "/TotalAmt"),
        ("Balance", json!(10.005), "/Balance"),
        ("Balance", Value::Null, "/Balance"),
        ("CustomerRef", Value::Null, "/CustomerRef"),
        ("MetaData", Value::Null, "/MetaData"),
    ] {
        let page = with(field, value.clone());
        assert_eq!(invoices(&page).len(), 3, "{field} {value}");
        let [unreadable] = &page.unreadable[..] else { panic!("{field} {value}: {:?}", page.unreadable) };
        assert_eq!((unreadable.kind, unreadable.id.as_str()), ("Invoice", "131"));
        assert!(unreadable.detail.contains(said), "{}", unreadable.detail);
        let withdrawn = page
            .documents
            .iter()
            .any(|document| matches!(document, Document::Withdrawn(withdrawn) if withdrawn.why == Why::Unreadable));
        assert!(withdrawn, "{field}: the invoice must not be chased as it was");
    }
}

#[test]
fn the_company() {
    let first = answer(&VendorRequest::Company { page: None }, 200, fixture("answers/company-info")).expect("read");
    assert_eq!(first.next.as_deref(), Some("preferences"));
    let second = answer(&VendorRequest::Company { page: first.next.clone() }, 200, fixture("answers/preferences")).expect("read");
    let mut company = Company::default();
    company.learn(first.company.expect("said"));
    company.learn(second.company.expect("said"));
    assert_eq!(
        company,
        Company { name: Some("Coastal Supplies".to_owned()), country: Some("US".to_owned()), currency: Some(Currency::USD) }
    );
}

#[test]
fn troubles() {
    let invoice = || fixture("answers/invoice");
    let deleted = answer(&one("Invoice", "130"), 400, fixture("answers/fault-not-found")).expect("an answer");
    assert!(matches!(&deleted.documents[..], [Document::Withdrawn(withdrawn)] if withdrawn.why == Why::Deleted));
    assert!(matches!(answer(&objects("Invoice", &["130"]), 400, fixture("answers/fault-not-found")), Err(Trouble::Refused(_))));
    assert_eq!(answer(&changes(None), 403, fixture("answers/fault-throttled")), Err(Trouble::Limited(None)));
    assert_eq!(answer(&changes(None), 429, fixture("answers/fault-throttled")), Err(Trouble::Limited(None)));
    assert_eq!(answer(&changes(None), 401, fixture("answers/fault-token")), Err(Trouble::Token));
    assert!(matches!(answer(&changes(None), 403, "{}"), Err(Trouble::Denied(_))));
    assert!(matches!(answer(&changes(None), 404, "{}"), Err(Trouble::Refused(_))));
    assert!(matches!(answer(&changes(None), 500, "<html>"), Err(Trouble::Unavailable(_))));
    for body in [
        "<html>sorry</html>",
        "",
        "[]",
        r#"{"time": "2026-03-02T01:09:29-08:00"}"#,
        r#"{"CDCResponse": [{"QueryRes"#,
        r#"{"CDCResponse": []}"#,
    ] {
        assert!(matches!(answer(&changes(None), 200, body), Err(Trouble::Garbled(_))), "{body}");
    }
    let half = invoice();
    assert!(matches!(answer(&one("Invoice", "130"), 200, half[..half.len() / 2].to_owned()), Err(Trouble::Garbled(_))));
    let site_headers = http::HeaderMap::from_iter([(http::header::RETRY_AFTER, http::HeaderValue::from_static("30"))]);
    assert_eq!(books().pace(&site_headers).wait, Some(Duration::from_secs(30)));
}

/// The recorded invoice with other fields.
fn changed(fields: Value) -> Invoice {
    let mut body: Value = serde_json::from_str(&fixture("answers/invoice")).expect("JSON");
    let invoice = body["Invoice"].as_object_mut().expect("an invoice");
    invoice.extend(fields.as_object().expect("fields").clone());
    let page = answer(&one("Invoice", "130"), 200, body.to_string()).expect("read");
    let [invoice] = invoices(&page)[..] else { panic!("{:?}", page.unreadable) };
    invoice.clone()
}

#[test]
fn an_invoice_has_an_address_of_its_own_and_says_whether_it_left() {
    for (address, email, unusable) in [
        ("ap@buyer.example", Some("ap@buyer.example"), 0),
        ("Ann <ap@buyer.example>, b@buyer.example", Some("ap@buyer.example"), 0),
        ("see notes", None, 1),
    ] {
        let contact = changed(json!({"BillEmail": {"Address": address}})).contact.expect("a contact");
        let found = (contact.external_id.as_str(), contact.email.as_deref(), contact.unusable.len());
        assert_eq!(found, (domain::INVOICE_CONTACT, email, unusable), "{address}");
    }
    assert_eq!(changed(json!({"BillEmail": null})).contact, None);
    assert_eq!(changed(json!({"BillEmail": {"Address": ""}})).contact, None);
    for (mailed, printed, sent) in [
        ("EmailSent", "NeedToPrint", Some(true)),
        ("NeedToSend", "NeedToPrint", Some(false)),
        ("NotSet", "NotSet", Some(false)),
        ("NotSet", "PrintComplete", Some(true)),
    ] {
        let invoice = changed(json!({"EmailStatus": mailed, "PrintStatus": printed}));
        assert_eq!(invoice.sent_to_customer, sent, "{mailed} {printed}");
    }
    assert_eq!(changed(json!({"EmailStatus": null})).sent_to_customer, None);
}

#[test]
fn a_job_is_billed_with_its_parent() {
    for (with_parent, expected) in [(json!(true), true), (json!(false), false), (Value::Null, false)] {
        let body = json!({"Customer": {"Id": "59", "DisplayName": "Harbour:Oven", "Job": true, "BillWithParent": with_parent,
            "ParentRef": {"value": "58"}, "MetaData": {"LastUpdatedTime": "2026-02-20T09:00:00-08:00"}},
            "time": "2026-03-02T01:09:29-08:00"});
        let page = answer(&one("Customer", "59"), 200, body.to_string()).expect("read");
        let job = customer(&page);
        let parent = connectors::customer_id(&tenant(), "quickbooks", REALM, "58");
        assert_eq!((job.contacts_of.clone(), job.parent_external_id.as_deref()), (expected.then_some(parent), Some("58")));
    }
}

#[test]
fn address_fields_hold_what_people_typed() {
    let person = |fields: Value| {
        let mut customer = json!({"Id": "58", "DisplayName": "Harbour", "GivenName": "Ann",
            "MetaData": {"LastUpdatedTime": "2026-02-20T09:00:00-08:00"}});
        customer.as_object_mut().expect("an object").extend(fields.as_object().expect("fields").clone());
        let body = json!({"Customer": customer, "time": "2026-03-02T01:09:29-08:00"});
        let page = answer(&one("Customer", "58"), 200, body.to_string()).expect("read");
        self::customer(&page).contacts.clone()
    };
    let several = person(json!({"PrimaryEmailAddr": {"Address": "Bob <a@b.example>; mailto:c@d.example"},
        "PrimaryPhone": {"FreeFormNumber": "call Bob"}, "Mobile": {"FreeFormNumber": "(650) 555-3311"}}));
    let shown: Vec<_> = several.iter().map(|one| (one.name.as_str(), one.email.as_deref(), one.phone.as_deref())).collect();
    assert_eq!(shown, [("Ann", Some("a@b.example"), Some("+16505553311")), ("", Some("c@d.example"), None)]);
    let spoilt = person(json!({"PrimaryEmailAddr": {"Address": "ask Bob"}, "PrimaryPhone": {"FreeFormNumber": "2222"}}));
    let [ann] = spoilt.as_slice() else { panic!("one person") };
    let said: Vec<&str> = ann.unusable.iter().map(|what| what.said.as_str()).collect();
    assert_eq!((ann.email.as_deref(), ann.phone.as_deref(), said), (None, None, vec!["ask Bob", "2222"]));
    assert_eq!(person(json!({})), []);
}

#[test]
fn one_sick_object_does_not_spoil_the_others() {
    let fault = json!({"Fault": {"Error": [{"Message": "Error parsing query", "Detail": "QueryParserError", "code": "4002"}],
        "type": "ValidationFault"}, "time": "2026-03-02T01:09:29-08:00"});
    let open = |page: Option<&str>| VendorRequest::Open { money_since: None, page: page.map(str::to_owned) };
    let spoilt = |ask: &VendorRequest| answer(ask, 400, fault.to_string()).expect("the others are asked for");
    for (ask, next) in [
        (open(None), "queried:Invoice:1:125"),
        (open(Some("queried:Invoice:1:125")), "queried:Invoice:1:62"),
        (open(Some("queried:Invoice:113:1")), "named:Invoice:113:1"),
        (changes(None), "captured:Customer"),
        (changes(Some("captured:Invoice")), "queried:Invoice:1"),
        (changes(Some("queried:Invoice:1")), "queried:Invoice:1:500"),
    ] {
        let page = spoilt(&ask);
        assert_eq!((page.next.as_deref(), page.unreadable.len(), page.documents.len()), (Some(next), 0, 0), "{ask:?}");
        assert_eq!(page.incomplete, ask == changes(Some("captured:Invoice")), "a query does not know what was deleted");
    }
    let named = open(Some("named:Invoice:113:1"));
    assert!(url(&named).contains("select Id from Invoice where Balance > '0' orderby Id startposition 113 maxresults 1"));
    let id = json!({"QueryResponse": {"Invoice": [{"Id": "113"}]}, "time": "2026-03-02T01:09:29-08:00"});
    for (page, id) in [(answer(&named, 200, id.to_string()).expect("read"), "113"), (spoilt(&named), "")] {
        let [sick] = page.unreadable.as_slice() else { panic!("it is named") };
        assert_eq!((sick.kind, sick.id.as_str(), sick.withdrawn), ("Invoice", id, false));
        assert_eq!(page.next.as_deref(), Some("queried:Invoice:114:2"));
    }
    // Whatever is asked for by id is halved by whoever asks.
    assert!(matches!(answer(&objects("Invoice", &["112", "113"]), 400, fault.to_string()), Err(Trouble::Refused(_))));
}
