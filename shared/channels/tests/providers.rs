//! What the providers make of every way that a call can end, against a server on loopback.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use channels::{Channel, Outgoing, Rendered, SendError, Ses, Sns};
use domain::{CustomerId, MessageId, TenantId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What the server does with the one request that it gets.
#[derive(Clone)]
enum Answer {
    Http(u16, &'static str, &'static str),
    Drop,
    Hang,
    NotThere,
}

fn sdk(port: u16) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(300)).build())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .build()
}

fn outgoing() -> Outgoing {
    Outgoing {
        number: 7,
        tenant: TenantId::parse("acme").expect("an id"),
        customer: CustomerId::derive(&["c"]),
        message: MessageId::derive(&["m"]),
        from: "Northwind <billing@northwind.example>".into(),
        to: "anna@acme.example".into(),
        reply_to: Some("ar@northwind.example".into()),
        rendered: Rendered {
            subject: Some("Hello".into()),
            text: "Hello text".into(),
            html: Some("<p>Hello</p>".into()),
            sha256: String::new(),
        },
        opt_out_url: Some("https://p.example/stop".into()),
    }
}

fn sms() -> Outgoing {
    let mut sms = outgoing();
    sms.to = "+493012345678".into();
    sms.from = "Northwind".into();
    sms.rendered.html = None;
    sms
}

/// Sends once to a server that answers so; what came of it, and the requests that the server read.
async fn send(
    make: impl FnOnce(&SdkConfig) -> Box<dyn Channel>,
    outgoing: &Outgoing,
    answer: Answer,
) -> (Result<String, SendError>, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let channel = make(&sdk(port));
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let server = match answer {
        Answer::NotThere => {
            drop(listener);
            None
        }
        answer => Some(tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.expect("a connection");
                let request = read(&mut socket).await;
                tell.send(request).expect("the test listens");
                match answer {
                    Answer::Http(status, headers, body) => {
                        let length = body.len();
                        let text = format!(
                            "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}connection: close\r\n\r\n{body}"
                        );
                        socket.write_all(text.as_bytes()).await.expect("written");
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

async fn read(socket: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = socket.read(&mut piece).await.expect("readable");
        bytes.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if count == 0 || body.len() >= length.unwrap_or(0) {
            return text;
        }
    }
}

fn ses(sdk: &SdkConfig) -> Box<dyn Channel> {
    Box::new(Ses::new(sdk, Some("dunlin".into())))
}

fn sns(sdk: &SdkConfig) -> Box<dyn Channel> {
    Box::new(Sns::new(sdk))
}

fn kind(result: &Result<String, SendError>) -> String {
    match result {
        Ok(id) => id.clone(),
        Err(SendError::Retry { after, .. }) => format!("retry {after:?}"),
        Err(SendError::Refused { suppress, .. }) => format!("refused {suppress}"),
        Err(SendError::Unknown { .. }) => "unknown".into(),
    }
}

#[tokio::test]
async fn ses_outcomes() {
    let error = |name: &'static str| -> &'static str {
        Box::leak(format!("x-amzn-errortype: {name}\r\ncontent-type: application/json\r\n").into_boxed_str())
    };
    let body = r#"{"message": "anna@acme.example is bad"}"#;
    for (answer, expected) in [
        (Answer::Http(200, "content-type: application/json\r\n", r#"{"MessageId": "ses-1"}"#), "ses-1"),
        (Answer::Http(200, "content-type: application/json\r\n", "{}"), "unknown"),
        (Answer::Http(200, "content-type: application/json\r\n", "{\"Mess"), "unknown"),
        (Answer::Http(429, error("TooManyRequestsException"), body), "retry None"),
        (Answer::Http(400, error("ThrottlingException"), body), "retry None"),
        (Answer::Http(400, error("LimitExceededException"), body), "retry Some(3600)"),
        (Answer::Http(400, error("SendingPausedException"), body), "retry Some(3600)"),
        (Answer::Http(503, "retry-after: 7\r\n", "{}"), "retry Some(7)"),
        (Answer::Http(503, "", "not json"), "retry None"),
        (Answer::Http(400, error("MessageRejected"), body), "refused false"),
        (Answer::Http(400, error("BadRequestException"), body), "refused false"),
        (Answer::Http(403, error("AccessDeniedException"), body), "refused false"),
        (Answer::Http(408, "", "{}"), "unknown"),
        (Answer::Http(500, error("InternalFailure"), body), "unknown"),
        (Answer::Http(502, "", "<html>"), "unknown"),
        (Answer::Http(504, "", ""), "unknown"),
        (Answer::Drop, "unknown"),
        (Answer::Hang, "unknown"),
        (Answer::NotThere, "retry None"),
    ] {
        let (result, requests) = send(ses, &outgoing(), answer.clone()).await;
        assert_eq!(kind(&result), expected, "{result:?}");
        assert_eq!(requests.len(), usize::from(!matches!(answer, Answer::NotThere)), "tried more than once: {expected}");
        assert!(!format!("{result:?}").contains('@'), "an address in {result:?}");
    }
}

#[tokio::test]
async fn sns_outcomes() {
    let accepted = "<PublishResponse><PublishResult><MessageId>sns-1</MessageId></PublishResult></PublishResponse>";
    let opted_out =
        "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>Phone number is opted out</Message></Error></ErrorResponse>";
    let bad_number = "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>Invalid parameter: PhoneNumber Reason: +49</Message></Error></ErrorResponse>";
    let bad_text = "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>Invalid parameter: Message</Message></Error></ErrorResponse>";
    let throttled = "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
    for (answer, expected) in [
        (Answer::Http(200, "", accepted), "sns-1"),
        (Answer::Http(200, "", "<Publish"), "unknown"),
        (Answer::Http(400, "", opted_out), "refused true"),
        (Answer::Http(400, "", bad_number), "refused true"),
        (Answer::Http(400, "", bad_text), "refused false"),
        (Answer::Http(400, "", throttled), "retry None"),
        (Answer::Http(500, "", ""), "unknown"),
        (Answer::Http(503, "", ""), "retry None"),
        (Answer::Drop, "unknown"),
        (Answer::Hang, "unknown"),
        (Answer::NotThere, "retry None"),
    ] {
        let (result, requests) = send(sns, &sms(), answer.clone()).await;
        assert_eq!(kind(&result), expected, "{result:?}");
        assert_eq!(requests.len(), usize::from(!matches!(answer, Answer::NotThere)), "{expected}");
    }
}

#[tokio::test]
async fn what_ses_is_asked() {
    let (_, requests) = send(ses, &outgoing(), Answer::Http(503, "", "{}")).await;
    let (head, body) = requests[0].split_once("\r\n\r\n").expect("a request");
    assert!(head.starts_with("POST /v2/email/outbound-emails"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let outgoing = outgoing();
    let expected = serde_json::json!({
        "FromEmailAddress": "Northwind <billing@northwind.example>",
        "Destination": {"ToAddresses": ["anna@acme.example"]},
        "ReplyToAddresses": ["ar@northwind.example"],
        "Content": {"Simple": {
            "Subject": {"Data": "Hello", "Charset": "UTF-8"},
            "Body": {"Text": {"Data": "Hello text", "Charset": "UTF-8"}, "Html": {"Data": "<p>Hello</p>", "Charset": "UTF-8"}},
            "Headers": [
                {"Name": "List-Unsubscribe", "Value": "<https://p.example/stop>"},
                {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
            ],
        }},
        "EmailTags": [
            {"Name": "dunlin_tenant", "Value": "acme"},
            {"Name": "dunlin_customer", "Value": outgoing.customer.as_str()},
            {"Name": "dunlin_message", "Value": outgoing.message.as_str()},
            {"Name": "dunlin_number", "Value": "7"},
        ],
        "ConfigurationSetName": "dunlin",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn what_sns_is_asked() {
    for (from, expected) in
        [("Northwind", Some("AWS.SNS.SMS.SenderID")), ("+4915112345678", Some("AWS.MM.SMS.OriginationNumber")), ("", None)]
    {
        let mut sms = sms();
        sms.from = from.into();
        let (_, requests) = send(sns, &sms, Answer::Http(503, "", "")).await;
        let request = &requests[0];
        for part in ["Action=Publish", "PhoneNumber=%2B493012345678", "Message=Hello%20text", "Transactional", "dunlin_message"] {
            assert!(request.contains(part), "{part}: {request}");
        }
        for name in ["AWS.SNS.SMS.SenderID", "AWS.MM.SMS.OriginationNumber"] {
            assert_eq!(request.contains(name), expected == Some(name), "{from}: {name}");
        }
    }
}

#[tokio::test]
async fn refused_before_any_call() {
    let mail = |change: fn(&mut Outgoing)| {
        let mut outgoing = outgoing();
        change(&mut outgoing);
        outgoing
    };
    for (outgoing, expected) in [
        (mail(|o| o.to = "anna".into()), "refused true"),
        (mail(|o| o.to = "a@b.example, c@d.example".into()), "refused true"),
        (mail(|o| o.to = "a@b.example\r\nBcc: c@d.example".into()), "refused true"),
        (mail(|o| o.from = "a@b.example\nX: y".into()), "refused false"),
        (mail(|o| o.rendered.subject = Some("a\nb".into())), "refused false"),
        (mail(|o| o.rendered.subject = None), "refused false"),
    ] {
        let (result, requests) = send(ses, &outgoing, Answer::Hang).await;
        assert_eq!((kind(&result).as_str(), requests.len()), (expected, 0), "{result:?}");
    }
    for (to, from, expected) in [
        ("+49", "", "refused true"),
        ("0301234567", "", "refused true"),
        ("+493012345678", "way too long a name", "refused false"),
    ] {
        let mut sms = sms();
        sms.to = to.into();
        sms.from = from.into();
        let (result, requests) = send(sns, &sms, Answer::Hang).await;
        assert_eq!((kind(&result).as_str(), requests.len()), (expected, 0), "{result:?}");
    }
}

#[test]
fn senders_names_may_hold_anything() {
    for (name, expected) in [
        ("", "a@b.example"),
        ("Northwind", "\"Northwind\" <a@b.example>"),
        ("Northwind, Inc.", "\"Northwind, Inc.\" <a@b.example>"),
        ("Northwind (AR): Desk", "\"Northwind (AR): Desk\" <a@b.example>"),
        ("A \"B\" \\ C", "\"A \\\"B\\\" \\\\ C\" <a@b.example>"),
        ("Müller", "=?utf-8?b?TcO8bGxlcg==?= <a@b.example>"),
        ("A\r\nBcc: x", "\"A Bcc: x\" <a@b.example>"),
    ] {
        assert_eq!(channels::channel::mailbox(name, "a@b.example"), expected);
    }
    for (setting, expected) in [
        ("a@b.example", "\"Acme, Inc.\" <a@b.example>"),
        ("Desk (AR) <a@b.example>", "\"Desk (AR)\" <a@b.example>"),
        ("\"Desk, AR\" <a@b.example>", "\"Desk, AR\" <a@b.example>"),
        ("Zürich, AR <a@b.example>", "=?utf-8?b?WsO8cmljaCwgQVI=?= <a@b.example>"),
        ("", ""),
    ] {
        assert_eq!(channels::channel::set_mailbox(setting, "Acme, Inc."), expected, "{setting}");
    }
    let long = channels::channel::mailbox(&"ü".repeat(100), "a@b.example");
    assert!(long.split(' ').all(|word| word.len() <= 75), "{long}");
}
