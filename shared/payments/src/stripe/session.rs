//! A Checkout Session: the form that makes one, and what one says.

use domain::{Currency, Money, WayOfPaying};
use form_urlencoded::Serializer;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    AskedPayment, BegunPayment, CannotBegin, PaymentCapabilities, amount,
    asked::page,
    stripe::names::{NAME, WORDS},
};

/// How many decimal digits Stripe's amounts of a currency have where ISO 4217 says otherwise, as in the connector of Stripe's invoices
/// (<https://docs.stripe.com/currencies>): ISK and UGX are given in hundredths, MGA in whole ariary.
const DIGITS_APART: [(&str, u8); 3] = [("ISK", 2), ("UGX", 2), ("MGA", 0)];
/// Payments of a three-decimal currency must end in a zero (the same page).
const THREE_DECIMALS_STEP: i64 = 10;

/// The digits of a currency's amounts.
pub(super) fn digits(currency: Currency) -> u8 {
    let apart = DIGITS_APART.iter().find(|(code, _)| *code == currency.code());
    apart.map_or(currency.minor_digits(), |(_, digits)| *digits)
}

/// An amount and its currency, as Stripe writes them.
pub(super) fn money(amount_minor: i64, currency: &str) -> Result<Money, String> {
    let currency = Currency::parse(&currency.to_ascii_uppercase()).map_err(|error| error.to_string())?;
    amount::from_integer(amount_minor, currency, digits(currency)).map_err(|wrong| format!("the amount {wrong}"))
}

/// The form that makes a session.
pub(super) fn form(asked: &AskedPayment<'_>, can: &PaymentCapabilities) -> Result<String, CannotBegin> {
    let (total, offered) = asked.check(NAME, can)?;
    let digits = digits(asked.currency);
    let multiple_of = if digits == 3 { THREE_DECIMALS_STEP } else { 1 };
    let integer = |minor| amount::to_integer(NAME, Money::from_minor(minor, asked.currency), digits, multiple_of);
    let word = WORDS.iter().find(|(way, _)| way == asked.way).map_or("card", |(_, word)| word);
    let basket = asked.basket.as_str();
    let expires_at = (asked.begun_at + offered.open_for).as_second().to_string();
    let mut form = Serializer::new(String::new());
    form.append_pair("mode", "payment")
        .append_pair("client_reference_id", basket)
        .append_pair("metadata[basket]", basket)
        .append_pair("payment_intent_data[metadata][basket]", basket)
        .append_pair("payment_method_types[0]", word)
        // What is asked is what is paid: a payer's own currency at Stripe's rate would be another amount.
        .append_pair("adaptive_pricing[enabled]", "false")
        .append_pair("expires_at", &expires_at)
        .append_pair("success_url", asked.return_url)
        .append_pair("cancel_url", asked.cancel_url);
    if let Some(customer) = asked.provider_customer {
        form.append_pair("customer", customer);
    }
    if *asked.way == WayOfPaying::Transfer {
        form.append_pair("payment_method_options[customer_balance][funding_type]", "bank_transfer");
        for (name, value) in transfer_of(asked.currency) {
            form.append_pair(&format!("payment_method_options[customer_balance][bank_transfer]{name}"), value);
        }
    }
    let code = asked.currency.code().to_ascii_lowercase();
    for (at, (name, minor)) in asked.shown(can.lines_max, total).iter().enumerate() {
        let field = |part: &str| format!("line_items[{at}]{part}");
        form.append_pair(&field("[quantity]"), "1")
            .append_pair(&field("[price_data][currency]"), &code)
            .append_pair(&field("[price_data][unit_amount]"), &integer(*minor)?.to_string())
            .append_pair(&field("[price_data][product_data][name]"), name);
    }
    Ok(form.finish())
}

/// Which kind of account the payer transfers to. Euro accounts are opened in a country; Stripe offers five, and Ireland is among them.
fn transfer_of(currency: Currency) -> Vec<(&'static str, &'static str)> {
    match currency.code() {
        "EUR" => vec![("[type]", "eu_bank_transfer"), ("[eu_bank_transfer][country]", "IE")],
        "GBP" => vec![("[type]", "gb_bank_transfer")],
        "JPY" => vec![("[type]", "jp_bank_transfer")],
        "MXN" => vec![("[type]", "mx_bank_transfer")],
        _ => vec![("[type]", "us_bank_transfer")],
    }
}

/// What is read of a session.
#[derive(Debug, Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) status: Option<String>,
    pub(super) payment_status: String,
    pub(super) url: Option<String>,
    pub(super) expires_at: i64,
    pub(super) amount_total: Option<i64>,
    pub(super) currency: Option<String>,
    pub(super) payment_intent: Option<Value>,
    #[serde(default)]
    pub(super) payment_method_types: Vec<String>,
}

impl Session {
    /// What it asks for.
    pub(super) fn money(&self) -> Result<Money, String> {
        let amount = self.amount_total.ok_or("amount_total is missing")?;
        money(amount, self.currency.as_deref().ok_or("currency is missing")?)
    }

    /// How it is paid: a session of ours takes one way.
    pub(super) fn way(&self) -> WayOfPaying {
        let word = self.payment_method_types.first().map_or("", String::as_str);
        WORDS.iter().find(|(_, known)| *known == word).map_or(WayOfPaying::Other, |(way, _)| way.clone())
    }
}

/// The id of what may stand there as an object.
pub(super) fn id_of(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("id")?.as_str())
}

/// The answer that made a session.
pub(super) fn begun(value: &Value) -> Result<BegunPayment, String> {
    let session = Session::deserialize(value).map_err(|error| error.to_string())?;
    let expires_at = Timestamp::from_second(session.expires_at).map_err(|_| "expires_at is no instant")?;
    let pay_url = page(session.url);
    Ok(BegunPayment { provider_id: session.id, pay_url: Some(pay_url.ok_or("url is no address of a page")?), expires_at })
}
