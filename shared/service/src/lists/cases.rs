//! Cases of a state, by when they opened.

use domain::{CaseId, CustomerId};
use store::{CaseLine, CustomerName, Line, List};

use super::{ListReading, ListedPage, Listing, PageAsked, SortOrder, word};
use crate::{Actor, Done, Operation};

/// Which cases, and in which order.
#[derive(Clone, Debug, Default)]
pub struct CasesAsked {
    /// `opened_at`; with `-` before it from its end.
    pub sort: Option<String>,
    /// `open`, `waiting`, `ended` or `closed`; `open` where it is left out.
    pub state: Option<String>,
}

/// A case in a list, and what its customer is called.
pub type CaseRow = (CaseLine, Option<CustomerName>);

/// A page of cases. Of closed ones a customer's last few are listed.
///
/// # Errors
///
/// [`crate::NotDone::NotAllowed`], [`crate::NotDone::Fields`], [`crate::NotDone::Cursor`], and those of reading.
pub async fn list(reading: ListReading<'_>, actor: &Actor, asked: &CasesAsked, page: &PageAsked) -> Done<ListedPage<CaseRow>> {
    let tenant = actor.may(Operation::ListCases)?;
    let listing = Listing::open(reading, tenant, "cases", asked, page).await?;
    let order = SortOrder::read(asked.sort.as_deref(), &[("opened_at", ())])?;
    let state = word("/state", asked.state.as_deref().unwrap_or("open"), &["open", "waiting", "ended", "closed"])?;
    let found = listing.read(&List::Cases(state.to_owned()), order.backwards).await?;
    let of = |line: Line| if let Line::Case(line) = line { Some(line) } else { None };
    let lines: Vec<CaseLine> = found.lines.into_iter().filter_map(of).collect();
    let names = listing.names(lines.iter().map(|line| &line.customer)).await?;
    let named = |line: CaseLine| {
        let name = names.get(&line.customer).cloned();
        (line, name)
    };
    listing.page(lines.into_iter().map(named).collect(), found.after).await
}

/// Whose matter is asked for, by the customer's id or a case's; `None` where there is no such customer or case.
///
/// # Errors
///
/// Those of reading.
pub async fn whose(reading: ListReading<'_>, actor: &Actor, id: &str) -> Done<Option<CustomerId>> {
    if let Some(customer) = CustomerId::parse(id) {
        return Ok(Some(customer));
    }
    match CaseId::parse(id) {
        Some(case) => Ok(reading.store.whose_case(actor.tenant(), &case).await?),
        None => Ok(None),
    }
}
