//! Reading vendors' JSON without ever making an amount a floating-point number: an object is a map from names to the text of
//! their values, and each value is read only when it is asked for.

use std::collections::HashMap;

use domain::Currency;
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde_json::{Value, value::RawValue};

use crate::{form::AMOUNT_MINOR_MAX, json::Flaws};

/// An object and where it stands.
pub struct Fields<'a> {
    map: HashMap<String, &'a RawValue>,
    at: String,
}

impl<'a> Fields<'a> {
    /// The object that `text` is; `None` when it is anything else.
    pub fn parse(text: &'a str) -> Option<Self> {
        Some(Self { map: serde_json::from_str(text).ok()?, at: String::new() })
    }

    /// The same object, standing elsewhere.
    pub fn at(self, at: impl Into<String>) -> Self {
        Self { at: at.into(), ..self }
    }

    /// The pointer of a field.
    pub fn pointer(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    /// The text of a field that is there and not null.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.map.get(name).map(|raw| raw.get()).filter(|text| *text != "null")
    }

    /// A value that is no number with a fraction.
    pub fn value(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.text(name)?).ok()
    }

    /// A field that is a string.
    pub fn string(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.text(name)?).ok()
    }

    /// A field that is true.
    pub fn is_true(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// A field that must be there.
    pub fn required<T>(&self, flaws: &mut Flaws, name: &str, read: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        if self.text(name).is_none() {
            flaws.add(self.pointer(name), "is missing");
        }
        self.optional(flaws, name, read)
    }

    /// A field that may be there; what is there must be right.
    pub fn optional<T>(&self, flaws: &mut Flaws, name: &str, read: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        self.text(name)?;
        let read = self.value(name).map_or_else(|| Err("does not read".to_owned()), |value| read(&value));
        read.map_err(|detail| flaws.add(self.pointer(name), detail)).ok()
    }

    /// What is usable of a field that may be there: anything else is as if it were not.
    pub fn usable<T>(&self, name: &str, read: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        read(&self.value(name)?).ok()
    }

    /// An amount that must be there, in minor units; it may be negative.
    pub fn amount(&self, flaws: &mut Flaws, name: &str, currency: Currency) -> Option<i64> {
        match self.text(name) {
            None => {
                flaws.add(self.pointer(name), "is missing");
                None
            }
            Some(text) => minor(text, currency).map_err(|detail| flaws.add(self.pointer(name), detail)).ok(),
        }
    }

    /// An amount that may be there; zero where it is not.
    pub fn amount_or_zero(&self, flaws: &mut Flaws, name: &str, currency: Currency) -> Option<i64> {
        if self.text(name).is_none() { Some(0) } else { self.amount(flaws, name, currency) }
    }

    /// An amount that must be there and is zero or more.
    pub fn amount_owed(&self, flaws: &mut Flaws, name: &str, currency: Currency) -> Option<i64> {
        let minor = self.amount(flaws, name, currency)?;
        if minor < 0 {
            flaws.add(self.pointer(name), "is negative; correct it in the books");
            return None;
        }
        Some(minor)
    }

    /// An amount that may be there and is zero or more; zero where it is not.
    pub fn amount_owed_or_zero(&self, flaws: &mut Flaws, name: &str, currency: Currency) -> Option<i64> {
        if self.text(name).is_none() { Some(0) } else { self.amount_owed(flaws, name, currency) }
    }

    /// An object that may be there.
    pub fn object(&self, name: &str) -> Option<Fields<'a>> {
        Some(Fields::parse(self.text(name)?)?.at(self.pointer(name)))
    }

    /// The objects of a list; none when there is no list.
    pub fn objects(&self, name: &str) -> Vec<Fields<'a>> {
        let items: Vec<&'a RawValue> = self.text(name).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let at = self.pointer(name);
        let each = items.into_iter().enumerate();
        each.filter_map(|(index, item)| Some(Fields::parse(item.get())?.at(format!("{at}/{index}")))).collect()
    }

    /// Whether a field is a list of any length.
    pub fn is_list(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text.starts_with('['))
    }
}

/// A decimal number, or a string that is one, as minor units of `currency`.
pub fn minor(text: &str, currency: Currency) -> Result<i64, String> {
    let plain = text.trim_matches('"');
    let number = Decimal::from_str_exact(plain).or_else(|_| Decimal::from_scientific(plain));
    let number = number.map_err(|_| "is no decimal number".to_owned())?;
    let digits = u32::from(currency.minor_digits());
    let scaled = number.checked_mul(Decimal::from(10_i64.pow(digits))).ok_or_else(too_large)?;
    if !scaled.fract().is_zero() {
        return Err(format!("has more decimals than {currency} has; round it in the books"));
    }
    scaled.to_i64().filter(|minor| minor.abs() <= AMOUNT_MINOR_MAX).ok_or_else(too_large)
}

/// How many, as a decimal number in text without zeros that say nothing.
pub fn quantity(text: &str) -> Option<String> {
    let plain = text.trim_matches('"');
    let number = Decimal::from_str_exact(plain).or_else(|_| Decimal::from_scientific(plain)).ok()?;
    Some(number.normalize().to_string()).filter(|text| text.len() <= 20)
}

fn too_large() -> String {
    "is larger than the most that is taken; split it in the books".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_never_pass_through_floating_point() {
        let jpy = Currency::JPY;
        let kwd = Currency::parse("KWD").expect("a currency");
        let clf = Currency::parse("CLF").expect("a currency");
        for (text, currency, expected) in [
            ("362.07", Currency::USD, Some(36_207)),
            ("275", Currency::USD, Some(27_500)),
            ("0.1", Currency::USD, Some(10)),
            ("1250.000000", Currency::EUR, Some(125_000)),
            ("-261.00", Currency::USD, Some(-26_100)),
            ("1e3", Currency::USD, Some(100_000)),
            ("1.5E-1", Currency::USD, Some(15)),
            ("\"50.00\"", Currency::USD, Some(5_000)),
            ("90071992547409.93", Currency::USD, Some(9_007_199_254_740_993)),
            ("0.005", Currency::USD, None),
            ("1.234", kwd, Some(1_234)),
            ("123.4567", clf, Some(1_234_567)),
            ("123.45678", clf, None),
            ("1250", jpy, Some(1_250)),
            ("1250.5", jpy, None),
            ("99999999999999999999", Currency::USD, None),
            ("9e99", Currency::USD, None),
            ("true", Currency::USD, None),
            ("\"\"", Currency::USD, None),
            ("{}", Currency::USD, None),
        ] {
            let expected = expected.filter(|minor| *minor <= AMOUNT_MINOR_MAX);
            assert_eq!(minor(text, currency).ok(), expected, "{text} {currency}");
        }
    }

    #[test]
    fn fields_are_found_where_they_are() {
        let object = Fields::parse(r#"{"a": 1, "n": null, "o": {"x": 2.50}, "l": [{"y": "z"}, 3]}"#).expect("an object");
        let mut flaws = Flaws::default();
        assert_eq!(object.required(&mut flaws, "a", |value| Ok(value.as_i64())), Some(Some(1)));
        assert_eq!(object.text("n"), None);
        let inner = object.object("o").expect("an object");
        assert_eq!(inner.amount(&mut flaws, "x", Currency::EUR), Some(250));
        assert_eq!(inner.pointer("x"), "/o/x");
        let list = object.objects("l");
        assert_eq!((list.len(), list[0].string("y").as_deref(), list[0].pointer("y")), (1, Some("z"), "/l/0/y".to_owned()));
        assert_eq!(flaws.count(), 0);
        assert_eq!(inner.amount(&mut flaws, "absent", Currency::EUR), None);
        assert_eq!(flaws.count(), 1);
        assert!(Fields::parse("[1]").is_none() && Fields::parse("{\"a\":").is_none());
    }
}
