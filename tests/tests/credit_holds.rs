//! A credit hold: asked for, confirmed by the system that carries it out or looked at by a person, and released once what it was for is paid.

use serde_json::{Value, json};
use tests::{
    documents::{changed, customer, invoice},
    test_tenant::TestTenant,
};

async fn desk(action: Value) -> TestTenant {
    let step = |id: &str, offset: &str, action: Value| json!({"id": id, "at": {"anchor": "due_date", "offset": offset}, "action": action});
    let workflow = json!({
        "id": "stopped", "name": "Stopped", "scope": "customer",
        "steps": [step("stop", "P1D", action), step("call", "P60D", json!({"task": {"title": "Call"}}))],
    });
    let desk = TestTenant::with("2026-02-05T08:00:00Z", json!({}), Some(vec![workflow])).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk
}

/// The one open task of a kind.
async fn only(desk: &TestTenant, kind: &str) -> Value {
    let mut tasks = desk.tasks(kind).await;
    assert_eq!(tasks.len(), 1, "{kind}: {tasks:?}");
    tasks.remove(0)
}

/// A system of the tenant's says that it carried out what a task asks for.
async fn confirm(desk: &TestTenant, task: &Value) {
    let effect = task["effect"]["id"].as_str().unwrap();
    let said = json!({"status": "done", "task": task["id"], "reference": "ERP-7"});
    desk.admin("POST", &format!("/v1/effects/{effect}/result"), &said).await.is(200);
    desk.advance("PT2M").await;
}

async fn pay(desk: &TestTenant) {
    desk.put(&changed(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04"), 2, &json!({"paid_minor": 125_000}))).await;
    desk.advance("PT10M").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn supply_stops_when_somebody_says_so_and_goes_on_when_all_is_paid() {
    let desk = desk(json!({"credit_hold": {}})).await;
    desk.end_of("2026-02-05").await;
    let hold = only(&desk, "credit_hold").await;
    assert_eq!(hold["effect"]["kind"], "credit_hold");
    // Nobody says anything for three days: a person looks, until somebody does.
    desk.end_of("2026-02-09").await;
    only(&desk, "unconfirmed").await;
    confirm(&desk, &hold).await;
    assert_eq!(desk.tasks("unconfirmed").await.len(), 0);
    assert_eq!(desk.tasks("credit_release").await.len(), 0, "it is not paid");
    pay(&desk).await;
    let release = only(&desk, "credit_release").await;
    assert_eq!(release["effect"]["kind"], "credit_release");
    confirm(&desk, &release).await;
    desk.end_of("2026-02-20").await;
    assert_eq!(desk.tasks("credit_release").await.len() + desk.tasks("unconfirmed").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn stricter_terms_that_nobody_gave_are_taken_back_when_all_is_paid() {
    let desk = desk(json!({"change_terms": {"terms": "prepayment"}})).await;
    desk.end_of("2026-02-05").await;
    let asked = only(&desk, "change_terms").await;
    assert!(asked["title"].as_str().unwrap().ends_with("payment before delivery"), "{asked}");
    pay(&desk).await;
    assert_eq!(desk.tasks("change_terms").await.len() + desk.tasks("restore_terms").await.len(), 0);
    let path = format!("/v1/tasks/{}", asked["id"].as_str().unwrap());
    let over = desk.admin("GET", &path, &Value::Null).await.is(200).body;
    assert_eq!(over["effect"]["status"], "superseded");
}
