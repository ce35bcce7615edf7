//! Plans that a collector offers: made by what is owed now, listed, taken back.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use std::collections::BTreeSet;

use common::{Desk, pointers};
use serde_json::{Value, json};

fn parts() -> Value {
    json!([{"amount_minor": 60_000, "due_on": "2026-03-02"}, {"amount_minor": 65_000, "due_on": "2026-04-01"}])
}

#[tokio::test]
async fn offers_are_made_listed_and_taken_back() {
    let desk = Desk::new().await;
    let address = format!("/v1/customers/{}/plan_offers", desk.customer);
    let asked = json!({"invoices": ["C-1-1001"], "parts": parts()});
    assert_eq!(desk.call("viewer", "POST", &address, asked.clone()).await.0, 403);
    let (status, offer) = desk.call("collector", "POST", &address, asked.clone()).await;
    assert_eq!(status, 200, "{offer}");
    assert_eq!(
        (&offer["valid_until"], &offer["currency"], &offer["status"]),
        (&json!("2026-03-02"), &json!("EUR"), &json!("open"))
    );
    assert_eq!((&offer["parts"], offer.get("agreement")), (&parts(), None));
    let (_, again) = desk.call("collector", "POST", &address, asked).await;
    assert_eq!(again["id"], offer["id"]);
    // It is no agreement, and keeps nothing back.
    let (_, matter) = desk.call("viewer", "GET", &format!("/v1/customers/{}", desk.customer), Value::Null).await;
    assert_eq!((&matter["agreements"], &matter["holds"]), (&json!([]), &json!([])));
    // In part, over less than is open.
    let part =
        json!({"invoices": ["C-1-1001"], "amount_minor": 10_000, "parts": [{"amount_minor": 10_000, "due_on": "2026-03-02"}]});
    assert_eq!(desk.call("collector", "POST", &address, part).await.0, 200);
    for day in 10..13 {
        let more = json!({"invoices": ["C-1-1001"], "parts": parts(), "valid_until": format!("2026-02-{day}")});
        assert_eq!(desk.call("collector", "POST", &address, more).await.0, 200);
    }
    let sixth = json!({"invoices": ["C-1-1001"], "parts": parts(), "valid_until": "2026-02-20"});
    assert_eq!(desk.call("collector", "POST", &address, sixth.clone()).await.0, 409, "five are open");
    let (_, listed) = desk.call("viewer", "GET", &address, Value::Null).await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 5);
    let back = format!("/v1/plan_offers/{}/withdraw", offer["id"].as_str().unwrap());
    assert_eq!(desk.call("viewer", "POST", &back, Value::Null).await.0, 403);
    for _ in 0..2 {
        let (status, gone) = desk.call("collector", "POST", &back, json!({"reason": "they pay all of it"})).await;
        assert_eq!((status, &gone["status"]), (200, &json!("withdrawn")), "{gone}");
    }
    assert_eq!(desk.call("collector", "POST", &address, sixth).await.0, 200, "there is room again");
    assert_eq!(desk.call("collector", "POST", "/v1/plan_offers/pof_none/withdraw", Value::Null).await.0, 404);
    assert_eq!(desk.call("collector", "GET", "/v1/customers/cus_none/plan_offers", Value::Null).await.0, 404);
    let noted: Vec<Value> = desk.audit().await.into_iter().map(|entry| entry["operation"].clone()).collect();
    assert_eq!(noted.iter().filter(|operation| **operation == "offer_plan").count(), 6);
    assert_eq!(noted.iter().filter(|operation| **operation == "withdraw_plan_offer").count(), 1, "what changes nothing has none");
}

#[tokio::test]
async fn what_could_be_no_plan_is_not_offered() {
    let desk = Desk::new().await;
    desk.api.world.customer("acme", "C-2", |_| {}).await;
    let address = format!("/v1/customers/{}/plan_offers", desk.customer);
    let one = |amount_minor: i64, due_on: &str| json!([{"amount_minor": amount_minor, "due_on": due_on}]);
    for (body, expected) in [
        (json!({"invoices": ["C-1-1001"], "parts": []}), vec!["/parts"]),
        (json!({"invoices": [], "parts": parts()}), vec!["/invoices", "/parts"]),
        (json!({"invoices": ["C-2-1001"], "parts": parts()}), vec!["/invoices/0", "/parts"]),
        (json!({"invoices": ["C-1-1001"], "parts": one(124_999, "2026-03-02")}), vec!["/parts"]),
        (json!({"invoices": ["C-1-1001"], "amount_minor": 125_001, "parts": one(125_001, "2026-03-02")}), vec!["/amount_minor"]),
        (json!({"invoices": ["C-1-1001"], "parts": one(125_000, "2026-02-09")}), vec!["/valid_until", "/parts/0/due_on"]),
        (json!({"invoices": ["C-1-1001"], "parts": parts(), "valid_until": "2026-02-09"}), vec!["/valid_until"]),
        (json!({"invoices": ["C-1-1001"], "parts": parts(), "valid_until": "2026-03-03"}), vec!["/valid_until"]),
        (
            json!({"invoices": ["C-1-1001"], "parts": one(125_000, "2026-09-01"), "valid_until": "2026-08-01"}),
            vec!["/valid_until"],
        ),
        (json!({"invoices": ["C-1-1001"], "parts": parts(), "currency": "USD"}), vec!["/currency"]),
        (json!({"parts": parts()}), vec!["/invoices"]),
    ] {
        let (status, said) = desk.call("collector", "POST", &address, body.clone()).await;
        let found: BTreeSet<&str> = pointers(&said).into_iter().collect();
        assert_eq!((status, found), (400, expected.into_iter().collect()), "{body}: {said}");
    }
    let (_, listed) = desk.call("viewer", "GET", &address, Value::Null).await;
    assert_eq!(listed["data"], json!([]));
}
