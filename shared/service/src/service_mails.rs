//! Service mails of a customer: what was sent to whoever came by its portal links, and what became of each.

use domain::{CustomerId, ServiceMailId};
use jiff::Timestamp;
use store::{ServiceMailPage, Store};

use crate::{Actor, Done, NotDone, Operation, customers::no_customer};

/// Mails of a page where nothing else is asked.
const PAGE: usize = 50;
/// Most mails of a page.
const PAGE_MAX: usize = 200;

/// The service mails of a customer of the last 90 days.
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
    now: Timestamp,
) -> Done<(CustomerId, ServiceMailPage)> {
    let tenant = actor.may(Operation::ListServiceMails)?;
    let customer = CustomerId::parse(customer).ok_or_else(no_customer)?;
    store.head(tenant, &customer).await?.ok_or_else(no_customer)?;
    let none = || NotDone::field("/cursor", "'cursor' is the 'next' of an earlier page");
    let after = cursor.map(|cursor| ServiceMailId::parse(cursor).ok_or_else(none)).transpose()?;
    let most = limit.map_or(PAGE, |limit| limit as usize).clamp(1, PAGE_MAX);
    let page = store.service_mails(tenant, &customer, most, after.as_ref(), now).await?;
    Ok((customer, page))
}
