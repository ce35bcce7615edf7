//! One signed call of a service of AWS that speaks JSON, without the service's own crate: `aws-sdk-pinpointsmsvoicev2` has a hundred operations, of
//! which one is needed. It is signed by `aws-sigv4`, which the SDK links already, and sent by the SDK's own connector, once.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{http::HttpConnector, identity::Identity, orchestrator::HttpRequest};
use aws_smithy_types::body::SdkBody;
use http::Request;
use http_body_util::{BodyExt, Limited};

use crate::{SendError, failure};

/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How long an answer is waited for where the configuration does not say.
const PATIENCE: Duration = Duration::from_secs(5);
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// An operation of a service, ready to be called.
pub struct SignedCall {
    url: String,
    region: String,
    service: &'static str,
    target: &'static str,
    credentials: Option<SharedCredentialsProvider>,
    time: SharedTimeSource,
    patience: Duration,
    connector: Arc<OnceLock<Connector>>,
}

/// A whole answer.
pub struct SignedAnswer {
    /// Its status.
    pub status: u16,
    /// The error that its head names, where it names one.
    pub named: Option<String>,
    /// Seconds that it asks to wait.
    pub after: Option<u64>,
    /// Its body.
    pub body: Vec<u8>,
}

impl SignedCall {
    /// The operation `target` of a service, at the endpoint and with the credentials of a configuration. `service` is its name in addresses and
    /// signatures.
    pub fn new(sdk: &SdkConfig, service: &'static str, target: &'static str) -> Self {
        let region = sdk.region().map(ToString::to_string).unwrap_or_default();
        let url = match sdk.endpoint_url() {
            Some(url) => format!("{}/", url.trim_end_matches('/')),
            None => {
                let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
                format!("https://{service}.{region}.amazonaws.com{suffix}/")
            }
        };
        Self {
            url,
            region,
            service,
            target,
            credentials: sdk.credentials_provider(),
            time: sdk.time_source().unwrap_or_default(),
            patience: sdk.timeout_config().and_then(|config| config.operation_attempt_timeout()).unwrap_or(PATIENCE),
            connector: Arc::default(),
        }
    }

    /// Calls once, and waits for the whole answer.
    ///
    /// # Errors
    ///
    /// [`SendError::Retry`] where nothing left, [`SendError::Unknown`] where nobody knows.
    pub async fn call(&self, body: String) -> Result<SignedAnswer, SendError> {
        let request = self.signed(body).await?;
        match tokio::time::timeout(self.patience, self.send(request)).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err(SendError::Unknown { detail: "no answer in time".to_owned() }),
        }
    }

    /// The connector, whose certificates are read when the first message is sent, not when the function starts.
    fn connector(&self) -> &Connector {
        self.connector.get_or_init(|| Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build())
    }

    async fn signed(&self, body: String) -> Result<Request<SdkBody>, SendError> {
        let unsigned = |detail: &str| SendError::Retry { after: None, detail: detail.to_owned() };
        let provider = self.credentials.as_ref().ok_or_else(|| unsigned("the function has no credentials"))?;
        let credentials =
            provider.provide_credentials().await.map_err(|_| unsigned("the function's credentials cannot be had"))?;
        let identity: Identity = credentials.into();
        let unsignable = |_| SendError::Refused { suppress: false, detail: "the request could not be signed".to_owned() };
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(self.time.now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| unsigned("the request could not be signed"))?
            .into();
        let headers = [("content-type", CONTENT_TYPE), ("x-amz-target", self.target)];
        let signable = SignableRequest::new("POST", &self.url, headers.into_iter(), SignableBody::Bytes(body.as_bytes()));
        let (instructions, _signature) = sign(signable.map_err(unsignable)?, &params).map_err(unsignable)?.into_parts();
        let mut request = Request::post(&self.url)
            .header("content-type", CONTENT_TYPE)
            .header("x-amz-target", self.target)
            .body(SdkBody::from(body))
            .map_err(|_| unsigned("the service has no address"))?;
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }

    async fn send(&self, request: Request<SdkBody>) -> Result<SignedAnswer, SendError> {
        let unknown = |detail: &str| SendError::Unknown { detail: detail.to_owned() };
        let request = HttpRequest::try_from(request)
            .map_err(|_| SendError::Refused { suppress: false, detail: "the request could not be built".to_owned() })?;
        let answer = self.connector().call(request).await.map_err(|error| {
            if failure::never_connected(&error) {
                SendError::Retry { after: None, detail: "the provider could not be reached".to_owned() }
            } else {
                unknown("the connection ended before an answer")
            }
        })?;
        let (head, body) = answer.try_into_http1x().map_err(|_| unknown("the answer is none of HTTP"))?.into_parts();
        let status = head.status.as_u16();
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let named = header("x-amzn-errortype").map(str::to_owned);
        let after = header("retry-after").and_then(|text| text.parse().ok());
        match Limited::new(body, ANSWER_BYTES_MAX).collect().await {
            Ok(body) => Ok(SignedAnswer { status, named, after, body: body.to_bytes().to_vec() }),
            Err(_) => Err(unknown("the answer broke off")),
        }
    }
}
