//! Numbers of invoices and orders out of sentences, as they were written. Whether there is such an invoice, the caller looks.

use crate::{
    pack::Pack,
    words::{Sentence, Word, WordKind},
};

/// Most invoice numbers that are read of one text.
const NUMBERS_MAX: usize = 100;
/// Longest number, in bytes.
const NUMBER_BYTES_MAX: usize = 40;

/// Numbers that a text names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct References {
    /// Invoices' numbers, in order and each once.
    pub invoices: Vec<String>,
    /// The first number of an order.
    pub order: Option<String>,
}

/// Of what the next number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Led {
    Invoice,
    Order,
    Other,
    None,
}

impl References {
    /// Reads a sentence; what lies in `taken` are days and amounts.
    pub(crate) fn read(&mut self, sentence: &Sentence, packs: &[Pack], taken: &[(usize, usize)]) {
        let mut led = Led::None;
        let mut at = 0;
        while let Some(word) = sentence.words.get(at) {
            if let Some((next, end)) = led_in(sentence, at, packs) {
                led = next;
                at = end;
                continue;
            }
            let is_taken = taken.iter().any(|(start, end)| (*start..*end).contains(&at));
            match word.kind {
                WordKind::Code if is_taken => {}
                WordKind::Code => self.number(word, led),
                WordKind::Letters if is_filler(sentence, at, packs) => {}
                WordKind::Letters | WordKind::Mail | WordKind::Link => led = Led::None,
                WordKind::Sign => {}
            }
            at += 1;
        }
    }

    fn number(&mut self, word: &Word, led: Led) {
        let number = word.raw.trim_matches(|letter: char| !letter.is_alphanumeric()).to_owned();
        if number.len() < 3 || number.len() > NUMBER_BYTES_MAX {
            return;
        }
        let is_invoice = match led {
            Led::Invoice => true,
            Led::None => looks_like_one(&number),
            Led::Order => {
                self.order.get_or_insert(number);
                return;
            }
            Led::Other => false,
        };
        if is_invoice && self.invoices.len() < NUMBERS_MAX && !self.invoices.contains(&number) {
            self.invoices.push(number);
        }
    }
}

/// `INV-2041`, `RE4471`, `FA/2026/12`: capitals, then digits.
fn looks_like_one(number: &str) -> bool {
    let letters = number.chars().take_while(char::is_ascii_uppercase).count();
    let rest = number[letters..].trim_start_matches(['-', '/', '_', '.']);
    let digits = rest.chars().filter(char::is_ascii_digit).count();
    (2..=5).contains(&letters) && rest.starts_with(|letter: char| letter.is_ascii_digit()) && digits >= 3
}

fn led_in(sentence: &Sentence, at: usize, packs: &[Pack]) -> Option<(Led, usize)> {
    let heads = [("order_words", Led::Order), ("invoice_words", Led::Invoice), ("other_words", Led::Other)];
    let all = heads.into_iter().flat_map(|(head, led)| {
        let ends =
            packs.iter().filter_map(move |pack| pack.choices(head)?.match_at(sentence, at, &|_, _| None)).map(|found| found.end);
        ends.map(move |end| (led, end))
    });
    // Of equally long words, the first head's.
    all.fold(None, |best: Option<(Led, usize)>, one| if best.is_some_and(|best| best.1 >= one.1) { best } else { Some(one) })
}

fn is_filler(sentence: &Sentence, at: usize, packs: &[Pack]) -> bool {
    let one = |pack: &Pack| pack.choices("fillers").is_some_and(|words| words.match_at(sentence, at, &|_, _| None).is_some());
    packs.iter().any(one)
}
