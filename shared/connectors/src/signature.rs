//! HMAC-SHA256 signatures: computed, encoded, compared in constant time.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{Doubted, Incoming, Secret};

/// How far a signed timestamp may be off, either way, in seconds.
pub const TOLERANCE_S: i64 = 300;

/// The HMAC-SHA256 of `parts`, one after the other.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// Whether the header is the base64 of the body's HMAC-SHA256 under the text of one of `secrets`, in constant time.
pub fn believe_base64(incoming: &Incoming<'_>, header: &str, secrets: &[Secret]) -> bool {
    let Some(given) = incoming.headers.get(header) else { return false };
    let mut matched = false;
    for secret in secrets.iter().filter(|secret| !secret.expose().is_empty()) {
        matched |= equal(given, &STANDARD.encode(hmac_sha256(secret.expose().as_bytes(), &[incoming.body])));
    }
    matched
}

/// Whether two texts are equal, in time that depends on their lengths only. Texts are compared, not what they decode to:
/// a signature has one right spelling.
pub fn equal(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// The seconds since 1970 that `text` says in plain digits, if they are within the tolerance of `now`.
///
/// # Errors
///
/// What is wrong and how to mend it.
pub fn fresh(text: &str, now: Timestamp) -> Result<(), (Doubted, String)> {
    let digits = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(second) = digits.then(|| text.parse::<i64>().ok()).flatten() else {
        return Err((Doubted::Signature, "the timestamp is not a number of seconds since 1970".to_owned()));
    };
    let off = now.as_second().abs_diff(second);
    if off > TOLERANCE_S.unsigned_abs() {
        let detail = format!("the timestamp is {off} seconds off; at most {TOLERANCE_S} are allowed, so sign each attempt anew");
        return Err((Doubted::Timestamp, detail));
    }
    Ok(())
}
