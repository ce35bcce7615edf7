//! What goes wrong on the way to a payment, by what the caller does about it.

use bytes::Bytes;
use domain::{Currency, WayOfPaying};
use http::Response;
use serde_json::Value;

/// Why a payment cannot be begun. Nothing was asked of the provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotBegin {
    /// There is no line.
    #[error("the basket has no line; choose what is paid")]
    Empty,
    /// A line is not above zero.
    #[error("line {line} of the basket is {amount_minor} minor units; each line must be above zero")]
    NotPositive {
        /// Its place, from 1.
        line: usize,
        /// What it says.
        amount_minor: i64,
    },
    /// The sum does not fit.
    #[error("the lines of the basket come to more than can be paid at once; pay it in parts")]
    TooLarge,
    /// The provider does not take that currency that way.
    #[error("{provider} takes no {currency} by {}; choose another way of paying", way.as_str())]
    NotOffered {
        /// The provider.
        provider: &'static str,
        /// The currency.
        currency: Currency,
        /// The way of paying.
        way: WayOfPaying,
    },
    /// The provider's amounts of that currency are coarser.
    #[error(
        "{provider} cannot take {amount_minor} minor units of {currency}: its smallest step is {step_minor}; pay a rounder amount"
    )]
    TooFine {
        /// The provider.
        provider: &'static str,
        /// The currency.
        currency: Currency,
        /// What was asked.
        amount_minor: i64,
        /// What amounts must be a multiple of.
        step_minor: i64,
    },
    /// The provider must know the customer for this way of paying.
    #[error("{provider} needs its own id of the customer to take {}; choose another way of paying", way.as_str())]
    NeedsCustomer {
        /// The provider.
        provider: &'static str,
        /// The way of paying.
        way: WayOfPaying,
    },
    /// The stored key or token cannot be sent.
    #[error("the stored key or token has bytes that no header may have; enter it anew")]
    Credentials,
    /// The account of the payee is needed and missing, or cannot be paid to this way.
    #[error("the payee's account cannot be used: {0}")]
    Account(String),
}

/// Why a provider's answer does not lead on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderTrouble {
    /// The key or token is not accepted: the connection must be mended.
    #[error("the provider does not accept the credentials (status {status}); connect it anew")]
    SignIn {
        /// The answer's status.
        status: u16,
    },
    /// Too many requests: ask again later.
    #[error("the provider asks to wait {wait_s} seconds")]
    Throttled {
        /// How long, in seconds.
        wait_s: u32,
    },
    /// The provider is not up to it now; whether it did what was asked is unknown. Ask again under the same key.
    #[error("the provider answered with status {status}; ask again later")]
    Unavailable {
        /// The answer's status.
        status: u16,
    },
    /// The provider will not do it, however often it is asked.
    #[error("the provider refused with status {status} and the code '{code}'")]
    Refused {
        /// The answer's status.
        status: u16,
        /// The provider's word for why, without personal data.
        code: String,
    },
    /// The provider does not know what it was asked about.
    #[error("the provider does not know it")]
    Unknown,
    /// The answer has another form than the provider's.
    #[error("the provider's answer does not read: {0}")]
    Unreadable(String),
}

/// The body of an answer with success. In the body of another, `code` finds the vendor's word for why.
///
/// # Errors
///
/// What an answer without success means, or that the body is no JSON.
pub(crate) fn json_of(answer: &Response<Bytes>, code: impl FnOnce(&Value) -> Option<&str>) -> Result<Value, ProviderTrouble> {
    match trouble_of(answer, code) {
        Some(trouble) => Err(trouble),
        None => serde_json::from_slice(answer.body()).map_err(|error| ProviderTrouble::Unreadable(error.to_string())),
    }
}

/// That an answer does not read.
pub(crate) fn unreadable(detail: &str) -> ProviderTrouble {
    ProviderTrouble::Unreadable(detail.to_owned())
}

fn trouble_of(answer: &Response<Bytes>, code: impl FnOnce(&Value) -> Option<&str>) -> Option<ProviderTrouble> {
    /// How long to wait where the provider does not say, in seconds.
    const WAIT_S: u32 = 60;
    let status = answer.status();
    let number = status.as_u16();
    if status.is_success() {
        return None;
    }
    let wait = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    Some(match number {
        401 | 403 => ProviderTrouble::SignIn { status: number },
        404 => ProviderTrouble::Unknown,
        408 | 425 => ProviderTrouble::Unavailable { status: number },
        429 => ProviderTrouble::Throttled { wait_s: wait.unwrap_or(WAIT_S) },
        _ if status.is_client_error() => {
            let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
            let code = body.as_ref().and_then(code).map(word).filter(|code| !code.is_empty());
            ProviderTrouble::Refused { status: number, code: code.unwrap_or_else(|| "none".to_owned()) }
        }
        _ => ProviderTrouble::Unavailable { status: number },
    })
}

/// A vendor's word as it may be kept and shown: letters, digits, `_`, `-` and `.`, at most 64 of them. Prose has personal data.
pub(crate) fn word(text: &str) -> String {
    let plain = text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if plain { text.to_owned() } else { String::new() }
}
