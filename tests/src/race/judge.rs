//! The judges of a race: what left, against what the vendor's double truly held and what it answered when.

use std::collections::{BTreeMap, BTreeSet};

use doubles::Shown;
use jiff::{SignedDuration, Timestamp};
use local::{Crashed, Sent};

use super::READER;

/// What there is to judge by.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// What providers accepted. Subjects are a step's name and the numbers of the invoices that it is about.
    pub sent: Vec<Sent>,
    /// What the double answered whole.
    pub shown: Vec<Shown>,
    /// When readers were killed: what they had been answered may not have been applied.
    pub crashes: Vec<Crashed>,
    /// What was open of each invoice from when on, by its number.
    pub truth: BTreeMap<String, Vec<(Timestamp, i64)>>,
    /// The vendor's id of each invoice, by its number.
    pub ids: BTreeMap<String, String>,
    /// From when on the connection said that its books were known as of when.
    pub good: Vec<(Timestamp, Option<Timestamp>)>,
    /// How old the books may be.
    pub age_max: SignedDuration,
}

/// What the judges found, a line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flaws {
    /// Somebody was contacted about what was settled in the books when they were last read.
    pub settled: Vec<String>,
    /// Something was sent while the books were too old.
    pub stale: Vec<String>,
}

/// The step and the invoices that a message is about.
fn about(sent: &Sent) -> (&str, BTreeSet<&str>) {
    let mut words = sent.subject.as_deref().unwrap_or_default().split_whitespace();
    (words.next().unwrap_or_default(), words.collect())
}

/// Judges what left.
pub fn judge(evidence: &Evidence) -> Flaws {
    let killed: BTreeSet<Timestamp> =
        evidence.crashes.iter().filter(|crash| crash.function == READER).map(|crash| crash.at).collect();
    // Of each invoice: when it was last shown, and whether anything was open then.
    let mut shown: BTreeMap<&str, Vec<(Timestamp, bool)>> = BTreeMap::new();
    for answer in evidence.shown.iter().filter(|answer| !killed.contains(&answer.at)) {
        for (id, is_open) in &answer.invoices {
            shown.entry(id).or_default().push((answer.at, *is_open));
        }
    }
    let mut flaws = Flaws::default();
    for sent in &evidence.sent {
        let (step, numbers) = about(sent);
        let what = |number: &str| format!("{} at {}: {step} about {number}", sent.to, sent.at);
        let good = evidence.good.iter().rfind(|(from, _)| *from < sent.at).and_then(|(_, good)| *good);
        for number in numbers {
            let (Some(changes), Some(id)) = (evidence.truth.get(number), evidence.ids.get(number)) else {
                flaws.settled.push(format!("{}, which is in no books", what(number)));
                continue;
            };
            // The books say themselves that they were read after it was settled, and it was not opened again since.
            let reopened = good.is_some_and(|good| changes.iter().any(|(at, open)| *open > 0 && *at >= good && *at <= sent.at));
            let before = |good: Timestamp| changes.iter().rfind(|(from, _)| *from < good).is_some_and(|(_, open)| *open == 0);
            if good.is_some_and(before) && !reopened {
                flaws.settled.push(format!("{}, settled in books that were good", what(number)));
            }
            // The double showed it so in the last answer before, to a reader that lived.
            let last = shown.get(id.as_str()).and_then(|shown| shown.iter().rfind(|(at, _)| *at < sent.at));
            if last.is_some_and(|(_, is_open)| !is_open) {
                flaws.settled.push(format!("{}, shown as settled before", what(number)));
            }
        }
        let changes = evidence.shown.iter().filter(|answer| answer.changes && answer.at <= sent.at);
        let heard = changes.map(|answer| answer.at).max();
        if heard.is_none_or(|heard| sent.at.duration_since(heard) > evidence.age_max) {
            flaws.stale.push(format!("{} at {}: the vendor last said what changed at {heard:?}", sent.to, sent.at));
        }
        // What the books claimed after the message was sent is the most that they can have claimed before.
        let claimed = evidence.good.iter().find(|(from, _)| *from >= sent.at).and_then(|(_, good)| *good);
        if claimed.is_none_or(|claimed| sent.at.duration_since(claimed) > evidence.age_max) {
            flaws.stale.push(format!("{} at {}: the books were known as of {claimed:?}", sent.to, sent.at));
        }
    }
    flaws
}
