//! Keys by which machines call. Of a secret its SHA-256 is kept: the secret is 256 random bits, so that nothing slower guards it better.

use domain::{KeyId, TenantId};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Error, Result, Store,
    table::{
        attributes::{access::api_key, document::REVISION, every::SK},
        change::{Change, absent, at_most, is, no_item},
        db::{Range, Row, Transacted, instant, json, last_of, millis, n, number, row_of, s, text, to_json},
        keys::{self, API_KEYS},
    },
};

/// Most keys that a tenant has, those that were revoked too.
pub const API_KEYS_MAX: usize = 1_000;
/// How long a key counts as used.
const USED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// A key by which a machine calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// What people call it.
    pub name: String,
    /// The word of the role that it has at most.
    pub role: String,
    /// The words of its scopes.
    pub scopes: Vec<String>,
    /// SHA-256 of its secret, in hexadecimal digits.
    pub hash: String,
    /// The same of the secret before, and until when that is accepted.
    pub before: Option<(String, Timestamp)>,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who made it.
    pub made_by: String,
    /// When it was last used, to the hour.
    pub used_at: Option<Timestamp>,
    /// Since when it opens nothing.
    pub revoked_at: Option<Timestamp>,
    /// Counts the changes, from 1; 0 of one that is not stored yet.
    pub rev: u64,
}

fn read_key(row: &Row) -> Result<Option<ApiKey>> {
    let Some(id) = text(row, SK).and_then(|sk| KeyId::parse(sk.strip_prefix(API_KEYS)?)) else { return Ok(None) };
    let of = |name| text(row, name).unwrap_or_default().to_owned();
    let moment = |name| number(row, name).map(instant);
    Ok(Some(ApiKey {
        id,
        name: of(api_key::CALLED),
        role: of(api_key::ROLE),
        scopes: json(row, api_key::SCOPES)?,
        hash: of(api_key::HASH),
        before: text(row, api_key::HASH_BEFORE).map(str::to_owned).zip(moment(api_key::BEFORE_UNTIL)),
        made_at: moment(api_key::MADE_AT).unwrap_or_default(),
        made_by: of(api_key::MADE_BY),
        used_at: moment(api_key::USED_AT),
        revoked_at: moment(api_key::REVOKED_AT),
        rev: number(row, REVISION).unwrap_or(0),
    }))
}

impl Store {
    /// A key, one that was revoked too.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn api_key(&self, tenant: &TenantId, id: &KeyId) -> Result<Option<ApiKey>> {
        let row = self.read("read a key of", &keys::api_key(tenant, id), true).await?;
        row.as_ref().map_or(Ok(None), read_key)
    }

    /// A tenant's keys, those that were revoked too.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn api_keys(&self, tenant: &TenantId) -> Result<Vec<ApiKey>> {
        let (pk, last) = (keys::api_keys(tenant), last_of(API_KEYS));
        let rows = self.range("read the keys of", Range::new(&pk, API_KEYS, &last, API_KEYS_MAX)).await?;
        rows.iter().filter_map(|row| read_key(row).transpose()).collect()
    }

    /// Stores a key over the revision that it names.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when it changed meanwhile; those of writing.
    pub async fn put_api_key(&self, tenant: &TenantId, key: &ApiKey) -> Result<ApiKey> {
        const OP: &str = "store a key of";
        let stored = ApiKey { rev: key.rev + 1, ..key.clone() };
        let mut row = row_of([
            (api_key::CALLED, s(key.name.clone())),
            (api_key::ROLE, s(key.role.clone())),
            (api_key::SCOPES, s(to_json(&key.scopes))),
            (api_key::HASH, s(key.hash.clone())),
            (api_key::MADE_AT, n(millis(key.made_at))),
            (api_key::MADE_BY, s(key.made_by.clone())),
            (REVISION, n(stored.rev)),
        ]);
        if let Some((hash, until)) = &key.before {
            row.insert(api_key::HASH_BEFORE.to_owned(), s(hash.clone()));
            row.insert(api_key::BEFORE_UNTIL.to_owned(), n(millis(*until)));
        }
        for (name, at) in [(api_key::USED_AT, key.used_at), (api_key::REVOKED_AT, key.revoked_at)] {
            row.extend(at.map(|at| (name.to_owned(), n(millis(at)))));
        }
        let change = Change::of(keys::api_key(tenant, &key.id));
        let change = if key.rev == 0 { change.when(no_item()) } else { change.when(is(REVISION, n(key.rev))) };
        match self.transact(OP, tenant.as_str(), vec![change.replace(self, row)]).await? {
            Transacted::Done => Ok(stored),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: tenant.to_string() }),
        }
    }

    /// Notes that a key was used, once an hour.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn api_key_used(&self, tenant: &TenantId, key: &ApiKey, now: Timestamp) -> Result<()> {
        if key.used_at.is_some_and(|at| now.duration_since(at) < USED_FOR) {
            return Ok(());
        }
        let before = absent(api_key::USED_AT).or(at_most(api_key::USED_AT, n(millis(now - USED_FOR))));
        let change = Change::of(keys::api_key(tenant, &key.id)).put(api_key::USED_AT, n(millis(now)));
        // Whoever noted it meanwhile, or changed the key, needs no second note.
        self.write("note a use of", change.when(is(REVISION, n(key.rev))).when(before), false).await.map(|_| ())
    }
}
