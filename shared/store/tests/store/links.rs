//! Portal links: what is written for one, when, and what that costs.

use domain::*;
use store::{AddressId, LinkCode, LinkStanding, LinkTo, PortalLink, Stop, Vault};

use crate::common::*;

const TO: LinkTo<'static> = LinkTo { channel: Channel::Email, address: "ap@acme.example", contact: "p1", person: None };

fn vault(table: &Table) -> Vault {
    Vault::new(aws_sdk_kms::Client::new(&table.aws.clients.sdk), table.store.clone(), Some("key"))
}

async fn known(table: &Table) -> Option<PortalLink> {
    table.store.link_of(&table.tenant, &customer_id(), &AddressId::of(TO.channel, TO.address)).await.unwrap()
}

/// The link as a message has it that leaves at a minute.
async fn made(table: &Table, minute: i64) -> (LinkCode, PortalLink) {
    let before = known(table).await;
    vault(table).link_for(&table.tenant, &customer_id(), TO, before.as_ref(), at(minute)).await.unwrap()
}

#[tokio::test]
async fn the_first_message_to_an_address_costs_three_units_more_and_no_other_does() {
    let table = table().await;
    table.store.policy(&table.tenant, &Default::default(), store::Read::Fresh).await.unwrap();
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let read = async || {
        let head = table.head().await;
        table.meter.take_reads();
        let (_, _, links) = table.store.facts_policy_and_links(&table.tenant, &head).await.unwrap();
        (table.meter.take_reads(), links)
    };
    let (before, none) = read().await;
    assert!(none.is_empty(), "{none:?}");
    let (code, link) = made(&table, 0).await;
    table.meter.take();
    assert!(table.store.keep_link(&table.tenant, &customer_id(), None, &link).await.unwrap());
    let units = table.meter.take();
    assert!(units <= 3.0, "{units} write units for the first link");
    let (after, links) = read().await;
    println!("write units of a first link: {units}; read units of a sender's facts: {before} without a link, {after} with one");
    assert_eq!((after, links), (before, vec![link.clone()]), "the sender reads it with what it reads anyway");
    // What a later message has is what stands there: nothing is written.
    assert_eq!(made(&table, 60 * 24 * 59).await, (code.clone(), link.clone()));
    let (again, renewed) = made(&table, 60 * 24 * 61).await;
    assert_eq!((&again, renewed.made_at, renewed.expires_at), (&code, link.made_at, at(60 * 24 * 181)));
}

#[tokio::test]
async fn a_link_is_kept_only_as_it_was_read() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
    let (code, first) = made(&table, 0).await;
    // Two senders at once make one link.
    assert!(store.keep_link(tenant, &customer, None, &first).await.unwrap());
    assert!(!store.keep_link(tenant, &customer, None, &first).await.unwrap());
    let found = store.link(&code.id()).await.unwrap().unwrap();
    assert_eq!((&found.tenant, &found.customer, &found.link), (tenant, &customer, &first));
    // One is revoked while a message that would renew it is on its way.
    let (_, renewed) = made(&table, 60 * 24 * 61).await;
    assert!(store.revoke_link(tenant, &customer, &first, at(60 * 24 * 61)).await.unwrap());
    assert!(!store.revoke_link(tenant, &customer, &first, at(60 * 24 * 61)).await.unwrap(), "it is void already");
    assert!(!store.keep_link(tenant, &customer, Some(&first), &renewed).await.unwrap());
    assert_eq!(known(&table).await.unwrap().standing(at(60 * 24 * 61)), LinkStanding::Revoked);
    // The message that looks again has another.
    let (other, second) = made(&table, 60 * 24 * 61).await;
    assert_eq!((other == code, second.generation, &second.earlier), (false, first.generation + 1, &vec![first.id.clone()]));
    assert!(store.keep_link(tenant, &customer, known(&table).await.as_ref(), &second).await.unwrap());
    assert_eq!(store.link(&code.id()).await.unwrap().unwrap().link, second, "the code before leads to it, and is not its");
    assert_eq!(known(&table).await.as_ref(), Some(&second));
    assert_eq!(known(&table).await.unwrap().standing(at(60 * 24 * 62)), LinkStanding::Good);
}

#[tokio::test]
async fn a_sender_that_dies_between_the_two_writes_leaves_no_link_and_the_next_makes_it() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (code, link) = made(&table, 0).await;
    for after in 0..2 {
        let died = table.dying(after).keep_link(&table.tenant, &customer_id(), None, &link).await;
        assert!(died.is_err(), "after {after} calls: {died:?}");
        assert_eq!(table.store.link(&code.id()).await.unwrap(), None, "after {after} calls");
    }
    // Where no item is left, as after an erasure, a later message has another code: the one before stays void.
    assert_ne!(made(&table, 1).await.0, code);
    assert_eq!(made(&table, 0).await.0, code);
    assert!(table.store.keep_link(&table.tenant, &customer_id(), None, &link).await.unwrap());
    assert_eq!(table.store.link(&code.id()).await.unwrap().map(|found| found.link), Some(link));
}

#[tokio::test]
async fn a_text_message_has_a_short_code_that_is_void_with_its_link() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let to = LinkTo { channel: Channel::Sms, address: "+493012345678", ..TO };
    let made = async |known: Option<&PortalLink>, minute: i64| {
        vault(&table).link_for(&table.tenant, &customer_id(), to, known, at(minute)).await.unwrap()
    };
    let (code, link) = made(None, 0).await;
    assert_eq!((code.as_str().len(), LinkCode::parse(code.as_str()).as_ref()), (14, Some(&code)));
    assert!(table.store.keep_link(&table.tenant, &customer_id(), None, &link).await.unwrap());
    assert_eq!(made(Some(&link), 1).await, (code.clone(), link.clone()), "each message has the same");
    assert!(table.store.revoke_link(&table.tenant, &customer_id(), &link, at(2)).await.unwrap());
    let found = table.store.link(&code.id()).await.unwrap().unwrap();
    assert_eq!(found.link.standing(at(3)), LinkStanding::Revoked);
    // The way out that it leads to is that of its address.
    assert_eq!(found.stop(), Stop::of(&table.tenant, Channel::Sms, to.address));
}

#[tokio::test]
async fn what_a_text_message_holds_of_links_is_short() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    assert_eq!(made(&table, 0).await.0.as_str().len(), 22);
    let vault = vault(&table);
    for (channel, address, shown, most) in
        [(Channel::Sms, "+493012345678", "…678", 50), (Channel::Email, "ap@acme.example", "a…@acme.example", 80)]
    {
        let stop = Stop::of(&table.tenant, channel, address);
        let text = vault.stop_link(&stop).await.unwrap();
        assert!(text.len() <= most, "{} characters of {text}", text.len());
        let read = vault.verify_stop(&text).await.unwrap().unwrap();
        assert_eq!((&read, &*read.shown), (&stop, shown));
        assert!(!text.contains(address) && !text.contains(customer_id().as_str()));
    }
}
