//! What SES says of messages, in any order and number, and what is not about any message of ours.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod message;

use message::{COPY, MAIN, Stage, Subject, bounce, complaint, delivery, envelope};
use serde_json::{Value, json};

fn failed() -> Value {
    json!({ "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown" })
}

#[tokio::test]
async fn each_event_says_what_became_of_the_message_and_of_the_addresses() {
    let everybody = [MAIN, COPY];
    let bounced = "email:ap@acme.example Bounce";
    let cases: Vec<(&str, &str, Value, &str, Vec<&str>)> = vec![
        ("sent", "Send", json!({ "send": {} }), "sent Sent", vec![]),
        ("delivered", "Delivery", delivery(&everybody), "delivered Sent", vec![]),
        ("only the copy delivered", "Delivery", delivery(&[COPY]), "sent Sent", vec![]),
        ("bounced", "Bounce", bounce("Permanent", "General", &[MAIN], failed()), "bounced Undelivered", vec![bounced]),
        (
            "bounced, other case",
            "Bounce",
            bounce("Permanent", "NoEmail", &["AP@Acme.Example"], json!({})),
            "bounced Undelivered",
            vec![bounced],
        ),
        (
            "only the copy bounced",
            "Bounce",
            bounce("Permanent", "General", &[COPY], failed()),
            "sent Sent",
            vec!["email:cfo@acme.example Bounce"],
        ),
        ("a stranger bounced", "Bounce", bounce("Permanent", "General", &["x@y.example"], failed()), "sent Sent", vec![]),
        (
            "gave up",
            "Bounce",
            bounce("Transient", "General", &[MAIN], json!({ "action": "failed", "status": "4.4.7" })),
            "bounced Undelivered",
            vec![],
        ),
        ("mailbox full", "Bounce", bounce("Transient", "MailboxFull", &[MAIN], json!({})), "bounced Undelivered", vec![]),
        ("out of office", "Bounce", bounce("Transient", "General", &[MAIN], json!({})), "bounced_for_now Sent", vec![]),
        ("unclear", "Bounce", bounce("Undetermined", "Undetermined", &[MAIN], json!({})), "bounced_for_now Sent", vec![]),
        ("unclear, reported", "Bounce", bounce("Undetermined", "Undetermined", &[MAIN], failed()), "bounced Undelivered", vec![]),
        (
            "complained",
            "Complaint",
            complaint(&[MAIN], json!({ "complaintFeedbackType": "abuse" })),
            "complained Sent",
            vec!["email:ap@acme.example Complaint"],
        ),
        (
            "only the copy complained",
            "Complaint",
            complaint(&[COPY], json!({})),
            "sent Sent",
            vec!["email:cfo@acme.example Complaint"],
        ),
        ("not spam", "Complaint", complaint(&[MAIN], json!({ "complaintFeedbackType": "not-spam" })), "sent Sent", vec![]),
        (
            "never sent",
            "Complaint",
            complaint(&[MAIN], json!({ "complaintSubType": "OnAccountSuppressionList" })),
            "bounced Undelivered",
            vec!["email:ap@acme.example Complaint"],
        ),
        ("rejected", "Reject", json!({ "reject": { "reason": "Bad content" } }), "rejected Undelivered", vec![]),
        (
            "not rendered",
            "Rendering Failure",
            json!({ "failure": { "errorMessage": "m", "templateName": "t" } }),
            "rendering_failed Undelivered",
            vec![],
        ),
        ("late", "DeliveryDelay", json!({ "deliveryDelay": { "delayType": "MailboxFull" } }), "sent Sent", vec![]),
        ("opened", "Open", json!({ "open": { "ipAddress": "192.0.2.1" } }), "sent Sent", vec![]),
        ("new kind", "Subscription", json!({ "subscription": { "new": { "deep": [1, {}] } } }), "sent Sent", vec![]),
    ];
    for (name, kind, part, status, suppressed) in cases {
        let subject = Subject::start(Stage::Sent).await;
        let event = subject.ses(kind, part);
        // Heard three times, it says the same.
        subject.hear(&[event.clone(), event.clone()]).await;
        subject.hear(&[event]).await;
        assert_eq!(subject.status().await, status, "{name}");
        assert_eq!(subject.suppressed().await, suppressed, "{name}");
        assert!(subject.aws.tasks().await.is_empty(), "{name}");
    }
}

/// Every order of a list.
fn orders(events: &[Value]) -> Vec<Vec<Value>> {
    if events.len() <= 1 {
        return vec![events.to_vec()];
    }
    let with_first = |at: usize| {
        let mut rest = events.to_vec();
        let first = rest.remove(at);
        orders(&rest).into_iter().map(move |rest| [vec![first.clone()], rest].concat())
    };
    (0..events.len()).flat_map(with_first).collect()
}

#[tokio::test]
async fn any_order_and_number_ends_the_same() {
    let cases: [(&[&str], &str); 3] = [
        (&["Send", "Delivery"], "delivered Sent"),
        (&["Send", "Delivery", "Bounce"], "bounced Undelivered"),
        (&["Delivery", "Complaint"], "complained Sent"),
    ];
    for (kinds, expected) in cases {
        for stage in [Stage::Sent, Stage::Unknown, Stage::Calling] {
            let subject = Subject::start(stage).await;
            let events: Vec<Value> = kinds
                .iter()
                .map(|kind| {
                    let part = match *kind {
                        "Delivery" => delivery(&[MAIN, COPY]),
                        "Bounce" => bounce("Permanent", "General", &[MAIN], failed()),
                        "Complaint" => complaint(&[MAIN], json!({})),
                        _ => json!({}),
                    };
                    subject.ses(kind, part)
                })
                .collect();
            let all = orders(&events);
            drop(subject);
            for order in all {
                let subject = Subject::start(stage).await;
                for event in &order {
                    subject.hear(&[event.clone(), event.clone()]).await;
                }
                subject.hear(&order).await;
                if stage == Stage::Calling {
                    subject.settle(store::MessageResult::Sent).await;
                    subject.hear(&order).await;
                }
                let told: Vec<&str> = order.iter().filter_map(|event| event["detail"]["eventType"].as_str()).collect();
                assert_eq!(subject.status().await, expected, "{stage:?} {told:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_message_is_found_without_its_number_and_in_doubt_it_is_settled() {
    for (stage, before) in [(Stage::Unknown, "pending Unknown"), (Stage::Sent, "sent Sent")] {
        let subject = Subject::start(stage).await;
        assert_eq!(subject.status().await, before);
        let mut tags = subject.tags();
        tags.as_object_mut().unwrap().remove("dunlin_number");
        subject.hear(&[envelope("Delivery", delivery(&[MAIN]), tags)]).await;
        assert_eq!(subject.status().await, "delivered Sent", "{stage:?}");
    }
}

#[tokio::test]
async fn events_about_nothing_of_ours_change_nothing() {
    let subject = Subject::start(Stage::Sent).await;
    let with = |name: &str, value: Value| {
        let mut tags = subject.tags();
        tags[name] = value;
        envelope("Bounce", bounce("Permanent", "General", &[MAIN], failed()), tags)
    };
    let other = domain::MessageId::derive(&["other"]);
    let events = [
        envelope("Bounce", bounce("Permanent", "General", &[MAIN], failed()), json!({})),
        envelope("Bounce", bounce("Permanent", "General", &[MAIN], failed()), Value::Null),
        with("dunlin_tenant", json!(["nobody"])),
        with("dunlin_tenant", json!(["app"])),
        with("dunlin_tenant", json!([])),
        with("dunlin_customer", json!([domain::CustomerId::derive(&["other"]).as_str()])),
        with("dunlin_customer", json!(["C-1"])),
        with("dunlin_message", json!([other.as_str()])),
        with("dunlin_number", json!(["999"])),
    ];
    subject.hear(&events).await;
    assert_eq!(subject.status().await, "sent Sent");
    assert_eq!(subject.suppressed().await, Vec::<String>::new());
    assert!(subject.aws.tasks().await.is_empty());
}

#[tokio::test]
async fn an_event_of_another_form_becomes_an_exception_once_and_holds_nobody_up() {
    let subject = Subject::start(Stage::Sent).await;
    let broken = [
        subject.ses("Bounce", json!({})),
        subject.ses("Bounce", json!({ "bounce": "soft" })),
        subject.ses("Delivery", json!({ "delivery": { "recipients": 7 } })),
        subject.ses("Complaint", json!({ "complaint": { "complainedRecipients": [{}] } })),
    ];
    for _ in 0..2 {
        subject.hear(&[broken.as_slice(), &[subject.ses("Delivery", delivery(&[MAIN]))]].concat()).await;
    }
    assert_eq!(subject.status().await, "delivered Sent");
    let tasks = subject.aws.tasks().await;
    assert_eq!(tasks.len(), broken.len());
    for task in tasks {
        assert_eq!(task.customer.as_ref(), Some(&subject.customer));
        assert!(task.task.detail.contains(subject.message.as_str()), "{}", task.task.detail);
        assert!(!task.task.detail.contains('@'), "{}", task.task.detail);
    }
}

/// A service mail to the customer that left, and its tags.
async fn service_mail(subject: &Subject) -> (domain::ServiceMailId, Value) {
    let (store, tenant, now) = (&subject.aws.store, &subject.aws.tenant, subject.aws.now());
    let link = domain::LinkId::derive(&["link"]);
    let mail = domain::ServiceMail::of(domain::ServiceMailKind::NewLink, &link, None, now);
    assert!(store.request_service_mail(tenant, &subject.customer, &mail).await.unwrap());
    store.take_service_mail(tenant, &subject.customer, &mail.id, now).await.unwrap().unwrap();
    let tags = json!({
        "dunlin_tenant": ["acme"], "dunlin_customer": [subject.customer.as_str()], "dunlin_service_mail": [mail.id.as_str()],
    });
    (mail.id, tags)
}

#[tokio::test]
async fn what_is_heard_of_a_service_mail_is_noted_with_it_and_stops_addresses_as_ever() {
    for (kind, part, status, stopped) in [
        ("Delivery", delivery(&[MAIN]), "delivered", vec![]),
        ("Bounce", bounce("Permanent", "General", &[MAIN], failed()), "bounced", vec!["email:ap@acme.example Bounce"]),
        ("Complaint", complaint(&[MAIN], json!({})), "complained", vec!["email:ap@acme.example Complaint"]),
    ] {
        let subject = Subject::start(Stage::Sent).await;
        let (id, tags) = service_mail(&subject).await;
        let event = envelope(kind, part, tags);
        subject.hear(&[event.clone(), event]).await;
        let (store, tenant, now) = (&subject.aws.store, &subject.aws.tenant, subject.aws.now());
        let known = store.service_mail(tenant, &subject.customer, &id, now).await.unwrap().unwrap();
        assert_eq!(
            (known.status.as_str(), subject.suppressed().await),
            (status, stopped.iter().map(|s| (*s).to_owned()).collect::<Vec<String>>())
        );
        assert_eq!(subject.status().await, "sent Sent", "no message is meant");
    }
    // One that nobody asked for stops nothing.
    let subject = Subject::start(Stage::Sent).await;
    let (_, mut tags) = service_mail(&subject).await;
    tags["dunlin_service_mail"] = json!(["svm_0"]);
    subject.hear(&[envelope("Bounce", bounce("Permanent", "General", &[MAIN], failed()), tags)]).await;
    assert_eq!(subject.suppressed().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_strange_instant_does_not_keep_an_address_in_use() {
    let subject = Subject::start(Stage::Sent).await;
    let mut part = bounce("Permanent", "General", &[MAIN], failed());
    part["bounce"]["timestamp"] = json!("yesterday");
    subject.hear(&[subject.ses("Bounce", part)]).await;
    assert_eq!(subject.suppressed().await, ["email:ap@acme.example Bounce"]);
}

#[tokio::test]
async fn what_fails_for_now_comes_again_alone() {
    let subject = Subject::start(Stage::Sent).await;
    *subject.aws.world.throttled.lock().unwrap() = 10_000;
    let bodies = [subject.ses("Open", json!({})), subject.ses("Delivery", delivery(&[MAIN])), json!({ "what": 1 })]
        .map(|event| event.to_string());
    assert_eq!(subject.deliver("stack-FeedbackQueue-1", &bodies).await, [1]);
    *subject.aws.world.throttled.lock().unwrap() = 0;
    assert_eq!(subject.deliver("stack-FeedbackQueue-1", &bodies[1..2]).await, Vec::<usize>::new());
    assert_eq!(subject.status().await, "delivered Sent");
}
