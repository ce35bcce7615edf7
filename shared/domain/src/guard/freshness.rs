use jiff::Timestamp;

use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::{
    calendar::{self, Spread},
    dates::add_days,
};

/// Books that their source has not confirmed lately are not chased from. A word of the source wakes the customers who wait for
/// it, so that this only looks again at the customer's moment of the next open day.
pub(super) const RULE: Rule = Rule {
    id: "freshness",
    version: 2,
    citation: "house rule: no message on stale books",
    effective_from: None,
    effective_until: None,
    reach: Reach::Tenant,
    check,
};

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    let source = &ask.facts.customer.source;
    let Some(demand) = ask.policy.settings.freshness.get(source) else { return Verdict::Allow };
    let heard = ask.facts.sources_confirmed_at.get(source).copied().unwrap_or(Timestamp::MIN);
    match calendar::freshness(demand) {
        Some(age_max) if ask.now.duration_since(heard) <= age_max => Verdict::Allow,
        Some(_) | None => {
            let spread = Spread::of(&ask.facts.tenant, &ask.facts.customer.id);
            let today = ask.place.date_of(ask.now);
            let moment = ask.calendar.roll(today, spread);
            let next = if moment > ask.now { moment } else { ask.calendar.roll(add_days(today, 1), spread) };
            Verdict::Defer(next)
        }
    }
}
