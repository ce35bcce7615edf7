use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::{Authority, RuleInput};

/// A channel that needs consent is used only for people who agreed to it.
pub(super) const RULE: Rule = Rule {
    id: "consent",
    version: 1,
    citation: "47 USC 227(b); 47 CFR 64.1200(a)(1); carrier and platform opt-in policies",
    authority: Authority::Statute,
    effective_from: None,
    effective_until: None,
    reach: Reach::ContactAndChannel,
    inputs,
    check,
};

fn inputs(ask: &ContactQuestion<'_>) -> Vec<RuleInput> {
    let agreed = if ask.facts.agreed(ask.contact, ask.channel) { "yes" } else { "no" };
    vec![
        RuleInput::of("channel needs consent", if ask.channel.needs_consent() { "yes" } else { "no" }, "channels"),
        ask.of_profile("the person agreed to the channel", agreed),
    ]
}

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    if ask.channel.needs_consent() && !ask.facts.agreed(ask.contact, ask.channel) {
        return Verdict::Block(format!("the person has not agreed to {}", ask.channel.as_str()));
    }
    Verdict::Allow
}
