//! Functions that others invoke and wait for: as Lambda's Invoke answers them.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Answer, Call, json_error, percent_decode, respond};
use crate::{engine::Failure, world::World};

/// What the address of an invocation begins with.
const FUNCTIONS: &str = "/2015-03-31/functions/";

/// What is done at an address; `None` where it is none of Lambda's.
pub(super) fn operation(path: &str) -> Option<&'static str> {
    path.starts_with(FUNCTIONS).then(|| if function(path).is_some() { "Invoke" } else { "Unknown" })
}

/// The function that an address names: by its name or its ARN.
fn function(path: &str) -> Option<String> {
    let named = path.split('?').next()?.strip_prefix(FUNCTIONS)?.strip_suffix("/invocations")?;
    let named = percent_decode(named);
    named.rsplit("function:").next().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Invokes a function and waits for its answer.
pub(super) async fn perform(world: &World, call: &Call) -> Answer {
    let Some(name) = function(&call.path) else {
        return json_error(StatusCode::BAD_REQUEST, "UnknownOperationException", "only Invoke is here");
    };
    if !world.functions.contains_key(&name) {
        return json_error(StatusCode::NOT_FOUND, "ResourceNotFoundException", &format!("Function not found: {name}"));
    }
    let kind = call.headers.get("x-amz-invocation-type").and_then(|value| value.to_str().ok());
    if !matches!(kind, None | Some("RequestResponse")) {
        return json_error(StatusCode::BAD_REQUEST, "InvalidParameterValueException", "only RequestResponse is here");
    }
    let Ok(payload) = serde_json::from_slice::<Value>(&call.body) else {
        return json_error(StatusCode::BAD_REQUEST, "InvalidRequestContentException", "Could not parse request body into json");
    };
    match world.invoke(&name, payload).await {
        Ok(answer) => respond(StatusCode::OK, "application/json", answer.to_string()),
        Err(Failure::Skipped) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            json_error(status, "TooManyRequestsException", "Rate Exceeded.")
        }
        Err(failure @ (Failure::Failed(_) | Failure::TimedOut | Failure::Crashed)) => {
            let mut answer =
                respond(StatusCode::OK, "application/json", json!({"errorMessage": failure.to_string()}).to_string());
            answer.headers_mut().insert("x-amz-function-error", http::HeaderValue::from_static("Unhandled"));
            answer
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_by_its_name_or_its_arn() {
        for (path, expected) in [
            ("/2015-03-31/functions/begin-payment/invocations", Some("begin-payment")),
            (
                "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Abegin-payment/invocations",
                Some("begin-payment"),
            ),
            ("/2015-03-31/functions/begin-payment/configuration", None),
            ("/2015-03-31/functions//invocations", None),
        ] {
            assert_eq!(function(path).as_deref(), expected, "{path}");
            assert_eq!(operation(path), Some(if expected.is_some() { "Invoke" } else { "Unknown" }));
        }
        assert_eq!(operation("/bucket/2015-03-31/functions/x/invocations"), None);
    }
}
