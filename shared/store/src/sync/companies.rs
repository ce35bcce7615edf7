//! Sign-ins that came back and wait for the admin who began them, and companies that an operator frees.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use domain::TenantId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result, Store, Vault,
    table::{
        attributes::{books, company, every::EXPIRES_AT, sign_in},
        change::{Change, absent, is},
        db::{Transacted, n, number, s, text, to_json},
        keys,
    },
};

/// A sign-in that came back: somebody agreed at the vendor, and the vendor named the company. Nothing is read until it is confirmed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// Who began it, by the subject of their token; nobody where a function did.
    pub by: Option<String>,
    /// The company, by the vendor's id.
    pub realm: String,
    /// Its name.
    pub company: Option<String>,
    /// What stands for the vendor's hosts.
    pub base: Option<String>,
    /// What whoever agreed was shown.
    pub code: String,
    /// The tokens, in the reader's own form.
    pub tokens: serde_json::Value,
}

impl std::fmt::Debug for Agreed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agreed").field("realm", &self.realm).finish_non_exhaustive()
    }
}

/// What it is sealed for: never the connection itself.
fn use_of(source: &str) -> String {
    format!("{source}/agreed")
}

impl Vault {
    /// Keeps a sign-in that came back until `expires_at`, in place of the one before.
    ///
    /// # Errors
    ///
    /// Those of KMS and of writing.
    pub async fn keep_agreed(&self, tenant: &TenantId, source: &str, agreed: &Agreed, expires_at: Timestamp) -> Result<()> {
        let sealed = self.seal(tenant, &use_of(source), to_json(agreed).as_bytes()).await?;
        let change = Change::of(keys::agreed(tenant, source))
            .put(sign_in::SEALED, AttributeValue::B(Blob::new(sealed)))
            .put(EXPIRES_AT, n(expires_at.as_second()));
        self.store.write("keep a sign-in of", change, false).await?;
        Ok(())
    }

    /// The sign-in that waits to be confirmed at `now`.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn agreed(&self, tenant: &TenantId, source: &str, now: Timestamp) -> Result<Option<Agreed>> {
        let key = keys::agreed(tenant, source);
        let row = self.store.read("read a sign-in of", &key, true).await?;
        let Some(row) = row.filter(|row| number::<i64>(row, EXPIRES_AT).is_some_and(|expires| expires > now.as_second())) else {
            return Ok(None);
        };
        let corrupt = || Error::Corrupt { key: key.to_string(), detail: "the sign-in does not read".to_owned() };
        let sealed = row.get(sign_in::SEALED).and_then(|value| value.as_b().ok()).ok_or_else(corrupt)?;
        let plain = self.open(tenant, &use_of(source), sealed.as_ref()).await?;
        serde_json::from_slice(&plain).map(Some).map_err(|_| corrupt())
    }

    /// Forgets the sign-in that waits to be confirmed, and its tokens.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn forget_agreed(&self, tenant: &TenantId, source: &str) -> Result<()> {
        let gone = Change::of(keys::agreed(tenant, source)).delete(&self.store);
        self.store.transact("forget a sign-in of", tenant.as_str(), vec![gone]).await?;
        Ok(())
    }
}

impl Store {
    /// Takes a company from the tenant that is connected to it: its books are no longer read, and it is nobody's. Answers whose it was.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when it became another's meanwhile; those of writing.
    pub async fn free_company(&self, source: &str, realm: &str) -> Result<Option<TenantId>> {
        const OP: &str = "free a company of";
        let key = keys::company(source, realm);
        let row = self.read(OP, &key, true).await?;
        let Some(owner) = row.as_ref().and_then(|row| TenantId::parse(text(row, company::TENANT)?).ok()) else { return Ok(None) };
        let books_key = keys::books(&owner, source);
        let read = self.read(OP, &books_key, true).await?;
        let reads_it = read.as_ref().is_some_and(|row| text(row, books::REALM) == Some(realm));
        let whose = absent(company::TENANT).or(is(company::TENANT, s(owner.as_str())));
        let mut actions = vec![Change::of(key).when(whose).delete(self)];
        if reads_it {
            actions.push(Change::of(books_key).delete(self));
        }
        match self.transact(OP, owner.as_str(), actions).await? {
            Transacted::Done => Ok(Some(owner)),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: realm.to_owned() }),
        }
    }
}
