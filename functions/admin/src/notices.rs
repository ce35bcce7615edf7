//! `GET /v1/notices`: how people of the tenant were told of work. `/v1/notice_channels`: where in Slack and Teams notices go.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{EffectStatus, NoticeKind, NoticeUrgency, NoticeWay};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    notices::{self, NoticesAsked},
};
use store::{KnownNotice, NoticeChannel, TaskNotice};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
    filters::Filters,
};

/// What notices are looked for by.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticesQuery {
    /// Those of one task, `tsk_…`.
    task: Option<String>,
    /// Those that stand so: `queued`, `calling`, `done`, `superseded`, `blocked`, `failed` or `unknown`.
    status: Option<String>,
    /// How many, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A notice to people of yours, by one way.
#[derive(Serialize, ToSchema)]
pub struct NoticeOut {
    /// Its id, `ntc_…`.
    id: String,
    /// The task that it tells of, `tsk_…`.
    task: String,
    /// Whose matter that is, `cus_…`; absent where it is no customer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    /// `raised`: there is work. `reminder`: work is overdue. `overdue`: somebody else is told of that.
    #[schema(value_type = String)]
    kind: NoticeKind,
    /// `urgent`, `soon` or `digest`.
    #[schema(value_type = String)]
    urgency: NoticeUrgency,
    /// Whom the step, the rule or the task names; absent where that is nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// `email`, `slack`, `teams` or `sns`.
    #[schema(value_type = String)]
    way: NoticeWay,
    /// Of an email, whose: the subject of their sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    /// How many days the task is late; 0 where it is not.
    days_late: u16,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// When it leaves, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    leaves_at: Option<Timestamp>,
    /// `queued`, `calling`, then `done`, `superseded`, `blocked`, `failed` or `unknown`.
    #[schema(value_type = String)]
    status: EffectStatus,
    /// Since when it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    status_at: Option<Timestamp>,
    /// Why it was not sent, or why nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// A page of notices.
#[derive(Serialize, ToSchema)]
pub struct NoticesOut {
    /// The notices of the last 90 days, newest first. It may be empty though there is a next page.
    data: Vec<NoticeOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// A channel that notices go to. Its address is never shown.
#[derive(Serialize, ToSchema)]
pub struct NoticeChannelOut {
    /// `slack` or `teams`.
    #[schema(value_type = String)]
    way: NoticeWay,
    /// When its address was entered.
    #[schema(value_type = String, format = DateTime)]
    entered_at: Timestamp,
    /// Who entered it.
    entered_by: String,
    /// How often in a row it refused what it was sent.
    failed: u32,
    /// Since when nothing is sent there any more: what was to go there goes by email. Entering an address begins anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    gone_at: Option<Timestamp>,
}

/// The channels that notices go to.
#[derive(Serialize, ToSchema)]
pub struct NoticeChannelsOut {
    /// The channels.
    data: Vec<NoticeChannelOut>,
    /// Always null: all are on one page.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// Where a channel is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticeChannelIn {
    /// Of Slack the address of an incoming webhook, of Teams that of the workflow "Post to a channel when a webhook request is received". It is kept
    /// sealed and never shown.
    url: String,
}

/// How people of yours were told of work in the last 90 days, and what became of it. What a notice says is not kept.
#[utoipa::path(get, path = "/v1/notices", tag = "tasks", operation_id = "list_notices", params(NoticesQuery),
    responses((status = 200, description = "A page", body = NoticesOut), (status = 400, description = "bad-request")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(query): Filters<NoticesQuery>,
) -> ApiResult<Json<NoticesOut>> {
    caller.may(Operation::ListNotices)?;
    let limit = Fail::unless_page_size(query.limit)?;
    let (task, status, cursor) = (query.task.as_deref(), query.status.as_deref(), query.cursor.as_deref());
    let now = app.clock.now();
    let page = notices::list(&app.store, &caller.0, NoticesAsked { task, status, limit, cursor }, now).await?;
    Ok(Json(NoticesOut { data: page.notices.into_iter().map(shown).collect(), next: page.next, as_of: now }))
}

/// The channels of Slack and Teams that notices go to, without their addresses.
#[utoipa::path(get, path = "/v1/notice_channels", tag = "tasks", operation_id = "list_notice_channels",
    responses((status = 200, description = "The channels", body = NoticeChannelsOut)))]
pub async fn channels(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<NoticeChannelsOut>> {
    let found = notices::channels(&app.store, &caller.0).await?;
    Ok(Json(NoticeChannelsOut { data: found.into_iter().map(channel).collect(), next: None, as_of: app.clock.now() }))
}

/// Enters the address of a channel, in place of the one before.
#[utoipa::path(put, path = "/v1/notice_channels/{way}", tag = "tasks", operation_id = "put_notice_channel",
    params(("way" = String, Path, description = "`slack` or `teams`")),
    request_body = NoticeChannelIn,
    responses((status = 200, description = "The channel, without its address", body = NoticeChannelOut),
              (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found: no such way, or the tenant has no settings yet"),
              (status = 409, description = "changed-meanwhile")))]
pub async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(way): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<NoticeChannelOut>> {
    let tenant = caller.may(Operation::PutNoticeChannel)?;
    app.settings(tenant).await?;
    let NoticeChannelIn { url } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let now = app.clock.now();
    let entered = notices::enter_channel(&app.store, &app.vault, &caller.0, (&way, &url), app.stand_ins, now).await?;
    Ok(Json(channel(entered)))
}

/// Takes a channel away: what was to go there goes by email.
#[utoipa::path(delete, path = "/v1/notice_channels/{way}", tag = "tasks", operation_id = "delete_notice_channel",
    params(("way" = String, Path, description = "`slack` or `teams`")),
    responses((status = 200, description = "The channel as it was", body = NoticeChannelOut), (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile")))]
pub async fn delete(State(app): State<Arc<App>>, caller: Caller, Path(way): Path<String>) -> ApiResult<Json<NoticeChannelOut>> {
    Ok(Json(channel(notices::delete_channel(&app.store, &caller.0, &way, app.clock.now()).await?)))
}

fn shown(known: KnownNotice) -> NoticeOut {
    let KnownNotice { notice, status, status_at, why, leaves_at, .. } = known;
    let TaskNotice { id, task, customer, kind, urgency, to, way, person, days_late, of_step: _, made_at } = notice;
    NoticeOut {
        id: id.to_string(),
        task: task.to_string(),
        customer: customer.map(|customer| customer.to_string()),
        kind,
        urgency,
        to,
        way,
        person,
        days_late,
        made_at,
        leaves_at,
        status,
        status_at,
        why,
    }
}

fn channel(known: NoticeChannel) -> NoticeChannelOut {
    let NoticeChannel { way, entered_at, entered_by, failed, gone_at, .. } = known;
    NoticeChannelOut { way, entered_at, entered_by, failed, gone_at }
}
