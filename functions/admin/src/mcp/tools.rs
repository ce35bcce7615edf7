//! The tools: each operation of a tenant that only reads, and each that may be proposed.

use std::sync::{Arc, LazyLock};

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};
use service::{Operation, Right, proposals::may_be_proposed};

use crate::{
    described::{self, DescribedOperation},
    operations::BODY,
};

/// The argument of a tool that proposes: why.
pub const REASON: &str = "reason";
/// What the name of a tool that proposes begins with.
const PROPOSES: &str = "propose_";
/// Keys of a schema that say nothing more to who fills it in; no property has such a name.
const LEFT_OUT: [&str; 2] = ["example", "examples"];

static NULL: Value = Value::Null;

static TOOLS: LazyLock<Vec<ToolOf>> = LazyLock::new(made);

/// A tool, and what it stands for.
#[derive(Debug)]
pub struct ToolOf {
    /// As assistants know it.
    pub tool: Tool,
    /// The operation.
    pub described: &'static DescribedOperation,
    /// What becomes of it.
    pub does: Does,
    /// The operation that somebody must be allowed to do to have it.
    pub needs: Operation,
    /// The operation whose answer it gives.
    pub answers: &'static DescribedOperation,
}

/// What a tool does with its operation.
#[derive(Clone, Copy, Debug)]
pub enum Does {
    /// It is carried out at once.
    Read,
    /// It is proposed, by this operation.
    Propose(&'static DescribedOperation),
}

/// Every tool.
pub fn all() -> &'static [ToolOf] {
    &TOOLS
}

fn made() -> Vec<ToolOf> {
    let proposes = described::of(Operation::MakeProposal);
    described::all().iter().filter_map(|described| tool(described, proposes)).collect()
}

fn tool(described: &'static DescribedOperation, proposes: Option<&'static DescribedOperation>) -> Option<ToolOf> {
    let name = described.operation.as_str();
    if described.is_read() {
        let hints = ToolAnnotations::new().read_only(true).open_world(false);
        let tool = Tool::new(name, described.summary(), schema(described, false)).with_annotations(hints);
        return Some(ToolOf { tool, described, does: Does::Read, needs: described.operation, answers: described });
    }
    let proposes = proposes.filter(|_| may_be_proposed(described.operation).is_ok())?;
    let role = match described.operation.right() {
        Right::Staff(role) => role.as_str(),
        Right::Operator | Right::SignedIn | Right::Link | Right::Public => return None,
    };
    let about = format!(
        "Proposes, and does not do: {} A person with the role {role} or one above it accepts or refuses.",
        described.summary()
    );
    let hints = ToolAnnotations::new().read_only(false).destructive(false).idempotent(false).open_world(false);
    let tool = Tool::new(format!("{PROPOSES}{name}"), about, schema(described, true)).with_annotations(hints);
    Some(ToolOf { tool, described, does: Does::Propose(proposes), needs: Operation::MakeProposal, answers: proposes })
}

/// The schema of a tool's arguments.
fn schema(described: &DescribedOperation, is_proposal: bool) -> Arc<JsonObject> {
    let mut own = Own::default();
    let mut properties = JsonObject::new();
    let mut needed = Vec::new();
    for parameter in described.parameters() {
        let mut schema = own.schema(parameter.about.get("schema").unwrap_or(&NULL));
        if let (Some(fields), Some(about)) = (schema.as_object_mut(), parameter.about.get("description")) {
            fields.insert("description".to_owned(), about.clone());
        }
        properties.insert(parameter.name.to_owned(), schema);
        needed.extend(parameter.is_needed.then_some(parameter.name));
    }
    if let Some((body, is_needed)) = described.body() {
        properties.insert(BODY.to_owned(), own.schema(body));
        needed.extend(is_needed.then_some(BODY));
    }
    if is_proposal {
        let about = "Why, for the person who decides.";
        properties.insert(REASON.to_owned(), json!({ "type": "string", "minLength": 1, "maxLength": 500, "description": about }));
        needed.push(REASON);
    }
    let mut schema = JsonObject::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), properties.into());
    schema.insert("required".to_owned(), json!(needed));
    schema.insert("additionalProperties".to_owned(), json!(false));
    let defined = own.all();
    if !defined.is_empty() {
        schema.insert("$defs".to_owned(), defined.into());
    }
    Arc::new(schema)
}

/// Schemas of the document as a schema of its own has them: what is referred to goes along.
#[derive(Default)]
struct Own {
    wanted: Vec<&'static str>,
    defined: JsonObject,
}

impl Own {
    fn schema(&mut self, schema: &'static Value) -> Value {
        if let Some((name, _)) = described::referred(schema) {
            if !self.wanted.contains(&name) {
                self.wanted.push(name);
            }
            return json!({ "$ref": format!("#/$defs/{name}") });
        }
        match schema {
            Value::Object(fields) => {
                let kept = fields.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
                kept.map(|(name, part)| (name.clone(), self.schema(part))).collect::<JsonObject>().into()
            }
            Value::Array(parts) => parts.iter().map(|part| self.schema(part)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
        }
    }

    /// What was referred to, and what that refers to.
    fn all(mut self) -> JsonObject {
        let mut at = 0;
        while let Some(name) = self.wanted.get(at).copied() {
            at += 1;
            if let Some(schema) = described::component(name) {
                let defined = self.schema(schema);
                self.defined.insert(name.to_owned(), defined);
            }
        }
        self.defined
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_of_a_tenant_is_a_tool_or_says_why_not() {
        let tools: BTreeSet<&str> = all().iter().map(|tool| tool.described.operation.as_str()).collect();
        for described in described::all() {
            let name = described.operation.as_str();
            let is_tool = described.is_read() || may_be_proposed(described.operation).is_ok();
            assert_eq!(tools.contains(name), is_tool, "{name}");
        }
        let names: BTreeSet<&str> = all().iter().map(|tool| tool.tool.name.as_ref()).collect();
        assert_eq!(names.len(), all().len(), "two tools have one name");
        for (name, there) in
            [("list_customers", true), ("propose_make_agreement", true), ("make_agreement", false), ("propose_make_key", false)]
        {
            assert_eq!(names.contains(name), there, "{name}");
        }
    }

    #[test]
    fn what_a_tool_takes_is_a_schema_of_its_own() {
        for tool in all() {
            let name = &tool.tool.name;
            let schema = Value::Object(tool.tool.input_schema.as_ref().clone());
            assert_eq!(schema["type"], "object", "{name}");
            assert!(name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            let mut open = vec![&schema];
            while let Some(value) = open.pop() {
                if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.strip_prefix('#').expect("it leads into the schema itself");
                    assert!(schema.pointer(pointer).is_some(), "{name}: {reference}");
                }
                open.extend(value.as_object().into_iter().flat_map(|object| object.values()));
                open.extend(value.as_array().into_iter().flatten());
            }
        }
    }

    #[test]
    fn a_tool_that_proposes_asks_why() {
        for tool in all() {
            let asks = tool.tool.input_schema["required"].as_array().expect("a list").contains(&json!(REASON));
            assert_eq!(asks, matches!(tool.does, Does::Propose(_)), "{}", tool.tool.name);
            let hints = tool.tool.annotations.as_ref().expect("hints");
            assert_eq!(hints.read_only_hint, Some(matches!(tool.does, Does::Read)), "{}", tool.tool.name);
        }
    }
}
