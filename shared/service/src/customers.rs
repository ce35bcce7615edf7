//! What people set right of a customer: versions of its objects that a source got wrong.

use domain::{CustomerId, Facts, InvoiceId, PaymentId, SourceVersion, TenantId, VersionOf};
use jiff::Timestamp;
use serde_json::json;
use store::Store;

use crate::{Actor, Done, NotDone, Operation};

/// Longest reason, in characters.
const REASON_MAX: usize = 500;

/// Which object's version is to be reset; the customer's own where neither is named.
#[derive(Clone, Debug, Default)]
pub struct ResetAsked {
    /// An invoice, by its id here or the source's own.
    pub invoice: Option<String>,
    /// A payment, by its id here or the source's own.
    pub payment: Option<String>,
    /// Why: it is kept in the audit.
    pub reason: Option<String>,
}

/// Makes whatever the source says next of an object newer than what is known of it. The version that it had.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::NotFound`], and those of the table.
pub async fn reset_version(
    store: &Store,
    actor: &Actor,
    customer: &str,
    asked: &ResetAsked,
    now: Timestamp,
) -> Done<SourceVersion> {
    let tenant = actor.may(Operation::ResetVersion)?;
    let reason = reason_of(asked.reason.as_deref())?;
    let reason = reason.ok_or_else(|| NotDone::field("/reason", "say why its version is wrong; the audit keeps it"))?;
    let customer = CustomerId::parse(customer).ok_or_else(no_customer)?;
    let facts = store.explain(tenant, &customer, 1).await?.ok_or_else(no_customer)?.facts;
    let none = || NotDone::NotFound("the customer has no such object with a version; name it by its id here".to_owned());
    let (of, object) = match (&asked.invoice, &asked.payment) {
        (Some(_), Some(_)) => return Err(NotDone::field("/payment", "name an invoice or a payment, not both")),
        (Some(wanted), None) => {
            let id = invoice_of(&facts, wanted).ok_or_else(none)?;
            (VersionOf::Invoice(id.clone()), id.as_str().to_owned())
        }
        (None, Some(wanted)) => {
            let id = payment_of(&facts, wanted).ok_or_else(none)?;
            (VersionOf::Payment(id.clone()), id.as_str().to_owned())
        }
        (None, None) => (VersionOf::Customer, customer.as_str().to_owned()),
    };
    let had = match &of {
        VersionOf::Customer => facts.customer.source_version,
        VersionOf::Invoice(id) => facts.invoices.iter().find(|it| it.invoice.id == *id).map(|it| it.invoice.source_version),
        VersionOf::Payment(id) => facts.payments.iter().find(|it| it.payment.id == *id).map(|it| it.payment.source_version),
    };
    let entry = actor.entry(Operation::ResetVersion, now).of(object).about(&customer).noting(Some(reason));
    let entry = entry.with(json!({ "version": had.map(|had| had.to_string()) }));
    store.acting(entry).reset_version(tenant, &customer, &of, now).await?.ok_or_else(none)
}

fn invoice_of(facts: &Facts, wanted: &str) -> Option<InvoiceId> {
    let known = facts.invoices.iter().map(|fact| &fact.invoice).find(|known| known.external_id == wanted);
    known.map(|known| known.id.clone()).or_else(|| InvoiceId::parse(wanted))
}

fn payment_of(facts: &Facts, wanted: &str) -> Option<PaymentId> {
    let known = facts.payments.iter().map(|fact| &fact.payment).find(|known| known.external_id == wanted);
    known.map(|known| known.id.clone()).or_else(|| PaymentId::parse(wanted))
}

pub(crate) fn no_customer() -> NotDone {
    NotDone::NotFound("there is no such customer".to_owned())
}

/// The customer of an id that somebody gave, which the tenant has.
pub(crate) async fn known_customer(store: &Store, tenant: &TenantId, id: &str) -> Done<CustomerId> {
    let customer = CustomerId::parse(id).ok_or_else(no_customer)?;
    store.head(tenant, &customer).await?.ok_or_else(no_customer)?;
    Ok(customer)
}

/// A reason that the audit keeps, without blanks around it. No erasure reaches an entry, so that a reason has no address in it.
pub(crate) fn reason_of(text: Option<&str>) -> Done<Option<String>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > REASON_MAX) {
        return Err(NotDone::field("/reason", format!("a reason has at most {REASON_MAX} characters")));
    }
    if text.is_some_and(|text| text.contains('@')) {
        let why = "the audit keeps it for good: leave out addresses and whatever else has an @, and name nobody";
        return Err(NotDone::field("/reason", why));
    }
    Ok(text.map(str::to_owned))
}
