//! A call, and how it is answered.

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::Full;
use percent_encoding::percent_decode_str;

/// An answer in a service's own shape.
pub(crate) type Answer = Response<Full<Bytes>>;

/// One call, with its service and operation told apart.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The function that calls; `None` when it is somebody else.
    pub caller: Option<String>,
    /// As faults and metrics name it.
    pub service: &'static str,
    /// As AWS names it.
    pub operation: String,
    /// HTTP method.
    pub method: Method,
    /// Without the prefix, with its query.
    pub path: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

/// An answer in JSON.
pub(crate) fn json(value: &serde_json::Value) -> Answer {
    respond(StatusCode::OK, "application/x-amz-json-1.1", value.to_string())
}

/// An error in JSON, named in the body and in the header that REST services use.
pub(crate) fn json_error(status: StatusCode, kind: &str, message: &str) -> Answer {
    let body = serde_json::json!({ "__type": kind, "message": message });
    let mut answer = respond(status, "application/x-amz-json-1.1", body.to_string());
    if let Ok(kind) = kind.parse() {
        answer.headers_mut().insert("x-amzn-errortype", kind);
    }
    answer
}

/// An error in XML, as S3 words it.
pub(crate) fn xml_error(status: StatusCode, code: &str) -> Answer {
    xml_error_saying(status, code, code)
}

/// The same with a message of its own, in which nothing needs an escape.
pub(crate) fn xml_error_saying(status: StatusCode, code: &str, message: &str) -> Answer {
    let body =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    respond(status, "application/xml", body)
}

/// An answer of a content type.
pub(crate) fn respond(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    answer
}

/// A form body, decoded.
pub(crate) fn form(body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(body).into_owned().collect()
}

/// `%20` as a space, and so on; what is not an escape stays.
pub(crate) fn percent_decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
