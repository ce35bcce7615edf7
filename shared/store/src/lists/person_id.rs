//! The id of a person across the customers of a tenant.

use domain::{PersonDigest, id::digest};

/// A person across the customers of a tenant, by the digest of who they are: the mailbox, else the number.
///
/// Text form: `con_` and the digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonId(String);

impl PersonId {
    const PREFIX: &'static str = "con_";

    /// Of somebody, by [`domain::Contact::person`].
    pub fn of(person: &str) -> Self {
        Self(digest(&[person]))
    }

    /// Reads an id back; `None` for what is none.
    pub fn parse(text: &str) -> Option<Self> {
        let digest = text.strip_prefix(Self::PREFIX)?;
        let plain = digest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        ((1..=40).contains(&digest.len()) && plain).then(|| Self(digest.to_owned()))
    }

    /// Of a digest.
    pub(crate) fn of_digest(digest: &str) -> Self {
        Self(digest.to_owned())
    }

    /// As messages, links and words keep it.
    pub fn short(&self) -> PersonDigest {
        PersonDigest::begins(&self.0)
    }

    /// The digest alone.
    pub(crate) fn digest(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for PersonId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", Self::PREFIX, self.0)
    }
}
