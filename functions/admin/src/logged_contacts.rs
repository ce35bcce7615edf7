//! Calls and letters that people made themselves.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    logged_contacts::{self, ContactMade},
};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
};

/// A call or a letter that a person made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactMadeIn {
    /// The customer, `cus_…`.
    customer: String,
    /// `call` or `letter`.
    kind: String,
    /// What came of it. Of a call: `reached`, `promised`, `disputed`, `callback`, `refused`, `voicemail`, `no_answer`, `wrong_number` or
    /// `other`; of a letter: `posted` or `handed_over`. All but `wrong_number` count as a contact.
    outcome: String,
    /// Whom, by the contact's id; the customer as a whole when left out.
    #[serde(default)]
    contact: Option<String>,
    /// The case that it is about; the first that is not closed when left out.
    #[serde(default)]
    case: Option<String>,
    /// What there is to say of it, at most 4000 characters.
    #[serde(default)]
    note: Option<String>,
}

/// A call or letter as it is written down.
#[derive(Serialize, ToSchema)]
pub struct ContactMadeOut {
    /// Its id among messages, `msg_…`: `POST /v1/messages/{id}/undo` takes it back.
    id: String,
    /// The customer, `cus_…`.
    customer: String,
    /// When it was written down, which is when it counts as a contact.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// Writes down a call or a letter that a person made. It has a record like any message, and gaps and caps count it as a contact from now on. A
/// promise or a dispute that came of it is recorded by `POST /v1/agreements`, a follow-up by `POST /v1/tasks`.
#[utoipa::path(post, path = "/v1/contact_log", tag = "messages", operation_id = "log_contact", request_body = ContactMadeIn,
    responses((status = 200, description = "It is written down", body = ContactMadeOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile")))]
pub async fn log(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<Json<ContactMadeOut>> {
    caller.may(Operation::LogContact)?;
    let ContactMadeIn { customer, kind, outcome, contact, case, note } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let made = ContactMade { customer, kind, outcome, contact, case, note };
    let now = app.clock.now();
    let (customer, id) = logged_contacts::log(&app.store, &caller.0, &made, now).await?;
    Ok(Json(ContactMadeOut { id: id.to_string(), customer: customer.to_string(), at: now }))
}
