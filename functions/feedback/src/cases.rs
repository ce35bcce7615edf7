//! The case that an answer is of, where one alone would do.

use std::collections::BTreeSet;

use domain::{Case, CaseId, CaseState, CustomerId, MessageId, TenantId};
use store::{MessageFound, Result, Store};

/// The case that a message is of.
///
/// # Errors
///
/// Those of the table.
pub async fn case_of(
    store: &Store,
    tenant: &TenantId,
    customer: &CustomerId,
    message: &MessageId,
    number: Option<u64>,
) -> Result<Option<CaseId>> {
    let mut found = match number {
        Some(_) => store.message_of(tenant, customer, number, message).await?,
        None => None,
    };
    if found.is_none() {
        let line = store.message_line(tenant, message).await?.filter(|line| line.customer == *customer);
        found = store.message_of(tenant, customer, line.map(|line| line.number), message).await?;
    }
    Ok(match found {
        Some(MessageFound::Pending(head, entry)) => head.cases.get(&entry.message.case).map(|case| case.id.clone()),
        Some(MessageFound::Settled(record)) => the_only(record.cases.iter().filter_map(|trace| trace.case.as_ref())).cloned(),
        None => None,
    })
}

/// The cases of a customer.
///
/// # Errors
///
/// Those of the table.
pub async fn cases_of(store: &Store, tenant: &TenantId, customer: &CustomerId) -> Result<Vec<Case>> {
    let head = store.head(tenant, customer).await?;
    Ok(head.map(|head| head.cases.into_values().collect()).unwrap_or_default())
}

/// The one case of a customer that is not over.
///
/// # Errors
///
/// Those of the table.
pub async fn open_case_of(store: &Store, tenant: &TenantId, customer: &CustomerId) -> Result<Option<CaseId>> {
    let own = cases_of(store, tenant, customer).await?;
    Ok(the_only(own.iter().filter(|case| case.state != CaseState::Closed)).map(|case| case.id.clone()))
}

/// Of several customers the one with the one case that is not over, and that case; or the only customer at all.
///
/// # Errors
///
/// Those of the table.
pub async fn the_only_open(
    store: &Store,
    tenant: &TenantId,
    customers: &BTreeSet<CustomerId>,
) -> Result<Option<(CustomerId, Option<CaseId>)>> {
    let mut open: Vec<(CustomerId, CaseId)> = Vec::new();
    for customer in customers {
        let cases = cases_of(store, tenant, customer).await?.into_iter();
        open.extend(cases.filter(|case| case.state != CaseState::Closed).map(|case| (customer.clone(), case.id)));
    }
    Ok(match (the_only(open.into_iter()), the_only(customers.iter())) {
        (Some((customer, case)), _) => Some((customer, Some(case))),
        (None, Some(customer)) => Some((customer.clone(), None)),
        (None, None) => None,
    })
}

/// The one thing of some, where there is one and no other.
pub fn the_only<T>(mut of: impl Iterator<Item = T>) -> Option<T> {
    of.next().filter(|_| of.next().is_none())
}
