//! Codes that are sent to the address of a portal link, and what says that somebody entered one: both are made under the tenant's key of links,
//! so that nothing that opens anything stands in the table.
//!
//! Each use has a key of its own, derived from the data key: codes, the digests by which they are kept, and confirmations. None of them says
//! anything of another, of a code of a link or of a stop link.

use aws_lc_rs::{constant_time, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{CodeRequestId, PortalCode, TenantId, portal_code::CONFIRMED_MINUTES};
use jiff::{SignedDuration, Timestamp};

use crate::{FoundLink, Result, Vault, tenant::vault::Purpose};

/// Longest confirmation that is looked at.
const CONFIRMATION_BYTES_MAX: usize = 100;

/// What a key is for.
#[derive(Clone, Copy)]
enum CodeUse {
    /// The six digits of a request.
    Digits,
    /// What is kept of them.
    Kept,
    /// That somebody entered them.
    Confirmation,
}

impl CodeUse {
    fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Digits => b"dunlin portal code",
            Self::Kept => b"dunlin portal code as it is kept",
            Self::Confirmation => b"dunlin portal confirmation",
        }
    }

    fn key(self, data_key: &[u8; 32]) -> hmac::Key {
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, data_key), self.as_bytes());
        hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
    }
}

impl Vault {
    /// The code of a request: the same each time, so that nothing keeps it and its sender can say it.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn code_for(&self, tenant: &TenantId, request: &CodeRequestId) -> Result<PortalCode> {
        Ok(code_of(&self.data_key(tenant, Purpose::Links).await?, tenant, request))
    }

    /// What is kept of a code of a request: who reads it without the key learns nothing by trying all codes on it.
    pub(crate) async fn code_kept(&self, tenant: &TenantId, request: &CodeRequestId, code: &PortalCode) -> Result<String> {
        let key = self.data_key(tenant, Purpose::Links).await?;
        Ok(URL_SAFE_NO_PAD.encode(kept_of(&key, tenant, request, code)))
    }

    /// A text that says until when whoever has it counts as somebody who entered a code that was sent to the address of a link. It is good with
    /// that link alone.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn confirmation(&self, found: &FoundLink, now: Timestamp) -> Result<String> {
        let key = self.data_key(&found.tenant, Purpose::Links).await?;
        let until_s = now.checked_add(CONFIRMED_FOR).unwrap_or(Timestamp::MAX).as_second();
        let signature = URL_SAFE_NO_PAD.encode(confirmed_of(&key, found, until_s));
        Ok(format!("{until_s}.{signature}"))
    }

    /// Whether a text is what [`Vault::confirmation`] made for this link, and its time is not over.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn is_confirmation(&self, found: &FoundLink, text: &str, now: Timestamp) -> Result<bool> {
        let read = || {
            let (until, signature) = text.split_once('.').filter(|_| text.len() <= CONFIRMATION_BYTES_MAX)?;
            let until_s = until.parse::<i64>().ok().filter(|until_s| *until_s > now.as_second())?;
            Some((until_s, URL_SAFE_NO_PAD.decode(signature).ok()?))
        };
        let Some((until_s, signature)) = read() else { return Ok(false) };
        let Some(key) = self.data_key_if_made(&found.tenant, Purpose::Links).await? else { return Ok(false) };
        let right = confirmed_of(&key, found, until_s);
        Ok(constant_time::verify_slices_are_equal(&right, &signature).is_ok())
    }
}

/// How long somebody who entered a code is known by it.
const CONFIRMED_FOR: SignedDuration = SignedDuration::from_mins(CONFIRMED_MINUTES);

fn code_of(data_key: &[u8; 32], tenant: &TenantId, request: &CodeRequestId) -> PortalCode {
    let signed = hmac::sign(&CodeUse::Digits.key(data_key), format!("{tenant}|{request}").as_bytes());
    // Of 2^64 numbers each code has as many as any other, but for one in 10^13.
    PortalCode::of(signed.as_ref().iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

fn kept_of(data_key: &[u8; 32], tenant: &TenantId, request: &CodeRequestId, code: &PortalCode) -> Vec<u8> {
    let text = format!("{tenant}|{request}|{}", code.as_str());
    hmac::sign(&CodeUse::Kept.key(data_key), text.as_bytes()).as_ref().to_vec()
}

fn confirmed_of(data_key: &[u8; 32], found: &FoundLink, until_s: i64) -> Vec<u8> {
    let FoundLink { tenant, customer, link } = found;
    let text = format!("{tenant}|{customer}|{}|{until_s}", link.id);
    hmac::sign(&CodeUse::Confirmation.key(data_key), text.as_bytes()).as_ref().to_vec()
}

/// Whether two texts that are kept of codes are one, whatever they have in common.
pub(crate) fn is_same_code(kept: &str, typed: &str) -> bool {
    constant_time::verify_slices_are_equal(kept.as_bytes(), typed.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_code_is_of_one_tenant_and_request_and_is_kept_as_nobody_can_try() {
        let key = [7; 32];
        let (acme, bolt) = (TenantId::parse("acme").unwrap(), TenantId::parse("bolt").unwrap());
        let (one, two) = (CodeRequestId::derive(&["1"]), CodeRequestId::derive(&["2"]));
        let code = code_of(&key, &acme, &one);
        assert_eq!(code, code_of(&key, &acme, &one));
        let others = [code_of(&[8; 32], &acme, &one), code_of(&key, &bolt, &one), code_of(&key, &acme, &two)];
        assert!(others.iter().all(|other| *other != code), "{:?}", others.map(|other| other.as_str().to_owned()));
        let kept = kept_of(&key, &acme, &one, &code);
        assert_eq!(kept, kept_of(&key, &acme, &one, &code));
        for other in [
            kept_of(&[8; 32], &acme, &one, &code),
            kept_of(&key, &bolt, &one, &code),
            kept_of(&key, &acme, &two, &code),
            kept_of(&key, &acme, &one, &PortalCode::of(1)),
        ] {
            assert_ne!(other, kept);
        }
    }

    #[test]
    fn codes_are_spread() {
        let acme = TenantId::parse("acme").unwrap();
        let codes = (0..2_000).map(|number: u32| code_of(&[7; 32], &acme, &CodeRequestId::derive(&[&number.to_string()])));
        let codes: Vec<String> = codes.map(|code| code.as_str().to_owned()).collect();
        let first: BTreeSet<&str> = codes.iter().filter_map(|code| code.get(..1)).collect();
        assert_eq!(first.len(), 10, "each first digit is among them");
        assert!(codes.iter().collect::<BTreeSet<_>>().len() > 1_980, "few are alike");
    }

    #[test]
    fn what_is_kept_is_compared_whole() {
        assert!(is_same_code("abc", "abc"));
        for other in ["abd", "ab", "abcd", ""] {
            assert!(!is_same_code("abc", other), "{other}");
        }
    }
}
