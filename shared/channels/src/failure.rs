//! What an SDK error proves about a call that must not be made twice.

use std::error::Error;

use aws_sdk_sesv2::config::http::HttpResponse;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};

use crate::SendError;

/// What the provider's own error codes mean; everything not named goes by its HTTP status.
pub struct Codes {
    /// Nothing was done; it may be tried again after this many seconds.
    pub retry: &'static [(&'static str, Option<u64>)],
}

/// Sorts an error. `address_is_bad` looks at code and message of a refusal.
///
/// Only a refusal by status, and a connection that never came about, prove that nothing was sent.
pub fn sort<E>(error: &SdkError<E, HttpResponse>, codes: &Codes, address_is_bad: impl Fn(&str, &str) -> bool) -> SendError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error {
        SdkError::ConstructionFailure(_) => {
            SendError::Refused { suppress: false, detail: "the request could not be built from this message".to_owned() }
        }
        SdkError::DispatchFailure(failure) => {
            if failure.as_connector_error().is_some_and(|error| never_connected(error)) {
                SendError::Retry { after: None, detail: "the provider could not be reached".to_owned() }
            } else {
                SendError::Unknown { detail: "the connection ended before an answer".to_owned() }
            }
        }
        SdkError::TimeoutError(_) => SendError::Unknown { detail: "no answer in time".to_owned() },
        SdkError::ResponseError(response) => {
            let status = response.raw().status().as_u16();
            by_status(status, "", retry_after(response.raw()))
                .unwrap_or_else(|| SendError::Unknown { detail: format!("unreadable answer, status {status}") })
        }
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let (code, message) = (service.err().code().unwrap_or_default(), service.err().message().unwrap_or_default());
            let after = retry_after(service.raw());
            if let Some((_, seconds)) = codes.retry.iter().find(|(name, _)| *name == code) {
                return SendError::Retry { after: after.or(*seconds), detail: named(status, code) };
            }
            match by_status(status, code, after) {
                Some(SendError::Refused { detail, .. }) => SendError::Refused { suppress: address_is_bad(code, message), detail },
                Some(sorted) => sorted,
                None => SendError::Unknown { detail: named(status, code) },
            }
        }
        _ => SendError::Unknown { detail: "an error of a kind that is not known".to_owned() },
    }
}

/// Seconds that an answer asks to wait.
fn retry_after(response: &HttpResponse) -> Option<u64> {
    response.headers().get("retry-after").and_then(|text| text.trim().parse().ok())
}

/// What an answer means that is no acceptance, by its status and the code in it, where the caller knows nothing more of the code.
pub fn of_answer(status: u16, code: &str, after: Option<u64>) -> SendError {
    by_status(status, code, after).unwrap_or_else(|| SendError::Unknown { detail: named(status, code) })
}

/// What a status proves; `None` where it proves nothing.
fn by_status(status: u16, code: &str, after: Option<u64>) -> Option<SendError> {
    match status {
        429 | 503 => Some(SendError::Retry { after, detail: named(status, code) }),
        // The provider gave up waiting for a request, or for itself: neither says what it did.
        408 | 409 => None,
        400..=499 => Some(SendError::Refused { suppress: false, detail: named(status, code) }),
        _ => None,
    }
}

/// Status and code; never the provider's message, which may hold an address.
pub fn named(status: u16, code: &str) -> String {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    if plain.is_empty() { format!("status {status}") } else { format!("status {status}, {plain}") }
}

/// Whether a connection never came about, so that nothing can have been sent.
pub fn never_connected(error: &(dyn Error + 'static)) -> bool {
    let mut link = Some(error);
    while let Some(error) = link {
        let connecting = error.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect());
        let refused =
            error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused);
        if connecting || refused {
            return true;
        }
        link = error.source();
    }
    false
}
