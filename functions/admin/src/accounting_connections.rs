//! Connections to systems whose books are read back: agreeing to them, their health, a test, an end.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::IntoResponse,
};
use connectors::{AccountingApi, Company, VendorRequest};
use jiff::Timestamp;
use reading::{Link, Opened, link::LinkError};
use serde::{Deserialize, Serialize};
use service::Operation;
use setup::{
    books::{self, BooksHealth, BooksTrouble, SignInAsked},
    payment_connections::provider_of,
};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Fail, OptionalBody, read},
    app::App,
    backfill::{self, PastReadingOut},
    books_written::{WriteBackSettingOut, setting_shown},
    caller::Caller,
    host::Host,
    payment_accounts::PaymentAccount,
};

/// What a sign-in is begun with.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorizeIn {
    /// The company that must be agreed to, where one sign-in may open several.
    #[serde(default)]
    realm: Option<String>,
    /// What stands for the vendor's hosts, where the deployment allows stand-ins.
    #[serde(default)]
    base_url: Option<String>,
}

/// Where the person goes.
#[derive(Serialize, ToSchema)]
pub struct AuthorizeOut {
    /// To be opened in a browser.
    url: String,
    /// Until when it can be used.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// The health of a connection.
#[derive(Serialize, ToSchema)]
pub struct HealthOut {
    /// The kind of system.
    source: String,
    /// `reading`: the first reading is under way; `good`; `waiting`: tried again by itself; `reconnect`: a person must connect again.
    status: &'static str,
    /// The company, as the vendor names it.
    realm: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<String>,
    /// Objects that the first reading has read so far.
    objects_read: u64,
    /// When the first reading came to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    first_read_at: Option<Timestamp>,
    /// The books are known as they were then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    good_at: Option<Timestamp>,
    /// When changes are asked for next.
    #[schema(value_type = String, format = DateTime)]
    poll_at: Timestamp,
    /// When the books are compared next.
    #[schema(value_type = String, format = DateTime)]
    compare_at: Timestamp,
    /// When the consent ends unless it is used before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    consent_ends_at: Option<Timestamp>,
    /// What keeps the books from being read.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<TroubleOut>,
    /// How far the reading of closed invoices and payments is, where somebody asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    past: Option<PastReadingOut>,
    /// Whether payments that were taken here are written into these books; absent where Dunlin writes none into such books.
    #[serde(skip_serializing_if = "Option::is_none")]
    write_back: Option<WriteBackSettingOut>,
}

/// What keeps books from being read.
#[derive(Serialize, ToSchema)]
pub struct TroubleOut {
    /// In words.
    why: String,
    /// How often in a row.
    times: u32,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

/// What a test came to.
#[derive(Serialize, ToSchema)]
pub struct TestOut {
    /// Whether the vendor answered.
    ok: bool,
    /// The company's name, or that a payment provider takes the credentials; otherwise why it did not answer.
    detail: String,
}

/// Finds the connector of a source that is read back.
pub fn accounting_api_of(source: &str) -> ApiResult<&'static dyn AccountingApi> {
    Ok(books::accounting_api_of(source)?)
}

/// 404 for a source that nobody connected.
fn not_connected() -> Fail {
    setup::connections::not_connected().into()
}

fn no_answer(error: impl Into<LinkError>) -> Fail {
    books::no_answer(error).into()
}

/// Begins the sign-in that connects a company, or connects it again. What is agreed to there is held back until `confirm`, but for a company
/// that the tenant is connected to already. The audit says who began it, and what it came to.
#[utoipa::path(post, path = "/v1/connections/{source}/authorize", tag = "connections", operation_id = "authorize_connection",
    params(("source" = String, Path, description = "`quickbooks`, `xero`")),
    request_body(content = Option<AuthorizeIn>, description = "May be left out"),
    responses((status = 200, description = "Where the person goes", body = AuthorizeOut),
              (status = 404, description = "not-found: no such source"),
              (status = 409, description = "not-possible: the operator has not set the app up")))]
pub async fn authorize(
    State(app): State<Arc<App>>,
    caller: Caller,
    host: Host,
    Path(source): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<AuthorizeOut>> {
    caller.may(Operation::AuthorizeConnection)?;
    let AuthorizeIn { realm, base_url }: AuthorizeIn = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let (asked, public) = (SignInAsked { realm, base_url }, app.public(&host));
    let begun = books::authorize(app.setup(), &caller.0, &source, asked, &public, app.clock.now()).await?;
    Ok(Json(AuthorizeOut { url: begun.url, expires_at: begun.expires_at }))
}

impl HealthOut {
    /// How books are, as the API says it.
    pub fn of(health: BooksHealth) -> Self {
        let BooksHealth { source, status, progress, consent_ends_at, trouble, can_write, write_back } = health;
        Self {
            source,
            status,
            realm: progress.realm,
            company: progress.company.and_then(|company| company.name),
            objects_read: progress.backfill.objects,
            first_read_at: progress.backfill.finished_at,
            good_at: progress.good_at,
            poll_at: progress.poll_at,
            compare_at: progress.compare_at,
            consent_ends_at,
            trouble: trouble.map(|BooksTrouble { why, times, since }| TroubleOut { why, times, since }),
            past: progress.past.map(backfill::shown),
            write_back: can_write.then(|| setting_shown(write_back)),
        }
    }
}

/// Asks the vendor for the company, as the next reading would; a payment provider for a payment that nobody began, which says whether it takes
/// the credentials. Whether a webhook's secret is right only a webhook shows.
#[utoipa::path(post, path = "/v1/connections/{source}/test", tag = "connections", operation_id = "test_connection",
    params(("source" = String, Path, description = "`quickbooks`, `xero`, `pay-stripe`, …")),
    responses((status = 200, description = "What it came to", body = TestOut), (status = 404, description = "not-found")))]
pub async fn test(State(app): State<Arc<App>>, caller: Caller, Path(source): Path<String>) -> ApiResult<Json<TestOut>> {
    let tenant = caller.may(Operation::TestConnection)?;
    if let Some(provider) = provider_of(&source) {
        let account = PaymentAccount::of(&app, tenant, provider.name()).await?.ok_or_else(not_connected)?;
        let tested = account.test(app.clock.now()).await;
        let ok = tested.is_ok();
        return Ok(Json(TestOut { ok, detail: tested.err().unwrap_or_else(|| "the provider takes the credentials".to_owned()) }));
    }
    let api = accounting_api_of(&source)?;
    let progress = books::progress_of(app.setup(), tenant, &source, app.clock.now()).await?;
    let opened = Opened { vault: &app.vault, web: &app.web, clock: &app.clock };
    let out = match Link::open(opened, tenant, &source, api, &progress).await {
        Err(error) => TestOut { ok: false, detail: error.to_string() },
        Ok(link) => match link.ask(&Company::default(), &VendorRequest::Company { page: None }).await {
            Err(error) => TestOut { ok: false, detail: error.to_string() },
            Ok(page) => TestOut { ok: true, detail: page.company.and_then(|company| company.name).unwrap_or_default() },
        },
    };
    Ok(Json(out))
}

/// Ends a connection: its books are no longer read and its tokens are forgotten. What was read stays. Of a payment provider the credentials are
/// forgotten: nobody pays by it any more, and its webhooks are not believed, so that what it brings of payments that were begun is not heard.
#[utoipa::path(delete, path = "/v1/connections/{source}", tag = "connections", operation_id = "delete_connection",
    params(("source" = String, Path, description = "`quickbooks`, `xero`, `pay-stripe`, …")),
    responses((status = 204, description = "Ended"), (status = 404, description = "not-found")))]
pub async fn end(State(app): State<Arc<App>>, caller: Caller, Path(source): Path<String>) -> ApiResult<axum::http::StatusCode> {
    setup::connections::end(app.setup(), &caller.0, &source, app.clock.now()).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

/// An invoice as a PDF, fetched from the vendor.
#[utoipa::path(get, path = "/v1/connections/{source}/invoices/{invoice}/pdf", tag = "connections", operation_id = "show_invoice_pdf",
    params(("source" = String, Path, description = "`quickbooks`, `xero`"),
           ("invoice" = String, Path, description = "The vendor's own id of the invoice")),
    responses((status = 200, description = "The PDF", content_type = "application/pdf"),
              (status = 404, description = "not-found: no such connection, or the vendor has no PDF of it"),
              (status = 409, description = "changed-meanwhile: the vendor cannot answer now; not-possible: a person must connect again")))]
pub async fn pdf(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((source, invoice)): Path<(String, String)>,
) -> ApiResult<impl IntoResponse> {
    let tenant = caller.may(Operation::ShowInvoicePdf)?;
    let api = accounting_api_of(&source)?;
    let progress = books::progress_of(app.setup(), tenant, &source, app.clock.now()).await?;
    let none = || Fail::not_found("the vendor has no PDF of such an invoice; give the id that the vendor shows");
    // It becomes part of an address at the vendor.
    let sound = (1..=36).contains(&invoice.len()) && invoice.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !sound {
        return Err(none());
    }
    let opened = Opened { vault: &app.vault, web: &app.web, clock: &app.clock };
    let link = Link::open(opened, tenant, &source, api, &progress).await;
    let link = link.map_err(no_answer)?;
    let found = link.pdf(&Company::default(), &invoice).await.map_err(no_answer)?;
    Ok(([(header::CONTENT_TYPE, "application/pdf")], found.ok_or_else(none)?))
}
