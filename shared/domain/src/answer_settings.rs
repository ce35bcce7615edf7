//! What a tenant lets happen by itself with answers of its customers.

use serde::{Deserialize, Serialize};

/// What is done by itself with what customers answer. Opt-outs act at once, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerSettings {
    /// Whether answers of harmless classes are settled without a person.
    pub stage: AnswerStage,
    /// Whether a request for copies of invoices is answered by itself, with facts and attachments only.
    pub copies: bool,
}

/// Whether answers of harmless classes are settled without a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerStage {
    /// Each is a task with a draft.
    #[default]
    Drafts,
    /// Mere thanks are no task. Nothing else is settled by it.
    Auto,
}

impl Default for AnswerSettings {
    fn default() -> Self {
        Self { stage: AnswerStage::Drafts, copies: true }
    }
}

impl AnswerSettings {
    /// Whether it says nothing but what holds anyway.
    pub(crate) fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}
