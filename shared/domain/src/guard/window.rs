use super::{ContactQuestion, Reach, Rule, Verdict};

/// People are contacted in their hours, on their working days.
pub(super) const RULE: Rule = Rule {
    id: "window",
    version: 1,
    citation: "house rule: settings.window and calendar; compare 12 CFR 1006.6(b)(1)(i)",
    effective_from: None,
    effective_until: None,
    reach: Reach::ContactAndChannel,
    check,
};

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    if ask.calendar.allows(ask.now) { Verdict::Allow } else { Verdict::Defer(ask.calendar.next_allowed(ask.now)) }
}
