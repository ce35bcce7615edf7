//! Stripe refunds and disputes: what takes back a payment.

use domain::{Document, PaymentId, Reversal, ReversalKind};

use crate::{
    form,
    json::{Flaws, Object},
    stripe::{
        event::{Rank, StripeEvent, expandable_id},
        money,
        outcome::Outcome,
    },
};

/// Most refunds that a charge lists.
const REFUNDS_MAX: usize = 100;

/// The API version since which every refund has events of its own.
const REFUND_EVENTS_SINCE: &str = "2024-10-28";

/// Statuses of a refund: whether it stands, and its stage. One on its way stands: the money is leaving.
const REFUND_STATUSES: &[(&str, (bool, u8))] = &[
    ("pending", (true, 0)),
    ("requires_action", (true, 0)),
    ("succeeded", (true, 1)),
    ("canceled", (false, 2)),
    ("failed", (false, 3)),
];

/// Statuses of a dispute: whether it takes the money back, and its stage. An inquiry (`warning_…`) takes nothing.
const DISPUTE_STATUSES: &[(&str, (bool, u8))] = &[
    ("warning_needs_response", (false, 0)),
    ("warning_under_review", (false, 1)),
    ("warning_closed", (false, 6)),
    ("prevented", (false, 6)),
    ("needs_response", (true, 2)),
    ("under_review", (true, 3)),
    ("lost", (true, 6)),
    ("won", (false, 6)),
];

/// The payment that a refund or dispute takes from: its payment intent, else its charge.
fn payment(flaws: &mut Flaws, event: &StripeEvent<'_>, object: &Object<'_>) -> Option<PaymentId> {
    let intent = object.optional(flaws, "payment_intent", expandable_id);
    let charge = object.optional(flaws, "charge", expandable_id);
    let named = intent.or(charge);
    if named.is_none() {
        flaws.add(object.pointer("charge"), "is missing, and payment_intent too; say by hand what was paid back");
    }
    named.map(|external_id| event.payment_id(&external_id))
}

/// A refund, by its own id wherever it shows up, so that it counts once.
pub fn refund(flaws: &mut Flaws, event: &StripeEvent<'_>, object: &Object<'_>) -> Option<Document> {
    let external_id = object.required(flaws, "id", form::id);
    let currency = object.required(flaws, "currency", money::currency)?;
    let amount_minor = object.required(flaws, "amount", money::amount(currency));
    let status = match object.field("status") {
        // The earliest API versions know no status: a refund there is done.
        None => Some((true, 1)),
        Some(_) => object.required(flaws, "status", form::one_of(REFUND_STATUSES)),
    };
    let payment = payment(flaws, event, object);
    let (in_force, stage) = status?;
    let mut reversal = Reversal {
        external_id: external_id?,
        source_version: event.base_version(),
        payment: payment?,
        amount_minor: amount_minor?,
        currency,
        in_force,
        kind: ReversalKind::Refund,
    };
    reversal.source_version = event.version(Rank::stage(stage), &reversal);
    Some(Document::Reversal(reversal))
}

/// The refunds that a `charge.refunded` event embeds.
///
/// API versions since 2022-11-15 leave them out, and since 2024-10-28 every refund has events of its own, which carry it
/// (<https://docs.stripe.com/changelog/acacia/2024-10-28/refund-webhook-update>); between the two nothing does, and that is
/// parked. `amount_refunded` becomes no document: it would count the same refunds a second time.
pub fn refunds_of_charge(flaws: &mut Flaws, event: &StripeEvent<'_>) -> Outcome {
    let refunds = event.object.optional_object(flaws, "refunds");
    let documents = refunds.map_or_else(Vec::new, |refunds| {
        refunds.list(flaws, "data", REFUNDS_MAX, |flaws, value, _, at| {
            let object = Object::of(flaws, value, at)?;
            refund(flaws, event, &object)
        })
    });
    let refunded = event.object.field("amount_refunded").and_then(serde_json::Value::as_i64).is_some_and(|amount| amount > 0);
    if documents.is_empty() && refunded && event.api_version.is_some_and(|version| version < REFUND_EVENTS_SINCE) {
        let detail =
            "are not embedded, and this API version has no refund.created for them: move the endpoint to 2024-10-28 or later";
        flaws.add(event.object.pointer("refunds"), detail);
    }
    if documents.is_empty() && flaws.count() == 0 {
        return Outcome::Ignored("the charge embeds no refunds; refund.created and refund.updated carry them".to_owned());
    }
    Outcome::Documents(documents)
}

/// The dispute of a `charge.dispute.*` event: a chargeback while the money is with the bank.
pub fn dispute(flaws: &mut Flaws, event: &StripeEvent<'_>) -> Option<Document> {
    let object = &event.object;
    let external_id = object.required(flaws, "id", form::id);
    let currency = object.required(flaws, "currency", money::currency)?;
    let amount_minor = object.required(flaws, "amount", money::amount(currency));
    let status = object.required(flaws, "status", form::one_of(DISPUTE_STATUSES));
    let payment = payment(flaws, event, object);
    let (stands, stage) = status?;
    let (in_force, stage) = match event.kind {
        "charge.dispute.funds_reinstated" => (false, stage.max(5)),
        "charge.dispute.funds_withdrawn" => (stands, stage.max(4)),
        _ => (stands, stage),
    };
    let mut reversal = Reversal {
        external_id: external_id?,
        source_version: event.base_version(),
        payment: payment?,
        amount_minor: amount_minor?,
        currency,
        in_force,
        kind: ReversalKind::Chargeback,
    };
    reversal.source_version = event.version(Rank::stage(stage), &reversal);
    Some(Document::Reversal(reversal))
}
