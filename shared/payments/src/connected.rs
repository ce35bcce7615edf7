//! A tenant's connection to a provider, as it is stored: what requests need of it.

use serde_json::Value;

use crate::{ProviderSecret, ProviderSite};

/// Which of the provider's systems a connection's configuration means: `is_test`, and `base_url` of a stand-in.
pub fn site_of(config: &Value) -> ProviderSite<'_> {
    let is_test = config.get("is_test").and_then(Value::as_bool).unwrap_or(false);
    ProviderSite { is_test, base: config.get("base_url").and_then(Value::as_str) }
}

/// What opens the provider's account, of a connection's secret: `client_id` and `client_secret` together, else `secret_key` or
/// `access_token`. `None` where the secret holds none of them.
pub fn credentials_of(secret: &[u8]) -> Option<ProviderSecret> {
    let all: Value = serde_json::from_slice(secret).ok()?;
    let text = |name: &str| all.get(name).and_then(Value::as_str);
    match (text("client_id"), text("client_secret")) {
        (Some(id), Some(secret)) => Some(ProviderSecret::new(format!("{id}:{secret}"))),
        _ => text("secret_key").or_else(|| text("access_token")).map(ProviderSecret::new),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_connection_is_read_as_it_is_stored() {
        let config = json!({"is_test": true, "base_url": "http://127.0.0.1:1"});
        let site = site_of(&config);
        assert!(site.is_test && site.base == Some("http://127.0.0.1:1"));
        let config = json!({});
        assert!(!site_of(&config).is_test && site_of(&config).base.is_none());
        for (secret, expected) in [
            (json!({"client_id": "a", "client_secret": "b", "webhook_id": "c"}), Some("a:b")),
            (json!({"secret_key": "sk_test_1", "webhook_secret": "w"}), Some("sk_test_1")),
            (json!({"access_token": "t"}), Some("t")),
            (json!({"webhook_secret": "w"}), None),
            (json!("sk_test_1"), None),
        ] {
            assert_eq!(credentials_of(secret.to_string().as_bytes()), expected.map(ProviderSecret::new), "{secret}");
        }
        assert_eq!(credentials_of(b"no JSON"), None);
    }
}
