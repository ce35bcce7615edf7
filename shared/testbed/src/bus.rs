//! A bus that refuses what its script says.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use serde_json::{Value, json};

use crate::world::World;

pub(crate) fn put_events(world: &World, request: &Value) -> Response<Full<Bytes>> {
    let entries = request["Entries"].as_array().unwrap();
    world.calls.lock().unwrap().push(entries.len());
    let script = world.script.lock().unwrap().pop_front().unwrap_or_default();
    if let [(usize::MAX, code)] = script.as_slice() {
        return crate::world::error(400, code);
    }
    let mut failed = 0;
    let results: Vec<Value> = entries
        .iter()
        .enumerate()
        .map(|(at, entry)| match script.iter().find(|(position, _)| *position == at) {
            Some((_, code)) => {
                failed += 1;
                json!({ "ErrorCode": code, "ErrorMessage": "so says the test" })
            }
            None => {
                world.taken.lock().unwrap().push(entry.clone());
                json!({ "EventId": "e" })
            }
        })
        .collect();
    Response::new(Full::from(json!({ "FailedEntryCount": failed, "Entries": results }).to_string()))
}
