//! A text as sentences of words: without case, accents and punctuation, and the same for texts and for patterns.
//!
//! A run of letters is a word. What has a digit stays whole (`INV-2041`, `15.12.2026`, `1,250.00`), as do addresses and links. Of Japanese,
//! each letter is a word of its own, because nothing parts its words.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// Most words that are read of one text; what comes later is not read.
const WORDS_MAX: usize = 4_000;
/// The width from which a line counts as wrapped by the mail program: its sentence goes on in the next.
const WRAPPED_WIDTH: usize = 55;

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WordKind {
    /// Letters only.
    Letters,
    /// Has a digit.
    Code,
    /// A mail address.
    Mail,
    /// A link.
    Link,
    /// A currency's sign.
    Sign,
}

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Without case and accents.
    pub folded: String,
    /// As it was written.
    pub raw: String,
    pub kind: WordKind,
    /// Whether a comma, colon, dash or bracket stands before it.
    pub is_after_break: bool,
    /// Whether a full stop stands right behind it.
    pub is_dotted: bool,
}

/// One sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sentence {
    pub words: Vec<Word>,
    /// Whether it asks.
    pub is_question: bool,
}

/// Letters that are words of their own.
pub(crate) fn is_unspaced(letter: char) -> bool {
    matches!(letter, '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// A text in lower case and without accents; kana keep their marks.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in DecomposingNormalizerBorrowed::new_nfkd().normalize(text).chars() {
        match letter {
            '\u{300}'..='\u{36f}' => {}
            'ß' | 'ẞ' => folded.push_str("ss"),
            'æ' | 'Æ' => folded.push_str("ae"),
            'œ' | 'Œ' => folded.push_str("oe"),
            'ø' | 'Ø' => folded.push('o'),
            'ł' | 'Ł' => folded.push('l'),
            '’' | '‘' | '´' | '`' => folded.push('\''),
            other => folded.extend(other.to_lowercase()),
        }
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(&folded).into_owned()
}

/// The sentences of a text.
pub(crate) fn sentences(text: &str) -> Vec<Sentence> {
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize(text);
    let mut scanner = Scanner::default();
    for line in composed.lines() {
        scanner.line(line);
        if scanner.count >= WORDS_MAX {
            break;
        }
    }
    scanner.end(false);
    scanner.done
}

/// The folded words of a piece of a pattern, whatever parts them.
pub(crate) fn folded_words(text: &str) -> Vec<String> {
    sentences(text).into_iter().flat_map(|sentence| sentence.words).map(|word| word.folded).collect()
}

#[derive(Default)]
struct Scanner {
    done: Vec<Sentence>,
    words: Vec<Word>,
    count: usize,
    is_after_break: bool,
}

/// Short words behind which a full stop ends no sentence.
const SHORTENED: [&str; 30] = [
    "mr", "mrs", "ms", "dr", "prof", "sr", "sra", "sig", "hr", "fr", "st", "bzw", "ca", "inkl", "zzgl", "etc", "nr", "no", "num",
    "tel", "ref", "inv", "rech", "re", "art", "jan", "feb", "nov", "dez", "dec",
];

fn is_connector(letter: char) -> bool {
    matches!(letter, '.' | ',' | '/' | '-' | '_' | '\'' | '’' | '‘' | '´' | '`' | ':' | '@' | '+' | '&' | '=' | '%' | '~' | '#')
}

fn is_inside_word(letter: char) -> bool {
    letter.is_alphanumeric() && !is_unspaced(letter)
}

fn is_currency_sign(letter: char) -> bool {
    matches!(letter, '€' | '$' | '£' | '¥' | '₹')
}

impl Scanner {
    fn line(&mut self, line: &str) {
        let letters: Vec<char> = line.trim().chars().collect();
        let is_item = matches!(letters.first(), None | Some('-' | '*' | '•' | '·' | '・'));
        if is_item {
            self.end(false);
        }
        let mut at = 0;
        while at < letters.len() && self.count < WORDS_MAX {
            at = self.step(&letters, at);
        }
        let width: usize = letters.iter().map(|letter| if is_unspaced(*letter) { 2 } else { 1 }).sum();
        let is_ended = matches!(letters.last(), None | Some('.' | '!' | '?' | ':' | ';' | '。'));
        if width < WRAPPED_WIDTH || is_ended {
            self.end(false);
        }
    }

    /// Reads what begins at a place; gives the place behind it.
    fn step(&mut self, letters: &[char], at: usize) -> usize {
        let letter = letters[at];
        if letter.is_alphanumeric() {
            if is_unspaced(letter) {
                self.push(letter.to_string(), WordKind::Letters);
                return at + 1;
            }
            return self.run(letters, at);
        }
        match letter {
            '.' => self.full_stop(letters, at),
            '。' | '!' => self.end(false),
            '?' => self.end(true),
            '…' | ';' | ',' | ':' | '(' | ')' | '[' | ']' | '"' | '、' | '–' | '—' | '|' | '「' | '」' => {
                self.is_after_break = true
            }
            '-' if letters.get(at + 1).is_none_or(|next| next.is_whitespace()) => self.is_after_break = true,
            sign if is_currency_sign(sign) => self.push(sign.to_string(), WordKind::Sign),
            '#' | '№' => self.push('#'.to_string(), WordKind::Letters),
            _ => {}
        }
        at + 1
    }

    /// A run of letters and digits with what connects them.
    fn run(&mut self, letters: &[char], start: usize) -> usize {
        let mut end = start;
        while end < letters.len() {
            let goes_on = letters.get(end + 1).is_some_and(|next| is_inside_word(*next));
            if is_inside_word(letters[end]) || is_connector(letters[end]) && goes_on {
                end += 1;
            } else {
                break;
            }
        }
        let mut text: String = letters[start..end].iter().collect();
        if text.starts_with("http:")
            || text.starts_with("https:")
            || letters[start..].starts_with(&['w', 'w', 'w', '.'])
            || text == "http"
            || text == "https"
        {
            let length = letters[start..].iter().take_while(|letter| !letter.is_whitespace()).count();
            self.push(letters[start..start + length].iter().collect(), WordKind::Link);
            return start + length;
        }
        if text.contains('@') {
            self.push(text, WordKind::Mail);
            return end;
        }
        // `R$`, `US$`.
        let is_prefix = text.len() <= 2 && text.chars().all(|letter| letter.is_ascii_uppercase());
        if is_prefix && letters.get(end) == Some(&'$') {
            text.push('$');
            self.push(text, WordKind::Sign);
            return end + 1;
        }
        if text.contains(|letter: char| letter.is_ascii_digit()) {
            self.codes(&text);
        } else {
            self.letters(&text);
        }
        end
    }

    /// What has digits: whole, but for a list of numbers without spaces, and a currency's code that leans on its amount.
    fn codes(&mut self, text: &str) {
        let groups: Vec<&str> = text.split(',').collect();
        let is_number = groups.iter().skip(1).all(|group| group.split('.').next().is_some_and(|group| group.len() <= 3));
        if groups.len() > 1 && !is_number {
            for group in groups {
                self.codes(group);
            }
            return;
        }
        let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let tail = &text[digits.len()..];
        let is_amount = !digits.is_empty() && digits.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, '.' | ','));
        if is_amount && (tail.len() == 3 || tail.eq_ignore_ascii_case("euro")) {
            self.push(digits.to_owned(), WordKind::Code);
            self.push(tail.to_owned(), WordKind::Letters);
            return;
        }
        let head = text.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
        let is_after_code = text.len() - head.len() == 3
            && ["EUR", "USD", "GBP", "CHF", "JPY"].contains(&&text[..3])
            && head.starts_with(|letter: char| letter.is_ascii_digit());
        if is_after_code {
            self.push(text[..3].to_owned(), WordKind::Letters);
            self.push(head.to_owned(), WordKind::Code);
            return;
        }
        self.push(text.to_owned(), WordKind::Code);
    }

    /// A run without digits: parted where it is connected, but for short forms such as `don't` and for `e-mail`.
    fn letters(&mut self, text: &str) {
        let plain = text.replace(['’', '‘', '´', '`'], "'");
        for part in plain.split(|letter: char| is_connector(letter) && letter != '\'' && letter != '-') {
            let lower = part.to_lowercase();
            if let Some(rest) = lower.strip_prefix("e-").filter(|rest| rest.starts_with("mail")) {
                self.push(format!("e{rest}"), WordKind::Letters);
                continue;
            }
            for piece in part.split('-').filter(|piece| !piece.is_empty()) {
                match piece.rsplit_once('\'') {
                    Some((head, tail)) if tail.chars().count() > 2 => {
                        self.push(head.replace('\'', ""), WordKind::Letters);
                        self.push(tail.to_owned(), WordKind::Letters);
                    }
                    _ => self.push(piece.replace('\'', ""), WordKind::Letters),
                }
            }
        }
    }

    fn push(&mut self, raw: String, kind: WordKind) {
        if raw.is_empty() {
            return;
        }
        let is_after_break = std::mem::take(&mut self.is_after_break);
        self.words.push(Word { folded: fold(&raw), raw, kind, is_after_break, is_dotted: false });
        self.count += 1;
    }

    /// A full stop ends a sentence, but not behind a number that may be a day, a single letter or a shortened word.
    fn full_stop(&mut self, letters: &[char], at: usize) {
        let Some(last) = self.words.last_mut() else { return };
        last.is_dotted = true;
        let next = letters[at + 1..].iter().find(|letter| !letter.is_whitespace());
        let is_day = last.kind == WordKind::Code && (last.raw.len() <= 2 || next.is_some_and(|next| next.is_lowercase()));
        let is_short = last.folded.chars().count() == 1 && !is_unspaced(last.raw.chars().next().unwrap_or_default());
        let is_shortened = SHORTENED.contains(&last.folded.as_str()) && next.is_some_and(|next| next.is_alphanumeric());
        let is_no = last.folded == "no" && !next.is_some_and(char::is_ascii_digit);
        let goes_on = next.is_some() && (is_day || is_short || is_shortened && !is_no);
        if !goes_on {
            self.end(false);
        }
    }

    fn end(&mut self, is_question: bool) {
        self.is_after_break = false;
        if self.words.is_empty() {
            if let (true, Some(last)) = (is_question, self.done.last_mut()) {
                last.is_question = true;
            }
            return;
        }
        let words = std::mem::take(&mut self.words);
        let is_asked = words.last().is_some_and(|word| word.raw == "か");
        self.done.push(Sentence { words, is_question: is_question || is_asked });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parted(text: &str) -> Vec<String> {
        let joined = |sentence: &Sentence| {
            let words: Vec<&str> = sentence.words.iter().map(|word| word.folded.as_str()).collect();
            format!("{}{}", words.join(" "), if sentence.is_question { "?" } else { "" })
        };
        sentences(text).iter().map(joined).collect()
    }

    #[test]
    fn texts_are_parted_into_sentences_of_words() {
        for (text, expected) in [
            ("We DON’T agree. Please call!", &["we dont agree", "please call"][..]),
            ("Bis zum 15.12. begleichen wir das.", &["bis zum 15.12 begleichen wir das"]),
            ("Am 2. Dezember. Entschuldigung", &["am 2 dezember", "entschuldigung"]),
            ("Invoice No. 123 is paid. No. Never", &["invoice no 123 is paid", "no", "never"]),
            ("j'ai payé l'an dernier, d'accord ?", &["jai paye lan dernier d accord?"]),
            ("E-Mail opt-out e-mails", &["email opt out emails"]),
            ("支払い済みです。ですか", &["支 払 い 済 み で す", "で す か?"]),
            ("INV-1,INV-2 cost €1,250.00 or 500EUR", &["inv-1 inv-2 cost € 1,250.00 or 500 eur"]),
            ("Grüße\nHans", &["grusse", "hans"]),
            (
                "a line that was wrapped by the program of whoever wrote it and\ngoes on",
                &["a line that was wrapped by the program of whoever wrote it and goes on"],
            ),
            (
                "R$ 1.250,00 to a.b@c.example https://x.example/stop now",
                &["r$ 1.250,00 to a.b@c.example https://x.example/stop now"],
            ),
            ("１２月", &["12 月"]),
            ("", &[]),
            ("...!!?", &[]),
        ] {
            assert_eq!(parted(text), expected, "{text}");
        }
    }

    #[test]
    fn a_very_long_text_is_read_to_its_bound() {
        let count: usize = sentences(&"word ".repeat(100_000)).iter().map(|sentence| sentence.words.len()).sum();
        assert_eq!(count, WORDS_MAX);
    }
}
