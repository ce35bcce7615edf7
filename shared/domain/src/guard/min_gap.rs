use super::{Ask, Reach, Rule, Verdict};
use crate::dates::add_days;

/// Civil days between two contacts of a customer. Messages of one decision, and of one civil day, count as one contact.
pub(super) const RULE: Rule = Rule {
    id: "min-gap",
    version: 1,
    citation: "house rule: the workflow's min_gap",
    effective_from: None,
    effective_until: None,
    reach: Reach::Way,
    check,
};

fn check(ask: &Ask<'_>) -> Verdict {
    let Some(last) = ask.facts.last_contact.in_mode(ask.mode) else { return Verdict::Allow };
    let (last_on, today) = (ask.place.date_of(last), ask.place.date_of(ask.now));
    let free_on = add_days(last_on, ask.min_gap_days);
    if last >= ask.decided_at && ask.decided_at < ask.now || last_on == today || today >= free_on {
        return Verdict::Allow;
    }
    Verdict::Defer(ask.calendar.roll(free_on, crate::calendar::Spread::of(&ask.facts.tenant, &ask.facts.customer.id)))
}
