//! What falls due at once, reckoned at one instant.

use jiff::civil::Date;

use crate::{BalanceKey, Currency, DueItemKey, Invoice, Standing, Stood, dates::days_between};

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
    /// The legal entity that it is owed to; empty for the default one.
    pub legal_entity: &'a str,
    /// Whose case it joins while no step of its own is over.
    pub joins: Joins<'a>,
    /// What the invoice, plan or charge comes to.
    pub total_minor: i64,
    /// The invoice's total less its credits: what the creditor asks for.
    pub claim_minor: i64,
    /// When the invoice was issued, the plan made or the charge proposed.
    pub issued_on: Date,
    /// What the item itself came to: the invoice's total, or that of the instalment or part.
    pub amount_minor: i64,
    /// What of that was paid, where it is known: credit notes that share in an invoice of instalments leave it open, and it is 0.
    pub paid_minor: i64,
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

/// Whose case a due item joins while no step of its own is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joins<'a> {
    /// That of the workflow that applies to it.
    Own,
    /// That of the first of a plan's invoices that is open: a part of the plan.
    Plan(&'a [Stood]),
    /// That of a workflow: a charge that its step proposed.
    Workflow(&'a str),
}

impl DueItem<'_> {
    /// The balance that it is part of.
    pub fn balance(&self) -> BalanceKey {
        BalanceKey::with(self.currency, self.legal_entity)
    }

    /// Whether it is part of a balance.
    pub fn is_of(&self, balance: &BalanceKey) -> bool {
        self.currency == balance.currency && self.legal_entity == balance.legal_entity
    }

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
