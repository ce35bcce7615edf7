//! SQS in its JSON protocol.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Answer, Call, json as answer_json, json_error};
use crate::{engine::md5_hex, world::World};

const BODY_BYTES_MAX: usize = 256 * 1024;

pub(super) fn perform(world: &World, call: &Call) -> Answer {
    let Ok(request) = serde_json::from_slice::<Value>(&call.body) else {
        return json_error(StatusCode::BAD_REQUEST, "SerializationException", "the body is not JSON");
    };
    let name = request.get("QueueUrl").or_else(|| request.get("QueueName")).and_then(Value::as_str).unwrap_or_default();
    let Some(index) = world.queue_index(name) else {
        return json_error(
            StatusCode::BAD_REQUEST,
            "com.amazonaws.sqs#QueueDoesNotExist",
            "The specified queue does not exist.",
        );
    };
    let queue = &world.template.queues[index];
    let receipt = request.get("ReceiptHandle").and_then(Value::as_str).unwrap_or_default();
    match call.operation.as_str() {
        "SendMessage" => match send(world, &queue.arn, &request) {
            Ok(sent) => answer_json(&sent),
            Err((code, message)) => json_error(StatusCode::BAD_REQUEST, code, &message),
        },
        "SendMessageBatch" => {
            let entries = request.get("Entries").and_then(Value::as_array).cloned().unwrap_or_default();
            if entries.is_empty() || entries.len() > 10 {
                let kind = if entries.is_empty() { "EmptyBatchRequest" } else { "TooManyEntriesInBatchRequest" };
                return json_error(StatusCode::BAD_REQUEST, &format!("com.amazonaws.sqs#{kind}"), "A batch has 1 to 10 entries.");
            }
            let (mut good, mut bad) = (Vec::new(), Vec::new());
            for entry in &entries {
                let id = entry.get("Id").cloned().unwrap_or_default();
                match send(world, &queue.arn, entry) {
                    Ok(mut sent) => {
                        sent["Id"] = id;
                        good.push(sent);
                    }
                    Err((code, message)) => {
                        bad.push(json!({ "Id": id, "SenderFault": true, "Code": code, "Message": message }));
                    }
                }
            }
            answer_json(&json!({ "Successful": good, "Failed": bad }))
        }
        "ReceiveMessage" => {
            let count = request.get("MaxNumberOfMessages").and_then(Value::as_u64).unwrap_or(1).clamp(1, 10);
            let count = usize::try_from(count).unwrap_or(1);
            let taken = world.receive(index, count, world.clock.now(), true);
            let messages: Vec<Value> = taken
                .into_iter()
                .map(|message| {
                    json!({
                        "MessageId": message.id,
                        "ReceiptHandle": message.receipt,
                        "MD5OfBody": md5_hex(message.body.as_bytes()),
                        "Body": message.body,
                        "Attributes": {"ApproximateReceiveCount": message.receives.to_string()},
                    })
                })
                .collect();
            answer_json(&json!({ "Messages": messages }))
        }
        "DeleteMessage" => {
            world.delete_message(index, receipt);
            answer_json(&json!({}))
        }
        "ChangeMessageVisibility" => {
            let seconds = request.get("VisibilityTimeout").and_then(Value::as_i64).unwrap_or_default();
            if world.change_visibility(index, receipt, seconds.clamp(0, 43_200)) {
                answer_json(&json!({}))
            } else {
                json_error(StatusCode::BAD_REQUEST, "com.amazonaws.sqs#MessageNotInflight", "The message is not in flight.")
            }
        }
        "GetQueueUrl" => answer_json(&json!({ "QueueUrl": queue.url })),
        "GetQueueAttributes" => {
            let count = world.queue_length(index);
            answer_json(&json!({ "Attributes": {"QueueArn": queue.arn, "ApproximateNumberOfMessages": count.to_string()} }))
        }
        other => {
            let message = format!("{other} is not available locally");
            json_error(StatusCode::BAD_REQUEST, "com.amazonaws.sqs#UnsupportedOperation", &message)
        }
    }
}

fn send(world: &World, queue: &str, entry: &Value) -> Result<Value, (&'static str, String)> {
    let body = entry.get("MessageBody").and_then(Value::as_str).unwrap_or_default();
    if body.is_empty() || body.len() > BODY_BYTES_MAX {
        let message = format!("The message body has {} bytes; 1 to {BODY_BYTES_MAX} are allowed.", body.len());
        return Err(("InvalidParameterValue", message));
    }
    let delay = entry.get("DelaySeconds").and_then(Value::as_i64);
    if delay.is_some_and(|delay| !(0..=900).contains(&delay)) {
        return Err(("InvalidParameterValue", "DelaySeconds must be between 0 and 900.".to_owned()));
    }
    let attributes: Map<String, Value> = entry
        .get("MessageAttributes")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            (name.clone(), json!({"stringValue": value.get("StringValue"), "dataType": value.get("DataType")}))
        })
        .collect();
    let id = world
        .enqueue(queue, body.to_owned(), Value::Object(attributes), delay)
        .map_err(|message| ("InvalidParameterValue", message))?;
    Ok(json!({ "MessageId": id, "MD5OfMessageBody": md5_hex(body.as_bytes()) }))
}
