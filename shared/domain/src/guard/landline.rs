use jiff::civil::{Date, date};

use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::{Authority, RuleInput, phone};

/// The first day on which it holds. What was decided or simulated for days before stays as it was recorded.
pub(super) const SINCE: Date = date(2026, 12, 1);

/// Text messages go to no landline: carriers drop them, or have a machine read them to whoever picks up, and a receipt says nothing of it.
pub(super) const RULE: Rule = Rule {
    id: "landline",
    version: 1,
    citation: "house rule: a text message to a landline is read by nobody, or aloud by a machine",
    authority: Authority::HouseRule,
    effective_from: Some(SINCE),
    effective_until: None,
    reach: Reach::ContactAndChannel,
    inputs,
    check,
};

/// The number of a text message; on other channels landlines are as good as any.
fn number<'a>(ask: &'a ContactQuestion<'_>) -> Option<&'a str> {
    ask.contact.address(ask.channel).filter(|_| ask.channel.facts().segments_max.is_some())
}

fn inputs(ask: &ContactQuestion<'_>) -> Vec<RuleInput> {
    match number(ask) {
        Some(number) => vec![ask.of_profile("the number is a landline", if phone::is_landline(number) { "yes" } else { "no" })],
        None => vec![RuleInput::of("the channel carries text messages", "no", "channels")],
    }
}

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    match number(ask) {
        Some(number) if phone::is_landline(number) => {
            Verdict::Block("the number is a landline, where text messages reach nobody; enter a mobile number".to_owned())
        }
        Some(_) | None => Verdict::Allow,
    }
}
