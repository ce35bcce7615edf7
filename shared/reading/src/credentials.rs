//! What opens a vendor's API, what a vendor knows this deployment by, and why there may be neither.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

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

/// When tokens expire that last so many seconds from `now`.
pub(crate) fn expiry(now: Timestamp, lasts: Duration) -> Timestamp {
    now.checked_add(i64::try_from(lasts.as_secs()).unwrap_or(i64::MAX).seconds()).unwrap_or(Timestamp::MAX)
}
