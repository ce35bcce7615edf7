//! The daily record.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use service::health::{DAYS_MAX, DailyHealth, daily};
use store::{DailyRecord, SelfTested};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Fail},
    app::App,
    caller::Caller,
    filters::Filters,
};

/// How many days.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DailyAsked {
    /// How many of the last days, 1 to 90; 7 by default.
    #[param(minimum = 1, maximum = 90)]
    days: Option<u32>,
}

/// The daily records.
#[derive(Serialize, ToSchema)]
pub struct DailyHealthOut {
    /// `good`; `silent`: no record came for more than 26 hours; `failing`: in the last one the gate gave a wrong answer, or a chain is broken.
    status: &'static str,
    /// The records, newest first.
    data: Vec<DayOut>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// The record of a day.
#[derive(Serialize, ToSchema)]
pub struct DayOut {
    /// The day (UTC) on which it was written; what is counted of messages is of the day before.
    #[schema(value_type = String, format = Date)]
    on: Date,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Messages that were decided on the day before, in the tenant's zone.
    decided: u32,
    /// The messages of the day before (UTC), by how they stand.
    #[schema(value_type = Object)]
    messages: BTreeMap<String, u64>,
    /// Whether all of them were counted.
    is_whole: bool,
    /// Chains of records and of the audit that were followed.
    chains_checked: u64,
    /// Those that are not as they were written.
    chains_broken: u64,
    /// Documents that are deleted because their time to be kept is over.
    retired: u64,
    /// Erased people whose keys were deleted again.
    forgotten: u64,
    /// What the gate answered to its self-test.
    self_test: Vec<SelfTestOut>,
}

/// A question of the self-test.
#[derive(Serialize, ToSchema)]
pub struct SelfTestOut {
    /// What must be so.
    name: String,
    /// Whether it was.
    passed: bool,
    /// What was found, where that was wrong.
    #[serde(skip_serializing_if = "String::is_empty")]
    found: String,
}

/// That the tenant is looked after each day: what was counted, whether records and audit are as they were written, and what the gate answered
/// to its self-test (a paid invoice is not chased, 20:30 waits, an opt-out holds).
#[utoipa::path(get, path = "/v1/health/daily", tag = "health", operation_id = "show_daily_health", params(DailyAsked),
    responses((status = 200, description = "The records of the last days", body = DailyHealthOut)))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(asked): Filters<DailyAsked>,
) -> ApiResult<Json<DailyHealthOut>> {
    let days = asked.days.unwrap_or(7);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Fail::bad_request(format!("'days' is 1 to {DAYS_MAX}")));
    }
    let now = app.clock.now();
    let DailyHealth { status, days } = daily(&app.store, &caller.0, days, now).await?;
    Ok(Json(DailyHealthOut { status, data: days.into_iter().map(day).collect(), as_of: now }))
}

fn day(record: DailyRecord) -> DayOut {
    let DailyRecord { on, at, counts, self_test } = record;
    let tested = |SelfTested { name, passed, found }: SelfTested| SelfTestOut { name, passed, found };
    DayOut {
        on,
        at,
        decided: counts.decided,
        messages: counts.messages,
        is_whole: counts.is_whole,
        chains_checked: counts.chains_checked,
        chains_broken: counts.chains_broken,
        retired: counts.retired,
        forgotten: counts.forgotten,
        self_test: self_test.into_iter().map(tested).collect(),
    }
}
