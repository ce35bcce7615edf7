//! Secrets in their vendor's text form.

use std::fmt;

/// A key, token or signing secret in its vendor's text form. It shows itself to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderSecret(String);

impl ProviderSecret {
    /// A secret from its text form.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text form, for the computation that needs it and nothing else.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ProviderSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProviderSecret(…)")
    }
}
