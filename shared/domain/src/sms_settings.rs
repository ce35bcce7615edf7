//! What a tenant's settings say of text messages.

use serde::{Deserialize, Serialize};

/// To whose numbers text messages and calls go, and how long text messages may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsSettings {
    /// The countries, ISO 3166-1 alpha-2; the tenant's own alone where none are named.
    #[serde(default)]
    pub countries: Vec<String>,
    /// Most segments that a text message may take, 1 to 4: each is paid for. A longer message is not sent, and people are told.
    #[serde(default = "two", skip_serializing_if = "is_two")]
    pub segments_max: u8,
}

fn two() -> u8 {
    2
}

fn is_two(segments: &u8) -> bool {
    *segments == two()
}

impl Default for SmsSettings {
    fn default() -> Self {
        Self { countries: Vec::new(), segments_max: two() }
    }
}

impl SmsSettings {
    /// Whether nothing of it was said.
    pub(crate) fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// Whether numbers of a country are written to; `own` is the tenant's.
    pub fn reaches(&self, country: &str, own: &str) -> bool {
        if self.countries.is_empty() { country == own } else { self.countries.iter().any(|named| named == country) }
    }
}
