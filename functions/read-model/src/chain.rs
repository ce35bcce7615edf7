//! Whether records are as they were written: each change of one as the stream tells it, and once a day whole chains.
//!
//! What is found is work for a person, said once. It stops nothing: what is sent is decided from facts, and the marks of what was sent are
//! facts of their own.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use kit::{Budget, Clock};
use store::{ChainMark, ChainWalk, RecordChange, Store, TenantRow, Vault, broken_chain, chain_turn};

use crate::{daily::record_day, quiet::Quiet};

/// Customers whose records are looked at together.
const AT_ONCE: usize = 8;
/// Hours back from which on chains of the audit are followed each day.
const AUDIT_HOURS: i64 = 50;
/// Days in which every chain is followed.
const TURNS: i64 = 30;

/// A tenant and one of its customers.
type Whose = (domain::TenantId, domain::CustomerId);

/// What a look at chains came to.
#[derive(Debug, Default)]
struct Looked {
    /// Customers whose records were looked at.
    checked: u64,
    /// Those whose records are not as they were written.
    broken: u64,
}

impl Looked {
    fn count(&mut self, is_broken: bool) {
        self.checked += 1;
        self.broken += u64::from(is_broken);
    }

    /// Counts it, where anything was looked at. That nothing is broken is said too, so that an alarm has data.
    fn emit(&self, now: Timestamp) {
        let counts = [("chains_checked", self.checked), ("chains_broken", self.broken)];
        let counts = if self.checked == 0 { &[][..] } else { &counts[..] };
        kit::metrics::emit(now, &[("function", "read-model")], counts);
    }
}

/// Looks at chains of records.
pub struct Chains {
    store: Store,
    vault: Vault,
    clock: Clock,
    quiet: Quiet,
}

impl Chains {
    /// Of a table and the keys of its people.
    pub fn new(store: Store, vault: Vault, clock: Clock) -> Self {
        Self { store, vault, clock, quiet: Quiet::default() }
    }

    /// Looks at the records that a batch of the stream brought. The first of them that could not be looked at, by its position, and why.
    pub async fn check(&self, changes: &[(usize, RecordChange)], budget: &Budget) -> Option<(usize, String)> {
        let mut of_customers: BTreeMap<Whose, (usize, Vec<&RecordChange>)> = BTreeMap::new();
        for (at, change) in changes {
            let whose = (change.tenant.clone(), change.customer.clone());
            of_customers.entry(whose).or_insert_with(|| (*at, Vec::new())).1.push(change);
        }
        let of_customers: Vec<(Whose, (usize, Vec<&RecordChange>))> = of_customers.into_iter().collect();
        let (mut looked, mut left) = (Looked::default(), Vec::new());
        for some in of_customers.chunks(AT_ONCE) {
            let mut each = Vec::with_capacity(some.len());
            for (whose, (at, changes)) in some {
                each.push(self.check_one(whose, *at, changes, budget));
            }
            for (at, done) in join_all(each).await {
                match done {
                    Ok(is_broken) => looked.count(is_broken),
                    Err(reason) => left.push((at, reason)),
                }
            }
        }
        looked.emit(self.clock.now());
        left.into_iter().min()
    }

    /// Looks at what changed of one customer: the position that was given, and whether anything is broken or why it could not be looked at.
    async fn check_one(
        &self,
        whose: &Whose,
        at: usize,
        changes: &[&RecordChange],
        budget: &Budget,
    ) -> (usize, Result<bool, String>) {
        if budget.is_over() {
            return (at, Err("the time is up".to_owned()));
        }
        (at, self.look(whose, changes).await.map_err(|error| error.to_string()))
    }

    async fn look(&self, whose: &Whose, changes: &[&RecordChange]) -> store::Result<bool> {
        let wrong = self.store.check_changes(&whose.0, &whose.1, changes).await?;
        self.mark(whose, changes).await?;
        self.say(whose, wrong).await
    }

    /// Notes that the customer's chain is to be followed tomorrow, where its head does not say so: the head holds when the customer was last
    /// decided, and the record of a message that was decided on an earlier day may come without a decision of this one.
    async fn mark(&self, whose: &Whose, changes: &[&RecordChange]) -> store::Result<()> {
        let on = day(self.clock.now());
        if changes.iter().all(|change| change.decided_at.is_none_or(|at| day(at) == on)) {
            return Ok(());
        }
        self.store.mark_chain(&whose.0, &ChainMark { customer: whose.1.clone(), on }).await
    }

    /// Says what is wrong to a person; whether anything is.
    async fn say(&self, whose: &Whose, wrong: Option<String>) -> store::Result<bool> {
        let Some(detail) = wrong else { return Ok(false) };
        let (tenant, customer) = whose;
        tracing::error!(tenant.id = %tenant, customer.id = %customer, detail, "records are not as they were written: somebody changed the table");
        self.store.raise(tenant, Some(customer), &broken_chain(&detail), self.clock.now()).await?;
        Ok(true)
    }

    /// Follows the chains that are due today, as far as there is time; when there is next something to do.
    pub async fn walk(&self, tenants: &[TenantRow], budget: &Budget) -> Timestamp {
        let now = self.clock.now();
        let (mut looked, mut is_done) = (Looked::default(), true);
        for row in tenants {
            if self.quiet.until(row, now).is_some() {
                continue;
            }
            match self.walk_tenant(&row.tenant, now, budget, &mut looked).await {
                Ok(true) => self.quiet.note(row, tomorrow(now)),
                Ok(false) => is_done = false,
                Err(error) => {
                    is_done = false;
                    let error = error.to_string();
                    tracing::warn!(tenant.id = %row.tenant, error, "the chains of a tenant could not be followed; the next tick goes on");
                }
            }
        }
        looked.emit(now);
        // Said at each tick while it is so: its silence rings an alarm.
        kit::metrics::emit(now, &[("function", "read-model")], &[("days_recorded", u64::from(is_done))]);
        if is_done { tomorrow(now) } else { now }
    }

    /// Whether the day's walk over a tenant is over.
    async fn walk_tenant(
        &self,
        tenant: &domain::TenantId,
        now: Timestamp,
        budget: &Budget,
        looked: &mut Looked,
    ) -> store::Result<bool> {
        let today = day(now);
        let known = self.store.chain_walk(tenant).await?;
        let begins = known.as_ref().is_none_or(|known| known.on != today);
        let mut walk = match known {
            Some(known) if known.on == today => known,
            last => ChainWalk::begin(today, last.as_ref()),
        };
        if walk.is_done {
            return Ok(true);
        }
        let mut own = Looked::default();
        let is_over = self.go_on(tenant, now, begins, budget, &mut walk, &mut own).await;
        looked.checked += own.checked;
        looked.broken += own.broken;
        walk.checked += own.checked;
        walk.broken += own.broken;
        let is_over = is_over?;
        if is_over {
            record_day(&self.store, tenant, &walk, now).await?;
        }
        walk.is_done = is_over;
        self.store.put_chain_walk(tenant, &walk).await?;
        Ok(is_over)
    }

    /// Goes on with a tenant's walk as far as there is time; whether it came to its end.
    async fn go_on(
        &self,
        tenant: &domain::TenantId,
        now: Timestamp,
        begins: bool,
        budget: &Budget,
        walk: &mut ChainWalk,
        looked: &mut Looked,
    ) -> store::Result<bool> {
        let today = walk.on;
        if begins {
            self.follow_audit(tenant, now, looked).await?;
            walk.forgotten += self.vault.forget_again(tenant, now).await?;
        }
        if !self.follow_marked(tenant, today, budget, looked).await? {
            return Ok(false);
        }
        let settings = self.store.settings(tenant).await?;
        let rule = settings.map(|settings| domain::retention_of(&settings.value.country));
        let turn = now.as_second().div_euclid(86_400).rem_euclid(TURNS);
        while !walk.is_done {
            if budget.is_over() {
                return Ok(false);
            }
            let (customers, after) = self.store.customers_of_shard(tenant, walk.shard, walk.after.as_deref()).await?;
            let (mut due, others): (Vec<_>, Vec<_>) =
                customers.into_iter().partition(|customer| i64::from(chain_turn(customer)) == turn);
            for customer in &due {
                if let Some(rule) = &rule {
                    walk.retired += self.store.retire(tenant, customer, rule, today, now).await?;
                }
            }
            due.extend(self.store.decided_since(tenant, &others, begin_of(walk.decided_since())).await?);
            self.follow(tenant, &due, looked).await?;
            *walk = walk.clone().behind(after);
        }
        Ok(true)
    }

    /// Follows the chains of those who were marked before today; whether all of them were.
    async fn follow_marked(
        &self,
        tenant: &domain::TenantId,
        today: Date,
        budget: &Budget,
        looked: &mut Looked,
    ) -> store::Result<bool> {
        loop {
            let marks = self.store.chain_marks(tenant, today).await?;
            if marks.is_empty() {
                return Ok(true);
            }
            for some in marks.chunks(AT_ONCE) {
                if budget.is_over() {
                    return Ok(false);
                }
                let customers: BTreeSet<_> = some.iter().map(|mark| mark.customer.clone()).collect();
                self.follow(tenant, &customers.into_iter().collect::<Vec<_>>(), looked).await?;
                for mark in some {
                    self.store.unmark_chain(tenant, mark).await?;
                }
            }
        }
    }

    async fn follow(
        &self,
        tenant: &domain::TenantId,
        customers: &[domain::CustomerId],
        looked: &mut Looked,
    ) -> store::Result<()> {
        for some in customers.chunks(AT_ONCE) {
            let mut each = Vec::with_capacity(some.len());
            for customer in some {
                each.push(self.follow_one(tenant, customer));
            }
            for is_broken in join_all(each).await {
                looked.count(is_broken?);
            }
        }
        Ok(())
    }

    async fn follow_one(&self, tenant: &domain::TenantId, customer: &domain::CustomerId) -> store::Result<bool> {
        let records = self.store.check_chain(tenant, customer).await?;
        let audit = self.store.check_audit(tenant, Some(customer)).await?;
        self.say(&(tenant.clone(), customer.clone()), records.or(audit)).await
    }

    /// Follows the chains of the audit that got entries since the day before the last walk, and that of what is about no customer.
    async fn follow_audit(&self, tenant: &domain::TenantId, now: Timestamp, looked: &mut Looked) -> store::Result<()> {
        let since = now.checked_sub(AUDIT_HOURS.hours()).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut check = self.store.check_audit_since(tenant, since).await?;
        if let Some(wrong) = self.store.check_audit(tenant, None).await? {
            check.broken.push((None, wrong));
        }
        looked.checked += check.checked;
        for (customer, detail) in check.broken {
            looked.broken += 1;
            tracing::error!(tenant.id = %tenant, detail, "the audit is not as it was written: somebody changed the table");
            self.store.raise(tenant, customer.as_ref(), &broken_chain(&detail), now).await?;
        }
        Ok(())
    }
}

/// The day (UTC) of an instant.
fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The beginning of the day after.
fn tomorrow(now: Timestamp) -> Timestamp {
    begin_of(day(now).saturating_add(1.day()))
}

/// The beginning of a day (UTC).
fn begin_of(on: Date) -> Timestamp {
    on.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |at| at.timestamp())
}
