//! A portal on loopback, and what its answers must be whatever they show.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{Channel, CustomerId, CustomerRef, Document, InvoiceId, SourceVersion, SuppressionReason, TenantId, address_key};
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::{Receipt, Stop};
use testbed::api::{Api, request};

pub(crate) struct Portal {
    pub(crate) world: Api,
    pub(crate) handler: portal::Handler,
}

pub(crate) struct Reply {
    pub(crate) status: u64,
    pub(crate) headers: Value,
    pub(crate) html: String,
    /// What a browser is told to keep.
    pub(crate) cookies: Vec<String>,
}

impl Reply {
    fn of(answer: &Value) -> Self {
        let cookies = answer["cookies"].as_array().unwrap().iter().map(|cookie| cookie.as_str().unwrap().to_owned());
        Self {
            status: answer["statusCode"].as_u64().unwrap(),
            headers: answer["headers"].clone(),
            html: answer["body"].as_str().unwrap().to_owned(),
            cookies: cookies.collect(),
        }
    }

    /// Where it leads.
    #[track_caller]
    pub(crate) fn leads(self) -> String {
        let reply = self.is(303);
        reply.headers["location"].as_str().unwrap().to_owned()
    }

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
}

pub(crate) fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

impl Portal {
    pub(crate) async fn new() -> Self {
        let world = Api::new().await;
        let env = world.env(&[("BEGIN_PAYMENT", "begin-payment"), ("PUBLIC_URL", "https://pay.example/")]);
        let handler = portal::Handler::new(&env, &world.clients, world.clock.clone()).unwrap();
        Self { world, handler }
    }

    pub(crate) async fn call(&self, method: &str, address: &str, body: &str) -> Reply {
        let answer = self.handler.handle(request(method, address, None, &[], body)).await.unwrap();
        let reply = Reply::of(&answer);
        for (name, part) in [
            ("content-security-policy", "default-src 'none'; style-src 'sha256-"),
            ("referrer-policy", "no-referrer"),
            ("x-robots-tag", "noindex"),
            ("cache-control", "no-store"),
            ("content-type", "text/html; charset=utf-8"),
        ] {
            assert!(reply.headers[name].as_str().unwrap().contains(part), "{name} of {method} {address}");
        }
        let style = reply.html.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).unwrap().0;
        let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
        assert!(reply.headers["content-security-policy"].as_str().unwrap().contains(&hash), "the policy lets the style through");
        assert!(!reply.html.contains("<script") && !reply.html.contains("style="), "{}", reply.html);
        reply
    }

    /// A form as a browser posts it from a page of ours.
    pub(crate) async fn post(&self, address: &str, fields: &[(&str, &str)]) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers =
            [("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "same-origin"), ("Origin", "null")];
        self.send("POST", address, &headers, &body).await
    }

    /// The same of a browser that has cookies.
    pub(crate) async fn post_with(&self, cookies: &[&str], address: &str, fields: &[(&str, &str)]) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "same-origin")];
        self.with_cookies(request("POST", address, None, &headers, &body), cookies).await
    }

    /// A page as a browser asks for it that has cookies.
    pub(crate) async fn get_with(&self, cookies: &[&str], address: &str) -> Reply {
        self.with_cookies(request("GET", address, None, &[], ""), cookies).await
    }

    async fn with_cookies(&self, mut event: LambdaEvent<Value>, cookies: &[&str]) -> Reply {
        event.payload["cookies"] = serde_json::json!(cookies);
        Reply::of(&self.handler.handle(event).await.unwrap())
    }

    /// Any request, with headers of one's own.
    pub(crate) async fn send(&self, method: &str, address: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let answer = self.handler.handle(request(method, address, None, headers, body)).await.unwrap();
        let headers = answer["headers"].clone();
        assert!(headers["content-security-policy"].as_str().unwrap().starts_with("default-src 'none'"), "{method} {address}");
        assert_eq!(headers["cache-control"], "no-store", "{method} {address}");
        Reply::of(&answer)
    }

    /// The customer's agreements, in the order of their ids.
    pub(crate) async fn agreements(&self, customer: &CustomerId) -> Vec<domain::Agreement> {
        let head = self.world.store.head(&acme(), customer).await.unwrap().unwrap();
        let mut agreements = self.world.store.facts(&acme(), &head).await.unwrap().agreements;
        agreements.sort_by(|a, b| a.id.cmp(&b.id));
        agreements
    }

    /// Says that nothing of the customer's first invoice is open any more.
    pub(crate) async fn pay(&self, customer: &CustomerId, version: u64) {
        let head = self.world.store.head(&acme(), customer).await.unwrap().unwrap();
        let facts = self.world.store.facts(&acme(), &head).await.unwrap();
        let mut invoice = facts.invoices.iter().find(|fact| fact.invoice.number == "1001").unwrap().invoice.clone();
        invoice.source_version = SourceVersion::Number(version);
        invoice.paid_minor = invoice.total_minor;
        let document = Document::Invoice { customer: CustomerRef::Full(Box::new(facts.customer.clone())), invoice };
        let receipt = Receipt { source: "canonical".to_owned(), event_id: format!("paid-{customer}-{version}") };
        self.world.store.apply(&acme(), &receipt, &[document], self.world.now()).await.unwrap();
    }

    pub(crate) async fn get(&self, address: &str) -> Reply {
        self.call("GET", address, "").await
    }

    /// What is no page, as a program asks for it.
    pub(crate) async fn data(&self, address: &str, accept: &str) -> Reply {
        let answer = self.handler.handle(request("GET", address, None, &[("Accept", accept)], "")).await.unwrap();
        let headers = answer["headers"].clone();
        for (name, part) in [
            ("content-security-policy", "default-src 'none'"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
        ] {
            assert!(headers[name].as_str().unwrap().contains(part), "{name} of {address}");
        }
        Reply::of(&answer)
    }

    /// Changes the tenant's settings.
    pub(crate) async fn set(&self, change: impl FnOnce(&mut domain::Settings)) {
        let known = self.world.store.settings(&acme()).await.unwrap().unwrap();
        let mut settings = known.value;
        change(&mut settings);
        self.world.store.put_settings(&acme(), &settings, Some(known.rev), self.world.now()).await.unwrap();
    }

    /// The id of an invoice that a customer was given with it.
    pub(crate) fn invoice(external_id: &str, number: &str) -> InvoiceId {
        InvoiceId::derive(&["acme", "canonical", external_id, number])
    }

    /// The code of the portal link in a mail to the customer's first contact.
    pub(crate) async fn code(&self, tenant: &TenantId, customer: &CustomerId) -> String {
        self.world.code(tenant, customer, Channel::Email, &format!("ap@{tenant}.example")).await
    }

    /// What the link in a message to the address says.
    pub(crate) async fn stop(&self, channel: Channel, address: &str) -> String {
        self.world.vault.stop_link(&Stop::of(&acme(), channel, address)).await.unwrap()
    }

    /// Why the address may not be used, if so.
    pub(crate) async fn suppressed(&self, customer: &CustomerId, channel: Channel, address: &str) -> Option<SuppressionReason> {
        let head = self.world.store.head(&acme(), customer).await.unwrap().unwrap();
        let facts = self.world.store.facts(&acme(), &head).await.unwrap();
        let known = facts.addresses.get(&address_key(channel, address))?;
        known.suppressed.as_ref().map(|suppression| suppression.reason)
    }
}

/// A version of the customer's first invoice with a part paid and an order number, and a way to pay.
pub(crate) async fn with_something_paid(portal: &Portal, customer: &CustomerId) {
    let store = &portal.world.store;
    let known = store.settings(&acme()).await.unwrap().unwrap();
    let mut settings = known.value;
    settings.payment_details = Some("Example Bank <1>\r\n\r\nIBAN: DE00 1234".to_owned());
    store.put_settings(&acme(), &settings, Some(known.rev), portal.world.now()).await.unwrap();
    let head = store.head(&acme(), customer).await.unwrap().unwrap();
    let facts = store.facts(&acme(), &head).await.unwrap();
    let mut invoice = facts.invoices.iter().find(|fact| fact.invoice.number == "1001").unwrap().invoice.clone();
    invoice.source_version = SourceVersion::Number(2);
    invoice.paid_minor = 25_000;
    invoice.purchase_order = Some("45000-712".to_owned());
    let document = Document::Invoice { customer: CustomerRef::Full(Box::new(facts.customer.clone())), invoice };
    let receipt = Receipt { source: "canonical".to_owned(), event_id: "paid".to_owned() };
    store.apply(&acme(), &receipt, &[document], portal.world.now()).await.unwrap();
}
