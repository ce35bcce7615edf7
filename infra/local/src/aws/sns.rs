//! SNS: `Publish` of a text message, or of a notice to a topic, into the outbox.

use std::collections::BTreeMap;

use domain::channel::tags;
use http::StatusCode;
use serde_json::json;

use super::{Answer, Call, form, respond};
use crate::{outbox::Sent, world::World};

const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

pub(super) fn perform(world: &World, call: &Call) -> Answer {
    if call.operation != "Publish" {
        return error(StatusCode::BAD_REQUEST, "InvalidAction", "only Publish is available locally");
    }
    let fields: BTreeMap<String, String> = form(&call.body).into_iter().collect();
    if let Some(topic) = fields.get("TopicArn") {
        return to_topic(world, topic, &fields);
    }
    let number = fields.get("PhoneNumber").cloned().unwrap_or_default();
    let is_e164 = number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0')
    });
    if !is_e164 {
        let message = format!("Invalid parameter: PhoneNumber Reason: {number} is not valid to publish to");
        return error(StatusCode::BAD_REQUEST, "InvalidParameter", &message);
    }
    let Some(text) = fields.get("Message").filter(|text| !text.is_empty()) else {
        return error(StatusCode::BAD_REQUEST, "InvalidParameter", "Invalid parameter: Empty message");
    };
    if text.len() > 1600 {
        return error(StatusCode::BAD_REQUEST, "InvalidParameter", "Invalid parameter: Message too long");
    }
    let message_id = world.new_id();
    world.outbox.add(Sent {
        seq: 0,
        at: world.clock.now(),
        tenant: attribute(&fields, tags::TENANT),
        message: attribute(&fields, tags::MESSAGE),
        service_mail: None,
        channel: "sms".to_owned(),
        provider: "sns".to_owned(),
        to: number,
        subject: None,
        text: Some(text.clone()),
        html: None,
        attachments: Vec::new(),
        message_id: message_id.clone(),
        raw: json!(fields),
    });
    published(world, &message_id)
}

fn published(world: &World, message_id: &str) -> Answer {
    let body = format!(
        "<PublishResponse xmlns=\"{NAMESPACE}\"><PublishResult><MessageId>{message_id}</MessageId></PublishResult>\
         <ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></PublishResponse>",
        world.new_id()
    );
    respond(StatusCode::OK, "text/xml", body)
}

/// A notice to whoever subscribes to a topic.
fn to_topic(world: &World, topic: &str, fields: &BTreeMap<String, String>) -> Answer {
    let subject = fields.get("Subject").cloned();
    let is_subject = |text: &String| (1..=100).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if subject.as_ref().is_some_and(|text| !is_subject(text)) {
        return error(StatusCode::BAD_REQUEST, "InvalidParameter", "Invalid parameter: Subject");
    }
    let Some(text) = fields.get("Message").filter(|text| !text.is_empty() && text.len() <= 256 * 1024) else {
        return error(StatusCode::BAD_REQUEST, "InvalidParameter", "Invalid parameter: Message");
    };
    let message_id = world.new_id();
    world.outbox.add(Sent {
        seq: 0,
        at: world.clock.now(),
        tenant: attribute(fields, tags::TENANT),
        message: None,
        service_mail: None,
        channel: "notice".to_owned(),
        provider: "sns".to_owned(),
        to: topic.to_owned(),
        subject,
        text: Some(text.clone()),
        html: None,
        attachments: Vec::new(),
        message_id: message_id.clone(),
        raw: json!(fields),
    });
    published(world, &message_id)
}

/// A message attribute's value, wherever in the list it is.
fn attribute(fields: &BTreeMap<String, String>, name: &str) -> Option<String> {
    let (key, _) = fields.iter().find(|(key, value)| key.ends_with(".Name") && *value == name)?;
    fields.get(&format!("{}.Value.StringValue", key.strip_suffix(".Name")?)).cloned()
}

/// An error as the query protocol words it.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    let kind = if status.is_server_error() { "Receiver" } else { "Sender" };
    let message = message.replace('&', "&amp;").replace('<', "&lt;");
    let body = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>local</RequestId></ErrorResponse>"
    );
    respond(status, "text/xml", body)
}
