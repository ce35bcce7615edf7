//! What a sender is told.

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use connectors::{Doubted, Refused, Rejected};
use kit::{FieldError, Problem};
use serde_json::json;

/// How long a sender is asked to wait when the table is busy, in seconds.
const BUSY_WAIT_S: u32 = 30;

/// What came of a request.
pub enum WebhookAnswer {
    /// It is committed.
    Taken(Taken),
    /// It was asked what would come of it, and nothing was written.
    Tried(Tried),
    /// It is not taken, and sending the same again changes nothing.
    Refused(Problem),
    /// The tenant's rate is used up; wait so many seconds.
    TooMany { limit: u32, wait: u32 },
    /// Not now.
    Busy(Problem),
    /// Any of these for a vendor that takes a status and nothing else.
    Bare(Box<WebhookAnswer>),
}

/// What came of an event.
pub struct Taken {
    /// What was done.
    pub outcome: WebhookOutcome,
    /// The sender's id of the event.
    pub event_id: String,
}

/// What would come of an event.
pub struct Tried {
    /// What would be done.
    pub outcome: WebhookOutcome,
    /// The sender's id of the event.
    pub event_id: String,
    /// What a person would be told, a sentence each.
    pub remarks: Vec<String>,
}

/// What was done with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookOutcome {
    /// Something changed.
    Applied,
    /// Seen before.
    Duplicate,
    /// All of it was known already.
    Stale,
    /// None of our business.
    Ignored,
    /// Kept for a person, whole or in part.
    Parked,
}

impl WebhookOutcome {
    /// As answers, logs and metrics say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Duplicate => "duplicate",
            Self::Stale => "stale",
            Self::Ignored => "ignored",
            Self::Parked => "parked",
        }
    }

    /// Whether the event was not there before. One that carries nothing leaves no receipt.
    pub fn is_new(self) -> bool {
        match self {
            Self::Applied | Self::Stale | Self::Parked => true,
            Self::Duplicate | Self::Ignored => false,
        }
    }

    fn status(self) -> u16 {
        match self {
            Self::Applied | Self::Parked => 202,
            Self::Duplicate | Self::Stale | Self::Ignored => 200,
        }
    }
}

impl WebhookAnswer {
    /// The sender should try again soon.
    pub fn busy(why: &str) -> Self {
        let detail = format!("{why}; nothing is lost: send the same event again");
        Self::Busy(Problem::new(503, "busy", "Busy", detail))
    }

    /// Something that only people can mend.
    pub fn broken() -> Self {
        let detail = "the event could not be taken in; it is logged, send the same event again later";
        Self::Busy(Problem::new(500, "internal", "Internal error", detail))
    }

    /// The result in a word; few of them, for metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Taken(taken) => taken.outcome.word(),
            Self::Tried(_) => "tried",
            Self::TooMany { .. } => "too_many",
            Self::Busy(_) => "busy",
            Self::Bare(answer) => answer.word(),
            Self::Refused(problem) => match problem.status {
                404 => "unknown",
                413 | 431 => "too_large",
                422 => "invalid",
                _ => "refused",
            },
        }
    }

    /// The answer as API Gateway takes it.
    pub fn into_response(self) -> ApiGatewayV2httpResponse {
        match self {
            Self::Taken(Taken { outcome, event_id }) => {
                kit::http::json(outcome.status(), &json!({ "result": outcome.word(), "event_id": event_id }))
            }
            Self::Tried(Tried { outcome, event_id, remarks }) => {
                let said = json!({ "dry_run": true, "result": outcome.word(), "event_id": event_id, "remarks": remarks });
                kit::http::json(200, &said)
            }
            Self::Refused(problem) => kit::http::problem(&problem),
            Self::TooMany { limit, wait } => {
                let detail =
                    format!("the tenant takes {limit} new events a minute from this source; try again in {wait} seconds");
                retry_after(kit::http::problem(&Problem::new(429, "too-many-requests", "Too many requests", detail)), wait)
            }
            Self::Busy(problem) => retry_after(kit::http::problem(&problem), BUSY_WAIT_S),
            // Whatever was taken is 200 to such a vendor, and there is no body, no cookie, no header of ours.
            Self::Bare(answer) => match *answer {
                Self::Taken(_) => kit::http::empty(200),
                other => kit::http::empty(u16::try_from(other.into_response().status_code).unwrap_or(500)),
            },
        }
    }
}

fn retry_after(mut response: ApiGatewayV2httpResponse, wait_s: u32) -> ApiGatewayV2httpResponse {
    response.headers.insert("retry-after", wait_s.into());
    response
}

/// The body is over its limit.
pub fn too_large(bytes_max: usize) -> Problem {
    Problem::new(413, "body-too-large", "Too large", format!("the body is over {bytes_max} bytes; send one object a request"))
}

/// The headers are over their limit.
pub fn headers_too_large(bytes_max: usize) -> Problem {
    Problem::new(431, "headers-too-large", "Headers too large", format!("the headers are over {bytes_max} bytes together"))
}

/// No such tenant.
pub fn unknown_tenant() -> Problem {
    Problem::new(404, "unknown-tenant", "Unknown tenant", "no tenant has the name in the address; check the address")
}

/// No such source, or none that the tenant is connected to.
pub fn unknown_source() -> Problem {
    Problem::new(
        404,
        "unknown-source",
        "Unknown source",
        "the tenant has no connection to the source in the address; create it first",
    )
}

/// A vendor's webhook is never only tried.
pub fn no_trial() -> Problem {
    let detail = "only canonical documents can be tried with 'dry_run'; take it out of the address that the vendor has";
    Problem::new(400, "bad-request", "Bad request", detail)
}

/// The signature or its timestamp does not hold; the status is the vendor's.
pub fn bad_signature(refused: &Refused) -> Problem {
    let (kind, title) = match refused.what {
        Doubted::Timestamp => ("stale-timestamp", "Stale timestamp"),
        Doubted::Signature => ("bad-signature", "Bad signature"),
    };
    Problem::new(refused.status, kind, title, &refused.detail)
}

/// A payment provider's signature does not hold; the status is the provider's.
pub fn not_believed(refused: &payments::NotBelieved) -> Problem {
    Problem::new(refused.status, "bad-signature", "Bad signature", &refused.detail)
}

/// The document is wrong by itself.
pub fn invalid(rejected: Rejected) -> Problem {
    let errors: Vec<FieldError> =
        rejected.errors.into_iter().map(|flaw| FieldError { pointer: flaw.pointer, detail: flaw.detail }).collect();
    let detail = format!("{} field(s) are wrong and nothing was stored; mend them and send again under a new id", errors.len());
    Problem::new(422, "invalid-document", "Invalid document", detail).with_errors(errors)
}
