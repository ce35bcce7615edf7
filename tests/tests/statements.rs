//! Statements by the calendar, and a step's next channel where no word comes that a mail arrived.

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::TestTenant,
};

fn plan(further: Value, send: Value) -> Value {
    let mut action = json!({"channels": ["email"], "template": "reminder", "to": ["billing"]});
    action.as_object_mut().unwrap().extend(send.as_object().unwrap().clone());
    let mut plan = json!({"id": "plan", "name": "Plan", "scope": "customer", "steps": [
        {"id": "reminder", "at": {"anchor": "due_date", "offset": "P1D"}, "action": {"send": action}},
        {"id": "person", "at": {"anchor": "due_date", "offset": "P90D"}, "action": {"task": {"title": "Call"}}},
    ]});
    plan.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    plan
}

/// What left: day and subject.
fn went(desk: &TestTenant) -> Vec<String> {
    let line = |sent: &local::Sent| {
        let day = sent.at.to_string()[..10].to_owned();
        format!("{day} {} {}", sent.channel, sent.subject.clone().unwrap_or_default())
    };
    desk.sent().iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_takes_the_place_of_the_reminder_of_its_day_and_lists_what_is_open() {
    let plan = plan(json!({"statement": {"every": "month", "on": 5}}), json!({}));
    let desk = TestTenant::with("2026-01-20T20:00:00Z", json!({}), Some(vec![plan])).await;
    // The first falls due on the day before the statement's, the second long after it.
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.put(&invoice(&customer("C-1"), "F-2", 50_000, "2026-02-12")).await;
    desk.end_of("2026-02-05").await;
    let sent = desk.sent();
    assert_eq!(sent.len(), 1, "{:?}", went(&desk));
    let text = sent[0].text.clone().unwrap_or_default();
    for part in ["F-1", "F-2", "1.750,00"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let matter = desk.matter("C-1").await;
    assert!(matter["due_items"].as_array().unwrap().iter().all(|item| item["rung"].is_null()), "{}", matter["due_items"]);
    desk.end_of("2026-03-01").await;
    let days: Vec<String> = went(&desk).iter().map(|line| line[..10].to_owned()).collect();
    // The newer invoice waits for the steps of the older one: the plan's scope is the customer.
    assert_eq!(days.len(), 2, "the reminder of the older invoice comes later, and no second statement: {:?}", went(&desk));
    assert!(days[1].as_str() >= "2026-02-08", "after the gap: {days:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_channel_is_tried_where_nothing_is_heard_of_a_mail() {
    let plan = plan(json!({"min_gap": "P1D"}), json!({"channels": ["email", "sms"], "after": "P3D"}));
    let settings = json!({"sender": {"sms": "Acme"}});
    let desk = TestTenant::with("2026-02-04T20:00:00Z", settings, Some(vec![plan])).await;
    for (id, number, email) in [("C-1", "F-1", "ap@silent.example"), ("C-2", "G-1", "ap@heard.example")] {
        let mut customer = customer(id);
        customer["contacts"] = json!([{"external_id": "p1", "name": "Anna Weber", "roles": ["billing"], "email": email,
                                       "phone": "+493012345678", "consents": ["sms"]}]);
        desk.put(&invoice(&customer, number, 125_000, "2026-02-04")).await;
    }
    desk.end_of("2026-02-05").await;
    assert_eq!(desk.sent().iter().map(|sent| sent.channel.as_str()).collect::<Vec<_>>(), ["email", "email"]);
    desk.end_of("2026-02-20").await;
    let channels: Vec<String> = desk.sent().iter().map(|sent| sent.channel.clone()).collect();
    assert_eq!(channels, ["email", "email", "sms"], "of the mail that arrived nothing more comes: {:?}", went(&desk));
    assert!(desk.exceptions().await.is_empty());
}
