//! What a page is read from: as little as it shows.

use std::collections::BTreeSet;

use domain::{Facts, InvoiceId, PaymentKind, Settings, TenantId};
use jiff::Timestamp;
use store::{AddressId, DayRange, Error, Head, InvoiceStanding, List, ListPage, PaymentLine, Result, Store};

use crate::{
    statement::{
        AccountStatement, PAGE_ROWS, PageNumber, invoice_lines, is_long, is_reckoned, listed, owes_besides, payment_lines,
        to_be_read, whole,
    },
    visit::{Visit, addresses_of},
};

/// Payments, and credit notes, that are read of a list: the newest.
const RECEIVED_READ: u32 = 4;
/// Invoices of a page that are read themselves at most; with more of them the whole is read.
const READ_MAX: usize = 4;

/// Whose page it is, and by which address somebody came.
pub(crate) struct OpenedPages<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) head: &'a Head,
    pub(crate) settings: &'a Settings,
    pub(crate) address: &'a AddressId,
    /// The path of the customer's pages.
    pub(crate) path: String,
}

impl OpenedPages<'_> {
    pub(crate) fn visit(&self, facts: &Facts) -> Visit {
        Visit::of(self.settings.clone(), facts, self.path.clone())
    }
}

/// A statement, for whom, and whose links open it.
pub(crate) struct StatementRead {
    pub(crate) statement: AccountStatement,
    pub(crate) visit: Visit,
    pub(crate) addresses: BTreeSet<AddressId>,
}

/// One invoice with what belongs to it, for whom, and whose links open it.
pub(crate) struct InvoiceRead {
    pub(crate) facts: Facts,
    pub(crate) visit: Visit,
    pub(crate) addresses: BTreeSet<AddressId>,
}

/// A page of the statement, or all of it.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn read_statement(
    store: &Store,
    opened: &OpenedPages<'_>,
    asked: Option<&PageNumber>,
    now: Timestamp,
) -> Result<StatementRead> {
    if let Some(asked) = asked
        && is_long(opened.head)
        && is_reckoned(opened.head, opened.settings, now)
        && let Some(read) = page_of_list(store, opened, asked, now).await?
    {
        return Ok(read);
    }
    let facts = store.facts_to_show(opened.tenant, opened.head);
    // A table of what is open says nothing of what was paid.
    let (facts, received) =
        if asked.is_some() { tokio::try_join!(facts, received(store, opened))? } else { (facts.await?, vec![]) };
    let statement = whole(&facts, opened.settings, &received, asked, now);
    Ok(StatementRead { addresses: addresses_of(&facts), visit: opened.visit(&facts), statement })
}

/// A page of a long list; `None` where the whole is to be read: the list does not say all that is owed, or the address may be one that an
/// invoice alone names.
async fn page_of_list(
    store: &Store,
    opened: &OpenedPages<'_>,
    asked: &PageNumber,
    now: Timestamp,
) -> Result<Option<StatementRead>> {
    let (facts, page, received) = tokio::try_join!(
        store.facts_beside_invoices(opened.tenant, opened.head),
        rows(store, opened, asked),
        received(store, opened),
    )?;
    let Some(facts) = facts.filter(|facts| !owes_besides(facts)) else { return Ok(None) };
    let addresses = addresses_of(&facts);
    if !addresses.contains(opened.address) {
        return Ok(None);
    }
    let (number, ListPage { lines, after }) = page;
    let lines = invoice_lines(lines);
    let wanted: Vec<_> = to_be_read(&facts, &lines).into_iter().map(|invoice| (opened.head.customer.clone(), invoice)).collect();
    if wanted.len() > READ_MAX {
        return Ok(None);
    }
    let read = if wanted.is_empty() { vec![] } else { store.invoices_by_id(opened.tenant, &wanted).await? };
    let read = read.into_iter().map(|known| known.invoice).collect();
    let visit = opened.visit(&facts);
    let statement = listed(facts, opened.head, opened.settings, (lines, read), &received, (number, after), now);
    Ok(Some(StatementRead { statement, visit, addresses }))
}

/// A page of the list of the customer's invoices, and its number. Where the page that is asked for is none of ours it is the first one.
async fn rows(store: &Store, opened: &OpenedPages<'_>, asked: &PageNumber) -> Result<(u32, ListPage)> {
    let list = List::Invoices(Some(opened.head.customer.clone()), InvoiceStanding::Open, DayRange::default());
    if let Some(after) = &asked.after {
        match store.list(opened.tenant, &list, PAGE_ROWS, Some(after)).await {
            Ok(page) => return Ok((asked.number, page)),
            Err(Error::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok((1, store.list(opened.tenant, &list, PAGE_ROWS, None).await?))
}

/// The newest payments and credit notes, spent ones too.
async fn received(store: &Store, opened: &OpenedPages<'_>) -> Result<Vec<PaymentLine>> {
    let of = |kind| List::Payments(Some(opened.head.customer.clone()), kind, DayRange::default());
    let (payments, credit_notes) = (of(PaymentKind::Payment), of(PaymentKind::CreditNote));
    let (payments, credit_notes) = tokio::try_join!(
        store.list_backwards(opened.tenant, &payments, RECEIVED_READ, None),
        store.list_backwards(opened.tenant, &credit_notes, RECEIVED_READ, None),
    )?;
    Ok(payment_lines(payments.lines.into_iter().chain(credit_notes.lines).collect()))
}

/// Whom pages speak to, and whose links open them: as little as says that, of a customer of whom no item is shown.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn read_beside(store: &Store, opened: &OpenedPages<'_>) -> Result<(Visit, BTreeSet<AddressId>)> {
    if let Some(facts) = store.facts_beside_invoices(opened.tenant, opened.head).await? {
        let addresses = addresses_of(&facts);
        if addresses.contains(opened.address) {
            return Ok((opened.visit(&facts), addresses));
        }
    }
    // Whom an invoice names for itself may look as well.
    let facts = store.facts_to_show(opened.tenant, opened.head).await?;
    Ok((opened.visit(&facts), addresses_of(&facts)))
}

/// One invoice; `None` where the customer has no such one.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn read_invoice(store: &Store, opened: &OpenedPages<'_>, id: &InvoiceId) -> Result<Option<InvoiceRead>> {
    let Some(facts) = store.facts_of_invoice(opened.tenant, opened.head, id).await? else { return Ok(None) };
    let mut known = addresses_of(&facts);
    if !known.contains(opened.address) {
        // Whom another invoice names for itself may look as well.
        known = addresses_of(&store.facts_to_show(opened.tenant, opened.head).await?);
    }
    Ok(Some(InvoiceRead { visit: opened.visit(&facts), addresses: known, facts }))
}
