//! One tenant: the walk that closes a day, and the customers that changed since.

use std::collections::BTreeSet;

use domain::{CustomerId, Settings, TenantId, calendar::tenant_zone};
use figures::{CustomerFigures, GroupBy, Groups};
use futures::future::join_all;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use kit::{Budget, Clock};
use store::{CustomerWalk, ReportsPlace, ReportsStep, Store};

/// Customers whose figures are set at once.
const AT_ONCE: usize = 16;
/// Customers of a page: after each the place is noted.
const PAGE: u32 = 100;
/// Rows of figures that are read at once.
const ROWS: u32 = 200;
/// Customers that changed and are read at once.
const CHANGED: usize = 400;
/// What totals are kept by.
const KEPT_BY: [GroupBy; 4] = [GroupBy::Tenant, GroupBy::Segment, GroupBy::Owner, GroupBy::LegalEntity];

/// What a tick came to.
#[derive(Debug, Default)]
pub struct Walked {
    /// Customers whose figures were set.
    pub reckoned: u64,
    /// Days that were closed.
    pub closed: u64,
}

/// A tenant whose figures are set.
pub struct TenantWalk<'a> {
    pub store: &'a Store,
    pub tenant: &'a TenantId,
    pub clock: &'a Clock,
    pub budget: &'a Budget,
}

/// The totals of customers in the making, by each kind of group.
struct Sums([Groups; 4]);

impl Sums {
    fn none(day: Date) -> Self {
        Self(KEPT_BY.map(|by| Groups::none(by, day)))
    }

    fn add(&mut self, figures: &CustomerFigures) {
        self.0.iter_mut().for_each(|groups| groups.add(figures));
    }
}

impl TenantWalk<'_> {
    /// Goes on as far as there is time; when there is next something to do.
    ///
    /// # Errors
    ///
    /// Those of the table.
    pub async fn go_on(&self, walked: &mut Walked) -> store::Result<Timestamp> {
        let now = self.clock.now();
        let Some(settings) = self.store.settings(self.tenant).await?.map(|settings| settings.value) else {
            return Ok(Timestamp::MAX);
        };
        let zone = tenant_zone(&settings);
        let today = now.to_zoned(zone.clone()).date();
        let known = self.store.reports_place(self.tenant).await?;
        let mut place = match &known {
            Some(known) => known.clone().of_day(today),
            None => {
                let since = self.store.known_since(self.tenant).await?.unwrap_or(now);
                ReportsPlace::first(today, since.to_zoned(zone.clone()).date().min(today), now)
            }
        };
        while !place.is_done() {
            if self.budget.is_over() {
                self.note(known.as_ref(), &place).await?;
                return Ok(now);
            }
            place = self.step(place, &settings, walked).await?;
            self.store.put_reports_place(self.tenant, &place).await?;
            if place.is_done() {
                walked.closed += 1;
                // Days that nobody closed are closed one after another.
                place = place.of_day(today);
            }
        }
        if !self.set_changed(&mut place, &settings, walked).await? {
            return Ok(now);
        }
        Ok(midnight(place.on.max(today), &zone))
    }

    async fn note(&self, known: Option<&ReportsPlace>, place: &ReportsPlace) -> store::Result<()> {
        if known != Some(place) {
            self.store.put_reports_place(self.tenant, place).await?;
        }
        Ok(())
    }

    /// One step of the walk: a page of customers, or the sum of a shard.
    async fn step(&self, place: ReportsPlace, settings: &Settings, walked: &mut Walked) -> store::Result<ReportsPlace> {
        match place.step.clone() {
            ReportsStep::Customers(walk) => {
                let next = self.set_page(&place, &walk, settings, walked).await?;
                let step = next.map_or(ReportsStep::Sums(0), ReportsStep::Customers);
                Ok(ReportsPlace { step, ..place })
            }
            ReportsStep::Sums(shard) => {
                self.sum(shard, (place.on, Some(place.closing))).await?;
                let next = shard + 1;
                Ok(if next < Store::figure_shards() {
                    ReportsPlace { step: ReportsStep::Sums(next), ..place }
                } else {
                    place.closed(self.clock.now())
                })
            }
            ReportsStep::Done => Ok(place),
        }
    }

    async fn set_page(
        &self,
        place: &ReportsPlace,
        walk: &CustomerWalk,
        settings: &Settings,
        walked: &mut Walked,
    ) -> store::Result<Option<CustomerWalk>> {
        let (customers, next) = self.store.walk_customers(self.tenant, walk, PAGE).await?;
        for some in customers.chunks(AT_ONCE) {
            walked.reckoned += self.set(some, (place.on, Some(place.closing)), settings).await?;
        }
        Ok(next)
    }

    /// Sets the figures of some customers; of how many. One that does not read keeps those that it has.
    async fn set(&self, customers: &[CustomerId], days: (Date, Option<Date>), settings: &Settings) -> store::Result<u64> {
        let now = self.clock.now();
        let mut each = Vec::with_capacity(customers.len());
        for customer in customers {
            each.push(self.store.set_figures(self.tenant, customer, settings, days, now));
        }
        let mut reckoned = 0;
        for set in join_all(each).await {
            reckoned += u64::from(passed_over(set)?);
        }
        Ok(reckoned)
    }

    /// Sums a shard: today, and the day that is closed where there is one.
    async fn sum(&self, shard: u8, (today, closing): (Date, Option<Date>)) -> store::Result<()> {
        let now = self.clock.now();
        let mut of_today = Sums::none(today);
        let mut of_day = closing.map(Sums::none);
        let mut after: Option<CustomerId> = None;
        loop {
            let page = self.store.figures_page(self.tenant, shard, after.as_ref(), ROWS).await?;
            for (_, kept) in &page.rows {
                if kept.today.as_of == today {
                    of_today.add(&kept.today);
                }
                let closed = kept.closed.as_ref().filter(|closed| Some(closed.as_of) == closing);
                if let (Some(sums), Some(closed)) = (&mut of_day, closed) {
                    sums.add(closed);
                }
            }
            after = page.after;
            if after.is_none() {
                break;
            }
        }
        for sums in of_day.into_iter().chain([of_today]) {
            for groups in &sums.0 {
                self.store.put_totals(self.tenant, shard, groups, now).await?;
            }
        }
        Ok(())
    }

    /// Sets today's figures of the customers that changed, and sums their shards anew. False where there was no time for all.
    async fn set_changed(&self, place: &mut ReportsPlace, settings: &Settings, walked: &mut Walked) -> store::Result<bool> {
        let mut is_whole = true;
        loop {
            let changed = self.store.changed_customers(self.tenant, CHANGED).await?;
            if changed.is_empty() {
                break;
            }
            if self.budget.is_over() {
                is_whole = false;
                break;
            }
            // Whose shards are to be summed is noted before it is forgotten who changed.
            let shards: BTreeSet<u8> = changed.iter().map(|(customer, _)| Store::figure_shard(customer)).collect();
            if !shards.is_subset(&place.dirty) {
                place.dirty.extend(shards);
                self.store.put_reports_place(self.tenant, place).await?;
            }
            for some in changed.chunks(AT_ONCE) {
                let customers: Vec<CustomerId> = some.iter().map(|(customer, _)| customer.clone()).collect();
                walked.reckoned += self.set(&customers, (place.on, None), settings).await?;
                let mut each = Vec::with_capacity(some.len());
                for (customer, by) in some {
                    each.push(self.store.forget_changed(self.tenant, customer, by));
                }
                join_all(each).await.into_iter().collect::<store::Result<()>>()?;
            }
        }
        while let Some(shard) = place.dirty.first().copied() {
            self.sum(shard, (place.on, None)).await?;
            place.dirty.remove(&shard);
            place.summed_at = self.clock.now();
            self.store.put_reports_place(self.tenant, place).await?;
        }
        Ok(is_whole)
    }
}

/// What does not read is told of in the log, and holds up nobody else.
fn passed_over(set: store::Result<bool>) -> store::Result<bool> {
    match set {
        Err(store::Error::Corrupt { key, detail }) => {
            tracing::error!(key, detail, "an item cannot be read; its customer keeps the figures that it has");
            Ok(false)
        }
        set => set,
    }
}

/// The beginning of the day after, in a zone in which that day may begin later than at midnight.
fn midnight(today: Date, zone: &TimeZone) -> Timestamp {
    let on = today.saturating_add(1.day());
    on.to_zoned(zone.clone()).map_or(Timestamp::MAX, |at| at.timestamp())
}
