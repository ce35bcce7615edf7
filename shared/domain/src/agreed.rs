//! What agreements come to at one instant: which of them time and money changed, what they keep back, and which parts of plans fall due
//! instead of invoices. Nothing here is stored but the changes, with the decision that found them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use crate::{
    Agreement, AgreementScope, Currency, Dispute, EndsWith, Facts, HoldReason, InvoiceId, MoneyOnItsWay, MoneyStatus, Pause,
    PauseStatus, PaymentPlan, PlanStatus, Promise, PromiseStatus, Stood, Terms,
    agreement::DisputeStatus,
    book::DueItem,
    kept_back::{Hold, HoldScope},
};

/// How the invoices of a book stand, for agreements to measure themselves by.
pub struct Measure<'b> {
    facts: &'b Facts,
    zone: &'b TimeZone,
    now: Timestamp,
    /// Of open invoices: what is open and what is claimed, minor units.
    by_invoice: BTreeMap<&'b InvoiceId, (i64, i64)>,
    /// Open invoices with their currencies and legal entities, the oldest first.
    in_order: Vec<(&'b InvoiceId, (Currency, &'b str))>,
}

/// A part of a running plan with what is open of it.
#[derive(Clone, Debug)]
pub(crate) struct OpenPart<'a> {
    pub(crate) agreement: &'a Agreement,
    pub(crate) plan: &'a PaymentPlan,
    pub(crate) position: usize,
    pub(crate) open_minor: i64,
}

/// What the agreements of a customer come to at one instant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agreed<'a> {
    /// Those that time or money changed, as they are now.
    pub(crate) changed: Vec<Agreement>,
    /// What they keep back.
    pub(crate) holds: Vec<Hold>,
    /// What the parts of running plans stand for, by invoice, minor units.
    pub(crate) planned: BTreeMap<InvoiceId, i64>,
    /// The open parts of running plans.
    pub(crate) parts: Vec<OpenPart<'a>>,
    /// When time next changes one.
    pub(crate) change_at: Option<Timestamp>,
}

/// The instant at which a day is over in a zone.
pub fn day_after(day: Date, zone: &TimeZone) -> Timestamp {
    let next = day.checked_add(1.day()).unwrap_or(Date::MAX);
    next.to_zoned(zone.clone()).map_or(Timestamp::MAX, |at| at.timestamp())
}

/// Reckons what the agreements of `facts` come to, whose open items of invoices are `items`, the oldest first.
pub(crate) fn agreed<'a>(facts: &'a Facts, items: &[DueItem<'a>], zone: &TimeZone, now: Timestamp) -> Agreed<'a> {
    if facts.agreements.is_empty() {
        return Agreed::default();
    }
    let measure = Measure::of(facts, items, zone, now);
    let mut agreed = Agreed::default();
    let mut ordered: Vec<&Agreement> = facts.agreements.iter().collect();
    ordered.sort_by(|a, b| a.id.cmp(&b.id));
    for agreement in ordered {
        let changed = measure.life(agreement);
        let lives = changed.as_ref().unwrap_or(agreement);
        agreed.change_at = [agreed.change_at, measure.changes_at(lives)].into_iter().flatten().min();
        match (&agreement.terms, &lives.terms) {
            (Terms::Plan(plan), Terms::Plan(PaymentPlan { status, .. })) => {
                if lives.ended_at.is_none() && *status == PlanStatus::Running {
                    measure.stands_for(agreement, plan, &mut agreed);
                }
                agreed.holds.extend(measure.holds(lives));
            }
            _ => agreed.holds.extend(measure.holds(lives)),
        }
        agreed.changed.extend(changed);
    }
    agreed
}

impl<'b> Measure<'b> {
    /// Of open items of invoices, the oldest first.
    pub fn of(facts: &'b Facts, items: &[DueItem<'b>], zone: &'b TimeZone, now: Timestamp) -> Self {
        let mut by_invoice: BTreeMap<&InvoiceId, (i64, i64)> = BTreeMap::new();
        let mut in_order = Vec::new();
        for item in items {
            let Some(invoice) = item.invoice else { continue };
            let (open, _) = by_invoice.entry(&invoice.id).or_insert_with(|| {
                in_order.push((&invoice.id, (item.currency, item.legal_entity)));
                (0, item.claim_minor)
            });
            *open = open.saturating_add(item.open_minor);
        }
        Self { facts, zone, now, by_invoice, in_order }
    }

    /// How the open invoices of a scope stand, the oldest first, at most [`crate::agreement::INVOICES_MAX`].
    pub fn stand(&self, scope: &AgreementScope) -> Vec<Stood> {
        let of_scope =
            self.in_order.iter().filter(|(invoice, (currency, entity))| scope.covers(Some(invoice), *currency, entity));
        let stood = |(invoice, _): &(&InvoiceId, (Currency, &str))| {
            let (open_minor, claim_minor) = self.by_invoice.get(invoice).copied().unwrap_or_default();
            Stood { invoice: (*invoice).clone(), open_minor, claim_minor }
        };
        of_scope.map(stood).take(crate::agreement::INVOICES_MAX).collect()
    }

    /// What became less of what was open, minor units.
    pub fn received(&self, of: &[Stood]) -> i64 {
        let less = |stood: &Stood| (stood.open_minor - self.open(&stood.invoice)).max(0);
        total(of.iter().map(less))
    }

    fn open(&self, invoice: &InvoiceId) -> i64 {
        self.by_invoice.get(invoice).map_or(0, |(open, _)| *open)
    }

    fn passed(&self, day: Date) -> bool {
        self.now >= day_after(day, self.zone)
    }

    /// The agreement as time and money changed it; `None` when they did not.
    pub fn life(&self, agreement: &Agreement) -> Option<Agreement> {
        if agreement.is_over() || agreement.ended_at.is_some() {
            return None;
        }
        let came = |of: &[Stood], expected_on: Date| {
            let wanted = total(of.iter().map(|stood| stood.open_minor));
            let wanted = agreement.amount_minor.map_or(wanted, |amount| amount.min(wanted));
            let received = self.received(of);
            if wanted > 0 && received >= wanted {
                Some(Came::All)
            } else if !self.passed(expected_on) {
                None
            } else if received > 0 {
                Some(Came::Part)
            } else {
                Some(Came::Nothing)
            }
        };
        let (terms, ends) = match &agreement.terms {
            Terms::Promise(promise) if promise.status == PromiseStatus::Open => {
                let (status, ends) = match came(&promise.of, promise.expected_on)? {
                    Came::All => (PromiseStatus::Kept, true),
                    Came::Part => (PromiseStatus::PartlyKept, false),
                    Came::Nothing => (PromiseStatus::Broken, false),
                };
                (Terms::Promise(Promise { status, ..promise.clone() }), ends)
            }
            Terms::Money(money) if money.status == MoneyStatus::Expected => {
                let (status, ends) = match came(&money.of, money.expected_on)? {
                    Came::All => (MoneyStatus::Arrived, true),
                    Came::Part | Came::Nothing => (MoneyStatus::Failed, false),
                };
                (Terms::Money(MoneyOnItsWay { status, ..money.clone() }), ends)
            }
            Terms::Plan(plan) if plan.status == PlanStatus::Running => {
                let parts = self.parts(plan);
                let status = if parts.iter().all(|open| *open == 0) {
                    PlanStatus::Completed
                } else if plan.parts.iter().zip(&parts).any(|(part, open)| *open > 0 && self.passed(part.expected_on)) {
                    PlanStatus::Broken
                } else {
                    return None;
                };
                (Terms::Plan(PaymentPlan { status, ..plan.clone() }), true)
            }
            Terms::Pause(pause) if pause.status == PauseStatus::Running => {
                let timed_out = agreement.until_on.is_some_and(|until| self.passed(until));
                let without_reason = self.without_reason(agreement, pause);
                if !timed_out && !without_reason {
                    return None;
                }
                (Terms::Pause(Pause { status: PauseStatus::Ended, ..pause.clone() }), !timed_out)
            }
            Terms::Promise(_) | Terms::Money(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Dispute(_) | Terms::Later(_) => {
                return None;
            }
        };
        Some(agreement.clone().with(terms, ends, self.now))
    }

    /// Whether what a pause waits for happened.
    fn without_reason(&self, agreement: &Agreement, pause: &Pause) -> bool {
        match &pause.ends_with {
            Some(EndsWith::Closed) => !pause.of.is_empty() && pause.of.iter().all(|stood| self.open(&stood.invoice) == 0),
            Some(EndsWith::Replied) => self.facts.replied_at.is_some_and(|at| at > agreement.made_at),
            Some(EndsWith::Agreement(id)) => {
                let other = self.facts.agreements.iter().find(|other| other.id == *id && other.id != agreement.id);
                other.is_none_or(|other| {
                    // A pause that waits for a pause is judged by what is written, so that two cannot wait for each other here.
                    let waits = matches!(&other.terms, Terms::Pause(pause) if pause.ends_with.is_some());
                    other.is_over() || other.ended_at.is_some() || !waits && self.life(other).is_some()
                })
            }
            Some(EndsWith::Later(_)) | None => false,
        }
    }

    /// When time changes an agreement, if nothing else does.
    fn changes_at(&self, agreement: &Agreement) -> Option<Timestamp> {
        if agreement.is_over() || agreement.ended_at.is_some() {
            return None;
        }
        let days: Vec<Date> = match &agreement.terms {
            Terms::Promise(promise) => vec![promise.expected_on],
            Terms::Money(money) => vec![money.expected_on],
            Terms::Plan(plan) => plan.parts.iter().map(|part| part.expected_on).collect(),
            Terms::Pause(_) => agreement.until_on.into_iter().collect(),
            Terms::Dispute(_) | Terms::Later(_) => Vec::new(),
        };
        days.into_iter().map(|day| day_after(day, self.zone)).filter(|at| *at > self.now).min()
    }

    /// What is open of each part of a plan: what its invoices still owe of their shares, the last parts first.
    fn parts(&self, plan: &PaymentPlan) -> Vec<i64> {
        let left = total(plan.of.iter().map(|stood| stood.open_minor.min(self.open(&stood.invoice))));
        let mut filled = total(plan.parts.iter().map(|part| part.amount_minor)).saturating_sub(left);
        let mut open = Vec::with_capacity(plan.parts.len());
        for part in &plan.parts {
            let paid = filled.clamp(0, part.amount_minor);
            filled -= paid;
            open.push(part.amount_minor - paid);
        }
        open
    }

    /// Lets the parts of a plan stand for its invoices. What another plan stands for already is not planned twice.
    fn stands_for<'a>(&self, agreement: &'a Agreement, plan: &'a PaymentPlan, agreed: &mut Agreed<'a>) {
        let mut left = 0_i64;
        for stood in &plan.of {
            let known = agreed.planned.get(&stood.invoice).copied().unwrap_or(0);
            let share = stood.open_minor.min(self.open(&stood.invoice) - known).max(0);
            if share > 0 {
                *agreed.planned.entry(stood.invoice.clone()).or_default() += share;
                left = left.saturating_add(share);
            }
        }
        // The parts come to what they stand for, whatever the plan says: the last ones first.
        let mut open: Vec<OpenPart<'a>> = Vec::new();
        for (position, part) in plan.parts.iter().enumerate().rev() {
            let open_minor = part.amount_minor.min(left).max(0);
            left -= open_minor;
            open.push(OpenPart { agreement, plan, position, open_minor });
        }
        if let Some(first) = open.last_mut() {
            first.open_minor += left;
        }
        agreed.parts.extend(open.into_iter().rev().filter(|part| part.open_minor > 0));
    }

    /// What an agreement keeps back. A plan keeps nothing back: its parts stand for what it is of; one in a state of a later release
    /// keeps its invoices back.
    pub(crate) fn holds(&self, agreement: &Agreement) -> Vec<Hold> {
        let (reason, expected_on) = match &agreement.terms {
            Terms::Promise(promise) => (HoldReason::Promise, Some(promise.expected_on)),
            Terms::Money(money) => (HoldReason::MoneyOnItsWay, Some(money.expected_on)),
            Terms::Dispute(_) => (HoldReason::Dispute, None),
            Terms::Pause(pause) => (pause.reason.clone(), None),
            Terms::Plan(plan) if plan.status.is_later() => (HoldReason::Plan, None),
            Terms::Plan(_) => return Vec::new(),
            Terms::Later(_) => (HoldReason::Later(agreement.kind().to_owned()), None),
        };
        let by_date = agreement.until_on.or(expected_on).map_or(Timestamp::MAX, |last| day_after(last, self.zone));
        let ends_at = agreement.ended_at.map_or(by_date, |ended| ended.min(by_date));
        let hold = |scope, amount_minor| Hold {
            by: agreement.id.clone(),
            reason: reason.clone(),
            clock: agreement.clock.clone(),
            scope,
            amount_minor,
            from_at: agreement.from_at,
            ends_at,
        };
        if let Terms::Dispute(dispute) = &agreement.terms
            && matches!(dispute.status, DisputeStatus::Upheld | DisputeStatus::PartlyUpheld)
        {
            let upheld = self.upheld(agreement, dispute);
            return upheld.into_iter().map(|(invoice, minor)| hold(HoldScope::Invoice(invoice), Some(minor))).collect();
        }
        let amount = agreement.amount_minor.map(|amount| match &agreement.terms {
            Terms::Promise(Promise { of, .. }) | Terms::Money(MoneyOnItsWay { of, .. }) => amount - self.received(of).min(amount),
            Terms::Dispute(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Later(_) => amount,
        });
        match (&agreement.scope, amount) {
            (AgreementScope::Customer | AgreementScope::Later(_), amount) => vec![hold(HoldScope::Customer, amount)],
            (AgreementScope::Case(currency), amount) => vec![hold(HoldScope::Case(*currency), amount)],
            (AgreementScope::Balance(balance), amount) => vec![hold(HoldScope::Balance(balance.clone()), amount)],
            (AgreementScope::Invoices(all), Some(mut left)) if all.len() > 1 => {
                let named: BTreeSet<&InvoiceId> = all.iter().collect();
                let mut holds = Vec::new();
                for (invoice, _) in self.in_order.iter().filter(|(invoice, _)| named.contains(invoice)) {
                    let part = self.open(invoice).min(left);
                    left -= part;
                    holds.extend((part > 0).then(|| hold(HoldScope::Invoice((*invoice).clone()), Some(part))));
                }
                holds
            }
            (AgreementScope::Invoices(all), amount) => {
                all.iter().map(|invoice| hold(HoldScope::Invoice(invoice.clone()), amount)).collect()
            }
        }
    }

    /// What an upheld dispute keeps back until the books say so: less what they wrote off the claim since.
    fn upheld(&self, agreement: &Agreement, dispute: &Dispute) -> Vec<(InvoiceId, i64)> {
        let all = total(dispute.of.iter().map(|stood| stood.open_minor));
        let mut left = dispute.upheld_minor.or(agreement.amount_minor).unwrap_or(all);
        let mut kept = Vec::new();
        for stood in &dispute.of {
            let share = stood.open_minor.min(left);
            left -= share;
            let claim = self.by_invoice.get(&stood.invoice).map_or(0, |(_, claim)| *claim);
            let minor = share - (stood.claim_minor - claim).clamp(0, share);
            kept.extend((minor > 0).then(|| (stood.invoice.clone(), minor)));
        }
        kept
    }
}

/// How much came of what was promised or sent.
enum Came {
    All,
    Part,
    Nothing,
}

fn total(amounts: impl Iterator<Item = i64>) -> i64 {
    amounts.fold(0, i64::saturating_add)
}
