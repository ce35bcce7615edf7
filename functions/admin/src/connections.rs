//! Connections to outside systems, and the secrets that their webhooks are signed with.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use connectors::{Bodies, WebhookScope};
use jiff::Timestamp;
use reading::Tokens;
use serde::{Deserialize, Serialize};
use service::Operation;
use setup::connections::{ConnectionDetails, ConnectionFound, ConnectionGiven, ConnectionMade, webhook_path};
use utoipa::ToSchema;

use crate::{
    accounting_connections::HealthOut,
    answer::{ApiResult, Fail, OptionalBody, Precondition, Tagged, read},
    app::App,
    caller::Caller,
    host::Host,
    payment_connections::{self, PaymentSourceOut},
};

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
            webhook_path: webhook_path(tenant, connector.source()).unwrap_or_default(),
        }
    });
    Ok(Json(SourcesOut { sources: sources.collect(), payments: payment_connections::sources(tenant) }))
}

/// The tenant's connections, without their secrets.
#[utoipa::path(get, path = "/v1/connections", tag = "connections", operation_id = "list_connections",
    responses((status = 200, description = "The connections", body = ConnectionsOut)))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller, host: Host) -> ApiResult<Json<ConnectionsOut>> {
    let found = setup::connections::list(app.setup(), &caller.0, app.clock.now()).await?;
    let connections = found.into_iter().map(|connection| shown(&app, &host, connection)).collect();
    Ok(Json(ConnectionsOut { connections }))
}

/// One connection: how books are that are read back, or where the webhooks go of a source that sends all there is to know.
#[utoipa::path(get, path = "/v1/connections/{source}", tag = "connections", operation_id = "show_connection",
    params(("source" = String, Path, description = "As in GET /v1/sources")),
    responses((status = 200, description = "The connection; ETag is its revision, but of books that are read back", body = ConnectionShownOut),
              (status = 404, description = "not-found: it is not connected, or there is no such source")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, host: Host, Path(source): Path<String>) -> ApiResult<Response> {
    Ok(match setup::connections::show(app.setup(), &caller.0, &source, app.clock.now()).await? {
        ConnectionDetails::Books(health) => Json(ConnectionShownOut::Books(Box::new(HealthOut::of(*health)))).into_response(),
        ConnectionDetails::Payments { connection, is_test, ways } => {
            let (rev, connection) = (connection.rev, shown(&app, &host, connection));
            let body = ConnectionShownOut::Payments(PaymentConnectionOut { connection, is_test, ways });
            Tagged { rev, body }.into_response()
        }
        ConnectionDetails::Webhooks { connection, confirmed_at } => {
            let (rev, connection) = (connection.rev, shown(&app, &host, connection));
            let body = ConnectionShownOut::Webhooks(WebhookConnectionOut { connection, confirmed_at });
            Tagged { rev, body }.into_response()
        }
    })
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
    caller.may(Operation::PutConnection)?;
    let given: ConnectionIn = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let ConnectionIn { realm, tokens, base_url, secret, credentials, is_test, overlap_hours } = given;
    let given = ConnectionGiven { realm, tokens, base_url, secret, credentials, is_test, overlap_hours };
    let made = setup::connections::put(app.setup(), &caller.0, &source, given, condition.rev, app.clock.now()).await?;
    let ConnectionMade { connection, secret } = made;
    let rev = connection.rev;
    Ok(Tagged { rev, body: ConnectedOut { connection: shown(&app, &host, connection), secret } })
}

fn shown(app: &App, host: &Host, found: ConnectionFound) -> ConnectionOut {
    let ConnectionFound { source, webhook_path, previous_until, rev: _ } = found;
    let webhook_url = format!("{}{webhook_path}", app.public(host));
    ConnectionOut { source, webhook_path, webhook_url, previous_until }
}
