//! The audit: what people did, an entry each, written in the transaction of what it tells of.
//!
//! [`Store::acting`] gives a store that notes: whatever is written through it has the entry with it, or is not written. What changes
//! nothing is not noted, and a write that another's came between is noted once it succeeds. Entries are never changed.

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
        change::{Change, at_most, is, no_item, put},
        db::{Row, failed, instant, json, last_of, millis, n, number, row_of, s, text, to_json},
        keys::{self, Key},
    },
};

mod entry;
mod mark;

pub use entry::AuditEntry;
pub use mark::Once;

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

impl AuditEntry {
    /// Its place in the audit: what to pass for the page that follows it.
    pub fn place(&self) -> String {
        self.key().sk
    }

    fn key(&self) -> Key {
        let what = self.what.to_string();
        let (object, note) = (self.object.as_deref().unwrap_or_default(), self.note.as_deref().unwrap_or_default());
        keys::audit(&self.tenant, self.at, &[&self.by, &self.operation, object, &what, note])
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
            once: None,
        })
    }
}

impl Store {
    /// A store that writes whatever it writes together with `entry`, in one transaction.
    pub fn acting(&self, entry: AuditEntry) -> Self {
        Self { acting: Some(Arc::new(entry)), ..self.clone() }
    }

    /// The entry of what a person is doing.
    pub(crate) fn noted(&self) -> Option<TransactWriteItem> {
        self.acting.as_ref().map(|entry| put(self, &entry.key(), entry.row()))
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
        if after.is_some_and(|after| !after.starts_with(keys::AUDIT) || after.len() > 120) {
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
}
