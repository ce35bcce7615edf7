//! The secrets that requests are checked with, held for a short while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use connectors::Secret;
use domain::TenantId;
use jiff::{SignedDuration, Timestamp};
use store::{Connection, Vault};

/// How long a connection is held: a secret that is withdrawn stops working within it.
const HELD_FOR: SignedDuration = SignedDuration::from_secs(60);
/// Connections that are held at most.
const HELD_MAX: usize = 1_000;

/// A connection as it was read.
pub struct HeldConnection {
    connection: Connection,
    read_at: Timestamp,
    settings_rev: u64,
}

impl HeldConnection {
    /// The secrets that count at `now`.
    pub fn secrets(&self, now: Timestamp) -> Vec<Secret> {
        let texts = self.connection.secrets.accepted(now).into_iter().filter_map(|bytes| std::str::from_utf8(bytes).ok());
        texts.map(Secret::new).collect()
    }

    /// The webhook secrets that count at `now`, where the connection is a vendor's app, whose secrets are several.
    pub fn webhook_secrets(&self, now: Timestamp) -> Vec<Secret> {
        let texts = self.connection.secrets.accepted(now).into_iter().filter_map(|bytes| {
            let app: serde_json::Value = serde_json::from_slice(bytes).ok()?;
            app.get("webhook_secret")?.as_str().map(str::to_owned)
        });
        texts.map(Secret::new).collect()
    }

    /// Its revision.
    pub fn rev(&self) -> u64 {
        self.connection.rev
    }
}

/// The connections that this environment holds.
pub struct Connections {
    vault: Vault,
    held: Mutex<HashMap<(TenantId, &'static str), Arc<HeldConnection>>>,
}

impl Connections {
    /// None held yet.
    pub fn new(vault: Vault) -> Self {
        Self { vault, held: Mutex::default() }
    }

    /// The connection of a tenant to a source, at most a minute old and read under the tenant's present settings.
    pub async fn of(
        &self,
        tenant: &TenantId,
        source: &'static str,
        settings_rev: u64,
        now: Timestamp,
    ) -> store::Result<Option<Arc<HeldConnection>>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).get(&(tenant.clone(), source)).cloned();
        // A clock that was set back makes nothing young again.
        let young =
            |held: &Arc<HeldConnection>| held.settings_rev == settings_rev && now.duration_since(held.read_at).abs() < HELD_FOR;
        match held.filter(young) {
            Some(held) => Ok(Some(held)),
            None => self.refresh(tenant, source, settings_rev, now).await,
        }
    }

    /// The connection as it is now.
    pub async fn refresh(
        &self,
        tenant: &TenantId,
        source: &'static str,
        settings_rev: u64,
        now: Timestamp,
    ) -> store::Result<Option<Arc<HeldConnection>>> {
        let read = self.vault.connection(tenant, source).await?;
        let read = read.map(|connection| Arc::new(HeldConnection { connection, read_at: now, settings_rev }));
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= HELD_MAX {
            held.clear();
        }
        match &read {
            Some(read) => held.insert((tenant.clone(), source), Arc::clone(read)),
            None => held.remove(&(tenant.clone(), source)),
        };
        Ok(read)
    }
}
