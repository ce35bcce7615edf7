//! Where whoever reads a message can pay: the form of paying behind its portal link, where all that the message asks for can be paid by it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Channel, Covered, Currency, InvoiceId, Policy, TenantId, basket,
    decide::Situation,
    pay_sources::{PAY_SOURCES, paid_at_source, takes},
    receivables::{DueItem, Joins},
};
use store::{Error, Store, StoredTemplate};

/// The sources of the payment providers that a tenant is connected to, for a text that may say so: each mail may, and of the others those that name
/// links. Of any other text nothing is read.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn connected(store: &Store, tenant: &TenantId, template: &StoredTemplate) -> Result<Vec<String>, Error> {
    if template.channel != Channel::Email && !template.body.contains("links") {
        return Ok(Vec::new());
    }
    let connected = store.connected(tenant, PAY_SOURCES).await?;
    Ok(connected.into_iter().map(|(source, _)| source).collect())
}

/// The form of paying below `portal`, where each of the rows can be paid by it: by one of the connected providers, by a transfer to an account that the
/// settings name, or on the page that the invoice's source has for it. Where the customer owes several currencies or companies, it opens at the one that
/// the message is about.
pub(crate) fn pay_link(
    situation: &Situation<'_>,
    policy: &Policy,
    rows: &[Covered],
    connected: &[String],
    portal: &str,
) -> Option<String> {
    let receivables = &situation.receivables;
    let most = basket::payable(receivables, situation.now);
    let of_invoice: BTreeMap<&InvoiceId, &DueItem<'_>> =
        receivables.items.iter().filter_map(|item| Some((item.key.invoice()?, item))).collect();
    let takes_it = |currency: Currency, entity: &str| {
        connected.iter().any(|source| takes(source, currency)) || policy.settings.bank_account_of(entity, currency).is_some()
    };
    let source = situation.facts.customer.source.as_str();
    let is_payable = |invoice: &InvoiceId| {
        let item = of_invoice.get(invoice).filter(|_| most.get(invoice).is_some_and(|minor| *minor > 0));
        // What is paid at its source is not paid here, whoever is connected.
        item.is_some_and(|item| paid_at_source(source, item.url).is_some() || takes_it(item.currency, item.legal_entity))
    };
    let can_be_paid = |item: &DueItem<'_>| match (item.key.invoice(), item.joins) {
        (Some(invoice), _) => is_payable(invoice),
        // A part of a plan is paid by paying the invoices that it stands for.
        (None, Joins::Plan(of)) => of.iter().any(|stood| is_payable(&stood.invoice)),
        // Nobody pays a charge there.
        (None, Joins::Own | Joins::Workflow(_)) => false,
    };
    let covered: Vec<Option<&DueItem<'_>>> = rows.iter().map(|row| receivables.item(&row.item)).collect();
    let first = covered.iter().copied().flatten().next()?;
    if !covered.iter().all(|item| item.is_some_and(can_be_paid)) {
        return None;
    }
    let groups: BTreeSet<(Currency, &str)> = receivables.items.iter().map(|item| (item.currency, item.legal_entity)).collect();
    Some(if groups.len() > 1 {
        let to = if first.legal_entity.is_empty() { String::new() } else { format!("&to={}", encoded(first.legal_entity)) };
        format!("{portal}/pay?in={}{to}", first.currency.code())
    } else {
        format!("{portal}/pay")
    })
}

/// A legal entity's id in an address.
fn encoded(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    id.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
