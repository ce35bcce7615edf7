//! SES version 2: `SendEmail` into the outbox, and the events that SES publishes on the default bus.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::channel::tags;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{Answer, Call, json_error, respond};
use crate::{outbox::Sent, world::World};

const RECIPIENTS_MAX: usize = 50;
/// Addresses whose server takes a mail and says nothing more: SES never tells of its delivery.
const SILENT: &str = "@silent.example";

pub(super) fn perform(world: &World, call: &Call) -> Answer {
    if call.operation != "SendEmail" || call.method != Method::POST {
        return json_error(StatusCode::NOT_FOUND, "NotFoundException", "only SendEmail is available locally");
    }
    let Ok(request) = serde_json::from_slice::<Value>(&call.body) else {
        return json_error(StatusCode::BAD_REQUEST, "SerializationException", "the body is not JSON");
    };
    match accept(world, request) {
        Ok(message_id) => respond(StatusCode::OK, "application/json", json!({ "MessageId": message_id }).to_string()),
        Err((kind, message)) => {
            let status = if kind == "NotFoundException" { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST };
            json_error(status, kind, &message)
        }
    }
}

type Refusal = (&'static str, String);

fn accept(world: &World, request: Value) -> Result<String, Refusal> {
    let bad = |message: &str| ("BadRequestException", message.to_owned());
    let from = request.get("FromEmailAddress").and_then(Value::as_str).unwrap_or_default();
    let content = request.get("Content").ok_or_else(|| bad("Missing required content."))?;
    let is_raw = content.get("Raw").is_some();
    if from.is_empty() && !is_raw {
        return Err(bad("Missing required header 'From'."));
    }
    if !from.is_empty() {
        check_address(from)?;
    }
    let list = |kind: &str| -> Vec<String> {
        let items = request.pointer(&format!("/Destination/{kind}")).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let to = list("ToAddresses");
    let all: Vec<String> = [to.clone(), list("CcAddresses"), list("BccAddresses")].concat();
    if all.is_empty() {
        return Err(bad("Destination must have at least one recipient."));
    }
    if all.len() > RECIPIENTS_MAX {
        return Err(bad("Recipient count exceeds 50."));
    }
    for address in all.iter().chain(strings(&request, "/ReplyToAddresses").iter()) {
        check_address(address)?;
    }
    let tags = tags(&request)?;
    let set = request.get("ConfigurationSetName").and_then(Value::as_str);
    let published = published_kinds(world, set)?;
    let text_at = |path: &str| content.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let raw_mail = text_at("/Raw/Data").and_then(|data| STANDARD.decode(data).ok());
    let raw_mail = raw_mail.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if !is_raw && (text_at("/Simple/Subject/Data").is_none() || content.pointer("/Simple/Body").is_none()) {
        return Err(bad("Simple content needs a subject and a body."));
    }
    let subject = text_at("/Simple/Subject/Data").or_else(|| raw_mail.as_deref().and_then(raw_subject));
    let message_id = format!("0100{}-000000", world.new_id().replace('-', ""));
    let at = world.clock.now();
    let attachments = content.pointer("/Simple/Attachments").and_then(Value::as_array).map(|items| {
        let size = |item: &Value| item.get("RawContent").and_then(Value::as_str).map_or(0, |raw| raw.len() / 4 * 3);
        items
            .iter()
            .map(|item| json!({"name": item.get("FileName"), "content_type": item.get("ContentType"), "size": size(item)}))
            .collect()
    });
    let tag = |name: &str| tags.get(name)?.get(0)?.as_str().map(str::to_owned);
    world.outbox.add(Sent {
        seq: 0,
        at,
        tenant: tag(tags::TENANT),
        message: tag(tags::MESSAGE),
        service_mail: tag(tags::SERVICE_MAIL),
        channel: "email".to_owned(),
        provider: "ses".to_owned(),
        to: bare(to.first().unwrap_or(&all[0])).to_owned(),
        subject: subject.clone(),
        text: text_at("/Simple/Body/Text/Data").or(raw_mail),
        html: text_at("/Simple/Body/Html/Data"),
        attachments: attachments.unwrap_or_default(),
        message_id: message_id.clone(),
        raw: request.clone(),
    });
    let mail = json!({
        "timestamp": millis(at),
        "source": from,
        "sourceArn": world.template.place.arn("ses", &format!("identity/{}", bare(from))),
        "sendingAccountId": world.template.place.account,
        "messageId": message_id,
        "destination": all.iter().map(|address| bare(address)).collect::<Vec<_>>(),
        "headersTruncated": false,
        "headers": [
            {"name": "From", "value": from},
            {"name": "To", "value": to.join(", ")},
            {"name": "Subject", "value": subject},
        ],
        "commonHeaders": {"from": [from], "to": to, "subject": subject, "messageId": message_id},
        "tags": tags,
    });
    let resources = match set {
        Some(set) => json!([world.template.place.arn("ses", &format!("configuration-set/{set}"))]),
        None => json!([]),
    };
    let has = |kind: &str| published.as_ref().is_none_or(|kinds| kinds.iter().any(|one| one == kind));
    if has("send") {
        let detail = json!({ "eventType": "Send", "mail": mail, "send": {} });
        world.put_event("default", "aws.ses", "Email Sent", &detail, &resources);
    }
    // Of what is for these nothing is ever heard.
    let arrives = all.iter().any(|address| !bare(address).ends_with(SILENT));
    if has("delivery") && arrives {
        let delivery = json!({
            "timestamp": millis(at),
            "processingTimeMillis": 500,
            "recipients": mail["destination"],
            "smtpResponse": "250 2.0.0 OK",
            "reportingMTA": "local",
        });
        let detail = json!({ "eventType": "Delivery", "mail": mail, "delivery": delivery });
        world.put_event("default", "aws.ses", "Email Delivered", &detail, &resources);
    }
    Ok(message_id)
}

/// The event types that reach the bus; `None` for all, when the template has no configuration set at all.
fn published_kinds(world: &World, set: Option<&str>) -> Result<Option<Vec<String>>, Refusal> {
    match (&world.template.configuration_sets, set) {
        (None, None) => Ok(None),
        (Some(sets), Some(set)) if sets.contains_key(set) => Ok(sets.get(set).cloned()),
        (_, Some(set)) => Err(("NotFoundException", format!("Configuration set <{set}> does not exist."))),
        // Sent without a configuration set, SES publishes nothing.
        (Some(_), None) => Ok(Some(Vec::new())),
    }
}

fn strings(request: &Value, path: &str) -> Vec<String> {
    let items = request.pointer(path).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn tags(request: &Value) -> Result<Map<String, Value>, Refusal> {
    let mut tags = Map::new();
    for tag in request.get("EmailTags").and_then(Value::as_array).into_iter().flatten() {
        let name = tag.get("Name").and_then(Value::as_str).unwrap_or_default();
        let value = tag.get("Value").and_then(Value::as_str).unwrap_or_default();
        let allowed = |text: &str| {
            !text.is_empty() && text.len() <= 256 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.@".contains(&b))
        };
        if !allowed(name) || !allowed(value) {
            let message = format!("Invalid tag: {name}={value}: only letters, digits, '_', '-', '.' and '@' are allowed.");
            return Err(("BadRequestException", message));
        }
        tags.insert(name.to_owned(), json!([value]));
    }
    Ok(tags)
}

/// The address of `Name <address>`.
fn bare(address: &str) -> &str {
    match (address.rfind('<'), address.rfind('>')) {
        (Some(start), Some(end)) if start < end => &address[start + 1..end],
        _ => address.trim(),
    }
}

fn check_address(address: &str) -> Result<(), Refusal> {
    let refuse = |message: &str| Err(("BadRequestException", message.to_owned()));
    if address.contains(['\r', '\n']) {
        return refuse("Header contains a line break.");
    }
    let address = bare(address);
    let Some((local, domain)) = address.rsplit_once('@') else { return refuse("Missing final '@domain'") };
    if local.is_empty()
        || local.len() > 64
        || local.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;\"@".contains(c))
    {
        return refuse("Local address contains illegal characters or is empty");
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !address.is_ascii() || !domain.split('.').all(is_label) || !domain.contains('.') {
        return refuse("Domain contains illegal character or is incomplete");
    }
    Ok(())
}

fn raw_subject(mail: &str) -> Option<String> {
    let head = mail.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| line.strip_prefix("Subject: ")).map(str::to_owned)
}

fn millis(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (address, is_good) in [
            ("a@b.example", true),
            ("Anna Weber <ap@acme.example>", true),
            ("a@b", false),
            ("a", false),
            ("@b.example", false),
            ("a b@c.example", false),
            ("a@b..example", false),
            ("a@b.example\r\nBcc: x@y.example", false),
            ("a@-b.example", false),
        ] {
            assert_eq!(check_address(address).is_ok(), is_good, "{address}");
        }
    }
}
