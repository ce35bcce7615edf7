//! The API document: generated from the routes, checked in as `docs/openapi.json`.
//!
//! What the attributes beside the handlers cannot say comes from three files: `schemas.json` has whole schemas, `answers.json` those of answers
//! that the code makes without types of its own, with examples of answers by operation, and `overlay.json` what is laid over the schemas that
//! are generated (bounds and patterns), over parameters by operation and name, examples of requests, and the links by which one answer leads to
//! the next request. Where the code has a list of the words of an `enum`, `schemas.json` and `overlay.json` name the list: `"enum": "channels"`.

use domain::{Channel, NoticeWay, TaskKind, word::Word};
use serde_json::{Map, Value, json};
use utoipa::{
    OpenApi,
    openapi::{Info, InfoBuilder},
};

use crate::{merge_patch::merge, payment_connections::payment_sources};

/// The schemas of what is described elsewhere or by hand.
const BY_HAND: &str = include_str!("schemas.json");
/// The schemas of answers that are no types, and examples of answers.
const ANSWERS: &str = include_str!("answers.json");
const OVERLAY: &str = include_str!("overlay.json");
const WORKFLOW: &str = include_str!("../../../docs/schemas/workflow.schema.json");
const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

fn info() -> Info {
    InfoBuilder::new()
        .title("Dunlin admin API")
        .version("1")
        .description(Some(
            "Everything that a tenant's people and machines do. Every call below /v1 needs `Authorization: Bearer` and a token of the deployment's \
             issuer, or a key of a machine (`dun_…`). A member of several tenants names one in `X-Dunlin-Tenant`; without it, the token's claim \
             `tenant` counts. Answers say in `RateLimit` how many calls are left of the minute.",
        ))
        .build()
}

/// What a hold keeps back, by hand in `schemas.json`.
pub fn hold_scope() -> utoipa::openapi::Ref {
    utoipa::openapi::Ref::from_schema_name("HoldScope")
}

/// The whole document.
pub fn document() -> Value {
    let mut described = crate::Described::openapi();
    described.info = info();
    let mut document = serde_json::to_value(described).expect("a document is plain JSON");
    let mut overlay: Value = serde_json::from_str(OVERLAY).expect("the overlay is JSON");
    fill_in(&mut overlay);
    let answers: Value = serde_json::from_str(ANSWERS).expect("the answers are JSON");
    let schemas = schemas(&document, &overlay, &answers["schemas"]);
    let bearer = json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A person's token."});
    let key = json!({"type": "http", "scheme": "bearer", "bearerFormat": "dun_{tenant}_{id}_{secret}", "description": "A machine's key."});
    document["components"] = json!({"schemas": schemas, "securitySchemes": {"token": bearer, "key": key}});
    document["security"] = json!([{"token": []}, {"key": []}]);
    document["servers"] = overlay["servers"].clone();
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = operations.get_mut(method) {
                finish(operation, (method, path.as_str()), &overlay);
                show_examples(operation, &answers["examples"]);
            }
        }
    }
    document
}

/// Every schema, each from one place.
fn schemas(document: &Value, overlay: &Value, answers: &Value) -> Map<String, Value> {
    let mut schemas = object(document.pointer("/components/schemas"));
    schemas.insert("SettingsOut".to_owned(), with_settings(schemas.get("SettingsOut")));
    let mut by_hand: Value = serde_json::from_str(BY_HAND).expect("the schemas by hand are JSON");
    fill_in(&mut by_hand);
    let patch = patch_of(&by_hand["Settings"]);
    let workflow = WORKFLOW.replace("#/$defs/", "#/components/schemas/");
    let workflow: Value = serde_json::from_str(&workflow).expect("the schema in docs is JSON");
    let published = published(&workflow["$defs"]["Workflow"]);
    let others = [object(Some(&by_hand)), object(Some(answers)), object(workflow.get("$defs"))].into_iter().flatten();
    for (name, schema) in others.chain([("SettingsPatch".to_owned(), patch), ("PublishedWorkflow".to_owned(), published)]) {
        let before = schemas.insert(name.clone(), schema);
        assert!(before.is_none(), "two things are called {name} in the API document; call one of them otherwise");
    }
    for (name, more) in object(overlay.get("schemas")) {
        let schema = schemas.remove(&name);
        let schema = schema.unwrap_or_else(|| panic!("overlay.json speaks of the schema {name}, which is not there"));
        schemas.insert(name, merge(schema, more));
    }
    let events: Vec<&str> = store::BusKind::ALL.iter().map(|kind| kind.as_str()).collect();
    for name in ["SubscriptionDoc", "SubscriptionPatch"] {
        if let Some(schema) = schemas.get_mut(name) {
            schema["properties"]["events"]["items"]["enum"] = json!(events);
        }
    }
    if let Some(schema) = schemas.get_mut("SampleIn") {
        schema["properties"]["event"]["enum"] = json!(events);
    }
    schemas
}

/// Names the schemas that are by hand, and adds what every operation may answer.
fn finish(operation: &mut Value, (method, path): (&str, &str), overlay: &Value) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let schema = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let (request, answer) = match id.as_str() {
        "put_settings" => (Some(schema("Settings")), None),
        "patch_settings" => (Some(schema("SettingsPatch")), None),
        "make_agreement" => (Some(schema("Proposal")), None),
        "put_workflow" => (Some(schema("Workflow")), Some(schema("PublishedWorkflow"))),
        "put_draft" => (Some(schema("Workflow")), None),
        "show_workflow" | "show_workflow_version" => (None, Some(schema("Workflow"))),
        "export_contact" => (None, Some(schema("PersonExport"))),
        _ => (None, None),
    };
    if let Some(request) = request {
        operation["requestBody"]["content"]["application/json"]["schema"] = request;
    }
    if id == "patch_settings" {
        let content = operation["requestBody"]["content"]["application/json"].clone();
        operation["requestBody"]["content"]["application/merge-patch+json"] = content;
    }
    if let Some(answer) = answer {
        operation["responses"]["200"]["content"]["application/json"]["schema"] = answer;
    }
    let is_open = !path.starts_with("/v1/");
    let is_repeatable = method == "post" && !is_open;
    if is_repeatable {
        let parameters = operation.as_object_mut().map(|operation| operation.entry("parameters").or_insert_with(|| json!([])));
        let parameters = parameters.and_then(Value::as_array_mut);
        parameters.into_iter().filter(|all| all.iter().all(|one| one["name"] != IDEMPOTENCY_KEY)).for_each(|all| {
            all.push(json!({
                "name": IDEMPOTENCY_KEY, "in": "header", "required": false, "schema": {"type": "string"},
                "description": "1 to 200 characters, the same for the same request: it is carried out once, and answered again as it was, for a day",
            }));
        });
    }
    lay_over(operation, &id, overlay);
    let takes_body = operation.get("requestBody").is_some();
    // What is the same for everybody looks nothing up.
    let looks_up = operation["tags"][0] != "document";
    if is_open {
        operation["security"] = json!([]);
    }
    let writes = ["put", "end", "reset", "patch"].iter().any(|verb| id.split('_').next() == Some(verb));
    let always = [
        ("400", "bad-request", !is_open),
        ("403", "forbidden: you are no member, or the role or the key's scopes are too small; the detail names both", !is_open),
        ("409", "changed-meanwhile: it may be sent again; not-possible: as things are, the detail says why", writes && !is_open),
        ("409", "in-progress: the same Idempotency-Key is under way, or its answer was not kept", is_repeatable),
        ("413", "body-too-large", takes_body),
        ("422", "idempotency-key-reused: the Idempotency-Key came with another request", is_repeatable),
        ("429", "too-many-requests: of this caller within a minute; Retry-After says when to go on", !is_open),
        ("500", "internal", looks_up),
        ("503", "internal: the table is busy, or gave no clear answer; repeating is safe", looks_up),
    ];
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (status, response) in responses.iter_mut().filter(|(status, _)| status.starts_with('4')) {
        let described = response["description"].as_str().unwrap_or(status).to_owned();
        if response.get("content").is_none() {
            *response = problem(status, &described);
        } else {
            // A person gets a page; a query that does not read at all is a problem as everywhere.
            let kind = "application/problem+json";
            response["content"][kind] = problem(status, "bad-request")["content"][kind].clone();
        }
    }
    for (status, description, wanted) in always {
        if wanted && !responses.contains_key(status) {
            responses.insert(status.to_owned(), problem(status, description));
        }
    }
    if !is_open {
        responses.insert("401".to_owned(), unauthorized());
    }
    responses.sort_keys();
}

/// Parameters, examples and links of an operation, as the overlay has them.
fn lay_over(operation: &mut Value, id: &str, overlay: &Value) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        let found =
            [&overlay["parameters"][id][&name], &overlay["parameters"]["*"][&name]].into_iter().find(|more| !more.is_null());
        if let Some(more) = found {
            *parameter = merge(parameter.take(), more.clone());
        }
        if let Some(known) = known_values(id, &name) {
            parameter["schema"]["enum"] = json!(known);
        }
        // What may be left out is left out: in an address or a header null would be a text.
        if let Some(kinds) = parameter["schema"]["type"].as_array_mut() {
            kinds.retain(|kind| kind != "null");
        }
    }
    if let Some(examples) = overlay["bodies"][id].as_object() {
        let examples: Map<String, Value> =
            examples.iter().map(|(name, value)| (name.clone(), json!({ "value": value }))).collect();
        for (_, content) in operation["requestBody"]["content"].as_object_mut().into_iter().flatten() {
            content["examples"] = json!(examples);
        }
    }
    if let Some(links) = overlay["links"].get(id) {
        operation["responses"]["200"]["links"] = links.clone();
    }
}

/// Examples of what an operation answers where it did what was asked.
fn show_examples(operation: &mut Value, all: &Value) {
    let examples = object(all.get(operation["operationId"].as_str().unwrap_or_default()));
    if examples.is_empty() {
        return;
    }
    let examples: Map<String, Value> = examples.into_iter().map(|(name, value)| (name, json!({ "value": value }))).collect();
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (_, response) in responses.iter_mut().filter(|(status, _)| status.starts_with('2')) {
        response["content"]["application/json"]["examples"] = json!(examples);
    }
}

/// What a parameter may be, where the code has a list of it.
fn known_values(id: &str, name: &str) -> Option<Vec<&'static str>> {
    let registry = connectors::registry().iter().map(|connector| connector.source());
    match (id, name) {
        ("list_tasks" | "list_app_tasks", "kind") => {
            Some(["exception"].into_iter().chain(TaskKind::WORDS.iter().copied()).collect())
        }
        (
            "put_app" | "authorize_connection" | "confirm_connection" | "show_company" | "free_company" | "show_invoice_pdf",
            "source",
        )
        | ("end_sign_in", "source") => Some(registry.filter(|source| connectors::accounting_api_of(source).is_some()).collect()),
        ("delete_connection" | "test_connection", "source") => {
            let books = registry.filter(|source| connectors::accounting_api_of(source).is_some());
            Some(books.chain(payment_sources()).collect())
        }
        ("put_connection" | "show_connection", "source") => Some(registry.chain(payment_sources()).collect()),
        ("list_baskets", "status") => Some(domain::BasketStatus::WORDS.to_vec()),
        // What a file brought is of a source of its own.
        ("show_customer" | "list_customers" | "list_invoices", "source") => Some(registry.chain(["import"]).collect()),
        ("list_customers", "sort") => Some(vec![
            "name",
            "-name",
            "next_action",
            "-next_action",
            "overdue",
            "-overdue",
            "money_at_stake",
            "-money_at_stake",
            "oldest_due",
            "-oldest_due",
            "owner",
            "-owner",
        ]),
        ("list_invoices", "sort") => Some(vec!["due_on", "-due_on"]),
        ("list_invoices", "status") => Some(store::InvoiceStanding::ALL.map(store::InvoiceStanding::as_str).to_vec()),
        ("list_invoices", "bucket") => Some(vec!["current", "1-30", "31-60", "61-90", "over_90"]),
        ("list_payments" | "list_credit_notes", "sort") => Some(vec!["received_on", "-received_on"]),
        ("list_messages", "sort") => Some(vec!["decided_at", "-decided_at"]),
        ("list_messages", "status") => Some(domain::MessageStatus::WORDS.to_vec()),
        ("list_messages", "channel") => named_words("channels"),
        ("list_agreements", "kind") => Some(vec!["promise", "dispute", "plan", "pause", "money"]),
        ("list_cases", "sort") => Some(vec!["opened_at", "-opened_at"]),
        ("list_cases", "state") => Some(vec!["open", "waiting", "ended", "closed"]),
        ("list_tasks", "sort") => Some(vec!["age", "money_at_stake"]),
        ("list_notices", "status") => Some(domain::EffectStatus::WORDS.to_vec()),
        _ => None,
    }
}

/// Puts words in the place of the name of their list, wherever an `enum` names one. Behind a name, ` or null` adds null.
fn fill_in(value: &mut Value) {
    if let Some(name) = value.get("enum").and_then(Value::as_str) {
        let (list, or_null) = name.strip_suffix(" or null").map_or((name, false), |list| (list, true));
        let words =
            named_words(list).unwrap_or_else(|| panic!("an enum by hand names the list '{list}', which openapi.rs has not"));
        let all: Vec<Value> = words.into_iter().map(Value::from).chain(or_null.then_some(Value::Null)).collect();
        value["enum"] = Value::Array(all);
    }
    match value {
        Value::Object(fields) => fields.values_mut().for_each(fill_in),
        Value::Array(parts) => parts.iter_mut().for_each(fill_in),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The lists of words that an `enum` by hand may name.
fn named_words(list: &str) -> Option<Vec<&'static str>> {
    match list {
        "channels" => Some(Channel::WORDS.to_vec()),
        "ways of notices" => Some(NoticeWay::WORDS.to_vec()),
        "kinds of tasks" => Some(TaskKind::WORDS.to_vec()),
        "channels with addresses" => Some(Channel::words_of(Channel::is_addressed)),
        "channels that need consent" => Some(Channel::words_of(Channel::needs_consent)),
        "channels with a sender" => Some(Channel::words_of(|channel| channel.facts().has_sender)),
        _ => None,
    }
}

/// A problem document, with an example by its kind, which the description begins with.
fn problem(status: &str, description: &str) -> Value {
    let kind: String = description.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
    let title = kind.replace('-', " ");
    let example = json!({
        "type": format!("https://dunlin.dev/problems/{kind}"), "title": title, "status": status.parse::<u16>().unwrap_or_default(),
        "detail": "what was wrong this time, where, and how to put it right",
    });
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    json!({"description": description, "content": {"application/problem+json": {"schema": schema, "example": example}}})
}

/// What is answered to whoever sends no token, or one that is not accepted.
fn unauthorized() -> Value {
    let mut answer = problem("401", "unauthorized: there is no token, or it is not accepted; WWW-Authenticate says why");
    answer["headers"] = json!({"www-authenticate": {
        "description": "As RFC 6750 says: `Bearer` where there is no token; otherwise with error and error_description, such as `the token has expired`.",
        "schema": {"type": "string"}
    }});
    answer
}

/// A schema of which every part may be left out, and taken away by `null`: what a merge patch of it is.
fn patch_of(schema: &Value) -> Value {
    let mut patch = schema.clone();
    let Some(fields) = patch.as_object_mut() else { return patch };
    for gone in ["required", "default", "minProperties"] {
        fields.remove(gone);
    }
    let nullable = |part: &Value| json!({"anyOf": [patch_of(part), {"type": "null"}]});
    for (name, part) in fields.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        // The one setting without a default.
        *part = if name == "name" { patch_of(part) } else { nullable(part) };
    }
    if let Some(part) = fields.get("additionalProperties").filter(|part| part.is_object()).map(nullable) {
        fields.insert("additionalProperties".to_owned(), part);
    }
    patch
}

/// A workflow as it is answered when it was published.
fn published(workflow: &Value) -> Value {
    let mut published = workflow.clone();
    published["properties"]["warnings"] = json!({
        "type": "array", "items": {"$ref": "#/components/schemas/Warning"},
        "description": "By JSON pointer: what the prover warns of.",
    });
    published
}

fn with_settings(schema: Option<&Value>) -> Value {
    let mut schema = schema.cloned().unwrap_or_default();
    schema["properties"]["settings"] = json!({"$ref": "#/components/schemas/Settings"});
    schema
}

fn object(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}
