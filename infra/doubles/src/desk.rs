//! What a double keeps of the app and its calls, whichever the vendor.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use crate::{
    App, Clock, Notification,
    faults::Faults,
    ids,
    lock::lock,
    oauth::{OAuth, Rules},
    witness::Witness,
};

/// What is kept of the app and its calls.
pub struct Desk {
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) oauth: OAuth,
    pub(crate) app: App,
    calls: Mutex<BTreeMap<String, u64>>,
    witness: Mutex<Option<Arc<dyn Witness>>>,
    happened: Mutex<Happened>,
}

#[derive(Default)]
struct Happened {
    sequence: u64,
    waiting: Vec<Notification>,
}

impl Desk {
    pub(crate) fn new(clock: Clock, rules: Rules) -> Self {
        let app = App::of(rules.vendor);
        let oauth = OAuth::new(rules, app.clone(), clock.clone());
        let (faults, calls, witness, happened) = (Faults::default(), Mutex::default(), Mutex::default(), Mutex::default());
        Self { clock, faults, oauth, app, calls, witness, happened }
    }

    /// Of a vendor that keys open: nobody signs in there.
    pub(crate) fn of_keys(clock: Clock, vendor: &'static str) -> Self {
        let never = SignedDuration::ZERO;
        let rules = Rules {
            vendor,
            access_lasts: never,
            refresh_lasts: never,
            grace: never,
            scope: "",
            offline_scope: None,
            callback_names_realm: false,
            bad_client: StatusCode::UNAUTHORIZED,
        };
        Self::new(clock, rules)
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn count(&self, kind: String) {
        *lock(&self.calls).entry(kind).or_default() += 1;
    }

    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        lock(&self.calls).clone()
    }

    pub(crate) fn watch(&self, witness: Arc<dyn Witness>) {
        *lock(&self.witness) = Some(witness);
    }

    pub(crate) fn witness(&self) -> Option<Arc<dyn Witness>> {
        lock(&self.witness).clone()
    }

    /// Notes what happened; numbers each, and gives it an id of its own even where the clock stands still.
    pub(crate) fn happened(&self, notifications: impl IntoIterator<Item = Notification>) {
        let mut happened = lock(&self.happened);
        for mut notification in notifications {
            happened.sequence += 1;
            notification.sequence = happened.sequence;
            notification.event = ids::uuid(&["event", &self.app.webhook_secret, &happened.sequence.to_string()]);
            happened.waiting.push(notification);
        }
    }

    pub(crate) fn drain(&self) -> Vec<Notification> {
        std::mem::take(&mut lock(&self.happened).waiting)
    }
}
