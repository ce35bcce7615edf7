//! How easy customers said it was to settle something.

use domain::{AgreementId, CustomerId, PaymentId};
use store::{RatingPage, Store};

use crate::{
    Actor, Done, Operation,
    cursors::{no_cursor, page_size},
    customers::known_customer,
};

/// What a customer said.
///
/// # Errors
///
/// [`crate::NotDone::NotAllowed`], [`crate::NotDone::NotFound`] for the customer, [`crate::NotDone::Fields`] for a cursor that is none, and those of
/// reading.
pub async fn list(
    store: &Store,
    actor: &Actor,
    customer: &str,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Done<(CustomerId, RatingPage)> {
    let tenant = actor.may(Operation::ListRatings)?;
    let customer = known_customer(store, tenant, customer).await?;
    if cursor.is_some_and(|cursor| PaymentId::parse(cursor).is_none() && AgreementId::parse(cursor).is_none()) {
        return Err(no_cursor());
    }
    let most = page_size(limit);
    let page = store.ratings(tenant, &customer, most, cursor).await?;
    Ok((customer, page))
}
