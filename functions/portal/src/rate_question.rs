//! The one question after something was settled: how easy that was. It is put where a payment came in full or a dispute was decided, once, and to
//! nobody of whom something is past due.

use minijinja::{Value, context};
use service::link_holder::{SCORE_MAX, SCORE_MIN, WORDS_MAX};

use crate::{form_labels::FormLabels, talk_labels::TalkLabels, visit::Visit};

/// The question with its form, for a page; `score` and `words` are what was typed before.
pub(crate) fn how_easy(visit: &Visit, about: &str, score: Option<u8>, words: &str) -> Value {
    let (labels, forms) = (TalkLabels::of(visit.words), FormLabels::of(visit.words));
    let named = |each: u8| match each {
        SCORE_MIN => format!("{each} – {}", labels.hard),
        SCORE_MAX => format!("{each} – {}", labels.easy),
        _ => each.to_string(),
    };
    let scores =
        (SCORE_MIN..=SCORE_MAX).map(|each| context! { value => each, name => named(each), chosen => score == Some(each) });
    context! {
        action => format!("{}/rate/{about}", visit.path),
        question => labels.how_easy,
        scores => scores.collect::<Vec<_>>(),
        add => labels.add,
        optional => forms.optional,
        hint => forms.in_words_hint.replace("{}", &WORDS_MAX.to_string()),
        words,
        send => forms.send,
    }
}
