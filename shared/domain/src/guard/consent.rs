use super::{ContactQuestion, Reach, Rule, Verdict};

/// A channel that needs consent is used only for people who agreed to it.
pub(super) const RULE: Rule = Rule {
    id: "consent",
    version: 1,
    citation: "47 USC 227(b); 47 CFR 64.1200(a)(1); carrier and platform opt-in policies",
    effective_from: None,
    effective_until: None,
    reach: Reach::ContactAndChannel,
    check,
};

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    if ask.channel.needs_consent() && !ask.contact.consented(ask.channel) {
        return Verdict::Block(format!("the person has not agreed to {}", ask.channel.as_str()));
    }
    Verdict::Allow
}
