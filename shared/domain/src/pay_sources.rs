//! What is known of sources of payments without their code: in which currencies a payer can pay by each provider, and whose invoices are paid on a
//! page of their own. Whoever writes to customers says by it that something can be paid, and links no provider.

use crate::Currency;

/// What PayPal takes (<https://developer.paypal.com/api/rest/reference/currency-codes/>), without what only payers of one country have.
pub const PAYPAL_CURRENCIES: [&str; 21] = [
    "AUD", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD",
    "THB", "TWD", "USD",
];

/// What GoCardless debits: Bacs and SEPA.
const GOCARDLESS_CURRENCIES: [&str; 2] = ["GBP", "EUR"];

/// How the sources of connections to payment providers begin.
pub const PAY_SOURCES: &str = "pay-";

/// The source whose invoices are paid on a page of its own: what is paid elsewhere it would ask for again.
const PAID_THERE: &str = "stripe";

/// Whether whoever has a portal link can pay in a currency by the provider of a source: `pay-stripe`. What a provider takes only of those whom it knows
/// does not count. The contract of providers holds this to what each of them says.
pub fn takes(source: &str, currency: Currency) -> bool {
    match source {
        // By card in any.
        "pay-stripe" => true,
        "pay-paypal" => PAYPAL_CURRENCIES.contains(&currency.code()),
        "pay-gocardless" => GOCARDLESS_CURRENCIES.contains(&currency.code()),
        _ => false,
    }
}

/// Where the source of a customer has an invoice of this address paid, if it does.
pub fn paid_at_source<'u>(source: &str, url: Option<&'u str>) -> Option<&'u str> {
    url.filter(|url| source == PAID_THERE && is_web(url))
}

/// Whether a text is the address of a page on the web.
pub fn is_web(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    (lower.starts_with("https://") || lower.starts_with("http://")) && !url.chars().any(|c| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_taken_by_whom_it_is_known_of() {
        let yen = Currency::JPY;
        for (source, taken) in
            [("pay-stripe", true), ("pay-paypal", true), ("pay-gocardless", false), ("stripe", false), ("", false)]
        {
            assert_eq!(takes(source, yen), taken, "{source}");
        }
        assert!(takes("pay-gocardless", Currency::EUR));
    }

    #[test]
    fn every_code_is_one_of_the_table() {
        for code in PAYPAL_CURRENCIES.iter().chain(&GOCARDLESS_CURRENCIES) {
            assert!(Currency::parse(code).is_ok(), "{code}");
        }
    }

    #[test]
    fn invoices_of_stripe_are_paid_at_stripe() {
        let page = "https://invoice.stripe.example/i/1";
        assert_eq!(paid_at_source("stripe", Some(page)), Some(page));
        for (source, url) in [
            ("canonical", Some(page)),
            ("stripe", None),
            ("stripe", Some("javascript:alert(1)")),
            ("stripe", Some("https://a b")),
        ] {
            assert_eq!(paid_at_source(source, url), None, "{source} {url:?}");
        }
    }
}
