//! A model of Amazon Bedrock, asked by the operation `Converse` of its runtime: one signed call, no client of its own.
//!
//! What it is told is [`ReplyQuestion`], and nothing else. What it says is taken as text; who reads that takes a class and a draft from it, or nothing.

use std::time::Duration;

use channels::SignedCall;
use domain::reply_question::ReplyQuestion;
use kit::{Budget, Clients, Clock, metrics};
use serde::Deserialize;
use serde_json::{Value, json};
use service::reply_choosing::{AnswerModel, ModelOutcome, ModelSays};

/// How long an answer of the model is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most tokens that it may say: a choice has some 30.
const TOKENS_MAX: u32 = 300;

/// A model of Bedrock.
pub struct BedrockModel {
    id: String,
    call: SignedCall,
}

impl BedrockModel {
    /// The model or inference profile of an id or ARN, in the function's own region.
    pub fn new(clients: &Clients, id: &str) -> Self {
        let call = SignedCall::at_path(&clients.sdk, "bedrock-runtime", "bedrock", &["model", id, "converse"], PATIENCE);
        Self { id: id.to_owned(), call }
    }

    /// What it says of a question; `None`, and a line in the log without a word of the question, where it says nothing.
    async fn says(&self, question: &ReplyQuestion) -> Option<String> {
        let answer = match self.call.call(request(question).to_string()).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(model = self.id, error = kit::causes(&error), "a model could not be asked");
                return None;
            }
        };
        if answer.status != 200 {
            let named = answer.named.as_deref().unwrap_or_default();
            tracing::warn!(model = self.id, status = answer.status, named, "a model refused to be asked");
            return None;
        }
        let said = said_in(&answer.body);
        if said.is_none() {
            tracing::warn!(model = self.id, bytes = answer.body.len(), "a model answered what does not read");
        }
        said
    }
}

fn request(question: &ReplyQuestion) -> Value {
    json!({
        "system": [{ "text": question.task }],
        "messages": [{ "role": "user", "content": [{ "text": question.words }] }],
        "inferenceConfig": { "maxTokens": TOKENS_MAX },
    })
}

/// The part of an answer of `Converse` that is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Conversed {
    output: ConversedOutput,
    stop_reason: String,
}

#[derive(Deserialize)]
struct ConversedOutput {
    message: ConversedMessage,
}

#[derive(Deserialize)]
struct ConversedMessage {
    content: Vec<ConversedBlock>,
}

/// A block of what was said; one that is no text, such as reasoning, has none.
#[derive(Deserialize)]
struct ConversedBlock {
    #[serde(default)]
    text: Option<String>,
}

/// What was said to its end; `None` of what was cut off or held back, or does not read.
fn said_in(body: &[u8]) -> Option<String> {
    let Conversed { output, stop_reason } = serde_json::from_slice(body).ok()?;
    let whole = stop_reason == "end_turn" || stop_reason == "stop_sequence";
    whole.then(|| output.message.content.into_iter().filter_map(|block| block.text).collect())
}

/// The model while one batch is taken in.
pub struct ModelDesk<'a> {
    /// The model.
    pub model: &'a BedrockModel,
    /// What is left of the invocation.
    pub budget: Budget,
    /// What time it is, for metrics.
    pub clock: &'a Clock,
}

impl AnswerModel for ModelDesk<'_> {
    fn id(&self) -> &str {
        &self.model.id
    }

    fn has_time(&self) -> bool {
        !self.budget.is_over()
    }

    fn choose<'a>(&'a self, question: &'a ReplyQuestion) -> ModelSays<'a> {
        Box::pin(self.model.says(question))
    }

    fn note(&self, outcome: ModelOutcome) {
        metrics::emit(self.clock.now(), &[("result", outcome.word())], &[("model_calls", 1)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_said_to_its_end_is_read() {
        let conversed = |content: Value, stop: &str| {
            json!({
                "output": { "message": { "role": "assistant", "content": content } }, "stopReason": stop,
                "usage": { "inputTokens": 900, "outputTokens": 20, "totalTokens": 920 }, "metrics": { "latencyMs": 700 },
            })
        };
        for (body, expected) in [
            (conversed(json!([{ "text": "{}" }]), "end_turn"), Some("{}")),
            (conversed(json!([{ "reasoningContent": {} }, { "text": "{}" }]), "end_turn"), Some("{}")),
            (conversed(json!([{ "text": "{" }]), "max_tokens"), None),
            (conversed(json!([{ "text": "{}" }]), "guardrail_intervened"), None),
            (json!({ "message": "no" }), None),
        ] {
            assert_eq!(said_in(body.to_string().as_bytes()).as_deref(), expected, "{body}");
        }
        assert_eq!(said_in(b"{\"output\""), None);
    }

    #[test]
    fn a_model_is_told_the_question_alone() {
        let question = ReplyQuestion { task: "sort".to_owned(), words: "<customer_words>\nx\n</customer_words>".to_owned() };
        let asked = request(&question);
        assert_eq!(asked["messages"][0]["content"][0]["text"], question.words);
        assert_eq!((&asked["system"][0]["text"], asked["messages"].as_array().map(Vec::len)), (&json!("sort"), Some(1)));
        assert!(asked.get("toolConfig").is_none(), "it has no tool to act with");
    }
}
