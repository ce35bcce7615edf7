//! One tenant's walk through its due customers.

use std::collections::VecDeque;

use domain::{
    CustomerId, Mode, NewTask, Next, TaskKind,
    counting::{FIRST_PAGE, JUST_DUE_S, PAGE, PARALLEL},
};
use futures::{StreamExt, stream::FuturesUnordered};
use jiff::{Timestamp, ToSpan};
use kit::Budget;
use store::{DueEntry, DuePage, Error, Read, Replan, Store, TenantRow};

use crate::{
    customer::{SweepOutcome, process_customer, see},
    earliest::earliest,
    meter::Meter,
};

/// What a walk came to.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) decided: u64,
    pub(crate) messages: u64,
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// What a live tenant's customers were to be told: messages decided, and what the tenant's rules or breaker kept back.
    pub(crate) due: u64,
    /// By how much the latest of those that were due was late, in seconds.
    pub(crate) late_s: u64,
    pub(crate) unfinished: Vec<u8>,
    pub(crate) idle_until: Option<Timestamp>,
}

/// One tenant's walk.
pub(crate) struct Walk<'a> {
    store: &'a Store,
    row: &'a TenantRow,
    now: Timestamp,
    budget: &'a Budget,
    report: Report,
    /// Where waking every customer has got to, as the table has it.
    replan: Option<Replan>,
}

/// Whom a walk looks at though a cap leaves no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    /// Those whose messages are under way, where the walk has not been. They stand at the front, because they were decided before those who wait.
    UnderWay,
    /// Those who fell due just now.
    JustDue,
}

/// How far a walk has come in a shard.
#[derive(Debug)]
struct Front {
    shard: u8,
    /// Those that were read and are to be looked at, the oldest first.
    due: VecDeque<(Timestamp, CustomerId)>,
    /// Where to read on.
    after: Option<String>,
    limit: u32,
    /// Whether nobody behind is due.
    is_over: bool,
}

impl Front {
    fn new(shard: u8) -> Self {
        Self { shard, due: VecDeque::new(), after: None, limit: FIRST_PAGE, is_over: false }
    }

    /// Whether nobody is left who is due.
    fn is_done(&self) -> bool {
        self.is_over && self.due.is_empty()
    }
}

/// Why a tenant's walk ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Cap(Timestamp),
    Breaker,
    Time,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(store: &'a Store, row: &'a TenantRow, now: Timestamp, budget: &'a Budget) -> Self {
        Self { store, row, now, budget, report: Report::default(), replan: row.replan.clone() }
    }

    /// Walks the shards. Settings are read once; what decides by them is pinned by their revision.
    ///
    /// Waking every customer has one cursor for all shards, so that only a walk over all of them does it. A walk over some, whose shards were
    /// handed over before it was asked for, leaves everything to the next tick.
    pub(crate) async fn run(&mut self, shards: &[u8]) -> Result<Report, Error> {
        let is_whole = shards.len() == usize::from(self.row.shards);
        if self.row.replan.is_some() && !is_whole {
            return Ok(Report { idle_until: Some(self.now), ..Report::default() });
        }
        let policy = self.store.policy(&self.row.tenant, &Default::default(), Read::Cached(self.row.rev)).await?;
        if policy.breaker_open {
            return Ok(Report { due: u64::from(self.is_live()), ..Report::default() });
        }
        let meter = Meter::new(self.store, &self.row.tenant, &policy.settings, self.now);
        let row = self.row;
        let stop = match &row.replan {
            Some(replan) => self.shard_by_shard(replan, shards, &meter).await?,
            None => self.oldest_first(shards, &meter).await?,
        };
        if let Some(Stop::Cap(until)) = stop {
            self.report.idle_until = earliest(self.report.idle_until, Some(until));
            meter.shut(until).await;
            if self.beside_the_cap(shards, &meter).await? == Some(Stop::Time) {
                self.leave(shards.to_vec());
            }
        }
        meter.close().await?;
        if stop.is_none() && is_whole && self.row.replan.is_some() {
            self.replan(None).await?;
        }
        Ok(std::mem::take(&mut self.report))
    }

    /// Leaves shards to the queue; while every customer is being woken, to the next tick, which goes on from the cursor.
    fn leave(&mut self, shards: Vec<u8>) {
        if self.row.replan.is_none() {
            self.report.unfinished = shards;
        }
        self.report.idle_until = Some(self.now);
    }

    /// Wakes everybody, due or not, a shard after the other: a change of mode or workflows does so, from where the last walk stopped.
    async fn shard_by_shard(&mut self, replan: &Replan, shards: &[u8], meter: &Meter<'_>) -> Result<Option<Stop>, Error> {
        for shard in shards.iter().copied().filter(|shard| *shard >= replan.shard) {
            let stop = self.wake(replan, shard, meter).await?;
            if stop == Some(Stop::Time) {
                self.leave(Vec::new());
            }
            if stop.is_some() {
                return Ok(stop);
            }
        }
        Ok(None)
    }

    /// Wakes everybody of a shard, parked and future customers too.
    async fn wake(&mut self, replan: &Replan, shard: u8, meter: &Meter<'_>) -> Result<Option<Stop>, Error> {
        let mut after = replan.after.clone().filter(|_| replan.shard == shard);
        let mut limit = FIRST_PAGE;
        loop {
            if self.budget.is_over() {
                return Ok(Some(Stop::Time));
            }
            let page = self.store.due(&self.row.tenant, shard, None, limit, after.as_deref()).await?;
            self.report.idle_until = earliest(self.report.idle_until, first_later(&page, self.now));
            let late = page.entries.iter().filter_map(|entry| Some(self.late_s(self.due_at(entry)?))).max();
            let all = page.entries.into_iter().map(|entry| entry.customer).collect();
            let stop = self.advance_all(all, meter).await?;
            if stop.is_some() {
                return Ok(stop);
            }
            self.report.late_s = self.report.late_s.max(late.unwrap_or(0));
            after = page.after;
            if after.is_none() {
                return Ok(None);
            }
            let here = Replan { since: replan.since, shard, after: after.clone() };
            self.replan(Some(here)).await?;
            limit = PAGE;
        }
    }

    /// Advances those who are due, the oldest of all shards first: where a cap binds nobody waits behind who fell due later.
    async fn oldest_first(&mut self, shards: &[u8], meter: &Meter<'_>) -> Result<Option<Stop>, Error> {
        let mut fronts: Vec<Front> = shards.iter().map(|shard| Front::new(*shard)).collect();
        loop {
            if self.budget.is_over() {
                self.leave(fronts.iter().filter(|front| !front.is_done()).map(|front| front.shard).collect());
                return Ok(Some(Stop::Time));
            }
            let mut together: Vec<(Timestamp, CustomerId)> = Vec::with_capacity(PARALLEL);
            while together.len() < PARALLEL {
                for front in &mut fronts {
                    self.fill(front).await?;
                }
                let firsts = fronts.iter_mut().filter_map(|front| Some((front.due.front()?.clone(), front)));
                let Some((_, front)) = firsts.min_by(|(one, _), (other, _)| one.cmp(other)) else { break };
                together.extend(front.due.pop_front());
            }
            let Some((oldest, _)) = together.first() else { return Ok(None) };
            let late = self.late_s(*oldest);
            let stop = self.advance_all(together.into_iter().map(|(_, customer)| customer).collect(), meter).await?;
            if stop == Some(Stop::Time) {
                self.leave(shards.to_vec());
            }
            if stop.is_some() {
                return Ok(stop);
            }
            // Those that a cap or the breaker holds back wait on purpose.
            self.report.late_s = self.report.late_s.max(late);
        }
    }

    /// Reads on in a shard of which nobody is left who is due.
    async fn fill(&mut self, front: &mut Front) -> Result<(), Error> {
        while front.due.is_empty() && !front.is_over {
            let page = self.store.due(&self.row.tenant, front.shard, None, front.limit, front.after.as_deref()).await?;
            self.report.idle_until = earliest(self.report.idle_until, first_later(&page, self.now));
            let due = page.entries.iter().filter_map(|entry| Some((self.due_at(entry)?, entry.customer.clone())));
            front.due.extend(due);
            front.is_over = front.due.len() < page.entries.len() || page.after.is_none();
            (front.after, front.limit) = (page.after, PAGE);
        }
        Ok(())
    }

    /// While a cap leaves no room: looks at whoever fell due just now. Who needs no room goes on, and who needs some waits behind those who
    /// waited before. Those are not looked at again until there is room.
    async fn beside_the_cap(&mut self, shards: &[u8], meter: &Meter<'_>) -> Result<Option<Stop>, Error> {
        for shard in shards {
            // The oldest of all have been looked at, where not everybody is being woken.
            let mut stop = None;
            if self.row.replan.is_some() {
                stop = self.look(*shard, Beside::UnderWay, meter).await?;
            }
            if stop.is_none() {
                stop = self.look(*shard, Beside::JustDue, meter).await?;
            }
            if stop.is_some() {
                return Ok(stop);
            }
        }
        Ok(None)
    }

    async fn look(&mut self, shard: u8, whom: Beside, meter: &Meter<'_>) -> Result<Option<Stop>, Error> {
        let since = self.now.checked_sub(JUST_DUE_S.seconds()).unwrap_or(Timestamp::MIN);
        let from = (whom == Beside::JustDue).then_some(since);
        let mut after: Option<String> = None;
        let mut limit = FIRST_PAGE;
        loop {
            if self.budget.is_over() {
                return Ok(Some(Stop::Time));
            }
            let page = self.store.due(&self.row.tenant, shard, from, limit, after.as_deref()).await?;
            let due: Vec<CustomerId> =
                page.entries.iter().filter(|entry| self.due_at(entry).is_some()).map(|entry| entry.customer.clone()).collect();
            let is_last = due.len() < page.entries.len() || page.after.is_none();
            let wanted = match whom {
                Beside::UnderWay => self.under_way(due).await?,
                Beside::JustDue => due,
            };
            self.report.idle_until = earliest(self.report.idle_until, first_later(&page, self.now));
            for some in wanted.chunks(PARALLEL) {
                if self.advance_all(some.to_vec(), meter).await? == Some(Stop::Time) {
                    return Ok(Some(Stop::Time));
                }
            }
            // Behind a page on which nothing is under way stand those who wait for room.
            if is_last || whom == Beside::UnderWay && wanted.is_empty() {
                return Ok(None);
            }
            (after, limit) = (page.after, PAGE);
        }
    }

    /// Those of some customers whose messages are under way.
    async fn under_way(&self, customers: Vec<CustomerId>) -> Result<Vec<CustomerId>, Error> {
        let heads = self.store.heads(&self.row.tenant, &customers).await?;
        let is_under_way = |customer: &CustomerId| matches!(heads.get(customer), Some(Ok(head)) if !head.pending.is_empty());
        Ok(customers.into_iter().filter(is_under_way).collect())
    }

    /// Since when an entry is due; `None` while it is not.
    fn due_at(&self, entry: &DueEntry) -> Option<Timestamp> {
        match entry.due {
            Next::At(at) if at <= self.now => Some(at),
            Next::At(_) | Next::Parked | Next::Nothing => None,
        }
    }

    /// For how long somebody has been due, in seconds.
    fn late_s(&self, due_at: Timestamp) -> u64 {
        u64::try_from(self.now.duration_since(due_at).as_secs()).unwrap_or(0)
    }

    async fn advance_all(&mut self, customers: Vec<CustomerId>, meter: &Meter<'_>) -> Result<Option<Stop>, Error> {
        let (store, row, now) = (self.store, self.row, self.now);
        let mut stop: Option<Stop> = None;
        for some in customers.chunks(PARALLEL) {
            if stop.is_none() && self.budget.is_over() {
                stop = Some(Stop::Time);
            }
            if stop.is_some() {
                break;
            }
            let seen = match see(store, row, some, now).await {
                Ok(seen) => seen,
                Err(error) => {
                    let error = kit::causes(&error);
                    tracing::warn!(tenant.id = %row.tenant, customers = some.len(), error, "customers are left for the next sweep");
                    self.report.failed += u64::try_from(some.len()).unwrap_or(u64::MAX);
                    self.report.idle_until = Some(now);
                    continue;
                }
            };
            let mut running: FuturesUnordered<_> =
                seen.into_iter().map(|seen| async { process_customer(store, row, seen, now, meter).await }).collect();
            while let Some(did) = running.next().await {
                match did {
                    SweepOutcome::Decided { messages, stopped, next } => {
                        self.report.decided += 1;
                        self.report.messages += u64::from(messages);
                        self.report.due += if self.is_live() { u64::from(messages) + u64::from(stopped) } else { 0 };
                        self.report.idle_until = earliest(self.report.idle_until, next);
                    }
                    SweepOutcome::Passed(until) => {
                        self.report.passed += 1;
                        self.report.idle_until = earliest(self.report.idle_until, until);
                    }
                    SweepOutcome::Failed => {
                        self.report.failed += 1;
                        self.report.idle_until = Some(self.now);
                    }
                    SweepOutcome::NoRoom(until) => stop = stop.or(Some(Stop::Cap(until))),
                    SweepOutcome::Tripped => stop = stop.or(Some(Stop::Breaker)),
                    SweepOutcome::Nothing => {}
                }
            }
        }
        if stop == Some(Stop::Breaker) {
            self.report.due += u64::from(self.is_live());
            self.trip().await?;
        }
        Ok(stop)
    }

    /// Whether what is decided leaves. What nobody would get is not counted as due.
    fn is_live(&self) -> bool {
        self.row.mode == Mode::Live
    }

    /// Moves the cursor of waking every customer; where it was asked for again meanwhile, that stands.
    async fn replan(&mut self, to: Option<Replan>) -> Result<(), Error> {
        match self.store.set_replan(&self.row.tenant, self.replan.as_ref(), to.as_ref()).await {
            Ok(()) => self.replan = to,
            Err(Error::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn trip(&self) -> Result<(), Error> {
        let reason = "more became due today than the breaker allows";
        self.store.trip_breaker(&self.row.tenant, reason, self.now).await?;
        let task = NewTask {
            case: None,
            kind: TaskKind::Breaker,
            key: self.now.to_string(),
            title: "The circuit breaker has tripped; nothing is sent".to_owned(),
            detail: format!(
                "{reason} (settings.breaker); look at the due customers, then reset it with POST /v1/breaker/reset, or raise its \
                 factor or minimum"
            ),
            to: None,
            due_on: None,
            step: None,
            currency: None,
        };
        self.store.raise(&self.row.tenant, None, &task, self.now).await?;
        tracing::error!(tenant.id = %self.row.tenant, "the circuit breaker has tripped");
        Ok(())
    }
}

/// The first moment on a page that is to come.
fn first_later(page: &DuePage, now: Timestamp) -> Option<Timestamp> {
    page.entries.iter().find_map(|entry| match entry.due {
        Next::At(at) if at > now => Some(at),
        Next::At(_) | Next::Parked | Next::Nothing => None,
    })
}
