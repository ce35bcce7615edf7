//! By when what a step asks for is to be confirmed.

use jiff::{SignedDuration, Timestamp};

use super::Situation;
use crate::{Action, workflow::Days};

/// By when whoever carries out what a step asks for is to say so.
pub(super) fn confirm_by(situation: &Situation<'_>, action: &Action) -> Option<Timestamp> {
    let within = match action {
        Action::CreditHold(hold) => hold.confirm_within,
        Action::ChangeTerms(change) => change.confirm_within,
        Action::Send(_) | Action::Task(_) | Action::Notify(_) | Action::Escalate(_) | Action::HandOff(_) | Action::Fee(_) => {
            return None;
        }
    };
    Some(after(situation.now, within))
}

fn after(now: Timestamp, within: Days) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(24 * i64::from(within.0))).unwrap_or(Timestamp::MAX)
}
