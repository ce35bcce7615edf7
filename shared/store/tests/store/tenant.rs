//! What a tenant decides by: workflows, templates, policies.

use std::collections::BTreeMap;

use domain::*;
use store::{Error, OpenCases, Read, StoredTemplate};

use crate::common::*;

fn workflow(id: &str, name: &str) -> Workflow {
    let text = serde_json::json!({
        "id": id, "name": name, "scope": "customer",
        "steps": [{"id": "call", "at": {"anchor": "due_date", "offset": "P5D"}, "action": {"task": {"title": "Call"}}}]
    });
    domain::workflow::read(&text).unwrap()
}

fn template(language: &str, body: &str) -> StoredTemplate {
    StoredTemplate {
        id: "reminder".into(),
        channel: Channel::Email,
        language: language.into(),
        version: 0,
        subject: Some("Invoice".into()),
        body: body.into(),
    }
}

#[tokio::test]
async fn a_published_version_never_changes_and_wakes_everybody() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    assert!(!store.has_workflows(tenant).await.unwrap());
    assert_eq!(store.publish_workflow(tenant, &workflow("net-30", "One"), at(1)).await.unwrap(), 1);
    let row = store.tenant(tenant).await.unwrap().unwrap();
    store.set_replan(tenant, row.replan.as_ref(), None).await.unwrap();
    assert_eq!(store.publish_workflow(tenant, &workflow("net-30", "One"), at(2)).await.unwrap(), 1, "the same changes nothing");
    assert_eq!(store.tenant(tenant).await.unwrap().unwrap().replan, None);
    assert_eq!(store.publish_workflow(tenant, &workflow("net-30", "Two"), at(3)).await.unwrap(), 2);
    assert!(store.tenant(tenant).await.unwrap().unwrap().replan.is_some());
    let name = async |version| store.workflow(tenant, "net-30", version).await.unwrap().map(|workflow| workflow.name);
    assert_eq!(
        [name(Some(1)).await, name(Some(2)).await, name(None).await, name(Some(3)).await],
        [Some("One".to_owned()), Some("Two".to_owned()), Some("Two".to_owned()), None]
    );
    let nobody = TenantId::parse("nobody").unwrap();
    let refused = store.publish_workflow(&nobody, &workflow("net-30", "One"), at(4)).await;
    assert!(matches!(refused, Err(Error::Refused { .. })));
}

#[tokio::test]
async fn open_cases_of_a_workflow_may_end_with_it() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    let publish = |name: &'static str| async move {
        store.publish_workflow(tenant, &workflow("net-30", name), at(1)).await.unwrap();
    };
    let withdrawn =
        || async { store.policy(tenant, &BTreeMap::new(), Read::Fresh).await.unwrap().withdrawn.get("net-30").copied() };
    publish("One").await;
    publish("Two").await;
    for (open_cases, expected) in [
        (None, None),
        (Some(OpenCases::End), Some(2)),
        (None, Some(2)),
        (Some(OpenCases::RunOn), None),
        (Some(OpenCases::End), Some(2)),
    ] {
        assert!(store.unpublish_workflow(tenant, "net-30", open_cases, at(2)).await.unwrap());
        assert_eq!(withdrawn().await, expected, "{open_cases:?}");
    }
    publish("Three").await;
    assert_eq!(withdrawn().await, Some(2), "the next version is not withdrawn");
    assert!(store.policy(tenant, &BTreeMap::new(), Read::Fresh).await.unwrap().published.contains(&("net-30".to_owned(), 3)));
}

#[tokio::test]
async fn a_policy_holds_what_is_published_and_what_cases_are_pinned_to() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    store.publish_workflow(tenant, &workflow("net-30", "One"), at(1)).await.unwrap();
    store.publish_workflow(tenant, &workflow("net-30", "Two"), at(2)).await.unwrap();
    store.publish_workflow(tenant, &workflow("other", "Other"), at(3)).await.unwrap();
    assert!(store.unpublish_workflow(tenant, "other", None, at(4)).await.unwrap());
    assert!(!store.unpublish_workflow(tenant, "none", Some(OpenCases::End), at(4)).await.unwrap());
    store.put_template(tenant, &template("en", "one")).await.unwrap();
    assert_eq!(store.put_template(tenant, &template("de", "eins")).await.unwrap(), 2);
    assert_eq!(store.put_template(tenant, &template("en", "one")).await.unwrap(), 1, "what is current changes nothing");
    let case = |workflow: &str, version| Case {
        id: CaseId::derive(&["acme", "case"]),
        workflow: workflow.into(),
        version,
        opened_at: at(0),
        state: CaseState::Open,
        by_hand: false,
        stated: domain::StatedPeriods::default(),
    };
    let key = |currency, workflow| CaseKey::new(BalanceKey::of(currency), workflow);
    let cases = [(key(Currency::EUR, "net-30"), case("net-30", 1)), (key(Currency::USD, "gone"), case("gone", 7))].into();
    let policy = store.policy(tenant, &cases, Read::Fresh).await.unwrap();
    assert_eq!(policy.published, [("net-30".to_owned(), 2)].into());
    assert_eq!(policy.workflow("net-30", 1).unwrap().name, "One");
    assert!(policy.workflow("gone", 7).is_none());
    assert_eq!(policy.templates[&("reminder".to_owned(), Channel::Email)], 2);

    let texts = store.template_of(tenant, &policy, "reminder", Channel::Email).await.unwrap();
    table.meter.take_reads();
    assert_eq!(store.template_of(tenant, &policy, "reminder", Channel::Email).await.unwrap(), texts);
    assert_eq!(table.meter.take_reads(), 0.0, "a version is read once");
    // A new text of any language is a new version.
    store.put_template(tenant, &template("en", "two")).await.unwrap();
    let policy = store.policy(tenant, &cases, Read::Fresh).await.unwrap();
    let now = store.template_of(tenant, &policy, "reminder", Channel::Email).await.unwrap();
    assert!(now.iter().any(|text| text.body == "two") && now.iter().any(|text| text.body == "eins"));
}

#[tokio::test]
async fn a_cached_policy_is_read_again_when_the_tenant_changed() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    let rev = store.tenant(tenant).await.unwrap().unwrap().rev;
    let none = Default::default();
    store.policy(tenant, &none, Read::Cached(rev)).await.unwrap();
    table.meter.take_reads();
    assert!(!store.policy(tenant, &none, Read::Cached(rev)).await.unwrap().breaker_open);
    assert_eq!(table.meter.take_reads(), 0.0);
    store.trip_breaker(tenant, "test", at(1)).await.unwrap();
    store.trip_breaker(tenant, "again", at(2)).await.unwrap();
    let rev = store.tenant(tenant).await.unwrap().unwrap().rev;
    assert!(store.policy(tenant, &none, Read::Cached(rev)).await.unwrap().breaker_open);
    store.reset_breaker(tenant, at(3)).await.unwrap();
    assert!(!store.policy(tenant, &none, Read::Fresh).await.unwrap().breaker_open);
}

#[tokio::test]
async fn the_workflows_that_a_tenant_begins_with_are_there_all_or_none() {
    for calls in 0.. {
        let table = table().await;
        let first = [workflow("standard", "Standard"), workflow("gentle", "Gentle")];
        let done = table.dying(calls).publish_first(&table.tenant, &first, at(1)).await;
        let there = table.store.workflows(&table.tenant).await.unwrap().len();
        assert!([0, 2].contains(&there), "{there} after {calls} calls");
        assert_eq!(table.store.publish_first(&table.tenant, &first, at(2)).await.unwrap(), there == 0);
        assert_eq!(table.store.workflows(&table.tenant).await.unwrap().len(), 2);
        if done.is_ok() {
            assert!(calls > 0);
            break;
        }
    }
    let table = table().await;
    table.store.publish_workflow(&table.tenant, &workflow("standard", "My own"), at(1)).await.unwrap();
    assert!(!table.store.publish_first(&table.tenant, &[workflow("standard", "Standard")], at(2)).await.unwrap());
    assert_eq!(table.store.workflows(&table.tenant).await.unwrap()[0].name, "My own");
}

#[tokio::test]
async fn senders_that_were_listed_are_part_of_the_policy() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    let identities = || async { store.policy(tenant, &BTreeMap::new(), Read::Fresh).await.unwrap().identities };
    let list = |sender: &str| Identities { senders: BTreeMap::from([(Channel::Email, vec![sender.to_owned()])]) };
    assert_eq!(identities().await, None, "nothing was listed");
    assert_eq!(store.put_identities(tenant, &list("acme.example"), 0, at(1)).await.unwrap(), 1);
    assert_eq!(identities().await, Some(list("acme.example")), "a policy that was read before is read again");
    let late = store.put_identities(tenant, &list("evil.example"), 0, at(2)).await;
    assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
    assert_eq!(store.put_identities(tenant, &list("other.example"), 1, at(3)).await.unwrap(), 2);
    assert_eq!(identities().await, Some(list("other.example")));
    // They may be there before the tenant is.
    let later = TenantId::parse("later").unwrap();
    assert_eq!(store.put_identities(&later, &list("later.example"), 0, at(4)).await.unwrap(), 1);
    assert_eq!(store.identities(&later).await.unwrap().unwrap().value, list("later.example"));
    assert_eq!(store.tenant(&later).await.unwrap(), None);
}

#[tokio::test]
async fn a_company_is_freed_with_the_books_that_read_it() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    let progress = serde_json::json!({"any": 1});
    store.open_books(tenant, "xero", "realm-1", &progress, at(1)).await.unwrap();
    assert_eq!(store.free_company("xero", "realm-2").await.unwrap(), None);
    assert_eq!(store.free_company("xero", "realm-1").await.unwrap().as_ref(), Some(tenant));
    assert_eq!(store.free_company("xero", "realm-1").await.unwrap(), None);
    assert_eq!(store.tenant_of_company("xero", "realm-1").await.unwrap(), None);
    assert_eq!(store.progress::<serde_json::Value>(tenant, "xero").await.unwrap(), None);
    let realms = ["realm-1", "realm-3"];
    store.open_books(tenant, "xero", "realm-3", &progress, at(2)).await.unwrap();
    let found = store.tenants_of_companies("xero", &realms).await.unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [("realm-3".to_owned(), tenant.clone())]);
}
