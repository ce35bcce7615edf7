//! What is made from the id of a session, which the browser and nobody else holds: the token in each form, and what the next page says.
//!
//! Whoever cannot read the cookie cannot make one, so that no page of another origin, and none of the portal, posts a form of the console.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use service::sessions::SessionId;

/// Longest text that the next page says, in characters: a cookie has to hold it.
const SAID_MAX: usize = 500;

/// What signs for a session.
#[derive(Clone)]
pub(crate) struct SessionSecrets(hmac::Key);

impl SessionSecrets {
    pub(crate) fn of(id: &SessionId) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, id.secret().as_bytes()))
    }

    /// The token that each form of the session holds.
    pub(crate) fn form_token(&self) -> String {
        self.sign("form", "")
    }

    /// Whether a form is of this session.
    pub(crate) fn is_form_token(&self, text: &str) -> bool {
        verify_slices_are_equal(self.form_token().as_bytes(), text.as_bytes()).is_ok()
    }

    /// What the next page says, as a cookie holds it.
    pub(crate) fn seal_said(&self, text: &str) -> String {
        let said = URL_SAFE_NO_PAD.encode(text.chars().take(SAID_MAX).collect::<String>());
        format!("{said}.{}", self.sign("said", &said))
    }

    /// The same, read back.
    pub(crate) fn open_said(&self, cookie: &str) -> Option<String> {
        let (said, signature) = cookie.split_once('.')?;
        verify_slices_are_equal(self.sign("said", said).as_bytes(), signature.as_bytes()).ok()?;
        String::from_utf8(URL_SAFE_NO_PAD.decode(said).ok()?).ok()
    }

    fn sign(&self, purpose: &str, text: &str) -> String {
        let message = format!("dunlin console {purpose}\n{text}");
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, message.as_bytes()))
    }
}

/// A fresh text that tells one form from all others; `None` where there is no randomness.
pub(crate) fn fresh() -> Option<String> {
    let mut random = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut random).ok()?;
    Some(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(byte: u8) -> SessionSecrets {
        SessionSecrets::of(&SessionId::read(&URL_SAFE_NO_PAD.encode([byte; 32])).unwrap())
    }

    #[test]
    fn a_token_is_of_one_session_and_one_purpose() {
        let (own, other) = (secrets(1), secrets(2));
        assert!(own.is_form_token(&own.form_token()));
        for text in ["", &other.form_token(), &own.sign("said", "")] {
            assert!(!own.is_form_token(text), "{text}");
        }
        let said = own.seal_said("Saved <b>\u{fc}</b>");
        assert_eq!(own.open_said(&said).as_deref(), Some("Saved <b>\u{fc}</b>"));
        assert_eq!(other.open_said(&said), None);
        assert_eq!(own.open_said(&said.replacen('.', "x.", 1)), None);
    }
}
