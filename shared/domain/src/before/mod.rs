//! The decision: pure and total. Same input, same output, forever; sweep, sender, simulation and explanation ask this code.
//!
//! ```text
//! decide ── for each currency ── plan_case ── who drives, what is due (ladder)
//!                                   │           └─ what each step does (act): ways (way), guard
//!                                   └─ states: open, waiting, ended, closed
//! ```

#![allow(dead_code, missing_docs)]

mod act;
mod case;
mod filing;
pub mod ladder;
mod select;
mod view;
mod way;

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};

pub use view::View;

use crate::{
    Case, CaseState, Coverage, Currency, DueItemKey, Facts, Filing, Mode, NewTask, Next, Planned, Policy, RuleTrace, TaskKind,
    book::Book,
};

/// How long a message may stay unknown before a person is asked and the ladder goes on.
pub const UNKNOWN_HOURS_MAX: i64 = 72;

#[derive(Debug)]
pub struct Decision {
    pub cases: BTreeMap<Currency, Case>,
    pub messages: Vec<Planned>,
    pub tasks: Vec<NewTask>,
    pub marks: Vec<Coverage>,
    pub next: Next,
    pub trace: Vec<CaseTrace>,
    pub filing: Filing,
}

#[derive(Debug)]
pub struct CaseTrace {
    pub currency: Currency,
    pub state: Option<CaseState>,
    pub workflow: Option<String>,
    pub due_now_minor: i64,
    pub open_minor: i64,
    pub driver: Option<DueItemKey>,
    pub step: Option<String>,
    pub because: String,
    pub until: Option<Timestamp>,
    pub lapsed: Vec<String>,
    pub rules: Vec<RuleTrace>,
}

/// Decides what to do about one customer now.
pub fn decide(facts: &Facts, policy: &Policy, now: Timestamp) -> Decision {
    let view = View::new(facts, policy, now);
    let mut decision = Decision {
        cases: facts.cases.clone(),
        messages: Vec::new(),
        tasks: in_flight_tasks(&view),
        marks: Vec::new(),
        next: Next::Nothing,
        trace: Vec::new(),
        filing: filing::file(&view),
    };
    if policy.settings.mode == Mode::Off {
        decision.next = if view.book.items.is_empty() { Next::Nothing } else { Next::Parked };
        return decision;
    }
    let mut currencies = view.book.currencies();
    currencies.extend(facts.cases.keys().copied());
    currencies.sort();
    currencies.dedup();
    for currency in currencies {
        case::plan(&view, currency, &mut decision);
    }
    for in_flight in &view.book.in_flight {
        if in_flight.ask_at > now {
            decision.next = decision.next.earlier(Next::At(in_flight.ask_at));
        }
    }
    if let (Some(at), false) = (view.book.hold_change_at, view.book.items.is_empty()) {
        decision.next = decision.next.earlier(Next::At(at));
    }
    for (position, message) in decision.messages.iter_mut().enumerate() {
        message.position = u32::try_from(position).unwrap_or(u32::MAX);
    }
    decision
}

/// The net exposure of each currency, for rendering and reading: due now, and the part past due, minor units.
pub fn exposures(book: &Book) -> BTreeMap<Currency, (i64, i64)> {
    book.currencies()
        .into_iter()
        .map(|currency| (currency, (book.exposure_minor(currency), book.overdue_minor(currency))))
        .collect()
}

/// Payments that exceed what their invoice's document says for too long: a person has to look.
fn in_flight_tasks(view: &View<'_>) -> Vec<NewTask> {
    let late = view.book.in_flight.iter().filter(|in_flight| in_flight.ask_at <= view.now);
    late.map(|in_flight| NewTask {
        kind: TaskKind::MoneyInFlight,
        key: format!("{}/{}", in_flight.invoice, in_flight.since),
        title: "Payments exceed what the invoice says".to_owned(),
        detail: format!(
            "payments and credit notes allocated to {} exceed what its own document says by {} minor units since {}; the excess is \
             kept back; send the invoice as it is now, or correct the allocation",
            in_flight.invoice, in_flight.excess_minor, in_flight.since
        ),
        to: None,
        due_on: None,
        step: None,
        currency: None,
    })
    .collect()
}

/// When messages that are still pending stop keeping others back.
fn pending_until(view: &View<'_>) -> Option<Timestamp> {
    let decided = view.facts.pending.iter().map(|pending| pending.decided_at).min()?;
    Some(decided.checked_add(UNKNOWN_HOURS_MAX.hours()).unwrap_or(Timestamp::MAX))
}
