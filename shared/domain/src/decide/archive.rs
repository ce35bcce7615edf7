//! What to set aside, so that neither closed invoices nor old messages make the next decision dearer.

use std::collections::BTreeSet;

use super::Situation;
use crate::{Archiving, Coverage, InvoiceId, ItemOf, PaymentId, is_statement};

/// How many unfolded coverage records a customer may gather before the older half is folded into its invoices.
const COVERAGE_TAIL_MAX: usize = 24;

/// What to archive, to take back and to fold.
pub(super) fn archive_closed(situation: &Situation<'_>) -> Archiving {
    let facts = situation.facts;
    let waits: BTreeSet<&InvoiceId> = situation
        .receivables
        .in_flight
        .iter()
        .filter(|in_flight| in_flight.ask_at > situation.now)
        .map(|in_flight| &in_flight.invoice)
        .collect();
    let receivables = &situation.receivables;
    let mut archiving = Archiving {
        archive_payments: receivables.spent.clone(),
        archive_shared: receivables.spent_shared.clone(),
        ..Archiving::default()
    };
    let remembers = !facts.coverage.is_empty();
    let mut open: BTreeSet<ItemOf> = BTreeSet::new();
    if remembers {
        open.extend(situation.receivables.items.iter().filter(|item| item.invoice.is_none()).map(|item| item.key.of.clone()));
    }
    for fact in &facts.invoices {
        let id = &fact.invoice.id;
        let closed = situation.receivables.closed.contains(id);
        if closed && !fact.archived && !waits.contains(id) {
            archiving.archive_invoices.push((id.clone(), marks_of(situation, &ItemOf::Invoice(id.clone()), u64::MAX)));
        } else if !closed && fact.archived {
            archiving.restore_invoices.push(id.clone());
        }
        if remembers && (!closed || waits.contains(id)) {
            open.insert(ItemOf::Invoice(id.clone()));
        }
    }
    let waits_for = |fact: &&crate::PaymentFact| fact.payment.allocations.iter().any(|part| waits.contains(&part.invoice));
    let payments = facts.payments.iter().chain(&facts.shared);
    let waiting: BTreeSet<&PaymentId> = payments.filter(waits_for).map(|fact| &fact.payment.id).collect();
    archiving.archive_payments.retain(|payment| !waiting.contains(payment));
    archiving.archive_shared.retain(|payment| !waiting.contains(payment));
    let mut needed: Vec<&Coverage> =
        facts.coverage.iter().filter(|coverage| coverage.rows.iter().any(|row| open.contains(&row.item.of))).collect();
    needed.sort_by_key(|coverage| coverage.number);
    let cut = if needed.len() > COVERAGE_TAIL_MAX { needed.len() - COVERAGE_TAIL_MAX / 2 } else { 0 };
    archiving.covered_from = needed.get(cut).map_or(facts.decision + 1, |coverage| coverage.number);
    if cut > 0 {
        let folded: BTreeSet<&ItemOf> = needed
            .iter()
            .take(cut)
            .flat_map(|coverage| &coverage.rows)
            .map(|row| &row.item.of)
            .filter(|of| open.contains(of))
            .collect();
        for of in folded {
            let marks = marks_of(situation, of, archiving.covered_from);
            match of {
                ItemOf::Invoice(id) => archiving.fold_invoices.push((id.clone(), marks)),
                ItemOf::Plan(_) | ItemOf::Charge(_) => archiving.fold_others.push((of.clone(), marks)),
            }
        }
    }
    archiving
}

/// The marks of one invoice, plan or charge from decisions before `before`, folded ones included.
fn marks_of(situation: &Situation<'_>, of: &ItemOf, before: u64) -> Vec<Coverage> {
    let facts = situation.facts;
    let folded: &[Coverage] = match of {
        ItemOf::Invoice(id) => facts.invoices.iter().find(|fact| fact.invoice.id == *id).map_or(&[], |fact| &fact.folded),
        ItemOf::Plan(id) => facts.agreements.iter().find(|plan| plan.id == *id).map_or(&[], |plan| &plan.folded),
        ItemOf::Charge(id) => facts.charges.iter().find(|charge| charge.id == *id).map_or(&[], |charge| &charge.folded),
    };
    let recent = facts.coverage.iter().filter(|coverage| coverage.number < before);
    let mut marks: Vec<Coverage> = Vec::new();
    for coverage in folded.iter().chain(recent) {
        let rows: Vec<_> = coverage.rows.iter().filter(|row| row.item.of == *of).cloned().collect();
        let mark = Coverage { rows, ..coverage.clone() };
        if !mark.rows.is_empty() && !marks.contains(&mark) {
            marks.push(mark);
        }
    }
    // Of statements the last period alone says something.
    let newest = marks.iter().filter(|mark| is_statement(&mark.rows)).max_by_key(|mark| (mark.at, mark.number));
    let period = newest.and_then(|mark| mark.rows.first()).map(|row| row.occurrence.clone());
    marks.retain(|mark| !is_statement(&mark.rows) || mark.rows.first().map(|row| &row.occurrence) == period.as_ref());
    marks
}
