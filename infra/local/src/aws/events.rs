//! EventBridge: `PutEvents`.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Answer, Call, json as answer_json, json_error};
use crate::world::World;

/// Design limit of an event, as EventBridge's.
const ENTRY_BYTES_MAX: usize = 256 * 1024;

pub(super) fn perform(world: &World, call: &Call) -> Answer {
    if call.operation != "PutEvents" {
        return json_error(StatusCode::BAD_REQUEST, "UnknownOperationException", "only PutEvents is available locally");
    }
    let Ok(request) = serde_json::from_slice::<Value>(&call.body) else {
        return json_error(StatusCode::BAD_REQUEST, "SerializationException", "the body is not JSON");
    };
    let entries = request.get("Entries").and_then(Value::as_array).cloned().unwrap_or_default();
    if entries.is_empty() || entries.len() > 10 {
        let message = "1 validation error detected: Value at 'entries' failed to satisfy constraint: 1 to 10 members";
        return json_error(StatusCode::BAD_REQUEST, "ValidationException", message);
    }
    if entries.iter().map(|entry| entry.to_string().len()).sum::<usize>() > ENTRY_BYTES_MAX {
        return json_error(StatusCode::BAD_REQUEST, "ValidationException", "Total size of the entries in the request is over the limit.");
    }
    let mut results = Vec::new();
    let mut failed = 0;
    for entry in &entries {
        match put(world, entry) {
            Ok(id) => results.push(json!({ "EventId": id })),
            Err((code, message)) => {
                failed += 1;
                results.push(json!({ "ErrorCode": code, "ErrorMessage": message }));
            }
        }
    }
    answer_json(&json!({ "FailedEntryCount": failed, "Entries": results }))
}

fn put(world: &World, entry: &Value) -> Result<String, (&'static str, String)> {
    let text = |key: &str| {
        let value = entry.get(key).and_then(Value::as_str).filter(|value| !value.is_empty());
        value.ok_or_else(|| ("InvalidArgument", format!("Parameter {key} is not valid. Reason: {key} is a required argument.")))
    };
    let (source, kind) = (text("Source")?, text("DetailType")?);
    let detail: Value = serde_json::from_str(text("Detail")?)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
    if source.starts_with("aws.") {
        return Err(("NotAuthorizedForSourceException", "Not authorized for the source.".to_owned()));
    }
    let bus = entry.get("EventBusName").and_then(Value::as_str).unwrap_or("default");
    let bus = bus.rsplit("event-bus/").next().unwrap_or_default();
    if !world.template.buses.iter().any(|name| name == bus) {
        // AWS takes the event and drops it; here the mistake should be seen.
        return Err(("ResourceNotFoundException", format!("Event bus {bus} does not exist.")));
    }
    let resources = entry.get("Resources").cloned().unwrap_or_else(|| json!([]));
    Ok(world.put_event(bus, source, kind, &detail, &resources))
}
