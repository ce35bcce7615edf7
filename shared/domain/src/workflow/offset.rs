//! Reading offsets: one of two shapes, and a plain word about anything else.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

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

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Offset, A::Error> {
        let mut count = None;
        while let Some(key) = map.next_key::<String>()? {
            if key != "business_days" {
                return Err(A::Error::unknown_field(&key, &["business_days"]));
            }
            if count.replace(map.next_value::<i32>()?).is_some() {
                return Err(A::Error::duplicate_field("business_days"));
            }
        }
        let business_days = count.ok_or_else(|| A::Error::missing_field("business_days"))?;
        Ok(Offset::Business { business_days })
    }
}
