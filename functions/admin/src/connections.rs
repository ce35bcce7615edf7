//! Connections to outside systems, and the secrets that their webhooks are signed with.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use connectors::{Bodies, Connector, WebhookScope};
use domain::TenantId;
use jiff::{Timestamp, ToSpan};
use payments::PaymentProvider;
use reading::{Tokens, Wanted, connect::is_realm};
use serde::{Deserialize, Serialize};
use service::Operation;
use utoipa::ToSchema;

use crate::{
    accounting_connections::{self, HealthOut, not_connected},
    answer::{ApiResult, Fail, OptionalBody, Precondition, Tagged, read},
    app::App,
    caller::Caller,
    host::Host,
    payment_connections::{self, PaymentConnectionAsked, PaymentSourceOut},
};

/// How long the secret before is still accepted, in hours.
const OVERLAP_HOURS: u16 = 24;
const OVERLAP_HOURS_MAX: u16 = 30 * 24;

/// A kind of system that can be connected.
#[derive(Serialize, ToSchema)]
pub struct SourceOut {
    /// Its name in addresses and customers.
    source: String,
    /// `tenant`: a webhook address and secret of the tenant's own; `app`: one for the vendor's app.
    scope: &'static str,
    /// `objects`: webhooks carry the objects; `hints`: only their ids.
    bodies: &'static str,
    /// How long the vendor waits for an answer, in seconds.
    answer_within_s: u64,
    /// Where its webhooks go.
    webhook_path: String,
}

/// The kinds of systems that can be connected.
#[derive(Serialize, ToSchema)]
pub struct SourcesOut {
    sources: Vec<SourceOut>,
    /// Payment providers, which bring no invoices.
    payments: Vec<PaymentSourceOut>,
}

/// A connection. Its secret is shown only by the call that sets it.
#[derive(Serialize, ToSchema)]
pub struct ConnectionOut {
    /// The kind of system.
    source: String,
    /// Where its webhooks go.
    webhook_path: String,
    /// The same with the host.
    webhook_url: String,
    /// Until when the secret before the current one is still accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_until: Option<Timestamp>,
}

/// The tenant's connections.
#[derive(Serialize, ToSchema)]
pub struct ConnectionsOut {
    connections: Vec<ConnectionOut>,
}

/// What a connection is made with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionIn {
    /// For books that are read back: the company, with `tokens`.
    #[serde(default)]
    realm: Option<String>,
    /// For books that are read back: tokens that were got elsewhere; `authorize` gets them otherwise.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    tokens: Option<Tokens>,
    /// For books that are read back: what stands for the vendor's hosts, where the deployment allows stand-ins.
    #[serde(default)]
    base_url: Option<String>,
    /// The secret, where the vendor makes it; one is made otherwise.
    #[serde(default)]
    secret: Option<String>,
    /// For payment providers: what the provider shows, by the names that `payments` of `GET /v1/sources` lists.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    credentials: Option<BTreeMap<String, String>>,
    /// For payment providers: whether it is the provider's system for tests, where the credentials do not say so (PayPal).
    #[serde(default)]
    is_test: Option<bool>,
    /// How long the secret before is still accepted: 0 to 720 hours, 24 by default.
    #[serde(default)]
    overlap_hours: Option<u16>,
}

/// A connection with its new secret.
#[derive(Serialize, ToSchema)]
pub struct ConnectedOut {
    #[serde(flatten)]
    connection: ConnectionOut,
    /// Shown only in this answer. Books that are read back have none of the tenant's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// A connection by itself.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum ConnectionShownOut {
    /// To books that are read back: how they are.
    Books(Box<HealthOut>),
    /// To a payment provider.
    Payments(PaymentConnectionOut),
    /// By webhooks alone: where they go.
    Webhooks(WebhookConnectionOut),
}

/// A connection to a payment provider. Its credentials are shown to nobody.
#[derive(Serialize, ToSchema)]
pub struct PaymentConnectionOut {
    #[serde(flatten)]
    connection: ConnectionOut,
    /// Whether it is the provider's system for tests.
    is_test: bool,
    /// How can be paid by it.
    ways: Vec<String>,
}

/// A connection by webhooks that carry all there is to know. `GET /v1/webhooks` says what came, and what became of each.
#[derive(Serialize, ToSchema)]
pub struct WebhookConnectionOut {
    #[serde(flatten)]
    connection: ConnectionOut,
    /// As of when the source last said that its books were complete (`source.heartbeat`); absent where it never did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    confirmed_at: Option<Timestamp>,
}

/// Every kind of system that can be connected.
#[utoipa::path(get, path = "/v1/sources", tag = "connections", operation_id = "list_sources",
    responses((status = 200, description = "The registry of connectors", body = SourcesOut)))]
pub async fn sources(caller: Caller) -> ApiResult<Json<SourcesOut>> {
    let tenant = caller.may(Operation::ListSources)?;
    let sources = connectors::registry().iter().map(|connector| {
        let known = connector.capabilities();
        SourceOut {
            source: connector.source().to_owned(),
            scope: match known.scope {
                WebhookScope::Tenant => "tenant",
                WebhookScope::App => "app",
            },
            bodies: match connector.bodies() {
                Bodies::Objects(_) => "objects",
                Bodies::Hints(_) => "hints",
            },
            answer_within_s: known.answer_within.as_secs(),
            webhook_path: path(tenant, *connector),
        }
    });
    Ok(Json(SourcesOut { sources: sources.collect(), payments: payment_connections::sources(tenant) }))
}

/// The tenant's connections, without their secrets.
#[utoipa::path(get, path = "/v1/connections", tag = "connections", operation_id = "list_connections",
    responses((status = 200, description = "The connections", body = ConnectionsOut)))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller, host: Host) -> ApiResult<Json<ConnectionsOut>> {
    let tenant = caller.may(Operation::ListConnections)?;
    let now = app.clock.now();
    let mut connections = Vec::new();
    for source in app.vault.connections(tenant).await? {
        let provider = payment_connections::provider_of(&source);
        let of_provider = provider.map(|provider| payment_connections::webhook_path(tenant, provider));
        let path = connectors::by_source(&source).map(|connector| path(tenant, connector)).or(of_provider);
        let Some(path) = path else { continue };
        let known = app.vault.connection(tenant, &source).await?;
        let until = known.and_then(|known| known.secrets.previous).map(|(_, until)| until).filter(|until| *until >= now);
        connections.push(shown(&app, &host, source, path, until));
    }
    Ok(Json(ConnectionsOut { connections }))
}

/// One connection: how books are that are read back, or where the webhooks go of a source that sends all there is to know.
#[utoipa::path(get, path = "/v1/connections/{source}", tag = "connections", operation_id = "show_connection",
    params(("source" = String, Path, description = "As in GET /v1/sources")),
    responses((status = 200, description = "The connection; ETag is its revision, but of books that are read back", body = ConnectionShownOut),
              (status = 404, description = "not-found: it is not connected, or there is no such source")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, host: Host, Path(source): Path<String>) -> ApiResult<Response> {
    let tenant = caller.may(Operation::ShowConnection)?;
    if let Some(provider) = payment_connections::provider_of(&source) {
        let known = app.vault.connection(tenant, &source).await?.ok_or_else(not_connected)?;
        let now = app.clock.now();
        let until = known.secrets.previous.map(|(_, until)| until).filter(|until| *until >= now);
        let path = payment_connections::webhook_path(tenant, provider);
        let body = ConnectionShownOut::Payments(PaymentConnectionOut {
            connection: shown(&app, &host, source, path, until),
            is_test: payments::site_of(&known.config).is_test,
            ways: payment_connections::ways(provider),
        });
        return Ok(Tagged { rev: known.rev, body }.into_response());
    }
    let connector = connector_of(&source)?;
    if connectors::accounting_api_of(&source).is_some() {
        let health = accounting_connections::health_of(&app, tenant, source).await?;
        return Ok(Json(ConnectionShownOut::Books(Box::new(health))).into_response());
    }
    let known = app.vault.connection(tenant, &source).await?.ok_or_else(not_connected)?;
    let now = app.clock.now();
    let until = known.secrets.previous.map(|(_, until)| until).filter(|until| *until >= now);
    let confirmed_at = app.store.heard_at(tenant, &source).await?;
    let connection = shown(&app, &host, source, path(tenant, connector), until);
    let body = ConnectionShownOut::Webhooks(WebhookConnectionOut { connection, confirmed_at });
    Ok(Tagged { rev: known.rev, body }.into_response())
}

/// Makes a connection or rotates its secret. The secret is shown only in this answer; the one before is accepted for some time, so
/// that the other side can be changed without a gap. A payment provider (`pay-stripe`, `pay-paypal`, `pay-gocardless`) is connected with
/// `credentials`, all of them each time; those before stay good for webhooks for as long. Enter the answer's `webhook_url` at the provider.
#[utoipa::path(put, path = "/v1/connections/{source}", tag = "connections", operation_id = "put_connection",
    params(("source" = String, Path, description = "As in GET /v1/sources"),
           ("If-Match" = Option<String>, Header, description = "The ETag of an earlier answer: repeating the request then rotates only once"),
           ("If-None-Match" = Option<String>, Header, description = "`*`: only a connection that is new")),
    request_body(content = Option<ConnectionIn>, description = "May be left out"),
    responses((status = 200, description = "The connection; ETag is its revision", body = ConnectedOut),
              (status = 404, description = "not-found: no such source"),
              (status = 412, description = "stale-version")))]
pub async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    host: Host,
    Path(source): Path<String>,
    condition: Precondition,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Tagged<ConnectedOut>> {
    let tenant = caller.may(Operation::PutConnection)?;
    app.settings(tenant).await?;
    if let Some(provider) = payment_connections::provider_of(&source) {
        let given: ConnectionIn = read(body).map_err(|flaw| Fail::fields([flaw]))?;
        let app = caller.acts(&app, Operation::PutConnection, |entry| entry.of(&source));
        return with_credentials(&app, &host, tenant, provider, given, condition).await;
    }
    let connector = connector_of(&source)?;
    let given: ConnectionIn = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    if given.credentials.is_some() || given.is_test.is_some() {
        let detail = "credentials and is_test are those of payment providers, whose sources begin with 'pay-'; leave them out";
        return Err(Fail::fields([("/credentials".to_owned(), detail.to_owned())]));
    }
    let app = caller.acts(&app, Operation::PutConnection, |entry| entry.of(connector.source()));
    if let Bodies::Hints(_) = connector.bodies() {
        return with_tokens(&app, &host, tenant, connector, given).await;
    }
    let hours = given.overlap_hours.unwrap_or(OVERLAP_HOURS);
    check(connector, given.secret.as_deref(), hours)?;
    let before = app.vault.connection(tenant, connector.source()).await?;
    let rev = before.as_ref().map_or(0, |before| before.rev);
    condition.check(rev)?;
    let secret = match given.secret {
        Some(secret) => secret,
        None => connector.new_secret(random()?).ok_or_else(|| {
            Fail::fields([("/secret".to_owned(), "the vendor makes this secret; send the one that it shows".to_owned())])
        })?,
    };
    let now = app.clock.now();
    let overlap_until = (hours > 0).then(|| now.saturating_add(i64::from(hours).hours()).unwrap_or(now));
    let config = before.as_ref().map_or_else(|| serde_json::json!({}), |before| before.config.clone());
    let rev = app.vault.put_connection(tenant, connector.source(), secret.as_bytes(), &config, overlap_until, Some(rev)).await?;
    let known = app.vault.connection(tenant, connector.source()).await?;
    let until = known.and_then(|known| known.secrets.previous).map(|(_, until)| until);
    let connection = shown(&app, &host, connector.source().to_owned(), path(tenant, connector), until);
    Ok(Tagged { rev, body: ConnectedOut { connection, secret: Some(secret) } })
}

/// Connects a payment provider with what it shows.
async fn with_credentials(
    app: &App,
    host: &Host,
    tenant: &TenantId,
    provider: &dyn PaymentProvider,
    given: ConnectionIn,
    condition: Precondition,
) -> ApiResult<Tagged<ConnectedOut>> {
    let ConnectionIn { realm, tokens, base_url, secret, credentials, is_test, overlap_hours } = given;
    accounting_connections::check_base(app, base_url.as_deref())?;
    let mut flaws = Vec::new();
    for (name, is_there) in [("realm", realm.is_some()), ("tokens", tokens.is_some()), ("secret", secret.is_some())] {
        if is_there {
            flaws.push((format!("/{name}"), "a payment provider is connected with credentials; leave it out".to_owned()));
        }
    }
    let overlap_hours = overlap_hours.unwrap_or(OVERLAP_HOURS);
    flaws.extend(too_long(overlap_hours));
    let asked = PaymentConnectionAsked { credentials, is_test, base_url, overlap_hours };
    let put = payment_connections::put(app, tenant, provider, asked, flaws, condition).await?;
    let (source, path) = (provider.source().to_owned(), payment_connections::webhook_path(tenant, provider));
    let connection = shown(app, host, source, path, put.previous_until);
    Ok(Tagged { rev: put.rev, body: ConnectedOut { connection, secret: None } })
}

/// Connects books with tokens that were got elsewhere.
async fn with_tokens(
    app: &App,
    host: &Host,
    tenant: &TenantId,
    connector: &dyn Connector,
    given: ConnectionIn,
) -> ApiResult<Tagged<ConnectedOut>> {
    // Those of payment providers were refused before.
    let ConnectionIn { realm, tokens, base_url, secret, overlap_hours, credentials: _, is_test: _ } = given;
    accounting_connections::check_base(app, base_url.as_deref())?;
    let (Some(realm), Some(tokens), None, None) = (realm, tokens, secret, overlap_hours) else {
        let detail =
            "connect these books with POST /v1/connections/{source}/authorize, or give realm and tokens and nothing else";
        return Err(Fail::fields([("/tokens".to_owned(), detail.to_owned())]));
    };
    if !is_realm(&realm) {
        let detail = "is no company id: 1 to 64 letters, digits and hyphens, as the vendor shows it";
        return Err(Fail::fields([("/realm".to_owned(), detail.to_owned())]));
    }
    let source = connector.source();
    let wanted = Wanted {
        tenant,
        source,
        books: accounting_connections::accounting_api_of(source)?,
        realm: &realm,
        base: base_url.as_deref(),
    };
    wanted.before(&app.store).await?;
    // A company is taken only once the vendor says that the tokens open it.
    let now = app.clock.now();
    let tokens = accounting_connections::fresh(app, &wanted, tokens, now).await?;
    wanted.company(&app.web, &tokens).await.map_err(|error| {
        let said = format!("the vendor did not say with these tokens that they open company {realm}: {error}");
        accounting_connections::unanswered(&error, said)
    })?;
    wanted.connect(&app.store, &app.vault, &tokens, now).await?;
    let rev = app.vault.connection(tenant, connector.source()).await?.map_or(0, |held| held.rev);
    let connection = shown(app, host, source.to_owned(), path(tenant, connector), None);
    Ok(Tagged { rev, body: ConnectedOut { connection, secret: None } })
}

fn connector_of(source: &str) -> ApiResult<&'static dyn Connector> {
    let none = || Fail::not_found("there is no connector of this name; GET /v1/sources lists those there are");
    connectors::by_source(source).ok_or_else(none)
}

fn check(connector: &dyn Connector, secret: Option<&str>, hours: u16) -> ApiResult<()> {
    let mut flaws = Vec::from_iter(too_long(hours));
    match secret {
        Some(_) if connector.source() == "canonical" => {
            flaws
                .push(("/secret".to_owned(), "Dunlin makes this secret; leave it out and take the one in the answer".to_owned()));
        }
        Some(text) if !(16..=256).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            let detail = "a secret has 16 to 256 visible ASCII characters without spaces; copy it as the vendor shows it";
            flaws.push(("/secret".to_owned(), detail.to_owned()));
        }
        Some(_) | None => {}
    }
    if flaws.is_empty() { Ok(()) } else { Err(Fail::fields(flaws)) }
}

fn too_long(hours: u16) -> Option<(String, String)> {
    let detail = || format!("the overlap is 0 to {OVERLAP_HOURS_MAX} hours");
    (hours > OVERLAP_HOURS_MAX).then(|| ("/overlap_hours".to_owned(), detail()))
}

fn random() -> ApiResult<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Fail::changed_meanwhile("there is no randomness now; try again"))?;
    Ok(bytes)
}

fn path(tenant: &TenantId, connector: &dyn Connector) -> String {
    match connector.capabilities().scope {
        WebhookScope::Tenant => format!("/webhooks/{tenant}/{}", connector.source()),
        WebhookScope::App => format!("/webhooks/app/{}", connector.source()),
    }
}

fn shown(app: &App, host: &Host, source: String, webhook_path: String, until: Option<Timestamp>) -> ConnectionOut {
    let base = app.public(host);
    ConnectionOut { source, webhook_url: format!("{base}{webhook_path}"), webhook_path, previous_until: until }
}
