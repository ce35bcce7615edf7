//! Portal tokens: signed by the tenant's key, for one customer, expiring, revocable. Text form, under 200 characters:
//! `{tenant}.{customer}.{expiry, seconds}.{epoch}.{HMAC-SHA256}`.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{CustomerId, TenantId};
use jiff::Timestamp;

use crate::{
    Error, Head, Result, Store, Vault,
    table::{
        attributes::head,
        change::{Change, some_item},
        db::{Wrote, n},
        keys,
    },
    tenant::vault::Purpose,
};

/// Longest text that is looked at.
const TOKEN_BYTES_MAX: usize = 200;

fn signing_key(data_key: &[u8; 32]) -> hmac::Key {
    // A key of its own, so that a token never says anything about a sealed secret.
    let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, data_key), b"dunlin portal token 1");
    hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
}

impl Vault {
    /// A token that opens one customer's portal until `expires_at`.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when there is no such customer; those of KMS and of reading.
    pub async fn issue_token(&self, tenant: &TenantId, customer: &CustomerId, expires_at: Timestamp) -> Result<String> {
        let head = self.store.must_head(tenant, customer).await?;
        self.token_of(tenant, &head, expires_at).await
    }

    /// A token for the customer of a head that was just read.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn token_of(&self, tenant: &TenantId, head: &Head, expires_at: Timestamp) -> Result<String> {
        let key = signing_key(&self.data_key(tenant, Purpose::Links).await?);
        let signed = format!("{tenant}.{}.{}.{}", head.customer, expires_at.as_second(), head.token_epoch);
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
        Ok(format!("{signed}.{signature}"))
    }

    /// Whose portal a token opens at `now`; `None` for whatever is not valid then.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn verify_token(&self, text: &str, now: Timestamp) -> Result<Option<(TenantId, CustomerId)>> {
        let Some(token) = Token::read(text) else { return Ok(None) };
        // A tenant without a data key has issued nothing; none is made for whoever asks.
        if !self.has_key(&token.tenant, Purpose::Links).await? {
            return Ok(None);
        }
        let key = signing_key(&self.data_key(&token.tenant, Purpose::Links).await?);
        if hmac::verify(&key, token.signed.as_bytes(), &token.signature).is_err() || now.as_second() >= token.expires {
            return Ok(None);
        }
        let head = self.store.head(&token.tenant, &token.customer).await?;
        Ok(head.filter(|head| head.token_epoch == token.epoch).map(|_| (token.tenant, token.customer)))
    }
}

impl Store {
    /// Makes every portal token of a customer void.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when there is no such customer.
    pub async fn revoke_tokens(&self, tenant: &TenantId, customer: &CustomerId) -> Result<()> {
        let change = Change::of(keys::head(tenant, customer)).add(head::TOKEN_EPOCH, n(1)).when(some_item());
        match self.write("revoke the tokens of", change, false).await? {
            Wrote::Done(_) => Ok(()),
            Wrote::Not(_) => Err(Error::Refused {
                operation: "revoke the tokens of",
                id: customer.to_string(),
                why: "there is no such customer".into(),
            }),
        }
    }
}

struct Token<'a> {
    tenant: TenantId,
    customer: CustomerId,
    expires: i64,
    epoch: u32,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    fn read(text: &'a str) -> Option<Self> {
        if text.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let parts: Vec<&str> = signed.split('.').collect();
        let &[tenant, customer, expires, epoch] = parts.as_slice() else { return None };
        Some(Self {
            tenant: TenantId::parse(tenant).ok()?,
            customer: CustomerId::parse(customer)?,
            expires: expires.parse().ok()?,
            epoch: epoch.parse().ok()?,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }
}
