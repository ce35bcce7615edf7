//! The figures of one customer at the end of days, out of its facts and their history.

use domain::{CustomerId, Settings, TenantId};
use figures::{Book, CustomerFigures, Ledger, LedgerEntry, LedgerFact, entry::Belongs};
use jiff::civil::Date;

use crate::{Result, Store};

/// What a customer was billed, paid, promised and contested, how it was reached, and to whom it belonged: its ledger.
#[derive(Clone, Debug)]
pub struct CustomerBooks {
    /// Which.
    pub customer: CustomerId,
    /// The ledger.
    pub ledger: Ledger,
    /// To whom it belonged, each from its day on; the first of them before that day too.
    pub belonged: Vec<(Date, Belongs)>,
}

impl CustomerBooks {
    /// Its figures at the end of each of some days.
    pub fn figures<const N: usize>(&self, days: [Date; N]) -> [CustomerFigures; N] {
        let book = Book::of(&self.ledger);
        days.map(|day| CustomerFigures::of(self.customer.clone(), &book, day))
    }
}

/// To whom a customer belonged, with what is so now. Saying the same again changes nothing.
pub(super) fn belonged(mut known: Vec<(Date, Belongs)>, now: &Belongs, since: Option<Date>, today: Date) -> Vec<(Date, Belongs)> {
    let last = known.last().map(|(on, last)| (*on, last == now));
    let Some((last_on, is_same)) = last else { return vec![(since.unwrap_or(today).min(today), now.clone())] };
    if is_same {
        return known;
    }
    let on = since.unwrap_or(today).min(today).max(last_on);
    // What is said of a day is what was so at its end.
    known.retain(|(known_on, _)| *known_on < on);
    if known.last().is_none_or(|(_, last)| last != now) {
        known.push((on, now.clone()));
    }
    known
}

/// The entries that say to whom it belonged: the first of them holds of all days before, of which nothing else is known.
fn entries(belonged: &[(Date, Belongs)], first_on: Option<Date>) -> Vec<LedgerEntry> {
    let entry = |(at, (on, of)): (usize, &(Date, Belongs))| {
        let on = if at == 0 { first_on.map_or(*on, |first| first.min(*on)) } else { *on };
        LedgerEntry::on(on, &format!("belongs/{at:04}"), LedgerFact::Belongs(of.clone()))
    };
    belonged.iter().enumerate().map(entry).collect()
}

impl Store {
    /// The ledger of a customer as it is known now, by what was known before of to whom it belonged.
    pub(super) async fn books_with(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        settings: &Settings,
        (today, known): (Date, Vec<(Date, Belongs)>),
    ) -> Result<Option<CustomerBooks>> {
        let Some(read) = self.read_ledger(tenant, customer, settings).await? else { return Ok(None) };
        let belonged = belonged(known, &read.belongs, read.belongs_since, today);
        let first_on = read.entries.iter().map(|entry| entry.on).min();
        let ledger = read.entries.into_iter().chain(entries(&belonged, first_on)).collect();
        Ok(Some(CustomerBooks { customer: customer.clone(), ledger, belonged }))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn of(owner: &str) -> Belongs {
        Belongs { segment: None, owner: Some(owner.into()) }
    }

    #[test]
    fn each_day_says_whose_it_was_at_its_end() {
        let (first, later) = (date(2026, 2, 3), date(2026, 2, 16));
        let known = belonged(Vec::new(), &of("ann"), None, first);
        assert_eq!(known, [(first, of("ann"))]);
        let again = belonged(known.clone(), &of("ann"), None, later);
        assert_eq!(again, known, "the same is said once");
        let moved = belonged(known.clone(), &of("bob"), Some(date(2026, 2, 10)), later);
        assert_eq!(moved, [(first, of("ann")), (date(2026, 2, 10), of("bob"))]);
        // Twice on a day: the last counts; and back again on that day is no change.
        let twice = belonged(moved.clone(), &of("cem"), Some(date(2026, 2, 10)), later);
        assert_eq!(twice, [(first, of("ann")), (date(2026, 2, 10), of("cem"))]);
        assert_eq!(belonged(twice, &of("ann"), Some(date(2026, 2, 10)), later), known);
        // What is said to be so since a day that is over counts from the last known one on.
        let back_dated = belonged(moved, &of("cem"), Some(date(2026, 1, 1)), later);
        assert_eq!(back_dated, [(first, of("ann")), (date(2026, 2, 10), of("cem"))]);
    }

    #[test]
    fn whose_it_was_first_holds_of_all_days_before() {
        let known = [(date(2026, 2, 3), of("ann")), (date(2026, 2, 10), of("bob"))];
        let ledger: Ledger = entries(&known, Some(date(2025, 12, 1))).into_iter().collect();
        let book = Book::of(&ledger);
        for (day, owner) in [(date(2025, 12, 1), "ann"), (date(2026, 2, 9), "ann"), (date(2026, 2, 10), "bob")] {
            assert_eq!(book.belongs(day), of(owner), "{day}");
        }
    }
}
