//! Which words there are on the portal's forms, beside [`crate::labels`].

use domain::{DisputeReason, WayOfPaying};
use serde::Serialize;

/// What the forms say in one language; `{}` and other names in braces stand for a number, an amount or a day.
#[derive(Debug, Serialize)]
pub(crate) struct FormLabels {
    pub(crate) language: &'static str,
    pub(crate) promise: &'static str,
    pub(crate) dispute: &'static str,
    pub(crate) write: &'static str,
    pub(crate) ask_copy: &'static str,
    pub(crate) ask_plan: &'static str,
    pub(crate) what_you_can_do: &'static str,
    /// Heads what is wrong with a form.
    pub(crate) wrong_title: &'static str,
    pub(crate) send: &'static str,
    pub(crate) optional: &'static str,
    pub(crate) promise_intro: &'static str,
    pub(crate) which: &'static str,
    pub(crate) other_items: &'static str,
    pub(crate) how_much: &'static str,
    pub(crate) how_much_hint: &'static str,
    pub(crate) by_when: &'static str,
    pub(crate) by_when_hint: &'static str,
    pub(crate) how: &'static str,
    pub(crate) promises_closed: &'static str,
    pub(crate) promises_enough: &'static str,
    pub(crate) promises_unkept: &'static str,
    pub(crate) nothing_to_promise: &'static str,
    pub(crate) wrong_invoices: &'static str,
    pub(crate) no_invoices: &'static str,
    pub(crate) wrong_amount: &'static str,
    pub(crate) mixed_amount: &'static str,
    pub(crate) wrong_day: &'static str,
    pub(crate) wrong_way: &'static str,
    pub(crate) wrong_reason: &'static str,
    pub(crate) wrong_words: &'static str,
    pub(crate) no_words: &'static str,
    pub(crate) too_often: &'static str,
    pub(crate) wrong_about: &'static str,
    pub(crate) wrong_for: &'static str,
    pub(crate) unknown_field: &'static str,
    pub(crate) not_now: &'static str,
    pub(crate) too_much: &'static str,
    pub(crate) dispute_intro: &'static str,
    pub(crate) what_is_wrong: &'static str,
    pub(crate) please_choose: &'static str,
    pub(crate) which_line: &'static str,
    pub(crate) whole_invoice: &'static str,
    pub(crate) line_hint: &'static str,
    pub(crate) wrong_line: &'static str,
    /// Of a dispute that is about a line.
    pub(crate) dispute_line: &'static str,
    pub(crate) how_much_wrong: &'static str,
    pub(crate) how_much_wrong_hint: &'static str,
    pub(crate) in_words: &'static str,
    pub(crate) in_words_hint: &'static str,
    pub(crate) disputed_already: &'static str,
    pub(crate) disputes_rejected: &'static str,
    pub(crate) see_dispute: &'static str,
    pub(crate) nothing_to_dispute: &'static str,
    pub(crate) write_intro: &'static str,
    pub(crate) what_about: &'static str,
    pub(crate) for_message: &'static str,
    pub(crate) for_copy: &'static str,
    pub(crate) for_plan: &'static str,
    pub(crate) which_one: &'static str,
    pub(crate) none_of_them: &'static str,
    pub(crate) plan_hint: &'static str,
    pub(crate) promise_made: &'static str,
    pub(crate) promise_says: &'static str,
    pub(crate) promise_waits: &'static str,
    pub(crate) promise_else: &'static str,
    pub(crate) promise_kept: &'static str,
    pub(crate) promise_partly_kept: &'static str,
    pub(crate) promise_broken: &'static str,
    pub(crate) promise_over: &'static str,
    pub(crate) dispute_made: &'static str,
    pub(crate) dispute_says: &'static str,
    pub(crate) dispute_waits: &'static str,
    pub(crate) dispute_late: &'static str,
    pub(crate) dispute_until: &'static str,
    pub(crate) dispute_rest: &'static str,
    pub(crate) dispute_over: &'static str,
    pub(crate) written: &'static str,
    pub(crate) written_says: &'static str,
    pub(crate) invoices_of: &'static str,
    /// Of a due item.
    pub(crate) disputed_part: &'static str,
    /// Of a due item.
    pub(crate) promise_missed: &'static str,
    #[serde(skip)]
    pub(crate) ways: &'static [(WayOfPaying, &'static str)],
    #[serde(skip)]
    pub(crate) reasons: &'static [(DisputeReason, &'static str)],
}

impl FormLabels {
    /// The ways of paying: word and name.
    pub(crate) fn ways(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.ways.iter().map(|(way, name)| (way.as_str(), *name))
    }

    /// A way of paying in words; that of a later release is another way.
    pub(crate) fn way(&self, way: &WayOfPaying) -> &'static str {
        let named = self.ways.iter().find(|(known, _)| known == way).or(self.ways.last());
        named.map_or("", |(_, name)| name)
    }

    /// The reasons of a dispute: word and name.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.reasons.iter().map(|(reason, name)| (reason.as_str(), *name))
    }

    /// A reason in words; that of a later release is something else.
    pub(crate) fn reason(&self, reason: &DisputeReason) -> &'static str {
        let named = self.reasons.iter().find(|(known, _)| known == reason).or(self.reasons.last());
        named.map_or("", |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::labels::PageLabels;

    #[test]
    fn each_language_of_the_pages_has_every_word() {
        for words in PageLabels::all() {
            let own = FormLabels::of(words);
            assert_eq!(own.language, words.language);
            assert_eq!(own.ways().map(|(word, _)| word).collect::<Vec<_>>(), WayOfPaying::WORDS);
            assert_eq!(own.reasons().map(|(word, _)| word).collect::<Vec<_>>(), DisputeReason::WORDS);
            let names: BTreeSet<&str> = own.ways().chain(own.reasons()).map(|(_, name)| name).collect();
            assert_eq!(
                names.len(),
                WayOfPaying::WORDS.len() + DisputeReason::WORDS.len(),
                "two are called alike in {}",
                own.language
            );
            assert_eq!(own.reason(&DisputeReason::Later("solar_storm".to_owned())), own.reason(&DisputeReason::Other));
        }
    }
}
