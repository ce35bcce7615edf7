//! Payments that connectors write into the doubles' books: by the vendors' rules, once, and found again.

use connectors::{Page, Trouble, VendorRequest};
use domain::{BooksPart, BooksPayment, Currency, Document, PaymentId};
use doubles::{
    Double, QuickBooks, Xero,
    quickbooks::{self, Company, Customer},
    xero::{self, Contact, Organisation},
};
use jiff::SignedDuration;

use crate::client::{Reader, Time, date};

const REALM: &str = "9130347";
const TENANT: &str = "b2c885a9-4bb9-4a00-9b6e-6c2bf60b1a2b";

fn payment(reader: &Reader<'_>, source: &str, customer: &str, account: &str, parts: &[(&str, i64)]) -> BooksPayment {
    let part = |(id, amount_minor): &(&str, i64)| BooksPart {
        invoice: reader.invoice_id(source, id),
        external_id: (*id).to_owned(),
        number: format!("F-{id}"),
        amount_minor: *amount_minor,
    };
    BooksPayment {
        reference: PaymentId::of_basket(&["b"]),
        customer: customer.to_owned(),
        currency: Currency::USD,
        received_on: date("2026-02-20"),
        account: Some(account.to_owned()),
        parts: parts.iter().map(part).collect(),
        round: 0,
    }
}

fn write(payment: &BooksPayment) -> VendorRequest {
    VendorRequest::WritePayment { payment: payment.clone() }
}

fn find(payment: &BooksPayment) -> VendorRequest {
    VendorRequest::FindPayment { reference: payment.reference.clone(), page: None }
}

/// References and allocated amounts of the payments of a page.
fn entries(page: &Page) -> Vec<(Option<String>, Vec<i64>)> {
    let each = page.documents.iter().filter_map(|document| match document {
        Document::Payment { payment, .. } => {
            let amounts = payment.allocations.iter().map(|part| part.amount_minor).collect();
            Some((payment.reference.clone(), amounts))
        }
        _ => None,
    });
    each.collect()
}

fn why(refused: Result<Page, Trouble>) -> String {
    match refused {
        Err(Trouble::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn quickbooks_takes_a_payment_once_and_no_more_than_is_open() {
    let time = Time::at("2026-02-20T09:00:00Z");
    let double = QuickBooks::start(time.clock()).await.expect("a port");
    double.add_company(Company::new(REALM, "Coastal Supplies"));
    let customer = double.add_customer(REALM, Customer::new("Harbour Bakery", "ap@harbourbakery.example"));
    let other = double.add_customer(REALM, Customer::new("Mill", "ap@mill.example"));
    let bill = |customer: &str| quickbooks::Invoice::new(customer, "362.07", date("2026-02-02"), date("2026-03-04"));
    let [first, second, others] = [&customer, &customer, &other].map(|customer| double.add_invoice(REALM, bill(customer)));
    double.notifications();
    let reader = Reader::of(&double, "quickbooks", REALM).await;
    let of = |parts: &[(&str, i64)]| payment(&reader, "quickbooks", &customer, "35", parts);
    let good = of(&[(&first, 36_207), (&second, 5)]);
    assert_eq!(entries(&reader.all(find(&good)).await).len(), 0);
    let expected = vec![(Some(good.reference.to_string()), vec![36_207, 5])];
    for _ in 0..2 {
        assert_eq!(entries(&reader.page(&write(&good)).await.expect("written")), expected);
    }
    assert_eq!(entries(&reader.all(find(&good)).await), expected, "the same request is written once");
    assert_eq!(double.truth(REALM).open_minor("USD"), 36_207 - 5 + 36_207);
    let written = double.written(REALM);
    let [(said, total)] = written.as_slice() else { panic!("{written:?}") };
    assert_eq!((*total, said.reference.as_str(), said.account.as_str()), (36_212, good.reference.as_str(), "35"));
    assert_eq!(double.notifications().iter().map(|told| told.kind).collect::<Vec<_>>(), ["Payment", "Invoice", "Invoice"]);

    // Each under a request of its own.
    let again = |name: &str, payment: BooksPayment| write(&BooksPayment { reference: PaymentId::of_basket(&[name]), ..payment });
    double.close_until(REALM, date("2026-01-31"));
    for (name, payment, code) in [
        ("paid", of(&[(&first, 1)]), "6000"),
        ("more", of(&[(&second, 36_207)]), "6000"),
        ("others", of(&[(&others, 1)]), "6000"),
        ("none", of(&[("999", 1)]), "2500"),
        ("account", BooksPayment { account: Some("77".to_owned()), ..of(&[(&second, 1)]) }, "2500"),
        ("closed", BooksPayment { received_on: date("2026-01-31"), ..of(&[(&second, 1)]) }, "6210"),
        ("currency", BooksPayment { currency: Currency::EUR, ..of(&[(&second, 1)]) }, "6000"),
    ] {
        let why = why(reader.page(&again(name, payment)).await);
        assert!(why.contains(code), "{name}: {why}");
    }
    assert_eq!(double.written(REALM).len(), 1);
}

#[tokio::test]
async fn xero_takes_a_payment_of_an_invoice_from_whoever_may_write() {
    let time = Time::at("2026-02-20T09:00:00Z");
    let double = Xero::start(time.clock()).await.expect("a port");
    double.add_organisation(Organisation { currency: "USD".to_owned(), ..Organisation::new(TENANT, "Coastal Supplies") });
    let contact = double.add_contact(TENANT, Contact::new("Harbour Bakery", "ap@harbourbakery.example"));
    let invoice = double.add_invoice(TENANT, xero::Invoice::new(&contact, "362.07", date("2026-02-02"), date("2026-03-04")));
    let mut reader = Reader::of(&double, "xero", TENANT).await;
    let good = payment(&reader, "xero", &contact, "090", &[(&invoice, 30_000)]);
    assert_eq!(reader.page(&write(&good)).await, Err(Trouble::Token), "who may only read");
    reader.token = double.issue_tokens_with(TENANT, "accounting.payments").access_token;
    let expected = vec![(Some(good.reference.to_string()), vec![30_000])];
    for _ in 0..2 {
        assert_eq!(entries(&reader.page(&write(&good)).await.expect("written")), expected);
    }
    assert_eq!(entries(&reader.all(find(&good)).await), expected, "the same request is written once");
    assert_eq!(double.truth(TENANT).open_minor("USD"), 6_207);
    assert_eq!(double.written(TENANT), [(good.reference.to_string(), "090".to_owned(), 30_000)]);

    // Once the vendor no longer knows the request, it is another one: only a search finds what was written.
    time.pass(SignedDuration::from_mins(7));
    double.lock_until(TENANT, date("2026-01-31"));
    let of = |reference: &str, amount: i64| BooksPayment {
        reference: PaymentId::of_basket(&[reference]),
        ..payment(&reader, "xero", &contact, "090", &[(&invoice, amount)])
    };
    for (payment, said) in [
        (good.clone(), "exceeds the amount outstanding"),
        (BooksPayment { account: Some("200".to_owned()), ..of("account", 1) }, "not a valid code"),
        (BooksPayment { account: None, ..of("none", 1) }, "account is missing"),
        (BooksPayment { received_on: date("2026-01-31"), ..of("locked", 1) }, "lock date"),
        (of("much", 6_208), "exceeds the amount outstanding"),
    ] {
        let why = why(reader.page(&write(&payment)).await);
        assert!(why.contains(said), "{why}");
    }
    reader.page(&write(&of("rest", 6_207))).await.expect("written");
    let why = why(reader.page(&write(&of("after", 1))).await);
    assert!(why.contains("AUTHORISED"), "{why}");
    assert_eq!(double.written(TENANT).iter().map(|(.., amount)| amount).sum::<i64>(), 36_207);
}
