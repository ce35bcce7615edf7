//! PayPal: one order (Orders v2) for each basket, captured once the payer approved.
//!
//! | event | says |
//! |---|---|
//! | `CHECKOUT.ORDER.APPROVED` | approved: capture it |
//! | `PAYMENT.CAPTURE.COMPLETED`, `…PENDING`, `…DENIED` | received, on its way, failed |
//! | `PAYMENT.CAPTURE.REFUNDED`, `PAYMENT.REFUND.*` | a refund |
//! | `PAYMENT.CAPTURE.REVERSED`, `CUSTOMER.DISPUTE.*` | a chargeback, one for each capture |
//!
//! The basket's id is the `custom_id` of the purchase unit, and comes back with each of these. Webhooks are signed with a certificate:
//! `chain` checks it without a call, and the address that it is fetched from is pinned to PayPal's own host.

mod chain;
mod event;
mod names;
mod order;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use domain::{PaymentId, WayOfPaying, pay_sources::PAYPAL_CURRENCIES};
use http::{Request, Response};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    AskedPayment, CannotBegin, NextCall, NotBelieved, PaymentCapabilities, PaymentProvider, PaymentQuestion, ProviderAccess,
    ProviderHeard, ProviderObject, ProviderSecret, ProviderSite, ProviderToken, ProviderTrouble, UnreadableEvent, WayOffered,
    WebhookDelivery, WebhookRules, WebhookTrust,
    paypal::names::BAD_SIGNATURE,
    provider::plain_id,
    trouble::{json_of, unreadable},
};

pub use names::NAME;

/// PayPal Orders v2. Its credentials are the client's id and its secret with a colon between; its webhooks' secret is the webhook's id.
pub struct PayPal;

const HOSTS: [&str; 2] = ["api-m.paypal.com", "api-m.sandbox.paypal.com"];

/// How long an order waits for its payer, and an approval for its capture.
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(3);

const WAYS: [WayOffered; 1] = [WayOffered {
    way: WayOfPaying::Paypal,
    currencies: Some(&PAYPAL_CURRENCIES),
    open_for: OPEN_FOR,
    // An eCheck clears within six business days, as PayPal states it; a review takes as long.
    pending_for: SignedDuration::from_hours(24 * 10),
    needs_customer: false,
}];

impl PaymentProvider for PayPal {
    fn name(&self) -> &'static str {
        NAME
    }

    fn source(&self) -> &'static str {
        "pay-paypal"
    }

    fn capabilities(&self) -> PaymentCapabilities {
        PaymentCapabilities {
            ways: &WAYS,
            redirects: true,
            captures: true,
            expires: false,
            lines_max: 1,
            hosts: &HOSTS,
            webhooks: Some(WebhookRules { bad_signature_status: BAD_SIGNATURE, answer_within: SignedDuration::from_secs(30) }),
        }
    }

    fn sign_in(&self, site: &ProviderSite<'_>, credentials: &ProviderSecret) -> Option<Request<Bytes>> {
        Request::post(site.url(&HOSTS, "/v1/oauth2/token"))
            .header("authorization", format!("Basic {}", STANDARD.encode(credentials.expose())))
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from_static(b"grant_type=client_credentials"))
            .ok()
    }

    fn signed_in(&self, answer: &Response<Bytes>) -> Result<ProviderToken, ProviderTrouble> {
        #[derive(Deserialize)]
        struct Token {
            access_token: String,
            expires_in: u32,
        }
        let body = json_of(answer, |body| body.get("error")?.as_str())?;
        // What serde says of it would show it.
        let token = Token::deserialize(&body).map_err(|_| unreadable("it is no token"))?;
        Ok(ProviderToken { token: ProviderSecret::new(token.access_token), lasts_s: token.expires_in })
    }

    fn begin(&self, access: &ProviderAccess<'_>, asked: &AskedPayment<'_>) -> Result<NextCall, CannotBegin> {
        let body = order::request(asked, &self.capabilities())?;
        let (key, body) = (asked.basket.as_str(), body.to_string().into_bytes());
        NextCall::first(call(access, "POST", "/v2/checkout/orders", Some(key), body))
    }

    fn begun(
        &self,
        _access: &ProviderAccess<'_>,
        asked: &AskedPayment<'_>,
        answer: &Response<Bytes>,
    ) -> Result<NextCall, ProviderTrouble> {
        let begun = order::begun(&success(answer)?, asked.begun_at + OPEN_FOR);
        begun.map(NextCall::Begun).map_err(ProviderTrouble::Unreadable)
    }

    fn capture(&self, access: &ProviderAccess<'_>, basket: &PaymentId, provider_id: &str) -> Option<Request<Bytes>> {
        let path = format!("/v2/checkout/orders/{}/capture", plain_id(provider_id)?);
        call(access, "POST", &path, Some(&format!("{basket}-capture")), b"{}".to_vec())
    }

    fn ask(&self, access: &ProviderAccess<'_>, question: &PaymentQuestion) -> Option<Request<Bytes>> {
        let id = plain_id(&question.id)?;
        let path = match question.object {
            ProviderObject::Begun => format!("/v2/checkout/orders/{id}"),
            ProviderObject::Payment => format!("/v2/payments/captures/{id}"),
            ProviderObject::Charge | ProviderObject::RefundsOfCharge | ProviderObject::Refund => return None,
        };
        call(access, "GET", &path, None, Vec::new())
    }

    fn answered(&self, question: &PaymentQuestion, answer: &Response<Bytes>) -> Result<ProviderHeard, ProviderTrouble> {
        let value = match success(answer) {
            // The capture was asked for twice: the order says what came of the first.
            Err(ProviderTrouble::Refused { code, .. }) if code == "ORDER_ALREADY_CAPTURED" => {
                return Ok(ProviderHeard::question(question.clone()));
            }
            other => other?,
        };
        event::answered(question, &value).map(ProviderHeard::told_apart).map_err(ProviderTrouble::Unreadable)
    }

    fn chain_url(&self, site: &ProviderSite<'_>, delivery: &WebhookDelivery<'_>) -> Result<Option<String>, NotBelieved> {
        chain::url(site, delivery).map(Some)
    }

    fn verify(&self, delivery: &WebhookDelivery<'_>, trust: &WebhookTrust<'_>) -> Result<(), NotBelieved> {
        chain::verify(delivery, trust)
    }

    fn read(&self, body: &[u8]) -> Result<ProviderHeard, UnreadableEvent> {
        event::read(body).map(ProviderHeard::told_apart)
    }
}

fn call(access: &ProviderAccess<'_>, method: &str, path: &str, key: Option<&str>, body: Vec<u8>) -> Option<Request<Bytes>> {
    let mut headers = vec![("prefer", "return=representation")];
    headers.extend(key.map(|key| ("paypal-request-id", key)));
    access.request(method, access.site.url(&HOSTS, path), &headers, ("application/json", body))
}

fn success(answer: &Response<Bytes>) -> Result<Value, ProviderTrouble> {
    // The issue says more than the name: UNPROCESSABLE_ENTITY has many.
    json_of(answer, |body| body.pointer("/details/0/issue").or_else(|| body.get("name"))?.as_str())
}
