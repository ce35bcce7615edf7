//! Agreements of a kind and status: promises by the day promised, others by age.

use domain::{DisputeStatus, MoneyStatus, PauseStatus, PlanStatus, PromiseStatus};
use store::{AgreementLine, CustomerName, Line, List};

use super::{ListReading, ListedPage, Listing, PageAsked, SortOrder, word};
use crate::{Actor, Done, NotDone, Operation};

/// Which agreements, and in which order.
#[derive(Clone, Debug, Default)]
pub struct AgreementsAsked {
    /// `pays_on` of promises, `made_at` of others; with `-` before it from its end.
    pub sort: Option<String>,
    /// `promise`, `dispute`, `plan`, `pause` or `money`.
    pub kind: Option<String>,
    /// A status of the kind; that of those which are not over where it is left out.
    pub status: Option<String>,
}

/// An agreement in a list, and what its customer is called.
pub type AgreementRow = (AgreementLine, Option<CustomerName>);

/// Each kind, what its list is ordered by, its statuses, and that of what is not over.
const KINDS: [(&str, &str, &[&str], &str); 5] = [
    ("promise", "pays_on", PromiseStatus::WORDS, "open"),
    ("dispute", "made_at", DisputeStatus::WORDS, "open"),
    ("plan", "made_at", PlanStatus::WORDS, "running"),
    ("pause", "made_at", PauseStatus::WORDS, "running"),
    ("money", "made_at", MoneyStatus::WORDS, "expected"),
];

/// A page of agreements, as they were last recorded.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::Cursor`], and those of reading.
pub async fn list(
    reading: ListReading<'_>,
    actor: &Actor,
    asked: &AgreementsAsked,
    page: &PageAsked,
) -> Done<ListedPage<AgreementRow>> {
    let tenant = actor.may(Operation::ListAgreements)?;
    let listing = Listing::open(reading, tenant, "agreements", asked, page).await?;
    let kind = asked.kind.as_deref().unwrap_or_default();
    let known = KINDS.iter().find(|(name, ..)| *name == kind);
    let wrong = || NotDone::field("/kind", "agreements are listed by kind: promise, dispute, plan, pause or money");
    let (kind, by, statuses, open) = known.ok_or_else(wrong)?;
    let order = SortOrder::read(asked.sort.as_deref(), &[(*by, ())])?;
    let status = word("/status", asked.status.as_deref().unwrap_or(*open), statuses)?;
    let list = List::Agreements((*kind).to_owned(), status.to_owned());
    let found = listing.read(&list, order.backwards).await?;
    let of = |line: Line| if let Line::Agreement(line) = line { Some(line) } else { None };
    let lines: Vec<AgreementLine> = found.lines.into_iter().filter_map(of).collect();
    let names = listing.names(lines.iter().map(|line| &line.customer)).await?;
    let named = |line: AgreementLine| {
        let name = names.get(&line.customer).cloned();
        (line, name)
    };
    listing.page(lines.into_iter().map(named).collect(), found.after).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_over_is_a_status_of_its_kind() {
        for (kind, _, statuses, open) in KINDS {
            assert!(statuses.contains(&open), "{kind}");
        }
    }
}
