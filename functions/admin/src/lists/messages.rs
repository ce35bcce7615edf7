//! `GET /v1/messages`: messages of a day; and one by its id.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{Channel, Currency, MessageStatus, Mode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::lists::messages::{self, MessageRow, MessagesAsked};
use utoipa::{IntoParams, ToSchema};

use super::NamedCustomerOut;
use crate::{answer::ApiResult, app::App, caller::Caller, filters::Filters};

/// Which messages.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// `decided_at`; `-decided_at` from its end.
    sort: Option<String>,
    /// The day (UTC) on which they were decided; today where it is left out.
    #[param(value_type = Option<String>, format = Date)]
    day: Option<String>,
    /// Those that stand so, such as `sent`, `delivered` or `failed`.
    status: Option<String>,
    /// Those that stand for this step.
    step: Option<String>,
    /// Those on this channel.
    channel: Option<String>,
    /// Those of one customer, `cus_…`.
    customer: Option<String>,
    /// How many are looked at, 1 to 100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next` of the page before, with everything else as it was.
    cursor: Option<String>,
}

/// A message.
#[derive(Serialize, ToSchema)]
pub struct MessageOut {
    /// Its id: `GET /v1/messages/{id}`.
    id: String,
    /// Whose.
    customer: NamedCustomerOut,
    /// `queued` until its sender is done with it, then what became of it, and then the loudest word of its provider.
    #[schema(value_type = String)]
    status: MessageStatus,
    /// The ledger that it was decided in: `live` or `shadow`.
    #[schema(value_type = String)]
    mode: Mode,
    /// The case's currency, where its record says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// The channel.
    #[schema(value_type = String)]
    channel: Channel,
    /// The contact's id in the source.
    contact: String,
    /// The template.
    template: String,
    /// The steps that it stands for, at most five.
    steps: Vec<String>,
    /// The number of the decision: the customer's records tell why.
    decision: u64,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    decided_at: Timestamp,
}

/// A page of messages.
#[derive(Serialize, ToSchema)]
pub struct MessagesOut {
    /// The messages.
    data: Vec<MessageOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// The messages of a day in the order in which they were decided, a page at a time. What a filter does not want of a page is left out of it, so a
/// page may be short, or empty, though `next` is there.
#[utoipa::path(get, path = "/v1/messages", tag = "messages", operation_id = "list_messages", params(MessagesQuery),
    responses((status = 200, description = "A page; it may be empty though `next` is there", body = MessagesOut),
              (status = 422, description = "invalid-cursor: the cursor is not one of this list, with these filters, of this tenant")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(query): Filters<MessagesQuery>,
) -> ApiResult<Json<MessagesOut>> {
    let MessagesQuery { sort, day, status, step, channel, customer, limit, cursor } = query;
    let asked = MessagesAsked { sort, day, status, step, channel, customer };
    let now = app.clock.now();
    let found = messages::list(super::reading(&app), &caller.0, &asked, &super::page(limit, cursor), now).await?;
    Ok(Json(MessagesOut { data: found.rows.into_iter().map(shown).collect(), next: found.next, as_of: now }))
}

/// One message.
#[utoipa::path(get, path = "/v1/messages/{id}", tag = "messages", operation_id = "show_message",
    params(("id" = String, Path, description = "`msg_…`")),
    responses((status = 200, description = "The message", body = MessageOut), (status = 404, description = "not-found")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<MessageOut>> {
    Ok(Json(shown(messages::show(super::reading(&app), &caller.0, &id).await?)))
}

fn shown((line, name): MessageRow) -> MessageOut {
    MessageOut {
        id: line.message.as_str().to_owned(),
        customer: NamedCustomerOut::of(&line.customer, name),
        status: line.status,
        mode: line.mode,
        currency: line.currency,
        channel: line.channel,
        contact: line.contact,
        template: line.template,
        steps: line.steps,
        decision: line.number,
        decided_at: line.decided_at,
    }
}
