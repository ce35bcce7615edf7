//! The audit: each act has its entry, however close to the next it is.

use domain::*;
use serde_json::json;
use store::AuditEntry;

use crate::common::*;

fn entry(table: &Table, act: Option<&str>) -> AuditEntry {
    AuditEntry {
        tenant: table.tenant.clone(),
        at: at(1),
        by: "ann".to_owned(),
        role: "admin".to_owned(),
        operation: "put_settings".to_owned(),
        object: None,
        customer: None,
        what: json!({}),
        note: None,
        act: act.map(str::to_owned),
        once: None,
    }
}

async fn act(table: &Table, act: Option<&str>, name: &str) {
    let acting = table.store.acting(entry(table, act));
    acting.put_settings(&table.tenant, &Settings::named(name), None, at(1)).await.unwrap();
}

#[tokio::test]
async fn the_same_act_twice_in_one_millisecond_has_two_entries() {
    let table = table().await;
    for (name, of) in [("A", Some("a1")), ("B", Some("b2"))] {
        act(&table, of, name).await;
    }
    let page = table.store.audit(&table.tenant, None, None, 50, None).await.unwrap();
    let acts: Vec<_> = page.entries.iter().map(|entry| entry.act.clone()).collect();
    assert_eq!(acts.len(), 2, "{:?}", page.entries);
    assert!(acts.contains(&Some("a1".to_owned())) && acts.contains(&Some("b2".to_owned())), "{acts:?}");
    assert_eq!(table.store.check_audit(&table.tenant, None).await.unwrap(), None, "the chain has both");
    // What one act writes in several transactions has one entry.
    act(&table, Some("b2"), "C").await;
    assert_eq!(table.store.audit(&table.tenant, None, None, 50, None).await.unwrap().entries.len(), 2);
    // Entries that name no act, as before, are known by what they say.
    act(&table, None, "D").await;
    act(&table, None, "E").await;
    assert_eq!(table.store.audit(&table.tenant, None, None, 50, None).await.unwrap().entries.len(), 3);
}

#[tokio::test]
async fn pages_go_on_behind_an_entry_that_names_its_act() {
    let table = table().await;
    for (name, of) in [("A", Some("a1")), ("B", Some("b2")), ("C", None)] {
        act(&table, of, name).await;
    }
    let (mut after, mut seen) = (None, 0);
    loop {
        let page = table.store.audit(&table.tenant, None, None, 1, after.as_deref()).await.unwrap();
        seen += page.entries.len();
        let Some(last) = page.entries.last() else { break };
        after = Some(last.place());
    }
    assert_eq!(seen, 3);
}
