//! Phase 2: whether a case may be chased at all. One look, nothing is changed.
//!
//! The reasons are one list, [`GATE_RULES`], in their order: the first that stops is the reason. The decision asks them all. The sender asks
//! those again that another message of the same decision does not bring about by itself.

use jiff::{Timestamp, ToSpan};

use super::{
    Situation,
    assess::CaseFacts,
    case::{CaseItems, Sums},
};
use crate::{
    AgreementId, Authority, Because, CaseState, Money, Next, RuleInput, WaitingReason, Workflow, step_history::StepHistory,
    workflow::CompiledWorkflow,
};

/// How long a message may stay unknown before a person is asked and the ladder goes on.
pub const UNKNOWN_HOURS_MAX: i64 = 72;

/// What the gate says.
pub(super) enum Gate {
    /// The case may be chased.
    Proceed,
    /// It may not.
    Wait(GateStop),
}

/// That a case may not be chased.
pub(super) struct GateStop {
    /// Why.
    pub(super) because: Because,
    /// The state that it is left in.
    pub(super) state: CaseState,
    /// When to look again.
    pub(super) next: Next,
}

/// What the gate is asked about.
pub(super) struct GateQuestion<'s, 'a> {
    pub(super) situation: &'s Situation<'a>,
    pub(super) of: &'s CaseItems<'s>,
    /// The state that the case stands at.
    pub(super) state: CaseState,
    pub(super) workflow: &'s CompiledWorkflow,
    pub(super) seen: &'s CaseFacts,
    /// The position of the oldest item that is chased.
    pub(super) oldest_chased: Option<usize>,
    /// The results of steps that count.
    pub(super) history: &'s StepHistory<'a>,
    /// Whether the message is a reminder of a promise: what the promise keeps back is then no reason against it, and was looked at where it was found.
    pub(super) reminds: bool,
}

/// One reason not to chase a case.
pub(super) struct GateRule {
    /// Its name in explanations.
    pub(super) id: &'static str,
    /// Raised when its answers change.
    pub(super) version: u32,
    /// Where it comes from.
    pub(super) citation: &'static str,
    /// On whose authority it holds.
    pub(super) authority: Authority,
    /// Whether a sender asks it again right before it claims.
    pub(super) asked_again: bool,
    /// What it looks at.
    pub(super) inputs: fn(&GateQuestion<'_, '_>) -> Vec<RuleInput>,
    /// Its answer: none where the case may be chased.
    pub(super) check: fn(&GateQuestion<'_, '_>) -> Option<GateStop>,
}

/// Every reason, in the order in which they count.
pub(super) static GATE_RULES: [GateRule; 8] = [
    GateRule {
        id: "known-state",
        version: 1,
        citation: "house rule: unknown facts fail closed",
        authority: Authority::HouseRule,
        asked_again: true,
        inputs: |asked| vec![RuleInput::of("state of the case", state_word(asked.state), "case")],
        check: |asked| {
            let word = asked.state.later()?;
            let because = Because::UnknownState { state: word.to_string() };
            Some(GateStop { because, state: asked.state, next: Next::Parked })
        },
    },
    GateRule {
        id: "workflow-in-use",
        version: 1,
        citation: "setting: the workflow was taken out of use together with its open cases",
        authority: Authority::Setting,
        asked_again: true,
        inputs: |asked| {
            let withdrawn = asked.situation.policy.is_withdrawn(&asked.workflow.id, asked.workflow.version);
            vec![asked.of_workflow("withdrawn with its cases", if withdrawn { "yes" } else { "no" })]
        },
        check: |asked| {
            let is_withdrawn = asked.situation.policy.is_withdrawn(&asked.workflow.id, asked.workflow.version);
            is_withdrawn.then_some(GateStop { because: Because::WorkflowWithdrawn, state: CaseState::Ended, next: Next::Parked })
        },
    },
    GateRule {
        id: "known-legal-entity",
        version: 1,
        citation: "setting: settings.legal_entities",
        authority: Authority::Setting,
        asked_again: true,
        inputs: |asked| {
            let own = &asked.of.key.balance.legal_entity;
            let own = if own.is_empty() { "the default one" } else { own.as_str() };
            let listed: Vec<&str> = asked.situation.policy.settings.legal_entities.keys().map(String::as_str).collect();
            vec![
                RuleInput::of("legal entity of the case", own, "books"),
                RuleInput::setting("legal_entities", if listed.is_empty() { "none".to_owned() } else { listed.join(", ") }),
            ]
        },
        check: |asked| {
            let entity = &asked.of.key.balance.legal_entity;
            let is_known = asked.situation.policy.settings.knows_legal_entity(entity);
            let because = Because::UnknownLegalEntity { legal_entity: entity.to_string() };
            (!is_known).then(|| waits(WaitingReason::Held, because, tomorrow(asked.situation)))
        },
    },
    GateRule {
        id: "due-now",
        version: 1,
        citation: "house rule: only what is due now is asked for",
        authority: Authority::HouseRule,
        asked_again: true,
        inputs: |asked| {
            let Sums { open_minor, due_now_minor, kept_minor } = asked.of.sums(asked.situation);
            vec![
                asked.money("open", open_minor, "books and payments"),
                asked.money("kept back by holds", kept_minor, "agreements and facts"),
                asked.money("due now", due_now_minor, "books, payments and agreements"),
            ]
        },
        check: |asked| {
            let sums = asked.of.sums(asked.situation);
            let held = sums.kept_minor > 0;
            let reason = if held { WaitingReason::Held } else { WaitingReason::Covered };
            (sums.due_now_minor == 0 && !asked.reminds).then(|| waits(reason, Because::NothingDueNow { held }, Next::Parked))
        },
    },
    GateRule {
        id: "not-held",
        version: 1,
        citation: "house rule: what was agreed or claimed about the whole case is respected; compare 12 CFR 1006.38",
        authority: Authority::HouseRule,
        asked_again: true,
        inputs: |asked| {
            let by: Vec<String> = asked.holds().map(ToString::to_string).collect();
            let said = if by.is_empty() { "none".to_owned() } else { by.join(", ") };
            vec![RuleInput::of("holds of the whole case", said, "agreements")]
        },
        check: |asked| {
            let by: Vec<_> = asked.holds().cloned().collect();
            (!by.is_empty() && !asked.reminds).then(|| waits(WaitingReason::Held, Because::Held { by }, Next::Parked))
        },
    },
    GateRule {
        id: "minimum-exposure",
        version: 1,
        citation: "setting: settings.minimum_exposure",
        authority: Authority::Setting,
        asked_again: true,
        inputs: |asked| {
            vec![
                asked.money("due now of the balance", asked.seen.exposure.due_now_minor, "books, payments and agreements"),
                asked.money("minimum_exposure", asked.minimum_minor(), "settings"),
            ]
        },
        check: |asked| {
            let minimum_minor = asked.minimum_minor();
            let is_below = asked.seen.exposure.due_now_minor < minimum_minor && !asked.reminds;
            is_below.then(|| waits(WaitingReason::BelowMinimum, Because::BelowMinimum { minimum_minor }, Next::Parked))
        },
    },
    GateRule {
        id: "exit-when",
        version: 1,
        citation: "setting: the workflow's exit_when",
        authority: Authority::Setting,
        asked_again: true,
        inputs: |asked| {
            let workflow: &Workflow = asked.workflow;
            let condition = workflow.exit_when.as_deref().unwrap_or("none");
            let holds = if asked.has_exited() { "yes" } else { "no" };
            vec![asked.of_workflow("exit_when", condition), RuleInput::of("exit_when holds", holds, "facts of the case")]
        },
        check: |asked| {
            asked.has_exited().then(|| waits(WaitingReason::Exited, Because::ExitWhenHolds, tomorrow(asked.situation)))
        },
    },
    GateRule {
        id: "nothing-pending",
        version: 1,
        citation: "house rule: one message at a time; what became of the last is known first",
        authority: Authority::HouseRule,
        asked_again: false,
        inputs: |asked| {
            let pending: Vec<&str> = asked.situation.facts.pending.iter().map(|pending| pending.id.as_str()).collect();
            let said = if pending.is_empty() { "none".to_owned() } else { pending.join(", ") };
            vec![RuleInput::of("messages without a result", said, "head of the customer")]
        },
        check: |asked| {
            let until = pending_until(asked.situation)?;
            let because = Because::MessagePending { until };
            Some(GateStop { because, state: CaseState::Open, next: Next::At(until) })
        },
    },
];

impl GateQuestion<'_, '_> {
    /// What holds the whole case.
    fn holds(&self) -> impl Iterator<Item = &AgreementId> {
        let own = self.situation.receivables.kept.cases.iter().filter(move |(held, _)| *held == self.of.key.balance);
        own.map(|(_, hold)| hold)
    }

    fn minimum_minor(&self) -> i64 {
        self.situation.policy.settings.minimum_exposure.get(&self.of.key.currency()).copied().unwrap_or(0)
    }

    fn has_exited(&self) -> bool {
        self.workflow.exit_when().holds(false, || {
            let item =
                self.oldest_chased.and_then(|at| Some((self.situation.receivables.items.get(at)?, self.history.results(at))));
            match item {
                Some((item, results)) => self.situation.condition_facts_of(self.seen, item, results),
                None => self.situation.condition_facts(self.seen, None),
            }
        })
    }

    fn of_workflow(&self, name: &'static str, value: &str) -> RuleInput {
        RuleInput::of(name, value, format!("workflow {}", self.workflow.id)).at_version(Some(self.workflow.version))
    }

    fn money(&self, name: &'static str, minor: i64, from: &str) -> RuleInput {
        RuleInput::of(name, Money::from_minor(minor, self.of.key.currency()), from)
    }
}

/// Looks whether anything of a case may be chased now.
pub(super) fn gate(asked: &GateQuestion<'_, '_>) -> Gate {
    GATE_RULES.iter().find_map(|rule| (rule.check)(asked)).map_or(Gate::Proceed, Gate::Wait)
}

/// Why a message that was decided may not leave any more, as far as the gate says so.
pub(super) fn gate_again(asked: &GateQuestion<'_, '_>) -> Option<Because> {
    let stop = GATE_RULES.iter().filter(|rule| rule.asked_again).find_map(|rule| (rule.check)(asked))?;
    Some(stop.because)
}

fn waits(reason: WaitingReason, because: Because, next: Next) -> GateStop {
    GateStop { because, state: CaseState::Waiting(reason), next }
}

fn state_word(state: CaseState) -> String {
    match state {
        CaseState::Open => "open".to_owned(),
        CaseState::Waiting(reason) => format!("waiting: {}", reason.as_str()),
        CaseState::Ended => "ended".to_owned(),
        CaseState::Closed => "closed".to_owned(),
        CaseState::Later(word) => word.to_string(),
    }
}

/// When messages that are still pending stop keeping others back.
fn pending_until(situation: &Situation<'_>) -> Option<Timestamp> {
    let decided = situation.facts.pending.iter().map(|pending| pending.decided_at).min()?;
    Some(decided.checked_add(UNKNOWN_HOURS_MAX.hours()).unwrap_or(Timestamp::MAX))
}

/// The same time tomorrow, for what only the calendar can change.
pub(super) fn tomorrow(situation: &Situation<'_>) -> Next {
    Next::At(situation.now.checked_add(24.hours()).unwrap_or(Timestamp::MAX))
}
