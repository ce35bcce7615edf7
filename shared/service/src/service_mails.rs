//! Service mails of a customer: what was sent to whoever came by its portal links, and what became of each.

use domain::{CustomerId, ServiceMailId};
use jiff::Timestamp;
use store::{ServiceMailPage, Store};

use crate::{
    Actor, Done, Operation,
    cursors::{no_cursor, page_size},
    customers::known_customer,
};

/// The service mails of a customer of the last 90 days.
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
    now: Timestamp,
) -> Done<(CustomerId, ServiceMailPage)> {
    let tenant = actor.may(Operation::ListServiceMails)?;
    let customer = known_customer(store, tenant, customer).await?;
    let after = cursor.map(|cursor| ServiceMailId::parse(cursor).ok_or_else(no_cursor)).transpose()?;
    let most = page_size(limit);
    let page = store.service_mails(tenant, &customer, most, after.as_ref(), now).await?;
    Ok((customer, page))
}
