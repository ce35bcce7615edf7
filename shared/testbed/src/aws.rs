//! AWS on loopback for tests of handlers, with a clock and the tenant `acme`.

use std::{
    collections::BTreeMap,
    ops::Deref,
    sync::{Arc, Mutex},
};

use domain::{Channel, CustomerId, Invoice, MessageId, Mode, Next, Settings, TenantId};
use jiff::{SignedDuration, Timestamp};
use kit::{Clock, Env};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::Value;
use store::{Attempt, Claim, MessageResult, Receipt, Settlement, Store, StoredTemplate, Vault, inspect::Item};

use crate::{
    Loopback, TABLE,
    documents::{covered, customer, decision, invoice, invoiced, planned},
};

/// When every test begins.
pub const NOW_S: i64 = 1_767_600_000;

/// AWS with one tenant.
pub struct Aws {
    loopback: Loopback,
    now: Arc<Mutex<i64>>,
    /// What functions are built from: every variable that one of them wants.
    pub env: Env,
    /// Stands still until [`Aws::advance`].
    pub clock: Clock,
    /// The table.
    pub store: Store,
    /// What is sealed in it.
    pub vault: Vault,
    /// `acme`.
    pub tenant: TenantId,
}

impl Deref for Aws {
    type Target = Loopback;
    fn deref(&self) -> &Loopback {
        &self.loopback
    }
}

impl Aws {
    /// With the tenant `acme`, live, in Berlin.
    pub async fn start() -> Self {
        let loopback = Loopback::start().await;
        let pairs = [
            ("TABLE_NAME", TABLE),
            ("BUCKET_NAME", "bodies"),
            ("KEY_ID", "key"),
            ("BUS_NAME", "dunlin"),
            ("SWEEP_QUEUE_URL", "https://sqs.example/sweep"),
            ("DELIVER_QUEUE_URL", "https://sqs.example/deliver"),
            ("PORTAL_URL", "https://pay.example/p"),
        ];
        let env = Env::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let now = Arc::new(Mutex::new(NOW_S));
        let ticking = Arc::clone(&now);
        let clock = Clock::from_fn(move || Timestamp::from_second(*ticking.lock().unwrap()).unwrap());
        let store = Store::new(loopback.db.clone(), TABLE);
        let vault = Vault::new(aws_sdk_kms::Client::new(&loopback.clients.sdk), store.clone(), Some("key"));
        let aws = Self { loopback, now, env, clock, store, vault, tenant: TenantId::parse("acme").unwrap() };
        aws.settings(|_| {}).await;
        aws
    }

    /// Stores the tenant's settings with changes.
    pub async fn settings(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = Settings::named("Acme");
        settings.mode = Mode::Live;
        settings.country = "DE".to_owned();
        settings.time_zone = Some("Europe/Berlin".to_owned());
        settings.sender.insert(Channel::Email, "billing@acme.example".to_owned());
        change(&mut settings);
        self.store.put_settings(&self.tenant, &settings, None, self.now()).await.unwrap();
    }

    /// What the clock says.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Moves the clock.
    pub fn advance(&self, by: SignedDuration) {
        *self.now.lock().unwrap() += by.as_secs();
    }

    /// Makes the tenant's keys, and publishes a ladder: a reminder by email a day after the due date, and a call after two months.
    pub async fn publish_ladder(&self) {
        self.vault.ensure_key(&self.tenant).await.unwrap();
        let ladder = serde_json::json!({
            "id": "standard", "name": "Standard", "scope": "customer", "steps": [
                {"id": "reminder", "at": {"anchor": "due_date", "offset": "P1D"},
                 "action": {"send": {"channels": ["email"], "template": "reminder", "to": ["billing"]}}},
                {"id": "call", "at": {"anchor": "due_date", "offset": "P60D"}, "action": {"task": {"title": "Call"}}},
            ],
        });
        let ladder = domain::workflow::read(&ladder).unwrap();
        self.store.publish_workflow(&self.tenant, &ladder, self.now()).await.unwrap();
        let text = StoredTemplate {
            id: "reminder".to_owned(),
            channel: Channel::Email,
            language: "en".to_owned(),
            version: 0,
            subject: Some("{{ exposure.total | money }} is due".to_owned()),
            body: "Please pay.".to_owned(),
        };
        self.store.put_template(&self.tenant, &text).await.unwrap();
    }

    /// A customer who has owed an invoice for a week.
    pub async fn owes(&self, external_id: &str) -> CustomerId {
        let owed = Invoice {
            issued_on: "2025-12-01".parse().unwrap(),
            due_on: "2025-12-29".parse().unwrap(),
            ..invoice("acme", "canonical", external_id)
        };
        let owes = customer("acme", "canonical", external_id);
        let id = owes.id.clone();
        let receipt = Receipt { source: "canonical".to_owned(), event_id: external_id.to_owned() };
        self.store.apply(&self.tenant, &receipt, &[invoiced(owes, owed)], self.now()).await.unwrap();
        id
    }

    /// A customer to whom the reminder of an invoice was sent by email: it has the record of a decision, and that of a message.
    pub async fn reminded(&self, external_id: &str) -> CustomerId {
        let (id, message) = self.queued(external_id).await;
        self.message_left(&id, &message).await;
        id
    }

    /// A customer who owes an invoice, and a message about it that waits for its sender.
    pub async fn queued(&self, external_id: &str) -> (CustomerId, MessageId) {
        let (owes, owed) = (customer("acme", "canonical", external_id), invoice("acme", "canonical", external_id));
        let (id, rows) = (owes.id.clone(), vec![covered(&owed.id)]);
        let receipt = Receipt { source: "canonical".to_owned(), event_id: external_id.to_owned() };
        self.store.apply(&self.tenant, &receipt, &[invoiced(owes, owed)], self.now()).await.unwrap();
        let head = self.store.head(&self.tenant, &id).await.unwrap().unwrap();
        let facts = self.store.facts(&self.tenant, &head).await.unwrap();
        let decision = decision(self.now(), vec![planned(rows)], Next::Parked);
        let message = self.store.commit(&self.tenant, &head, &facts, &decision, self.now()).await.unwrap().messages[0].clone();
        (id, message)
    }

    /// A message that waits leaves now.
    pub async fn message_left(&self, id: &CustomerId, message: &MessageId) {
        let version = self.store.head(&self.tenant, id).await.unwrap().unwrap().version;
        let attempt = Attempt { id: "a1".to_owned(), lease_until: self.now() + SignedDuration::from_secs(60) };
        let claim = self.store.claim(&self.tenant, id, version, message, &attempt).await.unwrap();
        let Claim::Held(claimed) = claim else { panic!("not held: {claim:?}") };
        let rows = claimed.pending.get(message).unwrap().message.rows.clone();
        let settlement = Settlement {
            status: MessageResult::Sent,
            at: self.now(),
            reason: String::new(),
            provider_id: Some("ses-1".to_owned()),
            rows,
            asked_for: None,
            rendered_sha256: None,
            template_version: 1,
            layout_version: 1,
            trace: serde_json::json!([]),
            fact_versions: vec![],
        };
        self.store.settle(&self.tenant, &claimed, message, &attempt, &settlement, Next::Parked).await.unwrap();
    }

    /// Every item of the table.
    pub fn items(&self) -> Vec<Item> {
        let mut items = BTreeMap::new();
        for record in self.records() {
            let key = record["dynamodb"]["Keys"].to_string();
            match Item::from_json(&record["dynamodb"]["NewImage"]) {
                Some(item) => items.insert(key, item),
                None => items.remove(&key),
            };
        }
        items.into_values().collect()
    }

    /// Makes the rows of lists that the items stand for, as `read-model` does.
    pub async fn follow(&self) {
        self.store.rebuild_lists(&self.tenant, &self.items()).await.unwrap();
    }

    /// The read units since it was last asked.
    pub fn read_units(&self) -> f64 {
        self.world.read_units.lock().unwrap().drain(..).sum()
    }

    /// The open tasks.
    pub async fn tasks(&self) -> Vec<store::Task> {
        self.store.tasks(&self.tenant, 200, None).await.unwrap().tasks
    }
}

/// An event with time left.
pub fn event(payload: Value) -> LambdaEvent<Value> {
    let mut context = Context::default();
    context.deadline = 4_000_000_000_000;
    LambdaEvent::new(payload, context)
}
