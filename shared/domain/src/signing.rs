//! Whose name a mail leaves under, and how it is signed.

use serde::{Deserialize, Serialize};

use crate::brand::is_lines;

/// Longest signature, in characters and in lines.
pub const SIGNATURE_CHARS_MAX: usize = 400;
/// Most lines of a signature.
pub const SIGNATURE_LINES_MAX: usize = 8;

/// Whose name mails leave under, and how they are signed. Nothing is decided by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// Under whose name.
    #[serde(default)]
    pub sender_name: SenderName,
    /// The signature of mails that no person signs, line by line; the name that customers see when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// Under whose name mails leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderName {
    /// The name that customers see.
    #[default]
    Tenant,
    /// That of the customer's owner before it, where the owner is a member with a name.
    Owner,
}

impl Signing {
    /// Whether nothing is said.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong with it: a JSON pointer within the settings and a sentence.
    pub(crate) fn flaw(&self) -> Option<(String, String)> {
        let flaw = self.signature.as_deref().and_then(signature_flaw)?;
        Some(("/signing/signature".to_owned(), flaw))
    }
}

/// What is wrong with a signature; `None` for a good one.
pub fn signature_flaw(text: &str) -> Option<String> {
    let is_good = is_lines(text, SIGNATURE_CHARS_MAX, SIGNATURE_LINES_MAX);
    (!is_good).then(|| {
        format!(
            "a signature has 1 to {SIGNATURE_CHARS_MAX} characters in at most {SIGNATURE_LINES_MAX} lines, and no control characters but line \
             breaks; leave it out for none"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_some_lines() {
        for (text, is_good) in [
            ("Anna Weber\nAccounts receivable\r\n+49 30 1234".to_owned(), true),
            ("é".repeat(400), true),
            ("é".repeat(401), false),
            ("a\n".repeat(8), true),
            ("a\n".repeat(9), false),
            (" \n".to_owned(), false),
            ("a\u{1b}[31m".to_owned(), false),
        ] {
            assert_eq!(signature_flaw(&text).is_none(), is_good, "{text:?}");
            let flaw = Signing { signature: Some(text), ..Signing::default() }.flaw();
            assert_eq!(flaw.map(|(pointer, _)| pointer), (!is_good).then(|| "/signing/signature".to_owned()));
        }
        assert!(Signing::default().is_usual() && Signing::default().flaw().is_none());
    }

    #[test]
    fn what_it_says_is_read_and_nothing_else() {
        let read = |text: &str| serde_json::from_str::<Signing>(text).ok();
        assert_eq!(read("{}"), Some(Signing::default()));
        assert_eq!(read(r#"{"sender_name": "owner"}"#).map(|signing| signing.sender_name), Some(SenderName::Owner));
        assert_eq!(read(r#"{"sender_name": "somebody"}"#), None);
        assert_eq!(read(r#"{"name": "owner"}"#), None);
    }
}
