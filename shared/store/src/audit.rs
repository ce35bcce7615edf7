//! The audit: what people did, an entry each, written in the transaction of what it tells of.
//!
//! [`Store::acting`] gives a store that notes: whatever is written through it has the entry with it, or is not written. What changes
//! nothing is not noted, and a write that another's came between is noted once it succeeds. Entries are never changed.
//!
//! The entries about a customer are a chain, and those about none are one of the tenant: each holds the hash of the one before, and an item
//! of its own, the tip, the hash of the last. The tip is written in the entry's transaction, on condition that it is as it was read. Only
//! people who change the same customer at the same moment meet there: no feed and no decision does.

use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{CustomerId, TenantId};
use jiff::Timestamp;

use crate::{
    Error, Result, Store,
    table::{
        attributes::{
            access::once,
            audit,
            every::{EXPIRES_AT, PK, SK},
            fact,
        },
        change::{Change, at_most, is, no_item, put_new},
        db::{Range, Row, failed, instant, json, last_of, millis, n, number, row_of, s, text, to_json},
        keys::{self, Key},
    },
};

mod chain;
mod entry;
mod mark;

pub use chain::AuditCheck;
pub use entry::AuditEntry;
pub use mark::Once;

/// What a transaction writes beside its own: the entry, and the tip of its chain.
#[derive(Debug, Default)]
pub(crate) struct Noted(Vec<TransactWriteItem>);

impl Noted {
    pub(crate) fn actions(&self) -> &[TransactWriteItem] {
        &self.0
    }
}

/// An entry as it stands in its chain.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainedEntry {
    /// The entry.
    pub entry: AuditEntry,
    /// Its place in the audit.
    pub place: String,
    /// SHA-256 of it and the hash of the one before.
    pub hash: String,
    /// The hash of the entry before it in its chain; empty for the first.
    pub previous: String,
}

/// Most entries of a page.
const PAGE_MAX: u32 = 200;

/// A page of the audit, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// What to pass for the next page; `None` at the end.
    pub after: Option<String>,
}

/// Whether a text has the form of a place in the audit.
pub(crate) fn is_audit_place(text: &str) -> bool {
    text.starts_with(keys::AUDIT) && text.len() <= 120
}

impl AuditEntry {
    /// Its place in the audit: what to pass for the page that follows it.
    pub fn place(&self) -> String {
        self.key().sk
    }

    fn key(&self) -> Key {
        let what = self.what.to_string();
        let (object, note) = (self.object.as_deref().unwrap_or_default(), self.note.as_deref().unwrap_or_default());
        keys::audit(&self.tenant, self.at, &[&self.by, &self.operation, object, &what, note], self.act.as_deref())
    }

    fn row(&self) -> Row {
        let mut row = row_of([
            (audit::AT, n(millis(self.at))),
            (audit::BY, s(self.by.clone())),
            (audit::ROLE, s(self.role.clone())),
            (audit::OPERATION, s(self.operation.clone())),
            (audit::WHAT, s(to_json(&self.what))),
        ]);
        let customer = self.customer.as_ref().map(|customer| customer.as_str().to_owned());
        for (name, value) in [(audit::OBJECT, &self.object), (audit::CUSTOMER, &customer), (audit::NOTE, &self.note)] {
            row.extend(value.iter().map(|value| (name.to_owned(), s(value.clone()))));
        }
        row
    }

    fn read(tenant: &TenantId, row: &Row) -> Result<Self> {
        let of = |name| text(row, name).map(str::to_owned);
        Ok(Self {
            tenant: tenant.clone(),
            at: instant(number(row, audit::AT).unwrap_or_default()),
            by: of(audit::BY).unwrap_or_default(),
            role: of(audit::ROLE).unwrap_or_default(),
            operation: of(audit::OPERATION).unwrap_or_default(),
            object: of(audit::OBJECT),
            customer: text(row, audit::CUSTOMER).and_then(CustomerId::parse),
            what: json(row, audit::WHAT)?,
            note: of(audit::NOTE),
            act: text(row, SK).and_then(keys::audit_act).map(str::to_owned),
            once: None,
        })
    }
}

impl Store {
    /// A store that writes whatever it writes together with `entry`, in one transaction.
    pub fn acting(&self, entry: AuditEntry) -> Self {
        Self { acting: Some(Arc::new(entry)), ..self.clone() }
    }

    /// The same store for what is written before the last of several transactions. The mark of a request that is carried out once goes with the
    /// last: one that breaks off before can be asked for again.
    pub(crate) fn unmarked(&self) -> Self {
        match &self.acting {
            Some(entry) => self.acting(AuditEntry { once: None, ..(**entry).clone() }),
            None => self.clone(),
        }
    }

    /// The entry of what a person is doing, linked to the one before it in its chain. Nothing where nobody acts.
    pub(crate) async fn noted(&self) -> Result<Noted> {
        let Some(entry) = &self.acting else { return Ok(Noted::default()) };
        let key = entry.key();
        let tip_key = keys::audit_tip(&entry.tenant, entry.customer.as_ref());
        let (there, tip) = (self.read("note in the audit of", &key, true), self.read("note in the audit of", &tip_key, true));
        let (there, tip) = tokio::try_join!(there, tip)?;
        // What one act writes in several transactions has one entry, in the first of them.
        if there.is_some() {
            return Ok(Noted::default());
        }
        let of_tip = |name| tip.as_ref().and_then(|row| text(row, name)).unwrap_or_default().to_owned();
        let (previous, previous_at) = (of_tip(audit::TIP), of_tip(audit::TIP_AT));
        let mut row = entry.row();
        row.insert(audit::PREVIOUS.to_owned(), s(previous.clone()));
        row.insert(audit::PREVIOUS_AT.to_owned(), s(previous_at));
        let change = Change::of(tip_key)
            .put(audit::TIP, s(chain::hash_of(&entry.tenant, &key.sk, &row)))
            .put(audit::TIP_AT, s(key.sk.clone()))
            .when(if tip.is_some() { is(audit::TIP, s(previous)) } else { no_item() });
        Ok(Noted(vec![put_new(self, &key, row), change.update(self)]))
    }

    /// The request that it is done for, where that is carried out at most once, and the write that fails where another attempt was first.
    pub(crate) fn only_once(&self) -> Option<(&Once, TransactWriteItem)> {
        let mark = self.acting.as_ref()?.once.as_ref()?;
        let free = no_item().or(is(once::ATTEMPT, s(mark.attempt.clone()))).or(at_most(EXPIRES_AT, n(mark.at.as_second())));
        let row = row_of([
            (once::REQUEST, s(mark.request.clone())),
            (once::ATTEMPT, s(mark.attempt.clone())),
            (once::BEGAN_AT, n(millis(mark.at))),
            (EXPIRES_AT, n(mark.until.as_second())),
        ]);
        Some((mark, Change::of(keys::once(&mark.tenant, &mark.id)).when(free).replace(self, row)))
    }

    /// Says in a fact of the tenant who wrote it so: history keeps it with the version.
    pub(crate) fn by_whom(&self, change: Change) -> Change {
        match &self.acting {
            Some(entry) => change.put(fact::BY, s(entry.by.clone())),
            None => change.drop(fact::BY),
        }
    }

    /// What people did within `from..=until`, newest first, at most `limit` entries and never more than 200.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when `after` is none of an earlier page; those of reading.
    pub async fn audit(
        &self,
        tenant: &TenantId,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
        limit: u32,
        after: Option<&str>,
    ) -> Result<AuditPage> {
        const OP: &str = "read the audit of";
        let pk = keys::audits(tenant);
        if after.is_some_and(|after| !is_audit_place(after)) {
            return Err(Error::Refused { operation: OP, id: tenant.to_string(), why: "the cursor is none of ours".into() });
        }
        let start = after.map(|sk| Key { pk: pk.clone(), sk: sk.to_owned() }.attributes());
        let first = from.map_or_else(|| keys::AUDIT.to_owned(), keys::audit_moment);
        let last = last_of(&until.map_or_else(|| keys::AUDIT.to_owned(), keys::audit_moment));
        let call = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{PK} = :pk AND {SK} BETWEEN :from AND :to"))
            .expression_attribute_values(":pk", s(pk.clone()))
            .expression_attribute_values(":from", s(first))
            .expression_attribute_values(":to", s(last))
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(i32::try_from(limit.clamp(1, PAGE_MAX)).expect("at most 200"))
            .set_exclusive_start_key(start)
            .send();
        let out = Box::pin(call).await.map_err(|error| failed(OP, &pk, error))?;
        let after = out.last_evaluated_key.as_ref().and_then(|key| text(key, SK)).map(str::to_owned);
        let entries = out.items.unwrap_or_default().iter().map(|row| AuditEntry::read(tenant, row)).collect::<Result<_>>()?;
        Ok(AuditPage { entries, after })
    }

    /// Entries within `from..=until`, oldest first, each as it stands in its chain: what an export writes. At most 200 a page; `after` is the
    /// place of the last entry of the page before.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn audit_chained(
        &self,
        tenant: &TenantId,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
        after: Option<&str>,
    ) -> Result<Vec<ChainedEntry>> {
        let pk = keys::audits(tenant);
        let first = match (after, from) {
            // The smallest text behind it.
            (Some(after), _) => format!("{after}\u{0}"),
            (None, Some(from)) => keys::audit_moment(from),
            (None, None) => keys::AUDIT.to_owned(),
        };
        let last = last_of(&until.map_or_else(|| keys::AUDIT.to_owned(), keys::audit_moment));
        if first > last {
            return Ok(vec![]);
        }
        let rows = self.range("export the audit of", Range::new(&pk, &first, &last, PAGE_MAX as usize)).await?;
        let chained = |row: &Row| {
            let place = text(row, SK).unwrap_or_default().to_owned();
            Ok(ChainedEntry {
                entry: AuditEntry::read(tenant, row)?,
                hash: chain::hash_of(tenant, &place, row),
                previous: text(row, audit::PREVIOUS).unwrap_or_default().to_owned(),
                place,
            })
        };
        rows.iter().map(chained).collect()
    }
}
