//! The facts as they are once a message is settled.

use jiff::Timestamp;

use crate::{Coverage, Covered, Facts, MessageId, Mode, Outcome};

/// The facts as they are once a pending message is settled: its sender decides by them when the customer is due next.
pub fn settled(facts: &Facts, message: &MessageId, rows: &[Covered], outcome: Option<Outcome>, at: Timestamp) -> Facts {
    let mut facts = facts.clone();
    let Some(place) = facts.pending.iter().position(|pending| pending.id == *message) else { return facts };
    let pending = facts.pending.remove(place);
    let Some(outcome) = outcome else { return facts };
    if outcome.satisfies() {
        let last = match pending.mode {
            Mode::Shadow => &mut facts.last_contact.shadow,
            Mode::Off | Mode::Live => &mut facts.last_contact.live,
        };
        *last = (*last).max(Some(at));
    }
    facts.coverage.push(Coverage {
        number: pending.number,
        at,
        mode: pending.mode,
        outcome,
        message: Some(pending.id),
        way: Some((pending.channel, pending.contact)),
        rows: rows.to_vec(),
    });
    facts
}
