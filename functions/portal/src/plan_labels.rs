//! The words that there are on the pages of plans, beside [`crate::labels`].

use domain::PlanRhythm;
use serde::Serialize;

/// What those pages say in one language; `{}` and other names in braces stand for a number, an amount or a day.
#[derive(Debug, Serialize)]
pub(crate) struct PlanLabels {
    pub(crate) language: &'static str,
    /// Heads the page, and leads to it.
    pub(crate) plan: &'static str,
    pub(crate) intro: &'static str,
    pub(crate) code_first: &'static str,
    pub(crate) needs_code: &'static str,
    pub(crate) how_many: &'static str,
    pub(crate) how_many_hint: &'static str,
    pub(crate) first_on: &'static str,
    pub(crate) first_on_hint: &'static str,
    pub(crate) rhythm: &'static str,
    pub(crate) weekly: &'static str,
    pub(crate) two_weekly: &'static str,
    pub(crate) monthly: &'static str,
    pub(crate) look: &'static str,
    pub(crate) parts_title: &'static str,
    pub(crate) part: &'static str,
    pub(crate) due_on: &'static str,
    pub(crate) amount: &'static str,
    pub(crate) total: &'static str,
    pub(crate) how_reckoned: &'static str,
    pub(crate) what_follows: &'static str,
    pub(crate) agree: &'static str,
    pub(crate) ask_person: &'static str,
    pub(crate) not_listed: &'static str,
    pub(crate) nothing: &'static str,
    pub(crate) wrong_parts: &'static str,
    pub(crate) wrong_first_on: &'static str,
    pub(crate) wrong_rhythm: &'static str,
    pub(crate) too_long: &'static str,
    pub(crate) too_small: &'static str,
    pub(crate) closed: &'static str,
    pub(crate) broken_before: &'static str,
    pub(crate) not_possible: &'static str,
    pub(crate) changed: &'static str,
    pub(crate) offer: &'static str,
    pub(crate) offers: &'static str,
    pub(crate) offer_line: &'static str,
    pub(crate) offer_until: &'static str,
    pub(crate) offer_needs_code: &'static str,
    pub(crate) offer_expired: &'static str,
    pub(crate) offer_withdrawn: &'static str,
    pub(crate) offer_changed: &'static str,
    pub(crate) made: &'static str,
    pub(crate) made_says: &'static str,
    pub(crate) made_part: &'static str,
    pub(crate) made_runs: &'static str,
    pub(crate) made_completed: &'static str,
    pub(crate) made_broken: &'static str,
    pub(crate) made_over: &'static str,
    /// Heads a plan on the statement.
    pub(crate) running: &'static str,
    pub(crate) standing: &'static str,
    pub(crate) settled: &'static str,
    pub(crate) left: &'static str,
    pub(crate) pay_next: &'static str,
    /// Of a due item.
    pub(crate) plan_broken: &'static str,
}

impl PlanLabels {
    /// How far apart parts are, in words.
    pub(crate) fn rhythm(&self, rhythm: PlanRhythm) -> &'static str {
        match rhythm {
            PlanRhythm::Weekly => self.weekly,
            PlanRhythm::TwoWeekly => self.two_weekly,
            PlanRhythm::Monthly => self.monthly,
        }
    }
}
