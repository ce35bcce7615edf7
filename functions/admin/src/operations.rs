//! An operation carried out from within: by the router that the door leads to, as whoever the door let in, and by the same handlers.

use axum::{
    Router,
    body::Body,
    extract::FromRequestParts,
    http::{Method, Request, header, request::Parts},
    response::{IntoResponse, Response},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use tower::ServiceExt;

use crate::{answer::Fail, caller::Entrant, described::DescribedOperation, host::Host};

/// Arguments by their names: parameters of path and query, and the body under [`BODY`].
pub type Arguments = Map<String, Value>;

/// The argument that is the body.
pub const BODY: &str = "body";
/// Longest argument in a path, in bytes: longer than any id or address.
const PATH_BYTES_MAX: usize = 512;

/// What lies behind the door.
#[derive(Clone, Debug)]
pub struct Operations(Router);

impl Operations {
    /// Those of a router.
    pub fn new(router: Router) -> Self {
        Self(router)
    }

    /// Carries out a call as somebody whom the door let in.
    pub async fn ask(&self, call: &Call, entrant: Entrant, host: &Host) -> Response {
        let request = Request::builder().method(call.method.clone()).uri(&call.address);
        let request = match &call.body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        let Ok(mut request) = request else {
            return Fail::bad_request("the arguments make no address; leave out what is no part of one").into_response();
        };
        let extensions = request.extensions_mut();
        extensions.insert(entrant);
        extensions.insert(host.clone());
        extensions.insert(self.clone());
        self.0.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Operations {
    type Rejection = Fail;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fail> {
        // Every path below /v1, and that of assistants, leads through the door.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Fail::forbidden("nobody looked who asks"))
    }
}

/// A call of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub address: String,
    /// The body, where there is one.
    pub body: Option<Value>,
}

impl Call {
    /// The call of an operation with arguments.
    ///
    /// # Errors
    ///
    /// What is wrong with the arguments: a JSON pointer into them and a sentence each.
    pub fn of(described: &DescribedOperation, arguments: &Arguments) -> Result<Self, Vec<(String, String)>> {
        let mut flaws = Vec::new();
        let mut address = described.path.to_owned();
        let mut query = Vec::new();
        for parameter in described.parameters() {
            let name = parameter.name;
            let given = arguments.get(name).filter(|given| !given.is_null());
            let text = given.and_then(plain);
            let text = text.filter(|text| !parameter.in_path || (1..=PATH_BYTES_MAX).contains(&text.len()));
            match (text, given) {
                (Some(text), _) => {
                    let text = utf8_percent_encode(&text, NON_ALPHANUMERIC);
                    if parameter.in_path {
                        address = address.replace(&format!("{{{name}}}"), &text.to_string());
                    } else {
                        query.push(format!("{name}={text}"));
                    }
                }
                (None, Some(_)) => {
                    let detail = if parameter.in_path { "1 to 512 bytes of text" } else { "a text, a number or a truth value" };
                    flaws.push((format!("/{name}"), detail.to_owned()));
                }
                (None, None) if parameter.is_needed => flaws.push((format!("/{name}"), "it is needed".to_owned())),
                (None, None) => {}
            }
        }
        let body = arguments.get(BODY).filter(|given| !given.is_null());
        match (described.body(), body) {
            (None, Some(_)) => flaws.push((format!("/{BODY}"), "this operation takes no body; leave it out".to_owned())),
            (Some((_, true)), None) => flaws.push((format!("/{BODY}"), "it is needed".to_owned())),
            (Some(_), Some(_)) | (Some((_, false)) | None, None) => {}
        }
        let known: Vec<&str> =
            described.parameters().map(|parameter| parameter.name).chain(described.body().map(|_| BODY)).collect();
        let unknown = arguments.keys().filter(|name| *name != BODY && !known.contains(&name.as_str()));
        flaws.extend(
            unknown.map(|name| (format!("/{name}"), format!("there is no such argument; there are: {}", known.join(", ")))),
        );
        if !flaws.is_empty() {
            return Err(flaws);
        }
        if !query.is_empty() {
            address = format!("{address}?{}", query.join("&"));
        }
        Ok(Self { method: described.method.clone(), address, body: body.cloned() })
    }
}

/// What stands in an address for an argument.
fn plain(given: &Value) -> Option<String> {
    match given {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is_so) => Some(is_so.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use service::Operation;

    use super::*;
    use crate::described;

    fn call(operation: Operation, arguments: &Value) -> Result<Call, Vec<String>> {
        let arguments = arguments.as_object().expect("arguments are an object");
        let made = Call::of(described::of(operation).expect("it is described"), arguments);
        made.map_err(|flaws| flaws.into_iter().map(|(pointer, _)| pointer).collect())
    }

    #[test]
    fn arguments_stand_in_path_query_and_body() {
        let made = call(Operation::ListTasks, &json!({"kind": "proposal", "limit": 5, "cursor": null})).expect("it is a call");
        assert_eq!((made.method, made.address.as_str(), made.body), (Method::GET, "/v1/tasks?kind=proposal&limit=5", None));
        let hold = json!({"customer_id": "cus_1", "name": "a/b c?", "body": {"reason": "manual"}});
        let made = call(Operation::PutHold, &hold).expect("it is a call");
        assert_eq!(
            (made.method, made.address.as_str(), made.body),
            (Method::PUT, "/v1/customers/cus%5F1/holds/a%2Fb%20c%3F", Some(json!({"reason": "manual"})))
        );
    }

    #[test]
    fn every_flaw_of_arguments_is_named() {
        for (operation, arguments, flaws) in [
            (Operation::PutHold, json!({}), vec!["/customer_id", "/name", "/body"]),
            (Operation::PutHold, json!({"customer_id": ["x"], "name": "", "body": {}}), vec!["/customer_id", "/name"]),
            (Operation::ListTasks, json!({"body": {}}), vec!["/body"]),
            (Operation::ListTasks, json!({"If-Match": "1", "nothing": 1}), vec!["/If-Match", "/nothing"]),
            (Operation::Pause, json!({"reason": "x"}), vec!["/reason"]),
        ] {
            let mut found = call(operation, &arguments).expect_err("it is none");
            found.sort();
            let mut flaws = flaws;
            flaws.sort_unstable();
            assert_eq!(found, flaws, "{operation:?} {arguments}");
        }
    }
}
