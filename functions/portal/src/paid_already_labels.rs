//! The words of the form by which somebody says that they paid: which there are, beside [`crate::labels`].

use serde::Serialize;

/// What the form says in one language; `{}` and names in braces stand for an amount or a day.
#[derive(Debug, Serialize)]
pub(crate) struct PaidAlreadyLabels {
    pub(crate) language: &'static str,
    pub(crate) title: &'static str,
    pub(crate) intro: &'static str,
    pub(crate) nothing: &'static str,
    pub(crate) how_much_hint: &'static str,
    pub(crate) sent_on: &'static str,
    pub(crate) sent_on_hint: &'static str,
    pub(crate) how: &'static str,
    pub(crate) wrong_day: &'static str,
    pub(crate) wrong_way: &'static str,
    pub(crate) wrong_lines: &'static str,
    pub(crate) made: &'static str,
    pub(crate) says: &'static str,
    pub(crate) waits: &'static str,
    pub(crate) otherwise: &'static str,
    pub(crate) arrived: &'static str,
    pub(crate) failed: &'static str,
}
