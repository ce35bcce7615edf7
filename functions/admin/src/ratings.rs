//! How easy customers said it was to settle something.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::Serialize;
use service::{Operation, ratings};
use store::CustomerRating;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Fail},
    app::App,
    caller::Caller,
    filters::{Filters, PageOfCustomer},
};

/// How easy a customer said it was to settle something.
#[derive(Serialize, ToSchema)]
pub struct RatingOut {
    /// The customer, `cus_…`.
    customer: String,
    /// What was settled: a basket (`pay_…`) that was paid in full, or a dispute (`agr_…`) that was decided.
    about: String,
    /// From 1, hard, to 5, easy.
    #[schema(minimum = 1, maximum = 5)]
    score: u8,
    /// In their own words, where they said something.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
    /// The portal link by which it was said, `lnk_…`.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// A page of a customer's ratings.
#[derive(Serialize, ToSchema)]
pub struct RatingsOut {
    /// The ratings, by what they are about.
    data: Vec<RatingOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// How easy a customer said it was to settle what it paid on its page, or disputed there. Nothing is decided by it.
#[utoipa::path(get, path = "/v1/ratings", tag = "notes", operation_id = "list_ratings", params(PageOfCustomer),
    responses((status = 200, description = "A page", body = RatingsOut), (status = 400, description = "bad-request"),
              (status = 404, description = "not-found")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(query): Filters<PageOfCustomer>,
) -> ApiResult<Json<RatingsOut>> {
    caller.may(Operation::ListRatings)?;
    let limit = Fail::unless_page_size(query.limit)?;
    let customer = query.customer.ok_or_else(|| Fail::bad_request("'customer' says whose ratings: a customer's id, `cus_…`"))?;
    let (customer, page) = ratings::list(&app.store, &caller.0, &customer, limit, query.cursor.as_deref()).await?;
    let data = page.ratings.into_iter().map(|rating| shown(customer.as_str(), rating)).collect();
    Ok(Json(RatingsOut { data, next: page.after, as_of: app.clock.now() }))
}

fn shown(customer: &str, rating: CustomerRating) -> RatingOut {
    let CustomerRating { about, score, words, by, at } = rating;
    RatingOut { customer: customer.to_owned(), about, score, words, by, at }
}
