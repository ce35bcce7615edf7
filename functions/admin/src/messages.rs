//! Messages that people write: looked at first, then stored, and taken back while they can be.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{
    Channel, MessageStatus, Mode, TenantId,
    attachment::{ATTACHED_BYTES_MAX, ATTACHMENTS_MAX},
    decide::Recheck,
    own_message::held_until,
};
use files::BucketError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    attachments::{AttachmentAsked, SeenFile},
    jobs::uploads::Upload,
    messages::{self, MessageAsked, MessagePlan},
};
use store::{AnswerFile, OwnAttachment, OwnText};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, OptionalBody, read},
    app::App,
    caller::Caller,
};

/// A message that a person writes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteIn {
    /// The customer, `cus_…`.
    customer: String,
    /// Whom, by the contact's id; the first of the customer's people with an address on the channel when left out.
    #[serde(default)]
    contact: Option<String>,
    /// A channel that there is a sender for; email when left out.
    #[serde(default)]
    channel: Option<String>,
    /// The case that it is about, `case_…`; the first that is not closed when left out.
    #[serde(default)]
    case: Option<String>,
    /// The template whose words it has, at its current version.
    #[serde(default)]
    template: Option<String>,
    /// The subject of an email, in one's own words.
    #[serde(default)]
    subject: Option<String>,
    /// The words, at most 10000 characters: prose as in templates, with their variables where wanted.
    #[serde(default)]
    body: Option<String>,
    /// The language of the words, such as `de`; the customer's when left out.
    #[serde(default)]
    language: Option<String>,
    /// The message that it answers, `msg_…`.
    #[serde(default)]
    in_reply_to: Option<String>,
    /// Files that go along, at most 3 with 5242880 bytes together: PDF, PNG or JPEG by their content. Email only.
    #[serde(default)]
    attachments: Vec<AttachmentIn>,
    /// Whether it is only shown as it would look, and what the guard says of it.
    #[serde(default)]
    dry_run: bool,
}

/// A file that goes along with a message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachmentIn {
    /// The upload that it was sent with in the last 3 days, `upl_…`.
    upload: String,
    /// What it is called in the mail, at most 120 characters: it ends in `.pdf`, `.png`, `.jpg` or `.jpeg`, as its content is.
    name: String,
}

/// A file that goes along with a message.
#[derive(Serialize, ToSchema)]
pub struct AttachmentOut {
    /// What it is called.
    name: String,
    /// Its content type, by its content.
    content_type: String,
    /// How large it is, in bytes.
    bytes: u64,
    /// The SHA-256 of its content, in hexadecimal.
    sha256: String,
}

impl AttachmentOut {
    fn of(file: OwnAttachment) -> Self {
        let OwnAttachment { key: _, name, content_type, bytes, sha256 } = file;
        Self { name, content_type, bytes, sha256 }
    }

    /// A file that went along with an answer to a note.
    pub fn of_answer(file: AnswerFile) -> Self {
        let AnswerFile { id: _, name, content_type, bytes, sha256 } = file;
        Self { name, content_type, bytes, sha256 }
    }
}

/// A message of a person.
#[derive(Serialize, ToSchema)]
pub struct WrittenOut {
    /// Its id, `msg_…`; null for a dry run.
    id: Option<String>,
    /// The customer, `cus_…`.
    customer: String,
    /// The contact, by its id.
    contact: String,
    /// The channel.
    #[schema(value_type = String)]
    channel: Channel,
    /// `live`: it leaves; `shadow`: it is recorded, and nothing leaves.
    #[schema(value_type = String)]
    mode: Mode,
    /// Until when it can be taken back: before, no sender has it. Null for a dry run.
    #[schema(value_type = Option<String>, format = DateTime)]
    undo_until: Option<Timestamp>,
    /// `allow`; `defer`: it waits until then; `block`: it cannot be sent.
    guard: &'static str,
    /// Before when the guard lets nothing leave.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    not_before: Option<Timestamp>,
    /// What the guard has against it now.
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
    /// The subject as it is now; email only.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// As plain text, as it is now. What it leaves with is made of the facts of that moment; links open nothing here.
    text: String,
    /// As HTML; email only.
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    /// The files that go along.
    attachments: Vec<AttachmentOut>,
}

/// Why a message is taken back; may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoMessageIn {
    /// Why, at most 500 characters; the audit keeps it for good. One with an @ is refused; name nobody.
    #[serde(default)]
    reason: Option<String>,
}

/// What was taken back.
#[derive(Serialize, ToSchema)]
pub struct UndoneOut {
    /// Its id.
    id: String,
    /// The customer, `cus_…`.
    customer: String,
    /// How its record says that it stands: `superseded`, or `rejected` of a call or letter.
    #[schema(value_type = String)]
    status: MessageStatus,
}

/// Writes a message to a customer, in one's own words or those of a template; with `dry_run` it is only shown. The guard has the last word as with
/// every message: hours, consent, suppression, caps. Holds and gaps of the plan do not hold it up. For 60 seconds it can be taken back; then its
/// sender checks it again and sends it. It is recorded, and counts as a contact. Files go along as they are now: where one was replaced or is gone
/// by then, the message does not leave.
#[utoipa::path(post, path = "/v1/messages", tag = "messages", operation_id = "write_message", request_body = WriteIn,
    responses((status = 200, description = "The message, or what it would look like", body = WrittenOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: the guard forbids it, or keeps it back for days"),
              (status = 422, description = "invalid-template: the words do not render, every flaw in errors")))]
pub async fn write(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<Json<WrittenOut>> {
    let tenant = caller.may(Operation::WriteMessage)?;
    let given: WriteIn = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let WriteIn { customer, contact, channel, case, template, subject, body, language, in_reply_to, attachments, dry_run } =
        given;
    let attachments = seen(&app, tenant, attachments).await?;
    let asked = MessageAsked { customer, contact, channel, case, template, subject, body, language, in_reply_to, attachments };
    let now = app.clock.now();
    let plan = messages::plan(&app.store, &caller.0, &asked, now).await?;
    let words = channels::Template {
        id: "own".to_owned(),
        language: plan.text.language.clone(),
        channel: plan.pending.channel,
        subject: plan.text.subject.clone(),
        body: plan.text.body.clone(),
        version: 0,
    };
    let refuse = |flaws: Vec<(String, String)>| Fail::invalid("invalid-template", "Invalid template", flaws);
    let flaws = channels::flaws(&words);
    if !flaws.is_empty() {
        return Err(refuse(flaws.into_iter().map(|flaw| (flaw.pointer.to_owned(), flaw.detail)).collect()));
    }
    let facts = (&plan.facts, &plan.policy);
    let seen = sending::rendered_own_message(&app.store, tenant, facts, &plan.pending, &plan.text, now).await?;
    let seen = seen.map_err(|detail| refuse(vec![("/body".to_owned(), detail)]))?;
    tracing::debug!(tenant.id = %tenant, dry_run, "a message of a person was rendered");
    if dry_run {
        return Ok(Json(shown(None, &plan, seen, now)));
    }
    let plan = messages::write(&app.store, &caller.0, &asked, now).await?;
    Ok(Json(shown(Some(plan.pending.id.to_string()), &plan, seen, now)))
}

/// Looks at the files that are to go along, one after the other: of each no more is fetched than what the ones before left to it, and of files
/// beyond the number that a message has, nothing.
async fn seen(app: &App, tenant: &TenantId, given: Vec<AttachmentIn>) -> ApiResult<Vec<AttachmentAsked>> {
    Ok(fetched(app, tenant, given).await?.into_iter().map(|(asked, _)| asked).collect())
}

/// The same with what is in each; nothing of what is not there.
pub async fn fetched(app: &App, tenant: &TenantId, given: Vec<AttachmentIn>) -> ApiResult<Vec<(AttachmentAsked, Vec<u8>)>> {
    let mut left = ATTACHED_BYTES_MAX;
    let mut files = Vec::new();
    for (n, AttachmentIn { upload, name }) in given.into_iter().enumerate() {
        let found = match Upload::parse(&upload).filter(|_| n < ATTACHMENTS_MAX) {
            Some(known) => app.files.get(&known.key(tenant), left).await,
            None => Ok(None),
        };
        let (seen, content) = match found {
            Ok(Some(content)) => {
                left = left.saturating_sub(content.len() as u64);
                (SeenFile::of(&content), content)
            }
            Ok(None) => (SeenFile::Nothing, Vec::new()),
            Err(BucketError::TooLarge { .. }) => (SeenFile::TooLarge, Vec::new()),
            Err(error @ BucketError::Unavailable { .. }) => {
                tracing::error!(%error, "a file of a message cannot be looked at");
                return Err(Fail::unavailable("the files cannot be looked at now; try again in some seconds"));
            }
        };
        files.push((AttachmentAsked { upload, name, seen }, content));
    }
    Ok(files)
}

/// What a person wrote, or said of a call or letter.
#[derive(Serialize, ToSchema)]
pub struct WordsOut {
    /// The message, `msg_…`.
    id: String,
    /// The customer, `cus_…`.
    customer: String,
    /// The contact, by its id; empty where nobody is named.
    contact: String,
    /// The subject; email only.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// The words, with the variables of templates where they have some; of a call or letter, what there is to say of it.
    body: String,
    /// The language of the words; empty of a call or letter.
    language: String,
    /// Who wrote it: the subject of their token.
    by: String,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_reply_to: Option<String>,
    /// The template that the words were taken from, `reminder@3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    /// The files that go along.
    attachments: Vec<AttachmentOut>,
}

/// What a person wrote to a customer, or said of a call or letter of theirs. Records hold none of it.
#[utoipa::path(get, path = "/v1/messages/{id}/words", tag = "messages", operation_id = "show_message_words",
    params(("id" = String, Path, description = "`msg_…`")),
    responses((status = 200, description = "The words", body = WordsOut),
              (status = 404, description = "not-found: no person wrote such a message")))]
pub async fn words(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<WordsOut>> {
    let (customer, text) = messages::words_of(&app.store, &caller.0, &id).await?;
    let OwnText { number: _, contact, person: _, subject, body, language, by, in_reply_to, template, attachments } = text;
    let attachments = attachments.into_iter().map(AttachmentOut::of).collect();
    let customer = customer.to_string();
    Ok(Json(WordsOut { id, customer, contact, subject, body, language, by, in_reply_to, template, attachments }))
}

/// Takes back a message that a person wrote and no sender has yet, or a call or letter that was written down by mistake. Doing it again changes
/// nothing.
#[utoipa::path(post, path = "/v1/messages/{id}/undo", tag = "messages", operation_id = "undo_message",
    params(("id" = String, Path, description = "`msg_…`")), request_body = Option<UndoMessageIn>,
    responses((status = 200, description = "It is taken back", body = UndoneOut), (status = 400, description = "bad-request"),
              (status = 404, description = "not-found: no person wrote such a message"),
              (status = 409, description = "not-possible: it left, or its sender has it")))]
pub async fn undo(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<UndoneOut>> {
    caller.may(Operation::UndoMessage)?;
    let UndoMessageIn { reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let (customer, status) = messages::undo(&app.store, &caller.0, &id, reason.as_deref(), app.clock.now()).await?;
    Ok(Json(UndoneOut { id, customer: customer.to_string(), status }))
}

fn shown(id: Option<String>, plan: &MessagePlan, seen: channels::Rendered, now: Timestamp) -> WrittenOut {
    let (guard, not_before, why) = match &plan.guard {
        Recheck::Send { .. } => ("allow", None, String::new()),
        Recheck::Defer(until, refusal) => ("defer", Some(*until), refusal.to_string()),
        Recheck::Block(refusal) => ("block", None, refusal.to_string()),
        Recheck::Supersede(why) => ("block", None, why.clone()),
    };
    let undo_until = id.as_ref().and_then(|_| held_until(&plan.pending.template, now));
    WrittenOut {
        id,
        customer: plan.customer.to_string(),
        contact: plan.pending.contact.clone(),
        channel: plan.pending.channel,
        mode: plan.pending.mode,
        undo_until,
        guard,
        not_before,
        why,
        subject: seen.subject,
        text: seen.text,
        html: seen.html,
        attachments: plan.text.attachments.iter().cloned().map(AttachmentOut::of).collect(),
    }
}
