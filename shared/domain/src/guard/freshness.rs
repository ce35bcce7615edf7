use jiff::Timestamp;

use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::{
    Authority, RuleInput,
    calendar::{self, Spread},
    dates::add_days,
};

/// Books that their source has not confirmed lately are not chased from. A word of the source wakes the customers who wait for
/// it, so that this only looks again at the customer's moment of the next open day.
pub(super) const RULE: Rule = Rule {
    id: "freshness",
    version: 2,
    citation: "house rule: no message on stale books",
    authority: Authority::Setting,
    effective_from: None,
    effective_until: None,
    reach: Reach::Tenant,
    inputs,
    check,
};

fn inputs(ask: &ContactQuestion<'_>) -> Vec<RuleInput> {
    let source = &ask.facts.customer.source;
    let demand = ask.policy.settings.freshness.get(source).map_or("none", String::as_str);
    let heard = ask.facts.sources_confirmed_at.get(source).map_or_else(|| "never".to_owned(), ToString::to_string);
    vec![
        RuleInput::setting("freshness of the source", demand),
        RuleInput::of("the source last said that its books are complete", heard, format!("books of {source}")),
    ]
}

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
