//! Connections: a tenant's links to outside systems, their secrets sealed, rotated with overlap.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use domain::TenantId;
use jiff::Timestamp;

use crate::{
    Error, Result, Store, Vault,
    table::{
        attributes::{connection, every::SK},
        change::{Change, is, no_item},
        db::{Range, Row, Wrote, last_of, millis, n, number, s, text, to_json},
        keys,
    },
};

/// Most connections of a tenant.
const CONNECTIONS_MAX: usize = 200;
/// How the keys of connections begin.
const CONNECTIONS: &str = "CONN#";

/// A connection with its secrets in the clear; keep it out of logs.
#[derive(Clone, PartialEq)]
pub struct Connection {
    /// The kind of system, and its name in webhook addresses.
    pub source: String,
    /// The secrets.
    pub secrets: Secrets,
    /// What is not secret: base address, realm.
    pub config: serde_json::Value,
    /// Its revision, from 1.
    pub rev: u64,
}

/// The secret in use, and during a rotation the one before.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// In use.
    pub current: Vec<u8>,
    /// The one before, accepted until the instant.
    pub previous: Option<(Vec<u8>, Timestamp)>,
}

impl Secrets {
    /// The secrets that are accepted at `now`, the one in use first.
    pub fn accepted(&self, now: Timestamp) -> Vec<&[u8]> {
        let before = self.previous.as_ref().filter(|(_, until)| now <= *until).map(|(secret, _)| secret.as_slice());
        [Some(self.current.as_slice()), before].into_iter().flatten().collect()
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("source", &self.source).field("revision", &self.rev).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(..)")
    }
}

fn blob(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes.into()))
}

fn bytes(row: &Row, name: &str) -> Option<Vec<u8>> {
    row.get(name).and_then(|value| value.as_b().ok()).map(|blob| blob.as_ref().to_vec())
}

impl Store {
    /// The tenant's connections whose sources begin so, with what is not secret of each; the secrets stay sealed.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn connected(&self, tenant: &TenantId, sources: &str) -> Result<Vec<(String, serde_json::Value)>> {
        let (pk, from) = (keys::tenant(tenant), format!("{CONNECTIONS}{sources}"));
        let to = last_of(&from);
        let range = Range { strong: false, ..Range::new(&pk, &from, &to, CONNECTIONS_MAX) };
        let rows = self.range("list the connections of", range).await?;
        let connected = rows.iter().filter_map(|row| Some((row, text(row, SK)?.strip_prefix(CONNECTIONS)?.to_owned())));
        connected.map(|(row, source)| Ok((source, crate::table::db::json(row, connection::CONFIG)?))).collect()
    }
}

impl Vault {
    /// Creates a connection or rotates its secret: the one before is accepted until `overlap_until`. Storing the secret that
    /// is in use only changes the configuration. `if_rev` is the revision that it replaces: `None` for whatever is there, 0
    /// for none, so that of several refreshers one wins. Returns the new revision.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when the revision is another; those of KMS and of writing.
    pub async fn put_connection(
        &self,
        tenant: &TenantId,
        source: &str,
        secret: &[u8],
        config: &serde_json::Value,
        overlap_until: Option<Timestamp>,
        if_rev: Option<u64>,
    ) -> Result<u64> {
        const OP: &str = "store a connection of";
        let conflict = || Error::Conflict { operation: OP, id: source.to_owned() };
        let key = keys::connection(tenant, source);
        let row = self.store.read(OP, &key, true).await?;
        let rev = row.as_ref().and_then(|row| number::<u64>(row, connection::REVISION)).unwrap_or(0);
        if if_rev.is_some_and(|wanted| wanted != rev) {
            return Err(conflict());
        }
        let mut change = Change::of(key)
            .put(connection::CONFIG, s(to_json(config)))
            .put(connection::REVISION, n(rev + 1))
            .drop(connection::REFRESHING_UNTIL);
        let sealed_before = row.as_ref().and_then(|row| bytes(row, connection::SECRET));
        let before = match &sealed_before {
            Some(sealed) => Some(self.open(tenant, source, sealed).await?),
            None => None,
        };
        if before.as_deref() != Some(secret) {
            change = change.put(connection::SECRET, blob(self.seal(tenant, source, secret).await?));
            change = match (sealed_before, overlap_until) {
                (Some(sealed), Some(until)) => {
                    change.put(connection::PREVIOUS, blob(sealed)).put(connection::PREVIOUS_UNTIL, n(millis(until)))
                }
                (Some(_) | None, _) => change.drop(connection::PREVIOUS).drop(connection::PREVIOUS_UNTIL),
            };
        }
        change = if rev == 0 { change.when(no_item()) } else { change.when(is(connection::REVISION, n(rev))) };
        match self.store.write(OP, change, false).await? {
            Wrote::Done(_) => Ok(rev + 1),
            Wrote::Not(_) => Err(conflict()),
        }
    }

    /// A connection with its secrets opened.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn connection(&self, tenant: &TenantId, source: &str) -> Result<Option<Connection>> {
        let key = keys::connection(tenant, source);
        let Some(row) = self.store.read("read a connection of", &key, true).await? else { return Ok(None) };
        let missing = || Error::Corrupt { key: key.to_string(), detail: "'secret' is missing".into() };
        let current = self.open(tenant, source, &bytes(&row, connection::SECRET).ok_or_else(missing)?).await?;
        let until = number(&row, connection::PREVIOUS_UNTIL).and_then(|at| Timestamp::from_millisecond(at).ok());
        let previous = match (bytes(&row, connection::PREVIOUS), until) {
            (Some(sealed), Some(until)) => Some((self.open(tenant, source, &sealed).await?, until)),
            (Some(_) | None, _) => None,
        };
        Ok(Some(Connection {
            source: source.to_owned(),
            secrets: Secrets { current, previous },
            config: crate::table::db::json(&row, connection::CONFIG)?,
            rev: number(&row, connection::REVISION).unwrap_or(0),
        }))
    }

    /// The sources that the tenant is connected to.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn connections(&self, tenant: &TenantId) -> Result<Vec<String>> {
        let pk = keys::tenant(tenant);
        let to = last_of(CONNECTIONS);
        let rows = self.store.range("list the connections of", Range::new(&pk, CONNECTIONS, &to, CONNECTIONS_MAX)).await?;
        Ok(rows.iter().filter_map(|row| text(row, SK)?.strip_prefix(CONNECTIONS).map(str::to_owned)).collect())
    }
}
