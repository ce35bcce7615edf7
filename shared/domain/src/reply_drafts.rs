//! Draft answers by class and language. A person reads, changes and sends one as a message of their own; nothing sends it by itself.

use crate::reply::ReplyClass;

const DRAFTS: &str = include_str!("reply_drafts.tsv");

/// The draft of an answer to an answer of a class, in a language (BCP 47) or else in English. None where nothing is to be answered: to who wants no
/// more messages, is away, or thanks.
pub fn draft_answer(class: ReplyClass, language: Option<&str>) -> Option<&'static str> {
    let wanted = language.and_then(|tag| tag.split(['-', '_']).next()).unwrap_or("en").to_lowercase();
    let of = |tongue: &str| drafts().find(|(known, language, _)| *known == class.as_str() && *language == tongue);
    of(&wanted).or_else(|| of("en")).map(|(_, _, text)| text)
}

fn drafts() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    DRAFTS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut parts = line.splitn(3, '\t');
        Some((parts.next()?, parts.next()?, parts.next()?))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::word::Word;

    #[test]
    fn each_class_has_a_draft_in_every_language_or_in_none() {
        let languages = BTreeSet::from(["de", "en", "es", "fr", "it", "ja", "nl", "pt"]);
        for word in ReplyClass::WORDS {
            let of: BTreeSet<&str> = drafts().filter(|(class, _, _)| class == word).map(|(_, language, _)| language).collect();
            let has_none = matches!(*word, "opt_out" | "out_of_office" | "thanks");
            assert_eq!(of, if has_none { BTreeSet::new() } else { languages.clone() }, "{word}");
        }
        for (class, language, text) in drafts() {
            assert!(ReplyClass::of_this_release(class).is_some(), "{class} is no class");
            let is_plain = !text.contains(|sign: char| sign.is_ascii_digit() || matches!(sign, '{' | '@' | '<'));
            assert!(is_plain && text.trim() == text && !text.is_empty(), "{class} {language}: a draft names nothing: {text}");
        }
    }

    #[test]
    fn a_draft_is_of_the_customers_language_or_english() {
        let of = |language| draft_answer(ReplyClass::Hardship, language).expect("a draft");
        assert!(of(Some("de-AT")).starts_with("Vielen Dank") && of(Some("sv")).starts_with("Thank you"));
        assert_eq!(of(None), of(Some("en-GB")));
        assert_eq!(draft_answer(ReplyClass::Thanks, Some("en")), None);
    }
}
