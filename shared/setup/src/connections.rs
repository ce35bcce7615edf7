//! Connections to outside systems: what is connected, the secrets that webhooks are signed with, and the end of a connection.

use std::collections::BTreeMap;

use connectors::{Bodies, Connector, WebhookScope};
use domain::TenantId;
use jiff::{Timestamp, ToSpan};
use reading::{Tokens, Wanted, connect::is_realm};
use service::{Actor, Done, NotDone, Operation};

use crate::{
    books::{self, BooksHealth, refused},
    desk::{ActingDesk, SetupDesk},
    payment_connections::{self, PaymentConnectionAsked, put_provider},
    settings,
};

/// How long the secret before is still accepted, in hours.
pub const OVERLAP_HOURS: u16 = 24;
/// The longest that it may be.
pub const OVERLAP_HOURS_MAX: u16 = 30 * 24;

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionFound {
    /// The kind of system.
    pub source: String,
    /// Where its webhooks go, below the address of the API.
    pub webhook_path: String,
    /// Until when the secret before the current one is still accepted.
    pub previous_until: Option<Timestamp>,
    /// Its revision.
    pub rev: u64,
}

/// A connection by itself.
#[derive(Clone, Debug)]
pub enum ConnectionDetails {
    /// To books that are read back: how they are.
    Books(Box<BooksHealth>),
    /// To a payment provider.
    Payments {
        /// The connection.
        connection: ConnectionFound,
        /// Whether it is the provider's system for tests.
        is_test: bool,
        /// How can be paid by it.
        ways: Vec<String>,
    },
    /// By webhooks alone.
    Webhooks {
        /// The connection.
        connection: ConnectionFound,
        /// As of when the source last said that its books were complete.
        confirmed_at: Option<Timestamp>,
    },
}

/// What a connection is made with.
#[derive(Default)]
pub struct ConnectionGiven {
    /// For books that are read back: the company, with `tokens`.
    pub realm: Option<String>,
    /// For books that are read back: tokens that were got elsewhere.
    pub tokens: Option<Tokens>,
    /// What stands for the vendor's hosts, where the deployment allows stand-ins.
    pub base_url: Option<String>,
    /// The secret, where the vendor makes it.
    pub secret: Option<String>,
    /// For payment providers: what the provider shows, by name.
    pub credentials: Option<BTreeMap<String, String>>,
    /// For payment providers: whether it is the provider's system for tests, where the credentials do not say so.
    pub is_test: Option<bool>,
    /// How long the secret before is still accepted, in hours; [`OVERLAP_HOURS`] where nothing is said.
    pub overlap_hours: Option<u16>,
}

/// A connection with its new secret.
pub struct ConnectionMade {
    /// The connection.
    pub connection: ConnectionFound,
    /// Shown only now; nothing where the tenant has none of its own.
    pub secret: Option<String>,
}

/// The connections, without their secrets.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], and those of KMS and of reading.
pub async fn list(desk: SetupDesk<'_>, actor: &Actor, now: Timestamp) -> Done<Vec<ConnectionFound>> {
    let tenant = actor.may(Operation::ListConnections)?;
    let mut found = Vec::new();
    for source in desk.vault.connections(tenant).await? {
        let Some(webhook_path) = webhook_path(tenant, &source) else { continue };
        let known = desk.vault.connection(tenant, &source).await?;
        let rev = known.as_ref().map_or(0, |known| known.rev);
        let until = known.and_then(|known| known.secrets.previous).map(|(_, until)| until);
        found.push(ConnectionFound { source, webhook_path, previous_until: until.filter(|until| *until >= now), rev });
    }
    Ok(found)
}

/// One connection.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] where it is not connected, or there is no such source; those of KMS and of reading.
pub async fn show(desk: SetupDesk<'_>, actor: &Actor, source: &str, now: Timestamp) -> Done<ConnectionDetails> {
    let tenant = actor.may(Operation::ShowConnection)?;
    if let Some(provider) = payment_connections::provider_of(source) {
        let known = desk.vault.connection(tenant, source).await?.ok_or_else(not_connected)?;
        let until = known.secrets.previous.map(|(_, until)| until).filter(|until| *until >= now);
        let connection = ConnectionFound {
            source: source.to_owned(),
            webhook_path: payment_connections::webhook_path(tenant, provider),
            previous_until: until,
            rev: known.rev,
        };
        let (is_test, ways) = (payments::site_of(&known.config).is_test, payment_connections::ways(provider));
        return Ok(ConnectionDetails::Payments { connection, is_test, ways });
    }
    let connector = connector_of(source)?;
    if connectors::accounting_api_of(source).is_some() {
        return Ok(ConnectionDetails::Books(Box::new(books::health_of(desk, tenant, source, now).await?)));
    }
    let known = desk.vault.connection(tenant, source).await?.ok_or_else(not_connected)?;
    let until = known.secrets.previous.map(|(_, until)| until).filter(|until| *until >= now);
    let confirmed_at = desk.store.heard_at(tenant, source).await?;
    let connection = ConnectionFound {
        source: source.to_owned(),
        webhook_path: path_of(tenant, connector),
        previous_until: until,
        rev: known.rev,
    };
    Ok(ConnectionDetails::Webhooks { connection, confirmed_at })
}

/// Makes a connection, or rotates its secret: the one before is accepted for some time.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] for the source or before the first settings, [`NotDone::Fields`], [`NotDone::Stale`],
/// [`NotDone::Conflict`] for what a vendor refuses; those of KMS and of the table.
pub async fn put(
    desk: SetupDesk<'_>,
    actor: &Actor,
    source: &str,
    given: ConnectionGiven,
    if_rev: Option<u64>,
    now: Timestamp,
) -> Done<ConnectionMade> {
    let tenant = actor.may(Operation::PutConnection)?;
    settings::stored(desk.store, tenant).await?;
    if let Some(provider) = payment_connections::provider_of(source) {
        let ConnectionGiven { realm, tokens, base_url, secret, credentials, is_test, overlap_hours } = given;
        books::check_base(desk, base_url.as_deref())?;
        let mut flaws = Vec::new();
        for (name, is_there) in [("realm", realm.is_some()), ("tokens", tokens.is_some()), ("secret", secret.is_some())] {
            if is_there {
                flaws.push((format!("/{name}"), "a payment provider is connected with credentials; leave it out".to_owned()));
            }
        }
        let overlap_hours = overlap_hours.unwrap_or(OVERLAP_HOURS);
        flaws.extend(too_long(overlap_hours));
        let asked = PaymentConnectionAsked { credentials: credentials.unwrap_or_default(), is_test, base_url, overlap_hours };
        let acting = desk.acting(actor.entry(Operation::PutConnection, now).of(source));
        let (rev, previous_until) = put_provider(&acting, tenant, provider, asked, flaws, (if_rev, now)).await?;
        let webhook_path = payment_connections::webhook_path(tenant, provider);
        let connection = ConnectionFound { source: source.to_owned(), webhook_path, previous_until, rev };
        return Ok(ConnectionMade { connection, secret: None });
    }
    let connector = connector_of(source)?;
    if given.credentials.is_some() || given.is_test.is_some() {
        let detail = "credentials and is_test are those of payment providers, whose sources begin with 'pay-'; leave them out";
        return Err(NotDone::field("/credentials", detail));
    }
    let acting = desk.acting(actor.entry(Operation::PutConnection, now).of(connector.source()));
    if let Bodies::Hints(_) = connector.bodies() {
        return with_tokens(desk, &acting, tenant, connector, given, now).await;
    }
    with_secret(&acting, tenant, connector, given, (if_rev, now)).await
}

async fn with_secret(
    acting: &ActingDesk,
    tenant: &TenantId,
    connector: &dyn Connector,
    given: ConnectionGiven,
    (if_rev, now): (Option<u64>, Timestamp),
) -> Done<ConnectionMade> {
    let hours = given.overlap_hours.unwrap_or(OVERLAP_HOURS);
    check(connector, given.secret.as_deref(), hours)?;
    let source = connector.source();
    let before = acting.vault.connection(tenant, source).await?;
    let rev = before.as_ref().map_or(0, |before| before.rev);
    if if_rev.is_some_and(|wanted| wanted != rev) {
        return Err(NotDone::Stale(rev));
    }
    let secret = match given.secret {
        Some(secret) => secret,
        None => connector
            .new_secret(random()?)
            .ok_or_else(|| NotDone::field("/secret", "the vendor makes this secret; send the one that it shows"))?,
    };
    let overlap_until = (hours > 0).then(|| now.saturating_add(i64::from(hours).hours()).unwrap_or(now));
    let config = before.as_ref().map_or_else(|| serde_json::json!({}), |before| before.config.clone());
    let rev = acting.vault.put_connection(tenant, source, secret.as_bytes(), &config, overlap_until, Some(rev)).await?;
    let known = acting.vault.connection(tenant, source).await?;
    let previous_until = known.and_then(|known| known.secrets.previous).map(|(_, until)| until);
    let webhook_path = path_of(tenant, connector);
    let connection = ConnectionFound { source: source.to_owned(), webhook_path, previous_until, rev };
    Ok(ConnectionMade { connection, secret: Some(secret) })
}

/// Connects books with tokens that were got elsewhere.
async fn with_tokens(
    desk: SetupDesk<'_>,
    acting: &ActingDesk,
    tenant: &TenantId,
    connector: &dyn Connector,
    given: ConnectionGiven,
    now: Timestamp,
) -> Done<ConnectionMade> {
    // Those of payment providers were refused before.
    let ConnectionGiven { realm, tokens, base_url, secret, overlap_hours, credentials: _, is_test: _ } = given;
    books::check_base(desk, base_url.as_deref())?;
    let (Some(realm), Some(tokens), None, None) = (realm, tokens, secret, overlap_hours) else {
        let detail =
            "connect these books with POST /v1/connections/{source}/authorize, or give realm and tokens and nothing else";
        return Err(NotDone::field("/tokens", detail));
    };
    if !is_realm(&realm) {
        let detail = "is no company id: 1 to 64 letters, digits and hyphens, as the vendor shows it";
        return Err(NotDone::field("/realm", detail));
    }
    let source = connector.source();
    let api = books::accounting_api_of(source)?;
    let wanted = Wanted { tenant, source, books: api, realm: &realm, base: base_url.as_deref() };
    wanted.before(&acting.store).await.map_err(refused)?;
    // A company is taken only once the vendor says that the tokens open it.
    let tokens = books::fresh(desk, &wanted, tokens, now).await?;
    wanted.company(desk.web, &tokens).await.map_err(|error| {
        let said = format!("the vendor did not say with these tokens that they open company {realm}: {error}");
        books::unanswered(&error, said)
    })?;
    wanted.connect(&acting.store, &acting.vault, &tokens, now).await.map_err(refused)?;
    let rev = acting.vault.connection(tenant, source).await?.map_or(0, |held| held.rev);
    let webhook_path = path_of(tenant, connector);
    let connection = ConnectionFound { source: source.to_owned(), webhook_path, previous_until: None, rev };
    Ok(ConnectionMade { connection, secret: None })
}

/// Ends a connection to books or to a payment provider. What was read stays.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] where it is not connected, or only sends webhooks; those of the table.
pub async fn end(desk: SetupDesk<'_>, actor: &Actor, source: &str, now: Timestamp) -> Done<()> {
    let tenant = actor.may(Operation::DeleteConnection)?;
    let acting = desk.acting(actor.entry(Operation::DeleteConnection, now).of(source));
    if payment_connections::provider_of(source).is_some() {
        desk.vault.connection(tenant, source).await?.ok_or_else(not_connected)?;
        acting.vault.delete_connection(tenant, source).await?;
        return Ok(());
    }
    books::accounting_api_of(source)?;
    books::progress_of(desk, tenant, source, now).await?;
    acting.store.close_books(tenant, source).await?;
    acting.vault.delete_connection(tenant, source).await?;
    Ok(())
}

/// Where the webhooks of a source go, below the address of the API; `None` for one that cannot be connected.
pub fn webhook_path(tenant: &TenantId, source: &str) -> Option<String> {
    let of_provider =
        || payment_connections::provider_of(source).map(|provider| payment_connections::webhook_path(tenant, provider));
    connectors::by_source(source).map(|connector| path_of(tenant, connector)).or_else(of_provider)
}

fn path_of(tenant: &TenantId, connector: &dyn Connector) -> String {
    match connector.capabilities().scope {
        WebhookScope::Tenant => format!("/webhooks/{tenant}/{}", connector.source()),
        WebhookScope::App => format!("/webhooks/app/{}", connector.source()),
    }
}

/// What is said of a source that nobody connected.
pub fn not_connected() -> NotDone {
    NotDone::NotFound("this source is not connected; PUT /v1/connections/{source} connects it".to_owned())
}

fn connector_of(source: &str) -> Done<&'static dyn Connector> {
    let none = "there is no connector of this name; GET /v1/sources lists those there are";
    connectors::by_source(source).ok_or_else(|| NotDone::NotFound(none.to_owned()))
}

fn check(connector: &dyn Connector, secret: Option<&str>, hours: u16) -> Done<()> {
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
    if flaws.is_empty() { Ok(()) } else { Err(NotDone::Fields(flaws)) }
}

fn too_long(hours: u16) -> Option<(String, String)> {
    let detail = || format!("the overlap is 0 to {OVERLAP_HOURS_MAX} hours");
    (hours > OVERLAP_HOURS_MAX).then(|| ("/overlap_hours".to_owned(), detail()))
}

fn random() -> Done<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NotDone::Changed("there is no randomness now; try again".to_owned()))?;
    Ok(bytes)
}
