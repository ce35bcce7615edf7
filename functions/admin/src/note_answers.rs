//! Answers to what customers wrote by a portal link.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use service::{
    Operation,
    note_answers::{self, AnswerAsked},
};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
    messages::{self, AttachmentIn},
    notes::{self, NoteOut},
};

/// What the bucket says of every file that customers are led to: a browser saves it.
const STORED_AS: &str = "application/octet-stream";

/// An answer to a note that came by a portal link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteAnswerIn {
    /// What it says, at most 2000 characters. The customer reads it.
    words: String,
    /// Files that go along, at most 3 with 5242880 bytes together: PDF, PNG or JPEG by their content.
    #[serde(default)]
    attachments: Vec<AttachmentIn>,
}

/// Answers what a customer wrote by a portal link. The answer stands on the page of that link, and of those of its address before it; the address is
/// told by a notice (`answered`) that there is one, which names none of its words. It is no message and counts as no contact. The task that the
/// note was is over. A note has at most 10 answers; the same answer again changes nothing.
#[utoipa::path(post, path = "/v1/notes/{id}/answer", tag = "notes", operation_id = "answer_note",
    params(("id" = String, Path, description = "`not_…`")), request_body = NoteAnswerIn,
    responses((status = 200, description = "The note with the answer", body = NoteOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: no customer wrote it, it was taken away, or it has 10 answers; changed-meanwhile")))]
pub async fn answer(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<NoteOut>> {
    let tenant = caller.may(Operation::AnswerNote)?;
    let NoteAnswerIn { words, attachments } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let (attachments, contents): (Vec<_>, Vec<_>) = messages::fetched(&app, tenant, attachments).await?.into_iter().unzip();
    let asked = AnswerAsked { words, attachments };
    let answered = note_answers::answer(&app.store, &caller.0, &id, &asked, app.clock.now()).await?;
    // The note names them by now, so that an erasure finds each; what is not put here is put when the same answer is sent again.
    for (place, content) in answered.places.iter().zip(contents) {
        app.files.put(place, STORED_AS, content).await.map_err(|error| {
            tracing::error!(%error, "a file of an answer cannot be kept");
            Fail::unavailable("the answer is there, and a file of it is not: send the same again in some seconds")
        })?;
    }
    notes::with_files(&app, &caller, &answered.customer, answered.note).await.map(Json)
}
