//! A customer says what it paid: money that is on its way is not asked for, invoice by invoice, until it should have been on the ledger.

use domain::{
    Agreement, Currency,
    agreement::INVOICES_MAX,
    proposal::{AnnouncedLine, AnnouncedMoney, Proposer, announce},
};
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use store::{MadeBeside, Store};

use super::{LinkHolder, bounds::too_often, named::find_all};
use crate::{Done, NotDone, matter};

/// Longest reference of a payment, in characters: what a SEPA transfer carries.
pub const REFERENCE_MAX: usize = 140;

/// What a customer says that it paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemittedByLink {
    /// The day on which it was sent.
    pub sent_on: Date,
    /// How: one of `domain::WayOfPaying::WORDS`.
    pub way: String,
    /// The currency of every amount.
    pub currency: Currency,
    /// How much was sent, minor units; what its lines come to when left out.
    pub amount_minor: Option<i64>,
    /// What it is for.
    pub lines: Vec<RemittedLine>,
    /// What the payment says of itself, so that it is found.
    pub reference: Option<String>,
}

/// What of a payment is for one invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemittedLine {
    /// The invoice: its id here, its number, or its id in the books.
    pub invoice: String,
    /// How much, minor units; when left out, what is open of it, as far as what was sent reaches, the oldest first.
    pub amount_minor: Option<i64>,
}

impl LinkHolder {
    /// Takes what a customer says that it paid. The same of the same day, in UTC, is taken once, and an invoice is announced once until what was
    /// announced came.
    ///
    /// # Errors
    ///
    /// [`NotDone::Fields`] for what `domain::proposal::announce` does not allow, a name of no invoice or several, and where the link said too much
    /// today; [`NotDone::NotFound`], [`NotDone::Changed`] where the customer changed at the same moment; those of the table.
    pub async fn remit(&self, store: &Store, asked: &RemittedByLink, now: Timestamp) -> Done<Agreement> {
        if asked.lines.len() > INVOICES_MAX {
            return Err(NotDone::field(
                "/lines",
                format!("at most {INVOICES_MAX} invoices of one payment; announce it in parts"),
            ));
        }
        let (facts, settings) = self.matter(store).await?;
        let id = self.id(&format!("remit_by_link {asked:?}"), now);
        // The same of the same day, after it is over, is not waited for a second time.
        if let Some(known) = facts.agreements.iter().find(|known| known.id == id) {
            return Ok(known.clone());
        }
        let mut flaws = Vec::new();
        let reference = matter::text("/reference", asked.reference.as_deref(), REFERENCE_MAX, &mut flaws);
        let of_line = |(nth, line): (usize, &RemittedLine)| (format!("/lines/{nth}/invoice"), line.invoice.clone());
        let named: Vec<(String, String)> = asked.lines.iter().enumerate().map(of_line).collect();
        let invoices = find_all(&facts, &named, &mut flaws);
        // Where one is missing, the places of the others are not those of what was sent.
        if invoices.len() < named.len() {
            return Err(NotDone::Fields(flaws));
        }
        let lines = invoices.into_iter().zip(&asked.lines);
        let announced = AnnouncedMoney {
            sent_on: asked.sent_on,
            way: asked.way.clone(),
            currency: asked.currency,
            amount_minor: asked.amount_minor,
            lines: lines.map(|(invoice, line)| AnnouncedLine { invoice, amount_minor: line.amount_minor }).collect(),
        };
        let by = Proposer { id: &id, by: self.link.as_str(), now };
        let agreement = match announce(&announced, &facts, &settings, by) {
            Ok(agreement) => agreement,
            Err(more) => {
                flaws.extend(more);
                return Err(NotDone::Fields(flaws));
            }
        };
        flaws.extend(too_often(&facts.agreements, &self.link, now));
        if !flaws.is_empty() {
            return Err(NotDone::Fields(flaws));
        }
        let why = reference.map(|reference| self.why(&agreement, format!("Reference of the payment: {reference}"), now));
        let what = json!({
            "amount_minor": agreement.amount_minor, "currency": asked.currency, "sent_on": asked.sent_on, "way": asked.way,
            "invoices": asked.lines.len(),
        });
        let entry = self.entry("remit_by_link", now).of(agreement.id.as_str()).with(what);
        let beside = MadeBeside { why: why.as_ref(), ..MadeBeside::default() };
        self.make_once(store, entry, &agreement, beside, now).await
    }
}
