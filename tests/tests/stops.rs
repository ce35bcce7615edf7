//! What commits before the claim stops or changes a message; what is held is not asked for.

use local::Mode;
use serde_json::{Value, json};
use tests::{
    documents::{changed, customer, invoice, payment},
    test_tenant::{TestTenant, local_time},
};

/// A desk whose next reminder is decided and held up on its way, two minutes after its moment.
async fn held_up(target: &str) -> (TestTenant, Value) {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    let document = invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04");
    desk.put(&document).await;
    desk.end_of("2026-01-31").await;
    // A customer's moment is the same on every day.
    let moment = local_time(&desk.sent()[0], "Europe/Berlin").time();
    let decided = jiff::civil::date(2026, 2, 5).to_datetime(moment).in_tz("Europe/Berlin").unwrap().timestamp();
    desk.stack.to(decided - jiff::SignedDuration::from_mins(2)).await.unwrap();
    let mode = if target.starts_with("send") { Mode::Skip } else { Mode::Delay };
    desk.fault(target, mode, 1);
    desk.advance("PT4M").await;
    desk.mend(target);
    let pending = desk.matter("C-1").await["pending"].clone();
    assert_eq!((pending.as_array().unwrap().len(), &pending[0]["status"]), (1, &json!("queued")), "{target}");
    assert_eq!(desk.sent().len(), 1, "{target}: it is held up");
    (desk, document)
}

async fn kinds(desk: &TestTenant) -> Vec<Value> {
    desk.exceptions().await.into_iter().map(|task| task["kind"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_before_the_claim_stops_the_message() {
    for target in ["stream", "bus", "queue", "send-email"] {
        let (desk, _) = held_up(target).await;
        desk.put(&payment("C-1", "P-1", 1, "received", "F-1", 125_000)).await;
        desk.end_of("2026-03-31").await;
        assert_eq!(desk.log(), ["2026-01-30 email heads-up"], "{target}");
        let matter = desk.matter("C-1").await;
        assert_eq!((&matter["cases"][0]["state"], &matter["pending"]), (&json!("closed"), &json!([])), "{target}");
        assert_eq!(kinds(&desk).await, ["money_in_flight"], "{target}: the invoice's own document never says that it is paid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_payment_what_was_held_up_is_sent_once() {
    for target in ["stream", "bus", "queue", "send-email"] {
        let (desk, _) = held_up(target).await;
        desk.end_of("2026-02-06").await;
        assert_eq!(desk.log(), ["2026-01-30 email heads-up", "2026-02-05 email reminder"], "{target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partial_payment_changes_the_text_and_skips_no_rung() {
    let (desk, document) = held_up("queue").await;
    desk.put(&changed(&document, 2, &json!({"paid_minor": 25_000}))).await;
    desk.end_of("2026-02-28").await;
    assert_eq!(
        desk.log(),
        ["2026-01-30 email heads-up", "2026-02-05 email reminder", "2026-02-12 email nudge", "2026-02-23 email formal-notice"]
    );
    for mail in &desk.sent()[1..] {
        let text = mail.text.as_deref().unwrap();
        assert!(text.contains("1.000,00"), "{text}");
        assert!(mail.subject.as_deref().is_some_and(|subject| subject.contains("F-1")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_void_a_hold_and_the_kill_switch_stop_what_is_under_way() {
    for what in ["void", "hold", "pause"] {
        let (desk, document) = held_up("queue").await;
        let customer_id = desk.matter("C-1").await["customer"]["id"].as_str().unwrap().to_owned();
        match what {
            "void" => desk.put(&changed(&document, 2, &json!({"status": "void"}))).await,
            "hold" => {
                let hold = json!({"reason": "manual", "until_on": "2026-02-09"});
                desk.admin("PUT", &format!("/v1/customers/{customer_id}/holds/wait"), &hold).await.is(200);
            }
            _ => {
                desk.admin("POST", "/v1/pause", &Value::Null).await.is(200);
            }
        }
        desk.end_of("2026-02-09").await;
        assert_eq!(desk.log(), ["2026-01-30 email heads-up"], "{what}");
        if what == "pause" {
            desk.admin("POST", "/v1/resume", &Value::Null).await.is(200);
        }
        desk.end_of("2026-02-11").await;
        let expected: &[&str] = if what == "void" { &[] } else { &["2026-02-10 email reminder"] };
        assert_eq!(desk.log()[1..], *expected, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_stops_in_the_sender_is_blocked_and_its_record_names_the_rule() {
    for (what, rule) in [("pause", "kill-switch"), ("opt-out", "suppression")] {
        let (desk, _) = held_up("queue").await;
        if what == "pause" {
            desk.admin("POST", "/v1/pause", &Value::Null).await.is(200);
        } else {
            let text = desk.sent()[0].text.clone().unwrap();
            let link = text.split_whitespace().find(|word| word.contains("/opt-out")).unwrap();
            desk.call("POST", link.trim_matches(|c: char| "<>()[].,".contains(c)), &[], b"").await.is(200);
        }
        desk.advance("PT30M").await;
        let matter = desk.matter("C-1").await;
        let blocked = matter["records"].as_array().unwrap().iter().find(|record| record["status"] == "blocked");
        let blocked = blocked.unwrap_or_else(|| panic!("{what}: nothing is blocked: {}", matter["records"]));
        let rules = blocked["body"]["trace"]["guard"].as_array().unwrap();
        assert!(rules.iter().any(|said| said["rule"] == rule && said["version"].is_u64()), "{what}: {rules:?}");
        assert_eq!(blocked["body"]["message"]["template"], "reminder", "{what}");
        assert!(blocked["explained"][0]["why"].as_str().unwrap().contains(rule), "{blocked}");
        let sent = matter["records"].as_array().unwrap().iter().find(|record| record["status"] == "delivered").unwrap();
        assert_eq!(sent["body"]["trace"]["guard"], "allow");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_invoice_on_hold_leaves_the_other_half_chased() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    let customer_id = desk.matter("C-1").await["customer"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/customers/{customer_id}/holds/half");
    let hold = json!({"reason": "dispute", "scope": {"invoice": "F-1"}, "amount_minor": 50_000, "until_on": "2026-02-07"});
    desk.admin("PUT", &path, &hold).await.is(200);
    desk.end_of("2026-02-05").await;
    assert_eq!(desk.log(), ["2026-01-30 email heads-up", "2026-02-05 email reminder"]);
    for mail in desk.sent() {
        let text = mail.text.unwrap();
        assert!(text.contains("750,00"), "{text}");
    }
    let item = desk.matter("C-1").await["due_items"][0].clone();
    assert_eq!((&item["open_minor"], &item["due_now_minor"]), (&json!(125_000), &json!(75_000)));
    desk.end_of("2026-02-13").await;
    assert_eq!(desk.log()[2..], ["2026-02-12 email nudge"]);
    assert!(desk.sent()[2].text.as_deref().unwrap().contains("1.250,00"), "the hold has ended");
}
