//! The operations of a tenant as the checked-in API document describes them: what calls and tools are made of, so that there is no second list.

use std::sync::LazyLock;

use axum::http::Method;
use serde_json::Value;
use service::{KeyScope, Operation};

use crate::document_page::DOCUMENT;

const METHODS: [(&str, Method); 5] =
    [("get", Method::GET), ("put", Method::PUT), ("post", Method::POST), ("patch", Method::PATCH), ("delete", Method::DELETE)];

static PARSED: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(DOCUMENT).expect("the document is JSON: a test made it"));
static OPERATIONS: LazyLock<Vec<DescribedOperation>> = LazyLock::new(read);

/// An operation below `/v1`, as the document describes it.
#[derive(Debug)]
pub struct DescribedOperation {
    /// Which.
    pub operation: Operation,
    /// The method.
    pub method: Method,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// Parameters, body, answers and texts.
    pub about: &'static Value,
}

impl DescribedOperation {
    /// Whether it changes nothing.
    pub fn is_read(&self) -> bool {
        self.method == Method::GET || self.operation.scope() == Some(KeyScope::Read)
    }

    /// Its parameters in the path or the query.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter> {
        let all = self.about.get("parameters").and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|about| {
            let text = |name: &str| about.get(name).and_then(Value::as_str);
            let in_path = match text("in")? {
                "path" => true,
                "query" => false,
                _ => return None,
            };
            let is_needed = in_path || about.get("required").and_then(Value::as_bool) == Some(true);
            Some(Parameter { name: text("name")?, in_path, is_needed, about })
        })
    }

    /// The schema of its body, where it takes one, and whether the body is needed.
    pub fn body(&self) -> Option<(&'static Value, bool)> {
        let body = self.about.get("requestBody")?;
        let schema = body.pointer("/content/application~1json/schema")?;
        Some((schema, body.get("required").and_then(Value::as_bool) == Some(true)))
    }

    /// The schema of what it answers in JSON where it succeeds.
    pub fn answer(&self) -> Option<&'static Value> {
        let found = ["200", "201", "202"].iter().find_map(|status| self.about.pointer(&format!("/responses/{status}/content")));
        found?.pointer("/application~1json/schema")
    }

    /// What it does, in sentences.
    pub fn summary(&self) -> &'static str {
        self.about.get("summary").and_then(Value::as_str).unwrap_or_default()
    }
}

/// A parameter in the path or the query.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Whether it stands in the path; otherwise in the query.
    pub in_path: bool,
    /// Whether it is needed.
    pub is_needed: bool,
    /// Its schema and description.
    pub about: &'static Value,
}

/// Every operation below `/v1`, in the order of the paths.
pub fn all() -> &'static [DescribedOperation] {
    &OPERATIONS
}

/// How an operation is described.
pub fn of(operation: Operation) -> Option<&'static DescribedOperation> {
    all().iter().find(|described| described.operation == operation)
}

/// What is read under a path.
pub fn read_at(path: &str) -> Option<&'static DescribedOperation> {
    all().iter().find(|described| described.path == path && described.method == Method::GET)
}

/// What a request of a method to a path asks for. A name in a path goes before what any name fits.
pub fn at(method: &Method, path: &str) -> Option<&'static DescribedOperation> {
    let given: Vec<&str> = path.split('/').collect();
    let fits = |described: &&DescribedOperation| {
        let parts: Vec<&str> = described.path.split('/').collect();
        parts.len() == given.len() && parts.iter().zip(&given).all(|(part, given)| part.starts_with('{') || part == given)
    };
    let found = all().iter().filter(|described| described.method == *method).filter(fits);
    found.min_by_key(|described| described.path.matches('{').count())
}

/// The schema that a reference leads to, and its name.
pub fn referred(schema: &'static Value) -> Option<(&'static str, &'static Value)> {
    let name = schema.get("$ref")?.as_str()?.strip_prefix("#/components/schemas/")?;
    Some((name, component(name)?))
}

/// The schema of a name.
pub fn component(name: &str) -> Option<&'static Value> {
    PARSED.get("components")?.get("schemas")?.get(name)
}

fn read() -> Vec<DescribedOperation> {
    let mut found = Vec::new();
    let document: &'static Value = &PARSED;
    for (path, operations) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        if !path.starts_with("/v1/") {
            continue;
        }
        for (name, method) in METHODS {
            let Some(about) = operations.get(name) else { continue };
            let known = about.get("operationId").and_then(Value::as_str).and_then(Operation::read);
            found.extend(known.map(|operation| DescribedOperation { operation, method, path, about }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_a_tenant_is_described() {
        let described = all().len();
        let below = Operation::ALL.iter().filter(|operation| operation.scope().is_some()).count();
        let of_operators = Operation::ALL.iter().filter(|operation| operation.right() == service::Right::Operator).count();
        assert_eq!(described, below + of_operators, "the document in docs and the table of rights have the same operations");
    }

    #[test]
    fn a_request_is_told_by_method_and_path() {
        for (method, path, expected) in [
            (Method::POST, "/v1/suppressions", Some(Operation::EnterSuppression)),
            (Method::POST, "/v1/suppressions/sup_1/lift", Some(Operation::LiftSuppression)),
            (Method::POST, "/v1/contacts/find", Some(Operation::FindContact)),
            (Method::POST, "/v1/contacts/con_1/erase", Some(Operation::EraseContact)),
            (Method::GET, "/v1/suppressions/sup_1/lift", None),
            (Method::POST, "/mcp", None),
        ] {
            assert_eq!(at(&method, path).map(|described| described.operation), expected, "{method} {path}");
        }
    }

    #[test]
    fn what_only_reads_is_told_by_method_or_scope() {
        let is_read = |operation| of(operation).expect("it is described").is_read();
        for (operation, expected) in [
            (Operation::ListCustomers, true),
            (Operation::PreviewMessage, true),
            (Operation::FindContact, true),
            (Operation::ListKeys, true),
            (Operation::PutHold, false),
            (Operation::SendTestMessage, false),
        ] {
            assert_eq!(is_read(operation), expected, "{operation:?}");
        }
    }
}
