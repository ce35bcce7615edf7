//! One tenant's walk through its due customers.

use domain::{
    CustomerId, Mode, NewTask, Next, TaskKind,
    counting::{FIRST_PAGE, PAGE, PARALLEL},
};
use futures::{StreamExt, stream::FuturesUnordered};
use jiff::Timestamp;
use kit::Budget;
use store::{DueEntry, Error, Read, Replan, Store, TenantRow};

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
    pub(crate) async fn run(&mut self, shards: &[u8]) -> Result<Report, Error> {
        let policy = self.store.policy(&self.row.tenant, &Default::default(), Read::Cached(self.row.rev)).await?;
        if policy.breaker_open {
            return Ok(Report { due: u64::from(self.is_live()), ..Report::default() });
        }
        let meter = Meter::new(self.store, &self.row.tenant, &policy.settings, self.now);
        let mut stop = None;
        for shard in shards {
            stop = self.shard(*shard, &meter).await?;
            match stop {
                None => {}
                Some(Stop::Time) => {
                    self.report.unfinished = shards.iter().copied().filter(|left| left >= shard).collect();
                    self.report.idle_until = Some(self.now);
                    break;
                }
                Some(Stop::Cap(until)) => {
                    self.report.idle_until = earliest(self.report.idle_until, Some(until));
                    break;
                }
                Some(Stop::Breaker) => break,
            }
        }
        meter.close().await?;
        if stop.is_none() && shards.len() == usize::from(self.row.shards) && self.row.replan.is_some() {
            self.replan(None).await?;
        }
        Ok(std::mem::take(&mut self.report))
    }

    async fn shard(&mut self, shard: u8, meter: &Meter<'_>) -> Result<Option<Stop>, Error> {
        // A change of mode or workflows wakes everybody, parked and future customers too, from where the last walk stopped.
        let replan = self.row.replan.clone();
        if replan.as_ref().is_some_and(|replan| shard < replan.shard) {
            return Ok(None);
        }
        let mut after = replan.as_ref().filter(|replan| replan.shard == shard).and_then(|replan| replan.after.clone());
        let mut limit = FIRST_PAGE;
        loop {
            if self.budget.is_over() {
                return Ok(Some(Stop::Time));
            }
            let page = self.store.due(&self.row.tenant, shard, None, limit, after.as_deref()).await?;
            let is_due = |entry: &DueEntry| matches!(entry.due, Next::At(at) if at <= self.now);
            let first_later = page.entries.iter().find_map(|entry| match entry.due {
                Next::At(at) if at > self.now => Some(at),
                Next::At(_) | Next::Parked | Next::Nothing => None,
            });
            let beyond = page.entries.iter().any(|entry| !is_due(entry));
            let wanted = page.entries.iter().filter(|entry| replan.is_some() || is_due(entry));
            let wanted: Vec<CustomerId> = wanted.map(|entry| entry.customer.clone()).collect();
            let late = page.entries.iter().filter_map(|entry| match entry.due {
                Next::At(at) => Some(u64::try_from(self.now.duration_since(at).as_secs()).unwrap_or(0)),
                Next::Parked | Next::Nothing => None,
            });
            let late = late.max().unwrap_or(0);
            let stop = self.advance_all(wanted, meter).await?;
            // Those that a cap or the breaker holds back wait on purpose.
            self.report.late_s = self.report.late_s.max(if stop.is_none() { late } else { 0 });
            self.report.idle_until = earliest(self.report.idle_until, first_later);
            if stop.is_some() {
                return Ok(stop);
            }
            after = page.after;
            if after.is_none() || beyond && replan.is_none() {
                return Ok(None);
            }
            if let Some(replan) = &replan {
                let here = Replan { since: replan.since, shard, after: after.clone() };
                self.replan(Some(here)).await?;
            }
            limit = PAGE;
        }
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
