//! Payment providers beside a local stack: a tenant's account at each, and what payers and banks do there.

use serde_json::{Value, json};
use tests::test_tenant::{Reply, TestTenant};

const BASKET: &str = "pay_0123456789abcdef";

async fn tenant(desk: &TestTenant, payments: Value) -> Reply {
    let wish = json!({"tenant": "shop", "settings": {"name": "Shop Ltd"}, "payments": payments});
    desk.call("POST", "/_local/tenants", &[], wish.to_string().as_bytes()).await
}

async fn act(desk: &TestTenant, basket: &str, wish: Value) -> Reply {
    desk.call("POST", &format!("/_local/baskets/{basket}"), &[], wish.to_string().as_bytes()).await
}

/// Begins a payment at the stand-in of Stripe, as the stack does.
async fn begin(desk: &TestTenant, account: &Value) {
    let bearer = format!("Bearer {}", account["credentials"]["secret_key"].as_str().unwrap());
    let form = format!(
        "mode=payment&client_reference_id={BASKET}&success_url=http://127.0.0.1/paid&line_items[0][quantity]=1\
         &line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=125000\
         &line_items[0][price_data][product_data][name]=INV-1"
    );
    let url = format!("{}/v1/checkout/sessions", account["base_url"].as_str().unwrap());
    desk.call("POST", &url, &[("authorization".to_owned(), bearer)], form.as_bytes()).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn payers_and_banks_act_at_the_stand_ins() {
    let desk = TestTenant::at("2026-03-04T09:00:00Z").await;
    assert_eq!(desk.call("GET", "/_local/baskets", &[], b"").await.is(200).body, json!([]));
    act(&desk, BASKET, json!({"outcome": "paid"})).await.is(404);
    for wrong in [
        json!([{"provider": "cash"}]),
        json!([{"provider": "stripe", "credentials": {"key": "x"}}]),
        json!([{"provider": "stripe", "base_url": "https://elsewhere.example", "credentials": {}}]),
        json!([{"provider": "stripe", "base_url": "http://127.0.0.1:1"}]),
    ] {
        tenant(&desk, wrong).await.is(400);
    }
    let made = tenant(&desk, json!([{"provider": "stripe", "credentials": {"webhook_secret": "whsec_own"}}])).await.is(200).body;
    let url = format!("{}/webhooks/shop/pay-stripe", desk.stack.url());
    assert_eq!(made["webhooks"]["pay-stripe"], json!({"url": url, "secret": "whsec_own"}));
    begin(&desk, &made["payments"]["stripe"]).await;

    let listed = desk.call("GET", "/_local/baskets?tenant=shop", &[], b"").await.is(200).body;
    assert_eq!(
        (&listed[0]["id"], &listed[0]["amount_minor"], &listed[0]["received_minor"]),
        (&json!(BASKET), &json!(125_000), &json!(0))
    );
    assert_eq!(desk.call("GET", "/_local/baskets?tenant=other", &[], b"").await.is(200).body, json!([]));
    for wrong in [json!({"outcome": "stolen"}), json!({"outcome": "refunded"}), json!({"amount_minor": 1}), json!({"outcome": 1})]
    {
        act(&desk, BASKET, wrong).await.is(422);
    }
    let lost = act(&desk, BASKET, json!({"outcome": "paid", "deliver": false})).await.is(200).body;
    assert_eq!((&lost["events"][1]["type"], &lost["events"][1]["webhooks"]), (&json!("checkout.session.completed"), &json!([])));
    desk.advance("P2D").await;
    let listed = desk.call("GET", "/_local/baskets", &[], b"").await.is(200).body;
    assert_eq!(
        (&listed[0]["received_minor"], &listed[0]["events"][1]["webhooks"]),
        (&json!(125_000), &json!([])),
        "it stays lost"
    );
    let again = act(&desk, BASKET, json!({})).await.is(200).body;
    let delivered = again["events"].as_array().unwrap();
    assert!(delivered.len() == 2 && delivered.iter().all(|event| event["webhooks"].as_array().unwrap().len() == 1), "{again}");
    let made = tenant(&desk, json!([{"provider": "paypal"}, {"provider": "gocardless"}])).await.is(200).body;
    for (provider, names) in [
        ("paypal", ["client_id", "client_secret", "webhook_id"].as_slice()),
        ("gocardless", ["access_token", "webhook_secret"].as_slice()),
    ] {
        let given = &made["payments"][provider];
        assert!(given["base_url"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{given}");
        assert!(names.iter().all(|name| !given["credentials"][*name].as_str().unwrap().is_empty()), "{given}");
        assert!(made["webhooks"][format!("pay-{provider}")]["secret"].is_string(), "{made}");
    }
}
