use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::{Authority, RuleInput};

/// The kill switch and an open circuit breaker stop everything.
pub(super) const RULE: Rule = Rule {
    id: "kill-switch",
    version: 1,
    citation: "house rule: safe to switch on",
    authority: Authority::Setting,
    effective_from: None,
    effective_until: None,
    reach: Reach::Tenant,
    inputs,
    check,
};

fn inputs(ask: &ContactQuestion<'_>) -> Vec<RuleInput> {
    vec![
        RuleInput::setting("paused", ask.policy.settings.paused),
        RuleInput::of("circuit breaker", if ask.policy.breaker_open { "open" } else { "closed" }, "breaker"),
    ]
}

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    if ask.policy.settings.paused {
        Verdict::Block("the kill switch is on; a person switches it off in the settings".to_owned())
    } else if ask.policy.breaker_open {
        Verdict::Block("the circuit breaker is open; a person resets it".to_owned())
    } else {
        Verdict::Allow
    }
}
