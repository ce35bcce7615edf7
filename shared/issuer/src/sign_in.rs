//! Signing in at the issuer: the code flow of OpenID Connect with PKCE, state and nonce.
//!
//! A sign-in is one secret, which the browser that began it holds in a cookie, and when it began. State, nonce and PKCE verifier are hashes of
//! both. So nothing is stored while somebody is away at the issuer, a visitor who only looks costs no write, and a code that comes back to another
//! browser, or later than ten minutes, is worth nothing. A code is good once: the issuer says so.

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{Context, SHA256},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, ExtraTokenFields,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse,
    TokenUrl,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType},
};
use reading::Web;
use serde::{Deserialize, Serialize};
use service::{
    entering::Person,
    token::{TokenRejected, TokenRules},
};
use tokio::sync::Mutex;

use crate::{
    discovery::{Discovered, discover},
    key_cache::{Issuer, NotOpened},
};

/// How long somebody may be away at the issuer.
const AWAY_FOR: SignedDuration = SignedDuration::from_mins(10);
/// How long the issuer's discovery is used before it is asked anew.
const FRESH_FOR: SignedDuration = SignedDuration::from_hours(1);
/// What is asked for: who it is, and how they are called.
const SCOPES: [&str; 3] = ["openid", "email", "profile"];
/// Bytes of a sign-in's secret.
const SECRET_BYTES: usize = 32;

/// Why somebody is not signed in; the text is for them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSignedIn {
    /// This browser began no sign-in, or another one.
    #[error("this browser did not begin this sign-in; begin it again here")]
    Foreign,
    /// They were away too long.
    #[error("the sign-in took longer than ten minutes; begin it again")]
    Late,
    /// The issuer does not take the code.
    #[error("the issuer did not confirm the sign-in ({0}); begin it again")]
    Refused(String),
    /// What the issuer says of them is not accepted.
    #[error("the sign-in is not accepted: {0}")]
    Rejected(TokenRejected),
    /// The issuer cannot be asked now.
    #[error("the issuer of sign-ins cannot be reached now; try again in a minute")]
    Unreachable,
    /// The issuer and the deployment do not know each other as they should.
    #[error("sign-in is not set up right: {0}; whoever runs this deployment finds what to do in docs/console.md")]
    NotSetUp(String),
}

/// A sign-in that was begun: what the browser holds of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInFlow {
    secret: String,
    began_at_s: i64,
}

impl std::fmt::Debug for SignInFlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInFlow").field("began_at_s", &self.began_at_s).finish_non_exhaustive()
    }
}

impl SignInFlow {
    /// A sign-in that begins now; `None` when there is no randomness.
    pub fn begin(now: Timestamp) -> Option<Self> {
        let mut random = [0_u8; SECRET_BYTES];
        aws_lc_rs::rand::fill(&mut random).ok()?;
        Some(Self { secret: URL_SAFE_NO_PAD.encode(random), began_at_s: now.as_second() })
    }

    /// Reads what [`SignInFlow::text`] wrote.
    pub fn read(text: &str) -> Option<Self> {
        let (secret, began_at_s) = text.split_once('.')?;
        let bytes = URL_SAFE_NO_PAD.decode(secret).ok()?;
        let began_at_s = began_at_s.parse().ok().filter(|_| bytes.len() == SECRET_BYTES)?;
        Some(Self { secret: secret.to_owned(), began_at_s })
    }

    /// As the cookie holds it: letters, digits, `-`, `_` and one point.
    pub fn text(&self) -> String {
        format!("{}.{}", self.secret, self.began_at_s)
    }

    /// The `state` that comes back with the code.
    pub fn state(&self) -> String {
        self.derive("state")
    }

    fn nonce(&self) -> String {
        self.derive("nonce")
    }

    fn verifier(&self) -> PkceCodeVerifier {
        PkceCodeVerifier::new(self.derive("verifier"))
    }

    /// 43 letters of each purpose, none of which tells another.
    fn derive(&self, purpose: &str) -> String {
        let mut context = Context::new(&SHA256);
        for part in ["dunlin sign-in", purpose, &self.secret, &self.began_at_s.to_string()] {
            context.update(&part.len().to_be_bytes());
            context.update(part.as_bytes());
        }
        URL_SAFE_NO_PAD.encode(context.finish())
    }

    /// Looks whether what comes back now is of this sign-in.
    fn look(&self, state: &str, now: Timestamp) -> Result<(), NotSignedIn> {
        verify_slices_are_equal(self.state().as_bytes(), state.as_bytes()).map_err(|_| NotSignedIn::Foreign)?;
        let away_s = now.as_second().saturating_sub(self.began_at_s);
        if (0..AWAY_FOR.as_secs()).contains(&away_s) { Ok(()) } else { Err(NotSignedIn::Late) }
    }
}

/// What the answer to a code says beyond OAuth.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct IdTokenField {
    #[serde(default)]
    id_token: Option<String>,
}

impl ExtraTokenFields for IdTokenField {}

type Said = StandardTokenResponse<IdTokenField, BasicTokenType>;
type Unset = oauth2::Client<
    BasicErrorResponse,
    Said,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;
type Client = oauth2::Client<
    BasicErrorResponse,
    Said,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The deployment as the issuer knows it.
pub struct SignInClient {
    issuer: Issuer,
    rules: TokenRules,
    secret: Option<String>,
    discovered: Mutex<Option<(Discovered, Timestamp)>>,
}

impl std::fmt::Debug for SignInClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInClient").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl SignInClient {
    /// A client of which the issuer was asked nothing yet. The audience of `rules` is the client's id; without a secret it is a public client,
    /// whose codes are good with PKCE alone.
    pub fn new(rules: TokenRules, keys_url: Option<String>, secret: Option<String>) -> Self {
        Self { issuer: Issuer::new(rules.clone(), keys_url), rules, secret, discovered: Mutex::default() }
    }

    /// Where a browser goes to sign in; it comes back to `redirect`.
    ///
    /// # Errors
    ///
    /// [`NotSignedIn::Unreachable`], [`NotSignedIn::NotSetUp`].
    pub async fn address(&self, web: &Web, flow: &SignInFlow, redirect: &str, now: Timestamp) -> Result<String, NotSignedIn> {
        let client = self.client(web, redirect, now).await?;
        let state = CsrfToken::new(flow.state());
        let (url, _) = client
            .authorize_url(|| state)
            .add_scopes(SCOPES.map(|scope| Scope::new(scope.to_owned())))
            .add_extra_param("nonce", flow.nonce())
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&flow.verifier()))
            .url();
        Ok(url.to_string())
    }

    /// Who came back with a code. The tokens of the answer are looked at and forgotten.
    ///
    /// # Errors
    ///
    /// [`NotSignedIn`].
    pub async fn person(
        &self,
        web: &Web,
        flow: &SignInFlow,
        (state, code): (&str, &str),
        redirect: &str,
        now: Timestamp,
    ) -> Result<Person, NotSignedIn> {
        flow.look(state, now)?;
        let client = self.client(web, redirect, now).await?;
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned())).set_pkce_verifier(flow.verifier());
        let said = request.request_async(web).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(said) => NotSignedIn::Refused(said.error().as_ref().to_owned()),
            RequestTokenError::Request(_) => NotSignedIn::Unreachable,
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                NotSignedIn::NotSetUp("the issuer's answer to a code does not read".to_owned())
            }
        })?;
        let none = || NotSignedIn::NotSetUp("the issuer's answer to a code has no id token".to_owned());
        let token = said.extra_fields().id_token.as_deref().ok_or_else(none)?;
        self.issuer.signed_in(web, token, &flow.nonce(), now).await.map_err(|error| match error {
            NotOpened::Rejected(why) => NotSignedIn::Rejected(why),
            NotOpened::NoKeys => NotSignedIn::Unreachable,
        })
    }

    async fn client(&self, web: &Web, redirect: &str, now: Timestamp) -> Result<Client, NotSignedIn> {
        let Discovered { authorize_url, token_url, secret_in_body, .. } = self.discovered(web, now).await?;
        let wrong = |what: &str| NotSignedIn::NotSetUp(format!("the issuer's discovery has no address of {what}"));
        let authorize = authorize_url.and_then(|url| AuthUrl::new(url).ok()).ok_or_else(|| wrong("the sign-in"))?;
        let token = token_url.and_then(|url| TokenUrl::new(url).ok()).ok_or_else(|| wrong("codes"))?;
        let back = RedirectUrl::new(redirect.to_owned());
        let back = back.map_err(|_| NotSignedIn::NotSetUp(format!("{redirect} is no address to come back to")))?;
        let way = if secret_in_body { AuthType::RequestBody } else { AuthType::BasicAuth };
        let client = Unset::new(ClientId::new(self.rules.audience.clone())).set_auth_type(way);
        let client = match &self.secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.clone())),
            None => client,
        };
        Ok(client.set_auth_uri(authorize).set_token_uri(token).set_redirect_uri(back))
    }

    /// The issuer's discovery: one call asks, and others wait for it.
    async fn discovered(&self, web: &Web, now: Timestamp) -> Result<Discovered, NotSignedIn> {
        let mut known = self.discovered.lock().await;
        if let Some((found, at)) = known.as_ref() {
            let age = now.duration_since(*at);
            if age < FRESH_FOR && !age.is_negative() {
                return Ok(found.clone());
            }
        }
        let found = discover(web, &self.rules.issuer).await.map_err(|why| {
            tracing::error!(issuer = self.rules.issuer, why, "the issuer's discovery could not be fetched");
            NotSignedIn::Unreachable
        })?;
        *known = Some((found.clone(), now));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn what_comes_back_is_of_the_browser_that_began_it_within_ten_minutes() {
        let began = at("2026-02-10T10:00:00Z");
        let flow = SignInFlow::begin(began).unwrap();
        assert_eq!(SignInFlow::read(&flow.text()), Some(flow.clone()));
        let state = flow.state();
        assert_eq!(flow.look(&state, began), Ok(()));
        assert_eq!(flow.look(&state, at("2026-02-10T10:09:59Z")), Ok(()));
        assert_eq!(flow.look(&state, at("2026-02-10T10:10:00Z")), Err(NotSignedIn::Late));
        assert_eq!(flow.look(&state, at("2026-02-10T09:59:59Z")), Err(NotSignedIn::Late));
        let other = SignInFlow::begin(began).unwrap();
        for state in [other.state(), flow.nonce(), String::new(), format!("{state}x")] {
            assert_eq!(flow.look(&state, began), Err(NotSignedIn::Foreign), "{state}");
        }
        // Whoever changes when it began has another state.
        let later = SignInFlow { began_at_s: flow.began_at_s + 600, ..flow.clone() };
        assert_eq!(later.look(&flow.state(), at("2026-02-10T10:10:00Z")), Err(NotSignedIn::Foreign));
    }

    #[test]
    fn a_sign_in_tells_none_of_its_parts_by_another() {
        let flow = SignInFlow::begin(at("2026-02-10T10:00:00Z")).unwrap();
        let parts = [flow.state(), flow.nonce(), flow.verifier().secret().clone()];
        for (at, part) in parts.iter().enumerate() {
            assert_eq!(part.len(), 43);
            assert!(!parts[..at].contains(part) && *part != flow.secret);
        }
        assert!(!format!("{flow:?}").contains(&flow.secret));
        for text in ["", ".", "a.1", &flow.secret, &format!("{}.", flow.secret), &format!("{}.x", flow.secret)] {
            assert_eq!(SignInFlow::read(text), None, "{text}");
        }
    }
}
