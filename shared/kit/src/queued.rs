//! The form of what functions queue for each other, so that releases beside each other understand one another.
//!
//! While a deployment shifts traffic two releases run at once, and what one of them queued may be read by the other days later. Within
//! one version of the form fields are only added, and readers pass over those that they do not know. What an earlier release would
//! misread has the next version; a release that does not know it leaves the message to one that does.

use serde::{Deserialize, Serialize};

/// A version of the form. Reading one of a later release fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct SchemaVersion(u32);

impl SchemaVersion {
    /// What this release writes.
    pub const WRITTEN: Self = Self(1);
    /// The latest that it reads: in the release before a change, one more than it writes.
    pub const LATEST: Self = Self(1);
}

impl Default for SchemaVersion {
    /// The form that a message has that does not say: the first.
    fn default() -> Self {
        Self(1)
    }
}

impl From<SchemaVersion> for u32 {
    fn from(version: SchemaVersion) -> Self {
        version.0
    }
}

impl TryFrom<u32> for SchemaVersion {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        let Self(latest) = Self::LATEST;
        if (1..=latest).contains(&number) {
            return Ok(Self(number));
        }
        Err(format!(
            "schema_version {number} is not known to this release, which reads 1 to {latest}: deploy the release that wrote it"
        ))
    }
}

/// What is queued, with the version of its form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued<T> {
    #[serde(default)]
    schema_version: SchemaVersion,
    /// What it says.
    #[serde(flatten)]
    pub content: T,
}

impl<T> Queued<T> {
    /// In the form that this release writes.
    pub fn new(content: T) -> Self {
        Self { schema_version: SchemaVersion::WRITTEN, content }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Order {
        id: String,
    }

    fn read(text: &str) -> Result<Order, String> {
        serde_json::from_str::<Queued<Order>>(text).map(|read| read.content).map_err(|error| error.to_string())
    }

    #[test]
    fn an_earlier_form_and_one_with_more_in_it_are_read() {
        for text in
            [r#"{"id":"m"}"#, r#"{"schema_version":1,"id":"m"}"#, r#"{"id":"m","schema_version":1,"added":{"later":[1]}}"#]
        {
            assert_eq!(read(text), Ok(Order { id: "m".to_owned() }), "{text}");
        }
        assert_eq!(
            serde_json::to_string(&Queued::new(Order { id: "m".to_owned() })).unwrap(),
            r#"{"schema_version":1,"id":"m"}"#
        );
    }

    #[test]
    fn a_form_that_is_not_known_is_refused_whatever_else_it_says() {
        for text in
            [r#"{"schema_version":2,"id":"m"}"#, r#"{"order":"m","schema_version":2}"#, r#"{"schema_version":0,"id":"m"}"#]
        {
            let refused = read(text).unwrap_err();
            assert!(refused.contains("is not known to this release"), "{refused}");
        }
    }
}
