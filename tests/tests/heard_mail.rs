//! Answers by mail, from the address that a reminder names to the work of a person: over the whole local stack.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{TENANT, TestTenant, portal_path},
};

/// A reminder was mailed.
async fn reminded() -> TestTenant {
    let desk = TestTenant::at("2026-02-04T20:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.to("2026-02-05T16:30:00Z").await;
    assert_eq!(desk.log(), ["2026-02-05 email reminder"]);
    desk
}

/// Something comes in, and is heard.
async fn comes_in(desk: &TestTenant, wish: Value) -> Value {
    let mut all = json!({"channel": "email", "from": "Anna Weber <c-1@buyer.example>"});
    all.as_object_mut().unwrap().extend(wish.as_object().unwrap().clone());
    let put = desk.call("POST", "/_local/inbound", &[], all.to_string().as_bytes()).await.is(202).body;
    let moved = desk.advance("PT0S").await;
    assert_eq!(moved.errors, 0, "{put}");
    put
}

/// The work that answers made.
async fn asked(desk: &TestTenant) -> Vec<Value> {
    desk.tasks("customer_asked").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_a_reminder_comes_to_its_customer_and_case_whoever_writes_it() {
    let desk = reminded().await;
    let mail = desk.sent().remove(0);
    let letter = STANDARD.encode(include_bytes!("../fixtures/files/letter.docx"));
    let macros = STANDARD.encode(include_bytes!("../fixtures/files/macros.docm"));
    let put = comes_in(
        &desk,
        json!({
            "from": "Buchhaltung <somebody@else.example>", "in_reply_to": mail.message_id, "text": "Wir zahlen am Freitag.",
            "attachments": [{"name": "Avis.docx", "content": letter}, {"name": "Makro.docx", "content": macros}],
        }),
    )
    .await;
    assert!(put["to"][0].as_str().unwrap().starts_with("r+"), "{put}");
    let tasks = asked(&desk).await;
    let [task] = tasks.as_slice() else { panic!("{tasks:?}") };
    let matter = desk.matter("C-1").await;
    assert_eq!(task["customer_id"], matter["customer"]["id"], "{task}");
    let detail = task["detail"].as_str().unwrap();
    assert!(detail.contains(mail.message.as_deref().unwrap()) && detail.contains("'Makro.docx' holds macros"), "{detail}");
    assert!(!detail.contains("else.example") && !detail.contains("Freitag"), "{detail}");
    // Some programs write to another address of ours and keep References, some keep what they quote alone.
    comes_in(
        &desk,
        json!({"to": format!("{TENANT}@answers.dunlin.example"), "in_reply_to": mail.message_id, "text": "Noch etwas."}),
    )
    .await;
    assert_eq!(asked(&desk).await.len(), 2);
    let quoted = format!("Siehe unten.\n\n> http://pay.example{}", portal_path(&mail));
    comes_in(&desk, json!({"tenant": TENANT, "from": "chef@else.example", "subject": "WG: Rechnung", "text": quoted})).await;
    assert_eq!(asked(&desk).await.len(), 3);
    // Who answers nothing is known by their own mailbox.
    comes_in(&desk, json!({"tenant": TENANT, "subject": "Frage", "text": "Wohin geht das Geld?"})).await;
    assert_eq!(asked(&desk).await.len(), 4);
    assert_eq!(desk.sent().len(), 1, "nothing is answered by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_machines_and_strangers_write_changes_nothing_and_a_bounce_is_one() {
    let desk = reminded().await;
    let mail = desk.sent().remove(0);
    let fields = "From: c-1@buyer.example\nSubject: Automatische Antwort: Ihre Rechnung\nAuto-Submitted: auto-replied\n\nIch bin nicht da.\n";
    comes_in(&desk, json!({"in_reply_to": mail.message_id, "raw": fields})).await;
    assert!(asked(&desk).await.is_empty(), "a machine wrote it");
    comes_in(&desk, json!({"tenant": TENANT, "from": "x@stranger.example", "text": "Was ist mit F-1?"})).await;
    let unmatched = desk.tasks("answer_unmatched").await;
    assert_eq!((unmatched.len(), &unmatched[0]["customer_id"]), (1, &Value::Null), "{unmatched:?}");
    let virus = json!({"in_reply_to": mail.message_id, "text": "Siehe Anhang.", "verdicts": {"virus": "FAIL"}});
    comes_in(&desk, virus).await;
    assert_eq!((desk.tasks("answer_unmatched").await.len(), asked(&desk).await.len()), (2, 0));
    // Somebody else writes in the customer's name.
    comes_in(&desk, json!({"tenant": TENANT, "text": "Please unsubscribe me.", "verdicts": {"dmarc": "FAIL"}})).await;
    assert_eq!((desk.tasks("answer_unmatched").await.len(), asked(&desk).await.len()), (3, 0));
    let suppressed = async || desk.matter("C-1").await["customer"]["contacts"][0]["suppressed"].clone();
    assert_eq!(suppressed().await, json!({}));
    let report = "From: MAILER-DAEMON@mx.buyer.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nNo.\n--b\n\
                  Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; c-1@buyer.example\nAction: failed\n\
                  Status: 5.1.1\n--b--\n";
    comes_in(&desk, json!({"in_reply_to": mail.message_id, "return_path": "", "raw": report})).await;
    assert!(suppressed().await.get("email").is_some(), "what a mail server says of a mail of ours is a bounce");
    // The next step finds another way.
    desk.end_of("2026-02-10").await;
    assert!(desk.log()[1].ends_with("sms reminder"), "{:?}", desk.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_come_in_is_refused_with_a_reason() {
    let desk = reminded().await;
    for (wish, said) in [
        (json!({"channel": "fax", "from": "a@b.example"}), "fax"),
        (json!({"channel": "email", "from": "a@b.example"}), "where the mail is sent to"),
        (json!({"channel": "email", "from": "a@b.example", "to": "a@elsewhere.example"}), "a@elsewhere.example"),
        (json!({"channel": "email", "from": "a@b.example", "in_reply_to": "nothing"}), "nothing"),
        (
            json!({"channel": "email", "from": "a@b.example", "tenant": TENANT, "attachments": [{"name": "a", "content": "!"}]}),
            "base 64",
        ),
    ] {
        let refused = desk.call("POST", "/_local/inbound", &[], wish.to_string().as_bytes()).await.is(422);
        assert!(refused.body["detail"].as_str().unwrap().contains(said), "{}", refused.body);
    }
}
