//! Invoking another function and waiting for its answer.
//!
//! One signed request instead of `aws-sdk-lambda`, which is large and of which this one call is needed. It is signed by `aws-sigv4`, which the
//! SDK links already, and sent by the SDK's own connector.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use anyhow::{Context, bail, ensure};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{http::HttpConnector, identity::Identity, orchestrator::HttpRequest};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Limited};
use jiff::Timestamp;
use serde_json::Value;

use crate::Clients;

/// Longest answer that Lambda gives.
const ANSWER_BYTES_MAX: usize = 6 * 1024 * 1024;

/// Another function, which is invoked and waited for. Nothing is tried again: whoever asks knows whether it may be.
#[derive(Clone, Debug)]
pub struct FunctionInvoker {
    url: String,
    region: String,
    credentials: SharedCredentialsProvider,
    patience: Duration,
    connector: Arc<OnceLock<Connector>>,
}

impl FunctionInvoker {
    /// The function of a name; an answer is waited for no longer than `patience`.
    ///
    /// # Errors
    ///
    /// When region or credentials are not set.
    pub fn new(clients: &Clients, function: &str, patience: Duration) -> anyhow::Result<Self> {
        let region = clients.sdk.region().context("invoking a function needs a region")?.to_string();
        let endpoint = match clients.sdk.endpoint_url() {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => {
                let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
                format!("https://lambda.{region}.amazonaws.com{suffix}")
            }
        };
        Ok(Self {
            url: format!("{endpoint}/2015-03-31/functions/{function}/invocations"),
            region,
            credentials: clients.sdk.credentials_provider().context("invoking a function needs credentials")?,
            patience,
            connector: Arc::default(),
        })
    }

    /// What the function answers.
    ///
    /// # Errors
    ///
    /// When Lambda cannot be reached in time, refuses, or the function failed. Whether it did its work is then unknown.
    pub async fn invoke(&self, payload: &Value, now: Timestamp) -> anyhow::Result<Value> {
        let request = self.signed(payload.to_string(), now).await?;
        let answer = tokio::time::timeout(self.patience, self.send(request)).await;
        answer.with_context(|| format!("the function did not answer within {} seconds", self.patience.as_secs()))?
    }

    /// The connector, whose certificates are read when the first request is made, not when a function starts.
    fn connector(&self) -> &Connector {
        self.connector.get_or_init(|| {
            Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).pool_idle_timeout(self.patience).build()
        })
    }

    async fn signed(&self, body: String, now: Timestamp) -> anyhow::Result<Request<SdkBody>> {
        let credentials =
            self.credentials.provide_credentials().await.context("the credentials of the function cannot be had")?;
        let identity: Identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("lambda")
            .time(SystemTime::from(now))
            .settings(SigningSettings::default())
            .build()
            .context("an invocation cannot be signed")?
            .into();
        let headers = [("content-type", "application/json")];
        let signable = SignableRequest::new("POST", &self.url, headers.into_iter(), SignableBody::Bytes(body.as_bytes()));
        let (instructions, _signature) = sign(signable.context("an invocation cannot be signed")?, &params)
            .context("an invocation cannot be signed")?
            .into_parts();
        let mut request = Request::post(&self.url).header("content-type", "application/json").body(SdkBody::from(body))?;
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }

    async fn send(&self, request: Request<SdkBody>) -> anyhow::Result<Value> {
        let request = HttpRequest::try_from(request).context("an invocation is no request")?;
        let answer = self.connector().call(request).await.context("Lambda could not be reached")?;
        let (head, body) = answer.try_into_http1x().context("the answer of Lambda is none")?.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body: Bytes = body.map_err(|error| anyhow::anyhow!("the answer of Lambda broke off: {error}"))?.to_bytes();
        ensure!(head.status.is_success(), "Lambda refused with status {}", head.status);
        // What a function says of its failure is in its own log.
        if let Some(kind) = head.headers.get("x-amz-function-error") {
            bail!("the function failed ({})", kind.to_str().unwrap_or("?"));
        }
        serde_json::from_slice(&body).context("the function answered no JSON")
    }
}
