//! Files that customers sent with a dispute or a message: what they are, and a link to each.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::IntoResponse,
};
use domain::CustomerId;
use jiff::Timestamp;
use serde::Serialize;
use service::customer_files;
use store::CustomerFile;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Fail},
    app::App,
    caller::Caller,
};

/// A file that a customer sent.
#[derive(Serialize, ToSchema)]
pub struct CustomerFileOut {
    /// Its id, `fil_…`; `GET /v1/customers/{customer_id}/files/{id}` gives the file.
    id: String,
    /// What it is called. Dunlin names it: what the customer called it is kept nowhere.
    name: String,
    /// What it is by its content. It is given out as `application/octet-stream` to be saved, whatever it is.
    content_type: String,
    /// How large it is, bytes.
    bytes: u64,
    /// The SHA-256 of its content, in hexadecimal.
    sha256: String,
    /// The portal link that it came by, `lnk_…`.
    by: String,
    /// When it was attached.
    #[schema(value_type = String, format = DateTime)]
    sent_at: Timestamp,
}

/// Leads to a file that a customer sent, by a link that is made now and good for 15 minutes. A browser saves it and shows it nowhere: somebody outside
/// sent it. Dunlin looked what it is, and that it holds no macros; scripts in a PDF and faults of other programs it does not look for.
#[utoipa::path(get, path = "/v1/customers/{customer_id}/files/{id}", tag = "notes", operation_id = "fetch_customer_file",
    params(("customer_id" = String, Path, description = "`cus_…`"), ("id" = String, Path, description = "`fil_…`")),
    responses((status = 303, description = "Location leads to the file"),
              (status = 404, description = "not-found: the customer sent no such file")))]
pub async fn fetch(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((customer, id)): Path<(String, String)>,
) -> ApiResult<impl IntoResponse> {
    let (key, name) = customer_files::fetch(&app.store, &caller.0, &customer, &id).await?;
    let link = app.files.link(&key, &name, app.clock.now()).await.map_err(|error| {
        tracing::error!(error = format!("{error:#}"), "a link to a file of a customer cannot be signed");
        Fail::unavailable("the link cannot be made now; try again in some seconds")
    })?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, link)]))
}

/// The files of an agreement or note as answers show them.
pub async fn attached(app: &App, caller: &Caller, customer: &CustomerId, about: &str) -> ApiResult<Vec<CustomerFileOut>> {
    let files = customer_files::of(&app.store, &caller.0, customer, about).await?;
    Ok(files.into_iter().map(shown).collect())
}

/// A file as answers show it.
pub fn shown(file: CustomerFile) -> CustomerFileOut {
    let CustomerFile { id, about: _, name, content_type, bytes, sha256, by, at } = file;
    CustomerFileOut { id: id.to_string(), name, content_type, bytes, sha256, by, sent_at: at }
}
