//! In which languages the pages are, and in which of them somebody reads.
//!
//! Each language is a file of its own, beside which only the list here names it. One that lacks a text does not compile, and neither does the list
//! while it lacks a language of [`CUSTOMER_LANGUAGES`].

mod de;
mod en;
mod es;
mod fr;
mod it;
mod ja;
mod nl;
mod pt;

use domain::language::CUSTOMER_LANGUAGES;

use crate::{
    access_labels::AccessLabels, document_labels::DocumentLabels, file_labels::FileLabels, form_labels::FormLabels,
    labels::PageLabels, language_words::LanguageWords, paid_already_labels::PaidAlreadyLabels, pay_labels::PayLabels,
    plan_labels::PlanLabels, talk_labels::TalkLabels,
};

/// In the order of [`CUSTOMER_LANGUAGES`].
static ALL: [&LanguageWords; CUSTOMER_LANGUAGES.len()] =
    [&en::WORDS, &de::WORDS, &fr::WORDS, &es::WORDS, &it::WORDS, &ja::WORDS, &nl::WORDS, &pt::WORDS];

/// The words of a language, with or without a region; English where there are none.
fn words_of(tag: &str) -> &'static LanguageWords {
    let primary = tag.split(['-', '_']).next().unwrap_or_default();
    ALL.iter().copied().find(|words| words.page.language.eq_ignore_ascii_case(primary)).unwrap_or(&en::WORDS)
}

impl PageLabels {
    /// The words of a language; English where there are none.
    pub fn of(tag: &str) -> &'static Self {
        &words_of(tag).page
    }

    /// The words of every language.
    #[cfg(test)]
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        ALL.iter().map(|words| &words.page)
    }
}

impl FormLabels {
    /// The words of the language that a page is in.
    pub(crate) fn of(words: &PageLabels) -> &'static Self {
        &words_of(words.language).forms
    }
}

impl PayLabels {
    /// The words of a language; English where there are none.
    pub(crate) fn of(language: &str) -> &'static Self {
        &words_of(language).pay
    }
}

impl DocumentLabels {
    /// The words of a language; English where there are none.
    pub(crate) fn of(language: &str) -> &'static Self {
        &words_of(language).documents
    }
}

impl FileLabels {
    /// The words of the language that a page is in.
    pub(crate) fn of(words: &PageLabels) -> &'static Self {
        &words_of(words.language).files
    }
}

impl AccessLabels {
    /// The words of the language that a page is in.
    pub(crate) fn of(words: &PageLabels) -> &'static Self {
        &words_of(words.language).access
    }

    /// Every language of the pages: its tag and what it calls itself.
    pub(crate) fn languages() -> impl Iterator<Item = (&'static str, &'static str)> {
        ALL.iter().map(|words| (words.access.language, words.access.own_name))
    }
}

impl PaidAlreadyLabels {
    /// The words of the language that a page is in.
    pub(crate) fn of(words: &PageLabels) -> &'static Self {
        &words_of(words.language).paid_already
    }
}

impl PlanLabels {
    /// The words of the language that a page is in.
    pub(crate) fn of(words: &PageLabels) -> &'static Self {
        &words_of(words.language).plans
    }
}

impl TalkLabels {
    /// The words of the language that a page is in.
    pub(crate) fn of(words: &PageLabels) -> &'static Self {
        &words_of(words.language).talk
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use super::*;

    /// Every text of a language, by its place: `/page/statement`.
    fn texts(words: &LanguageWords) -> BTreeMap<String, String> {
        let Value::Object(parts) = serde_json::to_value(words).expect("words are texts") else { return BTreeMap::new() };
        let mut texts = BTreeMap::new();
        for (part, own) in parts {
            for (name, text) in own.as_object().expect("words by name") {
                texts.insert(format!("/{part}/{name}"), text.as_str().expect("a text").to_owned());
            }
        }
        texts
    }

    /// The places of a text that are filled in, in order of their names.
    fn places(text: &str) -> Vec<&str> {
        let mut places: Vec<&str> = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        places.sort_unstable();
        places
    }

    #[test]
    fn every_customer_language_has_its_own_words() {
        for (words, language) in ALL.iter().zip(CUSTOMER_LANGUAGES) {
            for (place, text) in texts(words).iter().filter(|(place, _)| place.ends_with("/language")) {
                assert_eq!(text, language, "{place}");
            }
            let named = texts(words).keys().filter(|place| place.ends_with("/language")).count();
            assert_eq!(named, 9, "each part says in which language it is");
        }
    }

    #[test]
    fn each_language_leaves_the_same_places_open() {
        let english = texts(&en::WORDS);
        assert!(english.len() > 250 && english.values().filter(|text| text.contains('{')).count() > 40, "{english:?}");
        for words in ALL {
            let own = texts(words);
            assert_eq!(own.len(), english.len());
            for (place, text) in &own {
                assert!(!text.is_empty(), "{place} {}", words.page.language);
                assert_eq!(places(text), places(&english[place]), "{place} {}", words.page.language);
            }
        }
    }

    /// What is left in another language reads the same in both.
    #[test]
    fn no_language_repeats_the_sentences_of_another() {
        for (at, one) in ALL.iter().enumerate() {
            let own = texts(one);
            for other in &ALL[at + 1..] {
                let same = texts(other).into_iter().filter(|(place, text)| text.split(' ').count() > 4 && own[place] == *text);
                let same: Vec<_> = same.collect();
                assert!(same.is_empty(), "{} {}: {same:?}", one.page.language, other.page.language);
            }
        }
    }

    #[test]
    fn no_line_of_french_begins_with_a_mark() {
        for (place, text) in texts(&fr::WORDS) {
            for mark in [':', ';', '?', '!', '»'] {
                for (at, _) in text.match_indices(mark) {
                    let is_held = text[..at].ends_with(|before: char| before == '\u{a0}' || before.is_ascii_digit());
                    assert!(is_held, "{place}: a space that does not break before '{mark}' in {text}");
                }
            }
            for quote in ["l'", "d'", "n'", "s'", "j'", "qu'"] {
                assert!(!text.contains(quote), "{place}: ’ is the apostrophe: {text}");
            }
        }
    }

    #[test]
    fn spanish_opens_what_it_asks_and_italian_has_its_apostrophe() {
        for (place, text) in texts(&es::WORDS) {
            assert_eq!(text.matches('¿').count(), text.matches('?').count(), "{place}: {text}");
            assert_eq!(text.matches('¡').count(), text.matches('!').count(), "{place}: {text}");
        }
        for (place, text) in texts(&it::WORDS) {
            assert!(!text.contains('\''), "{place}: ’ is the apostrophe: {text}");
        }
    }

    /// The alternative text of a transfer's code finds its rows by what stands before them.
    #[test]
    fn the_rows_of_a_transfer_are_told_apart() {
        for words in ALL {
            let pay = &words.pay;
            let labels = [pay.holder, pay.bank, pay.iban, pay.bank_code, pay.account_number, pay.bic, pay.amount, pay.reference];
            let apart: BTreeSet<&str> = labels.into_iter().collect();
            assert_eq!(apart.len(), labels.len(), "{labels:?}");
        }
    }
}
