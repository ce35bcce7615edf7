//! When customers were last contacted and last replied, for lists of whom to call: one batch of reads a page.

use std::collections::BTreeMap;

use domain::{CustomerId, Mode};
use jiff::Timestamp;

use super::ListReading;
use crate::{Actor, Done, Operation};

/// When a customer was last contacted, and last replied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastHeard {
    /// By a message that left, or by a call or letter that a person wrote down.
    pub contacted_at: Option<Timestamp>,
    /// By an answer.
    pub replied_at: Option<Timestamp>,
}

/// The same of customers by their ids, as `mode` counts contacts. Who is not there, or does not read, is left out.
///
/// # Errors
///
/// [`NotDone::NotAllowed`](crate::NotDone::NotAllowed), and those of reading.
pub async fn last_heard(
    reading: ListReading<'_>,
    actor: &Actor,
    customers: &[CustomerId],
    mode: Mode,
) -> Done<BTreeMap<CustomerId, LastHeard>> {
    let tenant = actor.may(Operation::ListCustomers)?;
    let heads = reading.store.heads(tenant, customers).await?;
    let known = heads.into_iter().filter_map(|(id, head)| {
        let head = head.ok()?;
        Some((id, LastHeard { contacted_at: head.last_contact.in_mode(mode), replied_at: head.replied_at }))
    });
    Ok(known.collect())
}
