//! What stands for channels of Slack and Teams on this machine: `POST /_local/notices/{slack|teams}/{tenant}` takes what their webhooks take and
//! puts it into the outbox. Faults of the targets `slack` and `teams` make it answer as they do when they are busy, away or gone.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::Value;

use crate::{faults::Mode, lock, outbox::Sent, world::World};

/// Most blocks that Slack takes, and bytes that Teams does.
const BLOCKS_MAX: usize = 50;
const CARD_BYTES_MAX: usize = 28 * 1024;

/// Takes what is posted in a channel.
pub async fn take(State(world): State<Arc<World>>, Path((way, tenant)): Path<(String, String)>, body: Bytes) -> Response {
    if !crate::faults::NOTICES.contains(&way.as_str()) {
        return (StatusCode::NOT_FOUND, "no_service").into_response();
    }
    let fault = lock(&world.faults).take(&way);
    match fault {
        Some(Mode::Throttle) => return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "30")], "rate_limited").into_response(),
        Some(Mode::Error) => return (StatusCode::SERVICE_UNAVAILABLE, "unavailable").into_response(),
        Some(Mode::Gone) => return (StatusCode::GONE, "channel_is_archived").into_response(),
        Some(_) | None => {}
    }
    let posted: Value = serde_json::from_slice(&body).unwrap_or_default();
    let said = if way == "slack" { of_slack(&posted) } else { of_teams(&posted, body.len()) };
    let Some((subject, text)) = said else { return (StatusCode::BAD_REQUEST, "invalid_payload").into_response() };
    world.outbox.add(Sent {
        seq: 0,
        at: world.clock.now(),
        tenant: Some(tenant),
        message: None,
        service_mail: None,
        channel: "notice".to_owned(),
        provider: way.clone(),
        to: way.clone(),
        subject: Some(subject),
        text: Some(text),
        html: None,
        attachments: Vec::new(),
        message_id: world.new_id(),
        raw: posted,
    });
    if way == "slack" { (StatusCode::OK, "ok").into_response() } else { StatusCode::ACCEPTED.into_response() }
}

fn of_slack(posted: &Value) -> Option<(String, String)> {
    let subject = posted["text"].as_str()?.to_owned();
    let blocks = posted["blocks"].as_array()?;
    let text = |block: &Value| block["text"]["text"].as_str().or(block["elements"][0]["text"].as_str()).map(str::to_owned);
    let lines: Option<Vec<String>> = blocks.iter().map(text).collect();
    (blocks.len() <= BLOCKS_MAX).then_some((subject, lines?.join("\n")))
}

fn of_teams(posted: &Value, bytes: usize) -> Option<(String, String)> {
    let card = &posted["attachments"][0];
    let is_card = card["contentType"] == "application/vnd.microsoft.card.adaptive" && card["content"]["version"] == "1.4";
    let subject = card["content"]["fallbackText"].as_str()?.to_owned();
    let mut lines = Vec::new();
    texts(&card["content"]["body"], &mut lines);
    (is_card && bytes <= CARD_BYTES_MAX).then_some((subject, lines.join("\n")))
}

/// The texts and links of a card, in their order.
fn texts(part: &Value, lines: &mut Vec<String>) {
    match part {
        Value::Array(parts) => parts.iter().for_each(|part| texts(part, lines)),
        Value::Object(fields) => {
            lines.extend(["text", "url"].into_iter().filter_map(|name| fields.get(name)?.as_str()).map(str::to_owned));
            ["inlines", "items", "actions"].into_iter().filter_map(|name| fields.get(name)).for_each(|part| texts(part, lines));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
