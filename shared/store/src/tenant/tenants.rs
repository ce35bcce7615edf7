//! Tenants: the registry that the sweep lists, settings, the breaker, and waking every customer of a tenant.

use domain::{CustomerId, Mode, Next, Settings, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result, Store,
    table::{
        attributes::{
            breaker,
            document::{self, DOC},
            every::{DUE_PK, DUE_SK, SK},
            fact, head, registry, settings,
        },
        change::{Change, absent, is, no_item, present, some_item},
        db::{Range, Row, Transacted, Wrote, failed, json, millis, n, number, s, text, to_json, word_of},
        keys,
        retry::{ATTEMPTS, Tries},
    },
};

/// Most tenants in one table.
const TENANTS_MAX: usize = 10_000;

/// A tenant as the registry lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantRow {
    /// The tenant.
    pub tenant: TenantId,
    /// The name that customers see; `None` where a release before stored the settings.
    pub name: Option<String>,
    /// Off, shadow or live.
    pub mode: Mode,
    /// The kill switch.
    pub paused: bool,
    /// Shards of the due index.
    pub shards: u8,
    /// Counts every change of settings, workflows, templates and breaker.
    pub rev: u64,
    /// Where waking every customer stands, if it is under way.
    pub replan: Option<Replan>,
}

/// How far waking every customer of a tenant has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replan {
    /// When it was asked for.
    pub since: Timestamp,
    /// The shard under way.
    pub shard: u8,
    /// The cursor within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// An entry of the due index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueEntry {
    /// The customer.
    pub customer: CustomerId,
    /// When it is due.
    pub due: Next,
}

/// A page of the due index, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuePage {
    /// The entries.
    pub entries: Vec<DueEntry>,
    /// What to pass for the next page; `None` at the end.
    pub after: Option<String>,
}

/// A value with the revision that a conditional write of it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// Its revision, from 1.
    pub rev: u64,
}

pub(crate) fn read_row(row: &Row) -> Result<TenantRow> {
    let id = text(row, SK).unwrap_or_default();
    let corrupt = |detail: &str| Error::Corrupt { key: format!("TENANTS|{id}"), detail: detail.to_owned() };
    Ok(TenantRow {
        tenant: TenantId::parse(id).map_err(|_| corrupt("no tenant id"))?,
        name: text(row, registry::NAME).map(str::to_owned),
        mode: serde_json::from_value(text(row, registry::MODE).unwrap_or_default().into()).map_err(|_| corrupt("no mode"))?,
        paused: number::<u8>(row, registry::PAUSED) == Some(1),
        shards: number(row, registry::SHARDS).unwrap_or(1),
        rev: number(row, registry::REVISION).unwrap_or(0),
        replan: if row.contains_key(registry::REPLAN) { Some(json(row, registry::REPLAN)?) } else { None },
    })
}

impl Store {
    /// Every tenant.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn tenants(&self) -> Result<Vec<TenantRow>> {
        let pk = keys::tenants();
        self.range("list tenants", Range::new(&pk, " ", "~", TENANTS_MAX)).await?.iter().map(read_row).collect()
    }

    /// One tenant.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantRow>> {
        self.read("read the tenant", &keys::registry(tenant), true).await?.as_ref().map(read_row).transpose()
    }

    /// Shards of the tenant's due index, as first seen by this store: they are only ever raised.
    pub(crate) async fn shards(&self, tenant: &TenantId) -> Result<u8> {
        if let Some(shards) = self.cache.shards(tenant) {
            return Ok(shards);
        }
        let shards = self.tenant(tenant).await?.map_or(1, |row| row.shards);
        self.cache.keep_shards(tenant, shards);
        Ok(shards)
    }

    /// The tenant's settings and their revision.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn settings(&self, tenant: &TenantId) -> Result<Option<Versioned<Settings>>> {
        let row = self.read("read the settings of", &keys::settings(tenant), true).await?;
        row.map(|row| Ok(Versioned { value: json(&row, DOC)?, rev: number(&row, document::REVISION).unwrap_or(0) })).transpose()
    }

    /// Stores settings; the first time creates the tenant. `if_rev` is the revision that they replace: `None` for whatever is
    /// there, 0 for none. Where decisions may come out differently every customer is woken by the same write. Returns the new revision.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when the revision is another, [`Error::Refused`] for fewer shards than before.
    pub async fn put_settings(&self, tenant: &TenantId, settings: &Settings, if_rev: Option<u64>, now: Timestamp) -> Result<u64> {
        const OP: &str = "store the settings of";
        let conflict = || Error::Conflict { operation: OP, id: tenant.to_string() };
        let mut tries = Tries::new(ATTEMPTS, OP, tenant.as_str());
        loop {
            tries.again()?;
            let before = self.settings(tenant).await?;
            let rev = before.as_ref().map_or(0, |before| before.rev);
            if if_rev.is_some_and(|wanted| wanted != rev) {
                return Err(conflict());
            }
            if settings.shards == 0 || before.as_ref().is_some_and(|before| before.value.shards > settings.shards) {
                let why = "shards may be raised, not lowered".to_owned();
                return Err(Error::Refused { operation: OP, id: tenant.to_string(), why });
            }
            let mut change = Change::of(keys::settings(tenant))
                .put(DOC, s(to_json(settings)))
                .put(document::REVISION, n(rev + 1))
                .put(fact::SEEN_AT, n(millis(now)))
                .add(settings::POLICY_REVISION, n(1));
            change = self.by_whom(change);
            change = if rev == 0 { change.when(no_item()) } else { change.when(is(document::REVISION, n(rev))) };
            let mut row = Change::of(keys::registry(tenant))
                .put(registry::MODE, s(word_of(settings.mode)))
                .put(registry::PAUSED, n(u8::from(settings.paused)))
                .put(registry::SHARDS, n(settings.shards))
                .put(registry::NAME, s(&settings.name))
                .add(registry::REVISION, n(1));
            if before.as_ref().is_some_and(|before| matters(&before.value, settings)) {
                row = row.put(registry::REPLAN, s(to_json(&Replan { since: now, shard: 0, after: None })));
            }
            let actions = vec![change.update(self), row.update(self)];
            if let Transacted::Done = self.transact(OP, tenant.as_str(), actions).await? {
                // After the settings are there: whoever tells of a cause later reads them and finds it gone.
                self.end_causes(tenant, settings, now).await?;
                return Ok(rev + 1);
            }
        }
    }

    /// The two writes that make every reader of the tenant's policy read it again.
    pub(crate) fn policy_changed(
        &self,
        tenant: &TenantId,
        replan: Option<Timestamp>,
    ) -> Vec<aws_sdk_dynamodb::types::TransactWriteItem> {
        let settings = Change::of(keys::settings(tenant)).add(settings::POLICY_REVISION, n(1)).when(some_item());
        let mut row = Change::of(keys::registry(tenant)).add(registry::REVISION, n(1)).when(some_item());
        if let Some(since) = replan {
            row = row.put(registry::REPLAN, s(to_json(&Replan { since, shard: 0, after: None })));
        }
        vec![settings.update(self), row.update(self)]
    }

    /// Moves the cursor of waking every customer, or clears it.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when it was asked for again since `seen`.
    pub async fn set_replan(&self, tenant: &TenantId, seen: Option<&Replan>, replan: Option<&Replan>) -> Result<()> {
        let mut change = Change::of(keys::registry(tenant)).when(some_item());
        if let Some(seen) = seen {
            change = change.when(is(registry::REPLAN, s(to_json(seen))));
        }
        change = match replan {
            Some(replan) => change.put(registry::REPLAN, s(to_json(replan))),
            None => change.drop(registry::REPLAN),
        };
        match self.write("wake every customer of", change, false).await? {
            Wrote::Done(_) => Ok(()),
            Wrote::Not(_) => Err(Error::Conflict { operation: "wake every customer of", id: tenant.to_string() }),
        }
    }

    /// Entries of one shard of the due index, oldest first, future and parked ones too: all of them, or those that are due at `from` and
    /// later. The index follows the table by moments; a head read strongly has the last word.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn due(
        &self,
        tenant: &TenantId,
        shard: u8,
        from: Option<Timestamp>,
        limit: u32,
        after: Option<&str>,
    ) -> Result<DuePage> {
        let due_pk = keys::due_pk(tenant, shard);
        let from = from.map_or_else(|| " ".to_owned(), keys::second);
        let start = after.and_then(|after| {
            let customer = CustomerId::parse(after.split_once('#')?.1)?;
            let mut start = keys::head(tenant, &customer).attributes();
            start.insert(DUE_PK.to_owned(), s(due_pk.clone()));
            start.insert(DUE_SK.to_owned(), s(after));
            Some(start)
        });
        let out = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(keys::DUE)
            .key_condition_expression(format!("{DUE_PK} = :pk AND {DUE_SK} BETWEEN :from AND :to"))
            .expression_attribute_values(":pk", s(due_pk.clone()))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":to", s("~"))
            .limit(i32::try_from(limit.clamp(1, 1_000)).expect("at most a thousand"))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| failed("read what is due of", &due_pk, error))?;
        let after = out.last_evaluated_key.as_ref().and_then(|key| text(key, DUE_SK)).map(str::to_owned);
        let entries = out.items.unwrap_or_default().iter().filter_map(entry).collect();
        Ok(DuePage { entries, after })
    }

    /// Opens the circuit breaker; the first reason stands.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn trip_breaker(&self, tenant: &TenantId, reason: &str, now: Timestamp) -> Result<()> {
        let change = Change::of(keys::breaker(tenant))
            .put(breaker::OPEN, n(1))
            .put(breaker::REASON, s(reason))
            .put(breaker::TRIPPED_AT, n(millis(now)))
            .put(fact::SEEN_AT, n(millis(now)))
            .when(absent(breaker::OPEN).or(is(breaker::OPEN, n(0))));
        let mut actions = vec![self.by_whom(change).update(self)];
        actions.extend(self.policy_changed(tenant, None));
        match self.transact("trip the breaker of", tenant.as_str(), actions).await? {
            Transacted::Done => Ok(()),
            Transacted::Not(failed) if failed == [0] => Ok(()),
            Transacted::Not(_) => Err(Error::Conflict { operation: "trip the breaker of", id: tenant.to_string() }),
        }
    }

    /// Closes the circuit breaker and wakes every customer.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn reset_breaker(&self, tenant: &TenantId, now: Timestamp) -> Result<()> {
        let change = Change::of(keys::breaker(tenant))
            .put(breaker::OPEN, n(0))
            .put(breaker::RESET_AT, n(millis(now)))
            .put(fact::SEEN_AT, n(millis(now)));
        let mut actions = vec![self.by_whom(change).update(self)];
        actions.extend(self.policy_changed(tenant, Some(now)));
        match self.transact("reset the breaker of", tenant.as_str(), actions).await? {
            Transacted::Done => Ok(()),
            Transacted::Not(_) => Err(Error::Conflict { operation: "reset the breaker of", id: tenant.to_string() }),
        }
    }

    /// Leaves a customer alone until an instant, after advancing it failed `failures` times in a row.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn back_off(&self, tenant: &TenantId, customer: &CustomerId, until: Timestamp, failures: u32) -> Result<()> {
        let change = Change::of(keys::head(tenant, customer))
            .when(present(DUE_PK))
            .put(head::BACKOFF_UNTIL, n(millis(until)))
            .put(head::FAILURES, n(failures))
            .put(DUE_SK, s(keys::due_sk(until, customer)));
        self.write("back off from", change, false).await.map(|_| ())
    }
}

/// Whether decisions may come out differently.
fn matters(before: &Settings, after: &Settings) -> bool {
    let bare = |settings: &Settings| Settings {
        name: String::new(),
        language: None,
        sender: Default::default(),
        reply_to: None,
        rate_per_minute: None,
        costs: Default::default(),
        breaker: Default::default(),
        reporting: None,
        brand: Default::default(),
        owners: Vec::new(),
        teams: Default::default(),
        key_accounts: None,
        plans: Default::default(),
        answers: Default::default(),
        ..settings.clone()
    };
    bare(before) != bare(after)
}

fn entry(row: &Row) -> Option<DueEntry> {
    let (at, customer) = text(row, DUE_SK)?.split_once('#')?;
    let due = if at == keys::PARKED { Next::Parked } else { Next::At(at.parse().ok()?) };
    Some(DueEntry { customer: CustomerId::parse(customer)?, due })
}
