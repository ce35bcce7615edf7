//! What people entered of a customer, against what its source says before and after.

use domain::*;
use store::{Error, StoredByHand};

use crate::common::*;

fn own(email: &str) -> ContactByHand {
    ContactByHand { id: "con_1".into(), own: true, email: Some(email.into()), ..ContactByHand::default() }
}

fn said(withdrawn: bool, minute: i64) -> ConsentStatement {
    ConsentStatement {
        channel: Channel::Sms,
        address: "+493012345678".into(),
        withdrawn,
        said_at: at(minute),
        wording: Some("reminders by text".into()),
        entered_at: at(minute),
        by: "ann".into(),
    }
}

fn agreed(version: u64) -> Document {
    let described = customer(Some(version), "Acme GmbH");
    let consents = vec![Consent { channel: Channel::Sms, given_at: None, wording: None }];
    let contact = Contact { consents, ..described.contacts[0].clone() };
    Document::Customer(Customer { contacts: vec![contact], ..described })
}

impl Table {
    async fn enter(&self, by_hand: ByHand, rev: u64, minute: i64) -> u64 {
        let stored = StoredByHand { by_hand, rev };
        self.store.put_by_hand(&self.tenant, &customer_id(), &stored, at(minute)).await.unwrap()
    }

    async fn customer_now(&self) -> Customer {
        self.facts_of("C-1").await.customer
    }
}

#[tokio::test]
async fn no_feed_loses_what_a_person_entered_or_lifts_what_was_taken_back() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let taken_back = ContactByHand { statements: vec![said(true, 1)], ..ContactByHand::of(&customer(None, "").contacts[0]) };
    let entered =
        ByHand { contacts: vec![own("own@acme.example"), taken_back], language: Some("fr".into()), ..ByHand::default() };
    assert_eq!(table.enter(entered, 0, 1).await, 1);
    for (event, version) in [("e2", 2), ("e3", 3)] {
        table.say(event, &[agreed(version)], 2).await;
        let known = table.customer_now().await;
        let ids: Vec<&str> = known.contacts.iter().map(|contact| contact.external_id.as_str()).collect();
        assert_eq!((ids.len(), ids[1], known.language.as_deref()), (2, "con_1", Some("fr")));
        assert!(!known.contacts[0].consented(Channel::Sms), "the source says again that it was agreed to");
    }
    // Nor does a list without anybody.
    let nobody = Customer { contacts: vec![], ..customer(Some(4), "Acme GmbH") };
    table.say("e4", &[Document::Customer(nobody)], 3).await;
    let known = table.customer_now().await;
    assert_eq!(known.contacts.iter().map(|contact| contact.email.as_deref()).collect::<Vec<_>>(), [Some("own@acme.example")]);
    // What was entered of the source's contact waits until it is named again.
    table.say("e5", &[agreed(5)], 4).await;
    assert!(!table.customer_now().await.contacts[0].consented(Channel::Sms));
    // Taken back, the source counts again.
    assert_eq!(table.enter(ByHand::default(), 1, 5).await, 2);
    let known = table.customer_now().await;
    assert_eq!((known.contacts.len(), known.contacts[0].consented(Channel::Sms), known.language), (1, true, None));
}

#[tokio::test]
async fn it_is_written_over_the_revision_that_it_was_made_from_and_wakes_the_customer() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let before = table.head_of("C-1").await.version;
    table.enter(ByHand { contacts: vec![own("own@acme.example")], ..ByHand::default() }, 0, 1).await;
    assert!(table.head_of("C-1").await.version > before);
    for rev in [0, 2] {
        let stored = StoredByHand { by_hand: ByHand::default(), rev };
        let refused = table.store.put_by_hand(&table.tenant, &customer_id(), &stored, at(2)).await;
        assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    }
    let kept = table.store.by_hand(&table.tenant, &customer_id()).await.unwrap();
    assert_eq!((kept.rev, kept.by_hand.contacts.len()), (1, 1));
    let stranger = table.store.by_hand(&table.tenant, &customer_of("nobody")).await.unwrap();
    assert_eq!(stranger, StoredByHand::default());
}

#[tokio::test]
async fn whose_people_are_written_to_are_with_what_was_entered_of_them() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let child = Customer {
        id: customer_of("C-2"),
        external_id: "C-2".into(),
        contacts_of: Some(customer_id()),
        ..customer(Some(1), "Child")
    };
    let owed = Document::Invoice { customer: CustomerRef::Full(Box::new(child)), invoice: invoice("INV-2", 1) };
    table.say("e2", &[owed], 1).await;
    table.enter(ByHand { contacts: vec![own("own@acme.example")], ..ByHand::default() }, 0, 2).await;
    let known = table.facts_of("C-2").await.customer;
    assert_eq!(known.contacts.iter().map(|contact| contact.external_id.as_str()).collect::<Vec<_>>(), ["p1", "con_1"]);
    // What is entered since is seen by whoever looks once more.
    let read = table.facts_of("C-2").await;
    table.enter(ByHand { contacts: vec![own("new@acme.example")], ..ByHand::default() }, 1, 3).await;
    let now = table.store.people_now(&table.tenant, read).await.unwrap().customer;
    assert_eq!((now.id.clone(), now.contacts[1].email.as_deref()), (customer_of("C-2"), Some("new@acme.example")));
    // An invoice of the child names somebody of the parent to whom nobody is to write.
    let p1 = customer(None, "").contacts[0].clone();
    let unused = ContactByHand { unused: true, ..ContactByHand::of(&p1) };
    table.enter(ByHand { contacts: vec![unused], ..ByHand::default() }, 2, 4).await;
    let named = Contact { external_id: INVOICE_CONTACT.into(), ..p1 };
    let owed = Document::Invoice {
        customer: CustomerRef::Named(customer_of("C-2")),
        invoice: Invoice { contact: Some(named), ..invoice("INV-2", 2) },
    };
    table.say("e3", &[owed], 5).await;
    let facts = table.facts_of("C-2").await;
    assert!(facts.customer.contacts.is_empty() && facts.invoices[0].invoice.contact.is_some());
    assert_eq!(People::of(&facts).all().count(), 0);
}
