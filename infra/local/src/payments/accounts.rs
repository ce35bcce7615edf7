//! `payments` of `POST /_local/tenants`: a tenant's connections to payment providers.

use std::sync::Arc;

use domain::TenantId;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::world::World;

/// A payment provider, as a test gives it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentIn {
    /// `stripe`, `paypal`, `gocardless`.
    pub provider: String,
    /// What stands for the provider's hosts; the stack's own stand-in by default.
    #[serde(default)]
    pub base_url: Option<String>,
    /// What opens the provider's account, and what its webhooks are checked with. The stack's own stand-in makes up what is not given.
    #[serde(default)]
    pub credentials: Value,
}

/// Connects a tenant to payment providers, as if its admin had entered the credentials. Answers `webhooks` by source, and `payments` by
/// provider.
///
/// # Errors
///
/// A status and a problem document: what of it cannot be used.
pub async fn open_accounts(
    world: &Arc<World>,
    tenant: &str,
    given: &[PaymentIn],
) -> Result<[Map<String, Value>; 2], (StatusCode, Value)> {
    let refused = |status: StatusCode, kind: &str, detail: String| {
        (status, json!(kit::Problem::new(status.as_u16(), kind, "The payment provider is not connected", detail)))
    };
    let bad = |detail: String| refused(StatusCode::BAD_REQUEST, "bad-request", detail);
    let internal = |detail: String| refused(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail);
    let id = TenantId::parse(tenant).map_err(|_| bad("this is no tenant's id".to_owned()))?;
    let [mut webhooks, mut payments] = [Map::new(), Map::new()];
    for wish in given {
        let double = world.payment_double(&wish.provider).await.map_err(|error| bad(format!("{error:#}")))?;
        let elsewhere = wish.base_url.as_deref().filter(|base| base.trim_end_matches('/') != double.base_url());
        let (base_url, credentials) = match elsewhere {
            None => {
                let all = double.open_account(tenant, &wish.credentials);
                (double.base_url(), all.map_err(|detail| bad(format!("credentials of {}: {detail}", wish.provider)))?)
            }
            Some(base) if !reading::connect::is_loopback(base) => {
                return Err(bad("base_url must be plain HTTP on loopback".to_owned()));
            }
            Some(_) if !wish.credentials.is_object() => {
                return Err(bad("credentials must be given with a base_url: the stand-in there knows them".to_owned()));
            }
            Some(base) => (base, wish.credentials.clone()),
        };
        let source = format!("pay-{}", wish.provider);
        let mut config = json!({ "base_url": base_url });
        if let (None, Some(roots)) = (elsewhere, double.root_certificates()) {
            config["root_certificates"] = json!(roots);
        }
        let vault = world.vault();
        let secret = credentials.to_string();
        let put = vault.put_connection(&id, &source, secret.as_bytes(), &config, None, None).await;
        put.map_err(|error| internal(error.to_string()))?;
        let secret = ["webhook_secret", "webhook_id"].iter().find_map(|name| credentials.get(name));
        let url = format!("{}/webhooks/{tenant}/{source}", world.template.place.url);
        webhooks.insert(source, json!({ "url": url, "secret": secret }));
        payments.insert(wish.provider.clone(), json!({ "base_url": base_url, "credentials": credentials }));
    }
    Ok([webhooks, payments])
}
