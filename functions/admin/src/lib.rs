//! HTTP: the admin API.
//!
//! `door` looks who calls, and `service::rights` says who may do what. Each resource has a file of its own with its handlers, each beside its OpenAPI attribute; `routes!` lists them once, for the router and for `docs/openapi.json`; a test holds the
//! paths to those of the attributes.

#![recursion_limit = "256"]

mod accepting;
mod accounting_connections;
mod agreements;
mod answer;
mod api_keys;
mod app;
mod apps;
mod audit;
mod backfill;
mod baskets;
mod books_written;
mod bulk;
mod caller;
mod calls;
mod cases;
mod companies;
mod confirm;
mod connections;
mod contacts;
mod controls;
mod cors;
mod customer_documents;
mod customer_files;
mod customers;
mod deliveries;
mod described;
mod document_page;
mod door;
mod events;
mod explain;
mod explanations;
mod facts_version;
mod filters;
mod gateway;
mod health;
mod holds;
mod host;
mod ids;
mod issuer;
mod jobs;
mod key_accounts;
mod links;
mod lists;
mod logged_contacts;
mod mcp;
mod me;
mod members;
mod mending;
mod merge_patch;
mod messages;
mod messages_outside;
mod note_answers;
mod notes;
mod notices;
mod oauth;
mod openapi;
mod operations;
mod orders;
mod owners;
mod payment_accounts;
mod payment_connections;
mod plan_offers;
mod previews;
mod privacy;
mod proof;
mod proposals;
mod protected_resource;
mod ratings;
mod repeats;
mod replies;
mod senders;
mod service_mails;
mod settings;
mod settings_warnings;
mod strangers;
mod subscriptions;
mod suppressions;
mod taken_payments;
mod task_customers;
mod tasks;
mod templates;
mod warning;
mod webhooks;
mod workflow_life;
mod workflows;
mod write_back;

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use axum::{Router, routing::MethodRouter};
use lambda_runtime::LambdaEvent;
use serde_json::Value;

use app::App;
pub use openapi::document;

/// Makes of one list what answers (`router`) and what is described (`Described`), so that a function carries no description.
macro_rules! routes {
    ($($path:literal: $($method:ident $($handler:ident)::+),+;)+) => {
        fn router() -> Router<Arc<App>> {
            Router::new()$(.route($path, MethodRouter::new()$(.$method($($handler)::+))+))+
        }

        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($($($handler)::+),+),+))]
        struct Described;
    };
}

routes! {
    "/openapi.json": get document_page::json;
    "/docs": get document_page::page;
    "/.well-known/oauth-protected-resource": get protected_resource::of_api;
    "/.well-known/oauth-protected-resource/mcp": get protected_resource::of_assistants;
    "/v1/me": get me::show;
    "/v1/members": get members::list, post members::add;
    "/v1/members/{sub}": get members::show, patch members::change, delete members::remove;
    "/v1/invitations": get members::invitations, post members::invite;
    "/v1/invitations/{email}": delete members::withdraw;
    "/v1/keys": get api_keys::list, post api_keys::make;
    "/v1/keys/{id}/rotate": post api_keys::rotate;
    "/v1/keys/{id}": delete api_keys::revoke;
    "/v1/settings": get settings::show, put settings::put, patch settings::patch;
    "/v1/senders": get senders::own;
    "/v1/tenants/{tenant}/senders": get senders::show, put senders::put;
    "/v1/workflows": get workflows::list;
    "/v1/workflows/{id}": get workflows::show, put workflows::put, delete workflows::unpublish;
    "/v1/workflows/ready": get workflow_life::list_ready;
    "/v1/workflows/drafts": get workflow_life::list_drafts;
    "/v1/workflows/{id}/draft": get workflow_life::show_draft, put workflow_life::put_draft, post workflow_life::begin_draft,
        delete workflow_life::drop_draft;
    "/v1/workflows/{id}/validate": post workflow_life::validate;
    "/v1/workflows/{id}/publish": post workflow_life::publish;
    "/v1/workflows/{id}/rollback": post workflow_life::rollback;
    "/v1/workflows/{id}/versions": get workflow_life::list_versions;
    "/v1/workflows/{id}/versions/{version}": get workflows::show_version;
    "/v1/workflows/{id}/simulate": post jobs::simulate;
    "/v1/templates": get templates::list;
    "/v1/templates/preview": post templates::preview;
    "/v1/templates/{id}/{language}/{channel}": get templates::show, put templates::put, delete templates::archive;
    "/v1/templates/{id}/{language}/{channel}/versions": get templates::versions;
    "/v1/sources": get connections::sources;
    "/v1/connections": get connections::list;
    "/v1/connections/{source}": put connections::put, get connections::show, delete accounting_connections::end;
    "/v1/connections/{source}/authorize": post accounting_connections::authorize;
    "/v1/connections/{source}/confirm": post confirm::confirm;
    "/v1/connections/{source}/backfill": post backfill::ask;
    "/v1/connections/{source}/write_back": put write_back::put;
    "/v1/connections/{source}/test_event": post webhooks::test_event;
    "/v1/connections/{source}/test": post accounting_connections::test;
    "/v1/connections/{source}/invoices/{invoice}/pdf": get accounting_connections::pdf;
    "/oauth/{source}/callback": get oauth::back;
    "/v1/webhooks": get webhooks::list;
    "/v1/webhooks/{id}": get webhooks::show;
    "/v1/webhooks/{id}/apply": post webhooks::apply;
    "/v1/apps": get apps::list;
    "/v1/apps/audit": get audit::list_of_operators;
    "/v1/apps/tasks": get apps::worklist;
    "/v1/apps/tasks/{id}/done": post apps::finish;
    "/v1/apps/{source}": put apps::put;
    "/v1/companies/{source}/{realm}": get companies::show, delete companies::free;
    "/v1/customers": get lists::customers::list;
    "/v1/customers/{customer_id}": get customers::show_by_id, patch contacts::change_customer;
    "/v1/customers/{source}/{external_id}": get customers::show;
    "/v1/cases": get lists::cases::list;
    "/v1/cases/{customer_id}": get customers::show_case;
    "/v1/invoices/{id}/explain": get explanations::invoice;
    "/v1/cases/{id}/explain": get explanations::case;
    "/v1/messages/{id}/explain": get explanations::message;
    "/v1/customers/{customer_id}/holds/{name}": put holds::put, delete holds::end;
    "/v1/invoices": get lists::invoices::list;
    "/v1/invoices/{id}": get lists::invoices::show;
    "/v1/payments": get lists::payments::list, post taken_payments::take;
    "/v1/payments/{id}": get lists::payments::show;
    "/v1/payments/{id}/undo": post taken_payments::undo;
    "/v1/baskets": get lists::baskets::list;
    "/v1/baskets/{id}": get lists::baskets::show;
    "/v1/baskets/{id}/cancel": post baskets::cancel;
    "/v1/baskets/{id}/write_back": post baskets::write_back_again;
    "/v1/baskets/{id}/entries/{payment}": post baskets::judge;
    "/v1/credit_notes": get lists::credit_notes::list;
    "/v1/credit_notes/{id}": get lists::credit_notes::show;
    "/v1/messages": get lists::messages::list, post messages::write;
    "/v1/messages/{id}": get lists::messages::show;
    "/v1/messages/preview": post previews::preview_message;
    "/v1/messages/test": post previews::send_test;
    "/v1/messages/test/{id}": get previews::show_test;
    "/v1/search": get lists::search::search;
    "/v1/agreements": get lists::agreements::list, post agreements::make;
    "/v1/agreements/{id}": get agreements::show;
    "/v1/agreements/{id}/amend": post agreements::amend;
    "/v1/agreements/{id}/undo": post agreements::undo;
    "/v1/agreements/{id}/{act}": post agreements::act;
    "/v1/charges/{id}/{act}": post agreements::act_on_charge;
    "/v1/customers/{customer_id}/orders": post orders::give;
    "/v1/customers/{customer_id}/plan_offers": get plan_offers::list, post plan_offers::offer;
    "/v1/plan_offers/{id}/withdraw": post plan_offers::withdraw;
    "/v1/customers/{customer_id}/past": get backfill::past;
    "/v1/customers/{customer_id}/contacts": get contacts::show, post contacts::add;
    "/v1/customers/{customer_id}/contacts/{contact}": patch contacts::change, delete contacts::remove;
    "/v1/customers/{customer_id}/contacts/{contact}/consents": post contacts::state_consent;
    "/v1/orders/{id}/withdraw": post orders::withdraw;
    "/v1/messages/{id}/words": get messages::words;
    "/v1/messages/{id}/undo": post messages::undo;
    "/v1/messages/{id}/claim": post messages_outside::claim;
    "/v1/messages/{id}/result": post messages_outside::result;
    "/v1/contact_log": post logged_contacts::log;
    "/v1/notes": get notes::list, post notes::add;
    "/v1/notes/{id}": patch notes::edit, delete notes::delete;
    "/v1/notes/{id}/restore": post notes::restore;
    "/v1/notes/{id}/answer": post note_answers::answer;
    "/v1/replies": get replies::list;
    "/v1/replies/{id}": get replies::show;
    "/v1/replies/{id}/accept": post replies::accept;
    "/v1/replies/{id}/dismiss": post replies::dismiss;
    "/v1/ratings": get ratings::list;
    "/v1/owners": get owners::list;
    "/v1/owners/hand_over": post owners::hand_over;
    "/v1/owners/{customer_id}": get owners::show, put owners::set;
    "/v1/teams": get owners::list_teams;
    "/v1/absences": get owners::absences;
    "/v1/absences/{sub}": put owners::set_absence;
    "/v1/key_accounts": post key_accounts::find;
    "/v1/bulk": post bulk::run;
    "/v1/bulk/{id}": get bulk::show;
    "/v1/bulk/{id}/undo": post bulk::undo;
    "/v1/effects/{id}/result": post tasks::effect_result;
    "/v1/customers/{customer_id}/links": get links::list, post links::issue;
    "/v1/customers/{customer_id}/statement": get customer_documents::statement;
    "/v1/invoices/{id}/copy": get customer_documents::invoice_copy;
    "/v1/customers/{customer_id}/links/revoke": post links::revoke_all;
    "/v1/customers/{customer_id}/files/{id}": get customer_files::fetch;
    "/v1/customers/{source}/{external_id}/links": get links::list_of;
    "/v1/links/{id}/revoke": post links::revoke;
    "/v1/service_mails": get service_mails::list;
    "/v1/notices": get notices::list;
    "/v1/notice_channels": get notices::channels;
    "/v1/notice_channels/{way}": put notices::put, delete notices::delete;
    "/v1/customers/{customer_id}/versions/reset": post mending::reset;
    "/v1/tasks": get tasks::list, post tasks::raise;
    "/v1/proposals": post proposals::make;
    "/v1/tasks/{id}": get tasks::show;
    "/v1/tasks/{id}/customers": get task_customers::list;
    "/v1/tasks/{id}/done": post tasks::finish;
    "/v1/tasks/{id}/assign": post tasks::assign;
    "/v1/tasks/{id}/reopen": post tasks::reopen;
    "/v1/tasks/{id}/event": get events::show;
    "/v1/tasks/{id}/event/apply": post events::apply;
    "/v1/subscriptions": get subscriptions::list, post subscriptions::make;
    "/v1/subscriptions/{id}": get subscriptions::show, patch subscriptions::change, delete subscriptions::delete;
    "/v1/subscriptions/{id}/rotate": post subscriptions::rotate;
    "/v1/subscriptions/{id}/deliveries": get deliveries::list;
    "/v1/subscriptions/{id}/replay": post deliveries::replay;
    "/v1/subscriptions/{id}/test": post deliveries::test;
    "/v1/suppressions": get suppressions::list, post suppressions::enter;
    "/v1/suppressions/{id}/lift": post suppressions::lift;
    "/v1/audit": get audit::list;
    "/v1/audit/export": get audit::export;
    "/v1/contacts/find": post privacy::find;
    "/v1/contacts/{id}/export": post privacy::export;
    "/v1/contacts/{id}/erase": post privacy::erase;
    "/v1/health/daily": get health::show;
    "/v1/jobs": get jobs::list, post jobs::start;
    "/v1/jobs/{id}": get jobs::show;
    "/v1/jobs/{id}/cancel": post jobs::cancel;
    "/v1/jobs/{id}/file": get jobs::file;
    "/v1/uploads": post jobs::upload;
    "/v1/breaker/reset": post controls::reset_breaker;
    "/v1/pause": post controls::pause;
    "/v1/resume": post controls::resume;
}

/// How long is waited for a document: less than the function itself may take.
const DOCUMENT_PATIENCE: Duration = Duration::from_secs(26);

/// The function: built once, asked for each request.
#[derive(Clone)]
pub struct Handler {
    door: Arc<door::Door>,
}

impl Handler {
    /// Reads `TABLE_NAME`, `BUCKET_NAME`, `MAKE_DOCUMENTS`, `KEY_ID`, `JWT_ISSUER`, `PUBLIC_URL` (may be empty: then addresses name the host that was asked) and `STAND_INS`
    /// (`loopback`: a connection may name what stands for a vendor's hosts), and what the door reads.
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn new(env: &kit::Env, clients: &kit::Clients, clock: kit::Clock) -> anyhow::Result<Self> {
        let table = env.require("TABLE_NAME").context("the admin API needs its table")?;
        let store = store::Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), table);
        let kms = aws_sdk_kms::Client::new(&clients.sdk);
        let vault = store::Vault::new(kms, store.clone(), Some(env.require("KEY_ID").context("the admin API seals secrets")?));
        let issuer = env.require("JWT_ISSUER").context("the admin API accepts an issuer's tokens")?.to_owned();
        let public_url = env.get("PUBLIC_URL").map(|url| url.trim_end_matches('/').to_owned());
        let stand_ins = env.get("STAND_INS") == Some("loopback");
        // Bucket names in paths, not in host names: the same request works against any endpoint.
        let s3 = aws_sdk_s3::config::Builder::from(&clients.sdk).force_path_style(true).build();
        let bucket = env.require("BUCKET_NAME").context("the admin API reads events that were put aside")?.to_owned();
        let kept = app::KeptBodies { client: aws_sdk_s3::Client::from_conf(s3), bucket };
        let files = files::Bucket::new(clients, &kept.bucket)?;
        let function = env.require("MAKE_DOCUMENTS").context("documents are made by a function of their own")?;
        let documents = files::DocumentMaker::new(clients, function, DOCUMENT_PATIENCE)?;
        let app =
            Arc::new(App { store, vault, clock, web: Arc::default(), kept, files, documents, public_url, stand_ins, issuer });
        // What assistants ask is described by their own protocol, and no operation of the document.
        let router = router().route(mcp::PATH, MethodRouter::new().post(mcp::answer));
        let router = router.method_not_allowed_fallback(answer::method_not_allowed).fallback(answer::unknown_route);
        let door = door::Door::new(router.with_state(Arc::clone(&app)), app, env)?;
        Ok(Self { door: Arc::new(door) })
    }

    /// Answers one request in API Gateway's payload version 2.
    ///
    /// # Errors
    ///
    /// When the event is no such request; never for what the caller did.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
        gateway::answer(&self.door, &event.payload).await
    }
}
