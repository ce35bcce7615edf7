//! What tests of payment providers' doubles share: accounts, requests and bodies.

use bytes::Bytes;
use doubles::{Outcome, PaymentDouble, PaymentEvent};
use http::{Method, Request, Response};
use serde_json::{Value, json};

use crate::client::send;

pub const BASKET: &str = "pay_0123456789abcdef";

/// A seller's account at a double.
pub struct Seller<'a> {
    pub double: &'a dyn PaymentDouble,
    pub credentials: Value,
}

impl<'a> Seller<'a> {
    pub fn at(double: &'a dyn PaymentDouble) -> Self {
        Self { double, credentials: double.open_account("acme", &json!({})).expect("an account") }
    }

    pub fn credential(&self, name: &str) -> &str {
        self.credentials[name].as_str().expect("a credential")
    }

    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response<Bytes> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.double.base_url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(request.body(body.into()).expect("a request")).await.expect("an answer")
    }

    /// Presses a button of a page; where the browser is sent.
    pub async fn press(&self, page: &str, button: &str) -> String {
        let path = page.strip_prefix(self.double.base_url()).expect("a page of the double");
        let answer = self.ask(Method::POST, path, &[], button.to_owned()).await;
        assert_eq!(answer.status(), 302, "{}", String::from_utf8_lossy(answer.body()));
        answer.headers()["location"].to_str().expect("text").to_owned()
    }

    pub async fn page(&self, page: &str) -> (u16, String) {
        let path = page.strip_prefix(self.double.base_url()).expect("a page of the double");
        let answer = self.ask(Method::GET, path, &[], "").await;
        (answer.status().as_u16(), String::from_utf8(answer.body().to_vec()).expect("text"))
    }

    pub fn happens(&self, outcome: Outcome, amount: Option<i64>) -> Result<Vec<String>, String> {
        Ok(kinds(&self.double.happen(BASKET, outcome, amount)?))
    }
}

pub fn kinds(events: &[PaymentEvent]) -> Vec<String> {
    events.iter().map(|event| event.kind.clone()).collect()
}

pub fn body(event: &PaymentEvent) -> Value {
    serde_json::from_slice(&event.body).expect("JSON")
}
