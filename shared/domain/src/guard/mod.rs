//! The guard: reasons not to send. Every message passes it when it is decided and again, on fresh facts, right before the
//! provider call.
//!
//! All rules run, the strictest answer wins: `Block > NeedsReview > Defer > Allow`. To add a rule, write one file with the
//! rule, its citation and its table of cases, and add one line to [`RULES`].

mod collector_channels;
mod consent;
mod contact_cap;
mod debt_collector;
mod freshness;
mod holiday_table;
mod kill_switch;
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

pub use rule::{ContactQuestion, Reach, Rule, Verdict};

/// Every rule. Their order carries no meaning.
pub const RULES: &[&Rule] = &[
    &mode::RULE,
    &kill_switch::RULE,
    &freshness::RULE,
    &suppression::RULE,
    &consent::RULE,
    &number::RULE,
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

/// Asks every rule.
pub fn ask(ask: &ContactQuestion<'_>) -> GuardAnswer {
    let today = ask.place.date_of(ask.now);
    let in_force = |rule: &&&Rule| {
        rule.effective_from.is_none_or(|from| from <= today) && rule.effective_until.is_none_or(|until| today <= until)
    };
    let mut answer = GuardAnswer { verdict: Verdict::Allow, tenant: Verdict::Allow, against: Vec::new() };
    for rule in RULES.iter().filter(in_force) {
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

#[cfg(test)]
mod tests;
