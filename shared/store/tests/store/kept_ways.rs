//! Ways of paying that are kept: one by one, by address, gone for good, and erased with their person.

use domain::*;
use store::{AddressId, AuditEntry, KeptWay, PersonId, Vault};

use crate::common::*;

fn address(email: &str) -> AddressId {
    AddressId::of(Channel::Email, email)
}

fn basket(name: &str) -> PaymentId {
    PaymentId::of_basket(&[name])
}

fn asked(name: &str, email: &str) -> KeptWay {
    let (basket, link) = (basket(name), LinkId::derive(&["link"]));
    KeptWay::asked((&basket, &link), &address(email), ("gocardless", &WayOfPaying::SepaDebit, Currency::EUR), at(1))
}

#[tokio::test]
async fn a_way_is_kept_once_its_provider_says_so_and_is_its_addresss_alone() {
    let table = table().await;
    let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
    let ways = |email: &'static str| async move { store.kept_ways(tenant, &customer_id(), &address(email)).await.unwrap() };
    store.ask_to_keep(tenant, &customer, &asked("one", "ap@acme.example")).await.unwrap();
    store.ask_to_keep(tenant, &customer, &asked("one", "ap@acme.example")).await.unwrap();
    assert!(ways("ap@acme.example").await.is_empty(), "the provider has not said anything yet");
    assert!(!store.keep_way((tenant, &customer), &basket("nobody asked"), ("MD9", None), at(2)).await.unwrap());
    for _ in 0..2 {
        assert!(store.keep_way((tenant, &customer), &basket("one"), ("MD1", Some("12")), at(2)).await.unwrap());
    }
    // The first word counts.
    assert!(store.keep_way((tenant, &customer), &basket("one"), ("MD2", None), at(3)).await.unwrap());
    let kept = ways("ap@acme.example").await;
    let [way] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!((way.kept.as_deref(), way.ending.as_deref(), way.kept_at), (Some("MD1"), Some("12"), Some(at(2))));
    assert!(ways("other@acme.example").await.is_empty(), "whoever has another address sees nothing of it");
    assert!(store.kept_ways(tenant, &customer_of("C-2"), &address("ap@acme.example")).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_gone_does_not_come_back() {
    let table = table().await;
    let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
    for name in ["removed", "cancelled", "never kept"] {
        store.ask_to_keep(tenant, &customer, &asked(name, "ap@acme.example")).await.unwrap();
    }
    for (name, kept) in [("removed", "MD1"), ("cancelled", "MD2")] {
        assert!(store.keep_way((tenant, &customer), &basket(name), (kept, None), at(2)).await.unwrap());
    }
    assert_eq!(store.kept_ways(tenant, &customer, &address("ap@acme.example")).await.unwrap().len(), 2);
    let entry = AuditEntry {
        tenant: tenant.clone(),
        at: at(3),
        by: "link".to_owned(),
        role: "link".to_owned(),
        operation: "forget_way_by_link".to_owned(),
        object: Some(basket("removed").to_string()),
        customer: Some(customer.clone()),
        what: serde_json::json!({}),
        note: None,
        act: None,
        once: None,
    };
    let acting = store.acting(entry);
    assert!(acting.forget_way(tenant, &customer, &basket("removed"), at(3)).await.unwrap());
    assert!(!store.forget_way(tenant, &customer, &basket("removed"), at(4)).await.unwrap());
    assert!(store.way_is_gone(tenant, "gocardless", "MD2", at(3)).await.unwrap());
    // The provider says it of each mandate of its account, and again; another one's ids are others.
    for (provider, kept) in [("gocardless", "MD1"), ("gocardless", "MD2"), ("gocardless", "MD3"), ("stripe", "MD2")] {
        assert!(!store.way_is_gone(tenant, provider, kept, at(4)).await.unwrap(), "{provider} {kept}");
    }
    for name in ["removed", "cancelled"] {
        assert!(!store.keep_way((tenant, &customer), &basket(name), ("MD1", None), at(5)).await.unwrap(), "{name}");
        let left = store.kept_way(tenant, &customer, &basket(name)).await.unwrap().unwrap();
        assert!(!left.is_good() && left.kept.is_none(), "{left:?}");
    }
    assert!(store.kept_ways(tenant, &customer, &address("ap@acme.example")).await.unwrap().is_empty());
}

#[tokio::test]
async fn whoever_is_erased_keeps_nothing_and_others_keep_theirs() {
    let table = table().await;
    let described = customer(Some(1), "Bernd Meier");
    let anna = described.contacts[0].clone();
    table.say("e1", &[Document::Customer(described)], 0).await;
    let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
    let vault = Vault::new(aws_sdk_kms::Client::new(&table.aws.clients.sdk), store.clone(), Some("key"));
    vault.ensure_key(tenant).await.unwrap();
    let email = anna.email.clone().unwrap();
    for (name, of) in [("theirs", email.as_str()), ("asked alone", email.as_str()), ("another's", "other@acme.example")] {
        store.ask_to_keep(tenant, &customer, &asked(name, of)).await.unwrap();
    }
    assert!(store.keep_way((tenant, &customer), &basket("theirs"), ("MD1", Some("12")), at(1)).await.unwrap());
    assert!(store.keep_way((tenant, &customer), &basket("another's"), ("MD2", None), at(1)).await.unwrap());
    vault.erase_at(tenant, &customer, &PersonId::of(&anna.person().unwrap()), false, at(2)).await.unwrap();
    for name in ["theirs", "asked alone"] {
        assert_eq!(store.kept_way(tenant, &customer, &basket(name)).await.unwrap(), None, "{name}");
    }
    assert!(!store.way_is_gone(tenant, "gocardless", "MD1", at(3)).await.unwrap(), "nothing finds it any more");
    assert_eq!(store.kept_ways(tenant, &customer, &address("other@acme.example")).await.unwrap().len(), 1);
}
