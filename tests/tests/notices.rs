//! How people of the tenant are told of work: whom a step names, once, with enough to act on; with the digest, after quiet hours, when a task is
//! overdue; and by email where a channel is gone.

use local::{Mode, Sent, token::TokenIn};
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{TENANT, TestTenant},
};

const KIM: &str = "kim@acme.example";

/// A tenant with a manager, channels of Slack and Teams, and a workflow that tells people.
async fn desk(notices: Value) -> TestTenant {
    let step = |id: &str, offset: &str, action: Value| json!({"id": id, "at": {"anchor": "due_date", "offset": offset}, "action": action});
    let workflow = json!({
        "id": "told", "name": "Told", "scope": "customer",
        "steps": [
            step("tell", "P1D", json!({"notify": {"to": "managers", "via": ["teams", "sns"]}})),
            step("boss", "P2D", json!({"escalate": {"to": "managers", "via": ["email", "slack"]}})),
        ],
    });
    let desk = TestTenant::with("2026-02-05T08:00:00Z", json!({"notices": notices}), Some(vec![workflow])).await;
    desk.admin("POST", "/v1/invitations", &json!({"role": "manager", "email": KIM})).await.is(200);
    let text = |text: &str| Some(text.to_owned());
    let claims = TokenIn { tenant: text(TENANT), sub: text("kim"), email: text(KIM), ..TokenIn::default() };
    let kim = [("authorization".to_owned(), format!("Bearer {}", desk.stack.token_for(&claims).unwrap()))];
    desk.call("GET", "/v1/me", &kim, b"").await.is(200);
    for way in ["slack", "teams"] {
        let url = format!("{}/_local/notices/{way}/{TENANT}", desk.stack.url());
        let entered = desk.admin("PUT", &format!("/v1/notice_channels/{way}"), &json!({"url": url})).await.is(200);
        assert!(!entered.text.contains("/_local/notices/"), "an address is never shown");
    }
    desk
}

/// What people of the tenant were told: provider and when, to the minute.
fn told(desk: &TestTenant) -> Vec<(String, String)> {
    let of_people = |sent: &Sent| sent.channel == "notice" || sent.to == KIM;
    let all = desk.stack.outbox(Some(TENANT)).into_iter().filter(of_people);
    all.map(|sent| (sent.provider, sent.at.strftime("%m-%d %H:%M").to_string())).collect()
}

fn last(desk: &TestTenant, provider: &str) -> Sent {
    desk.stack.outbox(Some(TENANT)).into_iter().rev().find(|sent| sent.provider == provider).unwrap()
}

/// The notices as the API lists them: way, kind and status, sorted.
async fn listed(desk: &TestTenant) -> Vec<String> {
    let page = desk.admin("GET", "/v1/notices?limit=200", &Value::Null).await.is(200).body;
    let text = |notice: &Value, name: &str| notice[name].as_str().unwrap_or_default().to_owned();
    let one = |notice: &Value| format!("{} {} {}", text(notice, "way"), text(notice, "kind"), text(notice, "status"));
    let mut all: Vec<String> = page["data"].as_array().unwrap().iter().map(one).collect();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_tell_people_once_with_enough_to_act_on() {
    let desk = desk(json!({})).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.fault("queue", Mode::Duplicate, 2);
    desk.end_of("2026-02-07").await;
    let mut ways: Vec<String> = told(&desk).into_iter().map(|(provider, _)| provider).collect();
    ways.sort();
    assert_eq!(ways, ["ses", "slack", "sns", "teams"]);
    for provider in ["slack", "ses"] {
        let said = last(&desk, provider).text.unwrap();
        for part in ["Escalated to managers", "C-1", "Past due: 1250.00 EUR", "Step: boss", "Why: ", "Task: tsk_"] {
            assert!(said.contains(part), "no '{part}' in {said}");
        }
    }
    // Whom a step only wanted told has nothing more to do; what was escalated is somebody's.
    assert_eq!(desk.tasks("notify").await.len(), 0);
    assert_eq!(desk.tasks("escalation").await.len(), 1);
    assert_eq!(listed(&desk).await, ["email raised done", "slack raised done", "sns raised done", "teams raised done"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_urgent_waits_for_the_digest_and_is_told_together() {
    let rules = json!([{"kinds": ["task"], "to": "managers", "via": ["slack"]}]);
    let desk = desk(json!({"digest": {"at": "08:30"}, "quiet_hours": {"from": "18:00", "to": "08:00"}, "rules": rules})).await;
    for title in ["Call the bank", "Look at the contract"] {
        desk.admin("POST", "/v1/tasks", &json!({"title": title})).await.is(200);
    }
    desk.to("2026-02-06T07:00:00Z").await;
    assert_eq!(told(&desk), []);
    desk.to("2026-02-06T07:45:00Z").await;
    assert_eq!(told(&desk), [("slack".to_owned(), "02-06 07:30".to_owned())]);
    let said = last(&desk, "slack");
    assert!(said.subject.unwrap().ends_with("2 tasks"));
    let text = said.text.unwrap();
    assert!(text.contains("Call the bank") && text.contains("Look at the contract"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overdue_task_is_reminded_then_escalated_and_one_that_is_over_is_not() {
    let overdue = json!([{"after_days": 3, "to": "managers", "via": ["slack"]}]);
    let desk = desk(json!({"overdue": overdue})).await;
    let mut made = Vec::new();
    for title in ["Call the bank", "Look at the contract"] {
        let asked = json!({"title": title, "to": "kim", "due_on": "2026-02-06"});
        made.push(desk.admin("POST", "/v1/tasks", &asked).await.is(200).body["id"].as_str().unwrap().to_owned());
    }
    desk.admin("POST", &format!("/v1/tasks/{}/done", made[1]), &json!({})).await.is(200);
    desk.to("2026-02-12T08:00:00Z").await;
    assert_eq!(
        told(&desk),
        [("ses".to_owned(), "02-07 08:00".to_owned()), ("slack".to_owned(), "02-09 08:00".to_owned())],
        "at nine in Berlin, on the days after the 6th"
    );
    assert!(last(&desk, "ses").text.unwrap().contains("Overdue: Call the bank (1 day late)"));
    assert!(last(&desk, "slack").text.unwrap().contains("Overdue: Call the bank (3 days late)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_gone_is_replaced_by_mails_and_admins_hear_of_it() {
    let desk = desk(json!({})).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.fault("slack", Mode::Gone, 3);
    desk.end_of("2026-02-06").await;
    let ses = told(&desk).into_iter().filter(|(provider, _)| provider == "ses").count();
    assert_eq!(
        ses,
        1,
        "the mail of its own; the one in place of the channel would say the same to the same person: {:?}",
        told(&desk)
    );
    let tasks = desk.tasks("connection").await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    let channels = desk.admin("GET", "/v1/notice_channels", &Value::Null).await.is(200).body;
    assert!(channels["data"][0]["gone_at"].is_string(), "{channels}");
    // The next one goes by email at once, and a channel that is entered again is used again.
    desk.put(&invoice(&customer("C-2"), "F-2", 125_000, "2026-02-09")).await;
    desk.end_of("2026-02-11").await;
    assert_eq!(told(&desk).iter().filter(|(provider, _)| provider == "slack").count(), 0);
    let url = format!("{}/_local/notices/slack/{TENANT}", desk.stack.url());
    desk.admin("PUT", "/v1/notice_channels/slack", &json!({"url": url})).await.is(200);
    desk.put(&invoice(&customer("C-3"), "F-3", 125_000, "2026-02-16")).await;
    desk.end_of("2026-02-18").await;
    assert_eq!(told(&desk).iter().filter(|(provider, _)| provider == "slack").count(), 1);
}
