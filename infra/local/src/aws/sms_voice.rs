//! AWS End User Messaging: `SendTextMessage` into the outbox, and the events that it puts on the default bus by itself.

use domain::channel::tags;
use http::StatusCode;
use serde_json::{Value, json};

use super::{Answer, Call, json_error, respond};
use crate::{outbox::Sent, world::World};

/// Longest text, in characters.
const CHARS_MAX: usize = 1600;
/// Most pairs of `Context`.
const CONTEXT_MAX: usize = 5;
/// What AWS's simulator has for messages that a carrier blocks.
const BLOCKED: &str = "+14254147167";

pub(super) fn perform(world: &World, call: &Call) -> Answer {
    if call.operation != "SendTextMessage" {
        return json_error(StatusCode::BAD_REQUEST, "UnknownOperationException", "only SendTextMessage is available locally");
    }
    let Ok(request) = serde_json::from_slice::<Value>(&call.body) else {
        return json_error(StatusCode::BAD_REQUEST, "SerializationException", "the body is not JSON");
    };
    match accept(world, &request) {
        Ok(id) => respond(StatusCode::OK, "application/x-amz-json-1.0", json!({ "MessageId": id }).to_string()),
        Err(field) => {
            let body = json!({
                "__type": "com.amazonaws.pinpointsmsvoicev2#ValidationException", "Message": format!("{field} is not valid"),
                "Reason": "FIELD_VALIDATION_FAILED", "Fields": [{"Name": field, "Message": "is not valid"}],
            });
            respond(StatusCode::BAD_REQUEST, "application/x-amz-json-1.0", body.to_string())
        }
    }
}

/// Takes a text message; the error is the field that is wrong.
fn accept(world: &World, request: &Value) -> Result<String, &'static str> {
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let to = text("DestinationPhoneNumber").unwrap_or_default();
    let digits = to.strip_prefix('+').unwrap_or(to);
    if !(2..=19).contains(&digits.len()) || digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("DestinationPhoneNumber");
    }
    let body = text("MessageBody").filter(|body| (1..=CHARS_MAX).contains(&body.chars().count())).ok_or("MessageBody")?;
    let from = text("OriginationIdentity").filter(|from| !from.is_empty()).ok_or("OriginationIdentity")?;
    if !["TRANSACTIONAL", "PROMOTIONAL"].contains(&text("MessageType").unwrap_or("TRANSACTIONAL")) {
        return Err("MessageType");
    }
    let context = request.get("Context").cloned().unwrap_or_else(|| json!({}));
    let pairs = context.as_object().ok_or("Context")?;
    let is_pair = |(name, value): (&String, &Value)| {
        (1..=100).contains(&name.len()) && value.as_str().is_some_and(|value| (1..=800).contains(&value.len()))
    };
    if pairs.len() > CONTEXT_MAX || !pairs.iter().all(is_pair) {
        return Err("Context");
    }
    let (id, now) = (world.new_id(), world.clock.now());
    let tag = |name: &str| pairs.get(name).and_then(Value::as_str).map(str::to_owned);
    world.outbox.add(Sent {
        seq: 0,
        at: now,
        tenant: tag(tags::TENANT),
        message: tag(tags::MESSAGE),
        service_mail: None,
        channel: "sms".to_owned(),
        provider: "end-user-messaging".to_owned(),
        to: to.to_owned(),
        subject: None,
        text: Some(body.to_owned()),
        html: None,
        attachments: Vec::new(),
        message_id: id.clone(),
        raw: request.clone(),
    });
    let (encoding, parts) = channels::sms::segments(body);
    let event = |kind: &str, is_final: bool, status: &str| {
        // No number that it was for: AWS's events on the bus do not tell it.
        let detail = json!({
            "eventType": kind, "eventVersion": "1.0", "eventTimestamp": now.as_millisecond(), "isFinal": is_final,
            "originationPhoneNumber": from, "isInternationalSend": false, "messageId": id,
            "messageRequestTimestamp": now.as_millisecond(),
            "messageEncoding": match encoding { channels::sms::Encoding::Gsm7 => "GSM", channels::sms::Encoding::Ucs2 => "UCS-2" },
            "messageType": "TRANSACTIONAL", "messageStatus": status, "context": context,
            "totalMessageParts": parts, "totalMessagePrice": 0.005_81,
        });
        world.put_event("default", "aws.sms-voice", "Text Message Delivery Status Updated", &detail, &json!([]));
    };
    if to == BLOCKED {
        event("TEXT_BLOCKED", true, "BLOCKED");
    } else {
        event("TEXT_SUCCESSFUL", false, "SUCCESSFUL");
        event("TEXT_DELIVERED", true, "DELIVERED");
    }
    Ok(id)
}
