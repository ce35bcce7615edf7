//! Open balances here against those in the books, once a day and whenever a vendor could not list everything that changed.
//!
//! It runs right after a poll, so that what the vendor knows to have changed is applied. What differs then is read again, object by
//! object, and said to a person: something was lost on the way, or the books changed without saying so.

use std::collections::{BTreeMap, BTreeSet};

use connectors::{Ask, Page};
use domain::{Currency, CustomerId, CustomerRef, Document, Invoice, InvoiceId, InvoiceStatus, Money, NewTask, TaskKind};
use jiff::{SignedDuration, Timestamp};

use crate::{
    poll,
    run::{Desk, Stopped},
    take::{Care, take},
};

/// How often books are compared.
const EVERY: SignedDuration = SignedDuration::from_hours(24);
/// Customers that one exception names.
const NAMED_MAX: usize = 20;

/// Open minor units by customer and currency.
type Totals = BTreeMap<(CustomerId, Currency), i64>;

/// What the books say is open.
#[derive(Default)]
struct Listed {
    totals: Totals,
    invoices: BTreeSet<InvoiceId>,
}

/// Compares, reads again what differs, and says so.
pub(crate) async fn compare(desk: &mut Desk<'_>) -> Result<(), Stopped> {
    let now = desk.run.now();
    let mut listed = Listed::default();
    let mut page = None;
    loop {
        let answer = desk.ask(&Ask::Open { money_since: None, page }).await?;
        page = answer.next.clone();
        note(&mut listed, &answer);
        // Invoices that were never heard of are taken here; known ones of the same version change nothing.
        take(desk, answer, Care::Plain).await?;
        if page.is_none() {
            break;
        }
        desk.keep().await?;
    }
    let (ours, stray) = held(desk, &listed).await?;
    let differing: Vec<(CustomerId, Currency)> = differences(&listed.totals, &ours);
    reread(desk, stray).await?;
    if !differing.is_empty() {
        let customers: BTreeSet<CustomerId> = differing.iter().map(|(customer, _)| customer.clone()).collect();
        let mended = totals_of(desk, &customers).await?;
        say(desk, &differing, &listed.totals, &ours, &mended, now).await?;
    }
    desk.lease.progress.compare_at = now.saturating_add(EVERY).unwrap_or(Timestamp::MAX);
    poll::confirm(desk).await
}

fn open(invoice: &Invoice) -> i64 {
    match invoice.status {
        InvoiceStatus::Open => (invoice.total_minor - invoice.paid_minor - invoice.credited_minor).max(0),
        InvoiceStatus::Draft | InvoiceStatus::Void | InvoiceStatus::WrittenOff => 0,
    }
}

fn note(listed: &mut Listed, page: &Page) {
    for document in &page.documents {
        if let Document::Invoice { customer: CustomerRef::Named(customer), invoice } = document {
            listed.invoices.insert(invoice.id.clone());
            *listed.totals.entry((customer.clone(), invoice.currency)).or_default() += open(invoice);
        }
    }
}

/// What is open here for everybody who has something open here or there, before anything is read again; and the invoices that
/// are open here only.
async fn held(desk: &Desk<'_>, listed: &Listed) -> Result<(Totals, Vec<Invoice>), Stopped> {
    let run = desk.run;
    let mut customers: BTreeSet<CustomerId> = listed.totals.keys().map(|(customer, _)| customer.clone()).collect();
    customers.extend(run.handler.store.waiting_customers(run.tenant).await?);
    let (mut totals, mut stray) = (Totals::new(), Vec::new());
    for customer in customers {
        for invoice in run.handler.store.open_invoices(run.tenant, &customer, run.source).await? {
            let open = open(&invoice);
            if open == 0 {
                continue;
            }
            *totals.entry((customer.clone(), invoice.currency)).or_default() += open;
            if !listed.invoices.contains(&invoice.id) {
                stray.push(invoice);
            }
        }
    }
    Ok((totals, stray))
}

async fn totals_of(desk: &Desk<'_>, customers: &BTreeSet<CustomerId>) -> Result<Totals, Stopped> {
    let mut totals = Totals::new();
    for customer in customers {
        for invoice in desk.run.handler.store.open_invoices(desk.run.tenant, customer, desk.run.source).await? {
            *totals.entry((customer.clone(), invoice.currency)).or_default() += open(&invoice);
        }
    }
    Ok(totals)
}

fn differences(theirs: &Totals, ours: &Totals) -> Vec<(CustomerId, Currency)> {
    let keys: BTreeSet<&(CustomerId, Currency)> = theirs.keys().chain(ours.keys()).collect();
    let amount = |totals: &Totals, key| totals.get(key).copied().unwrap_or(0);
    keys.into_iter().filter(|key| amount(theirs, *key) != amount(ours, *key)).cloned().collect()
}

/// Reads again the invoices that are open here and not in the books' list.
async fn reread(desk: &Desk<'_>, stray: Vec<Invoice>) -> Result<(), Stopped> {
    let books = desk.books;
    let kind = books.invoice_kind();
    for invoices in stray.chunks(books.access().limits.ids_max) {
        let ids: Vec<String> = invoices.iter().map(|invoice| invoice.external_id.clone()).collect();
        let page = desk.ask(&Ask::Objects { kind: kind.to_owned(), ids }).await?;
        let missing = page.missing.clone();
        take(desk, page, Care::Plain).await?;
        for id in missing {
            let page = desk.ask(&Ask::One { kind: kind.to_owned(), id }).await?;
            take(desk, page, Care::Plain).await?;
        }
        desk.keep().await?;
    }
    Ok(())
}

async fn say(
    desk: &Desk<'_>,
    differing: &[(CustomerId, Currency)],
    theirs: &Totals,
    ours: &Totals,
    mended: &Totals,
    now: Timestamp,
) -> Result<(), Stopped> {
    let amount = |totals: &Totals, key| totals.get(key).copied().unwrap_or(0);
    let source = desk.run.source;
    let still = differing.iter().filter(|key| amount(theirs, *key) != amount(mended, *key)).count();
    let lines = differing.iter().take(NAMED_MAX).map(|key| {
        let (customer, currency) = key;
        let after = if amount(theirs, key) == amount(mended, key) { "now equal" } else { "still different" };
        let money = |totals: &Totals| Money::from_minor(amount(totals, key), *currency);
        format!("{customer}: {} in the books, {} here; {after}", money(theirs), money(ours))
    });
    let mut detail = lines.collect::<Vec<_>>().join(". ");
    if differing.len() > NAMED_MAX {
        detail.push_str(&format!(". And {} more", differing.len() - NAMED_MAX));
    }
    let remedy = if still == 0 {
        "Everything was read again and agrees now; nothing is left to do unless this comes back daily"
    } else {
        "What still differs needs a person: compare these customers' open invoices with the books"
    };
    let task = NewTask {
        kind: TaskKind::Books,
        key: format!("{source}:{now:.0}"),
        title: format!("{} open balance(s) differed from the books of {source}", differing.len()),
        detail: format!("{detail}. {remedy}."),
        to: None,
        due_on: None,
        step: None,
        currency: None,
    };
    tracing::warn!(tenant.id = %desk.run.tenant, source, differing = differing.len(), still, "open balances differed from the books");
    desk.run.handler.store.raise(desk.run.tenant, None, &task, now).await?;
    Ok(())
}
