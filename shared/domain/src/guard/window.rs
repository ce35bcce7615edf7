use jiff::civil::Time;

use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::{Authority, RuleInput};

/// People are contacted in their hours, on their working days.
pub(super) const RULE: Rule = Rule {
    id: "window",
    version: 1,
    citation: "house rule: settings.window and calendar; compare 12 CFR 1006.6(b)(1)(i)",
    authority: Authority::Setting,
    effective_from: None,
    effective_until: None,
    reach: Reach::ContactAndChannel,
    inputs,
    check,
};

fn inputs(ask: &ContactQuestion<'_>) -> Vec<RuleInput> {
    let of_tenant = &ask.policy.settings.window;
    let window = ask.facts.by_hand.within(of_tenant);
    let shown = |time: Time| time.strftime("%H:%M").to_string();
    let zones: Vec<&str> = ask.place.zones().iter().filter_map(|zone| zone.iana_name()).collect();
    let today = ask.place.date_of(ask.now);
    let closed = ask.calendar.days_off(today, today.tomorrow().unwrap_or(today));
    let closed = closed.first().map_or_else(|| "no holiday".to_owned(), ToString::to_string);
    vec![
        RuleInput::of(
            "window",
            format!("{} to {}", shown(window.from), shown(window.to)),
            if window == *of_tenant { "settings" } else { "settings, with the customer's hours as people entered them" },
        ),
        ask.of_profile("zones in which the person may be", zones.join(", ")),
        RuleInput::of("day where the person is", format!("{today}: {closed}"), "calendar"),
    ]
}

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    if ask.calendar.allows(ask.now) { Verdict::Allow } else { Verdict::Defer(ask.calendar.next_allowed(ask.now)) }
}
