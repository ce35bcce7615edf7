//! Reads bodies, and says everything that is wrong with one at once.

use std::collections::BTreeMap;

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, Error, IntoDeserializer, Visitor,
        value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Value, json};
use serde_path_to_error::Segment;

/// Longest detail of a flaw, in characters: a parser repeats what it was given.
const DETAIL_CHARS_MAX: usize = 400;
/// Most flaws that one answer names.
const FLAWS_MAX: usize = 100;

/// What is wrong with parts of a body: JSON pointers, each with a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyFlaws(pub Vec<(String, String)>);

impl From<(String, String)> for BodyFlaws {
    fn from(flaw: (String, String)) -> Self {
        Self(vec![flaw])
    }
}

/// Reads a value as a type.
///
/// # Errors
///
/// Everything that does not fit.
pub fn read<T: DeserializeOwned>(value: Value) -> Result<T, BodyFlaws> {
    let (known, flaws) = read_what_fits(value, &Value::Null);
    known.filter(|_| flaws.is_empty()).ok_or(BodyFlaws(flaws))
}

/// Reads what fits of a value as a type, and says what does not. What does not is taken out, and in its place comes what `instead` has there,
/// or nothing, so that the rest is looked at too. `None` where what is left is no such value at all.
pub fn read_what_fits<T: DeserializeOwned>(mut value: Value, instead: &Value) -> (Option<T>, Vec<(String, String)>) {
    // By pointer: what is taken out a second time, because a field of it was missing, is one flaw.
    let mut flaws = BTreeMap::new();
    let mut taken_out = BTreeMap::new();
    // What stands for a field that is missing until it is seen whether more is wrong, and how many were tried.
    let stand_ins = [json!(""), json!(0), json!(false), json!([]), json!({}), json!("2026-01-01"), json!("EUR")];
    let mut tried: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..FLAWS_MAX {
        let error = match serde_path_to_error::deserialize::<_, T>(Strict(value.clone())) {
            Ok(known) => return (Some(known), flaws.into_iter().collect()),
            Err(error) => error,
        };
        let detail = error.inner().to_string();
        let mut at = pointer(error.path());
        if let Some(name) = detail.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            at = format!("{at}/{name}");
            tried.insert(at.clone(), 0);
        }
        let (is_missing, sent) = (tried.contains_key(&at), as_sent(&at, &taken_out));
        let said = if is_missing { "it is missing, and needed".to_owned() } else { in_plain_words(detail) };
        // It was there where a part of it is wrong: it is missing because that part was taken out.
        let within = format!("{sent}/");
        let was_there = is_missing && flaws.keys().any(|known: &String| known.starts_with(&within));
        if !was_there {
            flaws.entry(sent).or_insert_with(|| said.chars().take(DETAIL_CHARS_MAX).collect());
        }
        let by = match tried.get_mut(&at) {
            None => instead.pointer(&at),
            Some(0) if instead.pointer(&at).is_some() => instead.pointer(&at),
            Some(count) => {
                *count += 1;
                stand_ins.get(*count - 1)
            }
        };
        if !replace(&mut value, &at, by, &mut taken_out) {
            break;
        }
    }
    (None, flaws.into_iter().collect())
}

/// What a parser says of a name that stands alone where fields belong with it.
const NAME_ALONE: [&str; 2] =
    ["invalid type: unit variant, expected newtype variant", "invalid type: unit variant, expected struct variant"];

/// What a parser says, in words that need no knowledge of the parser.
fn in_plain_words(detail: String) -> String {
    if NAME_ALONE.contains(&detail.as_str()) {
        return "it stands alone, and needs what belongs to it: write {\"name\": …}".to_owned();
    }
    detail
}

/// The pointer into what was sent: items of lists that were taken out are counted again. What is read before an item is sound, so that all
/// of them stood before it.
fn as_sent(pointer: &str, taken_out: &BTreeMap<String, usize>) -> String {
    let (mut sent, mut here) = (String::new(), String::new());
    for part in pointer.split('/').skip(1) {
        match (taken_out.get(&here), part.parse::<usize>()) {
            (Some(count), Ok(at)) => sent.push_str(&format!("/{}", at + count)),
            _ => sent.push_str(&format!("/{part}")),
        }
        here.push_str(&format!("/{part}"));
    }
    sent
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Unknown => {}
        }
    }
    pointer
}

/// Puts something else in a place, or takes away what is there; where nothing is there, what is around it. False where nothing can be.
fn replace(value: &mut Value, pointer: &str, by: Option<&Value>, taken_out: &mut BTreeMap<String, usize>) -> bool {
    let Some((around, last)) = pointer.rsplit_once('/') else { return false };
    let key = last.replace("~1", "/").replace("~0", "~");
    let done = match (value.pointer_mut(around), by) {
        (Some(Value::Object(fields)), Some(by)) => fields.insert(key, by.clone()).as_ref() != Some(by),
        (Some(Value::Object(fields)), None) => fields.remove(&key).is_some(),
        (Some(Value::Array(items)), _) => match key.parse::<usize>() {
            Ok(at) if at < items.len() => {
                items.remove(at);
                let within = format!("{around}/");
                taken_out.retain(|list, _| !list.starts_with(&within));
                *taken_out.entry(around.to_owned()).or_default() += 1;
                true
            }
            _ => false,
        },
        _ => false,
    };
    done || replace(value, around, None, taken_out)
}

/// A value that is read as its type is described: an object by its fields' names, never as a list of their values in order, which serde would
/// take too.
struct Strict(Value);

impl<'de> IntoDeserializer<'de, serde_json::Error> for Strict {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Strict {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter().map(Strict));
                let read = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(read)
            }
            Value::Object(fields) => {
                let mut fields = MapDeserializer::new(fields.into_iter().map(|(name, value)| (name, Strict(value))));
                let read = visitor.visit_map(&mut fields)?;
                fields.end()?;
                Ok(read)
            }
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if self.0.is_array() {
            return Err(Error::custom("it is a list, and should be an object with named fields"));
        }
        self.deserialize_any(visitor)
    }

    // What a struct with flattened fields, and a variant with named ones, ask for.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_struct("", &[], visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Object(fields) if fields.len() == 1 => {
                let fields = fields.into_iter().map(|(name, value)| (name, Strict(value)));
                visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(fields)))
            }
            other => other.deserialize_enum(name, variants, visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use domain::Settings;
    use serde::Deserialize;

    use super::*;

    fn pointers(flaws: &[(String, String)]) -> String {
        flaws.iter().map(|(pointer, _)| pointer.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn everything_that_does_not_fit_is_named() {
        for (body, expected) in [
            (json!({"name": "Acme"}), ""),
            (json!({}), "/name"),
            (json!([]), ""),
            (json!("Acme"), ""),
            (json!({"name": "Acme", "logo": 1, "caps": {"per_day": "x", "per_hour": -1}}), "/caps/per_day /caps/per_hour /logo"),
            (json!({"name": 7, "window": {"from": "25:00", "to": "x"}, "a/b": 1}), "/a~1b /name /window/from /window/to"),
            (json!({"name": "Acme", "caps": {"per_person": {"count": 1}}}), "/caps/per_person/days"),
            (json!({"name": "Acme", "caps": []}), "/caps"),
            (json!({"name": "Acme", "window": ["09:00", "17:00", null]}), "/window"),
            (
                json!({"name": "Acme", "calendar": {"closed": ["2026-01-01", "x", "2026-02-30"]}}),
                "/calendar/closed/1 /calendar/closed/2",
            ),
            (json!({"window": 1, "caps": {"per_person": {}}}), "/caps/per_person/count /caps/per_person/days /name /window"),
            (json!({"name": "Acme", "mode": "livid", "after_refund": "x", "paused": 1}), "/after_refund /mode /paused"),
        ] {
            let read = read::<Settings>(body.clone());
            match (&body, expected) {
                (body, "") if !body.is_object() => assert!(read.is_err(), "{body}"),
                (_, "") => assert!(read.is_ok(), "{body}: {read:?}"),
                _ => {
                    let BodyFlaws(flaws) = read.expect_err("it has flaws");
                    let found = pointers(&flaws);
                    assert_eq!(found, expected, "{body}");
                    assert!(flaws.iter().all(|(_, detail)| !detail.is_empty()));
                }
            }
        }
    }

    #[test]
    fn what_fits_is_read_beside_what_does_not() {
        let body = json!({"name": "Acme", "country": "DE", "shards": "many", "colour": "red"});
        let (known, flaws) = read_what_fits::<Settings>(body, &json!({"shards": 8}));
        let known = known.expect("the rest is sound");
        assert_eq!((known.country.as_str(), known.shards, pointers(&flaws).as_str()), ("DE", 8, "/colour /shards"));
    }

    #[test]
    fn enums_and_options_read_as_ever() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum WebhookScope {
            All,
            One(String),
            Some { of: Option<u8> },
        }
        #[derive(Debug, PartialEq, Deserialize)]
        struct Body {
            scope: WebhookScope,
            #[serde(default)]
            more: Option<Vec<i64>>,
        }
        let of = |body: Value| read::<Body>(body).map(|body| (body.scope, body.more));
        assert_eq!(of(json!({"scope": "all"})), Ok((WebhookScope::All, None)));
        assert_eq!(of(json!({"scope": {"one": "x"}, "more": null})), Ok((WebhookScope::One("x".to_owned()), None)));
        assert_eq!(
            of(json!({"scope": {"some": {"of": 3}}, "more": [1, -2]})),
            Ok((WebhookScope::Some { of: Some(3) }, Some(vec![1, -2])))
        );
        assert!(of(json!({"scope": {"some": [3]}})).is_err());
        assert!(of(json!({"scope": "none"})).is_err());
        let BodyFlaws(flaws) = of(json!({"scope": "one"})).expect_err("its field is missing");
        assert_eq!(pointers(&flaws), "/scope/one", "the scope itself is there");
        assert!(flaws.iter().all(|(_, detail)| detail.starts_with("it stands alone")), "{flaws:?}");
    }
}
