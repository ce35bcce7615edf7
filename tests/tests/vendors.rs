//! The accounting systems beside a local stack, as docs/try.md has a newcomer use them.

use serde_json::{Value, json};
use tests::test_tenant::TestTenant;

async fn pay(desk: &TestTenant, source: &str, body: Value) -> tests::test_tenant::Reply {
    desk.call("POST", &format!("/_local/vendors/{source}/payments"), &[], body.to_string().as_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_connects_to_each_and_pays_there() {
    let desk = TestTenant::at("2026-03-04T09:00:00Z").await;
    desk.call("GET", "/_local/vendors", &[], b"").await.is(404);
    desk.stack.add_vendors().await.unwrap();
    assert!(desk.stack.add_vendors().await.is_err(), "they are there already");
    let listed = desk.call("GET", "/_local/vendors", &[], b"").await.is(200).body;
    for (vendor, number) in listed.as_array().unwrap().iter().zip(["1001", "INV-0001"]) {
        let source = vendor["source"].as_str().unwrap();
        let page = desk.sign_in(source, json!({"base_url": vendor["base_url"]})).await.is(200);
        desk.confirm(source, &page, vendor["realm"].as_str().unwrap()).await.is(200);
        desk.advance("PT2M").await;
        assert_eq!(desk.health(source).await["status"], "good", "{source}");
        let (double, realm) = {
            let vendor = desk.stack.world().vendors.get().unwrap().of(source).unwrap();
            (vendor.double, vendor.realm)
        };
        desk.equals(source, double, realm).await;
        // By webhook within seconds, and with the webhook lost by the next poll.
        assert_eq!(pay(&desk, source, json!({"invoice": number, "amount_minor": 10_000})).await.is(200).body["webhook"], 200);
        desk.advance("PT10S").await;
        desk.equals(source, double, realm).await;
        let lost = json!({"invoice": number, "amount_minor": 5_000, "lost": true});
        assert_eq!(pay(&desk, source, lost).await.is(200).body["webhook"], "lost");
        desk.advance("PT31M").await;
        desk.equals(source, double, realm).await;
        for (invoice, amount_minor) in [(number, 0), (number, 10_000_000), ("none", 1)] {
            pay(&desk, source, json!({"invoice": invoice, "amount_minor": amount_minor})).await.is(422);
        }
    }
    pay(&desk, "stripe", json!({"invoice": "1001", "amount_minor": 1})).await.is(404);
}
