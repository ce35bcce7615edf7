//! How Stripe refuses.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    specs::{Flaw, What},
    web,
};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    kind: &'static str,
    code: Option<&'static str>,
    message: String,
    param: Option<String>,
}

impl Refusal {
    /// Of a request that is wrong by itself.
    pub fn of(param: &str, code: Option<&'static str>, message: impl Into<String>) -> Self {
        let param = (!param.is_empty()).then(|| param.to_owned());
        Self { status: StatusCode::BAD_REQUEST, kind: "invalid_request_error", code, message: message.into(), param }
    }

    /// Of an object that there is not.
    pub fn missing(what: &str, id: &str, param: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, ..Self::of(param, Some("resource_missing"), format!("No such {what}: '{id}'")) }
    }

    /// Of a caller that has no key.
    pub fn stranger(key: &str) -> Self {
        let message = if key.is_empty() {
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth \
             (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
                .to_owned()
        } else {
            format!("Invalid API Key provided: {}****", key.chars().take(8).collect::<String>())
        };
        Self { status: StatusCode::UNAUTHORIZED, ..Self::of("", None, message) }
    }

    /// Of a key that stood for another request.
    pub fn key_reused(key: &str, other: &str) -> Self {
        let message = format!(
            "Keys for idempotent requests can only be used {other} they were first used with. Try using a key other than '{key}' if \
             you meant to execute a different request."
        );
        Self { kind: "idempotency_error", ..Self::of("", None, message) }
    }

    /// Of an address that leads nowhere.
    pub fn no_route(method: &str, path: &str) -> Self {
        let message = format!("Unrecognized request URL ({method}: {path}).");
        Self { status: StatusCode::NOT_FOUND, ..Self::of("", None, message) }
    }

    /// Of a parameter that the specification does not allow.
    pub fn of_flaw(flaw: &Flaw) -> Self {
        let name = flaw.form_name();
        let said = flaw.value.as_str().map_or_else(|| flaw.value.to_string(), str::to_owned);
        let (code, message) = match &flaw.what {
            What::Unknown => (Some("parameter_unknown"), format!("Received unknown parameter: {name}")),
            What::Missing => (Some("parameter_missing"), format!("Missing required param: {name}.")),
            What::Kind if said.is_empty() => (
                Some("parameter_invalid_empty"),
                format!(
                    "You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; however \
                     '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value."
                ),
            ),
            What::Kind => (Some("parameter_invalid_integer"), format!("Invalid value for {name}: {said}")),
            What::NoneOf(words) => (None, format!("Invalid {name}: must be one of {}", words.join(", "))),
            What::Size if flaw.value.is_number() => {
                (Some("parameter_invalid_integer"), format!("Invalid size of {name}: {said}"))
            }
            What::Size => (None, format!("Invalid string: {said}; its length is not allowed for {name}")),
            What::TooFew => (None, format!("{name} has too few entries")),
            What::TooMany(limit) => (None, format!("{name} can have up to {limit} entries")),
            What::Form => (None, format!("Invalid decimal: {said}")),
            What::LongName => (None, format!("Keys of {name} can have up to 40 characters")),
        };
        Self::of(&name, code, message)
    }

    /// Of a status alone.
    pub fn of_status(status: StatusCode) -> Self {
        let (kind, code, message) = match status.as_u16() {
            429 => ("invalid_request_error", Some("rate_limit"), "Request rate limit exceeded."),
            401 => ("invalid_request_error", None, "Invalid API Key provided."),
            400..=499 => ("invalid_request_error", None, "The request cannot be carried out."),
            _ => ("api_error", None, "An unknown error occurred"),
        };
        Self { status, kind, code, message: message.to_owned(), param: None }
    }

    /// The answer.
    pub fn answer(&self) -> Response<Bytes> {
        let mut error = json!({ "type": self.kind, "message": self.message });
        for (name, value) in [("code", self.code.map(str::to_owned)), ("param", self.param.clone())] {
            if let Some(value) = value {
                error[name] = Value::String(value);
            }
        }
        web::json(self.status, &json!({ "error": error }))
    }
}
