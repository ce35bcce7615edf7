//! What is ranked by amounts: reckoned anew at the tenant's midnight, because a day alone makes more past due; and the tasks of a customer
//! ranked anew when it owes otherwise. What the walk over it reads of the book also says which customers are key accounts from that day on.

use domain::{BookShares, Settings, TenantId, calendar::tenant_zone};
use futures::future::join_all;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use kit::{Budget, Clock};
use service::{NotDone, key_accounts};
use store::{AmountsPage, AmountsWalk, Followed, Store, TenantRow};

use crate::quiet::Quiet;

/// Customers at once.
const AT_ONCE: usize = 8;

/// What a walk came to.
#[derive(Debug, Default)]
struct Walked {
    /// Customers whose heads say other amounts now.
    reckoned: u64,
    /// Tasks that rank otherwise now.
    ranked: u64,
    /// Customers that became key accounts, or ceased to be.
    settled: u64,
}

/// Ranks by amounts.
pub struct Amounts {
    store: Store,
    clock: Clock,
    quiet: Quiet,
}

impl Amounts {
    /// Of a table.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, quiet: Quiet::default() }
    }

    /// Ranks the tasks of the customers that a batch of the stream says owe otherwise now. The first record that asked for what was not
    /// done, by its position, and why.
    pub async fn rank(&self, changes: &[Followed], places: &[usize], budget: &Budget) -> Option<(usize, String)> {
        let reranked = Store::reranked(changes);
        let mut left: Option<(usize, String)> = None;
        for some in reranked.chunks(AT_ONCE) {
            let mut each = Vec::with_capacity(some.len());
            for (at, tenant, customer) in some {
                each.push(async move {
                    let at = places.get(*at).copied().unwrap_or_default();
                    if budget.is_over() {
                        return Err((at, "the time is up".to_owned()));
                    }
                    let ranked = passed_over(self.store.rank_tasks(tenant, customer, &[]).await);
                    ranked.map(|_| ()).map_err(|error| (at, error.to_string()))
                });
            }
            left = join_all(each).await.into_iter().filter_map(Result::err).chain(left).min();
        }
        left
    }

    /// Goes on with the day's walks over what is ranked by amounts, as far as there is time; when there is next something to do.
    pub async fn walk(&self, tenants: &[TenantRow], budget: &Budget) -> Timestamp {
        let now = self.clock.now();
        let (mut walked, mut next) = (Walked::default(), Timestamp::MAX);
        for row in tenants {
            if let Some(until) = self.quiet.until(row, now) {
                next = next.min(until);
                continue;
            }
            match self.walk_tenant(&row.tenant, now, budget, &mut walked).await {
                Ok(at) => {
                    self.quiet.note(row, at);
                    next = next.min(at);
                }
                Err(error) => {
                    next = now;
                    let error = error.to_string();
                    tracing::warn!(tenant.id = %row.tenant, error, "the amounts of a tenant could not be reckoned; the next tick goes on");
                }
            }
        }
        let counts =
            [("amounts_reckoned", walked.reckoned), ("tasks_ranked", walked.ranked), ("key_accounts_settled", walked.settled)];
        let counts: Vec<(&str, u64)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        kit::metrics::emit(now, &[("function", "read-model")], &counts);
        next
    }

    /// When the tenant's next walk begins, or now where this one is not over.
    async fn walk_tenant(
        &self,
        tenant: &TenantId,
        now: Timestamp,
        budget: &Budget,
        walked: &mut Walked,
    ) -> store::Result<Timestamp> {
        let Some(settings) = self.store.settings(tenant).await?.map(|settings| settings.value) else { return Ok(Timestamp::MAX) };
        let zone = tenant_zone(&settings);
        let today = now.to_zoned(zone.clone()).date();
        let known = self.store.amounts_walk(tenant).await?;
        let by = settings.key_accounts.as_ref();
        let mut walk = AmountsWalk::of_day(known.clone(), today, settings.reporting.as_ref(), by);
        while walk.list.is_some() {
            if budget.is_over() {
                self.store.put_amounts_walk(tenant, &walk).await?;
                return Ok(now);
            }
            let page = self.store.amounts_page(tenant, &walk).await?;
            self.look(tenant, &walk, &page, &settings, walked).await?;
            walk = walk.counting(&page, by).behind(page.after);
        }
        walk = walk.settling_by(by);
        if let Some(book) = walk.book.take() {
            let settled = if budget.is_over() { Ok(false) } else { self.settle(tenant, &settings, &book, budget, walked).await };
            if !matches!(settled, Ok(true)) {
                self.store.put_amounts_walk(tenant, &AmountsWalk { book: Some(book), ..walk }).await?;
                settled?;
                return Ok(now);
            }
        }
        if known.as_ref() != Some(&walk) {
            self.store.put_amounts_walk(tenant, &walk).await?;
        }
        Ok(midnight(today, zone))
    }

    /// Settles who is a key account. False where there was no time for all.
    async fn settle(
        &self,
        tenant: &TenantId,
        settings: &Settings,
        book: &BookShares,
        budget: &Budget,
        walked: &mut Walked,
    ) -> store::Result<bool> {
        let now = self.clock.now();
        let settled = match key_accounts::settle(&self.store, tenant, settings, book, now, || budget.is_over()).await {
            Ok(settled) => settled,
            Err(NotDone::Store(error)) if !matches!(error, store::Error::Corrupt { .. }) => return Err(error),
            Err(error) => {
                tracing::error!(tenant.id = %tenant, error = %error, "the key accounts of a tenant could not be settled");
                return Ok(true);
            }
        };
        walked.settled += settled.taken + settled.given_back;
        for (customer, why) in &settled.failed {
            tracing::warn!(tenant.id = %tenant, customer.id = %customer, why, "a customer neither became a key account nor ceased to be one; the next midnight tries again");
        }
        Ok(!settled.is_cut_short)
    }

    async fn look(
        &self,
        tenant: &TenantId,
        walk: &AmountsWalk,
        page: &AmountsPage,
        settings: &Settings,
        walked: &mut Walked,
    ) -> store::Result<()> {
        let now = self.clock.now();
        for some in page.grown.chunks(AT_ONCE) {
            let each = some.iter().map(|customer| self.store.reckon(tenant, customer, settings, now));
            for reckoned in join_all(each).await {
                walked.reckoned += u64::from(passed_over(reckoned)?);
            }
        }
        for (customer, tasks) in &page.tasks {
            let ranked = passed_over(self.store.rank_tasks(tenant, customer, tasks).await)?;
            walked.ranked += u64::try_from(ranked).unwrap_or(u64::MAX);
        }
        if walk.reranks {
            self.store.rerank(page, settings.reporting.as_ref()).await?;
        }
        Ok(())
    }
}

/// What does not read is told of in the log, and holds up nobody else.
fn passed_over<T: Default>(done: store::Result<T>) -> store::Result<T> {
    match done {
        Err(store::Error::Corrupt { key, detail }) => {
            tracing::error!(key, detail, "an item cannot be read; its customer keeps its place in the orders by amount");
            Ok(T::default())
        }
        done => done,
    }
}

/// The beginning of the day after.
fn midnight(today: Date, zone: TimeZone) -> Timestamp {
    let on = today.saturating_add(1.day());
    on.to_zoned(zone).map_or(Timestamp::MAX, |at| at.timestamp())
}
