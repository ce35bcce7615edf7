//! A console on loopback, and a browser with somebody signed in.

use std::sync::atomic::{AtomicU32, Ordering};

use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use service::{
    entering::Person,
    sessions::{self, SessionId},
};
use testbed::{api::Api, issuer::ISSUER};

use crate::done_by_form::{audited, hold_to_row};

/// The host of the console, and its origin.
pub(crate) const HOST: &str = "api.dunlin.example";
pub(crate) const ORIGIN: &str = "https://api.dunlin.example";

pub(crate) struct Console {
    pub(crate) world: Api,
    handler: console::Handler,
    forms: AtomicU32,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u64,
    pub(crate) headers: Value,
    pub(crate) html: String,
    pub(crate) cookies: Vec<String>,
}

impl Reply {
    #[track_caller]
    pub(crate) fn is(self, status: u64) -> Self {
        assert_eq!(self.status, status, "{}", self.html);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.html.contains(text), "no '{text}' in {}", self.html);
        self
    }

    #[track_caller]
    pub(crate) fn hides(self, text: &str) -> Self {
        assert!(!self.html.contains(text), "'{text}' in {}", self.html);
        self
    }

    /// Where it leads.
    #[track_caller]
    pub(crate) fn leads(self) -> String {
        self.is(303).headers["location"].as_str().unwrap().to_owned()
    }
}

impl Console {
    pub(crate) async fn new() -> Self {
        Self::with(&[("OIDC_CLIENT_ID", "console")]).await
    }

    /// With variables of one's own.
    pub(crate) async fn with(more: &[(&str, &str)]) -> Self {
        let world = Api::new().await;
        let known = [("KEY_ID", "key"), ("OIDC_ISSUER", ISSUER)];
        let env = world.env(&[&known[..], more].concat());
        let handler = console::Handler::new(&env, &world.clients, world.clock.clone()).unwrap();
        Self { world, handler, forms: AtomicU32::new(0) }
    }

    /// Somebody signs in whose sign-in claims this; empty claims nothing.
    pub(crate) async fn sign_in(&self, subject: &str, tenant: &str, role: &str) -> SessionId {
        let claim = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let person = Person { subject: subject.to_owned(), tenant: claim(tenant), role: claim(role), ..Person::default() };
        sessions::begin(&self.world.store, &person, Some("Firefox"), self.world.now()).await.unwrap()
    }

    /// Somebody of `acme` in a role.
    pub(crate) async fn as_role(&self, role: &str) -> SessionId {
        self.sign_in(&format!("acme-{role}"), "acme", role).await
    }

    /// Any request.
    pub(crate) async fn ask(&self, method: &str, address: &str, cookies: &[&str], headers: Value, body: &str) -> Reply {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let event = json!({
            "version": "2.0", "rawPath": path, "rawQueryString": query, "headers": headers, "cookies": cookies,
            "requestContext": {"domainName": HOST, "http": {"method": method, "path": path}},
            "body": body, "isBase64Encoded": false,
        });
        let answer = self.handler.handle(LambdaEvent::new(event, Context::default())).await.unwrap();
        let cookies = answer["cookies"].as_array().unwrap().iter().map(|cookie| cookie.as_str().unwrap().to_owned());
        Reply {
            status: answer["statusCode"].as_u64().unwrap(),
            headers: answer["headers"].clone(),
            html: answer["body"].as_str().unwrap().to_owned(),
            cookies: cookies.collect(),
        }
    }

    /// A page, as somebody sees it.
    pub(crate) async fn get(&self, who: &SessionId, address: &str) -> Reply {
        self.ask("GET", address, &[&cookie(who)], json!({"user-agent": "Firefox"}), "").await
    }

    /// The token of somebody's forms, as their pages have it; of somebody who has no tenant the page that asks for one has it too.
    pub(crate) async fn form_token(&self, who: &SessionId) -> String {
        let page = self.get(who, "/console/you").await.html;
        let rest = page.split_once("name=\"form_token\" value=\"").expect("a page with a form").1;
        rest.split('"').next().unwrap().to_owned()
    }

    /// A form, as the page of the console posts it.
    pub(crate) async fn post(&self, who: &SessionId, path: &str, fields: &[(&str, &str)]) -> Reply {
        let token = self.form_token(who).await;
        let once = format!("once-{}", self.forms.fetch_add(1, Ordering::Relaxed));
        let all = [&[("form_token", token.as_str()), ("once", once.as_str())][..], fields].concat();
        self.post_as(who, path, form_headers(), &all).await
    }

    /// An empty form of whoever it is, with a token where their pages have one.
    pub(crate) async fn post_of_anybody(&self, who: &SessionId, path: &str) -> Reply {
        let token = self.form_token(who).await;
        let once = format!("once-{}", self.forms.fetch_add(1, Ordering::Relaxed));
        self.post_as(who, path, form_headers(), &[("form_token", token.as_str()), ("once", once.as_str())]).await
    }

    /// The same under headers and with fields of one's own. What was done by it is held to the row of the path.
    pub(crate) async fn post_as(&self, who: &SessionId, path: &str, headers: Value, fields: &[(&str, &str)]) -> Reply {
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let before = audited(&self.world).await;
        let reply = self.ask("POST", path, &[&cookie(who)], headers, &body).await;
        let did: Vec<_> = audited(&self.world).await.into_iter().filter(|entry| !before.contains(entry)).collect();
        hold_to_row(path, &did);
        reply
    }
}

/// What a browser sends with a form of ours.
pub(crate) fn form_headers() -> Value {
    json!({"content-type": "application/x-www-form-urlencoded", "origin": ORIGIN, "sec-fetch-site": "same-origin"})
}

/// The cookie of a session.
pub(crate) fn cookie(who: &SessionId) -> String {
    format!("__Secure-dunlin={}", who.secret())
}
