//! Who may do what: every operation, asked for by everybody, against the file that people write, `docs/rights.csv`.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{World, issuer, request_with};
use serde_json::{Value, json};
use service::{KeyScope, Operation, Right, StaffRole, rights};

/// What the file says of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    who: String,
    scope: String,
}

/// What the file says of operations.
fn file() -> BTreeMap<String, Said> {
    lines().into_iter().filter(|(name, _)| !name.starts_with(JOB)).collect()
}

/// What the file says of kinds of jobs.
fn kinds() -> BTreeMap<String, Said> {
    lines().into_iter().filter_map(|(name, said)| Some((name.strip_prefix(JOB)?.to_owned(), said))).collect()
}

/// What a line begins with that is about a kind of job.
const JOB: &str = "job ";

fn lines() -> BTreeMap<String, Said> {
    let text = include_str!("../../../docs/rights.csv");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(lines.next(), Some("operation,who,scope"));
    let mut said = BTreeMap::new();
    for line in lines {
        let [operation, who, scope] = line.split(',').collect::<Vec<_>>().try_into().unwrap();
        let before = said.insert(operation.to_owned(), Said { who: who.to_owned(), scope: scope.to_owned() });
        assert_eq!(before, None, "{operation} stands twice in the file");
    }
    said
}

/// How an operation is asked for.
struct Call {
    id: String,
    method: String,
    address: String,
}

fn described() -> Vec<Call> {
    let mut calls = Vec::new();
    for (path, operations) in admin::document()["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            // A version is a number: what does not read is refused before anybody asks who it is from.
            let address = path.replace("{version}", "1").replace(['{', '}'], "");
            let id = operation["operationId"].as_str().unwrap().to_owned();
            calls.push(Call { id, method: method.to_uppercase(), address });
        }
    }
    calls
}

struct Api {
    world: World,
    handler: admin::Handler,
}

impl Api {
    async fn new() -> Self {
        let world = World::new().await;
        let env = world.env(&[("KEY_ID", "key"), ("PUBLIC_URL", "")]);
        let handler = admin::Handler::new(&env, &world.clients, world.clock.clone()).unwrap();
        Self { world, handler }
    }

    async fn ask(&self, method: &str, address: &str, token: Option<&str>, headers: &[(&str, &str)], body: &str) -> (u64, Value) {
        let answer = self.handler.handle(request_with(method, address, token, headers, body)).await.unwrap();
        let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap_or_default();
        (answer["statusCode"].as_u64().unwrap(), body)
    }

    async fn status(&self, call: &Call, token: Option<&str>) -> u64 {
        self.ask(&call.method, &call.address, token, &[], "{}").await.0
    }

    /// A key of the tenant, made by its admin.
    async fn key(&self, role: &str, scope: &str) -> String {
        let asked = json!({"name": "walk", "role": role, "scopes": [scope]}).to_string();
        let (status, made) = self.ask("POST", "/v1/keys", Some(&issuer::token_of("acme", "admin")), &[], &asked).await;
        assert_eq!(status, 200, "{made}");
        made["token"].as_str().unwrap().to_owned()
    }
}

#[test]
fn file_document_and_table_name_the_same_operations() {
    let file: BTreeSet<String> = file().into_keys().collect();
    let document: BTreeSet<String> = described().into_iter().map(|call| call.id).collect();
    let table: BTreeSet<String> = Operation::ALL.iter().map(|operation| operation.as_str().to_owned()).collect();
    let more = |left: &BTreeSet<String>, right: &BTreeSet<String>| left.difference(right).cloned().collect::<Vec<_>>();
    assert_eq!(more(&document, &file), [""; 0], "calls of the API that docs/rights.csv does not name");
    assert_eq!(more(&file, &document), [""; 0], "operations of docs/rights.csv that the API does not have");
    assert_eq!(table, document, "service::rights and the API have the same operations");
}

#[test]
fn the_table_is_as_the_file_says() {
    let file = file();
    for operation in Operation::ALL {
        let who = match operation.right() {
            Right::Staff(role) => role.as_str(),
            Right::Operator => "operator",
            Right::SignedIn => "signed_in",
            Right::Link => "link",
            Right::Public => "public",
        };
        let scope = operation.scope().map_or("-", KeyScope::as_str);
        let said = Said { who: who.to_owned(), scope: scope.to_owned() };
        assert_eq!(file.get(operation.as_str()), Some(&said), "{}", operation.as_str());
    }
}

#[test]
fn kinds_of_jobs_are_as_the_file_says() {
    let scope = Operation::StartJob.scope().map_or("-", KeyScope::as_str);
    let table: BTreeMap<String, Said> = rights::JOBS
        .iter()
        .map(|(kind, role)| ((*kind).to_owned(), Said { who: role.as_str().to_owned(), scope: scope.to_owned() }))
        .collect();
    assert_eq!(table, kinds());
}

#[tokio::test]
async fn jobs_are_started_by_whom_the_file_says() {
    let api = Api::new().await;
    for role in ["viewer", "collector", "manager", "admin"] {
        let person = issuer::token_of("acme", role);
        let (writes, reads) = (api.key(role, "write:customers").await, api.key(role, "read").await);
        for (kind, said) in kinds() {
            let asked = json!({"kind": kind, "no such field": 1}).to_string();
            // Nothing is started: whoever may is told that the field is not known.
            let may = StaffRole::read(role).unwrap() >= StaffRole::read(&said.who).unwrap();
            let expected = if may { 400 } else { 403 };
            for (token, expected) in [(&person, expected), (&writes, expected), (&reads, 403)] {
                let (status, said) = api.ask("POST", "/v1/jobs", Some(token), &[], &asked).await;
                assert_eq!(status, expected, "{kind} as {role}: {said}");
            }
        }
    }
}

#[tokio::test]
async fn people_may_do_what_the_file_says() {
    let (api, file) = (Api::new().await, file());
    for call in described() {
        let said = &file[&call.id];
        match said.who.as_str() {
            "public" => {
                assert_eq!(api.status(&call, None).await, 200, "{}", call.id);
                continue;
            }
            // A state that is good once opens it, and no token.
            "link" => {
                assert_eq!(api.status(&call, None).await, 400, "{}", call.id);
                continue;
            }
            _ => {}
        }
        let everybody = ["viewer", "collector", "manager", "admin"].map(|role| ("acme", role)).into_iter().chain([
            ("", "operator"),
            // What claims a tenant and the operator's role is the operator, and reaches nothing of the tenant.
            ("acme", "operator"),
        ]);
        for (tenant, role) in everybody {
            let may = match (said.who.as_str(), role) {
                ("signed_in", _) | ("operator", "operator") => true,
                ("operator", _) | (_, "operator") => false,
                (least, role) => StaffRole::read(role).unwrap() >= StaffRole::read(least).unwrap(),
            };
            let status = api.status(&call, Some(&issuer::token_of(tenant, role))).await;
            assert_eq!(status != 403, may, "{} as {role}: {status}", call.id);
            assert!(status != 401, "{} as {role}", call.id);
        }
        // Who is nobody's, or claims what there is not, may do nothing but ask who they are.
        for (tenant, role) in [("acme", "owner"), ("not a tenant", "admin"), ("app", "admin"), ("", "admin")] {
            let status = api.status(&call, Some(&issuer::token_of(tenant, role))).await;
            assert_eq!(status, if said.who == "signed_in" { 200 } else { 403 }, "{} as {role} of {tenant}", call.id);
        }
        assert_eq!(api.status(&call, None).await, 401, "{} without a token", call.id);
    }
}

#[tokio::test]
async fn machines_may_do_what_role_and_scope_both_allow() {
    let (api, file) = (Api::new().await, file());
    let mut keys = Vec::new();
    for scope in KeyScope::ALL {
        for role in ["collector", "admin"] {
            keys.push((role, scope.as_str(), api.key(role, scope.as_str()).await));
        }
    }
    for call in described().iter().filter(|call| call.address.starts_with("/v1/")) {
        let said = &file[&call.id];
        for (role, scope, key) in &keys {
            let is_enough = match said.who.as_str() {
                "signed_in" => true,
                "operator" => false,
                least => StaffRole::read(role).unwrap() >= StaffRole::read(least).unwrap(),
            };
            let may = is_enough && said.scope == *scope;
            let status = api.status(call, Some(key)).await;
            assert_eq!(status != 403, may, "{} by a key of {role} with {scope}: {status}", call.id);
        }
    }
}

#[tokio::test]
async fn nobody_reaches_another_tenant() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let (own, other) = (issuer::token_of("acme", "admin"), issuer::token_of("other", "admin"));
    let key = api.key("admin", "read").await;
    let case = format!("/v1/cases/{customer}");
    let (elsewhere, none) = ([("X-Dunlin-Tenant", "acme")], [("x-nothing", "")]);
    for (token, headers, expected) in [
        (&own, &none[..], 200),
        (&own, &elsewhere[..], 200),
        (&other, &none[..], 404),
        // A claim names one tenant; the header names another only for who is a member there.
        (&other, &elsewhere[..], 403),
        (&key, &none[..], 200),
        (&key, &elsewhere[..], 200),
        (&key, &[("X-Dunlin-Tenant", "other")][..], 403),
        // The same id and secret under the name of another tenant is no key.
        (&key.replace("dun_acme_", "dun_other_"), &none[..], 401),
    ] {
        assert_eq!(api.ask("GET", &case, Some(token), headers, "").await.0, expected, "{headers:?}");
    }
    for call in described().iter().filter(|call| call.address.starts_with("/v1/") && call.id != "show_me") {
        let (status, said) = api.ask(&call.method, &call.address, Some(&other), &elsewhere, "{}").await;
        assert_eq!(status, 403, "{}: {said}", call.id);
    }
}
