//! The app that reads.

/// What a vendor and an app know each other by. A vendor's doubles know one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The id of the app.
    pub client_id: String,
    /// What it proves itself with.
    pub client_secret: String,
    /// What webhooks are signed with: QuickBooks' verifier token, Xero's signing key.
    pub webhook_secret: String,
}

impl App {
    /// The app of a vendor: `quickbooks`, `xero`.
    pub fn of(vendor: &str) -> Self {
        Self {
            client_id: format!("local-{vendor}-client"),
            client_secret: format!("local-{vendor}-secret"),
            webhook_secret: format!("local-{vendor}-webhook-secret"),
        }
    }
}
