//! Payments that are taken here and written into the books, at the stand-ins of QuickBooks, Xero and Stripe: the books have each once, the entry
//! that comes back is the payment, and where nobody writes it a person is told what to enter.

use connectors::customer_id;
use domain::TenantId;
use doubles::{
    Double, Fault, QuickBooks, Xero,
    quickbooks::{Company, Customer, Invoice, Payment},
    xero::{self, Contact, Organisation},
};
use jiff::{SignedDuration, civil::date};
use local::{Mode, Options, When};
use serde_json::{Value, json};
use tests::{
    company::clock,
    test_tenant::{TENANT, TestTenant, at, portal_path},
};

use crate::paying::{happens, offered, page, post, there, value};

const REALM: &str = "9130347596842384";
const ORGANISATION: &str = "c2cc9b6e-9458-4c7d-93cc-f02b81b0594f";
const NOW: &str = "2026-03-02T18:00:00Z";

/// A connected QuickBooks company, which is written into, with a customer who owes as many invoices of 362.07 as one says.
struct Books {
    desk: TestTenant,
    double: QuickBooks,
    customer: String,
    invoices: Vec<String>,
}

impl Books {
    async fn owing(invoices: usize) -> Self {
        let options = Options { now: Some(at(NOW)), seed: Some(1), ..Options::default() };
        let settings = json!({"name": "Acme", "country": "US", "time_zone": "America/Los_Angeles", "language": "en"});
        let wish = json!({"tenant": TENANT, "settings": settings, "payments": [{"provider": "stripe"}]});
        let desk = TestTenant::of(options, serde_json::from_value(wish).unwrap()).await;
        let double = QuickBooks::start(clock(&desk)).await.unwrap();
        double.add_company(Company::new(REALM, "Coastal Supplies"));
        let customer = double.add_customer(REALM, Customer::new("Harbour Bakery", "ap@harbourbakery.example"));
        let bill = || Invoice::new(&customer, "362.07", date(2026, 2, 2), date(2026, 3, 4));
        let invoices = (0..invoices).map(|_| double.add_invoice(REALM, bill())).collect();
        desk.connect("quickbooks", &double, REALM).await;
        desk.advance("PT10M").await;
        Self { desk, double, customer, invoices }
    }

    async fn writing(invoices: usize) -> Self {
        let books = Self::owing(invoices).await;
        let asked = json!({"enabled": true, "account": "35"});
        let reply = books.desk.admin("PUT", "/v1/connections/quickbooks/write_back", &asked).await.is(200);
        assert_eq!(reply.body, asked);
        books
    }

    /// A collector writes down that an invoice was paid; the payment's id.
    async fn pay(&self, invoice: &str, minor: i64) -> String {
        let id = customer_id(&TenantId::parse(TENANT).unwrap(), "quickbooks", REALM, &self.customer);
        take(&self.desk, id.as_str(), ("USD", minor), &[(invoice, minor)]).await
    }

    /// References and totals of what the books were told.
    fn written(&self) -> Vec<(String, i64)> {
        self.double.written(REALM).into_iter().map(|(said, total)| (said.reference, total)).collect()
    }
}

async fn take(desk: &TestTenant, customer: &str, (currency, minor): (&str, i64), parts: &[(&str, i64)]) -> String {
    let part = |(invoice, minor): &(&str, i64)| json!({"invoice": invoice, "amount_minor": minor});
    let allocations: Vec<Value> = parts.iter().map(part).collect();
    // A day that has begun in every zone.
    let day = (desk.stack.now() - SignedDuration::from_hours(12)).strftime("%Y-%m-%d").to_string();
    let asked = json!({"customer": customer, "amount_minor": minor, "currency": currency, "received_on": day, "way": "check",
                       "allocations": allocations});
    let taken = desk.admin("POST", "/v1/payments", &asked).await.is(200).body;
    taken["id"].as_str().unwrap().to_owned()
}

/// How the writing of a payment stands.
async fn stands(desk: &TestTenant, id: &str) -> Value {
    desk.admin("GET", &format!("/v1/baskets/{id}"), &Value::Null).await.is(200).body["written_back"].clone()
}

/// Demands that a person has nothing to do about money that may be two.
async fn nothing_to_do(desk: &TestTenant) {
    for kind in ["enter_payment", "seen_twice", "money_in_flight", "overpaid", "books"] {
        assert_eq!(desk.tasks(kind).await, Vec::<Value>::new(), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_by_card_is_in_the_books_once_and_its_entry_is_the_payment() {
    let books = Books::writing(2).await;
    let Books { desk, double, customer, .. } = &books;
    let health = desk.health("quickbooks").await;
    assert_eq!(health["write_back"], json!({"enabled": true, "account": "35"}), "{health}");
    desk.to("2026-03-04T02:00:00Z").await;
    let pay = format!("{}/pay", portal_path(&desk.sent()[0]));
    let shown = page(desk, &pay).await;
    let chosen = offered(&shown);
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("form", value(&shown, "form"))
        .append_pair("in", "USD")
        .append_pair("to", "")
        .append_pair("way", "stripe:card");
    for (id, amount) in chosen.values().zip(["362.07", "100.00"]) {
        form.append_pair("pay", id).append_pair(&format!("amount_{id}"), amount);
    }
    post(desk, &pay, &form.finish()).await.is(303);
    let id = there(desk).await[0]["id"].as_str().unwrap().to_owned();
    happens(desk, &id, "paid").await;

    assert_eq!(books.written(), [(id.clone(), 46_207)], "one entry over both invoices");
    let (said, _) = &double.written(REALM)[0];
    assert_eq!((said.account.as_str(), said.note.as_str()), ("35", format!("Dunlin payment {id}").as_str()));
    let written = stands(desk, &id).await;
    assert_eq!((&written["status"], &written["source"], &written["calls"]), (&json!("done"), &json!("quickbooks"), &json!(1)));
    for span in ["PT0S", "PT40M", "P2D"] {
        desk.advance(span).await;
        let open = desk.open_here("quickbooks", customer).await;
        assert_eq!(open.iter().map(|(_, minor)| minor).sum::<i64>(), 26_207, "after {span}: {open:?}");
        desk.equals("quickbooks", double, REALM).await;
        nothing_to_do(desk).await;
    }
    assert_eq!(books.written().len(), 1);

    // What is given back is taken back in the books by a person.
    happens(desk, &id, "refunded").await;
    let tasks = desk.tasks("enter_payment").await;
    let [task] = tasks.as_slice() else { panic!("{tasks:?}") };
    assert!(task["detail"].as_str().unwrap().contains(&id), "{task}");
    assert_eq!(books.written().len(), 1, "nothing is deleted there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_looked_for_before_it_is_asked_for_again() {
    let books = Books::writing(3).await;
    let Books { desk, double, invoices, .. } = &books;
    // The books took it, and the answer was lost.
    double.fail_next_at("/payment", 1, Fault::DropConnection);
    let first = books.pay(&invoices[0], 36_207).await;
    desk.advance("PT20S").await;
    assert_eq!((books.written().len(), &stands(desk, &first).await["status"]), (1, &json!("unknown")));
    desk.advance("PT3M").await;
    assert_eq!(stands(desk, &first).await["status"], "done");
    let calls = double.calls();
    assert_eq!((calls.get("write payment"), calls.contains_key("query Payment")), (Some(&1), true), "{calls:?}");

    // Nothing came of it, and nobody knew: it is looked for, and then asked for again.
    double.fail_next_at("/payment", 1, Fault::Status { status: 503, retry_after_s: None });
    let second = books.pay(&invoices[1], 36_207).await;
    desk.advance("PT5M").await;
    assert_eq!((books.written().len(), &stands(desk, &second).await["status"]), (2, &json!("done")));
    assert_eq!(double.calls().get("write payment"), Some(&3));

    // The vendor asked to wait: it is asked again after that.
    double.fail_next_at("/payment", 1, Fault::Status { status: 429, retry_after_s: Some(90) });
    let third = books.pay(&invoices[2], 36_207).await;
    desk.advance("PT20S").await;
    assert_eq!(stands(desk, &third).await["status"], "queued");
    desk.advance("PT5M").await;
    assert_eq!(stands(desk, &third).await["status"], "done");

    let expected: Vec<(String, i64)> = [first, second, third].map(|id| (id, 36_207)).into();
    assert_eq!(books.written(), expected);
    desk.advance("PT1H").await;
    desk.equals("quickbooks", double, REALM).await;
    nothing_to_do(desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_dies_around_a_call_leaves_it_in_the_books_once() {
    // What died after a call left what one that died before the next call leaves.
    const CALLS: usize = 24;
    let books = Books::writing(CALLS).await;
    let Books { desk, double, invoices, .. } = &books;
    let mut paid: Vec<(String, i64)> = Vec::new();
    for (at, invoice) in invoices.iter().enumerate() {
        let call = Some(u32::try_from(at + 1).unwrap());
        let id = books.pay(invoice, 36_207).await;
        let crash = local::Fault { target: "sync".to_owned(), mode: Some(Mode::Crash), times: 1, call, when: Some(When::After) };
        desk.stack.fault(crash).unwrap();
        // Long enough for the queue to give it out again.
        desk.advance("PT13M").await;
        desk.mend("sync");
        assert_eq!(stands(desk, &id).await["status"], "done", "call {call:?}");
        paid.push((id, 36_207));
        assert_eq!(books.written(), paid, "call {call:?}");
    }
    desk.equals("quickbooks", double, REALM).await;
    nothing_to_do(desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_books_refuse_is_a_persons() {
    let books = Books::writing(3).await;
    let Books { desk, double, invoices, .. } = &books;
    // Somebody paid it in the books meanwhile, and nobody here knows yet.
    double.pay(REALM, &invoices[0], "362.07", date(2026, 3, 2));
    let paid_twice = books.pay(&invoices[0], 36_207).await;
    desk.advance("PT1M").await;
    // The period is closed.
    double.close_until(REALM, date(2026, 12, 31));
    let closed = books.pay(&invoices[1], 36_207).await;
    desk.advance("PT1M").await;
    for (id, word) in [(&paid_twice, "6000"), (&closed, "6210")] {
        let written = stands(desk, id).await;
        assert_eq!(written["status"], "failed");
        assert!(written["reason"].as_str().unwrap().contains(word), "{written}");
        let tasks = desk.tasks("enter_payment").await;
        let of_it = tasks.iter().filter(|task| task["detail"].as_str().unwrap().contains(id.as_str())).count();
        assert_eq!(of_it, 1, "{tasks:?}");
    }
    assert_eq!(books.written().len(), 0);
    // What is mended is tried again by a person, and the work to enter it ends by its entry; what is not is refused again.
    double.close_until(REALM, date(2025, 12, 31));
    for id in [&closed, &paid_twice] {
        let again = desk.admin("POST", &format!("/v1/baskets/{id}/write_back"), &Value::Null).await.is(200).body;
        assert_eq!(again["written_back"]["status"], "queued", "{again}");
    }
    desk.advance("PT1M").await;
    assert_eq!(
        (&stands(desk, &closed).await["status"], &stands(desk, &paid_twice).await["status"]),
        (&json!("done"), &json!("failed"))
    );
    assert_eq!(books.written(), [(closed.clone(), 36_207)]);
    let tasks = desk.tasks("enter_payment").await;
    let [task] = tasks.as_slice() else { panic!("{tasks:?}") };
    assert!(task["detail"].as_str().unwrap().contains(&paid_twice), "{task}");
    // Who said that it is entered has it tried no more, and what the books have is not tried.
    let done = format!("/v1/tasks/{}/done", task["id"].as_str().unwrap());
    desk.admin("POST", &done, &json!({"result": "done"})).await.is(200);
    for id in [&closed, &paid_twice] {
        desk.admin("POST", &format!("/v1/baskets/{id}/write_back"), &Value::Null).await.is(409);
    }
    // Where it was switched off again, it is a person's as well, and what it pays is paid all the same.
    let off = json!({"enabled": false});
    desk.admin("PUT", "/v1/connections/quickbooks/write_back", &off).await.is(200);
    let left = books.pay(&invoices[2], 36_207).await;
    desk.advance("PT1M").await;
    assert_eq!(stands(desk, &left).await, Value::Null);
    assert_eq!(desk.tasks("enter_payment").await.len(), 1);
    desk.admin("POST", &format!("/v1/baskets/{left}/write_back"), &Value::Null).await.is(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_writes_a_person_enters_it_under_its_id_and_the_two_are_one() {
    let books = Books::owing(1).await;
    let Books { desk, double, customer, invoices } = &books;
    assert_eq!(desk.health("quickbooks").await["write_back"], json!({"enabled": false}));
    let id = books.pay(&invoices[0], 30_000).await;
    desk.advance("PT1M").await;
    assert_eq!((books.written(), stands(desk, &id).await), (vec![], Value::Null));
    let tasks = desk.tasks("enter_payment").await;
    let [task] = tasks.as_slice() else { panic!("{tasks:?}") };
    assert!(task["detail"].as_str().unwrap().contains(&id), "{task}");
    let open = desk.open_here("quickbooks", customer).await;
    assert_eq!(open.iter().map(|(_, minor)| *minor).collect::<Vec<_>>(), [6_207]);
    // What is wrong with a setting is said, and who may not set it is told so.
    for asked in [json!({}), json!({"enabled": true, "account": "a b"}), json!({"enabled": false, "account": "35"})] {
        desk.admin("PUT", "/v1/connections/quickbooks/write_back", &asked).await.is(400);
    }
    for source in ["stripe", "xero", "nothing"] {
        desk.admin("PUT", &format!("/v1/connections/{source}/write_back"), &json!({"enabled": true, "account": "090"}))
            .await
            .is(404);
    }

    // Entered in the books with the id as its reference, it is this payment: the invoice counts it once.
    let entry = Payment::unapplied(customer, "300.00", date(2026, 3, 2)).to(&invoices[0], "300.00");
    double.receive_as(REALM, &entry, &id);
    desk.advance("PT1H").await;
    let open = desk.open_here("quickbooks", customer).await;
    assert_eq!(open.iter().map(|(_, minor)| *minor).collect::<Vec<_>>(), [6_207]);
    desk.equals("quickbooks", double, REALM).await;
    assert_eq!(desk.tasks("seen_twice").await.len(), 0);
    assert_eq!(desk.tasks("enter_payment").await, Vec::<Value>::new(), "it was entered, so that nobody has to end it");
}

#[tokio::test(flavor = "multi_thread")]
async fn xero_gets_an_entry_for_each_invoice_once_it_may_be_written_into() {
    let settings = json!({"country": "IE", "time_zone": "Europe/Dublin", "language": "en"});
    let desk = TestTenant::with("2026-03-02T09:00:00Z", settings, None).await;
    let double = Xero::start(clock(&desk)).await.unwrap();
    let organisation = Organisation {
        country: "IE".to_owned(),
        currency: "EUR".to_owned(),
        ..Organisation::new(ORGANISATION, "Liffey Supplies")
    };
    double.add_organisation(organisation);
    let contact = double.add_contact(ORGANISATION, Contact::new("Grand Canal Bakery", "ap@grandcanal.example"));
    let bill = || xero::Invoice::new(&contact, "1250.00", date(2026, 2, 2), date(2026, 3, 4));
    let invoices: Vec<String> = (0..4).map(|_| double.add_invoice(ORGANISATION, bill())).collect();
    desk.connect("xero", &double, ORGANISATION).await;
    desk.advance("PT10M").await;
    let setting = "/v1/connections/xero/write_back";
    let reply = desk.admin("PUT", setting, &json!({"enabled": true})).await.is(400);
    assert_eq!(reply.pointers(), ["/account"], "Xero takes no payment without one");
    desk.admin("PUT", setting, &json!({"enabled": true, "account": "090"})).await.is(200);
    let customer = customer_id(&TenantId::parse(TENANT).unwrap(), "xero", ORGANISATION, &contact);
    let pay = async |of: &[(&str, i64)]| {
        let minor = of.iter().map(|(_, minor)| minor).sum();
        take(&desk, customer.as_str(), ("EUR", minor), of).await
    };
    // Who agreed to reading only has not agreed to this, and is read on.
    let early = pay(&[(&invoices[3], 125_000)]).await;
    desk.advance("PT1M").await;
    let written = stands(&desk, &early).await;
    assert_eq!(written["status"], "failed");
    assert!(written["reason"].as_str().unwrap().contains("connect the company again"), "{written}");
    assert_eq!(desk.health("xero").await["status"], "good");

    double.consent(&[ORGANISATION]);
    desk.sign_in("xero", json!({})).await.is(200);
    desk.advance("PT10M").await;
    // The answer to one of the two is lost.
    double.fail_next_at("/Payments", 1, Fault::DropConnection);
    let both = pay(&[(&invoices[0], 125_000), (&invoices[1], 25_000)]).await;
    desk.advance("PT4M").await;
    assert_eq!(stands(&desk, &both).await["status"], "done");
    // One of two is refused: the other one is written all the same, and a person enters the rest.
    double.pay(ORGANISATION, &invoices[2], "1250.00", date(2026, 3, 2));
    let half = pay(&[(&invoices[1], 100_000), (&invoices[2], 125_000)]).await;
    desk.advance("PT1M").await;
    assert_eq!(stands(&desk, &half).await["status"], "failed");
    let tasks = desk.tasks("enter_payment").await;
    let of_it: Vec<&str> = tasks.iter().filter_map(|task| task["detail"].as_str()).filter(|said| said.contains(&half)).collect();
    assert!(of_it.len() == 1 && of_it[0].contains("AUTHORISED documents"), "{of_it:?}");

    let mut written = double.written(ORGANISATION);
    written.sort();
    let entry = |id: &String, minor| (id.clone(), "090".to_owned(), minor);
    let mut expected = vec![entry(&both, 125_000), entry(&both, 25_000), entry(&half, 100_000)];
    expected.sort();
    assert_eq!(written, expected);
    assert_eq!(double.calls().get("write Payments"), Some(&6), "{:?}", double.calls());
}
