//! Texts as they are sorted and searched: without case and accents.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// Most words of one object that can be searched.
const WORDS_MAX: usize = 16;
/// Longest beginning of a word that is told from others, in letters.
const LETTERS_MAX: usize = 32;
/// Longest text that is sorted by, in letters.
const SORTED_MAX: usize = 64;
/// Fewest letters of a word.
const LETTERS_MIN: usize = 2;

/// A text in lower case, without accents; what is neither letter nor digit becomes one space.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in DecomposingNormalizerBorrowed::new_nfkd().normalize(text).chars() {
        match letter {
            // Combining marks, as the decomposition leaves them of Latin, Greek and Cyrillic letters.
            '\u{300}'..='\u{36f}' => {}
            'ß' | 'ẞ' => folded.push_str("ss"),
            'æ' | 'Æ' => folded.push_str("ae"),
            'œ' | 'Œ' => folded.push_str("oe"),
            'ø' | 'Ø' => folded.push('o'),
            'ł' | 'Ł' => folded.push('l'),
            'đ' | 'Đ' | 'ð' | 'Ð' => folded.push('d'),
            'þ' | 'Þ' => folded.push_str("th"),
            'ı' => folded.push('i'),
            other if other.is_alphanumeric() => folded.extend(other.to_lowercase().filter(|c| c.is_alphanumeric())),
            _ if folded.ends_with(' ') || folded.is_empty() => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// A text as rows are sorted by it.
pub(crate) fn sorted_by(text: &str) -> String {
    fold(text).chars().take(SORTED_MAX).collect()
}

/// The words that an object is found by, each once.
pub(crate) fn words<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for text in texts {
        for word in fold(text).split(' ') {
            let word: String = word.chars().take(LETTERS_MAX).collect();
            if word.chars().count() >= LETTERS_MIN && words.len() < WORDS_MAX && !words.contains(&word) {
                words.push(word);
            }
        }
    }
    words
}

/// The first letters of a word, which say where its rows lie; `None` when there are too few to look for.
pub(crate) fn beginning(word: &str) -> Option<&str> {
    word.char_indices().nth(LETTERS_MIN - 1).map(|(at, letter)| &word[..at + letter.len_utf8()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_signs_do_not_tell_texts_apart() {
        for (text, folded) in [
            ("Müller & Söhne GmbH", "muller sohne gmbh"),
            ("MU\u{308}LLER", "muller"),
            ("Straße", "strasse"),
            ("Łódź – Øresund", "lodz oresund"),
            ("INV-1001/a", "inv 1001 a"),
            ("  ", ""),
            ("Ｆｕｌｌ １２", "full 12"),
            ("Ελλάς", "ελλας"),
            ("İstanbul ılık", "istanbul ilik"),
            ("東京 #1", "東京 1"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn words_are_bounded_and_each_once() {
        assert_eq!(words(["RE-1001", "re 1001 x", "Zoë"]), ["re", "1001", "zoe"]);
        let many: Vec<String> = (0..40).map(|n| format!("word{n}")).collect();
        assert_eq!(words(many.iter().map(String::as_str)).len(), WORDS_MAX);
        assert_eq!(words(["a".repeat(200).as_str()]), ["a".repeat(LETTERS_MAX)]);
        assert_eq!((beginning("müller"), beginning("é"), beginning("東京")), (Some("mü"), None, Some("東京")));
    }
}
