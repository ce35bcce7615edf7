//! What a sweep makes of who is due: the real table, and no queue, so that nothing may be handed over.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    BalanceKey, CaseKey, Channel, Currency, CustomerId, Invoice, Mode, Next, Planned, TaskKind,
    counting::PARALLEL,
    own_message::{OWN_WORDS, decision as own_decision},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{
    Head, OwnText, Receipt, Release,
    inspect::attributes::{
        document::DOC,
        every::{PK, SK},
    },
};
use testbed::{
    TABLE,
    aws::{Aws, event},
    documents::{customer, invoice, invoiced},
};

/// A sweep in the middle of a working day, over customers who have owed for a week.
struct Swept {
    aws: Aws,
    sweep: sweep::Handler,
    owing: Vec<CustomerId>,
}

impl Swept {
    async fn new() -> Self {
        let aws = Aws::start().await;
        aws.publish_ladder().await;
        let sweep = sweep::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
        Self { aws, sweep, owing: Vec::new() }
    }

    async fn start(customers: usize) -> Self {
        Self::new().await.owing(customers).await
    }

    /// One whose tenant has a cap by the day, and in which nobody owes anything yet; whom the settings wake is woken.
    async fn capped(per_day: u32) -> Self {
        let swept = Self::new().await;
        swept.aws.settings(|settings| settings.caps.per_day = Some(per_day)).await;
        swept.tick().await;
        swept
    }

    /// So many customers who have owed for a week, four hours later.
    async fn owing(mut self, customers: usize) -> Self {
        for number in 0..customers {
            self.owing.push(self.aws.owes(&format!("C-{number}")).await);
        }
        self.aws.advance(SignedDuration::from_hours(4));
        self
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

    async fn head(&self, customer: &CustomerId) -> Head {
        self.aws.store.head(&self.aws.tenant, customer).await.unwrap().unwrap()
    }

    /// The books say an invoice of a customer.
    async fn says(&self, external_id: &str, invoice: Invoice) -> CustomerId {
        let customer = customer("acme", "canonical", external_id);
        let id = customer.id.clone();
        let receipt = Receipt { source: "canonical".to_owned(), event_id: invoice.external_id.clone() };
        let said = [invoiced(customer, invoice)];
        self.aws.store.apply(&self.aws.tenant, &receipt, &said, self.aws.now()).await.unwrap();
        id
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

#[tokio::test]
async fn a_full_cap_holds_up_nothing_but_new_messages() {
    // Also while the change of the settings is still waking everybody.
    for is_waking in [false, true] {
        let swept = if is_waking { Swept::start(80).await } else { Swept::capped(1).await.owing(80).await };
        if is_waking {
            swept.aws.settings(|settings| settings.caps.per_day = Some(1)).await;
        }
        assert_eq!(swept.counts().await[..2], [1_u64, 1]);
        let mut heads = Vec::new();
        for customer in &swept.owing {
            heads.push(swept.head(customer).await);
        }
        let sent = heads.iter().find(|head| !head.pending.is_empty()).unwrap();
        let (customer, message) = (&sent.customer, sent.pending.keys().next().unwrap());
        let before_it = heads.iter().filter(|head| !is_waking || head.shard == sent.shard).count() - 1;
        assert!(before_it > PARALLEL, "more wait before it than are looked at together: {before_it}");

        // Its sender is to try again in two hours; by then it is due later than all who wait.
        let until = swept.aws.now() + SignedDuration::from_hours(2);
        let how = Release::Deferred { until };
        assert!(swept.aws.store.release(&swept.aws.tenant, customer, message, None, how).await.unwrap());
        swept.aws.advance(SignedDuration::from_hours(2));
        assert_eq!(swept.counts().await, [0, 0, 1, 0]);
        let head = swept.head(customer).await;
        assert_eq!((head.pending[message].dispatches, head.pending[message].retry_at), (2, None), "it goes to its sender again");
        // It is looked after until it is settled.
        assert_eq!(head.due, Next::At(swept.aws.now() + SignedDuration::from_mins(10)));
        swept.aws.advance(SignedDuration::from_mins(10));
        assert_eq!(swept.counts().await, [0, 0, 1, 0]);
        assert_eq!(swept.head(customer).await.pending[message].dispatches, 3);

        // Of whom nothing is to be asked yet is decided as ever.
        let later = Invoice { due_on: "2026-02-20".parse().unwrap(), ..invoice("acme", "canonical", "LATER") };
        let other = swept.says("OTHER", later).await;
        assert_eq!(swept.counts().await[..2], [1_u64, 0]);
        assert_eq!(swept.head(&other).await.decided_at, Some(swept.aws.now()));
        // Who waits for room still does.
        assert_eq!(swept.pending().await, 1);
    }
}

#[tokio::test]
async fn the_room_of_a_cap_goes_to_the_oldest_of_all_shards() {
    // More than are looked at together in other shards than the first, and later one in the first.
    let others = (2..40).filter(|number| ![3, 4, 13, 18, 27, 32, 36, 38].contains(number)).take(PARALLEL + 2);
    let mut swept = Swept::capped(1).await;
    for number in others {
        let customer = swept.aws.owes(&format!("C-{number}")).await;
        assert_ne!(swept.head(&customer).await.shard, 0, "C-{number}");
        swept.owing.push(customer);
    }
    swept.aws.advance(SignedDuration::from_hours(1));
    let later = swept.aws.owes("C-0").await;
    assert_eq!(swept.head(&later).await.shard, 0);
    swept.aws.advance(SignedDuration::from_hours(3));
    assert_eq!(swept.counts().await[..2], [1_u64, 1]);
    assert_eq!((swept.pending().await, swept.head(&later).await.pending.len()), (1, 0));
}

#[tokio::test]
async fn who_needs_more_room_than_there_ever_is_holds_up_nobody() {
    let swept = Swept::start(2).await;
    let dollars = Invoice {
        currency: Currency::USD,
        issued_on: "2025-12-01".parse().unwrap(),
        due_on: "2025-12-29".parse().unwrap(),
        ..invoice("acme", "canonical", "USD-1")
    };
    let both = swept.says("C-0", dollars).await;
    swept.aws.settings(|settings| settings.caps.per_day = Some(1)).await;
    assert_eq!(swept.counts().await, [1, 1, 0, 1], "of two currencies it would get two messages");
    let mut tries = 1;
    while swept.aws.tasks().await.is_empty() {
        swept.aws.advance(SignedDuration::from_mins(10));
        tries += swept.tick().await["failed"].as_u64().unwrap();
        assert!(tries < 20, "nobody is told");
    }
    let task = swept.aws.tasks().await.remove(0);
    assert_eq!((task.task.kind, task.customer.as_ref()), (TaskKind::Failing, Some(&both)));
    assert!(task.task.detail.contains("its 2 messages leave at once"), "{}", task.task.detail);
    // With a higher cap it goes on by itself.
    swept.aws.settings(|settings| settings.caps.per_day = Some(10)).await;
    for _ in 0..3 {
        swept.aws.advance(SignedDuration::from_mins(10));
        swept.tick().await;
    }
    assert_eq!(swept.head(&both).await.pending.len(), 2);
}

#[tokio::test]
async fn waking_everybody_is_left_to_the_ticks() {
    let swept = Swept::start(3).await;
    swept.aws.settings(|settings| settings.caps.per_day = Some(10)).await;
    let before = swept.aws.store.tenant(&swept.aws.tenant).await.unwrap().unwrap();
    assert!(before.replan.is_some() && before.shards > 1, "{before:?}");
    let now = swept.aws.now();
    let mut events = vec![event(json!({ "source": "aws.events", "detail-type": "Scheduled Event" }))];
    // One that has no time, and hand-overs of before, the last shard first.
    events[0].context.deadline = 0;
    for shard in (0..before.shards).rev() {
        let body = json!({ "tenant": "acme", "shard": shard, "at": now }).to_string();
        events.push(event(json!({ "Records": [{ "messageId": format!("over-{shard}"), "body": body, "attributes": {} }] })));
    }
    for event in events {
        let answer = swept.sweep.handle(event).await.unwrap();
        assert_eq!((answer["decided"].as_u64(), answer["handed_over"].as_u64()), (Some(0), Some(0)), "{answer}");
        let idle_until: jiff::Timestamp = answer["idle_until"].as_str().unwrap().parse().unwrap();
        assert_eq!(idle_until, now, "the next tick goes on");
        let row = swept.aws.store.tenant(&swept.aws.tenant).await.unwrap().unwrap();
        assert_eq!(row.replan, before.replan, "the cursor stays where it is");
    }
    assert_eq!(swept.counts().await, [3, 3, 0, 0]);
    assert_eq!(swept.aws.store.tenant(&swept.aws.tenant).await.unwrap().unwrap().replan, None);
}

#[tokio::test]
async fn what_a_person_writes_to_somebody_who_waits_for_room_is_followed_up() {
    let swept = Swept::capped(1).await.owing(2 * PARALLEL).await;
    assert_eq!(swept.counts().await[..2], [1_u64, 1]);
    let mut waiting = Vec::new();
    for customer in &swept.owing {
        waiting.push(swept.head(customer).await);
    }
    waiting.retain(|head| head.pending.is_empty());
    let last = waiting.into_iter().max_by(|one, other| one.customer.cmp(&other.customer)).unwrap();
    let (store, tenant, now) = (&swept.aws.store, &swept.aws.tenant, swept.aws.now());
    let facts = store.facts(tenant, &last).await.unwrap();
    let planned = Planned {
        position: 0,
        mode: Mode::Live,
        case: CaseKey::new(BalanceKey::of(Currency::EUR), "standard"),
        channel: Channel::Email,
        contact: facts.customer.contacts[0].external_id.clone(),
        person: facts.customer.contacts[0].person_digest(),
        template: OWN_WORDS.to_owned(),
        template_version: 0,
        rows: vec![],
        pay_by: None,
        copy_of: None,
        receipt_within: None,
    };
    let plan = own_decision(&facts, last.owed.clone(), planned, now);
    let text = OwnText { body: "Hello".to_owned(), by: "ann".to_owned(), language: "en".to_owned(), ..OwnText::default() };
    let made = store.commit_own_message(tenant, &last, &facts, &plan, &text, now).await.unwrap();
    let held = swept.head(&last.customer).await.pending[&made.messages[0]].retry_at;
    assert_eq!(held, Some(now + SignedDuration::from_mins(1)));
    swept.aws.advance(SignedDuration::from_mins(1));
    swept.tick().await;
    let head = swept.head(&last.customer).await;
    assert_eq!(head.pending[&made.messages[0]].retry_at, None, "it goes to its sender");
}
