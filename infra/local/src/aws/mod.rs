//! AWS on loopback: one listener that speaks the protocols of the services that the functions use.
//!
//! A function's clients send to `/fn/<name>/…`, so that calls can be counted, failed and crashed per function.

mod call;
mod dynamodb;
mod events;
pub mod keys;
mod kms;
mod lambda;
pub mod objects;
mod s3;
mod sesv2;
mod signed;
mod sms_voice;
mod sns;
mod sqs;

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

pub(crate) use call::{Answer, Call, form, json, json_error, percent_decode, respond, xml_error, xml_error_saying};

use crate::{
    engine::Verdict,
    faults::{Mode, When},
    lock,
    world::World,
};

/// Nothing is answered; the connection closes.
#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a fault drops the connection")
    }
}
impl std::error::Error for Dropped {}

/// Serves until the listener's task is aborted.
pub async fn serve(listener: TcpListener, world: Arc<World>) -> Infallible {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _nodelay = stream.set_nodelay(true);
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let service = service_fn(move |request| handle(Arc::clone(&world), request));
            // A dropped connection ends in an error here, which is its purpose.
            let _closed = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn handle(world: Arc<World>, request: Request<Incoming>) -> Result<Answer, Dropped> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Err(Dropped) };
    let body = body.to_bytes();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let (caller, path) = split_caller(path);
    let Some((service, operation)) = classify(&head.method, path, &head.headers, &body) else {
        return Ok(json_error(StatusCode::BAD_REQUEST, "UnknownOperationException", "this service or operation is not here"));
    };
    // What a person sends or fetches by a signed form or link is nobody's call.
    let is_persons = signed::is_signed_by_hand(&head.method, path, &head.headers);
    let call = Call {
        caller: caller.map(str::to_owned),
        service,
        operation,
        method: head.method,
        path: path.to_owned(),
        headers: head.headers,
        body,
    };
    let slot = call.caller.as_ref().filter(|_| !is_persons).and_then(|name| world.functions.get(name));
    let (number, verdict) =
        slot.map_or((0, Verdict::Proceed), |slot| slot.note_call(&format!("{}:{}", call.service, call.operation)));
    let point = slot.and_then(|slot| slot.point());
    if let Some(point) = &point {
        point.pass(number, When::Before).await;
    }
    lock(&world.metrics).add_call(call.caller.as_deref(), call.service, &call.operation);
    if let (Verdict::CrashBefore, Some(slot)) = (&verdict, slot) {
        slot.kill();
        return std::future::pending().await;
    }
    let fault = lock(&world.faults).take(call.service);
    let answer = match fault {
        Some(Mode::Timeout) => return Err(Dropped),
        Some(Mode::Throttle) => refuse(&call, true),
        Some(Mode::Error) => refuse(&call, false),
        _ if call.service == "lambda" => lambda::perform(&world, &call).await,
        _ => perform(&world, &call),
    };
    if let Some(point) = &point {
        point.pass(number, When::After).await;
    }
    if let (Verdict::CrashAfter, Some(slot)) = (&verdict, slot) {
        slot.kill();
        return std::future::pending().await;
    }
    if fault == Some(Mode::AcceptThenDrop) { Err(Dropped) } else { Ok(answer) }
}

fn split_caller(path: &str) -> (Option<&str>, &str) {
    let Some(rest) = path.strip_prefix("/fn/") else { return (None, path) };
    match rest.find('/') {
        Some(end) => (Some(&rest[..end]), &rest[end..]),
        None => (Some(rest), "/"),
    }
}

fn classify(method: &Method, path: &str, headers: &HeaderMap, body: &Bytes) -> Option<(&'static str, String)> {
    if let Some(target) = headers.get("x-amz-target").and_then(|value| value.to_str().ok()) {
        let (prefix, operation) = target.rsplit_once('.')?;
        let service = match prefix {
            "DynamoDB_20120810" => "dynamodb",
            "AmazonSQS" => "sqs",
            "AWSEvents" => "eventbridge",
            "TrentService" => "kms",
            "PinpointSMSVoiceV2" => "sms-voice",
            _ => return None,
        };
        return Some((service, operation.to_owned()));
    }
    if path.starts_with("/v2/email/") {
        let operation = if path.starts_with("/v2/email/outbound-emails") { "SendEmail" } else { "Unknown" };
        return Some(("sesv2", operation.to_owned()));
    }
    if *method == Method::POST && path == "/" && body.starts_with(b"Action=") {
        let action = form(body).into_iter().find(|(key, _)| key == "Action").map(|(_, value)| value)?;
        return Some(("sns", action));
    }
    if let Some(operation) = lambda::operation(path).filter(|_| *method == Method::POST) {
        return Some(("lambda", operation.to_owned()));
    }
    let operation = match *method {
        Method::PUT => "PutObject",
        Method::GET => "GetObject",
        Method::HEAD => "HeadObject",
        Method::DELETE => "DeleteObject",
        Method::POST if signed::is_form(headers) => "PostObject",
        _ => return None,
    };
    Some(("s3", operation.to_owned()))
}

fn perform(world: &World, call: &Call) -> Answer {
    match call.service {
        "dynamodb" => dynamodb::perform(world, call),
        "sesv2" => sesv2::perform(world, call),
        "sns" => sns::perform(world, call),
        "sms-voice" => sms_voice::perform(world, call),
        "eventbridge" => events::perform(world, call),
        "sqs" => sqs::perform(world, call),
        "kms" => kms::perform(world, call),
        _ => s3::perform(world, call),
    }
}

/// A refusal that did nothing, as the service words it.
fn refuse(call: &Call, throttled: bool) -> Answer {
    let status = |throttled_status: u16| {
        StatusCode::from_u16(if throttled { throttled_status } else { 503 }).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
    };
    match call.service {
        "sns" => sns::error(status(400), if throttled { "Throttling" } else { "ServiceUnavailable" }, "Rate exceeded"),
        "s3" => xml_error(StatusCode::SERVICE_UNAVAILABLE, if throttled { "SlowDown" } else { "ServiceUnavailable" }),
        "sesv2" if throttled => json_error(status(429), "TooManyRequestsException", "Maximum sending rate exceeded."),
        "dynamodb" if throttled => json_error(
            status(400),
            "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded.",
        ),
        "lambda" if throttled => json_error(status(429), "TooManyRequestsException", "Rate Exceeded."),
        "eventbridge" if throttled => json_error(status(400), "ThrottlingException", "Rate exceeded"),
        "sqs" if throttled => json_error(status(400), "com.amazonaws.sqs#RequestThrottled", "Request is throttled."),
        _ if throttled => json_error(status(400), "ThrottlingException", "Rate exceeded"),
        _ => json_error(status(503), "ServiceUnavailable", "Service is unavailable; try again."),
    }
}
