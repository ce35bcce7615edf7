//! Invoices as a customer's own system names them: by our ids, by the creditor's numbers, or by the ids of the creditor's books.

use domain::{Currency, Facts, InvoiceId};
use store::Store;

use super::LinkHolder;
use crate::{Done, NotDone, matter};

/// Invoices that a customer names.
#[derive(Clone, Debug, Default)]
pub struct InvoicesNamed {
    /// Each with the JSON pointer at which it stands.
    pub named: Vec<(String, String)>,
    /// The currency that they are said to be in, where it is.
    pub currency: Option<Currency>,
}

impl LinkHolder {
    /// The ids of invoices that the customer names.
    ///
    /// # Errors
    ///
    /// [`NotDone::Fields`] for a name of none, or of several, and where they are in another currency; [`NotDone::NotFound`]; those of the
    /// table.
    pub async fn invoices(&self, store: &Store, asked: &InvoicesNamed) -> Done<Vec<InvoiceId>> {
        let facts = matter::facts(store, &self.tenant, &self.customer).await?;
        let mut flaws = Vec::new();
        let invoices = find_all(&facts, &asked.named, &mut flaws);
        if let Some(currency) = asked.currency {
            let is_other =
                |id: &InvoiceId| facts.invoices.iter().any(|fact| fact.invoice.id == *id && fact.invoice.currency != currency);
            if invoices.iter().any(is_other) {
                let detail = format!("an invoice of these is not in {currency}; name invoices of one currency");
                flaws.push(("/currency".to_owned(), detail));
            }
        }
        if flaws.is_empty() { Ok(invoices) } else { Err(NotDone::Fields(flaws)) }
    }
}

/// The invoices of names; what is wrong with one goes to `flaws`.
pub(super) fn find_all(facts: &Facts, named: &[(String, String)], flaws: &mut Vec<(String, String)>) -> Vec<InvoiceId> {
    let mut invoices = Vec::new();
    for (pointer, text) in named {
        match find(facts, text) {
            Ok(invoice) => invoices.push(invoice),
            Err(detail) => flaws.push((pointer.clone(), detail)),
        }
    }
    invoices
}

/// The invoice of a name. An id of ours is of one invoice; the numbers of two legal entities, or of two systems, may be the same.
fn find(facts: &Facts, text: &str) -> Result<InvoiceId, String> {
    let known = || facts.invoices.iter().map(|fact| &fact.invoice);
    if let Some(by_id) = known().find(|invoice| invoice.id.as_str() == text) {
        return Ok(by_id.id.clone());
    }
    let mut by_number = known().filter(|invoice| invoice.number == text || invoice.external_id == text);
    match (by_number.next(), by_number.next()) {
        (Some(one), None) => Ok(one.id.clone()),
        (Some(_), Some(_)) => Err("several invoices have this number; name it by its id, as the statement has it".to_owned()),
        (None, _) => Err("the customer has no open invoice of this id or number".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use domain::{Customer, CustomerId, Invoice, InvoiceFact, TenantId};

    use super::*;

    #[test]
    fn names_lead_to_one_invoice_or_to_none() {
        let invoice = |id: &str, number: &str| {
            let dates = ("2026-01-05".parse().unwrap(), "2026-02-04".parse().unwrap());
            let of = (Currency::EUR, 1_000);
            let invoice = Invoice { number: number.to_owned(), ..Invoice::open(InvoiceId::derive(&[id]), id, of, dates) };
            InvoiceFact { invoice, folded: vec![], archived: false }
        };
        let customer = Customer::stub(&CustomerId::derive(&["c"]), "canonical", "C-1");
        let mut facts = Facts::of(TenantId::parse("acme").unwrap(), customer);
        let one = InvoiceId::derive(&["e-1"]);
        facts.invoices =
            vec![invoice("e-1", "1001"), invoice("e-2", "1002"), invoice("e-3", "1002"), invoice("e-4", one.as_str())];
        let id = |text: &str| find(&facts, text).ok();
        assert_eq!(id("1001"), Some(one.clone()));
        assert_eq!(id("e-1"), Some(one.clone()));
        assert_eq!(id(one.as_str()), Some(one.clone()), "whatever number another one has");
        assert_eq!(id("e-3"), Some(InvoiceId::derive(&["e-3"])));
        for (text, detail) in
            [("1002", "several invoices"), ("1003", "no open invoice"), ("", "no open invoice"), ("inv_none", "no open")]
        {
            assert!(find(&facts, text).unwrap_err().contains(detail), "{text}");
        }
        let mut flaws = Vec::new();
        let named =
            [("/lines/0/invoice", "1001"), ("/lines/1/invoice", "1002")].map(|(at, text)| (at.to_owned(), text.to_owned()));
        assert_eq!(find_all(&facts, &named, &mut flaws), [one]);
        assert_eq!(flaws.into_iter().map(|(at, _)| at).collect::<Vec<_>>(), ["/lines/1/invoice"]);
    }
}
