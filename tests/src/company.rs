//! A company whose books are read back: a tenant connected to a vendor's double.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use std::sync::Arc;

use doubles::{App, Clock, Delivery, Double, Notification};
use serde_json::{Value, json};

use crate::test_tenant::{Reply, TestTenant};

/// The stack's virtual time, for doubles.
pub fn clock(desk: &TestTenant) -> Clock {
    let clock = desk.stack.clock();
    Arc::new(move || clock.now())
}

/// The code that the page of a sign-in shows.
pub fn code_of(page: &Reply) -> &str {
    let rest = page.text.split_once("the code ").map_or("", |(_, rest)| rest);
    rest.get(..9).unwrap_or_default()
}

impl TestTenant {
    /// The admin API as the operator of the deployment.
    pub async fn operator(&self, method: &str, path: &str, body: &Value) -> Reply {
        let token = self.stack.operator_token().unwrap();
        let headers = [("authorization", format!("Bearer {token}")), ("content-type", "application/json".to_owned())];
        let headers = headers.map(|(name, value)| (name.to_owned(), value));
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.call(method, path, &headers, &body).await
    }

    /// Tells the deployment what the vendor knows it by.
    pub async fn set_app(&self, source: &str, double: &dyn Double) {
        let App { client_id, client_secret, webhook_secret } = double.app();
        let app = json!({"client_id": client_id, "client_secret": client_secret, "webhook_secret": webhook_secret});
        self.operator("PUT", &format!("/v1/apps/{source}"), &app).await.is(200);
    }

    /// Connects the tenant to a company with tokens that its owner agreed to.
    pub async fn connect(&self, source: &str, double: &dyn Double, realm: &str) {
        self.set_app(source, double).await;
        let tokens = double.issue_tokens(realm);
        let body = json!({
            "realm": realm, "base_url": double.base_url(),
            "tokens": {
                "access_token": tokens.access_token, "refresh_token": tokens.refresh_token, "expires_at": tokens.expires_at,
            },
        });
        self.admin("PUT", &format!("/v1/connections/{source}"), &body).await.is(200);
    }

    /// Begins a sign-in and follows it as a browser would, to the page that it ends with.
    pub async fn sign_in(&self, source: &str, begin: Value) -> Reply {
        let begun = self.admin("POST", &format!("/v1/connections/{source}/authorize"), &begin).await.is(200);
        self.follow(begun.body["url"].as_str().unwrap()).await
    }

    /// Follows the address of a sign-in as a browser would, to the page that it ends with.
    pub async fn follow(&self, url: &str) -> Reply {
        let agreed = self.call("GET", url, &[], b"").await.is(302);
        self.call("GET", &agreed.location.unwrap(), &[], b"").await
    }

    /// Says that the company is the one that was agreed to, with the code that the page of a sign-in showed.
    pub async fn confirm(&self, source: &str, page: &Reply, company: &str) -> Reply {
        let body = json!({"company": company, "code": code_of(page)});
        self.admin("POST", &format!("/v1/connections/{source}/confirm"), &body).await
    }

    /// Posts a webhook as the vendor would.
    pub async fn deliver(&self, source: &str, delivery: &Delivery) -> Reply {
        let headers: Vec<(String, String)> =
            delivery.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        self.call("POST", &format!("/webhooks/app/{source}"), &headers, &delivery.body).await
    }

    /// Delivers everything that happened in the books since the last time.
    pub async fn deliver_all(&self, source: &str, double: &dyn Double) -> Vec<Notification> {
        let happened = double.notifications();
        if !happened.is_empty() {
            self.deliver(source, &double.delivery(&happened)).await.is(200);
        }
        happened
    }

    /// How a connection does.
    pub async fn health(&self, source: &str) -> Value {
        self.admin("GET", &format!("/v1/connections/{source}"), &Value::Null).await.is(200).body
    }

    /// What is open of a customer here, in minor units, by invoice number.
    pub async fn open_here(&self, source: &str, customer: &str) -> Vec<(String, i64)> {
        let path = format!("/v1/customers/{source}/{customer}?last=1");
        let reply = self.admin("GET", &path, &Value::Null).await;
        if reply.status == 404 {
            return Vec::new();
        }
        let items = reply.is(200).body["due_items"].as_array().unwrap().clone();
        let mut open: Vec<(String, i64)> = items
            .iter()
            .map(|item| (item["number"].as_str().unwrap().to_owned(), item["open_minor"].as_i64().unwrap()))
            .filter(|(_, open)| *open > 0)
            .collect();
        open.sort();
        open
    }

    /// Demands that the tenant's facts are what a company's books say.
    #[track_caller]
    pub fn equals<'a>(&'a self, source: &'a str, double: &'a dyn Double, realm: &'a str) -> impl Future<Output = ()> + 'a {
        let at = std::panic::Location::caller();
        async move {
            let truth = double.truth(realm);
            for (id, customer) in &truth.customers {
                let mut open: Vec<(String, i64)> = customer
                    .invoices
                    .values()
                    .filter(|invoice| invoice.open_minor > 0)
                    .map(|invoice| (invoice.number.clone(), invoice.open_minor))
                    .collect();
                open.sort();
                assert_eq!(self.open_here(source, id).await, open, "{} of {realm}, from {at}", customer.name);
            }
        }
    }
}
