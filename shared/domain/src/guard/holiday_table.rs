use super::{ContactQuestion, Reach, Rule, Verdict};

/// Outside the years of the holiday table nobody knows which days are closed, so a person is asked.
pub(super) const RULE: Rule = Rule {
    id: "holiday-table",
    version: 1,
    citation: "house rule: unknown facts fail closed",
    effective_from: None,
    effective_until: None,
    reach: Reach::Tenant,
    check,
};

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    if ask.calendar.covers(ask.place.date_of(ask.now)) {
        Verdict::Allow
    } else {
        Verdict::NeedsReview("the table of public holidays does not cover this year; install a newer release".to_owned())
    }
}
