//! Payments that a collector took (cash, a check, a card at a terminal) or saw come: baskets that are paid as they begin.
//!
//! So such a payment and its entry in the books are one by the same rules as one that a provider brought. It counts from the beginning of the
//! day on which it was received: an entry that the books have had since then may be its own.

use compact_str::CompactString;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::{
    Basket, BasketChange, BasketFlaw, BasketFlawKind, BasketLine, BasketReceipt, BasketSaying, BasketStatus, BasketWord,
    LINES_MAX,
    begin::stated,
    lines::{flaws_of, owed},
};
use crate::{
    Allocation, Currency, Facts, Money, PaymentId, Settings, WayOfPaying,
    calendar::tenant_zone,
    receivables::{DueItem, Receivables, ReceivablesRules},
};

/// The provider of baskets that a collector wrote down.
pub const COLLECTOR: &str = "collector";

/// A payment that a collector took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenPayment {
    /// Its id, by [`PaymentId::of_basket`].
    pub id: PaymentId,
    /// The currency of every amount.
    pub currency: Currency,
    /// What came, minor units.
    pub amount_minor: i64,
    /// What it is for; the rest is credit of the customer.
    pub allocations: Vec<Allocation>,
    /// The day on which it came, in the tenant's zone.
    pub received_on: Date,
    /// How.
    pub way: WayOfPaying,
    /// What people know it by: a check's number.
    pub reference: Option<String>,
}

impl TakenPayment {
    /// The basket of it. An invoice takes what is open of it, also where a payer was sent on to pay it meanwhile: what came has come.
    ///
    /// # Errors
    ///
    /// Every flaw; the line of one is the place of its allocation.
    pub fn take(self, facts: &Facts, settings: &Settings, now: Timestamp) -> Result<Basket, Vec<BasketFlaw>> {
        let zone = tenant_zone(settings);
        let receivables = Receivables::at(facts, ReceivablesRules::of(settings, &zone), now);
        let lines: Vec<BasketLine> = self.allocations.iter().map(|part| line(facts, part)).collect();
        let of_first = lines.first().and_then(|line| {
            let is_of = |item: &&DueItem<'_>| item.key.invoice() == Some(&line.invoice);
            receivables.items.iter().find(is_of)
        });
        let legal_entity = CompactString::from(of_first.map_or("", |item| item.legal_entity));
        let came = Money::from_minor(self.amount_minor, self.currency);
        let mut flaws = Vec::new();
        let mut whole = |what| flaws.push(BasketFlaw { line: None, what });
        if self.amount_minor <= 0 {
            whole(BasketFlawKind::NotAboveZero(came));
        }
        if lines.len() > LINES_MAX {
            whole(BasketFlawKind::TooMany(lines.len()));
        }
        let allocated = lines.iter().map(|line| line.amount_minor).fold(0, i64::saturating_add);
        if self.amount_minor > 0 && allocated > self.amount_minor {
            whole(BasketFlawKind::MoreThanCame { allocated: Money::from_minor(allocated, self.currency), came });
        }
        flaws.extend(flaws_of(&receivables, (self.currency, &legal_entity), &lines, &owed(&receivables)));
        if !flaws.is_empty() {
            return Err(flaws);
        }
        let at = begins(self.received_on, &zone).min(now);
        let receipt =
            BasketReceipt { reference: COLLECTOR.to_owned(), money: came, way: self.way.clone(), at, event: String::new() };
        let stated = stated(facts, &lines);
        let mut basket = Basket {
            id: self.id,
            customer: facts.customer.id.clone(),
            currency: self.currency,
            legal_entity,
            lines,
            provider: COLLECTOR.to_owned(),
            way: self.way,
            status: BasketStatus::Paid,
            begun_at: at,
            status_at: now,
            expires_at: at,
            link: None,
            provider_id: self.reference,
            pay_url: None,
            received_minor: 0,
            taken_back_minor: 0,
            revision: 0,
            receipts: vec![receipt],
            reversals: Vec::new(),
            booked: Vec::new(),
            word: None,
            pending: None,
            failed_at: None,
            stated,
            same: Vec::new(),
            apart: Vec::new(),
        };
        basket.reckon();
        Ok(basket)
    }
}

impl Basket {
    /// The basket after a collector took back that its payment was taken. It changes none that a provider brought, and none twice.
    pub fn undone(&self, settings: &Settings, now: Timestamp) -> BasketChange {
        let mut after = self.clone();
        let newest = self.receipts.iter().map(|receipt| receipt.at).max();
        if let Some(newest) = newest.filter(|_| self.provider == COLLECTOR && !self.is_undone()) {
            // What failed at the instant of the receipt came after all.
            let later = newest.checked_add(1.millisecond()).unwrap_or(Timestamp::MAX);
            after.failed_at = Some(now.max(later));
            after.word = Some(BasketWord { said: BasketSaying::Cancelled, at: now, event: String::new(), reason: String::new() });
        }
        self.became(after, Vec::new(), settings, now)
    }

    /// Whether a collector took back that its payment was taken.
    pub fn is_undone(&self) -> bool {
        self.provider == COLLECTOR && self.failed_at.is_some()
    }
}

/// What is paid of an invoice, with the number that people know it by.
fn line(facts: &Facts, part: &Allocation) -> BasketLine {
    let known = facts.invoices.iter().find(|fact| fact.invoice.id == part.invoice);
    let number = known.map(|fact| fact.invoice.number.clone()).unwrap_or_default();
    BasketLine { invoice: part.invoice.clone(), number, amount_minor: part.amount_minor }
}

/// The beginning of a day.
fn begins(day: Date, zone: &TimeZone) -> Timestamp {
    day.to_zoned(zone.clone()).map_or(Timestamp::MAX, |at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        PaymentFact, PaymentStatus,
        basket::tests::take as came,
        testing::{Stage, at, ladder, on},
    };

    const EUR: Currency = Currency::EUR;
    const NOW: &str = "2026-02-10T10:00:00Z";

    fn taken(amount_minor: i64, allocations: Vec<Allocation>) -> TakenPayment {
        TakenPayment {
            id: PaymentId::of_basket(&["cash"]),
            currency: EUR,
            amount_minor,
            allocations,
            received_on: on("2026-02-09"),
            way: WayOfPaying::Cash,
            reference: Some("receipt 12".to_owned()),
        }
    }

    fn exposure(stage: &Stage) -> i64 {
        Receivables::in_zone(&stage.facts, &TimeZone::UTC, at(NOW)).exposure_minor(EUR)
    }

    fn as_change(basket: &Basket, settings: &Settings) -> BasketChange {
        BasketChange { documents: basket.documents(settings), basket: basket.clone(), changed: true, tasks: Vec::new() }
    }

    #[test]
    fn what_came_pays_what_it_is_for_and_the_rest_is_credit_until_it_is_taken_back() {
        let mut stage = Stage::new(ladder());
        let first = stage.invoice("A", EUR, 1_000, "2026-02-04");
        stage.invoice("B", EUR, 1_000, "2026-02-05");
        let settings = stage.policy.settings.clone();
        for (allocated, amount) in [(400, 400), (400, 700), (0, 700)] {
            let mut stage = stage.clone();
            let of_first = Allocation { invoice: first.clone(), amount_minor: allocated };
            let allocations = if allocated > 0 { vec![of_first] } else { Vec::new() };
            let basket = taken(amount, allocations).take(&stage.facts, &settings, at(NOW)).expect("no flaw");
            assert_eq!((basket.status, basket.received_minor, basket.link.as_ref()), (BasketStatus::Paid, amount, None));
            came(&mut stage.facts, &as_change(&basket, &settings), &settings, at(NOW));
            assert_eq!(exposure(&stage), 2_000 - amount, "{allocated} of {amount}");
            let payment: &PaymentFact = stage.facts.payments.first().expect("a payment");
            assert_eq!(payment.payment.received_on, on("2026-02-09"));

            let undone = basket.undone(&settings, at("2026-02-10T10:00:01Z"));
            assert_eq!((undone.basket.status, undone.basket.received_minor), (BasketStatus::Cancelled, 0));
            came(&mut stage.facts, &undone, &settings, at("2026-02-10T10:00:01Z"));
            let payment: &PaymentFact = stage.facts.payments.first().expect("a payment");
            assert_eq!((payment.payment.status, exposure(&stage)), (PaymentStatus::Reversed, 2_000));
            let receivables = Receivables::in_zone(&stage.facts, &TimeZone::UTC, at(NOW));
            assert!(receivables.taken_back.is_empty(), "nobody took anything back: it is chased as if nothing had been said");
            assert!(!undone.basket.undone(&settings, at("2026-02-11T10:00:00Z")).changed);
        }
    }

    #[test]
    fn one_of_the_very_instant_is_taken_back_too() {
        let stage = Stage::new(ladder());
        let settings = stage.policy.settings.clone();
        // Before the day begins: it counts from now on.
        let now = at("2026-02-08T12:00:00Z");
        let basket = taken(400, Vec::new()).take(&stage.facts, &settings, now).expect("no flaw");
        assert_eq!(basket.undone(&settings, now).basket.status, BasketStatus::Cancelled);
    }

    #[test]
    fn every_flaw_is_said() {
        let mut stage = Stage::new(ladder());
        let first = stage.invoice("A", EUR, 1_000, "2026-02-04");
        let part = |invoice: &crate::InvoiceId, amount_minor| Allocation { invoice: invoice.clone(), amount_minor };
        let strange = crate::InvoiceId::derive(&["strange"]);
        let eur = |minor| Money::from_minor(minor, EUR);
        for (amount, allocations, flaws) in [
            (0, vec![], vec![(None, BasketFlawKind::NotAboveZero(eur(0)))]),
            (-5, vec![], vec![(None, BasketFlawKind::NotAboveZero(eur(-5)))]),
            (100, vec![part(&first, 101)], vec![(None, BasketFlawKind::MoreThanCame { allocated: eur(101), came: eur(100) })]),
            (
                5_000,
                vec![part(&first, 1_001)],
                vec![(Some(0), BasketFlawKind::OverDue { asked: eur(1_001), payable: eur(1_000) })],
            ),
            (100, vec![part(&first, 0)], vec![(Some(0), BasketFlawKind::NotAboveZero(eur(0)))]),
            (100, vec![part(&first, 10), part(&first, 10)], vec![(Some(1), BasketFlawKind::Twice)]),
            (100, vec![part(&strange, 10)], vec![(Some(0), BasketFlawKind::Unknown)]),
        ] {
            let settings = &stage.policy.settings;
            let found = taken(amount, allocations.clone()).take(&stage.facts, settings, at(NOW)).expect_err("a flaw");
            let found: Vec<_> = found.into_iter().map(|flaw| (flaw.line, flaw.what)).collect();
            assert_eq!(found, flaws, "{amount} {allocations:?}");
        }
        let dollars = TakenPayment { currency: Currency::USD, ..taken(100, vec![part(&first, 10)]) };
        let found = dollars.take(&stage.facts, &stage.policy.settings, at(NOW)).expect_err("a flaw");
        assert_eq!(found, [BasketFlaw { line: Some(0), what: BasketFlawKind::OtherCurrency(EUR) }]);
    }
}
