//! What a sweep makes of who is due: the real table, and no queue, so that nothing may be handed over.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CustomerId, Mode, TaskKind};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::inspect::attributes::{
    document::DOC,
    every::{PK, SK},
};
use testbed::{
    TABLE,
    aws::{Aws, event},
};

/// A sweep in the middle of a working day, over customers who have owed for a week.
struct Swept {
    aws: Aws,
    sweep: sweep::Handler,
    owing: Vec<CustomerId>,
}

impl Swept {
    async fn start(customers: usize) -> Self {
        let aws = Aws::start().await;
        aws.publish_ladder().await;
        let mut owing = Vec::new();
        for number in 0..customers {
            owing.push(aws.owes(&format!("C-{number}")).await);
        }
        aws.advance(SignedDuration::from_hours(4));
        let sweep = sweep::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
        Self { aws, sweep, owing }
    }

    async fn tick(&self) -> Value {
        self.sweep.handle(event(json!({ "source": "aws.events", "detail-type": "Scheduled Event" }))).await.unwrap()
    }

    /// The counts of a sweep's answer: decided, messages, passed, failed.
    async fn counts(&self) -> [u64; 4] {
        let answer = self.tick().await;
        ["decided", "messages", "passed", "failed"].map(|name| answer[name].as_u64().unwrap())
    }

    /// How many messages wait for their senders.
    async fn pending(&self) -> usize {
        let mut pending = 0;
        for customer in &self.owing {
            let head = self.aws.store.head(&self.aws.tenant, customer).await.unwrap().unwrap();
            pending += head.pending.len();
        }
        pending
    }

    /// Spoils a customer's profile, so that its facts do not read; or mends it.
    async fn profile(&self, customer: &CustomerId, text: Option<&str>) -> String {
        let key = [
            (PK.to_owned(), AttributeValue::S(format!("T#acme#C#{customer}"))),
            (SK.to_owned(), AttributeValue::S("PROFILE".to_owned())),
        ];
        let get = self.aws.db.get_item().table_name(TABLE).set_key(Some(key.into()));
        let mut item = get.send().await.unwrap().item.unwrap();
        let before = item[DOC].as_s().unwrap().clone();
        if let Some(text) = text {
            item.insert(DOC.to_owned(), AttributeValue::S(text.to_owned()));
            self.aws.db.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
        }
        before
    }
}

#[tokio::test]
async fn who_is_due_is_decided_once() {
    let swept = Swept::start(3).await;
    assert_eq!(swept.counts().await, [3, 3, 0, 0]);
    assert_eq!(swept.pending().await, 3);
    // What they wait for is under way.
    assert_eq!(swept.counts().await, [0, 0, 3, 0]);
    assert_eq!(swept.pending().await, 3);
}

#[tokio::test]
async fn a_tenant_that_is_off_or_paused_is_passed_over() {
    let swept = Swept::start(1).await;
    swept.aws.settings(|settings| settings.paused = true).await;
    assert_eq!(swept.counts().await, [0, 0, 0, 0]);
    swept.aws.settings(|settings| settings.mode = Mode::Off).await;
    assert_eq!(swept.counts().await, [0, 0, 0, 0]);
    assert_eq!(swept.pending().await, 0);
    swept.aws.settings(|_| {}).await;
    assert_eq!(swept.counts().await, [1, 1, 0, 0]);
}

#[tokio::test]
async fn a_cap_leaves_the_rest_for_later_and_says_when() {
    let swept = Swept::start(3).await;
    swept.aws.settings(|settings| settings.caps.per_day = Some(2)).await;
    let answer = swept.tick().await;
    assert_eq!((answer["messages"].as_u64(), swept.pending().await), (Some(2), 2));
    let idle_until: jiff::Timestamp = answer["idle_until"].as_str().unwrap().parse().unwrap();
    assert!(idle_until <= swept.aws.now() + SignedDuration::from_hours(24), "{idle_until}");
}

#[tokio::test]
async fn a_customer_that_fails_backs_off_and_holds_no_neighbour_up() {
    let swept = Swept::start(3).await;
    let broken = swept.owing[1].clone();
    let before = swept.profile(&broken, Some("{")).await;
    assert_eq!(swept.counts().await, [2, 2, 0, 1]);
    // It is not tried again at once, and in the end somebody is told.
    assert_eq!(swept.counts().await, [0, 0, 2, 0]);
    let mut tries = 1;
    while swept.aws.tasks().await.is_empty() {
        swept.aws.advance(SignedDuration::from_mins(10));
        tries += swept.tick().await["failed"].as_u64().unwrap();
        assert!(tries < 20, "nobody is told");
    }
    let tasks = swept.aws.tasks().await;
    assert_eq!((tasks.len(), tasks[0].task.kind, tasks[0].customer.as_ref()), (1, TaskKind::Failing, Some(&broken)));
    // Mended, it goes on by itself.
    swept.profile(&broken, Some(&before)).await;
    for _ in 0..24 {
        swept.aws.advance(SignedDuration::from_hours(1));
        swept.tick().await;
    }
    let head = swept.aws.store.head(&swept.aws.tenant, &broken).await.unwrap().unwrap();
    assert_eq!(head.pending.len(), 1);
}
