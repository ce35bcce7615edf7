//! The channels that notices go to beside mailboxes: the address of each is a secret, since whoever has it can write there.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use domain::{NoticeWay, TenantId};
use jiff::Timestamp;

use super::vault::{Purpose, open_under, seal_under};
use crate::{
    Error, Result, Store, Vault,
    table::{
        attributes::{document::REVISION, notice_channel},
        change::{Change, is, no_item, some_item},
        db::{Row, Transacted, instant, millis, n, number, row_of, s, text},
        keys,
    },
};

/// How often in a row a channel may refuse what it is sent before nothing is sent there any more.
pub const CHANNEL_FAILURES_MAX: u32 = 3;

/// A channel that notices go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeChannel {
    /// The way.
    pub way: NoticeWay,
    /// When it was entered.
    pub entered_at: Timestamp,
    /// Who entered it.
    pub entered_by: String,
    /// How often in a row it refused what it was sent.
    pub failed: u32,
    /// Since when nothing is sent there any more.
    pub gone_at: Option<Timestamp>,
    /// Counts how often it was entered, from 1.
    pub rev: u64,
    sealed: Vec<u8>,
}

fn read_channel(way: NoticeWay, row: &Row) -> NoticeChannel {
    let sealed = row.get(notice_channel::URL).and_then(|value| value.as_b().ok()).map(|blob| blob.as_ref().to_vec());
    NoticeChannel {
        way,
        entered_at: number(row, notice_channel::ENTERED_AT).map(instant).unwrap_or_default(),
        entered_by: text(row, notice_channel::ENTERED_BY).unwrap_or_default().to_owned(),
        failed: number(row, notice_channel::FAILED).unwrap_or(0),
        gone_at: number(row, notice_channel::GONE_AT).map(instant),
        rev: number(row, REVISION).unwrap_or(0),
        sealed: sealed.unwrap_or_default(),
    }
}

fn sealed_for(tenant: &TenantId, way: NoticeWay) -> Vec<u8> {
    format!("dunlin:{tenant}:notice_channel:{way}").into_bytes()
}

fn corrupt(tenant: &TenantId, way: NoticeWay, detail: &str) -> Error {
    Error::Corrupt { key: keys::notice_channel(tenant, way).to_string(), detail: detail.to_owned() }
}

impl Store {
    /// The channel of a way, where one was entered.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn notice_channel(&self, tenant: &TenantId, way: NoticeWay) -> Result<Option<NoticeChannel>> {
        let row = self.read("read a channel of notices of", &keys::notice_channel(tenant, way), true).await?;
        Ok(row.map(|row| read_channel(way, &row)))
    }

    /// Takes a channel away, as it was read.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when it changed meanwhile; those of writing.
    pub async fn delete_notice_channel(&self, tenant: &TenantId, known: &NoticeChannel) -> Result<()> {
        const OP: &str = "delete a channel of notices of";
        let gone = Change::of(keys::notice_channel(tenant, known.way)).when(is(REVISION, n(known.rev)));
        match self.transact(OP, tenant.as_str(), vec![gone.delete(self)]).await? {
            Transacted::Done => Ok(()),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: tenant.to_string() }),
        }
    }

    /// Notes that a channel took what it was sent, or refused it: from [`CHANNEL_FAILURES_MAX`] refusals in a row on nothing is sent there. Whether
    /// that is so from now on. Nothing where it was entered anew since it was read.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn note_notice_channel(
        &self,
        tenant: &TenantId,
        known: &NoticeChannel,
        took: bool,
        now: Timestamp,
    ) -> Result<bool> {
        if took && known.failed == 0 {
            return Ok(false);
        }
        let change = Change::of(keys::notice_channel(tenant, known.way)).when(some_item()).when(is(REVISION, n(known.rev)));
        let failed = known.failed.saturating_add(1);
        let goes = !took && failed >= CHANNEL_FAILURES_MAX && known.gone_at.is_none();
        let change = if took { change.drop(notice_channel::FAILED) } else { change.put(notice_channel::FAILED, n(failed)) };
        let change = if goes { change.put(notice_channel::GONE_AT, n(millis(now))) } else { change };
        self.write("note how a channel of notices stands of", change, false).await?;
        Ok(goes)
    }
}

impl Vault {
    /// Makes the key under which addresses of channels are sealed, where there is none.
    ///
    /// # Errors
    ///
    /// Those of KMS and of the table.
    pub async fn ensure_notice_key(&self, tenant: &TenantId) -> Result<()> {
        self.data_key(tenant, Purpose::Notices).await.map(|_| ())
    }

    /// Stores the address of a channel, sealed, in place of the one before.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when it changed meanwhile; those of KMS and of writing.
    pub async fn put_notice_channel(
        &self,
        tenant: &TenantId,
        way: NoticeWay,
        url: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<NoticeChannel> {
        const OP: &str = "store a channel of notices of";
        let before = self.store.notice_channel(tenant, way).await?;
        let rev = before.as_ref().map_or(0, |known| known.rev);
        let key = self.data_key(tenant, Purpose::Notices).await?;
        let sealed = seal_under(&key, sealed_for(tenant, way), url.as_bytes());
        let sealed = sealed.ok_or_else(|| corrupt(tenant, way, "its address could not be sealed"))?;
        let row = row_of([
            (notice_channel::URL, AttributeValue::B(Blob::new(sealed.as_slice()))),
            (notice_channel::ENTERED_AT, n(millis(now))),
            (notice_channel::ENTERED_BY, s(by)),
            (REVISION, n(rev + 1)),
        ]);
        let change = Change::of(keys::notice_channel(tenant, way));
        let change = if before.is_none() { change.when(no_item()) } else { change.when(is(REVISION, n(rev))) };
        match self.store.transact(OP, tenant.as_str(), vec![change.replace(&self.store, row.clone())]).await? {
            Transacted::Done => Ok(read_channel(way, &row)),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: tenant.to_string() }),
        }
    }

    /// The address of a channel.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] where it does not open; those of KMS and of reading.
    pub async fn notice_channel_url(&self, tenant: &TenantId, known: &NoticeChannel) -> Result<String> {
        let key = self.data_key(tenant, Purpose::Notices).await?;
        let opened = open_under(&key, sealed_for(tenant, known.way), &known.sealed);
        let opened = opened.and_then(|plain| String::from_utf8(plain).ok());
        opened.ok_or_else(|| corrupt(tenant, known.way, "its address does not open"))
    }
}
