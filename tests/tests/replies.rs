//! What becomes of answers: from the mail that comes in to what people and reminders do about it, over the whole local stack.

use local::Sent;
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::TestTenant,
};

/// A reminder was mailed.
async fn reminded(settings: Value, workflows: Option<Vec<Value>>) -> (TestTenant, Sent) {
    let desk = TestTenant::with("2026-02-04T20:00:00Z", settings, workflows).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.to("2026-02-05T16:30:00Z").await;
    let mail = desk.sent().remove(0);
    (desk, mail)
}

/// The customer answers a mail, and the answer is heard.
async fn answers(desk: &TestTenant, mail: &Sent, text: &str) {
    let wish =
        json!({"channel": "email", "from": "Anna Weber <c-1@buyer.example>", "in_reply_to": mail.message_id, "text": text});
    desk.call("POST", "/_local/inbound", &[], wish.to_string().as_bytes()).await.is(202);
    assert_eq!(desk.advance("PT0S").await.errors, 0, "{text}");
}

/// What the customer answered, newest first.
async fn replies(desk: &TestTenant) -> Vec<Value> {
    let customer = desk.matter("C-1").await["customer"]["id"].as_str().unwrap().to_owned();
    let page = desk.admin("GET", &format!("/v1/replies?customer={customer}"), &Value::Null).await.is(200).body;
    page["data"].as_array().unwrap().clone()
}

async fn asked(desk: &TestTenant) -> usize {
    desk.tasks("customer_asked").await.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_by_mail_is_a_suggestion_until_a_person_accepts_it() {
    let (desk, mail) = reminded(json!({}), None).await;
    answers(&desk, &mail, "We will pay the invoice on 16 February 2026.").await;
    let reply = replies(&desk).await.remove(0);
    assert_eq!(
        (&reply["class"], &reply["status"], &reply["names"]["promised_on"]),
        (&json!("promise"), &json!("open"), &json!("2026-02-16"))
    );
    assert_eq!(
        (&reply["suggestion"]["kind"], &reply["suggestion"]["on"]),
        (&json!("promise"), &json!("2026-02-16")),
        "{reply:#}"
    );
    assert_eq!((&reply["found_by"], &reply["message"]), (&json!("reply_address"), &json!(mail.message)), "{reply:#}");
    let pause =
        desk.admin("GET", &format!("/v1/agreements/{}", reply["pause"].as_str().unwrap()), &Value::Null).await.is(200).body;
    assert_eq!(
        (&pause["kind"], &pause["status"], &pause["until_on"]),
        (&json!("pause"), &json!("running"), &json!("2026-02-10"))
    );
    // No money is another one, and no promise is made.
    let promises = async || desk.admin("GET", "/v1/agreements?kind=promise", &Value::Null).await.is(200).body["data"].clone();
    assert_eq!((promises().await, asked(&desk).await), (json!([]), 1));
    // The words stand with the answer, and a draft in the customer's language.
    let path = format!("/v1/replies/{}", reply["id"].as_str().unwrap());
    let whole = desk.admin("GET", &path, &Value::Null).await.is(200).body;
    assert!(whole["text"].as_str().unwrap().contains("16 February"), "{whole:#}");
    assert!(whole["draft"].as_str().unwrap().starts_with("Vielen Dank"), "{whole:#}");
    let refused = desk.admin("POST", &format!("{path}/accept"), &json!({"amount_minor": 900_000})).await.is(400);
    assert_eq!(refused.pointers(), ["/amount_minor"]);
    let accepted = desk.admin("POST", &format!("{path}/accept"), &json!({"amount_minor": 125_000})).await.is(200).body;
    let again = desk.admin("POST", &format!("{path}/accept"), &json!({})).await.is(200).body;
    assert_eq!((&accepted["status"], &again["agreement"]), (&json!("accepted"), &accepted["agreement"]));
    let made = desk
        .admin("GET", &format!("/v1/agreements/{}", accepted["agreement"].as_str().unwrap()), &Value::Null)
        .await
        .is(200)
        .body;
    assert_eq!((&made["kind"], &made["terms"]["pays_on"]), (&json!("promise"), &json!("2026-02-16")), "{made:#}");
    assert_eq!(asked(&desk).await, 0, "its task is over");
    desk.admin("POST", &format!("{path}/dismiss"), &json!({})).await.is(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_no_more_mails_gets_none_and_the_ladder_finds_another_way() {
    let (desk, mail) = reminded(json!({}), None).await;
    answers(&desk, &mail, "Please unsubscribe me.\n\n> Sehr geehrte Frau Weber, bitte zahlen Sie.").await;
    let reply = replies(&desk).await.remove(0);
    assert_eq!(
        (&reply["class"], &reply["stopped"], &reply["status"]),
        (&json!("opt_out"), &json!(true), &json!("done")),
        "{reply:#}"
    );
    let suppressed = desk.matter("C-1").await["customer"]["contacts"][0]["suppressed"].clone();
    assert!(suppressed.get("email").is_some(), "{suppressed}");
    assert_eq!(asked(&desk).await, 0, "nothing is left for a person");
    desk.end_of("2026-02-12").await;
    assert!(desk.log().iter().skip(1).all(|line| !line.contains(" email ")), "{:?}", desk.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_copies_than_a_mail_carries_are_for_a_person() {
    let (desk, mail) = reminded(json!({}), None).await;
    for at in 2..=11 {
        desk.put(&invoice(&customer("C-1"), &format!("F-{at}"), 125_000, "2026-02-04")).await;
    }
    answers(&desk, &mail, "Could you please send me a copy of the invoice?").await;
    desk.advance("PT5M").await;
    let reply = replies(&desk).await.remove(0);
    assert_eq!((&reply["class"], &reply["status"]), (&json!("copy_request"), &json!("open")), "{reply:#}");
    assert_eq!((desk.notices().len(), asked(&desk).await), (0, 1), "ten of eleven would look like all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_sent_by_itself_once_a_day_and_never_to_a_machine() {
    let (desk, mail) = reminded(json!({}), None).await;
    answers(&desk, &mail, "Could you please send me a copy of the invoice?").await;
    desk.advance("PT5M").await;
    let reply = replies(&desk).await.remove(0);
    assert_eq!((&reply["class"], &reply["status"]), (&json!("copy_request"), &json!("done")), "{reply:#}");
    assert_eq!((reply["copies"].as_array().unwrap().len(), asked(&desk).await), (1, 0), "{reply:#}");
    let notices = desk.notices();
    let [copy] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!((copy.to.as_str(), &copy.attachments[0]["name"]), ("c-1@buyer.example", &json!("F-1.pdf")));
    assert!(copy.raw.to_string().to_lowercase().contains("auto-submitted"), "machines are told that one wrote it");
    assert!(copy.text.as_deref().unwrap().contains("F-1"), "{:?}", copy.text);
    answers(&desk, &mail, "Could you please send me a copy of the invoice?!").await;
    desk.advance("PT5M").await;
    assert_eq!((desk.notices().len(), asked(&desk).await), (1, 1), "a person answers the second one of a day");
    let auto = "From: c-1@buyer.example\nAuto-Submitted: auto-replied\n\nCould you please send me a copy of the invoice?\n";
    let wish = json!({"channel": "email", "from": "c-1@buyer.example", "in_reply_to": mail.message_id, "raw": auto});
    desk.call("POST", "/_local/inbound", &[], wish.to_string().as_bytes()).await.is(202);
    desk.advance("P2D").await;
    assert_eq!(desk.notices().len(), 1, "no machine is answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_knows_that_the_customer_replied_since_a_step() {
    let step = |id: &str, offset: &str| {
        json!({"id": id, "at": {"anchor": "due_date", "offset": offset},
        "action": {"send": {"channels": ["email"], "template": "reminder", "to": ["billing"]}}})
    };
    let mut second = step("second", "P20D");
    second["when"] = json!("!history.replied_since('first')");
    let last = json!({"id": "last", "at": {"anchor": "due_date", "offset": "P40D"}, "action": {"task": {"title": "Look"}}});
    let workflow = json!({"id": "w", "name": "W", "scope": "customer", "steps": [step("first", "P1D"), second, last]});
    for (text, mails) in [(None, 2), (Some("Danke, wir melden uns."), 1)] {
        let (desk, mail) = reminded(json!({}), Some(vec![workflow.clone()])).await;
        if let Some(text) = text {
            answers(&desk, &mail, text).await;
        }
        desk.end_of("2026-03-10").await;
        assert_eq!(desk.sent().len(), mails, "{text:?}");
    }
}
