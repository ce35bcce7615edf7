//! Whether the lines of a basket can be paid: asked when it is begun, and again immediately before the payer is sent on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::BasketLine;
use crate::{
    Agreement, Currency, HoldReason, InvoiceId, Money, MoneyOnItsWay, MoneyStatus, OfBasket, Terms,
    kept_back::{Hold, KeptBack, Shares},
    receivables::{DueItem, Receivables},
};

/// Most lines of a basket: so many are one item of the table, with what they keep back, and one payment.
pub const LINES_MAX: usize = 2_000;
/// Most payments of one invoice that are begun within a day while none of them is made. Each keeps its amounts back for half an hour: whoever only
/// begins and begins, by hand or by a script, is chased for the rest of the day.
pub(super) const BEGUN_MAX: usize = 6;
/// Most payments of all invoices of a customer that are begun within a day while none of them is made: each is an agreement that every decision reads.
pub(super) const BEGUN_OF_ALL_MAX: usize = 60;
/// The day of both.
const BEGUN_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// What is wrong with a basket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasketFlaw {
    /// The line, counted from 0; `None` where it is the basket as a whole.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: BasketFlawKind,
}

/// What can be wrong with a basket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BasketFlawKind {
    /// It has no line.
    #[error("nothing is to be paid; choose at least one invoice")]
    Empty,
    /// It has too many lines.
    #[error("{0} invoices are more than the {LINES_MAX} that can be paid at once; pay some of them first")]
    TooMany(usize),
    /// An amount is not above zero.
    #[error("{0} is not above zero; say how much is to be paid, or leave the invoice out")]
    NotAboveZero(Money),
    /// More is said to be for invoices than came.
    #[error(
        "{allocated} are said to be for invoices, and {came} came; say no more than that, and the rest is credit of the customer"
    )]
    MoreThanCame {
        /// What is said to be for invoices.
        allocated: Money,
        /// What came.
        came: Money,
    },
    /// An amount is over what can be paid.
    #[error("{asked} is more than the {payable} that is due; pay no more than that")]
    OverDue {
        /// What is to be paid.
        asked: Money,
        /// What can be.
        payable: Money,
    },
    /// An invoice is named twice.
    #[error("the invoice is named twice; name it once, with the whole amount")]
    Twice,
    /// No invoice of this customer has the id.
    #[error("it is no invoice of this customer; load the page again")]
    Unknown,
    /// Nothing of the invoice is open.
    #[error("nothing of the invoice is open any more; leave it out")]
    Closed,
    /// The invoice is not issued yet.
    #[error("the invoice is not issued yet; it can be paid from the day that it is")]
    NotIssued,
    /// The invoice is in another currency.
    #[error("the invoice is in {0}; pay invoices of one currency together, and those of another by themselves")]
    OtherCurrency(Currency),
    /// The invoice is owed to another legal entity.
    #[error("the invoice is owed to another company; pay those of each company by themselves")]
    OtherLegalEntity,
    /// Another basket is being paid with the invoice.
    #[error("a payment of the invoice was begun already; finish it, or give it up first")]
    BeingPaid,
    /// A transfer was announced for the invoice before.
    #[error("a transfer was announced for the invoice before; it is announced once")]
    AnnouncedBefore,
    /// As many payments were begun within a day, and not made, as may be.
    #[error("payments were begun again and again within a day and not made; begin the next one tomorrow, or write to us")]
    BegunOften,
}

/// What can be paid of each open invoice now, minor units: what is open of it, less the credit that it is to be settled with and less the
/// money that is on its way. What else keeps it from being chased (a promise, a dispute, a pause, a plan) keeps nobody from paying it.
pub fn payable(receivables: &Receivables<'_>, now: Timestamp) -> BTreeMap<InvoiceId, i64> {
    let items = open_items(receivables);
    let on_its_way = |hold: &&Hold| hold.reason == HoldReason::MoneyOnItsWay;
    let holds: Vec<Hold> = receivables.holds.iter().filter(on_its_way).cloned().collect();
    // Days do not matter here: only what is kept back at this instant does.
    let kept = KeptBack::of(&items, &holds, &Shares::new(), &jiff::tz::TimeZone::UTC, now);
    by_invoice(items.iter().zip(&kept.of_item).map(|(item, kept)| (item, item.due_now_minor - kept)))
}

/// What is open of each invoice, minor units, less the credit that it is to be settled with. Money that is on its way is open until it came.
pub(super) fn owed(receivables: &Receivables<'_>) -> BTreeMap<InvoiceId, i64> {
    by_invoice(open_items(receivables).iter().map(|item| (item, item.due_now_minor)))
}

/// The items of invoices, due as if nothing kept anything back.
fn open_items<'a>(receivables: &Receivables<'a>) -> Vec<DueItem<'a>> {
    let with_kept = receivables.items.iter().zip(&receivables.kept.of_item).filter(|(item, _)| item.invoice.is_some());
    with_kept
        .map(|(item, kept)| DueItem { due_now_minor: item.due_now_minor + kept + item.planned_minor, ..item.clone() })
        .collect()
}

fn by_invoice<'i, 'a: 'i>(items: impl Iterator<Item = (&'i DueItem<'a>, i64)>) -> BTreeMap<InvoiceId, i64> {
    let mut sums: BTreeMap<InvoiceId, i64> = BTreeMap::new();
    for (item, minor) in items {
        if let Some(invoice) = item.invoice {
            let sum = sums.entry(invoice.id.clone()).or_default();
            *sum = sum.saturating_add(minor);
        }
    }
    sums
}

/// Looks whether lines can be paid together now, in one currency and to one legal entity (empty for the default one, and where a tenant does
/// not tell them apart).
///
/// # Errors
///
/// Every flaw, in the order of the lines.
pub fn check_lines(
    receivables: &Receivables<'_>,
    (currency, legal_entity): (Currency, &str),
    lines: &[BasketLine],
    now: Timestamp,
) -> Result<(), Vec<BasketFlaw>> {
    let whole = |what| Err(vec![BasketFlaw { line: None, what }]);
    if lines.is_empty() {
        return whole(BasketFlawKind::Empty);
    }
    if lines.len() > LINES_MAX {
        return whole(BasketFlawKind::TooMany(lines.len()));
    }
    let flaws = flaws_of(receivables, (currency, legal_entity), lines, &payable(receivables, now));
    if flaws.is_empty() { Ok(()) } else { Err(flaws) }
}

/// What is wrong with lines, of each invoice of which at most so much can be paid.
pub(super) fn flaws_of(
    receivables: &Receivables<'_>,
    (currency, legal_entity): (Currency, &str),
    lines: &[BasketLine],
    most: &BTreeMap<InvoiceId, i64>,
) -> Vec<BasketFlaw> {
    let mut of_invoice: BTreeMap<&InvoiceId, &DueItem<'_>> = BTreeMap::new();
    for item in &receivables.items {
        if let Some(invoice) = item.invoice {
            of_invoice.entry(&invoice.id).or_insert(item);
        }
    }
    let not_issued: BTreeSet<&InvoiceId> = receivables.not_issued.iter().filter_map(|item| item.key.invoice()).collect();
    let mut seen = BTreeSet::new();
    let mut flaws = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let mut add = |what| flaws.push(BasketFlaw { line: Some(at), what });
        if !seen.insert(&line.invoice) {
            add(BasketFlawKind::Twice);
        }
        let asked = Money::from_minor(line.amount_minor, currency);
        if line.amount_minor <= 0 {
            add(BasketFlawKind::NotAboveZero(asked));
        }
        let Some(item) = of_invoice.get(&line.invoice) else {
            let is_overpaid = receivables.overpaid.iter().any(|overpaid| overpaid.invoice == line.invoice);
            add(if is_overpaid || receivables.closed.contains(&line.invoice) {
                BasketFlawKind::Closed
            } else if not_issued.contains(&line.invoice) {
                BasketFlawKind::NotIssued
            } else {
                BasketFlawKind::Unknown
            });
            continue;
        };
        if item.currency != currency {
            add(BasketFlawKind::OtherCurrency(item.currency));
            continue;
        }
        if item.legal_entity != legal_entity {
            add(BasketFlawKind::OtherLegalEntity);
        }
        let most = most.get(&line.invoice).copied().unwrap_or(0).max(0);
        if line.amount_minor > most {
            add(BasketFlawKind::OverDue { asked, payable: Money::from_minor(most, currency) });
        }
    }
    flaws
}

/// What else of a customer's money has to do with lines: an invoice is paid with one basket at a time, and a transfer is announced once.
pub(crate) fn of_others(agreements: &[Agreement], lines: &[BasketLine], is_announced: bool, now: Timestamp) -> Vec<BasketFlaw> {
    let mut being_paid: BTreeSet<&InvoiceId> = BTreeSet::new();
    let mut announced: BTreeSet<&InvoiceId> = BTreeSet::new();
    for agreement in agreements {
        let Terms::Money(MoneyOnItsWay { basket, of, status, .. }) = &agreement.terms else { continue };
        let invoices = || of.iter().map(|stood| &stood.invoice);
        if being_paid_by(agreement, now).is_some() {
            being_paid.extend(invoices());
        }
        // What was announced beside a basket and came was true: what is sent after it is announced anew.
        if agreement.is_announcement() && (basket.is_some() || *status != MoneyStatus::Arrived) {
            announced.extend(invoices());
        }
    }
    let mut flaws = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let mut add = |what| flaws.push(BasketFlaw { line: Some(at), what });
        if being_paid.contains(&line.invoice) {
            add(BasketFlawKind::BeingPaid);
        } else if is_announced && announced.contains(&line.invoice) {
            add(BasketFlawKind::AnnouncedBefore);
        }
    }
    flaws
}

/// Which lines were begun too often to be paid, and not paid, within the day before; no line where all of a customer's together were.
pub(crate) fn begun_often(agreements: &[Agreement], lines: &[BasketLine], now: Timestamp) -> Vec<BasketFlaw> {
    let mut count = 0_usize;
    let mut begun: BTreeMap<&InvoiceId, usize> = BTreeMap::new();
    for agreement in agreements.iter().filter(|agreement| now.duration_since(agreement.made_at) < BEGUN_WITHIN) {
        let Terms::Money(MoneyOnItsWay { basket: Some(_), of, status, .. }) = &agreement.terms else { continue };
        if *status != MoneyStatus::Arrived {
            count += 1;
            of.iter().for_each(|stood| *begun.entry(&stood.invoice).or_default() += 1);
        }
    }
    let flaw = |line| BasketFlaw { line, what: BasketFlawKind::BegunOften };
    if count >= BEGUN_OF_ALL_MAX {
        return vec![flaw(None)];
    }
    let is_one = |line: &BasketLine| begun.get(&line.invoice).is_some_and(|count| *count >= BEGUN_MAX);
    lines.iter().enumerate().filter(|(_, line)| is_one(line)).map(|(at, _)| flaw(Some(at))).collect()
}

/// The money of a basket that still keeps its amounts back, and the basket; `None` of every other agreement.
pub fn being_paid_by(agreement: &Agreement, now: Timestamp) -> Option<(&MoneyOnItsWay, &OfBasket)> {
    let Terms::Money(money) = &agreement.terms else { return None };
    let basket = money.basket.as_ref().filter(|basket| now < basket.ends_at)?;
    agreement.runs().then_some((money, basket))
}
