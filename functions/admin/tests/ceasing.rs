//! Whoever is to be left alone stays so, whatever becomes of addresses: a cease follows the person, an erasure lifts nothing of anybody, and whom
//! only invoices name is a person too.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use domain::{
    Channel, Consent, Contact, Customer, CustomerId, CustomerRef, Document, INVOICE_CONTACT, Invoice, People, SourceVersion,
    SuppressionReason, address_key,
};
use jiff::SignedDuration;
use serde_json::Value;
use service::{
    Actor, StaffRole,
    contacts::{self, ConsentAsked, ContactGiven},
    privacy::{erase, export, find},
    suppressions::{self, AddressGiven, LiftAsked, StopAsked},
};
use store::{AddressId, Receipt, Stopped};
use testbed::{aws::Aws, documents};

use common::removes_nothing;

const NUMBER: &str = "+493012345678";
const OTHER: &str = "+493012345679";

fn somebody(id: &str, email: Option<&str>, phone: Option<&str>) -> Contact {
    let consents = vec![Consent { channel: Channel::Sms, given_at: None, wording: None }];
    let (email, phone) = (email.map(str::to_owned), phone.map(str::to_owned));
    Contact { email, phone, consents, ..documents::contact(id, "nobody@x.example") }
}

fn actor(aws: &Aws, role: StaffRole) -> Actor {
    Actor::new(aws.tenant.clone(), role, Some("robin"))
}

async fn start() -> Aws {
    let aws = Aws::start().await;
    aws.vault.ensure_key(&aws.tenant).await.unwrap();
    aws
}

/// Applies a document as whoever takes documents does.
async fn apply(aws: &Aws, event_id: String, document: Document) {
    aws.advance(SignedDuration::from_secs(60));
    aws.vault.honour_erased(&aws.tenant, std::slice::from_ref(&document), aws.now()).await.unwrap();
    let receipt = Receipt { source: "canonical".to_owned(), event_id };
    aws.store.apply(&aws.tenant, &receipt, &[document], aws.now()).await.unwrap();
}

/// The source's word of a customer with its contacts.
async fn say(aws: &Aws, external_id: &str, version: u64, contacts: Vec<Contact>) -> CustomerId {
    let source_version = Some(SourceVersion::Number(version));
    let described = Customer { source_version, contacts, ..documents::customer("acme", "canonical", external_id) };
    let id = described.id.clone();
    apply(aws, format!("{external_id}.{version}"), Document::Customer(described)).await;
    id
}

/// The source's word of an invoice that names somebody for itself.
async fn bill(aws: &Aws, customer: &CustomerId, external_id: &str, version: u64, named: Contact) {
    let invoice = Invoice {
        source_version: SourceVersion::Number(version),
        contact: Some(Contact { external_id: INVOICE_CONTACT.to_owned(), ..named }),
        ..documents::invoice("acme", "canonical", external_id)
    };
    let customer = CustomerRef::Named(customer.clone());
    apply(aws, format!("invoice.{external_id}.{version}"), Document::Invoice { customer, invoice }).await;
}

/// The ways by which somebody at a customer may be written to.
async fn ways(aws: &Aws, customer: &CustomerId) -> Vec<String> {
    let head = aws.store.head(&aws.tenant, customer).await.unwrap().unwrap();
    let facts = aws.store.facts(&aws.tenant, &head).await.unwrap();
    let mut ways = Vec::new();
    for (_, contact) in People::of(&facts).all() {
        for channel in [Channel::Email, Channel::Sms] {
            let Some(address) = contact.address(channel) else { continue };
            let known = facts.addresses.get(&address_key(channel, address));
            let is_free = known.is_none_or(|known| known.suppressed.is_none()) && facts.ceased(contact).is_none();
            if is_free && (!channel.needs_consent() || facts.agreed(contact, channel)) {
                ways.push(format!("{} {address}", channel.as_str()));
            }
        }
    }
    ways
}

async fn stop(aws: &Aws, channel: &str, address: &str, reason: &str) -> Stopped {
    aws.advance(SignedDuration::from_secs(60));
    let named = AddressGiven { channel: Some(channel.to_owned()), address: Some(address.to_owned()) };
    let asked = StopAsked { named, reason: Some(reason.to_owned()), ..StopAsked::default() };
    suppressions::enter(&aws.store, &actor(aws, StaffRole::Collector), &asked, aws.now()).await.unwrap()
}

async fn lift(aws: &Aws, stopped: &Stopped) {
    let entry = Some(stopped.suppression.entry());
    let asked = LiftAsked { entry, reason: Some("wrote that messages are welcome".to_owned()), customer: None };
    let id = stopped.id.to_string();
    suppressions::lift(&aws.store, &actor(aws, StaffRole::Manager), &id, &asked, aws.now()).await.unwrap();
}

/// Finds somebody by an address, and erases them.
async fn forget(aws: &Aws, address: &str) {
    aws.advance(SignedDuration::from_secs(60));
    let admin = actor(aws, StaffRole::Admin);
    let named = AddressGiven { channel: Some("email".to_owned()), address: Some(address.to_owned()) };
    let found = find(&aws.store, &admin, &named).await.unwrap();
    let id = found.person.to_string();
    erase((&aws.store, &aws.vault, &removes_nothing()), &admin, &id, Some("asked for it"), aws.now()).await.unwrap();
}

async fn stands(aws: &Aws, channel: Channel, address: &str) -> Option<String> {
    let stopped = aws.store.stopped(&aws.tenant, &AddressId::of(channel, address)).await.unwrap();
    stopped.map(|stopped| stopped.suppression.reason.as_str().to_owned())
}

#[tokio::test]
async fn a_cease_follows_the_person_to_other_customers_and_addresses() {
    let aws = start().await;
    let (mail, new) = (Some("x@x.example"), Some("new@x.example"));
    let here = say(&aws, "C-1", 1, vec![somebody("x", mail, Some(NUMBER))]).await;
    let there = say(&aws, "C-2", 1, vec![somebody("y", Some("X@x.example"), Some(OTHER))]).await;
    aws.follow().await;
    let stopped = stop(&aws, "sms", NUMBER, "cease").await;
    assert_eq!((ways(&aws, &here).await, ways(&aws, &there).await), (vec![], vec![]), "the same mailbox at another customer");
    for (version, contact) in
        [(2, somebody("x", None, Some(NUMBER))), (3, somebody("x", new, None)), (4, somebody("x", mail, None))]
    {
        say(&aws, "C-1", version, vec![contact.clone()]).await;
        assert_eq!(ways(&aws, &here).await, Vec::<String>::new(), "{contact:?}");
    }
    say(&aws, "C-2", 2, vec![somebody("z", None, Some(OTHER))]).await;
    assert_eq!(ways(&aws, &there).await, Vec::<String>::new(), "the number that they have there");
    // Nor does a person who enters another address of the contact.
    let given = ContactGiven { email: Some("other@x.example".to_owned()), ..ContactGiven::default() };
    let (both, collector) = ((&aws.store, &aws.vault), actor(&aws, StaffRole::Collector));
    contacts::change(both, &collector, (here.as_str(), "x"), |_| Ok(given.clone()), None, aws.now()).await.unwrap();
    assert_eq!(ways(&aws, &here).await, Vec::<String>::new());
    bill(&aws, &there, "F-1", 1, somebody("", mail, None)).await;
    assert_eq!(ways(&aws, &there).await, Vec::<String>::new(), "whom an invoice names");
    // Who lifts it lifts what came with it.
    lift(&aws, &stopped).await;
    assert_eq!(ways(&aws, &here).await, ["email other@x.example"]);
    assert_eq!(ways(&aws, &there).await, ["sms +493012345679", "email x@x.example"]);
    let entered = aws.store.by_hand(&aws.tenant, &here).await.unwrap().by_hand;
    assert!(entered.contacts.iter().all(|entry| entry.ceased.is_none()), "{entered:?}");
}

#[tokio::test]
async fn a_cease_leaves_those_alone_who_only_share_a_number() {
    let aws = start().await;
    let here = say(&aws, "C-1", 1, vec![somebody("x", Some("x@x.example"), Some(NUMBER))]).await;
    let there = say(&aws, "C-2", 1, vec![somebody("y", Some("y@y.example"), Some(NUMBER))]).await;
    aws.follow().await;
    stop(&aws, "email", "x@x.example", "cease").await;
    assert_eq!(ways(&aws, &here).await, Vec::<String>::new());
    // The number may be theirs who asked: it is written to no more, and the other person is by mail.
    assert_eq!(ways(&aws, &there).await, ["email y@y.example"]);
    assert_eq!(stands(&aws, Channel::Sms, NUMBER).await.as_deref(), Some("opt_out"));
    say(&aws, "C-1", 2, vec![somebody("w", None, Some(NUMBER))]).await;
    assert_eq!(ways(&aws, &here).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_erasure_lifts_no_opt_out_of_others_who_have_the_number() {
    for (by_invoice, listed) in [(false, true), (false, false), (true, true), (true, false)] {
        let place = format!("by an invoice: {by_invoice}, in lists: {listed}");
        let aws = start().await;
        let x = || vec![somebody("x", Some("x@x.example"), Some(NUMBER))];
        say(&aws, "C-1", 1, x()).await;
        let there = say(&aws, "C-2", 1, vec![]).await;
        aws.follow().await;
        if by_invoice {
            bill(&aws, &there, "F-1", 1, somebody("", Some("y@y.example"), Some(NUMBER))).await;
        } else {
            say(&aws, "C-2", 2, vec![somebody("y", Some("y@y.example"), Some(NUMBER))]).await;
        }
        stop(&aws, "sms", NUMBER, "opt_out").await;
        if listed {
            aws.follow().await;
        }
        forget(&aws, "x@x.example").await;
        assert_eq!(ways(&aws, &there).await, ["email y@y.example"], "{place}");
        aws.follow().await;
        for _ in 0..3 {
            aws.advance(SignedDuration::from_hours(24));
            aws.vault.forget_again(&aws.tenant, aws.now()).await.unwrap();
            assert_eq!(ways(&aws, &there).await, ["email y@y.example"], "{place}");
        }
        assert!(aws.items().iter().all(|item| !item.sk().starts_with("LATER#")), "{place}");
    }
}

#[tokio::test]
async fn a_number_that_nobody_has_any_more_is_forgotten_and_its_opt_out_is_not() {
    let aws = start().await;
    let here = say(&aws, "C-1", 1, vec![somebody("x", Some("x@x.example"), Some(NUMBER))]).await;
    // Nobody enters it: an entry of the audit would hold the digest for good.
    aws.store.suppress(&aws.tenant, Channel::Sms, NUMBER, SuppressionReason::OptOut, aws.now(), None).await.unwrap();
    aws.follow().await;
    forget(&aws, "x@x.example").await;
    aws.follow().await;
    assert_eq!(stands(&aws, Channel::Sms, NUMBER).await.as_deref(), Some("opt_out"), "lists may lag");
    aws.advance(SignedDuration::from_hours(49));
    aws.vault.forget_again(&aws.tenant, aws.now()).await.unwrap();
    assert_eq!(stands(&aws, Channel::Sms, NUMBER).await, None);
    aws.follow().await;
    let digest = AddressId::of(Channel::Sms, NUMBER).to_string().replace("sup_", "");
    assert!(aws.items().iter().all(|item| !item.to_json().to_string().contains(&digest)));
    say(&aws, "C-1", 2, vec![somebody("x", Some("x@x.example"), Some(NUMBER))]).await;
    assert_eq!(ways(&aws, &here).await, ["email x@x.example"]);
}

#[tokio::test]
async fn whom_only_invoices_name_is_found_exported_and_erased() {
    const NAMED: &str = "quirina@x.example";
    let aws = start().await;
    let (here, there) = (say(&aws, "C-1", 1, vec![]).await, say(&aws, "C-2", 1, vec![]).await);
    for (customer, number) in [(&here, "F-1"), (&here, "F-2"), (&there, "F-3")] {
        bill(&aws, customer, number, 1, somebody("", Some(NAMED), Some(NUMBER))).await;
    }
    aws.follow().await;
    let admin = actor(&aws, StaffRole::Admin);
    let named = AddressGiven { channel: Some("email".to_owned()), address: Some(NAMED.to_owned()) };
    let found = find(&aws.store, &admin, &named).await.unwrap();
    let mut places: Vec<&CustomerId> = found.places.iter().map(|(customer, _)| customer).collect();
    places.sort();
    let mut expected = vec![&here, &there];
    expected.sort();
    assert_eq!(places, expected, "each customer once, however many invoices there are");
    let all: Value = export((&aws.store, &aws.vault), &admin, &found.person.to_string(), aws.now()).await.unwrap();
    assert_eq!(all["places"][0]["contacts"][0]["email"], NAMED, "{all:#}");
    forget(&aws, NAMED).await;
    aws.follow().await;
    for text in [NAMED, "quirina", NUMBER] {
        let held = aws.items().into_iter().filter(|item| item.to_json().to_string().contains(text));
        let held: Vec<String> = held.map(|item| format!("{}|{}", item.pk(), item.sk())).collect();
        assert_eq!(held, [""; 0], "{text}");
    }
    assert_eq!(find(&aws.store, &admin, &named).await.unwrap().places, vec![]);
}

#[tokio::test]
async fn what_people_entered_of_somebody_outlives_their_erasure() {
    let aws = start().await;
    let x = || somebody("x", Some("x@x.example"), Some(NUMBER));
    let y = || somebody("y", Some("y@x.example"), Some(NUMBER));
    let here = say(&aws, "C-1", 1, vec![x(), y()]).await;
    let there = say(&aws, "C-2", 1, vec![somebody("z", Some("z@x.example"), Some(OTHER))]).await;
    let collector = actor(&aws, StaffRole::Collector);
    let withdrawn = ConsentAsked { channel: "sms".to_owned(), status: "withdrawn".to_owned(), ..ConsentAsked::default() };
    contacts::state_consent(&aws.store, &collector, (here.as_str(), "x"), &withdrawn, None, aws.now()).await.unwrap();
    let unused = |_: &ContactGiven| Ok(ContactGiven { used: Some(false), ..ContactGiven::default() });
    contacts::change((&aws.store, &aws.vault), &collector, (there.as_str(), "z"), unused, None, aws.now()).await.unwrap();
    aws.follow().await;
    forget(&aws, "x@x.example").await;
    assert_eq!(ways(&aws, &here).await, ["email y@x.example"], "who has the number too");
    forget(&aws, "z@x.example").await;
    // The books still have them, one under another id.
    say(&aws, "C-1", 2, vec![x()]).await;
    assert_eq!(ways(&aws, &here).await, ["email x@x.example"]);
    say(&aws, "C-2", 2, vec![somebody("z2", Some("z@x.example"), Some(OTHER))]).await;
    assert_eq!(ways(&aws, &there).await, Vec::<String>::new());
    // A person may say otherwise, and then that counts.
    let given = ConsentAsked { status: "given".to_owned(), wording: Some("reminders by text".to_owned()), ..withdrawn };
    aws.advance(SignedDuration::from_secs(60));
    contacts::state_consent(&aws.store, &collector, (here.as_str(), "x"), &given, None, aws.now()).await.unwrap();
    assert_eq!(ways(&aws, &here).await, ["email x@x.example", "sms +493012345678"]);
}
