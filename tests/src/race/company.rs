//! The company of a race: who owes what, and what people do to it.

use std::collections::BTreeMap;

use doubles::{FakeAccounting, Truth};
use jiff::{Timestamp, ToSpan, civil::Date};

use super::Plan;
use crate::faults::Random;

/// The first day of the story.
pub const START: Date = Date::constant(2026, 3, 2);
/// One invoice in so many falls due while the story is told; the others long after.
const DUE_ONE_IN: usize = 3;
/// Due days of those, from two days before the story.
const DUE_DAYS: usize = 5;

/// Where an invoice stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    /// Nothing was paid.
    Owed,
    /// A part was paid.
    Part,
    /// All was paid, lastly by this payment; whether by it alone.
    Paid(String, bool),
    /// It is void or deleted.
    Gone,
}

/// The books and what was done to them.
pub struct RacedCompany {
    invoices: Vec<(String, Standing)>,
    due: Vec<usize>,
    /// The vendor's id of each invoice, by its number.
    pub ids: BTreeMap<String, String>,
    numbers: BTreeMap<String, String>,
    /// What was open of each invoice from when on, by its number.
    pub truth: BTreeMap<String, Vec<(Timestamp, i64)>>,
    /// How often people changed something.
    pub changes: usize,
}

fn open_of(truth: &Truth) -> impl Iterator<Item = (&String, &doubles::InvoiceTruth)> {
    truth.customers.values().flat_map(|customer| &customer.invoices)
}

impl RacedCompany {
    /// Opens a company's books.
    pub fn open<D: FakeAccounting>(double: &D, plan: &Plan, now: Timestamp) -> Self {
        double.found("Coastal Supplies");
        let customers: Vec<String> =
            (0..plan.customers).map(|at| double.meet(&format!("Customer {at}"), &format!("c{at}@buyer.example"))).collect();
        let mut due = Vec::new();
        let invoices = (0..plan.invoices).map(|at| {
            let round = at / plan.customers;
            let is_due = round.is_multiple_of(DUE_ONE_IN);
            let days = if is_due { (at + round / DUE_ONE_IN * 2) % DUE_DAYS } else { 90 };
            if is_due {
                due.push(at);
            }
            let due_on = START - 2.days() + i64::try_from(days).unwrap_or(0).days();
            (double.bill(&customers[at % plan.customers], "100.00", START - 30.days(), due_on), Standing::Owed)
        });
        let invoices: Vec<_> = invoices.collect();
        let truth = double.truth(D::REALM);
        let numbers: BTreeMap<String, String> =
            open_of(&truth).map(|(id, invoice)| (id.clone(), invoice.number.clone())).collect();
        Self {
            invoices,
            due,
            ids: numbers.iter().map(|(id, number)| (number.clone(), id.clone())).collect(),
            numbers,
            truth: open_of(&truth).map(|(_, invoice)| (invoice.number.clone(), vec![(now, invoice.open_minor)])).collect(),
            changes: 0,
        }
    }

    /// Somebody changes something: as often as not of an invoice that falls due in the story.
    pub fn change<D: FakeAccounting>(&mut self, double: &D, random: &mut Random, now: Timestamp) {
        let pick = |random: &mut Random, len: usize| usize::try_from(random.below(len as u64)).unwrap_or(0);
        let at = if random.below(2) == 0 { self.due[pick(random, self.due.len())] } else { pick(random, self.invoices.len()) };
        let (id, standing) = &mut self.invoices[at];
        let today = START;
        *standing = match (&standing, random.below(8)) {
            (Standing::Owed, 0) => {
                double.void(id);
                Standing::Gone
            }
            (Standing::Owed, 1) => {
                double.delete(id);
                Standing::Gone
            }
            (Standing::Owed, 2) => {
                double.defer(id, START + 60.days());
                Standing::Owed
            }
            (Standing::Owed, 3) => {
                double.take(id, "40.00", today);
                Standing::Part
            }
            (Standing::Owed, _) => Standing::Paid(double.take(id, "100.00", today), true),
            (Standing::Part, _) => Standing::Paid(double.take(id, "60.00", today), false),
            (Standing::Paid(payment, whole), 0..3) => {
                double.give_back(payment);
                if *whole { Standing::Owed } else { Standing::Part }
            }
            (Standing::Paid(..) | Standing::Gone, _) => return,
        };
        let (id, truth) = (id.clone(), double.truth(D::REALM));
        let Some((_, invoice)) = open_of(&truth).find(|(one, _)| **one == id) else { return };
        self.changes += 1;
        self.truth.entry(self.numbers[&id].clone()).or_default().push((now, invoice.open_minor));
    }
}
