//! A tenant is taken out of one table and put into another, and is the same there.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

use copy::{Arrival, Place};
use domain::*;
use jiff::Timestamp;
use store::{AddressId, PortalLink, Read, Receipt, Store};
use testbed::{Loopback, TABLE, documents};

fn id(tenant: &str) -> TenantId {
    TenantId::parse(tenant).unwrap()
}

fn place(aws: &Loopback, tenant: &str) -> Place {
    Place { db: aws.db.clone(), table: TABLE.to_owned(), tenant: id(tenant) }
}

fn invoice(number: u64) -> Document {
    Document::Invoice {
        customer: CustomerRef::Named(CustomerId::derive(&["c", &(number % 7).to_string()])),
        invoice: Invoice {
            id: InvoiceId::derive(&["i", &number.to_string()]),
            number: format!("{number} ü \"quoted\""),
            total_minor: 100,
            ..documents::invoice("any", "stripe", &format!("INV-{number}"))
        },
    }
}

/// The portal link of an address of a tenant's customer.
fn link(tenant: &str) -> PortalLink {
    PortalLink {
        id: LinkId::derive(&[tenant]),
        address: AddressId::of(Channel::Email, "ap@acme.example"),
        generation: 1,
        earlier: vec![],
        revoked_earlier: vec![],
        channel: Channel::Email,
        contact: "p1".into(),
        person: None,
        shown: "a…@acme.example".into(),
        made_at: Timestamp::UNIX_EPOCH,
        expires_at: Timestamp::UNIX_EPOCH,
        revoked_at: None,
    }
}

/// Two tenants, one of whose ids begins with the other's.
async fn filled() -> Loopback {
    let aws = Loopback::start().await;
    let store = Store::new(aws.db.clone(), TABLE);
    for tenant in ["acme", "acme-2"] {
        let mut settings = Settings::named(tenant);
        settings.mode = Mode::Live;
        store.put_settings(&id(tenant), &settings, Some(0), Timestamp::UNIX_EPOCH).await.unwrap();
        for number in 0..40 {
            let receipt = Receipt { source: "stripe".into(), event_id: format!("e{number}") };
            store.apply(&id(tenant), &receipt, &[invoice(number)], Timestamp::UNIX_EPOCH).await.unwrap();
        }
        store
            .open_books(&id(tenant), "xero", &format!("realm-{tenant}"), &serde_json::json!({}), Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        assert!(store.keep_link(&id(tenant), &CustomerId::derive(&["c", "3"]), None, &link(tenant)).await.unwrap());
    }
    aws
}

async fn exported(aws: &Loopback, tenant: &str) -> Vec<u8> {
    let mut file = Vec::new();
    place(aws, tenant).export(&mut file).await.unwrap();
    file
}

#[tokio::test]
async fn a_tenant_is_the_same_elsewhere() {
    let (from, to) = (filled().await, Loopback::start().await);
    let file = exported(&from, "acme").await;
    let count = place(&to, "acme").import(&file[..], Arrival::AsItWas).await.unwrap();
    assert!(count > 100, "{count} items");
    assert!(place(&to, "acme").compare(&file[..]).await.unwrap().is_empty());
    assert_eq!(exported(&to, "acme").await, file);
    assert!(place(&to, "acme-2").export(std::io::sink()).await.is_err(), "the other tenant stays where it is");
    let (here, there) = (Store::new(from.db.clone(), TABLE), Store::new(to.db.clone(), TABLE));
    let customer = CustomerId::derive(&["c", "3"]);
    let head = here.head(&id("acme"), &customer).await.unwrap().unwrap();
    let same = there.head(&id("acme"), &customer).await.unwrap().unwrap();
    assert_eq!((same.due, same.version), (head.due, head.version));
    let facts = (there.facts(&id("acme"), &same).await.unwrap(), here.facts(&id("acme"), &head).await.unwrap());
    assert_eq!(format!("{:?}", facts.0), format!("{:?}", facts.1));
    assert_eq!(there.tenant_of_company("xero", "realm-acme").await.unwrap(), Some(id("acme")));
    let links = there.link(&link("acme").id).await.unwrap();
    assert_eq!(links.map(|found| (found.tenant, found.customer)), Some((id("acme"), customer.clone())));
    assert_eq!(there.link(&link("acme-2").id).await.unwrap(), None);
    // It goes on where it was: the same event is still known.
    let receipt = Receipt { source: "stripe".into(), event_id: "e3".into() };
    let again = there.apply(&id("acme"), &receipt, &[invoice(3)], Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(again.outcome, store::AppliedOutcome::Duplicate);
    let changed = place(&to, "acme").compare(&exported(&from, "acme-2").await[..]).await.unwrap();
    assert!(!changed.table_only.is_empty() && !changed.file_only.is_empty());
}

#[tokio::test]
async fn it_arrives_paused_and_differs_in_that_alone() {
    let (from, to) = (filled().await, Loopback::start().await);
    let file = exported(&from, "acme").await;
    place(&to, "acme").import(&file[..], Arrival::Paused).await.unwrap();
    let differing = place(&to, "acme").compare(&file[..]).await.unwrap();
    assert_eq!(differing.changed, ["T#acme | SETTINGS", "TENANTS | acme"]);
    assert!(differing.table_only.is_empty() && differing.file_only.is_empty());
    let store = Store::new(to.db.clone(), TABLE);
    assert!(store.tenant(&id("acme")).await.unwrap().unwrap().paused);
    assert!(store.policy(&id("acme"), &Default::default(), Read::Fresh).await.unwrap().settings.paused);
}

#[tokio::test]
async fn what_is_wrong_changes_nothing() {
    let (from, to) = (filled().await, Loopback::start().await);
    let file = exported(&from, "acme").await;
    let again = place(&from, "acme").import(&file[..], Arrival::Paused).await.unwrap_err();
    assert!(again.to_string().contains("has tenant acme already"), "{again}");
    assert!(place(&from, "acme").compare(&file[..]).await.unwrap().is_empty());
    let mut half = file.clone();
    half.truncate(file.len() - 7);
    let foreign = exported(&from, "acme-2").await;
    for (bad, why) in
        [(&half[..], "is no item"), (b"{}\n", "is no item"), (&foreign[..], "not of tenant acme"), (b"", "not whole")]
    {
        let refused = place(&to, "acme").import(bad, Arrival::Paused).await.unwrap_err();
        assert!(format!("{refused:#}").contains(why), "{refused:#}");
    }
    let store = Store::new(to.db.clone(), TABLE);
    store.open_books(&id("other"), "xero", "realm-acme", &serde_json::json!({}), Timestamp::UNIX_EPOCH).await.unwrap();
    let taken = place(&to, "acme").import(&file[..], Arrival::Paused).await.unwrap_err();
    assert!(taken.to_string().contains("realm-acme is connected by another tenant"), "{taken}");
    assert!(place(&to, "acme").export(std::io::sink()).await.is_err(), "nothing was written");
}

#[tokio::test]
async fn only_what_was_saved_is_deleted() {
    let aws = filled().await;
    let (file, other) = (exported(&aws, "acme").await, exported(&aws, "acme-2").await);
    let store = Store::new(aws.db.clone(), TABLE);
    let receipt = Receipt { source: "stripe".into(), event_id: "later".into() };
    store.apply(&id("acme"), &receipt, &[invoice(99)], Timestamp::UNIX_EPOCH).await.unwrap();
    let refused = place(&aws, "acme").delete(&file[..]).await.unwrap_err();
    assert!(refused.to_string().contains("export the tenant anew"), "{refused}");
    let file = exported(&aws, "acme").await;
    assert!(place(&aws, "acme").compare(&file[..]).await.unwrap().is_empty(), "nothing is gone");
    let count = place(&aws, "acme").delete(&file[..]).await.unwrap();
    assert_eq!(count, file.split(|byte| *byte == b'\n').count() - 1);
    assert!(store.tenant(&id("acme")).await.unwrap().is_none());
    assert_eq!(store.tenant_of_company("xero", "realm-acme").await.unwrap(), None);
    assert!(place(&aws, "acme").export(std::io::sink()).await.is_err(), "nothing is left");
    assert_eq!(exported(&aws, "acme-2").await, other, "the other tenant stays as it is");
    place(&aws, "acme").import(&file[..], Arrival::AsItWas).await.unwrap();
    assert!(place(&aws, "acme").compare(&file[..]).await.unwrap().is_empty());
}
