//! One customer that is due.

use domain::{CustomerId, Decision, NewTask, Next, PendingStatus, TaskKind, decide, decide::UNKNOWN_HOURS_MAX, inputs};
use jiff::{Timestamp, ToSpan};
use store::{Entry, Error, Head, Read, Store, TenantRow};

use crate::{
    earliest,
    meter::{Meter, Room},
};

/// How long a queued message may be on its way before it is dispatched again under its own id.
const GRACE_MINUTES: i64 = 10;
/// How often a decision that others overtake is made anew.
const TRIES: usize = 3;
/// Failures after which a person is told.
const FAILURES_TOLD: u32 = 3;

/// What was done about one customer.
#[derive(Debug)]
pub(crate) enum Did {
    /// Nothing was there to do.
    Nothing,
    /// It was decided.
    Decided { messages: u32, next: Option<Timestamp> },
    /// What it waits for is under way, until then at most.
    Passed(Option<Timestamp>),
    /// It failed, and backs off.
    Failed,
    /// The tenant's cap leaves no room before then.
    NoRoom(Timestamp),
    /// The tenant's breaker has tripped.
    Tripped,
}

/// Advances one customer. What goes wrong with it is logged and backs off, and holds nobody else up.
pub(crate) async fn advance(store: &Store, row: &TenantRow, customer: &CustomerId, now: Timestamp, meter: &Meter<'_>) -> Did {
    match attempt(store, row, customer, now, meter).await {
        Ok(did) => did,
        Err(error @ (Error::Conflict { .. } | Error::Throttled { .. } | Error::Unknown { .. })) => {
            let error = kit::causes(&error);
            tracing::warn!(tenant.id = %row.tenant, customer.id = %customer, error, "the customer is left for the next sweep");
            Did::Failed
        }
        Err(error) => {
            let causes = kit::causes(&error);
            tracing::error!(tenant.id = %row.tenant, customer.id = %customer, error = causes, "the customer keeps failing");
            if let Err(error) = back_off(store, row, customer, now, &error).await {
                let error = kit::causes(&error);
                tracing::error!(tenant.id = %row.tenant, customer.id = %customer, error, "backing off failed");
            }
            Did::Failed
        }
    }
}

async fn attempt(store: &Store, row: &TenantRow, customer: &CustomerId, now: Timestamp, meter: &Meter<'_>) -> Result<Did, Error> {
    for last in [false, false, true].into_iter().take(TRIES) {
        let Some(head) = store.head(&row.tenant, customer).await? else { return Ok(Did::Nothing) };
        if let Some(until) = head.backoff_until.filter(|until| *until > now) {
            return Ok(Did::Passed(Some(until)));
        }
        if row.replan.is_none() && !matches!(head.due, Next::At(at) if at <= now) {
            return Ok(Did::Nothing);
        }
        if !head.pending.is_empty() {
            return tend(store, row, &head, now).await;
        }
        let facts = store.facts(&row.tenant, &head).await?;
        let policy = store.policy(&row.tenant, &head.cases, Read::Cached(row.rev)).await?;
        let inputs = Some(inputs(&facts, &policy, now));
        let decision = Decision { inputs, ..decide(&facts, &policy, now) };
        let messages = u32::try_from(decision.messages.len()).unwrap_or(u32::MAX);
        if messages > 0 {
            match meter.take(messages).await? {
                Room::Yes => {}
                Room::CapReached(until) => return Ok(Did::NoRoom(until)),
                Room::Tripped => return Ok(Did::Tripped),
            }
        }
        match store.commit(&row.tenant, &head, &facts, &decision, now).await {
            Ok(_) => {
                log(row, customer, &decision);
                return Ok(Did::Decided { messages, next: when(&decision, now) });
            }
            Err(Error::Conflict { .. }) if !last => meter.put_back(messages).await,
            Err(error) => {
                meter.put_back(messages).await;
                return Err(error);
            }
        }
    }
    Ok(Did::Nothing)
}

/// Looks after what is pending: what was lost on the way is dispatched again, what nobody answers for becomes unknown, and
/// what stays unknown becomes a person's.
async fn tend(store: &Store, row: &TenantRow, head: &Head, now: Timestamp) -> Result<Did, Error> {
    let mut until = None;
    for (id, entry) in &head.pending {
        let at = looked_at(entry);
        if at > now {
            until = earliest(until, Some(at));
            continue;
        }
        match entry.message.status {
            PendingStatus::Queued | PendingStatus::Retrying => {
                tracing::info!(tenant.id = %row.tenant, message.id = %id, "dispatched again");
                store.touch(&row.tenant, head, id, now).await?;
                until = earliest(until, now.checked_add(GRACE_MINUTES.minutes()).ok());
            }
            PendingStatus::Calling => {
                tracing::warn!(tenant.id = %row.tenant, message.id = %id, "a sender did not come back; the message is in doubt");
                let recheck_at =
                    entry.message.decided_at.checked_add(UNKNOWN_HOURS_MAX.hours()).unwrap_or(Timestamp::MAX).max(now);
                store.mark_unknown(&row.tenant, head, id, recheck_at, now).await?;
                until = earliest(until, Some(recheck_at));
            }
            PendingStatus::Unknown => {
                store.give_up(&row.tenant, &head.customer, id, now).await?;
                until = Some(now);
            }
        }
    }
    Ok(Did::Passed(until))
}

/// When a pending message is next to be looked at.
fn looked_at(entry: &Entry) -> Timestamp {
    let grace = entry.dispatched_at.checked_add(GRACE_MINUTES.minutes()).unwrap_or(Timestamp::MAX);
    match entry.message.status {
        PendingStatus::Queued | PendingStatus::Retrying => entry.retry_at.unwrap_or(grace),
        PendingStatus::Calling => entry.attempt.as_ref().map_or(grace, |attempt| attempt.lease_until),
        PendingStatus::Unknown => entry.message.decided_at.checked_add(UNKNOWN_HOURS_MAX.hours()).unwrap_or(Timestamp::MAX),
    }
}

async fn back_off(store: &Store, row: &TenantRow, customer: &CustomerId, now: Timestamp, error: &Error) -> Result<(), Error> {
    let failures = store.head(&row.tenant, customer).await.ok().flatten().map_or(0, |head| head.failures) + 1;
    // Doubles from two minutes, at most a day.
    let minutes = (1_i64 << failures.min(11)).min(1_440);
    let until = now.checked_add(minutes.minutes()).unwrap_or(Timestamp::MAX);
    if failures >= FAILURES_TOLD {
        let task = NewTask {
            kind: TaskKind::Failing,
            key: format!("{customer}/{}", now.to_zoned(jiff::tz::TimeZone::UTC).date()),
            title: "A customer cannot be decided".to_owned(),
            detail: format!("deciding keeps failing ({error}); it is tried again at {until}; other customers are not held up"),
            to: None,
            due_on: None,
            step: None,
            currency: None,
        };
        store.raise(&row.tenant, Some(customer), &task, now).await?;
    }
    store.back_off(&row.tenant, customer, until, failures).await
}

/// When the customer could have something to do by itself again.
fn when(decision: &Decision, now: Timestamp) -> Option<Timestamp> {
    if !decision.messages.is_empty() {
        return now.checked_add(GRACE_MINUTES.minutes()).ok();
    }
    match decision.next {
        Next::At(at) => Some(at),
        Next::Parked | Next::Nothing => None,
    }
}

fn log(row: &TenantRow, customer: &CustomerId, decision: &Decision) {
    for trace in &decision.trace {
        tracing::info!(
            tenant.id = %row.tenant,
            customer.id = %customer,
            currency = %trace.currency,
            because = trace.because.as_str(),
            step = trace.step.as_deref().unwrap_or_default(),
            "decided"
        );
    }
}
