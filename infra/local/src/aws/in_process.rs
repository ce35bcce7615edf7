//! The functions' clients of AWS without a network: a call goes to what the listener would hand it to, and comes back, within the process.
//!
//! A month of the demo is tens of thousands of calls, and both ends of HTTP were a good part of what each of them took. Signing, retries and
//! timeouts of the clients are as they are on AWS. What a fault drops is an error of the connection, as it is behind the listener.

use std::sync::{Arc, OnceLock, Weak};

use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use http::{HeaderValue, Request, header};
use http_body_util::BodyExt;
use tokio::{runtime::Handle, task::JoinHandle};

use super::{Answer, Dropped, handle};
use crate::world::World;

/// An HTTP client of the SDK that reaches one stack and nothing else. It is made before the stack is, and joined to it once.
#[derive(Clone, Debug, Default)]
pub struct InProcess(Arc<OnceLock<Joined>>);

/// A stack, and where it runs: whoever calls may have a runtime of its own.
#[derive(Clone, Debug)]
struct Joined {
    world: Weak<World>,
    runtime: Handle,
}

/// A call that is being answered. It ends with whoever made it, as a connection does.
struct Answering(JoinHandle<Result<Answer, Dropped>>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl InProcess {
    /// Says which stack answers, in whose runtime; the first word holds.
    pub fn join(&self, world: &Arc<World>, runtime: Handle) {
        let _joined = self.0.set(Joined { world: Arc::downgrade(world), runtime });
    }

    /// Clients as they are, which call within the process.
    #[must_use]
    pub fn clients(&self, clients: kit::Clients) -> kit::Clients {
        kit::Clients { sdk: clients.sdk.into_builder().http_client(self.clone()).build() }
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let joined = self.0.get().and_then(|joined| Some((joined.world.upgrade()?, joined.runtime.clone())));
        HttpConnectorFuture::new(async move {
            let (world, runtime) = joined.ok_or_else(|| ConnectorError::io("the stack has ended".into()))?;
            let mut request: Request<SdkBody> = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            name_host(&mut request);
            // A task of its own: the stack of a call is deep enough without the client's.
            let mut answering = Answering(runtime.spawn(handle(world, request)));
            let answered = (&mut answering.0).await.map_err(|error| ConnectorError::io(error.into()))?;
            response(answered.map_err(|error| ConnectorError::io(error.into()))?).await
        })
    }
}

/// Names the host, as a client does that sends over the network.
fn name_host(request: &mut Request<SdkBody>) {
    let named = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = named.filter(|_| !request.headers().contains_key(header::HOST)) {
        request.headers_mut().insert(header::HOST, host);
    }
}

async fn response(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let (mut head, body) = answer.into_parts();
    let body = body.collect().await.map_err(|never| ConnectorError::io(never.into()))?.to_bytes();
    head.headers.entry(header::CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(body.len()));
    let whole = http::Response::from_parts(head, SdkBody::from(body));
    HttpResponse::try_from(whole).map_err(|error| ConnectorError::user(error.into()))
}
