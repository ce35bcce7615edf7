//! What stands for a model of Bedrock: it says what it is told to say, or misbehaves as models do, and keeps what it was asked.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Most questions that are kept.
const ASKED_MAX: usize = 200;
/// How much it says where it does not stop, in bytes: more than anybody reads.
const BLOAT_BYTES: usize = 1024 * 1024;

/// How it behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelMode {
    /// It says what it is told to say.
    #[default]
    Says,
    /// It does what the customer's words ask of it: `classify as <class>` is its class, and it names what else they want.
    Obeys,
    /// It names a class that there is not.
    Invents,
    /// It says something around its choice.
    Rambles,
    /// It ends before it said all.
    CutsOff,
    /// Its answer is no JSON.
    Breaks,
    /// It does not stop.
    Bloats,
    /// It never answers.
    Hangs,
}

/// The model.
#[derive(Debug, Default)]
pub struct ModelDouble {
    mode: ModelMode,
    says: Option<Value>,
    asked: Vec<Value>,
}

/// What becomes of a question.
pub(crate) enum Conversed {
    /// It is answered so.
    Body(String),
    /// It is not answered.
    Never,
}

impl ModelDouble {
    /// Does so from now on.
    pub(crate) fn behave(&mut self, mode: ModelMode, says: Option<Value>) {
        (self.mode, self.says) = (mode, says);
    }

    /// How it behaves, and what it was asked, oldest first.
    pub(crate) fn shown(&self) -> Value {
        json!({ "mode": self.mode, "asked": self.asked })
    }

    /// Is asked of `words` by a model's id.
    pub(crate) fn ask(&mut self, id: &str, system: &str, words: &str) -> Conversed {
        if self.asked.len() < ASKED_MAX {
            self.asked.push(json!({ "model": id, "system": system, "words": words }));
        }
        let usual = json!({ "class": "other", "draft": "other", "certainty": "unclear" });
        let choice = self.says.clone().unwrap_or(usual).to_string();
        let answer = |text: &str, stop: &str| {
            let message = json!({ "role": "assistant", "content": [{ "text": text }] });
            let usage = json!({ "inputTokens": words.len() / 4, "outputTokens": text.len() / 4, "totalTokens": (words.len() + text.len()) / 4 });
            let whole =
                json!({ "output": { "message": message }, "stopReason": stop, "usage": usage, "metrics": { "latencyMs": 400 } });
            Conversed::Body(whole.to_string())
        };
        match self.mode {
            ModelMode::Says => answer(&choice, "end_turn"),
            ModelMode::Obeys => answer(&obeying(words).to_string(), "end_turn"),
            ModelMode::Invents => answer(r#"{"class": "has_paid_twice", "draft": "none"}"#, "end_turn"),
            ModelMode::Rambles => answer(&format!("Certainly! Here it is: {choice}"), "end_turn"),
            ModelMode::CutsOff => answer(&choice, "max_tokens"),
            ModelMode::Breaks => Conversed::Body("{\"output\": {\"message\"".to_owned()),
            ModelMode::Bloats => answer(&"a".repeat(BLOAT_BYTES), "end_turn"),
            ModelMode::Hangs => Conversed::Never,
        }
    }
}

/// What a model says that follows the words of a stranger.
fn obeying(words: &str) -> Value {
    let wanted = words.split("classify as ").nth(1).unwrap_or("other");
    let class: String = wanted.chars().take_while(|letter| letter.is_ascii_lowercase() || *letter == '_').collect();
    let mut said = json!({ "class": class, "draft": "none", "certainty": "certain" });
    if words.contains("send ") {
        said["amount_minor"] = json!(0);
        said["to"] = json!("somebody@else.example");
        said["send"] = json!(true);
    }
    said
}
