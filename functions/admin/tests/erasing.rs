//! An erasure that breaks off, after whichever of its calls, goes on when it is asked for again; and an export has what it erases of links, and
//! of what people entered.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{Client, config::Builder};
use domain::{Channel, CustomerId, Document, SuppressionReason};
use serde_json::json;
use service::{
    Actor, StaffRole,
    contacts::{self, ContactGiven, CustomerGiven},
    privacy::{erase, export},
};
use store::{AddressId, Line, LinkTo, List, PersonId, PortalLink, Searched, Store, Vault};
use testbed::{Death, TABLE, aws::Aws, documents};

use common::removes_nothing;

/// The address of everybody's one contact.
const TO: LinkTo<'static> = LinkTo { channel: Channel::Email, address: "ap@acme.example", contact: "p1", person: None };

/// The first link of an address, and the one that took its place after it was revoked.
async fn links(aws: &Aws, customer: &CustomerId) -> [PortalLink; 2] {
    let (store, tenant, now) = (&aws.store, &aws.tenant, aws.now());
    let (_, first) = aws.vault.link_for(tenant, customer, TO, None, now).await.unwrap();
    assert!(store.keep_link(tenant, customer, None, &first).await.unwrap());
    assert!(store.revoke_link(tenant, customer, &first, now).await.unwrap());
    let void = store.link_of(tenant, customer, &first.address).await.unwrap().unwrap();
    let (_, second) = aws.vault.link_for(tenant, customer, TO, Some(&void), now).await.unwrap();
    assert!(store.keep_link(tenant, customer, Some(&void), &second).await.unwrap());
    [first, second]
}

#[tokio::test]
async fn an_erasure_that_breaks_off_goes_on_when_it_is_asked_for_again() {
    // Between two writes there are two reads at least: every gap between writes is tried.
    for calls in (0..).step_by(2) {
        let aws = Aws::start().await;
        let tenant = &aws.tenant;
        aws.vault.ensure_key(tenant).await.unwrap();
        let customers = [aws.owes("C-1").await, aws.owes("C-2").await];
        let [first, second] = links(&aws, &customers[0]).await;
        aws.store.suppress(tenant, TO.channel, TO.address, SuppressionReason::OptOut, aws.now(), None).await.unwrap();
        aws.follow().await;
        let described = documents::customer("acme", "canonical", "C-1");
        let person = PersonId::of(&described.contacts[0].person().unwrap());
        let actor = Actor::new(tenant.clone(), StaffRole::Admin, Some("robin"));
        let ask = async |store: &Store, vault: &Vault| {
            erase((store, vault, &removes_nothing()), &actor, &person.to_string(), Some("asked for it"), aws.now()).await
        };
        let config = Builder::from(&aws.clients.sdk).interceptor(Death::after(calls)).build();
        let dying = Store::new(Client::from_conf(config), TABLE);
        let vault = Vault::new(aws_sdk_kms::Client::new(&aws.clients.sdk), dying.clone(), Some("key"));
        let is_whole = ask(&dying, &vault).await.is_ok();
        // The list of who is where knows by now of what was taken out.
        aws.follow().await;
        let place = format!("dead after {calls} calls");
        if !is_whole {
            let again = ask(&aws.store, &aws.vault).await;
            assert!(again.is_ok(), "{place}: {again:?}");
            aws.follow().await;
        }
        let all = aws.items();
        let digest = first.address.to_string().replace("sup_", "");
        for text in [TO.address, &digest, first.id.as_str(), second.id.as_str()] {
            let held = all.iter().filter(|item| item.to_json().to_string().contains(text));
            let held: Vec<String> = held.map(|item| format!("{}|{}", item.pk(), item.sk())).collect();
            assert_eq!(held, [""; 0], "{place}: {text}");
        }
        assert_eq!(aws.store.erasing(tenant, &person).await.unwrap(), BTreeMap::new(), "{place}");
        assert!(aws.store.places_of(tenant, &person).await.unwrap().is_empty(), "{place}");
        for customer in &customers {
            assert_eq!(aws.store.check_audit(tenant, Some(customer)).await.unwrap(), None, "{place}");
        }
        // What stood against the address stands again before a document that names it is applied.
        aws.vault.honour_erased(tenant, &[Document::Customer(described)], aws.now()).await.unwrap();
        let stands = aws.store.stopped(tenant, &AddressId::of(TO.channel, TO.address)).await.unwrap().unwrap();
        assert_eq!(stands.suppression.reason, SuppressionReason::OptOut, "{place}");
        if is_whole {
            assert!(calls > 20, "the loop saw the calls");
            break;
        }
    }
}

#[tokio::test]
async fn an_export_lists_the_links_of_the_person_and_no_code() {
    let aws = Aws::start().await;
    aws.vault.ensure_key(&aws.tenant).await.unwrap();
    let customer = aws.owes("C-1").await;
    let [first, second] = links(&aws, &customer).await;
    aws.follow().await;
    let person = PersonId::of(&documents::customer("acme", "canonical", "C-1").contacts[0].person().unwrap());
    let actor = Actor::new(aws.tenant.clone(), StaffRole::Admin, Some("robin"));
    let all = export((&aws.store, &aws.vault), &actor, &person.to_string(), aws.now()).await.unwrap();
    let listed = &all["places"][0]["links"];
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{all:#}");
    assert_eq!((&listed[0]["id"], &listed[0]["earlier"]), (&json!(second.id), &json!([first.id])), "{all:#}");
    assert_eq!((&listed[0]["contact"], &listed[0]["address"]), (&json!("p1"), &json!("a…@acme.example")), "{all:#}");
}

#[tokio::test]
async fn what_people_entered_of_a_person_is_found_exported_and_erased_with_it() {
    const ENTERED: &str = "quirina@acme.example";
    let aws = Aws::start().await;
    let (store, vault, tenant, now) = (&aws.store, &aws.vault, &aws.tenant, aws.now());
    vault.ensure_key(tenant).await.unwrap();
    let customer = aws.owes("C-1").await;
    let collector = Actor::new(tenant.clone(), StaffRole::Collector, Some("cleo"));
    let given = ContactGiven { name: Some("Quirina".to_owned()), email: Some(ENTERED.to_owned()), ..ContactGiven::default() };
    let change = |_: &ContactGiven| Ok(given.clone());
    contacts::change((store, vault), &collector, (customer.as_str(), "p1"), change, None, now).await.unwrap();
    let french = |_: &CustomerGiven| Ok(CustomerGiven { language: Some("fr".to_owned()), ..CustomerGiven::default() });
    contacts::change_customer(store, &collector, customer.as_str(), french, None, now).await.unwrap();
    store.suppress(tenant, Channel::Email, ENTERED, SuppressionReason::OptOut, now, None).await.unwrap();
    aws.follow().await;

    let person = PersonId::of(ENTERED);
    let places = store.places_of(tenant, &person).await.unwrap();
    assert_eq!(places.iter().map(|place| (&place.customer, place.contact.as_str())).collect::<Vec<_>>(), [(&customer, "p1")]);
    let found = store.search(tenant, Searched::Customers, "quir", 10, None).await.unwrap().lines;
    assert!(matches!(&found[..], [Line::Word(line)] if line.customer == customer && !line.text.is_empty()), "{found:?}");
    assert!(store.places(tenant, &List::CustomersByLanguage, 10).await.unwrap().contains("fr"));

    let admin = Actor::new(tenant.clone(), StaffRole::Admin, Some("robin"));
    let all = export((store, vault), &admin, &person.to_string(), now).await.unwrap();
    let place = &all["places"][0];
    assert_eq!((&place["entered"][0]["name"], &place["entered"][0]["email"]), (&json!("Quirina"), &json!(ENTERED)), "{all:#}");
    let mails: Vec<&str> = place["contacts"].as_array().unwrap().iter().filter_map(|form| form["email"].as_str()).collect();
    assert_eq!(mails, [ENTERED, TO.address], "as it is, and as the source describes it");
    assert_eq!(all["suppressions"][0]["reason"], "opt_out", "{all:#}");

    erase((store, vault, &removes_nothing()), &admin, &person.to_string(), Some("asked for it"), now).await.unwrap();
    aws.follow().await;
    for text in [ENTERED, "Quirina", "quirina", TO.address] {
        let held = aws.items().into_iter().filter(|item| item.to_json().to_string().contains(text));
        let held: Vec<String> = held.map(|item| format!("{}|{}", item.pk(), item.sk())).collect();
        assert_eq!(held, [""; 0], "{text}");
    }
    let kept = store.by_hand(tenant, &customer).await.unwrap().by_hand;
    assert_eq!((kept.contacts.len(), kept.language.as_deref()), (0, Some("fr")), "what is the customer's stays");

    // What stood against the address stands again before somebody enters it once more.
    contacts::add((store, vault), &collector, customer.as_str(), &given, None, now).await.unwrap();
    let stands = store.stopped(tenant, &AddressId::of(Channel::Email, ENTERED)).await.unwrap().unwrap();
    assert_eq!(stands.suppression.reason, SuppressionReason::OptOut);
}
