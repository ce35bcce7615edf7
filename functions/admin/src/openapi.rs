//! The API document: generated from the routes, checked in as `docs/openapi.json`.

use serde_json::{Map, Value, json};
use utoipa::{
    OpenApi,
    openapi::{Info, InfoBuilder},
};

/// The schemas of what is described elsewhere or by hand.
const BY_HAND: &str = include_str!("schemas.json");
const WORKFLOW: &str = include_str!("../../../docs/schemas/workflow.schema.json");
const METHODS: [&str; 4] = ["get", "put", "post", "delete"];

fn info() -> Info {
    InfoBuilder::new()
        .title("Dunlin admin API")
        .version("1")
        .description(Some(
            "Everything a tenant's own people do. Every call needs a bearer token with the claims `tenant` and `role`.",
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
    let mut schemas = object(document.pointer("/components/schemas"));
    schemas.extend(object(serde_json::from_str::<Value>(BY_HAND).ok().as_ref()));
    let workflow = WORKFLOW.replace("#/$defs/", "#/components/schemas/");
    let workflow: Value = serde_json::from_str(&workflow).expect("the schema in docs is JSON");
    schemas.extend(object(workflow.get("$defs")));
    schemas.insert("SettingsOut".to_owned(), with_settings(schemas.get("SettingsOut")));
    let bearer = json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"});
    document["components"] = json!({"schemas": schemas, "securitySchemes": {"token": bearer}});
    document["security"] = json!([{"token": []}]);
    for operations in document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut()) {
        for method in METHODS {
            if let Some(operation) = operations.get_mut(method) {
                finish(operation);
            }
        }
    }
    document
}

/// Names the schemas that are by hand, and adds what every operation may answer.
fn finish(operation: &mut Value) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let schema = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let (request, answer) = match id.as_str() {
        "put_settings" => (Some(schema("Settings")), None),
        "make_agreement" => (Some(schema("Proposal")), None),
        "put_workflow" => (Some(schema("Workflow")), Some(schema("Workflow"))),
        "show_workflow" | "show_workflow_version" => (None, Some(schema("Workflow"))),
        _ => (None, None),
    };
    if let Some(request) = request {
        operation["requestBody"]["content"]["application/json"]["schema"] = request;
    }
    if let Some(answer) = answer {
        operation["responses"]["200"]["content"]["application/json"]["schema"] = answer;
    }
    let problem = |description: &str| json!({"description": description, "content": {"application/problem+json": {"schema": schema("Problem")}}});
    let takes_body = operation.get("requestBody").is_some();
    let always = [
        ("400", "bad-request", true),
        ("401", "unauthorized: API Gateway does not accept the token", true),
        ("403", "forbidden: a claim is missing or the role is too low", true),
        ("409", "changed-meanwhile", id.starts_with("put") || id.starts_with("end") || id.starts_with("reset")),
        ("413", "body-too-large", takes_body),
        ("500", "internal", true),
    ];
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (status, response) in responses.iter_mut().filter(|(status, _)| status.starts_with('4')) {
        let described = response["description"].as_str().unwrap_or(status).to_owned();
        *response = problem(&described);
    }
    for (status, description, wanted) in always {
        if wanted && !responses.contains_key(status) {
            responses.insert(status.to_owned(), problem(description));
        }
    }
    responses.sort_keys();
}

fn with_settings(schema: Option<&Value>) -> Value {
    let mut schema = schema.cloned().unwrap_or_default();
    schema["properties"]["settings"] = json!({"$ref": "#/components/schemas/Settings"});
    schema
}

fn object(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}
