//! How easy customers said it was to settle something.

use domain::{AgreementId, CustomerId, PaymentId};
use store::{RatingPage, Store};

use crate::{Actor, Done, NotDone, Operation, customers::no_customer};

/// Ratings of a page where nothing else is asked.
const PAGE: usize = 50;
/// Most ratings of a page.
const PAGE_MAX: usize = 200;

/// What a customer said.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] for the customer, [`NotDone::Fields`] for a cursor that is none, and those of reading.
pub async fn list(
    store: &Store,
    actor: &Actor,
    customer: &str,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Done<(CustomerId, RatingPage)> {
    let tenant = actor.may(Operation::ListRatings)?;
    let customer = CustomerId::parse(customer).ok_or_else(no_customer)?;
    store.head(tenant, &customer).await?.ok_or_else(no_customer)?;
    if cursor.is_some_and(|cursor| PaymentId::parse(cursor).is_none() && AgreementId::parse(cursor).is_none()) {
        return Err(NotDone::field("/cursor", "'cursor' is the 'next' of an earlier page"));
    }
    let most = limit.map_or(PAGE, |limit| limit as usize).clamp(1, PAGE_MAX);
    let page = store.ratings(tenant, &customer, most, cursor).await?;
    Ok((customer, page))
}
