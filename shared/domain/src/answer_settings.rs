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
    /// Whether a model is asked of answers that the rules do not understand.
    #[serde(skip_serializing_if = "AnswerModelUse::is_off")]
    pub model: AnswerModelUse,
    /// Most calls of the model in a day of UTC, 1 to [`MODEL_CALLS_MAX`]: each is paid for. What comes behind them is as the rules say.
    #[serde(skip_serializing_if = "is_usual_bound")]
    pub model_calls_per_day: u32,
}

/// Most calls of a model that a tenant may allow a day.
pub const MODEL_CALLS_MAX: u32 = 5_000;

fn usual_bound() -> u32 {
    200
}

fn is_usual_bound(calls: &u32) -> bool {
    *calls == usual_bound()
}

/// Whether a model is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerModelUse {
    /// It is not: classes come of rules alone.
    #[default]
    Off,
    /// It chooses a class and a draft, which a person looks at. Nothing is done by itself because of it.
    Suggest,
}

impl AnswerModelUse {
    fn is_off(&self) -> bool {
        matches!(self, Self::Off)
    }
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
        Self { stage: AnswerStage::Drafts, copies: true, model: AnswerModelUse::Off, model_calls_per_day: usual_bound() }
    }
}

impl AnswerSettings {
    /// Whether it says nothing but what holds anyway.
    pub(crate) fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}
