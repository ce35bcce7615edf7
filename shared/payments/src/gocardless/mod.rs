//! GoCardless: one billing request for each basket, and a flow on which the payer fulfils it; or, by a mandate that a payer has kept, a payment.
//!
//! The payer pays at once where their bank can (`payment_request`), else by debit (`fallback_enabled`). Events carry ids and no amounts, so
//! each leads to a question: a billing request for its payment, a refund for its payment, a payment for how it stands. The answer says how
//! it stands now, so the order of events does not matter. What came and failed before anybody asked came all the same: the events say so that
//! it was confirmed, paid out, or settled as a late failure. The basket's id is `metadata[basket]` of the billing request and of its payment.
//!
//! A billing request that is fulfilled names its mandate. Payments on a mandate that was kept are made at once, with the basket's id as their key; one that
//! is cancelled, has expired, failed, or is blocked, is kept no more. A mandate that comes back is kept once it is set up anew.
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
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    AskedPayment, CannotBegin, KeptWays, NextCall, NotBelieved, PaymentCapabilities, PaymentProvider, PaymentQuestion,
    ProviderAccess, ProviderHeard, ProviderObject, ProviderTrouble, UnreadableEvent, WayOffered, WebhookDelivery, WebhookRules,
    WebhookTrust,
    gocardless::names::{OPEN_FOR, is_payment},
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
/// Why a mandate is not cancelled: it is not one that can be, for it is over.
const NOT_CANCELLED: &str = "cancellation_failed";
/// The key of the same request made something before.
const CANCELLED_BEFORE: &str = "idempotent_creation_conflict";

const WAYS: [WayOffered; 2] = [
    WayOffered {
        way: WayOfPaying::Bacs,
        currencies: Some(&["GBP"]),
        open_for: OPEN_FOR,
        // The mandate takes three business days, the payment three more.
        pending_for: SignedDuration::from_hours(24 * 12),
        needs_customer: false,
        can_be_kept: true,
    },
    WayOffered {
        way: WayOfPaying::SepaDebit,
        currencies: Some(&["EUR"]),
        open_for: OPEN_FOR,
        // One business day ahead, and five until it is confirmed.
        pending_for: SignedDuration::from_hours(24 * 11),
        needs_customer: false,
        can_be_kept: true,
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
            kept: KeptWays::Charged,
            lines_max: 1,
            hosts: &HOSTS,
            webhooks: Some(WebhookRules { bad_signature_status: BAD_SIGNATURE, answer_within: SignedDuration::from_secs(10) }),
        }
    }

    fn begin(&self, access: &ProviderAccess<'_>, asked: &AskedPayment<'_>) -> Result<NextCall, CannotBegin> {
        if let Some(mandate) = asked.kept {
            let body = request::payment(asked, mandate, &self.capabilities())?;
            return NextCall::first(call(access, "POST", "/payments", Some(asked.basket.as_str()), &body));
        }
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
            return if asked.kept.is_some() { request::charged(asked, first).map(NextCall::Begun) } else { flow_of(&first) };
        }
        let value = success(answer)?;
        if asked.kept.is_some() {
            let id =
                value.pointer("/payments/id").and_then(Value::as_str).ok_or_else(|| unreadable("/payments/id is missing"))?;
            return request::charged(asked, id.to_owned()).map(NextCall::Begun);
        }
        match value.pointer("/billing_requests/id").and_then(Value::as_str) {
            Some(id) => flow_of(id),
            None => request::begun(&value, asked.begun_at + OPEN_FOR).map(NextCall::Begun).map_err(ProviderTrouble::Unreadable),
        }
    }

    fn expire(&self, access: &ProviderAccess<'_>, basket: &PaymentId, provider_id: &str) -> Option<Request<Bytes>> {
        let list = if is_payment(provider_id) { "payments" } else { "billing_requests" };
        let path = format!("/{list}/{}/actions/cancel", plain_id(provider_id)?);
        call(access, "POST", &path, Some(&format!("{basket}-cancel")), &serde_json::json!({"data": {}}))
    }

    fn forget(&self, access: &ProviderAccess<'_>, kept: &str) -> Option<Request<Bytes>> {
        let path = format!("/mandates/{}/actions/cancel", plain_id(kept)?);
        call(access, "POST", &path, Some(&format!("{kept}-cancel")), &serde_json::json!({"data": {}}))
    }

    fn forgotten(
        &self,
        _access: &ProviderAccess<'_>,
        _kept: &str,
        answer: &Response<Bytes>,
    ) -> Result<Option<Request<Bytes>>, ProviderTrouble> {
        match success(answer) {
            Ok(_) | Err(ProviderTrouble::Unknown) => Ok(None),
            // It was cancelled before, or by the same request whose answer was lost.
            Err(ProviderTrouble::Refused { code, .. }) if code == NOT_CANCELLED || code == CANCELLED_BEFORE => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// A payment on a mandate is its own answer; a billing request leads to one.
    fn look_up(&self, basket: &PaymentId, provider_id: &str, now: Timestamp) -> Option<PaymentQuestion> {
        let question = PaymentQuestion::read_back(basket, provider_id, now);
        let object = if is_payment(provider_id) { ProviderObject::Payment } else { question.object };
        Some(PaymentQuestion { object, ..question })
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
