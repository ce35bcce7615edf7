//! A tenant's template.

use serde::{Deserialize, Serialize};

/// A text of a message in one language for one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// One to 64 of `a-z 0-9 - _`; the workflow's steps name it.
    pub id: String,
    /// BCP 47 language, lower case, with or without a region: `de`, `fr-ca`.
    pub language: String,
    /// Which channel it is for.
    #[serde(deserialize_with = "domain::word::known")]
    pub channel: domain::Channel,
    /// Jinja; email only, and there required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Jinja; for email also paragraphs, emphasis and links as in Markdown.
    pub body: String,
    /// The published version, from 1; 0 before publishing. The API sets it, a caller's is ignored.
    #[serde(default)]
    pub version: u32,
}
