//! Documents of customers as PDF, for people who hand them on by themselves.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use files::{DocumentAsked, VALID_S, WantedDocument};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use service::customer_documents;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Fail},
    app::App,
    caller::Caller,
};

/// Where a document is fetched.
#[derive(Serialize, ToSchema)]
pub struct DocumentLinkOut {
    /// Its address: whoever has it fetches the document, without a token.
    url: String,
    /// Until when the address is good: 15 minutes from now. The same call gives another.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// A customer's statement as PDF, as the customer gets it on the portal: what is owed and had in each currency as of today, in the customer's
/// language. It is made if there is none like it yet, and kept for a week. One that takes longer than 26 seconds is answered with 503, and is there when it
/// is asked for again.
#[utoipa::path(get, path = "/v1/customers/{customer_id}/statement", tag = "customers", operation_id = "fetch_statement",
    params(("customer_id" = String, Path, description = "`cus_…`")),
    responses((status = 200, description = "Where it is fetched", body = DocumentLinkOut),
              (status = 404, description = "not-found")))]
pub async fn statement(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(customer): Path<String>,
) -> ApiResult<Json<DocumentLinkOut>> {
    let (tenant, customer) = customer_documents::statement(&app.store, &caller.0, &customer).await?;
    let asked = DocumentAsked { tenant, customer, document: WantedDocument::Statement, language: None };
    linked(&app, asked, "statement.pdf", "there is no such customer").await
}

/// A copy of an invoice as PDF, made from what is known of it: it says of itself that it is no tax document. `show_invoice_pdf` fetches the vendor's own.
#[utoipa::path(get, path = "/v1/invoices/{id}/copy", tag = "invoices", operation_id = "fetch_invoice_copy",
    params(("id" = String, Path, description = "`inv_…`")),
    responses((status = 200, description = "Where it is fetched", body = DocumentLinkOut),
              (status = 404, description = "not-found: there is no such invoice, or it is a draft, not issued yet, or not in force any more")))]
pub async fn invoice_copy(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<DocumentLinkOut>> {
    let (tenant, customer, invoice) = customer_documents::invoice_copy(&app.store, &caller.0, &id).await?;
    // Not by its number, which the source gave it: an assistant reads the address.
    let file_name = format!("invoice-{invoice}.pdf");
    let asked = DocumentAsked { tenant, customer, document: WantedDocument::InvoiceCopy { invoice }, language: None };
    let none = "there is no copy of this invoice: it is a draft, not issued yet, or not in force any more";
    linked(&app, asked, &file_name, none).await
}

/// Has a document made, and signs a link to it.
async fn linked(app: &App, asked: DocumentAsked, file_name: &str, none: &str) -> ApiResult<Json<DocumentLinkOut>> {
    let now = app.clock.now();
    let busy = |error: String| {
        tracing::error!(error, "a document cannot be had");
        Fail::unavailable("the document cannot be made now; try again in some seconds")
    };
    let answer = app.documents.make(asked, now).await.map_err(|error| busy(error.to_string()))?;
    let key = answer.key().ok_or_else(|| Fail::not_found(none))?;
    let url = app.files.link(key, file_name, now).await.map_err(|error| busy(format!("{error:#}")))?;
    Ok(Json(DocumentLinkOut { url, expires_at: now + SignedDuration::from_secs(VALID_S) }))
}
