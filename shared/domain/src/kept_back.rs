//! What holds keep back: how much of which due item, which cases wait as a whole, and whose clocks stand still.
//!
//! The answer does not depend on the order of the holds. Holds of whole items come first. Then come amounts: of the holds that
//! name one invoice the largest counts, because they speak of the same money; amounts of a case or of the customer are of
//! different money and add up. An amount is kept back of the oldest items that are left. What is kept back of an invoice that a plan is
//! of is kept back of the parts that stand for it, no more than its share. A clock stands still only for an item of which nothing is
//! left to chase.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    AgreementId, BalanceKey, Currency, HoldClock, HoldReason, Invoice, InvoiceId, InvoiceStatus, ItemOf, Money, ReversalKind,
    dates::days_between,
    receivables::{DueItem, ReceivablesRules, TakenBack, Unclear},
};

/// What an agreement, or a fact such as a refund, keeps back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The agreement, or the id under which it can be released.
    pub by: AgreementId,
    /// Why.
    pub reason: HoldReason,
    /// Whether its days count.
    pub clock: HoldClock,
    /// What it keeps back.
    pub scope: HoldScope,
    /// How much of the scope, minor units; `None` is all of it.
    pub amount_minor: Option<i64>,
    /// When it begins.
    pub from_at: Timestamp,
    /// From when it does not hold any more; the last instant that there is where nothing ends it.
    pub ends_at: Timestamp,
}

/// What a hold keeps back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldScope {
    /// Everything that the customer owes in one currency.
    Case(Currency),
    /// What the customer owes to one legal entity in one currency.
    Balance(BalanceKey),
    /// Everything that the customer owes.
    Customer,
    /// One invoice.
    Invoice(InvoiceId),
}

/// How much of the parts of each running plan stands for each of its invoices, minor units.
pub(crate) type Shares = BTreeMap<(AgreementId, InvoiceId), i64>;

/// What holds keep back at one instant.
#[derive(Clone, Debug, Default)]
pub struct KeptBack {
    /// Minor units that are kept back of each item, by its position.
    pub of_item: Vec<i64>,
    /// Balances with a hold on the whole, each with the hold.
    pub cases: Vec<(BalanceKey, AgreementId)>,
    /// When a hold next begins or ends.
    pub change_at: Option<Timestamp>,
    stops: Vec<Stop>,
}

/// The days for which a hold stops the clocks of some items.
#[derive(Clone, Debug)]
struct Stop {
    begins: Date,
    ends: Date,
    /// By the items' positions.
    items: Vec<bool>,
}

impl KeptBack {
    /// What `holds` keep back of `items`, the oldest first, at `now`; days are those of `zone`, the tenant's. `shares` says which
    /// parts of plans among the items stand for which invoices.
    pub(crate) fn of(items: &[DueItem<'_>], holds: &[Hold], shares: &Shares, zone: &TimeZone, now: Timestamp) -> Self {
        if holds.is_empty() {
            return Self { of_item: vec![0; items.len()], ..Self::default() };
        }
        let mut ordered: Vec<&Hold> = holds.iter().collect();
        ordered.sort_by_key(|hold| (rank(hold), std::cmp::Reverse(hold.amount_minor), hold.from_at, hold.by.clone()));
        let mut kept = Self { of_item: vec![0; items.len()], ..Self::default() };
        let mut named: BTreeMap<&InvoiceId, i64> = BTreeMap::new();
        let mut whole_of: BTreeMap<&InvoiceId, Vec<i64>> = BTreeMap::new();
        let mut shares_left = shares.clone();
        let afresh = |hold: &Hold, open: &[i64]| allot(hold, items, open, &mut shares.clone());
        for hold in ordered {
            let ends = hold.ends_at;
            let is_active = hold.from_at <= now && now < ends;
            let next = if is_active { Some(ends) } else { Some(hold.from_at).filter(|from| *from > now && ends > *from) };
            kept.change_at = [kept.change_at, next].into_iter().flatten().filter(|at| *at < Timestamp::MAX).min();
            let open: Vec<i64> = items.iter().map(|item| item.due_now_minor).collect();
            let left: Vec<i64> = open.iter().zip(&kept.of_item).map(|(open, kept)| open - kept).collect();
            let taken = match (is_active, &hold.scope, hold.amount_minor) {
                (true, HoldScope::Invoice(invoice), Some(amount)) if named.contains_key(invoice) => {
                    // A larger one names the same money: nothing more is kept back, and its own clock is judged alone.
                    named.entry(invoice).and_modify(|larger| *larger = (*larger).max(amount));
                    afresh(hold, &open)
                }
                // All of it is kept back already.
                (true, HoldScope::Invoice(invoice), None) if whole_of.contains_key(invoice) => {
                    whole_of.get(invoice).cloned().unwrap_or_default()
                }
                (true, scope, amount) => {
                    if let (HoldScope::Invoice(invoice), Some(amount)) = (scope, amount) {
                        named.insert(invoice, amount);
                    }
                    let taken = allot(hold, items, &left, &mut shares_left);
                    if let (HoldScope::Invoice(invoice), None) = (scope, amount) {
                        whole_of.insert(invoice, taken.clone());
                    }
                    for (kept, taken) in kept.of_item.iter_mut().zip(&taken) {
                        *kept += taken;
                    }
                    taken
                }
                (false, ..) => afresh(hold, &open),
            };
            if is_active && hold.amount_minor.is_none() {
                kept.cases.extend(balances(items, hold).into_iter().map(|balance| (balance, hold.by.clone())));
            }
            if hold.clock != HoldClock::Freeze {
                let after = if is_active { &kept.of_item } else { &taken };
                let whole = |at: usize| {
                    let item_open = open.get(at).copied().unwrap_or(0);
                    let touches = |item: &DueItem<'_>| {
                        let whole = hold.amount_minor.is_none() && share_of(hold, item, shares).is_none();
                        whole || taken.get(at).is_some_and(|taken| *taken > 0)
                    };
                    let gone = after.get(at).is_some_and(|after| *after >= item_open);
                    gone && items.get(at).is_some_and(|item| in_scope(hold, item, shares) && touches(item))
                };
                kept.stops.push(Stop {
                    begins: hold.from_at.to_zoned(zone.clone()).date(),
                    ends: ends.to_zoned(zone.clone()).date(),
                    items: (0..items.len()).map(whole).collect(),
                });
            }
        }
        kept
    }

    /// Whether any hold stops a clock.
    pub fn stops_clocks(&self) -> bool {
        !self.stops.is_empty()
    }

    /// The civil days from `from` to `today` for which the clock of the item at a position stood still.
    pub fn stopped_days(&self, position: usize, from: Date, today: Date) -> i64 {
        let mut spans: Vec<(Date, Date)> = self
            .stops
            .iter()
            .filter(|stop| stop.items.get(position).copied().unwrap_or(false))
            .map(|stop| (stop.begins.max(from), stop.ends.min(today)))
            .filter(|(begins, ends)| begins < ends)
            .collect();
        spans.sort();
        let (mut days, mut counted_to) = (0, from);
        for (begins, ends) in spans {
            days += days_between(begins.max(counted_to), ends).max(0);
            counted_to = counted_to.max(ends);
        }
        days
    }
}

/// Whole items before amounts, and amounts of an invoice before those of a balance before those of a currency before those of the customer.
fn rank(hold: &Hold) -> u8 {
    match (&hold.amount_minor, &hold.scope) {
        (None, _) => 0,
        (Some(_), HoldScope::Invoice(_)) => 1,
        (Some(_), HoldScope::Balance(_)) => 2,
        (Some(_), HoldScope::Case(_)) => 3,
        (Some(_), HoldScope::Customer) => 4,
    }
}

/// What a hold takes of what is left of each item, the oldest first, and of parts of plans no more than is left of its invoice's share.
fn allot(hold: &Hold, items: &[DueItem<'_>], left: &[i64], shares: &mut Shares) -> Vec<i64> {
    let mut rest = hold.amount_minor.unwrap_or(i64::MAX);
    let take = |(item, left): (&DueItem<'_>, &i64)| {
        if !in_scope(hold, item, shares) {
            return 0;
        }
        let share = share_of(hold, item, shares).and_then(|key| shares.get_mut(&key));
        let room = share.as_ref().map_or(i64::MAX, |share| **share);
        let taken = rest.min(*left).min(room).max(0);
        rest -= taken;
        if let Some(share) = share {
            *share -= taken;
        }
        taken
    };
    items.iter().zip(left).map(take).collect()
}

fn balances(items: &[DueItem<'_>], hold: &Hold) -> BTreeSet<BalanceKey> {
    match hold.scope {
        HoldScope::Invoice(_) => BTreeSet::new(),
        HoldScope::Balance(_) | HoldScope::Case(_) | HoldScope::Customer => {
            items.iter().filter(|item| holds_case(hold, item)).map(DueItem::balance).collect()
        }
    }
}

/// Whether a hold speaks of all items of an item's case.
fn holds_case(hold: &Hold, item: &DueItem<'_>) -> bool {
    match &hold.scope {
        HoldScope::Customer => true,
        HoldScope::Case(currency) => *currency == item.currency,
        HoldScope::Balance(balance) => item.is_of(balance),
        HoldScope::Invoice(_) => false,
    }
}

/// Whether a hold speaks of an item.
fn in_scope(hold: &Hold, item: &DueItem<'_>, shares: &Shares) -> bool {
    match &hold.scope {
        HoldScope::Customer | HoldScope::Case(_) | HoldScope::Balance(_) => holds_case(hold, item),
        HoldScope::Invoice(invoice) => item.key.invoice() == Some(invoice) || share_of(hold, item, shares).is_some(),
    }
}

/// The share by which a part of a plan stands for the one invoice that a hold is of.
fn share_of(hold: &Hold, item: &DueItem<'_>, shares: &Shares) -> Option<(AgreementId, InvoiceId)> {
    let (HoldScope::Invoice(invoice), ItemOf::Plan(plan)) = (&hold.scope, &item.key.of) else { return None };
    Some((plan.clone(), invoice.clone())).filter(|key| shares.contains_key(key))
}

/// What facts keep back by themselves: what refunds and chargebacks took back, until a person releases it, money of which only a later
/// release knows what became of it, and what was never sent or stands as only a later release knows.
pub(crate) fn not_to_be_chased(
    items: &[DueItem<'_>],
    unplaced: &[Money],
    (taken_back, unclear): (&[TakenBack], &[Unclear]),
    rules: ReceivablesRules<'_>,
) -> Vec<Hold> {
    let mut holds = by_payments(taken_back, unclear, rules);
    let is_unsent = |invoice: &Invoice| !rules.chase_unsent && invoice.sent_to_customer == Some(false);
    let is_kept = |invoice: &&Invoice| matches!(invoice.status, InvoiceStatus::Later(_)) || is_unsent(invoice);
    // Few are: only those are looked up, because a customer may have a thousand items.
    let mut seen = BTreeSet::new();
    let kept = items.iter().filter_map(|item| item.invoice).filter(is_kept);
    for invoice in kept.filter(|invoice| seen.insert(&invoice.id)) {
        let scope = || HoldScope::Invoice(invoice.id.clone());
        if let InvoiceStatus::Later(word) = invoice.status {
            let by = AgreementId::derive(&["status", invoice.id.as_str()]);
            holds.push(lasting(by, HoldReason::Later(word.to_string()), scope(), None));
        }
        if is_unsent(invoice) {
            let by = AgreementId::derive(&["not_sent", invoice.id.as_str()]);
            holds.push(lasting(by, HoldReason::NotSent, scope(), None));
        }
    }
    for unplaced in unplaced {
        let by = AgreementId::derive(&["unplaced", unplaced.currency().code()]);
        holds.push(lasting(by, HoldReason::MoneyOnItsWay, HoldScope::Case(unplaced.currency()), Some(unplaced.minor())));
    }
    holds
}

/// A hold that lasts as long as its reason is in the facts.
fn lasting(by: AgreementId, reason: HoldReason, scope: HoldScope, amount_minor: Option<i64>) -> Hold {
    Hold { by, reason, clock: HoldClock::Freeze, scope, amount_minor, from_at: Timestamp::MIN, ends_at: Timestamp::MAX }
}

/// What payments keep back: those that were taken back, and those of which it is not clear what became of them.
fn by_payments(taken_back: &[TakenBack], unclear: &[Unclear], rules: ReceivablesRules<'_>) -> Vec<Hold> {
    let mut holds = Vec::new();
    // Of holds of one invoice the largest counts; what is kept back for several payments adds up.
    let mut so_far: BTreeMap<InvoiceId, i64> = BTreeMap::new();
    let mut of_invoices = |by: &AgreementId, reason: &HoldReason, of: &[(InvoiceId, i64)]| {
        for (invoice, minor) in of {
            let sum = so_far.entry(invoice.clone()).or_default();
            *sum = sum.saturating_add(*minor);
            holds.push(lasting(by.clone(), reason.clone(), HoldScope::Invoice(invoice.clone()), Some(*sum)));
        }
    };
    for taken in taken_back.iter().filter(|taken| taken.is_kept_back(rules.after_refund)) {
        let reason = match taken.kind {
            ReversalKind::Refund => HoldReason::Refund,
            ReversalKind::Chargeback => HoldReason::Chargeback,
            ReversalKind::Later(word) => HoldReason::Later(word.to_string()),
        };
        of_invoices(&taken.id, &reason, &taken.of);
    }
    for unclear in unclear {
        of_invoices(&unclear.id(), &HoldReason::MoneyOnItsWay, &unclear.of);
    }
    for unclear in unclear.iter().filter(|unclear| unclear.rest_minor > 0) {
        let of_currency = HoldScope::Case(unclear.currency);
        let of_entity = |entity: &CompactString| HoldScope::Balance(BalanceKey::with(unclear.currency, entity));
        let scope = unclear.legal_entity.as_ref().map_or(of_currency, of_entity);
        holds.push(lasting(unclear.id(), HoldReason::MoneyOnItsWay, scope, Some(unclear.rest_minor)));
    }
    holds
}
