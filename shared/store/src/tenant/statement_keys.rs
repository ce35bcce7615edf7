//! The key that signs the statements of a tenant's customers: ES256 (P-256 with SHA-256), so that a customer's system verifies them with any
//! library for JSON Web Tokens and no secret of ours.
//!
//! The private number is derived from the tenant's key of links. So whoever may open that key alone, the portal, signs, nothing more is
//! stored, and the key is there as soon as there is a link. As long as the key of links stands, this one does.

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::TenantId;

use crate::{Error, Result, Vault, table::keys, tenant::vault::Purpose};

/// How the private number is wrapped in DER (RFC 5915): what stands before its 32 bytes, and the curve behind them.
const BEFORE: [u8; 7] = [0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20];
const BEHIND: [u8; 12] = [0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// Of 2^32 numbers some one is none of the curve's: then the next is taken.
const TRIES: u8 = 4;
/// A point of the curve, uncompressed: a byte that says so, and two numbers.
const POINT_BYTES: usize = 65;

/// What signs a tenant's statements.
pub struct StatementKey {
    pair: EcdsaKeyPair,
    jwk: PublicStatementKey,
}

/// What verifies a tenant's statements, in the fields of a JSON Web Key (RFC 7517, RFC 7518).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicStatementKey {
    /// Its thumbprint (RFC 7638): another key has another.
    pub id: String,
    /// The first number of its point, in base 64 of URLs.
    pub x: String,
    /// The second.
    pub y: String,
}

impl std::fmt::Debug for StatementKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StatementKey({})", self.jwk.id)
    }
}

impl StatementKey {
    /// What verifies what it signs.
    pub fn public(&self) -> &PublicStatementKey {
        &self.jwk
    }

    /// The signature of a text, 64 bytes; `None` where there is no randomness.
    pub fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        self.pair.sign(&SystemRandom::new(), text).ok().map(|signature| signature.as_ref().to_vec())
    }

    fn of(data_key: &[u8; 32]) -> Option<Self> {
        // A key of its own, so that no signature says anything of another use of the data key.
        let own = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, data_key), b"dunlin statement signature");
        let own = hmac::Key::new(hmac::HMAC_SHA256, own.as_ref());
        let pair = (0..TRIES).find_map(|attempt| {
            let number = hmac::sign(&own, &[attempt]);
            let der = [&BEFORE[..], number.as_ref(), &BEHIND[..]].concat();
            EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).ok()
        })?;
        let point = pair.public_key().as_ref();
        let numbers = point.get(1..).filter(|_| point.len() == POINT_BYTES)?;
        let (x, y) = numbers.split_at(numbers.len() / 2);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let named = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let id = URL_SAFE_NO_PAD.encode(digest(&SHA256, named.as_bytes()));
        Some(Self { pair, jwk: PublicStatementKey { id, x, y } })
    }
}

impl Vault {
    /// What signs the statements of a tenant's customers; `None` where the tenant has no key yet, and so no links: none is made for whoever
    /// asks.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn statement_key(&self, tenant: &TenantId) -> Result<Option<StatementKey>> {
        let Some(data_key) = self.data_key_if_made(tenant, Purpose::Links).await? else { return Ok(None) };
        let none = || Error::Corrupt { key: keys::link_key(tenant).to_string(), detail: "no key comes of it".to_owned() };
        StatementKey::of(&data_key).map(Some).ok_or_else(none)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    /// As whoever knows the public fields alone verifies.
    fn is_right(key: &PublicStatementKey, text: &[u8], signature: &[u8]) -> bool {
        let number = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let point = [vec![4], number(&key.x), number(&key.y)].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(text, signature).is_ok()
    }

    #[test]
    fn what_it_signs_its_public_fields_alone_verify() {
        let key = StatementKey::of(&[7; 32]).unwrap();
        let signature = key.sign(b"what is owed").unwrap();
        assert_eq!(signature.len(), 64);
        assert!(is_right(key.public(), b"what is owed", &signature));
        assert!(!is_right(key.public(), b"what is owned", &signature));
        for at in 0..signature.len() {
            let mut other = signature.clone();
            other[at] ^= 1;
            assert!(!is_right(key.public(), b"what is owed", &other), "byte {at}");
        }
    }

    #[test]
    fn a_key_is_of_one_tenant_and_stays_the_same() {
        let (one, again, other) = (StatementKey::of(&[7; 32]), StatementKey::of(&[7; 32]), StatementKey::of(&[8; 32]));
        let (one, again, other) = (one.unwrap(), again.unwrap(), other.unwrap());
        assert_eq!(one.public(), again.public());
        assert_ne!(one.public(), other.public());
        let signature = other.sign(b"x").unwrap();
        assert!(!is_right(one.public(), b"x", &signature));
        assert_eq!(format!("{one:?}"), format!("StatementKey({})", one.public().id), "a log line holds no key");
    }
}
