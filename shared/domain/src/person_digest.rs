//! Which person something is for, short enough to be kept beside the id of the contact.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::id::digest;

/// Characters that are kept: 40 bits, which tell the people of one customer apart.
const CHARS: usize = 8;

/// Which person a message, a link or words are for: the first 8 characters of the digest of [`crate::Contact::person`], lower-case base 32.
///
/// The id of a contact does not say it. A position (`#0`) names whoever stands there, and behind an id that a source gave there may be
/// another address later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonDigest(CompactString);

impl PersonDigest {
    /// Of somebody, by [`crate::Contact::person`].
    pub fn of(person: &str) -> Self {
        Self::begins(&digest(&[person]))
    }

    /// What the digest of somebody begins with.
    pub fn begins(digest: &str) -> Self {
        Self(digest.chars().take(CHARS).collect())
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_the_digest_that_a_person_is_known_by() {
        let ann = PersonDigest::of("ann@x.example");
        assert_eq!(ann.as_str().len(), CHARS);
        assert!(digest(&["ann@x.example"]).starts_with(ann.as_str()));
        assert_ne!(ann, PersonDigest::of("bob@x.example"));
    }
}
