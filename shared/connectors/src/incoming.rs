//! What arrives: headers, raw body, the instant; and the secrets that it is checked with.

use std::fmt;

use jiff::Timestamp;

/// One request as it came in. The body is the raw bytes: signatures cover them, not a parsed form.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// The request's headers.
    pub headers: &'a Headers,
    /// The raw body, after transport encodings such as API Gateway's base64.
    pub body: &'a [u8],
    /// When it arrived.
    pub now: Timestamp,
}

/// Headers, found by name in any case; the first of several with one name counts.
#[derive(Clone, Debug, Default)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The value of a header.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// All of them, names and values as they came.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// A signing secret in its vendor's text form. It shows itself to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret from its text form.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text form, for the computation that needs it and nothing else.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
