//! The reasons of decisions as sentences: what was found, one fact each, and what would change it.

use jiff::{Timestamp, tz::TimeZone};

use super::moment::{day, moment};
use crate::{
    AgreementId, Because, CaseTrace, HoldReason, Money,
    calendar::DayOff,
    decide::{RuleAsked, RuleOutcome},
    kept_back::Hold,
    rollout::SHARE_WHOLE,
};

/// What is known beside a trace when it is put into words.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What holds keep back at that instant; empty where that is not known.
    pub holds: &'a [Hold],
    /// Where the customer's people are.
    pub zone: &'a TimeZone,
}

impl Told<'_> {
    fn hold(&self, by: &AgreementId) -> String {
        let Some(hold) = self.holds.iter().find(|hold| hold.by == *by) else { return format!("the agreement {by}") };
        hold_in_words(hold, self.zone)
    }
}

/// A hold by its reason, with its id and its end: `the pause agr_… until Tuesday 1 December 2026, 00:00 in Oslo`.
pub fn hold_in_words(hold: &Hold, zone: &TimeZone) -> String {
    let what = match &hold.reason {
        HoldReason::Dispute => "the dispute".to_owned(),
        HoldReason::Promise => "the promise to pay".to_owned(),
        HoldReason::Plan => "the payment plan".to_owned(),
        HoldReason::Manual => "the pause".to_owned(),
        HoldReason::Legal => "the pause for lawyers".to_owned(),
        HoldReason::Cease => "the request not to be contacted".to_owned(),
        HoldReason::MoneyOnItsWay => "the money on its way".to_owned(),
        HoldReason::Refund => "the refund".to_owned(),
        HoldReason::Chargeback => "the chargeback".to_owned(),
        HoldReason::NotSent => "that the invoice was not sent to the customer".to_owned(),
        HoldReason::Later(word) => format!("the hold '{word}' of a later release"),
    };
    if hold.ends_at == Timestamp::MAX {
        return format!("{what} ({}), which has no end", hold.by);
    }
    format!("{what} ({}) until {}", hold.by, moment(hold.ends_at, zone))
}

/// The amounts that a decision about one case looked at, where it says them: its first sentence.
pub(super) fn amounts(trace: &CaseTrace) -> Option<String> {
    let money = |minor| Money::from_minor(minor, trace.currency);
    let (open, due_now) = (money(trace.open_minor), money(trace.due_now_minor));
    match &trace.because {
        Because::Send
        | Because::Statement { .. }
        | Because::Held { .. }
        | Because::BelowMinimum { .. }
        | Because::ExitWhenHolds
        | Because::WorkflowWithdrawn
        | Because::NotDue { .. }
        | Because::Waiting { .. }
        | Because::Approval { .. }
        | Because::Deferred
        | Because::Stopped
        | Because::PlanEnded => Some(format!("{open} is open, and {due_now} is due now.")),
        Because::NoWorkflowApplies | Because::NothingDueNow { .. } => Some(format!("{open} is open.")),
        Because::NothingOpen
        | Because::UnknownLegalEntity { .. }
        | Because::MessagePending { .. }
        | Because::UnknownState { .. }
        | Because::Unsettled
        | Because::Later(_) => None,
    }
}

/// What a decision about one case found: sentences, one fact each.
pub fn outcome(trace: &CaseTrace, told: Told<'_>) -> Vec<String> {
    let money = |minor| Money::from_minor(minor, trace.currency);
    let at = |until: &Timestamp| moment(*until, told.zone);
    let step = trace.step.as_deref().unwrap_or("the next step");
    let mut said: Vec<String> = amounts(trace).into_iter().collect();
    said.extend(match &trace.because {
        Because::Send => vec![format!("Step {step} is due."), "Every rule allows it, so a message is sent.".to_owned()],
        Because::Statement { period, instead_of } => {
            let mut all = vec![format!("The statement of {period} is due."), "Every rule allows it, so it is sent.".to_owned()];
            all.extend(instead_of.as_ref().map(|step| {
                format!("Step {step} is due on the same day; it is not sent beside the statement, and comes after min_gap.")
            }));
            all
        }
        Because::NothingOpen => vec!["Nothing is open, so nothing is chased.".to_owned()],
        Because::NoWorkflowApplies => {
            vec!["The applies_when of no published workflow holds.".to_owned()]
        }
        Because::NothingDueNow { held } => {
            let by = if *held { "Holds keep it back" } else { "Unapplied credit covers it" };
            let mut all = vec![format!("{by}, so nothing is due now.")];
            let own = told.holds.iter().filter(|_| *held);
            all.extend(own.map(|hold| format!("A hold is {}.", hold_in_words(hold, told.zone))));
            all
        }
        Because::Held { by } => {
            let mut all = vec!["The whole case is kept back, so nothing is chased.".to_owned()];
            all.extend(by.iter().map(|by| format!("What keeps it back is {}.", told.hold(by))));
            all
        }
        Because::BelowMinimum { minimum_minor } => {
            vec![format!("What is due now is less than {} of minimum_exposure in the settings.", money(*minimum_minor))]
        }
        Because::UnknownLegalEntity { legal_entity } => {
            vec![
                format!("{} is owed to the legal entity '{legal_entity}'.", money(trace.open_minor)),
                "The settings do not list it; a task says so.".to_owned(),
            ]
        }
        Because::ExitWhenHolds => vec!["The workflow's exit_when holds, so the case waits.".to_owned()],
        Because::WorkflowWithdrawn => {
            vec!["The workflow was taken out of use together with its open cases; a task says so.".to_owned()]
        }
        Because::MessagePending { until } => vec![
            "A message is decided, and its result is not known yet.".to_owned(),
            format!("Nothing further is decided until it is, or until {}.", at(until)),
        ],
        Because::NotDue { until, pay_by, holidays, .. } => {
            let mut all = vec![format!("Step {step} is next and is due on {}.", at(until))];
            all.extend(
                pay_by.map(|pay_by| {
                    format!("A message asked to be paid by {}, and the money gets its time to arrive.", day(pay_by))
                }),
            );
            all.extend(holidays.iter().map(off));
            all
        }
        Because::Waiting { until, .. } => vec![
            format!("Step {step} is next and waits for the condition of its wait."),
            format!("It waits until {} at most.", at(until)),
        ],
        Because::Approval { step } => vec![format!("Step {step} waits for a person's approval; a task asks for it.")],
        Because::Deferred => vec![
            format!("Step {step} is due."),
            "Every way to send it has to wait, or its work was done; the rules say which.".to_owned(),
        ],
        Because::Stopped => vec![
            format!("Step {step} is due."),
            "A rule about the tenant as a whole stops every message; the rules say which.".to_owned(),
        ],
        Because::PlanEnded => vec!["No due item has a step left; a task says so.".to_owned()],
        Because::UnknownState { state } => {
            vec![
                format!("A later release left the case in the state '{state}'."),
                "This release does not know it, so nothing is sent.".to_owned(),
            ]
        }
        Because::Unsettled => vec!["Deciding did not come to an end, so nothing is sent; a task says so.".to_owned()],
        Because::Later(_) => {
            vec![format!(
                "A later release decided it, for the reason '{}', which this release does not know.",
                trace.because.as_str()
            )]
        }
    });
    if let Some(workflow) = &trace.workflow {
        said.push(format!("The case follows workflow {workflow}."));
        said.extend(version(trace));
    }
    if !trace.lapsed.is_empty() {
        said.push(format!("Steps lapsed because their day had passed: {}.", trace.lapsed.join(", ")));
    }
    said.extend(trace.rules.iter().map(|rule| {
        let whom = if rule.contact.is_empty() { String::new() } else { format!(" to contact {}", rule.contact) };
        format!("Rule {} (version {}) by {}{whom} said: {}.", rule.rule, rule.version, rule.channel.as_str(), rule.said)
    }));
    said.extend(
        trace.orders.iter().map(|order| format!("The order {} ({}) was {}.", order.order, order.kind.as_str(), order.said)),
    );
    said
}

/// Why a case goes by its version, where a publishing has to do with it.
fn version(trace: &CaseTrace) -> Vec<String> {
    let Some(choice) = trace.version else { return vec![] };
    let own = trace.workflow.as_deref().and_then(|pinned| pinned.rsplit_once('@')).and_then(|(_, own)| own.parse::<u32>().ok());
    let moved = choice.from.map(|from| format!("Its publishing moved the case to it from version {from}."));
    let shared = (choice.share < SHARE_WHOLE).then(|| {
        let (newest, share) = (choice.newest, choice.share);
        let among = if own == Some(newest) { "is among" } else { "is not among" };
        format!("Version {newest} goes to {share} of 100 cases first, and this case {among} them.")
    });
    moved.into_iter().chain(shared).collect()
}

/// What would change what a decision came to: sentences.
pub fn changes(trace: &CaseTrace, told: Told<'_>) -> Vec<String> {
    let by = match &trace.because {
        Because::Send | Because::Statement { .. } => vec!["A rule that stops it when its sender asks again.".to_owned()],
        Because::NothingOpen => vec!["A new invoice, or a payment that is taken back.".to_owned()],
        Because::NoWorkflowApplies => {
            vec!["Publishing a workflow that applies, or a change of what its condition asks.".to_owned()]
        }
        Because::NothingDueNow { held: true } if !told.holds.is_empty() => {
            told.holds.iter().map(|hold| format!("The end of {}.", hold_in_words(hold, told.zone))).collect()
        }
        Because::NothingDueNow { held: true } => vec!["The end of a hold, or a new invoice.".to_owned()],
        Because::NothingDueNow { held: false } => vec!["A payment that is taken back, or a new invoice.".to_owned()],
        Because::Held { by } => by.iter().map(|by| format!("The end of {}.", told.hold(by))).collect(),
        Because::BelowMinimum { .. } => vec!["More falling due, or a lower minimum_exposure in the settings.".to_owned()],
        Because::UnknownLegalEntity { .. } => {
            vec!["Listing it in settings.legal_entities, or naming another one in the accounting system.".to_owned()]
        }
        Because::ExitWhenHolds => vec!["The workflow's exit_when no longer holding.".to_owned()],
        Because::WorkflowWithdrawn => vec!["A person who moves the case to a workflow.".to_owned()],
        Because::MessagePending { .. } => vec!["The result of the message.".to_owned()],
        Because::NotDue { .. } => vec!["Time, or a person who brings the step forward.".to_owned()],
        Because::Waiting { .. } => vec!["The condition coming true, or time.".to_owned()],
        Because::Approval { .. } => vec!["The approval, or a refusal.".to_owned()],
        Because::Deferred => vec!["Time, or what a rule that forbids asks for.".to_owned()],
        Because::Stopped => vec!["What the rule that stops asks for.".to_owned()],
        Because::PlanEnded => vec!["A new due item, which reopens the case, or a person.".to_owned()],
        Because::UnknownState { .. } => vec!["The later release, or a person who moves the case to a workflow.".to_owned()],
        Because::Unsettled => vec!["A newer release.".to_owned()],
        Because::Later(_) => vec!["What the later release says of it.".to_owned()],
    };
    by.into_iter().chain(looked_at(trace, told)).collect()
}

/// When it is decided again, where that is known: a sentence.
pub(super) fn looked_at(trace: &CaseTrace, told: Told<'_>) -> Option<String> {
    trace.until.map(|until| format!("It is decided again on {}.", moment(until, told.zone)))
}

/// What has to end before a message can leave, as the end of a sentence: `when step nudge is due`.
pub(super) fn until_what(because: &Because, told: Told<'_>) -> Option<String> {
    match because {
        Because::NothingDueNow { held: true } => {
            let by: Vec<String> = told.holds.iter().map(|hold| hold_in_words(hold, told.zone)).collect();
            Some(format!("when it is no longer kept back by {}", by.join(" and ")))
        }
        Because::Held { by } => {
            let by: Vec<String> = by.iter().map(|by| told.hold(by)).collect();
            Some(format!("when the case is no longer kept back by {}", by.join(" and ")))
        }
        Because::NotDue { step, .. } => Some(format!("when step {step} is due")),
        Because::Waiting { step, .. } => Some(format!("when the wait of step {step} is over")),
        Because::Deferred => Some("when the rules let it pass".to_owned()),
        Because::Stopped => Some("when the rule about the tenant no longer stops it".to_owned()),
        Because::ExitWhenHolds => Some("when exit_when no longer holds".to_owned()),
        Because::MessagePending { .. } => Some("when the message without a result is given up".to_owned()),
        Because::Approval { step } => Some(format!("when nobody has approved step {step} in its time")),
        Because::UnknownLegalEntity { .. }
        | Because::Send
        | Because::Statement { .. }
        | Because::NothingOpen
        | Because::NoWorkflowApplies
        | Because::NothingDueNow { held: false }
        | Because::BelowMinimum { .. }
        | Because::WorkflowWithdrawn
        | Because::PlanEnded
        | Because::UnknownState { .. }
        | Because::Unsettled
        | Because::Later(_) => None,
    }
}

/// What a rule said, as a sentence.
pub fn rule(asked: &RuleAsked, zone: &TimeZone) -> String {
    let way = asked.way.as_ref();
    let about = way.map_or_else(String::new, |(channel, id)| format!(" by {} to contact {id}", channel.as_str()));
    let name = asked.rule;
    match &asked.outcome {
        RuleOutcome::Allows => format!("Rule {name}{about} allows it."),
        RuleOutcome::Waits(Some(until)) => format!("Rule {name}{about} waits until {}.", moment(*until, zone)),
        RuleOutcome::Waits(None) => format!("Rule {name}{about} waits."),
        RuleOutcome::Review(why) => format!("Rule {name}{about} asks for a person: {why}."),
        RuleOutcome::Forbids(why) => format!("Rule {name}{about} forbids it: {why}."),
    }
}

fn off(day_off: &DayOff) -> String {
    match &day_off.holiday_of {
        Some(place) => format!("{} is a public holiday of {place}.", day(day_off.on)),
        None => format!("{} is one of the tenant's closed days.", day(day_off.on)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Currency, DueItemKey, HoldClock, HoldScope, InvoiceId, VersionChoice};

    fn trace(because: Because) -> CaseTrace {
        CaseTrace {
            currency: Currency::EUR,
            legal_entity: Default::default(),
            case: None,
            state: None,
            workflow: Some("standard@3".to_owned()),
            version: None,
            joined: None,
            by_hand: false,
            due_now_minor: 125_000,
            open_minor: 200_000,
            driver: None,
            step: Some("reminder".to_owned()),
            because,
            until: None,
            lapsed: vec![],
            rules: vec![],
            orders: vec![],
        }
    }

    #[test]
    fn every_reason_is_sentences_and_says_what_changes_it() {
        let zone = TimeZone::get("Europe/Oslo").expect("a zone");
        let until: Timestamp = "2026-12-02T08:00:00Z".parse().expect("an instant");
        let by = AgreementId::derive(&["pause"]);
        let hold = Hold {
            by: by.clone(),
            reason: HoldReason::Manual,
            clock: HoldClock::Freeze,
            scope: HoldScope::Customer,
            amount_minor: None,
            from_at: Timestamp::MIN,
            ends_at: until,
        };
        let told = Told { holds: &[hold], zone: &zone };
        let item = DueItemKey::whole(InvoiceId::derive(&["INV-1"]));
        let step = "reminder".to_owned();
        let later: Because = serde_json::from_str(r#"{"kind": "of_2031"}"#).expect("kept");
        for (because, found, changed) in [
            (Because::Send, "a message is sent", "sender"),
            (Because::NothingOpen, "Nothing is open", "new invoice"),
            (Because::NoWorkflowApplies, "applies_when", "Publishing"),
            (Because::NothingDueNow { held: true }, "Wednesday 2 December 2026, 09:00 in Oslo", "The end of the pause"),
            (Because::NothingDueNow { held: false }, "Unapplied credit", "taken back"),
            (Because::Held { by: vec![by] }, "Wednesday 2 December 2026, 09:00 in Oslo", "The end of the pause"),
            (Because::BelowMinimum { minimum_minor: 130_000 }, "less than 1300.00 EUR", "minimum_exposure"),
            (Because::UnknownLegalEntity { legal_entity: "x".to_owned() }, "'x'", "legal_entities"),
            (Because::ExitWhenHolds, "exit_when", "no longer"),
            (Because::WorkflowWithdrawn, "taken out of use", "person"),
            (Because::MessagePending { until }, "not known yet", "result"),
            (
                Because::NotDue { item: item.clone(), step: step.clone(), until, pay_by: None, holidays: vec![] },
                "Step reminder is next and is due on Wednesday 2 December 2026, 09:00 in Oslo.",
                "Time",
            ),
            (Because::Waiting { item, step: step.clone(), until }, "waits for the condition", "condition"),
            (Because::Approval { step }, "approval", "refusal"),
            (Because::Deferred, "has to wait", "Time"),
            (Because::Stopped, "stops every message", "rule"),
            (Because::PlanEnded, "No due item has a step left", "due item"),
            (Because::UnknownState { state: "of_2031".to_owned() }, "'of_2031'", "person"),
            (Because::Unsettled, "did not come to an end", "newer release"),
            (
                Because::Statement { period: "2026-12".to_owned(), instead_of: Some("nudge".to_owned()) },
                "The statement of 2026-12 is due.",
                "asks again",
            ),
            (later, "'of_2031'", "later release"),
        ] {
            let trace = trace(because);
            let (said, would) = (outcome(&trace, told), changes(&trace, told));
            assert!(said.iter().any(|one| one.contains(found)), "{:?}: {said:?}", trace.because);
            assert!(would.iter().any(|one| one.contains(changed)), "{:?}: {would:?}", trace.because);
            assert!(said.iter().chain(&would).all(|one| one.ends_with('.')), "{said:?} {would:?}");
            assert!(said.contains(&"The case follows workflow standard@3.".to_owned()), "{said:?}");
        }
    }

    #[test]
    fn a_version_that_is_given_out_is_told_of() {
        for (version, expected) in [
            (None, vec![]),
            (
                Some(VersionChoice { newest: 3, share: 100, from: Some(2) }),
                vec!["Its publishing moved the case to it from version 2."],
            ),
            (
                Some(VersionChoice { newest: 3, share: 40, from: Some(2) }),
                vec![
                    "Its publishing moved the case to it from version 2.",
                    "Version 3 goes to 40 of 100 cases first, and this case is among them.",
                ],
            ),
            (
                Some(VersionChoice { newest: 4, share: 10, from: None }),
                vec!["Version 4 goes to 10 of 100 cases first, and this case is not among them."],
            ),
        ] {
            let told = Told { holds: &[], zone: &TimeZone::UTC };
            let said = outcome(&CaseTrace { version, ..trace(Because::PlanEnded) }, told);
            let of_version: Vec<&str> = said.iter().skip(3).map(String::as_str).collect();
            assert_eq!(of_version, expected, "{said:?}");
        }
    }
}
