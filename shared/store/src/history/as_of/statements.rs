//! What was known at an instant of statements.

use domain::{CaseKey, Coverage, Mode, StatedPeriods, is_statement};
use jiff::Timestamp;

use super::{Everything, outcome_by};

impl Everything {
    /// The periods that a case had behind it once the decision of a number was made.
    pub(super) fn stated(&self, key: &CaseKey, number: u64, at: Timestamp) -> StatedPeriods {
        let mut stated = StatedPeriods::default();
        let mut known: Vec<(Timestamp, u64, &Coverage)> = Vec::new();
        for item in self.records.iter().filter(|item| item.body.number < number && item.body.at <= at) {
            let marks = self.coverage.get(&item.key).into_iter().flatten();
            let own = marks.filter(|mark| is_statement(&mark.rows) && mark.workflow == key.workflow);
            let over = own.filter(|mark| outcome_by(item, mark.outcome, at).satisfies());
            known.extend(over.map(|mark| (item.body.at, item.body.number, mark)));
        }
        known.sort_by_key(|(at, number, _)| (*at, *number));
        for (_, _, mark) in known {
            let Some(period) = mark.rows.first().map(|row| row.occurrence.as_str()) else { continue };
            match mark.mode {
                Mode::Shadow => stated.shadow = period.into(),
                Mode::Off | Mode::Live | Mode::Later(_) => stated.live = period.into(),
            }
        }
        stated
    }
}
