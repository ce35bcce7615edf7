//! Which words there are on the pages on which customers read answers and say how easy it was to settle something, beside [`crate::labels`].

use serde::Serialize;

/// What these pages say in one language; `{}` and other names in braces stand for a number, a name or a day.
#[derive(Debug, Serialize)]
pub(crate) struct TalkLabels {
    pub(crate) language: &'static str,
    /// Heads what the customer wrote, once something of it was answered.
    pub(crate) conversation: &'static str,
    /// Stands above an answer.
    pub(crate) answered: &'static str,
    /// Of a message that was answered.
    pub(crate) came: &'static str,
    /// The question.
    pub(crate) how_easy: &'static str,
    pub(crate) hard: &'static str,
    pub(crate) easy: &'static str,
    pub(crate) add: &'static str,
    pub(crate) wrong_score: &'static str,
    /// Heads the page that says what was answered to the question.
    pub(crate) rated: &'static str,
    pub(crate) rated_says: &'static str,
    pub(crate) rated_before: &'static str,
}
