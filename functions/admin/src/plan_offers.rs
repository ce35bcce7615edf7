//! Offers to pay in parts, which people of the tenant make to a customer.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{Currency, PlanOffer, proposal::ProposedPart};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    plan_offers::{self, PlanOfferAsked},
};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, OptionalBody, read},
    app::App,
    caller::Caller,
};

/// An offer to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanOfferIn {
    /// The invoices, by their ids here or the source's own: at least one, of one currency and legal entity.
    invoices: Vec<String>,
    /// How much of them, minor units; all that is open when left out. The parts come to it.
    #[serde(default)]
    amount_minor: Option<i64>,
    /// The parts, in order of their days, one a day; at most 120.
    parts: Vec<OfferedPartIn>,
    /// The last day on which the customer can agree: at most the day of the first part, which it is when left out, and at most 90 days ahead.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    valid_until: Option<Date>,
}

/// A part of an offer to be made.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferedPartIn {
    /// Minor units, above zero.
    amount_minor: i64,
    /// When it falls due.
    #[schema(value_type = String, format = Date)]
    due_on: Date,
}

/// A part of an offer.
#[derive(Serialize, ToSchema)]
pub struct OfferedPartOut {
    /// Minor units.
    amount_minor: i64,
    /// When it falls due.
    #[schema(value_type = String, format = Date)]
    due_on: Date,
}

/// An offer as it stands.
#[derive(Serialize, ToSchema)]
pub struct PlanOfferOut {
    /// Its id, `pof_…`.
    id: String,
    /// The invoices, `inv_…`.
    invoices: Vec<String>,
    /// The currency of every amount.
    #[schema(value_type = String)]
    currency: Currency,
    /// What its parts come to, minor units.
    amount_minor: i64,
    /// The parts.
    parts: Vec<OfferedPartOut>,
    /// The last day on which the customer can agree, in the tenant's zone.
    #[schema(value_type = String, format = Date)]
    valid_until: Date,
    /// `open`, `agreed` or `withdrawn`. One that is open after `valid_until` cannot be agreed to any more.
    status: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    status_at: Timestamp,
    /// The plan that it came to, once the customer agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<String>,
    /// Who made it: the subject of their token.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
}

/// The offers to a customer.
#[derive(Serialize, ToSchema)]
pub struct PlanOffersOut {
    /// At most 200, the newest first. One is deleted 400 days after its last day.
    data: Vec<PlanOfferOut>,
}

/// Why an offer is taken back; may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawOfferIn {
    /// Why, at most 500 characters; the audit keeps it for good. One with an @ is refused; name nobody.
    #[serde(default)]
    reason: Option<String>,
}

/// Offers a customer to pay in parts. Nothing is kept back by it. A notice tells of it, by mail to one address that has a portal link and did not opt out
/// (`GET /v1/service_mails`), and the customer's page shows it to whoever has a link; who enters a code that is sent to the link's address can agree to it. Then it is a plan of these parts, if that can still be. The same
/// offer, while it can be agreed to, is answered instead of a second one.
#[utoipa::path(post, path = "/v1/customers/{customer_id}/plan_offers", tag = "agreements", operation_id = "offer_plan",
    params(("customer_id" = String, Path, description = "`cus_…`")),
    request_body = PlanOfferIn,
    responses((status = 200, description = "The offer", body = PlanOfferOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: five offers to the customer are open")))]
pub async fn offer(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(customer): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<PlanOfferOut>> {
    caller.may(Operation::OfferPlan)?;
    let PlanOfferIn { invoices, amount_minor, parts, valid_until } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let parts = parts.into_iter().map(|part| ProposedPart { amount_minor: part.amount_minor, due_on: part.due_on }).collect();
    let asked = PlanOfferAsked { invoices, amount_minor, parts, valid_until };
    Ok(Json(shown(&plan_offers::offer(&app.store, &caller.0, &customer, &asked, app.clock.now()).await?)))
}

/// The plans that a customer was offered.
#[utoipa::path(get, path = "/v1/customers/{customer_id}/plan_offers", tag = "agreements", operation_id = "list_plan_offers",
    params(("customer_id" = String, Path, description = "`cus_…`")),
    responses((status = 200, description = "The offers", body = PlanOffersOut), (status = 404, description = "not-found")))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller, Path(customer): Path<String>) -> ApiResult<Json<PlanOffersOut>> {
    caller.may(Operation::ListPlanOffers)?;
    let offers = plan_offers::list(&app.store, &caller.0, &customer).await?;
    Ok(Json(PlanOffersOut { data: offers.iter().map(shown).collect() }))
}

/// Takes an offer back that the customer did not agree to. Doing it again changes nothing.
#[utoipa::path(post, path = "/v1/plan_offers/{id}/withdraw", tag = "agreements", operation_id = "withdraw_plan_offer",
    params(("id" = String, Path, description = "`pof_…`")),
    request_body = Option<WithdrawOfferIn>,
    responses((status = 200, description = "The offer", body = PlanOfferOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: the customer agreed to it; the plan can be cancelled")))]
pub async fn withdraw(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<PlanOfferOut>> {
    caller.may(Operation::WithdrawPlanOffer)?;
    let WithdrawOfferIn { reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let (_, offer) = plan_offers::withdraw(&app.store, &caller.0, &id, reason.as_deref(), app.clock.now()).await?;
    Ok(Json(shown(&offer)))
}

fn shown(offer: &PlanOffer) -> PlanOfferOut {
    let agreed = offer.status == domain::PlanOfferStatus::Agreed;
    PlanOfferOut {
        id: offer.id.as_str().to_owned(),
        invoices: offer.invoices.iter().map(|id| id.as_str().to_owned()).collect(),
        currency: offer.currency,
        amount_minor: offer.total_minor(),
        parts: offer.parts.iter().map(|part| OfferedPartOut { amount_minor: part.amount_minor, due_on: part.due_on }).collect(),
        valid_until: offer.valid_until,
        status: offer.status.as_str().to_owned(),
        status_at: offer.status_at,
        agreement: agreed.then(|| offer.agreement().as_str().to_owned()),
        by: offer.by.clone(),
        made_at: offer.made_at,
    }
}
