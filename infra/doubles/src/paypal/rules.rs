//! What PayPal demands of an order beyond names and kinds.

use http::Uri;
use serde_json::Value;

use super::errors::PayPalRefusal;
use crate::money;

const CURRENCIES: [&str; 24] = [
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN", "MYR", "NOK", "NZD", "PHP",
    "PLN", "SEK", "SGD", "THB", "TWD", "USD",
];
/// Currencies that PayPal takes without decimals, though they have some.
const WHOLE: [&str; 2] = ["HUF", "TWD"];
/// What makes up an amount, and whether it is added.
const PARTS: [(&str, bool); 7] = [
    ("item_total", true),
    ("tax_total", true),
    ("shipping", true),
    ("handling", true),
    ("insurance", true),
    ("shipping_discount", false),
    ("discount", false),
];

/// The currency and the amount of an order of the right form.
pub fn asked(request: &Value) -> Result<(String, i64), PayPalRefusal> {
    let units = request["purchase_units"].as_array().map(Vec::as_slice).unwrap_or_default();
    let [unit] = units else {
        // This double keeps orders of one unit, which is what one payment needs.
        return Err(PayPalRefusal::impossible("NOT_SUPPORTED", "/purchase_units"));
    };
    if request["intent"] != "CAPTURE" {
        return Err(PayPalRefusal::impossible("UNSUPPORTED_INTENT", "/intent"));
    }
    let place = "/purchase_units/@reference_id=='default'/amount";
    let (currency, minor) = amount(&unit["amount"], place)?;
    if let Some(breakdown) = unit["amount"]["breakdown"].as_object() {
        let mut sum = 0_i64;
        for (name, is_added) in PARTS {
            if let Some(part) = breakdown.get(name) {
                let (_, part) = amount_or_zero(part, &format!("{place}/breakdown/{name}"))?;
                sum += if is_added { part } else { -part };
            }
        }
        if sum != minor {
            return Err(PayPalRefusal::impossible("AMOUNT_MISMATCH", place));
        }
    }
    let context = &request["payment_source"]["paypal"]["experience_context"];
    for name in ["return_url", "cancel_url"] {
        if let Some(url) = context[name].as_str()
            && !url.parse::<Uri>().is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
        {
            let place = format!("/payment_source/paypal/experience_context/{name}");
            return Err(PayPalRefusal::malformed("INVALID_PARAMETER_SYNTAX", &place));
        }
    }
    Ok((currency, minor))
}

/// An amount of more than nothing.
pub fn amount(value: &Value, place: &str) -> Result<(String, i64), PayPalRefusal> {
    let (currency, minor) = amount_or_zero(value, place)?;
    if minor <= 0 {
        return Err(PayPalRefusal::impossible("CANNOT_BE_ZERO_OR_NEGATIVE", &format!("{place}/value")));
    }
    Ok((currency, minor))
}

fn amount_or_zero(value: &Value, place: &str) -> Result<(String, i64), PayPalRefusal> {
    let text = |name: &str| value[name].as_str().unwrap_or_default();
    let currency = text("currency_code");
    if !CURRENCIES.contains(&currency) {
        return Err(PayPalRefusal::impossible("INVALID_CURRENCY_CODE", &format!("{place}/currency_code")));
    }
    let given = text("value");
    let is_whole =
        !WHOLE.contains(&currency) || given.split_once('.').is_none_or(|(_, rest)| rest.bytes().all(|byte| byte == b'0'));
    match money::minor(given, currency) {
        Some(minor) if is_whole => Ok((currency.to_owned(), minor)),
        Some(_) | None if given.split('.').next().is_some_and(|whole| whole.len() > 13) => {
            Err(PayPalRefusal::impossible("MAX_VALUE_EXCEEDED", &format!("{place}/value")))
        }
        Some(_) | None => Err(PayPalRefusal::impossible("DECIMAL_PRECISION", &format!("{place}/value"))),
    }
}
