//! The worklist as people work it: whose matter a task is, what is owed, and who ended it how.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use common::{World, request};
use domain::{NewTask, TaskKind, TenantId};
use serde_json::{Value, json};

fn task(key: &str) -> NewTask {
    NewTask {
        case: None,
        kind: TaskKind::Task,
        key: key.to_owned(),
        title: format!("Call about {key}"),
        detail: String::new(),
        to: None,
        due_on: None,
        step: None,
        currency: None,
    }
}

#[tokio::test]
async fn tasks_name_their_customer_and_what_it_owes_and_are_read_when_they_are_over() {
    let world = World::new().await;
    let env = world.env(&[("KEY_ID", "key"), ("PUBLIC_URL", "")]);
    let handler = admin::Handler::new(&env, &world.clients, world.clock.clone()).unwrap();
    let call = async |tenant: &str, role: &str, method: &str, address: &str, body: &str| {
        let answer = handler.handle(request(method, address, Some((tenant, role)), &[], body)).await.unwrap();
        let said: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        (answer["statusCode"].as_u64().unwrap(), said)
    };
    let customer = world.customer("acme", "C-1", |_| {}).await;
    let tenant = TenantId::parse("acme").unwrap();
    let of_customer = world.store.raise(&tenant, Some(&customer), &task("a"), world.now()).await.unwrap();
    let of_nobody = world.store.raise(&tenant, None, &task("b"), world.now()).await.unwrap();

    let (_, list) = call("acme", "viewer", "GET", "/v1/tasks", "").await;
    let listed = |id: &domain::TaskId| list["tasks"].as_array().unwrap().iter().find(|task| task["id"] == id.as_str()).unwrap();
    let known = json!({"name": "Beispiel GmbH", "source": "canonical", "external_id": "C-1", "owed": []});
    assert_eq!(listed(&of_customer)["customer"], known, "it was not decided yet");
    assert!(listed(&of_nobody).get("customer").is_none());

    let head = world.store.head(&tenant, &customer).await.unwrap().unwrap();
    let policy = world.store.policy(&tenant, &head.cases, store::Read::Fresh).await.unwrap();
    let facts = world.store.facts(&tenant, &head).await.unwrap();
    let decision = domain::decide(&facts, &policy, world.now());
    world.store.commit(&tenant, &head, &facts, &decision, world.now()).await.unwrap();
    let (status, one) = call("acme", "viewer", "GET", &format!("/v1/tasks/{of_customer}"), "").await;
    let owed = &one["customer"]["owed"][0];
    assert_eq!((status, owed["currency"].as_str()), (200, Some("EUR")), "{one}");
    assert_eq!((owed["open_minor"].as_i64(), owed["overdue_minor"].as_i64()), (Some(134_900), Some(125_000)), "{one}");
    assert_eq!(one["customer"]["as_of"], "2026-02-10T10:00:00Z");

    let done = format!("/v1/tasks/{of_customer}/done");
    let (status, ended) = call("acme", "collector", "POST", &done, r#"{"note": "they pay on Friday"}"#).await;
    assert_eq!((status, ended["customer"]["name"].as_str()), (200, Some("Beispiel GmbH")), "{ended}");
    let (_, one) = call("acme", "viewer", "GET", &format!("/v1/tasks/{of_customer}"), "").await;
    assert_eq!((one["note"].as_str(), one["done_by"].as_str()), (Some("they pay on Friday"), Some("acme-collector")), "{one}");
    let (_, audit) = call("acme", "manager", "GET", "/v1/audit?operation=finish_task", "").await;
    let entry = &audit["data"][0];
    assert_eq!((&entry["object"], &entry["customer"]), (&json!(of_customer.as_str()), &json!(customer.as_str())));
    assert_eq!((&entry["what"]["noted"], &entry["by"]), (&json!(true), &json!("acme-collector")));
    assert!(!audit.to_string().contains("Friday"), "an entry stays when the customer's words are erased: {audit}");

    for (tenant, id) in [("acme", "tsk_none"), ("acme", "x"), ("other", of_customer.as_str())] {
        assert_eq!(call(tenant, "viewer", "GET", &format!("/v1/tasks/{id}"), "").await.0, 404, "{tenant} {id}");
    }
}
