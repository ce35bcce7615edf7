//! The earliest moment at which a message about a case could leave if nothing but time changes.

use jiff::{Timestamp, ToSpan};

use super::{
    moment::moment,
    words::{Told, until_what},
};
use crate::{Because, CaseTrace, Decision, Facts, Next, Policy, decide};

/// Decisions that are looked ahead at most.
pub const LOOKS_MAX: usize = 64;
/// Days that are looked ahead at most.
const DAYS_MAX: i64 = 400;

/// The earliest moment for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earliest {
    /// When.
    pub at: Timestamp,
    /// The same with its reasons: `earliest Wednesday 2 December 2026, 09:00 in Oslo, when step nudge is due`.
    pub said: String,
}

/// Looks ahead: decides over the same facts at each next moment until a message about the case would leave. `None` where it leaves at `now`
/// already, where nothing that time brings lets it leave, or where that is too far ahead.
pub(super) fn earliest(
    facts: &Facts,
    policy: &Policy,
    now: Timestamp,
    decision: &Decision,
    trace: &CaseTrace,
    told: Told<'_>,
) -> Option<Earliest> {
    let is_over = matches!(
        trace.because,
        Because::Send | Because::Statement { .. } | Because::NothingOpen | Because::MessagePending { .. }
    );
    if is_over || !facts.pending.is_empty() {
        return None;
    }
    let last = now.checked_add((DAYS_MAX * 24).hours()).ok()?;
    let mut reasons: Vec<String> = until_what(&trace.because, told).into_iter().collect();
    let (mut at, mut next) = (now, decision.next);
    for _ in 0..LOOKS_MAX {
        let Next::At(until) = next else { return None };
        // What is to be done again at once is looked at a little later.
        at = if until > at { until } else { at.checked_add(1.minute()).ok()? };
        if at > last {
            return None;
        }
        let decided = decide(facts, policy, at);
        let same = |other: &&CaseTrace| match &trace.case {
            Some(case) => other.case.as_ref() == Some(case),
            None => other.balance() == trace.balance(),
        };
        let found = decided.trace.iter().find(same)?;
        if found.because.sends() {
            let why = if matches!(found.because, Because::Statement { .. }) {
                ", as a statement by the calendar".to_owned()
            } else if reasons.is_empty() {
                String::new()
            } else {
                format!(", {}", reasons.join(", and "))
            };
            return Some(Earliest { at, said: format!("earliest {}{why}", moment(at, told.zone)) });
        }
        let why = until_what(&found.because, told).filter(|why| !reasons.contains(why));
        reasons.extend(why);
        next = decided.next;
    }
    None
}
