//! Chains of records: whoever changes the table past Dunlin is found out, by the stream at once and by the day's walk.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CustomerId, Next, TaskKind};
use jiff::{SignedDuration, tz::TimeZone};
use serde_json::{Value, json};
use store::inspect::{
    Item,
    attributes::{
        every::{PK, SK},
        record::BODY,
    },
};
use testbed::{
    TABLE,
    aws::{Aws, event},
    documents::decision,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

struct Subject {
    aws: Aws,
    read_model: read_model::Handler,
    /// Records of the stream that were handed over.
    seen: usize,
}

impl Subject {
    async fn start() -> Self {
        let aws = Aws::start().await;
        let read_model = read_model::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
        Self { aws, read_model, seen: 0 }
    }

    /// Hands over what is new in the stream.
    async fn follow(&mut self) {
        let records = self.aws.records().split_off(self.seen);
        self.seen += records.len();
        let answer = self.read_model.handle(event(json!({ "Records": records }))).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }

    /// Passes what is new in the stream over.
    fn miss(&mut self) {
        self.seen = self.aws.records().len();
    }

    /// A tick; when the next one has something to do.
    async fn tick(&self) -> Value {
        let tick = json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
        self.read_model.handle(event(tick)).await.unwrap()["idle_until"].clone()
    }

    /// A customer with two records: of a message, and of a decision after it.
    async fn recorded(&self, external_id: &str) -> CustomerId {
        let (id, aws) = (self.aws.reminded(external_id).await, &self.aws);
        let head = aws.store.head(&aws.tenant, &id).await.unwrap().unwrap();
        let facts = aws.store.facts(&aws.tenant, &head).await.unwrap();
        let decision = decision(aws.now(), vec![], Next::At(aws.now() + DAY));
        aws.store.commit(&aws.tenant, &head, &facts, &decision, aws.now()).await.unwrap();
        id
    }

    /// The items of a customer whose sort keys begin so.
    async fn items(&self, customer: &CustomerId, begins: &str) -> Vec<Item> {
        let query =
            self.aws.db.query().table_name(TABLE).key_condition_expression(format!("{PK} = :pk AND begins_with({SK}, :sk)"));
        let pk = format!("T#acme#C#{customer}");
        let query = query.expression_attribute_values(":pk", AttributeValue::S(pk));
        let query = query.expression_attribute_values(":sk", AttributeValue::S(begins.to_owned()));
        query.send().await.unwrap().items.unwrap_or_default().into_iter().map(Item::from).collect()
    }

    async fn put(&self, item: &Item, changes: &[(&str, String)]) {
        let mut row = item.attributes().clone();
        row.extend(changes.iter().map(|(name, text)| ((*name).to_owned(), AttributeValue::S(text.clone()))));
        self.aws.db.put_item().table_name(TABLE).set_item(Some(row)).send().await.unwrap();
    }

    async fn delete(&self, item: &Item) {
        self.aws.db.delete_item().table_name(TABLE).set_key(Some(item.key())).send().await.unwrap();
    }

    /// How often a customer was marked, so that its chain is followed.
    fn marks(&self) -> usize {
        let is_mark =
            |record: &&Value| Item::from_json(&record["dynamodb"]["Keys"]).is_some_and(|key| key.sk().starts_with("MARK#"));
        self.aws.records().iter().filter(is_mark).count()
    }

    /// What exceptions say of records: of whom, and of which record.
    async fn said(&self) -> Vec<(CustomerId, String)> {
        let tasks = self.aws.tasks().await.into_iter().filter(|task| task.task.kind == TaskKind::Records);
        tasks.map(|task| (task.customer.unwrap(), task.task.detail)).collect()
    }
}

fn body(item: &Item) -> String {
    item.attributes()[BODY].as_s().unwrap().clone()
}

#[tokio::test]
async fn what_dunlin_writes_is_a_chain() {
    let mut subject = Subject::start().await;
    let customer = subject.recorded("C-1").await;
    assert_eq!((subject.items(&customer, "DEC#").await.len(), subject.items(&customer, "COV#").await.len()), (1, 1));
    subject.follow().await;
    for _ in 0..31 {
        // The next day of the chains begins at midnight UTC, that of the amounts at the tenant's midnight.
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let midnight = |zone: TimeZone| {
            let today = subject.aws.now().to_zoned(zone.clone()).date();
            today.tomorrow().unwrap().to_zoned(zone).unwrap().timestamp()
        };
        assert_eq!(subject.tick().await, midnight(TimeZone::UTC).min(midnight(berlin)).to_string());
        subject.aws.advance(DAY);
    }
    assert_eq!(subject.said().await, []);
}

#[tokio::test]
async fn a_record_that_is_changed_removed_or_added_is_said_at_once() {
    for offence in ["changed", "removed", "added", "first removed"] {
        let mut subject = Subject::start().await;
        subject.recorded("C-1").await;
        let broken = subject.recorded("C-2").await;
        subject.follow().await;
        assert_eq!(subject.said().await, []);
        let (decision, message) =
            (subject.items(&broken, "DEC#").await.remove(0), subject.items(&broken, "COV#").await.remove(0));
        match offence {
            "changed" => {
                let changed = body(&message).replace("\"p1\"", "\"p2\"");
                assert_ne!(changed, body(&message));
                subject.put(&message, &[(BODY, changed)]).await;
            }
            "removed" => subject.delete(&decision).await,
            "first removed" => subject.delete(&message).await,
            // It says that it follows a record that nobody wrote.
            _ => {
                let mut forged: Value = serde_json::from_str(&body(&decision)).unwrap();
                forged["previous"] = json!("nobody");
                subject.put(&decision, &[(SK, "DEC#0000000007".to_owned()), (BODY, forged.to_string())]).await;
            }
        }
        subject.follow().await;
        // Once, whoever finds it again.
        subject.aws.advance(DAY);
        subject.tick().await;
        let said = subject.said().await;
        assert_eq!(said.iter().map(|(customer, _)| customer).collect::<Vec<_>>(), [&broken], "{offence}: {said:?}");
    }
}

#[tokio::test]
async fn the_walk_finds_what_the_stream_did_not_bring() {
    let mut subject = Subject::start().await;
    let broken = subject.recorded("C-1").await;
    subject.follow().await;
    let decision = subject.items(&broken, "DEC#").await.remove(0);
    let changed = body(&decision).replacen("\"number\":2", "\"number\":3", 1);
    assert_ne!(changed, body(&decision));
    subject.put(&decision, &[(BODY, changed)]).await;
    subject.miss();
    // Its head says that it was decided on this day: nothing is written for the walk of the next one.
    assert_eq!(subject.marks(), 0);
    subject.aws.advance(DAY);
    subject.tick().await;
    let said = subject.said().await;
    assert!(said.len() == 1 && said[0].0 == broken && said[0].1.contains("missing, or its body was changed"), "{said:?}");
}

#[tokio::test]
async fn the_record_of_an_earlier_days_message_is_followed_on_the_day_after() {
    let mut subject = Subject::start().await;
    let (late, message) = subject.aws.queued("C-1").await;
    subject.aws.advance(DAY);
    subject.tick().await;
    subject.aws.message_left(&late, &message).await;
    subject.follow().await;
    assert_eq!(subject.marks(), 1);
    let record = subject.items(&late, "COV#").await.remove(0);
    subject.delete(&record).await;
    subject.miss();
    subject.aws.advance(DAY);
    subject.tick().await;
    let said = subject.said().await;
    assert!(said.len() == 1 && said[0].0 == late, "{said:?}");
    // It was marked, followed, and is marked no longer.
    assert_eq!(subject.marks(), 2);
}

#[tokio::test]
async fn each_customer_has_its_turn_within_thirty_days() {
    let mut subject = Subject::start().await;
    let broken = subject.recorded("C-1").await;
    subject.follow().await;
    // The day after, its own records are followed, and forgotten.
    subject.aws.advance(DAY);
    subject.tick().await;
    let decision = subject.items(&broken, "DEC#").await.remove(0);
    subject.delete(&decision).await;
    subject.miss();
    let mut days = 0;
    while subject.said().await.is_empty() {
        days += 1;
        assert!(days <= 30, "its turn did not come");
        subject.aws.advance(DAY);
        subject.tick().await;
    }
    // A second tick on a day does nothing.
    let calls = subject.aws.records().len();
    subject.tick().await;
    assert_eq!(subject.aws.records().len(), calls);
}

#[tokio::test]
async fn a_tenant_that_is_taken_out_of_the_table_is_nobodys_concern() {
    let mut subject = Subject::start().await;
    let customer = subject.recorded("C-1").await;
    subject.follow().await;
    let registry =
        [(PK.to_owned(), AttributeValue::S("TENANTS".to_owned())), (SK.to_owned(), AttributeValue::S("acme".to_owned()))];
    subject.aws.db.delete_item().table_name(TABLE).set_key(Some(registry.into())).send().await.unwrap();
    for item in subject.items(&customer, "DEC#").await {
        subject.delete(&item).await;
    }
    subject.follow().await;
    assert_eq!(subject.said().await, []);
}
