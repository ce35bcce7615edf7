//! Stricter terms of payment: what a customer that pays late is to be given from now on.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Most days of terms.
pub const TERMS_DAYS_MAX: u16 = 365;

/// Terms of payment that a step asks for. The text form, in keys and events, is `prepayment` or an ISO 8601 duration in days such as `P7D`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StricterTerms {
    /// So many days from the invoice.
    Days(u16),
    /// Nothing is delivered before it is paid.
    Prepayment,
}

impl StricterTerms {
    /// Reads the text form.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "prepayment" {
            return Some(Self::Prepayment);
        }
        let days = text.strip_prefix('P')?.strip_suffix('D')?;
        let is_plain = !days.is_empty() && days.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| days.parse().ok()).flatten().map(Self::Days)
    }

    /// In words, for a person of the tenant.
    pub fn words(self) -> String {
        match self {
            Self::Days(0) => "payment at once".to_owned(),
            Self::Days(1) => "1 day to pay".to_owned(),
            Self::Days(days) => format!("{days} days to pay"),
            Self::Prepayment => "payment before delivery".to_owned(),
        }
    }
}

impl fmt::Display for StricterTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) => write!(f, "P{days}D"),
            Self::Prepayment => f.write_str("prepayment"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_read_as_they_are_written() {
        for (terms, json, text) in [
            (StricterTerms::Days(7), r#"{"days":7}"#, "P7D"),
            (StricterTerms::Days(0), r#"{"days":0}"#, "P0D"),
            (StricterTerms::Prepayment, r#""prepayment""#, "prepayment"),
        ] {
            assert_eq!(serde_json::from_str::<StricterTerms>(json).ok(), Some(terms), "{json}");
            assert_eq!((terms.to_string().as_str(), StricterTerms::parse(text)), (text, Some(terms)));
        }
        for text in ["", "P", "PD", "P-7D", "P7", "7D", "P70000D", "Prepayment", "case_abc"] {
            assert_eq!(StricterTerms::parse(text), None, "{text}");
        }
        assert!(serde_json::from_str::<StricterTerms>(r#"{"days": -1}"#).is_err());
    }
}
