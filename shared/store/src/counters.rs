//! A tenant's daily counters, and a person's budget of contacts.

use domain::{AddressFact, TenantId, settings::Caps, settings::PersonCap};
use jiff::{ToSpan, civil::Date};

use crate::{
    Error, Result, Store,
    db::{Change, Range, Row, Wrote, json, n, number, text},
    keys,
};

/// Days whose median the breaker compares with.
pub const MEDIAN_DAYS: usize = 28;
/// Longest that a contact day is kept.
const CONTACT_DAYS: i64 = 60;

fn hour_name(hour: u8) -> String {
    format!("h{hour:02}")
}

impl Store {
    /// Reserves room for up to `want` messages on a day and in an hour of the tenant's zone; however many sweeps ask at once,
    /// the caps hold. Returns how many there is room for.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn reserve(&self, tenant: &TenantId, on: Date, hour: u8, want: u32, caps: &Caps) -> Result<u32> {
        const OP: &str = "reserve messages for";
        let mut grant = want.min(caps.per_day.unwrap_or(want)).min(caps.per_hour.unwrap_or(want));
        for _ in 0..16 {
            if grant == 0 {
                return Ok(0);
            }
            let mut change = Change::of(keys::counters(tenant, on))
                .add("#sent :grant")
                .add("#hour :grant")
                .name("#sent", "sent")
                .name("#hour", &hour_name(hour))
                .value(":grant", n(grant));
            if let Some(cap) = caps.per_day {
                change = change.when("attribute_not_exists(#sent) OR #sent <= :day").value(":day", n(cap - grant));
            }
            if let Some(cap) = caps.per_hour {
                change = change.when("attribute_not_exists(#hour) OR #hour <= :most").value(":most", n(cap - grant));
            }
            match self.write(OP, change, false).await? {
                Wrote::Done(_) => return Ok(grant),
                Wrote::Not(row) => {
                    let row = row.unwrap_or_default();
                    let room = |cap: Option<u32>, name: &str| cap.map_or(want, |cap| cap.saturating_sub(count(&row, name)));
                    grant = grant.min(room(caps.per_day, "sent")).min(room(caps.per_hour, &hour_name(hour)));
                }
            }
        }
        Err(Error::Conflict { operation: OP, id: tenant.to_string() })
    }

    /// Gives back what was reserved and not used.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn give_back(&self, tenant: &TenantId, on: Date, hour: u8, count: u32) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        let change = Change::of(keys::counters(tenant, on))
            .add("#sent :less")
            .add("#hour :less")
            .name("#sent", "sent")
            .name("#hour", &hour_name(hour))
            .value(":less", n(-i64::from(count)))
            .value(":count", n(count))
            .when("#sent >= :count AND #hour >= :count");
        self.write("give back messages for", change, false).await.map(|_| ())
    }

    /// Counts messages that became due on a day, or uncounts them; returns the day's count so far. `None` for a day that a
    /// person has approved: its count goes on, for the median, and is compared with nothing any more.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn count_due(&self, tenant: &TenantId, on: Date, more: i64) -> Result<Option<u32>> {
        let change = Change::of(keys::counters(tenant, on)).add("#due :more").name("#due", "due").value(":more", n(more));
        match self.write("count what is due for", change, true).await? {
            Wrote::Done(before) => {
                let row = before.unwrap_or_default();
                let so_far = u32::try_from(i64::from(count(&row, "due")) + more).unwrap_or(0);
                Ok((count(&row, "seen") == 0).then_some(so_far))
            }
            Wrote::Not(_) => Err(Error::Conflict { operation: "count what is due for", id: tenant.to_string() }),
        }
    }

    /// Says that a person looked at what became due on a day, so that it trips the breaker no more.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn approve_day(&self, tenant: &TenantId, on: Date) -> Result<()> {
        let change = Change::of(keys::counters(tenant, on)).put("seen", n(1));
        self.write("approve a day of", change, false).await.map(|_| ())
    }

    /// What became due on each of the 28 days before `on`, oldest first; days without any are 0.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn due_counts(&self, tenant: &TenantId, on: Date) -> Result<[u32; MEDIAN_DAYS]> {
        let day = |back: usize| {
            let days = i64::try_from(back).expect("at most 28");
            on.checked_sub(days.days()).unwrap_or(Date::MIN)
        };
        let pk = keys::tenant(tenant);
        let (from, to) = (keys::counters(tenant, day(MEDIAN_DAYS)).sk, keys::counters(tenant, day(1)).sk);
        let rows = self.range("read the counts of", Range::new(&pk, &from, &to, MEDIAN_DAYS)).await?;
        let mut counts = [0; MEDIAN_DAYS];
        for (at, slot) in counts.iter_mut().enumerate() {
            let sk = keys::counters(tenant, day(MEDIAN_DAYS - at)).sk;
            *slot = rows.iter().find(|row| text(row, "sk") == Some(&sk)).map_or(0, |row| count(row, "due"));
        }
        Ok(counts)
    }

    /// Spends one contact day of a person's budget. A day that is spent already costs nothing. False when there is no room.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn spend(&self, tenant: &TenantId, person: &str, on: Date, cap: &PersonCap) -> Result<bool> {
        const OP: &str = "spend a contact for";
        let key = keys::address(tenant, person);
        for _ in 0..6 {
            let row = self.read(OP, &key, true).await?;
            let mut fact: AddressFact = row.as_ref().map(|row| json(row, "doc")).transpose()?.unwrap_or_default();
            if fact.contacted_on.contains(&on) {
                return Ok(true);
            }
            let since = on.checked_sub(i64::from(cap.days.saturating_sub(1)).days()).unwrap_or(Date::MIN);
            let spent = fact.contacted_on.iter().filter(|day| **day >= since && **day <= on).count();
            if spent >= usize::try_from(cap.count).unwrap_or(usize::MAX) {
                return Ok(false);
            }
            let kept_from = on.checked_sub(CONTACT_DAYS.days()).unwrap_or(Date::MIN);
            fact.contacted_on.retain(|day| *day >= kept_from);
            fact.contacted_on.push(on);
            fact.contacted_on.sort();
            if let Wrote::Done(_) = self.write(OP, self.address_change(key.clone(), row.as_ref(), &fact), false).await? {
                return Ok(true);
            }
        }
        Err(Error::Conflict { operation: OP, id: tenant.to_string() })
    }

    /// Gives a contact day back: the one message of that day was not sent after all.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn refund(&self, tenant: &TenantId, person: &str, on: Date) -> Result<()> {
        const OP: &str = "refund a contact for";
        let key = keys::address(tenant, person);
        for _ in 0..6 {
            let Some(row) = self.read(OP, &key, true).await? else { return Ok(()) };
            let mut fact: AddressFact = json(&row, "doc")?;
            if !fact.contacted_on.contains(&on) {
                return Ok(());
            }
            fact.contacted_on.retain(|day| *day != on);
            if let Wrote::Done(_) = self.write(OP, self.address_change(key.clone(), Some(&row), &fact), false).await? {
                return Ok(());
            }
        }
        Err(Error::Conflict { operation: OP, id: tenant.to_string() })
    }
}

fn count(row: &Row, name: &str) -> u32 {
    u32::try_from(number::<i64>(row, name).unwrap_or(0).max(0)).unwrap_or(u32::MAX)
}
