//! The end of a sign-in: the admin who began it says that the company is theirs.
//!
//! The address of a sign-in opens in anybody's browser. So what somebody agreed to is held back: the page that they come back to names the
//! tenant and the company and shows a code, and only the admin who began it, with the company's name and that code, connects it.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::{
    Json,
    extract::{Path, State},
};
use domain::TenantId;
use jiff::{Timestamp, ToSpan};
use reading::{NotConnected, Tokens, Wanted};
use serde::Deserialize;
use service::Operation;
use store::Agreed;
use utoipa::ToSchema;

use crate::{
    accounting_connections::{self, HealthOut},
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
};

/// How long a sign-in that came back waits to be confirmed.
const CONFIRM_HOURS: i64 = 1;
/// What codes are written with: nothing that people take for something else.
const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Letters of a code.
const CODE_LETTERS: usize = 8;

/// What an admin says to end a sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmIn {
    /// The company's name or id, as the page after the sign-in shows it.
    company: String,
    /// The code that the page shows.
    code: String,
}

/// Ends a sign-in: the company that somebody agreed to is connected. Only who began the sign-in may.
#[utoipa::path(post, path = "/v1/connections/{source}/confirm", tag = "connections", operation_id = "confirm_connection",
    params(("source" = String, Path, description = "`quickbooks`, `xero`")),
    request_body = ConfirmIn,
    responses((status = 200, description = "Connected; its health", body = HealthOut),
              (status = 404, description = "not-found: no such source, or no sign-in waits to be confirmed"),
              (status = 409, description = "changed-meanwhile: the company is another tenant's, or the tenant has another one")))]
pub async fn confirm(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(source): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<HealthOut>> {
    let tenant = caller.may(Operation::ConfirmConnection)?;
    let books = accounting_connections::accounting_api_of(&source)?;
    let ConfirmIn { company, code } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let now = app.clock.now();
    let agreed = app.vault.agreed(tenant, &source, now).await?;
    let agreed = agreed.ok_or_else(|| {
        Fail::not_found(
            "no sign-in waits to be confirmed: begin one with POST /v1/connections/{source}/authorize and agree at the vendor",
        )
    })?;
    if agreed.by.is_some() && agreed.by != caller.subject() {
        return Err(Fail::forbidden("another admin began this sign-in; they confirm it, or you begin one of your own"));
    }
    let mut flaws = Vec::new();
    if !is_name(&agreed, &company) {
        flaws.push((
            "/company".to_owned(),
            "is not the company that was agreed to; the page after the sign-in names it".to_owned(),
        ));
    }
    if verify_slices_are_equal(letters(&code).as_bytes(), letters(&agreed.code).as_bytes()).is_err() {
        flaws.push(("/code".to_owned(), "is not the code that the page after the sign-in showed".to_owned()));
    }
    if !flaws.is_empty() {
        return Err(Fail::fields(flaws));
    }
    let tokens: Tokens = serde_json::from_value(agreed.tokens.clone())
        .map_err(|_| Fail::changed_meanwhile("the sign-in does not read any more; begin it again"))?;
    let wanted = Wanted { tenant, source: &source, books, realm: &agreed.realm, base: agreed.base.as_deref() };
    let what = serde_json::json!({ "company": agreed.realm });
    let app = caller.acts(&app, Operation::ConfirmConnection, |entry| entry.of(source.as_str()).with(what));
    wanted.connect(&app.store, &app.vault, &tokens, now).await?;
    app.vault.forget_agreed(tenant, &source).await?;
    tracing::info!(tenant.id = %tenant, source, "a company was connected");
    accounting_connections::health_of(&app, tenant, source).await.map(Json)
}

impl From<NotConnected> for Fail {
    fn from(error: NotConnected) -> Self {
        match error {
            NotConnected::Store(error) => error.into(),
            NotConnected::NoTenant => Self::not_found(error.to_string()),
            NotConnected::Another { .. } | NotConnected::Taken => Self::changed_meanwhile(error.to_string()),
        }
    }
}

/// Holds back what was agreed to, and answers the code that whoever agreed is shown, and until when it is good.
///
/// # Errors
///
/// When there is no randomness; those of KMS and of the table.
pub async fn hold_back(app: &App, tenant: &TenantId, source: &str, agreed: Agreed) -> ApiResult<(String, Timestamp)> {
    let mut random = [0_u8; CODE_LETTERS];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| Fail::changed_meanwhile("there is no randomness now; try again"))?;
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().map(char::from);
    let code: String = random.iter().filter_map(letter).collect();
    let now = app.clock.now();
    let until = now.checked_add(CONFIRM_HOURS.hours()).unwrap_or(now);
    app.vault.keep_agreed(tenant, source, &Agreed { code: code.clone(), ..agreed }, until).await?;
    let (first, rest) = code.split_at(CODE_LETTERS / 2);
    Ok((format!("{first}-{rest}"), until))
}

/// A code as it is compared: without hyphens and blanks, in capitals.
fn letters(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// Whether a text is the company's name or id.
fn is_name(agreed: &Agreed, text: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let text = plain(text);
    text == plain(&agreed.realm) || agreed.company.as_deref().is_some_and(|name| text == plain(name))
}
