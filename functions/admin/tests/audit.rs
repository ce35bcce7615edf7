//! Who did what: each change of a person has an entry of the audit in its transaction, and what changes nothing has none.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Api, request};
use serde_json::{Value, json};

impl Api {
    /// A second passes, so that entries have an order.
    fn a_second_passes(&self) {
        *self.world.now.lock().unwrap() += jiff::SignedDuration::from_secs(1);
    }

    /// What somebody is answered a second later.
    async fn later(&self, role: &str, method: &str, address: &str, body: Value) -> (u64, Value) {
        self.a_second_passes();
        self.call(role, method, address, body).await
    }

    async fn done(&self, role: &str, method: &str, address: &str, body: Value) -> Value {
        let (status, said) = self.later(role, method, address, body).await;
        assert!(status < 300, "{method} {address}: {status} {said}");
        said
    }

    async fn audited(&self, query: &str) -> Vec<Value> {
        let (status, said) = self.later("manager", "GET", &format!("/v1/audit{query}"), Value::Null).await;
        assert_eq!(status, 200, "{said}");
        said["data"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn changes_of_people_are_noted_with_who_made_them() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let settings =
        json!({"name": "Acme", "country": "DE", "mode": "live", "sender": {"email": "ar@acme.example", "sms": "ACME"}});
    api.done("admin", "PUT", "/v1/settings", settings).await;
    api.done("manager", "POST", "/v1/pause", Value::Null).await;
    api.done("manager", "POST", "/v1/resume", Value::Null).await;
    api.done("manager", "POST", "/v1/breaker/reset", Value::Null).await;
    let mut workflow = api.done("viewer", "GET", "/v1/workflows/standard", Value::Null).await;
    workflow["name"] = json!("Ours");
    api.done("manager", "PUT", "/v1/workflows/standard", workflow).await;
    api.done("manager", "PUT", "/v1/templates/own/en/email", json!({"subject": "Hello", "body": "Please pay."})).await;
    api.done("admin", "PUT", "/v1/connections/canonical", json!({})).await;
    let hold = format!("/v1/customers/{customer}/holds/call-back");
    api.done("collector", "PUT", &hold, json!({"reason": "manual", "until_on": "2026-03-01"})).await;
    api.done("collector", "DELETE", &hold, Value::Null).await;
    let pause = json!({"kind": "pause", "customer": customer, "reason": "manual", "until_on": "2026-03-01"});
    let pause = api.done("collector", "POST", "/v1/agreements", pause).await;
    let agreement = pause["id"].as_str().unwrap().to_owned();
    api.done("collector", "POST", &format!("/v1/agreements/{agreement}/release"), Value::Null).await;
    let order = json!({"kind": "skip", "invoice": "C-1-1001", "step": "reminder"});
    api.done("collector", "POST", &format!("/v1/customers/{customer}/orders"), order).await;
    api.done("manager", "DELETE", "/v1/workflows/standard", Value::Null).await;

    let all = api.audited("?limit=200").await;
    let said: Vec<(&str, &str)> =
        all.iter().rev().map(|entry| (entry["operation"].as_str().unwrap(), entry["by"].as_str().unwrap())).collect();
    let expected = [
        ("put_settings", "acme-admin"),
        ("pause", "acme-manager"),
        ("resume", "acme-manager"),
        ("reset_breaker", "acme-manager"),
        ("put_workflow", "acme-manager"),
        ("put_template", "acme-manager"),
        ("put_connection", "acme-admin"),
        ("put_hold", "acme-collector"),
        ("end_hold", "acme-collector"),
        ("make_agreement", "acme-collector"),
        ("act_on_agreement", "acme-collector"),
        ("give_order", "acme-collector"),
        ("unpublish_workflow", "acme-manager"),
    ];
    assert_eq!(said, expected);
    let of = |operation: &str| all.iter().find(|entry| entry["operation"] == operation).unwrap();
    assert_eq!(of("put_settings")["what"]["/mode"], json!({"from": "shadow", "to": "live"}));
    assert_eq!(of("put_settings")["role"], "admin");
    assert_eq!(of("put_workflow")["object"], "standard");
    assert_eq!(of("put_hold")["what"]["name"], "call-back");
    assert_eq!(of("put_hold")["customer"], customer.as_str());
    let agreed = &of("make_agreement")["what"];
    assert_eq!(
        (&agreed["kind"], &agreed["scope"], &agreed["terms"]["reason"]),
        (&json!("pause"), &json!("customer"), &json!("manual"))
    );
    assert_eq!(of("act_on_agreement")["object"], agreement.as_str());
    let secrets = api.world.vault.connection(&domain::TenantId::parse("acme").unwrap(), "canonical").await.unwrap().unwrap();
    let secret = String::from_utf8(secrets.secrets.current).unwrap();
    assert!(!Value::from(all.clone()).to_string().contains(&secret), "a secret is in no entry");

    // Looked through by person, operation, customer, object and time, a page at a time.
    assert_eq!(api.audited("?by=acme-admin").await.len(), 2);
    assert_eq!(api.audited("?operation=pause").await.len(), 1);
    assert_eq!(api.audited(&format!("?customer={customer}")).await.len(), 5);
    assert_eq!(api.audited(&format!("?object={agreement}")).await.len(), 2);
    let at = of("reset_breaker")["at"].as_str().unwrap();
    assert_eq!(api.audited(&format!("?until={at}")).await.len(), 4);
    assert_eq!(api.audited(&format!("?from={at}&until={at}")).await.len(), 1);
    for filter in ["", "by=acme-collector&"] {
        let (mut cursor, mut seen) = (String::new(), Vec::new());
        loop {
            let (_, page) = api.later("manager", "GET", &format!("/v1/audit?{filter}limit=2{cursor}"), Value::Null).await;
            let data = page["data"].as_array().unwrap();
            assert!(data.len() <= 2);
            seen.extend(data.iter().map(|entry| entry["at"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let expected = if filter.is_empty() { 13 } else { 5 };
        assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (expected, expected), "{filter}");
    }
    for (query, status) in [("?cursor=%21", 422), ("?cursor=QUJD", 422), ("?from=yesterday", 400), ("?customer=me", 400)] {
        assert_eq!(api.later("manager", "GET", &format!("/v1/audit{query}"), Value::Null).await.0, status, "{query}");
    }
    // A cursor is good for its own list, filters and tenant.
    let (_, page) = api.later("manager", "GET", "/v1/audit?limit=2", Value::Null).await;
    let given = page["next"].as_str().unwrap();
    for (tenant, address, status) in [
        ("acme", format!("/v1/audit?cursor={given}"), 200),
        ("acme", format!("/v1/audit?by=acme-collector&cursor={given}"), 422),
        ("acme", format!("/v1/audit/export?cursor={given}"), 422),
        ("acme", format!("/v1/webhooks?cursor={given}"), 422),
        ("bank", format!("/v1/audit?cursor={given}"), 422),
    ] {
        let (said, body) = api.call_as((tenant, "manager"), "GET", &address, Value::Null).await;
        assert_eq!(said, status, "{tenant} {address}: {body}");
    }
}

#[tokio::test]
async fn what_changes_nothing_is_not_noted() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    api.done("admin", "PUT", "/v1/settings", json!({"name": "Acme", "country": "DE"})).await;
    let noted = api.audited("").await.len();
    // Refused, not there, and so already.
    assert_eq!(api.later("collector", "POST", "/v1/pause", Value::Null).await.0, 403);
    assert_eq!(api.later("admin", "PUT", "/v1/settings", json!({"name": "", "country": "XX"})).await.0, 422);
    assert_eq!(api.later("collector", "POST", "/v1/tasks/tsk_none/done", Value::Null).await.0, 404);
    assert_eq!(api.later("manager", "DELETE", "/v1/workflows/none", Value::Null).await.0, 404);
    api.done("manager", "POST", "/v1/resume", Value::Null).await;
    let workflow = api.done("viewer", "GET", "/v1/workflows/standard", Value::Null).await;
    api.done("manager", "PUT", "/v1/workflows/standard", workflow).await;
    let stale = request("PUT", "/v1/settings", Some(("acme", "admin")), &[("If-Match", "\"99\"")], r#"{"name": "Other"}"#);
    assert_eq!(api.handler.handle(stale).await.unwrap()["statusCode"], 412);
    let hold = format!("/v1/customers/{customer}/holds/x");
    api.done("collector", "PUT", &hold, json!({"reason": "manual", "until_on": "2026-03-01"})).await;
    api.done("collector", "DELETE", &hold, Value::Null).await;
    api.done("collector", "DELETE", &hold, Value::Null).await;
    assert_eq!(api.audited("").await.len(), noted + 2, "a hold that was placed and ended");
    // Another tenant's people see nothing of it.
    let other = request("GET", "/v1/audit", Some(("other", "admin")), &[], "");
    assert!(api.handler.handle(other).await.unwrap()["body"].as_str().unwrap().contains("\"data\":[]"));
}

#[tokio::test]
async fn entries_are_chained_by_customer_exported_and_looked_after() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let settings =
        json!({"name": "Acme", "country": "DE", "mode": "live", "sender": {"email": "ar@acme.example", "sms": "ACME"}});
    api.done("admin", "PUT", "/v1/settings", settings).await;
    let hold = format!("/v1/customers/{customer}/holds/call-back");
    api.done("collector", "PUT", &hold, json!({"reason": "manual", "until_on": "2026-03-01"})).await;
    api.done("manager", "POST", "/v1/pause", Value::Null).await;
    api.done("collector", "DELETE", &hold, Value::Null).await;
    api.done("manager", "POST", "/v1/resume", Value::Null).await;

    let export = request("GET", "/v1/audit/export", Some(("acme", "manager")), &[], "");
    let answer = api.handler.handle(export).await.unwrap();
    assert_eq!((&answer["statusCode"], &answer["headers"]["content-type"]), (&json!(200), &json!("application/jsonl")));
    let lines: Vec<Value> = answer["body"].as_str().unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), api.audited("?limit=200").await.len());
    let mut tips: BTreeMap<String, Value> = BTreeMap::new();
    for line in &lines {
        let chain = line["customer"].as_str().unwrap_or_default().to_owned();
        assert_eq!(line["previous"], tips.remove(&chain).unwrap_or(json!("")), "{line}");
        tips.insert(chain, line["hash"].clone());
    }
    assert_eq!(tips.len(), 2, "what is about the customer, and what is about none");

    let acme = domain::TenantId::parse("acme").unwrap();
    let since = "2026-02-01T00:00:00Z".parse().unwrap();
    let check = api.world.store.check_audit_since(&acme, since).await.unwrap();
    assert_eq!((check.checked, check.broken), (2, vec![]));
    // Somebody changes an entry past Dunlin.
    let entries = api.world.store.audit_chained(&acme, None, None, None).await.unwrap();
    let changed = entries.iter().find(|entry| entry.entry.customer.is_some()).unwrap();
    let key = store::inspect::key("T#acme#AUDIT", &changed.place);
    api.world
        .db
        .update_item()
        .table_name(testbed::TABLE)
        .set_key(Some(key))
        .update_expression("SET #by = :by")
        .expression_attribute_names("#by", store::inspect::attributes::audit::BY)
        .expression_attribute_values(":by", aws_sdk_dynamodb::types::AttributeValue::S("somebody".to_owned()))
        .send()
        .await
        .unwrap();
    let wrong = api.world.store.check_audit(&acme, Some(&customer)).await.unwrap().unwrap();
    assert!(wrong.contains("not as it was written"), "{wrong}");
    assert_eq!(api.world.store.check_audit(&acme, None).await.unwrap(), None);
    assert_eq!(api.world.store.check_audit_since(&acme, since).await.unwrap().broken.len(), 1);
}

#[tokio::test]
async fn operators_have_an_audit_of_their_own() {
    let api = Api::new().await;
    let call = async |tenant: &str, role: &str, method: &str, address: &str, body: Value| {
        api.a_second_passes();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = api.handler.handle(request(method, address, Some((tenant, role)), &[], &body)).await.unwrap();
        let said: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap_or_default();
        (answer["statusCode"].as_u64().unwrap(), said)
    };
    let read = async |query: &str| {
        let (status, page) = call("", "operator", "GET", &format!("/v1/apps/audit{query}"), Value::Null).await;
        assert_eq!(status, 200, "{page}");
        page
    };
    for tenant in ["acme", "bank"] {
        let senders = json!({"senders": {"email": [format!("{tenant}-new.example")]}});
        assert_eq!(call("", "operator", "PUT", &format!("/v1/tenants/{tenant}/senders"), senders).await.0, 200);
    }
    let app = json!({"client_id": "id", "client_secret": "shh-1", "webhook_secret": "shh-2"});
    assert_eq!(call("", "operator", "PUT", "/v1/apps/xero", app).await.0, 200);
    let all = read("").await;
    let said: Vec<_> = all["data"].as_array().unwrap().iter().map(|entry| (&entry["operation"], &entry["object"])).collect();
    let (senders, app) = (json!("put_tenant_senders"), json!("put_app"));
    assert_eq!(said, [(&app, &json!("xero")), (&senders, &json!("bank")), (&senders, &json!("acme"))]);
    let first = &all["data"][0];
    assert_eq!((&first["by"], &first["role"], &all["next"]), (&json!("operator"), &json!("operator"), &Value::Null));
    assert!(!all.to_string().contains("shh"), "a secret is in no entry");
    let one = read("?limit=1&object=acme").await;
    assert_eq!((one["data"].as_array().unwrap().len(), &one["data"][0]["object"]), (1, &json!("acme")));
    let newest = read("?limit=1").await;
    let next = read(&format!("?limit=1&cursor={}", newest["next"].as_str().unwrap())).await;
    assert_eq!((&newest["data"][0]["object"], &next["data"][0]["object"]), (&json!("xero"), &json!("bank")));
    // A tenant's people do not read it, and theirs does not tell of it; nor do operators read a tenant's.
    for (tenant, role) in [("acme", "admin"), ("app", "admin")] {
        assert_eq!(call(tenant, role, "GET", "/v1/apps/audit", Value::Null).await.0, 403, "{tenant} {role}");
    }
    assert_eq!(call("acme", "manager", "GET", "/v1/audit", Value::Null).await.1["data"], json!([]));
    assert_eq!(call("", "operator", "GET", "/v1/audit", Value::Null).await.0, 403);
}
