//! Functions that are kept from working, and what they were given meanwhile.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use lambda_runtime::LambdaEvent;
use local::{Registry, from_fn, registry};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How a function goes about what it is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// It does its work.
    #[default]
    Open,
    /// It does its work, and what it was given is noted.
    Noted,
    /// What it was given is noted, and nothing done.
    Kept,
    /// It is out of time as soon as it begins; what it hands over to itself is noted, and nothing done.
    Hurried,
}

/// An event that a function was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Given {
    /// The function.
    pub function: String,
    /// The event, as Lambda gives it.
    pub event: Value,
}

#[derive(Default)]
struct State {
    ways: BTreeMap<&'static str, Way>,
    given: Vec<Given>,
}

/// Where functions are kept from working. A clone is the same tap.
#[derive(Clone, Default)]
pub struct Tap(Arc<Mutex<State>>);

impl Tap {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a function go about its work in another way.
    pub fn set(&self, function: &'static str, way: Way) {
        self.state().ways.insert(function, way);
    }

    /// What was noted of a function so far.
    pub fn noted(&self, function: &str) -> Vec<Given> {
        self.state().given.iter().filter(|given| given.function == function).cloned().collect()
    }

    /// Every function, behind this tap.
    pub fn registry(&self) -> Registry {
        let tap = self.clone();
        registry().wrapped(move |name, inner| {
            let (tap, name) = (tap.clone(), name.to_owned());
            from_fn(move |mut event: LambdaEvent<Value>| {
                let is_kept = tap.pass(&name, &mut event);
                let inner = Arc::clone(&inner);
                // An answer that names no failure: what it was given counts as done.
                async move { if is_kept { Ok(json!({})) } else { inner.call(event).await } }
            })
        })
    }

    /// Notes what is to be noted; true when nothing more is to be done.
    fn pass(&self, name: &str, event: &mut LambdaEvent<Value>) -> bool {
        let mut state = self.state();
        let way = state.ways.get(name).copied().unwrap_or_default();
        let is_batch = event.payload.get("Records").is_some();
        if way == Way::Hurried && !is_batch {
            event.context.deadline = 0;
            return false;
        }
        if way != Way::Open {
            state.given.push(Given { function: name.to_owned(), event: event.payload.clone() });
        }
        matches!(way, Way::Kept | Way::Hurried)
    }
}
