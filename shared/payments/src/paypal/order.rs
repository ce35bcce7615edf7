//! An order: the request that makes one, and what the answer says.

use domain::{Currency, Money};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{AskedPayment, BegunPayment, CannotBegin, PaymentCapabilities, amount, asked, paypal::names::NAME};

/// Currencies whose amounts PayPal takes without decimals, whatever ISO 4217 says
/// (<https://developer.paypal.com/api/rest/reference/currency-codes/>).
const WITHOUT_DECIMALS: [&str; 3] = ["HUF", "JPY", "TWD"];
/// Longest description, in characters.
const DESCRIPTION_CHARS_MAX: usize = 127;

fn digits(currency: Currency) -> u8 {
    if WITHOUT_DECIMALS.contains(&currency.code()) { 0 } else { 2 }
}

/// What makes an order.
pub(super) fn request(asked: &AskedPayment<'_>, can: &PaymentCapabilities) -> Result<Value, CannotBegin> {
    let (total, _) = asked.check(NAME, can)?;
    let basket = asked.basket.as_str();
    let context = json!({
        "return_url": asked.return_url,
        "cancel_url": asked.cancel_url,
        "shipping_preference": "NO_SHIPPING",
        "user_action": "PAY_NOW",
    });
    Ok(json!({
        "intent": "CAPTURE",
        "purchase_units": [{
            "reference_id": basket,
            "custom_id": basket,
            "invoice_id": basket,
            "description": asked.description(DESCRIPTION_CHARS_MAX),
            "amount": { "currency_code": asked.currency.code(), "value": amount::to_major(NAME, total, digits(asked.currency))? },
        }],
        "payment_source": { "paypal": { "experience_context": context } },
    }))
}

/// An amount as PayPal writes it.
#[derive(Deserialize)]
pub(super) struct MajorAmount {
    currency_code: String,
    value: String,
}

impl MajorAmount {
    pub(super) fn money(&self) -> Result<Money, String> {
        let currency = Currency::parse(&self.currency_code).map_err(|error| error.to_string())?;
        amount::from_major(&self.value, currency).map_err(|wrong| format!("the amount {wrong}"))
    }
}

#[derive(Deserialize)]
pub(super) struct Link {
    pub(super) href: String,
    pub(super) rel: String,
}

/// The answer that made an order.
pub(super) fn begun(value: &Value, expires_at: Timestamp) -> Result<BegunPayment, String> {
    #[derive(Deserialize)]
    struct Made {
        id: String,
        links: Vec<Link>,
    }
    let made = Made::deserialize(value).map_err(|error| error.to_string())?;
    let page = made.links.into_iter().find(|link| matches!(link.rel.as_str(), "payer-action" | "approve"));
    let page = asked::page(page.map(|link| link.href));
    Ok(BegunPayment { provider_id: made.id, pay_url: Some(page.ok_or("no link leads the payer on")?), expires_at })
}
