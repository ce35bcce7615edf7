//! EventBridge's event patterns. An operator that is not known is an error, never a silent mismatch.

use anyhow::{Context, bail};
use serde_json::{Map, Value};

/// A pattern that has been read and may be matched against events.
#[derive(Clone, Debug)]
pub struct Pattern(Node);

#[derive(Clone, Debug)]
enum Node {
    /// Every field matches and, for each `$or`, one of its alternatives does.
    Fields { fields: Vec<(String, Node)>, any_of: Vec<Vec<Node>> },
    /// One of the tests holds for one of the field's values.
    Leaf(Vec<Test>),
}

#[derive(Clone, Debug)]
enum Test {
    Equals(Value),
    EqualsIgnoreCase(String),
    Prefix { text: String, ignore_case: bool },
    Suffix { text: String, ignore_case: bool },
    Wildcard(String),
    Numeric(Vec<(String, f64)>),
    Exists(bool),
    AnythingBut(Vec<Test>),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// Names the operator or value that is not part of the pattern language.
    pub fn parse(source: &Value) -> anyhow::Result<Self> {
        Ok(Self(fields(source.as_object().context("an event pattern is an object")?)?))
    }

    /// Whether the event matches.
    pub fn matches(&self, event: &Value) -> bool {
        node_matches(&self.0, Some(event))
    }
}

fn fields(map: &Map<String, Value>) -> anyhow::Result<Node> {
    let mut fields_out = Vec::new();
    let mut any_of = Vec::new();
    for (key, value) in map {
        if key == "$or" {
            let alternatives = value.as_array().context("$or takes a list of patterns")?;
            anyhow::ensure!(!alternatives.is_empty(), "$or takes at least one pattern");
            any_of.push(
                alternatives
                    .iter()
                    .map(|item| fields(item.as_object().context("$or takes a list of patterns")?))
                    .collect::<anyhow::Result<Vec<_>>>()?,
            );
            continue;
        }
        let node = match value {
            Value::Object(inner) => fields(inner)?,
            Value::Array(items) if items.is_empty() => bail!("{key}: an empty list matches nothing"),
            Value::Array(items) => Node::Leaf(
                items.iter().map(test).collect::<anyhow::Result<_>>().with_context(|| format!("in the pattern of {key}"))?,
            ),
            other => bail!("{key}: a pattern holds lists and objects, not {other}"),
        };
        fields_out.push((key.clone(), node));
    }
    Ok(Node::Fields { fields: fields_out, any_of })
}

fn test(item: &Value) -> anyhow::Result<Test> {
    let Value::Object(map) = item else {
        anyhow::ensure!(!item.is_array(), "a list inside a list is not a pattern");
        return Ok(Test::Equals(item.clone()));
    };
    anyhow::ensure!(map.len() == 1, "one operator at a time, not {item}");
    let (name, argument) = map.iter().next().context("an operator")?;
    let cased = |argument: &Value| -> anyhow::Result<(String, bool)> {
        if let Some(text) = argument.as_str() {
            return Ok((text.to_owned(), false));
        }
        let text = argument.get("equals-ignore-case").and_then(Value::as_str);
        Ok((text.with_context(|| format!("{name} takes text, not {argument}"))?.to_owned(), true))
    };
    Ok(match name.as_str() {
        "prefix" => cased(argument).map(|(text, ignore_case)| Test::Prefix { text, ignore_case })?,
        "suffix" => cased(argument).map(|(text, ignore_case)| Test::Suffix { text, ignore_case })?,
        "equals-ignore-case" => {
            Test::EqualsIgnoreCase(argument.as_str().context("equals-ignore-case takes text")?.to_lowercase())
        }
        "wildcard" => Test::Wildcard(argument.as_str().context("wildcard takes text")?.to_owned()),
        "exists" => Test::Exists(argument.as_bool().context("exists takes true or false")?),
        "numeric" => Test::Numeric(numeric(argument)?),
        "anything-but" => Test::AnythingBut(anything_but(argument)?),
        other => bail!("{other} is not an operator of event patterns"),
    })
}

fn anything_but(argument: &Value) -> anyhow::Result<Vec<Test>> {
    match argument {
        Value::Array(items) => items.iter().map(test).collect(),
        Value::Object(map) => {
            let (name, inner) = map.iter().next().context("anything-but takes an operator or values")?;
            anyhow::ensure!(
                ["prefix", "suffix", "equals-ignore-case", "wildcard"].contains(&name.as_str()),
                "{name} is not allowed in anything-but"
            );
            match inner {
                Value::Array(items) => items.iter().map(|item| test(&serde_json::json!({ name: item }))).collect(),
                _ => Ok(vec![test(argument)?]),
            }
        }
        scalar => Ok(vec![test(scalar)?]),
    }
}

fn numeric(argument: &Value) -> anyhow::Result<Vec<(String, f64)>> {
    let parts = argument.as_array().context("numeric takes a list")?;
    anyhow::ensure!(parts.len() == 2 || parts.len() == 4, "numeric takes one or two comparisons, not {argument}");
    parts
        .chunks(2)
        .map(|pair| {
            let operator = pair[0].as_str().unwrap_or_default();
            anyhow::ensure!(["=", "<", "<=", ">", ">="].contains(&operator), "{} is not a comparison", pair[0]);
            Ok((operator.to_owned(), pair[1].as_f64().context("numeric compares with a number")?))
        })
        .collect()
}

fn node_matches(node: &Node, value: Option<&Value>) -> bool {
    match node {
        Node::Fields { fields, any_of } => {
            // An array of objects matches when one of its elements does.
            if let Some(Value::Array(items)) = value {
                return items.iter().any(|item| node_matches(node, Some(item)));
            }
            fields.iter().all(|(key, inner)| node_matches(inner, value.and_then(|value| value.get(key))))
                && any_of.iter().all(|alternatives| alternatives.iter().any(|inner| node_matches(inner, value)))
        }
        Node::Leaf(tests) => tests.iter().any(|test| leaf_matches(test, value)),
    }
}

fn leaf_matches(test: &Test, value: Option<&Value>) -> bool {
    match (test, value) {
        // `exists` looks at leaves only: an object is not a value.
        (Test::Exists(wanted), value) => *wanted == value.is_some_and(|value| !value.is_object()),
        (_, None) => false,
        (Test::AnythingBut(tests), Some(Value::Array(items))) => {
            !items.is_empty() && items.iter().all(|item| tests.iter().all(|test| !scalar_matches(test, item)))
        }
        (test, Some(Value::Array(items))) => items.iter().any(|item| scalar_matches(test, item)),
        (test, Some(item)) => scalar_matches(test, item),
    }
}

fn scalar_matches(test: &Test, value: &Value) -> bool {
    match test {
        Test::Equals(wanted) => match (wanted.as_f64(), value.as_f64()) {
            (Some(wanted), Some(value)) => wanted == value,
            _ => wanted == value,
        },
        Test::EqualsIgnoreCase(wanted) => value.as_str().is_some_and(|text| text.to_lowercase() == *wanted),
        Test::Prefix { text, ignore_case } => {
            value.as_str().is_some_and(|value| fold(value, *ignore_case).starts_with(&fold(text, *ignore_case)))
        }
        Test::Suffix { text, ignore_case } => {
            value.as_str().is_some_and(|value| fold(value, *ignore_case).ends_with(&fold(text, *ignore_case)))
        }
        Test::Wildcard(pattern) => value.as_str().is_some_and(|text| wildcard(pattern, text)),
        Test::Numeric(comparisons) => value.as_f64().is_some_and(|value| {
            comparisons.iter().all(|(operator, bound)| match operator.as_str() {
                "=" => value == *bound,
                "<" => value < *bound,
                "<=" => value <= *bound,
                ">" => value > *bound,
                _ => value >= *bound,
            })
        }),
        Test::Exists(wanted) => *wanted,
        Test::AnythingBut(tests) => !value.is_object() && tests.iter().all(|test| !scalar_matches(test, value)),
    }
}

fn fold(text: &str, ignore_case: bool) -> String {
    if ignore_case { text.to_lowercase() } else { text.to_owned() }
}

fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let parts: Vec<&str> = parts.collect();
    for (at, part) in parts.iter().enumerate() {
        if at + 1 == parts.len() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(found) => rest = &rest[found + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(pattern: Value, event: Value, expected: bool) {
        let parsed = Pattern::parse(&pattern).unwrap_or_else(|error| panic!("{pattern}: {error:#}"));
        assert_eq!(parsed.matches(&event), expected, "{pattern} on {event}");
    }

    #[test]
    fn values_and_nesting() {
        check(json!({"source": ["dunlin"]}), json!({"source": "dunlin"}), true);
        check(json!({"source": ["dunlin"]}), json!({"source": "other"}), false);
        check(json!({"source": ["dunlin"]}), json!({}), false);
        check(json!({"detail": {"n": [1, 2]}}), json!({"detail": {"n": 2.0}}), true);
        check(json!({"detail": {"n": [null]}}), json!({"detail": {"n": null}}), true);
        check(json!({"detail": {"ok": [true]}}), json!({"detail": {"ok": "true"}}), false);
        check(json!({"tags": ["a"]}), json!({"tags": ["b", "a"]}), true);
        check(json!({"items": {"id": ["x"]}}), json!({"items": [{"id": "y"}, {"id": "x"}]}), true);
        check(json!({"a": ["x"], "b": ["y"]}), json!({"a": "x", "b": "z"}), false);
    }

    #[test]
    fn operators() {
        check(json!({"s": [{"prefix": "HEA"}]}), json!({"s": "HEAD"}), true);
        check(json!({"s": [{"prefix": {"equals-ignore-case": "hea"}}]}), json!({"s": "HEAD"}), true);
        check(json!({"s": [{"suffix": ".png"}]}), json!({"s": "a.pdf"}), false);
        check(json!({"s": [{"suffix": ".png"}]}), json!({"s": "a.png"}), true);
        check(json!({"s": [{"equals-ignore-case": "Abc"}]}), json!({"s": "aBC"}), true);
        check(json!({"s": [{"wildcard": "a*c"}]}), json!({"s": "abbc"}), true);
        check(json!({"s": [{"wildcard": "a*c"}]}), json!({"s": "abcd"}), false);
        check(json!({"n": [{"numeric": [">", 0, "<=", 5]}]}), json!({"n": 5}), true);
        check(json!({"n": [{"numeric": [">", 0, "<=", 5]}]}), json!({"n": 6}), false);
        check(json!({"n": [{"numeric": ["=", 5]}]}), json!({"n": "5"}), false);
        check(json!({"s": [{"exists": true}]}), json!({"s": null}), true);
        check(json!({"s": [{"exists": true}]}), json!({}), false);
        check(json!({"d": {"s": [{"exists": false}]}}), json!({"d": {}}), true);
        check(json!({"d": {"s": [{"exists": false}]}}), json!({"other": 1}), true);
        check(json!({"d": {"s": [{"exists": false}]}}), json!({"d": {"s": 1}}), false);
    }

    #[test]
    fn anything_but() {
        check(json!({"s": [{"anything-but": "a"}]}), json!({"s": "b"}), true);
        check(json!({"s": [{"anything-but": ["a", "b"]}]}), json!({"s": "b"}), false);
        check(json!({"s": [{"anything-but": [1, 2]}]}), json!({"s": 3}), true);
        check(json!({"s": [{"anything-but": "a"}]}), json!({}), false);
        check(json!({"s": [{"anything-but": {"prefix": "x-"}}]}), json!({"s": "x-1"}), false);
        check(json!({"s": [{"anything-but": {"prefix": ["x-", "y-"]}}]}), json!({"s": "z-1"}), true);
        check(json!({"s": [{"anything-but": {"suffix": ".tmp"}}]}), json!({"s": "a.tmp"}), false);
        check(json!({"s": [{"anything-but": {"equals-ignore-case": ["A"]}}]}), json!({"s": "a"}), false);
        check(json!({"s": [{"anything-but": "a"}]}), json!({"s": ["a", "b"]}), false);
    }

    #[test]
    fn or() {
        let pattern = json!({"source": ["x"], "$or": [{"a": [1]}, {"b": {"c": [2]}}]});
        check(pattern.clone(), json!({"source": "x", "b": {"c": 2}}), true);
        check(pattern.clone(), json!({"source": "x", "a": 2}), false);
        check(pattern, json!({"source": "y", "a": 1}), false);
        check(json!({"d": {"$or": [{"a": [1]}, {"b": [1]}]}}), json!({"d": {"b": 1}}), true);
    }

    #[test]
    fn what_is_not_a_pattern_is_an_error() {
        for pattern in [
            json!({"s": [{"prefx": "a"}]}),
            json!({"s": "a"}),
            json!({"s": []}),
            json!({"s": [["a"]]}),
            json!({"n": [{"numeric": ["!", 1]}]}),
            json!({"n": [{"numeric": [">"]}]}),
            json!({"s": [{"anything-but": {"numeric": [">", 1]}}]}),
            json!({"s": [{"exists": "yes"}]}),
            json!({"$or": {"a": [1]}}),
            json!("text"),
        ] {
            assert!(Pattern::parse(&pattern).is_err(), "{pattern}");
        }
    }
}
