//! PayPal's events, and the answers to look-ups.

use domain::{PaymentId, ProviderOutcome, ReversalKind, WayOfPaying};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    KnownPart, PaymentQuestion, ProviderHeard, ProviderObject, UnreadableEvent,
    heard::Origin,
    paypal::order::{Link, MajorAmount},
    trouble::word,
};

#[derive(Deserialize)]
struct PayPalEvent {
    id: String,
    event_type: String,
    create_time: Timestamp,
    resource: Value,
}

#[derive(Deserialize)]
struct Order {
    id: String,
    status: String,
    #[serde(default)]
    purchase_units: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    custom_id: Option<String>,
    payments: Option<UnitPayments>,
}

#[derive(Deserialize)]
struct UnitPayments {
    #[serde(default)]
    captures: Vec<Value>,
    #[serde(default)]
    refunds: Vec<Value>,
}

#[derive(Deserialize)]
struct Capture {
    id: String,
    status: String,
    status_details: Option<StatusDetails>,
    amount: MajorAmount,
    custom_id: Option<String>,
    supplementary_data: Option<Supplementary>,
}

#[derive(Deserialize)]
struct StatusDetails {
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Supplementary {
    related_ids: Option<RelatedIds>,
}

#[derive(Deserialize)]
struct RelatedIds {
    order_id: Option<String>,
}

#[derive(Deserialize)]
struct Refund {
    id: String,
    status: Option<String>,
    amount: MajorAmount,
    custom_id: Option<String>,
    #[serde(default)]
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Dispute {
    status: String,
    dispute_life_cycle_stage: Option<String>,
    dispute_outcome: Option<DisputeOutcome>,
    dispute_amount: MajorAmount,
    #[serde(default)]
    disputed_transactions: Vec<DisputedTransaction>,
}

#[derive(Deserialize)]
struct DisputeOutcome {
    outcome_code: Option<String>,
}

#[derive(Deserialize)]
struct DisputedTransaction {
    seller_transaction_id: Option<String>,
    custom: Option<String>,
}

/// What an event says.
pub(super) fn read(body: &[u8]) -> Result<ProviderHeard, UnreadableEvent> {
    let event: PayPalEvent = serde_json::from_slice(body).map_err(|error| UnreadableEvent(error.to_string()))?;
    let origin = Origin { event: &event.id, at: event.create_time };
    let heard = match event.event_type.as_str() {
        "CHECKOUT.ORDER.APPROVED" | "CHECKOUT.ORDER.COMPLETED" | "CHECKOUT.ORDER.VOIDED" => of_order(&origin, &event.resource),
        "PAYMENT.CAPTURE.COMPLETED" | "PAYMENT.CAPTURE.PENDING" | "PAYMENT.CAPTURE.DENIED" | "PAYMENT.CAPTURE.DECLINED" => {
            of_capture(&origin, &event.resource, None)
        }
        "PAYMENT.CAPTURE.REFUNDED" | "PAYMENT.REFUND.PENDING" | "PAYMENT.REFUND.FAILED" => {
            of_refund(&origin, &event.resource, ReversalKind::Refund, None)
        }
        "PAYMENT.CAPTURE.REVERSED" => of_refund(&origin, &event.resource, ReversalKind::Chargeback, None),
        "CUSTOMER.DISPUTE.CREATED" | "CUSTOMER.DISPUTE.UPDATED" | "CUSTOMER.DISPUTE.RESOLVED" => {
            of_dispute(&origin, &event.resource)
        }
        _ => Ok(ProviderHeard::foreign()),
    };
    Ok(heard.unwrap_or_else(|detail| ProviderHeard::unread("/resource", detail)))
}

fn parsed<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}

fn basket(custom_id: Option<&str>) -> Option<PaymentId> {
    custom_id.and_then(PaymentId::parse)
}

/// An order, and the captures and refunds that it has.
fn of_order(origin: &Origin<'_>, value: &Value) -> Result<ProviderHeard, String> {
    let order: Order = parsed(value)?;
    let Some((unit, basket)) = order.purchase_units.iter().find_map(|unit| Some((unit, basket(unit.custom_id.as_deref())?)))
    else {
        return Ok(ProviderHeard::foreign());
    };
    let mut heard = ProviderHeard::default();
    for capture in unit.payments.iter().flat_map(|payments| &payments.captures) {
        heard.add(of_capture(origin, capture, Some((&basket, &order.id)))?);
    }
    for refund in unit.payments.iter().flat_map(|payments| &payments.refunds) {
        heard.add(of_refund(origin, refund, ReversalKind::Refund, Some(&basket))?);
    }
    match order.status.as_str() {
        "APPROVED" => heard.add(origin.said(basket, Some(order.id), ProviderOutcome::Approved)),
        "VOIDED" => heard.add(origin.said(basket, Some(order.id), ProviderOutcome::Expired)),
        // Its captures say the rest, and the payer is still at what has none.
        "COMPLETED" | "CREATED" | "SAVED" | "PAYER_ACTION_REQUIRED" => {}
        other => return Err(format!("status is '{}', which is no status of an order", word(other))),
    }
    Ok(heard)
}

/// A capture, of an order where it stands in one.
fn of_capture(origin: &Origin<'_>, value: &Value, of: Option<(&PaymentId, &String)>) -> Result<ProviderHeard, String> {
    let capture: Capture = parsed(value)?;
    let Some(basket) = of.map(|(basket, _)| basket.clone()).or_else(|| basket(capture.custom_id.as_deref())) else {
        return Ok(ProviderHeard::foreign());
    };
    let money = capture.amount.money()?;
    let reason = || capture.status_details.as_ref().and_then(|details| details.reason.as_deref()).map(word).unwrap_or_default();
    let what = match capture.status.as_str() {
        // What was given back since says so itself.
        "COMPLETED" | "PARTIALLY_REFUNDED" | "REFUNDED" => {
            ProviderOutcome::Received { money, way: WayOfPaying::Paypal, reference: capture.id.clone() }
        }
        "PENDING" => ProviderOutcome::Pending { money, way: WayOfPaying::Paypal },
        "DECLINED" | "DENIED" | "FAILED" => {
            let reason =
                Some(reason()).filter(|reason| !reason.is_empty()).unwrap_or_else(|| capture.status.to_ascii_lowercase());
            ProviderOutcome::Failed { reason, retries: false }
        }
        other => return Err(format!("status is '{}', which is no status of a capture", word(other))),
    };
    let related = capture.supplementary_data.and_then(|data| data.related_ids).and_then(|ids| ids.order_id);
    Ok(origin.said(basket, of.map(|(_, order)| order.clone()).or(related), what))
}

/// A refund or a reversal. A reversal and a dispute of one capture are one chargeback.
fn of_refund(origin: &Origin<'_>, value: &Value, kind: ReversalKind, of: Option<&PaymentId>) -> Result<ProviderHeard, String> {
    let refund: Refund = parsed(value)?;
    let up = refund.links.iter().find(|link| link.rel == "up").and_then(|link| link.href.rsplit_once("/captures/"));
    let capture = up.map(|(_, id)| id.to_owned());
    let in_force = match refund.status.as_deref() {
        None | Some("COMPLETED" | "PENDING" | "REVERSED") => true,
        Some("CANCELLED" | "FAILED") => false,
        Some(other) => return Err(format!("status is '{}', which is no status of a refund", word(other))),
    };
    let external_id = match (kind, &capture) {
        (ReversalKind::Chargeback, Some(capture)) => chargeback_id(capture),
        (ReversalKind::Chargeback, None) => chargeback_id(&refund.id),
        (ReversalKind::Refund | ReversalKind::Later(_), _) => refund.id.clone(),
    };
    let known = KnownPart::TakenBack { external_id, kind, money: refund.amount.money()?, in_force };
    let named = of.cloned().or_else(|| basket(refund.custom_id.as_deref()));
    // Somebody else's refund has a custom id of theirs, or none: then the capture knows.
    match (named, refund.custom_id, capture) {
        (Some(basket), _, _) => Ok(told(origin, basket, &known)),
        (None, None, Some(capture)) => Ok(question(origin, capture, known)),
        (None, _, _) => Ok(ProviderHeard::foreign()),
    }
}

/// One chargeback a capture, whoever tells of it.
fn chargeback_id(capture: &str) -> String {
    format!("{capture}-chargeback")
}

/// A dispute: PayPal holds the money from a claim on, and the one who wins it keeps it. An inquiry takes nothing.
fn of_dispute(origin: &Origin<'_>, value: &Value) -> Result<ProviderHeard, String> {
    let dispute: Dispute = parsed(value)?;
    let is_inquiry = dispute.dispute_life_cycle_stage.as_deref() == Some("INQUIRY");
    let outcome = dispute.dispute_outcome.and_then(|outcome| outcome.outcome_code);
    let in_force = match (dispute.status.as_str(), outcome.as_deref()) {
        ("RESOLVED", Some("RESOLVED_BUYER_FAVOUR" | "ACCEPTED")) => true,
        ("RESOLVED", _) => false,
        _ => !is_inquiry,
    };
    let money = dispute.dispute_amount.money()?;
    let [transaction] = dispute.disputed_transactions.as_slice() else {
        return Err("it is of several payments or of none; say by hand what was taken back".to_owned());
    };
    let capture = transaction.seller_transaction_id.as_deref().ok_or("seller_transaction_id is missing")?;
    let known = KnownPart::TakenBack { external_id: chargeback_id(capture), kind: ReversalKind::Chargeback, money, in_force };
    match (basket(transaction.custom.as_deref()), &transaction.custom) {
        (Some(basket), _) => Ok(told(origin, basket, &known)),
        (None, None) => Ok(question(origin, capture.to_owned(), known)),
        (None, Some(_)) => Ok(ProviderHeard::foreign()),
    }
}

fn question(origin: &Origin<'_>, capture: String, known: KnownPart) -> ProviderHeard {
    let (event, at, object) = (origin.event.to_owned(), origin.at, ProviderObject::Payment);
    ProviderHeard::question(PaymentQuestion { event, at, object, id: capture, basket: None, known })
}

/// What was known, now that the basket is.
fn told(origin: &Origin<'_>, basket: PaymentId, known: &KnownPart) -> ProviderHeard {
    known.taken_back().map(|what| origin.said(basket, None, what)).unwrap_or_default()
}

/// What an answer says of what was asked.
pub(super) fn answered(question: &PaymentQuestion, value: &Value) -> Result<ProviderHeard, String> {
    let origin = Origin::of(question);
    match question.object {
        ProviderObject::Begun => of_order(&origin, value),
        ProviderObject::Payment => {
            let capture: Capture = parsed(value)?;
            let named = basket(capture.custom_id.as_deref());
            Ok(named.map_or_else(ProviderHeard::foreign, |basket| told(&origin, basket, &question.known)))
        }
        ProviderObject::Charge | ProviderObject::RefundsOfCharge | ProviderObject::Refund => {
            Err("PayPal is not asked for it".to_owned())
        }
    }
}
