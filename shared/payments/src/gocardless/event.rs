//! GoCardless's events, which carry ids, and the answers that say how things stand.

use domain::{Currency, Money, PaymentId, ProviderOutcome, ReversalKind, WayOfPaying};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::{KnownPart, PaymentQuestion, ProviderHeard, ProviderObject, UnreadableEvent, amount, heard::Origin, trouble::word};

#[derive(Deserialize)]
struct Delivered {
    events: Vec<Value>,
}

#[derive(Deserialize)]
struct ResourceEvent {
    id: String,
    created_at: Timestamp,
    resource_type: String,
    action: String,
    #[serde(default)]
    links: EventLinks,
    #[serde(default)]
    details: EventDetails,
    resource_metadata: Option<Metadata>,
}

#[derive(Default, Deserialize)]
struct EventLinks {
    billing_request: Option<String>,
    payment: Option<String>,
    refund: Option<String>,
}

#[derive(Default, Deserialize)]
struct EventDetails {
    cause: Option<String>,
    #[serde(default)]
    will_attempt_retry: bool,
}

#[derive(Deserialize)]
struct Metadata {
    basket: Option<String>,
}

impl Metadata {
    fn basket(this: Option<&Self>) -> Option<PaymentId> {
        PaymentId::parse(this?.basket.as_deref()?)
    }
}

/// What a delivery says: questions only.
pub(super) fn read(body: &[u8]) -> Result<ProviderHeard, UnreadableEvent> {
    let delivered: Delivered = serde_json::from_slice(body).map_err(|error| UnreadableEvent(error.to_string()))?;
    let mut heard = ProviderHeard::default();
    for (at, event) in delivered.events.iter().enumerate() {
        let of_one = ResourceEvent::deserialize(event).map_err(|error| error.to_string()).and_then(of_event);
        heard.add(of_one.unwrap_or_else(|detail| ProviderHeard::unread(format!("/events/{at}"), detail)));
    }
    Ok(heard)
}

fn of_event(event: ResourceEvent) -> Result<ProviderHeard, String> {
    let missing = |link: &str| format!("links/{link} is missing");
    let failed = || KnownPart::Failed {
        reason: event.details.cause.as_deref().map(word).filter(|cause| !cause.is_empty()).unwrap_or_else(|| word(&event.action)),
        retries: event.details.will_attempt_retry,
    };
    let (object, id, known) = match (event.resource_type.as_str(), event.action.as_str()) {
        ("billing_requests", "fulfilled" | "cancelled") => (
            ProviderObject::Begun,
            event.links.billing_request.clone().ok_or_else(|| missing("billing_request"))?,
            KnownPart::Nothing,
        ),
        ("payments", action) => {
            let known = match action {
                "failed" | "cancelled" | "customer_approval_denied" => failed(),
                "chargeback_cancelled" => KnownPart::ChargebackOver,
                "confirmed" | "paid_out" | "late_failure_settled" => KnownPart::Came,
                _ => KnownPart::Nothing,
            };
            (ProviderObject::Payment, event.links.payment.clone().ok_or_else(|| missing("payment"))?, known)
        }
        ("refunds", action) => {
            let known = if matches!(action, "failed" | "bounced" | "funds_returned") { failed() } else { KnownPart::Nothing };
            (ProviderObject::Refund, event.links.refund.clone().ok_or_else(|| missing("refund"))?, known)
        }
        // Mandates, payouts, subscriptions, and steps of a flow say nothing of a basket's money.
        _ => return Ok(ProviderHeard::foreign()),
    };
    let basket = Metadata::basket(event.resource_metadata.as_ref());
    Ok(ProviderHeard::question(PaymentQuestion { event: event.id, at: event.created_at, object, id, basket, known }))
}

#[derive(Deserialize)]
struct BillingRequest {
    id: String,
    status: String,
    metadata: Option<Metadata>,
    links: Option<BillingRequestLinks>,
}

#[derive(Deserialize)]
struct BillingRequestLinks {
    payment_request_payment: Option<String>,
}

#[derive(Deserialize)]
struct DebitPayment {
    id: String,
    amount: i64,
    currency: String,
    status: String,
    scheme: Option<String>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct DebitRefund {
    id: String,
    amount: i64,
    currency: String,
    status: Option<String>,
    links: RefundLinks,
}

#[derive(Deserialize)]
struct RefundLinks {
    payment: Option<String>,
}

fn money(minor: i64, currency: &str) -> Result<Money, String> {
    let currency = Currency::parse(currency).map_err(|error| error.to_string())?;
    amount::from_integer(minor, currency, currency.minor_digits()).map_err(|wrong| format!("the amount {wrong}"))
}

fn part<'de, T: Deserialize<'de>>(value: &'de Value, name: &str) -> Result<T, String> {
    T::deserialize(value.get(name).unwrap_or(&Value::Null)).map_err(|error| format!("/{name}: {error}"))
}

/// What an answer says of what was asked.
pub(super) fn answered(question: &PaymentQuestion, value: &Value) -> Result<ProviderHeard, String> {
    match question.object {
        ProviderObject::Begun => of_billing_request(question, &part(value, "billing_requests")?),
        ProviderObject::Payment => of_payment(question, part(value, "payments")?),
        ProviderObject::Refund => of_refund(question, part(value, "refunds")?),
        ProviderObject::Charge | ProviderObject::RefundsOfCharge => Err("GoCardless is not asked for it".to_owned()),
    }
}

fn of_billing_request(question: &PaymentQuestion, request: &BillingRequest) -> Result<ProviderHeard, String> {
    let Some(basket) = Metadata::basket(request.metadata.as_ref()).or_else(|| question.basket.clone()) else {
        return Ok(ProviderHeard::foreign());
    };
    let payment = request.links.as_ref().and_then(|links| links.payment_request_payment.clone());
    match (request.status.as_str(), payment) {
        (_, Some(payment)) => {
            let (object, id, basket) = (ProviderObject::Payment, payment, Some(basket));
            Ok(ProviderHeard::question(PaymentQuestion { object, id, basket, ..question.clone() }))
        }
        ("cancelled", None) => Ok(Origin::of(question).said(basket, Some(request.id.clone()), ProviderOutcome::Expired)),
        // The payer is still at it, or the payment is being made.
        ("pending" | "ready_to_fulfil" | "fulfilling" | "fulfilled", None) => Ok(ProviderHeard::default()),
        (other, None) => Err(format!("status is '{}', which is no status of a billing request", word(other))),
    }
}

fn way_of(scheme: Option<&str>) -> WayOfPaying {
    match scheme {
        Some("bacs") => WayOfPaying::Bacs,
        Some("sepa_core" | "sepa_cor1") => WayOfPaying::SepaDebit,
        Some("ach") => WayOfPaying::Ach,
        Some("faster_payments" | "sepa_credit_transfer" | "sepa_instant_credit_transfer" | "pay_to") => WayOfPaying::Transfer,
        Some(_) | None => WayOfPaying::Other,
    }
}

/// How a payment stands, and what waited for its basket.
fn of_payment(question: &PaymentQuestion, payment: DebitPayment) -> Result<ProviderHeard, String> {
    let Some(basket) = Metadata::basket(payment.metadata.as_ref()).or_else(|| question.basket.clone()) else {
        return Ok(ProviderHeard::foreign());
    };
    let origin = Origin::of(question);
    if let Some(what) = question.known.taken_back() {
        return Ok(origin.said(basket, None, what));
    }
    let money = money(payment.amount, &payment.currency)?;
    let way = way_of(payment.scheme.as_deref());
    let charged_back = |in_force| ProviderOutcome::TakenBack {
        external_id: format!("{}-chargeback", payment.id),
        kind: ReversalKind::Chargeback,
        money,
        in_force,
    };
    let received = || ProviderOutcome::Received { money, way: way.clone(), reference: payment.id.clone() };
    let say = |what| origin.said(basket.clone(), None, what);
    let mut heard = match payment.status.as_str() {
        "pending_customer_approval" | "pending_submission" | "submitted" => {
            say(ProviderOutcome::Pending { money, way: way.clone() })
        }
        "confirmed" | "paid_out" => say(received()),
        status @ ("failed" | "cancelled" | "customer_approval_denied") => {
            let mut heard = say(match &question.known {
                KnownPart::Failed { reason, retries } => {
                    ProviderOutcome::Failed { reason: reason.clone(), retries: *retries && status == "failed" }
                }
                KnownPart::Nothing | KnownPart::Came | KnownPart::ChargebackOver | KnownPart::TakenBack { .. } => {
                    ProviderOutcome::Failed { reason: word(status), retries: false }
                }
            });
            if question.known == KnownPart::Came {
                // The books may have entered it meanwhile. That it failed is said first, so that nobody is thanked for what did not stay.
                heard.add(say(received()));
            }
            heard
        }
        "charged_back" => {
            let mut heard = say(received());
            heard.add(say(charged_back(true)));
            return Ok(heard);
        }
        other => return Err(format!("status is '{}', which is no status of a payment", word(other))),
    };
    if question.known == KnownPart::ChargebackOver {
        heard.add(say(charged_back(false)));
    }
    Ok(heard)
}

/// A refund names its payment, which knows the basket.
fn of_refund(question: &PaymentQuestion, refund: DebitRefund) -> Result<ProviderHeard, String> {
    let in_force = match (refund.status.as_deref(), &question.known) {
        (Some("failed" | "bounced" | "funds_returned" | "cancelled"), _) | (None, KnownPart::Failed { .. }) => false,
        (Some("created" | "pending_submission" | "submitted" | "paid") | None, _) => true,
        (Some(other), _) => return Err(format!("status is '{}', which is no status of a refund", word(other))),
    };
    let payment = refund.links.payment.ok_or("links/payment is missing; say by hand what was paid back")?;
    let money = money(refund.amount, &refund.currency)?;
    let known = KnownPart::TakenBack { external_id: refund.id, kind: ReversalKind::Refund, money, in_force };
    let (object, id) = (ProviderObject::Payment, payment);
    Ok(ProviderHeard::question(PaymentQuestion { object, id, known, ..question.clone() }))
}
