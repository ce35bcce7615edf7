//! What is heard of a message, and what people say: bounces, complaints, opting out.

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{TestTenant, step},
};

async fn reminded() -> TestTenant {
    let desk = TestTenant::at("2026-02-04T20:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.to("2026-02-05T16:30:00Z").await;
    assert_eq!(desk.log(), ["2026-02-05 email reminder"]);
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_suppresses_the_address_and_the_next_channel_takes_the_same_step() {
    let desk = reminded().await;
    let mail = desk.sent().remove(0);
    let bounce = json!({"bounce": {
        "feedbackId": "f", "bounceType": "Permanent", "bounceSubType": "General", "timestamp": desk.stack.now().to_string(),
        "bouncedRecipients": [{"emailAddress": mail.to, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1"}],
    }});
    desk.ses_event(&mail, "Email Bounced", "Bounce", &bounce).await;
    desk.ses_event(&mail, "Email Bounced", "Bounce", &bounce).await;
    desk.end_of("2026-02-10").await;
    let log = desk.log();
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log[1].ends_with("sms reminder"), "{log:?}");
    assert_eq!(desk.sent()[1].to, "+493012345678");
    let contact = desk.matter("C-1").await["customer"]["contacts"][0].clone();
    assert!(contact["suppressed"].get("email").is_some(), "{contact}");
    desk.end_of("2026-02-28").await;
    assert!(!desk.tasks("unreachable").await.is_empty(), "the formal notice has no SMS form: somebody is told");
    desk.end_of("2026-04-30").await;
    let later = desk.sent();
    assert!(later[1..].iter().all(|sent| sent.channel == "sms"), "{:?}", desk.log());
    assert!(later.iter().any(|sent| step(sent) == "final-notice"), "{:?}", desk.log());
    assert!(desk.tasks("unreachable").await.is_empty(), "the final notice reached them: that is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_suppresses_the_address() {
    let desk = reminded().await;
    let mail = desk.sent().remove(0);
    let complaint = json!({"complaint": {
        "feedbackId": "f", "complaintSubType": null, "complaintFeedbackType": "abuse", "timestamp": desk.stack.now().to_string(),
        "complainedRecipients": [{"emailAddress": mail.to}],
    }});
    desk.ses_event(&mail, "Email Complaint Received", "Complaint", &complaint).await;
    desk.end_of("2026-04-30").await;
    let later: Vec<String> = desk.sent()[1..].iter().map(|sent| sent.channel.clone()).collect();
    assert!(!later.is_empty() && later.iter().all(|channel| channel == "sms"), "{:?}", desk.log());
    let contact = desk.matter("C-1").await["customer"]["contacts"][0].clone();
    assert!(contact["suppressed"].get("email").is_some(), "{contact}");
}

#[tokio::test(flavor = "multi_thread")]
async fn opting_out_by_the_link_in_the_mail_is_heeded_and_looking_is_not() {
    let desk = reminded().await;
    let text = desk.sent()[0].text.clone().unwrap();
    let link = text.split_whitespace().find(|word| word.contains("/opt-out")).expect("the mail has a link");
    let link = link.trim_matches(|c: char| "<>()[].,".contains(c)).to_owned();
    let looked = desk.call("GET", &link, &[], b"").await.is(200);
    assert!(looked.text.contains("<form"), "{}", looked.text);
    let suppressed = async || desk.matter("C-1").await["customer"]["contacts"][0]["suppressed"].clone();
    assert_eq!(suppressed().await, json!({}), "GET changes nothing");
    desk.call("GET", link.split("/opt-out").next().unwrap(), &[], b"").await.is(200);
    assert_eq!(suppressed().await, json!({}));
    let form = [("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
    desk.call("POST", &link, &form, b"List-Unsubscribe=One-Click").await.is(200);
    assert!(suppressed().await.get("email").is_some());
    // A feed does not lift it.
    let mut again = customer("C-1");
    again["source_version"] = json!(2);
    again["contacts"][0]["consents"] = json!(["email", "sms"]);
    desk.put(&json!({"type": "customer.upserted", "customer": again})).await;
    desk.end_of("2026-04-30").await;
    let later: Vec<String> = desk.sent()[1..].iter().map(|sent| sent.channel.clone()).collect();
    assert!(!later.is_empty() && later.iter().all(|channel| channel == "sms"), "{:?}", desk.log());
    let forged = link.replacen("/p/", "/p/x", 1);
    let reply = desk.call("POST", &forged, &form, b"").await;
    assert!([403, 404].contains(&reply.status), "{}", reply.status);
    assert_ne!(desk.exceptions().await, Vec::<Value>::new(), "the formal notice reached nobody");
}
