//! Words that are an order by themselves: to stop, or to start again.

use std::sync::OnceLock;

use crate::{
    class::Certainty,
    pattern::{Lists, WordPattern},
    words::Sentence,
};

/// The file of keywords.
const KEYWORDS: &str = include_str!("../rules/keywords.txt");
/// Most words of a short text that begins with a keyword.
const SHORT_WORDS_MAX: usize = 14;

/// What a keyword orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Stop(Certainty),
    Start,
}

/// Keywords by what they do; each list is in the file.
struct Keywords {
    stop: WordPattern,
    stop_alone: WordPattern,
    stop_first: WordPattern,
    not_first: WordPattern,
    start: WordPattern,
    courtesy: WordPattern,
}

fn list(head: &str) -> WordPattern {
    let line = KEYWORDS.lines().filter_map(|line| line.split_once(": ")).find(|(name, _)| *name == head);
    let pattern = WordPattern::parse(line.map_or("", |(_, body)| body.trim()), &Lists::new());
    pattern.expect("a test reads the file of keywords")
}

fn keywords() -> &'static Keywords {
    static LISTS: OnceLock<Keywords> = OnceLock::new();
    LISTS.get_or_init(|| Keywords {
        stop: list("stop"),
        stop_alone: list("stop_alone"),
        stop_first: list("stop_first"),
        not_first: list("not_first"),
        start: list("start"),
        courtesy: list("courtesy"),
    })
}

/// Whether a sentence consists of words of one list, but for courtesies.
fn is_only(sentence: &Sentence, list: &WordPattern) -> bool {
    let courtesy = &keywords().courtesy;
    let (mut at, mut said) = (0, false);
    while at < sentence.words.len() {
        let is_said = list.match_at(sentence, at, &|_, _| None).map(|found| found.end);
        let is_courteous = courtesy.match_at(sentence, at, &|_, _| None).map(|found| found.end);
        match (is_said, is_courteous) {
            (Some(end), _) => (at, said) = (end, true),
            (None, Some(end)) => at = end,
            (None, None) => return false,
        }
    }
    said
}

/// The order that a text is, where it is one. `is_short_text` says that it came as a text message, where carriers know such words.
pub(crate) fn order(sentences: &[Sentence], is_short_text: bool) -> Option<Order> {
    let lists = keywords();
    let is_whole = |list: &WordPattern| !sentences.is_empty() && sentences.iter().all(|sentence| is_only(sentence, list));
    if is_short_text && is_whole(&lists.start) {
        return Some(Order::Start);
    }
    if sentences.iter().any(|sentence| !sentence.is_question && is_only(sentence, &lists.stop))
        || is_short_text && is_whole(&lists.stop_alone)
    {
        return Some(Order::Stop(Certainty::Certain));
    }
    if is_whole(&lists.stop_alone) {
        return Some(Order::Stop(Certainty::Likely));
    }
    let words: usize = sentences.iter().map(|sentence| sentence.words.len()).sum();
    let first = sentences.first().filter(|_| is_short_text && words <= SHORT_WORDS_MAX)?;
    let begins = |list: &WordPattern| list.match_at(first, 0, &|_, _| None).is_some();
    (begins(&lists.stop_first) && !begins(&lists.not_first)).then_some(Order::Stop(Certainty::Likely))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::sentences;

    #[test]
    fn keywords_are_orders() {
        let certain = Some(Order::Stop(Certainty::Certain));
        let likely = Some(Order::Stop(Certainty::Likely));
        for (text, by_text, by_mail) in [
            ("STOP", certain, certain),
            (" stop. ", certain, certain),
            ("Stop please!!", certain, certain),
            ("STOPALL", certain, certain),
            ("opt-out", certain, certain),
            ("Opt out", certain, certain),
            ("arrêt svp", certain, certain),
            ("停止", certain, certain),
            ("配信停止", certain, certain),
            ("Abmelden\n\n", certain, certain),
            ("END", certain, likely),
            ("cancel", certain, likely),
            ("quit", certain, likely),
            ("ALTO", certain, likely),
            ("Thanks for this. STOP", certain, certain),
            ("stop it now ok", certain, certain),
            ("stop texting my husband", likely, None),
            ("stop by our office on friday", None, None),
            ("Can you stop?", None, None),
            ("end of the month", None, None),
            ("cancel the meeting", None, None),
            ("START", Some(Order::Start), None),
            ("unstop", Some(Order::Start), None),
            ("Yes", Some(Order::Start), None),
            ("Yes we paid", None, None),
            ("", None, None),
        ] {
            assert_eq!((order(&sentences(text), true), order(&sentences(text), false)), (by_text, by_mail), "{text}");
        }
    }
}
