//! Statements by the calendar: messages that list what is open of a balance and stand for no step.
//!
//! A statement is recorded like any message, with a row for each due item that it lists. In the place of a step stands a word that no step has,
//! and the occurrence is its period: so it satisfies nothing, and is sent once a period.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::{
    BalanceKey, CaseKey, Channel, Coverage, Covered, Facts, Mode, Occurrence, Outcome, StatedPeriods, calendar::Locality,
    mode::counts, receivables::Receivables,
};

/// In the place of a step: a statement. No step's id has that form.
pub const STATEMENT: &str = "@statement";

/// Whether rows are those of a statement.
pub fn is_statement(rows: &[Covered]) -> bool {
    rows.first().is_some_and(|row| row.step == STATEMENT)
}

/// One statement that is among the facts.
#[derive(Clone, Debug)]
struct Stated<'a> {
    mark: &'a Coverage,
    period: &'a Occurrence,
    /// Of which balance; `None` where nothing that it listed is open any more.
    balance: Option<BalanceKey>,
    /// The civil day where the person is.
    on: Date,
}

/// The statements that are among the facts of a customer.
#[derive(Clone, Debug, Default)]
pub struct Statements<'a> {
    known: Vec<Stated<'a>>,
}

impl<'a> Statements<'a> {
    /// Those of facts, with what of them is open.
    pub fn of(facts: &'a Facts, receivables: &Receivables<'_>, place: &Locality) -> Self {
        let stated = |mark: &'a Coverage| {
            let period = &mark.rows.first()?.occurrence;
            let open = mark.rows.iter().find_map(|row| receivables.items.get(receivables.position(&row.item)?));
            let balance = open.map(crate::receivables::DueItem::balance);
            Some(Stated { mark, period, balance, on: place.date_of(mark.at) })
        };
        Self { known: facts.marks().filter(|mark| is_statement(&mark.rows)).filter_map(stated).collect() }
    }

    /// Those that may be of a balance: where nothing is open that one listed, those of the workflow.
    fn about<'s>(&'s self, balance: &'s BalanceKey, workflow: &'s str, mode: Mode) -> impl Iterator<Item = &'s Stated<'a>> {
        self.known.iter().filter(move |stated| {
            let is_of = stated.balance.as_ref().map_or(stated.mark.workflow == workflow, |of| of == balance);
            is_of && counts(stated.mark.mode, mode)
        })
    }

    /// Whether the balance of a case was stated for a period, or nobody could be reached with it. What proved not to be delivered was not.
    pub fn is_stated(&self, facts: &Facts, key: &CaseKey, period: &Occurrence, mode: Mode) -> bool {
        let mut known = self.about(&key.balance, &key.workflow, mode).filter(|stated| stated.period == period).peekable();
        if known.peek().is_some() {
            return known.any(|stated| stated.mark.outcome.satisfies());
        }
        facts.cases.iter().any(|(of, case)| of.balance == key.balance && case.stated.has(period, mode))
    }

    /// Whether a statement about a balance left on a day, or may have.
    pub fn left_on(&self, balance: &BalanceKey, on: Date, mode: Mode) -> bool {
        let of = |stated: &&Stated<'_>| stated.balance.as_ref() == Some(balance) && counts(stated.mark.mode, mode);
        self.known.iter().filter(of).any(|stated| stated.on == on && stated.mark.outcome.is_contact())
    }

    /// Ways that proved not to deliver the statement of a period.
    pub fn tried(&self, key: &CaseKey, period: &Occurrence, mode: Mode) -> BTreeSet<&'a (Channel, String)> {
        let of = self.about(&key.balance, &key.workflow, mode).filter(|stated| stated.period == period);
        of.filter(|stated| stated.mark.outcome == Outcome::Undelivered).filter_map(|stated| stated.mark.way.as_ref()).collect()
    }

    /// The periods that a case has behind it, with what the facts say beside `before`.
    pub fn stated(&self, key: &CaseKey, before: StatedPeriods) -> StatedPeriods {
        let of = |ledger: Mode| {
            let own = self.known.iter().filter(move |stated| {
                let is_of = stated.balance.as_ref().map_or(stated.mark.workflow == key.workflow, |of| *of == key.balance);
                is_of && (stated.mark.mode == Mode::Shadow) == (ledger == Mode::Shadow) && stated.mark.outcome.satisfies()
            });
            own.max_by_key(|stated| (stated.mark.at, stated.mark.number)).map(|stated| stated.period)
        };
        [Mode::Live, Mode::Shadow].into_iter().fold(before, |stated, ledger| match of(ledger) {
            Some(period) => stated.with(period, ledger),
            None => stated,
        })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}
