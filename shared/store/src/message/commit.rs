//! Stores a decision: the head, and what goes with it, in one write or transaction conditional on the head.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::{
    Coverage, Covered, CustomerId, Decision, DecisionId, Facts, InvoiceFact, InvoiceId, MessageId, Next, PaymentFact, Pending,
    PendingStatus, TaskId, TenantId,
};
use jiff::Timestamp;

use crate::{
    Error, Head, Result, Store,
    customer::head::{entry_item, move_due, pack_cases},
    message::{
        record::{self, Body, ROWS_INLINE},
        why,
    },
    table::{
        attributes::{document, every::CHASE, fact, head},
        change::{Change, is, put, put_new, some_item},
        db::{Row, Transacted, Wrote, millis, n, number, s, to_json},
        keys,
    },
    tasks,
};

/// Tasks that go into the decision's own transaction; more are raised just before it.
const TASKS_IN_TRANSACTION: usize = 40;
/// Rows that a decision's own record holds itself.
const MARK_ROWS_INLINE: usize = 200;

/// What a stored decision came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The decision's number; that of the one before when there was nothing to record.
    pub number: u64,
    /// The messages that are pending from now on.
    pub messages: Vec<MessageId>,
    /// The tasks that it raised or had raised before.
    pub tasks: Vec<TaskId>,
}

impl Store {
    /// Stores `decision`, made from `facts` of `head`. With messages only it is one update of one item; the due moment then
    /// stays where it is until they are settled. A decision that changes nothing at all leaves only its moment and reason.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when a fact, another decision or a result came between: read and decide again.
    pub async fn commit(
        &self,
        tenant: &TenantId,
        head: &Head,
        facts: &Facts,
        decision: &Decision,
        now: Timestamp,
    ) -> Result<Committed> {
        const OP: &str = "commit a decision on";
        let customer = &head.customer;
        self.file(tenant, customer, facts, decision).await?;
        let quiet = decision.messages.is_empty()
            && decision.marks.is_empty()
            && decision.tasks.is_empty()
            && decision.cases == head.cases
            && decision.filing.is_empty();
        let stays = !head.pending.is_empty() || same_due(head, decision.next);
        let number = if quiet && stays { head.decision } else { head.decision + 1 };

        let (mut messages, mut entries) = (Vec::new(), Vec::new());
        let rows_of: Vec<_> = decision.messages.iter().map(|planned| (planned.currency, inline(&planned.rows))).collect();
        let (whys, told) = why::of_messages(head.version, &decision.trace, &rows_of);
        for (planned, why) in decision.messages.iter().zip(whys) {
            let id = keys::message(tenant, customer, number, planned.position);
            let chunks = record::chunks(tenant, customer, id.as_str(), &planned.rows);
            let count = u32::try_from(chunks.len()).expect("bounded by the invoices of a customer");
            self.put_chunks(OP, chunks).await?;
            let message = Pending {
                id: id.clone(),
                number,
                position: planned.position,
                status: PendingStatus::Queued,
                decided_at: now,
                mode: planned.mode,
                currency: planned.currency,
                channel: planned.channel,
                contact: planned.contact.clone(),
                template: planned.template.clone(),
                template_version: planned.template_version,
                pay_by: planned.pay_by,
                rows: planned.rows.clone(),
            };
            entries.push((id.clone(), entry_item(&message, count, why)));
            messages.push(id);
        }
        let tasks: Vec<TaskId> = decision.tasks.iter().map(|task| tasks::task_id(tenant, Some(customer), task)).collect();
        let in_transaction = decision.tasks.len().min(TASKS_IN_TRANSACTION);
        for task in decision.tasks.iter().skip(in_transaction) {
            self.raise(tenant, Some(customer), task, now).await?;
        }

        let records = !decision.marks.is_empty() || !told || (decision.messages.is_empty() && !(quiet && stays));
        let mut change = Change::of(keys::head(tenant, customer))
            .when(is(head::VERSION, n(head.version)))
            .when(is(head::DECISION, n(head.decision)))
            .when(is(head::TIP, s(head.tip.clone())))
            .put(head::DECIDED_AT, n(millis(now)))
            .put(head::BECAUSE, s(because(decision)));
        if number != head.decision {
            let kept = facts.invoices.iter().filter(|fact| !fact.archived).count() + decision.filing.restore_invoices.len();
            change = change
                .put(head::DECISION, n(number))
                .put(head::CASES, s(pack_cases(&decision.cases)))
                .put(head::COVERED_FROM, n(decision.filing.covered_from.max(head.covered_from)))
                .put(head::OPEN_INVOICES, n(kept.saturating_sub(decision.filing.archive_invoices.len())));
        }
        for (id, entry) in &entries {
            let value = serde_dynamo::to_attribute_value(entry).expect("an entry is plain");
            change = change.put([head::PENDING, id.as_str()], value);
        }
        if head.failures > 0 || head.backoff_until.is_some() {
            change = change.drop(head::FAILURES).drop(head::BACKOFF_UNTIL);
        }
        let settled = Head { backoff_until: None, ..head.clone() };
        if entries.is_empty() {
            if !stays {
                change = move_due(change, tenant, &settled, decision.next);
            }
        } else if !matches!(head.due, Next::At(at) if at <= now) {
            // Pending messages are found again by being due.
            change = move_due(change, tenant, &settled, Next::At(now));
        }
        if !records && decision.tasks.is_empty() {
            return match self.write(OP, change, false).await? {
                Wrote::Done(_) => Ok(Committed { number, messages, tasks }),
                Wrote::Not(found) => Self::own(found, number, now, customer).map(|()| Committed { number, messages, tasks }),
            };
        }
        let mut actions = Vec::new();
        if records {
            let body = self.record_marks(tenant, head, facts, decision, number, now).await?;
            let text = to_json(&body);
            change = change.put(head::TIP, s(record::hash(&text)));
            let key = if decision.marks.is_empty() {
                keys::decision(tenant, customer, number)
            } else {
                keys::record(tenant, customer, number, keys::MARKS)
            };
            actions.push(put(self, &key, record::row(&text, &body, None, None, "")));
        }
        actions.insert(0, change.update(self));
        actions.extend(self.task_actions(tenant, customer, &decision.tasks[..in_transaction], now).await?);
        match self.transact(OP, customer.as_str(), actions).await? {
            Transacted::Done => Ok(Committed { number, messages, tasks }),
            Transacted::Not(failed) if failed.contains(&0) => {
                let found = self.read(OP, &keys::head(tenant, customer), true).await?;
                Self::own(found, number, now, customer).map(|()| Committed { number, messages, tasks })
            }
            // A task was raised meanwhile; the next try finds it.
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: customer.to_string() }),
        }
    }

    /// Whether the head that refused the write holds this very decision, written by a try whose answer was lost.
    fn own(found: Option<Row>, number_now: u64, now: Timestamp, customer: &CustomerId) -> Result<()> {
        let own = found.is_some_and(|row| {
            number::<u64>(&row, head::DECISION) == Some(number_now) && number::<i64>(&row, head::DECIDED_AT) == Some(millis(now))
        });
        if own { Ok(()) } else { Err(Error::Conflict { operation: "commit a decision on", id: customer.to_string() }) }
    }

    async fn record_marks(
        &self,
        tenant: &TenantId,
        head: &Head,
        facts: &Facts,
        decision: &Decision,
        number: u64,
        now: Timestamp,
    ) -> Result<Body> {
        let owner = DecisionId::derive(&[tenant.as_str(), head.customer.as_str(), &number.to_string()]);
        let (mut inline, mut chunks) = (0, 0);
        let mut marks: Vec<Coverage> = Vec::new();
        for (at, mark) in decision.marks.iter().enumerate() {
            let mut mark = Coverage { number, ..mark.clone() };
            inline += mark.rows.len();
            if mark.rows.len() > ROWS_INLINE && inline > MARK_ROWS_INLINE {
                inline -= mark.rows.len();
                let written = record::chunks(tenant, &head.customer, &format!("{owner}.{at}"), &mark.rows);
                chunks += u32::try_from(written.len()).expect("bounded by the invoices of a customer");
                self.put_chunks("commit a decision on", written).await?;
                mark.rows.clear();
            }
            marks.push(mark);
        }
        let covered: Vec<_> = decision.marks.iter().flat_map(|mark| mark.rows.iter().cloned()).collect();
        Ok(Body {
            previous: head.tip.clone(),
            number,
            at: now,
            status: if marks.is_empty() { "decided" } else { "marks" }.to_owned(),
            message: None,
            marks,
            chunks,
            head_version: head.version,
            fact_versions: crate::fact_versions(facts, &covered),
            workflows: decision.cases.values().map(|case| format!("{}@{}", case.workflow, case.version)).collect(),
            trace: serde_json::to_value(&decision.trace).expect("a trace is plain"),
            decided: None,
        })
    }

    /// Puts aside and takes back, before the head says so: doing it twice changes nothing, and an invoice that changed
    /// meanwhile is left alone.
    async fn file(&self, tenant: &TenantId, customer: &CustomerId, facts: &Facts, decision: &Decision) -> Result<()> {
        const OP: &str = "file facts of";
        let filing = &decision.filing;
        if filing.is_empty() {
            return Ok(());
        }
        let by_id: BTreeMap<&InvoiceId, &InvoiceFact> = facts.invoices.iter().map(|fact| (&fact.invoice.id, fact)).collect();
        let missing = |id: &str| Error::Refused { operation: OP, id: id.to_owned(), why: "it is not among the facts".into() };
        let as_seen = |fact: &InvoiceFact| {
            Change::of(keys::invoice(tenant, customer, &fact.invoice.id))
                .when(is(document::VERSION, s(fact.invoice.source_version.sortable())))
        };
        let folded = |fact: &InvoiceFact, marks: &[Coverage]| {
            let mut all = fact.folded.clone();
            all.extend(marks.iter().filter(|mark| !fact.folded.contains(mark)).cloned());
            s(to_json(&all))
        };
        let mut changes = Vec::new();
        let mut archived = BTreeSet::new();
        for (id, marks) in &filing.archive_invoices {
            let fact = by_id.get(id).ok_or_else(|| missing(id.as_str()))?;
            let of_it = |payment: &&PaymentFact| payment.payment.allocations.iter().any(|part| part.invoice == *id);
            let payments = facts.payments.iter().filter(of_it).map(|fact| keys::payment(tenant, customer, &fact.payment.id).sk);
            let change = as_seen(fact).drop(CHASE).put(fact::ARCHIVED, n(1)).put(fact::FOLDED, folded(fact, marks));
            changes.push(filed_with(change, payments.collect()));
            archived.insert(id);
        }
        for (id, marks) in &filing.fold_invoices {
            let fact = by_id.get(id).ok_or_else(|| missing(id.as_str()))?;
            changes.push(as_seen(fact).put(fact::FOLDED, folded(fact, marks)));
        }
        for id in &filing.restore_invoices {
            let fact = by_id.get(id).ok_or_else(|| missing(id.as_str()))?;
            changes.push(as_seen(fact).put(CHASE, s(format!("I#{id}"))).drop(fact::ARCHIVED));
        }
        for id in &filing.archive_payments {
            let fact = facts.payments.iter().find(|fact| fact.payment.id == *id).ok_or_else(|| missing(id.as_str()))?;
            let key = keys::payment(tenant, customer, id);
            // The invoices that were archived before learn of it first: they are never without a payment that is not chased.
            for part in fact.payment.allocations.iter().filter(|part| !archived.contains(&part.invoice)) {
                let change = Change::of(keys::invoice(tenant, customer, &part.invoice)).when(some_item());
                changes.push(filed_with(change, vec![key.sk.clone()]));
            }
            let mut reversals = Vec::new();
            let mut after = Vec::new();
            for reversal in facts.reversals.iter().filter(|reversal| reversal.payment == *id) {
                let key = keys::reversal(tenant, customer, id, &reversal.external_id);
                reversals.push(key.sk.clone());
                let version = s(reversal.source_version.sortable());
                after.push(Change::of(key).when(is(document::VERSION, version)).drop(CHASE));
            }
            let change = Change::of(key).when(is(document::VERSION, s(fact.payment.source_version.sortable())));
            changes.push(filed_with(change.drop(CHASE), reversals));
            changes.extend(after);
        }
        for change in changes {
            if let Wrote::Not(_) = self.write(OP, change, false).await? {
                return Err(Error::Conflict { operation: OP, id: customer.to_string() });
            }
        }
        Ok(())
    }

    async fn task_actions(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        tasks: &[domain::NewTask],
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>> {
        let mut by_key = BTreeMap::new();
        for task in tasks {
            let (key, row) = tasks::task_row(tenant, Some(customer), task, now);
            by_key.entry(key).or_insert(row);
        }
        let wanted: Vec<_> = by_key.keys().cloned().collect();
        let known = self.read_many("raise tasks for", &wanted, true).await?;
        Ok(by_key.into_iter().filter(|(key, _)| !known.contains_key(key)).map(|(key, row)| put_new(self, &key, row)).collect())
    }
}

/// The rows that the head keeps itself.
fn inline(rows: &[Covered]) -> &[Covered] {
    if rows.len() <= ROWS_INLINE { rows } else { &[] }
}

/// Notes what an item was filed with, so that whoever finds it again finds that too.
fn filed_with(change: Change, names: Vec<String>) -> Change {
    if names.is_empty() {
        return change;
    }
    change.add(fact::FILED_WITH, AttributeValue::Ss(names))
}

fn same_due(head: &Head, next: Next) -> bool {
    match (head.due, next) {
        (Next::At(a), Next::At(b)) => a.as_second() == b.as_second(),
        (Next::Parked, Next::Parked) | (Next::Nothing, Next::Nothing) => true,
        (Next::At(_) | Next::Parked | Next::Nothing, _) => false,
    }
}

fn because(decision: &Decision) -> String {
    let words: Vec<String> =
        decision.trace.iter().map(|trace| format!("{}:{}", trace.currency.code(), trace.because.as_str())).collect();
    words.join(" ").chars().take(80).collect()
}
