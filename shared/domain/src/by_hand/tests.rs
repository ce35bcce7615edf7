//! What a person entered stands, whatever the source says next.

use super::*;
use crate::testing::{Stage, at, contact, ladder};

fn described() -> Customer {
    Stage::new(ladder()).facts.customer
}

fn said(withdrawn: bool, address: &str, when: &str) -> ConsentStatement {
    ConsentStatement {
        channel: Channel::Sms,
        address: address.to_owned(),
        withdrawn,
        said_at: at(when),
        wording: Some("reminders by text".to_owned()),
        entered_at: at(when),
        by: "ann".to_owned(),
    }
}

const NUMBER: &str = "+493012345678";
const OTHER: &str = "+493012345679";

/// The source's contact with a number that agreed to text messages, or did not.
fn from_source(phone: &str, agreed: bool) -> Contact {
    let consents = if agreed { vec![Consent { channel: Channel::Sms, given_at: None, wording: None }] } else { vec![] };
    Contact { phone: Some(phone.to_owned()), consents, ..contact("p1", Role::Billing) }
}

#[test]
fn nothing_entered_is_the_source() {
    assert_eq!(ByHand::default().over(&described()), described());
    assert!(ByHand::default().is_empty() && ByHand::default().preferences().is_none());
}

#[test]
fn a_field_that_a_person_entered_stays_when_the_source_says_another() {
    let mut customer = described();
    let entry = ContactByHand { email: Some("new@x.example".to_owned()), ..ContactByHand::of(&customer.contacts[0]) };
    let by_hand = ByHand { contacts: vec![entry], language: Some("fr".to_owned()), ..ByHand::default() };
    customer.contacts[0].email = Some("again@x.example".to_owned());
    customer.contacts[0].name = "Renamed".to_owned();
    customer.language = Some("en".to_owned());
    let over = by_hand.over(&customer);
    assert_eq!(over.contacts[0].email.as_deref(), Some("new@x.example"));
    assert_eq!((over.contacts[0].name.as_str(), over.language.as_deref()), ("Renamed", Some("fr")));
}

#[test]
fn a_contact_that_a_person_entered_survives_every_list() {
    let own =
        ContactByHand { id: "con_1".to_owned(), own: true, email: Some("own@x.example".to_owned()), ..ContactByHand::default() };
    let by_hand = ByHand { contacts: vec![own], ..ByHand::default() };
    let mut customer = described();
    customer.contacts.clear();
    let over = by_hand.over(&customer);
    assert_eq!(over.contacts.len(), 1);
    assert_eq!((over.contacts[0].external_id.as_str(), &over.contacts[0].roles), ("con_1", &vec![Role::Billing]));
}

#[test]
fn what_is_not_to_be_used_is_not_among_the_contacts() {
    let customer = described();
    let entry = ContactByHand { unused: true, ..ContactByHand::of(&customer.contacts[0]) };
    let by_hand = ByHand { contacts: vec![entry], ..ByHand::default() };
    assert!(by_hand.over(&customer).contacts.is_empty());
}

#[test]
fn whom_nobody_is_to_write_to_gets_no_message_under_another_id_of_the_source() {
    let of = |id: &str, email: &str| Contact {
        external_id: id.to_owned(),
        email: Some(email.to_owned()),
        ..described().contacts[0].clone()
    };
    let (p1, mail) = (of("p1", "p1@x.example"), "P1@x.example");
    let unused = ContactByHand { unused: true, ..ContactByHand::of(&p1) };
    let own = ContactByHand {
        id: "ent_1".to_owned(),
        own: true,
        email: Some("p1@x.example".to_owned()),
        unused: true,
        ..ContactByHand::default()
    };
    for (entries, named, written) in [
        (vec![unused.clone()], vec![of("p9", mail)], vec![]),
        (vec![unused.clone()], vec![of("p9", "other@x.example")], vec!["p9"]),
        // The source has both: a person said which is not to be used.
        (vec![unused.clone()], vec![p1.clone(), of("p9", mail)], vec!["p9"]),
        // A person said of the new one that it is used.
        (vec![unused, ContactByHand::of(&of("p9", mail))], vec![of("p9", mail)], vec!["p9"]),
        // One that was entered here, and taken back, says nothing of the source's.
        (vec![own], vec![of("p9", mail)], vec!["p9"]),
    ] {
        let customer = Customer { contacts: named.clone(), ..described() };
        let by_hand = ByHand { contacts: entries.clone(), ..ByHand::default() };
        let over = by_hand.over(&customer);
        let ids: Vec<&str> = over.contacts.iter().map(|contact| contact.external_id.as_str()).collect();
        assert_eq!(ids, written, "{entries:?} {named:?}");
        let all = by_hand.known(&customer);
        let unused = all.iter().filter(|known| known.described.is_some() && known.entered.is_some_and(|entry| entry.unused));
        assert_eq!(unused.count(), named.len() - written.len(), "{entries:?} {named:?}");
        // Whatever else is entered of the new one does not bring it back.
        if let ([named], [_]) = (&named[..], &entries[..]) {
            let mut more = by_hand.clone();
            more.contacts.push(by_hand.begun_of(&customer, named));
            assert_eq!(more.over(&customer).contacts, over.contacts, "{entries:?} {named:?}");
        }
    }
}

#[test]
fn consents_are_as_the_last_statement_says() {
    let (early, late) = ("2026-01-01T09:00:00Z", "2026-01-02T09:00:00Z");
    for (statements, phone, source_agreed, agreed) in [
        (vec![], NUMBER, true, true),
        (vec![said(true, NUMBER, early)], NUMBER, true, false),
        (vec![said(true, NUMBER, early), said(false, NUMBER, late)], NUMBER, false, true),
        (vec![said(false, NUMBER, early), said(true, NUMBER, late)], NUMBER, true, false),
        (vec![said(false, NUMBER, early)], NUMBER, false, true),
        // Given for a number, it is not given for the next one that the source names; taken back, it is taken back for all.
        (vec![said(false, NUMBER, early)], OTHER, false, false),
        (vec![said(true, NUMBER, early)], OTHER, true, false),
        (vec![said(true, NUMBER, early), said(true, NUMBER, early)], NUMBER, true, false),
    ] {
        let mut customer = described();
        customer.contacts = vec![from_source(phone, source_agreed)];
        let entry = ContactByHand { statements: statements.clone(), ..ContactByHand::of(&customer.contacts[0]) };
        let by_hand = ByHand { contacts: vec![entry], ..ByHand::default() };
        let over = by_hand.over(&customer);
        assert_eq!(over.contacts[0].consented(Channel::Sms), agreed, "{statements:?} {phone} {source_agreed}");
    }
}

#[test]
fn what_the_source_says_was_agreed_to_holds_for_its_number_alone() {
    let said_so = || vec![said(false, OTHER, "2026-01-01T09:00:00Z")];
    for (of_source, phone, statements, agreed) in [
        (Some(NUMBER), None, vec![], true),
        (Some(NUMBER), Some(NUMBER), vec![], true),
        (Some(NUMBER), Some(OTHER), vec![], false),
        (None, Some(OTHER), vec![], false),
        (Some(NUMBER), Some(OTHER), said_so(), true),
    ] {
        let mut customer = described();
        customer.contacts = vec![Contact { phone: of_source.map(str::to_owned), ..from_source(NUMBER, true) }];
        let entered = phone.map(str::to_owned);
        let entry = ContactByHand { phone: entered, statements, ..ContactByHand::of(&customer.contacts[0]) };
        let by_hand = ByHand { contacts: vec![entry], ..ByHand::default() };
        let over = by_hand.over(&customer);
        assert_eq!(over.contacts[0].consented(Channel::Sms), agreed, "{of_source:?} {phone:?}");
    }
}

#[test]
fn a_number_that_somebody_took_back_is_nobodys_way() {
    let mut customer = described();
    customer.contacts = vec![from_source(NUMBER, true), Contact { external_id: "p2".to_owned(), ..from_source(NUMBER, true) }];
    let entry = ContactByHand {
        statements: vec![said(true, NUMBER, "2026-01-01T09:00:00Z")],
        ..ContactByHand::of(&customer.contacts[0])
    };
    let by_hand = ByHand { contacts: vec![entry], ..ByHand::default() };
    assert!(by_hand.over(&customer).contacts.iter().all(|contact| !contact.consented(Channel::Sms)));
}

#[test]
fn who_stands_at_a_position_is_known_by_the_address() {
    let mut customer = described();
    let at_position = |at: usize, email: &str| Contact {
        external_id: format!("#{at}"),
        email: Some(email.to_owned()),
        ..contact("x", Role::Billing)
    };
    customer.contacts = vec![at_position(0, "ann@x.example"), at_position(1, "bob@x.example")];
    let entry = ContactByHand { name: Some("Ann".to_owned()), ..ContactByHand::of(&customer.contacts[0]) };
    let by_hand = ByHand { contacts: vec![entry], ..ByHand::default() };
    customer.contacts = vec![at_position(0, "bob@x.example"), at_position(1, "ann@x.example")];
    let names: Vec<String> = by_hand.over(&customer).contacts.into_iter().map(|contact| contact.name).collect();
    assert_eq!(names[1], "Ann");
    assert_ne!(names[0], "Ann");
}

#[test]
fn hours_narrow_the_window_and_never_widen_it() {
    let window = Window::default();
    let hours = |from: i8, to: i8| ByHand {
        hours: Some(ContactHours { from: Time::constant(from, 0, 0, 0), to: Time::constant(to, 0, 0, 0) }),
        ..ByHand::default()
    };
    for (by_hand, expected) in [
        (ByHand::default(), (9, 17)),
        (hours(10, 12), (10, 12)),
        (hours(6, 12), (9, 12)),
        (hours(15, 22), (15, 17)),
        (hours(18, 20), (9, 17)),
    ] {
        let narrowed = by_hand.within(&window);
        assert_eq!((narrowed.from.hour(), narrowed.to.hour()), expected);
    }
}

#[test]
fn a_contact_is_known_in_each_form_that_it_has() {
    let customer = described();
    let source = &customer.contacts[0];
    let changed = ContactByHand { email: Some("new@x.example".to_owned()), ..ContactByHand::of(source) };
    let person = Some("old@x.example".to_owned());
    let waits = ContactByHand { id: "p9".to_owned(), person, unused: true, ..ContactByHand::default() };
    let by_hand = ByHand { contacts: vec![changed, waits], ..ByHand::default() };
    let known = by_hand.known(&customer);
    let persons = |known: &KnownContact<'_>| known.forms.iter().filter_map(Contact::person).collect::<Vec<_>>();
    assert_eq!(persons(&known[0]), ["new@x.example".to_owned(), source.person().unwrap()]);
    let last = &known[known.len() - 1];
    assert_eq!((known.len(), last.described), (customer.contacts.len() + 1, None), "whom the source names no more");
    assert_eq!(persons(last), ["old@x.example"]);
    let nothing = ByHand::default();
    assert!(nothing.known(&customer).iter().all(|known| known.forms.len() == 1 && known.entered.is_none()));
}

#[test]
fn an_entry_says_itself_who_it_may_be() {
    let entry = |person: Option<&str>, email: Option<&str>, phone: Option<&str>| ContactByHand {
        id: "p1".to_owned(),
        person: person.map(str::to_owned),
        email: email.map(str::to_owned),
        phone: phone.map(str::to_owned),
        ..ContactByHand::default()
    };
    for (entry, expected) in [
        (entry(Some("a@x.example"), None, Some(NUMBER)), vec!["a@x.example"]),
        (entry(Some("a@x.example"), Some("B@x.example"), Some(NUMBER)), vec!["a@x.example", "b@x.example"]),
        (entry(Some(OTHER), None, Some(NUMBER)), vec![NUMBER, OTHER]),
        (ContactByHand { own: true, ..entry(None, None, Some(NUMBER)) }, vec![NUMBER]),
        (entry(None, None, None), vec![]),
    ] {
        assert_eq!(entry.persons().into_iter().collect::<Vec<_>>(), expected, "{entry:?}");
    }
}

#[test]
fn what_was_taken_back_stays_with_another_who_has_the_number() {
    let mut customer = described();
    customer.contacts = vec![from_source(NUMBER, true), Contact { external_id: "p2".to_owned(), ..from_source(NUMBER, true) }];
    let entry = ContactByHand {
        statements: vec![said(true, NUMBER, "2026-01-01T09:00:00Z")],
        ..ContactByHand::of(&customer.contacts[0])
    };
    let mut by_hand = ByHand { contacts: vec![entry.clone()], ..ByHand::default() };
    let before = by_hand.clone();
    let known = before.known(&customer);
    assert_eq!(entry.all_taken_back().count(), 1);
    // The first of them goes, with what was entered of it.
    by_hand.contacts.clear();
    for _ in 0..2 {
        entry.all_taken_back().for_each(|said| by_hand.keep_taken_back(&known[1], said));
    }
    customer.contacts.remove(0);
    assert!(!by_hand.over(&customer).contacts[0].consented(Channel::Sms));
    let kept = &by_hand.contacts[0];
    assert_eq!((kept.id.as_str(), kept.statements.len(), &kept.statements[0].wording), ("p2", 1, &None));
    // Given again afterwards, it is not taken back any more.
    let given = ContactByHand {
        statements: vec![said(true, NUMBER, "2026-01-01T09:00:00Z"), said(false, NUMBER, "2026-01-02T09:00:00Z")],
        ..entry
    };
    assert_eq!(given.all_taken_back().count(), 0);
}
