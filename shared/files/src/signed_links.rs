//! Links and forms of the bucket: what a function signs so that somebody else fetches or puts one object.
//!
//! Apart from [`crate::Bucket`], so that a function which hands links out, and fetches nothing itself, links no client of S3.

use std::collections::BTreeMap;

use anyhow::Context;
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider},
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::sign::{self, SigningScope, canonical_query, encoded, hex_signature, query_signature};

/// How long a form or link is good for.
pub const VALID_S: i64 = 15 * 60;

/// A form that puts one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UploadForm {
    /// Where it is posted to, as `multipart/form-data`: the fields first, in any order, then the file as `file`.
    pub url: String,
    /// The fields, each as it is.
    pub fields: BTreeMap<String, String>,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What signs links and forms of a bucket. They can do no more than the role of the function that signed them.
#[derive(Clone, Debug)]
pub struct SignedLinks {
    bucket: String,
    region: String,
    endpoint: Option<String>,
    credentials: SharedCredentialsProvider,
}

impl SignedLinks {
    /// Those of the bucket of a name.
    ///
    /// # Errors
    ///
    /// When region or credentials are not set.
    pub fn new(clients: &kit::Clients, bucket: &str) -> anyhow::Result<Self> {
        Ok(Self {
            bucket: bucket.to_owned(),
            region: clients.sdk.region().context("links to the bucket need a region")?.to_string(),
            endpoint: clients.sdk.endpoint_url().map(|url| url.trim_end_matches('/').to_owned()),
            credentials: clients.sdk.credentials_provider().context("links to the bucket need credentials")?,
        })
    }

    /// A form that puts one object of a type, of 1 to `bytes_max` bytes.
    ///
    /// # Errors
    ///
    /// When the credentials cannot be had.
    pub async fn form(&self, key: &str, content_type: &str, bytes_max: u64, now: Timestamp) -> anyhow::Result<UploadForm> {
        let credentials = self.credentials().await?;
        let expires_at = now + SignedDuration::from_secs(VALID_S);
        let scope = SigningScope::new(&self.region, now);
        let mut fields: BTreeMap<String, String> = [
            ("key", key.to_owned()),
            ("Content-Type", content_type.to_owned()),
            ("x-amz-algorithm", sign::ALGORITHM.to_owned()),
            ("x-amz-credential", scope.credential(credentials.access_key_id())),
            ("x-amz-date", scope.instant()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        fields.extend(credentials.session_token().map(|token| ("x-amz-security-token".to_owned(), token.to_owned())));
        let policy = sign::policy(&self.bucket, &fields, bytes_max, expires_at);
        fields.insert("x-amz-signature".to_owned(), hex_signature(credentials.secret_access_key(), &scope, policy.as_bytes()));
        fields.insert("policy".to_owned(), policy);
        Ok(UploadForm { url: self.url(""), fields, expires_at })
    }

    /// A link that fetches an object, which a browser keeps under a name.
    ///
    /// # Errors
    ///
    /// When the credentials cannot be had.
    pub async fn link(&self, key: &str, file_name: &str, now: Timestamp) -> anyhow::Result<String> {
        let credentials = self.credentials().await?;
        let scope = SigningScope::new(&self.region, now);
        let url = self.url(key);
        let mut query = vec![
            ("X-Amz-Algorithm".to_owned(), sign::ALGORITHM.to_owned()),
            ("X-Amz-Credential".to_owned(), scope.credential(credentials.access_key_id())),
            ("X-Amz-Date".to_owned(), scope.instant()),
            ("X-Amz-Expires".to_owned(), VALID_S.to_string()),
            ("X-Amz-SignedHeaders".to_owned(), "host".to_owned()),
            ("response-content-disposition".to_owned(), format!("attachment; filename=\"{file_name}\"")),
        ];
        query.extend(credentials.session_token().map(|token| ("X-Amz-Security-Token".to_owned(), token.to_owned())));
        let query = canonical_query(&query);
        let (host, path) = sign::host_and_path(&url);
        let signature = query_signature(credentials.secret_access_key(), &scope, host, path, &query);
        Ok(format!("{url}?{query}&X-Amz-Signature={signature}"))
    }

    async fn credentials(&self) -> anyhow::Result<Credentials> {
        self.credentials.provide_credentials().await.context("the credentials that links are signed with cannot be had")
    }

    /// The address of an object, or of the bucket.
    fn url(&self, key: &str) -> String {
        let key = encoded(key, true);
        match &self.endpoint {
            Some(endpoint) => format!("{endpoint}/{}/{key}", self.bucket),
            None => {
                let suffix = if self.region.starts_with("cn-") { ".cn" } else { "" };
                format!("https://{}.s3.{}.amazonaws.com{suffix}/{key}", self.bucket, self.region)
            }
        }
    }
}
