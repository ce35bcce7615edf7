//! Rows of some customers, and their files.

use domain::BalanceKey;
use figures::{
    CustomerFigures, Sum,
    contact_flow::{ContactFlow, ResponseTally},
    customer_figures::BalanceFigures,
    entry::{Belongs, DisputeEnd, PromiseEnd},
    tally::Tally,
};

use crate::{
    rows::{SnapshotError, TableRows},
    tables::{BALANCE_NUMBERS, CONTACT_NUMBERS, SnapshotTable},
    write,
};

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotFile {
    /// Of which table.
    pub table: SnapshotTable,
    /// How many rows it has.
    pub rows: usize,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The rows of some customers of one tenant at the end of one day: as many as one invocation writes.
#[derive(Debug)]
pub struct SnapshotPart {
    balances: TableRows,
    contacts: TableRows,
    disputes: TableRows,
}

impl Default for SnapshotPart {
    fn default() -> Self {
        Self {
            balances: TableRows::none(SnapshotTable::Balances),
            contacts: TableRows::none(SnapshotTable::Contacts),
            disputes: TableRows::none(SnapshotTable::Disputes),
        }
    }
}

impl SnapshotPart {
    /// Adds the rows of a customer at the end of the day. Whose figures were added twice is in it twice.
    ///
    /// # Errors
    ///
    /// [`SnapshotError::TooLarge`]; then the customer is in it with the rows before that, and the part is good for nothing.
    pub fn add(&mut self, figures: &CustomerFigures) -> Result<(), SnapshotError> {
        let customer = figures.customer.as_str();
        let (segment, owner) = belongs(&figures.belongs);
        for (key, of) in &figures.balances {
            let (currency, entity) = balance(key);
            self.balances.add(&[customer, segment, owner, currency, entity], &balance_numbers(of))?;
            for (disputes, tally) in &of.stock.disputes {
                let texts = [customer, segment, owner, currency, entity, disputes.reason.as_str(), disputes.age.as_str()];
                self.disputes.add(&texts, &counted(*tally))?;
            }
        }
        let contacts = &figures.contacts_of_day;
        if !contacts.is_none() {
            self.contacts.add(&[customer, segment, owner, "", ""], &contact_numbers(contacts, Sum::ZERO))?;
        }
        for (part, tally) in &contacts.responses_by {
            let part = part.to_string();
            let only = ContactFlow { responses: *tally, ..ContactFlow::default() };
            self.contacts.add(&[customer, segment, owner, part.as_str(), ""], &contact_numbers(&only, Sum::ZERO))?;
        }
        for (currency, cost) in &contacts.costs {
            let numbers = contact_numbers(&ContactFlow::default(), *cost);
            self.contacts.add(&[customer, segment, owner, "", currency.code()], &numbers)?;
        }
        Ok(())
    }

    /// How many rows it has, of all tables.
    pub fn rows(&self) -> usize {
        self.balances.len() + self.contacts.len() + self.disputes.len()
    }

    /// The files: one of each table, also of one without rows.
    ///
    /// # Errors
    ///
    /// [`SnapshotError::Parquet`].
    pub fn files(self) -> Result<Vec<SnapshotFile>, SnapshotError> {
        [self.balances, self.contacts, self.disputes]
            .into_iter()
            .map(|rows| Ok(SnapshotFile { table: rows.table, rows: rows.len(), bytes: write::file(&rows)? }))
            .collect()
    }
}

fn belongs(belongs: &Belongs) -> (&str, &str) {
    (belongs.segment.as_deref().unwrap_or_default(), belongs.owner.as_deref().unwrap_or_default())
}

fn balance(key: &BalanceKey) -> (&str, &str) {
    (key.currency.code(), key.legal_entity.as_str())
}

fn counted(tally: Tally) -> [Sum; 2] {
    [Sum::from(tally.count), tally.minor]
}

/// In the order of [`BALANCE_NUMBERS`].
fn balance_numbers(of: &BalanceFigures) -> [Sum; BALANCE_NUMBERS.len()] {
    let (stock, flow) = (&of.stock, &of.day);
    let ended = |end| flow.promises_ended(end);
    let decided = |end| flow.decided.get(&end).copied().unwrap_or_default();
    let mut contested = Tally::default();
    flow.contested.values().for_each(|tally| contested.add(*tally));
    let mut lost = decided(DisputeEnd::Rejected);
    lost.add(decided(DisputeEnd::Withdrawn));
    let [current, to_30, to_60, to_90, over_90] = stock.aging.map(counted);
    let [sold, collected, taken_back, credited, written_off] =
        [flow.sold, flow.collected, flow.taken_back, flow.credited, flow.written_off].map(counted);
    let settled = counted(flow.settled.invoices);
    let [open_promises, made] = [stock.promised, flow.promised].map(counted);
    let [kept, partly, broken] =
        [PromiseEnd::Kept, PromiseEnd::PartlyKept, PromiseEnd::Broken].map(|end| counted(ended(end).promised));
    let [contested, upheld, partly_upheld, lost] =
        [contested, decided(DisputeEnd::Upheld), decided(DisputeEnd::PartlyUpheld), lost].map(counted);
    [
        current[0],
        current[1],
        to_30[0],
        to_30[1],
        to_60[0],
        to_60[1],
        to_90[0],
        to_90[1],
        over_90[0],
        over_90[1],
        stock.overdue_days,
        stock.unapplied,
        open_promises[0],
        open_promises[1],
        sold[0],
        sold[1],
        collected[0],
        collected[1],
        taken_back[0],
        taken_back[1],
        credited[0],
        credited[1],
        written_off[0],
        written_off[1],
        settled[0],
        settled[1],
        Sum::from(flow.settled.days_to_pay),
        flow.settled.days_to_pay_weighted,
        Sum::from(flow.settled.days_late),
        flow.settled.days_late_weighted,
        made[0],
        made[1],
        kept[0],
        kept[1],
        partly[0],
        partly[1],
        ended(PromiseEnd::PartlyKept).paid,
        ended(PromiseEnd::Kept).paid + ended(PromiseEnd::PartlyKept).paid + ended(PromiseEnd::Broken).paid,
        broken[0],
        broken[1],
        Sum::from(ended(PromiseEnd::Cancelled).promised.count),
        contested[0],
        contested[1],
        upheld[0],
        upheld[1],
        partly_upheld[0],
        partly_upheld[1],
        lost[0],
        lost[1],
    ]
}

/// In the order of [`CONTACT_NUMBERS`].
fn contact_numbers(of: &ContactFlow, cost: Sum) -> [Sum; CONTACT_NUMBERS.len()] {
    let ResponseTally { touches, responded, answered, promised, paid } = of.responses;
    let [one, two, three, four, five] = of.ratings;
    let counts =
        [of.touches, of.lost, of.unpriced, of.answers, touches, responded, answered, promised, paid, one, two, three, four, five];
    let mut numbers = [cost; CONTACT_NUMBERS.len()];
    for (number, count) in numbers.iter_mut().zip(counts) {
        *number = Sum::from(count);
    }
    numbers
}
