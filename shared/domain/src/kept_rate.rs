//! How a customer kept what it promised: counted over the promises and plans that are stored of it. It is shown to people; nothing is decided by it.

use std::fmt;

use crate::{Agreement, PlanStatus, PromiseStatus, Terms};

/// How often a customer kept promises and plans that are over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptRate {
    /// Promises that were kept.
    pub kept: u32,
    /// Promises of which a part came in time.
    pub partly_kept: u32,
    /// Promises of which nothing came in time.
    pub broken: u32,
    /// Plans that were paid to the end.
    pub plans_completed: u32,
    /// Plans of which a part was missed.
    pub plans_broken: u32,
}

impl KeptRate {
    /// Counts agreements. What is open, was cancelled, or only a later release knows counts nothing.
    pub fn of<'a>(agreements: impl IntoIterator<Item = &'a Agreement>) -> Self {
        let mut rate = Self::default();
        for agreement in agreements {
            let count = match &agreement.terms {
                Terms::Promise(promise) => match promise.status {
                    PromiseStatus::Kept => &mut rate.kept,
                    PromiseStatus::PartlyKept => &mut rate.partly_kept,
                    PromiseStatus::Broken => &mut rate.broken,
                    PromiseStatus::Open | PromiseStatus::Cancelled | PromiseStatus::Later(_) => continue,
                },
                Terms::Plan(plan) => match plan.status {
                    PlanStatus::Completed => &mut rate.plans_completed,
                    PlanStatus::Broken => &mut rate.plans_broken,
                    PlanStatus::Running | PlanStatus::Cancelled | PlanStatus::Later(_) => continue,
                },
                Terms::Dispute(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => continue,
            };
            *count = count.saturating_add(1);
        }
        rate
    }
}

impl fmt::Display for KeptRate {
    /// A sentence for a person who decides.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kept, partly_kept, broken, plans_completed, plans_broken } = self;
        write!(
            f,
            "of its promises {kept} were kept, {partly_kept} partly and {broken} not; of its plans {plans_completed} were paid and \
             {plans_broken} broken"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Currency,
        testing::{Stage, at, ladder},
    };

    #[test]
    fn what_is_over_is_counted_by_how_it_ended() {
        use crate::proposal::{Proposer, propose};
        let mut stage = Stage::new(ladder());
        stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
        let made = |body: serde_json::Value| {
            let proposal = serde_json::from_value(body).expect("a proposal");
            let id = crate::AgreementId::derive(&["one"]);
            let by = Proposer { id: &id, by: "u-1", now: at("2026-02-05T09:00:00Z") };
            propose(&proposal, &stage.facts, &stage.policy.settings, by).expect("an agreement")
        };
        let promise = made(serde_json::json!({"kind": "promise", "pays_on": "2026-02-20"}));
        let plan = made(serde_json::json!({"kind": "plan", "parts": [{"amount_minor": 1_000, "due_on": "2026-03-02"}]}));
        let pause = made(serde_json::json!({"kind": "pause"}));
        let promised = |status| {
            let mut agreement = promise.clone();
            if let Terms::Promise(promise) = &mut agreement.terms {
                promise.status = status;
            }
            agreement
        };
        let planned = |status| {
            let mut agreement = plan.clone();
            if let Terms::Plan(plan) = &mut agreement.terms {
                plan.status = status;
            }
            agreement
        };
        let all = [
            promised(PromiseStatus::Kept),
            promised(PromiseStatus::Kept),
            promised(PromiseStatus::PartlyKept),
            promised(PromiseStatus::Broken),
            promised(PromiseStatus::Open),
            promised(PromiseStatus::Cancelled),
            planned(PlanStatus::Completed),
            planned(PlanStatus::Broken),
            planned(PlanStatus::Running),
            planned(PlanStatus::Cancelled),
            pause,
        ];
        let rate = KeptRate::of(&all);
        assert_eq!(rate, KeptRate { kept: 2, partly_kept: 1, broken: 1, plans_completed: 1, plans_broken: 1 });
        assert_eq!(rate.to_string(), "of its promises 2 were kept, 1 partly and 1 not; of its plans 1 were paid and 1 broken");
        assert_eq!(KeptRate::of(&[]), KeptRate::default());
    }
}
