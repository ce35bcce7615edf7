//! What an issuer's discovery document says.

use bytes::Bytes;
use http::Request;
use reading::Web;
use serde_json::Value;

/// The way of a client to say who it is that is asked for first, and the one where an issuer does not take that.
const BASIC: &str = "client_secret_basic";
const POST: &str = "client_secret_post";

/// An issuer, as its discovery describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Discovered {
    /// Where its keys are.
    pub(crate) keys_url: Option<String>,
    /// Where people sign in.
    pub(crate) authorize_url: Option<String>,
    /// Where a code is exchanged.
    pub(crate) token_url: Option<String>,
    /// Whether a client's secret goes in the body and not in a header.
    pub(crate) secret_in_body: bool,
}

/// Asks an issuer. The error says in words what is wrong, and names no secret.
pub(crate) async fn discover(web: &Web, issuer: &str) -> Result<Discovered, String> {
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    read(issuer, &get(web, &url).await?)
}

fn read(issuer: &str, body: &[u8]) -> Result<Discovered, String> {
    let found: Value = serde_json::from_slice(body).map_err(|_| "its discovery is no JSON".to_owned())?;
    let text = |name: &str| found.get(name).and_then(Value::as_str);
    if text("issuer") != Some(issuer) {
        return Err("its discovery names another issuer".to_owned());
    }
    // What is fetched over TLS leads to nothing that is not.
    let place = |name: &str| match text(name) {
        Some(url) if issuer.starts_with("https://") && !url.starts_with("https://") => {
            Err(format!("its discovery names as {name} what is not fetched over TLS"))
        }
        url => Ok(url.map(str::to_owned)),
    };
    let ways = found.get("token_endpoint_auth_methods_supported").and_then(Value::as_array);
    let takes = |way: &str| ways.is_some_and(|ways| ways.iter().any(|known| known.as_str() == Some(way)));
    Ok(Discovered {
        keys_url: place("jwks_uri")?,
        authorize_url: place("authorization_endpoint")?,
        token_url: place("token_endpoint")?,
        secret_in_body: takes(POST) && !takes(BASIC),
    })
}

/// What lies at an address.
pub(crate) async fn get(web: &Web, url: &str) -> Result<Bytes, String> {
    let request = Request::get(url).header("accept", "application/json").body(Bytes::new());
    let request = request.map_err(|_| format!("{url} is no address"))?;
    let answer = web.send(request).await.map_err(|error| error.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("{url} answered {}", answer.status()));
    }
    Ok(answer.into_body())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://id.example/pool";

    #[test]
    fn a_discovery_is_of_the_issuer_and_leads_to_tls_alone() {
        let good = json!({
            "issuer": ISSUER, "jwks_uri": "https://id.example/keys", "authorization_endpoint": "https://id.example/in",
            "token_endpoint": "https://id.example/token", "token_endpoint_auth_methods_supported": ["client_secret_post"],
        });
        let found = read(ISSUER, good.to_string().as_bytes()).unwrap();
        assert_eq!(found.authorize_url.as_deref(), Some("https://id.example/in"));
        assert!(found.secret_in_body);
        for (name, value) in [
            ("issuer", json!("https://other.example")),
            ("jwks_uri", json!("http://id.example/keys")),
            ("authorization_endpoint", json!("http://id.example/in")),
            ("token_endpoint", json!("http://id.example/token")),
        ] {
            let mut wrong = good.clone();
            wrong[name] = value;
            assert!(read(ISSUER, wrong.to_string().as_bytes()).is_err(), "{name}");
        }
        assert!(read(ISSUER, b"<html>").is_err());
        let plain = json!({"issuer": "http://127.0.0.1/i", "token_endpoint": "http://127.0.0.1/t"});
        let found = read("http://127.0.0.1/i", plain.to_string().as_bytes()).unwrap();
        assert_eq!((found.token_url.as_deref(), found.secret_in_body), (Some("http://127.0.0.1/t"), false));
    }
}
