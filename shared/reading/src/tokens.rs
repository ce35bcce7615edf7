//! Tokens at rest: sealed in the connection, refreshed by one at a time.

use std::time::Duration;

use connectors::Access;
use domain::TenantId;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use store::{Connection, Vault};

use crate::{Web, signin::Exchange};

/// Tokens are refreshed this long before they expire, so that none expires under way.
const EARLY: SignedDuration = SignedDuration::from_mins(4);
/// How long one refresher may take before another may try.
const REFRESH_TAKES: SignedDuration = SignedDuration::from_secs(60);
/// How often those who wait look whether the refresher is done.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long they look.
const LOOKS_MAX: u32 = 100;

/// What opens a vendor's API.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Opens the API for a short time.
    pub access_token: String,
    /// Fetches the next access token; vendors change it whenever it is used.
    pub refresh_token: String,
    /// When the access token expires.
    pub expires_at: Timestamp,
    /// When the refresh token expires, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_expires_at: Option<Timestamp>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What the vendor knows this deployment by: one app for all tenants.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppSecrets {
    /// The app's client id.
    pub client_id: String,
    /// The app's client secret.
    pub client_secret: String,
    /// What the app's webhooks are signed with.
    pub webhook_secret: String,
}

impl std::fmt::Debug for AppSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppSecrets(..)")
    }
}

/// Why there are no tokens.
#[derive(Debug, thiserror::Error)]
pub enum TokenTrouble {
    /// Consent has ended: a person must connect again.
    #[error("the vendor no longer accepts this connection: {0}")]
    Revoked(String),
    /// The app of this deployment is not set up, or not as the vendor knows it.
    #[error("the app is not set up: {0}")]
    NoApp(String),
    /// The vendor cannot say now.
    #[error("the vendor cannot refresh tokens now: {0}")]
    Unavailable(String),
    /// Another refreshes them and was not done in time.
    #[error("tokens are being refreshed elsewhere")]
    Busy,
    /// The table or the key.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The app of a source, if an operator has set it up.
///
/// # Errors
///
/// [`TokenTrouble::NoApp`]; those of reading.
pub async fn app(vault: &Vault, source: &str) -> Result<AppSecrets, TokenTrouble> {
    let missing = || TokenTrouble::NoApp(format!("PUT /v1/apps/{source} with the app's client id, secret and webhook secret"));
    let held = vault.connection(&TenantId::app(), source).await?.ok_or_else(missing)?;
    serde_json::from_slice(&held.secrets.current).map_err(|_| missing())
}

/// A connection's tokens as they are in the table.
pub(crate) fn of(connection: &Connection) -> Option<Tokens> {
    serde_json::from_slice(&connection.secrets.current).ok()
}

/// Where tokens are kept and renewed.
#[derive(Clone, Copy, Debug)]
pub struct TokenStore<'a> {
    /// The secrets.
    pub vault: &'a Vault,
    /// The vendor.
    pub web: &'a Web,
}

impl TokenStore<'_> {
    /// Tokens that are good for a while, refreshed if they are not, or if `refused` is what the vendor refused. However many ask
    /// at once, one refreshes; the others wait for what it brings.
    ///
    /// # Errors
    ///
    /// [`TokenTrouble`].
    pub async fn good(
        &self,
        tenant: &TenantId,
        source: &str,
        access: &Access,
        refused: Option<&str>,
        clock: &kit::Clock,
    ) -> Result<(Tokens, u64), TokenTrouble> {
        let absent = || TokenTrouble::Revoked("nobody has agreed to it yet".to_owned());
        for _ in 0..LOOKS_MAX {
            let now = clock.now();
            let connection = self.vault.connection(tenant, source).await?.ok_or_else(absent)?;
            let tokens = of(&connection).ok_or_else(absent)?;
            let young = tokens.expires_at.duration_since(now) > EARLY;
            if young && refused != Some(tokens.access_token.as_str()) {
                return Ok((tokens, connection.rev));
            }
            let until = now.saturating_add(REFRESH_TAKES).unwrap_or(Timestamp::MAX);
            if self.vault.claim_refresh(tenant, source, connection.rev, now, until).await? {
                return self.refresh(tenant, source, access, &connection, &tokens, now).await;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err(TokenTrouble::Busy)
    }

    /// Refreshes and stores. A crash between the two leaves the old token, which vendors accept once more for a while.
    async fn refresh(
        &self,
        tenant: &TenantId,
        source: &str,
        access: &Access,
        connection: &Connection,
        tokens: &Tokens,
        now: Timestamp,
    ) -> Result<(Tokens, u64), TokenTrouble> {
        let app = app(self.vault, source).await?;
        let base = connection.config.get("base_url").and_then(serde_json::Value::as_str);
        let exchange = Exchange { web: self.web, access, app: &app, base };
        let fresh = exchange.refresh(&tokens.refresh_token, now).await?;
        let bytes = serde_json::to_vec(&fresh).unwrap_or_default();
        let rev = self.vault.put_connection(tenant, source, &bytes, &connection.config, None, Some(connection.rev)).await?;
        tracing::info!(tenant.id = %tenant, source, "tokens refreshed");
        Ok((fresh, rev))
    }
}

/// When tokens expire that last so many seconds from `now`.
pub(crate) fn expiry(now: Timestamp, lasts: Duration) -> Timestamp {
    now.checked_add(i64::try_from(lasts.as_secs()).unwrap_or(i64::MAX).seconds()).unwrap_or(Timestamp::MAX)
}
