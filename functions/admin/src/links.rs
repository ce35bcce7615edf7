//! Portal links: those of a customer, one that is given out by hand, and those that are made void.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{Channel, CustomerId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    links::{self, LinkAsked},
};
use store::{LinkPage, LinkStanding, PortalLink};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Body, Fail, OptionalBody, read},
    app::App,
    caller::Caller,
    customers::{self, Asked},
    host::Host,
};

/// Which links.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LinksAsked {
    /// How many, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The portal link of a customer for one address.
#[derive(Serialize, ToSchema)]
pub struct LinkOut {
    /// Its id, `lnk_…`. It does not tell the link's address.
    id: String,
    /// Whose statement it opens, `cus_…`.
    customer: String,
    /// The contact that it was made for, by the source's own id.
    contact: String,
    /// The channel of the address.
    #[schema(value_type = String)]
    channel: Channel,
    /// Enough of the address to know it by, such as `a…@acme.example`.
    shown: String,
    /// `good`: it opens the statement while the address is one of the customer's; `expired`; `revoked`.
    status: &'static str,
    /// Since when there is this link.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// When it ends; a message to the address renews it once half of its 120 days are over.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// When it was made void, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
}

/// A page of a customer's portal links.
#[derive(Serialize, ToSchema)]
pub struct LinksOut {
    /// The links, one an address, in no order.
    data: Vec<LinkOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// Whom a link is given to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkIn {
    /// A contact of the customer, by the source's own id.
    contact: String,
    /// A channel on which the contact has an address.
    channel: String,
    /// Why, at most 500 characters; the audit keeps it for good. One with an @ is refused; name nobody.
    #[serde(default)]
    reason: Option<String>,
}

/// A link that was given out.
#[derive(Serialize, ToSchema)]
pub struct IssuedLinkOut {
    /// Its address: whoever has it sees the statement. No list shows it.
    url: String,
    /// The link.
    link: LinkOut,
}

/// Why links are made void; may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeIn {
    /// Why, at most 500 characters; the audit keeps it for good. One with an @ is refused; name nobody.
    #[serde(default)]
    reason: Option<String>,
}

/// A customer's portal links: one for each address that a message with a link went to. Whether and when one was opened is not recorded.
#[utoipa::path(get, path = "/v1/customers/{customer_id}/links", tag = "links", operation_id = "list_links",
    params(("customer_id" = String, Path, description = "`cus_…`"), LinksAsked),
    responses((status = 200, description = "A page", body = LinksOut), (status = 400, description = "bad-request"),
              (status = 404, description = "not-found")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(customer): Path<String>,
    Query(asked): Query<LinksAsked>,
) -> ApiResult<Response> {
    match CustomerId::parse(&customer) {
        Some(customer) => page(&app, &caller, Operation::ListLinks, &customer, &asked).await.map(IntoResponse::into_response),
        // The customer of a source whose own id there is "links".
        None => {
            let named = Path((customer, "links".to_owned()));
            customers::show(State(app), caller, named, Query(Asked::default())).await.map(IntoResponse::into_response)
        }
    }
}

/// The portal links of a customer that is named by the source's own id.
#[utoipa::path(get, path = "/v1/customers/{source}/{external_id}/links", tag = "links", operation_id = "list_links_of",
    params(("source" = String, Path, description = "`canonical`, `stripe`, …"),
           ("external_id" = String, Path, description = "The source's own id, percent-encoded"), LinksAsked),
    responses((status = 200, description = "A page", body = LinksOut), (status = 400, description = "bad-request"),
              (status = 404, description = "not-found")))]
pub async fn list_of(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((source, external_id)): Path<(String, String)>,
    Query(asked): Query<LinksAsked>,
) -> ApiResult<Json<LinksOut>> {
    let tenant = caller.may(Operation::ListLinksOf)?;
    let customer = customers::id_of(&app, tenant, &source, &external_id).await?;
    page(&app, &caller, Operation::ListLinksOf, &customer, &asked).await
}

async fn page(
    app: &App,
    caller: &Caller,
    operation: Operation,
    customer: &CustomerId,
    asked: &LinksAsked,
) -> ApiResult<Json<LinksOut>> {
    let (limit, cursor) = (Fail::unless_page_size(asked.limit)?, asked.cursor.as_deref());
    let LinkPage { links, after } = links::list(&app.store, &caller.0, operation, customer, limit, cursor).await?;
    let now = app.clock.now();
    Ok(Json(LinksOut { data: links.into_iter().map(|link| shown(customer, link, now)).collect(), next: after, as_of: now }))
}

/// Gives out the portal link of a contact's address, for 120 days from now. It is the link that messages to that address have; where there
/// is none, or the one before expired or was revoked, it is a new one. The link's address is in this answer and in messages, and in no list.
#[utoipa::path(post, path = "/v1/customers/{customer_id}/links", tag = "links", operation_id = "issue_link",
    params(("customer_id" = String, Path, description = "`cus_…`")),
    request_body = LinkIn,
    responses((status = 200, description = "The link and its address", body = IssuedLinkOut),
              (status = 400, description = "bad-request: no such contact, or no address on that channel"),
              (status = 404, description = "not-found: no such customer"), (status = 409, description = "conflict")))]
pub async fn issue(
    State(app): State<Arc<App>>,
    caller: Caller,
    host: Host,
    Path(customer): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<IssuedLinkOut>> {
    caller.may(Operation::IssueLink)?;
    let LinkIn { contact, channel, reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let asked = LinkAsked { contact: Some(contact), channel: Some(channel), reason };
    let now = app.clock.now();
    let (code, link) = links::issue(&app.store, &app.vault, &caller.0, &customer, &asked, now).await?;
    let url = format!("{}/p/{}", app.public(&host), code.as_str());
    let customer = CustomerId::parse(&customer).ok_or_else(|| Fail::not_found("there is no such customer"))?;
    Ok(Json(IssuedLinkOut { url, link: shown(&customer, link, now) }))
}

/// Makes one portal link void, at once. Doing it again changes nothing. The next message to the address has another link.
#[utoipa::path(post, path = "/v1/links/{id}/revoke", tag = "links", operation_id = "revoke_link",
    params(("id" = String, Path, description = "`lnk_…`")),
    request_body = Option<RevokeIn>,
    responses((status = 200, description = "It is void", body = LinkOut),
              (status = 404, description = "not-found: no such link, or a later one took its place"),
              (status = 409, description = "conflict")))]
pub async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<LinkOut>> {
    caller.may(Operation::RevokeLink)?;
    let RevokeIn { reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let now = app.clock.now();
    let (customer, link) = links::revoke(&app.store, &caller.0, &id, reason.as_deref(), now).await?;
    Ok(Json(shown(&customer, link, now)))
}

/// Makes every portal link of a customer void, at once. Later messages have links of their own. Stop links stay good: whoever has one may
/// still ask for no more messages.
#[utoipa::path(post, path = "/v1/customers/{customer_id}/links/revoke", tag = "links", operation_id = "revoke_links",
    params(("customer_id" = String, Path, description = "`cus_…`")),
    request_body = Option<RevokeIn>,
    responses((status = 204, description = "They are void"), (status = 404, description = "not-found")))]
pub async fn revoke_all(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(customer): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<StatusCode> {
    caller.may(Operation::RevokeLinks)?;
    let RevokeIn { reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    links::revoke_all(&app.store, &caller.0, &customer, reason.as_deref(), app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(customer: &CustomerId, link: PortalLink, now: Timestamp) -> LinkOut {
    let status = match link.standing(now) {
        LinkStanding::Good => "good",
        LinkStanding::Expired => "expired",
        LinkStanding::Revoked => "revoked",
    };
    let PortalLink {
        id,
        address: _,
        generation: _,
        earlier: _,
        revoked_earlier: _,
        channel,
        contact,
        person: _,
        shown,
        made_at,
        expires_at,
        revoked_at,
    } = link;
    LinkOut {
        id: id.to_string(),
        customer: customer.to_string(),
        contact,
        channel,
        shown,
        status,
        made_at,
        expires_at,
        revoked_at,
    }
}
