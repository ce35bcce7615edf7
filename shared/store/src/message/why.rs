//! Why a message was decided, as short as the head can keep it until the message's record takes it over.

use std::collections::BTreeMap;

use domain::{Because, CaseTrace, Channel, Covered, Currency, DueItemKey, Pending, RuleTrace};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Head,
    table::db::{millis, to_json},
};

/// Longest that the head keeps; a decision with more to say has a record of its own.
pub(crate) const WHY_BYTES_MAX: usize = 400;

/// Why a message was decided, as its record says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Decided {
    /// The version of the head that the decision was made from.
    pub(crate) head_version: u64,
    /// What each case came to.
    pub(crate) cases: Vec<CaseTrace>,
}

#[derive(Serialize, Deserialize)]
struct Short {
    v: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    t: Vec<Case>,
}

/// A trace without what the head and the message say anyway.
#[derive(Serialize, Deserialize)]
struct Case {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<Currency>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<i64>,
    o: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<Driver>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    b: Option<Because>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    u: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    l: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    r: Vec<(String, u32, Channel, String, String)>,
}

/// The due item that drives: the position of its row, or itself where the message does not cover it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Driver {
    Row(usize),
    Item(DueItemKey),
}

/// What `traces` say of a message of a case in `currency` that keeps `rows` in the head, sorted.
pub(crate) fn pack(head_version: u64, traces: &[&CaseTrace], currency: Currency, rows: &[Covered]) -> String {
    let case = |trace: &&CaseTrace| {
        let place = trace.driver.as_ref().and_then(|driver| rows.iter().position(|row| row.item == *driver));
        let implied = place.and_then(|at| rows.get(at)).map(|row| &row.step);
        Case {
            c: (trace.currency != currency).then_some(trace.currency),
            n: (trace.due_now_minor != trace.open_minor).then_some(trace.due_now_minor),
            o: trace.open_minor,
            d: place.map(Driver::Row).or_else(|| trace.driver.clone().map(Driver::Item)),
            s: trace.step.clone().filter(|step| Some(step) != implied),
            b: (trace.because != Because::Send).then(|| trace.because.clone()),
            u: trace.until.map(millis),
            l: trace.lapsed.clone(),
            r: trace
                .rules
                .iter()
                .map(|rule| (rule.rule.clone(), rule.version, rule.channel, rule.contact.clone(), rule.said.clone()))
                .collect(),
        }
    };
    to_json(&Short { v: head_version, t: traces.iter().map(case).collect() })
}

/// Reads it back for a message of `head`, whose cases are as the decision left them.
pub(crate) fn unpack(text: &str, message: &Pending, head: &Head) -> Option<Decided> {
    let short: Short = serde_json::from_str(text).ok()?;
    let cases = short.t.into_iter().map(|case| {
        let currency = case.c.unwrap_or(message.currency);
        let row = match &case.d {
            Some(Driver::Row(at)) => message.rows.get(*at),
            Some(Driver::Item(_)) | None => None,
        };
        let known = head.cases.get(&currency);
        CaseTrace {
            currency,
            state: known.map(|case| case.state),
            workflow: known.map(|case| format!("{}@{}", case.workflow, case.version)),
            due_now_minor: case.n.unwrap_or(case.o),
            open_minor: case.o,
            step: case.s.or_else(|| row.map(|row| row.step.clone())),
            driver: match case.d {
                Some(Driver::Item(item)) => Some(item),
                Some(Driver::Row(_)) | None => row.map(|row| row.item.clone()),
            },
            because: case.b.unwrap_or(Because::Send),
            until: case.u.and_then(|at| Timestamp::from_millisecond(at).ok()),
            lapsed: case.l,
            rules: case
                .r
                .into_iter()
                .map(|(rule, version, channel, contact, said)| RuleTrace { rule, version, channel, contact, said })
                .collect(),
        }
    });
    Some(Decided { head_version: short.v, cases: cases.collect() })
}

/// What each of a decision's messages keeps: its own case, and the first one also the cases without any. `None` when it is
/// too much for the head.
pub(crate) fn of_messages(head_version: u64, traces: &[CaseTrace], messages: &[(Currency, &[Covered])]) -> (Vec<String>, bool) {
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
            let text = pack(head_version, &all, *currency, rows);
            if text.len() <= WHY_BYTES_MAX {
                return text;
            }
            fits = false;
            pack(head_version, &[], *currency, rows)
        })
        .collect();
    (texts, fits)
}
