//! Webhooks that came, what became of each, and one that tries a connection.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use connectors::{Bodies, Incoming, Secret};
use domain::{WebhookFate, calendar::tenant_zone};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::{
    Operation,
    tasks::kept_event,
    webhooks::{self, WebhooksAsked},
};
use store::{AppliedOutcome, Receipt, ReceivedWebhook};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Fail},
    app::App,
    caller::Caller,
    events,
    filters::Filters,
    tasks::TaskOut,
};

/// Which webhooks.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WebhooksQuery {
    /// Those of one source.
    source: Option<String>,
    /// Those of one day, UTC; without it, from now back.
    #[param(value_type = Option<String>, format = Date)]
    on: Option<String>,
    /// How many, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A webhook that came.
#[derive(Serialize, ToSchema)]
pub struct WebhookOut {
    /// Its id, `whk_…`.
    id: String,
    /// The connection that it came by.
    source: String,
    /// The sender's own id of the event, cut to 128 bytes; null for a document that was refused.
    event_id: Option<String>,
    /// When it first came.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `applied`; `stale`: all of it was known already; `noted`: the objects that it points at are read back; `parked`: it is kept for a
    /// person; `refused`: the document is wrong by itself, and nothing of it is kept.
    #[schema(value_type = String)]
    result: WebhookFate,
    /// How often it came again, and changed nothing.
    repeated: u64,
    /// The task that says why it is kept for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    /// Why it was refused; at most ten fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<WebhookFlaw>,
}

/// A field of a document that was refused.
#[derive(Serialize, ToSchema)]
pub struct WebhookFlaw {
    /// JSON pointer.
    pointer: String,
    /// What is wrong, and how to mend it.
    detail: String,
}

/// A page of webhooks.
#[derive(Serialize, ToSchema)]
pub struct WebhooksOut {
    /// The webhooks, newest first.
    data: Vec<WebhookOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// A webhook with what is kept of it.
#[derive(Serialize, ToSchema)]
pub struct WebhookKept {
    #[serde(flatten)]
    webhook: WebhookOut,
    /// Its body, while it is kept for a person: as JSON where it is JSON, else as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    body: Option<Value>,
}

/// What came of trying a connection with a webhook of Dunlin's own.
#[derive(Serialize, ToSchema)]
pub struct TestEventOut {
    /// The source.
    source: String,
    /// Whether the connection's own secret signs it so that it is believed.
    verified: bool,
    /// What would come of it: `applied`, `stale`, `ignored` or `refused`. Nothing was written.
    result: &'static str,
    /// Its body, about a customer that does not exist.
    #[schema(value_type = Object)]
    body: Value,
}

/// The webhooks that came, newest first, and what became of each. The list lags behind by moments. A webhook with a wrong signature is not
/// listed: whoever cannot sign leaves nothing. Receipts are kept for 35 days.
#[utoipa::path(get, path = "/v1/webhooks", tag = "connections", operation_id = "list_webhooks", params(WebhooksQuery),
    responses((status = 200, description = "A page", body = WebhooksOut),
              (status = 422, description = "invalid-cursor: the cursor is not one of this list, with these filters, of this tenant")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(asked): Filters<WebhooksQuery>,
) -> ApiResult<Json<WebhooksOut>> {
    caller.may(Operation::ListWebhooks)?;
    let WebhooksQuery { source, on, limit, cursor } = asked;
    let on = on.map(|text| text.parse::<Date>()).transpose();
    let on = on.map_err(|_| Fail::bad_request("'on' is a date, such as 2026-01-31"))?;
    let asked = WebhooksAsked { source, on, limit: Fail::unless_page_size(limit)?, cursor };
    let now = app.clock.now();
    let page = webhooks::list((&app.store, &app.vault), &caller.0, &asked, now).await?;
    Ok(Json(WebhooksOut { data: page.webhooks.into_iter().map(shown).collect(), next: page.after, as_of: now }))
}

/// A webhook that came, with its body while that is kept for a person.
#[utoipa::path(get, path = "/v1/webhooks/{id}", tag = "connections", operation_id = "show_webhook",
    params(("id" = String, Path, description = "`whk_…`")),
    responses((status = 200, description = "The webhook", body = WebhookKept),
              (status = 404, description = "not-found: no such webhook, or its receipt is no longer kept")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<WebhookKept>> {
    let found = webhooks::show(&app.store, &caller.0, Operation::ShowWebhook, &id).await?;
    let body = match &found.task {
        Some(task) => {
            let kept = kept_event(&app.store, &caller.0, Operation::ShowWebhook, task.as_str()).await?;
            Some(events::body_as_json(&app, &kept).await?)
        }
        None => None,
    };
    Ok(Json(WebhookKept { webhook: shown(found), body }))
}

/// Applies a webhook again that is kept for a person, and ends its task. What is older than what is known changes nothing.
#[utoipa::path(post, path = "/v1/webhooks/{id}/apply", tag = "connections", operation_id = "apply_webhook",
    params(("id" = String, Path, description = "`whk_…`")),
    responses((status = 200, description = "It was applied; the task, which is over now", body = TaskOut),
              (status = 404, description = "not-found: no such webhook, or it is no longer kept"),
              (status = 409, description = "not-possible: nothing of it is kept, or its task is over"),
              (status = 422, description = "invalid-document: it still cannot be taken, every flaw in errors; nothing of it was")))]
pub async fn apply(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<TaskOut>> {
    let task = webhooks::task_of(&app.store, &caller.0, Operation::ApplyWebhook, &id).await?;
    events::apply_of_task(&app, &caller, Operation::ApplyWebhook, task.as_str()).await
}

/// Tries a connection with a webhook of Dunlin's own: made in the vendor's form, signed with the connection's secret, checked and read as one
/// that came, about a customer that does not exist. Nothing is written, and nothing leaves.
#[utoipa::path(post, path = "/v1/connections/{source}/test_event", tag = "connections", operation_id = "test_event",
    params(("source" = String, Path, description = "As in GET /v1/sources")),
    responses((status = 200, description = "What would come of it", body = TestEventOut),
              (status = 404, description = "not-found: there is no such connection"),
              (status = 409, description = "not-possible: the source's webhooks are the app's; test asks the vendor")))]
pub async fn test_event(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(source): Path<String>,
) -> ApiResult<Json<TestEventOut>> {
    let tenant = caller.may(Operation::TestEvent)?;
    let none = || Fail::not_found("there is no such connection; GET /v1/connections lists those there are");
    let connector = connectors::by_source(&source).ok_or_else(none)?;
    let connection = app.vault.connection(tenant, connector.source()).await?.ok_or_else(none)?;
    let now = app.clock.now();
    let texts = connection.secrets.accepted(now).into_iter().filter_map(|bytes| std::str::from_utf8(bytes).ok());
    let secrets: Vec<Secret> = texts.map(Secret::new).collect();
    let event = secrets.first().and_then(|secret| connector.test_event(secret, now));
    let (Some(event), Bodies::Objects(objects)) = (event, connector.bodies()) else {
        return Err(Fail::not_possible(
            "the webhooks of this source are the app's and no tenant's; POST /v1/connections/{source}/test asks the vendor",
        ));
    };
    let incoming = Incoming { headers: &event.headers, body: &event.body, now };
    let verified = connector.verify(&incoming, &secrets).is_ok();
    let zone = tenant_zone(&app.settings(tenant).await?.value);
    let result = match objects.read(tenant, &zone, &incoming) {
        Err(_) => "refused",
        Ok(reading) if reading.documents.is_empty() => "ignored",
        Ok(reading) => {
            let receipt = Receipt { source: connector.source().to_owned(), event_id: reading.event_id };
            match app.store.would_apply(tenant, &receipt, &reading.documents, now).await?.outcome {
                AppliedOutcome::Applied => "applied",
                AppliedOutcome::Stale | AppliedOutcome::Duplicate => "stale",
            }
        }
    };
    let body = serde_json::from_slice(&event.body).unwrap_or_default();
    Ok(Json(TestEventOut { source: connector.source().to_owned(), verified, result, body }))
}

fn shown(found: ReceivedWebhook) -> WebhookOut {
    let ReceivedWebhook { id, source, event_id, at, fate, repeated, task, flaws } = found;
    let errors = flaws.into_iter().map(|(pointer, detail)| WebhookFlaw { pointer, detail }).collect();
    let task = task.map(|task| task.as_str().to_owned());
    WebhookOut { id, source, event_id, at, result: fate, repeated, task, errors }
}
