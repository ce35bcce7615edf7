//! What an `Idempotency-Key` may be, and for how long it stands for its request: of calls of people and machines, and of a customer's own system.

use jiff::SignedDuration;

/// Longest key, in characters.
const KEY_MAX: usize = 200;
/// How long a key is remembered.
pub const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What is wrong with a key; `None` of one that is good.
pub fn key_flaw(key: &str) -> Option<String> {
    let is_plain = (1..=KEY_MAX).contains(&key.len()) && key.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
    (!is_plain).then(|| format!("an Idempotency-Key has 1 to {KEY_MAX} characters of visible ASCII, such as a UUID"))
}
