//! What people write, call and note: held against `evolve`, and undone to what was there.

use domain::{
    evolve::normal,
    own_message::{CALL, OWN_WORDS, decision as own_decision},
    *,
};
use store::{
    AddressId, AskedFor, AuditEntry, CustomerNote, CustomerOwner, Error, IdOf, LoggedContact, MessageFound, OutsideClaim,
    OwnText, Settlement,
};

use crate::common::*;

/// A table whose customer was decided once, with a case.
async fn decided() -> Table {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (head, facts) = (table.head().await, table.facts().await);
    table.store.commit(&table.tenant, &head, &facts, &decision(vec![], Next::At(at(5_000))), at(1)).await.unwrap();
    table
}

fn own(contact: &str) -> Planned {
    Planned { contact: contact.to_owned(), template: OWN_WORDS.to_owned(), template_version: 0, ..planned(vec![]) }
}

fn text(body: &str) -> OwnText {
    OwnText { body: body.to_owned(), by: "ann".to_owned(), language: "en".to_owned(), ..OwnText::default() }
}

fn shown(facts: &Facts) -> String {
    format!("{:#?}", normal(facts))
}

#[tokio::test]
async fn a_message_of_a_person_waits_with_its_words_and_is_taken_back() {
    let table = decided().await;
    let (head, facts) = (table.head().await, table.facts().await);
    let plan = own_decision(&facts, head.owed.clone(), own("p1"), at(20));
    let (store, tenant) = (&table.store, &table.tenant);
    let made = store.commit_own_message(tenant, &head, &facts, &plan, &text("Hello"), at(20)).await.unwrap();
    let message = made.messages[0].clone();
    // Whoever read before it comes too late, and overwrites no words.
    let late = store.commit_own_message(tenant, &head, &facts, &plan, &text("Another"), at(20)).await;
    assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
    let kept = store.own_text(tenant, &customer_id(), &message).await.unwrap().unwrap();
    assert_eq!((kept.body.as_str(), kept.number, kept.contact.as_str()), ("Hello", made.number, "p1"));
    assert_eq!(kept.person, facts.customer.contacts[0].person_digest());
    let by_id = store.find_id(tenant, &IdOf::Message(message.clone())).await.unwrap().unwrap();
    assert_eq!((by_id.customer, by_id.number), (customer_id(), None), "before a list has it");
    assert_eq!(store.whose(tenant, message.as_str()).await.unwrap(), Some(customer_id()));
    let waiting = table.head().await;
    let entry = &waiting.pending[&message];
    assert_eq!(entry.retry_at, Some(at(21)), "no sender takes it for a minute");
    assert_eq!(waiting.due, Next::At(at(20)), "it is found again by being due");
    let told = evolve(&facts, &Event::Decided { decision: plan, at: at(20) });
    assert_eq!(shown(&table.facts().await), shown(&told));

    assert!(store.withdraw(tenant, &customer_id(), &message, "taken back", at(20)).await.unwrap());
    let after = Facts { decision: facts.decision, ..table.facts().await };
    assert_eq!(shown(&after), shown(&facts), "as if it had not been written");
    for number in [None, Some(made.number)] {
        let found = store.message_of(tenant, &customer_id(), number, &message).await.unwrap();
        let Some(MessageFound::Settled(record)) = found else { panic!("{number:?}") };
        assert_eq!(record.message.as_ref().unwrap().person, kept.person, "{number:?}");
    }
    // Nobody said who ended it, so whoever wrote it is told.
    let told = store.tasks(tenant, 10, None).await.unwrap().tasks;
    let told: Vec<_> = told.iter().map(|task| (task.task.kind, task.task.to.as_deref(), task.task.message())).collect();
    assert_eq!(told, [(TaskKind::MessageUnsent, Some("ann"), Some(message.clone()))]);
    assert!(store.message_of(tenant, &customer_id(), Some(made.number + 1), &message).await.unwrap().is_none());
    assert_eq!(store.verify_chain(tenant, &customer_id(), 50).await.unwrap(), 2);
}

#[tokio::test]
async fn whoever_wrote_a_message_is_told_where_somebody_else_takes_it_back() {
    for (by, expected) in [("ann", vec![]), ("bob", vec![(TaskKind::MessageUnsent, Some("ann"))])] {
        let table = decided().await;
        let (head, facts) = (table.head().await, table.facts().await);
        let plan = own_decision(&facts, head.owed.clone(), own("p1"), at(20));
        let (store, tenant) = (&table.store, &table.tenant);
        let made = store.commit_own_message(tenant, &head, &facts, &plan, &text("Hello"), at(20)).await.unwrap();
        let entry = AuditEntry {
            tenant: tenant.clone(),
            at: at(21),
            by: by.to_owned(),
            role: "collector".to_owned(),
            operation: "undo_message".to_owned(),
            object: None,
            customer: Some(customer_id()),
            what: serde_json::json!({}),
            note: None,
            act: None,
            once: None,
        };
        let acting = store.acting(entry);
        assert!(acting.withdraw(tenant, &customer_id(), &made.messages[0], "a person took it back", at(21)).await.unwrap());
        let told = store.tasks(tenant, 10, None).await.unwrap().tasks;
        let told: Vec<_> = told.iter().map(|task| (task.task.kind, task.task.to.as_deref())).collect();
        assert_eq!(told, expected, "{by}");
    }
}

#[tokio::test]
async fn a_call_is_a_contact_with_a_record_until_it_is_taken_back() {
    let table = decided().await;
    let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
    let facts = table.facts().await;
    let person = facts.customer.contacts[0].person();
    let case = facts.cases.get(&case_key()).unwrap().id.clone();
    let logged = LoggedContact {
        template: CALL,
        channel: Channel::Voice,
        contact: "p1".to_owned(),
        person: person.clone(),
        case: case_key(),
        case_id: Some(case),
        outcome: "reached".to_owned(),
        is_contact: true,
        text: text("will pay"),
    };
    let id = store.log_own_contact(tenant, &customer, &logged, at(30)).await.unwrap();
    // It is a decision with one message, which is sent at once.
    let planned = Planned { channel: Channel::Voice, template: CALL.to_owned(), ..own("p1") };
    let told =
        evolve(&facts, &Event::Decided { decision: own_decision(&facts, Default::default(), planned, at(30)), at: at(30) });
    let settled =
        Event::Settled { message: id.clone(), rows: vec![], outcome: Some(Outcome::Sent), at: at(30), contacted_at: at(30) };
    let told = evolve(&told, &settled);
    let read = table.facts().await;
    assert_eq!(shown(&read), shown(&told));
    assert_eq!(read.last_contact.live, Some(at(30)));
    assert_eq!(read.contact_log[&person.unwrap()].attempts.len(), 1);
    let number = store.own_text(tenant, &customer, &id).await.unwrap().unwrap().number;
    for _ in 0..2 {
        assert!(store.take_back_own_message(tenant, &customer, number, &id, at(31)).await.unwrap());
        let after = Facts { decision: facts.decision, ..table.facts().await };
        assert_eq!(shown(&after), shown(&facts), "nobody was contacted");
    }
    assert_eq!(store.verify_chain(tenant, &customer, 50).await.unwrap(), 2);
    // A wrong number is no contact.
    let wrong = LoggedContact { is_contact: false, outcome: "wrong_number".to_owned(), ..logged };
    store.log_own_contact(tenant, &customer, &wrong, at(40)).await.unwrap();
    let after = Facts { decision: facts.decision, ..table.facts().await };
    assert_eq!(shown(&after), shown(&facts));
}

#[tokio::test]
async fn a_message_in_doubt_is_queued_again_or_dropped() {
    for dropped in [false, true] {
        let table = decided().await;
        let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
        let (head, facts) = (table.head().await, table.facts().await);
        let plan = decision(vec![planned(vec![row("INV-1")])], Next::Parked);
        let message = store.commit(tenant, &head, &facts, &plan, at(11)).await.unwrap().messages[0].clone();
        assert!(!store.queue_again(tenant, &customer, &message, at(12)).await.unwrap(), "it is in no doubt");
        let version = table.head().await.version;
        held(&table, version, &message, &attempt("a1", 12)).await;
        assert!(!store.drop_unsent(tenant, &customer, &message, at(12)).await.unwrap(), "its sender has it");
        let claimed = table.head().await;
        assert!(store.mark_unknown(tenant, &claimed, &message, at(900), at(13)).await.unwrap());
        if dropped {
            assert!(store.drop_unsent(tenant, &customer, &message, at(14)).await.unwrap());
            assert!(table.head().await.pending.is_empty());
            assert!(table.facts().await.coverage.iter().all(|mark| mark.message.as_ref() != Some(&message)));
            continue;
        }
        assert!(store.queue_again(tenant, &customer, &message, at(14)).await.unwrap());
        let head = table.head().await;
        let entry = &head.pending[&message];
        assert_eq!((entry.message.status, entry.attempt.clone(), entry.dispatches), (PendingStatus::Queued, None, 2));
        assert_eq!(head.due, Next::At(at(14)));
        held(&table, head.version, &message, &attempt("a2", 20)).await;
    }
}

#[tokio::test]
async fn proof_that_a_message_left_ends_it_while_it_waits_to_go_again() {
    let table = decided().await;
    let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
    let (head, facts) = (table.head().await, table.facts().await);
    let plan = decision(vec![planned(vec![row("INV-1")])], Next::Parked);
    let committed = store.commit(tenant, &head, &facts, &plan, at(11)).await.unwrap();
    let (number, message) = (committed.number, committed.messages[0].clone());
    let version = table.head().await.version;
    held(&table, version, &message, &attempt("a1", 12)).await;
    let claimed = table.head().await;
    assert!(store.mark_unknown(tenant, &claimed, &message, at(900), at(13)).await.unwrap());
    assert!(store.queue_again(tenant, &customer, &message, at(14)).await.unwrap());
    // That nobody got it changes nothing: it goes again.
    for (heard, known) in [(DeliveryEvent::Bounced, false), (DeliveryEvent::Delivered, true), (DeliveryEvent::Delivered, true)] {
        assert_eq!(store.receipt(tenant, &customer, number, &message, heard, at(15), None, at(15)).await.unwrap(), known);
    }
    assert!(table.head().await.pending.is_empty());
    let facts = table.facts().await;
    let mark = facts.coverage.iter().find(|mark| mark.message.as_ref() == Some(&message)).unwrap();
    assert_eq!(mark.outcome, Outcome::Sent);
}

#[tokio::test]
async fn what_a_person_says_of_a_message_that_was_given_up_stands_until_its_provider_speaks() {
    for (said, came_to, bounced) in [
        (DeliveryEvent::NotSent, Outcome::NotSent, Outcome::Undelivered),
        (DeliveryEvent::Dropped, Outcome::Skipped, Outcome::Skipped),
    ] {
        for (provider, ended) in [(DeliveryEvent::Delivered, Outcome::Sent), (DeliveryEvent::Bounced, bounced)] {
            let table = decided().await;
            let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
            let (head, facts) = (table.head().await, table.facts().await);
            let plan = decision(vec![planned(vec![row("INV-1")])], Next::Parked);
            let committed = store.commit(tenant, &head, &facts, &plan, at(11)).await.unwrap();
            let (number, message) = (committed.number, committed.messages[0].clone());
            let version = table.head().await.version;
            held(&table, version, &message, &attempt("a1", 12)).await;
            let claimed = table.head().await;
            assert!(store.mark_unknown(tenant, &claimed, &message, at(900), at(13)).await.unwrap());
            assert!(store.give_up(tenant, &customer, &message, at(900)).await.unwrap());
            assert!(table.facts().await.last_contact.live.is_some(), "it counts as sent");
            for _ in 0..2 {
                assert!(store.receipt(tenant, &customer, number, &message, said, at(901), None, at(901)).await.unwrap());
                let record = store.records(tenant, &customer, 1).await.unwrap().remove(0);
                assert_eq!((record.status.as_str(), record.coverage[0].outcome), (said.as_str(), came_to));
                assert_eq!(table.facts().await.last_contact.live, None, "it was no contact");
            }
            let logged =
                |facts: &Facts| facts.contact_log.values().any(|log| log.attempts.iter().any(|one| one.message == message));
            assert!(!logged(&table.facts().await));
            for _ in 0..2 {
                let heard = store.receipt(tenant, &customer, number, &message, provider, at(902), Some("ses-1"), at(902)).await;
                assert!(heard.unwrap());
                // A person comes too late.
                assert!(store.receipt(tenant, &customer, number, &message, said, at(903), None, at(903)).await.unwrap());
            }
            let record = store.records(tenant, &customer, 1).await.unwrap().remove(0);
            assert_eq!((record.status.as_str(), record.coverage[0].outcome), (provider.as_str(), ended), "{said} {provider}");
            let facts = table.facts().await;
            assert_eq!((facts.last_contact.live.is_some(), logged(&facts)), (ended == Outcome::Sent, ended == Outcome::Sent));
            store.verify_chain(tenant, &customer, 50).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_a_sender_of_ones_own_was_given_is_kept() {
    let table = decided().await;
    let message = MessageId::derive(&["m"]);
    let claim = OutsideClaim {
        attempt: "a".to_owned(),
        rows: Some(vec![row("INV-1")]),
        asked_for: AskedFor::of(Currency::EUR, vec![row("INV-2")]),
        rendered_sha256: "x".to_owned(),
        template_version: 3,
        address: Some(AddressId::of(Channel::Email, "ap@acme.example")),
    };
    // However long, and of a claim before nothing is left in it.
    let long = OutsideClaim { attempt: "b".to_owned(), rows: Some(rows(5_000)), asked_for: asked(2_500), ..claim.clone() };
    let short = OutsideClaim { attempt: "c".to_owned(), rows: Some(rows(30)), asked_for: None, ..claim.clone() };
    for claim in [claim, long, short] {
        table.store.keep_outside_claim(&table.tenant, &customer_id(), &message, &claim, at(1)).await.unwrap();
        assert_eq!(table.store.outside_claim(&table.tenant, &customer_id(), &message).await.unwrap(), Some(claim));
    }
}

/// So many rows, in the order in which they are read back.
fn rows(count: usize) -> Vec<Covered> {
    let mut rows: Vec<Covered> = (0..count).map(|number| row(&format!("INV-{number}"))).collect();
    rows.sort();
    rows
}

/// What a message asked for with so many due items.
fn asked(count: usize) -> Option<AskedFor> {
    AskedFor::of(Currency::EUR, rows(count))
}

#[tokio::test]
async fn the_record_of_a_persons_message_says_what_it_asked_for_and_covers_none_of_it() {
    for count in [0, 1, 50] {
        let table = decided().await;
        let (store, tenant) = (&table.store, &table.tenant);
        let (head, facts) = (table.head().await, table.facts().await);
        let plan = own_decision(&facts, head.owed.clone(), own("p1"), at(20));
        let made = store.commit_own_message(tenant, &head, &facts, &plan, &text("Hello"), at(20)).await.unwrap();
        let (number, message) = (made.number, made.messages[0].clone());
        let version = table.head().await.version;
        let claimed = held(&table, version, &message, &attempt("a1", 30)).await;
        let settlement = Settlement { asked_for: asked(count), ..sent(22, vec![]) };
        assert!(store.settle(tenant, &claimed, &message, &attempt("a1", 30), &settlement, Next::Parked).await.unwrap());
        let record = store.record_of_message(tenant, &customer_id(), number, &message).await.unwrap().unwrap();
        let said = record.message.unwrap();
        assert_eq!((said.rows, said.asked_for), (vec![], asked(count)), "{count}");
        assert!(record.coverage.iter().all(|coverage| coverage.rows.is_empty()), "no step is credited with it");
        // The hashed text says the sum and the number by itself.
        let whole = &record.body["message"]["asked_for"];
        let expected = match count {
            0 => (None, None),
            _ => (i64::try_from(count * 125_000).ok(), u64::try_from(count).ok()),
        };
        assert_eq!((whole["due_now_minor"].as_i64(), whole["items"].as_u64()), expected);
    }
}

#[tokio::test]
async fn the_record_of_a_long_message_has_its_rows() {
    let table = decided().await;
    let (store, tenant) = (&table.store, &table.tenant);
    let (head, facts) = (table.head().await, table.facts().await);
    let plan = decision(vec![planned(rows(50))], Next::Parked);
    let made = store.commit(tenant, &head, &facts, &plan, at(11)).await.unwrap();
    let (number, message) = (made.number, made.messages[0].clone());
    let version = table.head().await.version;
    let claimed = held(&table, version, &message, &attempt("a1", 30)).await;
    assert!(store.settle(tenant, &claimed, &message, &attempt("a1", 30), &sent(12, rows(40)), Next::Parked).await.unwrap());
    let record = store.record_of_message(tenant, &customer_id(), number, &message).await.unwrap().unwrap();
    assert_eq!((record.message.unwrap().rows, record.coverage[0].rows.clone()), (rows(40), rows(40)));
}

#[tokio::test]
async fn notes_and_owners_change_from_what_they_were() {
    let table = decided().await;
    let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
    let note = |n: i64| CustomerNote::new(NoteId::at(at(n), &[&n.to_string()]), None, format!("note {n}"), "ann", at(n));
    for n in 1..=3 {
        store.add_note(tenant, &customer, &note(n)).await.unwrap();
    }
    let page = store.notes(tenant, &customer, None, 2, None).await.unwrap();
    let texts: Vec<&str> = page.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!((texts, page.after.clone()), (vec!["note 3", "note 2"], Some(note(2).id)));
    let rest = store.notes(tenant, &customer, None, 2, page.after.as_ref()).await.unwrap();
    assert_eq!((rest.notes, rest.after), (vec![note(1)], None));
    let edited = CustomerNote { text: "other".to_owned(), ..note(1) };
    store.change_note(tenant, &customer, &note(1), &edited).await.unwrap();
    let stale = store.change_note(tenant, &customer, &note(1), &edited).await;
    assert!(matches!(stale, Err(Error::Conflict { .. })), "{stale:?}");

    let owner = |name: &str| CustomerOwner { owner: name.to_owned(), by: "ann".to_owned(), at: at(1) };
    store.set_owner(tenant, &customer, None, Some(&owner("bob"))).await.unwrap();
    let stale = store.set_owner(tenant, &customer, None, Some(&owner("cid"))).await;
    assert!(matches!(stale, Err(Error::Conflict { .. })), "{stale:?}");
    assert_eq!(store.owned(tenant, "bob", 10, None).await.unwrap(), (vec![customer.clone()], false));
    store.set_owner(tenant, &customer, Some(&owner("bob")), Some(&owner("cid"))).await.unwrap();
    assert_eq!(store.owned(tenant, "bob", 10, None).await.unwrap(), (vec![], false));
    store.set_owner(tenant, &customer, Some(&owner("cid")), None).await.unwrap();
    assert_eq!(
        (store.owner(tenant, &customer).await.unwrap(), store.owned(tenant, "cid", 10, None).await.unwrap().0),
        (None, vec![])
    );
}
