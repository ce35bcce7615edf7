//! Secrets at rest, and their rotation.

use domain::*;
use serde_json::json;
use store::{
    Agreed, Error, Vault,
    inspect::{
        attributes::{connection::SECRET, data_key::WRAPPED},
        key,
    },
};

use crate::common::*;

fn vault(table: &Table, key: Option<&str>) -> Vault {
    Vault::new(aws_sdk_kms::Client::new(&table.aws.clients.sdk), table.store.clone(), key)
}

#[tokio::test]
async fn a_secret_opens_for_its_tenant_and_connection_only() {
    let table = table().await;
    let own = vault(&table, Some("key"));
    let globex = TenantId::parse("globex").unwrap();
    let sealed = own.seal(&table.tenant, "stripe", b"whsec_1").await.unwrap();
    assert!(!sealed.windows(7).any(|part| part == b"whsec_1"));
    assert_ne!(own.seal(&table.tenant, "stripe", b"whsec_1").await.unwrap(), sealed, "the same secret never looks the same");
    // Another process, which makes no keys.
    let other = vault(&table, None);
    assert_eq!(other.open(&table.tenant, "stripe", &sealed).await.unwrap(), b"whsec_1");
    own.ensure_key(&globex).await.unwrap();
    let mut changed = sealed.clone();
    *changed.last_mut().unwrap() ^= 1;
    for (tenant, connection, bytes) in
        [(&globex, "stripe", &sealed), (&table.tenant, "xero", &sealed), (&table.tenant, "stripe", &changed)]
    {
        let opened = other.open(tenant, connection, bytes).await;
        assert!(matches!(opened, Err(Error::Corrupt { .. })), "{tenant} {connection}: {opened:?}");
    }
    assert!(matches!(other.open(&table.tenant, "stripe", b"short").await, Err(Error::Corrupt { .. })));
    let nobody = TenantId::parse("nobody").unwrap();
    assert!(matches!(other.ensure_key(&nobody).await, Err(Error::Refused { .. })));
}

#[tokio::test]
async fn a_data_key_opens_for_its_purpose_alone() {
    let table = table().await;
    vault(&table, Some("key")).ensure_key(&table.tenant).await.unwrap();
    let kms = aws_sdk_kms::Client::new(&table.aws.clients.sdk);
    let purposes = ["connections", "links", "people"];
    for (sk, purpose) in ["KEY", "KEY#LINKS", "KEY#PEOPLE"].into_iter().zip(purposes) {
        let item = table.db.get_item().table_name(testbed::TABLE).set_key(Some(key("T#acme", sk))).send().await.unwrap();
        let wrapped = item.item.unwrap()[WRAPPED].as_b().unwrap().clone();
        for asked in purposes {
            let opening = kms.decrypt().ciphertext_blob(wrapped.clone()).encryption_context("tenant", "acme");
            let opened = opening.encryption_context("purpose", asked).send().await;
            assert_eq!(opened.is_ok(), asked == purpose, "{sk} for {asked}");
        }
    }
}

#[tokio::test]
async fn processes_that_begin_at_once_share_one_data_key() {
    let table = table().await;
    let vaults: Vec<Vault> = (0..8).map(|_| vault(&table, Some("key"))).collect();
    let sealed = futures::future::join_all(vaults.iter().map(|vault| vault.seal(&table.tenant, "stripe", b"s"))).await;
    for sealed in sealed {
        assert_eq!(vaults[0].open(&table.tenant, "stripe", &sealed.unwrap()).await.unwrap(), b"s");
    }
}

#[tokio::test]
async fn a_rotated_secret_is_accepted_until_its_overlap_ends() {
    let table = table().await;
    let vault = vault(&table, Some("key"));
    let put = async |secret: &str, until: Option<i64>, rev: Option<u64>| {
        let config = json!({ "realm": secret });
        vault.put_connection(&table.tenant, "stripe", secret.as_bytes(), &config, until.map(at), rev).await
    };
    let accepted = async |minute: i64| {
        let known = vault.connection(&table.tenant, "stripe").await.unwrap().unwrap();
        let texts = known.secrets.accepted(at(minute)).into_iter().map(|secret| String::from_utf8(secret.to_vec()).unwrap());
        texts.collect::<Vec<_>>()
    };
    assert_eq!(put("one", None, Some(0)).await.unwrap(), 1);
    assert!(matches!(put("two", None, Some(0)).await, Err(Error::Conflict { .. })), "somebody was first");
    assert_eq!(put("two", Some(10), Some(1)).await.unwrap(), 2);
    assert_eq!(accepted(10).await, ["two", "one"]);
    assert_eq!(accepted(11).await, ["two"]);
    // The same again changes the configuration and cuts no overlap short.
    put("two", None, None).await.unwrap();
    assert_eq!(accepted(10).await, ["two", "one"]);
    put("three", None, None).await.unwrap();
    assert_eq!(accepted(5).await, ["three"], "without an overlap the one before is refused at once");
    let known = vault.connection(&table.tenant, "stripe").await.unwrap().unwrap();
    assert_eq!((known.rev, known.config), (4, json!({ "realm": "three" })));
    assert!(!format!("{known:?}", known = vault.connection(&table.tenant, "stripe").await).contains("three\""));
    assert_eq!(vault.connections(&table.tenant).await.unwrap(), ["stripe"]);
    let item = table.db.get_item().table_name(testbed::TABLE);
    let stored = item.set_key(Some(key("T#acme", "CONN#stripe"))).send().await.unwrap().item.unwrap();
    let bytes = stored[SECRET].as_b().unwrap().as_ref();
    assert!(!bytes.windows(5).any(|part| part == b"three"), "it lies sealed in the table");
}

#[tokio::test]
async fn what_was_agreed_to_waits_sealed_until_its_time_is_over() {
    let table = table().await;
    let vault = vault(&table, Some("key"));
    let agreed = Agreed {
        by: Some("ann".to_owned()),
        realm: "realm-1".to_owned(),
        company: Some("Coastal Supplies".to_owned()),
        base: None,
        code: "ABCD2345".to_owned(),
        tokens: json!({ "access_token": "opens it" }),
    };
    assert_eq!(vault.agreed(&table.tenant, "xero", at(0)).await.unwrap(), None);
    vault.keep_agreed(&table.tenant, "xero", &agreed, at(60)).await.unwrap();
    assert_eq!(vault.agreed(&table.tenant, "xero", at(59)).await.unwrap(), Some(agreed.clone()));
    assert_eq!(vault.agreed(&table.tenant, "xero", at(60)).await.unwrap(), None, "its time is over");
    assert_eq!(vault.agreed(&table.tenant, "quickbooks", at(1)).await.unwrap(), None);
    assert!(vault.connection(&table.tenant, "xero").await.unwrap().is_none(), "it is no connection");
    let item = table.db.get_item().table_name(testbed::TABLE).set_key(Some(key("T#acme", "AGREED#xero"))).send().await.unwrap();
    let stored = format!("{:?}", item.item.unwrap());
    assert!(!stored.contains("opens it") && !stored.contains("ABCD2345"), "{stored}");
    vault.forget_agreed(&table.tenant, "xero").await.unwrap();
    assert_eq!(vault.agreed(&table.tenant, "xero", at(1)).await.unwrap(), None);
}
