//! The control surface, `/_local/…`: the clock, faults, tokens, tenants, events, and what came of it all.

use std::sync::Arc;

use anyhow::Context;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Query, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Span, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    engine::{Moved, tick_after},
    faults::Fault,
    gateway, inbound, lock, notices, page, payments,
    problem::{problem, read},
    tenants,
    token::TokenIn,
    vendors,
    world::World,
};

/// Most bytes of what comes in from outside: a mail of the size that SES takes, as JSON writes it.
const INBOUND_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How often a move of the clock says how far it is.
const PROGRESS_EVERY: std::time::Duration = std::time::Duration::from_secs(3);

/// Everything that listens on the public address.
pub fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/_local", get(page::show))
        .route("/_local/", get(page::show))
        .route("/_local/outbox", get(outbox))
        .route("/_local/clock", post(clock).get(show_clock))
        .route("/_local/tenants", post(tenants::create))
        .route("/_local/token", post(token))
        .route("/_local/issuer/.well-known/openid-configuration", get(discovery))
        .route("/_local/issuer/keys", get(token_keys))
        .route("/_local/events", post(events))
        .route("/_local/faults", post(faults))
        .route("/_local/notices/{way}/{tenant}", post(notices::take))
        .route("/_local/inbound", post(inbound::take).layer(DefaultBodyLimit::max(INBOUND_BYTES_MAX)))
        .route("/_local/metrics", get(metrics))
        .route("/_local/baskets", get(payments::show))
        .route("/_local/baskets/{id}", post(payments::act))
        .route("/_local/vendors", get(vendors::show))
        .route("/_local/vendors/{source}/payments", post(vendors::pay))
        .fallback(gateway::handle)
        .with_state(world)
        .layer(middleware::from_fn(keep_strangers_out))
}

/// Refuses what a page of somebody else would have a browser ask the control surface: a name that was made to lead here, or another origin.
async fn keep_strangers_out(request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/_local") && is_strange(request.headers()) {
        let detail = "the control surface answers to 127.0.0.1 and localhost, and to no page of another origin";
        return problem(StatusCode::FORBIDDEN, "forbidden", detail);
    }
    next.run(request).await
}

/// Whether a request was made under another name than this machine's, or by a page of another origin.
fn is_strange(headers: &HeaderMap) -> bool {
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = header(http::header::HOST).is_some_and(|host| !is_here(host));
    let origin = header(http::header::ORIGIN).is_some_and(|origin| !origin.strip_prefix("http://").is_some_and(is_here));
    host || origin
}

/// Whether a host, with or without a port, is this machine by its own name.
fn is_here(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        Some(_) | None => (host, ""),
    };
    ["127.0.0.1", "localhost", "[::1]"].contains(&name) && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[derive(Deserialize)]
struct OutboxQuery {
    tenant: Option<String>,
    since: Option<u64>,
}

async fn outbox(State(world): State<Arc<World>>, Query(query): Query<OutboxQuery>) -> Response {
    let tenant = query.tenant.as_deref().filter(|tenant| !tenant.is_empty());
    Json(world.outbox.list(tenant, query.since.unwrap_or_default())).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockIn {
    to: Option<Timestamp>,
    advance: Option<Span>,
}

async fn clock(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let wish: ClockIn = match read(&body) {
        Ok(wish) => wish,
        Err(refusal) => return *refusal,
    };
    let moved = match (wish.to, wish.advance) {
        (Some(to), None) => with_progress(&world, world.move_to(to)).await,
        (None, Some(span)) => with_progress(&world, world.advance(span)).await,
        _ => Err("give either \"to\" (RFC 3339) or \"advance\" (ISO 8601)".to_owned()),
    };
    match moved {
        Ok(moved) => Json(moved).into_response(),
        Err(detail) => problem(StatusCode::UNPROCESSABLE_ENTITY, "clock", detail),
    }
}

/// Waits until the clock has moved. Says on standard error how far it is, for whoever waits longer than a few seconds.
async fn with_progress<T>(world: &World, moving: impl Future<Output = T>) -> T {
    let mut moving = std::pin::pin!(moving);
    loop {
        match tokio::time::timeout(PROGRESS_EVERY, moving.as_mut()).await {
            Ok(moved) => return moved,
            Err(_elapsed) => eprintln!("the clock shows {} and moves on", world.clock.now().strftime("%Y-%m-%d %H:%M UTC")),
        }
    }
}

async fn show_clock(State(world): State<Arc<World>>) -> Response {
    Json(json!({ "now": world.clock.now(), "frozen": world.clock.is_frozen() })).into_response()
}

impl World {
    /// Moves the clock on by a span of UTC time.
    ///
    /// # Errors
    ///
    /// When the span is negative or too long.
    pub async fn advance(&self, span: Span) -> Result<Moved, String> {
        self.clock.freeze();
        let start = self.clock.now().to_zoned(jiff::tz::TimeZone::UTC);
        let to = start.checked_add(span).map_err(|error| error.to_string())?;
        self.move_to(to.timestamp()).await
    }
}

async fn token(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let wish: TokenIn = match read(&body) {
        Ok(wish) => wish,
        Err(refusal) => return *refusal,
    };
    match world.issue_token(&wish) {
        Ok(token) => Json(json!({ "token": token })).into_response(),
        Err(error) => problem(StatusCode::UNPROCESSABLE_ENTITY, "token", format!("{error:#}")),
    }
}

async fn discovery(State(world): State<Arc<World>>) -> Response {
    Json(world.discovery()).into_response()
}

async fn token_keys(State(world): State<Arc<World>>) -> Response {
    Json(world.token_keys()).into_response()
}

async fn events(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let event: Value = match read(&body) {
        Ok(event) => event,
        Err(refusal) => return *refusal,
    };
    let given = event.as_array().cloned().unwrap_or_else(|| vec![event]);
    let mut ids = Vec::new();
    for event in &given {
        match put(&world, event) {
            Ok(id) => ids.push(id),
            Err(error) => return problem(StatusCode::UNPROCESSABLE_ENTITY, "event", format!("{error:#}")),
        }
    }
    world.engine.wake.notify_one();
    (StatusCode::ACCEPTED, Json(json!({ "ids": ids }))).into_response()
}

/// An event with its envelope as AWS would have sent it; what is missing is filled in.
fn put(world: &World, event: &Value) -> anyhow::Result<String> {
    let text = |key: &str| event.get(key).and_then(Value::as_str).with_context(|| format!("{key} is missing"));
    let (source, kind) = (text("source")?, text("detail-type")?);
    let detail = event.get("detail").filter(|detail| detail.is_object()).context("detail is missing or no object")?;
    let id = event.get("id").and_then(Value::as_str).map_or_else(|| world.new_id(), str::to_owned);
    let mut whole = json!({
        "version": "0",
        "id": id,
        "detail-type": kind,
        "source": source,
        "account": world.template.place.account,
        "time": world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": world.template.place.region,
        "resources": [],
        "detail": detail,
    });
    for key in ["time", "resources", "region", "account"] {
        if let Some(value) = event.get(key) {
            whole[key] = value.clone();
        }
    }
    world.route_event("default", &whole, 0);
    Ok(id)
}

async fn faults(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let fault: Fault = match read(&body) {
        Ok(fault) => fault,
        Err(refusal) => return *refusal,
    };
    match world.add_fault(fault) {
        Ok(()) => Json(json!({})).into_response(),
        Err(detail) => problem(StatusCode::UNPROCESSABLE_ENTITY, "fault", detail),
    }
}

impl World {
    /// Adds a fault, or clears its target.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it.
    pub fn add_fault(&self, fault: Fault) -> Result<(), String> {
        lock(&self.faults).add(fault, &|name| self.functions.contains_key(name))?;
        // Ticks that were passed over while their function was idle are past: a skip must not be used up on them.
        let last = self.clock.now() - SignedDuration::from_nanos(1);
        for (own, schedule) in lock(&self.engine.state).schedules.iter_mut().zip(&self.template.schedules) {
            own.next_at = own.next_at.max(tick_after(last, schedule.every_s));
        }
        Ok(())
    }
}

async fn metrics(State(world): State<Arc<World>>) -> Response {
    Json(lock(&world.metrics).clone()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_three_names() {
        for (host, expected) in [
            ("127.0.0.1:8787", true),
            ("127.0.0.1", true),
            ("localhost:8787", true),
            ("[::1]:8787", true),
            ("[::1]", true),
            ("evil.example", false),
            ("evil.example:8787", false),
            ("127.0.0.1.evil.example", false),
            ("localhost:80@evil.example", false),
            ("evil.example:localhost", false),
            ("", false),
        ] {
            assert_eq!(is_here(host), expected, "{host}");
        }
    }
}
