//! What to set aside, so that neither closed invoices nor old messages make the next decision dearer.

use std::collections::BTreeSet;

use super::Situation;
use crate::{Coverage, Filing, InvoiceId, PaymentId};

/// How many unfolded coverage records a customer may gather before the older half is folded into its invoices.
const COVERAGE_TAIL_MAX: usize = 24;

/// What to archive, to take back and to fold.
pub(super) fn file(situation: &Situation<'_>) -> Filing {
    let facts = situation.facts;
    let waits: BTreeSet<&InvoiceId> = situation
        .book
        .in_flight
        .iter()
        .filter(|in_flight| in_flight.ask_at > situation.now)
        .map(|in_flight| &in_flight.invoice)
        .collect();
    let mut filing = Filing { archive_payments: situation.book.spent.clone(), ..Filing::default() };
    let remembers = !facts.coverage.is_empty();
    let mut open = BTreeSet::new();
    for fact in &facts.invoices {
        let id = &fact.invoice.id;
        let closed = situation.book.closed.contains(id);
        if closed && !fact.archived && !waits.contains(id) {
            filing.archive_invoices.push((id.clone(), marks_of(situation, id, u64::MAX)));
        } else if !closed && fact.archived {
            filing.restore_invoices.push(id.clone());
        }
        if remembers && (!closed || waits.contains(id)) {
            open.insert(id);
        }
    }
    let waits_for = |fact: &&crate::PaymentFact| fact.payment.allocations.iter().any(|part| waits.contains(&part.invoice));
    let waiting: BTreeSet<&PaymentId> = facts.payments.iter().filter(waits_for).map(|fact| &fact.payment.id).collect();
    filing.archive_payments.retain(|payment| !waiting.contains(payment));
    let mut needed: Vec<&Coverage> =
        facts.coverage.iter().filter(|coverage| coverage.rows.iter().any(|row| open.contains(&row.item.invoice))).collect();
    needed.sort_by_key(|coverage| coverage.number);
    let cut = if needed.len() > COVERAGE_TAIL_MAX { needed.len() - COVERAGE_TAIL_MAX / 2 } else { 0 };
    filing.covered_from = needed.get(cut).map_or(facts.decision + 1, |coverage| coverage.number);
    if cut > 0 {
        let folded: BTreeSet<&InvoiceId> = needed
            .iter()
            .take(cut)
            .flat_map(|coverage| &coverage.rows)
            .map(|row| &row.item.invoice)
            .filter(|id| open.contains(id))
            .collect();
        filing.fold_invoices = folded.into_iter().map(|id| (id.clone(), marks_of(situation, id, filing.covered_from))).collect();
    }
    filing
}

/// The marks of one invoice from decisions before `before`, folded ones included.
fn marks_of(situation: &Situation<'_>, invoice: &InvoiceId, before: u64) -> Vec<Coverage> {
    let folded = situation.facts.invoices.iter().filter(|fact| fact.invoice.id == *invoice).flat_map(|fact| &fact.folded);
    let recent = situation.facts.coverage.iter().filter(|coverage| coverage.number < before);
    let mut marks: Vec<Coverage> = Vec::new();
    for coverage in folded.chain(recent) {
        let rows: Vec<_> = coverage.rows.iter().filter(|row| row.item.invoice == *invoice).cloned().collect();
        let mark = Coverage { rows, ..coverage.clone() };
        if !mark.rows.is_empty() && !marks.contains(&mark) {
            marks.push(mark);
        }
    }
    marks
}
