//! What is open of whom, on one side and the other, invoice by invoice.

use std::collections::{BTreeMap, BTreeSet};

use connectors::Page;
use domain::{Currency, CustomerId, Document, Invoice, InvoiceId, InvoiceStatus, Money};
use serde::{Deserialize, Serialize};

/// What is open of one invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) customer: CustomerId,
    pub(crate) invoice: InvoiceId,
    /// The vendor's own id, by which it is asked for.
    pub(crate) external_id: String,
    pub(crate) currency: Currency,
    pub(crate) open_minor: i64,
}

/// The open invoices of one customer.
pub(crate) type Open = BTreeMap<InvoiceId, Row>;

/// What is open of an invoice.
fn open(invoice: &Invoice) -> i64 {
    match invoice.status {
        InvoiceStatus::Open | InvoiceStatus::Later(_) => {
            (invoice.total_minor - invoice.paid_minor - invoice.credited_minor).max(0)
        }
        InvoiceStatus::Draft | InvoiceStatus::Void | InvoiceStatus::WrittenOff => 0,
    }
}

/// An invoice as a row.
pub(crate) fn row(customer: &CustomerId, invoice: &Invoice) -> Row {
    Row {
        customer: customer.clone(),
        invoice: invoice.id.clone(),
        external_id: invoice.external_id.clone(),
        currency: invoice.currency,
        open_minor: open(invoice),
    }
}

/// The invoices of a page, settled ones too.
pub(crate) fn rows(page: &Page) -> Vec<Row> {
    let invoices = page.documents.iter().filter_map(|document| match document {
        Document::Invoice { customer, invoice } => Some(row(customer.id()?, invoice)),
        _ => None,
    });
    invoices.collect()
}

/// Of rows, those with something open, by customer. What comes later of one invoice counts.
pub(crate) fn by_customer(rows: impl IntoIterator<Item = Row>) -> BTreeMap<CustomerId, Open> {
    let last: BTreeMap<InvoiceId, Row> = rows.into_iter().map(|row| (row.invoice.clone(), row)).collect();
    let mut customers: BTreeMap<CustomerId, Open> = BTreeMap::new();
    for (invoice, row) in last.into_iter().filter(|(_, row)| row.open_minor > 0) {
        customers.entry(row.customer.clone()).or_default().insert(invoice, row);
    }
    customers
}

/// The invoices of which more or less is open on one side than on the other, or in another currency.
pub(crate) fn differing(theirs: &Open, ours: &Open) -> BTreeMap<InvoiceId, String> {
    let all: BTreeSet<&InvoiceId> = theirs.keys().chain(ours.keys()).collect();
    let value = |side: &Open, id| side.get(id).map(|row| (row.currency, row.open_minor));
    let differing = all.into_iter().filter(|id| value(theirs, *id) != value(ours, *id));
    differing.filter_map(|id| Some((id.clone(), theirs.get(id).or(ours.get(id))?.external_id.clone()))).collect()
}

/// Open minor units by currency.
fn totals(side: &Open) -> BTreeMap<Currency, i64> {
    side.values().fold(BTreeMap::new(), |mut totals, row| {
        *totals.entry(row.currency).or_default() += row.open_minor;
        totals
    })
}

/// What is said of a customer whose balance differed: what is in the books, what was here, and what is here now.
pub(crate) fn say(customer: &CustomerId, theirs: &Open, before: &Open, now: &Open) -> String {
    let (books, here, after) = (totals(theirs), totals(before), totals(now));
    let amount = |totals: &BTreeMap<Currency, i64>, currency| totals.get(&currency).copied().unwrap_or(0);
    let currencies: BTreeSet<Currency> = books.keys().chain(here.keys()).copied().collect();
    let lines = currencies.into_iter().filter(|currency| amount(&books, *currency) != amount(&here, *currency)).map(|currency| {
        let money = |totals| Money::from_minor(amount(totals, currency), currency);
        let is = if amount(&books, currency) == amount(&after, currency) { "now equal" } else { "still different" };
        format!("{customer}: {} in the books, {} here; {is}", money(&books), money(&here))
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() { format!("{customer}: other invoices of the same sum") } else { lines.join(". ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(invoice: &str, currency: Currency, open_minor: i64) -> Row {
        Row {
            customer: CustomerId::derive(&["c"]),
            invoice: InvoiceId::derive(&[invoice]),
            external_id: invoice.to_owned(),
            currency,
            open_minor,
        }
    }

    fn side(rows: &[Row]) -> Open {
        by_customer(rows.to_vec()).remove(&CustomerId::derive(&["c"])).unwrap_or_default()
    }

    #[test]
    fn what_differs_is_named_by_the_vendors_id() {
        let books = side(&[at("a", Currency::USD, 100), at("b", Currency::USD, 50), at("c", Currency::EUR, 7)]);
        let here = side(&[at("a", Currency::USD, 100), at("b", Currency::USD, 40), at("d", Currency::USD, 10)]);
        let mut ids: Vec<String> = differing(&books, &here).into_values().collect();
        ids.sort();
        assert_eq!(ids, ["b", "c", "d"], "b differs, c is missing here, d there; the sums of USD are equal");
        assert!(differing(&books, &books).is_empty());
    }

    #[test]
    fn the_last_word_of_an_invoice_counts_and_nothing_open_is_nothing() {
        let here = side(&[at("a", Currency::USD, 100), at("a", Currency::USD, 0), at("b", Currency::USD, 5)]);
        assert_eq!(here.values().map(|row| row.external_id.as_str()).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn a_customer_is_said_in_sums() {
        let customer = CustomerId::derive(&["c"]);
        let (books, here) = (side(&[at("a", Currency::USD, 100)]), side(&[at("a", Currency::USD, 250)]));
        let said = say(&customer, &books, &here, &books);
        assert_eq!(said, format!("{customer}: 1.00 USD in the books, 2.50 USD here; now equal"));
        assert!(say(&customer, &books, &here, &here).ends_with("still different"));
        let other = side(&[at("b", Currency::USD, 100)]);
        assert!(say(&customer, &books, &other, &books).ends_with("other invoices of the same sum"));
    }
}
