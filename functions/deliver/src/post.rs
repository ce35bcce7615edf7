//! One request to a subscriber: bounded in time, to public places alone, and nowhere else than to the address that was looked at.
//!
//! A name is resolved by [`PublicPlaces`], which the HTTP client asks when it connects, and the client connects to what that answered. So there is no
//! second resolution between the look and the connection that could answer otherwise. A host that is an address is not resolved, and looked
//! at before. A redirect is an answer like any other that is no success: nobody follows it.

use std::{net::IpAddr, sync::OnceLock, time::Duration};

use aws_smithy_http_client::{
    Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    dns::{DnsFuture, ResolveDns, ResolveDnsError},
    http::HttpConnector,
    orchestrator::HttpRequest,
};
use aws_smithy_types::body::SdkBody;
use domain::public_address::is_public;
use http::{Request, Uri};
use http_body_util::{BodyExt, Limited};
use jiff::SignedDuration;

use crate::payload::Payload;

/// How long a subscriber has to answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long an open connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(20);
/// Longest body of an answer that is read, and for how long.
const BODY_BYTES_MAX: usize = 16 * 1024;
const BODY_PATIENCE: Duration = Duration::from_millis(500);
const PRIVATE: &str = "its address leads to a private place, and events only go to public ones";

/// What a subscriber answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It took the event: any status from 200 to 299.
    Taken(u16),
    /// It wants no more events: 410.
    Gone,
    /// Anything else.
    Failed {
        /// The status, where there was an answer.
        status: Option<u16>,
        /// What happened, in words.
        why: String,
        /// How long it asked to be left alone.
        wait: Option<SignedDuration>,
    },
}

/// Resolves names to public places; a name of which any address is none leads nowhere.
#[derive(Clone, Debug)]
struct PublicPlaces;

impl ResolveDns for PublicPlaces {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let found = tokio::net::lookup_host((name, 0)).await.map_err(ResolveDnsError::new)?;
            let addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
            if addresses.iter().all(|address| is_public(*address)) { Ok(addresses) } else { Err(ResolveDnsError::new(PRIVATE)) }
        })
    }
}

/// The client of subscribers. Certificates are read when the first request is made.
#[derive(Debug)]
pub struct Post {
    connector: OnceLock<Connector>,
    /// Whether plain HTTP to this machine is let through.
    loopback: bool,
    patience: Duration,
}

impl Post {
    /// A client of public places, and of this machine where `loopback` says so.
    pub fn new(loopback: bool) -> Self {
        Self { connector: OnceLock::new(), loopback, patience: PATIENCE }
    }

    fn connector(&self) -> &Connector {
        self.connector.get_or_init(|| {
            Connector::builder()
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .pool_idle_timeout(IDLE)
                .build_with_resolver(PublicPlaces)
        })
    }

    /// Sends an event. What is not known to have been taken has failed.
    pub async fn send(&self, url: &str, payload: &Payload) -> Answered {
        let failed = |why: String| Answered::Failed { status: None, why, wait: None };
        let uri = match self.checked(url) {
            Ok(uri) => uri,
            Err(why) => return failed(why),
        };
        let exchange = async {
            let request = Request::post(uri)
                .header("content-type", "application/json")
                .header("user-agent", "Dunlin")
                .header("webhook-id", payload.id.as_str())
                .header("webhook-timestamp", payload.second.to_string())
                .header("webhook-signature", payload.signature.as_str())
                .body(SdkBody::from(payload.body.as_str()));
            let request = request.map_err(|error| words(&error))?;
            let request = HttpRequest::try_from(request).map_err(|error| words(&error))?;
            self.connector().call(request).await.map_err(|error| words(&error))
        };
        let answer = match tokio::time::timeout(self.patience, exchange).await {
            Err(_) => return failed(format!("it did not answer within {} seconds", self.patience.as_secs())),
            Ok(Err(why)) => return failed(format!("it could not be reached: {why}")),
            Ok(Ok(answer)) => answer,
        };
        let wait = answer.headers().get("retry-after").and_then(|text| text.parse::<u32>().ok());
        let said = of_status(answer.status().as_u16(), wait);
        // What else it says is nothing that is asked for. A short body is read, so that the connection can be used again.
        let rest = Limited::new(answer.into_body(), BODY_BYTES_MAX).collect();
        let _unread = tokio::time::timeout(BODY_PATIENCE, rest).await;
        said
    }

    /// The address, where events may go there.
    fn checked(&self, url: &str) -> Result<Uri, String> {
        let uri: Uri = url.parse().map_err(|_| "its address does not read".to_owned())?;
        let host = uri.host().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        let is_on_this_machine = self.loopback && address.is_some_and(|address| address.is_loopback());
        if is_on_this_machine {
            return Ok(uri);
        }
        if uri.scheme_str() != Some("https") {
            return Err("its address does not begin with https://".to_owned());
        }
        match address {
            Some(address) if !is_public(address) => Err(PRIVATE.to_owned()),
            Some(_) | None => Ok(uri),
        }
    }
}

fn of_status(status: u16, wait_s: Option<u32>) -> Answered {
    let why = match status {
        200..=299 => return Answered::Taken(status),
        410 => return Answered::Gone,
        300..=399 => format!("it answered {status}: redirects are not followed"),
        _ => format!("it answered {status}"),
    };
    Answered::Failed { status: Some(status), why, wait: wait_s.map(|wait| SignedDuration::from_secs(i64::from(wait))) }
}

/// An error and what caused it, in the client's own words.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    fn payload() -> Payload {
        Payload { id: "evt_1".to_owned(), second: 1, signature: "v1,x".to_owned(), body: "{}".to_owned() }
    }

    /// A subscriber that answers each request with these bytes, after a while; and how often it was asked.
    async fn subscriber(answer: &'static str, after: Duration) -> (String, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://127.0.0.1:{}/hook", listener.local_addr().expect("an address").port());
        let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = asked.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut read = [0_u8; 4_096];
                    let _ = stream.read(&mut read).await;
                    tokio::time::sleep(after).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        (url, asked)
    }

    #[tokio::test]
    async fn only_a_success_within_its_time_is_one() {
        let post = Post { patience: Duration::from_millis(500), ..Post::new(true) };
        let failed = |status: u16, why: &str| Answered::Failed { status: Some(status), why: why.to_owned(), wait: None };
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Answered::Taken(200)),
            ("HTTP/1.1 204 No Content\r\n\r\n", Answered::Taken(204)),
            ("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", Answered::Gone),
            ("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n", failed(500, "it answered 500")),
        ] {
            let (url, _) = subscriber(answer, Duration::ZERO).await;
            assert_eq!(post.send(&url, &payload()).await, expected, "{answer}");
        }
        let (url, _) = subscriber("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Duration::from_secs(5)).await;
        let late = post.send(&url, &payload()).await;
        assert!(matches!(&late, Answered::Failed { status: None, why, .. } if why.contains("did not answer within")), "{late:?}");
        let busy = "HTTP/1.1 429 Busy\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n";
        let (url, _) = subscriber(busy, Duration::ZERO).await;
        let expected =
            Answered::Failed { status: Some(429), why: "it answered 429".to_owned(), wait: Some(SignedDuration::from_secs(120)) };
        assert_eq!(post.send(&url, &payload()).await, expected);
    }

    #[tokio::test]
    async fn a_redirect_is_followed_nowhere() {
        let (inside, asked) = subscriber("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Duration::ZERO).await;
        let answer = format!("HTTP/1.1 302 Found\r\nlocation: {inside}\r\ncontent-length: 0\r\n\r\n");
        let (url, _) = subscriber(Box::leak(answer.into_boxed_str()), Duration::ZERO).await;
        let said = Post::new(true).send(&url, &payload()).await;
        assert!(matches!(&said, Answered::Failed { status: Some(302), why, .. } if why.contains("not followed")), "{said:?}");
        assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn nothing_goes_to_a_private_place() {
        let (here, asked) = subscriber("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Duration::ZERO).await;
        let port = here.rsplit(':').next().and_then(|rest| rest.split('/').next()).expect("a port");
        let post = Post::new(false);
        for url in [
            here.clone(),
            format!("https://127.0.0.1:{port}/"),
            format!("https://localhost:{port}/"),
            format!("https://[::1]:{port}/"),
            format!("https://[::ffff:127.0.0.1]:{port}/"),
            format!("https://0.0.0.0:{port}/"),
            "https://169.254.169.254/latest/meta-data".to_owned(),
            "https://10.0.0.1/".to_owned(),
            "http://93.184.216.34/".to_owned(),
            "not an address".to_owned(),
        ] {
            let said = post.send(&url, &payload()).await;
            let Answered::Failed { status: None, why, .. } = &said else { panic!("{url}: {said:?}") };
            assert!(why.contains("private") || why.contains("https") || why.contains("does not read"), "{url}: {why}");
        }
        // Where tests may reach this machine, other private places stay closed.
        let said = Post::new(true).send("https://10.0.0.1/", &payload()).await;
        assert!(matches!(&said, Answered::Failed { status: None, why, .. } if why.contains("private")), "{said:?}");
        assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 0, "nobody was asked");
    }
}
