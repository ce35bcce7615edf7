//! Tokens at rest: sealed in the connection, refreshed by one at a time.

use std::time::Duration;

use connectors::Access;
use domain::TenantId;
use jiff::{SignedDuration, Timestamp};
use store::{Connection, Vault};

pub use crate::credentials::TokenTrouble;
use crate::{
    Web,
    credentials::{AppSecrets, Tokens},
    signin::Exchange,
};

/// Tokens are refreshed this long before they expire, so that none expires under way.
const EARLY: SignedDuration = SignedDuration::from_mins(4);
/// How long one refresher may take before another may try.
const REFRESH_TAKES: SignedDuration = SignedDuration::from_secs(60);
/// How often those who wait look whether the refresher is done.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long they look.
const LOOKS_MAX: u32 = 100;

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
