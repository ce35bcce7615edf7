//! Amounts as tables and forms hold them: plain numbers without their currency.

use domain::Currency;

/// An amount without its currency: `1250.00`.
pub(crate) fn decimal(minor: i64, currency: Currency, mark: char) -> String {
    let digits = usize::from(currency.minor_digits());
    let padded = format!("{:0width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = padded.split_at(padded.len() - digits);
    let sign = if minor < 0 { "-" } else { "" };
    if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}{mark}{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_plain_numbers() {
        let yen = Currency::parse("JPY").expect("a currency");
        for (minor, currency, mark, expected) in [
            (125_000, Currency::EUR, '.', "1250.00"),
            (125_000, Currency::EUR, ',', "1250,00"),
            (5, Currency::EUR, '.', "0.05"),
            (0, Currency::EUR, '.', "0.00"),
            (1_250, yen, '.', "1250"),
            (-5, Currency::EUR, '.', "-0.05"),
        ] {
            assert_eq!(decimal(minor, currency, mark), expected);
        }
    }
}
