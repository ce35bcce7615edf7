//! What storing a decision writes, worked out from values alone: `commit` only carries it out.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Coverage, Covered, CustomerId, Decision, DecisionId, EffectId, Facts, MessageId, Next, Pending, TaskId, TenantId,
    own_message::is_own_message,
};
use jiff::Timestamp;

use crate::{
    Head, Result,
    customer::{
        agreements::{referred, written},
        archiving,
        head::{entry_item, move_due, pack_cases, pack_owed, pack_owed_days, pack_stated},
    },
    history::pack_inputs,
    message::{
        record::{self, Body, ROWS_INLINE, RecordStatus},
        why,
    },
    table::{
        attributes::{head, task},
        change::{Change, is},
        db::{Row, millis, n, s, to_json},
        keys::{self, Key},
    },
    tasks::{TaskStake, task_id, task_row, withdraw, work_row},
};

/// Tasks that go into the decision's own transaction; more are raised just before it.
const TASKS_IN_TRANSACTION: usize = 40;
/// Rows that a decision's own record holds itself.
const MARK_ROWS_INLINE: usize = 200;
/// Characters of what the head says of its last decision.
const BECAUSE_MAX: usize = 80;

/// The writes of a decision.
#[derive(Debug)]
pub(crate) struct CommitPlan {
    /// The decision's number; that of the one before when there is nothing to record.
    pub(crate) number: u64,
    /// The messages that are pending from now on.
    pub(crate) messages: Vec<MessageId>,
    /// The tasks that it raises, or had raised before.
    pub(crate) tasks: Vec<TaskId>,
    /// Written first, one by one. Until the head is written nothing refers to it, and doing it again changes nothing.
    pub(crate) first: First,
    /// The head, conditional on the version, decision and record that the decision was made from.
    pub(crate) head: Change,
    /// The decision's own record, written with the head. Messages have records of their own when they are settled.
    pub(crate) record: Option<(Key, Row)>,
    /// Tasks that are raised with the head where they are not known yet, by key.
    pub(crate) tasks_within: Vec<(Key, Row)>,
    /// Agreements that changed and charges that are new, written with the head.
    pub(crate) agreed: Vec<Change>,
    /// What is to be known of those tasks from now on.
    pub(crate) work: Vec<(Key, Row)>,
    /// Tasks that are taken back.
    pub(crate) withdrawn: Vec<Change>,
    /// Work that is over and orders that are used up: they are removed with the head.
    pub(crate) removed: Vec<Key>,
}

/// What is written before the head.
#[derive(Debug)]
pub(crate) struct First {
    /// Facts that are put aside, and those that are taken back.
    pub(crate) archiving: Vec<Change>,
    /// Rows that are too many for the items that they belong to.
    pub(crate) chunks: Vec<(Key, Row)>,
    /// Tasks that are too many for the transaction, and after them what is to be known of each: where there is none yet.
    pub(crate) tasks: Vec<(Key, Row)>,
}

impl CommitPlan {
    /// Whether the head is all that is left to write: one write instead of a transaction.
    pub(crate) fn is_one_write(&self) -> bool {
        self.record.is_none()
            && self.tasks_within.is_empty()
            && self.agreed.is_empty()
            && self.work.is_empty()
            && self.withdrawn.is_empty()
            && self.removed.is_empty()
    }
}

/// What storing `decision` writes, which was made from `facts` of `head` at `now`.
///
/// # Errors
///
/// [`crate::Error::Refused`] when the decision files what is not among the facts.
pub(crate) fn plan_commit(
    tenant: &TenantId,
    head: &Head,
    facts: &Facts,
    decision: &Decision,
    now: Timestamp,
) -> Result<CommitPlan> {
    let customer = &head.customer;
    let agreed = agreed(tenant, customer, facts, decision, now);
    let changes_nothing = decision.messages.is_empty()
        && decision.marks.is_empty()
        && decision.tasks.is_empty()
        && agreed.is_empty()
        && decision.withdrawn.is_empty()
        && decision.used_orders.is_empty()
        && decision.cases == head.cases
        && decision.archiving.is_empty();
    // While something is pending the due moment stays, so that it is found again.
    let due_stays = !head.pending.is_empty() || same_due(head, decision.next);
    let number = if changes_nothing && due_stays { head.decision } else { head.decision + 1 };

    let mut first =
        First { archiving: archiving::changes(tenant, customer, facts, &decision.archiving)?, chunks: vec![], tasks: vec![] };
    let (entries, told) = entries(tenant, head, decision, number, now, &mut first.chunks);
    let needs_record = !decision.marks.is_empty()
        || !decision.used_orders.is_empty()
        || !told
        || (decision.messages.is_empty() && !(changes_nothing && due_stays));

    let mut change = Change::of(keys::head(tenant, customer))
        .when(is(head::VERSION, n(head.version)))
        .when(is(head::DECISION, n(head.decision)))
        .when(is(head::TIP, s(head.tip.clone())))
        .put(head::DECIDED_AT, n(millis(now)));
    // What a person writes says nothing of the cases: what the last decision said of them stands.
    let is_own = decision.messages.iter().any(|planned| is_own_message(&planned.template));
    if !(decision.trace.is_empty() && is_own) {
        change = change.put(head::BECAUSE, s(because(decision)));
    }
    if decision.owed != head.owed {
        change = change.put(head::OWED, s(pack_owed(&decision.owed))).put(head::OWED_DAYS, s(pack_owed_days(&decision.owed)));
    }
    if number != head.decision {
        let kept = facts.invoices.iter().filter(|fact| !fact.archived).count() + decision.archiving.restore_invoices.len();
        change = change
            .put(head::DECISION, n(number))
            .put(head::CASES, s(pack_cases(&decision.cases)))
            .put(head::COVERED_FROM, n(decision.archiving.covered_from.max(head.covered_from)))
            .put(head::OPEN_INVOICES, n(kept.saturating_sub(decision.archiving.archive_invoices.len())));
    }
    let stated = pack_stated(&decision.cases);
    if stated != pack_stated(&head.cases) {
        change = change.put(head::STATED, s(stated));
    }
    for (id, entry) in &entries {
        change = change.put([head::PENDING, id.as_str()], entry.clone());
    }
    if head.failures > 0 || head.backoff_until.is_some() {
        change = change.drop(head::FAILURES).drop(head::BACKOFF_UNTIL);
    }
    let advanced = Head { backoff_until: None, ..head.clone() };
    if entries.is_empty() {
        if !due_stays {
            change = move_due(change, tenant, &advanced, decision.next);
        }
    } else if is_own || !matches!(head.due, Next::At(at) if at <= now) {
        // Pending messages are found again by being due. Who waits behind a full cap is not looked at before there is room, and what a person
        // writes needs none: it is due just now.
        change = move_due(change, tenant, &advanced, Next::At(now));
    }
    let record = needs_record.then(|| {
        let body = own_record(tenant, head, facts, decision, number, now, &mut first.chunks);
        let text = to_json(&body);
        let key = if decision.marks.is_empty() {
            keys::decision(tenant, customer, number)
        } else {
            keys::record(tenant, customer, number, keys::MARKS)
        };
        ((key, record::row(&text, body.status, None, None, "")), record::hash(&text))
    });
    if let Some((_, hash)) = &record {
        change = change.put(head::TIP, s(hash));
    }
    let raised = decision.tasks.iter().enumerate().map(|(at, task)| {
        let (key, mut row) = task_row(tenant, Some(customer), task, now);
        let effect = EffectId::of_decision(tenant, customer, number, decision.messages.len() + at);
        row.insert(task::EFFECT.to_owned(), s(effect.as_str()));
        let known = facts.agreements.iter().filter(|known| decision.agreements.iter().all(|changed| changed.id != known.id));
        let stake = TaskStake::of(task.currency, &decision.owed, known.chain(&decision.agreements));
        row.insert(task::STAKE.to_owned(), s(to_json(&stake)));
        (key, row)
    });
    let mut by_key = BTreeMap::new();
    for (key, row) in raised {
        if by_key.len() < TASKS_IN_TRANSACTION || by_key.contains_key(&key) {
            by_key.entry(key).or_insert(row);
        } else {
            first.tasks.push((key, row));
        }
    }
    let mut work = Vec::new();
    for open in &decision.work {
        let within = by_key.contains_key(&keys::task(tenant, &open.task));
        if within { &mut work } else { &mut first.tasks }.push(work_row(tenant, customer, open, now));
    }
    let open = decision.withdrawn.iter().filter(|withdrawal| !withdrawal.done);
    let over = decision.withdrawn.iter().map(|withdrawal| keys::open_work(tenant, customer, &withdrawal.task));
    let used = decision.used_orders.iter().map(|order| keys::order(tenant, customer, order));
    Ok(CommitPlan {
        number,
        messages: entries.into_iter().map(|(id, _)| id).collect(),
        tasks: decision.tasks.iter().map(|task| task_id(tenant, Some(customer), task)).collect(),
        first,
        head: change,
        record: record.map(|(record, _)| record),
        tasks_within: by_key.into_iter().collect(),
        agreed,
        work,
        withdrawn: open.map(|withdrawal| withdraw(tenant, withdrawal, now)).collect(),
        removed: over.chain(used).collect(),
    })
}

/// The agreements that a decision found changed, and the charges that it proposes.
fn agreed(tenant: &TenantId, customer: &CustomerId, facts: &Facts, decision: &Decision, now: Timestamp) -> Vec<Change> {
    let agreements = decision.folded_agreements(facts);
    let charges = decision.folded_charges(facts);
    let mut changes: Vec<Change> =
        agreements.iter().map(|agreement| written(keys::agreement(tenant, customer, &agreement.id), agreement, now)).collect();
    for charge in &charges {
        changes.push(written(keys::charge(tenant, customer, &charge.id), charge, now));
        if !facts.charges.iter().any(|known| known.id == charge.id) {
            changes.push(referred(tenant, charge.id.as_str(), customer));
        }
    }
    changes
}

type Entry = (MessageId, AttributeValue);

/// The messages as the head keeps them, and whether all of them have room to say why they were decided.
fn entries(
    tenant: &TenantId,
    head: &Head,
    decision: &Decision,
    number: u64,
    now: Timestamp,
    chunks: &mut Vec<(Key, Row)>,
) -> (Vec<Entry>, bool) {
    let customer = &head.customer;
    let rows_of: Vec<_> = decision.messages.iter().map(|planned| (planned, inline(&planned.rows))).collect();
    let inputs = decision.inputs.as_ref().map(pack_inputs).unwrap_or_default();
    let (whys, told) = why::of_messages(head.version, &inputs, &decision.trace, &decision.cases, &rows_of);
    let entry = |(planned, why): (&domain::Planned, String)| {
        let id = keys::message(tenant, customer, number, planned.position);
        let own = record::chunks(tenant, customer, id.as_str(), &planned.rows);
        let count = u32::try_from(own.len()).expect("bounded by the invoices of a customer");
        chunks.extend(own);
        let message = Pending::of(planned, id.clone(), number, now);
        let mut item = entry_item(&message, count, why);
        item.retry_at = domain::own_message::held_until(&planned.template, now).map(millis);
        (id, serde_dynamo::to_attribute_value(item).expect("an entry is plain"))
    };
    (decision.messages.iter().zip(whys).map(entry).collect(), told)
}

/// The body of the decision's own record; rows that are too many for it become chunks.
fn own_record(
    tenant: &TenantId,
    head: &Head,
    facts: &Facts,
    decision: &Decision,
    number: u64,
    now: Timestamp,
    chunks: &mut Vec<(Key, Row)>,
) -> Body {
    let owner = DecisionId::derive(&[tenant.as_str(), head.customer.as_str(), &number.to_string()]);
    let (mut inline, mut count) = (0, 0);
    let mut marks: Vec<Coverage> = Vec::new();
    for (at, mark) in decision.marks.iter().enumerate() {
        let mut mark = Coverage { number, ..mark.clone() };
        inline += mark.rows.len();
        if mark.rows.len() > ROWS_INLINE && inline > MARK_ROWS_INLINE {
            inline -= mark.rows.len();
            let own = record::chunks(tenant, &head.customer, &format!("{owner}.{at}"), &mark.rows);
            count += u32::try_from(own.len()).expect("bounded by the invoices of a customer");
            chunks.extend(own);
            mark.rows.clear();
        }
        marks.push(mark);
    }
    let covered: Vec<_> = decision.marks.iter().flat_map(|mark| mark.rows.iter().cloned()).collect();
    Body {
        previous: head.tip.clone(),
        number,
        at: now,
        status: if marks.is_empty() { RecordStatus::Decided } else { RecordStatus::Marks },
        message: None,
        marks,
        chunks: count,
        head_version: head.version,
        fact_versions: crate::fact_versions(facts, &covered),
        workflows: decision.cases.values().map(|case| format!("{}@{}", case.workflow, case.version)).collect(),
        trace: serde_json::to_value(&decision.trace).expect("a trace is plain"),
        decided: None,
        inputs: decision.inputs.as_ref().map(pack_inputs).unwrap_or_default(),
    }
}

/// The rows that the head keeps itself.
fn inline(rows: &[Covered]) -> &[Covered] {
    if rows.len() <= ROWS_INLINE { rows } else { &[] }
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
        decision.trace.iter().map(|trace| format!("{}:{}", trace.balance(), trace.because.as_str())).collect();
    words.join(" ").chars().take(BECAUSE_MAX).collect()
}

#[cfg(test)]
mod tests;
