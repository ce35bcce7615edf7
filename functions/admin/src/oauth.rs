//! Where people come back to from a vendor's sign-in. No token of ours opens this: the state that only the sign-in knows does, and
//! only once.

use std::sync::Arc;

use axum::{
    extract::{Path, Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use connectors::{AccountingApi, place};
use reading::{
    Wanted,
    connect::is_realm,
    signin::{Exchange, callback},
    tokens,
};
use serde::Deserialize;
use service::{Actor, Operation, entering::still};
use store::{Agreed, SignIn};

use crate::{app::App, confirm, host::Host};

/// What vendors append.
#[derive(Deserialize)]
pub struct Back {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default, rename = "realmId")]
    realm: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

/// What a sign-in came to.
enum Came {
    /// The tenant is connected to the company already: it goes on with the new tokens.
    Again,
    /// The admin who began it has to confirm it.
    HeldBack(String),
}

/// Takes a sign-in back from the vendor: one that an admin began, in whose name the audit says what it came to. Whatever came of it is said on a
/// page, because a person is there.
#[utoipa::path(get, path = "/oauth/{source}/callback", tag = "connections", operation_id = "end_sign_in",
    params(("source" = String, Path, description = "`quickbooks`, `xero`"),
           ("state" = Option<String>, Query, description = "What the sign-in was begun with; it is good once"),
           ("code" = Option<String>, Query, description = "What the vendor gives for it"),
           ("realmId" = Option<String>, Query, description = "QuickBooks: the company"),
           ("error" = Option<String>, Query, description = "Why there is no code")),
    responses((status = 200, description = "A page that names tenant and company and shows the code to confirm with, or says that the company \
                                            is connected again", content_type = "text/html"),
              (status = 400, description = "A page that says why it is not", content_type = "text/html")))]
pub async fn back(State(app): State<Arc<App>>, host: Host, Path(source): Path<String>, Query(back): Query<Back>) -> Response {
    match end(&app, &host, &source, back).await {
        Ok(Came::Again) => page(StatusCode::OK, "Connected", "The books are read anew. You can close this page."),
        Ok(Came::HeldBack(text)) => page(StatusCode::OK, "One step is left", &text),
        Err(why) => page(StatusCode::BAD_REQUEST, "Not connected", &why),
    }
}

async fn end(app: &App, host: &Host, source: &str, back: Back) -> Result<Came, String> {
    let again = format!("an admin begins another with POST /v1/connections/{source}/authorize");
    let broken = |error: &dyn std::fmt::Display| format!("it could not be stored: {error}; {again}");
    let state = back.state.filter(|state| state.len() <= 256).ok_or_else(|| format!("the address has no state; {again}"))?;
    let now = app.clock.now();
    let sign_in = app.vault.take_sign_in(&state, now).await.map_err(|error| broken(&error))?;
    let sign_in = sign_in.filter(|sign_in| sign_in.source == source);
    let sign_in = sign_in.ok_or_else(|| format!("this sign-in was used before, or is too old; {again}"))?;
    let begun_by = began(app, &sign_in).await?.ok_or_else(|| format!("no admin began this sign-in; {again}"))?;
    if let Some(error) = back.error {
        let word: String = error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
        return Err(format!("the vendor says {word}; {again}"));
    }
    let code = back.code.filter(|code| code.len() <= 4_096).ok_or_else(|| format!("the address has no code; {again}"))?;
    let connector =
        connectors::accounting_api_of(source).ok_or_else(|| "no books are read from a source of this name".to_owned())?;
    let access = connector.access();
    let secrets = tokens::app(&app.vault, source).await.map_err(|error| error.to_string())?;
    let exchange = Exchange { web: &app.web, access: &access, app: &secrets, base: sign_in.base.as_deref() };
    let redirect = callback(&app.public(host), source);
    let tokens = exchange.code(&code, &sign_in.verifier, &redirect, now).await.map_err(|error| format!("{error}; {again}"))?;
    let realm = match access.realms_url {
        None => back.realm.ok_or_else(|| format!("the vendor did not say which company it is; {again}"))?,
        Some(url) => company(app, connector, &sign_in, url, &tokens.access_token).await?,
    };
    if let Some(wanted) = sign_in.realm.as_ref().filter(|wanted| **wanted != realm) {
        return Err(format!(
            "the sign-in was for company {realm}, and it was begun for {wanted}; sign in again and choose that one"
        ));
    }
    if !is_realm(&realm) {
        return Err(format!("the company's id has an unknown form; {again}"));
    }
    let SignIn { tenant, base, by, .. } = sign_in;
    let noted = |came: &str| {
        let what = serde_json::json!({ "company": realm, "came": came });
        app.acting(begun_by.entry(Operation::EndSignIn, now).of(source).with(what))
    };
    let wanted = Wanted { tenant: &tenant, source, books: connector, realm: &realm, base: base.as_deref() };
    let before = wanted.before(&app.store).await.map_err(|error| error.to_string())?;
    // What the browser brought says which company it is; only the vendor can say that the tokens open it.
    let said = wanted.company(&app.web, &tokens).await;
    let said =
        said.map_err(|error| format!("the vendor did not say that the sign-in opens company {realm}: {error}; {again}"))?;
    if before.is_some() {
        let app = noted("connected_again");
        wanted.connect(&app.store, &app.vault, &tokens, now).await.map_err(|error| error.to_string())?;
        return Ok(Came::Again);
    }
    let settings = app.store.settings(&tenant).await.map_err(|error| broken(&error))?;
    let asks = settings.map_or_else(|| tenant.to_string(), |settings| settings.value.name);
    let called = said.name.clone().unwrap_or_else(|| "a company without a name".to_owned());
    let tokens = serde_json::to_value(&tokens).map_err(|error| broken(&error))?;
    let agreed = Agreed { by, realm: realm.clone(), company: said.name, base: base.clone(), code: String::new(), tokens };
    let (code, until) =
        confirm::hold_back(&noted("held_back"), &tenant, source, agreed).await.map_err(|fail| fail.detail().to_owned())?;
    Ok(Came::HeldBack(format!(
        "{asks} (tenant {tenant}) asks to read the books of {called} ({realm}). Nothing is read yet. If you want that, the admin of {asks} \
         who began this sign-in confirms it until {until:.0}, with the company's name and the code {code}. If you do not know {asks}, tell \
         nobody the code, close this page, and remove the app in the company's settings at the vendor."
    )))
}

/// Who began a sign-in, where they may.
async fn began(app: &App, sign_in: &SignIn) -> Result<Option<Actor>, String> {
    let SignIn { tenant, by, role, .. } = sign_in;
    let actor = still(&app.store, tenant, by.as_deref(), role.as_deref().unwrap_or_default()).await;
    let actor = actor.map_err(|error| error.to_string())?;
    Ok(actor.filter(|actor| actor.may(Operation::AuthorizeConnection).is_ok()))
}

/// Which company was agreed to: the one that is wanted, or the only one.
async fn company(
    app: &App,
    books: &dyn AccountingApi,
    sign_in: &SignIn,
    url: &str,
    access_token: &str,
) -> Result<String, String> {
    let request = axum::http::Request::get(place(url, sign_in.base.as_deref()))
        .header(header::ACCEPT, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {access_token}"))
        .body(Bytes::new())
        .map_err(|_| "the vendor's token has an unknown form".to_owned())?;
    let answer = app.web.send(request).await.map_err(|error| error.to_string())?;
    let opened = books.realms(&answer).ok_or_else(|| "the vendor's list of companies does not read".to_owned())?;
    if let Some(wanted) = &sign_in.realm {
        let found = opened.iter().find(|company| company.id == *wanted);
        return found.map(|company| company.id.clone()).ok_or_else(|| {
            format!("company {wanted} is connected, and it was not among those agreed to; sign in again and choose it")
        });
    }
    match &opened[..] {
        [one] => Ok(one.id.clone()),
        [] => Err("no company was agreed to; sign in again and choose one".to_owned()),
        many => {
            let list: Vec<String> =
                many.iter().map(|company| format!("{} ({})", company.name.as_deref().unwrap_or("unnamed"), company.id)).collect();
            Err(format!("several companies were agreed to; begin again with the realm of one of them: {}", list.join(", ")))
        }
    }
}

fn page(status: StatusCode, title: &str, text: &str) -> Response {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '&' => "&amp;".to_owned(),
            '"' => "&quot;".to_owned(),
            c => c.to_string(),
        })
        .collect();
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><body style=\"font:17px/26px system-ui;max-width:34em;margin:15vh auto;padding:0 1em\">\
         <h1>{title}</h1><p>{escaped}</p></body></html>"
    );
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
