//! Invoices: by where they stand and when they fall due, by aging bucket, of one customer; or found by words, or the source's id. And one by its
//! id.

use domain::{BilledLine, Currency, CustomerId, InvoiceId, calendar::tenant_zone, dates::add_days};
use jiff::{Timestamp, civil::Date};
use store::{CustomerName, DayRange, InvoiceStanding, KnownInvoice, Line, List, Searched};

use super::{ListReading, ListedPage, Listing, PageAsked, SortOrder, customer, days, looked_for, no_cursor, word};
use crate::{Actor, Done, NotDone, Operation};

/// Which invoices, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvoicesAsked {
    /// `due_on`; with `-` before it from its end.
    pub sort: Option<String>,
    /// `draft`, `open`, `paid`, `void` or `written_off`; `open` where it is left out.
    pub status: Option<String>,
    /// `current`, `1-30`, `31-60`, `61-90` or `over_90` days past due, in the tenant's zone.
    pub bucket: Option<String>,
    /// Those that fall due on this day or later.
    pub due_from: Option<String>,
    /// Those that fall due on this day or before.
    pub due_until: Option<String>,
    /// Those of one customer.
    pub customer: Option<String>,
    /// Those that are found by these words.
    pub q: Option<String>,
}

/// An invoice in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedInvoice {
    /// Which.
    pub id: InvoiceId,
    /// Who owes it.
    pub customer: CustomerId,
    /// What the customer is called.
    pub name: Option<CustomerName>,
    /// What people call the invoice.
    pub number: String,
    /// The source's own id.
    pub external_id: String,
    /// Where it stands.
    pub status: String,
    /// The currency of its amounts.
    pub currency: Currency,
    /// Its total, minor units.
    pub total_minor: i64,
    /// What its own document says was paid.
    pub paid_minor: i64,
    /// What its own document says was credited.
    pub credited_minor: i64,
    /// When it was issued.
    pub issued_on: Option<Date>,
    /// When its oldest open part falls due.
    pub due_on: Date,
}

/// The aging buckets: fewest and most days past due.
const BUCKETS: [(&str, Option<i64>, Option<i64>); 5] = [
    ("current", None, Some(0)),
    ("1-30", Some(1), Some(30)),
    ("31-60", Some(31), Some(60)),
    ("61-90", Some(61), Some(90)),
    ("over_90", Some(91), None),
];

/// A page of invoices.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::Cursor`], and those of reading.
pub async fn list(
    reading: ListReading<'_>,
    actor: &Actor,
    asked: &InvoicesAsked,
    page: &PageAsked,
    now: Timestamp,
) -> Done<ListedPage<ListedInvoice>> {
    let tenant = actor.may(Operation::ListInvoices)?;
    let listing = Listing::open(reading, tenant, "invoices", asked, page).await?;
    let order = SortOrder::read(asked.sort.as_deref(), &[("due_on", ())])?;
    if let Some(words) = &asked.q {
        let InvoicesAsked { sort, status, bucket, due_from, due_until, customer, q: _ } = asked;
        if [sort, status, bucket, due_from, due_until, customer].into_iter().any(Option::is_some) {
            return Err(NotDone::field("/q", "what is found by words is in the order of the words; leave out the other filters"));
        }
        let words = looked_for(words)?;
        let found = reading.store.search(tenant, Searched::Invoices, words, listing.limit(), listing.after()).await;
        let found = found.map_err(no_cursor)?;
        let of = |line: Line| if let Line::Word(line) = line { Some((line.customer, line.invoice?)) } else { None };
        let ids: Vec<(CustomerId, InvoiceId)> = found.lines.into_iter().filter_map(of).collect();
        let known = reading.store.invoices_by_id(tenant, &ids).await?;
        return named(&listing, known.into_iter().map(row_of).collect(), found.after).await;
    }
    let status = asked.status.as_deref().unwrap_or("open");
    let words = InvoiceStanding::ALL.map(InvoiceStanding::as_str);
    let status = InvoiceStanding::read(word("/status", status, &words)?).unwrap_or(InvoiceStanding::Open);
    let range = range(reading, actor, asked, now).await?;
    let list = List::Invoices(customer(asked.customer.as_deref())?, status, range);
    let found = listing.read(&list, order.backwards).await?;
    let of = |line: Line| if let Line::Invoice(line) = line { Some(line) } else { None };
    let rows = found.lines.into_iter().filter_map(of).map(|line| ListedInvoice {
        id: line.invoice,
        customer: line.customer,
        name: None,
        number: line.number,
        external_id: line.external_id,
        status: line.status,
        currency: line.currency,
        total_minor: line.total_minor,
        paid_minor: line.paid_minor,
        credited_minor: line.credited_minor,
        issued_on: line.issued_on,
        due_on: line.due_on,
    });
    named(&listing, rows.collect(), found.after).await
}

/// One invoice, as lists have it, whatever became of it: none where it is not there. It is read by its id, so that nothing else is asked.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::Cursor`], and those of reading.
pub async fn one(
    reading: ListReading<'_>,
    actor: &Actor,
    asked: &InvoicesAsked,
    page: &PageAsked,
    id: &InvoiceId,
) -> Done<ListedPage<ListedInvoice>> {
    let tenant = actor.may(Operation::ListInvoices)?;
    if *asked != InvoicesAsked::default() {
        return Err(NotDone::field("/external_id", "one invoice is found by the source's id alone; leave out the other filters"));
    }
    if page.cursor.is_some() {
        return Err(NotDone::Cursor);
    }
    let Some(known) = reading.store.known_invoice(tenant, id).await? else { return Ok(ListedPage::whole(vec![])) };
    let mut names = reading.store.names(tenant, &[known.customer.clone()].into()).await?;
    let name = names.remove(&known.customer);
    Ok(ListedPage::whole(vec![ListedInvoice { name, ..row_of(known) }]))
}

/// One invoice with its lines, whatever became of it.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show(
    reading: ListReading<'_>,
    actor: &Actor,
    id: &str,
) -> Done<(KnownInvoice, Option<CustomerName>, Vec<BilledLine>)> {
    let tenant = actor.may(Operation::ShowInvoice)?;
    let none = || NotDone::NotFound("there is no such invoice; GET /v1/invoices lists those that there are".to_owned());
    let id = InvoiceId::parse(id).ok_or_else(none)?;
    let known = reading.store.known_invoice(tenant, &id).await?.ok_or_else(none)?;
    let mut names = reading.store.names(tenant, &[known.customer.clone()].into()).await?;
    let name = names.remove(&known.customer);
    let lines = reading.store.billed_lines(tenant, &id).await?;
    Ok((known, name, lines))
}

/// The days in which they fall due.
async fn range(reading: ListReading<'_>, actor: &Actor, asked: &InvoicesAsked, now: Timestamp) -> Done<DayRange> {
    let range = days(("/due_from", asked.due_from.as_deref()), ("/due_until", asked.due_until.as_deref()))?;
    let Some(bucket) = &asked.bucket else { return Ok(range) };
    if range != DayRange::default() {
        return Err(NotDone::field("/bucket", "a bucket says in which days they fall due; leave out 'due_from' and 'due_until'"));
    }
    word("/bucket", bucket, &BUCKETS.map(|(name, ..)| name))?;
    let settings = reading.store.settings(actor.tenant()).await?;
    let settings = settings.ok_or_else(|| NotDone::NotFound("this tenant has no settings yet".to_owned()))?;
    Ok(bucket_range(bucket, now.to_zoned(tenant_zone(&settings.value)).date()))
}

fn bucket_range(bucket: &str, today: Date) -> DayRange {
    let known = BUCKETS.iter().find(|(name, ..)| *name == bucket);
    let (fewest, most) = known.map_or((None, None), |(_, fewest, most)| (*fewest, *most));
    // The more days past due, the earlier it was due.
    DayRange { from: most.map(|most| add_days(today, -most)), until: fewest.map(|fewest| add_days(today, -fewest)) }
}

fn row_of(known: KnownInvoice) -> ListedInvoice {
    let KnownInvoice { customer, invoice, standing } = known;
    ListedInvoice {
        customer,
        name: None,
        status: standing.as_str().to_owned(),
        currency: invoice.currency,
        total_minor: invoice.total_minor,
        paid_minor: invoice.paid_minor,
        credited_minor: invoice.credited_minor,
        issued_on: Some(invoice.issued_on),
        due_on: invoice.due_on,
        id: invoice.id,
        number: invoice.number,
        external_id: invoice.external_id,
    }
}

async fn named(listing: &Listing<'_>, mut rows: Vec<ListedInvoice>, after: Option<String>) -> Done<ListedPage<ListedInvoice>> {
    let names = listing.names(rows.iter().map(|row| &row.customer)).await?;
    for row in &mut rows {
        row.name = names.get(&row.customer).cloned();
    }
    listing.page(rows, after).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;

    #[test]
    fn a_bucket_is_a_range_of_days() {
        let today: Date = "2026-03-31".parse().unwrap();
        for (bucket, from, until) in [
            ("current", Some("2026-03-31"), None),
            ("1-30", Some("2026-03-01"), Some("2026-03-30")),
            ("31-60", Some("2026-01-30"), Some("2026-02-28")),
            ("61-90", Some("2025-12-31"), Some("2026-01-29")),
            ("over_90", None, Some("2025-12-30")),
        ] {
            let day = |text: Option<&str>| text.map(|text| text.parse::<Date>().unwrap());
            assert_eq!(bucket_range(bucket, today), DayRange { from: day(from), until: day(until) }, "{bucket}");
        }
    }
}
