//! Answers against what the API's own document says of them.

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use tests::test_tenant::TestTenant;
use tokio::sync::OnceCell;

/// The document of the API: the same of every stack of this build.
async fn document(desk: &TestTenant) -> &'static Value {
    static DOCUMENT: OnceCell<Value> = OnceCell::const_new();
    DOCUMENT.get_or_init(|| async { desk.admin("GET", "/openapi.json", &Value::Null).await.is(200).body }).await
}

/// The schemas that one leads to, by name, itself among them.
fn reached(document: &Value, name: &str) -> Map<String, Value> {
    let (mut found, mut open) = (Map::new(), vec![name.to_owned()]);
    while let Some(name) = open.pop() {
        if found.contains_key(&name) {
            continue;
        }
        let schema = document["components"]["schemas"][&name].clone();
        assert!(schema.is_object(), "the document has no schema {name}");
        references(&schema, &mut open);
        found.insert(name, schema);
    }
    found
}

fn references(schema: &Value, to: &mut Vec<String>) {
    let named = schema["$ref"].as_str().and_then(|at| at.strip_prefix("#/components/schemas/"));
    to.extend(named.map(str::to_owned));
    schema.as_object().into_iter().flat_map(|fields| fields.values()).for_each(|part| references(part, to));
    schema.as_array().into_iter().flatten().for_each(|part| references(part, to));
}

/// Has a schema refuse what it does not describe.
fn close(schema: &mut Value) {
    if let Some(fields) = schema.as_object_mut() {
        if fields.get("properties").is_some_and(Value::is_object) && !fields.contains_key("additionalProperties") {
            fields.insert("unevaluatedProperties".to_owned(), json!(false));
        }
        fields.values_mut().for_each(close);
    }
    schema.as_array_mut().into_iter().flatten().for_each(close);
}

fn validator(document: &Value, name: &str) -> Validator {
    let mut schemas = Value::Object(reached(document, name));
    close(&mut schemas);
    let root = json!({"$ref": format!("#/components/schemas/{name}"), "components": {"schemas": schemas}});
    jsonschema::validator_for(&root).unwrap()
}

/// An answer is what the document says of `schema`, and has nothing that it does not.
pub async fn is_described(desk: &TestTenant, schema: &str, answer: &Value) {
    let validator = validator(document(desk).await, schema);
    let wrong: Vec<String> = validator.iter_errors(answer).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{schema}: {wrong:#?}\n{answer:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_of_answers_are_what_is_described() {
    let desk = TestTenant::at("2026-02-10T08:00:00Z").await;
    let document = document(&desk).await;
    let operations = document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let mut seen = 0;
    for operation in operations {
        let answers = operation["responses"].as_object().unwrap().iter().filter(|(status, _)| status.starts_with('2'));
        for (_, answer) in answers {
            let content = &answer["content"]["application/json"];
            for (name, example) in content["examples"].as_object().into_iter().flatten() {
                let schema = content["schema"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
                let wrong: Vec<String> =
                    validator(document, schema).iter_errors(&example["value"]).map(|error| error.to_string()).collect();
                assert!(wrong.is_empty(), "{} {name}: {wrong:#?}", operation["operationId"]);
                seen += 1;
            }
        }
    }
    assert!(seen >= 7, "only {seen} examples");
}
