//! What is open of a book, and which customers leave automation because of their share of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Currency, CustomerId, KeyAccounts, Owed};

/// What is open of a book by currency, and of whom the most is: what it takes to say which customers are key accounts, however large the book is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookShares {
    /// What is open in all, minor units.
    all_minor: BTreeMap<Currency, i64>,
    /// Of whom the most is open, largest first: no more than can have the share each.
    largest: BTreeMap<Currency, Vec<(i64, CustomerId)>>,
}

impl BookShares {
    /// Counts a customer by what it owes. One that is counted again counts with the larger amount among the largest.
    pub fn add(&mut self, customer: &CustomerId, owed: &BTreeMap<Currency, Owed>, by: &KeyAccounts) {
        // So many can have the share each, and no more.
        let most = usize::from(100 / by.share_percent.clamp(1, 100));
        for (currency, open_minor) in
            owed.iter().map(|(currency, owed)| (*currency, owed.open_minor)).filter(|(_, open)| *open > 0)
        {
            let all = self.all_minor.entry(currency).or_default();
            *all = all.saturating_add(open_minor);
            let largest = self.largest.entry(currency).or_default();
            let before = largest.iter().position(|(_, known)| known == customer).map(|at| largest.remove(at).0);
            largest.push((open_minor.max(before.unwrap_or(0)), customer.clone()));
            largest.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
            largest.truncate(most);
        }
    }

    /// The currencies in which something is open.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.all_minor.keys().copied()
    }

    /// What is open in all in a currency, minor units.
    pub fn all_minor(&self, currency: Currency) -> i64 {
        self.all_minor.get(&currency).copied().unwrap_or(0)
    }

    /// The key accounts of a currency, each with what is open of it, by the share by which the customers were counted or a larger one.
    pub fn key_accounts(&self, currency: Currency, by: &KeyAccounts) -> BTreeMap<CustomerId, i64> {
        let all_minor = self.all_minor(currency);
        let largest = self.largest.get(&currency).into_iter().flatten();
        largest.filter(|(open, _)| by.takes(*open, all_minor)).map(|(open, customer)| (customer.clone(), *open)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_largest_of_a_book_are_found_without_keeping_the_book() {
        let id = |n: usize| CustomerId::derive(&["acme", &n.to_string()]);
        let owes = |open_minor: i64| BTreeMap::from([(Currency::EUR, Owed { open_minor, ..Owed::default() })]);
        for (share_percent, opens, expected) in [
            (50, vec![900, 100], vec![0]),
            (50, vec![500, 500], vec![0, 1]),
            (20, vec![100, 0, -50, 100, 300], vec![0, 3, 4]),
            (34, vec![100, 100, 100], vec![]),
            (33, vec![100, 100, 100], vec![0, 1, 2]),
            (1, (1..=200).map(|_| 1).collect(), vec![]),
            (1, (0..=99).map(|_| 1).collect(), (0..=99).collect()),
            (100, vec![7], vec![0]),
            (100, vec![], vec![]),
        ] {
            let by = KeyAccounts { share_percent, owner: "ann".to_owned() };
            let mut shares = BookShares::default();
            for (n, open) in opens.iter().enumerate() {
                shares.add(&id(n), &owes(*open), &by);
            }
            let all: i64 = opens.iter().filter(|open| **open > 0).sum();
            assert_eq!(shares.all_minor(Currency::EUR), all);
            let found: BTreeSet<CustomerId> = shares.key_accounts(Currency::EUR, &by).into_keys().collect();
            let expected: BTreeSet<CustomerId> = expected.into_iter().map(id).collect();
            assert_eq!(found, expected, "{share_percent} % of {opens:?}");
            let kept = shares.largest.get(&Currency::EUR).map_or(0, Vec::len);
            assert!(kept <= usize::from(100 / share_percent), "{kept} are kept");
        }
    }
}
