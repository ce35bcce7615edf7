//! What a simulation supposes about those who pay, and about the breaker.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, Unit, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{Facts, InvoiceId, InvoiceStatus, PaymentKind};

/// When customers pay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paying {
    /// Nobody pays anything.
    #[default]
    Nobody,
    /// Everybody pays each invoice in full on its due date, and what is due already at once.
    Everybody,
    /// Each customer pays as late as it usually did, by [`usual_lag`]; one of whom that is not known pays nothing.
    UsualLag,
}

/// What becomes of the breaker once an unusual day opens it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerAssumed {
    /// It stays open, as it does until a person looks: nothing more is decided.
    #[default]
    Stays,
    /// A person resets it at once.
    Reset,
}

/// What is supposed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assumed {
    /// When customers pay.
    #[serde(default)]
    pub paying: Paying,
    /// What becomes of the breaker.
    #[serde(default)]
    pub breaker: BreakerAssumed,
}

/// By how many days after the due date a customer usually paid, negative before: the median over payments of invoices that are among its
/// facts. `None` where there is none.
pub fn usual_lag(facts: &Facts) -> Option<i64> {
    let due: BTreeMap<&InvoiceId, Date> = facts.invoices.iter().map(|fact| (&fact.invoice.id, fact.invoice.due_on)).collect();
    let paid = facts.payments.iter().filter(|fact| fact.payment.counts() && fact.payment.kind == PaymentKind::Payment);
    let mut lags: Vec<i64> = paid
        .flat_map(|fact| fact.payment.allocations.iter().map(move |part| (&part.invoice, fact.payment.received_on)))
        .filter_map(|(invoice, on)| Some(i64::from(due.get(invoice)?.until((Unit::Day, on)).ok()?.get_days())))
        .collect();
    lags.sort_unstable();
    lags.get(lags.len() / 2).copied()
}

/// When each open invoice is paid, by what is supposed; the earliest first.
pub(super) fn payments(facts: &Facts, paying: Paying, from: Timestamp, zone: &TimeZone) -> Vec<(Timestamp, InvoiceId)> {
    let lag = match paying {
        Paying::Nobody => None,
        Paying::Everybody => Some(0),
        Paying::UsualLag => usual_lag(facts),
    };
    let Some(lag) = lag else { return Vec::new() };
    let open = facts.invoices.iter().filter(|fact| !fact.archived && fact.invoice.status == InvoiceStatus::Open);
    let mut all: Vec<(Timestamp, InvoiceId)> = open
        .filter_map(|fact| {
            let on = fact.invoice.due_on.checked_add(lag.days()).ok()?;
            let at = on.to_zoned(zone.clone()).ok()?.timestamp();
            Some((at.max(from), fact.invoice.id.clone()))
        })
        .collect();
    all.sort_unstable();
    all
}
