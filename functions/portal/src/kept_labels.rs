//! The words about ways of paying that are kept: which there are, beside [`crate::labels`].

use serde::Serialize;

/// What is said in one language; names in braces stand for an address, a way of paying, digits, a day or providers.
#[derive(Debug, Serialize)]
pub(crate) struct KeptLabels {
    pub(crate) language: &'static str,
    pub(crate) title: &'static str,
    pub(crate) intro: &'static str,
    pub(crate) none: &'static str,
    pub(crate) account: &'static str,
    pub(crate) plain: &'static str,
    pub(crate) remove: &'static str,
    pub(crate) remove_hint: &'static str,
    pub(crate) not_removed: &'static str,
    pub(crate) offer: &'static str,
    pub(crate) keep: &'static str,
    pub(crate) keep_hint: &'static str,
    pub(crate) needs_code: &'static str,
}
