//! Whom messages go to: one person each, copies as messages of their own, an invoice's own contact first, gaps at the person.

use serde_json::json;

use super::*;
use crate::{
    Channel, Contact, CustomerId, Event, INVOICE_CONTACT, MessageId, Outcome, Pending, Planned, Role, Suppression,
    SuppressionReason, TaskKind, address_key,
    evolve::evolve,
    testing::{Stage, at, contact, workflow},
};

const EUR: Currency = Currency::EUR;
const MOMENT: &str = "2026-02-05T15:45:00Z";

/// Two steps to billing, the first with copies.
fn stage(copies: u32, people: &[&str]) -> Stage {
    let send = |id: &str, offset: &str, copies: u32| {
        json!({"id": id, "at": {"anchor": "due_date", "offset": offset}, "action": {"send": {
            "channels": ["email", "sms"], "template": id, "to": ["billing"], "copies": copies}}})
    };
    let person = json!({"id": "person", "at": {"anchor": "due_date", "offset": "P60D"}, "action": {"task": {"title": "Call"}}});
    let steps = json!([send("reminder", "P1D", copies), send("nudge", "P8D", 0), person]);
    let mut stage = Stage::new(workflow(json!({"id": "plan", "name": "Plan", "scope": "customer", "steps": steps})));
    stage.facts.customer.contacts = people.iter().map(|id| mail_only(id)).collect();
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage
}

fn mail_only(id: &str) -> Contact {
    Contact { phone: None, ..contact(id, Role::Billing) }
}

fn suppress(stage: &mut Stage, id: &str) {
    let address = address_key(Channel::Email, &format!("{id}@beispiel.example"));
    let suppression = Suppression { reason: SuppressionReason::OptOut, at: at("2026-01-01T00:00:00Z") };
    stage.facts = evolve(&stage.facts, &Event::Suppressed { address, suppression });
}

fn to(messages: &[Planned]) -> Vec<(&str, Option<u32>)> {
    messages.iter().map(|message| (message.contact.as_str(), message.copy_of)).collect()
}

/// Decides and commits.
fn decided(stage: &mut Stage, now: Timestamp) -> Vec<Pending> {
    let decision = decide(&stage.facts, &stage.policy, now);
    stage.facts = evolve(&stage.facts, &Event::Decided { decision, at: now });
    stage.facts.pending.clone()
}

fn settle(stage: &mut Stage, pending: &Pending, outcome: Option<Outcome>, at: Timestamp) {
    let (message, rows) = (pending.id.clone(), pending.rows.clone());
    let settled = Event::Settled { message, rows, outcome, at, contacted_at: at };
    stage.facts = evolve(&stage.facts, &settled);
}

fn goes(stage: &Stage, pending: &Pending, now: Timestamp) -> bool {
    matches!(recheck(&stage.facts, &stage.policy, pending, now), Recheck::Send { .. })
}

#[test]
fn copies_are_messages_to_further_people_about_the_same() {
    for (copies, people, expected) in [
        (0, vec!["a", "b", "c"], vec![("a", None)]),
        (1, vec!["a", "b", "c"], vec![("a", None), ("b", Some(0))]),
        (5, vec!["a", "b", "c"], vec![("a", None), ("b", Some(0)), ("c", Some(0))]),
        (5, vec!["a"], vec![("a", None)]),
        // One mailbox is one person.
        (5, vec!["a", "A", "b"], vec![("a", None), ("b", Some(0))]),
    ] {
        let stage = stage(copies, &people);
        let decision = decide(&stage.facts, &stage.policy, at(MOMENT));
        assert_eq!(to(&decision.messages), expected, "{copies} {people:?}");
        assert!(
            decision.messages.iter().all(|message| message.rows == decision.messages[0].rows && message.template == "reminder")
        );
        let positions: Vec<u32> = decision.messages.iter().map(|message| message.position).collect();
        assert_eq!(positions, (0..u32::try_from(expected.len()).unwrap()).collect::<Vec<_>>());
    }
}

#[test]
fn whom_nothing_reaches_gets_no_copy_and_the_trace_says_why() {
    let mut stage = stage(5, &["a", "b", "c", "d"]);
    stage.facts.customer.contacts[1].email = None;
    suppress(&mut stage, "c");
    let decision = decide(&stage.facts, &stage.policy, at(MOMENT));
    assert_eq!(to(&decision.messages), [("a", None), ("d", Some(0))]);
    let said = |contact: &str| {
        let rules = &decision.trace[0].rules;
        rules.iter().filter(|rule| rule.contact == contact).map(|rule| rule.said.as_str()).collect::<Vec<_>>().join("; ")
    };
    assert!(said("b").contains("no address"), "{:?}", decision.trace[0].rules);
    assert!(said("c").contains("opted out"), "{:?}", decision.trace[0].rules);
    assert!(decision.tasks.is_empty());
}

#[test]
fn a_message_and_its_copies_are_held_against_none_of_each_other() {
    let now = at(MOMENT);
    for first in 0..3 {
        let mut stage = stage(2, &["a", "b", "c"]);
        let mut pending = decided(&mut stage, now);
        assert_eq!(pending.len(), 3);
        let one = pending.remove(first);
        settle(&mut stage, &one, Some(Outcome::Sent), now);
        // The others may leave on the next day, too.
        for later in [now, at("2026-02-06T08:00:00Z")] {
            assert!(pending.iter().all(|other| goes(&stage, other, later)), "{first} {later}");
        }
        for other in &pending {
            settle(&mut stage, other, Some(Outcome::Sent), now);
        }
        assert!(decide(&stage.facts, &stage.policy, at("2026-02-06T15:45:00Z")).messages.is_empty(), "it is one step");
        let next = decide(&stage.facts, &stage.policy, at("2026-02-12T15:45:00Z"));
        assert_eq!(to(&next.messages), [("a", None)]);
    }
}

#[test]
fn nobody_who_had_it_gets_it_again() {
    let now = at(MOMENT);
    // Of the message and its copy: which of them arrived, and whether the step is open again.
    for (main, copy, again) in [
        (Some(Outcome::Sent), Some(Outcome::Undelivered), false),
        (Some(Outcome::Undelivered), Some(Outcome::Sent), false),
        (None, Some(Outcome::Sent), false),
        (Some(Outcome::Undelivered), Some(Outcome::Unknown), false),
        (Some(Outcome::Undelivered), Some(Outcome::Undelivered), true),
        (None, None, true),
    ] {
        let mut stage = stage(1, &["a", "b", "c"]);
        let pending = decided(&mut stage, now);
        settle(&mut stage, &pending[0], main, now);
        settle(&mut stage, &pending[1], copy, now);
        let next = decide(&stage.facts, &stage.policy, at("2026-02-06T15:45:00Z"));
        assert_eq!(!next.messages.is_empty(), again, "{main:?} {copy:?}: {:?}", to(&next.messages));
        if main == Some(Outcome::Undelivered) && again {
            assert_eq!(to(&next.messages), [("c", None)], "both ways were tried");
        }
    }
    // A bounce that comes later is no other thing.
    let mut stage = stage(1, &["a", "b", "c"]);
    let pending = decided(&mut stage, now);
    for message in &pending {
        settle(&mut stage, message, Some(Outcome::Sent), now);
    }
    stage.not_delivered(&pending[0].id);
    assert!(decide(&stage.facts, &stage.policy, at("2026-02-06T15:45:00Z")).messages.is_empty());
    stage.not_delivered(&pending[1].id);
    assert_eq!(to(&decide(&stage.facts, &stage.policy, at("2026-02-06T15:45:00Z")).messages)[0], ("c", None));
}

/// The people of a feed that gives no ids: they are called by where they stand.
fn at_positions(stage: &mut Stage, people: &[&str]) {
    let placed = |(place, id): (usize, &&str)| Contact { external_id: format!("#{place}"), ..mail_only(id) };
    stage.facts.customer.contacts = people.iter().enumerate().map(placed).collect();
}

fn superseded(stage: &Stage, pending: &Pending, now: Timestamp) -> String {
    match recheck(&stage.facts, &stage.policy, pending, now) {
        Recheck::Supersede(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_is_for_a_person_and_not_for_whoever_stands_at_an_id_by_then() {
    let now = at(MOMENT);
    // Whom the feed has by then, and whether both still go.
    for (people, go) in [(["ann", "bob"], true), (["bob", "ann"], false), (["cleo", "dan"], false)] {
        let mut stage = stage(1, &[]);
        at_positions(&mut stage, &["ann", "bob"]);
        let pending = decided(&mut stage, now);
        assert_eq!(pending.len(), 2);
        at_positions(&mut stage, &people);
        for message in &pending {
            assert_eq!(goes(&stage, message, now), go, "{people:?}");
            if !go {
                assert_eq!(superseded(&stage, message, now), "the contact has another address now");
                settle(&mut stage, message, None, now);
            }
        }
        if !go {
            let again = decide(&stage.facts, &stage.policy, now).messages;
            assert_eq!(to(&again), [("#0", None), ("#1", Some(0))], "whoever is right is written to at once");
        }
    }
    // Another way to write the same mailbox is the same person; a correction is another.
    for (email, go) in [("A@beispiel.example", true), ("a.w@beispiel.example", false)] {
        let mut stage = stage(0, &["a"]);
        let pending = decided(&mut stage, now);
        stage.facts.customer.contacts[0].email = Some(email.to_owned());
        assert_eq!(goes(&stage, &pending[0], now), go, "{email}");
        // What an earlier release decided does not say for whom it was.
        let unsaid = Pending { person: None, ..pending[0].clone() };
        assert!(goes(&stage, &unsaid, now), "{email}");
    }
}

#[test]
fn nobody_gets_a_message_and_its_copy() {
    let now = at(MOMENT);
    // Whether what was decided says for whom: of an earlier release the log of contacts does.
    for said in [true, false] {
        let mut stage = stage(1, &["a", "b"]);
        let mut pending = decided(&mut stage, now);
        if !said {
            pending.iter_mut().chain(&mut stage.facts.pending).for_each(|message| message.person = None);
        }
        settle(&mut stage, &pending[1], Some(Outcome::Sent), now);
        assert!(goes(&stage, &pending[0], now), "{said}");
        stage.facts.customer.contacts[0].email = Some("b@beispiel.example".to_owned());
        let why = if said { "the contact has another address now" } else { "the person has another message for the same step" };
        assert_eq!(superseded(&stage, &pending[0], now), why);
        settle(&mut stage, &pending[0], None, now);
        assert!(decide(&stage.facts, &stage.policy, now).messages.is_empty(), "it is one step");
    }
}

#[test]
fn what_became_of_a_message_is_held_against_the_person_whom_it_was_for() {
    let now = at(MOMENT);
    let mut stage = stage(0, &[]);
    at_positions(&mut stage, &["ann", "bob"]);
    let pending = decided(&mut stage, now);
    at_positions(&mut stage, &["bob", "ann"]);
    settle(&mut stage, &pending[0], Some(Outcome::Sent), now);
    let contacted = |stage: &Stage| {
        let had = stage.facts.contact_log.iter().filter(|(_, log)| !log.attempts.is_empty());
        had.map(|(person, _)| person.clone()).collect::<Vec<_>>()
    };
    assert_eq!(contacted(&stage), ["ann@beispiel.example"]);
    assert_eq!(stage.facts.coverage[0].person, pending[0].person);
    stage.not_delivered(&pending[0].id);
    assert!(contacted(&stage).is_empty());
}

#[test]
fn copies_count_as_one_contact_each_at_their_own_person() {
    let now = at(MOMENT);
    let mut stage = stage(1, &["a", "b"]);
    let pending = decided(&mut stage, now);
    for message in &pending {
        settle(&mut stage, message, Some(Outcome::Sent), now);
    }
    let logged = |id: &str| stage.facts.contact_log[&format!("{id}@beispiel.example")].attempts.len();
    assert_eq!((logged("a"), logged("b")), (1, 1));
    let conditions = assess(&stage.facts, &stage.policy, now).condition_facts(
        &assess(&stage.facts, &stage.policy, now).case_facts(stage.facts.cases.keys().next().expect("a case")),
        Some(0),
    );
    assert_eq!(conditions.history.contacts, 1, "a condition counts one message");
}

#[test]
fn an_invoice_goes_to_its_own_contact_first() {
    let mut stage = stage(0, &["a", "b"]);
    for (number, email) in
        [("B", Some("bills@shop.example")), ("C", Some("BILLS@shop.example")), ("D", Some("b@beispiel.example")), ("E", None)]
    {
        let id = stage.invoice(number, EUR, 1_000, "2026-02-04");
        let own = |email: &str| Contact {
            external_id: INVOICE_CONTACT.to_owned(),
            email: Some(email.to_owned()),
            roles: vec![Role::Site],
            ..mail_only("x")
        };
        stage.invoice_mut(&id).contact = email.map(own);
    }
    let numbers = |stage: &Stage, message: &Planned| {
        let number = |row: &crate::Covered| {
            let of = |fact: &&crate::InvoiceFact| Some(&fact.invoice.id) == row.item.invoice();
            stage.facts.invoices.iter().find(of).map(|fact| fact.invoice.number.clone()).unwrap_or_default()
        };
        let mut numbers: Vec<String> = message.rows.iter().map(number).collect();
        numbers.sort();
        numbers.join("")
    };
    let went = |stage: &Stage| {
        let decision = decide(&stage.facts, &stage.policy, at(MOMENT));
        let mut went: Vec<(String, String)> = decision
            .messages
            .iter()
            .map(|message| {
                let contact = stage.people_address(&message.contact);
                (contact, numbers(stage, message))
            })
            .collect();
        went.sort();
        went
    };
    let pair = |to: &str, numbers: &str| (to.to_owned(), numbers.to_owned());
    assert_eq!(
        went(&stage),
        [pair("a@beispiel.example", "AE"), pair("b@beispiel.example", "D"), pair("bills@shop.example", "BC")]
    );
    // Where nothing reaches it, it is as if it were not there.
    let address = address_key(Channel::Email, "bills@shop.example");
    let suppression = Suppression { reason: SuppressionReason::Bounce, at: at("2026-01-01T00:00:00Z") };
    let mut without = stage.clone();
    without.facts = evolve(&stage.facts, &Event::Suppressed { address, suppression });
    assert_eq!(went(&without), [pair("a@beispiel.example", "ABCE"), pair("b@beispiel.example", "D")]);
    // A message to somebody whom the invoice does not name any more is no longer right.
    let now = at(MOMENT);
    let pending = decided(&mut stage, now);
    let own = pending.iter().find(|pending| pending.contact.starts_with(INVOICE_CONTACT)).expect("an own contact");
    assert!(goes(&stage, own, now));
    for fact in stage.facts.invoices.iter_mut().filter(|fact| fact.invoice.number == "B") {
        fact.invoice.contact = None;
    }
    assert!(matches!(recheck(&stage.facts, &stage.policy, own, now), Recheck::Supersede(_)));
}

#[test]
fn a_person_whom_two_customers_share_is_written_to_once_in_a_gap() {
    let mut stage = stage(0, &["a"]);
    let another = CustomerId::derive(&["acme", "canonical", "C-2"]);
    stage.contacted("a@beispiel.example", &another, &[at("2026-02-04T10:00:00Z")]);
    let decision = decide(&stage.facts, &stage.policy, at(MOMENT));
    assert!(decision.messages.is_empty());
    assert_eq!(decision.trace[0].because, Because::Deferred);
    assert!(decision.trace[0].rules.iter().any(|rule| rule.rule == "min-gap"), "{:?}", decision.trace[0].rules);
    assert!(decision.tasks.iter().all(|task| task.kind != TaskKind::Unreachable));
    let until = decision.next.at().expect("a moment");
    assert_eq!(until.to_string().get(..10), Some("2026-02-09"), "three civil days, and a weekend");
    assert_eq!(to(&decide(&stage.facts, &stage.policy, until).messages), [("a", None)]);
    // Somebody else in the role is free.
    stage.facts.customer.contacts.push(mail_only("b"));
    assert_eq!(to(&decide(&stage.facts, &stage.policy, at(MOMENT)).messages), [("b", None)]);
}

#[test]
fn a_gap_at_the_person_makes_nothing_late() {
    let mut stage = stage(0, &["a"]);
    let mut workflow = crate::Workflow::clone(&stage.policy.workflows[0]);
    workflow.steps[0].catch_up = crate::CatchUp::Skip;
    stage.policy.workflows = vec![std::sync::Arc::new(crate::CompiledWorkflow::compile(workflow))];
    let another = CustomerId::derive(&["acme", "canonical", "C-2"]);
    stage.contacted("a@beispiel.example", &another, &[at("2026-02-04T10:00:00Z")]);
    let next = decide(&stage.facts, &stage.policy, at(MOMENT)).next.at().expect("a moment");
    let decision = decide(&stage.facts, &stage.policy, next);
    assert_eq!(decision.messages.iter().map(|message| message.template.as_str()).collect::<Vec<_>>(), ["reminder"]);
}

#[test]
fn ids_of_copies_are_their_own() {
    let mut stage = stage(2, &["a", "b", "c"]);
    let pending = decided(&mut stage, at(MOMENT));
    let ids: std::collections::BTreeSet<&MessageId> = pending.iter().map(|pending| &pending.id).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(pending.iter().filter(|pending| pending.copy_of == Some(0)).count(), 2);
}
