//! The decisions of a customer as its records have them.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{CaseTrace, Inputs, own_message::is_own_message};
use jiff::Timestamp;

use crate::message::record::RecordItem;

/// A decision as its records have it.
pub(super) struct Past {
    pub(super) number: u64,
    pub(super) at: Timestamp,
    pub(super) cases: Vec<CaseTrace>,
    pub(super) inputs: Option<(u32, String)>,
    /// Whether a person did it: a message in words of their own, a call or a letter. Nothing was decided by the facts.
    pub(super) is_own: bool,
}

/// The hash of inputs as records have it.
pub(super) fn text_of(inputs: &Inputs) -> String {
    URL_SAFE_NO_PAD.encode(inputs.sha256)
}

/// Inputs as records have them.
pub(crate) fn pack_inputs(inputs: &Inputs) -> String {
    format!("{}:{}", inputs.engine, text_of(inputs))
}

fn unpack_inputs(text: &str) -> Option<(u32, String)> {
    let (engine, hash) = text.split_once(':')?;
    Some((engine.parse().ok()?, hash.to_owned()))
}

/// The decisions that were recorded, oldest first: their own records, and those of their messages.
pub(super) fn past(records: &[RecordItem]) -> Vec<Past> {
    let mut past: BTreeMap<u64, Past> = BTreeMap::new();
    for item in records {
        let body = &item.body;
        let (at, cases, inputs) = match &body.message {
            Some(message) => {
                let decided = body.decided.as_ref();
                let cases = decided.map(|decided| decided.cases.clone()).unwrap_or_default();
                (message.decided_at, cases, decided.map_or("", |decided| decided.inputs.as_str()))
            }
            None => (body.at, serde_json::from_value(body.trace.clone()).unwrap_or_default(), body.inputs.as_str()),
        };
        let is_own = body.message.as_ref().is_some_and(|message| is_own_message(&message.template));
        let known = past.entry(body.number).or_insert(Past { number: body.number, at, cases: vec![], inputs: None, is_own });
        known.inputs = known.inputs.take().or_else(|| unpack_inputs(inputs));
        for case in cases {
            if !known.cases.iter().any(|own| own.case == case.case && own.balance() == case.balance()) {
                known.cases.push(case);
            }
        }
    }
    past.into_values().collect()
}
