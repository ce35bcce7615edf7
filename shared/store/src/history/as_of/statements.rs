//! What was known at an instant of statements, and of messages whose arrival was awaited.

use domain::{CaseKey, Coverage, Mode, StatedPeriods, is_statement};
use jiff::Timestamp;

use super::{Everything, outcome_by};
use crate::message::record::RecordItem;

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

/// Until when the arrival of a record's message was awaited, as was known at an instant.
pub(super) fn receipt_by(item: &RecordItem, at: Timestamp) -> Option<Timestamp> {
    let message = item.body.message.as_ref().filter(|message| message.mode == Mode::Live)?;
    let has_arrived = item.heard.iter().any(|(event, heard)| event.proves_arrival() && *heard <= at);
    message.receipt_within.filter(|_| !has_arrived).map(|time| time.after(item.body.at))
}
