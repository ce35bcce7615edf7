//! Keys of who is signed in at the console. They are no tenant's: whoever is signed in may be a member of several.

use domain::id::digest;

use super::Key;

/// What the sort keys of a person's sessions begin with. No filter of the stream passes them.
pub(crate) const SESSIONS: &str = "SESS#";

/// A session, by the hash of its id. No filter of the stream passes it.
pub(crate) fn session(hash: &str) -> Key {
    Key::new(format!("SESSION#{hash}"), "SESSION")
}
/// The partition of a person's sessions.
pub(crate) fn sessions_of(subject: &str) -> String {
    format!("SESSIONS#{}", digest(&[subject]))
}
pub(crate) fn session_of(subject: &str, hash: &str) -> Key {
    Key::new(sessions_of(subject), format!("{SESSIONS}{hash}"))
}
