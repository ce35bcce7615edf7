//! Baskets of a customer: what somebody set out to pay here, and how it stands. And one by its id.

use domain::{Basket, BasketStatus, PaymentId, word::Word};
use jiff::Timestamp;
use store::Store;

use super::{ListReading, ListedPage, Listing, PageAsked, customer, word};
use crate::{Actor, Done, NotDone, Operation, baskets::known};

/// Which baskets.
#[derive(Clone, Debug, Default)]
pub struct BasketsAsked {
    /// Whose. A list is of one customer.
    pub customer: Option<String>,
    /// Those that stand so now: one of `BasketStatus::WORDS`.
    pub status: Option<String>,
}

/// A page of a customer's baskets, by nothing that means anything. What stands otherwise than was asked for is left out of the page after it
/// was read.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::Cursor`], and those of reading.
pub async fn list(
    reading: ListReading<'_>,
    actor: &Actor,
    asked: &BasketsAsked,
    page: &PageAsked,
    now: Timestamp,
) -> Done<ListedPage<Basket>> {
    let tenant = actor.may(Operation::ListBaskets)?;
    let listing = Listing::open(reading, tenant, Operation::ListBaskets.as_str(), asked, page).await?;
    let whose = || NotDone::field("/customer", "name the customer, 'cus_…': a list of baskets is of one customer");
    let customer = customer(asked.customer.as_deref())?.ok_or_else(whose)?;
    let status = asked.status.as_deref().map(|status| word("/status", status, BasketStatus::WORDS)).transpose()?;
    let after = listing.after().map(|after| PaymentId::parse(after).ok_or(NotDone::Cursor)).transpose()?;
    let most = listing.limit() as usize;
    let mut baskets = listing.store().baskets_after(tenant, &customer, most.saturating_add(1), after.as_ref()).await?;
    let has_more = baskets.len() > most;
    baskets.truncate(most);
    let after = baskets.last().filter(|_| has_more).map(|basket| basket.id.to_string());
    baskets.retain(|basket| status.is_none_or(|status| basket.standing(now).as_str() == status));
    listing.page(baskets, after).await
}

/// One basket.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show(store: &Store, actor: &Actor, id: &str) -> Done<Basket> {
    let tenant = actor.may(Operation::ShowBasket)?;
    Ok(known(store, tenant, id).await?.1)
}
