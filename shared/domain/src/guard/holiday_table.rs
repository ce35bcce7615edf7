use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::{Authority, RuleInput};

/// Outside the years of the holiday table nobody knows which days are closed, so a person is asked.
pub(super) const RULE: Rule = Rule {
    id: "holiday-table",
    version: 1,
    citation: "house rule: unknown facts fail closed",
    authority: Authority::HouseRule,
    effective_from: None,
    effective_until: None,
    reach: Reach::Tenant,
    inputs,
    check,
};

fn inputs(ask: &ContactQuestion<'_>) -> Vec<RuleInput> {
    vec![RuleInput::of("day where the person is", ask.place.date_of(ask.now), "clock")]
}

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    if ask.calendar.covers(ask.place.date_of(ask.now)) {
        Verdict::Allow
    } else {
        Verdict::NeedsReview("the table of public holidays does not cover this year; install a newer release".to_owned())
    }
}
