//! GoCardless: one billing request for each basket, and a flow on which the payer fulfils it.
//!
//! The payer pays at once where their bank can (`payment_request`), else by debit (`fallback_enabled`). Events carry ids and no amounts, so
//! each leads to a question: a billing request for its payment, a refund for its payment, a payment for how it stands. The answer says how
//! it stands now, so the order of events does not matter. What came and failed before anybody asked came all the same: the events say so that
//! it was confirmed, paid out, or settled as a late failure. The basket's id is `metadata[basket]` of the billing request and of its payment.
//!
//! | status of the payment | says |
//! |---|---|
//! | `pending_customer_approval`, `pending_submission`, `submitted` | on its way |
//! | `confirmed`, `paid_out` | received |
//! | `failed`, `cancelled`, `customer_approval_denied` | failed; of received money, late: received too where the event says that it came |
//! | `charged_back` | received, and taken back |

mod event;
mod names;
mod request;

use bytes::Bytes;
use domain::{PaymentId, WayOfPaying};
use http::{Request, Response};
use jiff::SignedDuration;
use serde_json::Value;

use crate::{
    AskedPayment, CannotBegin, NextCall, NotBelieved, PaymentCapabilities, PaymentProvider, PaymentQuestion, ProviderAccess,
    ProviderHeard, ProviderObject, ProviderTrouble, UnreadableEvent, WayOffered, WebhookDelivery, WebhookRules, WebhookTrust,
    provider::plain_id,
    signature,
    trouble::{json_of, unreadable},
};

pub use names::NAME;

/// The version that requests and answers are of.
pub const API_VERSION: &str = "2015-07-06";

/// GoCardless billing requests.
pub struct GoCardless;

const HOSTS: [&str; 2] = ["api.gocardless.com", "api-sandbox.gocardless.com"];
/// GoCardless reads this status as a wrong signature.
const BAD_SIGNATURE: u16 = 498;
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(1);

const WAYS: [WayOffered; 2] = [
    WayOffered {
        way: WayOfPaying::Bacs,
        currencies: Some(&["GBP"]),
        open_for: OPEN_FOR,
        // The mandate takes three business days, the payment three more.
        pending_for: SignedDuration::from_hours(24 * 12),
        needs_customer: false,
    },
    WayOffered {
        way: WayOfPaying::SepaDebit,
        currencies: Some(&["EUR"]),
        open_for: OPEN_FOR,
        // One business day ahead, and five until it is confirmed.
        pending_for: SignedDuration::from_hours(24 * 11),
        needs_customer: false,
    },
];

impl PaymentProvider for GoCardless {
    fn name(&self) -> &'static str {
        NAME
    }

    fn source(&self) -> &'static str {
        "pay-gocardless"
    }

    fn capabilities(&self) -> PaymentCapabilities {
        PaymentCapabilities {
            ways: &WAYS,
            redirects: true,
            captures: false,
            expires: true,
            lines_max: 1,
            hosts: &HOSTS,
            webhooks: Some(WebhookRules { bad_signature_status: BAD_SIGNATURE, answer_within: SignedDuration::from_secs(10) }),
        }
    }

    fn begin(&self, access: &ProviderAccess<'_>, asked: &AskedPayment<'_>) -> Result<NextCall, CannotBegin> {
        let body = request::billing_request(asked, &self.capabilities())?;
        NextCall::first(call(access, "POST", "/billing_requests", Some(asked.basket.as_str()), &body))
    }

    fn begun(
        &self,
        access: &ProviderAccess<'_>,
        asked: &AskedPayment<'_>,
        answer: &Response<Bytes>,
    ) -> Result<NextCall, ProviderTrouble> {
        let flow_of = |billing_request: &str| {
            let body = request::flow(asked, billing_request);
            // Without a key: a flow is only a page, and a request that was asked twice has one payment still.
            let request = plain_id(billing_request).and_then(|_| call(access, "POST", "/billing_request_flows", None, &body));
            request.map(|request| NextCall::Ask(Box::new(request))).ok_or_else(|| unreadable("the id is no id"))
        };
        // Asked for twice: the first one counts.
        if let Some(first) = request::conflicting(answer) {
            return flow_of(&first);
        }
        let value = success(answer)?;
        match value.pointer("/billing_requests/id").and_then(Value::as_str) {
            Some(id) => flow_of(id),
            None => request::begun(&value, asked.begun_at + OPEN_FOR).map(NextCall::Begun).map_err(ProviderTrouble::Unreadable),
        }
    }

    fn expire(&self, access: &ProviderAccess<'_>, basket: &PaymentId, provider_id: &str) -> Option<Request<Bytes>> {
        let path = format!("/billing_requests/{}/actions/cancel", plain_id(provider_id)?);
        call(access, "POST", &path, Some(&format!("{basket}-cancel")), &serde_json::json!({"data": {}}))
    }

    fn ask(&self, access: &ProviderAccess<'_>, question: &PaymentQuestion) -> Option<Request<Bytes>> {
        let id = plain_id(&question.id)?;
        let path = match question.object {
            ProviderObject::Begun => format!("/billing_requests/{id}"),
            ProviderObject::Payment => format!("/payments/{id}"),
            ProviderObject::Refund => format!("/refunds/{id}"),
            ProviderObject::Charge | ProviderObject::RefundsOfCharge => return None,
        };
        call(access, "GET", &path, None, &Value::Null)
    }

    fn answered(&self, question: &PaymentQuestion, answer: &Response<Bytes>) -> Result<ProviderHeard, ProviderTrouble> {
        let value = success(answer)?;
        event::answered(question, &value).map(ProviderHeard::told_apart).map_err(ProviderTrouble::Unreadable)
    }

    fn verify(&self, delivery: &WebhookDelivery<'_>, trust: &WebhookTrust<'_>) -> Result<(), NotBelieved> {
        let given = delivery.header("webhook-signature", BAD_SIGNATURE)?;
        if signature::is_signed_by(trust.secrets, &[delivery.body], std::iter::once(given)) {
            return Ok(());
        }
        let detail = "Webhook-Signature does not match; store the secret of this very endpoint".to_owned();
        Err(NotBelieved { status: BAD_SIGNATURE, detail })
    }

    fn read(&self, body: &[u8]) -> Result<ProviderHeard, UnreadableEvent> {
        event::read(body)
    }
}

fn call(access: &ProviderAccess<'_>, method: &str, path: &str, key: Option<&str>, body: &Value) -> Option<Request<Bytes>> {
    let mut headers = vec![("gocardless-version", API_VERSION)];
    headers.extend(key.map(|key| ("idempotency-key", key)));
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    access.request(method, access.site.url(&HOSTS, path), &headers, ("application/json", body))
}

fn success(answer: &Response<Bytes>) -> Result<Value, ProviderTrouble> {
    json_of(answer, |body| body.pointer("/error/errors/0/reason").or_else(|| body.pointer("/error/type"))?.as_str())
}
