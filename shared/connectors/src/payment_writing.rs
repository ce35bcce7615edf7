//! How payments are written into books: what a vendor takes, and amounts as it reads them.

use domain::Currency;
use serde_json::value::RawValue;

/// How payments are written into a system's books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentWriting {
    /// What is asked for in a sign-in in the place of [`Access::scopes`](crate::Access::scopes), separated by spaces: writing is among it.
    pub scopes: &'static str,
    /// Whether the account that the money is deposited to must be named.
    pub account_required: bool,
    /// How many entries a payment over several invoices becomes.
    pub entries: PaymentEntries,
}

/// How many entries in the books a payment over several invoices becomes. All have its reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentEntries {
    /// One, with a line for each invoice.
    One,
    /// One for each invoice, each by a request of its own.
    PerInvoice,
}

/// An amount as a number of JSON, digit by digit: `12.50`, `1250` for yen.
pub(crate) fn number(minor: i64, currency: Currency) -> Box<RawValue> {
    let digits = usize::from(currency.minor_digits());
    let sign = if minor < 0 { "-" } else { "" };
    let padded = format!("{:0>width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, part) = padded.split_at(padded.len() - digits);
    let text = if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") };
    RawValue::from_string(text).expect("digits with a point between are a number of JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        for (minor, code, text) in [
            (125_000, "USD", "1250.00"),
            (5, "EUR", "0.05"),
            (1_250, "JPY", "1250"),
            (1_234, "KWD", "1.234"),
            (-705, "USD", "-7.05"),
            (0, "USD", "0.00"),
        ] {
            assert_eq!(number(minor, Currency::parse(code).expect(code)).get(), text);
        }
    }
}
