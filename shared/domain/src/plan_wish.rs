//! A plan that a customer asks for by itself: so many parts, from a day on, in a rhythm. What it comes to is reckoned here to the minor unit,
//! and held to what the tenant allows.
//!
//! Every part but the last comes to the same; the last one has what is left by dividing, less than one minor unit for each part. A part that
//! would fall due on a day on which the tenant's office is closed falls due on the next open one. Money fills the parts in order.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};

use crate::{
    Agreement, AgreementId, Currency, Facts, InvoiceId, PlanStatus, Settings, Terms,
    calendar::{Calendar, Locality},
    dates::{add_days, add_months},
    plan_offer::plan_proposal,
    proposal::{Proposal, ProposedPart, Proposer, propose},
    receivables::{Receivables, ReceivablesRules},
};

/// How far ahead the first part may be, in days: who can pay nothing for longer speaks with a person.
const FIRST_PART_DAYS_MAX: i64 = 31;

/// How far apart the parts of a plan are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanRhythm {
    /// Seven days.
    Weekly,
    /// Fourteen days.
    TwoWeekly,
    /// On the same day of each month, or its last one.
    Monthly,
}

impl PlanRhythm {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Weekly, Self::TwoWeekly, Self::Monthly];

    /// The word in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weekly => "weekly",
            Self::TwoWeekly => "two_weekly",
            Self::Monthly => "monthly",
        }
    }

    /// The one of a word.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.as_str() == word)
    }

    /// The day of a part, counted from 0, before days that are closed.
    fn day(self, first_on: Date, nth: u8) -> Date {
        match self {
            Self::Weekly => add_days(first_on, 7 * i64::from(nth)),
            Self::TwoWeekly => add_days(first_on, 14 * i64::from(nth)),
            Self::Monthly => add_months(first_on, i32::from(nth)),
        }
    }
}

/// What a customer wants to pay in parts, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanWish {
    /// Which invoices: all that is open of each.
    pub invoices: Vec<InvoiceId>,
    /// In how many parts.
    pub parts: u8,
    /// When the first one falls due, where that day is open.
    pub first_on: Date,
    /// How far apart they are.
    pub rhythm: PlanRhythm,
}

/// What a wish comes to.
#[derive(Clone, Debug)]
pub struct WishedPlan {
    /// The plan, which [`propose`] takes.
    pub proposal: Proposal,
    /// Its parts.
    pub parts: Vec<ProposedPart>,
    /// The currency of every amount.
    pub currency: Currency,
    /// What they come to, minor units.
    pub total_minor: i64,
}

/// Why a wish is not agreed to without a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanWishFlaw {
    /// Customers agree on no plan by themselves.
    Closed,
    /// A plan of one of the invoices was broken: a person decides on another one.
    BrokenBefore,
    /// There are less than two parts, or more than this.
    Parts {
        /// How many there may be.
        most: u8,
    },
    /// The first part is not between these days.
    FirstDay {
        /// The earliest.
        first: Date,
        /// The latest.
        last: Date,
    },
    /// The last part is after this day.
    TooLong {
        /// The latest.
        last: Date,
    },
    /// A part comes to less than this.
    PartTooSmall {
        /// Minor units.
        least_minor: i64,
        /// Of this currency.
        currency: Currency,
    },
    /// A plan of these invoices cannot be: JSON pointers of [`Proposal`] and what is wrong.
    NotPossible(Vec<(String, String)>),
}

/// The days on which the first part of a customer's own plan may be.
pub fn first_days(settings: &Settings, today: Date) -> (Date, Date) {
    (today, add_days(today, FIRST_PART_DAYS_MAX.min(i64::from(settings.plans.max_days))))
}

/// The parts of an amount: the last one has what is left by dividing. Days ascend, each part has one of its own, and none is closed in the
/// calendar.
fn parts_of(total_minor: i64, parts: u8, first_on: Date, rhythm: PlanRhythm, calendar: &Calendar<'_>) -> Vec<ProposedPart> {
    let count = i64::from(parts.max(1));
    let each = total_minor / count;
    let mut before: Option<Date> = None;
    let part = |nth: u8| {
        let wished = rhythm.day(first_on, nth);
        let wished = before.map_or(wished, |before| wished.max(add_days(before, 1)));
        let due_on = if calendar.is_open(wished) { wished } else { calendar.add_business_days(wished, 1) };
        before = Some(due_on);
        let is_last = i64::from(nth) + 1 == count;
        ProposedPart { amount_minor: if is_last { total_minor - each * (count - 1) } else { each }, due_on }
    };
    (0..parts.max(1)).map(part).collect()
}

/// What a wish comes to, if the tenant lets customers agree on it by themselves.
///
/// # Errors
///
/// Everything that stands against it.
pub fn wish_plan(wish: &PlanWish, facts: &Facts, settings: &Settings, now: Timestamp) -> Result<WishedPlan, Vec<PlanWishFlaw>> {
    let plans = &settings.plans;
    if !plans.are_open() {
        return Err(vec![PlanWishFlaw::Closed]);
    }
    let home = Locality::of_tenant(settings);
    let receivables = Receivables::at(facts, ReceivablesRules::of(settings, home.zone()), now);
    let wished: BTreeSet<&InvoiceId> = wish.invoices.iter().collect();
    let broke = |agreement: &Agreement| {
        let is_broken = matches!(&agreement.terms, Terms::Plan(plan) if plan.status == PlanStatus::Broken);
        is_broken && agreement.of().iter().any(|stood| wished.contains(&stood.invoice))
    };
    if facts.agreements.iter().chain(&receivables.agreements).any(broke) {
        return Err(vec![PlanWishFlaw::BrokenBefore]);
    }
    let mut flaws = Vec::new();
    let is_many = (2..=plans.max_parts).contains(&wish.parts);
    if !is_many {
        flaws.push(PlanWishFlaw::Parts { most: plans.max_parts });
    }
    let (first, last) = first_days(settings, receivables.today);
    let is_soon = (first..=last).contains(&wish.first_on);
    if !is_soon {
        flaws.push(PlanWishFlaw::FirstDay { first, last });
    }
    let items = receivables.items.iter().filter(|item| item.key.invoice().is_some_and(|invoice| wished.contains(invoice)));
    let currency = items.clone().next().map(|item| item.currency);
    let total_minor = items.map(|item| item.open_minor).fold(0, i64::saturating_add);
    // Without an amount, a number or a day there are no parts to say anything about.
    let calendar = Calendar::new(&home, &settings.window, &settings.calendar.closed);
    let parts = if is_many && is_soon && total_minor > 0 {
        parts_of(total_minor, wish.parts, wish.first_on, wish.rhythm, &calendar)
    } else {
        Vec::new()
    };
    let latest = add_days(receivables.today, i64::from(plans.max_days));
    if parts.last().is_some_and(|part| part.due_on > latest) {
        flaws.push(PlanWishFlaw::TooLong { last: latest });
    }
    if let Some(currency) = currency {
        let least_minor = plans.least_part_minor(currency);
        if parts.iter().any(|part| part.amount_minor < least_minor) {
            flaws.push(PlanWishFlaw::PartTooSmall { least_minor, currency });
        }
    }
    let invoices = wish.invoices.iter().map(|id| id.as_str().to_owned()).collect();
    let proposal = plan_proposal(invoices, parts.clone(), None);
    let nobody = AgreementId::derive(&["nobody's"]);
    let impossible = propose(&proposal, facts, settings, Proposer { id: &nobody, by: "", now }).err().unwrap_or_default();
    // What parts that are not there would be is said above.
    let impossible: Vec<_> =
        impossible.into_iter().filter(|(pointer, _)| !parts.is_empty() || !pointer.starts_with("/parts")).collect();
    if !impossible.is_empty() {
        flaws.push(PlanWishFlaw::NotPossible(impossible));
    }
    match currency {
        Some(currency) if flaws.is_empty() => Ok(WishedPlan { proposal, parts, currency, total_minor }),
        _ => Err(flaws),
    }
}

#[cfg(test)]
mod tests;
