//! What a payment provider says of baskets, over the whole path.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod sender;
mod subject;

use domain::{Basket, BasketStatus, Currency, CustomerId, PaymentId, receivables::Receivables};
use sender::delivery;
use serde_json::{Value, json};
use subject::{Subject, WebhookAnswer};
use testbed::{aws::NOW_S, baskets};

const SECRET: &str = "whsec_pay";

/// A customer who owes one invoice and begins to pay 5,000 of it by card.
async fn begun() -> (Subject, CustomerId, Basket) {
    let subject = Subject::start().await;
    let (aws, tenant) = (&subject.aws, &subject.aws.tenant);
    let secret = json!({ "secret_key": "sk_test_1", "webhook_secret": SECRET }).to_string();
    aws.vault.put_connection(tenant, "pay-stripe", secret.as_bytes(), &json!({}), None, None).await.unwrap();
    let customer = aws.owes("INV-1").await;
    let head = aws.store.head(tenant, &customer).await.unwrap().unwrap();
    let owed = aws.store.facts(tenant, &head).await.unwrap().invoices[0].invoice.id.clone();
    let basket = baskets::begun(&aws.store, tenant, &customer, baskets::by_card("form", owed, "INV-1"), aws.now()).await;
    (subject, customer, basket)
}

fn session(basket: &str, amount: i64, currency: &str) -> Value {
    json!({
        "id": "cs_test_1", "object": "checkout.session", "client_reference_id": basket, "status": "complete",
        "payment_status": "paid", "amount_total": amount, "currency": currency, "payment_intent": "pi_1",
        "payment_method_types": ["card"], "expires_at": NOW_S + 1_800, "url": null,
    })
}

fn completed(id: &str, session: &Value) -> Value {
    json!({
        "id": id, "object": "event", "type": "checkout.session.completed", "created": NOW_S, "data": { "object": session },
    })
}

impl Subject {
    async fn pay(&self, secret: &str, event: &Value) -> WebhookAnswer {
        let body = serde_json::to_vec(event).unwrap();
        self.pay_bytes(secret, &body).await
    }

    async fn pay_bytes(&self, secret: &str, body: &[u8]) -> WebhookAnswer {
        // Stripe signs all its webhooks alike; these come to another address.
        let mut payload = delivery("stripe", secret, "acme", "", NOW_S, body);
        payload["pathParameters"]["source"] = json!("pay-stripe");
        payload["rawPath"] = json!("/webhooks/acme/pay-stripe");
        self.send(payload).await
    }

    async fn known(&self, customer: &CustomerId, basket: &Basket) -> (Basket, i64) {
        let (store, tenant) = (&self.aws.store, &self.aws.tenant);
        let known = store.basket(tenant, customer, &basket.id).await.unwrap().unwrap();
        let head = store.head(tenant, customer).await.unwrap().unwrap();
        let facts = store.facts(tenant, &head).await.unwrap();
        // After its time, so that only money counts.
        let later = self.aws.now() + jiff::SignedDuration::from_hours(1);
        (known, Receivables::in_zone(&facts, &jiff::tz::TimeZone::UTC, later).exposure_minor(Currency::EUR))
    }
}

#[tokio::test]
async fn money_moves_once_by_a_signed_event() {
    let (subject, customer, basket) = begun().await;
    let (_, all) = subject.known(&customer, &basket).await;
    let event = completed("evt_1", &session(basket.id.as_str(), 5_000, "eur"));

    let forged = subject.pay("whsec_another", &event).await;
    assert_eq!((forged.status, forged.kind()), (400, "bad-signature"));
    assert_eq!(subject.known(&customer, &basket).await.0.status, BasketStatus::Begun);

    let taken = subject.pay(SECRET, &event).await;
    assert_eq!((taken.status, taken.result()), (202, "applied"), "{}", taken.body);
    let (known, left) = subject.known(&customer, &basket).await;
    assert_eq!((known.status, known.provider_id.as_deref(), left), (BasketStatus::Paid, Some("cs_test_1"), all - 5_000));
    let again = subject.pay(SECRET, &event).await;
    assert_eq!((again.status, again.result()), (200, "duplicate"));
    assert_eq!(subject.known(&customer, &basket).await.1, all - 5_000);
}

#[tokio::test]
async fn what_is_not_as_asked_is_credit_and_a_person_hears_of_it() {
    for (amount, currency, credit) in [(4_000, "eur", 4_000), (5_000, "usd", 0)] {
        let (subject, customer, basket) = begun().await;
        let (_, all) = subject.known(&customer, &basket).await;
        let taken = subject.pay(SECRET, &completed("evt_1", &session(basket.id.as_str(), amount, currency))).await;
        assert_eq!((taken.status, taken.result()), (202, "applied"));
        assert_eq!(subject.known(&customer, &basket).await.1, all - credit, "{amount} {currency}");
        let tasks = subject.aws.tasks().await;
        assert!(tasks.iter().any(|task| task.task.detail.contains(basket.id.as_str())), "{amount} {currency}");
    }
}

#[tokio::test]
async fn what_is_about_no_basket_of_the_tenant_changes_nothing_and_money_is_named() {
    let (subject, customer, basket) = begun().await;
    let (_, all) = subject.known(&customer, &basket).await;
    let strange = PaymentId::of_basket(&["another's"]);
    for (event, result) in [
        (completed("evt_1", &session(strange.as_str(), 5_000, "eur")), "parked"),
        (completed("evt_2", &session("order-17", 5_000, "eur")), "ignored"),
        (
            json!({"id": "evt_3", "object": "event", "type": "customer.updated", "created": NOW_S, "data": {"object": {}}}),
            "ignored",
        ),
    ] {
        assert_eq!(subject.pay(SECRET, &event).await.result(), result, "{event}");
    }
    let garbled = subject.pay_bytes(SECRET, b"{}").await;
    assert_eq!(
        (garbled.status, garbled.result()),
        (202, "parked"),
        "a person sees it, and its sender does not repeat it for ever"
    );
    assert_eq!(subject.known(&customer, &basket).await, (basket, all));
    assert!(subject.aws.tasks().await.iter().any(|task| task.task.detail.contains(strange.as_str())));
}

#[tokio::test]
async fn a_tenant_without_the_connection_is_told_so() {
    let subject = Subject::start().await;
    let event = completed("evt_1", &session("pay_0000000000000000", 5_000, "eur"));
    assert_eq!(subject.pay(SECRET, &event).await.status, 404);
}
