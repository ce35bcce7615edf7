//! Connecting a company: the vendor's word that tokens open it, and what is written down then.

use bytes::Bytes;
use connectors::{AccountingApi, Company, Site, Trouble, VendorRequest};
use domain::TenantId;
use http::{HeaderValue, Uri, header};
use jiff::{SignedDuration, Timestamp};
use store::{Store, Vault, Versioned};

use crate::{Progress, Tokens, Web, link::LinkError, tokens::TokenTrouble};

/// Why a company is not connected.
#[derive(Debug, thiserror::Error)]
pub enum NotConnected {
    /// The tenant is connected to another one.
    #[error(
        "this tenant is connected to company {before} and the sign-in was for {realm}; DELETE /v1/connections/{of} first if it is to be \
         another"
    )]
    Another {
        /// The source.
        of: String,
        /// The company that it is connected to.
        before: String,
        /// The company that it is not connected to.
        realm: String,
    },
    /// It is another tenant's.
    #[error("another tenant is connected to this company; disconnect it there first, or have an operator free it")]
    Taken,
    /// The tenant has no settings.
    #[error("this tenant has no settings yet; PUT /v1/settings creates it")]
    NoTenant,
    /// The table or the key.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A company to be connected.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// To whom.
    pub tenant: &'a TenantId,
    /// The source.
    pub source: &'a str,
    /// How it is read.
    pub books: &'static dyn AccountingApi,
    /// Its id, as the vendor has it.
    pub realm: &'a str,
    /// What stands for the vendor's hosts.
    pub base: Option<&'a str>,
}

/// Whether a text has the form of a company's id.
pub fn is_realm(realm: &str) -> bool {
    (1..=64).contains(&realm.len()) && realm.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether a text is the address of something on this machine that may stand for a vendor's hosts: plain HTTP to loopback, and nothing in
/// it that an HTTP client could take for another host.
pub fn is_loopback(base: &str) -> bool {
    let Ok(uri) = base.parse::<Uri>() else { return false };
    uri.scheme_str() == Some("http")
        && matches!(uri.host(), Some("127.0.0.1" | "localhost"))
        && !base.contains(['@', '#', '?', '\\'])
}

/// How old books may be, as settings say it.
pub fn demand(good_for: SignedDuration) -> String {
    format!("PT{}M", good_for.as_mins())
}

impl Wanted<'_> {
    /// Asks the vendor what the company is called, with tokens that are not stored yet: what they do not open is not connected.
    ///
    /// # Errors
    ///
    /// [`LinkError`].
    pub async fn company(&self, web: &Web, tokens: &Tokens) -> Result<Company, LinkError> {
        let (unknown, ask) = (Company::default(), VendorRequest::Company { page: None });
        let site = Site { tenant: self.tenant, realm: self.realm, company: &unknown, base: self.base };
        let mut request = self.books.request(&site, &ask);
        let bearer = HeaderValue::from_str(&format!("Bearer {}", tokens.access_token));
        let mut bearer = bearer.map_err(|_| TokenTrouble::Revoked("the token is no token".to_owned()))?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        let answer: http::Response<Bytes> = web.send(request).await.map_err(|error| Trouble::Unavailable(error.to_string()))?;
        let page = self.books.read(&site, &ask, &answer)?;
        page.company.ok_or_else(|| Trouble::Unavailable("the answer names no company".to_owned()).into())
    }

    /// How far the company was read before, where the tenant may have it.
    ///
    /// # Errors
    ///
    /// [`NotConnected`].
    pub async fn before(&self, store: &Store) -> Result<Option<Progress>, NotConnected> {
        let before: Option<Progress> = store.progress(self.tenant, self.source).await?;
        if let Some(before) = before.as_ref().filter(|before| before.realm != self.realm) {
            let (of, before) = (self.source.to_owned(), before.realm.clone());
            return Err(NotConnected::Another { of, before, realm: self.realm.to_owned() });
        }
        match store.tenant_of_company(self.source, self.realm).await? {
            Some(owner) if owner != *self.tenant => Err(NotConnected::Taken),
            Some(_) | None => Ok(before),
        }
    }

    /// Connects the company with tokens that the vendor took, and has its books read; those that were read before are read anew, because what
    /// changed while nobody could look is found by it.
    ///
    /// # Errors
    ///
    /// [`NotConnected`].
    pub async fn connect(&self, store: &Store, vault: &Vault, tokens: &Tokens, now: Timestamp) -> Result<(), NotConnected> {
        let Self { tenant, source, realm, base, .. } = *self;
        let before = self.before(store).await?;
        let config = serde_json::json!({ "realm": realm, "base_url": base });
        let bytes = serde_json::to_vec(tokens).unwrap_or_default();
        vault.ensure_key(tenant).await?;
        vault.put_connection(tenant, source, &bytes, &config, None, None).await?;
        let progress = before.map_or_else(|| Progress::begin(realm, base, now), |before| before.again(base, now));
        store.open_books(tenant, source, realm, &progress, now).await?;
        // Nothing is sent from books that are older than the vendor's are good for, unless settings say otherwise.
        let Versioned { mut value, rev } = store.settings(tenant).await?.ok_or(NotConnected::NoTenant)?;
        if !value.freshness.contains_key(source) {
            value.freshness.insert(source.to_owned(), demand(self.books.access().limits.good_for));
            store.put_settings(tenant, &value, Some(rev), now).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_are_on_loopback_and_look_like_nothing_else() {
        for (base, expected) in [
            ("http://127.0.0.1:8080", true),
            ("http://127.0.0.1:8080/", true),
            ("http://localhost:1/base", true),
            ("http://127.0.0.1", true),
            ("https://127.0.0.1:8080", false),
            ("http://127.0.0.1:80@evil.example/", false),
            ("http://127.0.0.1@evil.example", false),
            ("http://localhost:80@127.0.0.1", false),
            ("http://127.0.0.1.evil.example", false),
            ("http://127.0.0.1#@evil.example", false),
            ("http://127.0.0.1?@evil.example", false),
            ("http://127.0.0.1\\@evil.example", false),
            ("http://evil.example/127.0.0.1", false),
            ("http://[::1]:80", false),
            ("http://2130706433", false),
            ("//127.0.0.1", false),
            ("127.0.0.1", false),
            ("", false),
        ] {
            assert_eq!(is_loopback(base), expected, "{base}");
        }
    }
}
