//! Notes of people on a customer, an invoice, a case or an agreement.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{CustomerId, LinkId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    notes::{self, NoteAsked, NoteChange},
};
use store::{CustomerFile, CustomerNote, NoteAnswer};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Body, Fail, OptionalBody, read},
    app::App,
    caller::Caller,
    customer_files::{self, CustomerFileOut},
    filters::Filters,
    messages::AttachmentOut,
};

/// A note.
#[derive(Serialize, ToSchema)]
pub struct NoteOut {
    /// Its id, `not_…`.
    id: String,
    /// The customer, `cus_…`.
    customer: String,
    /// The invoice, case or agreement that it is about; absent where it is about the customer as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    /// What it says.
    text: String,
    /// Who wrote it: the subject of their token.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// When it was last changed, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Timestamp>,
    /// When it was taken away, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Timestamp>,
    /// Who took it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_by: Option<String>,
    /// The files that the customer sent with it, or with the dispute that it is about, oldest first; absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<CustomerFileOut>,
    /// What was answered, oldest first; absent where nothing was. Whoever has the link that the note came by reads it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    answers: Vec<NoteAnswerOut>,
}

/// An answer to a note.
#[derive(Serialize, ToSchema)]
pub struct NoteAnswerOut {
    /// What it says.
    words: String,
    /// Who wrote it: the subject of their token. The customer is not told.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The files that went along; absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<AttachmentOut>,
}

impl NoteAnswerOut {
    fn of(answer: NoteAnswer) -> Self {
        let NoteAnswer { words, by, at, files } = answer;
        Self { words, by, at, attachments: files.into_iter().map(AttachmentOut::of_answer).collect() }
    }
}

/// A page of notes.
#[derive(Serialize, ToSchema)]
pub struct NotesOut {
    /// The notes, newest first.
    data: Vec<NoteOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// Which notes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NotesQuery {
    /// The customer, `cus_…`. It is needed.
    customer: Option<String>,
    /// Those about one invoice (`inv_…`), case (`case_…`) or agreement (`agr_…`).
    about: Option<String>,
    /// How many, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A note to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteIn {
    /// The customer, `cus_…`.
    customer: String,
    /// The invoice (`inv_…`), case (`case_…`) or agreement (`agr_…`) that it is about.
    #[serde(default)]
    about: Option<String>,
    /// What it says, at most 4000 characters.
    text: String,
}

/// What a note says from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotePatch {
    /// At most 4000 characters.
    text: String,
}

/// Why; may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteReasonIn {
    /// Why, at most 500 characters; the audit keeps it for good. One with an @ is refused; name nobody.
    #[serde(default)]
    reason: Option<String>,
}

/// The notes on a customer that were not taken away, newest first.
#[utoipa::path(get, path = "/v1/notes", tag = "notes", operation_id = "list_notes", params(NotesQuery),
    responses((status = 200, description = "A page", body = NotesOut), (status = 400, description = "bad-request"),
              (status = 404, description = "not-found")))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller, Filters(query): Filters<NotesQuery>) -> ApiResult<Json<NotesOut>> {
    caller.may(Operation::ListNotes)?;
    let limit = Fail::unless_page_size(query.limit)?;
    let (about, cursor) = (query.about.as_deref(), query.cursor.as_deref());
    let customer = query.customer.ok_or_else(|| Fail::bad_request("'customer' says whose notes: a customer's id, `cus_…`"))?;
    let page = notes::list(&app.store, &caller.0, &customer, about, limit, cursor).await?;
    let files = files_of(&app, &caller, &customer, &page.notes).await?;
    let mut data: Vec<NoteOut> = Vec::new();
    for note in page.notes {
        let attachments = files.iter().filter(|file| belongs(file, &note)).cloned().map(customer_files::shown).collect();
        data.push(NoteOut { attachments, ..shown(&customer, note) });
    }
    Ok(Json(NotesOut { data, next: page.after.map(|id| id.to_string()), as_of: app.clock.now() }))
}

/// Makes a note.
#[utoipa::path(post, path = "/v1/notes", tag = "notes", operation_id = "add_note", request_body = NoteIn,
    responses((status = 200, description = "The note", body = NoteOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found"), (status = 409, description = "changed-meanwhile")))]
pub async fn add(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<Json<NoteOut>> {
    caller.may(Operation::AddNote)?;
    let NoteIn { customer, about, text } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let asked = NoteAsked { customer, about, text };
    let (customer, note) = notes::add(&app.store, &caller.0, &asked, app.clock.now()).await?;
    Ok(Json(shown(customer.as_str(), note)))
}

/// Changes what a note says. Only its author may; the texts before stay with it.
#[utoipa::path(patch, path = "/v1/notes/{id}", tag = "notes", operation_id = "edit_note",
    params(("id" = String, Path, description = "`not_…`")), request_body = NotePatch,
    responses((status = 200, description = "The note", body = NoteOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found"), (status = 409, description = "not-possible: it was taken away")))]
pub async fn edit(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<NoteOut>> {
    caller.may(Operation::EditNote)?;
    let NotePatch { text } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    change(&app, &caller, &id, &NoteChange::Edit(text), None).await
}

/// Takes a note away: no list shows it. Its author may, and managers. That it was there, and what it said, stays.
#[utoipa::path(delete, path = "/v1/notes/{id}", tag = "notes", operation_id = "delete_note",
    params(("id" = String, Path, description = "`not_…`")),
    responses((status = 200, description = "The note", body = NoteOut), (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile")))]
pub async fn delete(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<NoteOut>> {
    caller.may(Operation::DeleteNote)?;
    change(&app, &caller, &id, &NoteChange::Delete, None).await
}

/// Puts a note back that was taken away.
#[utoipa::path(post, path = "/v1/notes/{id}/restore", tag = "notes", operation_id = "restore_note",
    params(("id" = String, Path, description = "`not_…`")), request_body = Option<NoteReasonIn>,
    responses((status = 200, description = "The note", body = NoteOut), (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile")))]
pub async fn restore(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<NoteOut>> {
    caller.may(Operation::RestoreNote)?;
    let NoteReasonIn { reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    change(&app, &caller, &id, &NoteChange::Restore, reason.as_deref()).await
}

async fn change(app: &App, caller: &Caller, id: &str, change: &NoteChange, reason: Option<&str>) -> ApiResult<Json<NoteOut>> {
    let (customer, note): (CustomerId, CustomerNote) =
        notes::change(&app.store, &caller.0, id, change, reason, app.clock.now()).await?;
    with_files(app, caller, &customer, note).await.map(Json)
}

/// A note of which the caller may read what was sent with it.
pub async fn with_files(app: &App, caller: &Caller, customer: &CustomerId, note: CustomerNote) -> ApiResult<NoteOut> {
    let mut files = files_of(app, caller, customer.as_str(), std::slice::from_ref(&note)).await?;
    files.retain(|file| belongs(file, &note));
    let attachments = files.into_iter().map(customer_files::shown).collect();
    Ok(NoteOut { attachments, ..shown(customer.as_str(), note) })
}

/// The files of a customer, oldest first, where a note came by a link; people of the tenant attach none.
async fn files_of(app: &App, caller: &Caller, customer: &str, notes: &[CustomerNote]) -> ApiResult<Vec<CustomerFile>> {
    let by_link = notes.iter().any(|note| LinkId::parse(&note.by).is_some());
    match CustomerId::parse(customer).filter(|_| by_link) {
        Some(customer) => Ok(service::customer_files::all(&app.store, &caller.0, &customer).await?),
        None => Ok(Vec::new()),
    }
}

/// Whether a file came with what a note says: with the note, or with the dispute of which it is the customer's words.
fn belongs(file: &CustomerFile, note: &CustomerNote) -> bool {
    let is_by_link = LinkId::parse(&note.by).is_some();
    file.about == note.id.as_str() || (is_by_link && note.about.as_deref() == Some(file.about.as_str()))
}

fn shown(customer: &str, note: CustomerNote) -> NoteOut {
    let CustomerNote { id, about, text, by, at, before, deleted, answers, task: _ } = note;
    let (deleted_at, deleted_by) = deleted.unzip();
    NoteOut {
        id: id.to_string(),
        customer: customer.to_owned(),
        about,
        text,
        by,
        made_at: at,
        edited_at: before.last().map(|(at, _)| *at),
        deleted_at,
        deleted_by,
        attachments: Vec::new(),
        answers: answers.into_iter().map(NoteAnswerOut::of).collect(),
    }
}
