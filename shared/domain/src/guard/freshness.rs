use jiff::{Timestamp, ToSpan};

use super::{Ask, Reach, Rule, Verdict};
use crate::calendar;

/// Books that their source has not confirmed lately are not chased from.
pub(super) const RULE: Rule = Rule {
    id: "freshness",
    version: 1,
    citation: "house rule: no message on stale books",
    effective_from: None,
    effective_until: None,
    reach: Reach::Tenant,
    check,
};

fn check(ask: &Ask<'_>) -> Verdict {
    let source = &ask.facts.customer.source;
    let Some(demand) = ask.policy.settings.freshness.get(source) else { return Verdict::Allow };
    let heard = ask.facts.heard.get(source).copied().unwrap_or(Timestamp::MIN);
    match calendar::freshness(demand) {
        Some(age_max) if ask.now.duration_since(heard) <= age_max => Verdict::Allow,
        Some(_) | None => Verdict::Defer(ask.now.checked_add(1.hour()).unwrap_or(Timestamp::MAX)),
    }
}
