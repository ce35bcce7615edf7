//! Customers: by name, next action, what is past due, money at stake, the oldest that is due, and owner; those of one owner; or found by words or
//! the source's id.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Currency, CustomerId, Owed, TenantId};
use jiff::Timestamp;
use store::{CustomerBrief, CustomerName, Line, List, Ranked, RankedIn, Searched};

use super::{ListReading, ListedPage, Listing, PageAsked, SortOrder, looked_for, no_cursor};
use crate::{Actor, Done, NotDone, Operation};

/// Which customers, and in which order.
#[derive(Clone, Debug, Default)]
pub struct CustomersAsked {
    /// `name`, `next_action`, `overdue`, `money_at_stake`, `oldest_due` or `owner`; with `-` before it from its end.
    pub sort: Option<String>,
    /// In an order by amount: the reporting currency, or one that has no rate, alone.
    pub currency: Option<String>,
    /// Those who are found by these words.
    pub q: Option<String>,
    /// Those that a person gave to this owner, in the order of their ids.
    pub owner: Option<String>,
}

/// A customer in a list: its name, and what the list is ordered by.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerRow {
    /// Which.
    pub id: CustomerId,
    /// What it is called; `None` while its profile is not there or does not read.
    pub name: Option<CustomerName>,
    /// When it is decided next; `None` where the list does not say it, or only a new fact or a person wakes it.
    pub next_at: Option<Timestamp>,
    /// The amount that it is ranked by.
    pub ranked: Option<Ranked>,
    /// What it owes, where the list says it.
    pub owed: Option<BTreeMap<Currency, Owed>>,
    /// When that was found so.
    pub as_of: Option<Timestamp>,
    /// Whom a person gave it to, in the order by owner.
    pub owner: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum By {
    Name,
    Next,
    Overdue,
    Stake,
    Oldest,
    Owner,
}

const ORDERS: [(&str, By); 6] = [
    ("name", By::Name),
    ("next_action", By::Next),
    ("overdue", By::Overdue),
    ("money_at_stake", By::Stake),
    ("oldest_due", By::Oldest),
    ("owner", By::Owner),
];

/// A page of customers.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::Cursor`], and those of reading.
pub async fn list(
    reading: ListReading<'_>,
    actor: &Actor,
    asked: &CustomersAsked,
    page: &PageAsked,
) -> Done<ListedPage<CustomerRow>> {
    let tenant = actor.may(Operation::ListCustomers)?;
    let listing = Listing::open(reading, tenant, "customers", asked, page).await?;
    match (&asked.owner, asked.sort.as_deref()) {
        (Some(owner), None | Some("owner")) if asked.q.is_none() && asked.currency.is_none() => {
            return of_owner(&listing, tenant, owner).await;
        }
        (Some(_), _) => {
            let why = "the customers of an owner are in the order of their ids; leave out 'sort', 'q' and 'currency', or sort by 'owner'";
            return Err(NotDone::field("/owner", why));
        }
        (None, _) => {}
    }
    let order = SortOrder::read(asked.sort.as_deref(), &ORDERS)?;
    if let Some(words) = &asked.q {
        if asked.sort.is_some() || asked.currency.is_some() {
            return Err(NotDone::field(
                "/q",
                "what is found by words is in the order of the words; leave out 'sort' and 'currency'",
            ));
        }
        let words = looked_for(words)?;
        let found = reading.store.search(tenant, Searched::Customers, words, listing.limit(), listing.after()).await;
        let found = found.map_err(no_cursor)?;
        return rows(&listing, found.lines, found.after).await;
    }
    let ranked_in = ranked_in(reading, actor, asked, order.by).await?;
    let list = match order.by {
        By::Name => List::CustomersByName,
        By::Next => List::CustomersByNext,
        By::Overdue => List::CustomersByOverdue(ranked_in),
        By::Stake => List::CustomersByStake(ranked_in),
        By::Oldest => List::CustomersByOldest,
        By::Owner => return by_owner(&listing, tenant, order.backwards).await,
    };
    let found = listing.read(&list, order.backwards).await?;
    rows(&listing, found.lines, found.after).await
}

/// One customer by its id, as lists have it: none where it is not there.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], and those of reading.
pub async fn one(reading: ListReading<'_>, actor: &Actor, id: &CustomerId) -> Done<ListedPage<CustomerRow>> {
    let tenant = actor.may(Operation::ListCustomers)?;
    let mut known = reading.store.briefs(tenant, &BTreeSet::from([id.clone()])).await?;
    let row = known.remove(id).map(|brief| in_brief(id.clone(), brief));
    Ok(ListedPage::whole(row.into_iter().collect()))
}

/// The customers that a person gave to an owner.
async fn of_owner(listing: &Listing<'_>, tenant: &TenantId, owner: &str) -> Done<ListedPage<CustomerRow>> {
    let store = listing.store();
    let after = listing.after().map(|after| CustomerId::parse(after).ok_or(NotDone::Cursor)).transpose()?;
    let (customers, more) = store.owned(tenant, owner, listing.limit() as usize, after.as_ref()).await?;
    let next = customers.last().filter(|_| more).map(ToString::to_string);
    let mut known = store.briefs(tenant, &customers.iter().cloned().collect()).await?;
    let row = |id: CustomerId| match known.remove(&id) {
        Some(brief) => in_brief(id, brief),
        None => unnamed(id),
    };
    let rows = customers.into_iter().map(row).collect();
    listing.page(rows, next).await
}

/// The customers that a person gave to somebody, by owner.
async fn by_owner(listing: &Listing<'_>, tenant: &TenantId, backwards: bool) -> Done<ListedPage<CustomerRow>> {
    let found = listing.read(&List::CustomersByOwner, backwards).await?;
    let line = |line: Line| if let Line::Customer(line) = line { Some((line.customer, line.owner)) } else { None };
    let owned: Vec<(CustomerId, Option<String>)> = found.lines.into_iter().filter_map(line).collect();
    let mut known = listing.store().briefs(tenant, &owned.iter().map(|(id, _)| id.clone()).collect()).await?;
    let row = |(id, owner): (CustomerId, Option<String>)| {
        let row = match known.remove(&id) {
            Some(brief) => in_brief(id, brief),
            None => unnamed(id),
        };
        CustomerRow { owner, ..row }
    };
    let rows = owned.into_iter().map(row).collect();
    listing.page(rows, found.after).await
}

/// A customer of which nothing more is said.
fn unnamed(id: CustomerId) -> CustomerRow {
    CustomerRow { id, name: None, next_at: None, ranked: None, owed: None, as_of: None, owner: None }
}

fn in_brief(id: CustomerId, brief: CustomerBrief) -> CustomerRow {
    let CustomerBrief { name, source, external_id, owed, as_of } = brief;
    let name = Some(CustomerName { name, source, external_id });
    CustomerRow { name, owed: Some(owed), as_of, ..unnamed(id) }
}

/// The amounts that are asked for alone.
async fn ranked_in(reading: ListReading<'_>, actor: &Actor, asked: &CustomersAsked, by: By) -> Done<Option<RankedIn>> {
    let Some(text) = &asked.currency else { return Ok(None) };
    let wrong = |why: String| NotDone::field("/currency", why);
    if !matches!(by, By::Overdue | By::Stake) {
        return Err(wrong("only the orders 'overdue' and 'money_at_stake' are by amounts of a currency".to_owned()));
    }
    let currency = Currency::parse(text).map_err(|error| wrong(error.to_string()))?;
    let settings = reading.store.settings(actor.tenant()).await?;
    let reporting = settings.and_then(|settings| settings.value.reporting);
    let of = RankedIn::of(currency, reporting.as_ref());
    if of.currency() != currency {
        let why =
            format!("amounts of {currency} are ranked in {}, by the rate in settings.reporting; ask for that", of.currency());
        return Err(wrong(why));
    }
    Ok(Some(of))
}

async fn rows(listing: &Listing<'_>, lines: Vec<Line>, after: Option<String>) -> Done<ListedPage<CustomerRow>> {
    let mut rows: Vec<CustomerRow> = Vec::with_capacity(lines.len());
    for line in lines {
        match line {
            Line::Customer(line) => rows.push(unnamed(line.customer)),
            Line::Next(line) => rows.push(CustomerRow { next_at: line.at, ..unnamed(line.customer) }),
            Line::Owed(line) => {
                let (owed, as_of) = (Some(line.owed), line.as_of);
                rows.push(CustomerRow { ranked: line.ranked, owed, as_of, ..unnamed(line.customer) });
            }
            Line::Word(line) => rows.push(unnamed(line.customer)),
            Line::Case(_)
            | Line::Invoice(_)
            | Line::Payment(_)
            | Line::Message(_)
            | Line::Place(_)
            | Line::Person(_)
            | Line::Agreement(_)
            | Line::Task(_)
            | Line::Stopped(_) => {}
        }
    }
    let names = listing.names(rows.iter().map(|row| &row.id)).await?;
    for row in &mut rows {
        row.name = names.get(&row.id).cloned();
    }
    listing.page(rows, after).await
}
