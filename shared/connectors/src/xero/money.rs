//! Invoices, payments, credit notes, overpayments and prepayments.

use domain::{Allocation, Currency, Document, Invoice, InvoiceStatus, Payment, PaymentKind, PaymentStatus};
use jiff::Timestamp;

use crate::{accounting_api::Reader, form, json::Flaws, raw::Fields};

use super::{lines, time};

const INVOICE_STATUSES: &[(&str, InvoiceStatus)] = &[
    ("DRAFT", InvoiceStatus::Draft),
    ("SUBMITTED", InvoiceStatus::Draft),
    ("AUTHORISED", InvoiceStatus::Open),
    ("PAID", InvoiceStatus::Open),
    ("VOIDED", InvoiceStatus::Void),
    ("DELETED", InvoiceStatus::Void),
];

/// Where money stands: what is not approved yet counts for nothing.
const MONEY_STATUSES: &[(&str, PaymentStatus)] = &[
    ("DRAFT", PaymentStatus::Reversed),
    ("SUBMITTED", PaymentStatus::Reversed),
    ("AUTHORISED", PaymentStatus::Received),
    ("PAID", PaymentStatus::Received),
    ("VOIDED", PaymentStatus::Reversed),
    ("DELETED", PaymentStatus::Reversed),
];

/// Whether an object is about what customers owe. The same lists carry bills and what is paid for them.
pub fn is_ours(kind: &str, object: &Fields<'_>) -> bool {
    let is = |field: &str, wanted: &str| object.string(field).is_none_or(|said| said == wanted);
    match kind {
        "Invoices" => is("Type", "ACCREC"),
        "CreditNotes" => is("Type", "ACCRECCREDIT"),
        "Payments" => is("PaymentType", "ACCRECPAYMENT"),
        "Overpayments" => is("Type", "RECEIVE-OVERPAYMENT"),
        "Prepayments" => is("Type", "RECEIVE-PREPAYMENT"),
        _ => true,
    }
}

fn currency(flaws: &mut Flaws, reader: &Reader<'_>, object: &Fields<'_>) -> Option<Currency> {
    match (object.text("CurrencyCode"), reader.site.company.currency) {
        (None, Some(own)) => Some(own),
        _ => object.required(flaws, "CurrencyCode", form::currency),
    }
}

/// An invoice. What is due decides; paid and credited are as the invoice says where they add up to it.
pub fn invoice(
    flaws: &mut Flaws,
    reader: &mut Reader<'_>,
    object: &Fields<'_>,
    id: &str,
    updated: Timestamp,
) -> Option<Document> {
    let customer = reader.owed_by(flaws, object, "Contact", "ContactID");
    let status = object.required(flaws, "Status", form::one_of(INVOICE_STATUSES));
    let currency = currency(flaws, reader, object)?;
    let total = object.amount_owed(flaws, "Total", currency);
    let due = object.amount_or_zero(flaws, "AmountDue", currency);
    let credited = object.amount_or_zero(flaws, "AmountCredited", currency);
    let issued = time::date(flaws, object, "Date");
    let due_on = if object.text("DueDate").is_none() && object.text("DueDateString").is_none() {
        issued
    } else {
        time::date(flaws, object, "DueDate")
    };
    let (customer, status, total, due, credited) = (customer?, status?, total?, due?, credited?);
    let (issued, due_on) = (issued?, due_on?);
    let settled = (total - due).clamp(0, total);
    let credited_minor = credited.clamp(0, settled);
    let invoice = Invoice {
        id: reader.invoice_id(id),
        external_id: id.to_owned(),
        source_version: reader.version(updated),
        number: object.usable("InvoiceNumber", form::filled_text).unwrap_or_else(|| id.to_owned()),
        currency,
        total_minor: total,
        issued_on: issued.min(due_on),
        due_on,
        status,
        paid_minor: settled - credited_minor,
        credited_minor,
        paid_is_gross: false,
        instalments: Vec::new(),
        // It is asked for by itself, see [`crate::AccountingApi::link`].
        url: None,
        purchase_order: object.usable("Reference", form::filled_text),
        contact: None,
        sent_to_customer: object.value("SentToContact").and_then(|sent| sent.as_bool()),
        legal_entity: None,
        tags: Vec::new(),
        for_external_id: None,
        for_name: None,
        lines: lines::read(object, currency),
    };
    Some(Document::Invoice { customer, invoice })
}

/// A payment of one invoice.
pub fn payment(
    flaws: &mut Flaws,
    reader: &mut Reader<'_>,
    object: &Fields<'_>,
    id: &str,
    updated: Timestamp,
) -> Option<Document> {
    let Some(invoice) = object.object("Invoice") else {
        flaws.add(object.pointer("Invoice"), "is missing");
        return None;
    };
    let customer = reader.owed_by(flaws, &invoice, "Contact", "ContactID");
    let paid_for = invoice.required(flaws, "InvoiceID", form::id);
    let status = object.required(flaws, "Status", form::one_of(MONEY_STATUSES));
    let currency = currency(flaws, reader, &invoice)?;
    let amount = object.amount_owed(flaws, "Amount", currency);
    let received = time::date(flaws, object, "Date");
    let (customer, paid_for, status, amount_minor, received_on) = (customer?, paid_for?, status?, amount?, received?);
    let allocation = Allocation { invoice: reader.invoice_id(&paid_for), amount_minor };
    let payment = Payment {
        legal_entity: None,
        id: reader.payment_id("Payments", id),
        kind: PaymentKind::Payment,
        external_id: id.to_owned(),
        source_version: reader.version(updated),
        status,
        amount_minor,
        currency,
        received_on,
        allocations: if amount_minor > 0 { vec![allocation] } else { Vec::new() },
        reference: object.usable("Reference", form::filled_text),
        taken_here: None,
    };
    Some(Document::Payment { customer, payment })
}

/// A credit note, overpayment or prepayment: what it is allocated to, and what is left of it.
pub fn credit(
    flaws: &mut Flaws,
    reader: &mut Reader<'_>,
    kind: &'static str,
    object: &Fields<'_>,
    id: &str,
    updated: Timestamp,
) -> Option<Document> {
    let customer = reader.owed_by(flaws, object, "Contact", "ContactID");
    let status = object.required(flaws, "Status", form::one_of(MONEY_STATUSES));
    let currency = currency(flaws, reader, object)?;
    let left = object.amount_owed_or_zero(flaws, "RemainingCredit", currency);
    let received = time::date(flaws, object, "Date");
    let mut allocations = Vec::new();
    for allocated in object.objects("Allocations") {
        let Some(invoice) = allocated.object("Invoice").and_then(|invoice| invoice.string("InvoiceID")) else { continue };
        let removed = allocated.is_true("IsDeleted");
        let amount_minor = allocated.amount(flaws, "Amount", currency)?;
        if amount_minor > 0 && !removed {
            allocations.push(Allocation { invoice: reader.invoice_id(&invoice), amount_minor });
        }
    }
    let (customer, status, left, received_on) = (customer?, status?, left?, received?);
    let applied: i64 = allocations.iter().map(|allocation| allocation.amount_minor).sum();
    let payment = Payment {
        legal_entity: None,
        id: reader.payment_id(kind, id),
        kind: PaymentKind::CreditNote,
        external_id: id.to_owned(),
        source_version: reader.version(updated),
        status,
        amount_minor: applied + left,
        currency,
        received_on,
        allocations,
        reference: None,
        taken_here: None,
    };
    Some(Document::Payment { customer, payment })
}
