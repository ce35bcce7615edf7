//! An explanation as pages show it: what it comes to in sentences, what would change it, and the rules behind it.

use domain::decide::{RuleAsked, RuleOutcome};
use serde::Serialize;
use service::explain::{ExplainAnswer, ExplainBasis};

use crate::{agreement_rows::in_words, formats::Formats, timeline_rows::channel_name};

/// An explanation on a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ExplainedView {
    /// The moment that is explained, in words.
    pub(crate) at: String,
    /// What it rests on, as a sentence.
    pub(crate) rests_on: &'static str,
    /// Whether history begins later than the moment: nothing is known of it, and nothing is guessed.
    pub(crate) is_unknown: bool,
    /// What it comes to, a sentence a fact.
    pub(crate) outcome: Vec<String>,
    /// What would change it.
    pub(crate) changes: Vec<String>,
    /// When a message could leave at the earliest, in words.
    pub(crate) earliest: Vec<String>,
    /// What is assumed, and what is not put together again as it was.
    pub(crate) hints: Vec<String>,
    /// The rules that were asked, in their order.
    pub(crate) rules: Vec<RuleRow>,
}

/// A rule that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RuleRow {
    name: String,
    version: u32,
    citation: &'static str,
    said: String,
    allows: bool,
    /// The channel and the contact that it was asked about.
    way: Option<String>,
}

impl ExplainedView {
    pub(crate) fn of(answer: &ExplainAnswer, formats: &Formats) -> Self {
        let cases = || answer.decided.iter().flat_map(|decided| &decided.cases);
        let of_cases = cases().flat_map(|case| &case.changes);
        let recheck = answer.message.iter().filter_map(|message| message.recheck.as_ref()).flat_map(|recheck| &recheck.rules);
        let mut changes: Vec<String> = answer.changes.iter().chain(of_cases).map(|said| without_ids(said)).collect();
        changes.dedup();
        Self {
            at: formats.moment(answer.at),
            rests_on: rests_on(answer.basis),
            is_unknown: answer.basis == ExplainBasis::UnknownBefore,
            outcome: answer.outcome.iter().map(|said| without_ids(said)).collect(),
            changes,
            earliest: cases().filter_map(|case| case.earliest.as_ref()).map(|earliest| without_ids(&earliest.said)).collect(),
            hints: answer.assumption.iter().chain(&answer.not_rebuilt).cloned().collect(),
            rules: cases().flat_map(|case| &case.rules).chain(recheck).map(|rule| RuleRow::of(rule, formats)).collect(),
        }
    }
}

impl RuleRow {
    fn of(rule: &RuleAsked, formats: &Formats) -> Self {
        Self {
            name: in_words(rule.rule),
            version: rule.version,
            citation: rule.citation,
            said: domain::explain::rule(rule, formats.zone()),
            allows: matches!(rule.outcome, RuleOutcome::Allows),
            way: rule.way.as_ref().map(|(channel, contact)| format!("{} to {contact}", channel_name(*channel))),
        }
    }
}

/// A sentence without the ids of agreements that it names: a page shows those beside it, by what they are.
pub(crate) fn without_ids(sentence: &str) -> String {
    let (mut plain, mut rest) = (String::with_capacity(sentence.len()), sentence);
    while let Some((before, after)) = rest.split_once(" (agr_") {
        plain.push_str(before);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

/// What an explanation rests on.
fn rests_on(basis: ExplainBasis) -> &'static str {
    match basis {
        ExplainBasis::Now => "By what is known now.",
        ExplainBasis::Recorded => "As it was recorded: the decision was made from exactly this.",
        ExplainBasis::Recomputed => "Nothing was recorded at that moment. This is what is decided by what was known then.",
        ExplainBasis::Differs => "The record of that moment was made from something else; what it says is below.",
        ExplainBasis::Erased => "It cannot be compared with the record, because personal fields were erased since.",
        ExplainBasis::UnknownBefore => "What was known then is not known: history begins later. Nothing is guessed.",
        ExplainBasis::Assumed => "Looked at from a moment to come, by what is known now.",
    }
}

#[cfg(test)]
mod tests {
    use super::without_ids;

    #[test]
    fn agreements_are_called_by_what_they_are() {
        for (said, shown) in [
            ("A hold is the dispute (agr_1a2b) until Friday.", "A hold is the dispute until Friday."),
            (
                "the pause (agr_1), which has no end; the plan (agr_2) until May",
                "the pause, which has no end; the plan until May",
            ),
            ("Nothing is due (yet).", "Nothing is due (yet)."),
        ] {
            assert_eq!(without_ids(said), shown);
        }
    }
}
