//! `POST /_local/inbound`: what comes in from outside as an answer. A text message is published to the topic that takes them. A mail is put into the bucket, and said of to the topic, as SES does it by the rule of
//! the template.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    inbound_mime::{AnsweredSent, MimeFile, MimeMail, bare, composed},
    inbound_text::{self, TextMessage},
    problem::{problem, read},
    template::model::ReceiptRule,
    world::World,
};

/// Most bytes of a mail that SES takes in.
const MAIL_BYTES_MAX: usize = 40 * 1024 * 1024;

/// What comes in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InboundIn {
    /// `email` or `sms`. Of a text message count `from`, `to`, `text` and `in_reply_to`.
    channel: String,
    /// The tenant that it is sent to, where neither `to` nor `in_reply_to` says it: by the tenant's own address.
    tenant: Option<String>,
    /// Who sends it: `a@b.example`, with or without a name.
    from: String,
    /// Where it is sent to.
    to: Option<String>,
    subject: Option<String>,
    /// What it says. Above what is quoted, where it answers.
    text: Option<String>,
    /// The whole mail in the place of all else that is in one.
    raw: Option<String>,
    /// The `message_id` of a mail of the outbox that it answers as a mail program does.
    in_reply_to: Option<String>,
    #[serde(default)]
    attachments: Vec<FileIn>,
    /// The sender on the envelope: that of `from` where it is left out, none where it is empty.
    return_path: Option<String>,
    /// What SES says of `spam`, `virus`, `spf`, `dkim` and `dmarc`: `PASS` where it is left out.
    #[serde(default)]
    verdicts: BTreeMap<String, String>,
}

/// A file that comes along.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileIn {
    name: String,
    content_type: Option<String>,
    /// Its content in base 64.
    content: String,
}

/// Takes what comes in; the answer says what was put where.
pub async fn take(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let wish: InboundIn = match read(&body) {
        Ok(wish) => wish,
        Err(refusal) => return *refusal,
    };
    let put = match wish.channel.as_str() {
        "email" => mail(&world, wish),
        "sms" => {
            let (to, previous) = (wish.to.as_deref(), wish.in_reply_to.as_deref());
            let text = TextMessage { from: &wish.from, to, text: wish.text.as_deref().unwrap_or_default(), previous };
            inbound_text::publish(&world, &text)
        }
        other => Err(format!("channel: \"{other}\" does not come in here; \"email\" and \"sms\" do")),
    };
    match put {
        Ok(put) => {
            world.engine.wake.notify_one();
            (StatusCode::ACCEPTED, Json(put)).into_response()
        }
        Err(detail) => problem(StatusCode::UNPROCESSABLE_ENTITY, "inbound", detail),
    }
}

/// Puts a mail into the bucket and says so.
fn mail(world: &World, wish: InboundIn) -> Result<Value, String> {
    let answered = match &wish.in_reply_to {
        Some(id) => {
            let sent = world.outbox.list(None, 0).into_iter().find(|sent| sent.message_id == *id && sent.channel == "email");
            Some(AnsweredSent::of(&sent.ok_or_else(|| format!("in_reply_to: no mail of the outbox has the message_id {id}"))?))
        }
        None => None,
    };
    let domain = || world.template.receipt_rules.iter().flat_map(|rule| &rule.recipients).next();
    let to = match (&wish.to, &answered, &wish.tenant) {
        (Some(to), _, _) => vec![to.clone()],
        (None, Some(answered), _) => answered.reply_to.clone(),
        (None, None, Some(tenant)) => {
            vec![format!("{tenant}@{}", domain().ok_or("the template has no rule by which mails come in")?)]
        }
        (None, None, None) => return Err("say by to, in_reply_to or tenant where the mail is sent to".to_owned()),
    };
    let recipients: Vec<String> = to.iter().map(|one| bare(one).to_owned()).collect();
    let takes = |rule: &&ReceiptRule| recipients.iter().any(|one| is_for(rule, one));
    let rule = world
        .template
        .receipt_rules
        .iter()
        .find(takes)
        .ok_or_else(|| format!("no rule of the template takes mails to {}; set InboundDomain", recipients.join(", ")))?;
    let recipients: Vec<String> = recipients.into_iter().filter(|one| is_for(rule, one)).collect();
    let files = wish.attachments.into_iter().map(decoded).collect::<Result<Vec<_>, _>>()?;
    let return_path = wish.return_path.unwrap_or_else(|| bare(&wish.from).to_owned());
    let (id, now) = (world.new_id().replace('-', ""), world.clock.now());
    let subject = wish.subject.or_else(|| answered.as_ref().map(|answered| answered.subject.clone())).unwrap_or_default();
    let verdict = |name: &str| match (rule.is_scanned, wish.verdicts.get(name)) {
        (false, _) => "DISABLED",
        (true, Some(verdict)) => verdict.as_str(),
        (true, None) => "PASS",
    };
    let bytes = match wish.raw {
        Some(raw) if raw.contains("\r\n") => raw.into_bytes(),
        Some(raw) => raw.replace('\n', "\r\n").into_bytes(),
        None => composed(&MimeMail {
            id: &id,
            from: &wish.from,
            to: &to,
            subject: &subject,
            text: wish.text.as_deref().unwrap_or_default(),
            answered: answered.as_ref(),
            files: &files,
            at: now,
        }),
    };
    // What SES writes above a mail.
    let from_domain = bare(&wish.from).rsplit('@').next().unwrap_or_default();
    let above = format!(
        "Return-Path: <{return_path}>\r\nReceived: from {from_domain} by inbound-smtp.{}.amazonaws.com with SMTP id {id}\r\nAuthentication-Results: amazonses.com; spf={}; \
         dkim={} header.i=@{from_domain}; dmarc={};\r\n",
        world.template.place.region,
        verdict("spf").to_lowercase(),
        verdict("dkim").to_lowercase(),
        verdict("dmarc").to_lowercase(),
    );
    let whole = [above.as_bytes(), &bytes].concat();
    if whole.len() > MAIL_BYTES_MAX {
        return Err(format!("the mail has {} bytes; SES takes {MAIL_BYTES_MAX}", whole.len()));
    }
    let (key, size) = (format!("{}{id}", rule.prefix), whole.len());
    if !world.objects.put(&rule.bucket, &key, Bytes::from(whole)) {
        return Err("the bucket does not keep the mail".to_owned());
    }
    let status = |name: &str| json!({ "status": verdict(name) });
    let timestamp = now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
    let mut notice = json!({
        "notificationType": "Received",
        "mail": {
            "timestamp": timestamp, "source": return_path, "messageId": id, "destination": to, "headersTruncated": false,
            "headers": [{"name": "From", "value": wish.from}, {"name": "To", "value": to.join(", ")}, {"name": "Subject", "value": subject}],
            "commonHeaders": {"from": [wish.from], "to": to, "subject": subject, "returnPath": return_path},
        },
        "receipt": {
            "timestamp": timestamp, "processingTimeMillis": 400, "recipients": recipients,
            "spamVerdict": status("spam"), "virusVerdict": status("virus"), "spfVerdict": status("spf"),
            "dkimVerdict": status("dkim"), "dmarcVerdict": status("dmarc"),
            "action": {
                "type": "S3", "topicArn": rule.topic, "bucketName": rule.bucket, "objectKeyPrefix": rule.prefix, "objectKey": key,
            },
        },
    });
    // SES names what the sender's domain asks for where a mail is not proven to be from there.
    if verdict("dmarc") == "FAIL" {
        notice["receipt"]["dmarcPolicy"] = json!("reject");
    }
    if world.publish(&rule.topic, &notice.to_string()) == 0 {
        return Err(format!("no queue of the template subscribed to {}", rule.topic));
    }
    Ok(
        json!({ "channel": "email", "id": id, "bucket": rule.bucket, "key": key, "bytes": size, "from": wish.from, "to": recipients, "subject": subject }),
    )
}

/// Whether a rule takes mails to an address.
fn is_for(rule: &ReceiptRule, address: &str) -> bool {
    let address = address.to_lowercase();
    let domain = address.rsplit('@').next().unwrap_or_default();
    rule.recipients.iter().any(|one| *one == address || one == domain)
}

fn decoded(file: FileIn) -> Result<MimeFile, String> {
    let content =
        STANDARD.decode(&file.content).map_err(|_| format!("attachments: the content of {} is no base 64", file.name))?;
    let content_type = file.content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    Ok(MimeFile { name: file.name, content_type, content })
}
