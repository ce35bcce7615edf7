//! Numbers of invoices that a mail may name.

/// Most numbers that are looked up.
const NUMBERS_MAX: usize = 20;
/// How long a number may be.
const CHARS: std::ops::RangeInclusive<usize> = 3..=40;

/// Words that may be numbers of invoices: with a digit in them, of letters, digits and what stands between these. Each once, those with letters
/// before those without, in the order in which they come; at most 20.
pub fn numbers_named(subject: Option<&str>, text: &str) -> Vec<String> {
    let (mut with_letters, mut plain): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let words = subject.unwrap_or_default().split_whitespace().chain(text.split_whitespace());
    for word in words {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let is_of_number = |c: char| c.is_alphanumeric() || matches!(c, '-' | '/' | '.' | '_');
        let may_be =
            CHARS.contains(&word.chars().count()) && word.chars().any(|c| c.is_ascii_digit()) && word.chars().all(is_of_number);
        let list = if word.chars().any(char::is_alphabetic) { &mut with_letters } else { &mut plain };
        if may_be && list.len() < NUMBERS_MAX && !list.iter().any(|known| known.eq_ignore_ascii_case(word)) {
            list.push(word.to_owned());
        }
    }
    with_letters.extend(plain);
    with_letters.truncate(NUMBERS_MAX);
    with_letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_may_be_numbers_are_found() {
        let text = "We paid (INV-100), 2026/0042 and R.77 of EUR 1,200.00; call 42 or inv-100 ab-cd https://x.example/1";
        assert_eq!(numbers_named(Some("Re: INV-99:"), text), ["INV-99", "INV-100", "R.77", "2026/0042"]);
        assert!(numbers_named(None, "").is_empty());
        let many: String = (100..200).map(|n| format!("{n} ")).collect();
        assert_eq!(numbers_named(None, &many).len(), NUMBERS_MAX);
    }
}
