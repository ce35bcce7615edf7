//! Messages for senders of the tenant's own, claimed and settled over HTTP; and messages in doubt, settled by people.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use domain::{Channel, MessageId};
use jiff::Timestamp;
use sending::{OutsideClaimed, OutsideResult, OutsideSender, QueuedMessage, SendOutcome};
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    message_results::{self, Doubt},
};
use store::{FoundId, MessageFound, OwnAttachment};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, OptionalBody, read},
    app::App,
    caller::Caller,
    host::Host,
    repeats::ShownOnce,
};

/// Longest id that a provider gives a message, in characters.
const PROVIDER_ID_MAX: usize = 200;

/// Whose message is claimed.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimIn {
    /// The customer, `cus_…`, as the event `MessageQueued` says. Left out, the message is found by its id, some moments after it was decided.
    #[serde(default)]
    customer: Option<String>,
}

/// What became of a claim: the message and all that it says, or why there is nothing to send.
#[derive(Serialize, ToSchema)]
pub struct ClaimOut {
    /// The message, `msg_…`.
    message: String,
    /// The customer, `cus_…`.
    customer: String,
    /// `held`: send it now; else how it stands: `not_mine` (another sender has it, or its time has not come), `shadow`, `superseded`, `blocked`,
    /// `deferred`, `retrying`.
    status: &'static str,
    /// What is to be sent, while it is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<ClaimedContentOut>,
}

/// A message to be sent.
#[derive(Serialize, ToSchema)]
pub struct ClaimedContentOut {
    /// The attempt: it goes with the result.
    attempt: String,
    /// Until when the result is awaited; afterwards the message is in doubt, and a result still settles it.
    #[schema(value_type = String, format = DateTime)]
    lease_until: Timestamp,
    /// The channel.
    #[schema(value_type = String)]
    channel: Channel,
    /// The contact, by its id.
    contact: String,
    /// The sender as the settings name it.
    from: String,
    /// The address.
    to: String,
    /// Where replies go; email only.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    /// The subject; email only.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// As plain text.
    text: String,
    /// As HTML; email only.
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    /// What one-click unsubscribing calls: it belongs into the header `List-Unsubscribe`; email only.
    #[serde(skip_serializing_if = "Option::is_none")]
    opt_out_url: Option<String>,
    /// The files that go along, with a message that a person wrote.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<ClaimedAttachmentOut>,
}

/// A file that goes along with a claimed message.
#[derive(Serialize, ToSchema)]
pub struct ClaimedAttachmentOut {
    /// What it is called.
    name: String,
    /// Its content type, by its content.
    content_type: String,
    /// How large it is, in bytes.
    bytes: u64,
    /// The SHA-256 of its content as it was when the message was written, in hexadecimal: a file with another one is not to be sent.
    sha256: String,
    /// Where it is fetched for 15 minutes, without a token; null where no link can be made now: say `retry`.
    url: Option<String>,
}

/// What became of a message. A sender of one's own says its `attempt`; a person settles one in doubt without.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageResultIn {
    /// With an attempt `sent`, `retry`, `refused` or `unknown`; of a message in doubt `sent` or `not_sent`.
    status: String,
    /// The attempt that the claim answered.
    #[serde(default)]
    attempt: Option<String>,
    /// The customer, `cus_…`, as the event and the exception say. Left out, the message is found by its id.
    #[serde(default)]
    customer: Option<String>,
    /// With `sent`: the provider's id of it, at most 200 characters.
    #[serde(default)]
    provider_id: Option<String>,
    /// With `retry`: after how many seconds; the provider's wish.
    #[serde(default)]
    after_s: Option<u64>,
    /// With `refused`: whether the address must not be used again.
    #[serde(default)]
    suppress: bool,
    /// With `not_sent`: `again` or `drop`.
    #[serde(default)]
    then: Option<String>,
    /// Why, or what there is to say of it, at most 500 characters; never an address: one with an @ is refused.
    #[serde(default)]
    note: Option<String>,
}

/// How a message stands after its result.
#[derive(Serialize, ToSchema)]
pub struct MessageResultOut {
    /// The message, `msg_…`.
    message: String,
    /// The customer, `cus_…`.
    customer: String,
    /// `sent`, `failed`, `retrying` or `unknown`; of a message in doubt what was said: `sent`, `try_again` or `drop`.
    status: &'static str,
}

/// Claims a message for a sender of one's own, as our senders do: the guard is asked again on fresh facts, the message is rendered, and from then
/// on nobody else sends it. Who claims says the result within 15 minutes; afterwards the message is in doubt, and never sent by guess. The answer
/// is shown once: under an `Idempotency-Key` that a claim had before, nothing is claimed.
#[utoipa::path(post, path = "/v1/messages/{id}/claim", tag = "messages", operation_id = "claim_message",
    params(("id" = String, Path, description = "`msg_…`, as `MessageQueued` says")), request_body = Option<ClaimIn>,
    responses((status = 200, description = "The message, or why there is nothing to send", body = ClaimOut),
              (status = 400, description = "bad-request"), (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile")))]
pub async fn claim(
    State(app): State<Arc<App>>,
    caller: Caller,
    host: Host,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<(Extension<ShownOnce>, Json<ClaimOut>)> {
    caller.may(Operation::ClaimMessage)?;
    let ClaimIn { customer } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let (queued, number) = queued(&app, &caller, &id, customer.as_deref()).await?;
    let (message, customer) = (queued.message.to_string(), queued.customer.to_string());
    let Some(sender) = sender(&app, &host, &queued, number).await? else {
        let out = ClaimOut { message, customer, status: SendOutcome::NotMine.as_str(), content: None };
        return Ok((Extension(ShownOnce), Json(out)));
    };
    let out = match Box::pin(sender.claim(&queued)).await? {
        OutsideClaimed::Not(ended) => ClaimOut { message, customer, status: ended.as_str(), content: None },
        OutsideClaimed::Held(held) => {
            let attachments = linked(&app, held.attachments).await;
            let outgoing = held.outgoing;
            let content = ClaimedContentOut {
                attempt: held.attempt,
                lease_until: held.lease_until,
                channel: held.channel,
                contact: held.contact,
                from: outgoing.from,
                to: outgoing.to,
                reply_to: outgoing.reply_to.into_iter().next(),
                subject: outgoing.rendered.subject,
                text: outgoing.rendered.text,
                html: outgoing.rendered.html,
                opt_out_url: outgoing.opt_out_url,
                attachments,
            };
            ClaimOut { message, customer, status: "held", content: Some(content) }
        }
    };
    Ok((Extension(ShownOnce), Json(out)))
}

/// The files of a message, each with a link. The message is claimed by then, so that a link that cannot be made is left out.
async fn linked(app: &App, files: Vec<OwnAttachment>) -> Vec<ClaimedAttachmentOut> {
    let mut out = Vec::new();
    for (n, OwnAttachment { key, name, content_type, bytes, sha256 }) in files.into_iter().enumerate() {
        // The name is a person's, and may hold what no header does.
        let plain = format!("attachment-{}", n + 1);
        let link = app.files.link(&key, &plain, app.clock.now()).await;
        let link = link.inspect_err(|error| tracing::error!(error = format!("{error:#}"), "a link to a file cannot be signed"));
        out.push(ClaimedAttachmentOut { name, content_type, bytes, sha256, url: link.ok() });
    }
    out
}

/// Says what became of a message: by the sender of one's own that claimed it, or by a person where nobody was sure whether it was sent. What was
/// not sent goes `again`, where it is still right, or is dropped with its steps. Once the ladder went on without it, `again` opens its steps, and
/// what is sent for them is another message with an id of its own. Saying the same again changes nothing.
#[utoipa::path(post, path = "/v1/messages/{id}/result", tag = "messages", operation_id = "set_message_result",
    params(("id" = String, Path, description = "`msg_…`")), request_body = MessageResultIn,
    responses((status = 200, description = "How it stands", body = MessageResultOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: the attempt does not have it any more, or it is in no doubt")))]
pub async fn result(
    State(app): State<Arc<App>>,
    caller: Caller,
    host: Host,
    Path(id): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<MessageResultOut>> {
    caller.may(Operation::SetMessageResult)?;
    let given: MessageResultIn = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let flaw = |pointer: &str, detail: &str| Fail::fields([(pointer.to_owned(), detail.to_owned())]);
    let note = given.note.clone().unwrap_or_default();
    if note.chars().count() > 500 {
        return Err(flaw("/note", "at most 500 characters"));
    }
    if note.contains('@') {
        return Err(flaw("/note", "it stays in the record for good: leave out addresses, and whatever else has an @"));
    }
    if given.provider_id.as_ref().is_some_and(|id| id.chars().count() > PROVIDER_ID_MAX) {
        return Err(flaw("/provider_id", "at most 200 characters"));
    }
    let Some(attempt) = given.attempt.as_deref() else {
        let doubt = match (given.status.as_str(), given.then.as_deref()) {
            ("sent", None) => Doubt::Sent,
            ("not_sent", Some("again")) => Doubt::TryAgain,
            ("not_sent", Some("drop")) => Doubt::Drop,
            ("not_sent", _) => return Err(flaw("/then", "what becomes of it: again or drop")),
            _ => return Err(flaw("/status", "without an attempt a status is sent, or not_sent with 'then'")),
        };
        let (customer, note, now) = (given.customer.as_deref(), given.note.as_deref(), app.clock.now());
        let customer = message_results::settle_doubt(&app.store, &caller.0, &id, customer, doubt, note, now).await?;
        return Ok(Json(MessageResultOut { message: id, customer: customer.to_string(), status: doubt.as_str() }));
    };
    let said = match given.status.as_str() {
        "sent" => OutsideResult::Sent { provider_id: given.provider_id.unwrap_or_default() },
        "retry" => OutsideResult::Retry { after_s: given.after_s, detail: note },
        "refused" => OutsideResult::Refused { suppress: given.suppress, detail: note },
        "unknown" => OutsideResult::Unknown { detail: note },
        _ => return Err(flaw("/status", "with an attempt a status is sent, retry, refused or unknown")),
    };
    let (queued, number) = queued(&app, &caller, &id, given.customer.as_deref()).await?;
    let gone = || Fail::not_possible("the attempt does not have the message any more: it is settled, or was claimed again");
    // What a sender does is no act of a person: the record of the message tells of it, and not the audit.
    let sender = sender(&app, &host, &queued, number).await?.ok_or_else(gone)?;
    let ended = Box::pin(sender.settle(&queued, attempt, said)).await?;
    if ended == SendOutcome::NotMine {
        return Err(gone());
    }
    let (message, customer) = (queued.message.to_string(), queued.customer.to_string());
    Ok(Json(MessageResultOut { message, customer, status: ended.as_str() }))
}

/// The message as its event names it, with the number of its decision where that is known.
async fn queued(app: &App, caller: &Caller, id: &str, customer: Option<&str>) -> ApiResult<(QueuedMessage, Option<u64>)> {
    let message = MessageId::parse(id).ok_or_else(|| Fail::not_found("a message's id is `msg_…`"))?;
    let FoundId { customer, number } = message_results::whose(&app.store, &caller.0, &message, customer).await?;
    Ok((QueuedMessage { tenant: caller.0.tenant().clone(), customer, message }, number))
}

/// What claims and settles for the channel of a message that is not settled; `None` where it is, or its channel has no sender.
async fn sender(app: &App, host: &Host, queued: &QueuedMessage, number: Option<u64>) -> ApiResult<Option<OutsideSender>> {
    let found = app.store.message_of(&queued.tenant, &queued.customer, number, &queued.message).await?;
    let entry = match found {
        Some(MessageFound::Pending(_, entry)) => entry,
        Some(MessageFound::Settled(_)) => return Ok(None),
        None => return Err(Fail::not_found("the customer has no such message, or it is too long ago")),
    };
    let (store, vault, clock) = (app.store.clone(), app.vault.clone(), app.clock.clone());
    Ok(OutsideSender::new(store, vault, entry.message.channel, &app.public(host), clock))
}
