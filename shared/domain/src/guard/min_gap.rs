use jiff::Timestamp;

use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::dates::add_days;

/// Civil days between two contacts of a customer, and of the person, whichever customers they are about. Messages of one decision,
/// and of one civil day, count as one contact.
pub(super) const RULE: Rule = Rule {
    id: "min-gap",
    version: 2,
    citation: "house rule: the workflow's min_gap",
    effective_from: None,
    effective_until: None,
    reach: Reach::ContactAndChannel,
    check,
};

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    let today = ask.place.date_of(ask.now);
    let of_one_decision = |last: &Timestamp| *last >= ask.decided_at && ask.decided_at < ask.now;
    let here = ask.facts.last_contact.in_mode(ask.mode).filter(|last| !of_one_decision(last));
    let log = ask.contact.person().and_then(|person| ask.facts.contact_log.get(&person));
    let elsewhere = log.and_then(|log| log.last_elsewhere(&ask.facts.customer.id, ask.mode));
    let last_on = [here, elsewhere].into_iter().flatten().map(|last| ask.place.date_of(last)).filter(|on| *on != today);
    match last_on.max().map(|on| add_days(on, ask.min_gap_days)) {
        Some(free_on) if today < free_on => {
            Verdict::Defer(ask.calendar.roll(free_on, crate::calendar::Spread::of(&ask.facts.tenant, &ask.facts.customer.id)))
        }
        Some(_) | None => Verdict::Allow,
    }
}
