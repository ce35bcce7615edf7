//! `payment` and `credit_note` of a canonical document.

use domain::{Allocation, Document, Payment, PaymentId, PaymentKind, PaymentStatus};

use crate::{
    canonical::{customer, invoice::invoice_id, names::SourceOf},
    form,
    json::{Flaws, Object},
};

/// Most invoices that one payment may name.
pub const ALLOCATIONS_MAX: usize = 1_000;

const STATUSES: &[(&str, PaymentStatus)] = &[
    ("received", PaymentStatus::Received),
    ("pending", PaymentStatus::Pending),
    ("reversed", PaymentStatus::Reversed),
    ("refunded", PaymentStatus::Refunded),
];

/// A payment or credit note, and whose it is.
pub fn read(flaws: &mut Flaws, of: SourceOf<'_>, root: &Object<'_>, kind: PaymentKind) -> Option<Document> {
    let name = kind.as_str();
    let owner = root.object(flaws, "customer").and_then(|object| object.required(flaws, "external_id", form::id));
    let object = root.object(flaws, name)?;
    let external_id = object.required(flaws, "external_id", form::id);
    let source_version = object.required(flaws, "source_version", form::source_version);
    let status = object.required(flaws, "status", form::one_of(STATUSES));
    let amount_minor = object.required(flaws, "amount_minor", form::amount);
    let currency = object.required(flaws, "currency", form::currency);
    let received_on = object.required(flaws, "received_on", form::date);
    let legal_entity = object.optional(flaws, "legal_entity", form::word);
    let reference = object.optional(flaws, "reference", form::filled_text);
    let allocations = object.list(flaws, "allocations", ALLOCATIONS_MAX, |flaws, value, _, at| {
        let object = Object::of(flaws, value, at)?;
        let invoice = object.required(flaws, "invoice_external_id", form::id);
        let amount_minor = object.required(flaws, "amount_minor", form::amount_above_zero);
        Some(Allocation { invoice: invoice_id(of, &invoice?), amount_minor: amount_minor? })
    });
    // At most 1,000 amounts of at most 10^15 each: the sum fits.
    let sum: i64 = allocations.iter().map(|allocation| allocation.amount_minor).sum();
    if let Some(amount) = amount_minor.filter(|amount| sum > *amount) {
        flaws.add(object.pointer("allocations"), format!("add up to {sum}, more than amount_minor, which is {amount}"));
    }
    let external_id = external_id?;
    let payment = Payment {
        id: PaymentId::derive(&[of.tenant.as_str(), of.source, name, &external_id]),
        kind,
        external_id,
        source_version: source_version?,
        status: status?,
        amount_minor: amount_minor?,
        currency: currency?,
        received_on: received_on?,
        legal_entity,
        allocations,
        reference,
        taken_here: None,
    };
    Some(Document::Payment { customer: customer::called(of, owner?), payment })
}
