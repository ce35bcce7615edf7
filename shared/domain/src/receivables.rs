//! Due items and what is due now: the one place that reckons money, for trigger, threshold, text and fee alike.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

pub use crate::due_item::{DueItem, Joins};
use crate::{
    Agreement, BalanceKey, Currency, DueItemKey, Facts, Invoice, InvoiceId, InvoiceStatus, Money, PaymentFact, PaymentId,
    agreed::agreed,
    kept_back::{self, Hold, KeptBack, Shares},
    paid_of_invoice::PaidHere,
    planned::{by_age, stand_for},
    settings::AfterRefund,
};

mod known;
mod settle;
mod twice;
mod unclear;

pub(crate) use known::total;
pub use known::{CountedPayment, InFlight, Mismatch, Overpaid, ReceivablesRules, TakenBack};
use settle::{Settled, Settlement, settle};
pub use twice::{SAME_DAYS_AFTER, SAME_DAYS_AFTER_MONTHLY, SAME_DAYS_BEFORE, Twice};
pub use unclear::Unclear;

/// How long payments may exceed what an invoice's document says before a person is asked, in civil days.
pub const IN_FLIGHT_DAYS_MAX: i64 = 5;

/// A customer's due items and what stands against them, at one instant.
#[derive(Clone, Debug)]
pub struct Receivables<'a> {
    /// Open due items, oldest first: by due date, issue date, number and key. Where parts of a plan are among them, its invoices are
    /// too, with what the parts stand for in `planned_minor`.
    pub items: Vec<DueItem<'a>>,
    /// Today in the tenant's zone.
    pub today: Date,
    /// Invoices with nothing open, drafts left out.
    pub closed: BTreeSet<InvoiceId>,
    /// Invoices whose payments or credit notes exceed what their document says: by how much, and since when.
    pub in_flight: Vec<InFlight>,
    /// Payments that leave no credit and touch only closed invoices.
    pub spent: Vec<PaymentId>,
    /// Payments of other customers that touch only closed invoices here.
    pub spent_shared: Vec<PaymentId>,
    /// What agreements and facts such as refunds keep back.
    pub holds: Vec<Hold>,
    /// What holds keep back of `items`.
    pub kept: KeptBack,
    /// Agreements that time or money changed, as they are now.
    pub agreements: Vec<Agreement>,
    /// When time next changes one.
    pub agreed_next_at: Option<Timestamp>,
    /// Payments that refunds, chargebacks or their own documents took back while their invoices are open again.
    pub taken_back: Vec<TakenBack>,
    /// Payments of which only a later release knows what became of them.
    pub unclear: Vec<Unclear>,
    /// Payments taken here that may be the same as an entry in the books: a person says whether they are.
    pub twice: Vec<Twice>,
    /// Credit that several legal entities could have, and nothing says which, by currency.
    pub unplaced: Vec<Money>,
    /// Items of invoices that are not issued yet: shown, with nothing due now, and part of no sum.
    pub not_issued: Vec<DueItem<'a>>,
    /// When the first of those is issued.
    pub issued_next_at: Option<Timestamp>,
    /// Allocations in another currency than their invoice's: they pay nothing, and a person has to look.
    pub mismatched: Vec<Mismatch>,
    /// Invoices on which more was paid than they come to: the excess is credit, and a person has to look.
    pub overpaid: Vec<Overpaid>,
    /// The customer's own payments and credit notes of which something is left after what was taken back, each money once.
    pub counted: Vec<CountedPayment<'a>>,
    /// The positions of `items` in the order of their keys, once somebody asks for one.
    by_key: OnceCell<Vec<usize>>,
}

impl<'a> Receivables<'a> {
    /// Reckons the receivables of `facts` at `now` by the default rules; due dates are days of `zone`, the tenant's.
    pub fn in_zone(facts: &'a Facts, zone: &TimeZone, now: Timestamp) -> Self {
        Self::at(
            facts,
            ReceivablesRules { zone, after_refund: AfterRefund::default(), chase_unsent: true, by_legal_entity: false },
            now,
        )
    }

    /// Reckons the receivables of `facts` at `now` by a tenant's rules.
    pub fn at(facts: &'a Facts, rules: ReceivablesRules<'_>, now: Timestamp) -> Self {
        let zone = rules.zone;
        let today = now.to_zoned(zone.clone()).date();
        let Settlement {
            by_invoice: settled,
            mut credit,
            unplaced,
            mismatched,
            taken_back: taken,
            unclear,
            twice,
            good,
            paid_here,
        } = settle(facts, rules);
        let mut receivables = Self {
            items: Vec::new(),
            today,
            closed: BTreeSet::new(),
            by_key: OnceCell::new(),
            in_flight: Vec::new(),
            spent: Vec::new(),
            spent_shared: Vec::new(),
            holds: Vec::new(),
            kept: KeptBack::default(),
            agreements: Vec::new(),
            agreed_next_at: None,
            taken_back: Vec::new(),
            unclear,
            twice,
            unplaced: Vec::new(),
            not_issued: Vec::new(),
            issued_next_at: None,
            mismatched,
            overpaid: Vec::new(),
            counted: good,
        };
        for fact in &facts.invoices {
            let invoice = &fact.invoice;
            let of = settled.get(&invoice.id).copied().unwrap_or_default();
            if invoice.status == InvoiceStatus::Open && invoice.issued_on > today {
                let issued_at = invoice.issued_on.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
                receivables.issued_next_at = [receivables.issued_next_at, issued_at].into_iter().flatten().min();
                let ahead = Self::open_items(invoice, rules.entity_of(invoice, &facts.customer), of).0;
                receivables.not_issued.extend(ahead.into_iter().map(|item| DueItem { due_now_minor: 0, ..item }));
                continue;
            }
            let entity = rules.entity_of(invoice, &facts.customer);
            let (open, excess_minor) = Self::open_items(invoice, entity, of);
            if open.is_empty() && excess_minor == 0 && invoice.status != InvoiceStatus::Draft {
                receivables.closed.insert(invoice.id.clone());
            }
            if excess_minor > 0 {
                let sum = credit.entry(BalanceKey::with(invoice.currency, entity)).or_default();
                *sum = sum.saturating_add(excess_minor);
                receivables.overpaid.push(Overpaid { invoice: invoice.id.clone(), currency: invoice.currency, excess_minor });
            }
            receivables.items.extend(open);
            receivables.in_flight.extend(in_flight(invoice, of));
        }
        receivables.sort();
        let of_invoices = receivables.items.len();
        receivables.place(unplaced, &mut credit);
        receivables.taken_back = taken.into_iter().filter(|taken| receivables.is_open_again(taken)).collect();
        let by_facts = kept_back::not_to_be_chased(
            &receivables.items,
            &receivables.unplaced,
            (&receivables.taken_back, &receivables.unclear),
            rules,
        );
        let shares = receivables.add_agreed(facts, by_facts, &paid_here, (zone, now));
        receivables.items.extend(facts.charges.iter().filter_map(|charge| of_charge(charge, zone)));
        if !rules.by_legal_entity {
            receivables.items.iter_mut().for_each(|item| item.legal_entity = "");
        }
        if receivables.items.len() > of_invoices {
            receivables.sort();
        }
        receivables.in_flight.sort_by(|a, b| a.invoice.cmp(&b.invoice));
        receivables.overpaid.sort_by(|a, b| a.invoice.cmp(&b.invoice));
        receivables.kept = KeptBack::of(&receivables.items, &receivables.holds, &shares, zone, now);
        for (item, kept) in receivables.items.iter_mut().zip(&receivables.kept.of_item) {
            item.due_now_minor -= kept;
        }
        for (balance, minor) in credit {
            receivables.apply_credit(&balance, minor);
        }
        receivables.spent = spent(facts, &receivables);
        receivables.spent_shared = spent_shared(facts, &receivables);
        receivables
    }

    /// Credit of which nothing says whose it is pays the only legal entity with something open; where there are several it is kept back of
    /// all of them until somebody says it.
    fn place(&mut self, unplaced: BTreeMap<Currency, i64>, credit: &mut BTreeMap<BalanceKey, i64>) {
        for (currency, minor) in unplaced {
            let of_currency = self.items.iter().filter(|item| item.currency == currency);
            let balances: BTreeSet<BalanceKey> = of_currency.map(DueItem::balance).collect();
            match balances.len() {
                0 | 1 => {
                    let only = balances.into_iter().next().unwrap_or_else(|| BalanceKey::of(currency));
                    let sum = credit.entry(only).or_default();
                    *sum = sum.saturating_add(minor);
                }
                _ => self.unplaced.push(Money::from_minor(minor, currency)),
            }
        }
    }

    fn sort(&mut self) {
        self.items.sort_by(by_age);
    }

    /// The agreements of the customer as time and money have them now, whether or not that is written down.
    pub fn agreements_of<'f>(&'f self, facts: &'f Facts) -> impl Iterator<Item = &'f Agreement> {
        facts.agreements.iter().map(move |known| self.agreements.iter().find(|now| now.id == known.id).unwrap_or(known))
    }

    /// Lets agreements act on the items of invoices, of which facts keep something back too: parts of running plans become items and
    /// stand for those of their invoices, with these shares.
    fn add_agreed(
        &mut self,
        facts: &'a Facts,
        by_facts: Vec<Hold>,
        paid_here: &[PaidHere],
        (zone, now): (&TimeZone, Timestamp),
    ) -> Shares {
        let agreed = agreed(facts, &self.items, by_facts, paid_here, (zone, now));
        stand_for(&mut self.items, &agreed.planned, zone);
        self.holds = agreed.holds;
        self.agreements = agreed.changed;
        self.agreed_next_at = agreed.change_at;
        agreed.planned.shares
    }

    fn is_open_again(&self, taken: &TakenBack) -> bool {
        taken.of.iter().any(|(invoice, _)| self.items.iter().any(|item| item.key.invoice() == Some(invoice)))
    }

    /// The items of one currency, whatever the legal entity, oldest first.
    pub fn in_currency(&self, currency: Currency) -> impl Iterator<Item = &DueItem<'a>> {
        self.items.iter().filter(move |item| item.currency == currency)
    }

    /// The items of one balance, oldest first.
    pub fn of_balance<'b>(&'b self, balance: &'b BalanceKey) -> impl Iterator<Item = &'b DueItem<'a>> {
        self.items.iter().filter(move |item| item.is_of(balance))
    }

    /// The item of a key, if it is open.
    pub fn item(&self, key: &DueItemKey) -> Option<&DueItem<'a>> {
        self.items.get(self.position(key)?)
    }

    /// Where in `items` the item of a key stands, if it is open.
    pub fn position(&self, key: &DueItemKey) -> Option<usize> {
        let key_at = |at: &usize| self.items.get(*at).map(|item| &item.key);
        let by_key = self.by_key.get_or_init(|| {
            let mut by_key: Vec<usize> = (0..self.items.len()).collect();
            by_key.sort_unstable_by(|a, b| key_at(a).cmp(&key_at(b)));
            by_key
        });
        by_key.get(by_key.binary_search_by(|at| key_at(at).cmp(&Some(key))).ok()?).copied()
    }

    /// The currencies in which something is open.
    pub fn currencies(&self) -> BTreeSet<Currency> {
        self.items.iter().map(|item| item.currency).collect()
    }

    /// Net exposure: the sum of due now in one currency, minor units.
    pub fn exposure_minor(&self, currency: Currency) -> i64 {
        total(self.in_currency(currency).map(|item| item.due_now_minor))
    }

    /// The civil days from `from` to today for which holds stopped the clock of an open item.
    pub fn stopped_days(&self, item: &DueItem<'_>, from: Date) -> i64 {
        if !self.kept.stops_clocks() {
            return 0;
        }
        self.position(&item.key).map_or(0, |at| self.kept.stopped_days(at, from, self.today))
    }

    /// What holds keep back in one currency, minor units.
    #[cfg(test)]
    pub(crate) fn kept_minor(&self, currency: Currency) -> i64 {
        let of_currency = self.items.iter().zip(&self.kept.of_item).filter(|(item, _)| item.currency == currency);
        total(of_currency.map(|(_, kept)| *kept))
    }

    /// The sum of open in one currency, every amount once, minor units.
    pub fn open_minor(&self, currency: Currency) -> i64 {
        total(self.in_currency(currency).map(DueItem::owed_minor))
    }

    /// Paid and credited amounts fill an invoice's instalments oldest first; what is left of each is open. The second value is
    /// what was paid and credited beyond the total, minor units: of a void invoice all that payments brought, for it comes to nothing.
    fn open_items(invoice: &'a Invoice, legal_entity: &'a str, of: Settled) -> (Vec<DueItem<'a>>, i64) {
        let chased = match invoice.status {
            InvoiceStatus::Open | InvoiceStatus::Later(_) => true,
            InvoiceStatus::Draft | InvoiceStatus::Void | InvoiceStatus::WrittenOff => false,
        };
        if !chased {
            return (Vec::new(), if invoice.status == InvoiceStatus::Void { of.paid } else { 0 });
        }
        let stated = if invoice.paid_is_gross { invoice.paid_minor.saturating_sub(of.taken_back) } else { invoice.paid_minor };
        let credited = invoice.credited_minor.max(of.credited);
        let mut rest = stated.max(of.paid).saturating_add(credited).max(0);
        let is_whole = invoice.instalments.len() < 2;
        let of_all = invoice.instalments.len();
        let whole = (DueItemKey::whole(invoice.id.clone()), None, invoice.due_on, invoice.total_minor);
        let mut parts: Vec<_> = invoice
            .instalments
            .iter()
            .enumerate()
            .map(|(at, part)| {
                let key = DueItemKey::instalment(invoice.id.clone(), part.external_id.as_deref(), at);
                (key, Some((at + 1, of_all)), part.due_on, part.amount_minor)
            })
            .collect();
        if parts.is_empty() {
            parts.push(whole);
        }
        parts.sort_by_key(|(_, place, due_on, _)| (*due_on, *place));
        let mut items = Vec::new();
        for (key, instalment, due_on, amount) in parts {
            let filled = rest.min(amount);
            rest -= filled;
            if amount > filled {
                items.push(DueItem {
                    key,
                    invoice: Some(invoice),
                    number: &invoice.number,
                    instalment,
                    currency: invoice.currency,
                    legal_entity,
                    joins: Joins::Own,
                    total_minor: invoice.total_minor,
                    claim_minor: invoice.total_minor.saturating_sub(credited),
                    amount_minor: amount,
                    paid_minor: if is_whole || credited == 0 { filled.saturating_sub(credited).max(0) } else { 0 },
                    issued_on: invoice.issued_on,
                    due_on,
                    open_minor: amount - filled,
                    planned_minor: 0,
                    due_now_minor: amount - filled,
                    url: invoice.url.as_deref(),
                    purchase_order: invoice.purchase_order.as_deref(),
                });
            }
        }
        (items, rest)
    }

    fn apply_credit(&mut self, balance: &BalanceKey, mut credit: i64) {
        for item in self.items.iter_mut().filter(|item| item.is_of(balance)) {
            let used = item.due_now_minor.min(credit);
            item.due_now_minor -= used;
            credit -= used;
        }
    }
}

/// The item of a charge that a person confirmed.
fn of_charge<'a>(charge: &'a crate::Charge, zone: &TimeZone) -> Option<DueItem<'a>> {
    let (open_minor, due_on) = charge.open()?;
    Some(DueItem {
        key: DueItemKey::charge(charge.id.clone()),
        invoice: None,
        number: &charge.name,
        instalment: None,
        currency: charge.currency,
        legal_entity: &charge.legal_entity,
        joins: charge.workflow.as_deref().map_or(Joins::Own, Joins::Workflow),
        total_minor: open_minor,
        claim_minor: 0,
        amount_minor: open_minor,
        paid_minor: 0,
        issued_on: charge.proposed_at.to_zoned(zone.clone()).date(),
        due_on,
        open_minor,
        planned_minor: 0,
        due_now_minor: open_minor,
        url: None,
        purchase_order: None,
    })
}

fn in_flight(invoice: &Invoice, of: Settled) -> Option<InFlight> {
    let counts = match invoice.status {
        InvoiceStatus::Open | InvoiceStatus::Later(_) => true,
        InvoiceStatus::Draft | InvoiceStatus::Void | InvoiceStatus::WrittenOff => false,
    };
    let excess = (of.paid - invoice.paid_minor).max(0).saturating_add((of.credited - invoice.credited_minor).max(0));
    let since = of.since.filter(|_| counts && excess > 0)?;
    let ask_at = since.checked_add((IN_FLIGHT_DAYS_MAX * 24).hours()).unwrap_or(Timestamp::MAX);
    Some(InFlight { invoice: invoice.id.clone(), excess_minor: excess, since, ask_at })
}

/// Payments that no open due item and no unapplied credit needs any more, but for those that are set aside already. A payment that was taken
/// here is set aside together with its entry in the books, and neither while a person is asked whether they are one.
fn spent(facts: &Facts, receivables: &Receivables) -> Vec<PaymentId> {
    let is_needed = |fact: &PaymentFact| {
        let payment = &fact.payment;
        let allocated = total(payment.allocations.iter().map(|allocation| allocation.amount_minor));
        let no_credit = !(payment.counts() || payment.is_unclear()) || allocated >= payment.amount_minor;
        !(no_credit && fact.invoices().all(|invoice| receivables.closed.contains(invoice)))
    };
    let own = || facts.payments.iter();
    let mut needed: BTreeSet<&PaymentId> = own().filter(|fact| is_needed(fact)).map(|fact| &fact.payment.id).collect();
    needed.extend(receivables.twice.iter().flat_map(|twice| [&twice.payment, &twice.entry]));
    let together = twice::belonging_together(facts);
    // Of several entries of one payment, each keeps it, and it keeps each.
    for _ in 0..2 {
        for pair in &together {
            if pair.iter().any(|id| needed.contains(id)) {
                needed.extend(pair);
            }
        }
    }
    own().filter(|fact| !fact.archived && !needed.contains(&fact.payment.id)).map(|fact| fact.payment.id.clone()).collect()
}

/// Payments of other customers that no open due item here needs any more.
fn spent_shared(facts: &Facts, receivables: &Receivables) -> Vec<PaymentId> {
    let open: BTreeSet<&InvoiceId> =
        facts.invoices.iter().map(|fact| &fact.invoice.id).filter(|id| !receivables.closed.contains(*id)).collect();
    let is_spent = |fact: &&PaymentFact| !fact.archived && !fact.invoices().any(|invoice| open.contains(invoice));
    facts.shared.iter().filter(is_spent).map(|fact| fact.payment.id.clone()).collect()
}

#[cfg(test)]
mod twice_properties;
#[cfg(test)]
mod twice_tests;
