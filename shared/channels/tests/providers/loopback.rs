//! A provider's endpoint on loopback: it answers as it is told to, and says what it was asked.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use channels::{Outgoing, Provider, Rendered, SendError, Thread, provider::HttpAnswer};
use domain::{CustomerId, MessageId, TenantId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What the endpoint does with each request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It answers; `{to}` in the body becomes the address.
    Http(HttpAnswer),
    /// It answers half of it, and closes the connection.
    Half(HttpAnswer),
    /// It closes the connection.
    Drop,
    /// It never answers.
    Hang,
    /// Nobody listens.
    NotThere,
}

impl Answer {
    /// An answer from its parts; headers each end in `\r\n`.
    pub fn http(status: u16, headers: &'static str, body: &'static str) -> Self {
        Self::Http(HttpAnswer { status, headers, body })
    }
}

fn sdk(port: u16) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(1)).build())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .build()
}

/// A message that the provider takes.
pub fn outgoing(provider: &Provider) -> Outgoing {
    let facts = provider.channel.facts();
    Outgoing {
        number: 7,
        tenant: TenantId::parse("acme").expect("an id"),
        customer: CustomerId::derive(&["c"]),
        message: MessageId::derive(&["m"]),
        from: provider.recorded.from.to_owned(),
        to: provider.recorded.to.to_owned(),
        reply_to: facts.has_subject.then(|| "ar@northwind.example".to_owned()).into_iter().collect(),
        thread: Thread::default(),
        rendered: Rendered {
            subject: facts.has_subject.then(|| "Hello".to_owned()),
            text: "Hello text".to_owned(),
            html: facts.has_subject.then(|| "<p>Hello</p>".to_owned()),
            sha256: String::new(),
        },
        opt_out_url: facts.has_subject.then(|| "https://p.example/stop".to_owned()),
        attachments: Vec::new(),
        service_mail: None,
    }
}

/// Sends once to an endpoint that answers so; what came of it, and the requests that the endpoint read.
pub async fn send(provider: &Provider, outgoing: &Outgoing, answer: Answer) -> (Result<String, SendError>, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    // What every variable may be: a name, and a domain too.
    let channel = (provider.connect)(&sdk(port), &|_| Some("dunlin.example".to_owned()));
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let to = outgoing.to.clone();
    let server = match answer {
        Answer::NotThere => {
            drop(listener);
            None
        }
        answer => Some(tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.expect("a connection");
                let Some(request) = read(&mut socket).await else { continue };
                tell.send(request).expect("the test listens");
                match answer {
                    Answer::Http(http) => socket.write_all(text(http, &to).as_bytes()).await.expect("written"),
                    Answer::Half(http) => {
                        let text = text(http, &to);
                        socket.write_all(&text.as_bytes()[..text.len() - http.body.len() / 2]).await.expect("written");
                    }
                    Answer::Hang => std::future::pending().await,
                    Answer::Drop | Answer::NotThere => drop(socket),
                }
            }
        })),
    };
    let result = channel.send(outgoing).await.map(|accepted| accepted.provider_id);
    if let Some(server) = server {
        server.abort();
    }
    let mut requests = Vec::new();
    while let Ok(request) = told.try_recv() {
        requests.push(request);
    }
    (result, requests)
}

fn text(http: HttpAnswer, to: &str) -> String {
    let HttpAnswer { status, headers, body } = http;
    let body = body.replace("{to}", to);
    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}connection: close\r\n\r\n{body}", body.len())
}

/// A whole request, or none where the connection closed before it was one.
async fn read(socket: &mut tokio::net::TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut whole = None;
    let mut piece = vec![0; 64 * 1024];
    loop {
        let count = socket.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
        // How long it is stands in its head, which is looked at once: a request of a megabyte comes in many pieces.
        whole = whole.or_else(|| {
            let head_bytes = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
            let head = String::from_utf8_lossy(&bytes[..head_bytes]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok());
            Some(head_bytes + length.unwrap_or(0))
        });
        if whole.is_some_and(|whole| bytes.len() >= whole) {
            return Some(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}

/// What came of a call, in a word.
pub fn kind(result: &Result<String, SendError>) -> String {
    match result {
        Ok(id) => id.clone(),
        Err(SendError::Retry { after, .. }) => format!("retry {after:?}"),
        Err(SendError::Refused { suppress, .. }) => format!("refused {suppress}"),
        Err(SendError::SetUp { problem, .. }) => format!("set up {}", problem.as_str()),
        Err(SendError::Unknown { .. }) => "unknown".into(),
    }
}
