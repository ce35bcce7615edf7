//! `invoice` of a canonical document.

use std::collections::HashSet;

use domain::ledger::INSTALMENTS_MAX;
use domain::{Instalment, Invoice, InvoiceId, InvoiceStatus};
use jiff::civil::Date;
use serde_json::Value;

use crate::{
    canonical::{customer, lines, names::SourceOf},
    form,
    json::{Flaws, Object},
};

/// Most tags that an invoice may have.
pub const TAGS_MAX: usize = 20;

const STATUSES: &[(&str, InvoiceStatus)] = &[
    ("draft", InvoiceStatus::Draft),
    ("open", InvoiceStatus::Open),
    ("void", InvoiceStatus::Void),
    ("written_off", InvoiceStatus::WrittenOff),
];

/// The id of an invoice of this source.
pub fn invoice_id(of: SourceOf<'_>, external_id: &str) -> InvoiceId {
    InvoiceId::derive(&[of.tenant.as_str(), of.source, external_id])
}

/// An invoice.
pub fn read(flaws: &mut Flaws, of: SourceOf<'_>, object: &Object<'_>) -> Option<Invoice> {
    let external_id = object.required(flaws, "external_id", form::id);
    let source_version = object.required(flaws, "source_version", form::source_version);
    let number = object.optional(flaws, "number", form::filled_text);
    let currency = object.required(flaws, "currency", form::currency);
    let total_minor = object.required(flaws, "total_minor", form::amount);
    let issued_on = object.required(flaws, "issued_on", form::date);
    let has_instalments = matches!(object.field("instalments"), Some(Value::Array(items)) if !items.is_empty());
    let due_on =
        if has_instalments { object.optional(flaws, "due_on", form::date) } else { object.required(flaws, "due_on", form::date) };
    let status = object.required(flaws, "status", form::one_of(STATUSES));
    let paid_minor = object.optional(flaws, "paid_minor", form::amount);
    let credited_minor = object.optional(flaws, "credited_minor", form::amount);
    let url = object.optional(flaws, "url", form::url);
    let purchase_order = object.optional(flaws, "purchase_order", form::text);
    let contact = object.optional_object(flaws, "contact").and_then(|object| customer::contact_of_invoice(flaws, &object));
    let sent_to_customer = object.optional(flaws, "sent_to_customer", form::truth);
    let legal_entity = object.optional(flaws, "legal_entity", form::word);
    let tags = tags(flaws, object);
    let for_external_id = object.optional(flaws, "for_external_id", form::id);
    let for_name = object.optional(flaws, "for_name", form::filled_text);
    if for_name.is_some() && object.field("for_external_id").is_none() {
        flaws.add(object.pointer("for_external_id"), "is missing; for_name names the customer that it identifies");
    }

    if before(due_on, issued_on) {
        flaws.add(object.pointer("due_on"), "is before issued_on");
    }
    if let (Some(credited), Some(total)) = (credited_minor, total_minor)
        && credited > total
    {
        flaws.add(object.pointer("credited_minor"), "is more than total_minor; send what goes beyond it as a credit note");
    }
    let instalments = instalments(flaws, object, total_minor, issued_on);
    let lines = lines::read(flaws, object);

    let external_id = external_id?;
    Some(Invoice {
        id: invoice_id(of, &external_id),
        number: number.unwrap_or_else(|| external_id.clone()),
        external_id,
        source_version: source_version?,
        currency: currency?,
        total_minor: total_minor?,
        issued_on: issued_on?,
        due_on: instalments.last().map(|last| last.due_on).or(due_on)?,
        status: status?,
        paid_minor: paid_minor.unwrap_or(0),
        credited_minor: credited_minor.unwrap_or(0),
        paid_is_gross: false,
        instalments,
        url,
        purchase_order,
        contact,
        sent_to_customer,
        legal_entity,
        tags,
        for_external_id,
        for_name,
        // A document is the object as it is now: without lines there are none.
        lines: Some(lines),
    })
}

/// The tags in order, each once.
fn tags(flaws: &mut Flaws, object: &Object<'_>) -> Vec<String> {
    let mut tags = object
        .list(flaws, "tags", TAGS_MAX, |flaws, value, _, at| form::word(value).map_err(|detail| flaws.add(at, detail)).ok());
    tags.sort_unstable();
    tags.dedup();
    tags
}

fn before(due_on: Option<Date>, issued_on: Option<Date>) -> bool {
    matches!((due_on, issued_on), (Some(due), Some(issued)) if due < issued)
}

/// The instalments in order of due date.
fn instalments(flaws: &mut Flaws, object: &Object<'_>, total_minor: Option<i64>, issued_on: Option<Date>) -> Vec<Instalment> {
    let flaws_before = flaws.count();
    let mut seen = HashSet::new();
    let mut list = object.list(flaws, "instalments", INSTALMENTS_MAX, |flaws, value, _, at| {
        let object = Object::of(flaws, value, at)?;
        let external_id = object.optional(flaws, "external_id", form::id);
        let due_on = object.required(flaws, "due_on", form::date);
        let amount_minor = object.required(flaws, "amount_minor", form::amount_above_zero);
        if before(due_on, issued_on) {
            flaws.add(object.pointer("due_on"), "is before issued_on");
        }
        if external_id.as_ref().is_some_and(|id| !seen.insert(id.clone())) {
            flaws.add(object.pointer("external_id"), "is another instalment's too; give each its own");
        }
        Some(Instalment { external_id, due_on: due_on?, amount_minor: amount_minor? })
    });
    // At most 120 amounts of at most 10^15 each: the sum fits.
    let sum: i64 = list.iter().map(|instalment| instalment.amount_minor).sum();
    let complete = flaws.count() == flaws_before && !list.is_empty();
    if let Some(total) = total_minor.filter(|total| complete && *total != sum) {
        flaws.add(object.pointer("instalments"), format!("add up to {sum}, but total_minor is {total}; they must be equal"));
    }
    list.sort_by_key(|instalment| instalment.due_on);
    list
}
