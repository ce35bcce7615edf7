//! The guard: reasons not to send. Every message passes it when it is decided and again, on fresh facts, right before the
//! provider call.
//!
//! All rules run, the strictest answer wins: `Block > NeedsReview > Defer > Allow`. To add a rule, write one file with the
//! rule and its citation, one line in [`RULES`], and its cases in `tests.rs`.

mod collector_channels;
mod consent;
mod contact_cap;
mod debt_collector;
mod freshness;
mod holiday_table;
mod kill_switch;
mod landline;
mod min_gap;
mod mode;
mod number;
mod rule;
mod suppression;
mod window;

/// The id of the rule of hours and days.
pub(crate) const WINDOW: &str = window::RULE.id;

/// The id of the rule that caps contacts.
pub(crate) const CONTACT_CAP: &str = contact_cap::RULE.id;

/// The id of the rule that wants fresh books.
pub(crate) const FRESHNESS: &str = freshness::RULE.id;

use jiff::civil::Date;

pub use rule::{ContactQuestion, Reach, Rule, Verdict};

use crate::RuleInput;

/// Every rule. Their order carries no meaning.
pub const RULES: &[&Rule] = &[
    &mode::RULE,
    &kill_switch::RULE,
    &freshness::RULE,
    &suppression::RULE,
    &consent::RULE,
    &number::RULE,
    &landline::RULE,
    &debt_collector::RULE,
    &collector_channels::RULE,
    &min_gap::RULE,
    &contact_cap::RULE,
    &window::RULE,
    &holiday_table::RULE,
];

/// The guard's answer: the strictest verdict, and every rule that did not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardAnswer {
    /// The strictest verdict of all rules; of several deferrals, the latest.
    pub verdict: Verdict,
    /// The strictest verdict of the rules about the tenant as a whole.
    pub tenant: Verdict,
    /// Rules that did not allow.
    pub against: Vec<(&'static Rule, Verdict)>,
}

/// Whether a rule holds on a day.
fn is_in_force(rule: &Rule, on: Date) -> bool {
    rule.effective_from.is_none_or(|from| from <= on) && rule.effective_until.is_none_or(|until| on <= until)
}

/// Asks every rule.
pub fn ask(ask: &ContactQuestion<'_>) -> GuardAnswer {
    let today = ask.place.date_of(ask.now);
    let mut answer = GuardAnswer { verdict: Verdict::Allow, tenant: Verdict::Allow, against: Vec::new() };
    for rule in RULES.iter().filter(|rule| is_in_force(rule, today)) {
        let verdict = (rule.check)(ask);
        if verdict == Verdict::Allow {
            continue;
        }
        if rule.reach == Reach::Tenant {
            answer.tenant = answer.tenant.max(verdict.clone());
        }
        answer.verdict = answer.verdict.max(verdict.clone());
        answer.against.push((rule, verdict));
    }
    answer
}

/// Every rule that holds, in their order, with what it looked at and what it says: for explanations.
pub fn each(ask: &ContactQuestion<'_>) -> Vec<(&'static Rule, Vec<RuleInput>, Verdict)> {
    let today = ask.place.date_of(ask.now);
    let in_force = RULES.iter().filter(|rule| is_in_force(rule, today));
    in_force.map(|rule| (*rule, (rule.inputs)(ask), (rule.check)(ask))).collect()
}

#[cfg(test)]
mod tests;
