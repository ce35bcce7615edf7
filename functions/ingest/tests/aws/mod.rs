//! AWS on loopback for handler tests, with a clock and the tenant `acme`.
#![allow(dead_code, reason = "each suite uses its own part")]

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
};

use domain::{Mode, Settings, TenantId};
use jiff::{SignedDuration, Timestamp};
use kit::{Clock, Env};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::Value;
use store::{Store, Vault};
use testbed::{Loopback, TABLE};

/// When every test begins.
pub const NOW_S: i64 = 1_767_600_000;

pub struct Aws {
    loopback: Loopback,
    now: Arc<Mutex<i64>>,
    pub env: Env,
    pub clock: Clock,
    pub store: Store,
    pub vault: Vault,
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
        let pairs = [("TABLE_NAME", TABLE), ("BUCKET_NAME", "bodies"), ("KEY_ID", "key"), ("BUS_NAME", "dunlin")];
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
        change(&mut settings);
        self.store.put_settings(&self.tenant, &settings, None, self.now()).await.unwrap();
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn advance(&self, by: SignedDuration) {
        *self.now.lock().unwrap() += by.as_secs();
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
