//! An issuer of tokens: one key for the whole process, and its key set.

use std::sync::LazyLock;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// The `iss` of its tokens.
pub const ISSUER: &str = "https://issuer.example";
/// The `aud` of its tokens.
pub const AUDIENCE: &str = "dunlin";
/// Where its key set is, below the address of the stand-ins.
pub const KEYS_PATH: &str = "/issuer/keys";
/// The id of its key.
const KID: &str = "testbed";
/// From when to when tokens are good, where nothing else is said: longer than any test lasts.
const LASTS_S: (i64, i64) = (1_735_689_600, 4_102_444_800);

static KEY: LazyLock<EcdsaKeyPair> = LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap());

/// Its key set.
pub fn keys() -> Value {
    let point: &[u8] = KEY.public_key().as_ref();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
    json!({"keys": [{"kid": KID, "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": x, "y": y}]})
}

/// A token that is accepted, with these claims in place of the usual ones; null takes one away.
pub fn token(claims: &Value) -> String {
    signed(&json!({"alg": "ES256", "kid": KID, "typ": "JWT"}), claims)
}

/// A token with a head of one's own.
pub fn signed(head: &Value, claims: &Value) -> String {
    let mut all = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "somebody", "iat": LASTS_S.0, "exp": LASTS_S.1});
    for (name, value) in claims.as_object().unwrap() {
        let all = all.as_object_mut().unwrap();
        all.insert(name.clone(), value.clone());
        all.retain(|_, value| !value.is_null());
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(head), part(&all));
    let signature = KEY.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

/// A token of one of a tenant's people, whose subject is both; without a tenant, of an operator, say.
pub fn token_of(tenant: &str, role: &str) -> String {
    if tenant.is_empty() {
        return token(&json!({"role": role, "sub": role}));
    }
    token(&json!({"tenant": tenant, "role": role, "sub": format!("{tenant}-{role}")}))
}
