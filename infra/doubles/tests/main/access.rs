//! Authorisation and tokens.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use doubles::{Double, QuickBooks, Xero, quickbooks::Company, xero::Organisation};
use form_urlencoded::Serializer;
use http::{Request, Response, StatusCode};
use jiff::SignedDuration;
use serde_json::Value;

use crate::client::{Time, get, json, send};

const REALM: &str = "9130347";
const TENANT: &str = "b2c885a9-4bb9-4a00-9b6e-6c2bf60b1a2b";
const BACK: &str = "http://127.0.0.1:1/callback";
/// The example of RFC 7636.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn form(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// What the browser is sent back with.
async fn agree(double: &dyn Double, path: &str, scope: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let asked = [
        ("client_id", double.app().client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("state", "s&1"),
        ("scope", scope),
    ];
    let answer = get(double, &format!("{path}?{}&{}", form(&asked), form(more)), &[]).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    let location = answer.headers()["location"].to_str().expect("text").to_owned();
    let query = location.strip_prefix(BACK).expect("the address that was given").trim_start_matches('?').to_owned();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn said<'a>(back: &'a [(String, String)], name: &str) -> Option<&'a str> {
    back.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

async fn exchange(double: &dyn Double, path: &str, secret: &str, pairs: &[(&str, &str)]) -> Response<Bytes> {
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", double.app().client_id)));
    let request = Request::post(format!("{}{path}", double.base_url())).header("authorization", basic);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    send(request.body(form(pairs).into()).expect("a request")).await.expect("an answer")
}

async fn refresh(double: &dyn Double, path: &str, token: &str) -> Result<Value, String> {
    let answer =
        exchange(double, path, &double.app().client_secret, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await;
    let body = json(&answer);
    if answer.status() == StatusCode::OK { Ok(body) } else { Err(body["error"].as_str().expect("an error").to_owned()) }
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_else(|| panic!("{name} in {body}"))
}

const QBO_AUTHORISE: &str = "/connect/oauth2";
const QBO_TOKEN: &str = "/oauth2/v1/tokens/bearer";
const QBO_SCOPE: &str = "com.intuit.quickbooks.accounting";

async fn opens(double: &dyn Double, token: &str) -> StatusCode {
    let path = format!("/v3/company/{REALM}/companyinfo/{REALM}");
    get(double, &path, &[("authorization", &format!("Bearer {token}"))]).await.status()
}

#[tokio::test]
async fn quickbooks_gives_a_code_once_and_rotates() {
    let time = Time::at("2026-02-19T09:00:00Z");
    let double = QuickBooks::start(time.clock()).await.expect("a port");
    double.add_company(Company::new(REALM, "Coastal Supplies"));
    let declined = agree(&double, QBO_AUTHORISE, QBO_SCOPE, &[]).await;
    assert_eq!((said(&declined, "error"), said(&declined, "code")), (Some("access_denied"), None));
    double.consent(&[REALM]);
    let back = agree(&double, QBO_AUTHORISE, QBO_SCOPE, &[]).await;
    assert_eq!((said(&back, "realmId"), said(&back, "state")), (Some(REALM), Some("s&1")));
    let code = said(&back, "code").expect("a code");
    let pairs = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK)];
    assert_eq!(exchange(&double, QBO_TOKEN, "wrong", &pairs).await.status(), StatusCode::UNAUTHORIZED);
    let first = json(&exchange(&double, QBO_TOKEN, &double.app().client_secret, &pairs).await);
    assert_eq!((&first["expires_in"], &first["x_refresh_token_expires_in"]), (&3_600.into(), &8_640_000.into()));
    assert_eq!(json(&exchange(&double, QBO_TOKEN, &double.app().client_secret, &pairs).await)["error"], "invalid_grant");
    assert_eq!(opens(&double, text(&first, "access_token")).await, StatusCode::OK);
    time.pass(SignedDuration::from_secs(3_600));
    assert_eq!(opens(&double, text(&first, "access_token")).await, StatusCode::UNAUTHORIZED);
    let second = refresh(&double, QBO_TOKEN, text(&first, "refresh_token")).await.expect("tokens");
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(opens(&double, text(&second, "access_token")).await, StatusCode::OK);
    assert_eq!(refresh(&double, QBO_TOKEN, text(&first, "refresh_token")).await, Err("invalid_grant".to_owned()));
    assert_eq!((double.refreshes(), double.calls()["token"]), (1, 5));
    time.pass(SignedDuration::from_hours(100 * 24));
    assert_eq!(refresh(&double, QBO_TOKEN, text(&second, "refresh_token")).await, Err("invalid_grant".to_owned()));

    let tokens = double.issue_tokens(REALM);
    assert_eq!(tokens.expires_at, time.now() + SignedDuration::from_hours(1));
    assert_eq!(opens(&double, &tokens.access_token).await, StatusCode::OK);
    assert_eq!(opens(&double, &double.issue_tokens("1").access_token).await, StatusCode::FORBIDDEN);
    double.revoke(REALM);
    assert_eq!(opens(&double, &tokens.access_token).await, StatusCode::UNAUTHORIZED);
    assert!(refresh(&double, QBO_TOKEN, &tokens.refresh_token).await.is_err());
}

const XERO_AUTHORISE: &str = "/identity/connect/authorize";
const XERO_TOKEN: &str = "/connect/token";
const XERO_SCOPE: &str = "offline_access accounting.invoices.read";

#[tokio::test]
async fn xero_checks_pkce_and_forgives_a_lost_answer() {
    let time = Time::at("2026-02-19T09:00:00Z");
    let double = Xero::start(time.clock()).await.expect("a port");
    double.add_organisation(Organisation::new(TENANT, "Kea Supplies"));
    let challenge = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256"), ("company", TENANT)];
    for (verifier, right) in [(None, false), (Some("another"), false), (Some(VERIFIER), true)] {
        let back = agree(&double, XERO_AUTHORISE, XERO_SCOPE, &challenge).await;
        assert_eq!(said(&back, "realmId"), None);
        let code = said(&back, "code").expect("a code");
        let mut pairs = vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK)];
        pairs.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        let status = exchange(&double, XERO_TOKEN, &double.app().client_secret, &pairs).await.status();
        assert_eq!(status == StatusCode::OK, right, "{verifier:?}");
    }
    let back = agree(&double, XERO_AUTHORISE, "accounting.invoices.read", &[("company", TENANT)]).await;
    let code = said(&back, "code").expect("a code").to_owned();
    let elsewhere = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", "http://127.0.0.1:2/")];
    assert_eq!(exchange(&double, XERO_TOKEN, &double.app().client_secret, &elsewhere).await.status(), StatusCode::BAD_REQUEST);
    let back = agree(&double, XERO_AUTHORISE, "accounting.invoices.read", &[("company", TENANT)]).await;
    let pairs = [("grant_type", "authorization_code"), ("code", said(&back, "code").expect("a code")), ("redirect_uri", BACK)];
    let brief = json(&exchange(&double, XERO_TOKEN, &double.app().client_secret, &pairs).await);
    assert!(brief.get("refresh_token").is_none(), "offline_access was not asked for");
    let bearer = format!("Bearer {}", text(&brief, "access_token"));
    let connections = json(&get(&double, "/connections", &[("authorization", &bearer)]).await);
    assert_eq!((&connections[0]["tenantId"], &connections[0]["tenantName"]), (&TENANT.into(), &"Kea Supplies".into()));

    let tokens = double.issue_tokens(TENANT);
    assert_eq!(tokens.expires_at, time.now() + SignedDuration::from_mins(30));
    let lost = refresh(&double, XERO_TOKEN, &tokens.refresh_token).await.expect("tokens");
    time.pass(SignedDuration::from_mins(29));
    let again = refresh(&double, XERO_TOKEN, &tokens.refresh_token).await.expect("the grace of 30 minutes");
    assert_ne!(lost["refresh_token"], again["refresh_token"]);
    time.pass(SignedDuration::from_mins(1));
    assert!(refresh(&double, XERO_TOKEN, &tokens.refresh_token).await.is_err(), "the grace counts from the first use");
    let organisation = |token: &str| [("authorization".to_owned(), format!("Bearer {token}"))];
    let headers = organisation(text(&lost, "access_token"));
    let asked = [(headers[0].0.as_str(), headers[0].1.as_str()), ("xero-tenant-id", TENANT)];
    let expired = get(&double, "/api.xro/2.0/Organisation", &asked).await;
    assert_eq!(expired.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(json(&expired)["Detail"], "TokenExpired: token expired at 02/19/2026 09:30:00");
    time.pass(SignedDuration::from_hours(60 * 24));
    assert!(refresh(&double, XERO_TOKEN, text(&again, "refresh_token")).await.is_err());
}
