//! One invoice: its particulars, what was paid, what was agreed, its ladder, and why it was or was not chased at any day.

use std::collections::BTreeMap;

use domain::PaymentKind;
use files::{DocumentAsked, WantedDocument};
use jiff::{Timestamp, civil::Date};
use minijinja::{Value, value::Serde};
use serde::Serialize;
use service::{
    NotDone, Operation, customer_documents,
    explain::explain,
    invoice_matter::{self, InvoiceMatter, PaidPart},
};
use store::IdOf;

use super::ladder_rows::LadderView;
use crate::{
    agreement_rows::{AgreementOnPage, in_words},
    explained_rows::ExplainedView,
    formats::Formats,
    outcome::{ConsolePage, ConsoleReply, PageResult},
    sections::Section,
    visit::ConsoleVisit,
};

/// A payment, as far as it is for the invoice.
#[derive(Serialize)]
struct PaidRow {
    kind: &'static str,
    status: String,
    received_on: String,
    amount: Option<String>,
    external_id: String,
    reference: Option<String>,
    counts: bool,
}

/// A line of the invoice.
#[derive(Serialize)]
struct LineRow {
    description: String,
    quantity: Option<String>,
    amount: String,
}

/// What the template shows.
#[derive(Serialize)]
struct InvoicePage<'a> {
    id: &'a str,
    number: &'a str,
    external_id: &'a str,
    customer: String,
    customer_name: String,
    status: String,
    issued_on: String,
    due_on: String,
    total: String,
    paid: String,
    credited: String,
    /// What of it is open; absent of what is closed.
    open: Option<String>,
    purchase_order: Option<&'a str>,
    legal_entity: Option<&'a str>,
    url: Option<&'a str>,
    tags: &'a [String],
    lines: Vec<LineRow>,
    payments: Vec<PaidRow>,
    running: Vec<AgreementOnPage>,
    over: Vec<AgreementOnPage>,
    ladders: Vec<LadderView>,
    off: Vec<String>,
    day: String,
    explained: ExplainedView,
    /// Whether another day than today is asked about.
    is_another_day: bool,
    previous: Option<String>,
    next: Option<String>,
    may_act: bool,
    may_copy: bool,
}

/// `GET /console/invoices/{id}`; `?on=` a day, or `?at=` an instant, says when it is explained.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    let id = visit.path_value("id");
    let formats = &visit.formats;
    let matter = invoice_matter::show(visit.reading(), &visit.actor, id, visit.now).await?;
    let at = asked_for(visit, &matter)?;
    let asked = IdOf::Invoice(matter.known.invoice.id.clone());
    let answer = explain((visit.store(), visit.vault()), &visit.actor, &asked, at, visit.now).await?;
    let invoice = &matter.known.invoice;
    let amount = |minor: i64| formats.amount(minor, invoice.currency);
    let numbers = BTreeMap::from([(invoice.id.clone(), invoice.number.clone())]);
    let rows = matter.agreements.iter().rev().map(|known| AgreementOnPage::of(known, &numbers, Some(invoice.currency), formats));
    let (running, over): (Vec<AgreementOnPage>, Vec<AgreementOnPage>) = rows.partition(|row| row.runs);
    let seen_at = at.unwrap_or(visit.now);
    let (previous, next) = matter.beside(seen_at);
    let change = |at: Timestamp| visit.request.address_with(&[("on", None), ("at", Some(at.to_string().as_str()))]);
    let open_minor = matter.ladders.iter().map(|ladder| ladder.open_minor).fold(0_i64, i64::saturating_add);
    let name = matter.name.as_ref();
    let page = InvoicePage {
        id,
        number: &invoice.number,
        external_id: &invoice.external_id,
        customer: matter.known.customer.to_string(),
        customer_name: name.map(|name| name.name.clone()).unwrap_or_default(),
        status: in_words(matter.known.standing.as_str()),
        issued_on: formats.date(invoice.issued_on),
        due_on: formats.date(invoice.due_on),
        total: amount(invoice.total_minor),
        paid: amount(invoice.paid_minor),
        credited: amount(invoice.credited_minor),
        open: (open_minor != 0).then(|| amount(open_minor)),
        purchase_order: invoice.purchase_order.as_deref(),
        legal_entity: invoice.legal_entity.as_deref(),
        url: invoice.url.as_deref().filter(|url| url.starts_with("https://")),
        tags: &invoice.tags,
        lines: matter
            .lines
            .iter()
            .map(|line| LineRow {
                description: line.description.clone(),
                quantity: line.quantity.clone(),
                amount: amount(line.amount_minor),
            })
            .collect(),
        payments: matter.paid.iter().map(|part| paid_row(part, &matter, formats)).collect(),
        running,
        over,
        ladders: matter.ladders.iter().map(|ladder| LadderView::of(ladder, invoice.currency, formats)).collect(),
        off: matter.switched_off.iter().flat_map(|off| off.said.iter().chain([&off.changes]).cloned()).collect(),
        day: seen_at.to_zoned(formats.zone().clone()).date().to_string(),
        explained: ExplainedView::of(&answer, formats),
        is_another_day: at.is_some(),
        previous: previous.map(change),
        next: next.map(change),
        may_act: visit.may(Operation::ActOnAgreement),
        may_copy: visit.may(Operation::FetchInvoiceCopy),
    };
    let number = if invoice.number.is_empty() { &invoice.external_id } else { &invoice.number };
    let title = format!("Invoice {number}");
    Ok(ConsolePage::new(Section::Invoices, title, "invoice", Value::from(Serde(&page))).into())
}

/// `GET /console/invoices/{id}/copy`: a copy as PDF, which says of itself that it is no tax document.
pub(crate) async fn copy(visit: &ConsoleVisit) -> PageResult {
    let found = customer_documents::invoice_copy(visit.store(), &visit.actor, visit.path_value("id")).await?;
    let (tenant, customer, invoice) = found;
    let file_name = format!("invoice-{invoice}.pdf");
    let asked = DocumentAsked { tenant, customer, document: WantedDocument::InvoiceCopy { invoice }, language: None };
    let link = visit.desk.documents.link(asked, &file_name, visit.now).await?;
    let none = || {
        let why = "there is no copy of this invoice: it is a draft, not issued yet, or not in force any more";
        NotDone::NotFound(why.to_owned())
    };
    Ok(ConsoleReply::see(link.ok_or_else(none)?))
}

/// The instant that the address asks about; `None` for now.
fn asked_for(visit: &ConsoleVisit, matter: &InvoiceMatter) -> Result<Option<Timestamp>, NotDone> {
    if let Some(text) = visit.query("at") {
        let wrong = || NotDone::field("/at", "it is an instant, such as 2026-02-04T09:00:00Z");
        return Ok(Some(text.parse().map_err(|_| wrong())?));
    }
    let Some(text) = visit.query("on") else { return Ok(None) };
    let on: Date = text.parse().map_err(|_| NotDone::field("/on", "a day is written such as 2026-02-04"))?;
    if on == visit.formats.today() {
        return Ok(None);
    }
    Ok(matter.moment_of(on, visit.formats.zone()))
}

fn paid_row(part: &PaidPart, matter: &InvoiceMatter, formats: &Formats) -> PaidRow {
    PaidRow {
        kind: match part.kind {
            PaymentKind::CreditNote => "Credit note",
            PaymentKind::Payment | PaymentKind::Later(_) => "Payment",
        },
        status: in_words(part.status.as_str()),
        received_on: formats.date(part.received_on),
        amount: part.amount_minor.map(|minor| formats.amount(minor, matter.known.invoice.currency)),
        external_id: part.external_id.clone(),
        reference: part.reference.clone(),
        counts: part.status.counts(),
    }
}
