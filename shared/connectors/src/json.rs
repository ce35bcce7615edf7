//! Reading JSON defensively: strict parsing, and a walk that collects every flaw with its pointer.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::{FieldFlaw, Rejected};

/// Most flaws that one answer lists.
const FLAWS_MAX: usize = 100;

/// Parses a body that must be UTF-8 and a JSON object in which no key appears twice. Nesting is bounded by the parser.
pub fn parse(body: &[u8]) -> Result<Map<String, Value>, Rejected> {
    match parse_any(body)? {
        Value::Object(map) => Ok(map),
        value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            Err(whole(format!("the body must be a JSON object, not {}", kind(&value))))
        }
    }
}

/// The same for a value of any kind.
pub fn parse_any(body: &[u8]) -> Result<Value, Rejected> {
    let text = std::str::from_utf8(body).map_err(|error| {
        whole(format!("the body is not UTF-8: the byte at offset {} is invalid; encode it as UTF-8", error.valid_up_to()))
    })?;
    let Strict(value) = serde_json::from_str(text).map_err(|error| whole(format!("the body is not valid JSON: {error}")))?;
    Ok(value)
}

fn whole(detail: String) -> Rejected {
    Rejected { errors: vec![FieldFlaw { pointer: String::new(), detail }] }
}

/// What a value is, for messages that must not repeat it.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A value in which no object has a key twice: with two amounts, either could be the right one.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }
    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }
    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let Strict(value) = entries.next_value()?;
            if map.contains_key(&key) {
                let shown: String = key.chars().take(40).collect();
                return Err(Error::custom(format!("the key {shown:?} appears twice in one object; send it once")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

/// The flaws found so far.
#[derive(Default)]
pub struct Flaws {
    list: Vec<FieldFlaw>,
    found: usize,
}

impl Flaws {
    /// Notes a flaw.
    pub fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.found += 1;
        if self.list.len() < FLAWS_MAX {
            self.list.push(FieldFlaw { pointer: pointer.into(), detail: detail.into() });
        }
    }

    /// How many were found.
    pub fn count(&self) -> usize {
        self.found
    }

    /// All of them, the last saying how many are not listed.
    pub fn into_list(mut self) -> Vec<FieldFlaw> {
        let unlisted = self.found - self.list.len();
        if unlisted > 0 {
            self.list.push(FieldFlaw { pointer: String::new(), detail: format!("{unlisted} more flaws are not listed") });
        }
        self.list
    }
}

/// An object in a document, and where it stands. A field that is null counts as absent.
pub struct Object<'a> {
    map: &'a Map<String, Value>,
    at: String,
}

impl<'a> Object<'a> {
    /// The document itself.
    pub fn root(map: &'a Map<String, Value>) -> Self {
        Self { map, at: String::new() }
    }

    /// `value` as an object, or a flaw.
    pub fn of(flaws: &mut Flaws, value: &'a Value, at: String) -> Option<Self> {
        let Value::Object(map) = value else {
            flaws.add(at, format!("must be an object, not {}", kind(value)));
            return None;
        };
        Some(Self { map, at })
    }

    /// The pointer of a field.
    pub fn pointer(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    /// A field that is there and not null.
    pub fn field(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// Whether a field is there, null or not.
    pub fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// The names of its fields.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.map.keys().map(String::as_str)
    }

    /// Whether it has no field.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// A field that must be there.
    pub fn required<T>(&self, flaws: &mut Flaws, name: &str, read: impl FnOnce(&'a Value) -> Result<T, String>) -> Option<T> {
        if self.field(name).is_none() {
            flaws.add(self.pointer(name), "is missing");
        }
        self.optional(flaws, name, read)
    }

    /// A field that may be there; what is there must be right.
    pub fn optional<T>(&self, flaws: &mut Flaws, name: &str, read: impl FnOnce(&'a Value) -> Result<T, String>) -> Option<T> {
        match read(self.field(name)?) {
            Ok(value) => Some(value),
            Err(detail) => {
                flaws.add(self.pointer(name), detail);
                None
            }
        }
    }

    /// An object that must be there.
    pub fn object(&self, flaws: &mut Flaws, name: &str) -> Option<Object<'a>> {
        match self.field(name) {
            Some(value) => Self::of(flaws, value, self.pointer(name)),
            None => {
                flaws.add(self.pointer(name), "is missing");
                None
            }
        }
    }

    /// An object that may be there.
    pub fn optional_object(&self, flaws: &mut Flaws, name: &str) -> Option<Object<'a>> {
        Self::of(flaws, self.field(name)?, self.pointer(name))
    }

    /// A list that may be there, of at most `max` items; a longer one is one flaw and is not looked into.
    pub fn list<T>(
        &self,
        flaws: &mut Flaws,
        name: &str,
        max: usize,
        mut read: impl FnMut(&mut Flaws, &'a Value, usize, String) -> Option<T>,
    ) -> Vec<T> {
        let at = self.pointer(name);
        match self.field(name) {
            None => Vec::new(),
            Some(Value::Array(items)) if items.len() > max => {
                flaws.add(at, format!("has {} items; at most {max} are allowed", items.len()));
                Vec::new()
            }
            Some(Value::Array(items)) => {
                items.iter().enumerate().filter_map(|(index, item)| read(flaws, item, index, format!("{at}/{index}"))).collect()
            }
            Some(other) => {
                flaws.add(at, format!("must be an array, not {}", kind(other)));
                Vec::new()
            }
        }
    }
}
