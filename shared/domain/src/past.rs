//! Closed invoices and payments of the past, as dates and amounts: what a customer usually does. No decision reads them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    Currency, CustomerId, Document, Invoice, InvoiceId, InvoiceStatus, Payment, PaymentId, PaymentKind, PaymentStatus,
    dates::days_between,
};

/// Most invoices, and most payments, of one customer and year that are kept; the latest of more.
pub const PAST_MAX: usize = 2_000;
/// Closed invoices that a usual lag is made from at most, the last ones.
pub const LAG_OF: usize = 12;

/// What is known of a customer's past.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastBooks {
    /// Closed invoices.
    #[serde(rename = "i", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub invoices: BTreeMap<InvoiceId, PastInvoice>,
    /// Payments that were received.
    #[serde(rename = "p", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub payments: BTreeMap<PaymentId, PastPayment>,
}

/// An invoice that is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastInvoice {
    /// When it was issued.
    #[serde(rename = "o")]
    pub issued_on: Date,
    /// When it was due.
    #[serde(rename = "d")]
    pub due_on: Date,
    /// What it came to, in minor units.
    #[serde(rename = "a")]
    pub total_minor: i64,
    /// Its currency.
    #[serde(rename = "c")]
    pub currency: Currency,
}

/// A payment that was received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastPayment {
    /// When it was received.
    #[serde(rename = "r")]
    pub received_on: Date,
    /// What it came to, in minor units.
    #[serde(rename = "a")]
    pub amount_minor: i64,
    /// Its currency.
    #[serde(rename = "c")]
    pub currency: Currency,
    /// The invoices that it was for.
    #[serde(rename = "f", default, skip_serializing_if = "Vec::is_empty")]
    pub invoices: Vec<InvoiceId>,
}

/// An invoice with when it was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedInvoice {
    /// The invoice.
    pub id: InvoiceId,
    /// When it was issued.
    pub issued_on: Date,
    /// When it was due.
    pub due_on: Date,
    /// When the last payment for it was received.
    pub closed_on: Date,
    /// What it came to, in minor units.
    pub total_minor: i64,
    /// Its currency.
    pub currency: Currency,
}

impl ClosedInvoice {
    /// How many days after its due date it was paid; negative before.
    pub fn days_late(&self) -> i64 {
        days_between(self.due_on, self.closed_on)
    }
}

impl PastBooks {
    /// What documents say of the past, by customer: open invoices, drafts, what was cancelled, and money that was not received are left out.
    pub fn of(documents: &[Document]) -> BTreeMap<CustomerId, Self> {
        let mut all: BTreeMap<CustomerId, Self> = BTreeMap::new();
        for document in documents {
            match document {
                Document::Invoice { customer, invoice } if is_closed(invoice) => {
                    let Some(customer) = customer.id() else { continue };
                    let &Invoice { issued_on, due_on, total_minor, currency, .. } = invoice;
                    let past = PastInvoice { issued_on, due_on, total_minor, currency };
                    all.entry(customer.clone()).or_default().invoices.insert(invoice.id.clone(), past);
                }
                Document::Payment { customer, payment } if is_received(payment) => {
                    let Some(customer) = customer.id() else { continue };
                    let past = PastPayment {
                        received_on: payment.received_on,
                        amount_minor: payment.amount_minor,
                        currency: payment.currency,
                        invoices: payment.allocations.iter().map(|part| part.invoice.clone()).collect(),
                    };
                    all.entry(customer.clone()).or_default().payments.insert(payment.id.clone(), past);
                }
                Document::Customer(_)
                | Document::Invoice { .. }
                | Document::Payment { .. }
                | Document::Reversal(_)
                | Document::Withdrawn(_)
                | Document::Heartbeat(_) => {}
            }
        }
        all
    }

    /// The same by the year in which an invoice was issued and a payment received.
    pub fn by_year(self) -> BTreeMap<i16, Self> {
        let mut years: BTreeMap<i16, Self> = BTreeMap::new();
        for (id, invoice) in self.invoices {
            years.entry(invoice.issued_on.year()).or_default().invoices.insert(id, invoice);
        }
        for (id, payment) in self.payments {
            years.entry(payment.received_on.year()).or_default().payments.insert(id, payment);
        }
        years
    }

    /// With what was read later, which stands where both know something. At most [`PAST_MAX`] of each are kept.
    #[must_use]
    pub fn with(mut self, later: Self) -> Self {
        self.invoices.extend(later.invoices);
        self.payments.extend(later.payments);
        while self.invoices.len() > PAST_MAX {
            let oldest = self.invoices.iter().min_by_key(|(_, invoice)| invoice.issued_on).map(|(id, _)| id.clone());
            let Some(id) = oldest else { break };
            self.invoices.remove(&id);
        }
        while self.payments.len() > PAST_MAX {
            let oldest = self.payments.iter().min_by_key(|(_, payment)| payment.received_on).map(|(id, _)| id.clone());
            let Some(id) = oldest else { break };
            self.payments.remove(&id);
        }
        self
    }

    /// The closed invoices that payments say the day of, the last closed first. What was closed by credit alone has none.
    pub fn closed(&self) -> Vec<ClosedInvoice> {
        let mut paid_on: BTreeMap<&InvoiceId, Date> = BTreeMap::new();
        for payment in self.payments.values() {
            for invoice in &payment.invoices {
                let last = paid_on.entry(invoice).or_insert(payment.received_on);
                *last = (*last).max(payment.received_on);
            }
        }
        let closed = self.invoices.iter().filter_map(|(id, invoice)| {
            let PastInvoice { issued_on, due_on, total_minor, currency } = *invoice;
            let closed_on = *paid_on.get(id)?;
            Some(ClosedInvoice { id: id.clone(), issued_on, due_on, closed_on, total_minor, currency })
        });
        let mut closed: Vec<ClosedInvoice> = closed.collect();
        closed.sort_by(|a, b| b.closed_on.cmp(&a.closed_on).then_with(|| a.id.cmp(&b.id)));
        closed
    }
}

fn is_closed(invoice: &Invoice) -> bool {
    let settled = invoice.paid_minor.saturating_add(invoice.credited_minor);
    invoice.status == InvoiceStatus::Open && invoice.total_minor > 0 && settled >= invoice.total_minor
}

fn is_received(payment: &Payment) -> bool {
    payment.kind == PaymentKind::Payment && payment.status == PaymentStatus::Received && payment.amount_minor > 0
}

/// How many days after the due date a customer usually pays: the median of the last [`LAG_OF`] closed invoices, which come the last first; of
/// an even number the smaller of the two in the middle. `None` where nothing is known.
pub fn usual_lag(closed: &[ClosedInvoice]) -> Option<i64> {
    let mut days: Vec<i64> = closed.iter().take(LAG_OF).map(ClosedInvoice::days_late).collect();
    days.sort_unstable();
    let middle = days.len().checked_sub(1)? / 2;
    days.get(middle).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> Date {
        text.parse().expect("a date")
    }

    fn invoice(due: &str) -> PastInvoice {
        PastInvoice { issued_on: on("2025-01-01"), due_on: on(due), total_minor: 1_000, currency: Currency::EUR }
    }

    fn payment(received: &str, invoices: &[&str]) -> PastPayment {
        let invoices = invoices.iter().map(|id| InvoiceId::derive(&[id])).collect();
        PastPayment { received_on: on(received), amount_minor: 1_000, currency: Currency::EUR, invoices }
    }

    /// Invoices with when they were due, and payments with when they came and what they were for.
    fn past(invoices: &[(&str, &str)], payments: &[(&str, &[&str])]) -> PastBooks {
        let numbered = payments.iter().enumerate();
        PastBooks {
            invoices: invoices.iter().map(|(id, due)| (InvoiceId::derive(&[id]), invoice(due))).collect(),
            payments: numbered
                .map(|(at, (received, of))| (PaymentId::derive(&[&at.to_string()]), payment(received, of)))
                .collect(),
        }
    }

    #[test]
    fn an_invoice_is_closed_by_its_last_payment() {
        let books = past(
            &[("A", "2025-02-01"), ("B", "2025-02-01"), ("C", "2025-02-01")],
            &[("2025-02-03", &["A", "B"]), ("2025-02-11", &["A"]), ("2025-03-01", &["X"])],
        );
        let closed: Vec<(Date, i64)> = books.closed().iter().map(|one| (one.closed_on, one.days_late())).collect();
        assert_eq!(closed, [(on("2025-02-11"), 10), (on("2025-02-03"), 2)]);
    }

    #[test]
    fn the_usual_lag_is_the_median_of_the_last() {
        let of = |days: &[i64]| {
            let closed = days.iter().enumerate().map(|(at, late)| ClosedInvoice {
                id: InvoiceId::derive(&[&at.to_string()]),
                issued_on: on("2025-01-01"),
                due_on: on("2025-06-01"),
                closed_on: crate::dates::add_days(on("2025-06-01"), *late),
                total_minor: 1,
                currency: Currency::EUR,
            });
            usual_lag(&closed.collect::<Vec<_>>())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some(7));
        assert_eq!(of(&[9, 1]), Some(1));
        assert_eq!(of(&[30, -2, 5]), Some(5));
        let mut long = vec![3; LAG_OF];
        long.extend([90; 40]);
        assert_eq!(of(&long), Some(3), "what is longer ago does not count");
    }

    #[test]
    fn what_is_read_again_stands_once_and_years_are_told_apart() {
        let books = past(&[("A", "2025-02-01")], &[("2026-01-03", &["A"])]);
        assert_eq!(books.clone().with(books.clone()), books);
        let years = books.clone().by_year();
        assert_eq!(years.keys().copied().collect::<Vec<_>>(), [2025, 2026]);
        let together = years.into_values().fold(PastBooks::default(), PastBooks::with);
        assert_eq!(together, books);
        let text = serde_json::to_string(&books).expect("it serializes");
        assert_eq!(serde_json::from_str::<PastBooks>(&text).expect("it reads"), books);
    }
}
