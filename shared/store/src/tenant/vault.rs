//! Data keys, wrapped by KMS: a tenant has one that seals secrets and cursors of lists (AES-256-GCM), one that signs links, one that wraps the keys of people, and one that
//! seals the addresses of channels that notices go to.
//! Each is wrapped for its purpose, so that a role may be allowed to open the one and not the other.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::{primitives::Blob, types::DataKeySpec};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::TenantId;

use crate::{
    AuditEntry, Error, Result, Store,
    table::{
        attributes::data_key,
        db::{Row, row_of},
        keys,
    },
};

const OP: &str = "read a data key of";

/// What a data key is for: part of the context under which KMS wraps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// Seals what a tenant keeps secret of its connections.
    Connections,
    /// Signs the stop links in its messages and the statements of its customers, and makes the codes of its portal links.
    Links,
    /// Wraps the keys under which personal fields of history are sealed.
    People,
    /// Seals the addresses of channels that notices go to.
    Notices,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Links => "links",
            Self::People => "people",
            Self::Notices => "notices",
        }
    }

    fn item(self, tenant: &TenantId) -> keys::Key {
        match self {
            Self::Connections => keys::data_key(tenant),
            Self::Links => keys::link_key(tenant),
            Self::People => keys::people_key(tenant),
            Self::Notices => keys::notice_key(tenant),
        }
    }
}

/// Data keys that were opened, by what they are for.
type OpenedKeys = HashMap<(TenantId, Purpose), [u8; 32]>;

/// Seals and opens what a tenant keeps secret, and signs its links.
#[derive(Clone)]
pub struct Vault {
    pub(crate) store: Store,
    kms: aws_sdk_kms::Client,
    key_id: Option<String>,
    keys: Arc<Mutex<OpenedKeys>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl Vault {
    /// A vault. With `key_id` it makes the data keys of new tenants under that KMS key; without, it only opens what is there.
    pub fn new(kms: aws_sdk_kms::Client, store: Store, key_id: Option<&str>) -> Self {
        Self { store, kms, key_id: key_id.map(str::to_owned), keys: Arc::default() }
    }

    /// A vault over the same keys whose every write is noted, as by [`Store::acting`].
    pub fn acting(&self, entry: AuditEntry) -> Self {
        Self { store: self.store.acting(entry), ..self.clone() }
    }

    /// Whether the tenant has a key for a purpose, whatever was opened before.
    pub(crate) async fn has_key(&self, tenant: &TenantId, purpose: Purpose) -> Result<bool> {
        Ok(self.store.read(OP, &purpose.item(tenant), true).await?.is_some())
    }

    /// The tenant's data key for a purpose; the first call makes it.
    pub(crate) async fn data_key(&self, tenant: &TenantId, purpose: Purpose) -> Result<[u8; 32]> {
        if let Some(key) = self.data_key_if_made(tenant, purpose).await? {
            return Ok(key);
        }
        let key_id = self.key_id.as_ref().ok_or_else(|| crate::Error::Refused {
            operation: OP,
            id: tenant.to_string(),
            why: "the tenant has none yet; saving its settings through the admin API makes it".into(),
        })?;
        let made = self
            .kms
            .generate_data_key()
            .key_id(key_id)
            .key_spec(DataKeySpec::Aes256)
            .encryption_context("tenant", tenant.as_str())
            .encryption_context("purpose", purpose.as_str())
            .send()
            .await
            .map_err(|error| crate::table::db::failed(OP, tenant.as_str(), error))?;
        let wrapped = made.ciphertext_blob.ok_or_else(|| corrupt(tenant, "KMS gave no wrapped key"))?;
        let item = purpose.item(tenant);
        let fresh = row_of([(data_key::WRAPPED, AttributeValue::B(Blob::new(wrapped.into_inner())))]);
        self.store.create(OP, &item, fresh).await?;
        // Another may have been first; what is in the table is the key.
        let row = self.store.read(OP, &item, true).await?;
        let row = row.ok_or_else(|| corrupt(tenant, "it is not there after it was made"))?;
        self.opened((tenant.clone(), purpose), &row).await
    }

    /// The tenant's data key for a purpose where it has one: one read the first time, and none is made.
    pub(crate) async fn data_key_if_made(&self, tenant: &TenantId, purpose: Purpose) -> Result<Option<[u8; 32]>> {
        let known = (tenant.clone(), purpose);
        if let Some(key) = self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(&known) {
            return Ok(Some(*key));
        }
        let Some(row) = self.store.read(OP, &purpose.item(tenant), true).await? else { return Ok(None) };
        self.opened(known, &row).await.map(Some)
    }

    /// Opens the data key of a row, and keeps it.
    async fn opened(&self, known: (TenantId, Purpose), row: &Row) -> Result<[u8; 32]> {
        let (tenant, purpose) = &known;
        let wrapped = row
            .get(data_key::WRAPPED)
            .and_then(|value| value.as_b().ok())
            .ok_or_else(|| corrupt(tenant, "'wrapped' is missing"))?;
        let opened = self
            .kms
            .decrypt()
            .ciphertext_blob(Blob::new(wrapped.as_ref()))
            .encryption_context("tenant", tenant.as_str())
            .encryption_context("purpose", purpose.as_str())
            .send()
            .await
            .map_err(|error| crate::table::db::failed(OP, tenant.as_str(), error))?;
        let plain = opened.plaintext.ok_or_else(|| corrupt(tenant, "KMS gave no key"))?;
        let key: [u8; 32] = plain.as_ref().try_into().map_err(|_| corrupt(tenant, "the key is not 32 bytes long"))?;
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(known, key);
        Ok(key)
    }

    /// Makes the tenant's data keys where there are none, so that secrets and history can be sealed and links signed.
    ///
    /// # Errors
    ///
    /// Those of KMS and of the table.
    pub async fn ensure_key(&self, tenant: &TenantId) -> Result<()> {
        self.data_key(tenant, Purpose::Connections).await?;
        self.data_key(tenant, Purpose::Links).await?;
        self.data_key(tenant, Purpose::People).await.map(|_| ())
    }

    /// Seals a secret of a tenant's connection.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn seal(&self, tenant: &TenantId, connection: &str, secret: &[u8]) -> Result<Vec<u8>> {
        let key = self.data_key(tenant, Purpose::Connections).await?;
        seal_under(&key, purpose(tenant, connection), secret).ok_or_else(|| corrupt(tenant, "a secret could not be sealed"))
    }

    /// Opens what [`Vault::seal`] sealed for the same tenant and connection.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] for anything else; those of KMS and of reading.
    pub async fn open(&self, tenant: &TenantId, connection: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let key = self.data_key(tenant, Purpose::Connections).await?;
        open_under(&key, purpose(tenant, connection), sealed).ok_or_else(|| corrupt(tenant, "a sealed secret does not open"))
    }

    /// Seals where a page of a list ended, for whoever asks for the next one of the same `list`: a text that says nothing and cannot be made
    /// up.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn seal_cursor(&self, tenant: &TenantId, list: &str, after: &str) -> Result<String> {
        let key = self.data_key(tenant, Purpose::Connections).await?;
        let sealed = seal_under(&key, cursor_of(tenant, list), after.as_bytes());
        Ok(URL_SAFE_NO_PAD.encode(sealed.ok_or_else(|| corrupt(tenant, "a cursor could not be sealed"))?))
    }

    /// Opens what [`Vault::seal_cursor`] sealed for the same tenant and list; `None` for anything else.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn open_cursor(&self, tenant: &TenantId, list: &str, cursor: &str) -> Result<Option<String>> {
        let Ok(sealed) = URL_SAFE_NO_PAD.decode(cursor) else { return Ok(None) };
        if sealed.len() < NONCE_LEN + AES_256_GCM.tag_len() {
            return Ok(None);
        }
        let key = self.data_key(tenant, Purpose::Connections).await?;
        let opened = open_under(&key, cursor_of(tenant, list), &sealed);
        Ok(opened.and_then(|after| String::from_utf8(after).ok()))
    }
}

fn cursor_of(tenant: &TenantId, list: &str) -> Vec<u8> {
    format!("dunlin:{tenant}:cursor:{list}").into_bytes()
}

fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are a key"))
}

/// Seals under a key for one use: nonce, ciphertext and tag. `None` when there is no randomness.
pub(crate) fn seal_under(key: &[u8; 32], for_what: Vec<u8>, plain: &[u8]) -> Option<Vec<u8>> {
    let mut nonce = [0_u8; NONCE_LEN];
    aws_lc_rs::rand::fill(&mut nonce).ok()?;
    let mut sealed = plain.to_vec();
    cipher(key).seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(for_what), &mut sealed).ok()?;
    Some([&nonce[..], &sealed].concat())
}

/// Opens what was sealed under the same key for the same use; `None` for anything else.
pub(crate) fn open_under(key: &[u8; 32], for_what: Vec<u8>, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut rest = rest.to_vec();
    Some(cipher(key).open_in_place(nonce, Aad::from(for_what), &mut rest).ok()?.to_vec())
}

fn purpose(tenant: &TenantId, connection: &str) -> Vec<u8> {
    format!("dunlin:{tenant}:connection:{connection}").into_bytes()
}

fn corrupt(tenant: &TenantId, detail: &str) -> Error {
    Error::Corrupt { key: keys::data_key(tenant).to_string(), detail: detail.to_owned() }
}
