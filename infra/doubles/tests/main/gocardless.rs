//! The double of GoCardless.

use bytes::Bytes;
use doubles::{GoCardless, Outcome, PaymentDouble};
use http::{Method, Response};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    client::{Time, json as read},
    paying::{BASKET, Seller, body, kinds},
};

fn asked() -> Value {
    json!({"billing_requests": {
        "payment_request": {"description": "Invoice INV-1", "amount": 125_000, "currency": "GBP", "metadata": {"basket": BASKET}},
        "mandate_request": {"scheme": "bacs", "currency": "GBP"},
        "metadata": {"basket": BASKET},
        "fallback_enabled": true,
    }})
}

async fn post(seller: &Seller<'_>, path: &str, key: Option<&str>, body: impl Into<Bytes>) -> Response<Bytes> {
    let bearer = format!("Bearer {}", seller.credential("access_token"));
    let mut headers =
        vec![("authorization", bearer.as_str()), ("content-type", "application/json"), ("gocardless-version", "2015-07-06")];
    headers.extend(key.map(|key| ("idempotency-key", key)));
    seller.ask(Method::POST, path, &headers, body).await
}

async fn get(seller: &Seller<'_>, path: &str) -> Value {
    let bearer = format!("Bearer {}", seller.credential("access_token"));
    let answer =
        seller.ask(Method::GET, path, &[("authorization", bearer.as_str()), ("gocardless-version", "2015-07-06")], "").await;
    assert_eq!(answer.status(), 200, "{path}: {}", String::from_utf8_lossy(answer.body()));
    read(&answer)
}

/// A billing request, and the page on which it is fulfilled.
async fn begin(seller: &Seller<'_>, key: &str) -> (String, String) {
    let made = post(seller, "/billing_requests", Some(key), asked().to_string()).await;
    assert_eq!(made.status(), 201, "{}", String::from_utf8_lossy(made.body()));
    let id = read(&made)["billing_requests"]["id"].as_str().expect("an id").to_owned();
    let flow = json!({"billing_request_flows": {"redirect_uri": "https://acme.example/paid", "exit_uri": "https://acme.example/back",
        "lock_currency": true, "links": {"billing_request": id}}});
    let flow = post(seller, "/billing_request_flows", Some(key), flow.to_string()).await;
    assert_eq!(flow.status(), 201, "{}", String::from_utf8_lossy(flow.body()));
    let page = read(&flow)["billing_request_flows"]["authorisation_url"].as_str().expect("a page").to_owned();
    seller.double.events();
    (id, page)
}

#[tokio::test]
async fn what_the_specification_does_not_allow_is_refused() {
    let double = GoCardless::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = Seller::at(&double);
    for (pointer, value) in [
        ("/payment_request/amount", None),
        ("/payment_request/amount", Some(json!("1250.00"))),
        ("/payment_request/amount", Some(json!(0))),
        ("/payment_request/amount", Some(json!(12.5))),
        ("/payment_request/currency", Some(json!("USD"))),
        ("/payment_request/description", None),
        ("/payment_request/amuont", Some(json!(1))),
        ("/payment_request/metadata", Some(json!({"a": "1", "b": "2", "c": "3", "d": "4"}))),
        ("/payment_request/metadata/basket", Some(json!("x".repeat(501)))),
        ("/mandate_request/scheme", Some(json!("cheque"))),
        ("/fallback_enabled", Some(json!("yes"))),
        ("/links", Some(json!("CU1"))),
    ] {
        let mut request = asked();
        let whole = format!("/billing_requests{pointer}");
        let (above, name) = whole.rsplit_once('/').expect("a pointer");
        let above = request.pointer_mut(above).and_then(Value::as_object_mut).expect("an object");
        match value.clone() {
            Some(value) => drop(above.insert(name.to_owned(), value)),
            None => drop(above.remove(name)),
        }
        let answer = post(&seller, "/billing_requests", None, request.to_string()).await;
        let error = &read(&answer)["error"];
        assert_eq!((answer.status().as_u16(), &error["type"]), (422, &json!("validation_failed")), "{pointer} {value:?}");
        assert!(error["errors"][0]["request_pointer"].as_str().expect("a pointer").starts_with("/billing_requests/"), "{error}");
    }
    for (body, status) in [("{", 400), ("{}", 400), ("{\"payments\": {}}", 400), ("{\"billing_requests\": {}}", 422)] {
        assert_eq!(post(&seller, "/billing_requests", None, body).await.status(), status, "{body}");
    }
    let bearer = format!("Bearer {}", seller.credential("access_token"));
    for (headers, status) in [
        (vec![("authorization", "Bearer guessed"), ("gocardless-version", "2015-07-06")], 401),
        (vec![("authorization", bearer.as_str())], 400),
        (vec![("authorization", bearer.as_str()), ("gocardless-version", "2030-01-01")], 400),
    ] {
        assert_eq!(seller.ask(Method::GET, "/payments", &headers, "").await.status(), status, "{headers:?}");
    }
    assert_eq!(double.baskets(), []);
}

#[tokio::test]
async fn a_key_makes_one_thing() {
    let double = GoCardless::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = Seller::at(&double);
    let (id, _) = begin(&seller, BASKET).await;
    let again = post(&seller, "/billing_requests", Some(BASKET), asked().to_string()).await;
    let error = &read(&again)["error"]["errors"][0];
    assert_eq!((again.status().as_u16(), &error["reason"]), (409, &json!("idempotent_creation_conflict")));
    assert_eq!((&error["links"]["conflicting_resource_id"], double.baskets().len()), (&json!(id), 1));
}

#[tokio::test]
async fn a_payer_pays_from_the_bank_at_once() {
    let double = GoCardless::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = Seller::at(&double);
    let (id, page) = begin(&seller, BASKET).await;
    assert!(seller.page(&page).await.1.contains("1250.00 GBP"));
    assert_eq!(seller.press(&page, "cancel=1").await, format!("https://acme.example/back?id={id}"));
    assert_eq!(kinds(&double.events()), ["billing_requests.flow_exited"]);
    assert_eq!(seller.press(&page, "pay=instantly").await, format!("https://acme.example/paid?id={id}"));
    let events = double.events();
    assert_eq!(kinds(&events), ["billing_requests.fulfilled", "payments.created", "payments.confirmed"]);
    let fulfilled = &body(&events[0])["events"][0];
    assert_eq!((&fulfilled["links"]["billing_request"], &fulfilled["resource_metadata"]["basket"]), (&json!(id), &json!(BASKET)));
    let payment = fulfilled["links"]["payment_request_payment"].as_str().expect("a payment");
    let shown = &get(&seller, &format!("/payments/{payment}")).await["payments"];
    assert_eq!(
        (&shown["status"], &shown["amount"], &shown["scheme"]),
        (&json!("confirmed"), &json!(125_000), &json!("faster_payments"))
    );
    assert_eq!(shown["metadata"]["basket"], BASKET);
    let request = &get(&seller, &format!("/billing_requests/{id}")).await["billing_requests"];
    assert_eq!((&request["status"], &request["links"]["payment_request_payment"]), (&json!("fulfilled"), &json!(payment)));
    let listed = get(&seller, &format!("/events?payment={payment}&limit=1")).await;
    assert_eq!((&listed["events"][0]["action"], &listed["meta"]["limit"]), (&json!("confirmed"), &json!(1)));
    let next =
        get(&seller, &format!("/events?payment={payment}&after={}", listed["meta"]["cursors"]["after"].as_str().expect("more")))
            .await;
    assert_eq!(next["events"][0]["action"], "created");
    let path = page.strip_prefix(double.base_url()).expect("a page of the double");
    assert_eq!(seller.ask(Method::POST, path, &[], "pay=debit").await.status(), 409, "nobody pays twice");
}

#[tokio::test]
async fn a_debit_can_fail_late_or_be_charged_back() {
    let double = GoCardless::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = Seller::at(&double);
    let (_, page) = begin(&seller, "first").await;
    seller.press(&page, "pay=debit").await;
    assert_eq!(kinds(&double.events()), ["billing_requests.fulfilled", "payments.created", "payments.submitted"]);
    assert_eq!(double.baskets()[0].received_minor, 0);
    assert_eq!(seller.happens(Outcome::Succeeded, None).expect("it may"), ["payments.confirmed"]);
    assert_eq!(double.baskets()[0].received_minor, 125_000);
    let events = double.happen(BASKET, Outcome::Failed, None).expect("late");
    assert_eq!(kinds(&events), ["payments.failed", "payments.late_failure_settled"]);
    let details = &body(&events[0])["events"][0]["details"];
    assert_eq!((&details["origin"], &details["will_attempt_retry"]), (&json!("bank"), &json!(false)));
    assert_eq!(double.baskets()[0].received_minor, 0);

    begin(&seller, "second").await;
    seller.happens(Outcome::Pending, None).expect("the newest of the basket is meant");
    seller.happens(Outcome::Succeeded, None).expect("it may");
    assert!(seller.happens(Outcome::ChargedBack, Some(1)).is_err(), "a debit is charged back as a whole");
    assert_eq!(seller.happens(Outcome::ChargedBack, None).expect("it may"), ["payments.charged_back"]);
    assert_eq!((double.baskets()[1].received_minor, double.baskets()[1].taken_back_minor), (125_000, 125_000));
    assert!(seller.happens(Outcome::Refunded, None).is_err());
}

#[tokio::test]
async fn the_seller_refunds_and_cancels() {
    let double = GoCardless::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = Seller::at(&double);
    begin(&seller, "first").await;
    let events = double.happen(BASKET, Outcome::Paid, None).expect("it may");
    let payment = body(&events[1])["events"][0]["links"]["payment"].as_str().expect("a payment").to_owned();
    let refund = |amount: i64, confirmed: i64| {
        json!({"refunds": {"amount": amount, "total_amount_confirmation": confirmed, "links": {"payment": payment}}}).to_string()
    };
    for (amount, confirmed) in [(125_001, 125_001), (0, 0), (25_000, 1)] {
        assert_eq!(post(&seller, "/refunds", None, refund(amount, confirmed)).await.status(), 422, "{amount}");
    }
    let made = read(&post(&seller, "/refunds", Some("refund"), refund(25_000, 25_000)).await);
    let events = double.events();
    assert_eq!(kinds(&events), ["refunds.created"]);
    assert_eq!(body(&events[0])["events"][0]["links"]["refund"], made["refunds"]["id"]);
    assert_eq!(seller.happens(Outcome::Refunded, None).expect("the rest"), ["refunds.created"]);
    assert_eq!(double.baskets()[0].taken_back_minor, 125_000);
    let (id, page) = begin(&seller, "second").await;
    let path = format!("/billing_requests/{id}/actions/cancel");
    assert_eq!(read(&post(&seller, &path, None, "").await)["billing_requests"]["status"], "cancelled");
    assert_eq!(kinds(&double.events()), ["billing_requests.cancelled"]);
    assert_eq!(post(&seller, &path, None, "").await.status(), 422);
    assert!(seller.page(&page).await.1.contains("over"));
}

#[tokio::test]
async fn a_mandate_pays_again() {
    let double = GoCardless::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = Seller::at(&double);
    let (id, _) = begin(&seller, "first").await;
    seller.happens(Outcome::Pending, None).expect("it may");
    let mandate =
        get(&seller, &format!("/billing_requests/{id}")).await["billing_requests"]["links"]["mandate_request_mandate"].clone();
    let debit = |mandate: &Value, currency: &str| {
        json!({"payments": {"amount": 5_000, "currency": currency, "metadata": {"basket": "pay_again"}, "links": {"mandate": mandate}}})
            .to_string()
    };
    assert_eq!(post(&seller, "/payments", None, debit(&json!("MD0"), "GBP")).await.status(), 422);
    assert_eq!(post(&seller, "/payments", None, debit(&mandate, "EUR")).await.status(), 422);
    let made = read(&post(&seller, "/payments", Some("again"), debit(&mandate, "GBP")).await);
    assert_eq!(
        (&made["payments"]["status"], &made["payments"]["charge_date"]),
        (&json!("pending_submission"), &json!("2026-03-07"))
    );
    let events = double.happen("pay_again", Outcome::Succeeded, None).expect("it may");
    assert_eq!((kinds(&events), &events[0].basket), (vec!["payments.confirmed".to_owned()], &"pay_again".to_owned()));
    assert_eq!(double.baskets()[1].received_minor, 5_000);
}

#[tokio::test]
async fn a_page_is_open_for_a_week() {
    let time = Time::at("2026-03-04T09:00:00Z");
    let double = GoCardless::start(time.clock()).await.expect("a port");
    let seller = Seller::at(&double);
    let (_, page) = begin(&seller, BASKET).await;
    assert!(double.baskets()[0].pay_url.is_some());
    time.pass(SignedDuration::from_hours(7 * 24));
    assert_eq!(double.baskets()[0].pay_url, None);
    assert!(seller.page(&page).await.1.contains("over"));
    assert_eq!(seller.happens(Outcome::Failed, None).expect("it may"), ["billing_requests.failed"]);
    assert_eq!(seller.happens(Outcome::Expired, None).expect("it may"), ["billing_requests.cancelled"]);
    assert!(seller.happens(Outcome::Paid, None).is_err());
}
