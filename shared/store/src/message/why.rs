//! Why a message was decided, as short as the head can keep it until the message's record takes it over.

use std::collections::BTreeMap;

use domain::{Because, CaseTrace, Covered, Currency, Pending, RuleTrace};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Head,
    table::{
        attributes::why::{CaseItem, Driver, whole::WhyItem},
        db::{millis, to_json},
    },
};

/// Longest that the head keeps; a decision with more to say has a record of its own.
pub(crate) const WHY_BYTES_MAX: usize = 400;

/// Why a message was decided, as its record says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Decided {
    /// The version of the head that the decision was made from.
    pub(crate) head_version: u64,
    /// What it was made from: the engine's version, `:` and SHA-256; empty where another message of the decision says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) inputs: String,
    /// What each case came to.
    pub(crate) cases: Vec<CaseTrace>,
}

/// What `traces` say of a message of a case in `currency` that keeps `rows` in the head, sorted.
pub(crate) fn pack(head_version: u64, inputs: &str, traces: &[&CaseTrace], currency: Currency, rows: &[Covered]) -> String {
    let case = |trace: &&CaseTrace| {
        let place = trace.driver.as_ref().and_then(|driver| rows.iter().position(|row| row.item == *driver));
        let implied = place.and_then(|at| rows.get(at)).map(|row| &row.step);
        CaseItem {
            currency: (trace.currency != currency).then_some(trace.currency),
            due_now_minor: (trace.due_now_minor != trace.open_minor).then_some(trace.due_now_minor),
            open_minor: trace.open_minor,
            driver: place.map(Driver::Row).or_else(|| trace.driver.clone().map(Driver::Item)),
            step: trace.step.clone().filter(|step| Some(step) != implied),
            because: (trace.because != Because::Send).then(|| trace.because.clone()),
            until: trace.until.map(millis),
            lapsed: trace.lapsed.clone(),
            rules: trace
                .rules
                .iter()
                .map(|rule| (rule.rule.clone(), rule.version, rule.channel, rule.contact.clone(), rule.said.clone()))
                .collect(),
        }
    };
    to_json(&WhyItem { inputs: inputs.to_owned(), head_version, cases: traces.iter().map(case).collect() })
}

/// Reads it back for a message of `head`, whose cases are as the decision left them.
pub(crate) fn unpack(text: &str, message: &Pending, head: &Head) -> Option<Decided> {
    let item: WhyItem = serde_json::from_str(text).ok()?;
    let cases = item.cases.into_iter().map(|case| {
        let currency = case.currency.unwrap_or(message.currency);
        let row = match &case.driver {
            Some(Driver::Row(at)) => message.rows.get(*at),
            Some(Driver::Item(_)) | None => None,
        };
        let known = head.cases.get(&currency);
        CaseTrace {
            currency,
            state: known.map(|case| case.state),
            workflow: known.map(|case| format!("{}@{}", case.workflow, case.version)),
            due_now_minor: case.due_now_minor.unwrap_or(case.open_minor),
            open_minor: case.open_minor,
            step: case.step.or_else(|| row.map(|row| row.step.clone())),
            driver: match case.driver {
                Some(Driver::Item(item)) => Some(item),
                Some(Driver::Row(_)) | None => row.map(|row| row.item.clone()),
            },
            because: case.because.unwrap_or(Because::Send),
            until: case.until.and_then(|at| Timestamp::from_millisecond(at).ok()),
            lapsed: case.lapsed,
            rules: case
                .rules
                .into_iter()
                .map(|(rule, version, channel, contact, said)| RuleTrace { rule, version, channel, contact, said })
                .collect(),
            orders: vec![],
        }
    });
    Some(Decided { head_version: item.head_version, inputs: item.inputs, cases: cases.collect() })
}

/// What each of a decision's messages keeps: its own case, and the first one also the cases without any. `None` when it is
/// too much for the head.
pub(crate) fn of_messages(
    head_version: u64,
    inputs: &str,
    traces: &[CaseTrace],
    messages: &[(Currency, &[Covered])],
) -> (Vec<String>, bool) {
    let mut by_currency: BTreeMap<Currency, Vec<&CaseTrace>> = BTreeMap::new();
    for trace in traces {
        by_currency.entry(trace.currency).or_default().push(trace);
    }
    let spoken: Vec<Currency> = messages.iter().map(|(currency, _)| *currency).collect();
    let mut fits = true;
    let texts = messages
        .iter()
        .enumerate()
        .map(|(at, (currency, rows))| {
            let others = traces.iter().filter(|trace| at == 0 && !spoken.contains(&trace.currency));
            let all: Vec<&CaseTrace> = by_currency.get(currency).into_iter().flatten().copied().chain(others).collect();
            let inputs = if at == 0 { inputs } else { "" };
            let text = pack(head_version, inputs, &all, *currency, rows);
            // What names the inputs is as long for every decision, and no reason for a record of its own.
            if text.len() <= WHY_BYTES_MAX + inputs.len() {
                return text;
            }
            fits = false;
            pack(head_version, inputs, &[], *currency, rows)
        })
        .collect();
    (texts, fits)
}
