//! A template as the table keeps it.

use domain::Channel;
use serde::{Deserialize, Serialize};

/// A message's text in one language for one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredTemplate {
    /// Its id, as steps name it.
    pub id: String,
    /// The channel.
    #[serde(deserialize_with = "domain::word::known")]
    pub channel: Channel,
    /// BCP 47, lower case.
    pub language: String,
    /// From 1, counted over all languages of the template on the channel; the API sets it, a caller's is ignored.
    #[serde(default)]
    pub version: u32,
    /// The subject of an email.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The text.
    pub body: String,
}
