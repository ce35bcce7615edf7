//! HTTP: the admin API.
//!
//! API Gateway has checked the token; its claims say whose tenant and which role. Each resource has a file of its own with its
//! handlers, each beside its OpenAPI attribute; [`routes`] lists them once, for the router and for `docs/openapi.json`.

mod answer;
mod app;
mod apps;
mod books;
mod caller;
mod connections;
mod controls;
mod customers;
mod explain;
mod gateway;
mod holds;
mod oauth;
mod openapi;
mod settings;
mod tasks;
mod templates;
mod workflows;

use std::sync::Arc;

use anyhow::Context;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};

use app::App;
pub use openapi::document;

/// Every route, in the order of the document.
fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::frame())
        .routes(routes!(settings::show, settings::put))
        .routes(routes!(workflows::list))
        .routes(routes!(workflows::show, workflows::put, workflows::unpublish))
        .routes(routes!(workflows::show_version))
        .routes(routes!(templates::list))
        .routes(routes!(templates::preview))
        .routes(routes!(templates::show, templates::put))
        .routes(routes!(connections::sources))
        .routes(routes!(connections::list))
        .routes(routes!(connections::put, books::health, books::end))
        .routes(routes!(books::authorize))
        .routes(routes!(books::test))
        .routes(routes!(books::pdf))
        .routes(routes!(oauth::back))
        .routes(routes!(apps::list))
        .routes(routes!(apps::worklist))
        .routes(routes!(apps::finish))
        .routes(routes!(apps::put))
        .routes(routes!(customers::show))
        .routes(routes!(customers::show_case))
        .routes(routes!(holds::put, holds::end))
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::finish))
        .routes(routes!(controls::reset_breaker))
        .routes(routes!(controls::pause))
        .routes(routes!(controls::resume))
}

/// The function: built once, asked for each request.
#[derive(Clone)]
pub struct Handler {
    router: axum::Router,
}

impl Handler {
    /// Reads `TABLE_NAME`, `KEY_ID`, `PUBLIC_URL` (may be empty: then addresses name the host that was asked) and `STAND_INS`
    /// (`loopback`: a connection may name what stands for a vendor's hosts).
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn new(env: &kit::Env, clients: &kit::Clients, clock: kit::Clock) -> anyhow::Result<Self> {
        let table = env.require("TABLE_NAME").context("the admin API needs its table")?;
        let store = store::Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), table);
        let kms = aws_sdk_kms::Client::new(&clients.sdk);
        let vault = store::Vault::new(kms, store.clone(), Some(env.require("KEY_ID").context("the admin API seals secrets")?));
        let public_url = env.get("PUBLIC_URL").map(|url| url.trim_end_matches('/').to_owned());
        let stand_ins = env.get("STAND_INS") == Some("loopback");
        let app = Arc::new(App { store, vault, clock, web: reading::Web::default(), public_url, stand_ins });
        let (router, _) = routes().split_for_parts();
        let router =
            router.method_not_allowed_fallback(answer::method_not_allowed).fallback(answer::unknown_route).with_state(app);
        Ok(Self { router })
    }

    /// Answers one request in API Gateway's payload version 2.
    ///
    /// # Errors
    ///
    /// When the event is no such request; never for what the caller did.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
        gateway::answer(self.router.clone(), &event.payload).await
    }
}
