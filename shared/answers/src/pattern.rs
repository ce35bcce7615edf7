//! Patterns of words, as the files of rules write them, and where they match a sentence.
//!
//! A pattern is pieces with spaces between them:
//!
//! | Piece | Matches |
//! |---|---|
//! | `pay` | the word, whatever its case and accents |
//! | `disput*` | a word that begins so |
//! | `pay\|settle\|take_care` | one of these; `_` stands for a space |
//! | `@paid` | one of the list `paid` of the same file |
//! | `?now` | the same, or nothing |
//! | `~3` | up to three words of any kind |
//! | `{date}` | something found in the text (see [`Slot`]); `?{date}` is optional too |
//! | `^`, `$` | the beginning and the end of a sentence |

use std::collections::HashMap;

use crate::words::{Sentence, Word, folded_words};

/// Something that is found in a text before the rules read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    /// A day that may lie ahead, `{date}`.
    Ahead,
    /// A day that may lie behind, `{past}`.
    Behind,
    /// An amount with its currency, `{money}`.
    Money,
    /// A word with digits, `{code}`.
    Code,
    /// A mail address, `{mail}`.
    Mail,
    /// A day of a month, `{d}`.
    Day,
    /// A month's name, `{m}`.
    Month,
    /// A weekday's name, `{w}`.
    Weekday,
    /// A small number in digits or letters, `{n}`.
    Number,
    /// A year, `{y}`.
    Year,
}

impl Slot {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "date" => Self::Ahead,
            "past" => Self::Behind,
            "money" => Self::Money,
            "code" => Self::Code,
            "mail" => Self::Mail,
            "d" => Self::Day,
            "m" => Self::Month,
            "w" => Self::Weekday,
            "n" => Self::Number,
            "y" => Self::Year,
            _ => return None,
        })
    }
}

/// What tells whether something fills a slot at a place: the place behind it.
pub(crate) type Filling<'a> = &'a dyn Fn(Slot, usize) -> Option<usize>;

#[derive(Clone, Debug)]
enum Bit {
    Exact(String),
    Beginning(String),
}

impl Bit {
    fn matches(&self, word: &Word) -> bool {
        match self {
            Self::Exact(text) => word.folded == *text,
            Self::Beginning(text) => word.folded.starts_with(text.as_str()),
        }
    }
}

#[derive(Clone, Debug)]
enum Piece {
    OneOf { choices: Vec<Vec<Bit>>, is_optional: bool },
    Gap(usize),
    Filled { slot: Slot, is_optional: bool },
    Start,
    End,
}

/// A pattern.
#[derive(Clone, Debug)]
pub(crate) struct WordPattern(Vec<Piece>);

/// Where a pattern matched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Matched {
    pub start: usize,
    /// The place behind it.
    pub end: usize,
    /// What gaps passed over: first word and the place behind the last.
    pub gaps: Vec<(usize, usize)>,
    /// What filled slots, by the place of its first word.
    pub filled: Vec<(Slot, usize)>,
}

/// Lists of choices by name.
pub(crate) type Lists = HashMap<String, String>;

/// Spellings of a word: German writes `ue` for `ü` where a keyboard lacks it.
fn spellings(text: &str) -> Vec<String> {
    let spelled = text.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue");
    if spelled == text { vec![text.to_owned()] } else { vec![text.to_owned(), spelled] }
}

/// The choices of a piece; `Err` says what is wrong.
fn choices(text: &str, lists: &Lists, depth: usize) -> Result<Vec<Vec<Bit>>, String> {
    if depth > 4 {
        return Err(format!("the lists of '{text}' name one another in a circle"));
    }
    let mut out = Vec::new();
    for choice in text.split('|') {
        if let Some(name) = choice.strip_prefix('@') {
            let list = lists.get(name).ok_or_else(|| format!("there is no list '{name}'; write 'list {name}: …' above"))?;
            out.extend(choices(list, lists, depth + 1)?);
            continue;
        }
        for spelling in spellings(choice) {
            let (text, is_beginning) = spelling.strip_suffix('*').map_or((spelling.as_str(), false), |text| (text, true));
            let mut bits: Vec<Bit> = folded_words(&text.replace('_', " ")).into_iter().map(Bit::Exact).collect();
            match bits.pop() {
                None => return Err(format!("'{choice}' has no word")),
                Some(Bit::Exact(last)) if is_beginning => bits.push(Bit::Beginning(last)),
                Some(last) => bits.push(last),
            }
            out.push(bits);
        }
    }
    Ok(out)
}

impl WordPattern {
    /// Reads a pattern; `Err` says what is wrong with it.
    pub(crate) fn parse(text: &str, lists: &Lists) -> Result<Self, String> {
        let mut pieces = Vec::new();
        for piece in text.split_whitespace() {
            let (inner, is_optional) = piece.strip_prefix('?').map_or((piece, false), |inner| (inner, true));
            pieces.push(match inner {
                "^" => Piece::Start,
                "$" => Piece::End,
                _ => match (inner.strip_prefix('~'), inner.strip_prefix('{').and_then(|slot| slot.strip_suffix('}'))) {
                    (Some(words), _) => match words.parse() {
                        Ok(words) if words <= 20 => Piece::Gap(words),
                        _ => return Err(format!("'{piece}' is no gap of up to 20 words, such as '~3'")),
                    },
                    (None, Some(name)) => match Slot::parse(name) {
                        Some(slot) => Piece::Filled { slot, is_optional },
                        None => return Err(format!("'{piece}' is no slot")),
                    },
                    (None, None) => Piece::OneOf { choices: choices(inner, lists, 0)?, is_optional },
                },
            });
        }
        let says_something = pieces.iter().any(|piece| match piece {
            Piece::OneOf { is_optional, .. } | Piece::Filled { is_optional, .. } => !is_optional,
            Piece::Gap(_) | Piece::Start | Piece::End => false,
        });
        if says_something { Ok(Self(pieces)) } else { Err("it has no word that must be there".to_owned()) }
    }

    /// Words with which a match must begin; `None` where it may begin with anything. A word that stands for beginnings has `true`.
    pub(crate) fn begins_with(&self) -> Option<Vec<(&str, bool)>> {
        match self.0.first() {
            Some(Piece::OneOf { choices, is_optional: false }) => Some(
                choices
                    .iter()
                    .filter_map(|bits| bits.first())
                    .map(|bit| match bit {
                        Bit::Exact(text) => (text.as_str(), false),
                        Bit::Beginning(text) => (text.as_str(), true),
                    })
                    .collect(),
            ),
            _ => None,
        }
    }

    /// The match that begins at a word.
    pub(crate) fn match_at(&self, sentence: &Sentence, start: usize, filling: Filling<'_>) -> Option<Matched> {
        let mut matched = Matched { start, ..Matched::default() };
        let end = go_on(&self.0, sentence, start, filling, &mut matched)?;
        matched.end = end;
        Some(matched)
    }

    /// The first match.
    #[cfg(test)]
    fn find(&self, sentence: &Sentence) -> Option<Matched> {
        (0..=sentence.words.len()).find_map(|at| self.match_at(sentence, at, &|_, _| None))
    }
}

/// Matches the rest of a pattern at a place; gives the place behind the match. Gaps are as short as they can be.
fn go_on(pieces: &[Piece], sentence: &Sentence, at: usize, filling: Filling<'_>, matched: &mut Matched) -> Option<usize> {
    let Some((piece, rest)) = pieces.split_first() else { return Some(at) };
    match piece {
        Piece::Start if at == 0 => go_on(rest, sentence, at, filling, matched),
        Piece::End if at == sentence.words.len() => go_on(rest, sentence, at, filling, matched),
        Piece::Start | Piece::End => None,
        Piece::OneOf { choices, is_optional } => {
            for bits in choices {
                let words = sentence.words.get(at..at + bits.len()).unwrap_or_default();
                if words.len() == bits.len() && bits.iter().zip(words).all(|(bit, word)| bit.matches(word)) {
                    let found = go_on(rest, sentence, at + bits.len(), filling, matched);
                    if found.is_some() {
                        return found;
                    }
                }
            }
            if *is_optional { go_on(rest, sentence, at, filling, matched) } else { None }
        }
        Piece::Gap(longest) => (0..=*longest).take_while(|length| at + length <= sentence.words.len()).find_map(|length| {
            let kept = (matched.gaps.len(), matched.filled.len());
            matched.gaps.push((at, at + length));
            let found = go_on(rest, sentence, at + length, filling, matched);
            if found.is_none() {
                matched.gaps.truncate(kept.0);
                matched.filled.truncate(kept.1);
            }
            found
        }),
        Piece::Filled { slot, is_optional } => {
            if let Some(end) = filling(*slot, at) {
                let kept = (matched.gaps.len(), matched.filled.len());
                matched.filled.push((*slot, at));
                let found = go_on(rest, sentence, end, filling, matched);
                if found.is_some() {
                    return found;
                }
                matched.gaps.truncate(kept.0);
                matched.filled.truncate(kept.1);
            }
            if *is_optional { go_on(rest, sentence, at, filling, matched) } else { None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::sentences;

    fn span(pattern: &str, text: &str) -> Option<(usize, usize)> {
        let lists = Lists::from([("paid".to_owned(), "paid|took_care".to_owned())]);
        let pattern = WordPattern::parse(pattern, &lists).expect("it reads");
        pattern.find(&sentences(text)[0]).map(|found| (found.start, found.end))
    }

    #[test]
    fn patterns_match_words() {
        for (pattern, text, expected) in [
            ("paid", "we PAID it", Some((1, 2))),
            ("disput*", "we are disputing", Some((2, 3))),
            ("@paid ~1 it", "we took care of it", Some((1, 5))),
            ("we ?have paid", "we paid", Some((0, 2))),
            ("we ~1 paid", "we have not paid", None),
            ("^ paid", "we paid", None),
            ("^ ~1 paid $", "we paid", Some((0, 2))),
            ("überweis*", "wir ueberweisen", Some((1, 2))),
            ("überweis*", "wir uberweisen", Some((1, 2))),
            ("don't pay", "we don’t pay", Some((1, 3))),
            ("払い済み", "支払い済みです", Some((1, 5))),
            ("支払 ~3 まし", "支払いをしました", Some((0, 7))),
        ] {
            assert_eq!(span(pattern, text), expected, "{pattern}: {text}");
        }
    }

    #[test]
    fn patterns_that_say_nothing_are_refused() {
        for pattern in ["", "?a", "~3", "~30 a", "{what}", "@none", "^ $", "|"] {
            assert!(WordPattern::parse(pattern, &Lists::new()).is_err(), "{pattern}");
        }
    }
}
