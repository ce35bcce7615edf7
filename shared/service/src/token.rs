//! Reads the JSON Web Tokens of an OpenID Connect issuer, and says why one is not accepted.
//!
//! Two algorithms are accepted, RS256 and ES256, each with keys of its own kind only: a token never chooses how it is checked. Whatever
//! cannot be checked is refused.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{actor::SUBJECT_MAX, entering::Person};

/// How far the clocks of issuer and reader may be apart, in seconds.
const LEEWAY_S: i64 = 30;
/// Longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Most keys of an issuer that are kept.
const KEYS_MAX: usize = 100;

/// Why a token is not accepted; the text is for whoever sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRejected {
    /// It is no token.
    #[error("the token is malformed")]
    Malformed,
    /// Its algorithm is another.
    #[error("the token is not signed with RS256 or ES256")]
    Algorithm,
    /// It names no key, or one that the issuer does not have.
    #[error("the token names no key that the issuer has")]
    UnknownKey,
    /// The signature is not that of the key.
    #[error("the token does not have a valid signature")]
    Signature,
    /// It is another issuer's.
    #[error("the token is of another issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// It is over.
    #[error("the token has expired")]
    Expired,
    /// It has not begun.
    #[error("the token is not valid yet")]
    NotYet,
    /// It does not say whom it is for.
    #[error("the token has no sub that says who it is for")]
    NoSubject,
}

/// Whose tokens are accepted, and for whom they must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRules {
    /// The `iss` that they have.
    pub issuer: String,
    /// The `aud` that they name; where a token has none, its `client_id`.
    pub audience: String,
}

/// A public key of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum IssuerKey {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
}

/// The public keys of an issuer, by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet(Vec<(String, IssuerKey)>);

#[derive(Deserialize)]
struct KeyIn {
    kid: Option<String>,
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a JSON Web Key Set. Keys of another kind, or for another purpose, are passed over. `None` where it is none, or has no key of use.
    pub fn read(text: &[u8]) -> Option<Self> {
        let set: Value = serde_json::from_slice(text).ok()?;
        let keys = set.get("keys")?.as_array()?.iter().take(KEYS_MAX);
        let keys: Vec<_> = keys.filter_map(|key| issuer_key(serde_json::from_value(key.clone()).ok()?)).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// Whether it has a key of that id.
    pub fn has(&self, kid: &str) -> bool {
        self.0.iter().any(|(id, _)| id == kid)
    }
}

fn issuer_key(key: KeyIn) -> Option<(String, IssuerKey)> {
    let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
    let is = |said: &Option<String>, wanted: &str| said.as_deref().is_none_or(|said| said == wanted);
    if !is(&key.purpose, "sig") {
        return None;
    }
    let read = match key.kty.as_str() {
        "RSA" if is(&key.alg, "RS256") => {
            let plain = |number: Vec<u8>| number.into_iter().skip_while(|byte| *byte == 0).collect();
            IssuerKey::Rsa { n: plain(bytes(&key.n)?), e: plain(bytes(&key.e)?) }
        }
        "EC" if is(&key.alg, "ES256") && key.crv.as_deref() == Some("P-256") => {
            let (x, y) = (bytes(&key.x)?, bytes(&key.y)?);
            // An uncompressed point, as SEC 1 writes it.
            (x.len() == 32 && y.len() == 32).then(|| IssuerKey::P256([&[4_u8][..], &x, &y].concat()))?
        }
        _ => return None,
    };
    Some((key.kid?, read))
}

/// A token that was taken apart and not checked.
#[derive(Debug)]
pub struct Unchecked<'a> {
    algorithm: Algorithm,
    kid: String,
    signed: &'a str,
    claims: Map<String, Value>,
    signature: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Rs256,
    Es256,
}

impl<'a> Unchecked<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    ///
    /// [`TokenRejected::Malformed`], [`TokenRejected::Algorithm`], [`TokenRejected::UnknownKey`] where it names none.
    pub fn read(token: &'a str) -> Result<Self, TokenRejected> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenRejected::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenRejected::Malformed)?;
        let (head, claims) = signed.split_once('.').ok_or(TokenRejected::Malformed)?;
        let (head, claims) = (object(head)?, object(claims)?);
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenRejected::Malformed)?;
        let algorithm = match head.get("alg").and_then(Value::as_str) {
            Some("RS256") => Algorithm::Rs256,
            Some("ES256") => Algorithm::Es256,
            Some(_) | None => return Err(TokenRejected::Algorithm),
        };
        // What a header says must be understood, and is not.
        if head.contains_key("crit") {
            return Err(TokenRejected::Malformed);
        }
        let kid = head.get("kid").and_then(Value::as_str).ok_or(TokenRejected::UnknownKey)?.to_owned();
        Ok(Self { algorithm, kid, signed, claims, signature })
    }

    /// The id of the key that it says to be signed with.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Looks whether it would be accepted if its signature were good, so that no key is asked for on behalf of one that is not.
    ///
    /// # Errors
    ///
    /// Why it would not.
    pub fn look(&self, rules: &TokenRules, now: Timestamp) -> Result<(), TokenRejected> {
        if self.text("iss") != Some(rules.issuer.as_str()) {
            return Err(TokenRejected::Issuer);
        }
        let is_for = |name: &str| name == rules.audience;
        let meant = match self.claims.get("aud") {
            Some(Value::String(one)) => is_for(one),
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).any(is_for),
            // Cognito's access tokens name their app client there.
            None => self.text("client_id").is_some_and(is_for),
            Some(_) => false,
        };
        if !meant {
            return Err(TokenRejected::Audience);
        }
        let now = now.as_second();
        let until = self.moment("exp")?.ok_or(TokenRejected::Malformed)?;
        if until.saturating_add(LEEWAY_S) <= now {
            return Err(TokenRejected::Expired);
        }
        for from in [self.moment("nbf")?, self.moment("iat")?].into_iter().flatten() {
            if from.saturating_sub(LEEWAY_S) > now {
                return Err(TokenRejected::NotYet);
            }
        }
        let subject = self.text("sub").unwrap_or_default();
        if subject.is_empty() || subject.chars().count() > SUBJECT_MAX {
            return Err(TokenRejected::NoSubject);
        }
        Ok(())
    }

    /// Who it is for, where it is signed by a key of the issuer and accepted at `now`.
    ///
    /// # Errors
    ///
    /// Why it is not.
    pub fn check(&self, keys: &KeySet, rules: &TokenRules, now: Timestamp) -> Result<Person, TokenRejected> {
        let mut named = keys.0.iter().filter(|(id, _)| *id == self.kid).map(|(_, key)| key);
        let message = self.signed.as_bytes();
        let mut known = false;
        let good = named.any(|key| {
            known = true;
            match (self.algorithm, key) {
                (Algorithm::Rs256, IssuerKey::Rsa { n, e }) => {
                    RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, &self.signature).is_ok()
                }
                (Algorithm::Es256, IssuerKey::P256(point)) => {
                    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, &self.signature).is_ok()
                }
                (Algorithm::Rs256, IssuerKey::P256(_)) | (Algorithm::Es256, IssuerKey::Rsa { .. }) => false,
            }
        });
        if !known {
            return Err(TokenRejected::UnknownKey);
        }
        if !good {
            return Err(TokenRejected::Signature);
        }
        self.look(rules, now)?;
        Ok(self.person())
    }

    fn person(&self) -> Person {
        let own = |name: &str| self.text(name).map(str::to_owned);
        // Where one of the two is there, the prefixed ones say nothing: who sets them need not be the same.
        let plain = ["tenant", "role"].iter().any(|name| self.claims.contains_key(*name));
        let claim = |name: &str| if plain { own(name) } else { own(&format!("custom:{name}")) };
        let is_verified = match self.claims.get("email_verified") {
            Some(Value::Bool(is)) => *is,
            // As Cognito writes it in some tokens.
            Some(Value::String(text)) => text == "true",
            Some(_) | None => false,
        };
        Person {
            subject: own("sub").unwrap_or_default(),
            email: own("email").filter(|_| is_verified).map(|email| email.trim().to_lowercase()),
            name: own("name"),
            tenant: claim("tenant"),
            role: claim("role"),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// Seconds since 1970; issuers may write fractions of them.
    fn moment(&self, name: &str) -> Result<Option<i64>, TokenRejected> {
        let Some(value) = self.claims.get(name) else { return Ok(None) };
        let whole = value.as_number().map(ToString::to_string).unwrap_or_default();
        let whole = whole.split_once('.').map_or(whole.as_str(), |(whole, _)| whole);
        whole.parse().map(Some).map_err(|_| TokenRejected::Malformed)
    }
}

fn object(part: &str) -> Result<Map<String, Value>, TokenRejected> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenRejected::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenRejected::Malformed)
}

#[cfg(test)]
mod tests;
