//! Stripe payments and credit notes.
//!
//! A payment is known by its payment intent, which refunds and disputes name too; without one by its charge. Since API
//! version Basil only invoice payments tie a payment to an invoice; before, the invoice and the payment intent name each
//! other.

use domain::document::CustomerRef;
use domain::{Allocation, CustomerId, Document, Invoice, Payment, PaymentKind, PaymentStatus};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Unnamed, form,
    json::{Flaws, Object},
    stripe::{
        event::{Rank, StripeEvent, expandable_id, named_invoice, seconds},
        money,
        outcome::Outcome,
    },
};

/// Most payments that are read off one invoice.
const LISTED_MAX: usize = 100;

/// A payment for one invoice, or for none that it names.
struct Receipt {
    external_id: String,
    invoice: Option<String>,
    amount_minor: i64,
    currency: domain::Currency,
    received_at: Timestamp,
    status: PaymentStatus,
    stage: u8,
}

impl Receipt {
    fn into_payment(self, event: &StripeEvent<'_>) -> Payment {
        let of = |invoice: &String| Allocation { invoice: event.invoice_id(invoice), amount_minor: self.amount_minor };
        let allocations = self.invoice.iter().map(of).filter(|allocation| allocation.amount_minor > 0).collect();
        let mut payment = Payment {
            legal_entity: None,
            id: event.payment_id(&self.external_id),
            kind: PaymentKind::Payment,
            external_id: self.external_id,
            source_version: event.base_version(),
            status: self.status,
            amount_minor: self.amount_minor,
            currency: self.currency,
            received_on: event.date(self.received_at),
            allocations,
            reference: None,
            taken_here: None,
        };
        payment.source_version = event.version(Rank::stage(self.stage), &payment);
        payment
    }
}

/// Stages of a payment: a try that failed is older than the success of the same second.
const STAGE_PROCESSING: u8 = 0;
const STAGE_FAILED: u8 = 1;
const STAGE_PAID: u8 = 2;

/// The payment of an `invoice_payment.paid` event. The object does not say whose it is, only for which invoice.
pub fn of_invoice(flaws: &mut Flaws, event: &StripeEvent<'_>) -> Option<Document> {
    let receipt = invoice_payment(flaws, event, &event.object)?;
    let customer = CustomerRef::OfInvoice(event.invoice_id(receipt.invoice.as_ref()?));
    Some(Document::Payment { customer, payment: receipt.into_payment(event) })
}

fn invoice_payment(flaws: &mut Flaws, event: &StripeEvent<'_>, object: &Object<'_>) -> Option<Receipt> {
    let own_id = object.required(flaws, "id", form::id);
    let invoice = object.required(flaws, "invoice", expandable_id);
    let currency = object.required(flaws, "currency", money::currency)?;
    let amount_minor = object.required(flaws, "amount_paid", money::amount(currency));
    let transitions = object.optional_object(flaws, "status_transitions");
    let paid_at = transitions.and_then(|transitions| transitions.optional(flaws, "paid_at", seconds));
    let payment = object.optional_object(flaws, "payment");
    let intent = payment.as_ref().and_then(|payment| payment.optional(flaws, "payment_intent", expandable_id));
    let charge = payment.as_ref().and_then(|payment| payment.optional(flaws, "charge", expandable_id));
    Some(Receipt {
        // A payment made outside Stripe may be for several invoices: there each invoice payment stands for itself.
        external_id: intent.or(charge).or(own_id)?,
        invoice: Some(invoice?),
        amount_minor: amount_minor?,
        currency,
        received_at: paid_at.unwrap_or(event.created),
        status: PaymentStatus::Received,
        stage: STAGE_PAID,
    })
}

/// The payments that an invoice shows: the one it names (before Basil), or those that it lists when expanded.
pub fn listed_on_invoice(flaws: &mut Flaws, event: &StripeEvent<'_>, invoice: &Invoice, customer: &CustomerId) -> Vec<Document> {
    let named = event.object.optional(flaws, "payment_intent", expandable_id);
    let charged = event.object.optional(flaws, "charge", expandable_id);
    let out_of_band = event.object.field("paid_out_of_band").is_some_and(|flag| flag == true);
    let paid = event.object.optional(flaws, "amount_paid", money::amount(invoice.currency)).unwrap_or(0);
    let named = named.or(charged).filter(|_| paid > 0 && !out_of_band).map(|external_id| Receipt {
        external_id,
        invoice: Some(invoice.external_id.clone()),
        amount_minor: paid,
        currency: invoice.currency,
        received_at: event.created,
        status: PaymentStatus::Received,
        stage: STAGE_PAID,
    });
    let listed = event.object.optional_object(flaws, "payments").map_or_else(Vec::new, |payments| {
        payments.list(flaws, "data", LISTED_MAX, |flaws, value, _, at| {
            let object = Object::of(flaws, value, at)?;
            object.field("status").is_some_and(|status| status == "paid").then(|| invoice_payment(flaws, event, &object))?
        })
    });
    let receipts = named.into_iter().chain(listed);
    let customer = || CustomerRef::Named(customer.clone());
    receipts.map(|receipt| Document::Payment { customer: customer(), payment: receipt.into_payment(event) }).collect()
}

/// The payment of a `payment_intent.*` event: for the invoice that it names, as those before Basil do, else of its customer.
pub fn of_intent(flaws: &mut Flaws, event: &StripeEvent<'_>) -> Outcome {
    let invoice = named_invoice(flaws, event);
    let customer = event.object.optional(flaws, "customer", expandable_id);
    match (invoice, customer) {
        (Some(invoice), _) => {
            let customer = CustomerRef::OfInvoice(event.invoice_id(&invoice));
            let payment = intent(flaws, event, Some(invoice));
            Outcome::Documents(payment.map(|payment| Document::Payment { customer, payment }).into_iter().collect())
        }
        (None, Some(customer)) => match intent(flaws, event, None) {
            Some(payment) => Outcome::Unnamed(Box::new(Unnamed { customer: event.customer_id(&customer), payment })),
            None => Outcome::Documents(Vec::new()),
        },
        (None, None) if flaws.count() > 0 => Outcome::Documents(Vec::new()),
        (None, None) => Outcome::Ignored("the payment intent names neither invoice nor customer".to_owned()),
    }
}

fn intent(flaws: &mut Flaws, event: &StripeEvent<'_>, invoice: Option<String>) -> Option<Payment> {
    let object = &event.object;
    let external_id = object.required(flaws, "id", form::id);
    let currency = object.required(flaws, "currency", money::currency)?;
    let asked = object.required(flaws, "amount", money::amount(currency));
    let received = object.optional(flaws, "amount_received", money::amount(currency));
    let (status, stage, amount_minor) = match event.kind {
        "payment_intent.succeeded" => (PaymentStatus::Received, STAGE_PAID, received.filter(|amount| *amount > 0).or(asked)),
        "payment_intent.processing" => (PaymentStatus::Pending, STAGE_PROCESSING, asked),
        _ => (PaymentStatus::Reversed, STAGE_FAILED, asked),
    };
    let (external_id, amount_minor) = (external_id?, amount_minor?);
    Some(Receipt { external_id, invoice, amount_minor, currency, received_at: event.created, status, stage }.into_payment(event))
}

/// The credit note of a `credit_note.*` event.
///
/// It takes off its invoice what it credits before payment and what it refunds after: the refund takes the same off what
/// was paid. What it adds to the customer's balance is no credit here, because Stripe takes it off the next invoice.
pub fn credit_note(flaws: &mut Flaws, event: &StripeEvent<'_>) -> Option<Document> {
    let object = &event.object;
    let external_id = object.required(flaws, "id", form::id);
    let invoice = object.required(flaws, "invoice", expandable_id);
    let currency = object.required(flaws, "currency", money::currency)?;
    let amount = object.required(flaws, "amount", money::amount(currency));
    let created = object.required(flaws, "created", seconds);
    let effective = object.optional(flaws, "effective_at", seconds);
    let pre = object.optional(flaws, "pre_payment_amount", money::amount(currency));
    let post = object.optional(flaws, "post_payment_amount", money::amount(currency));
    let outside = object.optional(flaws, "out_of_band_amount", money::amount(currency)).unwrap_or(0);
    let voided = object.field("status").is_some_and(|status| status == "void");
    let amount = amount?;
    // Older API versions know no parts: the type says which of the two it is as a whole.
    let (pre, post) = match (pre, post) {
        (Some(pre), Some(post)) if pre.checked_add(post) == Some(amount) => (pre, post),
        _ if object.field("type").is_some_and(|kind| kind == "post_payment") => (0, amount),
        _ => (amount, 0),
    };
    let amount_minor = pre + refunded(flaws, object, currency, post, outside);
    let invoice = event.invoice_id(&invoice?);
    let external_id = external_id?;
    let mut payment = Payment {
        legal_entity: None,
        id: event.credit_note_id(&external_id),
        kind: PaymentKind::CreditNote,
        external_id,
        source_version: event.base_version(),
        status: if voided { PaymentStatus::Reversed } else { PaymentStatus::Received },
        amount_minor,
        currency,
        received_on: event.date(effective.or(created)?),
        allocations: if amount_minor > 0 { vec![Allocation { invoice: invoice.clone(), amount_minor }] } else { Vec::new() },
        reference: None,
        taken_here: None,
    };
    let stage = match (voided, event.kind) {
        (true, _) => 2,
        (false, "credit_note.created") => 0,
        (false, _) => 1,
    };
    payment.source_version = event.version(Rank::stage(stage), &payment);
    Some(Document::Payment { customer: CustomerRef::OfInvoice(invoice), payment })
}

/// How much of what a credit note gives after payment is refunded through Stripe.
fn refunded(flaws: &mut Flaws, object: &Object<'_>, currency: domain::Currency, post: i64, outside: i64) -> i64 {
    if post == 0 {
        return 0;
    }
    if object.field("refunds").is_some_and(Value::is_array) {
        let parts = object.list(flaws, "refunds", LISTED_MAX, |flaws, value, _, at| {
            Object::of(flaws, value, at)?.required(flaws, "amount_refunded", money::amount(currency))
        });
        // At most 100 amounts of at most 10^15 each: the sum fits.
        return parts.iter().sum::<i64>().min(post);
    }
    // Older versions name one refund without its amount. Where part of it may be balance, all counts as refunded: too
    // much credit asks for too little, never for money that was given back.
    if object.field("refund").is_some() { post.saturating_sub(outside).max(0) } else { 0 }
}
