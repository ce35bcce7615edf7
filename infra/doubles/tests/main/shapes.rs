//! What the doubles write has the names, the nesting and the kinds of values of what was recorded from the vendors.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

/// Every path to a value and the kind of the value. Items of lists count as one.
fn paths(value: &Value, at: &str, into: &mut BTreeMap<String, &'static str>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                paths(field, &format!("{at}/{name}"), into);
            }
        }
        Value::Array(items) => {
            into.insert(format!("{at}[]"), "list");
            for item in items {
                paths(item, &format!("{at}[]"), into);
            }
        }
        Value::Null => {}
        Value::Bool(_) => drop(into.insert(at.to_owned(), "bool")),
        Value::Number(_) => drop(into.insert(at.to_owned(), "number")),
        Value::String(_) => drop(into.insert(at.to_owned(), "string")),
    }
}

fn of(value: &Value) -> BTreeMap<String, &'static str> {
    let mut found = BTreeMap::new();
    paths(value, "", &mut found);
    found
}

/// What was recorded in these files.
pub fn recorded(files: &[&str]) -> Vec<Value> {
    let read = |file: &&str| {
        let path = format!("{}/../../shared/connectors/fixtures/{file}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))).expect("JSON")
    };
    files.iter().map(read).collect()
}

/// Everything written must be recorded with the same kind of value, apart from `more`, which the recordings happen to lack;
/// everything recorded must be written, apart from what begins with one of `without`.
pub fn check(written: &Value, recorded: &[Value], more: &[&str], without: &[&str]) {
    let mut known = BTreeMap::new();
    recorded.iter().for_each(|one| paths(one, "", &mut known));
    let written = of(written);
    let begins = |path: &str, with: &[&str]| with.iter().any(|start| path.starts_with(start));
    for (path, kind) in &written {
        match known.get(path) {
            Some(known) => assert_eq!(known, kind, "{path}"),
            None => assert!(begins(path, more), "{path} is not recorded"),
        }
    }
    for path in known.keys().filter(|path| !written.contains_key(*path)) {
        assert!(begins(path, without), "{path} is recorded and not written");
    }
    let idle = more.iter().find(|path| !written.keys().any(|written| written.starts_with(*path)));
    assert_eq!(idle, None, "is excused and not written");
}
