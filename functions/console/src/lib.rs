//! HTTP: what collectors, managers and admins see.
//!
//! | request | does |
//! |---|---|
//! | `GET /console/static/…` | styles and scripts, under names that hold a hash |
//! | `GET /console/sign-in`, `?to=` | sends a browser to the issuer |
//! | `GET /console/signed-in` | takes it back, and begins its session |
//! | `GET /console/signed-out` | says that the session is over |
//! | `GET /console/you` | who somebody is here, their tenants and sessions |
//! | `POST /console/tenant` | has the session be about another tenant |
//! | `POST /console/sign-out`, `/everywhere` | ends the session, or all of them |
//! | everything else | a row of `routes`: a page or form, with the operation whose right it needs |
//!
//! | module | holds |
//! |---|---|
//! | `gate` | who asks, what they may, and which handler answers |
//! | `routes`, and a file each below it | the pages |
//! | [`visit`] | what a handler works with |
//! | [`outside`] | what lies outside of the table: the bucket, vendors, what the deployment allows |
//! | [`outcome`] | what it gives: a page, where the next one is, a file, or why there is none |
//! | [`posted`] | the fields of a form, and what is wrong with them |
//! | [`tables`] | heads and pages of lists |
//! | [`formats`] | amounts, days and moments as the tenant's people read them |
//! | `ladder`, `step_fields`, `draft_view`, `what_changed` | a workflow in words, the form of a step, a draft with what is wrong at its place, and what differs between two |
//! | `bar_chart` | bars by day, drawn by the server |
//! | `text_prover`, `text_preview`, `test_sending` | texts: what is wrong with one, how it looks, and a test of it |
//! | `workflow_paths` | workflows and texts as paths name them |
//! | [`sections`] | the navigation |
//! | `work_asked`, `work_rows`, `day_on_home` | work as home and the worklist show it, each with its likely answers; what is beside it on home |
//! | `bulk_form` | the form of an action in bulk |
//! | `back`, `typed_amount` | where forms lead back to, and amounts that are typed |
//! | [`document_links`] | documents that another function makes, and links to them |
//! | `shown` | what templates are filled with |
//! | `report_asked`, `report_values`, `report_charts`, `report_entries` | what reports are asked by addresses, and what they show |
//! | `shell` | the templates around a page, and the headers of answers |
//! | `agreement_rows`, `explained_rows`, `timeline_rows`, `typed_amount` | agreements, explanations, a timeline and typed amounts, for several pages |
//! | `trouble` | why there is no page, as a page |
//! | `sign_in_pages`, `own_pages`, `cookies`, `secrets`, `once` | signing in and out, and what keeps forms of others out |
//!
//! The console shows and does what `service` offers, as whoever is signed in. It decides nothing, and has no right of its own.

#![recursion_limit = "256"]

mod agreement_rows;
mod back;
mod bar_chart;
mod bulk_form;
mod cookies;
mod day_on_home;
pub mod document_links;
mod draft_view;
mod explained_rows;
pub mod formats;
mod gate;
mod ladder;
mod once;
pub mod outcome;
pub mod outside;
mod own_pages;
pub mod posted;
mod report_asked;
mod report_charts;
mod report_entries;
mod report_values;
pub mod request;
mod routes;
mod secrets;
pub mod sections;
mod shell;
mod shown;
mod sign_in_pages;
mod static_files;
mod step_fields;
pub mod tables;
mod test_sending;
mod text_preview;
mod text_prover;
mod timeline_rows;
mod trouble;
mod typed_amount;
pub mod visit;
mod what_changed;
mod work_asked;
mod work_rows;
mod workflow_paths;

use std::sync::Arc;

use anyhow::Context;
use issuer::SignInClient;
use lambda_runtime::LambdaEvent;
use reading::Web;
use serde_json::Value;
use service::{Operation, token::TokenRules};
use store::{Store, Vault};

use document_links::DocumentLinks;
use gate::Gate;
use outside::Outside;
use request::ConsoleRequest;
use shell::Shell;
use static_files::StaticFiles;
use visit::ConsoleDesk;

/// The function: built once, asked for each request.
pub struct Handler {
    gate: Gate,
}

impl Handler {
    /// Reads `TABLE_NAME`, `MAKE_DOCUMENTS`, `KEY_ID`, `OIDC_ISSUER`, `OIDC_CLIENT_ID` (empty: the console is switched off), `OIDC_CLIENT_SECRET`
    /// (empty: a public client), `JWKS_URL` (empty: the issuer's discovery says it), `PUBLIC_URL` (empty: the host that was asked), and what
    /// [`Outside`] reads.
    ///
    /// # Errors
    ///
    /// When a variable is missing, or a template does not compile.
    pub fn new(env: &kit::Env, clients: &kit::Clients, clock: kit::Clock) -> anyhow::Result<Self> {
        let table = env.require("TABLE_NAME").context("the console needs its table")?;
        let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), table);
        let key = env.require("KEY_ID").context("the console seals cursors and answers")?;
        let vault = Vault::new(aws_sdk_kms::Client::new(&clients.sdk), store.clone(), Some(key));
        let issuer = env.require("OIDC_ISSUER").context("people sign in at an issuer")?.to_owned();
        let keys_url = env.get("JWKS_URL").map(str::to_owned);
        let secret = env.get("OIDC_CLIENT_SECRET").map(str::to_owned);
        let client = env.get("OIDC_CLIENT_ID").map(|audience| {
            let rules = TokenRules { issuer, audience: audience.to_owned() };
            SignInClient::new(rules, keys_url, secret)
        });
        let files = StaticFiles::new();
        let shell = Shell::new(routes::TEMPLATES, files.clone()).context("a page of the console does not compile")?;
        let documents = DocumentLinks::new(env, clients)?;
        let desk = Arc::new(ConsoleDesk { store, vault, clock, documents, outside: Outside::new(env, clients)? });
        let own = env.get("PUBLIC_URL").map(origin_of);
        Ok(Self { gate: Gate { desk, shell, files, client, web: Web::default(), own } })
    }

    /// Answers one request in API Gateway's payload version 2.
    ///
    /// # Errors
    ///
    /// When the event is no such request; never for what the visitor did.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
        match ConsoleRequest::read(&event.payload)? {
            Ok(request) => Ok(self.gate.answer(request).await),
            Err(status) => {
                let why = "The request does not read, or holds more than is taken: a form has at most 1 MiB.";
                Ok(self.gate.alone(&trouble::page(status, "The request was not taken", why, None, false)))
            }
        }
    }
}

/// The rows of the console: method, path, and the operation whose right each needs.
pub fn rows() -> Vec<(&'static str, &'static str, Operation)> {
    routes::ROUTES.iter().map(|route| (route.method, route.path, route.operation)).collect()
}

/// Where the styles of its pages are: what stands beside the console, as on the local stack, looks like it.
pub fn style_path() -> String {
    let files = StaticFiles::new();
    let [style, ..] = files.paths();
    style.to_owned()
}

/// An address without its path: the console's pages are below the root of their host.
fn origin_of(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    format!("{scheme}://{}", rest.split('/').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_consoles_own_address_has_no_path() {
        for (url, expected) in [
            ("https://collect.example.com", "https://collect.example.com"),
            ("https://collect.example.com/ar", "https://collect.example.com"),
            ("http://127.0.0.1:8787/", "http://127.0.0.1:8787"),
        ] {
            assert_eq!(origin_of(url), expected);
        }
    }
}
