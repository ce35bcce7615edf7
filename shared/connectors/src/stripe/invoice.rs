//! Stripe invoices.
//!
//! `amount_due` is what the invoice asks for: its total after the customer's balance (which lowers or raises it), after
//! what is too small to charge, and after credit notes issued before payment. `amount_remaining` is `amount_due` less
//! `amount_paid`. So the total here is `amount_due` plus those credit notes, and total − paid − credited is what Stripe
//! says remains. Credit notes issued after payment change neither; what they refund comes as a credit note of its own
//! and as a refund, which cancel out.

use domain::document::CustomerRef;
use domain::{Document, Invoice, InvoiceStatus};
use jiff::Timestamp;

use crate::{
    Parked, form,
    json::Flaws,
    stripe::{
        balance, customer,
        event::{Rank, StripeEvent, seconds},
        lines, money, payment,
        status::{Status, status},
    },
};

/// The stage of a deleted draft: after every status.
const STAGE_DELETED: u8 = 5;

/// The invoice of an `invoice.*` event with its customer, and its payments where it lists them.
pub fn read(flaws: &mut Flaws, notes: &mut Vec<Parked>, event: &StripeEvent<'_>) -> Vec<Document> {
    if event.object.field("total").is_some_and(|total| total.as_i64().is_some_and(|total| total < 0)) {
        return negative(flaws, notes, event);
    }
    let Some(invoice) = invoice(flaws, event) else { return Vec::new() };
    let Some(customer) = customer::of_invoice(flaws, notes, event) else { return Vec::new() };
    let payments = payment::listed_on_invoice(flaws, event, &invoice, &customer.id);
    let mut documents = vec![Document::Invoice { customer: CustomerRef::Full(Box::new(customer)), invoice }];
    documents.extend(payments);
    documents
}

/// An invoice that asks for nothing and is added to what the customer's balance has in its favour.
fn negative(flaws: &mut Flaws, notes: &mut Vec<Parked>, event: &StripeEvent<'_>) -> Vec<Document> {
    let Some(customer) = customer::of_invoice(flaws, notes, event) else { return Vec::new() };
    let Some(credit) = balance::of_invoice(flaws, event, &customer.external_id) else { return Vec::new() };
    vec![Document::Customer(customer), credit]
}

fn invoice(flaws: &mut Flaws, event: &StripeEvent<'_>) -> Option<Invoice> {
    let object = &event.object;
    let external_id = object.required(flaws, "id", form::id);
    let status = object.required(flaws, "status", status);
    let currency = object.required(flaws, "currency", money::currency)?;
    let due = object.required(flaws, "amount_due", money::amount(currency));
    let paid = object.required(flaws, "amount_paid", money::amount(currency));
    let remaining = object.optional(flaws, "amount_remaining", money::amount(currency));
    let credited = object.optional(flaws, "pre_payment_credit_notes_amount", money::amount(currency)).unwrap_or(0);
    let created = object.required(flaws, "created", seconds);
    let effective = object.optional(flaws, "effective_at", seconds);
    let transitions = object.optional_object(flaws, "status_transitions");
    let finalized = transitions.and_then(|transitions| transitions.optional(flaws, "finalized_at", seconds));
    let due_at = object.optional(flaws, "due_date", seconds);
    let url = object.optional(flaws, "hosted_invoice_url", form::url);
    let number = object.optional(flaws, "number", form::filled_text);
    let (external_id, status, due, paid) = (external_id?, status?, due?, paid?);

    let issued_at = effective.or(finalized).or(created)?;
    let due_at = due_at.or_else(|| due_when_charged(flaws, event, status, issued_at))?;
    let due_on = event.date(due_at);
    let (total_minor, paid_minor) = match status {
        // Paid outside Stripe or by credit, `amount_paid` may say less than what was settled.
        Status::Paid => (due + credited, paid.max(due)),
        Status::Draft | Status::Open | Status::Uncollectible | Status::Void => {
            // What remains is what Stripe collects; it decides where the parts do not add up.
            let remaining = remaining.unwrap_or(due.saturating_sub(paid).max(0));
            (if remaining > 0 { remaining + paid + credited } else { due + credited }, paid)
        }
    };
    let deleted = event.kind == "invoice.deleted";
    let mut invoice = Invoice {
        id: event.invoice_id(&external_id),
        number: number.unwrap_or_else(|| external_id.clone()),
        external_id,
        source_version: event.base_version(),
        currency,
        total_minor,
        issued_on: event.date(issued_at).min(due_on),
        due_on,
        status: match status {
            Status::Draft if deleted => InvoiceStatus::Void,
            Status::Draft => InvoiceStatus::Draft,
            Status::Open | Status::Paid => InvoiceStatus::Open,
            Status::Uncollectible => InvoiceStatus::WrittenOff,
            Status::Void => InvoiceStatus::Void,
        },
        paid_minor,
        credited_minor: credited,
        paid_is_gross: true,
        instalments: Vec::new(),
        url,
        purchase_order: None,
        contact: None,
        sent_to_customer: None,
        legal_entity: None,
        tags: Vec::new(),
        for_external_id: None,
        for_name: None,
        lines: lines::read(object, currency),
    };
    let stage = if deleted { STAGE_DELETED } else { status as u8 };
    let rank = Rank::part(stage, paid_minor + credited, total_minor);
    invoice.source_version = event.version(rank, &invoice);
    Some(invoice)
}

/// When an invoice without a due date falls due: when it was issued, if Stripe charges it by itself. An open one that is
/// sent to be paid must say.
fn due_when_charged(flaws: &mut Flaws, event: &StripeEvent<'_>, status: Status, issued_at: Timestamp) -> Option<Timestamp> {
    let sent = event.object.field("collection_method").is_some_and(|method| method == "send_invoice");
    if sent && status == Status::Open {
        flaws.add(event.object.pointer("due_date"), "is missing on an open invoice that is sent; set its due date in Stripe");
        return None;
    }
    Some(issued_at)
}
