//! What is due of plans, said of their invoices: a payment is for invoices, and what comes for them fills the parts of their plan, the oldest
//! first.

use std::collections::BTreeMap;

use domain::{
    AgreementId, InvoiceId, ItemOf, Stood,
    receivables::{Joins, Receivables},
};

/// What parts that are due come to of each invoice, minor units. Of the plan `next`, where none of its parts is due, the first that is open.
pub(crate) fn due_of_plans(receivables: &Receivables<'_>, next: Option<&AgreementId>) -> BTreeMap<InvoiceId, i64> {
    let mut plans: BTreeMap<&AgreementId, (&[Stood], i64)> = BTreeMap::new();
    // The oldest first.
    for item in &receivables.items {
        let (ItemOf::Plan(plan), Joins::Plan(of)) = (&item.key.of, item.joins) else { continue };
        let (_, due_minor) = plans.entry(plan).or_insert((of, 0));
        let is_due = item.due_on <= receivables.today;
        if is_due || next == Some(plan) && *due_minor == 0 {
            *due_minor = due_minor.saturating_add(item.due_now_minor.max(0));
        }
    }
    let mut room: BTreeMap<&InvoiceId, i64> = BTreeMap::new();
    for item in &receivables.items {
        if let Some(invoice) = item.key.invoice() {
            let planned = room.entry(invoice).or_default();
            *planned = planned.saturating_add(item.planned_minor);
        }
    }
    let mut due: BTreeMap<InvoiceId, i64> = BTreeMap::new();
    for (of, mut left) in plans.into_values() {
        for stood in of {
            let Some(planned) = room.get_mut(&stood.invoice) else { continue };
            let share = left.min(*planned).max(0);
            (left, *planned) = (left - share, *planned - share);
            if share > 0 {
                *due.entry(stood.invoice.clone()).or_default() += share;
            }
        }
    }
    due
}
