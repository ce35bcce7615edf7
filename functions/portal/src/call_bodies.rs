//! What the customer's own system sends: `docs/schemas/promise.schema.json`, `dispute.schema.json` and `remittance.schema.json`.

use domain::{Currency, NamedLine};
use jiff::civil::Date;
use serde::Deserialize;
use service::link_holder::{RemittedByLink, RemittedLine};

/// A promise to pay.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromiseCall {
    /// By our ids, or the creditor's numbers.
    pub(crate) invoices: Vec<String>,
    /// How much of them, minor units; all that is open when left out.
    #[serde(default)]
    pub(crate) amount_minor: Option<i64>,
    /// Needed with an amount.
    #[serde(default)]
    pub(crate) currency: Option<Currency>,
    pub(crate) pays_on: Date,
    /// `other` when left out.
    #[serde(default)]
    pub(crate) way: Option<String>,
}

/// A dispute of an invoice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisputeCall {
    pub(crate) invoice: String,
    /// The line that it is about, by its place or its own id.
    #[serde(default)]
    pub(crate) line: Option<NamedLine>,
    /// How much of it, minor units; all that is open when left out.
    #[serde(default)]
    pub(crate) amount_minor: Option<i64>,
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) words: Option<String>,
}

/// What was paid, and for what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemittanceCall {
    pub(crate) sent_on: Date,
    pub(crate) way: String,
    pub(crate) currency: Currency,
    /// What its lines come to.
    pub(crate) amount_minor: i64,
    pub(crate) lines: Vec<RemittanceCallLine>,
    #[serde(default)]
    pub(crate) reference: Option<String>,
}

/// What of a payment is for one invoice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemittanceCallLine {
    pub(crate) invoice: String,
    pub(crate) amount_minor: i64,
}

impl From<RemittanceCall> for RemittedByLink {
    fn from(call: RemittanceCall) -> Self {
        let line = |line: RemittanceCallLine| RemittedLine { invoice: line.invoice, amount_minor: Some(line.amount_minor) };
        Self {
            sent_on: call.sent_on,
            way: call.way,
            currency: call.currency,
            amount_minor: Some(call.amount_minor),
            lines: call.lines.into_iter().map(line).collect(),
            reference: call.reference,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use domain::{DisputeReason, WayOfPaying, agreement::INVOICES_MAX};
    use serde_json::{Value, json};
    use service::{
        flaws::{BodyFlaws, read},
        link_holder::{REFERENCE_MAX, WORDS_MAX},
    };

    use super::*;

    const PROMISE: &str = include_str!("../../../docs/schemas/promise.schema.json");
    const DISPUTE: &str = include_str!("../../../docs/schemas/dispute.schema.json");
    const REMITTANCE: &str = include_str!("../../../docs/schemas/remittance.schema.json");

    /// What a type has for fields, in the order of their names: it says so of one that it has not.
    fn fields<T: serde::de::DeserializeOwned>() -> Vec<String> {
        let BodyFlaws(flaws) = read::<T>(json!({"no_such_field": 1})).err().expect("no type has it");
        let (_, detail) = flaws.into_iter().find(|(pointer, _)| pointer == "/no_such_field").expect("it is named");
        let mut fields: Vec<String> = detail.split('`').skip(3).step_by(2).map(str::to_owned).collect();
        fields.sort();
        fields
    }

    /// What a type cannot do without.
    fn required<T: serde::de::DeserializeOwned>() -> Vec<String> {
        let BodyFlaws(flaws) = read::<T>(json!({})).err().expect("something is needed");
        flaws.into_iter().map(|(pointer, _)| pointer.trim_start_matches('/').to_owned()).collect()
    }

    fn schema(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn texts(value: &Value) -> Vec<String> {
        let mut texts: Vec<String> = match value {
            Value::Object(fields) => fields.keys().cloned().collect(),
            Value::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
            _ => vec![],
        };
        texts.sort();
        texts
    }

    #[test]
    fn the_schemas_have_the_fields_that_are_read() {
        for (text, at, known, needed) in [
            (PROMISE, "", fields::<PromiseCall>(), required::<PromiseCall>()),
            (DISPUTE, "", fields::<DisputeCall>(), required::<DisputeCall>()),
            (REMITTANCE, "", fields::<RemittanceCall>(), required::<RemittanceCall>()),
            (REMITTANCE, "/$defs/line", fields::<RemittanceCallLine>(), required::<RemittanceCallLine>()),
        ] {
            let schema = schema(text);
            let part = schema.pointer(at).unwrap();
            assert_eq!(texts(&part["properties"]), known, "{} {at}", schema["title"]);
            assert_eq!(texts(&part["required"]), needed, "{} {at}", schema["title"]);
            assert_eq!(part["additionalProperties"], false, "{} {at}", schema["title"]);
        }
    }

    #[test]
    fn the_schemas_have_the_words_and_bounds_that_are_taken() {
        let (promise, dispute, remittance) = (schema(PROMISE), schema(DISPUTE), schema(REMITTANCE));
        let words = |schema: &Value, field: &str| -> Vec<String> {
            let words = schema["properties"][field]["enum"].as_array().unwrap().iter();
            // What may be left out may be null too.
            words.filter(|word| !word.is_null()).map(|word| word.as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(words(&promise, "way"), WayOfPaying::WORDS);
        assert_eq!(words(&remittance, "way"), WayOfPaying::WORDS);
        assert_eq!(words(&dispute, "reason"), DisputeReason::WORDS);
        for (value, most) in [
            (&promise["properties"]["invoices"]["maxItems"], INVOICES_MAX),
            (&remittance["properties"]["lines"]["maxItems"], INVOICES_MAX),
            (&remittance["properties"]["reference"]["maxLength"], REFERENCE_MAX),
            (&dispute["properties"]["words"]["maxLength"], WORDS_MAX),
        ] {
            assert_eq!(value.as_u64(), u64::try_from(most).ok());
        }
    }
}
