//! Open balances here against those in the books, once a day and whenever a vendor could not list everything that changed.
//!
//! It runs right after a poll, so that what the vendor knows to have changed is applied. First the books are listed, page by page;
//! then one customer after the other is compared. What differs is read again, object by object, and said to a person: something
//! was lost on the way, or the books changed without saying so. Both parts go on where they stopped when the time is over, with
//! what was listed kept in the table. So books may move while they are compared: where reading again shows that what is here was
//! right, only the list was out of date, and nothing is said.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use connectors::VendorRequest;
use domain::{CustomerId, InvoiceId, NewTask, TaskKind};
use jiff::{SignedDuration, Timestamp};
use reading::progress::{Comparison, ComparisonStep};

use crate::{
    objects, poll,
    session::{Stopped, SyncSession},
    take::{Care, take},
    tally::{self, Open, Row},
};

/// How often books are compared. What was listed longer ago is listed anew.
const EVERY: SignedDuration = SignedDuration::from_hours(24);
/// Customers that are compared between two looks at the time.
const CUSTOMERS_MAX: usize = 50;
/// Customers that one exception names.
const NAMED_MAX: usize = 20;

/// A part of the comparison: a page of the list, or the customers as far as there is time.
pub(crate) async fn step(session: &mut SyncSession<'_>) -> Result<(), Stopped> {
    let now = session.run.now();
    let under_way = session.lease.progress.comparison.clone().filter(|begun| now.duration_since(begun.began_at) < EVERY);
    let comparison = under_way.unwrap_or_else(|| Comparison {
        began_at: now,
        pages: 0,
        next: ComparisonStep::List(None),
        differing: 0,
        still: 0,
        said: Vec::new(),
    });
    match comparison.next.clone() {
        ComparisonStep::List(page) => list(session, comparison, page).await,
        ComparisonStep::Compare(after) => compare(session, comparison, after).await,
    }
}

/// Lists a page. Invoices that were never heard of are taken; known ones of the same version change nothing.
async fn list(session: &mut SyncSession<'_>, mut comparison: Comparison, page: Option<String>) -> Result<(), Stopped> {
    let run = session.run;
    let answer = session.ask(&VendorRequest::Open { money_since: None, page }).await?;
    run.tools.store.keep_listed(run.tenant, run.source, comparison.pages, &tally::rows(&answer), run.now()).await?;
    comparison.pages += 1;
    comparison.next = answer.next.clone().map_or(ComparisonStep::Compare(None), |page| ComparisonStep::List(Some(page)));
    take(session, answer, Care::Plain).await?;
    session.lease.progress.comparison = Some(comparison);
    Ok(())
}

/// Compares the customers after `after`, as far as there is time.
async fn compare(
    session: &mut SyncSession<'_>,
    mut comparison: Comparison,
    mut after: Option<CustomerId>,
) -> Result<(), Stopped> {
    let run = session.run;
    let pages: Vec<Vec<Row>> = run.tools.store.listed(run.tenant, run.source, comparison.pages).await?;
    let theirs = tally::by_customer(pages.into_iter().flatten());
    let mut customers: BTreeSet<CustomerId> = theirs.keys().cloned().collect();
    customers.extend(run.tools.store.waiting_customers(run.tenant).await?);
    loop {
        let from = after.take().map_or(Bound::Unbounded, Bound::Excluded);
        let some: Vec<CustomerId> = customers.range((from, Bound::Unbounded)).take(CUSTOMERS_MAX).cloned().collect();
        let Some(last) = some.last().cloned() else { break };
        those(session, &mut comparison, &some, &theirs).await?;
        comparison.next = ComparisonStep::Compare(Some(last.clone()));
        session.lease.progress.comparison = Some(comparison.clone());
        if run.budget.is_over() {
            return Ok(());
        }
        session.keep().await?;
        after = Some(last);
    }
    if comparison.differing > 0 {
        say(session, &comparison).await?;
    }
    let progress = &mut session.lease.progress;
    progress.comparison = None;
    progress.compare_at = run.now().saturating_add(EVERY).unwrap_or(Timestamp::MAX);
    poll::confirm(session).await
}

/// Compares some customers and reads again what differs.
async fn those(
    session: &mut SyncSession<'_>,
    comparison: &mut Comparison,
    customers: &[CustomerId],
    theirs: &BTreeMap<CustomerId, Open>,
) -> Result<(), Stopped> {
    let nothing = Open::new();
    let mut suspects = Vec::new();
    let mut ids = BTreeMap::new();
    for customer in customers {
        let ours = here(session, customer).await?;
        let differing = tally::differing(theirs.get(customer).unwrap_or(&nothing), &ours);
        if !differing.is_empty() {
            ids.extend(differing.clone());
            suspects.push((customer, ours, differing));
        }
    }
    if suspects.is_empty() {
        return Ok(());
    }
    let (said, refused) = reread(session, &ids).await?;
    let said = tally::by_customer(said);
    for (customer, mut ours, differing) in suspects {
        // What the books say now: as they were listed, but for what was read again.
        let mut books: Open = theirs.get(customer).cloned().unwrap_or_default();
        books.retain(|id, _| !differing.contains_key(id));
        books.extend(said.get(customer).cloned().unwrap_or_default());
        // What the vendor does not show is an exception of its own, and compared with nothing.
        let shown = |row: &Row| !refused.contains(&row.external_id);
        books.retain(|_, row| shown(row));
        ours.retain(|_, row| shown(row));
        if tally::differing(&books, &ours).is_empty() {
            continue;
        }
        let mut now = here(session, customer).await?;
        now.retain(|_, row| shown(row));
        comparison.differing += 1;
        comparison.still += u32::from(!tally::differing(&books, &now).is_empty());
        if comparison.said.len() < NAMED_MAX {
            comparison.said.push(tally::say(customer, &books, &ours, &now));
        }
    }
    Ok(())
}

/// What is open here of a customer.
async fn here(session: &SyncSession<'_>, customer: &CustomerId) -> Result<Open, Stopped> {
    let run = session.run;
    let invoices = run.tools.store.open_invoices(run.tenant, customer, run.source).await?;
    Ok(tally::by_customer(invoices.iter().map(|invoice| tally::row(customer, invoice))).remove(customer).unwrap_or_default())
}

/// Reads invoices again, by the vendor's ids: what it says of them, and which of them it does not show.
async fn reread(
    session: &mut SyncSession<'_>,
    invoices: &BTreeMap<InvoiceId, String>,
) -> Result<(Vec<Row>, BTreeSet<String>), Stopped> {
    let books = session.books;
    let all: Vec<String> = invoices.values().cloned().collect();
    let (mut said, mut refused) = (Vec::new(), BTreeSet::new());
    for ids in all.chunks(books.access().limits.ids_max) {
        let read = objects::read(session, books.invoice_kind(), ids).await?;
        refused.extend(read.refused);
        for page in read.pages {
            said.extend(tally::rows(&page));
            take(session, page, Care::Plain).await?;
        }
        session.keep_alive().await?;
    }
    Ok((said, refused))
}

async fn say(session: &SyncSession<'_>, comparison: &Comparison) -> Result<(), Stopped> {
    let (run, source) = (session.run, session.run.source);
    let Comparison { began_at, differing, still, .. } = comparison;
    let mut detail = comparison.said.join(". ");
    let more = usize::try_from(*differing).unwrap_or(usize::MAX).saturating_sub(comparison.said.len());
    if more > 0 {
        detail.push_str(&format!(". And {more} more"));
    }
    let remedy = if *still == 0 {
        "Everything was read again and agrees now; nothing is left to do unless this comes back daily"
    } else {
        "What still differs needs a person: compare these customers' open invoices with the books"
    };
    let task = NewTask {
        case: None,
        kind: TaskKind::Books,
        key: format!("{source}:{began_at:.0}"),
        title: format!("{differing} open balance(s) differed from the books of {source}"),
        detail: format!("{detail}. {remedy}."),
        to: None,
        due_on: None,
        step: None,
        currency: None,
    };
    tracing::warn!(tenant.id = %run.tenant, source, differing, still, "open balances differed from the books");
    run.tools.store.raise(run.tenant, None, &task, run.now()).await?;
    Ok(())
}
