//! What vendors take: names, kinds and bounds of parameters, as they publish them (`specs/`).

use std::collections::BTreeMap;

use jsonschema::{Validator, error::ValidationErrorKind};
use serde_json::{Map, Value};

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The vendor knows no such name.
    Unknown,
    /// It must be there.
    Missing,
    /// It is of another kind.
    Kind,
    /// It is none of these words.
    NoneOf(Vec<String>),
    /// A text or number has the wrong size.
    Size,
    /// A list or map has too few entries.
    TooFew,
    /// A list or map has more entries than this.
    TooMany(u64),
    /// A text has the wrong form.
    Form,
    /// A name in a map is too long.
    LongName,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Flaw {
    /// Where, from the outside in.
    pub path: Vec<String>,
    /// What.
    pub what: What,
    /// What stands there; null where it is missing.
    pub value: Value,
}

impl Flaw {
    /// The place as a JSON pointer: `/purchase_units/0/amount`.
    pub fn pointer(&self) -> String {
        self.path.iter().map(|part| format!("/{part}")).collect()
    }

    /// The place as a form writes it: `line_items[0][quantity]`.
    pub fn form_name(&self) -> String {
        let mut parts = self.path.iter();
        let first = parts.next().cloned().unwrap_or_default();
        parts.fold(first, |name, part| format!("{name}[{part}]"))
    }
}

/// The requests of a vendor by name.
pub struct Specs {
    schemas: Map<String, Value>,
    validators: BTreeMap<String, Validator>,
}

impl Specs {
    /// Reads a file of `specs/`: the names among `requests` are schemas.
    ///
    /// # Panics
    ///
    /// When it is none, which the tests of the crate would show.
    pub fn read(text: &str, requests: &[&str]) -> Self {
        let schemas: Map<String, Value> = serde_json::from_str(text).expect("the specs are JSON");
        let validator = |name: &&str| ((*name).to_owned(), jsonschema::validator_for(&schemas[*name]).expect("a schema"));
        let validators = requests.iter().map(validator).collect();
        Self { schemas, validators }
    }

    /// What else stands in the file under a name.
    pub fn other(&self, name: &str) -> &Value {
        self.schemas.get(name).unwrap_or(&Value::Null)
    }

    /// What is wrong with a request, the outermost first.
    pub fn flaws(&self, request: &str, body: &Value) -> Vec<Flaw> {
        let mut flaws: Vec<Flaw> = self.validators[request]
            .iter_errors(body)
            .flat_map(|error| {
                let path: Vec<String> = error.instance_path().to_string().split('/').skip(1).map(plain).collect();
                flaws_of(error.kind(), path, error.instance())
            })
            .collect();
        flaws.sort_by_key(|flaw| flaw.path.len());
        flaws
    }

    /// A form's pairs as the document that their names describe, numbers and booleans as the schema has them. What cannot be read
    /// stays a text, so that it is of the wrong kind.
    pub fn of_form(&self, request: &str, pairs: &[(String, String)]) -> Value {
        let mut root = Node::Map(BTreeMap::new());
        for (name, value) in pairs {
            root.put(&parts_of(name), value);
        }
        root.read(&self.schemas[request])
    }
}

/// A part of a JSON pointer as it was.
fn plain(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

fn flaws_of(kind: &ValidationErrorKind, path: Vec<String>, value: &Value) -> Vec<Flaw> {
    let below = |name: &str| path.iter().cloned().chain([name.to_owned()]).collect::<Vec<_>>();
    let what = match kind {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let flaw = |name: &String| Flaw {
                path: below(name),
                what: What::Unknown,
                value: value.get(name).cloned().unwrap_or_default(),
            };
            return unexpected.iter().map(flaw).collect();
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            return vec![Flaw { path: below(name), what: What::Missing, value: Value::Null }];
        }
        ValidationErrorKind::Enum { options } => {
            let words = options.as_array().into_iter().flatten().filter_map(Value::as_str);
            What::NoneOf(words.map(str::to_owned).collect())
        }
        ValidationErrorKind::MaxItems { limit } | ValidationErrorKind::MaxProperties { limit } => What::TooMany(*limit),
        ValidationErrorKind::MinItems { .. } | ValidationErrorKind::MinProperties { .. } => What::TooFew,
        ValidationErrorKind::MaxLength { .. }
        | ValidationErrorKind::MinLength { .. }
        | ValidationErrorKind::Minimum { .. }
        | ValidationErrorKind::Maximum { .. } => What::Size,
        ValidationErrorKind::Pattern { .. } => What::Form,
        ValidationErrorKind::PropertyNames { .. } => What::LongName,
        // The schemas use no other keywords but this one.
        _ => What::Kind,
    };
    vec![Flaw { path, what, value: value.clone() }]
}

/// `line_items[0][quantity]` as its parts; an empty part, `[]`, stands for the next place of a list.
fn parts_of(name: &str) -> Vec<String> {
    let (first, rest) = name.split_once('[').map_or((name, ""), |(first, rest)| (first, rest));
    let inner = rest.strip_suffix(']').unwrap_or(rest);
    let mut parts = vec![first.to_owned()];
    if name.contains('[') {
        parts.extend(inner.split("][").map(str::to_owned));
    }
    parts
}

enum Node {
    Text(String),
    Map(BTreeMap<String, Node>),
}

impl Node {
    fn put(&mut self, parts: &[String], value: &str) {
        let Some((first, rest)) = parts.split_first() else {
            *self = Self::Text(value.to_owned());
            return;
        };
        if let Self::Text(_) = self {
            *self = Self::Map(BTreeMap::new());
        }
        if let Self::Map(map) = self {
            let key = if first.is_empty() { map.len().to_string() } else { first.clone() };
            map.entry(key).or_insert_with(|| Self::Map(BTreeMap::new())).put(rest, value);
        }
    }

    fn read(&self, schema: &Value) -> Value {
        match self {
            Self::Text(text) => {
                let text_itself = || Value::String(text.clone());
                match schema["type"].as_str() {
                    Some("integer") => text.parse::<i64>().map_or_else(|_| text_itself(), Value::from),
                    Some("boolean") => text.parse::<bool>().map_or_else(|_| text_itself(), Value::from),
                    Some(_) | None => text_itself(),
                }
            }
            Self::Map(map) => {
                let numbered: Option<BTreeMap<usize, &Self>> =
                    map.iter().map(|(key, node)| Some((key.parse().ok()?, node))).collect();
                match numbered {
                    Some(items) if schema["type"] == "array" && !items.is_empty() => {
                        items.values().map(|node| node.read(&schema["items"])).collect()
                    }
                    Some(_) | None => {
                        let schema_of = |key: &str| {
                            let own = &schema["properties"][key];
                            if own.is_null() { &schema["additionalProperties"] } else { own }
                        };
                        map.iter().map(|(key, node)| (key.clone(), node.read(schema_of(key)))).collect()
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn specs() -> Specs {
        let text = json!({
            "one": {"type": "object", "additionalProperties": false, "required": ["kind"], "properties": {
                "kind": {"type": "string", "enum": ["a", "b"]},
                "rows": {"type": "array", "maxItems": 11, "items": {"type": "object", "additionalProperties": false,
                    "properties": {"count": {"type": "integer", "minimum": 1}, "on": {"type": "boolean"}}}},
                "notes": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 3}, "propertyNames": {"maxLength": 4}},
            }},
        });
        Specs::read(&text.to_string(), &["one"])
    }

    fn form(pairs: &[(&str, &str)]) -> Value {
        let pairs: Vec<(String, String)> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        specs().of_form("one", &pairs)
    }

    #[test]
    fn a_form_is_the_document_that_its_names_describe() {
        let read = form(&[("kind", "a"), ("rows[0][count]", "2"), ("rows[1][on]", "true"), ("notes[due]", "1")]);
        assert_eq!(read, json!({"kind": "a", "rows": [{"count": 2}, {"on": true}], "notes": {"due": "1"}}));
        let many: Vec<(String, String)> = (0..11).map(|at| (format!("rows[{at}][count]"), (at + 1).to_string())).collect();
        let read = specs().of_form("one", &many);
        assert_eq!(read["rows"][10], json!({"count": 11}), "the eleventh comes after the third, not after the second");
        assert_eq!(form(&[("rows[][count]", "1"), ("rows[][count]", "2")])["rows"], json!([{"count": 1}, {"count": 2}]));
    }

    #[test]
    fn each_flaw_is_found_where_it_is() {
        for (pairs, expected) in [
            (vec![("kind", "a"), ("kimd", "a")], vec![("kimd", What::Unknown)]),
            (vec![("rows[0][count]", "1")], vec![("kind", What::Missing)]),
            (vec![("kind", "c")], vec![("kind", What::NoneOf(vec!["a".to_owned(), "b".to_owned()]))]),
            (vec![("kind", "a"), ("rows[0][count]", "x")], vec![("rows[0][count]", What::Kind)]),
            (vec![("kind", "a"), ("rows[0][count]", "0")], vec![("rows[0][count]", What::Size)]),
            (vec![("kind", "a"), ("rows[0][on]", "yes")], vec![("rows[0][on]", What::Kind)]),
            (vec![("kind", "a"), ("rows", "1")], vec![("rows", What::Kind)]),
            (vec![("kind", "a"), ("notes[due]", "long")], vec![("notes[due]", What::Size)]),
            (vec![("kind", "a"), ("notes[named]", "1")], vec![("notes", What::LongName)]),
            (vec![("kind", "a")], vec![]),
        ] {
            let flaws = specs().flaws("one", &form(&pairs));
            let found: Vec<(String, What)> = flaws.iter().map(|flaw| (flaw.form_name(), flaw.what.clone())).collect();
            let expected: Vec<(String, What)> = expected.into_iter().map(|(name, what)| (name.to_owned(), what)).collect();
            assert_eq!(found, expected, "{pairs:?}");
        }
    }

    #[test]
    fn too_many_rows_are_counted() {
        let rows = vec![json!({"count": 1}); 12];
        assert_eq!(specs().flaws("one", &json!({"kind": "a", "rows": rows}))[0].what, What::TooMany(11));
    }
}
