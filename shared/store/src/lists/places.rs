//! Where rows stand in their order: what of a sort key comes before the id.

use std::collections::BTreeMap;

use domain::{Currency, Invoice, InvoiceStatus, Owed, Reporting};
use jiff::civil::Date;

use super::lines::Ranked;
use crate::table::keys;

/// Where an invoice stands in lists: as its source says it, but paid where nothing of it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceStanding {
    /// Not issued yet.
    Draft,
    /// Something of it is open, as far as its own document and earlier decisions say.
    Open,
    /// Paid or credited in full: by its own document, or because a decision found that it is and set it aside.
    Paid,
    /// Cancelled.
    Void,
    /// Given up.
    WrittenOff,
}

impl InvoiceStanding {
    /// Each of them.
    pub const ALL: [Self; 5] = [Self::Draft, Self::Open, Self::Paid, Self::Void, Self::WrittenOff];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Void => "void",
            Self::WrittenOff => "written_off",
        }
    }

    /// What a word says.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == text)
    }

    /// Of an invoice, which may have been set aside.
    pub(crate) fn of(invoice: &Invoice, is_archived: bool) -> Self {
        match invoice.status {
            InvoiceStatus::Draft => Self::Draft,
            InvoiceStatus::Void => Self::Void,
            InvoiceStatus::WrittenOff => Self::WrittenOff,
            InvoiceStatus::Open | InvoiceStatus::Later(_) => {
                let settled = invoice.paid_minor.saturating_add(invoice.credited_minor);
                if is_archived || (settled >= invoice.total_minor && invoice.total_minor > 0) { Self::Paid } else { Self::Open }
            }
        }
    }
}

/// The amounts that rank together: those of the reporting currency and all that have a rate in it, and by itself each currency that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RankedIn {
    /// Whether it is the reporting currency: that comes first.
    is_other: bool,
    currency: Currency,
}

impl RankedIn {
    /// Where amounts of a currency rank.
    pub fn of(currency: Currency, reporting: Option<&Reporting>) -> Self {
        match reporting {
            Some(reporting) if reporting.convert(0, currency).is_some() => Self { is_other: false, currency: reporting.currency },
            Some(_) | None => Self { is_other: true, currency },
        }
    }

    /// The currency in which they are ranked.
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// The beginning of the places of amounts that rank together.
    pub(crate) fn beginning(self) -> String {
        format!("{}{}:", u8::from(self.is_other), self.currency)
    }

    /// The place of an amount, largest first.
    pub(crate) fn place(self, amount_minor: i64) -> String {
        format!("{}{}", self.beginning(), keys::largest_first(amount_minor))
    }

    /// As the row says it.
    pub(crate) fn ranked(self, amount_minor: i64) -> Ranked {
        Ranked { currency: self.currency, amount_minor }
    }
}

/// What is owed, by what ranks together: each sum, above zero, and the currencies that it is of.
pub(crate) fn sums(
    owed: &BTreeMap<Currency, Owed>,
    reporting: Option<&Reporting>,
    amount: impl Fn(&Owed) -> i64,
) -> BTreeMap<RankedIn, (i64, BTreeMap<Currency, Owed>)> {
    let mut sums: BTreeMap<RankedIn, (i64, BTreeMap<Currency, Owed>)> = BTreeMap::new();
    for (currency, owed) in owed {
        let minor = amount(owed);
        let minor = reporting.and_then(|reporting| reporting.convert(minor, *currency)).unwrap_or(minor);
        let (sum, of) = sums.entry(RankedIn::of(*currency, reporting)).or_default();
        *sum = sum.saturating_add(minor);
        of.insert(*currency, *owed);
    }
    sums.retain(|_, (sum, _)| *sum > 0);
    sums
}

/// The place of an invoice: by where it stands, and then by date.
pub(crate) fn of_invoice(standing: InvoiceStanding, due_on: Date) -> String {
    format!("{}#{due_on}", standing.as_str())
}

#[cfg(test)]
mod tests {
    use domain::ExchangeRate;

    use super::*;

    #[test]
    fn amounts_of_currencies_with_a_rate_are_added_and_others_are_not() {
        let owed = |minor: i64| Owed { open_minor: minor, due_now_minor: minor, ..Owed::default() };
        let chf = Currency::parse("CHF").expect("a currency");
        let all: BTreeMap<Currency, Owed> =
            [(Currency::EUR, owed(1_000)), (Currency::USD, owed(1_000)), (chf, owed(70)), (Currency::GBP, owed(0))].into();
        let rates = [(Currency::USD, ExchangeRate::parse("0.5").expect("a rate"))].into();
        let reporting = Reporting { currency: Currency::EUR, rates };
        let said = |reporting: Option<&Reporting>| {
            let sums = sums(&all, reporting, |owed| owed.due_now_minor);
            sums.into_iter().map(|(of, (sum, own))| (of.place(sum), own.len())).collect::<Vec<_>>()
        };
        let place = |beginning: &str, minor: i64| format!("{beginning}:{}", keys::largest_first(minor));
        assert_eq!(said(Some(&reporting)), [(place("0EUR", 1_500), 2), (place("1CHF", 70), 1)]);
        assert_eq!(said(None), [(place("1CHF", 70), 1), (place("1EUR", 1_000), 1), (place("1USD", 1_000), 1)]);
        assert!(place("0EUR", 1_500) < place("0EUR", 1_499) && place("0ZAR", 1) < place("1AED", 9));
    }
}
