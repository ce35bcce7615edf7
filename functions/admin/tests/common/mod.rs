//! A table on loopback with customers, and requests as API Gateway sends them.
#![allow(unused_imports, dead_code, reason = "each test file uses a part of it")]

use std::{ops::Deref, sync::Arc};

use domain::{CustomerId, TenantId};
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use service::customer_files::RemoveObject;
pub use testbed::{
    api::{Api as World, at, request, request_with},
    issuer,
};

/// Of a customer who sent no file nothing is deleted from the bucket.
pub fn removes_nothing() -> RemoveObject {
    Arc::new(|_| Box::pin(async { Ok(()) }))
}

/// The API over a table, asked by the people of `acme`.
pub struct Api {
    pub world: World,
    pub handler: admin::Handler,
}

impl Api {
    pub async fn new() -> Self {
        let world = World::new().await;
        let env = world.env(&[("KEY_ID", "key"), ("PUBLIC_URL", "https://dunlin.example/")]);
        let handler = admin::Handler::new(&env, &world.clients, world.clock.clone()).unwrap();
        Self { world, handler }
    }

    /// The status and the body of an answer; `null` where there is no body.
    pub async fn ask(&self, event: LambdaEvent<Value>) -> (u64, Value) {
        let answer = self.handler.handle(event).await.unwrap();
        let said = answer["body"].as_str().unwrap();
        let said = if said.is_empty() { Value::Null } else { serde_json::from_str(said).unwrap_or_else(|_| Value::from(said)) };
        (answer["statusCode"].as_u64().unwrap(), said)
    }

    /// What somebody in a role is answered; `null` is no body.
    pub async fn call(&self, role: &str, method: &str, address: &str, body: Value) -> (u64, Value) {
        self.call_as(("acme", role), method, address, body).await
    }

    /// The same of any tenant.
    pub async fn call_as(&self, who: (&str, &str), method: &str, address: &str, body: Value) -> (u64, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(request(method, address, Some(who), &[], &body)).await
    }

    /// The entries of the audit, newest first.
    pub async fn audit(&self) -> Vec<Value> {
        let (_, said) = self.call("manager", "GET", "/v1/audit", Value::Null).await;
        said["data"].as_array().unwrap().clone()
    }
}

/// What the errors of a problem document point at.
pub fn pointers(said: &Value) -> Vec<&str> {
    said["errors"].as_array().map(|all| all.iter().filter_map(|error| error["pointer"].as_str()).collect()).unwrap_or_default()
}

/// The API, and a customer of `acme` who owes something.
pub struct Desk {
    pub api: Api,
    pub customer: CustomerId,
    pub tenant: TenantId,
}

impl Desk {
    pub async fn new() -> Self {
        let api = Api::new().await;
        let customer = api.world.customer("acme", "C-1", |_| {}).await;
        Self { api, customer, tenant: TenantId::parse("acme").unwrap() }
    }
}

impl Deref for Desk {
    type Target = Api;
    fn deref(&self) -> &Api {
        &self.api
    }
}
