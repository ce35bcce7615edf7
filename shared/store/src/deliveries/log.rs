//! Looking through the deliveries of a subscription, newest first: by the day on which they were first queued, as webhooks that came are.

use std::collections::HashMap;

use domain::{SubscriptionId, TenantId};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use crate::{
    Error, Result, Store,
    deliveries::one_delivery::{EventDelivery, KEPT_DAYS, parse_delivery_id, read_delivery},
    table::{
        attributes::every::{DUE_PK, DUE_SK, PK, SK},
        db::{Row, failed, s, text},
        keys::{self, Key},
    },
};

/// A page of deliveries, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<EventDelivery>,
    /// What to pass for the next page; `None` at the end.
    pub after: Option<String>,
}

/// Where in the log to look: within a day, between two places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogRange<'a> {
    pub(crate) day: Date,
    /// Behind this place.
    pub(crate) from: &'a str,
    /// Before this place.
    pub(crate) until: &'a str,
    pub(crate) newest_first: bool,
    pub(crate) most: usize,
}

pub(crate) fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

impl Store {
    /// A delivery.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn event_delivery(
        &self,
        tenant: &TenantId,
        subscription: &SubscriptionId,
        id: &str,
    ) -> Result<Option<EventDelivery>> {
        let Some((event, lane)) = parse_delivery_id(id) else { return Ok(None) };
        let row = self.read("read a delivery of", &keys::delivery(tenant, subscription, lane, event), true).await?;
        row.as_ref().map(read_delivery).transpose()
    }

    /// The deliveries of a subscription, newest first. The list lags behind by moments.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when `after` is none of an earlier page; those of reading.
    pub async fn event_deliveries(
        &self,
        tenant: &TenantId,
        subscription: &SubscriptionId,
        limit: usize,
        after: Option<&str>,
        now: Timestamp,
    ) -> Result<DeliveryPage> {
        const OP: &str = "read the deliveries of";
        let none = || Error::Refused { operation: OP, id: tenant.to_string(), why: "the cursor is none of ours".into() };
        let mut before = after.map(|after| keys::queued_cursor(after).ok_or_else(none)).transpose()?;
        let mut day = before.as_ref().map_or(day_of(now), |(at, _)| day_of(*at).min(day_of(now)));
        let oldest = day_of(now).saturating_sub((KEPT_DAYS + 1).days());
        let mut found = Vec::new();
        while day >= oldest && found.len() <= limit {
            let until = before.take().map_or_else(|| "~".to_owned(), |(_, place)| place);
            let range = LogRange { day, from: "0", until: &until, newest_first: true, most: limit + 1 - found.len() };
            found.extend(self.logged(tenant, subscription, range).await?);
            match day.yesterday() {
                Ok(yesterday) => day = yesterday,
                Err(_) => break,
            }
        }
        let is_more = found.len() > limit;
        found.truncate(limit);
        let after = found.last().filter(|_| is_more).map(|(place, _)| place.clone());
        let wanted: Vec<Key> = found.iter().map(|(_, key)| key.clone()).collect();
        let rows: HashMap<Key, Row> = self.read_many(OP, &wanted, true).await?;
        let deliveries = wanted.iter().filter_map(|key| rows.get(key)).map(read_delivery).collect::<Result<Vec<_>>>()?;
        Ok(DeliveryPage { deliveries, after })
    }

    /// Where deliveries of a day are listed, and their items.
    pub(crate) async fn logged(
        &self,
        tenant: &TenantId,
        subscription: &SubscriptionId,
        range: LogRange<'_>,
    ) -> Result<Vec<(String, Key)>> {
        const OP: &str = "read the deliveries of";
        let (mut found, mut start) = (Vec::new(), None);
        loop {
            let call = self
                .db
                .query()
                .table_name(&self.table)
                .index_name(keys::DUE)
                .key_condition_expression(format!("{DUE_PK} = :pk AND {DUE_SK} BETWEEN :from AND :until"))
                .expression_attribute_values(":pk", s(keys::queued_on(tenant, subscription, range.day)))
                .expression_attribute_values(":from", s(range.from))
                .expression_attribute_values(":until", s(range.until))
                .scan_index_forward(!range.newest_first)
                .limit(i32::try_from(range.most.saturating_add(2)).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send();
            let out = Box::pin(call).await.map_err(|error| failed(OP, tenant.as_str(), error))?;
            for row in out.items.unwrap_or_default() {
                let (Some(pk), Some(sk), Some(place)) = (text(&row, PK), text(&row, SK), text(&row, DUE_SK)) else { continue };
                // Both ends are outside.
                if place != range.from && place != range.until {
                    found.push((place.to_owned(), Key { pk: pk.to_owned(), sk: sk.to_owned() }));
                }
            }
            start = out.last_evaluated_key.filter(|key| !key.is_empty());
            if found.len() >= range.most || start.is_none() {
                found.truncate(range.most);
                return Ok(found);
            }
        }
    }
}
