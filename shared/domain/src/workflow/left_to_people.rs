//! What of a workflow becomes work for people, because nothing carries it out yet, and conditions that nothing feeds yet.
//!
//! It may be published all the same; whoever publishes is told, at the step.

use std::collections::BTreeSet;

use super::{Action, Flaw, Workflow};
use crate::{Channel, condition::Condition};

/// Facts that conditions may name and nothing writes yet, with what they are until then.
const UNFED: [(&str, &str); 2] = [
    ("history.replied_since", "nothing notes replies yet, so that it is always false"),
    ("risk.score", "nothing reckons a score yet, so that it is always -1"),
];

/// Where a workflow leaves work to people, or asks for what nobody notes, in the order of its text.
pub fn left_to_people(workflow: &Workflow, senders: &BTreeSet<Channel>) -> Vec<Flaw> {
    let mut found = Vec::new();
    unfed(&mut found, "/applies_when", workflow.applies_when.as_deref());
    unfed(&mut found, "/exit_when", workflow.exit_when.as_deref());
    for (at, channel) in workflow.statement.iter().flat_map(|plan| plan.channels.iter().enumerate()) {
        if !senders.contains(channel) {
            let detail = format!(
                "nothing sends by {} yet: it is passed over, and without another channel no statement goes",
                channel.as_str()
            );
            found.push(Flaw::at(format!("/statement/channels/{at}"), detail));
        }
    }
    for (position, step) in workflow.steps.iter().enumerate() {
        let pointer = format!("/steps/{position}");
        unfed(&mut found, &format!("{pointer}/when"), step.when.as_deref());
        unfed(&mut found, &format!("{pointer}/wait/until"), step.wait.as_ref().map(|wait| wait.until.as_str()));
        let action = format!("{pointer}/action/{}", step.action.kind());
        let what = match &step.action {
            Action::Task(_) | Action::Notify(_) | Action::Escalate(_) => continue,
            Action::Send(send) => {
                let unsent = send.channels.iter().enumerate().filter(|(_, channel)| !senders.contains(channel));
                let all = unsent.clone().count() == send.channels.len();
                found.extend(unsent.map(|(at, channel)| {
                    let then = if all {
                        "no channel of the step can be used, and what becomes of it is its fallback: a task for a person, or nothing"
                    } else {
                        "it is passed over for the step's other channels"
                    };
                    let detail = format!("nothing sends by {} yet: {then}", channel.as_str());
                    Flaw::at(format!("{action}/channels/{at}"), detail)
                }));
                continue;
            }
            Action::CreditHold(_) | Action::ChangeTerms(_) => {
                let asked =
                    if let Action::ChangeTerms(_) = &step.action { "TermsChangeRequested" } else { "CreditHoldRequested" };
                let detail = format!(
                    "no source of this release carries it out: it is asked for by a task and by the event {asked}, until a person ends the task or \
                     a system of yours says by POST /v1/effects/{{id}}/result what became of it"
                );
                found.push(Flaw::at(action, detail));
                continue;
            }
            Action::HandOff(_) => "nothing hands a case off by itself yet",
            Action::Fee(_) => {
                let detail = "no fee is charged by itself: a task asks a person to confirm the charge or to waive it";
                found.push(Flaw::at(action, detail));
                continue;
            }
        };
        found.push(Flaw::at(action, format!("{what}: a task asks a person to do it, and is ended with what came of it")));
    }
    found
}

fn unfed(found: &mut Vec<Flaw>, pointer: &str, source: Option<&str>) {
    let Some(condition) = source.and_then(|source| Condition::check(source).ok()) else { return };
    let named = UNFED.iter().filter(|(fact, _)| condition.names(fact));
    found.extend(named.map(|(fact, until_then)| Flaw::at(pointer, format!("{fact}: {until_then}"))));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(steps: &str) -> Vec<String> {
        let text =
            format!(r#"{{"id": "w", "name": "W", "scope": "customer", "applies_when": "risk.score < 50", "steps": [{steps}]}}"#);
        let workflow: Workflow = serde_json::from_str(&text).expect("a workflow");
        let senders = BTreeSet::from([Channel::Email, Channel::Sms]);
        let found = left_to_people(&workflow, &senders);
        assert!(found.iter().all(|flaw| !flaw.detail.is_empty()));
        found.into_iter().map(|flaw| flaw.pointer).collect()
    }

    #[test]
    fn each_step_says_what_is_left_to_people() {
        let step = |action: &str| format!(r#"{{"id": "s", "at": {{"anchor": "due_date", "offset": "P1D"}}, {action}}}"#);
        let send =
            |channels: &str| format!(r#""action": {{"send": {{"channels": {channels}, "template": "t", "to": ["billing"]}}}}"#);
        for (action, expected) in [
            (send(r#"["email", "sms"]"#), vec![]),
            (send(r#"["email", "voice", "letter"]"#), vec!["/steps/0/action/send/channels/1", "/steps/0/action/send/channels/2"]),
            (send(r#"["whatsapp"]"#), vec!["/steps/0/action/send/channels/0"]),
            (r#""action": {"task": {"title": "Call"}}"#.to_owned(), vec![]),
            (r#""action": {"notify": {"to": "sales"}}"#.to_owned(), vec![]),
            (r#""action": {"escalate": {"to": "cfo"}}"#.to_owned(), vec![]),
            (r#""action": {"change_terms": {"terms": "prepayment"}}"#.to_owned(), vec!["/steps/0/action/change_terms"]),
            (r#""action": {"credit_hold": {}}"#.to_owned(), vec!["/steps/0/action/credit_hold"]),
            (r#""action": {"hand_off": {"agency": "n"}}"#.to_owned(), vec!["/steps/0/action/hand_off"]),
            (r#""action": {"fee": {"kind": "fixed", "amount_minor": 1}}"#.to_owned(), vec!["/steps/0/action/fee"]),
            (r#""when": "!history.replied_since('s')", "action": {"task": {"title": "x"}}"#.to_owned(), vec!["/steps/0/when"]),
            (
                r#""wait": {"until": "history.replied_since('s')", "at_most": "P3D", "then": "do"}, "action": {"task": {"title": "x"}}"#
                    .to_owned(),
                vec!["/steps/0/wait/until"],
            ),
        ] {
            let expected: Vec<&str> = ["/applies_when"].into_iter().chain(expected).collect();
            assert_eq!(pointers(&step(&action)), expected, "{action}");
        }
    }

    #[test]
    fn every_fact_that_is_named_here_is_a_fact() {
        for (fact, _) in UNFED {
            assert!(crate::condition::FACTS.iter().any(|known| known.name == fact), "{fact}");
        }
    }
}
