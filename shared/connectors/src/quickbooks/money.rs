//! Invoices, payments and credit memos.

use domain::{
    Allocation, Contact, Currency, Document, INVOICE_CONTACT, Invoice, InvoiceStatus, Payment, PaymentKind, PaymentStatus,
    basket::may_name_a_transfer,
};
use jiff::Timestamp;

use super::lines;
use crate::{accounting_api::Reader, address, form, json::Flaws, raw::Fields};

/// The currency that the object names, else the company's own: a company without several currencies names none.
fn currency(flaws: &mut Flaws, reader: &Reader<'_>, object: &Fields<'_>) -> Option<Currency> {
    match object.object("CurrencyRef") {
        Some(named) => named.required(flaws, "value", form::currency),
        None => {
            if reader.site.company.currency.is_none() {
                flaws.add(object.pointer("CurrencyRef"), "is missing and the company's own currency is not known yet");
            }
            reader.site.company.currency
        }
    }
}

/// An invoice.
pub fn invoice(
    flaws: &mut Flaws,
    reader: &mut Reader<'_>,
    object: &Fields<'_>,
    id: &str,
    updated: Timestamp,
) -> Option<Document> {
    let customer = reader.owed_by(flaws, object, "CustomerRef", "value");
    let currency = currency(flaws, reader, object)?;
    let total = object.amount_owed(flaws, "TotalAmt", currency);
    let balance = object.amount(flaws, "Balance", currency);
    let issued = object.required(flaws, "TxnDate", form::date);
    let due = object.optional(flaws, "DueDate", form::date);
    let number = object.usable("DocNumber", form::filled_text);
    let (customer, total, balance, issued) = (customer?, total?, balance?, issued?);
    let due_on = due.unwrap_or(issued);
    let noted_void = object.string("PrivateNote").is_some_and(|note| note.to_ascii_lowercase().contains("voided"));
    let invoice = Invoice {
        id: reader.invoice_id(id),
        external_id: id.to_owned(),
        source_version: reader.version(updated),
        number: number.unwrap_or_else(|| id.to_owned()),
        currency,
        total_minor: total,
        issued_on: issued.min(due_on),
        due_on,
        status: if total == 0 && noted_void { InvoiceStatus::Void } else { InvoiceStatus::Open },
        // The balance decides; it is below zero where more was linked than was owed.
        paid_minor: (total - balance).clamp(0, total),
        credited_minor: 0,
        paid_is_gross: false,
        instalments: Vec::new(),
        url: object.usable("InvoiceLink", form::url),
        purchase_order: None,
        contact: contact(object),
        sent_to_customer: sent(object),
        legal_entity: None,
        tags: Vec::new(),
        for_external_id: None,
        for_name: None,
        lines: lines::read(object, currency),
    };
    Some(Document::Invoice { customer, invoice })
}

/// Whom the invoice was sent to by name of its own address: the first, where it lists several.
fn contact(object: &Fields<'_>) -> Option<Contact> {
    let listed = object.object("BillEmail")?.string("Address")?;
    let mut first = address::people("", address::emails(&listed), Ok(None)).into_iter().next()?;
    first.external_id = INVOICE_CONTACT.to_owned();
    Some(first)
}

/// Whether the invoice left QuickBooks: it was sent by email, or printed. What says neither says nothing.
fn sent(object: &Fields<'_>) -> Option<bool> {
    let (mailed, printed) = (object.string("EmailStatus")?, object.string("PrintStatus"));
    Some(mailed == "EmailSent" || printed.is_some_and(|status| status == "PrintComplete"))
}

/// A payment: what its lines link to invoices, and what is left of it.
pub fn payment(
    flaws: &mut Flaws,
    reader: &mut Reader<'_>,
    object: &Fields<'_>,
    id: &str,
    updated: Timestamp,
) -> Option<Document> {
    let customer = reader.owed_by(flaws, object, "CustomerRef", "value");
    let currency = currency(flaws, reader, object)?;
    let received = object.required(flaws, "TxnDate", form::date);
    let unapplied = object.amount_owed_or_zero(flaws, "UnappliedAmt", currency);
    let mut allocations: Vec<Allocation> = Vec::new();
    for line in object.objects("Line") {
        let linked = line.objects("LinkedTxn");
        let invoice = linked.iter().find(|linked| linked.string("TxnType").as_deref() == Some("Invoice"));
        let Some(invoice) = invoice.and_then(|linked| linked.string("TxnId")) else { continue };
        let amount_minor = line.amount(flaws, "Amount", currency)?;
        if amount_minor > 0 {
            allocations.push(Allocation { invoice: reader.invoice_id(&invoice), amount_minor });
        }
    }
    let (customer, received_on, unapplied) = (customer?, received?, unapplied?);
    let applied: i64 = allocations.iter().map(|allocation| allocation.amount_minor).sum();
    let payment = Payment {
        legal_entity: None,
        id: reader.payment_id("Payment", id),
        kind: PaymentKind::Payment,
        external_id: id.to_owned(),
        source_version: reader.version(updated),
        status: PaymentStatus::Received,
        // Lines may also spend credit memos, so the total is not what the lines come to.
        amount_minor: applied + unapplied,
        currency,
        received_on,
        allocations,
        reference: reference(object),
        taken_here: None,
    };
    Some(Document::Payment { customer, payment })
}

/// What a payment is known by: its number, and its memo where that may name a transfer. A number has at most 21 characters, fewer than some
/// references.
fn reference(object: &Fields<'_>) -> Option<String> {
    let number = object.usable("PaymentRefNum", form::filled_text);
    let memo = object.usable("PrivateNote", form::filled_text).filter(|memo| may_name_a_transfer(memo));
    match (number, memo) {
        (Some(number), Some(memo)) => Some(format!("{number} {memo}")),
        (number, memo) => number.or(memo),
    }
}

/// Whether nothing of a payment is left.
pub fn is_applied(object: &Fields<'_>) -> bool {
    let nothing = |text: &str| text.trim_matches('"').bytes().all(|byte| matches!(byte, b'0' | b'.'));
    object.text("UnappliedAmt").is_none_or(nothing)
}

/// A credit memo: only what is left of it, for what was used is in the balances of invoices.
pub fn credit_memo(
    flaws: &mut Flaws,
    reader: &mut Reader<'_>,
    object: &Fields<'_>,
    id: &str,
    updated: Timestamp,
) -> Option<Document> {
    let customer = reader.owed_by(flaws, object, "CustomerRef", "value");
    let currency = currency(flaws, reader, object)?;
    let received = object.required(flaws, "TxnDate", form::date);
    let field = if object.text("RemainingCredit").is_some() { "RemainingCredit" } else { "Balance" };
    let left = object.amount_owed(flaws, field, currency);
    let (customer, received_on, amount_minor) = (customer?, received?, left?);
    let payment = Payment {
        legal_entity: None,
        id: reader.payment_id("CreditMemo", id),
        kind: PaymentKind::CreditNote,
        external_id: id.to_owned(),
        source_version: reader.version(updated),
        status: PaymentStatus::Received,
        amount_minor,
        currency,
        received_on,
        allocations: Vec::new(),
        reference: None,
        taken_here: None,
    };
    Some(Document::Payment { customer, payment })
}
