//! Customers of a page of a list, each with all that a list of customers shows: what it owes, when it is decided next and whose it is. One batch
//! of reads a page, whatever the list is ordered by.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Currency, CustomerId, Next, Owed, owners::owner_by_rule};
use jiff::Timestamp;
use store::CustomerCard;

use super::ListReading;
use crate::{Actor, Done, Operation};

/// A customer as a list of customers shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownCustomer {
    /// What it is called.
    pub name: String,
    /// The source's own id.
    pub external_id: String,
    /// What it owed in each currency, as of `as_of`.
    pub owed: BTreeMap<Currency, Owed>,
    /// When that was found.
    pub as_of: Option<Timestamp>,
    /// When it is decided next; `None` of a customer that has no head.
    pub next: Option<Next>,
    /// Whose it is, by hand, else by a rule of the settings; nobody's where neither says one.
    pub owner: Option<String>,
}

/// Customers by their ids, as moments ago; who is not there, or does not read, is left out.
///
/// # Errors
///
/// [`NotDone::NotAllowed`](crate::NotDone::NotAllowed), and those of reading.
pub async fn show_cards(
    reading: ListReading<'_>,
    actor: &Actor,
    customers: &BTreeSet<CustomerId>,
) -> Done<BTreeMap<CustomerId, ShownCustomer>> {
    let tenant = actor.may(Operation::ListCustomers)?;
    let settings = reading.store.settings(tenant).await?;
    let rules = settings.map(|settings| settings.value.owners).unwrap_or_default();
    let shown = |card: CustomerCard| {
        let CustomerCard { described, owed, as_of, next, owner } = card;
        let by_rule = || owner_by_rule(&rules, &described).map(str::to_owned);
        let owner = owner.map(|known| known.owner).or_else(by_rule);
        ShownCustomer { owner, owed, as_of, next, name: described.name, external_id: described.external_id }
    };
    let cards = reading.store.customer_cards(tenant, customers).await?;
    Ok(cards.into_iter().map(|(id, card)| (id, shown(card))).collect())
}
