//! Stripe: one Checkout Session for each basket.
//!
//! | event | says |
//! |---|---|
//! | `checkout.session.completed` | received where `payment_status` is `paid`, else on its way |
//! | `checkout.session.async_payment_succeeded`, `…_failed`, `checkout.session.expired` | received, failed, expired |
//! | `refund.*`, `charge.refund.updated`, `charge.dispute.*` | taken back; the payment's intent is asked for the basket |
//! | `charge.refunded` | the refunds that it has, else they are asked for |
//!
//! The basket's id is the session's `client_reference_id` and `metadata[basket]` of session and intent. A refund and a dispute name the
//! intent only. Sessions take one way of paying each, so that what was kept back fits what is said.

mod event;
mod names;
mod session;

use bytes::Bytes;
use domain::{PaymentId, WayOfPaying};
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    AskedPayment, CannotBegin, NextCall, NotBelieved, PaymentCapabilities, PaymentProvider, PaymentQuestion, ProviderAccess,
    ProviderHeard, ProviderObject, ProviderTrouble, UnreadableEvent, WayOffered, WebhookDelivery, WebhookRules, WebhookTrust,
    provider::plain_id, signature, trouble::json_of,
};

pub use names::NAME;

/// The version that requests and answers are of.
pub const API_VERSION: &str = "2025-03-31.basil";

/// Stripe Checkout.
pub struct StripeCheckout;

const HOSTS: [&str; 1] = ["api.stripe.com"];
const BAD_SIGNATURE: u16 = 400;
/// How old a signed timestamp may be, in seconds: Stripe signs each attempt anew.
const SIGNED_FOR_S: i64 = 300;
/// Stripe wants half an hour at least by its own clock, so a minute more by ours.
const OPEN_FOR: SignedDuration = SignedDuration::from_mins(31);

/// How Stripe calls each way, and what it takes that way (<https://docs.stripe.com/payments/payment-methods/payment-method-support>).
/// How long a debit may still fail is as Stripe states it: ACH four business days, SEPA five, Bacs three; two weekends lie between at most.
const WAYS: [WayOffered; 5] = [
    WayOffered {
        way: WayOfPaying::Card,
        currencies: None,
        open_for: OPEN_FOR,
        pending_for: SignedDuration::ZERO,
        needs_customer: false,
    },
    WayOffered {
        way: WayOfPaying::Ach,
        currencies: Some(&["USD"]),
        open_for: OPEN_FOR,
        pending_for: SignedDuration::from_hours(24 * 8),
        needs_customer: false,
    },
    WayOffered {
        way: WayOfPaying::SepaDebit,
        currencies: Some(&["EUR"]),
        open_for: OPEN_FOR,
        pending_for: SignedDuration::from_hours(24 * 9),
        needs_customer: false,
    },
    WayOffered {
        way: WayOfPaying::Bacs,
        currencies: Some(&["GBP"]),
        open_for: OPEN_FOR,
        pending_for: SignedDuration::from_hours(24 * 7),
        needs_customer: false,
    },
    WayOffered {
        way: WayOfPaying::Transfer,
        currencies: Some(&["USD", "EUR", "GBP", "JPY", "MXN"]),
        open_for: OPEN_FOR,
        pending_for: SignedDuration::from_hours(24 * 7),
        needs_customer: true,
    },
];

impl PaymentProvider for StripeCheckout {
    fn name(&self) -> &'static str {
        NAME
    }

    fn source(&self) -> &'static str {
        "pay-stripe"
    }

    fn capabilities(&self) -> PaymentCapabilities {
        PaymentCapabilities {
            ways: &WAYS,
            redirects: true,
            captures: false,
            expires: true,
            lines_max: 100,
            hosts: &HOSTS,
            webhooks: Some(WebhookRules { bad_signature_status: BAD_SIGNATURE, answer_within: SignedDuration::from_secs(10) }),
        }
    }

    fn begin(&self, access: &ProviderAccess<'_>, asked: &AskedPayment<'_>) -> Result<NextCall, CannotBegin> {
        let form = session::form(asked, &self.capabilities())?;
        let key = asked.basket.as_str();
        let body = ("application/x-www-form-urlencoded", form.into_bytes());
        NextCall::first(call(access, "POST", "/v1/checkout/sessions", Some(key), body))
    }

    fn begun(
        &self,
        _access: &ProviderAccess<'_>,
        _asked: &AskedPayment<'_>,
        answer: &Response<Bytes>,
    ) -> Result<NextCall, ProviderTrouble> {
        let value = success(answer)?;
        session::begun(&value).map(NextCall::Begun).map_err(ProviderTrouble::Unreadable)
    }

    fn expire(&self, access: &ProviderAccess<'_>, basket: &PaymentId, provider_id: &str) -> Option<Request<Bytes>> {
        let path = format!("/v1/checkout/sessions/{}/expire", plain_id(provider_id)?);
        let key = format!("{basket}-expire");
        call(access, "POST", &path, Some(&key), ("application/x-www-form-urlencoded", Vec::new()))
    }

    fn ask(&self, access: &ProviderAccess<'_>, question: &PaymentQuestion) -> Option<Request<Bytes>> {
        let id = plain_id(&question.id)?;
        let path = match question.object {
            ProviderObject::Begun => format!("/v1/checkout/sessions/{id}"),
            ProviderObject::Payment => format!("/v1/payment_intents/{id}"),
            ProviderObject::Charge => format!("/v1/charges/{id}"),
            ProviderObject::RefundsOfCharge => format!("/v1/refunds?charge={id}&limit=100"),
            ProviderObject::Refund => return None,
        };
        call(access, "GET", &path, None, ("", Vec::new()))
    }

    fn answered(&self, question: &PaymentQuestion, answer: &Response<Bytes>) -> Result<ProviderHeard, ProviderTrouble> {
        let value = success(answer)?;
        event::answered(question, &value).map(ProviderHeard::told_apart).map_err(ProviderTrouble::Unreadable)
    }

    fn verify(&self, delivery: &WebhookDelivery<'_>, trust: &WebhookTrust<'_>) -> Result<(), NotBelieved> {
        let refuse = |detail: String| NotBelieved { status: BAD_SIGNATURE, detail };
        let header = delivery.header("stripe-signature", BAD_SIGNATURE)?;
        let values = |name: &'static str| {
            header.split(',').filter_map(move |part| part.split_once('=').filter(|(key, _)| *key == name)).map(|(_, value)| value)
        };
        let mut times = values("t");
        let (Some(text), None) = (times.next(), times.next()) else {
            return Err(refuse("the header Stripe-Signature must have one t".to_owned()));
        };
        let digits = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let at = digits.then(|| text.parse().ok().and_then(|second| Timestamp::from_second(second).ok())).flatten();
        let at =
            at.ok_or_else(|| refuse("the t of the header Stripe-Signature is no number of seconds since 1970".to_owned()))?;
        signature::fresh(at, delivery.now, SIGNED_FOR_S).map_err(refuse)?;
        if signature::is_signed_by(trust.secrets, &[text.as_bytes(), b".", delivery.body], values("v1")) {
            return Ok(());
        }
        Err(refuse("no v1 signature matches; store the signing secret of this very endpoint, whsec_ included".to_owned()))
    }

    fn read(&self, body: &[u8]) -> Result<ProviderHeard, UnreadableEvent> {
        event::read(body).map(ProviderHeard::told_apart)
    }
}

fn call(
    access: &ProviderAccess<'_>,
    method: &str,
    path: &str,
    key: Option<&str>,
    body: (&str, Vec<u8>),
) -> Option<Request<Bytes>> {
    let mut headers = vec![("stripe-version", API_VERSION)];
    headers.extend(key.map(|key| ("idempotency-key", key)));
    access.request(method, access.site.url(&HOSTS, path), &headers, body)
}

fn success(answer: &Response<Bytes>) -> Result<Value, ProviderTrouble> {
    json_of(answer, |body| {
        let error = body.get("error")?;
        error.get("code").or_else(|| error.get("type"))?.as_str()
    })
}
