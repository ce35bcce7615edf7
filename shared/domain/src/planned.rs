//! Running plans: their open parts, which are due items in place of those of their invoices.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};

use crate::{
    Agreement, DueItemKey, InvoiceId, PaymentPlan,
    kept_back::Shares,
    receivables::{DueItem, Joins, total},
};

/// A part of a running plan with what is open of it.
#[derive(Clone, Debug)]
pub(crate) struct OpenPart<'a> {
    pub(crate) agreement: &'a Agreement,
    pub(crate) plan: &'a PaymentPlan,
    pub(crate) position: usize,
    pub(crate) open_minor: i64,
}

/// What running plans come to: their open parts, and which invoices these stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Planned<'a> {
    pub(crate) parts: Vec<OpenPart<'a>>,
    pub(crate) shares: Shares,
}

impl Planned<'_> {
    /// What the parts of all plans stand for, by invoice, minor units.
    pub(crate) fn of_invoice(&self) -> BTreeMap<InvoiceId, i64> {
        let mut all = BTreeMap::new();
        for ((_, invoice), share) in &self.shares {
            let sum: &mut i64 = all.entry(invoice.clone()).or_default();
            *sum = sum.saturating_add(*share);
        }
        all
    }
}

/// The order of items, the oldest first.
pub(crate) fn by_age(a: &DueItem<'_>, b: &DueItem<'_>) -> std::cmp::Ordering {
    (a.due_on, a.issued_on, a.number, &a.key).cmp(&(b.due_on, b.issued_on, b.number, &b.key))
}

/// Adds the parts of running plans to the items of their invoices, for which they stand.
pub(crate) fn stand_for<'a>(items: &mut Vec<DueItem<'a>>, planned: &Planned<'a>, zone: &TimeZone) {
    let mut left_of = planned.of_invoice();
    for item in items.iter_mut() {
        let left = item.key.invoice().and_then(|invoice| left_of.get_mut(invoice));
        let Some(left) = left else { continue };
        item.planned_minor = item.open_minor.min(*left);
        item.due_now_minor = item.owed_minor();
        *left -= item.planned_minor;
    }
    items.extend(planned.parts.iter().map(|part| of_part(part, zone)));
}

/// The item of an open part of a plan.
fn of_part<'a>(part: &OpenPart<'a>, zone: &TimeZone) -> DueItem<'a> {
    let OpenPart { agreement, plan, position, open_minor } = part;
    let due_on = plan.parts.get(*position).map_or(Date::MAX, |part| part.due_on);
    let amount_minor = plan.parts.get(*position).map_or(*open_minor, |part| part.amount_minor);
    DueItem {
        key: DueItemKey::part_of_plan(agreement.id.clone(), *position),
        invoice: None,
        number: &plan.name,
        instalment: Some((position + 1, plan.parts.len())),
        currency: plan.currency,
        legal_entity: &plan.legal_entity,
        joins: Joins::Plan(&plan.of),
        total_minor: total(plan.parts.iter().map(|part| part.amount_minor)),
        claim_minor: 0,
        amount_minor,
        // What settled a part may be credit, or an invoice that was voided: nobody is thanked for that.
        paid_minor: 0,
        issued_on: agreement.made_at.to_zoned(zone.clone()).date(),
        due_on,
        open_minor: *open_minor,
        planned_minor: 0,
        due_now_minor: *open_minor,
        url: None,
        purchase_order: None,
    }
}
