//! Which touch a response is to, and what a day's touches came to.

use std::collections::BTreeMap;

use compact_str::CompactString;
use domain::dates::{add_days, days_between};
use jiff::civil::Date;

use crate::{
    contact_flow::{ContactFlow, RESPONSE_DAYS, ResponseTally, TouchPart},
    entry::{LedgerEntry, LedgerFact, Touch},
};

/// A touch, when it was, and what came of it.
struct Reached<'a> {
    entry: &'a LedgerEntry,
    touch: &'a Touch,
    responses: ResponseTally,
    lost_on: Option<Date>,
}

/// What became of a customer's touches, by day. `entries` are in the order in which they happened.
pub(crate) fn contact_flows(entries: &[&LedgerEntry]) -> BTreeMap<Date, ContactFlow> {
    let mut days: BTreeMap<Date, ContactFlow> = BTreeMap::new();
    // In the order in which they were.
    let mut reached: Vec<Reached<'_>> = Vec::new();
    let mut places: BTreeMap<&CompactString, usize> = BTreeMap::new();
    for entry in entries {
        let day = || entry.on;
        match &entry.what {
            LedgerFact::Touched(touch) => {
                let flow = days.entry(day()).or_default();
                flow.touches += 1;
                match touch.cost {
                    Some(cost) => *flow.costs.entry(cost.currency).or_default() += cost.millionths,
                    None => flow.unpriced += 1,
                }
                places.insert(&entry.id, reached.len());
                reached.push(Reached { entry, touch, responses: ResponseTally::default(), lost_on: None });
            }
            LedgerFact::Lost { touch } => {
                let known = places.get(touch).and_then(|at| reached.get_mut(*at)).filter(|known| known.lost_on.is_none());
                if let Some(known) = known {
                    days.entry(day()).or_default().lost += 1;
                    known.lost_on = Some(entry.on);
                }
            }
            LedgerFact::Answered => {
                days.entry(day()).or_default().answers += 1;
                respond(&mut reached, entry, |tally| &mut tally.answered);
            }
            LedgerFact::Promised { .. } => respond(&mut reached, entry, |tally| &mut tally.promised),
            LedgerFact::Paid(_) => respond(&mut reached, entry, |tally| &mut tally.paid),
            LedgerFact::Rated { score } => {
                let place = usize::from(*score).checked_sub(1);
                let flow = days.entry(day()).or_default();
                if let Some(count) = place.and_then(|place| flow.ratings.get_mut(place)) {
                    *count += 1;
                }
            }
            LedgerFact::Issued(_)
            | LedgerFact::TakenBack(_)
            | LedgerFact::Credited(_)
            | LedgerFact::Stands { .. }
            | LedgerFact::PromiseEnded { .. }
            | LedgerFact::Disputed { .. }
            | LedgerFact::DisputeEnded { .. }
            | LedgerFact::Belongs(_) => {}
        }
    }
    // What proves later that it reached nobody changes no day that is over.
    let is_lost = |of: &&Reached<'_>| of.lost_on.is_some_and(|on| days_between(of.entry.on, on) <= RESPONSE_DAYS);
    for of in reached.iter().filter(|of| !is_lost(of)) {
        let tally = ResponseTally { touches: 1, ..of.responses };
        let flow = days.entry(add_days(of.entry.on, RESPONSE_DAYS)).or_default();
        flow.responses.add(tally);
        for part in TouchPart::all_of(of.touch, of.entry.minute) {
            flow.responses_by.entry(part).or_default().add(tally);
        }
    }
    days.retain(|_, flow| !flow.is_none());
    days
}

/// Counts a response to the last touch before it that is not known to be lost. What has no minute comes before all of its day, so that only touches of days before are.
fn respond(reached: &mut [Reached<'_>], entry: &LedgerEntry, kind: impl Fn(&mut ResponseTally) -> &mut i64) {
    let last = reached.iter_mut().rev().find(|of| of.lost_on.is_none() && (of.entry.on < entry.on || entry.minute.is_some()));
    if let Some(of) = last.filter(|of| days_between(of.entry.on, entry.on) <= RESPONSE_DAYS) {
        of.responses.responded = 1;
        *kind(&mut of.responses) = 1;
    }
}
