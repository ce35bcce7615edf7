//! OAuth2 with PKCE: where people are sent to agree, and what their coming back is worth.

use std::time::Duration;

use connectors::{Access, place};
use jiff::Timestamp;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, ExtraTokenFields,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope, StandardRevocableToken,
    StandardTokenResponse, TokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    Web,
    credentials::{AppSecrets, TokenTrouble, Tokens, expiry},
};

/// What this vendor's token answers say beyond the standard.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Extra {
    /// Seconds that the refresh token lasts.
    #[serde(default)]
    x_refresh_token_expires_in: Option<u64>,
}

impl ExtraTokenFields for Extra {}

type Said = StandardTokenResponse<Extra, BasicTokenType>;
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

/// A sign-in that was begun: kept until the person comes back.
#[derive(Clone, Serialize, Deserialize)]
pub struct Begun {
    /// What the vendor hands back; names the sign-in.
    pub state: String,
    /// What proves that whoever exchanges the code began it.
    pub verifier: String,
    /// Where the person is sent.
    pub url: String,
}

/// Talks to a vendor's sign-in.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The vendor.
    pub web: &'a Web,
    /// How one gets in.
    pub access: &'a Access,
    /// What the vendor knows us by.
    pub app: &'a AppSecrets,
    /// What stands for the vendor's hosts.
    pub base: Option<&'a str>,
}

/// Where a sign-in of `source` comes back to, below the address of the API.
pub fn callback(public_url: &str, source: &str) -> String {
    format!("{}/oauth/{source}/callback", public_url.trim_end_matches('/'))
}

impl Exchange<'_> {
    fn client(&self, redirect: Option<&str>) -> Result<Client, TokenTrouble> {
        let wrong = |what: &str| TokenTrouble::NoApp(format!("{what} is no address"));
        let authorize = AuthUrl::new(place(self.access.authorize_url, self.base)).map_err(|_| wrong("the sign-in"))?;
        let token = TokenUrl::new(place(self.access.token_url, self.base)).map_err(|_| wrong("the token endpoint"))?;
        let client = Unset::new(ClientId::new(self.app.client_id.clone()))
            .set_client_secret(ClientSecret::new(self.app.client_secret.clone()))
            .set_auth_uri(authorize)
            .set_token_uri(token);
        match redirect {
            None => Ok(client),
            Some(url) => Ok(client.set_redirect_uri(RedirectUrl::new(url.to_owned()).map_err(|_| wrong("the callback"))?)),
        }
    }

    /// Begins a sign-in that comes back to `redirect`.
    ///
    /// # Errors
    ///
    /// [`TokenTrouble::NoApp`] when an address is none.
    pub fn begin(&self, redirect: &str) -> Result<Begun, TokenTrouble> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client(Some(redirect))?;
        let scopes = self.access.scopes.split_ascii_whitespace().map(|scope| Scope::new(scope.to_owned()));
        let (url, state) = client.authorize_url(CsrfToken::new_random).add_scopes(scopes).set_pkce_challenge(challenge).url();
        Ok(Begun { state: state.secret().clone(), verifier: verifier.secret().clone(), url: url.to_string() })
    }

    /// Exchanges the code of a sign-in that came back.
    ///
    /// # Errors
    ///
    /// [`TokenTrouble`].
    pub async fn code(&self, code: &str, verifier: &str, redirect: &str, now: Timestamp) -> Result<Tokens, TokenTrouble> {
        let client = self.client(Some(redirect))?;
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()));
        let said = request.request_async(self.web).await;
        self.tokens(said, None, now)
    }

    /// Exchanges a refresh token.
    ///
    /// # Errors
    ///
    /// [`TokenTrouble`].
    pub async fn refresh(&self, refresh: &str, now: Timestamp) -> Result<Tokens, TokenTrouble> {
        let (client, token) = (self.client(None)?, RefreshToken::new(refresh.to_owned()));
        let said = client.exchange_refresh_token(&token).request_async(self.web).await;
        self.tokens(said, Some(refresh), now)
    }

    fn tokens(
        &self,
        said: Result<Said, RequestTokenError<crate::web::Unreachable, BasicErrorResponse>>,
        before: Option<&str>,
        now: Timestamp,
    ) -> Result<Tokens, TokenTrouble> {
        let said = said.map_err(|error| match error {
            RequestTokenError::ServerResponse(said) => {
                let word = said.error().as_ref().to_owned();
                match said.error() {
                    BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => {
                        TokenTrouble::NoApp(format!("the vendor says {word}; check the app's client id and secret"))
                    }
                    _ => TokenTrouble::Revoked(format!("the vendor says {word}")),
                }
            }
            RequestTokenError::Request(error) => TokenTrouble::Unavailable(error.to_string()),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                TokenTrouble::Unavailable("the answer does not read".to_owned())
            }
        })?;
        let refresh = said.refresh_token().map(|token| token.secret().clone()).or(before.map(str::to_owned));
        let lasts = said.extra_fields().x_refresh_token_expires_in.map_or(self.access.refresh_lasts, Duration::from_secs);
        Ok(Tokens {
            access_token: said.access_token().secret().clone(),
            refresh_token: refresh.ok_or_else(|| TokenTrouble::Unavailable("the answer has no refresh token".to_owned()))?,
            expires_at: expiry(now, said.expires_in().unwrap_or(Duration::from_secs(1_800))),
            refresh_expires_at: Some(expiry(now, lasts)),
        })
    }
}
