//! The API document, as it is checked in, and as a page for people. Both are open to everybody and look nothing up.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

/// The document: a test holds it to the code.
pub const DOCUMENT: &str = include_str!("../../../docs/openapi.json");
const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];
/// The page loads nothing: no script, no picture, no style but its own.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
const STYLE: &str = include_str!("document_page.css");

/// The API document: OpenAPI 3.1 in JSON.
#[utoipa::path(get, path = "/openapi.json", tag = "document", operation_id = "show_document",
    responses((status = 200, description = "The document", body = Object)))]
pub async fn json() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], DOCUMENT).into_response()
}

/// The API document as a page: every call with its parameters, bodies and answers.
#[utoipa::path(get, path = "/docs", tag = "document", operation_id = "show_document_page",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
pub async fn page() -> Response {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap_or_default();
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY)], html(&document)).into_response()
}

fn html(document: &Value) -> String {
    let text = |pointer: &str| escaped(document.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>\
         <p>{about}</p><p><a href=\"openapi.json\">openapi.json</a> is the same for machines.</p>",
        title = text("/info/title"),
        about = text("/info/description"),
    );
    let mut tag = String::new();
    for (of, path, method, operation) in in_order(document) {
        if of != tag {
            page.push_str(&format!("<h2 id=\"tag-{0}\">{0}</h2>", escaped(&of)));
            tag = of;
        }
        call(&mut page, path, method, operation);
    }
    page.push_str("<h2 id=\"schemas\">Schemas</h2>");
    for (name, schema) in document.pointer("/components/schemas").and_then(Value::as_object).into_iter().flatten() {
        let name = escaped(name);
        page.push_str(&format!("<details id=\"schema-{name}\"><summary><code>{name}</code></summary>"));
        code(&mut page, schema);
        page.push_str("</details>");
    }
    page.push_str("</body></html>");
    page
}

/// The calls, by what they are about.
fn in_order(document: &Value) -> Vec<(String, &str, &'static str, &Value)> {
    let mut calls = Vec::new();
    for (path, operations) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = operations.get(method) {
                let tag = operation.pointer("/tags/0").and_then(Value::as_str).unwrap_or("other");
                calls.push((tag.to_owned(), path.as_str(), method, operation));
            }
        }
    }
    calls.sort_by(|left, right| left.0.cmp(&right.0));
    calls
}

fn call(page: &mut String, path: &str, method: &str, operation: &Value) {
    let text = |value: &Value, name: &str| escaped(value.get(name).and_then(Value::as_str).unwrap_or_default());
    let id = text(operation, "operationId");
    page.push_str(&format!(
        "<details id=\"{id}\"><summary><span class=\"m\">{}</span> <code>{}</code></summary><p>{} {}</p>",
        method.to_uppercase(),
        escaped(path),
        text(operation, "summary"),
        text(operation, "description"),
    ));
    let parameters = operation.get("parameters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        page.push_str("<table><tr><th>Parameter</th><th>In</th><th></th></tr>");
        for parameter in parameters {
            let (name, place, about) = (text(parameter, "name"), text(parameter, "in"), text(parameter, "description"));
            page.push_str(&format!("<tr><td><code>{name}</code></td><td>{place}</td><td>{about}</td></tr>"));
        }
        page.push_str("</table>");
    }
    if let Some(content) = operation.pointer("/requestBody/content/application~1json") {
        page.push_str(&format!("<p>Body: {}</p>", schema_of(content)));
        for (name, example) in content.get("examples").and_then(Value::as_object).into_iter().flatten() {
            page.push_str(&format!("<p>{}</p>", escaped(name)));
            code(page, example.get("value").unwrap_or(example));
        }
    }
    page.push_str("<table><tr><th>Answer</th><th></th><th></th></tr>");
    for (status, answer) in operation.get("responses").and_then(Value::as_object).into_iter().flatten() {
        let content = answer.get("content").and_then(Value::as_object).into_iter().flatten().map(|(_, content)| content);
        let bodies: Vec<String> = content.map(schema_of).collect();
        let about = text(answer, "description");
        page.push_str(&format!("<tr><td>{}</td><td>{about}</td><td>{}</td></tr>", escaped(status), bodies.join(", ")));
    }
    page.push_str("</table></details>");
}

/// The schema of a body: a link to it, where it has a name.
fn schema_of(content: &Value) -> String {
    let reference = content.pointer("/schema/$ref").and_then(Value::as_str);
    match reference.and_then(|reference| reference.rsplit('/').next()).map(escaped) {
        Some(name) => format!("<a href=\"#schema-{name}\"><code>{name}</code></a>"),
        None => String::new(),
    }
}

fn code(page: &mut String, value: &Value) {
    page.push_str("<pre>");
    page.push_str(&escaped(&serde_json::to_string_pretty(value).unwrap_or_default()));
    page.push_str("</pre>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_call_and_loads_nothing() {
        let document: Value = serde_json::from_str(DOCUMENT).expect("it is JSON");
        let page = html(&document);
        for (_, path, _, operation) in in_order(&document) {
            let id = operation["operationId"].as_str().expect("it has a name");
            assert!(page.contains(&format!("<details id=\"{id}\">")), "{id}");
            assert!(page.contains(&escaped(path)), "{path}");
        }
        for word in ["<script", "src=", "@import", "url(", "<link"] {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn what_a_text_holds_is_text() {
        assert_eq!(escaped("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }
}
