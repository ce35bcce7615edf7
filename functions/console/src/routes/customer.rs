//! One customer on a page that answers a call: what is owed, what was agreed, what comes next and why, everything that passed, and what can be done
//! from there. A form is shown one at a time, by `act` of the address.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CustomerId, InvoiceId, dates::add_days};
use minijinja::{Value, value::Serde};
use serde::Serialize;
use service::{
    Operation, contacts,
    customer_matter::{self, CustomerMatter, OwedByAge},
    lists::{
        customer_cards::show_cards,
        invoices::{self, InvoicesAsked},
    },
    owners, timeline,
};

use super::{
    customer_rows::{CaseOnPage, ContactRow, ItemRow, OwedRow, kept_words, next_words, usual_words},
    invoices::InvoiceOnPage,
};
use crate::{
    agreement_rows::AgreementOnPage,
    outcome::{ConsolePage, ConsoleTrouble, PageResult},
    posted::FormFlaws,
    sections::Section,
    tables::PagerView,
    timeline_rows::{self, PendingRow, TimelineRow},
    typed_amount::minor_typed,
    visit::ConsoleVisit,
};

/// How many records are read: the timeline has their messages.
const RECORDS: u32 = 200;
/// The forms of the page: by what the address asks for each, what leads to it, the key that does, and whose right it needs.
const ACTS: [(&str, &str, &str, Operation); 9] = [
    ("promise", "Promise", "p", Operation::MakeAgreement),
    ("call", "Log a call", "l", Operation::LogContact),
    ("note", "Note", "n", Operation::AddNote),
    ("dispute", "Dispute", "d", Operation::MakeAgreement),
    ("plan", "Plan", "i", Operation::MakeAgreement),
    ("pause", "Pause", "x", Operation::MakeAgreement),
    ("task", "Task or escalation", "t", Operation::RaiseTask),
    ("link", "Pay link", "y", Operation::IssueLink),
    ("owner", "Owner", "o", Operation::SetOwner),
];
/// How many days ahead a promise, and a task, is where nothing else is typed.
const DAYS_AHEAD: i64 = 7;

/// What leads to a form.
#[derive(Serialize)]
struct ActLink {
    act: &'static str,
    label: &'static str,
    key: &'static str,
    is_open: bool,
}

/// The customer from which the contacts come, and what it is called.
#[derive(Serialize)]
struct AboveRow {
    id: String,
    name: String,
}

/// What the forms begin with.
#[derive(Serialize)]
struct FormDefaults {
    currency: String,
    amount: String,
    day: String,
    today: String,
}

/// What the template shows.
#[derive(Serialize)]
struct CustomerPage<'a> {
    id: &'a str,
    name: &'a str,
    external_id: &'a str,
    source: &'a str,
    segment: Option<&'a str>,
    country: Option<&'a str>,
    language: Option<&'a str>,
    parent: Option<&'a str>,
    above: Option<AboveRow>,
    act: Option<&'static str>,
    acts: Vec<ActLink>,
    flaws: FormFlaws,
    typed: BTreeMap<&'a str, &'a str>,
    defaults: FormDefaults,
    currencies: Vec<&'a str>,
    owed: Vec<OwedRow>,
    kept: String,
    usual: String,
    next: String,
    next_at: Option<String>,
    cases: Vec<CaseOnPage>,
    off: Vec<String>,
    running: Vec<AgreementOnPage>,
    over: Vec<AgreementOnPage>,
    pending: Vec<PendingRow>,
    items: Vec<ItemRow>,
    items_left: usize,
    contacts: Vec<ContactRow>,
    invoices: Vec<InvoiceOnPage>,
    invoice_pages: PagerView,
    timeline: Vec<TimelineRow>,
    timeline_begins: Option<String>,
    has_changes: bool,
    newer: Option<String>,
    older: Option<String>,
    owner: Option<String>,
    stand_in: Option<String>,
    is_owned_by_hand: bool,
    may_act: bool,
    may_write: bool,
    may_undo: bool,
}

/// `GET /console/customers/{id}`.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    let asked = visit.query("act");
    let act = ACTS.iter().find(|(act, .., operation)| Some(*act) == asked && visit.may(*operation)).map(|(act, ..)| *act);
    page(visit, act, None).await
}

/// The page again with a form that is wrong, and what is wrong with it.
pub(super) async fn again(visit: &ConsoleVisit, act: &'static str, flaws: Vec<(String, String)>) -> PageResult {
    page(visit, Some(act), Some(flaws)).await
}

async fn page(visit: &ConsoleVisit, act: Option<&'static str>, flaws: Option<Vec<(String, String)>>) -> PageResult {
    let id = visit.path_value("id");
    let (store, reading, actor, formats) = (visit.store(), visit.reading(), &visit.actor, &visit.formats);
    let matter = customer_matter::show(store, actor, id, RECORDS, visit.now).await?;
    let (usual_days, closed_count) = customer_matter::usual_days_late(store, actor, id).await?;
    let owner = owners::show(store, actor, id, visit.now).await?;
    let people = contacts::show(store, actor, id).await?.customer;
    let above = above(visit, matter.facts.customer.contacts_of.as_ref()).await?;
    let turned = visit.query("page").and_then(|text| text.parse::<usize>().ok()).unwrap_or(0).min(1_000);
    let is_whole = u32::try_from(matter.records.len()).is_ok_and(|count| count < RECORDS);
    let line = timeline::show(reading, actor, id, (&matter.records, is_whole), formats.zone(), turned).await?;
    let asked = InvoicesAsked { customer: Some(id.to_owned()), ..InvoicesAsked::default() };
    let open = invoices::list(reading, actor, &asked, &visit.page_asked(), visit.now).await?;
    let only = match matter.owed.as_slice() {
        [one] => Some(one.currency),
        [] | [_, ..] => None,
    };
    let numbers = numbers_of(&matter);
    let rows = matter.agreements.iter().rev().map(|known| AgreementOnPage::of(known, &numbers, only, formats));
    let (running, over): (Vec<AgreementOnPage>, Vec<AgreementOnPage>) = rows.partition(|row| row.runs);
    let is_wrong = flaws.is_some();
    let link = |&(act_of, label, key, _): &(&'static str, &'static str, &'static str, Operation)| ActLink {
        act: act_of,
        label,
        key,
        is_open: act == Some(act_of),
    };
    let of_page = |page: usize| visit.request.address_with(&[("page", Some(page.to_string().as_str()))]);
    let customer = &matter.facts.customer;
    let name = if customer.name.is_empty() { &customer.external_id } else { &customer.name };
    let (next, next_at) = next_words(&matter.head.due, formats);
    let shown = CustomerPage {
        id,
        name,
        external_id: &customer.external_id,
        source: &customer.source,
        segment: customer.segment.as_deref(),
        country: customer.country.as_deref(),
        language: customer.language.as_deref(),
        parent: customer.parent_external_id.as_deref(),
        above,
        act,
        acts: ACTS.iter().filter(|(.., operation)| visit.may(*operation)).map(link).collect(),
        flaws: FormFlaws::of(flaws.unwrap_or_default()),
        typed: if is_wrong { visit.posted().typed() } else { BTreeMap::new() },
        defaults: defaults(visit, &matter),
        currencies: matter.owed.iter().map(|owed| owed.currency.code()).collect(),
        owed: matter.owed.iter().map(|owed| OwedRow::of(owed, formats)).collect(),
        kept: kept_words(&matter.kept),
        usual: usual_words(usual_days, closed_count),
        next,
        next_at,
        cases: matter.cases.iter().map(CaseOnPage::of).collect(),
        off: matter.switched_off.iter().flat_map(|off| off.said.iter().chain([&off.changes]).cloned()).collect(),
        running,
        over,
        pending: timeline_rows::pending(&matter.facts.pending, visit.now, formats),
        items: matter.items.iter().map(|item| ItemRow::of(item, formats)).collect(),
        items_left: matter.items_count.saturating_sub(matter.items.len()),
        contacts: people.contacts.iter().map(|contact| ContactRow::of(contact, &matter.suppressed)).collect(),
        invoices: open.rows.iter().map(|row| InvoiceOnPage::of(row, formats)).collect(),
        // A form that is shown again stands under the address that it was posted to, which has no pages.
        invoice_pages: PagerView::of(&visit.request, open.next.as_deref().filter(|_| !is_wrong)),
        timeline: timeline_rows::of(&line.entries, formats),
        timeline_begins: line.begins_at.map(|at| formats.moment(at)),
        has_changes: line.has_changes,
        newer: turned.checked_sub(1).filter(|_| !is_wrong).map(of_page),
        older: Some(turned + 1).filter(|_| line.has_more && !is_wrong).map(of_page),
        owner: owner.owner,
        stand_in: owner.stand_in,
        is_owned_by_hand: owner.by_hand.is_some(),
        may_act: visit.may(Operation::ActOnAgreement),
        may_write: visit.may(Operation::WriteMessage),
        may_undo: visit.may(Operation::UndoMessage),
    };
    let values = Value::from(Serde(&shown));
    let status = if is_wrong { 422 } else { 200 };
    Ok(ConsolePage::new(Section::Customers, name.as_str(), "customer", values).with_status(status).into())
}

/// The numbers of the invoices that are open, by their ids.
fn numbers_of(matter: &CustomerMatter) -> BTreeMap<InvoiceId, String> {
    let known = matter.facts.invoices.iter().map(|fact| &fact.invoice);
    known.map(|invoice| (invoice.id.clone(), invoice.number.clone())).collect()
}

/// The customer whose people are written to in the place of its own, where there is one.
async fn above(visit: &ConsoleVisit, of: Option<&CustomerId>) -> Result<Option<AboveRow>, ConsoleTrouble> {
    let Some(id) = of else { return Ok(None) };
    let mut cards = show_cards(visit.reading(), &visit.actor, &BTreeSet::from([id.clone()])).await?;
    Ok(cards.remove(id).map(|card| AboveRow { id: id.to_string(), name: card.name }))
}

/// What the forms begin with: what is past due in the first currency and not kept back, else all that is not, a week ahead.
fn defaults(visit: &ConsoleVisit, matter: &CustomerMatter) -> FormDefaults {
    let today = visit.formats.today();
    let first = matter.owed.first();
    let asked_for = |owed: &OwedByAge| match owed.past_due_minor() {
        1.. => owed.past_due_minor().min(owed.due_now_minor),
        _ => owed.due_now_minor,
    };
    FormDefaults {
        currency: first.map(|owed| owed.currency.code().to_owned()).unwrap_or_default(),
        amount: first.map(|owed| minor_typed(asked_for(owed), owed.currency)).unwrap_or_default(),
        day: add_days(today, DAYS_AHEAD).to_string(),
        today: today.to_string(),
    }
}
