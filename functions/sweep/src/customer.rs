//! One customer that is due.

use domain::{
    Because, CustomerId, Decision, Facts, NewTask, Next, PendingStatus, TaskKind, decide, decide::UNKNOWN_HOURS_MAX, inputs,
};
use jiff::{Timestamp, ToSpan};
use store::{Entry, Error, Head, Read, Store, TenantRow};

use crate::{
    earliest::earliest,
    meter::{Meter, Room},
};

/// How long a queued message may be on its way before it is dispatched again under its own id.
const GRACE_MINUTES: i64 = 10;
/// How often a decision that others overtake is made anew.
const TRIES: usize = 3;
/// Failures after which a person is told.
const FAILURES_TOLD: u32 = 3;
/// What a head that does not read counts as: it is looked at again within about an hour.
const FAILURES_UNREADABLE: u32 = 6;

/// What was done about one customer.
#[derive(Debug)]
pub(crate) enum SweepOutcome {
    /// Nothing was there to do.
    Nothing,
    /// It was decided. `stopped`: a step is due, and a rule about the tenant as a whole keeps its message back.
    Decided { messages: u32, stopped: bool, next: Option<Timestamp> },
    /// What it waits for is under way, until then at most.
    Passed(Option<Timestamp>),
    /// It failed, and backs off.
    Failed,
    /// The tenant's cap leaves no room before then.
    NoRoom(Timestamp),
    /// The tenant's breaker has tripped.
    Tripped,
}

/// What was read of a due customer together with others.
pub(crate) struct Seen {
    customer: CustomerId,
    head: Option<Result<Head, Error>>,
    /// Absent where nothing is to be decided.
    facts: Option<Result<Facts, Error>>,
}

/// What a head says that is to be done.
enum Due {
    Nothing,
    BackedOff(Timestamp),
    FollowUp,
    Decide,
}

impl Due {
    fn of(row: &TenantRow, head: &Head, now: Timestamp) -> Self {
        if let Some(until) = head.backoff_until.filter(|until| *until > now) {
            return Self::BackedOff(until);
        }
        if row.replan.is_none() && !matches!(head.due, Next::At(at) if at <= now) {
            return Self::Nothing;
        }
        if head.pending.is_empty() { Self::Decide } else { Self::FollowUp }
    }
}

/// Reads the heads of a few customers in one batch, then the facts of those that are to be decided.
///
/// # Errors
///
/// Those of the batches; what is wrong with one customer's items is in its own part.
pub(crate) async fn see(store: &Store, row: &TenantRow, customers: &[CustomerId], now: Timestamp) -> Result<Vec<Seen>, Error> {
    let mut heads = store.heads(&row.tenant, customers).await?;
    let mut seen: Vec<Seen> =
        customers.iter().map(|customer| Seen { customer: customer.clone(), head: heads.remove(customer), facts: None }).collect();
    let is_decided = |seen: &&mut Seen| match &seen.head {
        Some(Ok(head)) => matches!(Due::of(row, head, now), Due::Decide),
        Some(Err(_)) | None => false,
    };
    let mut decided: Vec<&mut Seen> = seen.iter_mut().filter(is_decided).collect();
    let heads: Vec<&Head> = decided.iter().filter_map(|seen| seen.head.as_ref()?.as_ref().ok()).collect();
    let facts = store.facts_of(&row.tenant, &heads).await?;
    for (seen, facts) in decided.iter_mut().zip(facts) {
        seen.facts = Some(facts);
    }
    Ok(seen)
}

/// Advances one customer. What goes wrong with it is logged and backs off, and holds nobody else up.
pub(crate) async fn process_customer(
    store: &Store,
    row: &TenantRow,
    seen: Seen,
    now: Timestamp,
    meter: &Meter<'_>,
) -> SweepOutcome {
    let customer = seen.customer.clone();
    let customer = &customer;
    match decide_and_commit(store, row, seen, now, meter).await {
        Ok(did) => did,
        Err(error @ (Error::Conflict { .. } | Error::Throttled { .. } | Error::Unknown { .. })) => {
            let error = kit::causes(&error);
            tracing::warn!(tenant.id = %row.tenant, customer.id = %customer, error, "the customer is left for the next sweep");
            SweepOutcome::Failed
        }
        Err(error) => {
            let causes = kit::causes(&error);
            tracing::error!(tenant.id = %row.tenant, customer.id = %customer, error = causes, "the customer keeps failing");
            if let Err(error) = back_off(store, row, customer, now, &error).await {
                let error = kit::causes(&error);
                tracing::error!(tenant.id = %row.tenant, customer.id = %customer, error, "backing off failed");
            }
            SweepOutcome::Failed
        }
    }
}

async fn decide_and_commit(
    store: &Store,
    row: &TenantRow,
    seen: Seen,
    now: Timestamp,
    meter: &Meter<'_>,
) -> Result<SweepOutcome, Error> {
    let Seen { customer, head, facts } = seen;
    let (mut head, mut facts) = (head.transpose()?, facts.transpose()?);
    for tries_left in (0..TRIES).rev() {
        let Some(read) = head.take() else { return Ok(SweepOutcome::Nothing) };
        match Due::of(row, &read, now) {
            Due::Nothing => return Ok(SweepOutcome::Nothing),
            Due::BackedOff(until) => return Ok(SweepOutcome::Passed(Some(until))),
            Due::FollowUp => {
                let did = follow_up_pending(store, row, &read, now).await?;
                // Behind those who wait for room nobody would see it again: it falls due anew when it is to be looked at.
                if let SweepOutcome::Passed(Some(at)) = did
                    && at > now
                    && meter.is_shut().await
                {
                    store.fall_due_at(&row.tenant, &read, at).await?;
                }
                return Ok(did);
            }
            Due::Decide => {}
        }
        let facts = match facts.take() {
            Some(facts) => facts,
            None => store.facts(&row.tenant, &read).await?,
        };
        let policy = store.policy(&row.tenant, &read.cases, Read::Cached(row.rev)).await?;
        let inputs = Some(inputs(&facts, &policy, now));
        let decision = Decision { inputs, ..decide(&facts, &policy, now) };
        let messages = u32::try_from(decision.messages.len()).unwrap_or(u32::MAX);
        if let Some(most) = meter.most().filter(|most| (1..messages).contains(most)) {
            // No day ever has room for them: waiting for it would hold up everybody behind.
            let why = format!(
                "its {messages} messages leave at once or not at all, and settings.caps let {most} leave in an hour or a day; raise the cap"
            );
            return Err(Error::Refused { operation: "decide", id: customer.to_string(), why });
        }
        if messages > 0 {
            match meter.take(messages).await? {
                Room::Yes => {}
                Room::CapReached(until) => return Ok(SweepOutcome::NoRoom(until)),
                Room::Tripped => return Ok(SweepOutcome::Tripped),
            }
        }
        match store.commit(&row.tenant, &read, &facts, &decision, now).await {
            Ok(_) => {
                log(row, &customer, &decision);
                let stopped = decision.trace.iter().any(|trace| trace.because == Because::Stopped);
                return Ok(SweepOutcome::Decided { messages, stopped, next: when(&decision, now) });
            }
            Err(Error::Conflict { .. }) if tries_left > 0 => {
                meter.put_back(messages).await;
                head = store.head(&row.tenant, &customer).await?;
            }
            Err(error) => {
                meter.put_back(messages).await;
                return Err(error);
            }
        }
    }
    Ok(SweepOutcome::Nothing)
}

/// Looks after what is pending: what was lost on the way is dispatched again, what nobody answers for becomes unknown, and
/// what stays unknown becomes a person's.
async fn follow_up_pending(store: &Store, row: &TenantRow, head: &Head, now: Timestamp) -> Result<SweepOutcome, Error> {
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
            PendingStatus::Unknown | PendingStatus::Later(_) => {
                store.give_up(&row.tenant, &head.customer, id, now).await?;
                until = Some(now);
            }
        }
    }
    Ok(SweepOutcome::Passed(until))
}

/// When a pending message is next to be looked at.
fn looked_at(entry: &Entry) -> Timestamp {
    let grace = entry.dispatched_at.checked_add(GRACE_MINUTES.minutes()).unwrap_or(Timestamp::MAX);
    match entry.message.status {
        PendingStatus::Queued | PendingStatus::Retrying => entry.retry_at.unwrap_or(grace),
        PendingStatus::Calling => entry.attempt.as_ref().map_or(grace, |attempt| attempt.lease_until),
        PendingStatus::Unknown | PendingStatus::Later(_) => {
            entry.message.decided_at.checked_add(UNKNOWN_HOURS_MAX.hours()).unwrap_or(Timestamp::MAX)
        }
    }
}

async fn back_off(store: &Store, row: &TenantRow, customer: &CustomerId, now: Timestamp, error: &Error) -> Result<(), Error> {
    let failures = match store.head(&row.tenant, customer).await {
        Ok(head) => head.map_or(0, |head| head.failures) + 1,
        // What does not read, such as a word of a later release, cannot count: a person is told at once.
        Err(Error::Corrupt { .. }) => FAILURES_UNREADABLE,
        Err(_) => 1,
    };
    // Doubles from two minutes, at most a day.
    let minutes = (1_i64 << failures.min(11)).min(1_440);
    let until = now.checked_add(minutes.minutes()).unwrap_or(Timestamp::MAX);
    if failures >= FAILURES_TOLD {
        let task = NewTask {
            case: None,
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
