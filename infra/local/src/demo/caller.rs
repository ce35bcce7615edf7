//! HTTP as systems and browsers speak it to the stack.

use anyhow::{Context, bail};
use bytes::Bytes;
use http::{Method, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

/// Headers of a request.
pub type Headers = Vec<(&'static str, String)>;

/// A client. It follows no redirect.
#[derive(Clone)]
pub struct Caller {
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What a call that was taken is answered.
pub struct Answer {
    /// Where it leads.
    pub location: Option<String>,
    /// The cookie that a browser is told to keep.
    pub cookie: Option<String>,
    body: Bytes,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("this is no JSON: {}", self.text()))
    }

    /// Where it leads.
    ///
    /// # Errors
    ///
    /// When it leads nowhere: a form that is taken leads on.
    pub fn leads_to(self) -> anyhow::Result<String> {
        self.location.clone().with_context(|| format!("it leads nowhere: {}", self.text()))
    }
}

impl Caller {
    /// A client of its own.
    pub fn new() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// A call that is taken.
    ///
    /// # Errors
    ///
    /// When it is refused, with the refusal's words, or not answered.
    pub async fn call(&self, method: Method, url: &str, headers: Headers, body: impl Into<Bytes>) -> anyhow::Result<Answer> {
        let mut request = http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = self.client.request(request.body(Full::new(body.into()))?).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        if !head.status.is_success() && !head.status.is_redirection() {
            bail!("{url} answered {}: {}", head.status, String::from_utf8_lossy(&body));
        }
        let text = |name: header::HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Answer { location: text(header::LOCATION), cookie: text(header::SET_COOKIE), body })
    }

    /// A document that is taken.
    ///
    /// # Errors
    ///
    /// Those of [`Caller::call`].
    pub async fn post(&self, url: &str, mut headers: Headers, body: String) -> anyhow::Result<Answer> {
        headers.push(("content-type", "application/json".to_owned()));
        self.call(Method::POST, url, headers, body).await
    }
}
