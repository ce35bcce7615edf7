//! One tenant: the walk that closes a day, and the customers that changed since.

use std::collections::BTreeSet;

use domain::{CustomerId, Settings, TenantId, calendar::tenant_zone};
use figures::{CustomerFigures, GroupBy, Groups};
use files::Bucket;
use futures::future::join_all;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use kit::{Budget, Clock};
use store::{KeptFigures, Line, List, ReportsPlace, ReportsStep, Store};

use crate::snapshot::DaySnapshot;

/// Customers whose figures are set at once.
const AT_ONCE: usize = 16;
/// Customers, or messages, of a page: after each the place is noted.
const PAGE: u32 = 100;
/// Rows of figures that are read at once.
const ROWS: u32 = 200;
/// Customers that changed and are read at once.
const CHANGED: usize = 400;
/// What totals are kept by.
const KEPT_BY: [GroupBy; 4] = [GroupBy::Tenant, GroupBy::Segment, GroupBy::Owner, GroupBy::LegalEntity];

/// What a tick came to.
#[derive(Debug, Default)]
pub struct TickCounts {
    /// Customers whose figures were set.
    pub reckoned: u64,
    /// Days that were closed.
    pub closed: u64,
}

/// A tenant whose figures are set.
pub struct TenantWalk<'a> {
    pub store: &'a Store,
    pub bucket: &'a Bucket,
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
    /// Those of the table and of the bucket.
    pub async fn go_on(&self, counts: &mut TickCounts) -> anyhow::Result<Timestamp> {
        let now = self.clock.now();
        let Some(settings) = self.store.settings(self.tenant).await?.map(|settings| settings.value) else {
            return Ok(Timestamp::MAX);
        };
        let (zone, by) = (tenant_zone(&settings), counts_by(&settings));
        let today = now.to_zoned(zone.clone()).date();
        let mut place = match self.store.reports_place(self.tenant).await? {
            Some(known) => known.of_day(today, &by),
            None => {
                let since = self.store.known_since(self.tenant).await?.unwrap_or(now);
                ReportsPlace::first(today, since.to_zoned(zone.clone()).date().min(today), by.clone(), now)
            }
        };
        // Who changed before midnight is counted in the day that is closed.
        if !place.is_done() && !self.set_changed(&mut place, &settings, counts).await? {
            return Ok(now);
        }
        while !place.is_done() {
            if self.budget.is_over() {
                self.store.put_reports_place(self.tenant, &place).await?;
                return Ok(now);
            }
            let Some(next) = self.step(&place, &settings, counts).await? else { return Ok(now) };
            place = next;
            self.store.put_reports_place(self.tenant, &place).await?;
            if place.is_done() {
                counts.closed += 1;
                // Days that nobody closed are closed one after another.
                place = place.of_day(today, &by);
            }
        }
        let is_whole = self.set_changed(&mut place, &settings, counts).await?;
        while let Some(shard) = place.dirty.first().copied() {
            if !self.set_shard(shard, (place.on, None), &settings, counts).await? {
                return Ok(now);
            }
            place.dirty.remove(&shard);
            place.summed_at = self.clock.now();
            self.store.put_reports_place(self.tenant, &place).await?;
        }
        Ok(if is_whole { midnight(place.on.max(today), &zone) } else { now })
    }

    /// One step of the walk: a page of customers, or a shard. `None` where there was no time for the whole shard: what was set of it is.
    async fn step(
        &self,
        place: &ReportsPlace,
        settings: &Settings,
        counts: &mut TickCounts,
    ) -> anyhow::Result<Option<ReportsPlace>> {
        let days = (place.on, Some(place.closing));
        let with = |step: ReportsStep| Some(ReportsPlace { step, ..place.clone() });
        match &place.step {
            ReportsStep::Customers(walk) => {
                let (customers, next) = self.store.walk_customers(self.tenant, walk, PAGE).await?;
                counts.reckoned += self.set(&customers, days, settings).await?;
                Ok(with(next.map_or(ReportsStep::Shard(0), ReportsStep::Customers)))
            }
            ReportsStep::Written { of, after } => {
                let page = self.store.list(self.tenant, &List::MessagesOn(*of), PAGE, after.as_deref()).await?;
                let whose = |line: Line| if let Line::Message(message) = line { Some(message.customer) } else { None };
                let customers: BTreeSet<CustomerId> = page.lines.into_iter().filter_map(whose).collect();
                let customers: Vec<CustomerId> = customers.into_iter().collect();
                counts.reckoned += self.set(&customers, days, settings).await?;
                Ok(with(match page.after {
                    Some(after) => ReportsStep::Written { of: *of, after: Some(after) },
                    None if *of < place.on => ReportsStep::Written { of: of.saturating_add(1.day()), after: None },
                    None => ReportsStep::Shard(0),
                }))
            }
            ReportsStep::Shard(shard) => {
                if !self.set_shard(*shard, days, settings, counts).await? {
                    return Ok(None);
                }
                let next = shard + 1;
                let is_last = next >= Store::figure_shards();
                Ok(if is_last { Some(place.clone().closed(self.clock.now())) } else { with(ReportsStep::Shard(next)) })
            }
            ReportsStep::Done => Ok(Some(place.clone())),
        }
    }

    /// Sets the figures of some customers; of how many. One that does not read keeps those that it has.
    async fn set(&self, customers: &[CustomerId], days: (Date, Option<Date>), settings: &Settings) -> store::Result<u64> {
        let now = self.clock.now();
        let mut reckoned = 0;
        for some in customers.chunks(AT_ONCE) {
            let mut each = Vec::with_capacity(some.len());
            for customer in some {
                each.push(self.store.set_figures(self.tenant, customer, settings, days, now));
            }
            for set in join_all(each).await {
                reckoned += u64::from(passed_over(set)?);
            }
        }
        Ok(reckoned)
    }

    /// Sums a shard, today and the day that is closed where there is one; of customers whose figures do not follow from what is kept, sets them
    /// before. False where there was no time for all.
    async fn set_shard(
        &self,
        shard: u8,
        (today, closing): (Date, Option<Date>),
        settings: &Settings,
        counts: &mut TickCounts,
    ) -> anyhow::Result<bool> {
        let now = self.clock.now();
        let mut snapshot = closing.map(|day| DaySnapshot::of(self.bucket, self.tenant, day, shard));
        let mut of_today = Sums::none(today);
        let mut of_day = closing.map(Sums::none);
        let mut after: Option<CustomerId> = None;
        loop {
            let page = self.store.figures_page(self.tenant, shard, after.as_ref(), ROWS).await?;
            let is_left = |kept: &KeptFigures| kept.on(today).is_none() || closing.is_some_and(|day| kept.on(day).is_none());
            let moved: Vec<CustomerId> =
                page.rows.iter().filter(|(_, kept)| is_left(kept)).map(|(customer, _)| customer.clone()).collect();
            for some in moved.chunks(AT_ONCE) {
                if self.budget.is_over() {
                    return Ok(false);
                }
                counts.reckoned += self.set(some, (today, closing), settings).await?;
            }
            for (customer, kept) in page.rows {
                let is_anew = moved.contains(&customer);
                let anew = if is_anew { self.store.kept_figures(self.tenant, &customer).await? } else { None };
                let kept = anew.unwrap_or(kept);
                kept.on(today).iter().for_each(|figures| of_today.add(figures));
                let of_closed = closing.and_then(|day| kept.on(day));
                if let (Some(sums), Some(snapshot), Some(figures)) = (&mut of_day, &mut snapshot, of_closed) {
                    sums.add(&figures);
                    snapshot.add(&figures).await?;
                }
            }
            after = page.after;
            if after.is_none() {
                break;
            }
        }
        if let Some(snapshot) = snapshot {
            snapshot.finish().await?;
        }
        for sums in of_day.into_iter().chain([of_today]) {
            for groups in &sums.0 {
                self.store.put_totals(self.tenant, shard, groups, now).await?;
            }
        }
        Ok(true)
    }

    /// Sets the figures of the customers that changed, and notes whose shards are to be summed anew. False where there was no time for all.
    async fn set_changed(&self, place: &mut ReportsPlace, settings: &Settings, counts: &mut TickCounts) -> store::Result<bool> {
        let days = (place.on, Some(place.closing).filter(|_| !place.is_done()));
        loop {
            let changed = self.store.changed_customers(self.tenant, CHANGED).await?;
            if changed.is_empty() {
                return Ok(true);
            }
            if self.budget.is_over() {
                return Ok(false);
            }
            // Whose shards are to be summed is noted before it is forgotten who changed.
            let shards: BTreeSet<u8> = changed.iter().map(|(customer, _)| Store::figure_shard(customer)).collect();
            if !shards.is_subset(&place.dirty) {
                place.dirty.extend(shards);
                self.store.put_reports_place(self.tenant, place).await?;
            }
            for some in changed.chunks(AT_ONCE) {
                let customers: Vec<CustomerId> = some.iter().map(|(customer, _)| customer.clone()).collect();
                counts.reckoned += self.set(&customers, days, settings).await?;
                let mut each = Vec::with_capacity(some.len());
                for (customer, by) in some {
                    each.push(self.store.forget_changed(self.tenant, customer, by));
                }
                join_all(each).await.into_iter().collect::<store::Result<()>>()?;
            }
        }
    }
}

/// What of the settings counts for every customer, as a text: where it changes, figures do that follow from no change of a customer.
fn counts_by(settings: &Settings) -> String {
    let zone = settings.time_zone.as_deref().unwrap_or(&settings.country);
    let entities: Vec<&String> = settings.legal_entities.keys().collect();
    serde_json::json!([zone, settings.owners, entities, settings.costs, settings.language]).to_string()
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
