//! What systems outside do: signed webhooks, calls of the admin API, clicks.

use std::time::Duration;

use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use jiff::Timestamp;
use serde_json::Value;
use sha2::Sha256;

/// How often a caller outside tries again before it gives up.
const TRIES: usize = 12;

/// A caller outside.
#[derive(Clone)]
pub struct Caller(Client<HttpConnector, Full<Bytes>>);

impl Default for Caller {
    fn default() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }
}

impl Caller {
    /// One call: status and body.
    ///
    /// # Errors
    ///
    /// When there is no answer at all.
    pub async fn call(&self, method: &str, url: &str, headers: &[(&str, String)], body: &[u8]) -> anyhow::Result<(u16, Value)> {
        let mut request = http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let sent = self.0.request(request.body(Full::from(body.to_vec()))?);
        let response = tokio::time::timeout(Duration::from_secs(60), sent).await.context("no answer in a minute")??;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await?.to_bytes();
        Ok((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    /// Calls until the answer is not the server's fault: as every sender of webhooks does. Answers how often it took, and
    /// the last answer.
    ///
    /// # Errors
    ///
    /// When it is refused, or fails for too long.
    pub async fn until_taken(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, String)],
        body: &[u8],
    ) -> anyhow::Result<(usize, Value)> {
        let mut last = String::new();
        for tries in 1..=TRIES {
            match self.call(method, url, headers, body).await {
                Ok((200..=399, answer)) => return Ok((tries, answer)),
                Ok((status @ (429 | 500..), answer)) => last = format!("{status} {answer}"),
                Ok((status, answer)) => anyhow::bail!("{method} {url} was refused: {status} {answer}"),
                Err(error) => last = format!("{error:#}"),
            }
        }
        anyhow::bail!("{method} {url} failed {TRIES} times: {last}")
    }
}

/// Where a tenant's canonical webhook is, and its secret.
#[derive(Clone, Debug)]
pub struct Hook {
    /// Its address.
    pub url: String,
    secret: Vec<u8>,
}

impl Hook {
    /// From what creating the tenant answered.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub fn of(answer: &Value) -> anyhow::Result<Self> {
        let text = |path: &str| answer.pointer(path).and_then(Value::as_str).with_context(|| format!("{path} is missing"));
        let secret = text("/webhooks/canonical/secret")?;
        let secret = STANDARD.decode(secret.trim_start_matches("whsec_")).context("the secret is no base64")?;
        Ok(Self { url: text("/webhooks/canonical/url")?.to_owned(), secret })
    }

    /// The headers of a delivery, as Standard Webhooks says.
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> Vec<(&'static str, String)> {
        let second = at.as_second();
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes a key of any length");
        mac.update(format!("{id}.{second}.").as_bytes());
        mac.update(body);
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", second.to_string()),
            ("webhook-signature", format!("v1,{signature}")),
        ]
    }
}
