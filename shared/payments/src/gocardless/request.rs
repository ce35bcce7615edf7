//! A billing request and its flow: what makes them, and what the answers say.

use bytes::Bytes;
use domain::WayOfPaying;
use http::Response;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{AskedPayment, BegunPayment, CannotBegin, PaymentCapabilities, amount, asked::page, gocardless::names::NAME};

/// Longest description, in characters.
const DESCRIPTION_CHARS_MAX: usize = 255;

/// What makes a billing request.
pub(super) fn billing_request(asked: &AskedPayment<'_>, can: &PaymentCapabilities) -> Result<Value, CannotBegin> {
    let (total, _) = asked.check(NAME, can)?;
    // Every currency that is offered has the digits of ISO 4217.
    let amount = amount::to_integer(NAME, total, asked.currency.minor_digits(), 1)?;
    let scheme = if *asked.way == WayOfPaying::Bacs { "bacs" } else { "sepa_core" };
    let metadata = json!({ "basket": asked.basket.as_str() });
    Ok(json!({ "billing_requests": {
        "payment_request": {
            "description": asked.description(DESCRIPTION_CHARS_MAX),
            "amount": amount,
            "currency": asked.currency.code(),
            "metadata": metadata,
        },
        "mandate_request": { "scheme": scheme, "currency": asked.currency.code() },
        "metadata": metadata,
        "fallback_enabled": true,
    }}))
}

/// What makes the page on which it is fulfilled.
pub(super) fn flow(asked: &AskedPayment<'_>, billing_request: &str) -> Value {
    let mut flow = json!({
        "redirect_uri": asked.return_url,
        "exit_uri": asked.cancel_url,
        "lock_currency": true,
        "links": { "billing_request": billing_request },
    });
    if let Some(language) = asked.language {
        flow["language"] = json!(language.split('-').next());
    }
    json!({ "billing_request_flows": flow })
}

/// The answer that made the page.
pub(super) fn begun(value: &Value, expires_at: Timestamp) -> Result<BegunPayment, String> {
    #[derive(Deserialize)]
    struct Answer {
        billing_request_flows: Flow,
    }
    #[derive(Deserialize)]
    struct Flow {
        authorisation_url: String,
        expires_at: Option<Timestamp>,
        links: Links,
    }
    #[derive(Deserialize)]
    struct Links {
        billing_request: String,
    }
    let Answer { billing_request_flows: flow } = Answer::deserialize(value).map_err(|error| error.to_string())?;
    let pay_url = page(Some(flow.authorisation_url));
    Ok(BegunPayment {
        provider_id: flow.links.billing_request,
        pay_url: Some(pay_url.ok_or("authorisation_url is no address of a page")?),
        expires_at: flow.expires_at.map_or(expires_at, |at| at.min(expires_at)),
    })
}

/// The billing request that the same key made before, of an answer that says so.
pub(super) fn conflicting(answer: &Response<Bytes>) -> Option<String> {
    if answer.status() != http::StatusCode::CONFLICT {
        return None;
    }
    let value: Value = serde_json::from_slice(answer.body()).ok()?;
    let error = value.pointer("/error/errors/0")?;
    let is_same_key = error.get("reason")?.as_str()? == "idempotent_creation_conflict";
    let id = error.pointer("/links/conflicting_resource_id")?.as_str()?;
    is_same_key.then(|| id.to_owned())
}
