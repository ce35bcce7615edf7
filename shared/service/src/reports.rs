//! Reports: which there are, and what each says of a tenant's customers at the end of a day.
//!
//! Whole numbers of groups are totals that `report` wrote: of a past day those that it closed, of today those of its last look. What one
//! customer comes to is what is kept of it, or is replayed from its facts and their history. Nothing is reckoned here: `figures` has every formula.

mod answered;
mod asked;
mod lines;
mod of_customers;

use std::collections::{BTreeMap, BTreeSet};

use domain::{CustomerId, Settings, TenantId, calendar::tenant_zone};
use figures::{GroupBy, LedgerEntry, report::ReportName};
use jiff::{Timestamp, civil::Date};
use store::Store;

pub use answered::{
    AnsweredReport, MadeOf, ReportColumn, ReportCurrencies, ReportEntries, ReportKind, ReportLine, ReportQuery, StatedRates,
};

use crate::{Actor, Done, NotDone, Operation, customers::no_customer, matter};

/// Most entries of a customer that are told at once.
const ENTRIES_MAX: usize = 2_000;

/// The reports that there are.
///
/// # Errors
///
/// [`NotDone::NotAllowed`].
pub fn list(actor: &Actor) -> Done<Vec<ReportKind>> {
    actor.may(Operation::ListReports)?;
    let kind = |name: ReportName| ReportKind {
        name,
        says: says(name),
        has_period: name.has_period(),
        by: GroupBy::ALL.into_iter().filter(|by| name.may_be_by(*by)).collect(),
        together: asked::can_be_together(name),
    };
    Ok(ReportName::ALL.into_iter().map(kind).collect())
}

/// What a report says, in a sentence.
const fn says(name: ReportName) -> &'static str {
    match name {
        ReportName::Aging => "What is open at the end of a day, by days past due.",
        ReportName::Dso => "Days sales outstanding: simple, by countback and the best possible, and what of it is delay.",
        ReportName::DaysToPay => "How many days after issue and after the due date invoices were settled.",
        ReportName::Effectiveness => "How much of what was there to be collected was collected.",
        ReportName::Collected => "What was sold, collected, taken back, credited and written off.",
        ReportName::Promises => "Promises that were made, and how those that ended were kept.",
        ReportName::Disputes => "What is contested at the end of a day, by reason and age.",
        ReportName::Responses => "What came of touches, by step, channel, language, version and hour.",
        ReportName::Cost => "How many touches there were, and what it cost to collect.",
        ReportName::Concentration => "Which part of what is open the customers owe that owe most.",
        ReportName::Ratings => "How easy customers said it was to settle something.",
    }
}

fn today(settings: &Settings, now: Timestamp) -> Date {
    now.to_zoned(tenant_zone(settings)).date()
}

/// A report.
///
/// # Errors
///
/// [`NotDone::NotAllowed`]; [`NotDone::Fields`] for what cannot be asked of it, with a pointer to the field of [`ReportQuery`]; [`NotDone::Cursor`];
/// [`NotDone::NotFound`] for a customer; and those of reading.
pub async fn report(store: &Store, actor: &Actor, name: ReportName, query: &ReportQuery, now: Timestamp) -> Done<AnsweredReport> {
    let tenant = actor.may(Operation::ShowReport)?;
    let settings = matter::settings(store, tenant).await?;
    let today = today(&settings, now);
    let place = store.reports_place(tenant).await?;
    let newest = place.as_ref().and_then(store::ReportsPlace::newest);
    let asked = asked::read(name, query, &settings, (today, newest))?;
    let has = place.as_ref().is_some_and(|place| place.has(asked.as_of));
    let (groups, next) = match asked.by {
        GroupBy::Customer => of_customers::page(store, tenant, &settings, &asked, (today, place.as_ref())).await?,
        GroupBy::Tenant | GroupBy::Segment | GroupBy::Owner | GroupBy::LegalEntity if has => {
            (store.totals(tenant, asked.as_of, asked.by).await?, None)
        }
        by @ (GroupBy::Tenant | GroupBy::Segment | GroupBy::Owner | GroupBy::LegalEntity) => {
            (figures::Groups::none(by, asked.as_of), None)
        }
    };
    let data_from = place.as_ref().map(|place| place.data_from);
    let is_known = match asked.by {
        GroupBy::Customer => data_from.is_some_and(|from| from <= asked.as_of),
        GroupBy::Tenant | GroupBy::Segment | GroupBy::Owner | GroupBy::LegalEntity => !groups.all.is_empty(),
    };
    let (groups, rates) = match (asked.currencies, &settings.reporting) {
        (ReportCurrencies::Together, Some(reporting)) => {
            let (groups, rates) = lines::together(groups, reporting, today);
            (groups, Some(rates))
        }
        (ReportCurrencies::Each | ReportCurrencies::Only(_) | ReportCurrencies::Together, _) => (groups, None),
    };
    let (mut rows, begins_before_data) = lines::told(&asked, &groups, data_from);
    call(store, tenant, &settings, asked.by, &mut rows).await?;
    let is_current = |place: &store::ReportsPlace| place.is_done() && place.on == asked.as_of;
    Ok(AnsweredReport {
        name,
        by: asked.by,
        as_of: asked.as_of,
        is_today: asked.as_of == today,
        reckoned_at: place.as_ref().filter(|place| is_current(place)).map(|place| place.summed_at),
        period: asked.period().map(|period| (period.from, period.to)),
        data_from,
        begins_before_data,
        is_without_data: !is_known,
        rates,
        columns: lines::columns(name, asked.as_of),
        rows,
        next,
    })
}

/// Says what people call the groups of rows.
async fn call(store: &Store, tenant: &TenantId, settings: &Settings, by: GroupBy, rows: &mut [ReportLine]) -> Done<()> {
    let names: BTreeMap<String, String> = match by {
        GroupBy::Tenant => [(String::new(), settings.name.clone())].into(),
        GroupBy::Segment => BTreeMap::new(),
        GroupBy::Owner => {
            let members = store.members(tenant).await?;
            members.into_iter().filter_map(|member| Some((member.subject, member.name?))).collect()
        }
        GroupBy::LegalEntity => rows.iter().map(|row| (row.group.clone(), settings.name_of(&row.group).to_owned())).collect(),
        GroupBy::Customer => {
            let customers: BTreeSet<CustomerId> = rows.iter().filter_map(|row| CustomerId::parse(&row.group)).collect();
            let names = store.names(tenant, &customers).await?;
            names.into_iter().map(|(customer, named)| (customer.to_string(), named.name)).collect()
        }
    };
    for row in rows {
        if let Some(name) = names.get(&row.group) {
            row.called.clone_from(name);
        }
    }
    Ok(())
}

/// What happened to a customer within days, until the end of `to`, today where it is not said.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] for the customer, [`NotDone::Fields`] for days that end before they begin, and those of reading.
pub async fn entries(
    store: &Store,
    actor: &Actor,
    customer: &str,
    (from, to): (Option<Date>, Option<Date>),
    now: Timestamp,
) -> Done<ReportEntries> {
    let tenant = actor.may(Operation::ListLedger)?;
    let customer = CustomerId::parse(customer).ok_or_else(no_customer)?;
    let settings = matter::settings(store, tenant).await?;
    let today = today(&settings, now);
    let to = to.unwrap_or(today);
    if from.is_some_and(|from| from > to) {
        return Err(NotDone::field("/from", format!("the days end on {to}, before they begin")));
    }
    let books = store.customer_books(tenant, &customer, &settings, today).await?.ok_or_else(no_customer)?;
    let is_asked = |entry: &&LedgerEntry| from.is_none_or(|from| from <= entry.on) && entry.on <= to;
    let mut entries: Vec<LedgerEntry> = books.ledger.in_order().into_iter().filter(is_asked).cloned().collect();
    let is_cut_short = entries.len() > ENTRIES_MAX;
    entries.drain(..entries.len().saturating_sub(ENTRIES_MAX));
    let names = store.names(tenant, &BTreeSet::from([customer.clone()])).await?;
    let called = names.get(&customer).map_or_else(|| customer.to_string(), |named| named.name.clone());
    Ok(ReportEntries { customer, called, entries, is_cut_short })
}
