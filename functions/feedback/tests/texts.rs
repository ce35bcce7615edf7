//! What End User Messaging says of text messages that left, and text messages that come in.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

#[allow(dead_code, reason = "each suite uses its own part")]
mod message;

use domain::{Channel, Contact, Customer, Settings, SourceVersion, TaskKind, TenantId, id::digest};
use kit::Env;
use message::{Stage, Subject};
use serde_json::{Value, json};
use store::{AddressId, Receipt};
use testbed::{
    TABLE,
    aws::Aws,
    documents::{contact, customer, invoice, invoiced},
};

const THEIRS: &str = "+4915112345678";
const OURS: &str = "+4915770000000";

fn theirs() -> AddressId {
    AddressId::of(Channel::Sms, THEIRS)
}

/// An event about the subject's message, as AWS puts it on the bus.
fn receipt(subject: &Subject, kind: &str) -> Value {
    json!({
        "version": "0", "id": "1", "detail-type": "Text Message Delivery Status Updated", "source": "aws.sms-voice",
        "detail": {
            "eventType": kind, "eventVersion": "1.0", "eventTimestamp": 1_767_605_000_000_i64, "isFinal": true, "messageId": "eum-1",
            "context": {
                "dunlin_tenant": "acme", "dunlin_customer": subject.customer.as_str(), "dunlin_message": subject.message.as_str(),
                "dunlin_number": subject.number.to_string(), "dunlin_address": digest(&[&domain::address_key(Channel::Sms, THEIRS)]),
            },
            "totalMessageParts": 2, "totalMessagePrice": 0.0117,
        }
    })
}

#[tokio::test]
async fn each_event_says_what_became_of_the_message_and_of_the_number() {
    for (kind, status, stops, asks) in [
        ("TEXT_QUEUED", "sent Sent", false, false),
        ("TEXT_SUCCESSFUL", "sent Sent", false, false),
        ("TEXT_DELIVERED", "delivered Sent", false, false),
        ("TEXT_INVALID", "bounced Undelivered", true, false),
        ("TEXT_INVALID_MESSAGE", "rejected Undelivered", false, false),
        ("TEXT_UNREACHABLE", "bounced Undelivered", false, false),
        ("TEXT_CARRIER_UNREACHABLE", "bounced Undelivered", false, false),
        ("TEXT_TTL_EXPIRED", "bounced Undelivered", false, false),
        ("TEXT_BLOCKED", "rejected Undelivered", false, false),
        ("TEXT_CARRIER_BLOCKED", "rejected Undelivered", false, false),
        ("TEXT_SPAM", "rejected Undelivered", false, false),
        ("TEXT_PROTECT_BLOCKED", "rejected Undelivered", false, true),
        ("TEXT_UNKNOWN", "sent Sent", false, false),
        ("TEXT_OF_TOMORROW", "sent Sent", false, false),
        ("RCS_READ", "delivered Sent", false, false),
        ("RCS_FALLEN_BACK_TO_SMS", "sent Sent", false, false),
    ] {
        let subject = Subject::start(Stage::Sent).await;
        let event = receipt(&subject, kind);
        // Heard three times, it says the same.
        subject.hear(&[event.clone(), event.clone()]).await;
        subject.hear(&[event]).await;
        assert_eq!(subject.status().await, status, "{kind}");
        let stopped = subject.aws.store.stopped(&subject.aws.tenant, &theirs()).await.unwrap();
        assert_eq!(stopped.is_some(), stops, "{kind}: {stopped:?}");
        let tasks = subject.aws.tasks().await;
        assert_eq!(tasks.len(), usize::from(asks), "{kind}: {tasks:?}");
        assert!(tasks.iter().all(|task| task.task.kind == TaskKind::NeedsReview), "{tasks:?}");
    }
}

#[tokio::test]
async fn events_settle_a_message_in_doubt_in_any_order_and_others_change_nothing() {
    for (kinds, status) in [
        (["TEXT_SUCCESSFUL", "TEXT_DELIVERED"], "delivered Sent"),
        (["TEXT_DELIVERED", "TEXT_SUCCESSFUL"], "delivered Sent"),
        (["TEXT_UNREACHABLE", "TEXT_SUCCESSFUL"], "bounced Undelivered"),
        (["TEXT_SUCCESSFUL", "TEXT_UNREACHABLE"], "bounced Undelivered"),
    ] {
        for stage in [Stage::Sent, Stage::Unknown] {
            let subject = Subject::start(stage).await;
            for kind in kinds {
                subject.hear(&[receipt(&subject, kind)]).await;
            }
            assert_eq!(subject.status().await, status, "{kinds:?} {stage:?}");
        }
    }
    let subject = Subject::start(Stage::Sent).await;
    for (pointer, value) in [
        ("/detail/context", json!({})),
        ("/detail/context/dunlin_message", json!("msg_0000000000000000000z")),
        ("/detail/context/dunlin_tenant", json!("nobody")),
        ("/detail/eventType", json!(7)),
    ] {
        let mut event = receipt(&subject, "TEXT_INVALID");
        *event.pointer_mut(pointer).unwrap() = value;
        subject.hear(&[event]).await;
        assert_eq!(subject.status().await, "sent Sent", "{pointer}");
    }
    assert!(
        subject.aws.store.stopped(&subject.aws.tenant, &theirs()).await.unwrap().is_none(),
        "no number of a message that is not known"
    );
}

/// A deployment that takes text messages in.
async fn hearing(mut subject: Subject) -> Subject {
    let pairs = [("TABLE_NAME", TABLE), ("SMS_TWO_WAY", "true")];
    let env = Env::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    subject.feedback = feedback::Handler::new(&env, &subject.aws.clients, subject.aws.clock.clone()).unwrap();
    subject
}

/// A text message as the topic passes it on.
fn coming(id: &str, from: &str, text: &str, previous: Option<&str>) -> Value {
    let payload = json!({
        "originationNumber": from, "destinationNumber": OURS, "messageKeyword": "X", "messageBody": text, "inboundMessageId": id,
        "previousPublishedMessageId": previous,
    });
    json!({ "Type": "Notification", "MessageId": id, "TopicArn": "t", "Message": payload.to_string(), "Timestamp": "2026-01-05T09:00:00.000Z" })
}

async fn sends_by_our_number(aws: &Aws) {
    aws.settings(|settings| {
        settings.sender.insert(Channel::Sms, OURS.to_owned());
    })
    .await;
}

async fn replied(subject: &Subject) -> bool {
    subject.aws.store.head(&subject.aws.tenant, &subject.customer).await.unwrap().unwrap().replied_at.is_some()
}

#[tokio::test]
async fn an_answer_is_led_by_the_message_before_it_and_taken_once() {
    let subject = hearing(Subject::start(Stage::Sent).await).await;
    sends_by_our_number(&subject.aws).await;
    subject.hear(&[receipt(&subject, "TEXT_SUCCESSFUL")]).await;
    let text = coming("in-1", "+491700000001", "We pay on Friday.", Some("eum-1"));
    subject.hear(std::slice::from_ref(&text)).await;
    subject.hear(&[text]).await;
    let tasks = subject.aws.tasks().await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    assert_eq!(tasks[0].customer.as_ref(), Some(&subject.customer));
    assert!(replied(&subject).await);
    assert!(!format!("{:?}", tasks[0].task).contains("491700000001"), "no number in {:?}", tasks[0].task);
}

#[tokio::test]
async fn an_answer_is_led_by_who_has_the_number_and_else_is_nobodys() {
    let subject = hearing(Subject::start(Stage::Sent).await).await;
    sends_by_our_number(&subject.aws).await;
    let contacts = vec![Contact { phone: Some(THEIRS.to_owned()), ..contact("p1", "ap@acme.example") }];
    let known = Customer { contacts, source_version: Some(SourceVersion::Number(2)), ..customer("acme", "canonical", "C-1") };
    let event = Receipt { source: "canonical".to_owned(), event_id: "phone".to_owned() };
    let document = invoiced(known, invoice("acme", "canonical", "INV-2"));
    subject.aws.store.apply(&subject.aws.tenant, &event, &[document], subject.aws.now()).await.unwrap();
    subject.aws.follow().await;
    subject.hear(&[coming("in-1", "+491700000009", "Who is this?", Some("not-ours"))]).await;
    let tasks = subject.aws.tasks().await;
    let nobodys: Vec<_> = tasks.iter().filter(|task| task.task.kind == TaskKind::AnswerUnmatched).collect();
    assert_eq!((nobodys.len(), replied(&subject).await), (1, false), "{tasks:?}");
    subject.hear(&[coming("in-2", THEIRS, "Paid.", None)]).await;
    assert!(replied(&subject).await, "by its number");
}

#[tokio::test]
async fn of_several_tenants_at_which_a_number_is_known_none_is_shown_a_text_and_each_heeds_a_stop() {
    let subject = hearing(Subject::start(Stage::Sent).await).await;
    let aws = &subject.aws;
    let bolt = TenantId::parse("bolt").unwrap();
    aws.store.put_settings(&bolt, &Settings::named("Bolt"), None, aws.now()).await.unwrap();
    // One customer of the one tenant, and two of the other.
    for (tenant, name, customers) in [(&aws.tenant, "acme", vec!["C-1"]), (&bolt, "bolt", vec!["C-1", "C-2"])] {
        for external_id in customers {
            let contacts = vec![Contact { phone: Some(THEIRS.to_owned()), ..contact("p1", "ap@acme.example") }];
            let known =
                Customer { contacts, source_version: Some(SourceVersion::Number(2)), ..customer(name, "canonical", external_id) };
            let event = Receipt { source: "canonical".to_owned(), event_id: external_id.to_owned() };
            let document = invoiced(known, invoice(name, "canonical", &format!("INV-{external_id}")));
            aws.store.apply(tenant, &event, &[document], aws.now()).await.unwrap();
        }
        aws.store.rebuild_lists(tenant, &aws.items()).await.unwrap();
    }
    subject.hear(&[coming("in-1", THEIRS, "Paid.", None)]).await;
    assert!(!replied(&subject).await, "it may be meant for the other tenant");
    subject.hear(&[coming("in-2", THEIRS, "STOP", None)]).await;
    for tenant in [&aws.tenant, &bolt] {
        assert!(aws.store.stopped(tenant, &theirs()).await.unwrap().is_some(), "{tenant}");
    }
}

#[tokio::test]
async fn what_came_to_no_tenants_number_is_nobodys_and_a_deployment_that_hears_none_takes_none() {
    let subject = hearing(Subject::start(Stage::Sent).await).await;
    subject.hear(&[coming("in-1", THEIRS, "Hello", None)]).await;
    assert!(subject.aws.tasks().await.is_empty() && !replied(&subject).await, "no settings name the number");
    let deaf = Subject::start(Stage::Sent).await;
    sends_by_our_number(&deaf.aws).await;
    deaf.hear(&[receipt(&deaf, "TEXT_SUCCESSFUL"), coming("in-1", THEIRS, "Hello", Some("eum-1"))]).await;
    assert!(deaf.aws.tasks().await.is_empty() && !replied(&deaf).await);
}
