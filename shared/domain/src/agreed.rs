//! What agreements come to at one instant: which of them time and money changed, what they keep back, and which parts of plans fall due
//! instead of invoices. Nothing here is stored but the changes, with the decision that found them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use crate::{
    Agreement, AgreementId, AgreementScope, Currency, Dispute, DueItemKey, EndsWith, Facts, HoldReason, InvoiceId, MoneyOnItsWay,
    MoneyStatus, OfBasket, Pause, PauseStatus, PaymentPlan, PlanPart, PlanStatus, Promise, PromiseStatus, Stood, Terms,
    agreement::DisputeStatus,
    dates::add_days,
    kept_back::{Hold, HoldScope, KeptBack},
    paid_of_invoice::PaidHere,
    planned::{OpenPart, Planned, by_age, stand_for},
    receivables::DueItem,
};

mod money_on_its_way;

/// How the invoices of a receivables stand, for agreements to measure themselves by.
pub struct Measure<'b> {
    facts: &'b Facts,
    zone: &'b TimeZone,
    now: Timestamp,
    /// Of open invoices: what is open and what is claimed, minor units.
    by_invoice: BTreeMap<&'b InvoiceId, (i64, i64)>,
    /// Open invoices with their currencies and legal entities, the oldest first.
    in_order: Vec<(&'b InvoiceId, (Currency, &'b str))>,
    /// What payments that were taken here pay of invoices.
    paid_here: &'b [PaidHere],
}

/// What the agreements of a customer come to at one instant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agreed<'a> {
    /// Those that time or money changed, as they are now.
    pub(crate) changed: Vec<Agreement>,
    /// What they keep back.
    pub(crate) holds: Vec<Hold>,
    /// What running plans come to.
    pub(crate) planned: Planned<'a>,
    /// When time next changes one.
    pub(crate) change_at: Option<Timestamp>,
}

/// The instant at which a day is over in a zone.
pub fn day_after(day: Date, zone: &TimeZone) -> Timestamp {
    let next = day.checked_add(1.day()).unwrap_or(Date::MAX);
    next.to_zoned(zone.clone()).map_or(Timestamp::MAX, |at| at.timestamp())
}

/// Reckons what the agreements of `facts` come to, whose open items of invoices are `items`, the oldest first; `by_facts` is what is kept
/// back beside them, and `paid_here` what payments that were taken here pay of invoices.
pub(crate) fn agreed<'a>(
    facts: &'a Facts,
    items: &[DueItem<'a>],
    by_facts: Vec<Hold>,
    paid_here: &[PaidHere],
    (zone, now): (&TimeZone, Timestamp),
) -> Agreed<'a> {
    if facts.agreements.is_empty() {
        return Agreed { holds: by_facts, ..Agreed::default() };
    }
    let measure = Measure { paid_here, ..Measure::of(facts, items, zone, now) };
    let mut ordered: Vec<&Agreement> = facts.agreements.iter().collect();
    ordered.sort_by(|a, b| a.id.cmp(&b.id));
    let lives = measure.lives(&ordered, items, &by_facts);
    let lived: Vec<&Agreement> = ordered.iter().map(|agreement| lives.changed.get(&agreement.id).unwrap_or(*agreement)).collect();
    let by_agreements = measure.all_holds(&lived, &by_facts);
    let mut agreed = Agreed { holds: by_facts, ..Agreed::default() };
    agreed.holds.extend(by_agreements);
    let running = ordered.iter().filter(|agreement| !lives.changed.contains_key(&agreement.id));
    agreed.planned = measure.planned(running.copied());
    for agreement in ordered {
        let changed = lives.changed.get(&agreement.id);
        let lived = changed.unwrap_or(agreement);
        let moved = lives.moved.get(&agreement.id).map_or(&[][..], Vec::as_slice);
        agreed.change_at = [agreed.change_at, measure.changes_at(lived, moved)].into_iter().flatten().min();
        agreed.changed.extend(changed.cloned());
    }
    agreed
}

/// What time and money make of agreements.
#[derive(Default)]
struct Lives {
    /// Those that changed, as they are now.
    changed: BTreeMap<AgreementId, Agreement>,
    /// For running plans, by how many days each part is expected later because of what holds keep back of it; `None` for a part that is
    /// kept back whole.
    moved: BTreeMap<AgreementId, Vec<Option<i64>>>,
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
        Self { facts, zone, now, by_invoice, in_order, paid_here: &[] }
    }

    /// How the open invoices of a scope stand, the oldest first, at most [`crate::agreement::INVOICES_MAX`].
    pub fn stand(&self, scope: &AgreementScope) -> Vec<Stood> {
        let of_scope =
            self.in_order.iter().filter(|(invoice, (currency, entity))| scope.covers(Some(invoice), *currency, entity));
        let stood = |(invoice, (currency, _)): &(&InvoiceId, (Currency, &str))| {
            let (open_minor, claim_minor) = self.by_invoice.get(invoice).copied().unwrap_or_default();
            Stood { invoice: (*invoice).clone(), open_minor, claim_minor, currency: Some(*currency), sent_minor: None }
        };
        of_scope.map(stood).take(crate::agreement::INVOICES_MAX).collect()
    }

    /// What became less of what was open, minor units.
    pub fn received(&self, of: &[Stood]) -> i64 {
        total(of.iter().map(|stood| (stood.open_minor - self.open(&stood.invoice)).max(0)))
    }

    fn open(&self, invoice: &InvoiceId) -> i64 {
        self.by_invoice.get(invoice).map_or(0, |(open, _)| *open)
    }

    fn passed(&self, day: Date) -> bool {
        self.now >= day_after(day, self.zone)
    }

    /// What time and money make of all agreements. A plan is judged after what keeps back its parts, and a pause that waits for a plan after
    /// that plan.
    fn lives(&self, all: &[&Agreement], items: &[DueItem<'b>], by_facts: &[Hold]) -> Lives {
        let mut lives = Lives::default();
        let others = || all.iter().copied().filter(move |agreement| self.plan(agreement).is_none());
        for agreement in others().filter(|agreement| !self.waits_for_plan(agreement)) {
            lives.changed.extend(self.life(agreement).map(|changed| (changed.id.clone(), changed)));
        }
        let lived: Vec<&Agreement> = others().map(|agreement| lives.changed.get(&agreement.id).unwrap_or(agreement)).collect();
        let mut holds = by_facts.to_vec();
        holds.extend(self.all_holds(&lived, by_facts));
        let planned = self.planned(all.iter().copied());
        let mut items = items.to_vec();
        if !planned.parts.is_empty() {
            stand_for(&mut items, &planned, self.zone);
            items.sort_by(by_age);
        }
        let kept = KeptBack::of(&items, &holds, &planned.shares, self.zone, self.now);
        for agreement in all {
            let Some(plan) = self.plan(agreement) else { continue };
            let moved = self.moved(agreement, plan, &items, &kept);
            let changed = self.life_of_plan(agreement, plan, &moved);
            lives.changed.extend(changed.map(|changed| (changed.id.clone(), changed)));
            lives.moved.insert(agreement.id.clone(), moved);
        }
        for agreement in all.iter().filter(|agreement| self.waits_for_plan(agreement)) {
            let Terms::Pause(pause) = &agreement.terms else { continue };
            let is_over = matches!(&pause.ends_with, Some(EndsWith::Agreement(plan)) if lives.changed.contains_key(plan));
            let over =
                || (*agreement).clone().with(Terms::Pause(Pause { status: PauseStatus::Ended, ..pause.clone() }), true, self.now);
            let changed = self.life(agreement).or_else(|| is_over.then(over));
            lives.changed.extend(changed.map(|changed| (changed.id.clone(), changed)));
        }
        lives
    }

    /// The plan that an agreement is, while it runs.
    fn plan<'p>(&self, agreement: &'p Agreement) -> Option<&'p PaymentPlan> {
        match &agreement.terms {
            Terms::Plan(plan) if agreement.ended_at.is_none() && plan.status == PlanStatus::Running => Some(plan),
            Terms::Plan(_) | Terms::Promise(_) | Terms::Dispute(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => None,
        }
    }

    /// Whether an agreement is a pause that runs until a plan is over that runs itself.
    fn waits_for_plan(&self, agreement: &Agreement) -> bool {
        let Terms::Pause(Pause { status: PauseStatus::Running, ends_with: Some(EndsWith::Agreement(id)), .. }) = &agreement.terms
        else {
            return false;
        };
        let other = self.facts.agreements.iter().find(|other| other.id == *id);
        agreement.ended_at.is_none() && other.is_some_and(|other| self.plan(other).is_some())
    }

    /// By how many days each part of a plan is expected later: the days for which its clock stood still. `None` for a part of which
    /// holds leave nothing.
    fn moved(&self, agreement: &Agreement, plan: &PaymentPlan, items: &[DueItem<'_>], kept: &KeptBack) -> Vec<Option<i64>> {
        let today = self.now.to_zoned(self.zone.clone()).date();
        let made_on = agreement.made_at.to_zoned(self.zone.clone()).date();
        let of_part = |position: usize| {
            let key = DueItemKey::part_of_plan(agreement.id.clone(), position);
            let Some(at) = items.iter().position(|item| item.key == key) else { return Some(0) };
            let left = items.get(at).map_or(0, |item| item.open_minor) - kept.of_item.get(at).copied().unwrap_or(0);
            (left > 0).then(|| kept.stopped_days(at, made_on, today))
        };
        (0..plan.parts.len()).map(of_part).collect()
    }

    /// A running plan as time and money changed it; `None` when they did not. `moved` says which parts are expected later.
    fn life_of_plan(&self, agreement: &Agreement, plan: &PaymentPlan, moved: &[Option<i64>]) -> Option<Agreement> {
        let open = self.parts(plan);
        let missed = |((part, open), moved): ((&PlanPart, &i64), &Option<i64>)| {
            *open > 0 && moved.is_some_and(|days| self.passed(add_days(part.expected_on, days)))
        };
        let status = if open.iter().all(|open| *open == 0) {
            PlanStatus::Completed
        } else if plan.parts.iter().zip(&open).zip(moved).any(missed) {
            PlanStatus::Broken
        } else {
            return None;
        };
        Some(agreement.clone().with(Terms::Plan(PaymentPlan { status, ..plan.clone() }), true, self.now))
    }

    /// The agreement, if it is no plan, as time and money changed it; `None` when they did not.
    fn life(&self, agreement: &Agreement) -> Option<Agreement> {
        if agreement.is_over() || agreement.ended_at.is_some() {
            return None;
        }
        let came = |of: &[Stood], received: i64, expected_on: Date| {
            let wanted = total(of.iter().map(|stood| stood.open_minor));
            let wanted = agreement.amount_minor.map_or(wanted, |amount| amount.min(wanted));
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
                let (status, ends) = match came(&promise.of, self.received(&promise.of), promise.expected_on)? {
                    Came::All => (PromiseStatus::Kept, true),
                    Came::Part => (PromiseStatus::PartlyKept, false),
                    Came::Nothing => (PromiseStatus::Broken, false),
                };
                (Terms::Promise(Promise { status, ..promise.clone() }), ends)
            }
            Terms::Money(MoneyOnItsWay { basket: Some(basket), status: MoneyStatus::Expected, of, .. }) => {
                let (status, ends) = if self.is_paid(basket) || self.has_come(agreement, basket, of) {
                    (MoneyStatus::Arrived, true)
                } else if self.now >= basket.ends_at {
                    (MoneyStatus::Failed, false)
                } else {
                    return None;
                };
                let Terms::Money(money) = agreement.terms.clone() else { return None };
                (Terms::Money(MoneyOnItsWay { status, ..money }), ends)
            }
            Terms::Money(money) if money.status == MoneyStatus::Expected => {
                let (status, ends) = match came(&money.of, self.came_of_sent(agreement, &money.of), money.expected_on)? {
                    Came::All => (MoneyStatus::Arrived, true),
                    Came::Part | Came::Nothing => (MoneyStatus::Failed, false),
                };
                (Terms::Money(MoneyOnItsWay { status, ..money.clone() }), ends)
            }
            Terms::Pause(pause) if pause.status == PauseStatus::Running => {
                let timed_out = agreement.until_on.is_some_and(|until| self.passed(until));
                let without_reason = self.without_reason(agreement, pause);
                if !timed_out && !without_reason {
                    return None;
                }
                (Terms::Pause(Pause { status: PauseStatus::Ended, ..pause.clone() }), !timed_out)
            }
            // Nobody decided it by the last day that it was to keep something back: it stays open, and keeps nothing back any more.
            Terms::Dispute(dispute) if dispute.status == DisputeStatus::Open => {
                let passed = agreement.until_on.is_some_and(|until| self.passed(until));
                return passed.then(|| Agreement { ended_at: Some(self.now), ..agreement.clone() });
            }
            Terms::Promise(_) | Terms::Money(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Dispute(_) | Terms::Later(_) => {
                return None;
            }
        };
        Some(agreement.clone().with(terms, ends, self.now))
    }

    /// Whether the payment that comes of a basket is known and counts: from then on it stands for itself.
    fn is_paid(&self, basket: &OfBasket) -> bool {
        let mut all = self.facts.payments.iter().chain(&self.facts.shared);
        all.any(|fact| fact.payment.id == basket.id && fact.payment.counts())
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
                    // A running plan is judged by itself.
                    other.is_over() || other.ended_at.is_some() || !waits && self.life(other).is_some()
                })
            }
            Some(EndsWith::Later(_)) | None => false,
        }
    }

    /// When time changes an agreement, if nothing else does; `moved` says which parts of a plan are expected later.
    fn changes_at(&self, agreement: &Agreement, moved: &[Option<i64>]) -> Option<Timestamp> {
        if agreement.is_over() || agreement.ended_at.is_some() {
            return None;
        }
        if let Terms::Money(MoneyOnItsWay { basket: Some(basket), .. }) = &agreement.terms {
            return Some(basket.ends_at).filter(|at| *at > self.now);
        }
        let days: Vec<Date> = match &agreement.terms {
            Terms::Promise(promise) => vec![promise.expected_on],
            Terms::Money(money) => vec![money.expected_on],
            Terms::Plan(plan) => {
                let days = plan.parts.iter().zip(moved).filter_map(|(part, moved)| Some(add_days(part.expected_on, (*moved)?)));
                days.collect()
            }
            Terms::Pause(_) | Terms::Dispute(_) => agreement.until_on.into_iter().collect(),
            Terms::Later(_) => Vec::new(),
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

    /// What the plans among agreements come to that run.
    fn planned<'a>(&self, agreements: impl Iterator<Item = &'a Agreement>) -> Planned<'a> {
        let mut planned = Planned::default();
        for agreement in agreements {
            if let Terms::Plan(plan) = &agreement.terms
                && self.plan(agreement).is_some()
            {
                self.stands_for(agreement, plan, &mut planned);
            }
        }
        planned
    }

    /// Lets the parts of a plan stand for its invoices. What another plan stands for already is not planned twice.
    fn stands_for<'a>(&self, agreement: &'a Agreement, plan: &'a PaymentPlan, planned: &mut Planned<'a>) {
        let known = planned.of_invoice();
        let mut left = 0_i64;
        for stood in &plan.of {
            let known = known.get(&stood.invoice).copied().unwrap_or(0);
            let share = stood.open_minor.min(self.open(&stood.invoice) - known).max(0);
            if share > 0 {
                *planned.shares.entry((agreement.id.clone(), stood.invoice.clone())).or_default() += share;
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
        planned.parts.extend(open.into_iter().rev().filter(|part| part.open_minor > 0));
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
        if let Terms::Money(MoneyOnItsWay { basket: Some(basket), of, .. }) = &agreement.terms {
            return self.holds_of_basket(agreement, basket, of);
        }
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
        if let Terms::Money(MoneyOnItsWay { of, .. }) = &agreement.terms
            && of.iter().any(|stood| stood.sent_minor.is_some())
        {
            let rest = |stood: &Stood| Some((stood.invoice.clone(), stood.sent_minor? - self.sent_and_came(agreement, stood)));
            let rest = of.iter().filter_map(rest).filter(|(_, minor)| *minor > 0);
            return rest.map(|(invoice, minor)| hold(HoldScope::Invoice(invoice), Some(minor))).collect();
        }
        let amount = agreement.amount_minor.map(|amount| match &agreement.terms {
            Terms::Promise(Promise { of, .. }) => amount - self.received(of).min(amount),
            Terms::Money(MoneyOnItsWay { of, .. }) => amount - self.came_of_sent(agreement, of).min(amount),
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

#[cfg(test)]
mod money_on_its_way_tests;
