use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::{Authority, RuleInput, phone};

/// Text messages and calls go to numbers of the countries that the tenant names, its own where it names none, and to no number that costs
/// more than others: whoever fills in a form or an address field may put any number there, and each message is paid for.
pub(super) const RULE: Rule = Rule {
    id: "number",
    version: 1,
    citation: "house rule: no message to a number abroad that nobody expects, or to one of a service",
    authority: Authority::Setting,
    effective_from: None,
    effective_until: None,
    reach: Reach::ContactAndChannel,
    inputs,
    check,
};

fn inputs(ask: &ContactQuestion<'_>) -> Vec<RuleInput> {
    if !ask.channel.facts().paid_by_number {
        return vec![RuleInput::of("the channel is paid by number", "no", "channels")];
    }
    let settings = &ask.policy.settings;
    let reached = if settings.sms.countries.is_empty() { settings.country.clone() } else { settings.sms.countries.join(", ") };
    let country = ask.contact.address(ask.channel).and_then(phone::country).unwrap_or("none");
    vec![RuleInput::setting("countries of numbers", reached), ask.of_profile("country of the number", country)]
}

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    if !ask.channel.facts().paid_by_number {
        return Verdict::Allow;
    }
    let Some(number) = ask.contact.address(ask.channel) else { return Verdict::Allow };
    if phone::is_costly(number) {
        return Verdict::Block("the number is of a service, or of no country, and may cost more than others".to_owned());
    }
    let settings = &ask.policy.settings;
    match phone::country(number) {
        None => Verdict::Block("the number is of no country".to_owned()),
        Some(country) if settings.sms.reaches(country, &settings.country) => Verdict::Allow,
        Some(country) => Verdict::Block(format!("the number is of {country}, which settings.sms.countries does not name")),
    }
}
