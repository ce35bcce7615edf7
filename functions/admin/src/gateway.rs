//! API Gateway's payload version 2 in and out, around the door.
//!
//! By hand instead of `lambda_http`: what of a request does not read is answered with a problem document, and no handler runs for it.

use axum::{
    body::Body,
    extract::Request,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::{AsciiSet, CONTROLS, PercentEncode, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::{
    answer::{BODY_BYTES_MAX, Fail},
    door::Door,
    host::Host,
};

/// Lets what lies behind the door answer one request.
///
/// # Errors
///
/// When the event is not a request as API Gateway sends it.
pub async fn answer(door: &Door, event: &Value) -> Result<Value, lambda_runtime::Error> {
    let response = match request(event)? {
        Ok(request) => door.answer(request).await,
        Err(fail) => fail.into_response(),
    };
    out(as_problem(response)).await
}

/// What the router itself refuses (a path or query that does not read) as a problem document too.
fn as_problem(response: Response) -> Response {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if response.status().is_client_error() && (kind.is_empty() || kind.starts_with("text/plain")) {
        return Fail::bad_request("a part of the path or of the query does not read; docs/api.md says what it takes")
            .into_response();
    }
    response
}

fn request(event: &Value) -> Result<Result<Request, Fail>, lambda_runtime::Error> {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let method = text("/requestContext/http/method").ok_or("the event has no method: it is no payload of version 2")?;
    let path = text("/rawPath").unwrap_or("/");
    let query = text("/rawQueryString").unwrap_or_default();
    let uri = if query.is_empty() { encoded(path).to_string() } else { format!("{}?{}", encoded(path), encoded(query)) };
    let mut builder = axum::http::Request::builder().method(method).uri(uri);
    for (name, value) in event.get("headers").and_then(Value::as_object).into_iter().flatten() {
        builder = builder.header(name, value.as_str().unwrap_or_default());
    }
    let host = text("/requestContext/domainName").unwrap_or_default().to_owned();
    let header = event.get("headers").and_then(Value::as_object).and_then(|headers| {
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host")).and_then(|(_, value)| value.as_str())
    });
    builder = builder.extension(Host { domain: host, header: header.unwrap_or_default().to_owned() });
    let sent = text("/body").unwrap_or_default();
    let bytes = if event.get("isBase64Encoded").and_then(Value::as_bool) == Some(true) {
        match STANDARD.decode(sent) {
            Ok(bytes) => bytes,
            Err(_) => return Ok(Err(Fail::bad_request("the body is not valid base64 as API Gateway sends it"))),
        }
    } else {
        sent.as_bytes().to_vec()
    };
    if bytes.len() > BODY_BYTES_MAX {
        return Ok(Err(Fail::too_large()));
    }
    let request = builder.body(Body::from(bytes));
    Ok(request.map_err(|_| Fail::bad_request("the request line or a header is not valid HTTP")))
}

/// What a URI may not hold. What is encoded already stays.
const NO_URI: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A path or query as a URI holds it.
fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, NO_URI)
}

async fn out(response: Response) -> Result<Value, lambda_runtime::Error> {
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await?;
    let mut headers = Map::new();
    for (name, value) in &parts.headers {
        headers.insert(name.as_str().to_owned(), json!(String::from_utf8_lossy(value.as_bytes())));
    }
    headers.insert("cache-control".to_owned(), json!("no-store"));
    headers.insert("x-content-type-options".to_owned(), json!("nosniff"));
    // API Gateway takes text; what is none travels encoded and arrives as it was.
    let (body, encoded) = match String::from_utf8(bytes.to_vec()) {
        Ok(text) => (text, false),
        Err(_) => (STANDARD.encode(&bytes), true),
    };
    Ok(json!({
        "statusCode": parts.status.as_u16(),
        "headers": headers,
        "cookies": [],
        "body": body,
        "isBase64Encoded": encoded,
    }))
}
