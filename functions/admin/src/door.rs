//! The one place where it is looked who calls: by an issuer's token, or by a machine's key.
//!
//! Everything below `/v1`, and what assistants ask, leads through here. A request without a token costs neither a read nor a write. A token that is not accepted is
//! answered with 401 and says why; whoever is let in is counted, and a request that is carried out once is looked for.

use std::sync::Arc;

use anyhow::Context;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::TenantId;
use jiff::Timestamp;
use service::{
    Actor,
    api_keys::{PREFIX, PresentedKey},
    entering::{Entered, enter, enter_machine},
    token::TokenRules,
};
use tower::ServiceExt;

use crate::{
    answer::{BODY_BYTES_MAX, Fail},
    app::App,
    caller::Entrant,
    calls::{Calls, CallsLeft},
    cors::Origins,
    host::Host,
    issuer::{Issuer, NotOpened},
    mcp,
    operations::Operations,
    protected_resource,
    repeats::{self, Before},
};

/// What the header is called by which a person names a tenant that they are a member of.
const TENANT: &str = "x-dunlin-tenant";
/// Calls a minute for each caller, where nothing else is said.
const CALLS_PER_MINUTE: u64 = 600;

/// The door, and what lies behind it.
pub struct Door {
    router: Router,
    operations: Operations,
    app: Arc<App>,
    issuer: Issuer,
    calls: Calls,
    origins: Origins,
}

impl Door {
    /// Reads `JWT_AUDIENCE`, `JWKS_URL` (may be empty: then the issuer's discovery says it), `CALLS_PER_MINUTE` (may be empty)
    /// and `CORS_ORIGINS` (may be empty: then no page of another origin reads an answer).
    ///
    /// # Errors
    ///
    /// When a variable is missing or does not read.
    pub fn new(router: Router, app: Arc<App>, env: &kit::Env) -> anyhow::Result<Self> {
        let audience = env.require("JWT_AUDIENCE").context("the admin API accepts tokens that are for it")?.to_owned();
        let rules = TokenRules { issuer: app.issuer.clone(), audience };
        let issuer = Issuer::new(rules, env.get("JWKS_URL").map(str::to_owned));
        let limit = match env.get("CALLS_PER_MINUTE") {
            Some(_) => env.parse("CALLS_PER_MINUTE")?,
            None => CALLS_PER_MINUTE,
        };
        let origins = Origins::read(env.get("CORS_ORIGINS").unwrap_or_default());
        Ok(Self { operations: Operations::new(router.clone()), router, app, issuer, calls: Calls::new(limit), origins })
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request) -> Response {
        let origin = self.origins.of(request.headers());
        if let Some(preflight) = origin.as_ref().and_then(|origin| origin.preflight(&request)) {
            return preflight;
        }
        let path = request.uri().path();
        let (is_guarded, is_of_assistants) = (path.starts_with("/v1/"), path == mcp::PATH);
        // A page that was lured to a name of this address would send one; programs send none.
        if is_of_assistants && origin.is_none() && request.headers().contains_key(header::ORIGIN) {
            let detail =
                "pages of this origin may not speak to assistants' tools; the parameter CorsOrigins names those that may";
            return Fail::forbidden(detail).into_response();
        }
        let host = request.extensions().get::<Host>().cloned().unwrap_or_default();
        let mut response = if is_guarded || is_of_assistants { self.guarded(request).await } else { self.pass(request).await };
        if is_of_assistants && response.status() == StatusCode::UNAUTHORIZED {
            protected_resource::name_metadata(&self.app, &host, response.headers_mut());
        }
        if let Some(origin) = origin {
            origin.allow(response.headers_mut());
        }
        response
    }

    async fn pass(&self, request: Request) -> Response {
        self.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }

    async fn guarded(&self, request: Request) -> Response {
        let (mut head, body) = request.into_parts();
        let (entrant, rate) = match self.let_in(&head.headers, self.app.clock.now()).await {
            Ok(found) => found,
            Err(refused) => return *refused,
        };
        let Entrant { entered, person } = entrant;
        let entered = match (entered, repeats::fresh_act()) {
            (Entered::As(actor), Some(act)) => Entered::As(actor.by_act(act)),
            (entered, _) => entered,
        };
        let actor = match &entered {
            Entered::As(actor) => Some(actor.clone()),
            Entered::Nowhere(_) => None,
        };
        let entrant = Entrant { entered, person };
        head.extensions.insert(entrant);
        head.extensions.insert(self.operations.clone());
        let mut response = match actor.filter(|_| head.method == Method::POST) {
            Some(actor) => self.at_most_once(actor, Request::from_parts(head, body)).await,
            None => self.pass(Request::from_parts(head, body)).await,
        };
        rate.say(response.headers_mut());
        response
    }

    /// Carries a request out once where it has a key for that.
    async fn at_most_once(&self, actor: Actor, request: Request) -> Response {
        let key = match repeats::key_of(request.headers()) {
            Ok(Some(key)) => key,
            Ok(None) => return self.pass(request).await,
            Err(fail) => return fail.into_response(),
        };
        let (mut head, body) = request.into_parts();
        let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else { return Fail::too_large().into_response() };
        let mark = match repeats::look(&self.app, &actor, &key, &head, &body).await {
            Ok(Before::New(mark)) => mark,
            Ok(Before::Answered(response)) => return response,
            Err(fail) => return fail.into_response(),
        };
        let role = actor.as_what();
        if let Some(entrant) = head.extensions.get_mut::<Entrant>() {
            entrant.entered = Entered::As(actor.only_once(mark.clone()));
        }
        let response = self.pass(Request::from_parts(head, Body::from(body))).await;
        repeats::keep(&self.app, &mark, role, response).await
    }

    /// Who calls, and how many calls they have left.
    async fn let_in(&self, headers: &HeaderMap, now: Timestamp) -> Result<(Entrant, CallsLeft), Box<Response>> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let given = text(header::AUTHORIZATION.as_str()).filter(|given| !given.is_empty());
        let given = given.ok_or_else(|| no_token("send the header Authorization: Bearer and a token, or a key of a machine"))?;
        let (scheme, token) = given.split_once(' ').unwrap_or((given, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(no_token("the header Authorization begins with Bearer"));
        }
        let (token, named) = (token.trim(), text(TENANT).filter(|named| !named.is_empty()));
        if token.starts_with(PREFIX) { self.machine(token, named, now).await } else { self.person(token, named, now).await }
    }

    async fn person(&self, token: &str, named: Option<&str>, now: Timestamp) -> Result<(Entrant, CallsLeft), Box<Response>> {
        let person = self.issuer.person(&self.app.web, token, now).await.map_err(|error| match error {
            NotOpened::Rejected(why) => rejected(&why.to_string()),
            NotOpened::NoKeys => {
                let detail = "the keys of the issuer of tokens cannot be fetched now; try again in a minute";
                Box::new(Fail::unavailable(detail).into_response())
            }
        })?;
        // Not for the tenant that they name: whether they are a member of it is not known yet.
        let rate = self.count(&TenantId::app(), &person.subject, now).await?;
        let entered = enter(&self.app.store, &person, named, now).await.map_err(failed)?;
        Ok((Entrant { entered, person: Some(person) }, rate))
    }

    async fn machine(&self, token: &str, named: Option<&str>, now: Timestamp) -> Result<(Entrant, CallsLeft), Box<Response>> {
        let unknown = || rejected("the key is unknown, revoked, or has another secret");
        let presented = PresentedKey::read(token).ok_or_else(unknown)?;
        let actor = enter_machine(&self.app.store, &presented, now).await.map_err(failed)?.ok_or_else(unknown)?;
        let rate = self.count(actor.tenant(), actor.by(), now).await?;
        let entered = match named {
            Some(named) if named != actor.tenant().as_str() => {
                Entered::Nowhere(format!("X-Dunlin-Tenant is {named}, and the key is one of the tenant {}", actor.tenant()))
            }
            Some(_) | None => Entered::As(actor),
        };
        Ok((Entrant { entered, person: None }, rate))
    }

    async fn count(&self, tenant: &TenantId, who: &str, now: Timestamp) -> Result<CallsLeft, Box<Response>> {
        let rate = self.calls.count(&self.app.store, tenant, who, now).await;
        if !rate.is_over {
            return Ok(rate);
        }
        let detail = format!("there are {} calls a minute for each caller; go on in {} seconds", rate.limit, rate.reset_s);
        let mut response = Fail::of(429, "too-many-requests", "Too many requests", detail).into_response();
        rate.say(response.headers_mut());
        Err(Box::new(response))
    }
}

fn failed(error: service::NotDone) -> Box<Response> {
    Box::new(Fail::from(error).into_response())
}

/// 401 for who sent no token: the scheme alone, as RFC 6750 says.
fn no_token(detail: &str) -> Box<Response> {
    unauthorized("Bearer realm=\"dunlin\"", detail)
}

/// 401 for a token that is not accepted, and why.
fn rejected(why: &str) -> Box<Response> {
    let said = format!("Bearer realm=\"dunlin\", error=\"invalid_token\", error_description=\"{why}\"");
    unauthorized(&said, &format!("{why}; docs/api.md says which tokens are accepted"))
}

fn unauthorized(said: &str, detail: &str) -> Box<Response> {
    let mut response = Fail::of(401, "unauthorized", "Unauthorized", detail).into_response();
    if let Ok(said) = HeaderValue::from_str(said) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, said);
    }
    Box::new(response)
}
