//! The page of one invoice: what it comes to, what is open of it, and its story.

use std::collections::BTreeSet;

use domain::{
    Facts, Invoice, InvoiceFact, InvoiceStatus, Money,
    calendar::tenant_zone,
    dates::days_between,
    pay_sources::is_web,
    receivables::{DueItem, Receivables, ReceivablesRules},
};
use jiff::{Timestamp, civil::Date};
use minijinja::{Value, context, value::Serde};
use serde::Serialize;

use crate::{
    can_do::what_can_be_done,
    document_labels::DocumentLabels,
    how_to_pay::{pay_link, ways_to_pay},
    note_words::note_in_words,
    page::{Look, PortalPage},
    pay_labels::PayLabels,
    payable::paid_there,
    statement::{ItemNote, notes},
    story::story_of,
    visit::Visit,
};

/// Something that happened.
#[derive(Serialize)]
struct EventShown {
    day: String,
    on: String,
    text: String,
}

/// The page; `None` for what the customer was not sent: a draft, and what is issued in days to come.
pub(crate) fn shown(visit: &Visit, facts: &Facts, fact: &InvoiceFact, now: Timestamp) -> Option<PortalPage> {
    let words = visit.words;
    let invoice = &fact.invoice;
    let zone = tenant_zone(&visit.settings);
    let receivables = Receivables::at(facts, ReceivablesRules::of(&visit.settings, &zone), now);
    let today = receivables.today;
    if invoice.issued_on > today {
        return None;
    }
    let items: Vec<&DueItem<'_>> =
        receivables.items.iter().filter(|item| item.key.invoice() == Some(&invoice.id) && !fact.archived).collect();
    let open_minor = items.iter().map(|item| item.open_minor).fold(0, i64::saturating_add);
    let oldest = items.iter().map(|item| item.due_on).min();
    let money = |minor: i64| visit.locale.money(Money::from_minor(minor, invoice.currency));
    let late = oldest.map_or(0, |due_on| days_between(due_on, today));
    let (status, asks) = match invoice.status {
        InvoiceStatus::Draft => return None,
        InvoiceStatus::Void => (words.cancelled.to_owned(), false),
        InvoiceStatus::WrittenOff => (words.closed.to_owned(), false),
        InvoiceStatus::Open | InvoiceStatus::Later(_) if open_minor == 0 => (words.paid_in_full.to_owned(), false),
        InvoiceStatus::Open | InvoiceStatus::Later(_) => (words.days_past_due(late), true),
    };
    let noted: BTreeSet<ItemNote> = items.iter().flat_map(|item| notes(facts, item)).collect();
    let day = |on| visit.locale.date(on);
    let noted: Vec<String> = noted.into_iter().map(|note| note_in_words(visit, note, invoice.currency, day)).collect();
    let settled = match invoice.status {
        InvoiceStatus::Void | InvoiceStatus::WrittenOff => 0,
        InvoiceStatus::Draft | InvoiceStatus::Open | InvoiceStatus::Later(_) => invoice.total_minor.saturating_sub(open_minor),
    };
    let entities: BTreeSet<String> = [entity_of(visit, facts, fact)].into();
    let payments = if asks { ways_to_pay(visit, &entities) } else { vec![] };
    // What its source takes payment for is paid there.
    let is_paid_there = paid_there(facts, invoice.url.as_deref()).is_some();
    let pay = pay_link(visit, &payments, Some(&invoice.id)).filter(|_| asks && !is_paid_there);
    // Where the source shows its own, no copy of ours stands beside it.
    let url = invoice.url.as_deref().filter(|url| is_web(url));
    let pdf = url.is_none() && has_copy(invoice, today);
    let events = story_of(visit, facts, fact, &zone);
    let events: Vec<EventShown> = events
        .into_iter()
        .map(|event| EventShown { day: event.on.to_string(), on: visit.locale.date(event.on), text: event.text })
        .collect();
    let tenant = visit.tenant_of(&entities);
    let title = format!("{} {}", words.invoice, invoice.number);
    let values = context! {
        title => format!("{title} – {tenant}"),
        heading => title,
        tenant => tenant.as_str(),
        sent_by => words.sent_by.replace("{}", &tenant),
        customer => visit.customer.as_str(),
        back => visit.path.as_str(),
        status,
        late => asks && late > 0,
        asks,
        notes => Value::from(Serde(&noted)),
        open => money(open_minor),
        original => money(invoice.total_minor),
        settled => (settled > 0).then(|| money(settled)),
        issued_on => visit.locale.date(invoice.issued_on),
        due_on => visit.locale.date(oldest.unwrap_or(invoice.due_on)),
        order => invoice.purchase_order.as_deref().map(|order| words.order.replace("{}", order)),
        url,
        pdf => pdf.then(|| format!("{}/invoices/{}.pdf", visit.path, invoice.id)),
        pdf_label => DocumentLabels::of(words.language).invoice_copy,
        pay_label => PayLabels::of(words.language).pay,
        pay => pay,
        payments => Value::from(Serde(&payments)),
        events => Value::from(Serde(&events)),
        can_do => what_can_be_done(visit, Some(&invoice.id), asks),
    };
    Some(PortalPage::Filled { status: 200, template: "invoice", words, look: Look::of(&visit.settings.brand), values })
}

/// Whether a copy of an invoice is made: of one that is issued and in force.
pub(crate) fn has_copy(invoice: &Invoice, today: Date) -> bool {
    invoice.status == InvoiceStatus::Open && invoice.issued_on <= today
}

/// The legal entity that an invoice is owed to; empty for the default one, and where they are not told apart.
fn entity_of(visit: &Visit, facts: &Facts, fact: &InvoiceFact) -> String {
    if visit.settings.legal_entities.is_empty() {
        return String::new();
    }
    let own = fact.invoice.legal_entity.as_deref().or(facts.customer.legal_entity.as_deref());
    own.unwrap_or_default().to_owned()
}
