//! What Stripe demands of a checkout session beyond names and kinds.

use http::Uri;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::errors::Refusal;

const LINES_MAX: usize = 100;
const AMOUNT_MAX: i64 = 99_999_999;
const OPEN_AT_LEAST: SignedDuration = SignedDuration::from_mins(30);
const OPEN_AT_MOST: SignedDuration = SignedDuration::from_hours(24);
/// How old a request's own `expires_at` may be when it arrives.
const ON_THE_WAY: SignedDuration = SignedDuration::from_secs(60);

/// What a session asks for, once it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Lower case, as Stripe writes it.
    pub currency: String,
    pub amount: i64,
    pub expires_at: Timestamp,
    pub methods: Vec<String>,
    /// What is paid for, each with its amount.
    pub lines: Vec<(String, i64)>,
}

/// Reads parameters that have the right names and kinds.
pub fn asked(params: &Value, now: Timestamp) -> Result<Asked, Refusal> {
    let text = |name: &str| params[name].as_str().unwrap_or_default();
    let missing = |name: &str| Refusal::of(name, Some("parameter_missing"), format!("Missing required param: {name}."));
    match text("mode") {
        "payment" => {}
        "" => return Err(missing("mode")),
        mode => return Err(Refusal::of("mode", None, format!("this stand-in knows sessions of mode payment, none of {mode}"))),
    }
    if !["", "hosted", "hosted_page"].contains(&text("ui_mode")) {
        return Err(Refusal::of("ui_mode", None, "this stand-in knows hosted pages alone"));
    }
    if text("success_url").is_empty() {
        return Err(missing("success_url"));
    }
    for name in ["success_url", "cancel_url"] {
        if !text(name).is_empty() && !is_url(text(name)) {
            return Err(Refusal::of(name, Some("url_invalid"), "Not a valid URL"));
        }
    }
    let expires_at = expires_at(params, now)?;
    let (currency, lines) = lines(params)?;
    let amount = lines.iter().try_fold(0_i64, |sum, (_, amount)| sum.checked_add(*amount)).unwrap_or(i64::MAX);
    if amount > AMOUNT_MAX {
        let message = "The Checkout Session's total amount due must be no more than $999,999.99";
        return Err(Refusal::of("", Some("amount_too_large"), message));
    }
    if amount < least(&currency) {
        let message = "The Checkout Session's total amount due must add up to at least $0.50";
        return Err(Refusal::of("", Some("amount_too_small"), message));
    }
    let methods = methods(params, &currency)?;
    Ok(Asked { currency, amount, expires_at, methods, lines })
}

fn expires_at(params: &Value, now: Timestamp) -> Result<Timestamp, Refusal> {
    let Some(second) = params["expires_at"].as_i64() else { return Ok(now + OPEN_AT_MOST) };
    let wrong = |message: &str| Refusal::of("expires_at", None, message);
    let at = Timestamp::from_second(second).map_err(|_| wrong("Invalid timestamp: must be an integer Unix timestamp"))?;
    let open = at.duration_since(now);
    if open < OPEN_AT_LEAST - ON_THE_WAY {
        return Err(wrong("The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."));
    }
    if open > OPEN_AT_MOST + ON_THE_WAY {
        return Err(wrong("The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."));
    }
    Ok(at)
}

fn lines(params: &Value) -> Result<(String, Vec<(String, i64)>), Refusal> {
    let given = params["line_items"].as_array().map(Vec::as_slice).unwrap_or_default();
    if given.is_empty() {
        let message = "You must pass at least one line item in `payment` mode.";
        return Err(Refusal::of("line_items", Some("parameter_missing"), message));
    }
    if given.len() > LINES_MAX {
        return Err(Refusal::of("line_items", None, format!("You can only pass up to {LINES_MAX} line items.")));
    }
    let mut currencies = Vec::new();
    let mut lines = Vec::new();
    for (at, line) in given.iter().enumerate() {
        let place = |name: &str| format!("line_items[{at}]{name}");
        let missing = |name: &str| {
            Refusal::of(&place(name), Some("parameter_missing"), format!("Missing required param: {}.", place(name)))
        };
        let data = &line["price_data"];
        if data.is_null() {
            return Err(missing("[price_data]"));
        }
        let quantity = line["quantity"].as_i64().ok_or_else(|| missing("[quantity]"))?;
        if quantity == 0 {
            let message = "This value must be greater than or equal to 1.";
            return Err(Refusal::of(&place("[quantity]"), Some("parameter_invalid_integer"), message));
        }
        let unit = data["unit_amount"].as_i64().ok_or_else(|| missing("[price_data][unit_amount]"))?;
        let name = data["product_data"]["name"].as_str().ok_or_else(|| missing("[price_data][product_data]"))?;
        if name.is_empty() || name.chars().count() > 250 {
            let place = place("[price_data][product_data][name]");
            return Err(Refusal::of(&place, Some("parameter_invalid_string"), "The name has 1 to 250 characters"));
        }
        let currency = data["currency"].as_str().unwrap_or_default().to_ascii_lowercase();
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Err(Refusal::of(&place("[price_data][currency]"), None, format!("Invalid currency: {currency}")));
        }
        currencies.push(currency);
        lines.push((name.to_owned(), unit.saturating_mul(quantity)));
    }
    currencies.dedup();
    match currencies.as_slice() {
        [one] => Ok((one.clone(), lines)),
        _ => Err(Refusal::of("line_items", None, "All line items must have the same currency")),
    }
}

/// The ways of paying; those that take one currency alone refuse others.
fn methods(params: &Value, currency: &str) -> Result<Vec<String>, Refusal> {
    let given = params["payment_method_types"].as_array().map(Vec::as_slice).unwrap_or_default();
    if given.is_empty() {
        return Ok(vec!["card".to_owned()]);
    }
    let methods: Vec<String> = given.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    for method in &methods {
        let only: &[&str] = match method.as_str() {
            "us_bank_account" => &["usd"],
            "sepa_debit" => &["eur"],
            "bacs_debit" => &["gbp"],
            "au_becs_debit" => &["aud"],
            "acss_debit" => &["cad", "usd"],
            "customer_balance" => &["eur", "gbp", "jpy", "mxn", "usd"],
            _ => continue,
        };
        if !only.contains(&currency) {
            let message = format!(
                "The payment method `{method}` cannot be used with currency `{currency}`. It takes: {}.",
                only.join(", ")
            );
            return Err(Refusal::of("payment_method_types", None, message));
        }
    }
    let transfer = &params["payment_method_options"]["customer_balance"];
    if methods.iter().any(|method| method == "customer_balance") {
        if params["customer"].as_str().is_none() {
            let message = "`customer` must be provided when `customer_balance` is a payment method type.";
            return Err(Refusal::of("customer", Some("parameter_missing"), message));
        }
        if transfer["funding_type"] != "bank_transfer" || transfer["bank_transfer"]["type"].as_str().is_none() {
            let name = "payment_method_options[customer_balance][bank_transfer]";
            return Err(Refusal::of(name, Some("parameter_missing"), format!("Missing required param: {name}.")));
        }
    }
    Ok(methods)
}

/// Half a dollar, or about as much; of currencies without smaller units fifty.
fn least(currency: &str) -> i64 {
    if currency == "gbp" { 30 } else { 50 }
}

fn is_url(text: &str) -> bool {
    // Stripe puts the session's id in place of this.
    let text = text.replace("{CHECKOUT_SESSION_ID}", "id");
    text.len() <= 5_000
        && text.parse::<Uri>().is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}
