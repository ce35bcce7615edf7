//! Money that a payer says was sent: how much of it is for which invoice. It is kept back as money on its way is, and no more of an invoice
//! than was sent for it. An invoice is announced once: whoever says so a second time, while the first did not come, is not waited for again.

use std::collections::{BTreeMap, btree_map::Entry};

use jiff::civil::Date;

use super::{Proposal, ProposedScope, Proposer, propose};
use crate::{
    Agreement, BasketLine, Currency, Facts, InvoiceId, MoneyOnItsWay, Settings, Stood, Terms,
    agreement::INVOICES_MAX,
    basket::{BasketFlaw, BasketFlawKind, check_lines, of_others, payable},
    calendar::Locality,
    receivables::{Receivables, ReceivablesRules},
};

/// What a payer says was sent: one payment, in one currency, to one legal entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncedMoney {
    /// When it was sent.
    pub sent_on: Date,
    /// How: one of `WayOfPaying::WORDS`.
    pub way: String,
    /// The currency of every amount.
    pub currency: Currency,
    /// How much was sent, minor units; what its lines come to when left out.
    pub amount_minor: Option<i64>,
    /// What it is for.
    pub lines: Vec<AnnouncedLine>,
}

/// What of a payment is for one invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncedLine {
    /// The invoice.
    pub invoice: InvoiceId,
    /// How much, minor units. When left out, what can still be paid of the invoice, as far as what was sent reaches: the oldest first.
    pub amount_minor: Option<i64>,
}

/// The agreement that an announcement comes to, if everything about it is right.
///
/// # Errors
///
/// Every flaw that was found: the JSON pointer of the field, and what is wrong with it.
pub fn announce(
    announced: &AnnouncedMoney,
    facts: &Facts,
    settings: &Settings,
    proposer: Proposer<'_>,
) -> Result<Agreement, Vec<(String, String)>> {
    let whole = |pointer: &str, detail: String| Err(vec![(pointer.to_owned(), detail)]);
    if announced.lines.is_empty() {
        return whole("/lines", "name at least one invoice that it is for".to_owned());
    }
    if announced.lines.len() > INVOICES_MAX {
        return whole("/lines", format!("at most {INVOICES_MAX} invoices of one payment; announce it in parts"));
    }
    let place = Locality::of_tenant(settings);
    let receivables = Receivables::at(facts, ReceivablesRules::of(settings, place.zone()), proposer.now);
    let (places, shared): (Vec<usize>, Vec<BasketLine>) = shared(announced, &receivables, proposer).into_iter().unzip();
    let flaw = |flaw: &BasketFlaw| flaw_at(flaw, &places);
    let mut flaws = Vec::new();
    if let Some(sent) = announced.amount_minor {
        let sum = sum_of(&shared);
        if sent <= 0 {
            flaws.push(("/amount_minor".to_owned(), "an amount is above zero".to_owned()));
        } else if sum != sent {
            let detail = format!("what it is for comes to {sum} minor units, and {sent} were sent; both are the same");
            flaws.push(("/amount_minor".to_owned(), detail));
        }
    }
    let of_it = |line: &BasketLine| receivables.items.iter().find(|item| item.key.invoice() == Some(&line.invoice));
    let legal_entity = shared.iter().find_map(|line| Some(of_it(line)?.legal_entity)).unwrap_or_default();
    flaws.extend(of_others(&facts.agreements, &shared, true, proposer.now).iter().map(flaw));
    if let Err(more) = check_lines(&receivables, (announced.currency, legal_entity), &shared, proposer.now) {
        flaws.extend(more.iter().map(flaw));
    }
    // What is wrong with a line says more than that nothing is open there.
    if !flaws.is_empty() {
        flaws.extend(of_terms(announced, facts, settings, proposer));
        return Err(flaws);
    }
    let invoices = shared.iter().map(|line| line.invoice.as_str().to_owned()).collect();
    let proposal = proposal(announced, ProposedScope::Invoices(invoices), Some(sum_of(&shared)));
    let agreement = propose(&proposal, facts, settings, proposer)?;
    let sent: BTreeMap<&InvoiceId, i64> = shared.iter().map(|line| (&line.invoice, line.amount_minor)).collect();
    let of = |stood: Stood| Stood { sent_minor: sent.get(&stood.invoice).copied(), ..stood };
    let terms = match agreement.terms {
        Terms::Money(money) => Terms::Money(MoneyOnItsWay { of: money.of.iter().cloned().map(of).collect(), ..money }),
        other @ (Terms::Promise(_) | Terms::Dispute(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Later(_)) => other,
    };
    Ok(Agreement { terms, ..agreement })
}

/// What is wrong with the day and the way, beside what is wrong with the lines.
fn of_terms(announced: &AnnouncedMoney, facts: &Facts, settings: &Settings, proposer: Proposer<'_>) -> Vec<(String, String)> {
    let proposal = proposal(announced, ProposedScope::Customer, None);
    let flaws = propose(&proposal, facts, settings, proposer).err().unwrap_or_default();
    flaws.into_iter().filter(|(pointer, _)| ["/sent_on", "/way", "/kind"].contains(&pointer.as_str())).collect()
}

fn proposal(announced: &AnnouncedMoney, scope: ProposedScope, amount_minor: Option<i64>) -> Proposal {
    Proposal {
        kind: "money".to_owned(),
        scope,
        amount_minor,
        pays_on: None,
        sent_on: Some(announced.sent_on),
        way: Some(announced.way.clone()),
        reason: None,
        parts: None,
        until_on: None,
        ends_with: None,
        line: None,
        lines: Vec::new(),
    }
}

/// The lines with their places and amounts. Amounts that were said come first; what is left of what was sent goes to the others, the oldest
/// first. Those that it does not reach are left out.
fn shared(announced: &AnnouncedMoney, receivables: &Receivables<'_>, proposer: Proposer<'_>) -> Vec<(usize, BasketLine)> {
    let most = payable(receivables, proposer.now);
    let said = announced.lines.iter().filter_map(|line| line.amount_minor).fold(0, i64::saturating_add);
    let mut left = announced.amount_minor.map_or(i64::MAX, |sent| sent.saturating_sub(said).max(0));
    let mut shares: BTreeMap<&InvoiceId, Option<i64>> = BTreeMap::new();
    let is_to_be_shared =
        |invoice: &InvoiceId| announced.lines.iter().any(|line| line.amount_minor.is_none() && line.invoice == *invoice);
    for item in &receivables.items {
        let Some(invoice) = item.invoice.map(|invoice| &invoice.id).filter(|invoice| is_to_be_shared(invoice)) else { continue };
        if let Entry::Vacant(free) = shares.entry(invoice) {
            let most = most.get(invoice).copied().unwrap_or(0).max(0);
            let share = most.min(left);
            left -= share;
            free.insert((share > 0 || most == 0).then_some(share));
        }
    }
    let line = |(place, line): (usize, &AnnouncedLine)| {
        // What nothing is known of has no share: it is said to be none of the customer's.
        let amount_minor = line.amount_minor.or_else(|| shares.get(&line.invoice).copied().unwrap_or(Some(0)))?;
        Some((place, BasketLine { invoice: line.invoice.clone(), number: String::new(), amount_minor }))
    };
    announced.lines.iter().enumerate().filter_map(line).collect()
}

fn sum_of(lines: &[BasketLine]) -> i64 {
    lines.iter().map(|line| line.amount_minor).fold(0, i64::saturating_add)
}

/// Where a flaw of a line is; `places` are those that the lines had.
fn flaw_at(flaw: &BasketFlaw, places: &[usize]) -> (String, String) {
    let (field, detail) = match &flaw.what {
        BasketFlawKind::OverDue { payable, .. } => {
            ("amount_minor", format!("at most {payable} of it can be on its way: more is not open, or was announced before"))
        }
        BasketFlawKind::NotAboveZero(_) => {
            ("amount_minor", "it is not above zero; say how much is for the invoice, or leave the invoice out".to_owned())
        }
        BasketFlawKind::AnnouncedBefore => {
            ("invoice", "money for the invoice was announced before; it is announced once, so write to us".to_owned())
        }
        BasketFlawKind::BeingPaid
        | BasketFlawKind::BegunOften
        | BasketFlawKind::Empty
        | BasketFlawKind::TooMany(_)
        | BasketFlawKind::MoreThanCame { .. }
        | BasketFlawKind::Twice
        | BasketFlawKind::Unknown
        | BasketFlawKind::Closed
        | BasketFlawKind::NotIssued
        | BasketFlawKind::OtherCurrency(_)
        | BasketFlawKind::OtherLegalEntity => ("invoice", flaw.what.to_string()),
    };
    let place = flaw.line.and_then(|nth| places.get(nth));
    (place.map_or_else(|| "/lines".to_owned(), |place| format!("/lines/{place}/{field}")), detail)
}

#[cfg(test)]
mod tests;
