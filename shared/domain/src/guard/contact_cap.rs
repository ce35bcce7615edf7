use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::{Authority, RuleInput, dates::add_days};

/// At most so many contact days of one person in so many days, over all customers and channels of the tenant.
pub(super) const RULE: Rule = Rule {
    id: "contact-cap",
    version: 2,
    citation: "house rule: caps.per_person; compare 940 CMR 7.04(1)(f), 6 RCNY 5-77",
    authority: Authority::Setting,
    effective_from: None,
    effective_until: None,
    reach: Reach::ContactAndChannel,
    inputs,
    check,
};

fn inputs(ask: &ContactQuestion<'_>) -> Vec<RuleInput> {
    let cap = ask.policy.settings.caps.per_person;
    let cap = cap.map_or_else(|| "none".to_owned(), |cap| format!("{} contact days in {} days", cap.count, cap.days));
    let log = ask.contact.person().and_then(|person| ask.facts.contact_log.get(&person));
    let days: Vec<String> =
        log.map(|log| log.days(ask.mode, ask.place)).unwrap_or_default().iter().map(ToString::to_string).collect();
    let days = if days.is_empty() { "none".to_owned() } else { days.join(", ") };
    vec![
        RuleInput::setting("caps.per_person", cap),
        RuleInput::of("days on which the person was contacted", days, "contact log of the person"),
        RuleInput::of("cap lifted for this message", if ask.cap_lifted { "yes" } else { "no" }, "orders"),
    ]
}

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    if ask.cap_lifted {
        return Verdict::Allow;
    }
    let Some(cap) = ask.policy.settings.caps.per_person else { return Verdict::Allow };
    let Some(person) = ask.contact.person() else { return Verdict::Allow };
    let today = ask.place.date_of(ask.now);
    let days = i64::from(cap.days);
    let contacted_on = ask.facts.contact_log.get(&person).map(|log| log.days(ask.mode, ask.place)).unwrap_or_default();
    let within: Vec<_> = contacted_on.into_iter().filter(|on| *on > add_days(today, -days) && *on <= today).collect();
    let count = usize::try_from(cap.count).unwrap_or(usize::MAX);
    if within.contains(&today) || within.len() < count {
        return Verdict::Allow;
    }
    // Enough of the oldest have to leave the span for one more to fit.
    match within.get(within.len() - count) {
        Some(leaves) if count > 0 => {
            let spread = crate::calendar::Spread::of(&ask.facts.tenant, &ask.facts.customer.id);
            Verdict::Defer(ask.calendar.roll(add_days(*leaves, days), spread))
        }
        _ => Verdict::Block("the tenant's cap per person is zero".to_owned()),
    }
}
