//! How a basket begins, and what it keeps back from then on.

use std::collections::BTreeMap;

use compact_str::CompactString;
use jiff::{Timestamp, civil::Date};

use super::{
    Basket, BasketFlaw, BasketLine, BasketStatus,
    keeps::kept_while_begun,
    lines::{begun_often, check_lines, of_others, payable},
};
use crate::{
    Agreement, AgreementId, AgreementScope, Allocation, Currency, Facts, HoldClock, InvoiceId, LinkId, MoneyOnItsWay,
    MoneyStatus, OfBasket, PaymentId, Settings, Stood, Terms, WayOfPaying,
    agreement::share_id,
    calendar::tenant_zone,
    receivables::{Receivables, ReceivablesRules},
};

/// What a payer sets out to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasketBegin {
    /// The basket's id, by [`PaymentId::of_basket`].
    pub id: PaymentId,
    /// The currency of every amount.
    pub currency: Currency,
    /// The legal entity that is paid; empty for the default one.
    pub legal_entity: CompactString,
    /// What is to be paid.
    pub lines: Vec<BasketLine>,
    /// By which provider.
    pub provider: String,
    /// How.
    pub way: WayOfPaying,
    /// By which link.
    pub link: LinkId,
    /// The day for which a transfer is announced; `None` where the payer is sent on to a page.
    pub pays_on: Option<Date>,
}

impl BasketBegin {
    /// The basket as it begins, and the agreement that keeps its amounts back.
    ///
    /// # Errors
    ///
    /// Every flaw: those of [`check_lines`](super::check_lines), and what other baskets of the customer have to do with its lines.
    pub fn begin(self, facts: &Facts, settings: &Settings, now: Timestamp) -> Result<(Basket, Agreement), Vec<BasketFlaw>> {
        let zone = tenant_zone(settings);
        let receivables = Receivables::at(facts, ReceivablesRules::of(settings, &zone), now);
        let mut of_others = of_others(&facts.agreements, &self.lines, self.pays_on.is_some(), now);
        if of_others.is_empty() {
            of_others = begun_often(&facts.agreements, &self.lines, now);
        }
        if !of_others.is_empty() {
            return Err(of_others);
        }
        check_lines(&receivables, (self.currency, &self.legal_entity), &self.lines, now)?;
        let expires_at = kept_while_begun(settings, &facts.customer.source, self.pays_on, now);
        let stated = stated(facts, &self.lines);
        let basket = Basket {
            id: self.id,
            customer: facts.customer.id.clone(),
            currency: self.currency,
            legal_entity: self.legal_entity,
            lines: self.lines,
            provider: self.provider,
            way: self.way,
            status: BasketStatus::Begun,
            begun_at: now,
            status_at: now,
            expires_at,
            link: Some(self.link),
            provider_id: None,
            pay_url: None,
            received_minor: 0,
            taken_back_minor: 0,
            revision: 0,
            receipts: Vec::new(),
            reversals: Vec::new(),
            booked: Vec::new(),
            word: None,
            pending: None,
            failed_at: None,
            stated,
            same: Vec::new(),
            apart: Vec::new(),
        };
        let stood = if self.pays_on.is_some() { how_it_stands(&receivables, &basket.lines, now) } else { Vec::new() };
        let agreement = basket.keeps_back(stood, settings);
        Ok((basket, agreement))
    }
}

impl Basket {
    /// The id of the agreement that keeps its amounts back.
    pub fn agreement(&self) -> AgreementId {
        AgreementId::derive(&["basket", self.id.as_str()])
    }

    /// The ids under which what it pays of an invoice may be kept back: the agreement itself while the invoice is where it was, or went whole with
    /// it, else the share that went along.
    pub fn agreements_of(&self, invoice: &InvoiceId) -> [AgreementId; 2] {
        let whole = self.agreement();
        let share = share_id(&whole, invoice);
        [whole, share]
    }

    /// The agreement that keeps its amounts back, as it is made; `stood` of a transfer that is announced.
    fn keeps_back(&self, stood: Vec<Stood>, settings: &Settings) -> Agreement {
        let of = |line: &BasketLine| Stood {
            invoice: line.invoice.clone(),
            open_minor: line.amount_minor,
            claim_minor: line.amount_minor,
            currency: Some(self.currency),
            sent_minor: None,
        };
        let money = MoneyOnItsWay {
            way: self.way.clone(),
            expected_on: self.expires_at.to_zoned(tenant_zone(settings)).date(),
            of: self.lines.iter().map(of).collect(),
            status: MoneyStatus::Expected,
            basket: Some(OfBasket { id: self.id.clone(), ends_at: self.expires_at, stood }),
        };
        Agreement {
            id: self.agreement(),
            terms: Terms::Money(money),
            scope: AgreementScope::Invoices(self.lines.iter().map(|line| line.invoice.clone()).collect()),
            amount_minor: Some(self.asked_minor()),
            clock: HoldClock::StopClock,
            made_at: self.begun_at,
            from_at: self.begun_at,
            until_on: None,
            ended_at: None,
            status_at: self.begun_at,
            by: String::new(),
            folded: Vec::new(),
        }
    }

    /// What becomes of the agreement that keeps its amounts back, which is as `known`; `None` where nothing does. What ended keeps back
    /// again once its provider says, later than that, that money is on its way after all.
    pub fn keeps_back_now(&self, known: &Agreement, settings: &Settings, now: Timestamp) -> Option<Agreement> {
        let Terms::Money(money) = &known.terms else { return None };
        let of_basket = money.basket.as_ref().filter(|of| of.id == self.id)?;
        let begins_again = !self.status.is_over() && known.ended_at.is_none_or(|ended| ended <= self.status_at);
        if known.ended_at.is_some() && !begins_again {
            return None;
        }
        let (status, ended_at) = match self.status {
            BasketStatus::Begun | BasketStatus::Pending | BasketStatus::Later(_) => {
                let status = match &money.status {
                    MoneyStatus::Expected => MoneyStatus::Expected,
                    // What the books took away again did not come in its time.
                    MoneyStatus::Arrived | MoneyStatus::Failed | MoneyStatus::Later(_) if now < self.expires_at => {
                        MoneyStatus::Expected
                    }
                    MoneyStatus::Arrived | MoneyStatus::Failed => MoneyStatus::Failed,
                    MoneyStatus::Later(word) => MoneyStatus::Later(word.clone()),
                };
                (status, None)
            }
            BasketStatus::Paid | BasketStatus::Refunded | BasketStatus::ChargedBack => (MoneyStatus::Arrived, Some(now)),
            BasketStatus::Failed | BasketStatus::Expired | BasketStatus::Cancelled => (MoneyStatus::Failed, Some(now)),
        };
        let after = MoneyOnItsWay {
            way: self.way.clone(),
            expected_on: self.expires_at.to_zoned(tenant_zone(settings)).date(),
            basket: Some(OfBasket { ends_at: self.expires_at, ..of_basket.clone() }),
            status,
            ..money.clone()
        };
        if after == *money && ended_at == known.ended_at {
            return None;
        }
        let status_at = if after.status == money.status { known.status_at } else { now };
        Some(Agreement { terms: Terms::Money(after), ended_at, status_at, ..known.clone() })
    }
}

/// How the invoices of lines stand before the money of a transfer comes, the first of them: what can be paid, and what is claimed. What credit
/// settles, or other money that is on its way, is no money of the transfer.
fn how_it_stands(receivables: &Receivables<'_>, lines: &[BasketLine], now: Timestamp) -> Vec<Stood> {
    let payable = payable(receivables, now);
    let claims: BTreeMap<&InvoiceId, (i64, Currency)> =
        receivables.items.iter().filter_map(|item| Some((&item.invoice?.id, (item.claim_minor, item.currency)))).collect();
    let stands = |line: &BasketLine| {
        let (claim_minor, currency) = *claims.get(&line.invoice)?;
        let open_minor = payable.get(&line.invoice).copied()?;
        Some(Stood { invoice: line.invoice.clone(), open_minor, claim_minor, currency: Some(currency), sent_minor: None })
    };
    lines.iter().filter_map(stands).take(crate::agreement::INVOICES_MAX).collect()
}

/// What the documents of the invoices of lines say was paid and no payment that is known explains, where there is such.
pub(super) fn stated(facts: &Facts, lines: &[BasketLine]) -> Vec<Allocation> {
    let mut known: BTreeMap<&InvoiceId, i64> = BTreeMap::new();
    for fact in facts.payments.iter().chain(&facts.shared) {
        let payment = &fact.payment;
        if payment.is_booked_money() {
            for part in &payment.allocations {
                let sum = known.entry(&part.invoice).or_default();
                *sum = sum.saturating_add(part.amount_minor);
            }
        }
    }
    let stated: BTreeMap<&InvoiceId, i64> =
        facts.invoices.iter().map(|fact| (&fact.invoice.id, fact.invoice.paid_minor)).collect();
    let unexplained = |line: &BasketLine| {
        let paid = stated.get(&line.invoice).copied().unwrap_or(0);
        let amount_minor = paid.saturating_sub(known.get(&line.invoice).copied().unwrap_or(0));
        (amount_minor > 0).then(|| Allocation { invoice: line.invoice.clone(), amount_minor })
    };
    lines.iter().filter_map(unexplained).collect()
}
