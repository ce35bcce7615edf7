//! The ledger of one customer: its entries, each once.

use std::collections::BTreeMap;

use compact_str::CompactString;
use jiff::civil::Date;

use crate::entry::LedgerEntry;

/// The entries of one customer, by their ids.
///
/// Of one fact the entry of the highest version is kept. So ledgers can be put together in any order and any number of times, and come to
/// the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: BTreeMap<CompactString, LedgerEntry>,
}

impl Ledger {
    /// Enters a fact, unless a later word about it is there.
    pub fn put(&mut self, entry: LedgerEntry) {
        match self.entries.get_mut(&entry.id) {
            None => {
                self.entries.insert(entry.id.clone(), entry);
            }
            Some(known) => {
                if is_later(&entry, known) {
                    *known = entry;
                }
            }
        }
    }

    /// Enters all that another ledger of the same customer knows.
    pub fn merge(&mut self, other: Self) {
        other.entries.into_values().for_each(|entry| self.put(entry));
    }

    /// The ledger as it was at the end of a day: without what happened later.
    #[must_use]
    pub fn until(&self, day: Date) -> Self {
        let entries = self.entries.iter().filter(|(_, entry)| entry.on <= day);
        Self { entries: entries.map(|(id, entry)| (id.clone(), entry.clone())).collect() }
    }

    /// The entries in the order in which they happened: by day and minute, those of which only the day is known first, then by id.
    pub fn in_order(&self) -> Vec<&LedgerEntry> {
        let mut all: Vec<&LedgerEntry> = self.entries.values().collect();
        all.sort_by(|one, other| one.place().cmp(&other.place()));
        all
    }

    /// How many facts it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl FromIterator<LedgerEntry> for Ledger {
    fn from_iter<I: IntoIterator<Item = LedgerEntry>>(all: I) -> Self {
        let mut ledger = Self::default();
        all.into_iter().for_each(|entry| ledger.put(entry));
        ledger
    }
}

/// Whether an entry takes the place of another about the same fact. Two that differ though they are of one version should not be; then the
/// later in the order of their texts counts, so that the order in which they come still says nothing.
fn is_later(entry: &LedgerEntry, known: &LedgerEntry) -> bool {
    let texts = || (format!("{entry:?}"), format!("{known:?}"));
    entry.version > known.version
        || entry.version == known.version && entry != known && {
            let (entry, known) = texts();
            entry > known
        }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::entry::LedgerFact;

    #[test]
    fn a_fact_is_kept_once_in_its_newest_version() {
        let rated = |id: &str, version, score| LedgerEntry {
            version,
            ..LedgerEntry::on(date(2026, 1, 5), id, LedgerFact::Rated { score })
        };
        let all = [rated("a", 1, 3), rated("a", 2, 4), rated("a", 2, 5), rated("b", 1, 1)];
        let expected: Ledger = [rated("b", 1, 1), rated("a", 2, 5)].into_iter().collect();
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
            let twice = order.into_iter().chain(order).map(|at: usize| all[at].clone());
            assert_eq!(twice.collect::<Ledger>(), expected, "{order:?}");
        }
        let (mut one, other): (Ledger, Ledger) = (all[..2].iter().cloned().collect(), all[1..].iter().cloned().collect());
        one.merge(other);
        assert_eq!(one, expected);
        assert!(expected.until(date(2026, 1, 4)).is_empty());
        assert_eq!(expected.until(date(2026, 1, 5)).len(), 2);
    }

    #[test]
    fn what_has_no_minute_comes_first_on_its_day() {
        let at = |id: &str, minute| LedgerEntry { minute, ..LedgerEntry::on(date(2026, 1, 5), id, LedgerFact::Answered) };
        let before = LedgerEntry::on(date(2026, 1, 4), "z", LedgerFact::Answered).at(1_439);
        let ledger: Ledger = [at("c", Some(0)), at("b", None), at("a", Some(600)), before].into_iter().collect();
        let order: Vec<&str> = ledger.in_order().into_iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(order, ["z", "b", "c", "a"]);
    }
}
