//! `GET /v1/service_mails`: what was sent to whoever came by a customer's portal links.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::{MessageStatus, ServiceMail, ServiceMailKind};
use jiff::Timestamp;
use serde::Serialize;
use service::{Operation, service_mails};
use store::KnownServiceMail;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Fail},
    app::App,
    caller::Caller,
    filters::{Filters, PageOfCustomer},
};

/// A notice to whoever came by a portal link. It is no message of a decision: no contact attempt, and in no list of messages.
#[derive(Serialize, ToSchema)]
pub struct ServiceMailOut {
    /// Its id, `svm_…`.
    id: String,
    /// The customer, `cus_…`.
    customer: String,
    /// `code`, `new_link`, `receipt`, `promise_made`, `dispute_opened`, `dispute_decided`, `decision_undone`, `plan_agreed`, `plan_offered`
    /// or `answered`.
    #[schema(value_type = String)]
    kind: ServiceMailKind,
    /// The portal link to whose address it goes, `lnk_…`.
    link: String,
    /// The agreement, basket, offer or note that it tells of; absent where that is its link, or a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    requested_at: Timestamp,
    /// `queued` until its sender knows; then `sent`, `failed`, `blocked` or `unknown`, and what its provider says later, such as `delivered` and
    /// `bounced`.
    #[schema(value_type = String)]
    status: MessageStatus,
    /// Since when it has its status, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    status_at: Option<Timestamp>,
    /// Why it did not leave, or why nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// A page of a customer's service mails.
#[derive(Serialize, ToSchema)]
pub struct ServiceMailsOut {
    /// The mails of the last 90 days, in no order.
    data: Vec<ServiceMailOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// What was sent to whoever came by a customer's portal links: codes, new links, receipts and acknowledgements of the last 90 days. What they say
/// is not kept.
#[utoipa::path(get, path = "/v1/service_mails", tag = "links", operation_id = "list_service_mails", params(PageOfCustomer),
    responses((status = 200, description = "A page", body = ServiceMailsOut), (status = 400, description = "bad-request"),
              (status = 404, description = "not-found")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(query): Filters<PageOfCustomer>,
) -> ApiResult<Json<ServiceMailsOut>> {
    caller.may(Operation::ListServiceMails)?;
    let limit = Fail::unless_page_size(query.limit)?;
    let customer = query.customer.ok_or_else(|| Fail::bad_request("'customer' says whose mails: a customer's id, `cus_…`"))?;
    let now = app.clock.now();
    let (customer, page) = service_mails::list(&app.store, &caller.0, &customer, limit, query.cursor.as_deref(), now).await?;
    let data = page.mails.into_iter().map(|known| shown(customer.as_str(), known)).collect();
    Ok(Json(ServiceMailsOut { data, next: page.after.map(|id| id.to_string()), as_of: now }))
}

fn shown(customer: &str, known: KnownServiceMail) -> ServiceMailOut {
    let KnownServiceMail { mail, status, status_at, why, .. } = known;
    let ServiceMail { id, kind, link, about, requested_at } = mail;
    // What a code was asked for by says nothing to anybody.
    let about = about.filter(|_| kind != ServiceMailKind::Code);
    ServiceMailOut {
        id: id.to_string(),
        customer: customer.to_owned(),
        kind,
        link: link.to_string(),
        about,
        requested_at,
        status,
        status_at,
        why,
    }
}
