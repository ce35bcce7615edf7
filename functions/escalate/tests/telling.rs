//! Notices of tasks: made once, told when their moment has come, and visible where nobody is told.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

use domain::{EffectStatus, NewTask, TaskId, TaskKind, notice::NoticeRule};
use jiff::SignedDuration;
use kit::Env;
use serde_json::{Value, json};
use testbed::{
    TABLE,
    aws::{Aws, event},
};

struct Desk {
    aws: Aws,
    escalate: escalate::Handler,
}

impl Desk {
    async fn new() -> Self {
        let aws = Aws::start().await;
        let rule =
            NoticeRule { kinds: vec![TaskKind::Task], to: "nobody-is-called-so".to_owned(), via: Vec::new(), urgent: false };
        aws.settings(|settings| settings.notices.rules = vec![rule]).await;
        let pairs = [("TABLE_NAME", TABLE), ("CONFIGURATION_SET", "mail"), ("CONSOLE_URL", ""), ("NOTICE_TOPIC", "")];
        let env = Env::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let escalate = escalate::Handler::new(&env, &aws.clients, aws.clock.clone()).unwrap();
        Self { aws, escalate }
    }

    async fn raise(&self) -> TaskId {
        let due_on = self.aws.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let task = NewTask {
            kind: TaskKind::Task,
            key: "call".to_owned(),
            title: "Call".to_owned(),
            detail: String::new(),
            to: None,
            due_on: Some(due_on),
            step: None,
            currency: None,
            case: None,
        };
        self.aws.store.raise(&self.aws.tenant, None, &task, self.aws.now()).await.unwrap()
    }

    async fn created(&self, task: &TaskId) -> Value {
        let detail =
            json!({"schema_version": 1, "id": "evt_1", "tenant": "acme", "task": task, "kind": "task", "exception": false});
        let body = json!({"source": "dunlin", "detail-type": "TaskCreated", "detail": detail}).to_string();
        let record = json!({"messageId": "m", "body": body, "attributes": {}, "messageAttributes": {}, "eventSource": "aws:sqs"});
        self.escalate.handle(event(json!({"Records": [record]}))).await.unwrap()
    }

    async fn tick(&self) -> Value {
        self.escalate.handle(event(json!({"source": "aws.events"}))).await.unwrap()
    }

    /// Way, kind and status of each notice, sorted.
    async fn notices(&self) -> Vec<(String, String, EffectStatus)> {
        let page = self.aws.store.notices(&self.aws.tenant, 100, None, self.aws.now()).await.unwrap();
        let one = |known: store::KnownNotice| (known.notice.way.to_string(), known.notice.kind.to_string(), known.status);
        let mut all: Vec<_> = page.notices.into_iter().map(one).collect();
        all.sort();
        all
    }
}

fn of(kind: &str, status: EffectStatus) -> (String, String, EffectStatus) {
    ("email".to_owned(), kind.to_owned(), status)
}

#[tokio::test]
async fn where_nobody_is_meant_the_notice_says_so_and_the_task_stays() {
    let desk = Desk::new().await;
    let task = desk.raise().await;
    for _ in 0..2 {
        assert_eq!(desk.created(&task).await, json!({"batchItemFailures": []}));
    }
    assert_eq!(desk.notices().await, [of("raised", EffectStatus::Blocked), of("reminder", EffectStatus::Queued)]);
    assert!(desk.aws.store.task(&desk.aws.tenant, &task).await.unwrap().unwrap().done_at.is_none());
    let said = desk.tick().await;
    assert_eq!(said["told"], 0);
    let wakes: jiff::Timestamp = said["idle_until"].as_str().unwrap().parse().unwrap();
    assert!(wakes > desk.aws.now(), "the reminder waits for the day after");
    desk.aws.advance(SignedDuration::from_hours(49));
    assert_eq!(desk.tick().await, json!({"told": 0, "idle_until": null}));
    assert_eq!(desk.notices().await[1], of("reminder", EffectStatus::Blocked), "the tenant has no people");
}

#[tokio::test]
async fn of_a_task_that_is_over_nobody_is_reminded() {
    let desk = Desk::new().await;
    let task = desk.raise().await;
    desk.created(&task).await;
    assert!(desk.aws.store.finish_task(&desk.aws.tenant, &task, desk.aws.now()).await.unwrap());
    desk.aws.advance(SignedDuration::from_hours(49));
    desk.tick().await;
    assert_eq!(desk.notices().await[1], of("reminder", EffectStatus::Superseded));
    // Nor is anything made of one that is over when it is heard of.
    assert_eq!(desk.created(&task).await, json!({"batchItemFailures": []}));
    assert_eq!(desk.notices().await.len(), 2);
}
