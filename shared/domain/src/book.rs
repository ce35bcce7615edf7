//! Due items and what is due now: the one place that reckons money, for trigger, threshold, text and fee alike.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use crate::{
    Agreement, AgreementId, Currency, DueItemKey, Facts, Invoice, InvoiceId, InvoiceStatus, PaymentFact, PaymentId, PaymentKind,
    ReversalKind, Settings, Standing,
    agreed::{OpenPart, agreed},
    agreement::of_reversals,
    dates::days_between,
    kept_back::{self, Hold, KeptBack},
    settings::AfterRefund,
};

/// How long payments may exceed what an invoice's document says before a person is asked, in civil days.
pub const IN_FLIGHT_DAYS_MAX: i64 = 5;

/// One due item, reckoned at one instant. Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueItem<'a> {
    /// What it is.
    pub key: DueItemKey,
    /// The invoice as its source describes it; `None` for a part of a plan and a charge.
    pub invoice: Option<&'a Invoice>,
    /// The invoice's number, or what the plan or charge is called.
    pub number: &'a str,
    /// The place of the instalment or part and how many there are; `None` for a whole invoice and a charge.
    pub instalment: Option<(usize, usize)>,
    /// The currency of every amount here.
    pub currency: Currency,
    /// What the invoice, plan or charge comes to.
    pub total_minor: i64,
    /// The invoice's total less its credits: what the creditor asks for.
    pub claim_minor: i64,
    /// When the invoice was issued, the plan made or the charge proposed.
    pub issued_on: Date,
    /// When the item falls due.
    pub due_on: Date,
    /// Total less paid, credited and written off, of this item.
    pub open_minor: i64,
    /// What of it the parts of a running plan stand for.
    pub planned_minor: i64,
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

    /// What is open of it and not asked for by a part of a plan: over all items, every amount once.
    pub fn owed_minor(&self) -> i64 {
        self.open_minor - self.planned_minor
    }

    /// How it stands to its due date on `today`.
    pub fn standing(&self, today: Date) -> Standing {
        Standing::of(self.due_on, today)
    }
}

/// A customer's due items and what stands against them, at one instant.
#[derive(Clone, Debug)]
pub struct Book<'a> {
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
    /// Payments that refunds or chargebacks took back while their invoices are open again.
    pub taken_back: Vec<TakenBack>,
    /// Items of invoices that are not issued yet: shown, with nothing due now, and part of no sum.
    pub not_issued: Vec<DueItem<'a>>,
    /// When the first of those is issued.
    pub issued_next_at: Option<Timestamp>,
    /// Allocations in another currency than their invoice's: they pay nothing, and a person has to look.
    pub mismatched: Vec<Mismatch>,
    /// Invoices on which more was paid than they come to: the excess is credit, and a person has to look.
    pub overpaid: Vec<Overpaid>,
    /// The positions of `items` in the order of their keys, once somebody asks for one.
    by_key: OnceCell<Vec<usize>>,
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

/// An allocation in another currency than its invoice's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mismatch {
    /// The payment or credit note.
    pub payment: PaymentId,
    /// Its currency.
    pub currency: Currency,
    /// The invoice.
    pub invoice: InvoiceId,
    /// The invoice's currency.
    pub wanted: Currency,
}

/// An invoice on which more was paid and credited than it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overpaid {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The currency of the excess.
    pub currency: Currency,
    /// The excess, minor units.
    pub excess_minor: i64,
}

/// A payment that refunds or chargebacks took back, in whole or part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// The id under which what is kept back for it is released.
    pub id: AgreementId,
    /// The payment.
    pub payment: PaymentId,
    /// What took it back: a chargeback, if one of them is.
    pub kind: ReversalKind,
    /// The currency.
    pub currency: Currency,
    /// The invoices with what was taken back of each, minor units.
    pub of: Vec<(InvoiceId, i64)>,
    /// Whether a person released it.
    pub released: bool,
}

/// What of a tenant's settings money is reckoned by.
#[derive(Clone, Copy, Debug)]
pub struct BookRules<'a> {
    /// The tenant's zone, whose days due dates are.
    pub zone: &'a TimeZone,
    /// What becomes of what is open again after a refund or chargeback.
    pub after_refund: AfterRefund,
    /// Whether invoices are chased that were never sent.
    pub chase_unsent: bool,
}

impl<'a> BookRules<'a> {
    /// Those of a tenant's settings.
    pub fn of(settings: &Settings, zone: &'a TimeZone) -> Self {
        Self { zone, after_refund: settings.after_refund, chase_unsent: settings.chase_unsent }
    }
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
    /// Reckons the book of `facts` at `now` by the default rules; due dates are days of `zone`, the tenant's.
    pub fn reckon(facts: &'a Facts, zone: &TimeZone, now: Timestamp) -> Self {
        Self::by(facts, BookRules { zone, after_refund: AfterRefund::default(), chase_unsent: true }, now)
    }

    /// Reckons the book of `facts` at `now` by a tenant's rules.
    pub fn by(facts: &'a Facts, rules: BookRules<'_>, now: Timestamp) -> Self {
        let zone = rules.zone;
        let today = now.to_zoned(zone.clone()).date();
        let Settlement { by_invoice: settled, mut credit, mismatched, taken_back } = settle(facts);
        let mut book = Self {
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
            not_issued: Vec::new(),
            issued_next_at: None,
            mismatched,
            overpaid: Vec::new(),
        };
        for fact in &facts.invoices {
            let invoice = &fact.invoice;
            let of = settled.get(&invoice.id).copied().unwrap_or_default();
            if invoice.status == InvoiceStatus::Open && invoice.issued_on > today {
                let issued_at = invoice.issued_on.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
                book.issued_next_at = [book.issued_next_at, issued_at].into_iter().flatten().min();
                let ahead = Self::open_items(invoice, of).0;
                book.not_issued.extend(ahead.into_iter().map(|item| DueItem { due_now_minor: 0, ..item }));
                continue;
            }
            let (open, excess_minor) = Self::open_items(invoice, of);
            if open.is_empty() && excess_minor == 0 && invoice.status != InvoiceStatus::Draft {
                book.closed.insert(invoice.id.clone());
            }
            if excess_minor > 0 {
                let sum = credit.entry(invoice.currency).or_default();
                *sum = sum.saturating_add(excess_minor);
                book.overpaid.push(Overpaid { invoice: invoice.id.clone(), currency: invoice.currency, excess_minor });
            }
            book.items.extend(open);
            book.in_flight.extend(in_flight(invoice, of));
        }
        book.sort();
        let of_invoices = book.items.len();
        book.add_agreed(facts, zone, now);
        book.items.extend(facts.charges.iter().filter_map(|charge| of_charge(charge, zone)));
        if book.items.len() > of_invoices {
            book.sort();
        }
        book.taken_back = taken_back.into_iter().filter(|taken| book.is_open_again(taken)).collect();
        book.holds.extend(kept_back::not_to_be_chased(&book, rules));
        book.in_flight.sort_by(|a, b| a.invoice.cmp(&b.invoice));
        book.overpaid.sort_by(|a, b| a.invoice.cmp(&b.invoice));
        book.kept = KeptBack::of(&book.items, &book.holds, zone, now);
        for (item, kept) in book.items.iter_mut().zip(&book.kept.of_item) {
            item.due_now_minor -= kept;
        }
        for (currency, minor) in credit {
            book.apply_credit(currency, minor);
        }
        book.spent = spent(facts, &book);
        book.spent_shared = spent_shared(facts, &book);
        book
    }

    fn sort(&mut self) {
        self.items.sort_by(|a, b| (a.due_on, a.issued_on, a.number, &a.key).cmp(&(b.due_on, b.issued_on, b.number, &b.key)));
    }

    /// Lets agreements act on the items of invoices: parts of running plans become items and stand for those of their invoices.
    fn add_agreed(&mut self, facts: &'a Facts, zone: &TimeZone, now: Timestamp) {
        let agreed = agreed(facts, &self.items, zone, now);
        let mut planned = agreed.planned;
        for item in &mut self.items {
            let left = item.key.invoice().and_then(|invoice| planned.get_mut(invoice));
            let Some(left) = left else { continue };
            item.planned_minor = item.open_minor.min(*left);
            item.due_now_minor = item.owed_minor();
            *left -= item.planned_minor;
        }
        self.items.extend(agreed.parts.iter().map(|part| of_part(part, zone)));
        self.holds = agreed.holds;
        self.agreements = agreed.changed;
        self.agreed_next_at = agreed.change_at;
    }

    fn is_open_again(&self, taken: &TakenBack) -> bool {
        taken.of.iter().any(|(invoice, _)| self.items.iter().any(|item| item.key.invoice() == Some(invoice)))
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

    /// The civil days from `from` to today for which holds stopped the clock of an open item.
    pub fn stopped_days(&self, item: &DueItem<'_>, from: Date) -> i64 {
        if !self.kept.stops_clocks() {
            return 0;
        }
        self.position(&item.key).map_or(0, |at| self.kept.stopped_days(at, from, self.today))
    }

    /// What holds keep back in one currency, minor units.
    pub fn kept_minor(&self, currency: Currency) -> i64 {
        let of_currency = self.items.iter().zip(&self.kept.of_item).filter(|(item, _)| item.currency == currency);
        total(of_currency.map(|(_, kept)| *kept))
    }

    /// The sum of open in one currency, every amount once, minor units.
    pub fn open_minor(&self, currency: Currency) -> i64 {
        total(self.in_currency(currency).map(DueItem::owed_minor))
    }

    /// Paid and credited amounts fill an invoice's instalments oldest first; what is left of each is open. The second value is
    /// what was paid and credited beyond the total, minor units.
    fn open_items(invoice: &'a Invoice, of: Settled) -> (Vec<DueItem<'a>>, i64) {
        let chased = match invoice.status {
            InvoiceStatus::Open => true,
            InvoiceStatus::Draft | InvoiceStatus::Void | InvoiceStatus::WrittenOff => false,
        };
        if !chased {
            return (Vec::new(), 0);
        }
        let stated = if invoice.paid_is_gross { invoice.paid_minor.saturating_sub(of.taken_back) } else { invoice.paid_minor };
        let credited = invoice.credited_minor.max(of.credited);
        let mut rest = stated.max(of.paid).saturating_add(credited).max(0);
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
                    total_minor: invoice.total_minor,
                    claim_minor: invoice.total_minor.saturating_sub(credited),
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

    fn apply_credit(&mut self, currency: Currency, mut credit: i64) {
        for item in self.items.iter_mut().filter(|item| item.currency == currency) {
            let used = item.due_now_minor.min(credit);
            item.due_now_minor -= used;
            credit -= used;
        }
    }
}

/// The item of an open part of a plan.
fn of_part<'a>(part: &OpenPart<'a>, zone: &TimeZone) -> DueItem<'a> {
    let OpenPart { agreement, plan, position, open_minor } = part;
    let due_on = plan.parts.get(*position).map_or(Date::MAX, |part| part.due_on);
    DueItem {
        key: DueItemKey::part_of_plan(agreement.id.clone(), *position),
        invoice: None,
        number: &plan.name,
        instalment: Some((position + 1, plan.parts.len())),
        currency: plan.currency,
        total_minor: total(plan.parts.iter().map(|part| part.amount_minor)),
        claim_minor: 0,
        issued_on: agreement.made_at.to_zoned(zone.clone()).date(),
        due_on,
        open_minor: *open_minor,
        planned_minor: 0,
        due_now_minor: *open_minor,
        url: None,
        purchase_order: None,
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
        total_minor: open_minor,
        claim_minor: 0,
        issued_on: charge.proposed_at.to_zoned(zone.clone()).date(),
        due_on,
        open_minor,
        planned_minor: 0,
        due_now_minor: open_minor,
        url: None,
        purchase_order: None,
    })
}

/// What payments, credit notes and reversals come to.
#[derive(Default)]
struct Settlement {
    by_invoice: BTreeMap<InvoiceId, Settled>,
    /// Unapplied credit.
    credit: BTreeMap<Currency, i64>,
    /// What pays nothing because its currency is not the invoice's.
    mismatched: Vec<Mismatch>,
    taken_back: Vec<TakenBack>,
}

fn settle(facts: &Facts) -> Settlement {
    let Settlement { mut by_invoice, mut credit, mut mismatched, mut taken_back } = Settlement::default();
    if facts.payments.is_empty() && facts.shared.is_empty() {
        return Settlement::default();
    }
    let currency_of: BTreeMap<&InvoiceId, Currency> =
        facts.invoices.iter().map(|f| (&f.invoice.id, f.invoice.currency)).collect();
    let own = facts.payments.iter().map(|fact| (fact, true));
    for (fact, is_own) in own.chain(facts.shared.iter().map(|fact| (fact, false))) {
        let payment = &fact.payment;
        let mut in_force: Vec<&crate::Reversal> = facts
            .reversals
            .iter()
            .chain(&facts.shared_reversals)
            .filter(|reversal| reversal.in_force && reversal.payment == payment.id && reversal.currency == payment.currency)
            .collect();
        in_force.sort_by(|a, b| a.external_id.cmp(&b.external_id));
        let reversed = total(in_force.iter().map(|reversal| reversal.amount_minor));
        let good = if payment.status.counts() { payment.amount_minor.saturating_sub(reversed).max(0) } else { 0 };
        let (mut left, mut left_whole) = (good, payment.amount_minor);
        let mut taken_of = Vec::new();
        for allocation in &payment.allocations {
            let counted = allocation.amount_minor.min(left);
            left -= counted;
            let whole = allocation.amount_minor.min(left_whole);
            left_whole -= whole;
            if let Some(wanted) = currency_of.get(&allocation.invoice).filter(|wanted| **wanted != payment.currency) {
                mismatched.extend(payment.status.counts().then(|| Mismatch {
                    payment: payment.id.clone(),
                    currency: payment.currency,
                    invoice: allocation.invoice.clone(),
                    wanted: *wanted,
                }));
                continue;
            }
            let of = by_invoice.entry(allocation.invoice.clone()).or_default();
            match payment.kind {
                PaymentKind::Payment => of.paid = of.paid.saturating_add(counted),
                PaymentKind::CreditNote => of.credited = of.credited.saturating_add(counted),
            }
            if payment.kind == PaymentKind::Payment {
                of.taken_back = of.taken_back.saturating_add(allocation.amount_minor - counted);
                taken_of.extend((whole > counted).then(|| (allocation.invoice.clone(), whole - counted)));
            }
            of.since = Some(of.since.map_or(fact.recorded_at, |since| since.max(fact.recorded_at)));
        }
        if is_own {
            let sum = credit.entry(payment.currency).or_default();
            *sum = sum.saturating_add(left);
        }
        if !in_force.is_empty() && payment.status.counts() && !taken_of.is_empty() {
            let external_ids: Vec<&str> = in_force.iter().map(|reversal| reversal.external_id.as_str()).collect();
            let id = of_reversals(&payment.id, &external_ids);
            let charged_back = in_force.iter().any(|reversal| reversal.kind == ReversalKind::Chargeback);
            taken_back.push(TakenBack {
                released: facts.agreements.iter().any(|agreement| agreement.id == id && agreement.ended_at.is_some()),
                id,
                payment: payment.id.clone(),
                kind: if charged_back { ReversalKind::Chargeback } else { ReversalKind::Refund },
                currency: payment.currency,
                of: taken_of,
            });
        }
    }
    credit.retain(|_, minor| *minor > 0);
    mismatched.sort();
    taken_back.sort_by(|a, b| a.id.cmp(&b.id));
    Settlement { by_invoice, credit, mismatched, taken_back }
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

/// Payments that no open due item and no unapplied credit needs any more, but for those that are set aside already.
fn spent(facts: &Facts, book: &Book) -> Vec<PaymentId> {
    facts
        .payments
        .iter()
        .filter(|fact| {
            let payment = &fact.payment;
            let allocated = total(payment.allocations.iter().map(|allocation| allocation.amount_minor));
            let no_credit = !payment.status.counts() || allocated >= payment.amount_minor;
            !fact.archived && no_credit && payment.allocations.iter().all(|allocation| book.closed.contains(&allocation.invoice))
        })
        .map(|fact| fact.payment.id.clone())
        .collect()
}

/// Payments of other customers that no open due item here needs any more.
fn spent_shared(facts: &Facts, book: &Book) -> Vec<PaymentId> {
    let open: BTreeSet<&InvoiceId> =
        facts.invoices.iter().map(|fact| &fact.invoice.id).filter(|id| !book.closed.contains(*id)).collect();
    let is_spent =
        |fact: &&PaymentFact| !fact.archived && !fact.payment.allocations.iter().any(|part| open.contains(&part.invoice));
    facts.shared.iter().filter(is_spent).map(|fact| fact.payment.id.clone()).collect()
}

fn total(amounts: impl Iterator<Item = i64>) -> i64 {
    amounts.fold(0, i64::saturating_add)
}
