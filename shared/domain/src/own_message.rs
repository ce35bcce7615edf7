//! What people write or do themselves: messages in their own words, calls and letters. Each is a message of a decision of its own, which
//! covers no step: it passes the same guard, has the same record, and counts as a contact.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};

use crate::{Archiving, Currency, Decision, Facts, MessageId, NewTask, Next, Owed, Planned, TaskKind};

/// In the place of a template: words of a person's own.
pub const OWN_WORDS: &str = "@own";
/// In the place of a template: a call that a person made.
pub const CALL: &str = "@call";
/// In the place of a template: a letter that a person posted.
pub const LETTER: &str = "@letter";
/// How long a message of a person can be taken back before its sender may have it, in seconds.
pub const UNDO_SECONDS: i64 = 60;

/// Whether what stands in the place of a template says that a person did it: no template's id has that form.
pub fn is_own_message(template: &str) -> bool {
    template.starts_with('@')
}

/// Until when no sender takes a message that is decided `now`: it can be taken back so long.
pub fn held_until(template: &str, now: Timestamp) -> Option<Timestamp> {
    is_own_message(template).then(|| now.checked_add(UNDO_SECONDS.seconds()).unwrap_or(Timestamp::MAX))
}

/// The decision that a person's message is: everything but the message stays as it is. `owed` is what was owed as of the last decision.
pub fn decision(facts: &Facts, owed: BTreeMap<Currency, Owed>, planned: Planned, now: Timestamp) -> Decision {
    Decision {
        cases: facts.cases.clone(),
        messages: vec![planned],
        tasks: Vec::new(),
        marks: Vec::new(),
        agreements: Vec::new(),
        charges: Vec::new(),
        next: Next::At(now),
        trace: Vec::new(),
        owed,
        archiving: Archiving::default(),
        work: Vec::new(),
        withdrawn: Vec::new(),
        used_orders: Vec::new(),
        inputs: None,
    }
}

/// The task that tells whoever wrote a message that it ended without leaving. `reason` is that of its record.
pub fn unsent_task(message: &MessageId, by: &str, reason: &str) -> NewTask {
    NewTask {
        kind: TaskKind::MessageUnsent,
        key: message.to_string(),
        title: "Your message did not go".to_owned(),
        detail: format!(
            "message {message} was not sent: {reason}; GET /v1/messages/{message}/words has its words; write it again if it is still right"
        ),
        to: Some(by.to_owned()).filter(|by| !by.is_empty()),
        due_on: None,
        step: None,
        currency: None,
        case: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        CaseKey, Channel, Event, Mode, Outcome,
        decide::{Recheck, decide, recheck},
        evolve,
        testing::{Stage, at, ladder},
    };

    /// A customer with a case that is open, and a message that a person writes to its contact.
    fn written(now: Timestamp) -> (Stage, crate::Pending) {
        let mut stage = Stage::new(ladder());
        stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
        let case = CaseKey::new(crate::BalanceKey::of(Currency::EUR), &stage.policy.workflows[0].id);
        let planned = Planned {
            position: 0,
            mode: Mode::Live,
            case,
            channel: Channel::Email,
            contact: "p1".to_owned(),
            person: stage.facts.customer.contacts[0].person_digest(),
            template: OWN_WORDS.to_owned(),
            template_version: 0,
            pay_by: None,
            rows: Vec::new(),
            copy_of: None,
            receipt_within: None,
        };
        let decision = decision(&stage.facts, BTreeMap::new(), planned, now);
        stage.facts = evolve(&stage.facts, &Event::Decided { decision, at: now });
        let pending = stage.facts.pending.first().cloned().expect("a message");
        (stage, pending)
    }

    #[test]
    fn a_persons_message_covers_nothing_and_passes_the_guard() {
        // A Thursday within the window.
        let now = at("2026-02-05T15:45:00Z");
        let (stage, pending) = written(now);
        assert_eq!(recheck(&stage.facts, &stage.policy, &pending, now), Recheck::Send { rows: Vec::new() });
        let night = at("2026-02-05T22:30:00Z");
        assert!(matches!(recheck(&stage.facts, &stage.policy, &pending, night), Recheck::Defer(..)));
        let mut other = stage.clone();
        other.facts.customer.contacts.clear();
        assert!(matches!(recheck(&other.facts, &other.policy, &pending, now), Recheck::Supersede(_)));
        // Words for one person are read by nobody else, whoever stands at the id by then.
        let mut other = stage.clone();
        other.facts.customer.contacts[0].email = Some("else@beispiel.example".to_owned());
        assert_eq!(
            recheck(&other.facts, &other.policy, &pending, now),
            Recheck::Supersede("the contact has another address now".to_owned())
        );
        let mut other = stage.clone();
        other.policy.settings.mode = Mode::Shadow;
        assert!(matches!(recheck(&other.facts, &other.policy, &pending, now), Recheck::Supersede(_)));
        let mut paused = stage;
        paused.policy.settings.paused = true;
        assert!(!matches!(recheck(&paused.facts, &paused.policy, &pending, now), Recheck::Send { .. }));
    }

    #[test]
    fn a_persons_message_counts_as_a_contact_and_satisfies_no_step() {
        let now = at("2026-02-05T15:45:00Z");
        let (stage, pending) = written(now);
        let settled = Event::Settled {
            message: pending.id.clone(),
            rows: Vec::new(),
            outcome: Some(Outcome::Sent),
            at: now,
            contacted_at: now,
        };
        let facts = evolve(&stage.facts, &settled);
        assert_eq!(facts.last_contact.live, Some(now));
        assert_eq!(facts.contact_log.values().map(|log| log.attempts.len()).sum::<usize>(), 1);
        assert!(facts.coverage.iter().all(|coverage| coverage.rows.is_empty()));
        assert_eq!(pending.id, MessageId::of_decision(&facts.tenant, &facts.customer.id, 1, 0));
        // The step that is due goes on: on the same civil day it is the same contact.
        assert!(!decide(&facts, &stage.policy, now).messages.is_empty());
    }

    #[test]
    fn only_what_people_write_is_held_so_that_it_can_be_taken_back() {
        let now = at("2026-02-05T15:45:00Z");
        for (template, held) in [(OWN_WORDS, true), (CALL, true), (LETTER, true), ("reminder", false), ("", false)] {
            assert_eq!(held_until(template, now).is_some(), held, "{template}");
        }
        assert_eq!(held_until(OWN_WORDS, now), Some(at("2026-02-05T15:46:00Z")));
    }

    #[test]
    fn who_wrote_a_message_is_told_that_it_did_not_go() {
        let message = MessageId::derive(&["m"]);
        let task = unsent_task(&message, "ann", "suppression: block: the address opted out");
        assert_eq!((task.to.as_deref(), task.message()), (Some("ann"), Some(message.clone())));
        assert!(task.detail.contains("opted out") && task.detail.contains(message.as_str()), "{}", task.detail);
        assert_eq!(unsent_task(&message, "", "why").to, None, "a machine has no worklist");
    }
}
