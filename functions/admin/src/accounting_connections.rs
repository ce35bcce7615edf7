//! Connections to systems whose books are read back: agreeing to them, their health, a test, an end.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::IntoResponse,
};
use connectors::{Access, AccountingApi, Company, Trouble, VendorRequest};
use domain::TenantId;
use jiff::{Timestamp, ToSpan};
use reading::{
    Link, Opened, Progress, Tokens, Wanted,
    connect::is_loopback,
    link::LinkError,
    progress::{Limited, ReadingTrouble},
    signin::{Exchange, callback},
    tokens::{self, TokenTrouble},
};
use serde::{Deserialize, Serialize};
use service::Operation;
use store::SignIn;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Fail, OptionalBody, read},
    app::App,
    backfill::{self, PastReadingOut},
    books_written::{WriteBackSettingOut, setting_shown},
    caller::Caller,
    host::Host,
    payment_accounts::PaymentAccount,
    payment_connections,
};

/// How long a person has to agree.
const SIGN_IN_HOURS: i64 = 1;

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
    let none = "no books are read from a source of this name; GET /v1/sources names those that are read with scope 'app', and GET \
                /v1/connections shows every connection, also those that only send webhooks";
    connectors::accounting_api_of(source).ok_or_else(|| Fail::not_found(none))
}

async fn progress_of(app: &App, tenant: &TenantId, source: &str) -> ApiResult<Progress> {
    if let Some(progress) = app.store.progress(tenant, source).await? {
        return Ok(progress);
    }
    Err(Fail::not_found(match app.vault.agreed(tenant, source, app.clock.now()).await? {
        Some(_) => {
            "a sign-in waits to be confirmed: POST /v1/connections/{source}/confirm with the company and the code that the page shows"
        }
        None => "this source is not connected; POST /v1/connections/{source}/authorize begins it",
    }))
}

/// 404 for a source that nobody connected.
pub fn not_connected() -> Fail {
    Fail::not_found("this source is not connected; PUT /v1/connections/{source} connects it")
}

/// 409 for what a vendor did not answer: what fails for the moment may be asked for again.
pub fn unanswered(error: &LinkError, detail: String) -> Fail {
    match error {
        LinkError::Vendor(Trouble::Limited(_) | Trouble::Unavailable(_) | Trouble::Garbled(_))
        | LinkError::Tokens(TokenTrouble::Unavailable(_) | TokenTrouble::Busy | TokenTrouble::Store(_)) => {
            Fail::changed_meanwhile(detail)
        }
        LinkError::Vendor(Trouble::Token | Trouble::Denied(_) | Trouble::Refused(_))
        | LinkError::Tokens(TokenTrouble::Revoked(_) | TokenTrouble::NoApp(_)) => Fail::not_possible(detail),
    }
}

fn no_answer(error: impl Into<LinkError>) -> Fail {
    let error = error.into();
    unanswered(&error, error.to_string())
}

/// Checks what is to stand for a vendor's hosts.
pub fn check_base(app: &App, base: Option<&str>) -> ApiResult<()> {
    let Some(base) = base else { return Ok(()) };
    if app.stand_ins && is_loopback(base) {
        return Ok(());
    }
    let detail = "stand-ins for a vendor are only taken on loopback, and only where the deployment allows them; leave it out";
    Err(Fail::fields([("/base_url".to_owned(), detail.to_owned())]))
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
    let tenant = caller.may(Operation::AuthorizeConnection)?;
    app.settings(tenant).await?;
    let books = accounting_api_of(&source)?;
    let AuthorizeIn { realm, base_url }: AuthorizeIn = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    check_base(&app, base_url.as_deref())?;
    let before: Option<Progress> = app.store.progress(tenant, &source).await?;
    let realm = before.as_ref().map(|before| before.realm.clone()).or(realm);
    let base = base_url.or(before.and_then(|before| before.base));
    let secrets = tokens::app(&app.vault, &source).await.map_err(no_answer)?;
    // The right to write is asked for only where somebody said that payments are written.
    let writes = app.store.write_back_setting(tenant, &source).await?.is_some();
    let writing = books.writing().filter(|_| writes);
    let access = writing.map_or(books.access(), |writing| Access { scopes: writing.scopes, ..books.access() });
    let exchange = Exchange { web: &app.web, access: &access, app: &secrets, base: base.as_deref() };
    let begun = exchange.begin(&callback(&app.public(&host), &source)).map_err(no_answer)?;
    let now = app.clock.now();
    let expires_at = now.checked_add(SIGN_IN_HOURS.hours()).unwrap_or(now);
    let role = Some(caller.0.as_what().to_owned());
    let sign_in = SignIn { tenant: tenant.clone(), source, verifier: begun.verifier, realm, base, by: caller.subject(), role };
    let app = caller.acts(&app, Operation::AuthorizeConnection, |entry| entry.of(&sign_in.source));
    app.vault.begin_sign_in(&begun.state, &sign_in, expires_at).await?;
    Ok(Json(AuthorizeOut { url: begun.url, expires_at }))
}

/// Tokens that were got elsewhere, renewed where they are past.
///
/// # Errors
///
/// 409 when the vendor does not renew them.
pub async fn fresh(app: &App, wanted: &Wanted<'_>, tokens: Tokens, now: Timestamp) -> ApiResult<Tokens> {
    if tokens.expires_at > now {
        return Ok(tokens);
    }
    let (access, secrets) = (wanted.books.access(), tokens::app(&app.vault, wanted.source).await.map_err(no_answer)?);
    let exchange = Exchange { web: &app.web, access: &access, app: &secrets, base: wanted.base };
    exchange.refresh(&tokens.refresh_token, now).await.map_err(no_answer)
}

/// How a tenant's connection to books that are read back does.
///
/// # Errors
///
/// 404 where it is not connected.
pub async fn health_of(app: &App, tenant: &TenantId, source: String) -> ApiResult<HealthOut> {
    let progress = progress_of(app, tenant, &source).await?;
    let held = app.vault.connection(tenant, &source).await?;
    let tokens = held.and_then(|held| serde_json::from_slice::<Tokens>(&held.secrets.current).ok());
    let can_write = accounting_api_of(&source)?.writing().is_some();
    let write_back = if can_write { Some(setting_shown(app.store.write_back_setting(tenant, &source).await?)) } else { None };
    let limited = progress.limited.filter(|limited| limited.told);
    let status = match &progress.trouble {
        Some(ReadingTrouble { reconnect: true, .. }) => "reconnect",
        Some(_) => "waiting",
        None if limited.is_some() => "waiting",
        None if progress.good_at.is_none() => "reading",
        None => "good",
    };
    Ok(HealthOut {
        source,
        status,
        realm: progress.realm,
        company: progress.company.and_then(|company| company.name),
        objects_read: progress.backfill.objects,
        first_read_at: progress.backfill.finished_at,
        good_at: progress.good_at,
        poll_at: progress.poll_at,
        compare_at: progress.compare_at,
        consent_ends_at: tokens.and_then(|tokens| tokens.refresh_expires_at),
        trouble: match (progress.trouble, limited) {
            (Some(ReadingTrouble { why, times, since, .. }), _) => Some(TroubleOut { why, times, since }),
            (None, Some(Limited { times, since, .. })) => Some(TroubleOut { why: "too many requests".to_owned(), times, since }),
            (None, None) => None,
        },
        past: progress.past.map(backfill::shown),
        write_back,
    })
}

/// Asks the vendor for the company, as the next reading would; a payment provider for a payment that nobody began, which says whether it takes
/// the credentials. Whether a webhook's secret is right only a webhook shows.
#[utoipa::path(post, path = "/v1/connections/{source}/test", tag = "connections", operation_id = "test_connection",
    params(("source" = String, Path, description = "`quickbooks`, `xero`, `pay-stripe`, …")),
    responses((status = 200, description = "What it came to", body = TestOut), (status = 404, description = "not-found")))]
pub async fn test(State(app): State<Arc<App>>, caller: Caller, Path(source): Path<String>) -> ApiResult<Json<TestOut>> {
    let tenant = caller.may(Operation::TestConnection)?;
    if let Some(provider) = payment_connections::provider_of(&source) {
        let account = PaymentAccount::of(&app, tenant, provider.name()).await?.ok_or_else(not_connected)?;
        let tested = account.test(app.clock.now()).await;
        let ok = tested.is_ok();
        return Ok(Json(TestOut { ok, detail: tested.err().unwrap_or_else(|| "the provider takes the credentials".to_owned()) }));
    }
    let books = accounting_api_of(&source)?;
    let progress = progress_of(&app, tenant, &source).await?;
    let opened = Opened { vault: &app.vault, web: &app.web, clock: &app.clock };
    let out = match Link::open(opened, tenant, &source, books, &progress).await {
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
    let tenant = caller.may(Operation::DeleteConnection)?;
    if payment_connections::provider_of(&source).is_some() {
        app.vault.connection(tenant, &source).await?.ok_or_else(not_connected)?;
        let app = caller.acts(&app, Operation::DeleteConnection, |entry| entry.of(&source));
        app.vault.delete_connection(tenant, &source).await?;
        return Ok(axum::http::StatusCode::NO_CONTENT);
    }
    accounting_api_of(&source)?;
    progress_of(&app, tenant, &source).await?;
    let app = caller.acts(&app, Operation::DeleteConnection, |entry| entry.of(&source));
    app.store.close_books(tenant, &source).await?;
    app.vault.delete_connection(tenant, &source).await?;
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
    let books = accounting_api_of(&source)?;
    let progress = progress_of(&app, tenant, &source).await?;
    let none = || Fail::not_found("the vendor has no PDF of such an invoice; give the id that the vendor shows");
    // It becomes part of an address at the vendor.
    let sound = (1..=36).contains(&invoice.len()) && invoice.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !sound {
        return Err(none());
    }
    let opened = Opened { vault: &app.vault, web: &app.web, clock: &app.clock };
    let link = Link::open(opened, tenant, &source, books, &progress).await;
    let link = link.map_err(no_answer)?;
    let found = link.pdf(&Company::default(), &invoice).await.map_err(no_answer)?;
    Ok(([(header::CONTENT_TYPE, "application/pdf")], found.ok_or_else(none)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_for_the_moment_may_be_asked_for_again() {
        for (error, kind) in [
            (LinkError::Vendor(Trouble::Unavailable("502".to_owned())), "changed-meanwhile"),
            (LinkError::Vendor(Trouble::Limited(None)), "changed-meanwhile"),
            (LinkError::Tokens(TokenTrouble::Busy), "changed-meanwhile"),
            (LinkError::Vendor(Trouble::Denied("a scope is missing".to_owned())), "not-possible"),
            (LinkError::Tokens(TokenTrouble::Revoked("consent ended".to_owned())), "not-possible"),
            (LinkError::Tokens(TokenTrouble::NoApp("no secret".to_owned())), "not-possible"),
        ] {
            let said = error.to_string();
            let problem = format!("{:?}", no_answer(error));
            assert!(problem.contains(kind), "{said}: {problem}");
        }
    }
}
