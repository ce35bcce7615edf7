//! The secrets that a request is checked with. They are read for each request, so that one that is withdrawn is refused from then on.

use connectors::Secret;
use jiff::Timestamp;
use store::Connection;

/// The secrets of a tenant's connection that count at `now`.
pub fn of_tenant(connection: &Connection, now: Timestamp) -> Vec<Secret> {
    let texts = connection.secrets.accepted(now).into_iter().filter_map(|bytes| std::str::from_utf8(bytes).ok());
    texts.map(Secret::new).collect()
}

/// The webhook secrets that count at `now` of a vendor's app, whose secrets are several.
pub fn of_app(connection: &Connection, now: Timestamp) -> Vec<Secret> {
    let texts = connection.secrets.accepted(now).into_iter().filter_map(|bytes| {
        let app: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        app.get("webhook_secret")?.as_str().map(str::to_owned)
    });
    texts.map(Secret::new).collect()
}
