//! Takes accounting and payment webhooks in: `POST /webhooks/{tenant}/{source}`, and `POST /webhooks/app/{source}` where a vendor
//! has one address for the companies of all tenants and sends ids only.
//!
//! Success is answered only when what the request said is committed: receipt, effect and wake-up together, or an exception
//! that a person sees. Everything may run again: the sender's event id decides, and exceptions have derived ids.
//!
//! The order is that of cost: size, names, the connection's secret, signature, rate, then everything else. A tenant that does not exist,
//! one without the connection and a source that nobody knows are all answered with 404 before any signature is computed. Whoever cannot sign
//! costs two reads of one item, whatever the tenant stored. Whoever cannot sign, or sends again what was signed once, uses up nothing of a rate.

mod answer;
mod baskets;
mod documents;
mod hinted;
mod rate;
mod request;
mod secrets;

use std::time::Duration;

use answer::WebhookAnswer;
use connectors::{Bodies, Connector, Incoming, WebhookScope};
use domain::{TenantId, calendar::tenant_zone};
use kit::{Clients, Clock, Env, Problem};
use lambda_runtime::{Error, LambdaEvent};
use payments::PaymentProvider;
use rate::Rate;
use request::WebhookRequest;
use serde_json::Value;
use store::{Store, Vault};

/// Most bytes of a body, after transport encodings.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Most bytes of all headers, names and values.
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// The name in place of a tenant's where a vendor has one address for the companies of many.
const APP: &str = "app";
/// The source whose senders may ask what would come of a document.
const CANONICAL: &str = "canonical";
/// What trials are counted under: the address asks for one, and no signature is of the address.
const TRIALS: &str = "dry_run";
/// What is left of the vendor's patience for the answer to travel.
const MARGIN: Duration = Duration::from_secs(1);

/// The function.
pub struct Handler {
    store: Store,
    vault: Vault,
    bodies: documents::RejectedBodies,
    companies: hinted::Companies,
    rate: Rate,
    web: reading::Web,
    chains: baskets::CertificateChains,
    clock: Clock,
}

/// Where a request goes.
struct Route {
    tenant: TenantId,
    connector: &'static dyn Connector,
}

impl Handler {
    /// Builds the clients that it uses.
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn new(env: &Env, clients: &Clients, clock: Clock) -> anyhow::Result<Self> {
        let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), env.require("TABLE_NAME")?);
        let vault = Vault::new(aws_sdk_kms::Client::new(&clients.sdk), store.clone(), None);
        // Bucket names in paths, not in host names: the same request works against any endpoint.
        let s3 = aws_sdk_s3::config::Builder::from(&clients.sdk).force_path_style(true).build();
        let bodies = documents::RejectedBodies::new(aws_sdk_s3::Client::from_conf(s3), env.require("BUCKET_NAME")?);
        let web = reading::Web::default();
        Ok(Self {
            store,
            vault,
            bodies,
            companies: hinted::Companies::default(),
            rate: Rate::default(),
            web,
            chains: baskets::CertificateChains::default(),
            clock,
        })
    }

    /// Answers one request.
    ///
    /// # Errors
    ///
    /// When the answer cannot be written down, which cannot happen.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        let now = self.clock.now();
        let (source, answer) = match WebhookRequest::read(event.payload) {
            Ok(request) => {
                let connector = connectors::by_source(&request.source);
                let rules_of = |provider: &'static dyn PaymentProvider| Some((provider, provider.capabilities().webhooks?));
                let (provider, rules) = payments::by_source(&request.source).and_then(rules_of).unzip();
                let of_provider = rules.and_then(|rules| Duration::try_from(rules.answer_within).ok());
                let of_connector = connector.map(|connector| connector.capabilities().answer_within);
                let patience = of_connector.or(of_provider).unwrap_or(Duration::from_secs(10));
                let work = self.answer(&request, connector, provider);
                let answer = tokio::time::timeout(patience.saturating_sub(MARGIN), work).await.unwrap_or_else(|_| {
                    tracing::warn!(source = request.source, "a webhook was not taken in before its sender gives up");
                    WebhookAnswer::busy("the table did not answer in time")
                });
                let bare = request.tenant == APP && connector.is_some_and(|connector| connector.capabilities().bare_answers);
                (
                    connector
                        .map(|connector| connector.source())
                        .or(provider.map(|provider| provider.source()))
                        .unwrap_or("unknown"),
                    if bare { WebhookAnswer::Bare(Box::new(answer)) } else { answer },
                )
            }
            Err(problem) => ("unknown", WebhookAnswer::Refused(problem)),
        };
        kit::metrics::emit(now, &[("source", source), ("result", answer.word())], &[("webhooks", 1)]);
        Ok(serde_json::to_value(answer.into_response())?)
    }

    async fn answer(
        &self,
        request: &WebhookRequest,
        connector: Option<&'static dyn Connector>,
        provider: Option<&'static dyn PaymentProvider>,
    ) -> WebhookAnswer {
        let taken = match provider {
            Some(provider) => Box::pin(self.of_provider(request, provider)).await,
            None => self.take(request, connector).await,
        };
        match taken {
            Ok(answer) => answer,
            Err(error) => match error {
                store::Error::Conflict { .. } | store::Error::Throttled { .. } | store::Error::Unknown { .. } => {
                    let error = format!("{:#}", anyhow::Error::from(error));
                    tracing::warn!(source = request.source, error, "a webhook was not taken in; its sender tries again");
                    WebhookAnswer::busy("the table is busy")
                }
                store::Error::Refused { .. } | store::Error::Corrupt { .. } => {
                    tracing::error!(source = request.source, error = %error, "a webhook cannot be taken in until this is mended");
                    WebhookAnswer::broken()
                }
            },
        }
    }

    async fn take(&self, request: &WebhookRequest, connector: Option<&'static dyn Connector>) -> store::Result<WebhookAnswer> {
        if request.body.len() > BODY_BYTES_MAX {
            return Ok(WebhookAnswer::Refused(answer::too_large(BODY_BYTES_MAX)));
        }
        if request.header_bytes > HEADER_BYTES_MAX {
            return Ok(WebhookAnswer::Refused(answer::headers_too_large(HEADER_BYTES_MAX)));
        }
        if request.tenant == APP {
            return Box::pin(self.of_app(request, connector)).await;
        }
        let route = match route(&request.tenant, connector) {
            Ok(route) => route,
            Err(problem) => return Ok(WebhookAnswer::Refused(problem)),
        };
        let (now, source) = (self.clock.now(), route.connector.source());
        let Some(connection) = self.vault.connection(&route.tenant, source).await? else {
            let known = self.store.tenant(&route.tenant).await?;
            return Ok(WebhookAnswer::Refused(known.map_or_else(answer::unknown_tenant, |_| answer::unknown_source())));
        };
        let incoming = Incoming { headers: &request.headers, body: &request.body, now };
        if let Err(refused) = route.connector.verify(&incoming, &secrets::of_tenant(&connection, now)) {
            tracing::info!(tenant.id = %route.tenant, source, "a webhook's signature does not hold");
            return Ok(WebhookAnswer::Refused(answer::bad_signature(&refused)));
        }
        let Some(settings) = self.store.settings(&route.tenant).await? else {
            return Ok(WebhookAnswer::Refused(answer::unknown_tenant()));
        };
        let Bodies::Objects(objects) = route.connector.bodies() else {
            return Ok(WebhookAnswer::Refused(answer::unknown_source()));
        };
        let zone = tenant_zone(&settings.value);
        let is_trial = match request.is_trial() {
            // A vendor's own webhook that changes nothing would be a lost one.
            Ok(true) if source != CANONICAL => return Ok(WebhookAnswer::Refused(answer::no_trial())),
            Ok(is_trial) => is_trial,
            Err(problem) => return Ok(WebhookAnswer::Refused(problem)),
        };
        let counted = if is_trial { TRIALS } else { source };
        if let Some(limit) = settings.value.rate_per_minute
            && let Err(wait) = self.rate.room(&route.tenant, counted, limit, now)
        {
            return Ok(WebhookAnswer::TooMany { limit, wait });
        }
        if is_trial {
            self.rate.count(&route.tenant, counted, now);
        }
        let taken = match objects.read(&route.tenant, &zone, &incoming) {
            Ok(reading) if is_trial => {
                return Ok(WebhookAnswer::Tried(documents::look(&self.store, &route.tenant, source, reading, now).await?));
            }
            Ok(reading) => {
                self.vault.honour_erased(&route.tenant, &reading.documents, now).await?;
                documents::take(&self.store, &self.bodies, &route.tenant, source, &request.body, reading, now).await?
            }
            Err(rejected) if is_trial => return Ok(WebhookAnswer::Refused(answer::invalid(rejected))),
            Err(rejected) => {
                let flaws: Vec<_> = rejected.errors.iter().map(|flaw| (flaw.pointer.clone(), flaw.detail.clone())).collect();
                // Its sender is told so whether or not that can be noted.
                let noted = self.store.refused_webhook(&route.tenant, source, &request.body, &flaws, now).await;
                let is_new = noted.unwrap_or_else(|error| {
                    tracing::warn!(tenant.id = %route.tenant, source, error = %error, "a refused webhook was not noted");
                    true
                });
                if is_new {
                    self.rate.count(&route.tenant, counted, now);
                }
                return Ok(WebhookAnswer::Refused(answer::invalid(rejected)));
            }
        };
        if taken.outcome.is_new() {
            self.rate.count(&route.tenant, counted, now);
        }
        tracing::info!(tenant.id = %route.tenant, source, event.id = taken.event_id, result = taken.outcome.word(), "webhook taken in");
        Ok(WebhookAnswer::Taken(taken))
    }

    /// A webhook of a payment provider, in the same order: size, names, the connection's secret, signature, rate, then everything else.
    async fn of_provider(
        &self,
        request: &WebhookRequest,
        provider: &'static dyn PaymentProvider,
    ) -> store::Result<WebhookAnswer> {
        if request.body.len() > BODY_BYTES_MAX {
            return Ok(WebhookAnswer::Refused(answer::too_large(BODY_BYTES_MAX)));
        }
        if request.header_bytes > HEADER_BYTES_MAX {
            return Ok(WebhookAnswer::Refused(answer::headers_too_large(HEADER_BYTES_MAX)));
        }
        let Ok(tenant) = TenantId::parse(&request.tenant) else {
            return Ok(WebhookAnswer::Refused(answer::unknown_tenant()));
        };
        let source = provider.source();
        let now = self.clock.now();
        let Some(connection) = self.vault.connection(&tenant, source).await? else {
            let known = self.store.tenant(&tenant).await?;
            return Ok(WebhookAnswer::Refused(known.map_or_else(answer::unknown_tenant, |_| answer::unknown_source())));
        };
        let headers = baskets::headers(request.headers.all());
        let (headers, connection, body) = (&headers, &connection, request.body.as_slice());
        let delivery = baskets::PaymentDelivery { tenant: &tenant, provider, connection, headers, body, now };
        if let Err(not) = delivery.verify(&self.web, &self.chains).await {
            return not_taken(&tenant, source, not);
        }
        let Some(settings) = self.store.settings(&tenant).await? else {
            return Ok(WebhookAnswer::Refused(answer::unknown_tenant()));
        };
        if let Some(limit) = settings.value.rate_per_minute
            && let Err(wait) = self.rate.room(&tenant, source, limit, now)
        {
            return Ok(WebhookAnswer::TooMany { limit, wait });
        }
        match delivery.take(&self.store, &self.web, &settings.value).await {
            Ok(taken) => {
                if taken.outcome.is_new() {
                    self.rate.count(&tenant, source, now);
                }
                tracing::info!(tenant.id = %tenant, source, event.id = taken.event_id, result = taken.outcome.word(), "webhook taken in");
                Ok(WebhookAnswer::Taken(taken))
            }
            Err(not) => not_taken(&tenant, source, not),
        }
    }

    /// A webhook for the companies of many tenants. It is signed with the app's secret; each element finds its tenant.
    async fn of_app(&self, request: &WebhookRequest, connector: Option<&'static dyn Connector>) -> store::Result<WebhookAnswer> {
        let Some(connector) = connector.filter(|connector| connector.capabilities().scope == WebhookScope::App) else {
            return Ok(WebhookAnswer::Refused(answer::unknown_source()));
        };
        let Bodies::Hints(hints) = connector.bodies() else { return Ok(WebhookAnswer::Refused(answer::unknown_source())) };
        let (now, source, app) = (self.clock.now(), connector.source(), TenantId::app());
        let incoming = Incoming { headers: &request.headers, body: &request.body, now };
        let known = self.vault.connection(&app, source).await?;
        let Some(connection) = known else { return Ok(WebhookAnswer::Refused(answer::unknown_source())) };
        if let Err(refused) = connector.verify(&incoming, &secrets::of_app(&connection, now)) {
            tracing::info!(source, "a webhook's signature does not hold");
            return Ok(WebhookAnswer::Refused(answer::bad_signature(&refused)));
        }
        let hinted = match hints.hints(&incoming) {
            Ok(hinted) => hinted,
            Err(rejected) => {
                // The vendor would only send the same again, and in the end stop sending: a person sees it.
                let task = hinted::unreadable(source, &request.body, &rejected.errors);
                self.store.raise(&app, None, &task, now).await?;
                return Ok(WebhookAnswer::Taken(answer::Taken {
                    outcome: answer::WebhookOutcome::Parked,
                    event_id: String::new(),
                }));
            }
        };
        let empty = hinted.hints.is_empty() && hinted.unread.is_empty();
        let noted = self.companies.note(&self.store, source, &request.body, hinted, now).await?;
        tracing::info!(source, hints = noted.hints, unmapped = noted.unmapped, unread = noted.unread, "webhook taken in");
        let outcome = if noted.unmapped + noted.unread > 0 {
            answer::WebhookOutcome::Parked
        } else if noted.hints > 0 {
            answer::WebhookOutcome::Applied
        } else if empty {
            answer::WebhookOutcome::Ignored
        } else {
            answer::WebhookOutcome::Duplicate
        };
        Ok(WebhookAnswer::Taken(answer::Taken { outcome, event_id: String::new() }))
    }
}

/// What the sender of a delivery is told that is not taken.
fn not_taken(tenant: &TenantId, source: &str, not: baskets::PaymentNotTaken) -> store::Result<WebhookAnswer> {
    match not {
        baskets::PaymentNotTaken::NotBelieved(refused) => {
            tracing::info!(tenant.id = %tenant, source, "a webhook's signature does not hold");
            Ok(WebhookAnswer::Refused(answer::not_believed(&refused)))
        }
        baskets::PaymentNotTaken::Later(why) => {
            tracing::warn!(tenant.id = %tenant, source, why, "a webhook was not taken in; its sender tries again");
            Ok(WebhookAnswer::busy("what the event depends on cannot be had now"))
        }
        baskets::PaymentNotTaken::Store(error) => Err(error),
    }
}

/// Whose webhook it is, where the address names the tenant.
fn route(tenant: &str, connector: Option<&'static dyn Connector>) -> Result<Route, Problem> {
    let Some(connector) = connector else {
        return Err(if TenantId::parse(tenant).is_ok() { answer::unknown_source() } else { answer::unknown_tenant() });
    };
    match connector.capabilities().scope {
        WebhookScope::Tenant => {
            TenantId::parse(tenant).map(|tenant| Route { tenant, connector }).map_err(|_| answer::unknown_tenant())
        }
        WebhookScope::App => Err(answer::unknown_source()),
    }
}
