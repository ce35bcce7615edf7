//! Reading offsets: one of two shapes, and a plain word about anything else.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Days, Offset};

const SHAPES: &str = "days such as \"P5D\" or \"-P5D\", or {\"business_days\": 5}";

impl<'de> Deserialize<'de> for Offset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OffsetVisitor)
    }
}

struct OffsetVisitor;

impl<'de> Visitor<'de> for OffsetVisitor {
    type Value = Offset;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHAPES)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Offset, E> {
        Days::try_from(text.to_owned()).map(Offset::Days).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Offset, A::Error> {
        let BusinessDays { business_days } = BusinessDays::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Offset::Business { business_days })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BusinessDays {
    business_days: i32,
}
