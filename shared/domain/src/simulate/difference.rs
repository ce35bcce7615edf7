//! Who gets what earlier, later, more or less by another version, and why.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::line::{Expected, Happening};
use crate::{CustomerId, DueItemKey, Step, Workflow, workflow::Migration};

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// It comes earlier.
    Earlier,
    /// It comes later.
    Later,
    /// It comes by the other version only.
    More,
    /// It comes by the present one only.
    Less,
}

/// A step of a due item that comes otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Whose.
    pub customer: CustomerId,
    /// The due item; `None` where it is about the case as a whole.
    pub item: Option<DueItemKey>,
    /// The step, as the other version calls it.
    pub step: String,
    /// How.
    pub change: Shift,
    /// When it comes by the present version.
    pub before: Option<Timestamp>,
    /// When it comes by the other one.
    pub after: Option<Timestamp>,
    /// Why, each reason a word of [`Difference::why`].
    pub why: Vec<&'static str>,
}

/// What differs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What comes otherwise, by customer, due item and step.
    pub moved: Vec<Moved>,
    /// How many of each kind there are.
    pub counts: BTreeMap<Shift, u32>,
    /// Customers who get more messages, and those who get fewer.
    pub customers_more: u32,
    /// See `customers_more`.
    pub customers_less: u32,
}

impl Difference {
    /// The words of reasons, and what they mean.
    pub const WHY: [(&'static str, &'static str); 8] = [
        ("step_added", "the step is in the other version only"),
        ("step_removed", "the step is in the present version only"),
        ("moment_changed", "the step's anchor, offset, wait or repetition is another"),
        ("condition_changed", "the step's condition is another"),
        ("action_changed", "the step does something else, or writes by other channels or to others"),
        ("gap_changed", "the least distance between two contacts is another"),
        ("who_changed", "the version is for other customers, or ends otherwise"),
        ("follows", "nothing of the step changed: what comes before it, or the tenant's caps, moved it"),
    ];
}

type Place<'a> = (&'a CustomerId, Option<&'a DueItemKey>, &'a str);

/// When each step of each due item first comes. A step is called as `migration` calls it in the version after.
fn firsts<'a>(lines: &'a [Happening], migration: &'a Migration) -> BTreeMap<Place<'a>, Timestamp> {
    let heir = |step: &'a str| migration.get(step).and_then(Option::as_deref).unwrap_or(step);
    let mut firsts = BTreeMap::new();
    for line in lines {
        let mut places: Vec<Place<'_>> =
            line.rows.iter().map(|row| (&line.customer, Some(&row.item), heir(row.step.as_str()))).collect();
        if places.is_empty() {
            places.extend(line.steps().into_iter().map(|step| (&line.customer, None, heir(step))));
        }
        for place in places {
            let first = firsts.entry(place).or_insert(line.at);
            *first = line.at.min(*first);
        }
    }
    firsts
}

fn messages(lines: &[Happening]) -> BTreeMap<&CustomerId, i64> {
    let mut counts = BTreeMap::new();
    for line in lines.iter().filter(|line| matches!(line.what, Expected::Message { .. })) {
        *counts.entry(&line.customer).or_default() += 1;
    }
    counts
}

/// What differs between what happens by the present versions and by another version of one workflow, `old` and `new`. `migration` says which
/// steps are the same under another id.
pub fn differences(
    before: &[Happening],
    after: &[Happening],
    old: Option<&Workflow>,
    new: &Workflow,
    migration: &Migration,
) -> Difference {
    // Cases that have the version before name its steps in either.
    let (was, is) = (firsts(before, migration), firsts(after, migration));
    let places: BTreeSet<&Place<'_>> = was.keys().chain(is.keys()).collect();
    let mut difference = Difference::default();
    for place in places {
        let (before, after) = (was.get(place).copied(), is.get(place).copied());
        let change = match (before, after) {
            (Some(before), Some(after)) if after < before => Shift::Earlier,
            (Some(before), Some(after)) if after > before => Shift::Later,
            (None, Some(_)) => Shift::More,
            (Some(_), None) => Shift::Less,
            (Some(_), Some(_)) | (None, None) => continue,
        };
        *difference.counts.entry(change).or_default() += 1;
        let (customer, item, step) = *place;
        difference.moved.push(Moved {
            customer: customer.clone(),
            item: item.cloned(),
            step: step.to_owned(),
            change,
            before,
            after,
            why: why((old, new), step, migration),
        });
    }
    let (was, is) = (messages(before), messages(after));
    for customer in was.keys().chain(is.keys()).collect::<BTreeSet<_>>() {
        let (was, is) = (was.get(customer).copied().unwrap_or(0), is.get(customer).copied().unwrap_or(0));
        difference.customers_more += u32::from(is > was);
        difference.customers_less += u32::from(is < was);
    }
    difference
}

fn why((old, new): (Option<&Workflow>, &Workflow), step: &str, migration: &Migration) -> Vec<&'static str> {
    let find = |workflow: &Workflow, id: &str| workflow.steps.iter().find(|known| known.id == id).cloned();
    let before = migration.iter().find(|(_, heir)| heir.as_deref() == Some(step)).map_or(step, |(before, _)| before.as_str());
    let (was, is) = (old.and_then(|old| find(old, before)), find(new, step));
    let mut reasons = match (was, is) {
        (None, Some(_)) => vec!["step_added"],
        (Some(_), None) => vec!["step_removed"],
        (Some(was), Some(is)) => of_step(&was, &is),
        (None, None) => Vec::new(),
    };
    if let Some(old) = old {
        if old.min_gap != new.min_gap {
            reasons.push("gap_changed");
        }
        if (&old.applies_when, &old.exit_when, old.scope, old.priority)
            != (&new.applies_when, &new.exit_when, new.scope, new.priority)
        {
            reasons.push("who_changed");
        }
    }
    if reasons.is_empty() {
        reasons.push("follows");
    }
    reasons
}

fn of_step(was: &Step, is: &Step) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    let moment = |step: &Step| (step.at, step.wait.clone(), step.repeat, step.pay_by, step.catch_up);
    if moment(was) != moment(is) || was.keep_distance != is.keep_distance {
        reasons.push("moment_changed");
    }
    if was.when != is.when {
        reasons.push("condition_changed");
    }
    let asks = |step: &Step| (step.approval, step.approve_within, step.then);
    if was.action != is.action || asks(was) != asks(is) {
        reasons.push("action_changed");
    }
    reasons
}
