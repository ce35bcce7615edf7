//! HMAC-SHA256 signatures: computed, written in hexadecimal, compared in constant time.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::ProviderSecret;

/// Whether one of `candidates` is the lower-case hexadecimal HMAC-SHA256 of `parts`, one after the other, under one of `secrets`.
/// While a secret is rotated there are two. An empty secret signs nothing.
pub(crate) fn is_signed_by<'a>(
    secrets: &[ProviderSecret],
    parts: &[&[u8]],
    candidates: impl Iterator<Item = &'a str> + Clone,
) -> bool {
    let mut matched = false;
    for secret in secrets.iter().filter(|secret| !secret.expose().is_empty()) {
        let expected = hex_hmac(secret.expose().as_bytes(), parts);
        for candidate in candidates.clone() {
            matched |= bool::from(candidate.as_bytes().ct_eq(expected.as_bytes()));
        }
    }
    matched
}

fn hex_hmac(key: &[u8], parts: &[&[u8]]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    let bytes = mac.finalize().into_bytes();
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// Whether an instant lies from `past_s` seconds before `now` to five minutes after it.
///
/// # Errors
///
/// How far it is off.
pub(crate) fn fresh(at: Timestamp, now: Timestamp, past_s: i64) -> Result<(), String> {
    /// How far the vendor's clock may be ahead of ours.
    const AHEAD_S: i64 = 300;
    let age_s = now.as_second() - at.as_second();
    if (-AHEAD_S..=past_s).contains(&age_s) {
        return Ok(());
    }
    Err(format!("the timestamp is {age_s} seconds old; it may be {past_s} at most, and {AHEAD_S} in the future"))
}
