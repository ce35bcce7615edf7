//! Sign-ins at the console that this stack's issuer was asked for, and the codes that it gave.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

/// What a console asks for, and what the page hands on as it came.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AuthorizeIn {
    pub(crate) response_type: String,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    #[serde(default)]
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) nonce: String,
    #[serde(default)]
    pub(crate) code_challenge: String,
    #[serde(default)]
    pub(crate) code_challenge_method: String,
}

/// What a code that was given is worth: the id token of who was chosen.
#[derive(Clone, Debug)]
pub struct Grant {
    pub(crate) asked: AuthorizeIn,
    pub(crate) id_token: String,
    pub(crate) at: Timestamp,
}

/// Codes that nobody came with yet.
pub type Grants = BTreeMap<String, Grant>;

impl AuthorizeIn {
    /// What is wrong with it; an issuer that is only a stand-in takes nothing that another would refuse.
    pub(crate) fn flaw(&self, client_id: &str) -> Option<&'static str> {
        let comes_back_here = ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|host| {
            let rest = self.redirect_uri.strip_prefix(host).and_then(|rest| rest.strip_suffix("/console/signed-in"));
            rest.is_some_and(|port| {
                port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
            })
        });
        if self.response_type != "code" {
            Some("response_type is not code")
        } else if self.client_id != client_id {
            Some("client_id is not the console's")
        } else if !comes_back_here {
            Some("redirect_uri is not /console/signed-in of this machine")
        } else if self.code_challenge_method != "S256" || self.code_challenge.len() != 43 {
            Some("there is no code_challenge by S256")
        } else {
            None
        }
    }

    pub(crate) fn fields(&self) -> [(&'static str, &str); 7] {
        [
            ("response_type", &self.response_type),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("state", &self.state),
            ("nonce", &self.nonce),
            ("code_challenge", &self.code_challenge),
            ("code_challenge_method", &self.code_challenge_method),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> AuthorizeIn {
        AuthorizeIn {
            response_type: "code".to_owned(),
            client_id: "c".to_owned(),
            redirect_uri: "http://127.0.0.1:8787/console/signed-in".to_owned(),
            code_challenge: "x".repeat(43),
            code_challenge_method: "S256".to_owned(),
            ..AuthorizeIn::default()
        }
    }

    #[test]
    fn a_sign_in_is_asked_for_by_the_console_of_this_machine_with_pkce() {
        assert_eq!(asked().flaw("c"), None);
        for wrong in [
            AuthorizeIn { response_type: "token".to_owned(), ..asked() },
            AuthorizeIn { client_id: "other".to_owned(), ..asked() },
            AuthorizeIn { redirect_uri: "https://evil.example/console/signed-in".to_owned(), ..asked() },
            AuthorizeIn { redirect_uri: "http://127.0.0.1.evil.example/console/signed-in".to_owned(), ..asked() },
            AuthorizeIn { redirect_uri: "http://127.0.0.1:80@evil.example/console/signed-in".to_owned(), ..asked() },
            AuthorizeIn { code_challenge_method: "plain".to_owned(), ..asked() },
            AuthorizeIn { code_challenge: String::new(), ..asked() },
        ] {
            assert!(wrong.flaw("c").is_some(), "{wrong:?}");
        }
    }
}
