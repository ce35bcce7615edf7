//! How the stand-ins behave, and what they saw.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// How the stand-ins behave and what they saw.
#[derive(Debug, Default)]
pub struct World {
    /// What was put into the bucket, by path.
    pub objects: Mutex<BTreeMap<String, Vec<u8>>>,
    /// The entries that the bus took, in order.
    pub taken: Mutex<Vec<Value>>,
    /// How many entries each call to the bus had.
    pub calls: Mutex<Vec<usize>>,
    /// What the bus does with the next calls: an error code for each entry that is named by its position, or for all.
    pub script: Mutex<VecDeque<Vec<(usize, &'static str)>>>,
    /// How many of the next writes to the table are throttled.
    pub throttled: Mutex<u32>,
    /// The operations on the table, by name.
    pub operations: Mutex<Vec<String>>,
    /// The read units of each call.
    pub read_units: Mutex<Vec<f64>>,
    /// How often the issuer's key set was asked for.
    pub asked_for_keys: Mutex<u32>,
    /// Whether the issuer is away.
    pub issuer_is_away: Mutex<bool>,
    /// What other functions were invoked with: name and payload, in order.
    pub invoked: Mutex<Vec<(String, Value)>>,
    /// What they answer next; `None`, and where nothing is left, is a failure of theirs.
    pub invocations: Mutex<VecDeque<Option<Value>>>,
    /// The call to the table that waits, where one is to.
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    /// How many calls come before it.
    after: usize,
    reached: oneshot::Sender<()>,
    go: oneshot::Receiver<()>,
}

impl World {
    /// Holds up the call to the table that comes after so many. The first end is told when it came; it goes on when the second
    /// is told or dropped. Other calls pass.
    pub fn hold_after(&self, calls: usize) -> (oneshot::Receiver<()>, oneshot::Sender<()>) {
        let ((reached, came), (on, go)) = (oneshot::channel(), oneshot::channel());
        *self.held.lock().unwrap() = Some(Held { after: calls, reached, go });
        (came, on)
    }

    /// Lets all calls pass again.
    pub fn hold_none(&self) {
        *self.held.lock().unwrap() = None;
    }

    pub(crate) async fn hold(&self) {
        let held = {
            let mut held = self.held.lock().unwrap();
            match held.as_mut() {
                Some(Held { after: 0, .. }) => held.take(),
                Some(later) => {
                    later.after -= 1;
                    None
                }
                None => None,
            }
        };
        if let Some(Held { reached, go, .. }) = held {
            let _nobody_waits = reached.send(());
            let _dropped = go.await;
        }
    }
}

/// An error as AWS words it.
pub(crate) fn error(status: u16, code: &str) -> Response<Full<Bytes>> {
    let body = json!({ "__type": code, "message": "so says the test" }).to_string();
    Response::builder().status(status).header("content-type", "application/x-amz-json-1.0").body(Full::from(body)).unwrap()
}
