//! One payment, seen twice: a payment that was taken here, and its entry in the books.
//!
//! An entry is the payment's where it names the payment's basket, or a person said so. The two are then one payment: what the provider says
//! of it counts, for the invoices that the books have it for, less whichever of the two was taken back more of. The books take nothing from
//! what the provider received by no longer having an entry.
//!
//! An entry that names nothing may be the payment's where customer, currency and amount are the same and the days are near. Later it may be
//! where it is for an invoice of the payment's, or one of the two is for none: some providers pay out once a month. Until a person says whether
//! it is, each invoice counts the larger of the two and never their sum, and as much as that leaves out is kept back from being chased: it was
//! paid if they are two. An entry that the books had before the basket was begun is another payment.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use jiff::tz::TimeZone;

use super::{Unclear, known::total};
use crate::{
    AgreementId, Allocation, Facts, Invoice, InvoiceId, Money, Payment, PaymentFact, PaymentId, PaymentKind, PaymentStatus,
    Reversal, TakenHere, dates::add_days, paid_of_invoice::PaidHere,
};

/// How many days before its basket was begun an entry may be dated that is proposed as a payment's own: zones differ.
pub const SAME_DAYS_BEFORE: i64 = 1;
/// How many days after the payment such an entry may be dated, whatever it is for: it may bear the day of the payout.
pub const SAME_DAYS_AFTER: i64 = 10;
/// The same where nothing says that it is for other invoices: the longest month between two payouts, and some days more. Customers who pay the
/// same amount each month pay other invoices by then.
pub const SAME_DAYS_AFTER_MONTHLY: i64 = 40;

/// A payment that was taken here and an entry in the books that may be the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twice {
    /// The payment that was taken here.
    pub payment: PaymentId,
    /// Its basket.
    pub basket: PaymentId,
    /// The entry.
    pub entry: PaymentId,
    /// The entry's own id in the books.
    pub entry_external_id: String,
    /// What each comes to.
    pub money: Money,
    /// What both say of the same invoices, minor units.
    pub of: Vec<(InvoiceId, i64)>,
    /// What else one of them would be, minor units.
    pub rest_minor: i64,
}

impl Twice {
    /// What is kept back while nobody said whether they are the same.
    pub(super) fn kept_back(&self, legal_entity: Option<&str>) -> Unclear {
        Unclear {
            payment: self.entry.clone(),
            currency: self.money.currency(),
            of: self.of.clone(),
            rest_minor: self.rest_minor,
            legal_entity: legal_entity.map(compact_str::CompactString::from),
        }
    }

    /// The id that tells it from other pairs.
    pub fn id(&self) -> AgreementId {
        AgreementId::derive(&["twice", self.payment.as_str(), self.entry.as_str()])
    }
}

/// A payment as it is counted: as it is known, or made of several that are one.
#[derive(Clone)]
pub(super) struct Counted<'f> {
    /// The payment that it stands under.
    pub(super) fact: &'f PaymentFact,
    /// What is counted.
    pub(super) payment: Cow<'f, Payment>,
    /// The refunds and chargebacks of it that are in force.
    pub(super) in_force: Vec<&'f Reversal>,
    /// Whether its rest is credit of this customer.
    pub(super) is_own: bool,
}

/// What a payment comes to after what was taken back: of invoices, and as credit, minor units.
#[derive(Default)]
struct Net<'a> {
    of: BTreeMap<&'a InvoiceId, i64>,
    left: i64,
}

impl Net<'_> {
    fn sum(&self) -> i64 {
        total(self.of.values().copied()).saturating_add(self.left)
    }
}

impl Counted<'_> {
    fn net(&self) -> Net<'_> {
        if !self.payment.status.counts() {
            return Net::default();
        }
        let mut left = self.payment.amount_minor.saturating_sub(self.reversed()).max(0);
        let mut of: BTreeMap<&InvoiceId, i64> = BTreeMap::new();
        for part in &self.payment.allocations {
            let counted = part.amount_minor.min(left);
            left -= counted;
            if counted > 0 {
                *of.entry(&part.invoice).or_default() += counted;
            }
        }
        Net { of, left }
    }

    fn reversed(&self) -> i64 {
        total(self.in_force.iter().map(|reversal| reversal.amount_minor))
    }

    fn here(&self) -> Option<&TakenHere> {
        self.payment.taken_here.as_deref()
    }
}

/// Every payment and credit note by itself.
fn each(facts: &Facts) -> Vec<Counted<'_>> {
    let own = facts.payments.iter().map(|fact| (fact, true));
    let all = own.chain(facts.shared.iter().map(|fact| (fact, false)));
    all.map(|(fact, is_own)| {
        let in_force = in_force(facts, &fact.payment);
        Counted { fact, payment: Cow::Borrowed(&fact.payment), in_force, is_own }
    })
    .collect()
}

/// Payments that were taken here, each with an entry in the books that is the same payment or may be it: one of them alone says something else
/// than both.
pub(super) fn belonging_together(facts: &Facts) -> Vec<[&PaymentId; 2]> {
    let all = each(facts);
    if all.iter().all(|counted| counted.here().is_none()) {
        return Vec::new();
    }
    let Paired { linked, doubted } = pair(&all);
    let linked = linked.into_iter().flat_map(|(ours, entries)| entries.into_iter().map(move |entry| (ours, entry)));
    let id = |at: usize| all.get(at).map(|counted| &counted.fact.payment.id);
    linked.chain(doubted).filter_map(|(ours, entry)| Some([id(ours)?, id(entry)?])).collect()
}

/// Every payment and credit note as it is counted, each money once, and what may be counted twice or not.
pub(super) fn counted(facts: &Facts) -> (Vec<Counted<'_>>, Vec<Twice>) {
    let all = each(facts);
    if all.iter().all(|counted| counted.here().is_none()) {
        return (all, Vec::new());
    }
    let Paired { linked, doubted } = pair(&all);
    let of_pairs = linked.values().flatten().chain(doubted.values());
    let entries: BTreeSet<usize> = of_pairs.copied().collect();
    let (mut once, mut twice) = (Vec::new(), Vec::new());
    for (at, counted) in all.iter().enumerate().filter(|(at, _)| !entries.contains(at)) {
        if let Some(entries) = linked.get(&at) {
            let entries: Vec<&Counted<'_>> = entries.iter().filter_map(|at| all.get(*at)).collect();
            once.extend(as_one(counted, &entries));
        } else if let Some(entry) = doubted.get(&at).and_then(|at| all.get(*at)) {
            let (larger, pair) = larger_of(counted, entry);
            once.push(larger);
            twice.push(pair);
        } else {
            once.push(counted.clone());
        }
    }
    twice.sort_by(|a, b| (&a.payment, &a.entry).cmp(&(&b.payment, &b.entry)));
    (once, twice)
}

/// The refunds and chargebacks of a payment that are in force.
fn in_force<'f>(facts: &'f Facts, payment: &Payment) -> Vec<&'f Reversal> {
    let mut in_force: Vec<&Reversal> = facts
        .reversals
        .iter()
        .chain(&facts.shared_reversals)
        .filter(|reversal| reversal.in_force && reversal.payment == payment.id && reversal.currency == payment.currency)
        .collect();
    in_force.sort_by(|a, b| a.external_id.cmp(&b.external_id));
    in_force
}

/// Which entries in the books are, or may be, which payment that was taken here, by their positions.
struct Paired {
    linked: BTreeMap<usize, Vec<usize>>,
    doubted: BTreeMap<usize, usize>,
}

fn pair(all: &[Counted<'_>]) -> Paired {
    let mut by_day: Vec<usize> = (0..all.len()).collect();
    by_day.sort_by_key(|at| all.get(*at).map(|counted| (counted.payment.received_on, &counted.payment.id)));
    let is_money = |counted: &&Counted<'_>| {
        let payment = &counted.payment;
        payment.kind == PaymentKind::Payment && !payment.is_unclear() && !payment.is_undone()
    };
    let of_kind = |ours: bool| -> Vec<(usize, &Counted<'_>)> {
        let known = by_day.iter().filter_map(|at| all.get(*at).filter(is_money).map(|counted| (*at, counted)));
        known.filter(|(_, counted)| counted.here().is_some() == ours).collect()
    };
    let (ours, mut entries) = (of_kind(true), of_kind(false));
    let mut linked: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut doubted = BTreeMap::new();
    for (at, payment) in &ours {
        entries.retain(|(entry_at, entry)| {
            let is_same = payment.here().is_some_and(|here| is_linked(&payment.payment, here, &entry.payment));
            if is_same {
                linked.entry(*at).or_default().push(*entry_at);
            }
            !is_same
        });
    }
    // An entry that is near a payment is not taken for one of a month before.
    for days_after in [SAME_DAYS_AFTER, SAME_DAYS_AFTER_MONTHLY] {
        for (at, payment) in ours.iter().filter(|(at, _)| !linked.contains_key(at)) {
            if doubted.contains_key(at) {
                continue;
            }
            let may_be = |(_, entry): &(usize, &Counted<'_>)| {
                let is_near = days_after == SAME_DAYS_AFTER;
                let may_be = |here| may_be_same(payment, here, entry, days_after);
                (is_near || !is_for_others(&payment.payment, &entry.payment)) && payment.here().is_some_and(may_be)
            };
            // Both are in the order of their days, so that no entry is taken that only an earlier payment could be.
            if let Some(found) = entries.iter().position(may_be) {
                doubted.insert(*at, entries.remove(found).0);
            }
        }
    }
    Paired { linked, doubted }
}

/// Whether an entry is a payment's own: it names its basket, or a person said so.
fn is_linked(payment: &Payment, here: &TakenHere, entry: &Payment) -> bool {
    entry.currency == payment.currency && here.has_entry(&entry.id, entry.reference.as_deref())
}

/// Whether an entry is for other invoices than a payment.
fn is_for_others(payment: &Payment, entry: &Payment) -> bool {
    let are_both_for_some = !payment.allocations.is_empty() && !entry.allocations.is_empty();
    let is_known = |part: &Allocation| payment.allocations.iter().any(|known| known.invoice == part.invoice);
    are_both_for_some && !entry.allocations.iter().any(is_known)
}

/// Whether an entry that is dated at most so many days after a payment may be its own though nothing says so.
fn may_be_same(payment: &Counted<'_>, here: &TakenHere, entry: &Counted<'_>, days_after: i64) -> bool {
    let (ours, theirs) = (&*payment.payment, &*entry.payment);
    let begun_on = here.begun_at.to_zoned(TimeZone::UTC).date();
    let days = add_days(begun_on, -SAME_DAYS_BEFORE)..=add_days(ours.received_on, days_after);
    payment.is_own == entry.is_own
        && ours.currency == theirs.currency
        && ours.amount_minor == theirs.amount_minor
        && days.contains(&theirs.received_on)
        && entry.fact.recorded_at >= here.begun_at
        && !here.apart.contains(&theirs.id)
        // What was taken back of one of them may be of both; where nothing is left of either there is nothing to tell.
        && theirs.status.counts()
        && (payment.net().sum() > 0 || entry.net().sum() > 0)
}

/// A payment and its entries in the books as the one payment that they are.
fn as_one<'f>(ours: &Counted<'f>, entries: &[&Counted<'f>]) -> Vec<Counted<'f>> {
    let there: Vec<&&Counted<'f>> = entries.iter().filter(|entry| entry.payment.status.counts()).collect();
    let in_books = total(there.iter().map(|entry| entry.payment.amount_minor));
    let amount_minor = ours.payment.amount_minor.max(in_books);
    let mut left = amount_minor;
    let mut of: BTreeMap<&InvoiceId, i64> = BTreeMap::new();
    let mut allocations = Vec::new();
    // Where the books have it comes first; what they do not have yet is for what was asked.
    for part in there.iter().flat_map(|entry| &entry.payment.allocations) {
        let minor = part.amount_minor.min(left);
        left -= minor;
        *of.entry(&part.invoice).or_default() += minor;
        allocations.extend((minor > 0).then(|| Allocation { invoice: part.invoice.clone(), amount_minor: minor }));
    }
    for part in &ours.payment.allocations {
        let known = of.get(&part.invoice).copied().unwrap_or(0);
        let minor = (part.amount_minor - known).clamp(0, left);
        left -= minor;
        allocations.extend((minor > 0).then(|| Allocation { invoice: part.invoice.clone(), amount_minor: minor }));
    }
    let of_books: Vec<&'f Reversal> = there.iter().flat_map(|entry| entry.in_force.iter().copied()).collect();
    let taken_in_books = total(of_books.iter().map(|reversal| reversal.amount_minor));
    let in_force = if taken_in_books > ours.reversed() { of_books } else { ours.in_force.clone() };
    let entity = || there.iter().find_map(|entry| entry.payment.legal_entity.clone());
    let legal_entity = ours.payment.legal_entity.clone().or_else(entity);
    let is_own = ours.is_own || there.iter().any(|entry| entry.is_own);
    let whole = Payment { amount_minor, allocations, legal_entity, ..ours.payment.clone().into_owned() };
    let mut one = vec![Counted { fact: ours.fact, payment: Cow::Owned(whole), in_force, is_own }];
    // What the books have beyond a payment that did not stay came otherwise.
    let beyond = in_books - ours.payment.amount_minor;
    if let Some(entry) = there.first().filter(|_| beyond > 0 && !ours.payment.status.counts()) {
        let allocations = there.iter().flat_map(|entry| &entry.payment.allocations).cloned().collect();
        let rest = Payment { amount_minor: beyond, allocations, ..entry.payment.clone().into_owned() };
        one.push(Counted { fact: entry.fact, payment: Cow::Owned(rest), in_force: Vec::new(), is_own: entry.is_own });
    }
    one
}

/// Of a payment and an entry that may be the same the larger for each invoice, and what that leaves out.
fn larger_of<'f>(ours: &Counted<'f>, entry: &Counted<'f>) -> (Counted<'f>, Twice) {
    let (a, b) = (ours.net(), entry.net());
    let mut larger: BTreeMap<&InvoiceId, i64> = a.of.clone();
    let mut both = Vec::new();
    for (invoice, minor) in &b.of {
        let known = larger.entry(invoice).or_default();
        let smaller = (*known).min(*minor);
        if smaller > 0 {
            both.push(((*invoice).clone(), smaller));
        }
        *known = (*known).max(*minor);
    }
    let of_invoices = total(larger.values().copied());
    let amount_minor = a.sum().max(b.sum()).max(of_invoices);
    let left_out = a.sum().saturating_add(b.sum()) - amount_minor;
    let allocation = |(invoice, minor): (&&InvoiceId, &i64)| Allocation { invoice: (*invoice).clone(), amount_minor: *minor };
    let payment = Payment {
        status: PaymentStatus::Received,
        amount_minor,
        allocations: larger.iter().map(allocation).collect(),
        ..ours.payment.clone().into_owned()
    };
    let twice = Twice {
        payment: ours.payment.id.clone(),
        basket: ours.here().map_or_else(|| ours.payment.id.clone(), |here| here.basket.clone()),
        entry: entry.payment.id.clone(),
        entry_external_id: entry.payment.external_id.clone(),
        money: Money::from_minor(entry.payment.amount_minor, entry.payment.currency),
        rest_minor: left_out - total(both.iter().map(|(_, minor)| *minor)),
        of: both,
    };
    (Counted { fact: ours.fact, payment: Cow::Owned(payment), in_force: Vec::new(), is_own: ours.is_own }, twice)
}

/// What payments that were taken here pay of invoices, each money once.
pub(super) fn payments_here(counted: &[Counted<'_>]) -> Vec<PaidHere> {
    let mut paid = Vec::new();
    for one in counted {
        let Some(here) = one.here() else { continue };
        paid.extend(one.net().of.into_iter().map(|(invoice, amount_minor)| PaidHere {
            invoice: invoice.clone(),
            amount_minor,
            begun_at: here.begun_at,
            received_on: one.payment.received_on,
            recorded_at: one.fact.recorded_at,
        }));
    }
    paid
}

/// What was paid of invoices at least, minor units: what their documents said was paid when a basket was begun and no payment explains, and
/// what came of that basket and those after it.
pub(super) fn at_least(
    facts: &Facts,
    counted: &[Counted<'_>],
    invoices: &BTreeMap<&InvoiceId, &Invoice>,
) -> Vec<(InvoiceId, i64)> {
    let has_stated = |counted: &Counted<'_>| counted.here().is_some_and(|here| !here.stated.is_empty());
    if !counted.iter().any(has_stated) {
        return Vec::new();
    }
    let is_theirs = |fact: &&PaymentFact| fact.payment.is_booked_money();
    let mut explained: BTreeMap<&InvoiceId, i64> = BTreeMap::new();
    for part in facts.payments.iter().chain(&facts.shared).filter(is_theirs).flat_map(|fact| &fact.payment.allocations) {
        *explained.entry(&part.invoice).or_default() += part.amount_minor;
    }
    let nets: Vec<(&Counted<'_>, Net<'_>)> =
        counted.iter().filter(|one| one.payment.kind == PaymentKind::Payment).map(|one| (one, one.net())).collect();
    let of = |net: &Net<'_>, invoice: &InvoiceId| net.of.get(invoice).copied().unwrap_or(0);
    let mut least = Vec::new();
    for (one, _) in &nets {
        let Some(here) = one.here() else { continue };
        for part in &here.stated {
            let Some(invoice) = invoices.get(&part.invoice) else { continue };
            let unexplained = invoice.paid_minor - explained.get(&part.invoice).copied().unwrap_or(0);
            let is_since = |other: &Counted<'_>| other.here().is_none_or(|other| other.begun_at >= here.begun_at);
            let since = total(nets.iter().filter(|(other, _)| is_since(other)).map(|(_, net)| of(net, &part.invoice)));
            least.push((part.invoice.clone(), part.amount_minor.min(unexplained).max(0).saturating_add(since)));
        }
    }
    least
}
