//! Envelope encryption under one process key: what it gives out only it opens, under the same encryption context.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};

const NONCE_BYTES: usize = 12;

/// The process key.
pub struct Keys(RandomizedNonceKey);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// Under a secret.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(RandomizedNonceKey::new(&AES_256_GCM, secret).expect("32 bytes are a key of AES-256"))
    }

    /// 32 random bytes.
    pub fn random() -> [u8; 32] {
        let mut bytes = [0_u8; 32];
        aws_lc_rs::rand::fill(&mut bytes).expect("the system gives random bytes");
        bytes
    }

    /// Seals under a key's ARN and an encryption context.
    pub fn seal(&self, key: &str, context: &str, plain: &[u8]) -> Vec<u8> {
        let mut sealed = plain.to_vec();
        let aad = format!("{key}\n{context}");
        let nonce =
            self.0.seal_in_place_append_tag(Aad::from(aad.as_bytes()), &mut sealed).expect("the plaintext is short");
        let length = u8::try_from(key.len()).unwrap_or(u8::MAX);
        let mut out = vec![1, length];
        out.extend_from_slice(&key.as_bytes()[..usize::from(length)]);
        out.extend_from_slice(nonce.as_ref());
        out.extend_from_slice(&sealed);
        out
    }

    /// Opens; gives the key's ARN and the plaintext, or `None` when anything differs.
    pub fn open(&self, context: &str, blob: &[u8]) -> Option<(String, Vec<u8>)> {
        let (&[1, length], rest) = blob.split_first_chunk::<2>()? else { return None };
        let (key, rest) = rest.split_at_checked(usize::from(length))?;
        let key = std::str::from_utf8(key).ok()?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_BYTES)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let aad = format!("{key}\n{context}");
        let plain = self.0.open_in_place(nonce, Aad::from(aad.as_bytes()), &mut sealed).ok()?;
        Some((key.to_owned(), plain.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_context_opens() {
        let keys = Keys::new(&[7; 32]);
        let blob = keys.seal("arn:k", "tenant=a", b"secret");
        assert_eq!(keys.open("tenant=a", &blob), Some(("arn:k".to_owned(), b"secret".to_vec())));
        assert_eq!(keys.open("tenant=b", &blob), None);
        for at in 0..blob.len() {
            let mut changed = blob.clone();
            changed[at] ^= 1;
            assert_eq!(keys.open("tenant=a", &changed), None, "byte {at}");
        }
        assert_eq!(Keys::new(&[8; 32]).open("tenant=a", &blob), None);
    }
}
