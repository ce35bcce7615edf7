//! The issuer of tokens of this stack: its key, its discovery and key set under `/_local/issuer`, and tokens for whoever asks.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{template::ISSUER_PATH, world::World};

/// How long a token is good for.
const LASTS: SignedDuration = SignedDuration::from_hours(1);
/// The id of the key.
const KID: &str = "local";
/// Whom tokens are for, where the template does not say it.
const AUDIENCE: &str = "dunlin";

/// Whom a token is for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenIn {
    /// The tenant that it claims; none for an operator, and for whoever is a member by their `sub` alone.
    #[serde(default)]
    pub tenant: Option<String>,
    /// The role that it claims.
    #[serde(default)]
    pub role: Option<String>,
    /// Who it is for, so that the audit tells people apart; else `local-` and the role.
    #[serde(default)]
    pub sub: Option<String>,
    /// Their address, which counts as verified.
    #[serde(default)]
    pub email: Option<String>,
    /// What they are called.
    #[serde(default)]
    pub name: Option<String>,
}

/// A key to sign with, as it is kept.
///
/// # Errors
///
/// When none can be made.
pub fn new_key() -> anyhow::Result<Vec<u8>> {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    Ok(made.map_err(|_| anyhow::anyhow!("no key for tokens can be made"))?.as_ref().to_vec())
}

/// The key that was kept.
///
/// # Errors
///
/// When it is none.
pub fn read_key(kept: &[u8]) -> anyhow::Result<EcdsaKeyPair> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, kept)
        .map_err(|why| anyhow::anyhow!("the key for tokens does not read: {why}"))
}

impl World {
    /// The `iss` of this stack's tokens.
    pub fn issuer(&self) -> String {
        format!("{}{ISSUER_PATH}", self.template.place.url)
    }

    /// The issuer's discovery document.
    pub fn discovery(&self) -> Value {
        let issuer = self.issuer();
        json!({ "jwks_uri": format!("{issuer}/keys"), "issuer": issuer })
    }

    /// The issuer's key set.
    pub fn token_keys(&self) -> Value {
        let point: &[u8] = self.token_key.public_key().as_ref();
        let part = |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from + 32).unwrap_or_default());
        json!({"keys": [{"kid": KID, "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": part(1), "y": part(33)}]})
    }

    /// A token that the functions accept.
    ///
    /// # Errors
    ///
    /// When it cannot be signed.
    pub fn issue_token(&self, asked: &TokenIn) -> anyhow::Result<String> {
        let now = self.clock.now();
        let TokenIn { tenant, role, sub, email, name } = asked;
        let audience = self.template.functions.values().find_map(|function| function.env.get("JWT_AUDIENCE"));
        let mut claims = json!({
            "iss": self.issuer(),
            "aud": audience.map_or(AUDIENCE, String::as_str),
            "sub": sub.clone().unwrap_or_else(|| format!("local-{}", role.as_deref().unwrap_or("somebody"))),
            "iat": now.as_second(),
            "exp": (now + LASTS).as_second(),
        });
        for (claim, value) in [("tenant", tenant), ("role", role), ("email", email), ("name", name)] {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                claims[claim] = json!(value);
            }
        }
        if email.is_some() {
            claims["email_verified"] = json!(true);
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({"alg": "ES256", "kid": KID, "typ": "JWT"})), part(&claims));
        let signature = self.token_key.sign(&SystemRandom::new(), text.as_bytes());
        let signature = signature.map_err(|_| anyhow::anyhow!("the token cannot be signed"))?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
    }

    /// A token of one of a tenant's people.
    ///
    /// # Errors
    ///
    /// When it cannot be signed.
    pub fn token_of(&self, tenant: &str, role: &str) -> anyhow::Result<String> {
        self.issue_token(&TokenIn { tenant: Some(tenant.to_owned()), role: Some(role.to_owned()), ..TokenIn::default() })
    }

    /// A token of somebody who operates the deployment.
    ///
    /// # Errors
    ///
    /// When it cannot be signed.
    pub fn operator_token(&self) -> anyhow::Result<String> {
        self.issue_token(&TokenIn { role: Some("operator".to_owned()), ..TokenIn::default() })
    }
}
