//! Why a message was decided, as short as the head can keep it until the message's record takes it over.

use std::collections::BTreeMap;

use domain::{Because, Case, CaseId, CaseKey, CaseTrace, Covered, Pending, Planned, RuleTrace};
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

/// What `traces` say of a message of the case `own` that keeps `rows` in the head, sorted.
fn pack(head_version: u64, inputs: &str, traces: &[&CaseTrace], own: Option<&CaseId>, rows: &[Covered]) -> String {
    let case = |trace: &&CaseTrace| {
        let place = trace.driver.as_ref().and_then(|driver| rows.iter().position(|row| row.item == *driver));
        let implied = place.and_then(|at| rows.get(at)).map(|row| &row.step);
        CaseItem {
            case: trace.case.clone().filter(|case| Some(case) != own),
            balance: trace.case.is_none().then(|| trace.balance()),
            due_now_minor: (trace.due_now_minor != trace.open_minor).then_some(trace.due_now_minor),
            open_minor: trace.open_minor,
            driver: place.map(Driver::Row).or_else(|| trace.driver.clone().map(Driver::Item)),
            step: trace.step.clone().filter(|step| Some(step) != implied),
            because: (trace.because != Because::Send).then(|| trace.because.clone()),
            version: trace.version,
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
        let of = match (&case.balance, &case.case) {
            (Some(_), _) => None,
            (None, Some(id)) => head.cases.iter().find(|(_, known)| known.id == *id),
            (None, None) => head.cases.get_key_value(&message.case),
        };
        let balance = case.balance.unwrap_or_else(|| of.map_or(&message.case, |(key, _)| key).balance.clone());
        let row = match &case.driver {
            Some(Driver::Row(at)) => message.rows.get(*at),
            Some(Driver::Item(_)) | None => None,
        };
        let known = of.map(|(_, case)| case);
        CaseTrace {
            currency: balance.currency,
            legal_entity: balance.legal_entity,
            case: known.map(|case| case.id.clone()),
            joined: of.filter(|(key, case)| key.workflow != case.workflow).map(|(key, _)| key.workflow.clone()),
            by_hand: known.is_some_and(|case| case.by_hand),
            state: known.map(|case| case.state),
            workflow: known.map(|case| format!("{}@{}", case.workflow, case.version)),
            version: case.version,
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
    cases: &BTreeMap<CaseKey, Case>,
    messages: &[(&Planned, &[Covered])],
) -> (Vec<String>, bool) {
    let case_of = |planned: &Planned| cases.get(&planned.case).map(|case| &case.id);
    let spoken: Vec<Option<&CaseId>> = messages.iter().map(|(planned, _)| case_of(planned)).collect();
    let mut fits = true;
    let texts = messages
        .iter()
        .enumerate()
        .map(|(at, (planned, rows))| {
            let own = case_of(planned);
            let others = traces.iter().filter(|trace| at == 0 && !spoken.contains(&trace.case.as_ref()));
            let of_own = traces.iter().filter(|trace| trace.case.as_ref() == own);
            let all: Vec<&CaseTrace> = of_own.chain(others).collect();
            let inputs = if at == 0 { inputs } else { "" };
            let text = pack(head_version, inputs, &all, own, rows);
            // What names the inputs is as long for every decision, and no reason for a record of its own.
            if text.len() <= WHY_BYTES_MAX + inputs.len() {
                return text;
            }
            fits = false;
            pack(head_version, inputs, &[], own, rows)
        })
        .collect();
    (texts, fits)
}
