//! `lines` of a canonical invoice.

use std::collections::HashSet;

use domain::{
    BilledLine,
    billed_line::{LINE_CHARS_MAX, LINES_BYTES_MAX, LINES_MAX, bytes_of},
};
use serde_json::Value;

use crate::{
    form::{self, AMOUNT_MINOR_MAX},
    json::{Flaws, Object, kind},
};

/// The lines in their order; none where the document has none.
pub fn read(flaws: &mut Flaws, invoice: &Object<'_>) -> Vec<BilledLine> {
    let mut seen = HashSet::new();
    let lines = invoice.list(flaws, "lines", LINES_MAX, |flaws, value, _, at| {
        let object = Object::of(flaws, value, at)?;
        let external_id = object.optional(flaws, "external_id", form::id);
        let description = object.required(flaws, "description", description);
        let quantity = object.optional(flaws, "quantity", quantity);
        let amount_minor = object.required(flaws, "amount_minor", signed_amount);
        if external_id.as_ref().is_some_and(|id| !seen.insert(id.clone())) {
            flaws.add(object.pointer("external_id"), "is another line's too; give each its own");
        }
        Some(BilledLine { external_id, description: description?, quantity, amount_minor: amount_minor? })
    });
    let bytes = bytes_of(&lines);
    if bytes > LINES_BYTES_MAX {
        let detail =
            format!("come to {bytes} bytes; at most {LINES_BYTES_MAX} are kept: shorten descriptions, or send fewer lines");
        flaws.add(invoice.pointer("lines"), detail);
    }
    lines
}

fn description(value: &Value) -> Result<String, String> {
    let text = form::filled_text(value)?;
    let count = text.chars().count();
    if count > LINE_CHARS_MAX {
        return Err(format!("has {count} characters; at most {LINE_CHARS_MAX} are kept"));
    }
    Ok(text)
}

/// An amount that may be below zero, for a line that takes something off.
fn signed_amount(value: &Value) -> Result<i64, String> {
    match value.as_i64() {
        Some(minor) if minor < 0 => {
            let most = format!("is less than -{AMOUNT_MINOR_MAX}, the least that is taken");
            if minor < -AMOUNT_MINOR_MAX { Err(most) } else { Ok(minor) }
        }
        Some(_) | None => form::amount(value),
    }
}

/// A decimal number in a text, or a whole number: a number with a fraction would pass through floating point.
fn quantity(value: &Value) -> Result<String, String> {
    const DETAIL: &str = "must be a whole number, or a decimal number in a text, such as \"1.5\", of at most 20 characters";
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        Value::Number(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err(format!("{DETAIL}, not {}", kind(value)));
        }
    };
    if is_decimal(&text) { Ok(text) } else { Err(DETAIL.to_owned()) }
}

fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = unsigned.split_once('.').map_or((unsigned, None), |(whole, part)| (whole, Some(part)));
    text.len() <= 20 && digits(whole) && part.is_none_or(digits)
}
