//! CloudFormation's intrinsic functions over the values that this machine has.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow, bail};
use serde_json::{Map, Value};

/// What a template may refer to.
#[derive(Debug, Default)]
pub struct Scope {
    /// Parameters and pseudo parameters (`AWS::Region` …), and the `Ref` of every resource.
    pub refs: BTreeMap<String, Value>,
    /// `GetAtt` of every resource, by (logical id, attribute).
    pub attributes: BTreeMap<(String, String), Value>,
    /// Conditions, already evaluated.
    pub conditions: BTreeMap<String, bool>,
    /// The template's `Mappings`.
    pub mappings: Value,
}

impl Scope {
    /// The value with every intrinsic function replaced; `None` for `AWS::NoValue`.
    ///
    /// # Errors
    ///
    /// Names what cannot be resolved.
    pub fn resolve(&self, value: &Value) -> anyhow::Result<Option<Value>> {
        Ok(Some(match value {
            Value::Array(items) => {
                let mut out = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    out.extend(self.resolve(item).with_context(|| format!("at [{at}]"))?);
                }
                Value::Array(out)
            }
            Value::Object(map) => {
                if let Some((name, argument)) = intrinsic(map) {
                    return self.call(name, argument);
                }
                let mut out = Map::new();
                for (key, item) in map {
                    if let Some(resolved) = self.resolve(item).with_context(|| format!("at {key}"))? {
                        out.insert(key.clone(), resolved);
                    }
                }
                Value::Object(out)
            }
            plain => plain.clone(),
        }))
    }

    fn call(&self, name: &str, argument: &Value) -> anyhow::Result<Option<Value>> {
        match name {
            "Ref" => self.reference(text(argument, "Ref")?),
            "Condition" => Ok(Some(Value::Bool(self.condition(text(argument, "Condition")?)?))),
            "Fn::GetAtt" => {
                let parts = argument.as_array().context("GetAtt takes a resource and an attribute")?;
                let words: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
                let (resource, rest) = words.split_first().context("GetAtt takes a resource and an attribute")?;
                Ok(Some(self.attribute(resource, &rest.join("."))?))
            }
            "Fn::Sub" => self.substitute(argument).map(|text| Some(Value::String(text))),
            "Fn::If" => {
                let [condition, yes, no] = items(argument, "If")?;
                self.resolve(if self.condition(text(condition, "If")?)? { yes } else { no })
            }
            "Fn::Equals" => {
                let [left, right] = items(argument, "Equals")?;
                Ok(Some(Value::Bool(plain(self.need(left)?) == plain(self.need(right)?))))
            }
            "Fn::Not" => {
                let [inner] = items(argument, "Not")?;
                Ok(Some(Value::Bool(!truth(&self.need(inner)?)?)))
            }
            "Fn::And" | "Fn::Or" => {
                let mut values = Vec::new();
                for inner in argument.as_array().context("And and Or take a list")? {
                    values.push(truth(&self.need(inner)?)?);
                }
                let all = name == "Fn::And";
                Ok(Some(Value::Bool(if all { values.iter().all(|v| *v) } else { values.iter().any(|v| *v) })))
            }
            "Fn::Join" => {
                let [separator, list] = items(argument, "Join")?;
                let list = self.need(list)?;
                let words: Vec<String> = list.as_array().context("Join takes a list")?.iter().map(|v| plain(v.clone())).collect();
                Ok(Some(Value::String(words.join(text(separator, "Join")?))))
            }
            "Fn::Select" => {
                let [index, list] = items(argument, "Select")?;
                let index: usize = plain(self.need(index)?).parse().context("Select takes an index")?;
                let list = self.need(list)?;
                Ok(Some(list.get(index).cloned().with_context(|| format!("Select: nothing at {index}"))?))
            }
            "Fn::Split" => {
                let [separator, source] = items(argument, "Split")?;
                let source = plain(self.need(source)?);
                Ok(Some(source.split(text(separator, "Split")?).map(|part| Value::String(part.to_owned())).collect()))
            }
            "Fn::FindInMap" => {
                let [map, first, second] = items(argument, "FindInMap")?;
                let path = [plain(self.need(map)?), plain(self.need(first)?), plain(self.need(second)?)];
                let found = path.iter().try_fold(&self.mappings, |value, key| value.get(key));
                Ok(Some(found.cloned().with_context(|| format!("FindInMap: nothing at {}", path.join(".")))?))
            }
            other => bail!("{other} is not supported locally"),
        }
    }

    fn reference(&self, name: &str) -> anyhow::Result<Option<Value>> {
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        let value = self.refs.get(name).ok_or_else(|| anyhow!("Ref {name}: there is no such parameter or resource"))?;
        Ok(Some(value.clone()))
    }

    fn attribute(&self, resource: &str, attribute: &str) -> anyhow::Result<Value> {
        self.attributes
            .get(&(resource.to_owned(), attribute.to_owned()))
            .cloned()
            .ok_or_else(|| anyhow!("GetAtt {resource}.{attribute}: there is no such resource or attribute"))
    }

    fn condition(&self, name: &str) -> anyhow::Result<bool> {
        self.conditions.get(name).copied().ok_or_else(|| anyhow!("there is no condition {name}"))
    }

    fn need(&self, value: &Value) -> anyhow::Result<Value> {
        self.resolve(value)?.ok_or_else(|| anyhow!("AWS::NoValue where a value is needed"))
    }

    fn substitute(&self, argument: &Value) -> anyhow::Result<String> {
        let (source, own) = match argument {
            Value::String(source) => (source.as_str(), None),
            Value::Array(pair) => (
                pair.first().and_then(Value::as_str).context("Sub takes text")?,
                pair.get(1).map(|map| self.need(map)).transpose()?,
            ),
            _ => bail!("Sub takes text"),
        };
        let mut out = String::new();
        let mut rest = source;
        while let Some(start) = rest.find("${") {
            out.push_str(&rest[..start]);
            let after = &rest[start + 2..];
            let end = after.find('}').with_context(|| format!("Sub: a ${{ without its }} in {source:?}"))?;
            let name = after[..end].trim();
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = own.as_ref().and_then(|map| map.get(name)) {
                out.push_str(&plain(value.clone()));
            } else if let Some((resource, attribute)) = name.split_once('.') {
                out.push_str(&plain(self.attribute(resource, attribute)?));
            } else {
                out.push_str(&plain(self.reference(name)?.context("Sub: AWS::NoValue is not text")?));
            }
            rest = &after[end + 1..];
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// A condition's expression as a boolean.
pub fn truth(value: &Value) -> anyhow::Result<bool> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        other => bail!("{other} is not a condition"),
    }
}

/// A scalar as CloudFormation prints it.
pub fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Array(items) => items.into_iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn intrinsic(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    if map.len() != 1 {
        return None;
    }
    let (name, argument) = map.iter().next()?;
    // `Condition` is also an ordinary key of a policy statement; there it holds a map.
    let is_call = name == "Ref" || name.starts_with("Fn::") || (name == "Condition" && argument.is_string());
    is_call.then_some((name.as_str(), argument))
}

fn text<'a>(value: &'a Value, function: &str) -> anyhow::Result<&'a str> {
    value.as_str().with_context(|| format!("{function} takes text, not {value}"))
}

fn items<'a, const N: usize>(value: &'a Value, function: &str) -> anyhow::Result<[&'a Value; N]> {
    let list: Vec<&Value> = value.as_array().with_context(|| format!("{function} takes a list"))?.iter().collect();
    list.try_into().map_err(|_| anyhow!("{function} takes a list of {N}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scope() -> Scope {
        Scope {
            refs: BTreeMap::from([
                ("AWS::Region".to_owned(), json!("us-east-1")),
                ("Queue".to_owned(), json!("https://sqs/q")),
                ("Stage".to_owned(), json!("dev")),
            ]),
            attributes: BTreeMap::from([(("Queue".to_owned(), "Arn".to_owned()), json!("arn:q"))]),
            conditions: BTreeMap::from([("Yes".to_owned(), true), ("No".to_owned(), false)]),
            mappings: json!({"M": {"dev": {"n": 3}}}),
        }
    }

    fn check(source: Value, expected: Result<Option<Value>, &str>) {
        let actual = scope().resolve(&source).map_err(|error| format!("{error:#}"));
        match (actual, expected) {
            (Ok(actual), Ok(expected)) => assert_eq!(actual, expected, "{source}"),
            (Err(actual), Err(expected)) => assert!(actual.contains(expected), "{source}: {actual}"),
            (actual, expected) => panic!("{source}: {actual:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn intrinsic_functions() {
        check(json!({"Ref": "Stage"}), Ok(Some(json!("dev"))));
        check(json!({"Ref": "AWS::NoValue"}), Ok(None));
        check(json!({"a": {"Ref": "AWS::NoValue"}, "b": 1}), Ok(Some(json!({"b": 1}))));
        check(json!({"Fn::GetAtt": ["Queue", "Arn"]}), Ok(Some(json!("arn:q"))));
        check(json!({"Fn::Sub": "${Stage}-${Queue.Arn}-${AWS::Region}-${!x}"}), Ok(Some(json!("dev-arn:q-us-east-1-${x}"))));
        check(json!({"Fn::Sub": ["${a}${Stage}", {"a": {"Ref": "Queue"}}]}), Ok(Some(json!("https://sqs/qdev"))));
        check(json!({"Fn::If": ["Yes", "a", {"Ref": "Nope"}]}), Ok(Some(json!("a"))));
        check(json!({"Fn::If": ["No", "a", {"Ref": "AWS::NoValue"}]}), Ok(None));
        check(json!({"Fn::Equals": [{"Ref": "Stage"}, "dev"]}), Ok(Some(json!(true))));
        check(json!({"Fn::And": [{"Condition": "Yes"}, {"Fn::Not": [{"Condition": "No"}]}]}), Ok(Some(json!(true))));
        check(json!({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 3]]}), Ok(Some(json!("a-dev-3"))));
        check(json!({"Fn::Select": [1, {"Fn::Split": ["-", "a-b"]}]}), Ok(Some(json!("b"))));
        check(json!({"Fn::FindInMap": ["M", {"Ref": "Stage"}, "n"]}), Ok(Some(json!(3))));
        check(json!({"Condition": {"Bool": {"a": "b"}}}), Ok(Some(json!({"Condition": {"Bool": {"a": "b"}}}))));
    }

    #[test]
    fn what_cannot_be_resolved_is_named() {
        check(json!({"a": [{"Ref": "Nope"}]}), Err("Ref Nope"));
        check(json!({"Fn::GetAtt": ["Queue", "Arm"]}), Err("Queue.Arm"));
        check(json!({"Fn::Sub": "${Nope.Arn}"}), Err("Nope.Arn"));
        check(json!({"Fn::If": ["Maybe", 1, 2]}), Err("condition Maybe"));
        check(json!({"Fn::ImportValue": "x"}), Err("Fn::ImportValue"));
    }
}
