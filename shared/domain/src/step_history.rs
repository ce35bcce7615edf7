//! What each open due item has been through: the results of steps, from which its rung is derived.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};

use crate::{
    CaseKey, Channel, Coverage, DueItemKey, Facts, MessageId, Mode, Occurrence, Outcome, Policy, calendar::Locality,
    mode::counts, receivables::Receivables, statement::is_statement, workflow::CompiledWorkflow,
};

/// How a step ended for one due item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepResult<'a> {
    /// The step's id.
    pub step: &'a str,
    /// Which occurrence of the step.
    pub occurrence: Occurrence,
    /// How it ended.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
    /// The civil day of `at` where the person is.
    pub on: Date,
    /// Channel and contact tried, where there was a message.
    pub way: Option<&'a (Channel, String)>,
    /// By when the message asked to be paid.
    pub pay_by: Option<Date>,
    /// Until when word of the message's arrival is awaited, where it is.
    pub receipt_by: Option<Timestamp>,
    /// Whether that time is over, so that the step is open again for its next channel.
    pub overdue: bool,
}

impl<'a> StepResult<'a> {
    /// A result without a message.
    pub fn of(step: &'a str, occurrence: Occurrence, outcome: Outcome, at: Timestamp, on: Date) -> Self {
        Self { step, occurrence, outcome, at, on, way: None, pay_by: None, receipt_by: None, overdue: false }
    }

    /// Whether the step is over by it.
    pub fn satisfies(&self) -> bool {
        self.outcome.satisfies() && !self.overdue
    }

    fn is_of(&self, other: &Self) -> bool {
        self.step == other.step && self.occurrence == other.occurrence
    }
}

/// The results of every open due item in one ledger, by the item's position in the receivables.
#[derive(Clone, Debug)]
pub struct StepHistory<'a> {
    of_item: Vec<Vec<StepResult<'a>>>,
    /// The workflow in whose case each item had its last result.
    workflows: Vec<Option<(Timestamp, &'a str)>>,
}

impl<'a> StepHistory<'a> {
    /// The results that count in `mode` at `now`: shadow mode sees both ledgers, live mode only what really left.
    /// Steps are called as the version calls them by which `policy` has the item's case go on.
    pub fn of(
        facts: &'a Facts,
        policy: &'a Policy,
        receivables: &Receivables<'_>,
        place: &Locality,
        mode: Mode,
        now: Timestamp,
    ) -> Self {
        Self::but_for(facts, policy, receivables, place, (mode, now), &[])
    }

    /// The same without what some messages came to: a message and its copies are each judged as if the others were still to leave.
    pub fn but_for(
        facts: &'a Facts,
        policy: &'a Policy,
        receivables: &Receivables<'_>,
        place: &Locality,
        (mode, now): (Mode, Timestamp),
        messages: &[MessageId],
    ) -> Self {
        let others = |coverage: &&Coverage| coverage.message.as_ref().is_none_or(|message| !messages.contains(message));
        let mut of_item: Vec<Vec<StepResult<'a>>> = vec![Vec::new(); receivables.items.len()];
        let mut workflows: Vec<Option<(Timestamp, &str)>> = vec![None; receivables.items.len()];
        // A statement is no step's: it says nothing of how far an item is.
        let of_steps = facts.marks().filter(|coverage| !is_statement(&coverage.rows));
        let counted = of_steps.filter(others).filter(|coverage| counts(coverage.mode, mode));
        for coverage in counted {
            let on = place.date_of(coverage.at);
            for row in &coverage.rows {
                let result = StepResult {
                    step: &row.step,
                    occurrence: row.occurrence.clone(),
                    outcome: coverage.outcome,
                    at: coverage.at,
                    on,
                    way: coverage.way.as_ref(),
                    pay_by: coverage.pay_by,
                    receipt_by: coverage.receipt_by.filter(|_| coverage.outcome == Outcome::Sent),
                    overdue: false,
                };
                let Some(at) = receivables.position(&row.item) else { continue };
                if let Some(known) = workflows.get_mut(at).filter(|_| !coverage.workflow.is_empty()) {
                    *known = (*known).max(Some((coverage.at, coverage.workflow.as_str())));
                }
                if let Some(results) = of_item.get_mut(at).filter(|results| !results.contains(&result)) {
                    results.push(result);
                }
            }
        }
        for results in &mut of_item {
            mark_overdue(results, now);
        }
        let mut history = Self { of_item, workflows };
        if policy.workflows.iter().all(|workflow| workflow.carried().is_empty()) {
            return history;
        }
        for (at, item) in receivables.items.iter().enumerate() {
            let Some(joined) = history.workflow(at) else { continue };
            let case = facts.cases.get(&CaseKey::new(item.balance(), joined));
            if let Some(workflow) = case.and_then(|case| policy.driving(case)) {
                history = history.carried(&[at], workflow);
            }
        }
        history
    }

    /// The history of some items with the steps of versions before `workflow` under the ids that they have in it. A step that it has none
    /// for keeps its own.
    #[must_use]
    pub fn carried(mut self, items: &[usize], workflow: &'a CompiledWorkflow) -> Self {
        let carried = workflow.carried();
        if carried.is_empty() {
            return self;
        }
        for at in items {
            let Some(results) = self.of_item.get_mut(*at) else { continue };
            let mut renamed: Vec<StepResult<'a>> = Vec::with_capacity(results.len());
            for result in results.iter() {
                let heirs = carried.iter().filter(|(old, _)| old == result.step).map(|(_, new)| new.as_str());
                let mut steps: Vec<&'a str> = heirs.collect();
                if steps.is_empty() {
                    steps.push(result.step);
                }
                for step in steps {
                    let result = StepResult { step, ..result.clone() };
                    if !renamed.contains(&result) {
                        renamed.push(result);
                    }
                }
            }
            *results = renamed;
        }
        self
    }

    /// The workflow in whose case the item at a position had its last result, by the case's key.
    pub fn workflow(&self, item: usize) -> Option<&'a str> {
        self.workflows.get(item)?.map(|(_, workflow)| workflow)
    }

    /// The results of the item at a position of the receivables, in no order.
    pub fn results(&self, item: usize) -> &[StepResult<'a>] {
        self.of_item.get(item).map_or(&[], Vec::as_slice)
    }

    /// The results of an item by its key; none for one that is not open.
    pub fn results_of(&self, receivables: &Receivables<'_>, item: &DueItemKey) -> &[StepResult<'a>] {
        receivables.position(item).map_or(&[], |at| self.results(at))
    }

    /// The next instant at which the arrival of a message about an open item is overdue, if it is awaited.
    pub fn receipt_next(&self, now: Timestamp) -> Option<Timestamp> {
        let awaited = |results: &Vec<StepResult<'_>>| {
            results
                .iter()
                .filter(|result| !was_left(results, result))
                .filter_map(|result| result.receipt_by)
                .filter(|by| *by > now)
                .min()
        };
        self.of_item.iter().filter_map(awaited).min()
    }

    /// The history with further results, each with its item's position.
    pub fn with(mut self, results: impl IntoIterator<Item = (usize, StepResult<'a>)>) -> Self {
        for (item, result) in results {
            if let Some(known) = self.of_item.get_mut(item) {
                if result.outcome == Outcome::Unconfirmed {
                    known.iter_mut().filter(|of| of.is_of(&result)).for_each(|of| of.overdue = false);
                }
                known.push(result);
            }
        }
        self
    }
}

/// How a step was satisfied, according to an item's results: the first time.
pub fn satisfied<'r, 'a>(results: &'r [StepResult<'a>], step: &str, occurrence: &Occurrence) -> Option<&'r StepResult<'a>> {
    let ended = |result: &&StepResult<'a>| result.occurrence == *occurrence && result.satisfies() && result.step == step;
    results.iter().filter(ended).min_by_key(|result| result.at)
}

/// What a person ordered of a step, according to an item's results: the last time.
pub fn ordered<'r, 'a>(
    results: &'r [StepResult<'a>],
    step: &str,
    occurrence: &Occurrence,
    order: Outcome,
) -> Option<&'r StepResult<'a>> {
    let said = |result: &&StepResult<'a>| result.outcome == order && result.occurrence == *occurrence && result.step == step;
    results.iter().filter(said).max_by_key(|result| result.at)
}

/// Ways that proved not to deliver a step's message, according to an item's results. A way by which nothing left proved nothing.
pub fn tried<'a>(results: &[StepResult<'a>], step: &str, occurrence: &Occurrence) -> Vec<&'a (Channel, String)> {
    let undelivered = |result: &&StepResult<'a>| {
        result.outcome == Outcome::Undelivered && result.occurrence == *occurrence && result.step == step
    };
    results.iter().filter(undelivered).filter_map(|result| result.way).collect()
}

/// The last day by which a message about an item asked to be paid, if one did that counts as sent.
pub fn pay_by(results: &[StepResult<'_>]) -> Option<Date> {
    results.iter().filter(|result| result.outcome.is_contact() && !result.overdue).filter_map(|result| result.pay_by).max()
}

/// Channels by which a step's message left and did not arrive in time, according to an item's results.
pub fn overdue(results: &[StepResult<'_>], step: &str, occurrence: &Occurrence) -> BTreeSet<Channel> {
    let of_it = |result: &&StepResult<'_>| result.overdue && result.occurrence == *occurrence && result.step == step;
    results.iter().filter(of_it).filter_map(|result| result.way.map(|(channel, _)| *channel)).collect()
}

/// Says of each result whether the arrival of its message is overdue at `now`.
fn mark_overdue(results: &mut [StepResult<'_>], now: Timestamp) {
    let overdue: Vec<bool> =
        results.iter().map(|result| result.receipt_by.is_some_and(|by| by <= now) && !was_left(results, result)).collect();
    for (result, overdue) in results.iter_mut().zip(overdue) {
        result.overdue = overdue;
    }
}

/// Whether nobody waits any more for the arrival of a result's message: the step had no other way, or another step wrote since.
fn was_left(results: &[StepResult<'_>], result: &StepResult<'_>) -> bool {
    results.iter().any(|other| {
        if other.is_of(result) {
            other.outcome == Outcome::Unconfirmed
        } else {
            other.way.is_some() && other.outcome.is_contact() && other.at > result.at
        }
    })
}
