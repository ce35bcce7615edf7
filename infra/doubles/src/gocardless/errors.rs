//! How GoCardless refuses.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    specs::{Flaw, Specs, What},
    web,
};

/// What GoCardless takes.
pub static SPECS: LazyLock<Specs> = LazyLock::new(|| {
    let requests = ["billing_requests", "billing_request_flows", "payments", "refunds", "cancel"];
    Specs::read(include_str!("../../specs/gocardless.json"), &requests)
});

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoCardlessRefusal {
    status: StatusCode,
    kind: &'static str,
    message: String,
    errors: Vec<Value>,
}

impl GoCardlessRefusal {
    /// Of a use of the API that is wrong whatever there is.
    pub fn misuse(status: StatusCode, reason: &str, message: &str) -> Self {
        let errors = vec![json!({"reason": reason, "message": message})];
        Self { status, kind: "invalid_api_usage", message: message.to_owned(), errors }
    }

    /// Of an object that there is not.
    pub fn missing() -> Self {
        Self::misuse(StatusCode::NOT_FOUND, "resource_not_found", "Resource not found")
    }

    /// Of something that cannot be done as things stand.
    pub fn impossible(reason: &str, message: &str) -> Self {
        Self { kind: "invalid_state", ..Self::misuse(StatusCode::UNPROCESSABLE_ENTITY, reason, message) }
    }

    /// Of a key that made something before.
    pub fn key_used(id: &str) -> Self {
        let message = "A resource has already been created with this idempotency key";
        let links = json!({"conflicting_resource_id": id});
        let errors = vec![json!({"reason": "idempotent_creation_conflict", "message": message, "links": links})];
        Self { status: StatusCode::CONFLICT, kind: "invalid_state", message: message.to_owned(), errors }
    }

    /// Of a field, for a reason of one's own.
    pub fn invalid(name: &str, field: &str, message: &str) -> Self {
        let errors = vec![json!({"field": field, "message": message, "request_pointer": format!("/{name}/{field}")})];
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            kind: "validation_failed",
            message: format!("{field} {message}"),
            errors,
        }
    }

    /// Of fields that the specification does not allow.
    pub fn of_flaws(name: &str, flaws: &[Flaw]) -> Self {
        let error = |flaw: &Flaw| {
            let message = match &flaw.what {
                What::Unknown => "is not permitted".to_owned(),
                What::Missing => "is required".to_owned(),
                What::Kind => "is of the wrong type".to_owned(),
                What::NoneOf(words) => format!("must be one of {}", words.join(", ")),
                What::Size => "has a size that is not allowed".to_owned(),
                What::TooFew => "has too few entries".to_owned(),
                What::TooMany(limit) => format!("has more than {limit} keys"),
                What::Form => "is invalid".to_owned(),
                What::LongName => "has a key that is too long".to_owned(),
            };
            let field = flaw.path.last().cloned().unwrap_or_default();
            json!({"field": field, "message": message, "request_pointer": format!("/{name}{}", flaw.pointer())})
        };
        let errors = flaws.iter().map(error).collect();
        let message = "Validation failed".to_owned();
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, kind: "validation_failed", message, errors }
    }

    /// Of a status alone.
    pub fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            429 => Self::misuse(status, "rate_limit_exceeded", "Rate limit exceeded"),
            401 => Self::misuse(status, "access_token_not_found", "The access token you've used is not a valid"),
            400..=499 => Self::misuse(status, "bad_request", "The request cannot be carried out"),
            _ => {
                let errors = vec![json!({"reason": "internal_server_error", "message": "Internal server error"})];
                Self { status, kind: "gocardless", message: "Internal server error".to_owned(), errors }
            }
        }
    }

    /// The answer.
    pub fn answer(&self) -> Response<Bytes> {
        let reason = self.errors.first().and_then(|error| error["reason"].as_str()).unwrap_or(self.kind);
        let body = json!({"error": {
            "documentation_url": format!("https://developer.gocardless.com/api-reference#{reason}"),
            "message": self.message,
            "request_id": "dd50eaaf-8213-48fe-90d6-5466872efbc4",
            "type": self.kind,
            "code": self.status.as_u16(),
            "errors": self.errors,
        }});
        web::json(self.status, &body)
    }
}
