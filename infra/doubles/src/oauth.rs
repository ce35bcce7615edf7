//! Who may read what: the vendors' authorisation servers.

use std::{collections::HashMap, sync::Mutex};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    App, Clock, ids,
    lock::lock,
    web::{self, Parameters},
};

const CODE_LASTS: SignedDuration = SignedDuration::from_mins(5);

/// Tokens of a company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// What opens the API.
    pub access_token: String,
    /// What renews it; single use.
    pub refresh_token: String,
    /// When the access token ends.
    pub expires_at: Timestamp,
}

/// How vendors differ.
pub struct Rules {
    pub vendor: &'static str,
    pub access_lasts: SignedDuration,
    pub refresh_lasts: SignedDuration,
    /// How long a refresh token that was used may be used again, if the answer was lost.
    pub grace: SignedDuration,
    /// A scope without which no one is let in.
    pub scope: &'static str,
    /// The scope without which there is no refresh token.
    pub offline_scope: Option<&'static str>,
    /// Whether the callback names the company.
    pub callback_names_realm: bool,
    /// What the token endpoint answers to a client that it does not know.
    pub bad_client: StatusCode,
}

/// Why a token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// There is none, or nobody knows it.
    Unknown,
    /// It ended then.
    Expired(Timestamp),
    /// It is another company's.
    Elsewhere,
}

pub struct OAuth {
    rules: Rules,
    app: App,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    consent: Vec<String>,
    serial: u64,
    refreshes: u64,
    codes: HashMap<String, Code>,
    grants: Vec<Grant>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
}

struct Code {
    grant: usize,
    redirect_uri: String,
    challenge: Option<String>,
    until: Timestamp,
}

struct Grant {
    realms: Vec<String>,
    scope: String,
}

struct Access {
    grant: usize,
    until: Timestamp,
}

struct Refresh {
    grant: usize,
    until: Timestamp,
    used_at: Option<Timestamp>,
}

impl OAuth {
    pub fn new(rules: Rules, app: App, clock: Clock) -> Self {
        Self { rules, app, clock, state: Mutex::default() }
    }

    pub fn refreshes(&self) -> u64 {
        lock(&self.state).refreshes
    }

    pub fn consent(&self, realms: &[&str]) {
        lock(&self.state).consent = realms.iter().map(|realm| (*realm).to_owned()).collect();
    }

    pub fn issue(&self, realm: &str, more: Option<&str>) -> Tokens {
        let mut state = lock(&self.state);
        let scope = [Some(self.rules.scope), self.rules.offline_scope, more].into_iter().flatten().collect::<Vec<_>>().join(" ");
        state.grants.push(Grant { realms: vec![realm.to_owned()], scope });
        let grant = state.grants.len() - 1;
        self.mint(&mut state, grant)
    }

    pub fn revoke(&self, realm: &str) {
        for grant in &mut lock(&self.state).grants {
            grant.realms.retain(|one| one != realm);
        }
    }

    /// The companies that a token opens.
    pub fn realms(&self, bearer: Option<&str>) -> Result<Vec<String>, Denied> {
        let state = lock(&self.state);
        let token = bearer.and_then(|value| value.strip_prefix("Bearer "));
        let access = token.and_then(|token| state.access.get(token)).ok_or(Denied::Unknown)?;
        let realms = &state.grants[access.grant].realms;
        match (self.clock)() {
            _ if realms.is_empty() => Err(Denied::Unknown),
            now if now >= access.until => Err(Denied::Expired(access.until)),
            _ => Ok(realms.clone()),
        }
    }

    /// Whether whoever agreed to a token agreed to this too.
    pub fn has_scope(&self, bearer: Option<&str>, scope: &str) -> bool {
        let state = lock(&self.state);
        let access = bearer.and_then(|value| value.strip_prefix("Bearer ")).and_then(|token| state.access.get(token));
        access.is_some_and(|access| state.grants[access.grant].scope.split(' ').any(|one| one == scope))
    }

    /// Whether a token opens a company.
    pub fn check(&self, bearer: Option<&str>, realm: &str) -> Result<(), Denied> {
        let realms = self.realms(bearer)?;
        if realms.iter().any(|one| one == realm) { Ok(()) } else { Err(Denied::Elsewhere) }
    }

    /// Sends the browser back with a code, as if its owner had agreed at once.
    pub fn authorise(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let said = Parameters::of_address(request);
        let bad = |detail: &str| web::answer(StatusCode::BAD_REQUEST, "text/html; charset=utf-8", detail.to_owned());
        let scope = said.get("scope").unwrap_or_default();
        let Some(redirect_uri) = said.get("redirect_uri") else { return bad("redirect_uri is missing") };
        if said.get("client_id") != Some(&self.app.client_id) || said.get("response_type") != Some("code") {
            return bad("unknown client_id, or a response_type other than code");
        }
        if !scope.split(' ').any(|one| one == self.rules.scope) {
            return bad("invalid_scope");
        }
        if said.get("code_challenge").is_some() && said.get("code_challenge_method") != Some("S256") {
            return bad("code_challenge_method must be S256");
        }
        let mut state = lock(&self.state);
        let named: Vec<String> = said.all("company").map(str::to_owned).collect();
        let realms = if named.is_empty() { state.consent.clone() } else { named };
        let mut back = form_urlencoded::Serializer::new(String::new());
        match realms.first() {
            None => {
                back.append_pair("error", "access_denied");
            }
            Some(first) => {
                let code = self.token(&mut state, "code");
                back.append_pair("code", &code);
                if self.rules.callback_names_realm {
                    back.append_pair("realmId", first);
                }
                state.grants.push(Grant { realms: realms.clone(), scope: scope.to_owned() });
                let grant = state.grants.len() - 1;
                let challenge = said.get("code_challenge").map(str::to_owned);
                let until = (self.clock)() + CODE_LASTS;
                state.codes.insert(code, Code { grant, redirect_uri: redirect_uri.to_owned(), challenge, until });
            }
        }
        if let Some(state) = said.get("state") {
            back.append_pair("state", state);
        }
        let separator = if redirect_uri.contains('?') { '&' } else { '?' };
        web::redirect(&format!("{redirect_uri}{separator}{}", back.finish()))
    }

    /// Exchanges a code or a refresh token.
    pub fn exchange(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let expected = format!("Basic {}", STANDARD.encode(format!("{}:{}", self.app.client_id, self.app.client_secret)));
        if web::header(request, "authorization") != Some(expected.as_str()) {
            return web::json(self.rules.bad_client, &json!({ "error": "invalid_client" }));
        }
        let said = Parameters::of(request.body());
        let mut state = lock(&self.state);
        let granted = match said.get("grant_type") {
            Some("authorization_code") => self.by_code(&mut state, &said),
            Some("refresh_token") => self.by_refresh(&mut state, said.get("refresh_token").unwrap_or_default()),
            _ => Err("unsupported_grant_type"),
        };
        match granted {
            Ok(grant) => {
                let tokens = self.mint(&mut state, grant);
                web::json(StatusCode::OK, &self.written(&state.grants[grant], &tokens))
            }
            Err(error) => web::json(StatusCode::BAD_REQUEST, &json!({ "error": error })),
        }
    }

    fn by_code(&self, state: &mut State, said: &Parameters) -> Result<usize, &'static str> {
        // A code is used up even by an exchange that fails.
        let code = state.codes.remove(said.get("code").unwrap_or_default()).ok_or("invalid_grant")?;
        let verified = match (&code.challenge, said.get("code_verifier")) {
            (None, _) => true,
            (Some(challenge), verifier) => verifier.is_some_and(|verifier| ids::challenge(verifier) == *challenge),
        };
        let right = verified && said.get("redirect_uri") == Some(&code.redirect_uri) && (self.clock)() < code.until;
        if right { Ok(code.grant) } else { Err("invalid_grant") }
    }

    fn by_refresh(&self, state: &mut State, token: &str) -> Result<usize, &'static str> {
        let now = (self.clock)();
        let refresh = state.refresh.get_mut(token).ok_or("invalid_grant")?;
        let usable = refresh.used_at.is_none_or(|used_at| now.duration_since(used_at) < self.rules.grace);
        if !usable || now >= refresh.until || state.grants[refresh.grant].realms.is_empty() {
            return Err("invalid_grant");
        }
        refresh.used_at.get_or_insert(now);
        state.refreshes += 1;
        Ok(refresh.grant)
    }

    fn token(&self, state: &mut State, kind: &str) -> String {
        state.serial += 1;
        ids::token(&[self.rules.vendor, kind, &state.serial.to_string()])
    }

    fn mint(&self, state: &mut State, grant: usize) -> Tokens {
        let now = (self.clock)();
        let (access_token, refresh_token) = (self.token(state, "access"), self.token(state, "refresh"));
        let expires_at = now + self.rules.access_lasts;
        state.access.insert(access_token.clone(), Access { grant, until: expires_at });
        let refresh = Refresh { grant, until: now + self.rules.refresh_lasts, used_at: None };
        state.refresh.insert(refresh_token.clone(), refresh);
        Tokens { access_token, refresh_token, expires_at }
    }

    fn written(&self, grant: &Grant, tokens: &Tokens) -> Value {
        let expires_in = self.rules.access_lasts.as_secs();
        let mut written = json!({ "access_token": tokens.access_token, "expires_in": expires_in });
        match self.rules.offline_scope {
            None => {
                written["token_type"] = json!("bearer");
                written["refresh_token"] = json!(tokens.refresh_token);
                written["x_refresh_token_expires_in"] = json!(self.rules.refresh_lasts.as_secs());
            }
            Some(offline) => {
                written["token_type"] = json!("Bearer");
                written["scope"] = json!(grant.scope);
                if grant.scope.split(' ').any(|one| one == offline) {
                    written["refresh_token"] = json!(tokens.refresh_token);
                }
            }
        }
        written
    }
}
