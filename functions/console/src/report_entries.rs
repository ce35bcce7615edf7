//! What happened to a customer, as a page says it.

use domain::{BalanceKey, Currency, InvoiceId};
use figures::{
    LedgerEntry, LedgerFact,
    entry::{DisputeEnd, InvoiceStands, PromiseEnd},
};
use serde::Serialize;

use crate::formats::Formats;

/// An entry on a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct EntryOnPage {
    /// The day, and the time where that is known.
    pub(crate) on: String,
    /// What happened.
    pub(crate) what: String,
    /// How much; empty where nothing is counted.
    pub(crate) amount: String,
    /// The invoice that it is of.
    pub(crate) invoice: Option<String>,
    /// The legal entity, where it is not the default one.
    pub(crate) legal_entity: String,
}

/// What an entry is of.
#[derive(Default)]
struct EntryOf<'a> {
    amount: Option<(i64, Currency)>,
    invoice: Option<&'a InvoiceId>,
    legal_entity: &'a str,
}

impl<'a> EntryOf<'a> {
    fn money(amount_minor: i64, balance: &'a BalanceKey, invoice: Option<&'a InvoiceId>) -> Self {
        Self { amount: Some((amount_minor, balance.currency)), invoice, legal_entity: balance.legal_entity.as_str() }
    }

    fn invoice(invoice: &'a InvoiceId) -> Self {
        Self { invoice: Some(invoice), ..Self::default() }
    }
}

/// An entry.
pub(crate) fn entry_on_page(entry: &LedgerEntry, formats: &Formats) -> EntryOnPage {
    let (what, of) = told(&entry.what);
    let day = formats.date(entry.on);
    EntryOnPage {
        on: entry.minute.map_or(day.clone(), |minute| format!("{day} {:02}:{:02}", minute / 60, minute % 60)),
        what,
        amount: of.amount.map(|(minor, currency)| formats.amount(minor, currency)).unwrap_or_default(),
        invoice: of.invoice.map(ToString::to_string),
        legal_entity: of.legal_entity.to_owned(),
    }
}

fn told(fact: &LedgerFact) -> (String, EntryOf<'_>) {
    let (what, of) = match fact {
        LedgerFact::Issued(of) => ("Invoice issued", EntryOf::money(of.total_minor, &of.balance, Some(&of.invoice))),
        LedgerFact::Paid(of) => ("Payment", EntryOf::money(of.amount_minor, &of.balance, of.invoice.as_ref())),
        LedgerFact::TakenBack(of) => ("Payment taken back", EntryOf::money(of.amount_minor, &of.balance, of.invoice.as_ref())),
        LedgerFact::Credited(of) => ("Credit note", EntryOf::money(of.amount_minor, &of.balance, of.invoice.as_ref())),
        LedgerFact::Stands { invoice, standing } => {
            let what = match standing {
                InvoiceStands::Open => "Invoice owed again",
                InvoiceStands::Void => "Invoice void",
                InvoiceStands::WrittenOff => "Invoice written off",
            };
            (what, EntryOf::invoice(invoice))
        }
        LedgerFact::Promised { balance, amount_minor, pays_on, .. } => {
            return (format!("Promise to pay by {pays_on}"), EntryOf::money(*amount_minor, balance, None));
        }
        LedgerFact::PromiseEnded { end, .. } => {
            let what = match end {
                PromiseEnd::Kept => "Promise kept",
                PromiseEnd::PartlyKept => "Promise partly kept",
                PromiseEnd::Broken => "Promise broken",
                PromiseEnd::Cancelled => "Promise withdrawn or replaced",
            };
            (what, EntryOf::default())
        }
        LedgerFact::Disputed { balance, invoices, amount_minor, reason, .. } => {
            let of = EntryOf::money(*amount_minor, balance, invoices.first());
            return (format!("Dispute: {reason}"), of);
        }
        LedgerFact::DisputeEnded { end, .. } => {
            let what = match end {
                DisputeEnd::Upheld => "Dispute upheld",
                DisputeEnd::PartlyUpheld => "Dispute partly upheld",
                DisputeEnd::Rejected => "Dispute rejected",
                DisputeEnd::Withdrawn => "Dispute taken back",
            };
            (what, EntryOf::default())
        }
        LedgerFact::Touched(touch) => return (format!("Contacted by {}", touch.channel.as_str()), EntryOf::default()),
        LedgerFact::Lost { .. } => ("A contact reached nobody", EntryOf::default()),
        LedgerFact::Answered => ("The customer answered", EntryOf::default()),
        LedgerFact::Rated { score } => return (format!("Rated {score} of 5"), EntryOf::default()),
        LedgerFact::Belongs(belongs) => {
            let [segment, owner] = [&belongs.segment, &belongs.owner].map(|text| text.as_deref().unwrap_or("none"));
            return (format!("Segment {segment}, owner {owner}"), EntryOf::default());
        }
    };
    (what.to_owned(), of)
}

#[cfg(test)]
mod tests {
    use figures::entry::{AppliedMoney, Belongs};

    use super::*;

    #[test]
    fn an_entry_says_when_what_and_how_much() {
        let formats = Formats::of(None, "2026-02-10T10:00:00Z".parse().unwrap());
        let invoice = InvoiceId::derive(&["a"]);
        let balance = BalanceKey::with(Currency::EUR, "berlin");
        let paid = LedgerFact::Paid(AppliedMoney { invoice: Some(invoice.clone()), balance, amount_minor: 12_500 });
        let on = "2026-02-04".parse().unwrap();
        let shown = entry_on_page(&LedgerEntry::on(on, "a", paid).at(605), &formats);
        assert_eq!((shown.what.as_str(), shown.legal_entity.as_str()), ("Payment", "berlin"));
        assert_eq!((shown.invoice, shown.on.ends_with(" 10:05")), (Some(invoice.to_string()), true));
        assert_eq!(shown.amount, formats.amount(12_500, Currency::EUR));
        let belongs = LedgerFact::Belongs(Belongs { segment: Some("large".into()), owner: None });
        let shown = entry_on_page(&LedgerEntry::on(on, "b", belongs), &formats);
        assert_eq!((shown.what.as_str(), shown.amount.as_str()), ("Segment large, owner none", ""));
    }
}
