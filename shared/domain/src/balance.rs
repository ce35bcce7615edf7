//! What money belongs together: a customer's balance with one legal entity in one currency, and the cases that collect it.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::{Currency, Customer, Invoice};

/// What a customer owes to one legal entity of the tenant in one currency. Credit, minimum exposure and holds of a case never cross it.
///
/// Text form: the currency, and after `/` the legal entity where it is not the default one: `EUR`, `EUR/berlin`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BalanceKey {
    /// The currency.
    pub currency: Currency,
    /// The legal entity's id; empty for the default one.
    pub legal_entity: CompactString,
}

/// Why a text names no balance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a balance is a currency, and after '/' the id of a legal entity where it is not the default one: EUR, EUR/berlin")]
pub struct BalanceKeyError;

impl BalanceKey {
    /// The balance with the default legal entity.
    pub fn of(currency: Currency) -> Self {
        Self { currency, legal_entity: CompactString::default() }
    }

    /// The balance with a legal entity.
    pub fn with(currency: Currency, legal_entity: &str) -> Self {
        Self { currency, legal_entity: CompactString::from(legal_entity) }
    }
}

impl fmt::Display for BalanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.currency.code())?;
        if self.legal_entity.is_empty() { Ok(()) } else { write!(f, "/{}", self.legal_entity) }
    }
}

impl TryFrom<String> for BalanceKey {
    type Error = BalanceKeyError;

    fn try_from(text: String) -> Result<Self, BalanceKeyError> {
        let (currency, legal_entity) = match text.split_once('/') {
            // A legal entity that is begun and not named is none.
            Some((_, "")) => return Err(BalanceKeyError),
            Some(both) => both,
            None => (text.as_str(), ""),
        };
        let currency = Currency::parse(currency).map_err(|_| BalanceKeyError)?;
        Ok(Self::with(currency, legal_entity))
    }
}

impl From<BalanceKey> for String {
    fn from(key: BalanceKey) -> Self {
        key.to_string()
    }
}

/// Which case: a customer's collection of one balance by the workflow that its due items joined.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CaseKey {
    /// The balance.
    pub balance: BalanceKey,
    /// The workflow's id. A person may move the case on to another; its due items are still those that joined this one.
    pub workflow: CompactString,
}

impl CaseKey {
    /// The case of a balance by a workflow.
    pub fn new(balance: BalanceKey, workflow: &str) -> Self {
        Self { balance, workflow: CompactString::from(workflow) }
    }

    /// The currency of every amount of the case.
    pub fn currency(&self) -> Currency {
        self.balance.currency
    }
}

/// The legal entity that an invoice is owed to: its own, else the customer's, else the default one, which is empty.
pub fn legal_entity<'a>(invoice: &'a Invoice, customer: &'a Customer) -> &'a str {
    invoice.legal_entity.as_deref().or(customer.legal_entity.as_deref()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_reads_back_from_its_text() {
        for (text, legal_entity) in [("EUR", ""), ("EUR/berlin", "berlin"), ("EUR/a/b", "a/b")] {
            let key = BalanceKey::try_from(text.to_owned()).expect(text);
            assert_eq!((key.currency, key.legal_entity.as_str()), (Currency::EUR, legal_entity));
            assert_eq!(key.to_string(), text);
        }
        assert!(BalanceKey::try_from("euro/berlin".to_owned()).is_err());
    }
}
