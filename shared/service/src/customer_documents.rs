//! Documents of customers that people fetch to hand them on: whose they are, and that there is who they are about. They are made elsewhere.

use domain::{CustomerId, InvoiceId, TenantId};
use store::Store;

use crate::{Actor, Done, NotDone, Operation, customers::known_customer};

/// The customer whose statement somebody fetches.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn statement(store: &Store, actor: &Actor, customer: &str) -> Done<(TenantId, CustomerId)> {
    let tenant = actor.may(Operation::FetchStatement)?;
    let customer = known_customer(store, tenant, customer).await?;
    Ok((tenant.clone(), customer))
}

/// The invoice of which somebody fetches a copy, and whose it is.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn invoice_copy(store: &Store, actor: &Actor, invoice: &str) -> Done<(TenantId, CustomerId, InvoiceId)> {
    let tenant = actor.may(Operation::FetchInvoiceCopy)?;
    let none = || NotDone::NotFound("there is no such invoice; GET /v1/invoices lists those that there are".to_owned());
    let invoice = InvoiceId::parse(invoice).ok_or_else(none)?;
    let known = store.known_invoice(tenant, &invoice).await?.ok_or_else(none)?;
    Ok((tenant.clone(), known.customer, invoice))
}
