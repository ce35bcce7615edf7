//! Reading and writing offsets: one of four shapes, and a plain word about anything else.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Days, Offset};

const SHAPES: &str = "days such as \"P5D\" or \"-P5D\", months such as \"P1M\", {\"months\": 1, \"end_of_month\": true}, or {\"business_days\": 5}";

impl Serialize for Offset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Days(days) => days.serialize(serializer),
            Self::Months { months, end_of_month: false } => serializer.collect_str(&MonthsText(months)),
            Self::Months { months, end_of_month } => {
                Shape { months: Some(months), end_of_month: Some(end_of_month), business_days: None }.serialize(serializer)
            }
            Self::Business { business_days } => {
                Shape { months: None, end_of_month: None, business_days: Some(business_days) }.serialize(serializer)
            }
        }
    }
}

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
        if let Some(months) = months_of(text) {
            return Ok(Offset::Months { months, end_of_month: false });
        }
        Days::try_from(text.to_owned()).map(Offset::Days).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Offset, A::Error> {
        match Shape::deserialize(MapAccessDeserializer::new(map))? {
            Shape { business_days: Some(business_days), months: None, end_of_month: None } => {
                Ok(Offset::Business { business_days })
            }
            Shape { business_days: None, months: Some(months), end_of_month } => {
                Ok(Offset::Months { months, end_of_month: end_of_month.unwrap_or(false) })
            }
            Shape { business_days: Some(_), .. } => {
                Err(A::Error::custom("business_days stands alone; an offset counts either them or months"))
            }
            Shape { business_days: None, months: None, end_of_month: Some(_) } => {
                Err(A::Error::custom("missing field `months`: 0 for the month of the anchor itself"))
            }
            Shape { business_days: None, months: None, end_of_month: None } => {
                Err(A::Error::custom(format!("an offset is {SHAPES}")))
            }
        }
    }
}

/// Every key of an offset that is an object.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    #[serde(skip_serializing_if = "Option::is_none")]
    business_days: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    months: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_of_month: Option<bool>,
}

/// `P1M` or `-P1M`, at most four digits; `None` for anything else.
fn months_of(text: &str) -> Option<i32> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let digits = rest.strip_prefix('P')?.strip_suffix('M')?;
    let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse::<i32>().ok()).flatten().map(|months| sign * months)
}

struct MonthsText(i32);

impl fmt::Display for MonthsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}P{}M", if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn offsets_read_and_write_in_one_form_each() {
        let months = |months, end_of_month| Offset::Months { months, end_of_month };
        for (written, offset, canonical) in [
            (json!("P5D"), Offset::Days(Days(5)), json!("P5D")),
            (json!("P1M"), months(1, false), json!("P1M")),
            (json!("-P12M"), months(-12, false), json!("-P12M")),
            (json!("P0M"), months(0, false), json!("P0M")),
            (json!({"months": 2}), months(2, false), json!("P2M")),
            (json!({"months": 2, "end_of_month": false}), months(2, false), json!("P2M")),
            (json!({"months": 0, "end_of_month": true}), months(0, true), json!({"months": 0, "end_of_month": true})),
            (json!({"months": -1, "end_of_month": true}), months(-1, true), json!({"months": -1, "end_of_month": true})),
            (json!({"business_days": 5}), Offset::Business { business_days: 5 }, json!({"business_days": 5})),
        ] {
            let read: Offset = serde_json::from_value(written.clone()).unwrap_or_else(|error| panic!("{written}: {error}"));
            assert_eq!(read, offset, "{written}");
            assert_eq!(serde_json::to_value(offset).expect("JSON"), canonical, "{written}");
        }
        for written in [
            json!("PM"),
            json!("P1M2D"),
            json!("1M"),
            json!("P-1M"),
            json!("P12345M"),
            json!("PT1M"),
            json!("P1.5M"),
            json!("P1Y"),
            json!({}),
            json!({"end_of_month": true}),
            json!({"business_days": 1, "months": 1}),
            json!({"business_days": 1, "end_of_month": true}),
            json!({"months": "1"}),
            json!({"months": 1.5}),
            json!(1),
            json!(null),
        ] {
            assert!(serde_json::from_value::<Offset>(written.clone()).is_err(), "{written}");
        }
    }
}
