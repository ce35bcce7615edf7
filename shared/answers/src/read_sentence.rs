//! A sentence with what was found in it before the rules read it.

use domain::{Currency, Money};
use jiff::civil::Date;

use crate::{
    amounts::find_amounts,
    days::{FoundDay, find_days},
    packs::all_packs,
    pattern::{Matched, Slot, WordPattern},
    words::{Sentence, WordKind},
};

/// A sentence with what was found in it.
pub(crate) struct ReadSentence<'a> {
    pub sentence: &'a Sentence,
    pub days: Vec<FoundDay>,
    /// From which word, up to which, and what; no amount where its currency is not certain.
    pub amounts: Vec<(usize, usize, Option<Money>)>,
}

impl<'a> ReadSentence<'a> {
    pub(crate) fn new(sentence: &'a Sentence, today: Date, region: Option<&str>, currency: Option<Currency>) -> Self {
        let amounts: Vec<_> =
            find_amounts(sentence, currency).into_iter().map(|found| (found.start, found.end, found.money)).collect();
        let taken: Vec<(usize, usize)> = amounts.iter().map(|(start, end, _)| (*start, *end)).collect();
        let days = find_days(sentence, all_packs(), today, region, &taken);
        Self { sentence, days, amounts }
    }

    /// Words that are days and amounts.
    pub(crate) fn taken(&self) -> Vec<(usize, usize)> {
        let days = self.days.iter().map(|day| (day.start, day.end));
        days.chain(self.amounts.iter().map(|(start, end, _)| (*start, *end))).collect()
    }

    /// The place behind what fills a slot at a place.
    fn fills(&self, slot: Slot, at: usize) -> Option<usize> {
        let day = |fits: &dyn Fn(&FoundDay) -> bool| self.days.iter().find(|day| day.start == at && fits(day)).map(|day| day.end);
        let of_kind = |kind: WordKind| self.sentence.words.get(at).filter(|word| word.kind == kind).map(|_| at + 1);
        match slot {
            Slot::Ahead => day(&|day| day.day.ahead.is_some()),
            Slot::Behind => day(&|day| day.day.behind.is_some()),
            Slot::Money => self.amounts.iter().find(|(start, _, _)| *start == at).map(|(_, end, _)| *end),
            Slot::Code => of_kind(WordKind::Code),
            Slot::Mail => of_kind(WordKind::Mail),
            Slot::Day | Slot::Month | Slot::Weekday | Slot::Number | Slot::Year => None,
        }
    }

    /// The match of a pattern that begins at a word.
    pub(crate) fn match_at(&self, pattern: &WordPattern, at: usize) -> Option<Matched> {
        pattern.match_at(self.sentence, at, &|slot, place| self.fills(slot, place))
    }

    /// The first match of any of some patterns.
    pub(crate) fn finds(&self, patterns: &[WordPattern]) -> Option<Matched> {
        (0..self.sentence.words.len()).find_map(|at| patterns.iter().find_map(|pattern| self.match_at(pattern, at)))
    }
}
