//! Stripe's events, and the answers that say what they leave out.

use domain::{PaymentId, ProviderOutcome, ReversalKind};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    KnownPart, PaymentQuestion, ProviderHeard, ProviderObject, UnreadableEvent,
    heard::Origin,
    stripe::session::{self, Session, id_of},
    trouble::word,
};

/// A snapshot event.
#[derive(Deserialize)]
struct SnapshotEvent {
    id: String,
    object: String,
    #[serde(rename = "type")]
    kind: String,
    created: i64,
    data: Option<EventData>,
}

#[derive(Deserialize)]
struct EventData {
    object: Value,
}

/// What is read of a refund and of a dispute.
#[derive(Deserialize)]
struct TakenBackObject {
    id: String,
    amount: i64,
    currency: String,
    status: Option<String>,
    payment_intent: Option<Value>,
    charge: Option<Value>,
}

#[derive(Deserialize)]
struct Charge {
    id: String,
    payment_intent: Option<Value>,
    #[serde(default)]
    metadata: Value,
    refunds: Option<RefundList>,
}

#[derive(Deserialize)]
struct RefundList {
    data: Vec<Value>,
    #[serde(default)]
    has_more: bool,
}

/// What an event says.
pub(super) fn read(body: &[u8]) -> Result<ProviderHeard, UnreadableEvent> {
    let event: SnapshotEvent = serde_json::from_slice(body).map_err(|error| UnreadableEvent(error.to_string()))?;
    if event.object != "event" {
        return Err(UnreadableEvent("it is no snapshot event; choose snapshot payloads for this event destination".to_owned()));
    }
    let at = Timestamp::from_second(event.created).map_err(|_| UnreadableEvent("/created is no instant".to_owned()))?;
    let Some(EventData { object }) = &event.data else { return Err(UnreadableEvent("/data is missing".to_owned())) };
    let origin = Origin { event: &event.id, at };
    let heard = match event.kind.as_str() {
        "checkout.session.completed"
        | "checkout.session.async_payment_succeeded"
        | "checkout.session.async_payment_failed"
        | "checkout.session.expired" => of_session(&origin, &event.kind, object),
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => of_refund(&origin, object, None),
        "charge.refunded" => of_charge(&origin, object),
        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.closed"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated" => of_dispute(&origin, &event.kind, object),
        _ => Ok(ProviderHeard::foreign()),
    };
    Ok(heard.unwrap_or_else(|detail| ProviderHeard::unread("/data/object", detail)))
}

fn parsed<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}

/// What a session says, by the event or, of a read-back, by its own status.
fn of_session(origin: &Origin<'_>, kind: &str, object: &Value) -> Result<ProviderHeard, String> {
    // Sessions of others on the same account have no id of ours.
    let Some(basket) = object.get("client_reference_id").and_then(Value::as_str).and_then(PaymentId::parse) else {
        return Ok(ProviderHeard::foreign());
    };
    let session: Session = parsed(object)?;
    let what = match (kind, session.payment_status.as_str()) {
        ("checkout.session.expired", _) => ProviderOutcome::Expired,
        ("checkout.session.async_payment_failed", _) => failed(),
        (_, "paid") => received(&session)?,
        ("checkout.session.completed", "unpaid") => ProviderOutcome::Pending { money: session.money()?, way: session.way() },
        (_, status) => return Err(format!("payment_status is '{}', which says nothing of money", word(status))),
    };
    Ok(origin.said(basket, Some(session.id), what))
}

fn failed() -> ProviderOutcome {
    ProviderOutcome::Failed { reason: "async_payment_failed".to_owned(), retries: false }
}

fn received(session: &Session) -> Result<ProviderOutcome, String> {
    let reference = session.payment_intent.as_ref().and_then(id_of).ok_or("payment_intent is missing")?.to_owned();
    Ok(ProviderOutcome::Received { money: session.money()?, way: session.way(), reference })
}

/// A refund, by its own id wherever it shows up. One on its way stands: the money is leaving.
fn of_refund(origin: &Origin<'_>, object: &Value, basket: Option<PaymentId>) -> Result<ProviderHeard, String> {
    let refund: TakenBackObject = parsed(object)?;
    let in_force = match refund.status.as_deref() {
        None | Some("pending" | "requires_action" | "succeeded") => true,
        Some("canceled" | "failed") => false,
        Some(other) => return Err(format!("status is '{}', which is no status of a refund", word(other))),
    };
    taken_back(origin, refund, ReversalKind::Refund, in_force, basket)
}

/// A dispute: a chargeback while the money is with the bank. An inquiry (`warning_…`) takes nothing.
fn of_dispute(origin: &Origin<'_>, kind: &str, object: &Value) -> Result<ProviderHeard, String> {
    let dispute: TakenBackObject = parsed(object)?;
    let in_force = match dispute.status.as_deref() {
        Some("warning_needs_response" | "warning_under_review" | "warning_closed" | "prevented" | "won") => false,
        Some("needs_response" | "under_review" | "lost") => kind != "charge.dispute.funds_reinstated",
        other => return Err(format!("status is '{}', which is no status of a dispute", word(other.unwrap_or_default()))),
    };
    taken_back(origin, dispute, ReversalKind::Chargeback, in_force, None)
}

/// What was taken back, of the basket where it is known, else behind a question for it.
fn taken_back(
    origin: &Origin<'_>,
    object: TakenBackObject,
    kind: ReversalKind,
    in_force: bool,
    basket: Option<PaymentId>,
) -> Result<ProviderHeard, String> {
    let money = session::money(object.amount, &object.currency)?;
    if let Some(basket) = basket {
        let what = ProviderOutcome::TakenBack { external_id: object.id, kind, money, in_force };
        return Ok(origin.said(basket, None, what));
    }
    let intent = object.payment_intent.as_ref().and_then(id_of).map(|id| (ProviderObject::Payment, id));
    let charge = object.charge.as_ref().and_then(id_of).map(|id| (ProviderObject::Charge, id));
    let (about, id) = intent.or(charge).ok_or("payment_intent and charge are missing; say by hand what was paid back")?;
    Ok(ProviderHeard::question(PaymentQuestion {
        event: origin.event.to_owned(),
        at: origin.at,
        object: about,
        id: id.to_owned(),
        basket: None,
        known: KnownPart::TakenBack { external_id: object.id, kind, money, in_force },
    }))
}

/// A charge with refunds. Since 2022 it leaves them out, and its sum would count the refunds of other events again: they are asked for.
fn of_charge(origin: &Origin<'_>, object: &Value) -> Result<ProviderHeard, String> {
    let charge: Charge = parsed(object)?;
    let Some(basket) = basket_of(&charge.metadata) else {
        return Ok(ProviderHeard::foreign());
    };
    let whole = charge.refunds.filter(|list| !list.data.is_empty() && !list.has_more);
    if let Some(list) = whole {
        return of_refunds(origin, &list.data, &basket);
    }
    Ok(ProviderHeard::question(PaymentQuestion {
        event: origin.event.to_owned(),
        at: origin.at,
        object: ProviderObject::RefundsOfCharge,
        id: charge.id,
        basket: Some(basket),
        known: KnownPart::Nothing,
    }))
}

fn of_refunds(origin: &Origin<'_>, refunds: &[Value], basket: &PaymentId) -> Result<ProviderHeard, String> {
    let mut heard = ProviderHeard::default();
    for refund in refunds {
        heard.add(of_refund(origin, refund, Some(basket.clone()))?);
    }
    Ok(heard)
}

fn basket_of(metadata: &Value) -> Option<PaymentId> {
    PaymentId::parse(metadata.get("basket")?.as_str()?)
}

/// What an answer says of what was asked.
pub(super) fn answered(question: &PaymentQuestion, value: &Value) -> Result<ProviderHeard, String> {
    let origin = Origin::of(question);
    match question.object {
        ProviderObject::Begun => of_read_session(&origin, value),
        ProviderObject::RefundsOfCharge => {
            let list: RefundList = parsed(value)?;
            let Some(basket) = &question.basket else { return Ok(ProviderHeard::foreign()) };
            if list.has_more {
                return Err("it lists more than 100 refunds of one charge; enter them by hand".to_owned());
            }
            of_refunds(&origin, &list.data, basket)
        }
        ProviderObject::Payment | ProviderObject::Charge => of_named(question, &origin, value),
        ProviderObject::Refund => Err("Stripe is not asked for refunds one by one".to_owned()),
    }
}

/// A session that was read back: it says itself how far it is.
fn of_read_session(origin: &Origin<'_>, value: &Value) -> Result<ProviderHeard, String> {
    let session: Session = parsed(value)?;
    match session.status.as_deref() {
        Some("complete") => of_session(origin, "checkout.session.completed", value),
        Some("expired") => of_session(origin, "checkout.session.expired", value),
        // The payer is still at it.
        Some("open") => Ok(ProviderHeard::default()),
        other => Err(format!("status is '{}', which is no status of a session", word(other.unwrap_or_default()))),
    }
}

/// An intent or a charge that was asked for the basket of what was taken back. A charge without the basket may know its intent.
fn of_named(question: &PaymentQuestion, origin: &Origin<'_>, value: &Value) -> Result<ProviderHeard, String> {
    let what = question.known.taken_back().ok_or("nothing waits for this answer")?;
    if let Some(basket) = value.get("metadata").and_then(basket_of) {
        return Ok(origin.said(basket, None, what));
    }
    let intent = match question.object {
        ProviderObject::Charge => parsed::<Charge>(value)?.payment_intent,
        ProviderObject::Begun | ProviderObject::Payment | ProviderObject::RefundsOfCharge | ProviderObject::Refund => None,
    };
    let Some(id) = intent.as_ref().and_then(id_of) else { return Ok(ProviderHeard::foreign()) };
    let (object, id) = (ProviderObject::Payment, id.to_owned());
    Ok(ProviderHeard::question(PaymentQuestion { object, id, ..question.clone() }))
}
