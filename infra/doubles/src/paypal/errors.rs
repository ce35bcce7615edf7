//! How PayPal refuses.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    specs::{Flaw, Specs, What},
    web,
};

/// What PayPal takes, and the texts of its issues.
pub static SPECS: LazyLock<Specs> = LazyLock::new(|| {
    Specs::read(include_str!("../../specs/paypal.json"), &["order_request", "refund_request", "capture_request"])
});

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayPalRefusal {
    status: StatusCode,
    details: Vec<(String, String)>,
}

impl PayPalRefusal {
    /// Of a request that has the wrong form; each detail is an issue and the field.
    pub fn malformed(issue: &str, field: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, details: vec![(issue.to_owned(), field.to_owned())] }
    }

    /// Of a request that cannot be carried out as things stand.
    pub fn impossible(issue: &str, field: &str) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, ..Self::malformed(issue, field) }
    }

    /// Of an object that there is not.
    pub fn missing() -> Self {
        Self { status: StatusCode::NOT_FOUND, ..Self::malformed("INVALID_RESOURCE_ID", "") }
    }

    /// Of a status alone.
    pub fn of_status(status: StatusCode) -> Self {
        Self { status, details: Vec::new() }
    }

    /// Of fields that the specification does not allow.
    pub fn of_flaws(flaws: &[Flaw]) -> Self {
        let detail = |flaw: &Flaw| {
            let issue = match &flaw.what {
                What::Unknown => "NOT_SUPPORTED",
                What::Missing => "MISSING_REQUIRED_PARAMETER",
                What::Kind | What::Form | What::LongName => "INVALID_PARAMETER_SYNTAX",
                What::NoneOf(_) => "INVALID_PARAMETER_VALUE",
                What::Size => "INVALID_STRING_LENGTH",
                What::TooFew => "INVALID_ARRAY_MIN_ITEMS",
                What::TooMany(_) => "INVALID_ARRAY_MAX_ITEMS",
            };
            (issue.to_owned(), flaw.pointer())
        };
        Self { status: StatusCode::BAD_REQUEST, details: flaws.iter().map(detail).collect() }
    }

    /// The answer.
    pub fn answer(&self) -> Response<Bytes> {
        let (name, message) = match self.status.as_u16() {
            400 => ("INVALID_REQUEST", "Request is not well-formed, syntactically incorrect, or violates schema."),
            401 => (
                "AUTHENTICATION_FAILURE",
                "Authentication failed due to missing authorization header, or invalid authentication credentials.",
            ),
            404 => ("RESOURCE_NOT_FOUND", "The specified resource does not exist."),
            415 => ("UNSUPPORTED_MEDIA_TYPE", "The server does not support the request payload's media type."),
            422 => (
                "UNPROCESSABLE_ENTITY",
                "The requested action could not be performed, semantically incorrect, or failed business validation.",
            ),
            429 => ("RATE_LIMIT_REACHED", "Too many requests. Blocked due to rate limiting."),
            503 => ("SERVICE_UNAVAILABLE", "Service Unavailable."),
            _ => ("INTERNAL_SERVER_ERROR", "An internal server error has occurred."),
        };
        let texts = SPECS.other("issues");
        let details = self.details.iter().map(|(issue, field)| {
            let text = texts[issue].as_str().unwrap_or(issue);
            let mut detail = json!({"issue": issue, "description": text});
            if !field.is_empty() {
                detail["field"] = Value::String(field.clone());
                detail["location"] = json!("body");
            }
            detail
        });
        let details: Vec<Value> = details.collect();
        web::json(
            self.status,
            &json!({"name": name, "message": message, "debug_id": "b1d1f06c7246c", "details": details, "links": []}),
        )
    }
}
