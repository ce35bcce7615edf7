//! Due items and what is due now: the one place that reckons money, for trigger, threshold, text and fee alike.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use crate::{
    Currency, DueItemKey, Facts, Hold, HoldClock, HoldId, HoldScope, Invoice, InvoiceId, InvoiceStatus, PaymentId, PaymentKind,
    dates::days_between,
};

/// How long payments may exceed what an invoice's document says before a person is asked, in civil days.
pub const IN_FLIGHT_DAYS_MAX: i64 = 5;

/// One due item, reckoned at one instant. Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueItem<'a> {
    /// What it is.
    pub key: DueItemKey,
    /// The invoice as its source describes it.
    pub invoice: &'a Invoice,
    /// The invoice's number.
    pub number: &'a str,
    /// The instalment's place and how many there are; `None` for a whole invoice.
    pub instalment: Option<(usize, usize)>,
    /// The currency of every amount here.
    pub currency: Currency,
    /// The invoice's total.
    pub total_minor: i64,
    /// When the invoice was issued.
    pub issued_on: Date,
    /// When the item falls due.
    pub due_on: Date,
    /// Total less paid, credited and written off, of this item.
    pub open_minor: i64,
    /// What of it may be chased.
    pub due_now_minor: i64,
    /// Where the customer can see the invoice.
    pub url: Option<&'a str>,
    /// The customer's order number.
    pub purchase_order: Option<&'a str>,
}

impl DueItem<'_> {
    /// Calendar days since the due date; negative before it.
    pub fn days_past_due(&self, today: Date) -> i64 {
        days_between(self.due_on, today)
    }
}

/// A customer's due items and what stands against them, at one instant.
#[derive(Clone, Debug)]
pub struct Book<'a> {
    /// Open due items, oldest first: by due date, issue date, number and key.
    pub items: Vec<DueItem<'a>>,
    /// Today in the tenant's zone.
    pub today: Date,
    /// Invoices with nothing open, drafts left out.
    pub closed: BTreeSet<InvoiceId>,
    /// Invoices whose payments or credit notes exceed what their document says: by how much, and since when.
    pub in_flight: Vec<InFlight>,
    /// Payments that leave no credit and touch only closed invoices.
    pub spent: Vec<PaymentId>,
    /// When a hold next begins or ends.
    pub hold_change_at: Option<Timestamp>,
    /// Currencies with a hold on the whole case now, each with the hold.
    pub held: Vec<(Currency, HoldId)>,
    /// What holds keep back now, minor units by currency.
    pub kept: BTreeMap<Currency, i64>,
    /// The positions of `items` in the order of their keys, once somebody asks for one.
    by_key: OnceCell<Vec<usize>>,
    zone: TimeZone,
}

/// Money that payments claim and the invoice's document does not show yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The excess in minor units.
    pub excess_minor: i64,
    /// When the newest of the payments was recorded.
    pub since: Timestamp,
    /// When a person is asked.
    pub ask_at: Timestamp,
}

/// What payments and credit notes say of one invoice, in minor units.
#[derive(Clone, Copy, Debug, Default)]
struct Settled {
    paid: i64,
    credited: i64,
    taken_back: i64,
    since: Option<Timestamp>,
}

impl<'a> Book<'a> {
    /// Reckons the book of `facts` at `now`; due dates are days of `zone`, the tenant's.
    pub fn reckon(facts: &'a Facts, zone: &TimeZone, now: Timestamp) -> Self {
        let today = now.to_zoned(zone.clone()).date();
        let (settled, credit) = settle(facts);
        let mut book = Self {
            items: Vec::new(),
            today,
            closed: BTreeSet::new(),
            by_key: OnceCell::new(),
            in_flight: Vec::new(),
            spent: Vec::new(),
            hold_change_at: None,
            held: Vec::new(),
            kept: BTreeMap::new(),
            zone: zone.clone(),
        };
        for fact in &facts.invoices {
            let invoice = &fact.invoice;
            let of = settled.get(&invoice.id).copied().unwrap_or_default();
            let open = Self::open_items(invoice, of);
            if open.is_empty() && invoice.status != InvoiceStatus::Draft {
                book.closed.insert(invoice.id.clone());
            }
            book.items.extend(open);
            book.in_flight.extend(in_flight(invoice, of));
        }
        book.items.sort_by(|a, b| (a.due_on, a.issued_on, a.number, &a.key).cmp(&(b.due_on, b.issued_on, b.number, &b.key)));
        book.in_flight.sort_by(|a, b| a.invoice.cmp(&b.invoice));
        book.keep_back(facts, now);
        for (currency, minor) in credit {
            book.apply_credit(currency, minor);
        }
        book.spent = spent(facts, &book);
        book
    }

    /// The items of one currency, oldest first.
    pub fn in_currency(&self, currency: Currency) -> impl Iterator<Item = &DueItem<'a>> {
        self.items.iter().filter(move |item| item.currency == currency)
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
    pub fn currencies(&self) -> Vec<Currency> {
        let mut all: Vec<Currency> = self.items.iter().map(|item| item.currency).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Net exposure: the sum of due now in one currency, minor units.
    pub fn exposure_minor(&self, currency: Currency) -> i64 {
        total(self.in_currency(currency).map(|item| item.due_now_minor))
    }

    /// The part of the net exposure that is past due, minor units.
    pub fn overdue_minor(&self, currency: Currency) -> i64 {
        total(self.in_currency(currency).filter(|item| item.due_on < self.today).map(|item| item.due_now_minor))
    }

    /// The sum of open in one currency, minor units.
    pub fn open_minor(&self, currency: Currency) -> i64 {
        total(self.in_currency(currency).map(|item| item.open_minor))
    }

    /// The civil days from `from` to today for which holds stopped the clock of an item.
    pub fn stopped_days(&self, facts: &Facts, item: &DueItem<'_>, from: Date) -> i64 {
        if facts.holds.is_empty() {
            return 0;
        }
        let mut spans: Vec<(Date, Date)> = facts
            .holds
            .iter()
            .filter(|hold| hold.clock == HoldClock::StopClock && holds_whole(hold, item))
            .map(|hold| {
                let begins = hold.from_at.to_zoned(self.zone.clone()).date();
                let ends = ends_at(hold, &self.zone).to_zoned(self.zone.clone()).date();
                (begins.max(from), ends.min(self.today))
            })
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

    /// Paid and credited amounts fill an invoice's instalments oldest first; what is left of each is open.
    fn open_items(invoice: &'a Invoice, of: Settled) -> Vec<DueItem<'a>> {
        let chased = match invoice.status {
            InvoiceStatus::Open => true,
            InvoiceStatus::Draft | InvoiceStatus::Void | InvoiceStatus::WrittenOff => false,
        };
        if !chased {
            return Vec::new();
        }
        let stated = if invoice.paid_is_gross { invoice.paid_minor.saturating_sub(of.taken_back) } else { invoice.paid_minor };
        let mut rest = stated.max(of.paid).saturating_add(invoice.credited_minor.max(of.credited)).max(0);
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
                    invoice,
                    number: &invoice.number,
                    instalment,
                    currency: invoice.currency,
                    total_minor: invoice.total_minor,
                    issued_on: invoice.issued_on,
                    due_on,
                    open_minor: amount - filled,
                    due_now_minor: amount - filled,
                    url: invoice.url.as_deref(),
                    purchase_order: invoice.purchase_order.as_deref(),
                });
            }
        }
        items
    }

    /// Takes off what holds keep back. Holds of amounts are taken to be of different money, so that their union is their
    /// sum, at most all that is open: where two overlap, rather too little is chased than contested money.
    fn keep_back(&mut self, facts: &Facts, now: Timestamp) {
        for hold in &facts.holds {
            let ends = ends_at(hold, &self.zone);
            if now < hold.from_at || now >= ends {
                if hold.from_at > now && ends > hold.from_at {
                    self.hold_change_at = earliest(self.hold_change_at, hold.from_at);
                }
                continue;
            }
            self.hold_change_at = earliest(self.hold_change_at, ends);
            if hold.amount_minor.is_none() {
                for currency in self.currencies() {
                    if matches!(hold.scope, HoldScope::Customer) || hold.scope == HoldScope::Case(currency) {
                        self.held.push((currency, hold.id.clone()));
                    }
                }
            }
            let mut left = hold.amount_minor.unwrap_or(i64::MAX);
            for item in self.items.iter_mut().filter(|item| in_scope(hold, item)) {
                let kept = item.due_now_minor.min(left);
                item.due_now_minor -= kept;
                left -= kept;
                let sum = self.kept.entry(item.currency).or_default();
                *sum = sum.saturating_add(kept);
            }
        }
    }

    fn apply_credit(&mut self, currency: Currency, mut credit: i64) {
        for item in self.items.iter_mut().filter(|item| item.currency == currency) {
            let used = item.due_now_minor.min(credit);
            item.due_now_minor -= used;
            credit -= used;
        }
    }
}

/// What payments, credit notes and reversals come to: by invoice, and the unapplied credit by currency.
fn settle(facts: &Facts) -> (BTreeMap<InvoiceId, Settled>, BTreeMap<Currency, i64>) {
    let mut by_invoice: BTreeMap<InvoiceId, Settled> = BTreeMap::new();
    let mut credit: BTreeMap<Currency, i64> = BTreeMap::new();
    if facts.payments.is_empty() {
        return (by_invoice, credit);
    }
    let currency_of: BTreeMap<&InvoiceId, Currency> =
        facts.invoices.iter().map(|f| (&f.invoice.id, f.invoice.currency)).collect();
    for fact in &facts.payments {
        let payment = &fact.payment;
        let reversed = total(
            facts
                .reversals
                .iter()
                .filter(|reversal| reversal.in_force && reversal.payment == payment.id && reversal.currency == payment.currency)
                .map(|reversal| reversal.amount_minor),
        );
        let good = if payment.status.counts() { payment.amount_minor.saturating_sub(reversed).max(0) } else { 0 };
        let mut left = good;
        for allocation in &payment.allocations {
            let counted = allocation.amount_minor.min(left);
            left -= counted;
            if currency_of.get(&allocation.invoice).is_some_and(|currency| *currency != payment.currency) {
                continue;
            }
            let of = by_invoice.entry(allocation.invoice.clone()).or_default();
            match payment.kind {
                PaymentKind::Payment => of.paid = of.paid.saturating_add(counted),
                PaymentKind::CreditNote => of.credited = of.credited.saturating_add(counted),
            }
            if payment.kind == PaymentKind::Payment {
                of.taken_back = of.taken_back.saturating_add(allocation.amount_minor - counted);
            }
            of.since = Some(of.since.map_or(fact.recorded_at, |since| since.max(fact.recorded_at)));
        }
        let sum = credit.entry(payment.currency).or_default();
        *sum = sum.saturating_add(left);
    }
    credit.retain(|_, minor| *minor > 0);
    (by_invoice, credit)
}

fn in_flight(invoice: &Invoice, of: Settled) -> Option<InFlight> {
    let counts = match invoice.status {
        InvoiceStatus::Open => true,
        InvoiceStatus::Draft | InvoiceStatus::Void | InvoiceStatus::WrittenOff => false,
    };
    let excess = (of.paid - invoice.paid_minor).max(0).saturating_add((of.credited - invoice.credited_minor).max(0));
    let since = of.since.filter(|_| counts && excess > 0)?;
    let ask_at = since.checked_add((IN_FLIGHT_DAYS_MAX * 24).hours()).unwrap_or(Timestamp::MAX);
    Some(InFlight { invoice: invoice.id.clone(), excess_minor: excess, since, ask_at })
}

/// Payments that no open due item and no unapplied credit needs any more.
fn spent(facts: &Facts, book: &Book) -> Vec<PaymentId> {
    facts
        .payments
        .iter()
        .filter(|fact| {
            let payment = &fact.payment;
            let allocated = total(payment.allocations.iter().map(|allocation| allocation.amount_minor));
            let no_credit = !payment.status.counts() || allocated >= payment.amount_minor;
            no_credit && payment.allocations.iter().all(|allocation| book.closed.contains(&allocation.invoice))
        })
        .map(|fact| fact.payment.id.clone())
        .collect()
}

/// The instant from which a hold no longer holds: lifted, or the end of its last day in the tenant's zone.
pub fn ends_at(hold: &Hold, zone: &TimeZone) -> Timestamp {
    let day_after = hold.until_on.checked_add(1.day()).unwrap_or(Date::MAX);
    let by_date = day_after.to_zoned(zone.clone()).map_or(Timestamp::MAX, |at| at.timestamp());
    hold.ended_at.map_or(by_date, |ended| ended.min(by_date))
}

fn in_scope(hold: &Hold, item: &DueItem<'_>) -> bool {
    match &hold.scope {
        HoldScope::Customer => true,
        HoldScope::Case(currency) => *currency == item.currency,
        HoldScope::Invoice(invoice) => *invoice == item.key.invoice,
    }
}

/// Whether a hold keeps back all of an item, so that the item's clock may stand still.
fn holds_whole(hold: &Hold, item: &DueItem<'_>) -> bool {
    in_scope(hold, item) && hold.amount_minor.is_none_or(|amount| amount >= item.open_minor)
}

fn earliest(so_far: Option<Timestamp>, at: Timestamp) -> Option<Timestamp> {
    Some(so_far.map_or(at, |so_far| so_far.min(at)))
}

fn total(amounts: impl Iterator<Item = i64>) -> i64 {
    amounts.fold(0, i64::saturating_add)
}
