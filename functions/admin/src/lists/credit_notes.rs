//! `GET /v1/credit_notes`: credit notes by their day; and one by its id.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::PaymentKind;

use super::payments::{self, PaymentOut, PaymentsOut, PaymentsQuery};
use crate::{answer::ApiResult, app::App, caller::Caller, filters::Filters};

/// The credit notes by their day, a page at a time.
#[utoipa::path(get, path = "/v1/credit_notes", tag = "payments", operation_id = "list_credit_notes", params(PaymentsQuery),
    responses((status = 200, description = "A page", body = PaymentsOut),
              (status = 422, description = "invalid-cursor: the cursor is not one of this list, with these filters, of this tenant")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(query): Filters<PaymentsQuery>,
) -> ApiResult<Json<PaymentsOut>> {
    payments::of_kind(&app, &caller, PaymentKind::CreditNote, query).await
}

/// One credit note, whatever became of it.
#[utoipa::path(get, path = "/v1/credit_notes/{id}", tag = "payments", operation_id = "show_credit_note",
    params(("id" = String, Path, description = "`pay_…`")),
    responses((status = 200, description = "The credit note", body = PaymentOut), (status = 404, description = "not-found")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<PaymentOut>> {
    payments::one(&app, &caller, PaymentKind::CreditNote, &id).await
}
