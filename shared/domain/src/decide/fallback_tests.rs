//! A step's next channel: after proof that its message did not arrive, or once no receipt came in the time that the step gives, and never
//! while nobody knows of the one before.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    Channel, Currency, DueItemKey, Event, LastContact, MessageId, Mode, Next, Outcome, Pending, evolve,
    testing::{Stage, at, workflow},
};

/// The moment at which the customer's messages leave on a day.
const SENT: &str = "2026-02-05T15:45:00Z";

/// A first step by email and then SMS, which gives a receipt so long, and a second one a week later.
fn stage(after: &str, min_gap: &str) -> Stage {
    let send = |id: &str, offset: &str| {
        json!({"id": id, "at": {"anchor": "due_date", "offset": offset},
               "action": {"send": {"channels": ["email", "sms"], "template": id, "to": ["billing"], "after": after}}})
    };
    let mut stage = Stage::new(workflow(json!({
        "id": "ladder", "name": "Ladder", "scope": "customer", "min_gap": min_gap,
        "steps": [send("reminder", "P1D"), send("nudge", "P8D"),
                  {"id": "person", "at": {"anchor": "due_date", "offset": "P30D"}, "action": {"task": {"title": "Call"}}}],
    })));
    stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
    stage
}

fn hours_later(from: &str, hours: i64) -> Timestamp {
    at(from).checked_add(hours.hours()).expect("in this century")
}

/// What leaves at an instant: channel and template.
fn leaves(stage: &mut Stage, now: Timestamp) -> Vec<String> {
    let decision = stage.step(now);
    decision.messages.iter().map(|message| format!("{} {}", message.channel, message.template)).collect()
}

fn last_message(stage: &Stage) -> MessageId {
    stage.facts.coverage.iter().rev().find_map(|mark| mark.message.clone()).expect("a message")
}

#[test]
fn the_next_channel_comes_when_no_receipt_came_in_time() {
    let mut stage = stage("P1D", "P0D");
    assert_eq!(leaves(&mut stage, at(SENT)), ["email reminder"]);
    // It is looked at again at that instant, and not before.
    let decision = decide(&stage.facts, &stage.policy, hours_later(SENT, 1));
    assert_eq!(decision.next, Next::At(hours_later(SENT, 24)));
    assert!(leaves(&mut stage, hours_later(SENT, 23)).is_empty());
    assert_eq!(leaves(&mut stage, hours_later(SENT, 24)), ["sms reminder"]);
    // Nothing tells of text messages: the step is over with it.
    for hours in [25, 48, 72] {
        assert!(leaves(&mut stage, hours_later(SENT, hours)).is_empty(), "after {hours} hours");
    }
}

#[test]
fn the_gap_between_contacts_is_kept_but_within_a_day() {
    let mut slow = stage("P1D", "P3D");
    leaves(&mut slow, at(SENT));
    assert!(leaves(&mut slow, hours_later(SENT, 24)).is_empty());
    // Three days later is a Sunday.
    assert_eq!(leaves(&mut slow, hours_later(SENT, 96)), ["sms reminder"]);
    let mut fast = stage("PT1H", "P3D");
    fast.policy.settings.window.to = "22:00".parse().expect("a time");
    let hours = (0..12).map(|hours| hours_later("2026-02-05T09:00:00Z", hours));
    let sent: Vec<Vec<String>> = hours.map(|now| leaves(&mut fast, now)).filter(|sent| !sent.is_empty()).collect();
    assert_eq!(sent, [["email reminder"], ["sms reminder"]], "on one civil day");
}

#[test]
fn a_receipt_in_time_or_late_leaves_the_step_as_it_is() {
    for arrives_after in [1, 30] {
        let mut stage = stage("P1D", "P0D");
        leaves(&mut stage, at(SENT));
        stage.facts = evolve(&stage.facts, &Event::Arrived(last_message(&stage)));
        assert!(leaves(&mut stage, hours_later(SENT, 24 + arrives_after)).is_empty());
        assert_eq!(leaves(&mut stage, at("2026-02-12T15:45:00Z")), ["email nudge"]);
    }
}

#[test]
fn proof_of_loss_needs_no_waiting() {
    let mut stage = stage("P1D", "P3D");
    leaves(&mut stage, at(SENT));
    let message = last_message(&stage);
    stage.not_delivered(&message);
    assert_eq!(leaves(&mut stage, hours_later(SENT, 0)), ["sms reminder"]);
}

#[test]
fn nothing_else_goes_while_nobody_knows() {
    for status in [Event::Claimed as fn(MessageId) -> Event, Event::BecameUnknown] {
        let mut stage = stage("PT1H", "P0D");
        let now = at(SENT);
        let decision = decide(&stage.facts, &stage.policy, now);
        stage.facts = evolve(&stage.facts, &Event::Decided { decision, at: now });
        let message = stage.facts.pending[0].id.clone();
        stage.facts = evolve(&stage.facts, &status(message));
        for hours in [1, 24, 71, 200] {
            let decision = decide(&stage.facts, &stage.policy, hours_later(SENT, hours));
            assert!(decision.messages.is_empty(), "after {hours} hours");
        }
    }
}

#[test]
fn without_another_way_the_step_counts_as_sent() {
    let mut stage = stage("P1D", "P0D");
    stage.facts.customer.contacts[0].phone = None;
    leaves(&mut stage, at(SENT));
    let decision = stage.step(hours_later(SENT, 24));
    assert_eq!((decision.messages.len(), decision.tasks.len()), (0, 0), "nobody is asked to mend what may be right");
    let marks: Vec<_> = decision.marks.iter().map(|mark| (mark.outcome, mark.rows.len())).collect();
    assert_eq!(marks, [(Outcome::Unconfirmed, 1)]);
    // A number that comes later brings nothing of what was.
    stage.facts.customer.contacts[0].phone = Some("+493012345678".to_owned());
    for hours in [25, 48] {
        assert!(leaves(&mut stage, hours_later(SENT, hours)).is_empty());
    }
    assert_eq!(leaves(&mut stage, at("2026-02-12T15:45:00Z")), ["email nudge"]);
}

#[test]
fn what_shadow_mode_would_have_sent_arrived() {
    let mut stage = stage("P1D", "P0D");
    stage.policy.settings.mode = Mode::Shadow;
    assert_eq!(leaves(&mut stage, at(SENT)), ["email reminder"]);
    assert!(leaves(&mut stage, hours_later(SENT, 24)).is_empty());
}

#[test]
fn a_step_that_wrote_since_ends_the_waiting() {
    let mut stage = stage("P10D", "P3D");
    leaves(&mut stage, at(SENT));
    assert_eq!(leaves(&mut stage, at("2026-02-12T15:45:00Z")), ["email nudge"]);
    // The first step's time is over now; its item is further on.
    assert!(leaves(&mut stage, at("2026-02-16T15:45:00Z")).is_empty());
}

#[test]
fn what_is_new_at_the_step_begins_with_its_first_channel() {
    let mut stage = stage("P1D", "P0D");
    leaves(&mut stage, at(SENT));
    stage.invoice("B", Currency::EUR, 500, "2026-02-05");
    let decision = stage.step(hours_later(SENT, 24));
    let mut sent: Vec<(Channel, Vec<DueItemKey>)> = decision
        .messages
        .iter()
        .map(|message| (message.channel, message.rows.iter().map(|row| row.item.clone()).collect()))
        .collect();
    sent.sort();
    let key = |at: usize| DueItemKey::whole(stage.facts.invoices[at].invoice.id.clone());
    assert_eq!(sent, [(Channel::Email, vec![key(1)]), (Channel::Sms, vec![key(0)])]);
}

#[test]
fn its_sender_sends_it_unless_the_first_arrived_meanwhile() {
    let mut stage = stage("P1D", "P0D");
    leaves(&mut stage, at(SENT));
    let first = last_message(&stage);
    let now = hours_later(SENT, 24);
    let decision = decide(&stage.facts, &stage.policy, now);
    stage.facts = evolve(&stage.facts, &Event::Decided { decision, at: now });
    let pending: Pending = stage.facts.pending[0].clone();
    assert!(matches!(recheck(&stage.facts, &stage.policy, &pending, now), Recheck::Send { .. }));
    let facts = evolve(&stage.facts, &Event::Arrived(first));
    assert_eq!(
        recheck(&facts, &stage.policy, &pending, now),
        Recheck::Supersede("nothing that it covers is due any more".to_owned())
    );
}

/// What becomes of a message, and after how many hours.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Silent,
    Arrives(i64),
    Bounces(i64),
    Doubted(i64),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        Just(Fate::Silent),
        (0_i64..60).prop_map(Fate::Arrives),
        (0_i64..60).prop_map(Fate::Bounces),
        (1_i64..60).prop_map(Fate::Doubted),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn one_message_is_in_flight_and_each_channel_is_tried_once(fates in prop::collection::vec(fate(), 12), hours in 1_i64..60, gap in 0_i64..4) {
        let mut stage = stage(&String::from(crate::workflow::ReceiptTime::of_hours(hours).expect("a time")), &format!("P{gap}D"));
        let mut fates = fates.into_iter();
        // What is still to happen, by hour.
        let mut coming: BTreeMap<i64, Vec<(MessageId, Fate)>> = BTreeMap::new();
        let mut arrived: BTreeSet<MessageId> = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut of_step: BTreeMap<(DueItemKey, String), MessageId> = BTreeMap::new();
        for hour in 0..(24 * 24) {
            let now = hours_later("2026-02-05T00:45:00Z", hour);
            for (message, fate) in coming.remove(&hour).unwrap_or_default() {
                match fate {
                    Fate::Silent => {}
                    Fate::Arrives(_) => {
                        arrived.insert(message.clone());
                        stage.facts = evolve(&stage.facts, &Event::Arrived(message));
                    }
                    Fate::Bounces(_) => {
                        let (outcome, last_contact) = (Outcome::Undelivered, LastContact::default());
                        stage.facts = evolve(&stage.facts, &Event::NotDelivered { message, outcome, last_contact });
                    }
                    Fate::Doubted(_) => {
                        let Some(pending) = stage.facts.pending.iter().find(|pending| pending.id == message).cloned() else { continue };
                        let settled = Event::Settled { message, rows: pending.rows, outcome: Some(Outcome::Sent), at: now, contacted_at: now };
                        stage.facts = evolve(&stage.facts, &settled);
                    }
                }
            }
            let decision = decide(&stage.facts, &stage.policy, now);
            if !decision.messages.is_empty() {
                prop_assert!(stage.facts.pending.is_empty(), "nothing goes while nobody knows of another");
            }
            stage.facts = evolve(&stage.facts, &Event::Decided { decision, at: now });
            for pending in stage.facts.pending.clone().into_iter().filter(|pending| pending.decided_at == now) {
                for row in &pending.rows {
                    let once = (row.item.clone(), row.step.clone(), pending.channel, pending.contact.clone());
                    prop_assert!(seen.insert(once), "{row:?} twice by {}", pending.channel);
                    let before = of_step.insert((row.item.clone(), row.step.clone()), pending.id.clone());
                    prop_assert!(before.is_none_or(|before| !arrived.contains(&before)), "{row:?} after one that arrived");
                }
                let fate = fates.next().unwrap_or(Fate::Silent);
                let (id, rows) = (pending.id.clone(), pending.rows.clone());
                stage.facts = evolve(&stage.facts, &Event::Claimed(id.clone()));
                match fate {
                    Fate::Doubted(after) => {
                        stage.facts = evolve(&stage.facts, &Event::BecameUnknown(id.clone()));
                        coming.entry(hour + after).or_default().push((id, fate));
                    }
                    Fate::Silent | Fate::Arrives(_) | Fate::Bounces(_) => {
                        let settled = Event::Settled { message: id.clone(), rows, outcome: Some(Outcome::Sent), at: now, contacted_at: now };
                        stage.facts = evolve(&stage.facts, &settled);
                        if let Fate::Arrives(after) | Fate::Bounces(after) = fate {
                            coming.entry(hour + after.max(1)).or_default().push((id, fate));
                        }
                    }
                }
            }
        }
        prop_assert!(seen.iter().any(|(_, step, ..)| step == "nudge") || !stage.facts.pending.is_empty(), "the ladder goes on: {seen:?}");
    }
}
