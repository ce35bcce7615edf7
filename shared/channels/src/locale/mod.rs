//! Money and dates in words, for a person's language and country.
//!
//! The forms are those of CLDR 49 (as ICU4X 2.4 gives them; Japanese and Portuguese are of CLDR 48, as ICU 78.2 gives it), for the places that Dunlin knows; the
//! tests hold every one of them against strings that ICU produced. Anywhere else amounts carry the currency's code and dates are ISO 8601: plain, but
//! never misread.

mod form;
mod table;
#[cfg(test)]
mod tests;

use domain::Money;
use jiff::civil::Date;

pub use form::Locale;

impl Locale {
    /// Codes and ISO dates, for every place that has no form of its own.
    pub const NEUTRAL: &'static Self = &table::NEUTRAL;

    /// The form for a language (with or without a region) and the country that the person is in.
    ///
    /// A region in the language wins over the country; a country where the language has no form of its own gets the language's
    /// first one (for English: the United States' without a country, else Britain's).
    pub fn of(language: &str, country: Option<&str>) -> &'static Self {
        let mut parts = language.split('-');
        let primary = parts.next().unwrap_or_default().to_ascii_lowercase();
        let region = parts.find(|part| part.len() == 2).map(str::to_ascii_uppercase);
        let exact = |region: &str| {
            let tag = format!("{primary}-{region}");
            table::ALL.iter().find(|locale| locale.tag == tag)
        };
        let country = country.map(str::to_ascii_uppercase);
        let known = region.as_deref().and_then(exact).or_else(|| country.as_deref().and_then(exact));
        known.or_else(|| exact(if primary == "en" && country.is_some() { "GB" } else { "" })).unwrap_or_else(|| {
            let first = table::ALL.iter().find(|locale| locale.tag.split('-').next() == Some(primary.as_str()));
            first.unwrap_or(Self::NEUTRAL)
        })
    }

    /// Every form, without the neutral one.
    pub fn all() -> &'static [Self] {
        table::ALL
    }

    /// An amount with its currency: `1.250,00 €`. Spaces do not break.
    pub fn money(&self, money: Money) -> String {
        let digits = usize::from(money.currency().minor_digits());
        let padded = format!("{:0width$}", money.minor().unsigned_abs(), width = digits + 1);
        let (whole, fraction) = padded.split_at(padded.len() - digits);
        let mut number = self.grouped(whole);
        if digits > 0 {
            number.push_str(self.decimal);
            number.push_str(fraction);
        }
        let code = money.currency();
        let symbol = self.symbols.iter().find(|(known, _)| *known == code.code()).map_or(code.code(), |(_, symbol)| symbol);
        let pattern = if money.minor() < 0 { self.negative } else { self.positive };
        let mut text = String::with_capacity(pattern.len() + number.len() + symbol.len());
        let mut parts = pattern.chars().peekable();
        while let Some(part) = parts.next() {
            match part {
                '¤' => {
                    text.push_str(symbol);
                    // CLDR sets letters apart from the digits that follow them: CHF 5, but $5.
                    let letters = symbol.chars().last().is_some_and(char::is_alphabetic);
                    if letters && parts.peek() == Some(&'n') {
                        text.push('\u{a0}');
                    }
                }
                'n' => text.push_str(&number),
                other => text.push(other),
            }
        }
        text
    }

    /// What stands before the fraction of an amount: `,` or `.`.
    pub fn decimal_mark(&self) -> &'static str {
        self.decimal
    }

    fn grouped(&self, whole: &str) -> String {
        if whole.len() < 3 + self.grouping_min {
            return whole.to_owned();
        }
        let mut grouped = String::with_capacity(whole.len() * 2);
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                grouped.push_str(self.group);
            }
            grouped.push(digit);
        }
        grouped
    }

    /// A date in words: `4. Februar 2026`.
    pub fn date(&self, date: Date) -> String {
        let Some(months) = self.months else { return date.to_string() };
        let month = months[usize::from(date.month().unsigned_abs()) - 1];
        let mut text = String::with_capacity(24);
        for part in self.date.chars() {
            match part {
                'D' => text.push_str(&date.day().to_string()),
                'M' => text.push_str(month),
                'Y' => text.push_str(&date.year().to_string()),
                other => text.push(other),
            }
        }
        text
    }
}
