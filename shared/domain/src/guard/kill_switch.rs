use super::{ContactQuestion, Reach, Rule, Verdict};

/// The kill switch and an open circuit breaker stop everything.
pub(super) const RULE: Rule = Rule {
    id: "kill-switch",
    version: 1,
    citation: "house rule: safe to switch on",
    effective_from: None,
    effective_until: None,
    reach: Reach::Tenant,
    check,
};

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    if ask.policy.settings.paused {
        Verdict::Block("the kill switch is on; a person switches it off in the settings".to_owned())
    } else if ask.policy.breaker_open {
        Verdict::Block("the circuit breaker is open; a person resets it".to_owned())
    } else {
        Verdict::Allow
    }
}
