//! JSON merge patches (RFC 7396), and what differs between two documents.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The document after a patch: objects are merged by name, `null` takes a name away, everything else replaces.
pub fn merge(target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut merged = match target {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    for (name, value) in patch {
        let before = merged.remove(&name);
        if !value.is_null() {
            merged.insert(name, merge(before.unwrap_or_default(), value));
        }
    }
    Value::Object(merged)
}

/// One field that is another after a write.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct FieldChange {
    /// JSON pointer.
    pointer: String,
    /// What was there; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    before: Option<Value>,
    /// What is there now; absent where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    after: Option<Value>,
}

/// What differs, by JSON pointer: objects by their fields, everything else as a whole.
pub fn changes(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut found = Vec::new();
    compare(&mut found, String::new(), Some(before), Some(after));
    found
}

fn compare(found: &mut Vec<FieldChange>, pointer: String, before: Option<&Value>, after: Option<&Value>) {
    if before == after {
        return;
    }
    let fields = |value: Option<&Value>| match value {
        Some(Value::Object(fields)) => Some(fields.clone()),
        // What begins or ends is told field by field too.
        None => Some(Map::new()),
        Some(_) => None,
    };
    let is_object = |value: Option<&Value>| value.is_some_and(Value::is_object);
    match (fields(before), fields(after)) {
        (Some(from), Some(to)) if is_object(before) || is_object(after) => {
            let names: std::collections::BTreeSet<&String> = from.keys().chain(to.keys()).collect();
            for name in names {
                let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                compare(found, pointer, from.get(name), to.get(name));
            }
        }
        _ => found.push(FieldChange { pointer, before: before.cloned(), after: after.cloned() }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The cases of RFC 7396, appendix A.
    #[test]
    fn patches_of_the_standard() {
        for (target, patch, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            assert_eq!(merge(target.clone(), patch.clone()), expected, "{target} {patch}");
        }
    }

    #[test]
    fn what_differs_is_named_where_it_is() {
        let before = json!({"a": 1, "b": {"c": [1], "d": 2}, "e": {"f": 1}, "g": {}});
        let after = json!({"a": 1, "b": {"c": [2], "d": 2, "x/y": 3}, "g": {"h": {"i": null}}});
        let found: Vec<_> =
            changes(&before, &after).into_iter().map(|change| (change.pointer, change.before, change.after)).collect();
        assert_eq!(
            found,
            [
                ("/b/c".to_owned(), Some(json!([1])), Some(json!([2]))),
                ("/b/x~1y".to_owned(), None, Some(json!(3))),
                ("/e/f".to_owned(), Some(json!(1)), None),
                ("/g/h/i".to_owned(), None, Some(json!(null))),
            ]
        );
        assert!(changes(&before, &before).is_empty());
    }
}
