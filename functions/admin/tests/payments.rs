//! Payments that were taken here, over HTTP: written down by hand and taken back, told from entries in the books, and what a customer set out to
//! pay, given up.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod common;

use common::{Desk, at, pointers, request};
use domain::{
    Allocation, Basket, Currency, CustomerRef, Document, InvoiceId, LinkId, Money, Payment, PaymentId, PaymentKind,
    PaymentStatus, ProviderOutcome, ProviderSaid, SourceVersion, WayOfPaying, receivables::Receivables,
};
use serde_json::{Value, json};
use store::{BasketOwner, BasketSays, Receipt};
use testbed::baskets;

/// What is open of the customer: 1,250.00 and 99.00.
const ALL: i64 = 134_900;

fn invoice(number: &str) -> InvoiceId {
    InvoiceId::derive(&["acme", "canonical", "C-1", number])
}

impl Desk {
    fn cash(&self, more: &Value) -> Value {
        let mut body = json!({
            "customer": self.customer, "amount_minor": 9_900, "currency": "EUR", "received_on": "2026-02-09", "way": "cash",
            "allocations": [{"invoice": "C-1-1002", "amount_minor": 9_900}],
        });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    }

    async fn take(&self, key: &str, body: &Value) -> (u64, Value) {
        let headers = [("idempotency-key", key)];
        self.ask(request("POST", "/v1/payments", Some(("acme", "collector")), &headers, &body.to_string())).await
    }

    async fn post(&self, address: &str, body: Value) -> (u64, Value) {
        self.call("collector", "POST", address, body).await
    }

    async fn get(&self, address: &str) -> (u64, Value) {
        self.call("viewer", "GET", address, Value::Null).await
    }

    async fn facts(&self) -> domain::Facts {
        let head = self.world.store.head(&self.tenant, &self.customer).await.unwrap().unwrap();
        self.world.store.facts(&self.tenant, &head).await.unwrap()
    }

    /// What is due and not kept back, and in how many cases it is open whether two payments are one.
    async fn due(&self) -> (i64, usize) {
        let facts = self.facts().await;
        let receivables = Receivables::in_zone(&facts, &jiff::tz::TimeZone::UTC, self.world.now());
        (receivables.exposure_minor(Currency::EUR), receivables.twice.len())
    }

    /// A basket that the customer began by card.
    async fn begun(&self, name: &str, number: &str) -> Basket {
        let begin = baskets::by_card(name, invoice(number), number);
        baskets::begun(&self.world.store, &self.tenant, &self.customer, begin, self.world.now()).await
    }

    async fn hear(&self, basket: &Basket, what: ProviderOutcome) {
        let said =
            ProviderSaid { basket: basket.id.clone(), event: "e".to_owned(), at: self.world.now(), provider_id: None, what };
        let owner = BasketOwner { tenant: self.tenant.clone(), customer: self.customer.clone() };
        let settings = self.world.store.settings(&self.tenant).await.unwrap().unwrap().value;
        let says = BasketSays::Provider(&said, None);
        self.world.store.change_basket(&owner, &basket.id, says, &settings, self.world.now()).await.unwrap();
    }

    /// An entry in the books.
    async fn booked(&self, external_id: &str, amount_minor: i64, number: &str) -> PaymentId {
        let id = PaymentId::derive(&["acme", "canonical", external_id]);
        let payment = Payment {
            id: id.clone(),
            kind: PaymentKind::Payment,
            external_id: external_id.to_owned(),
            source_version: SourceVersion::Number(1),
            status: PaymentStatus::Received,
            amount_minor,
            currency: Currency::EUR,
            received_on: "2026-02-10".parse().unwrap(),
            legal_entity: None,
            allocations: vec![Allocation { invoice: invoice(number), amount_minor }],
            reference: None,
            taken_here: None,
        };
        let document = Document::Payment { customer: CustomerRef::Named(self.customer.clone()), payment };
        let receipt = Receipt { source: "canonical".to_owned(), event_id: external_id.to_owned() };
        self.world.store.apply(&self.tenant, &receipt, &[document], self.world.now()).await.unwrap();
        id
    }
}

#[tokio::test]
async fn a_payment_that_was_taken_by_hand_counts_once_and_is_taken_back() {
    let desk = Desk::new().await;
    assert_eq!(desk.due().await, (ALL, 0));
    let body = desk.cash(&json!({"amount_minor": 10_000, "reference": "receipt 12"}));
    assert_eq!(desk.call("viewer", "POST", "/v1/payments", body.clone()).await.0, 403);
    let (status, taken) = desk.take("k-1", &body).await;
    assert_eq!((status, &taken["status"], &taken["allocated_minor"]), (200, &json!("received"), &json!(9_900)), "{taken}");
    let id = taken["id"].as_str().unwrap().to_owned();
    assert_eq!((id.len(), &taken["received_on"]), (20, &json!("2026-02-09")), "{taken}");
    assert_eq!(desk.due().await, (ALL - 10_000, 0), "the rest is credit");
    // The same form again, and the same without its key, which is another payment.
    assert_eq!(desk.take("k-1", &body).await, (200, taken.clone()));
    assert_eq!(desk.due().await.0, ALL - 10_000);
    let (status, other) = desk.post("/v1/payments", desk.cash(&json!({"allocations": [], "amount_minor": 100}))).await;
    assert_eq!((status, desk.due().await.0), (200, ALL - 10_100), "{other}");

    let (status, shown) = desk.get(&format!("/v1/payments/{id}")).await;
    assert_eq!((status, &shown["external_id"]), (200, &json!(id)), "{shown}");
    let (_, basket) = desk.get(&format!("/v1/baskets/{id}")).await;
    assert_eq!(
        (&basket["provider"], &basket["status"], &basket["provider_id"], basket.get("link")),
        (&json!("collector"), &json!("paid"), &json!("receipt 12"), None),
        "{basket}"
    );

    let undo = format!("/v1/payments/{id}/undo");
    assert_eq!(desk.call("viewer", "POST", &undo, Value::Null).await.0, 403);
    assert_eq!(desk.call_as(("other", "admin"), "POST", &undo, Value::Null).await.0, 404, "another tenant's");
    assert_eq!(desk.post(&undo, json!({"reason": "write to ap@acme.example"})).await.0, 400);
    let (status, undone) = desk.post(&undo, json!({"reason": "another customer's"})).await;
    assert_eq!((status, &undone["status"]), (200, &json!("reversed")), "{undone}");
    assert_eq!(desk.due().await, (ALL - 100, 0), "nothing of it is kept back: nobody took anything back");
    assert_eq!(desk.post(&undo, Value::Null).await, (200, undone), "again it changes nothing");

    let audit = desk.audit().await;
    // All of the same instant, and so in no order.
    let of = |operation: &str, object: &str| {
        let is_it = |entry: &&Value| entry["operation"] == operation && entry["object"] == object;
        audit.iter().find(is_it).unwrap_or_else(|| panic!("no {operation} of {object}: {audit:?}"))
    };
    assert_eq!(audit.len(), 3, "{audit:?}");
    assert_eq!(of("undo_payment", &id)["note"], "another customer's");
    assert_eq!(of("take_payment", &id)["what"]["amount_minor"], 10_000);
    assert_eq!(of("take_payment", other["id"].as_str().unwrap())["what"]["amount_minor"], 100);
}

#[tokio::test]
async fn what_cannot_be_written_down_is_refused_with_every_flaw_and_nothing_is_written() {
    let desk = Desk::new().await;
    let before = desk.world.everything_but_calls().await;
    let part = |invoice: &str, minor: i64| json!({"invoice": invoice, "amount_minor": minor});
    for (more, expected) in [
        (json!({"customer": "C-1"}), vec!["/customer"]),
        (json!({"amount_minor": 0, "allocations": []}), vec!["/amount_minor"]),
        (json!({"amount_minor": -1, "allocations": []}), vec!["/amount_minor"]),
        (json!({"amount_minor": 1.5}), vec!["/amount_minor"]),
        (json!({"currency": "XYZ"}), vec!["/currency"]),
        (json!({"currency": "USD"}), vec!["/allocations/0/invoice"]),
        (json!({"received_on": "2026-02-11"}), vec!["/received_on"]),
        (json!({"received_on": "2025-02-08"}), vec!["/received_on"]),
        (json!({"received_on": "2026-02-30"}), vec!["/received_on"]),
        (json!({"way": "sepa_debit"}), vec!["/way"]),
        (json!({"way": "shells", "reference": "ap@acme.example"}), vec!["/way", "/reference"]),
        (json!({"reference": "x".repeat(65)}), vec!["/reference"]),
        (json!({"allocations": [part("none", 1)]}), vec!["/allocations/0/invoice"]),
        (json!({"allocations": [part("C-1-1002", 9_901)], "amount_minor": 20_000}), vec!["/allocations/0/amount_minor"]),
        (json!({"allocations": [part("C-1-1002", 0)]}), vec!["/allocations/0/amount_minor"]),
        (json!({"allocations": [part("C-1-1001", 9_000), part("C-1-1002", 9_000)]}), vec!["/allocations"]),
        (json!({"allocations": [part("C-1-1002", 1), part("C-1-1002", 1)]}), vec!["/allocations/1/invoice"]),
        (json!({"allocations": vec![part("C-1-1002", 1); 2_001]}), vec!["/allocations"]),
        (json!({"by": "me"}), vec!["/by"]),
    ] {
        let (status, said) = desk.post("/v1/payments", desk.cash(&more)).await;
        assert_eq!((status, pointers(&said)), (400, expected), "{more} {said}");
    }
    assert_eq!(desk.post("/v1/payments", desk.cash(&json!({"customer": "cus_none"}))).await.0, 404);
    assert_eq!(desk.post("/v1/payments", Value::Null).await.0, 400);
    assert_eq!(desk.post("/v1/payments/pay_none/undo", Value::Null).await.0, 404);
    assert_eq!(desk.world.everything_but_calls().await, before);
    // What the books brought, or a provider, is not taken back here.
    let entry = desk.booked("B-1", 100, "1002").await;
    assert_eq!(desk.post(&format!("/v1/payments/{entry}/undo"), Value::Null).await.0, 409);
    let begun = desk.begun("b", "1001").await;
    assert_eq!(desk.post(&format!("/v1/payments/{}/undo", begun.id), Value::Null).await.0, 409);
}

#[tokio::test]
async fn an_entry_in_the_books_is_told_from_a_payment_that_was_taken_here() {
    let desk = Desk::new().await;
    let part = json!({"amount_minor": 4_000, "allocations": [{"invoice": "C-1-1002", "amount_minor": 4_000}]});
    let (_, taken) = desk.take("k", &desk.cash(&part)).await;
    let id = taken["id"].as_str().unwrap();
    let entry = desk.booked("B-1", 4_000, "1002").await;
    assert_eq!(desk.due().await, (ALL - 8_000, 1), "nothing says whether they are one: one counts, the other is kept back");
    let address = format!("/v1/baskets/{id}/entries/{entry}");
    for (body, expected) in
        [(json!({}), vec!["/same"]), (json!({"same": "yes"}), vec!["/same"]), (json!({"same": true, "x": 1}), vec!["/x"])]
    {
        let (status, said) = desk.post(&address, body).await;
        assert_eq!((status, pointers(&said)), (400, expected), "{said}");
    }
    assert_eq!(desk.call("viewer", "POST", &address, json!({"same": true})).await.0, 403);
    assert_eq!(desk.call_as(("other", "admin"), "POST", &address, json!({"same": true})).await.0, 404, "another tenant's");
    let to = |basket: &str, entry: &str| format!("/v1/baskets/{basket}/entries/{entry}");
    assert_eq!(desk.post(&to("pay_none", entry.as_str()), json!({"same": true})).await.0, 404);
    assert_eq!(desk.post(&to(id, "pay_none"), json!({"same": true})).await.0, 404);
    assert_eq!(desk.post(&to(id, id), json!({"same": true})).await.0, 409, "it is not its own entry");
    let begun = desk.begun("b", "1001").await;
    assert_eq!(desk.post(&to(begun.id.as_str(), entry.as_str()), json!({"same": true})).await.0, 409, "no money came of it");
    let left = ALL - 5_000;

    let (status, said) = desk.post(&address, json!({"same": true})).await;
    assert_eq!((status, &said["same"], &said["apart"]), (200, &json!([entry]), &json!([])), "{said}");
    assert_eq!(desk.due().await, (left - 4_000, 0), "they are one");
    assert_eq!(desk.post(&address, json!({"same": true})).await, (200, said), "again it changes nothing");
    let (_, said) = desk.post(&address, json!({"same": false})).await;
    assert_eq!((&said["same"], &said["apart"]), (&json!([]), &json!([entry])), "{said}");
    assert_eq!(desk.due().await, (left - 8_000, 0), "they are two");
    let audit = desk.audit().await;
    let mut judged: Vec<&Value> = audit.iter().filter(|one| one["operation"] == "judge_entry").map(|one| &one["what"]).collect();
    judged.sort_by_key(|what| what["same"].as_bool());
    assert_eq!(judged, [&json!({"entry": entry, "same": false}), &json!({"entry": entry, "same": true})]);
}

#[tokio::test]
async fn what_a_customer_set_out_to_pay_is_listed_and_given_up() {
    let desk = Desk::new().await;
    let (first, second) = (desk.begun("a", "1001").await, desk.begun("b", "1002").await);
    assert_eq!(desk.due().await.0, ALL - 10_000);
    let of = format!("/v1/baskets?customer={}", desk.customer);
    let listed = async |more: &str| -> Vec<String> {
        let (status, page) = desk.get(&format!("{of}{more}")).await;
        assert_eq!(status, 200, "{page}");
        let mut all: Vec<String> =
            page["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        all.sort();
        all
    };
    let mut both = vec![first.id.to_string(), second.id.to_string()];
    both.sort();
    assert_eq!(listed("").await, both);
    assert_eq!(listed("&status=begun").await, both);
    assert_eq!(listed("&status=paid").await, [""; 0]);
    let (_, one) = desk.get(&format!("{of}&limit=1")).await;
    let next = one["next"].as_str().unwrap();
    let (_, other) = desk.get(&format!("{of}&limit=1&cursor={next}")).await;
    assert_eq!((other["data"].as_array().unwrap().len(), &other["next"]), (1, &Value::Null), "{other}");
    assert_ne!(one["data"][0]["id"], other["data"][0]["id"]);
    for (address, status) in [
        ("/v1/baskets", 400),
        ("/v1/baskets?customer=C-1", 400),
        (&*format!("{of}&status=open"), 400),
        (&*format!("{of}&limit=0"), 400),
        (&*format!("{of}&cursor=none"), 422),
        ("/v1/baskets/pay_none", 404),
        ("/v1/baskets/inv_none", 404),
    ] {
        assert_eq!(desk.get(address).await.0, status, "{address}");
    }
    assert_eq!(desk.call_as(("other", "admin"), "GET", &format!("/v1/baskets/{}", first.id), Value::Null).await.0, 404);

    let (_, shown) = desk.get(&format!("/v1/baskets/{}", first.id)).await;
    assert_eq!(
        (&shown["status"], &shown["link"], &shown["lines"][0]["number"], shown.get("payment")),
        (&json!("begun"), &json!(LinkId::derive(&["link"])), &json!("1001"), None),
        "{shown}"
    );
    assert_eq!(shown["kept_back_until"], "2026-02-10T10:30:00Z");
    let cancel = format!("/v1/baskets/{}/cancel", first.id);
    assert_eq!(desk.call("viewer", "POST", &cancel, Value::Null).await.0, 403);
    let (status, given_up) = desk.post(&cancel, Value::Null).await;
    assert_eq!((status, &given_up["status"], given_up.get("kept_back_until")), (200, &json!("cancelled"), None), "{given_up}");
    assert_eq!(desk.due().await.0, ALL - 5_000);
    assert_eq!(desk.post(&cancel, Value::Null).await, (200, given_up), "again it changes nothing");
    assert_eq!(desk.post("/v1/baskets/pay_none/cancel", Value::Null).await.0, 404);

    // Once its time passed one that was begun is expired, whether or not anybody says so.
    *desk.world.now.lock().unwrap() = at("2026-02-10T10:30:00Z");
    assert_eq!((listed("&status=expired").await, listed("&status=begun").await), (vec![second.id.to_string()], Vec::new()));
    let (_, shown) = desk.get(&format!("/v1/baskets/{}", second.id)).await;
    assert_eq!((&shown["status"], &shown["status_at"]), (&json!("expired"), &json!("2026-02-10T10:30:00Z")), "{shown}");
    let audit = desk.audit().await;
    assert_eq!(audit.iter().map(|one| &one["object"]).collect::<Vec<_>>(), [&json!(first.id)], "{audit:?}");

    // Money that came, or is on its way, is given up by nobody.
    let cancel = format!("/v1/baskets/{}/cancel", second.id);
    let money = Money::from_minor(5_000, Currency::EUR);
    desk.hear(&second, ProviderOutcome::Pending { money, way: WayOfPaying::Card }).await;
    assert_eq!(desk.post(&cancel, Value::Null).await.0, 409);
    desk.hear(&second, ProviderOutcome::Received { money, way: WayOfPaying::Card, reference: "pi_1".to_owned() }).await;
    assert_eq!(desk.post(&cancel, Value::Null).await.0, 409);
    let (_, shown) = desk.get(&format!("/v1/baskets/{}", second.id)).await;
    assert_eq!((&shown["payment"], &shown["receipts"][0]["reference"]), (&json!(second.id), &json!("pi_1")), "{shown}");
}
