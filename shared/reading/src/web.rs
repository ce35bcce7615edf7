//! One HTTP request to a vendor, bounded in time and size. Redirects are not followed: an answer that is elsewhere is no answer.

use std::{pin::Pin, sync::OnceLock, time::Duration};

use aws_smithy_http_client::{
    Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{http::HttpConnector, orchestrator::HttpRequest};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// How long a request may take, answer and all.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest answer that is read. A page of 1,000 invoices with all their lines stays below it.
const BODY_BYTES_MAX: usize = 12 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// Nobody answered, or the connection broke.
    #[error("the vendor could not be reached: {0}")]
    Broken(String),
    /// The answer took too long.
    #[error("the vendor did not answer within {} seconds", PATIENCE.as_secs())]
    Slow,
    /// The answer was too long.
    #[error("the answer is longer than {BODY_BYTES_MAX} bytes")]
    Huge,
}

/// The client of vendors' APIs: the SDK's own, which is linked already, with HTTP/2 where the vendor has it. Its certificates are read
/// when the first request is made, not when a function starts.
#[derive(Debug, Default)]
pub struct Web(OnceLock<Connector>);

impl Web {
    /// Plain HTTP is for stand-ins on loopback; vendors' own addresses all begin with https.
    fn connector(&self) -> &Connector {
        self.0.get_or_init(|| {
            Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).pool_idle_timeout(PATIENCE).build()
        })
    }

    /// Sends a request and reads its answer whole.
    ///
    /// # Errors
    ///
    /// [`Unreachable`]; a status of any kind is an answer.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Unreachable> {
        let exchange = async {
            let request = HttpRequest::try_from(request.map(SdkBody::from)).map_err(|error| broken(&error))?;
            let answer = self.connector().call(request).await.map_err(|error| broken(&error))?;
            let (head, body) = answer.try_into_http1x().map_err(|error| broken(&error))?.into_parts();
            match Limited::new(body, BODY_BYTES_MAX).collect().await {
                Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
                Err(error) if error.is::<LengthLimitError>() => Err(Unreachable::Huge),
                Err(error) => Err(broken(&*error)),
            }
        };
        tokio::time::timeout(PATIENCE, exchange).await.unwrap_or(Err(Unreachable::Slow))
    }
}

/// From an error and what caused it. The texts are the client's own; none holds a token or an address.
fn broken(error: &(dyn std::error::Error + 'static)) -> Unreachable {
    let causes = std::iter::successors(Some(error), |error| error.source());
    Unreachable::Broken(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}

/// The OAuth2 library sends its requests like all others.
impl<'c> oauth2::AsyncHttpClient<'c> for Web {
    type Error = Unreachable;
    type Future = Pin<Box<dyn Future<Output = Result<oauth2::HttpResponse, Unreachable>> + Send + 'c>>;

    fn call(&'c self, request: oauth2::HttpRequest) -> Self::Future {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let answer = self.send(Request::from_parts(parts, Bytes::from(body))).await?;
            let (parts, body) = answer.into_parts();
            Ok(Response::from_parts(parts, body.to_vec()))
        })
    }
}
