//! The listener.

use std::{convert::Infallible, fmt, io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use crate::{Desk, Fate, Fault, witness::Lens};

/// A vendor's side of the wire.
pub trait Vendor: Send + Sync + 'static {
    fn desk(&self) -> &Desk;
    /// What kind of request it is, for counting.
    fn kind(&self, request: &Request<Bytes>) -> String;
    /// The right answer.
    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes>;
    /// What the vendor says with a status.
    fn refusal(&self, status: StatusCode) -> Response<Bytes>;
    /// How its answers are read by a witness.
    fn lens(&self) -> Lens;
}

/// A listener on loopback until it is dropped, together with its connections.
pub struct Server {
    pub base_url: String,
    accepting: JoinHandle<Infallible>,
}

impl Server {
    pub async fn start<V: Vendor>(vendor: Arc<V>) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        Ok(Self { base_url, accepting: tokio::spawn(accept(listener, vendor)) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept<V: Vendor>(listener: TcpListener, vendor: Arc<V>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(converse(stream, vendor.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse<V: Vendor>(stream: TcpStream, vendor: Arc<V>) {
    let service = service_fn(move |request| serve(vendor.clone(), request));
    // It ends with an error whenever the other side leaves, or when a fault cuts it off.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

/// The connection ends here.
#[derive(Debug)]
struct CutOff;

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is cut off")
    }
}

impl std::error::Error for CutOff {}

async fn serve<V: Vendor>(vendor: Arc<V>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, CutOff> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| CutOff)?.to_bytes();
    let request = Request::from_parts(parts, body);
    let kind = vendor.kind(&request);
    let witness = vendor.desk().witness();
    let fate = witness.as_ref().map_or(Fate::Lives, |witness| witness.asked(&kind));
    if let (Some(witness), Fate::DiesBefore) = (&witness, fate) {
        witness.kill();
        return std::future::pending().await;
    }
    vendor.desk().count(kind);
    let fault = vendor.desk().faults.take(request.uri().path());
    if let Some(Fault::Slow(wait)) = &fault {
        tokio::time::sleep(*wait).await;
    }
    let right = || vendor.answer(&request);
    let mut answer = match fault {
        None => {
            let answer = right();
            if let (Some(witness), Fate::Lives) = (&witness, fate)
                && let Some(shown) = vendor.lens().shown(&request, &answer, vendor.desk().now())
            {
                witness.shown(shown);
            }
            answer
        }
        Some(fault) => fault.spoil(right, |status| vendor.refusal(status)).ok_or(CutOff)?,
    };
    if let (Some(witness), Fate::DiesAfter) = (&witness, fate) {
        witness.kill();
        return std::future::pending().await;
    }
    // By the vendor's clock, else the library writes the machine's own.
    let date = vendor.desk().now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        answer.headers_mut().insert(header::DATE, date);
    }
    Ok(answer.map(Full::new))
}
