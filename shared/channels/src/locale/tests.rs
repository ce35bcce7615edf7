use domain::Currency;
use jiff::civil::date;

use super::*;

/// Place, currency (or `date`), value, and the string that ICU4X 2.4 makes of it; de-AT groups amounts by CLDR's currency group,
/// which ICU4X does not read. The rows of Japanese and Portuguese are those of ICU 78.2 (CLDR 48), which makes the same of each row of Germany, the
/// Netherlands and the United States as ICU4X does.
const EXPECTED: &str = include_str!("cldr.tsv");

/// `1250.00` as minor units of a currency with `digits` decimals, rounded half to even as ICU4X does; `None` where it has
/// fractions that the currency has not.
fn minor(text: &str, digits: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let exact = fraction.trim_end_matches('0').len() <= digits;
    exact.then(|| format!("{whole}{:0<digits$}", &fraction[..fraction.len().min(digits)]).parse().expect("digits"))
}

#[test]
fn as_in_cldr() {
    let mut compared = 0;
    for line in EXPECTED.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [tag, what, value, expected] = fields[..] else { panic!("{line}") };
        let locale = Locale::all().iter().find(|locale| locale.tag == tag).expect(tag);
        let actual = if what == "date" {
            locale.date(value.parse().expect("a date"))
        } else {
            let currency = Currency::parse(what).expect(what);
            let Some(minor) = minor(value, usize::from(currency.minor_digits())) else { continue };
            locale.money(Money::from_minor(minor, currency))
        };
        assert_eq!(actual, expected, "{tag} {what} {value}");
        compared += 1;
    }
    assert!(compared > 900, "{compared}");
    assert!(Locale::all().iter().all(|locale| EXPECTED.contains(locale.tag)));
}

#[test]
fn amounts_that_are_easy_to_get_wrong() {
    let kwd = Currency::parse("KWD").expect("known");
    for (tag, minor, currency, expected) in [
        ("de", 125_000, Currency::EUR, "1.250,00\u{a0}€"),
        ("en", 125_000, Currency::USD, "$1,250.00"),
        ("en", 5, Currency::USD, "$0.05"),
        ("en", -5, Currency::USD, "-$0.05"),
        ("en", 0, Currency::JPY, "¥0"),
        ("en", 1_234, kwd, "KWD\u{a0}1.234"),
        ("de", i64::MIN, Currency::EUR, "-92.233.720.368.547.758,08\u{a0}€"),
        ("pl", 125_000, Currency::EUR, "EUR\u{a0}1,250.00"),
        ("es", 999_999, Currency::EUR, "9999,99\u{a0}€"),
        ("es", 1_000_000, Currency::EUR, "10.000,00\u{a0}€"),
        ("ja", 125_000, Currency::JPY, "￥125,000"),
        ("pt", 999_999, Currency::EUR, "9999,99\u{a0}€"),
        ("pt", 1_000_000, Currency::EUR, "10\u{a0}000,00\u{a0}€"),
        ("pt-br", 125_000, Currency::EUR, "€\u{a0}1.250,00"),
    ] {
        assert_eq!(Locale::of(tag, None).money(Money::from_minor(minor, currency)), expected, "{tag} {minor}");
    }
}

#[test]
fn chosen_by_language_and_country() {
    for (language, country, expected) in [
        ("en", None, "en-US"),
        ("en", Some("US"), "en-US"),
        ("en", Some("GB"), "en-GB"),
        ("en", Some("gb"), "en-GB"),
        ("en", Some("DE"), "en-GB"),
        ("en-gb", Some("US"), "en-GB"),
        ("de", None, "de-DE"),
        ("de", Some("CH"), "de-CH"),
        ("de", Some("US"), "de-DE"),
        ("DE", Some("AT"), "de-AT"),
        ("fr", Some("CA"), "fr-CA"),
        ("fr-be", Some("FR"), "fr-FR"),
        ("ja", None, "ja-JP"),
        ("pt", None, "pt-PT"),
        ("pt", Some("BR"), "pt-BR"),
        ("pt-br", Some("US"), "pt-BR"),
        ("pl", Some("PL"), "und"),
        ("", None, "und"),
        ("den", Some("DE"), "und"),
    ] {
        assert_eq!(Locale::of(language, country).tag, expected, "{language} {country:?}");
    }
}

#[test]
fn neutral_dates_are_iso() {
    assert_eq!(Locale::NEUTRAL.date(date(2026, 2, 4)), "2026-02-04");
}
