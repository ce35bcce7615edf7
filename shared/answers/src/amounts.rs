//! Amounts out of sentences. What is not certain is none: a number without a currency, `1.250` of a currency with three digits, and a `$`
//! of which nobody knows whose.

use std::sync::OnceLock;

use domain::{Currency, Money};

use crate::words::{Sentence, Word, WordKind, fold};

/// An amount that a sentence names: from which word, up to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FoundAmount {
    pub start: usize,
    /// The place behind it.
    pub end: usize,
    /// The amount; `None` where its currency is not certain.
    pub money: Option<Money>,
}

/// A way of writing currencies: the words, and which currencies they can mean.
struct Written {
    words: Vec<String>,
    currencies: Vec<Currency>,
}

/// The file of ways of writing currencies: `JPY CNY: ¥`.
const CURRENCIES: &str = include_str!("../rules/currencies.txt");

fn written() -> &'static [Written] {
    static WRITTEN: OnceLock<Vec<Written>> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let lines = CURRENCIES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'));
        let written = lines.map(|(codes, words)| Written {
            words: words.split_whitespace().map(fold).collect(),
            currencies: codes.split_whitespace().filter_map(|code| Currency::parse(code).ok()).collect(),
        });
        written.collect()
    })
}

/// The currency of a word: where it can mean several, that of the customer's case. The outer `None` says that it is no currency.
fn currency(word: &Word, expected: Option<Currency>) -> Option<Option<Currency>> {
    let written = written().iter().find(|written| written.words.contains(&word.folded))?;
    match written.currencies.as_slice() {
        [only] => Some(Some(*only)),
        several => Some(expected.filter(|expected| several.contains(expected))),
    }
}

/// Every amount that a sentence names.
pub(crate) fn find_amounts(sentence: &Sentence, expected: Option<Currency>) -> Vec<FoundAmount> {
    let mut found: Vec<FoundAmount> = Vec::new();
    for (at, word) in sentence.words.iter().enumerate() {
        let Some(currency) = currency(word, expected) else { continue };
        let free_from = found.last().map_or(0, |last| last.end);
        let behind = number_from(sentence, at + 1).map(|(end, text)| (at, end, text));
        let before =
            number_up_to(sentence, at).filter(|(start, _)| *start >= free_from).map(|(start, text)| (start, at + 1, text));
        // `EUR 500` and `500 EUR`: a number that leans on the word before it belongs to that.
        let of_sign = if word.kind == WordKind::Sign && !is_spaced_like_suffix(&before) {
            behind.clone().or(before.clone())
        } else {
            before.or(behind.clone())
        };
        let Some((start, end, text)) = of_sign else { continue };
        let money = currency.and_then(|currency| minor(&text, currency).map(|minor| Money::from_minor(minor, currency)));
        found.push(FoundAmount { start, end, money });
    }
    found
}

/// Whether a number before a sign was written as continental Europe does, with the sign behind.
fn is_spaced_like_suffix(before: &Option<(usize, usize, String)>) -> bool {
    before.as_ref().is_some_and(|(_, _, text)| {
        let decimals = text.rsplit(',').next().unwrap_or_default();
        text.contains(',') && decimals.len() == 2
    })
}

fn is_number(word: &Word) -> bool {
    word.kind == WordKind::Code
        && word.raw.starts_with(|letter: char| letter.is_ascii_digit())
        && word.raw.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, '.' | ',' | '\'' | '’'))
}

/// Digits that part thousands by spaces: `1 250,00`.
fn is_group(word: &Word) -> bool {
    let digits = word.raw.split([',', '.']).next().unwrap_or_default();
    is_number(word) && digits.len() == 3 && word.raw.len() <= 6 && !word.is_after_break
}

fn number_from(sentence: &Sentence, at: usize) -> Option<(usize, String)> {
    let first = sentence.words.get(at).filter(|word| is_number(word) && !word.is_after_break)?;
    let mut text = first.raw.clone();
    let mut end = at + 1;
    while (1..=3).contains(&first.raw.len())
        && sentence.words.get(end).is_some_and(is_group)
        && text.chars().all(|c| c.is_ascii_digit())
    {
        text.push_str(&sentence.words[end].raw);
        end += 1;
    }
    Some((end, text))
}

fn number_up_to(sentence: &Sentence, at: usize) -> Option<(usize, String)> {
    let mut start = at.checked_sub(1)?;
    let last = sentence.words.get(start).filter(|word| is_number(word))?;
    let mut text = last.raw.clone();
    let digits = |word: &Word| word.raw.len() <= 3 && word.raw.chars().all(|letter| letter.is_ascii_digit());
    let mut is_open = is_group(last);
    while let Some(before) =
        start.checked_sub(1).and_then(|before| sentence.words.get(before)).filter(|word| is_open && digits(word))
    {
        text.insert_str(0, &before.raw);
        start -= 1;
        is_open = is_group(before);
    }
    Some((start, text))
}

/// The minor units of a number as it is written anywhere; `None` where it can be read in two ways.
fn minor(text: &str, currency: Currency) -> Option<i64> {
    let digits_max = usize::from(currency.minor_digits());
    let plain = text.replace(['\'', '’'], "");
    let last = plain.rfind([',', '.']);
    let (whole, decimals) = match last {
        None => (plain.as_str(), ""),
        Some(at) => {
            let (head, tail) = (&plain[..at], &plain[at + 1..]);
            let mark = plain[at..].chars().next().unwrap_or_default();
            let has_other = head.contains([',', '.']) && !head.contains(mark);
            let is_repeated = head.contains(mark);
            match (tail.len(), has_other, is_repeated) {
                // `1.250`: thousands, unless the currency has three digits.
                (3, false, false) if digits_max == 3 || head.starts_with('0') => return None,
                (3, _, _) if !has_other || digits_max != 3 => (plain.as_str(), ""),
                (_, _, true) => return None,
                (1.., _, _) => (head, tail),
                _ => return None,
            }
        }
    };
    let groups: Vec<&str> = whole.split([',', '.']).collect();
    if groups.iter().skip(1).any(|group| group.len() != 3)
        || groups.len() > 1 && groups.first().is_some_and(|first| first.len() > 3)
    {
        return None;
    }
    let is_zero = decimals.bytes().all(|digit| digit == b'0');
    let decimals = if decimals.len() > digits_max && is_zero { &decimals[..digits_max] } else { decimals };
    if decimals.len() > digits_max {
        return None;
    }
    let number = format!("{}{decimals:0<digits_max$}", groups.concat());
    if number.len() > 15 { None } else { number.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::sentences;

    fn read(text: &str, expected: Option<&str>) -> Vec<String> {
        let expected = expected.and_then(|code| Currency::parse(code).ok());
        let sentence = &sentences(text)[0];
        find_amounts(sentence, expected)
            .iter()
            .map(|found| found.money.map_or_else(|| "?".to_owned(), |money| money.to_string()))
            .collect()
    }

    #[test]
    fn every_way_of_writing_currencies_is_known() {
        assert!(written().len() > 20);
        for line in CURRENCIES.lines().filter(|line| !line.starts_with('#')) {
            let (codes, words) = line.split_once(':').unwrap_or_else(|| panic!("{line} has no colon"));
            assert!(codes.split_whitespace().all(|code| Currency::parse(code).is_ok()), "{line}");
            assert!(!words.trim().is_empty(), "{line}");
        }
    }

    #[test]
    fn amounts_are_read_as_they_are_written() {
        for (text, case, expected) in [
            ("over 1.249,50 € gone", None, &["1249.50 EUR"][..]),
            ("€1,250.00", None, &["1250.00 EUR"]),
            ("€ 600", None, &["600.00 EUR"]),
            ("EUR 1.200 und 300,5 EUR", None, &["1200.00 EUR", "300.50 EUR"]),
            ("500EUR or EUR500", None, &["500.00 EUR", "500.00 EUR"]),
            ("de 1 250,00 € et 12 000 euros", None, &["1250.00 EUR", "12000.00 EUR"]),
            ("FA-3001 1 200,00 EUR", None, &["1200.00 EUR"]),
            ("CHF 1'250.50", None, &["1250.50 CHF"]),
            ("125,000円を", None, &["125000 JPY"]),
            ("¥125,000", Some("JPY"), &["125000 JPY"]),
            ("¥125,000", None, &["?"]),
            ("$2,400.00", Some("USD"), &["2400.00 USD"]),
            ("$2,400.00", Some("CAD"), &["2400.00 CAD"]),
            ("$2,400.00", Some("EUR"), &["?"]),
            ("US$ 5", None, &["5.00 USD"]),
            ("R$ 1.250,00 e 30 reais", None, &["1250.00 BRL", "30.00 BRL"]),
            ("KWD 1.250", None, &["?"]),
            ("KWD 1,250.500", None, &["1250.500 KWD"]),
            ("£2,340.10 and £5", None, &["2340.10 GBP", "5.00 GBP"]),
            ("1,23,4 €", None, &["?"]),
            ("9999999999999999 €", None, &["?"]),
            ("invoice 1250 is due", None, &[]),
            ("$100, $200 and $300.50", Some("USD"), &["100.00 USD", "200.00 USD", "300.50 USD"]),
            ("100 €, 200 € und 300,50 €", None, &["100.00 EUR", "200.00 EUR", "300.50 EUR"]),
            ("0.500 €", None, &["?"]),
        ] {
            assert_eq!(read(text, case), expected, "{text} {case:?}");
        }
    }
}
