//! The bucket: objects in and out, and links by which people send and fetch files without passing through a function.
//!
//! A form lets whoever has it put one object: under one key, of one type, up to a size, for a quarter of an hour. A link lets whoever has it
//! fetch one, for as long. Both are signed with the function's own credentials (Signature Version 4), so they can do no more than its role.
//!
//! What customers get as a file, `make-documents` puts into the bucket: [`DocumentMaker`] asks it.

#![warn(missing_docs)]

mod carried;
mod documents;
mod file_judge;
mod office_package;
mod receipts;
mod sign;
mod signed_links;

use std::{pin::Pin, sync::Arc, time::Duration};

use aws_sdk_s3::{
    config::timeout::TimeoutConfig,
    error::{ProvideErrorMetadata, SdkError},
    operation::{delete_object::DeleteObjectError, get_object::GetObjectError, put_object::PutObjectError},
    primitives::ByteStream,
};
use jiff::Timestamp;

pub use carried::{CarriedOnItsWay, FetchCarried};
pub use documents::{DocumentAnswer, DocumentAsked, DocumentMaker, DocumentUnavailable, WantedDocument};
pub use file_judge::judged_file;
pub use receipts::{FetchReceipt, ReceiptOnItsWay};
pub use sign::{SigningScope, canonical_query, encoded, hex_signature, query_signature};
pub use signed_links::{SignedLinks, UploadForm, VALID_S};

/// How long an object may take on its way.
const ON_ITS_WAY: Duration = Duration::from_secs(30);

/// Why an object could not be put or fetched.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// It is larger than whoever asked takes.
    #[error("object {key} has {bytes} bytes, more than {bytes_max}")]
    TooLarge {
        /// Its key.
        key: String,
        /// How large it is.
        bytes: u64,
        /// How large it may be.
        bytes_max: u64,
    },
    /// The bucket did not answer, or refused; trying again may help.
    #[error("{operation} object {key}: {why}")]
    Unavailable {
        /// What was attempted.
        operation: &'static str,
        /// The object's key.
        key: String,
        /// What the client saw, with what lies below it.
        why: String,
    },
}

/// An object on its way, of at most so many bytes: nothing where there is none, or a larger one. Where that cannot be known, why.
pub type ObjectOnItsWay = Pin<Box<dyn Future<Output = Result<Option<Vec<u8>>, String>> + Send>>;
/// Fetches objects by their keys, for a crate that knows of no bucket.
pub type FetchObject = Arc<dyn Fn(String, u64) -> ObjectOnItsWay + Send + Sync>;

/// A bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: aws_sdk_s3::Client,
    name: String,
    links: SignedLinks,
}

impl Bucket {
    /// The bucket of that name.
    ///
    /// # Errors
    ///
    /// When region or credentials are not set.
    pub fn new(clients: &kit::Clients, name: &str) -> anyhow::Result<Self> {
        let timeouts =
            TimeoutConfig::builder().connect_timeout(Duration::from_secs(2)).operation_attempt_timeout(ON_ITS_WAY).build();
        // Bucket names in paths, not in host names: the same request works against any endpoint.
        let config = aws_sdk_s3::config::Builder::from(&clients.sdk).force_path_style(true).timeout_config(timeouts).build();
        Ok(Self { client: aws_sdk_s3::Client::from_conf(config), name: name.to_owned(), links: SignedLinks::new(clients, name)? })
    }

    /// Puts an object in the place of whatever is there.
    ///
    /// # Errors
    ///
    /// [`BucketError::Unavailable`].
    pub async fn put(&self, key: &str, content_type: &str, body: Vec<u8>) -> Result<(), BucketError> {
        let call = self.client.put_object().bucket(&self.name).key(key).content_type(content_type).body(ByteStream::from(body));
        let sent: Result<_, SdkError<PutObjectError>> = Box::pin(call.send()).await;
        sent.map(|_| ()).map_err(|error| unavailable("put", key, &error))
    }

    /// An object of at most so many bytes; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`BucketError::TooLarge`] and [`BucketError::Unavailable`].
    pub async fn get(&self, key: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, BucketError> {
        let found = match Box::pin(self.client.get_object().bucket(&self.name).key(key).send()).await {
            Ok(found) => found,
            Err(error) if error.as_service_error().is_some_and(is_not_there) => return Ok(None),
            Err(error) => return Err(unavailable("fetch", key, &error)),
        };
        let bytes = found.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or(0);
        if bytes > bytes_max {
            return Err(BucketError::TooLarge { key: key.to_owned(), bytes, bytes_max });
        }
        let body = found.body.collect().await.map_err(|error| unavailable("fetch", key, &error))?;
        Ok(Some(body.to_vec()))
    }

    /// What fetches its objects.
    pub fn fetcher(self) -> FetchObject {
        Arc::new(move |key: String, bytes_max: u64| -> ObjectOnItsWay {
            let bucket = self.clone();
            Box::pin(async move {
                match bucket.get(&key, bytes_max).await {
                    Ok(found) => Ok(found),
                    Err(BucketError::TooLarge { .. }) => Ok(None),
                    Err(error @ BucketError::Unavailable { .. }) => Err(error.to_string()),
                }
            })
        })
    }

    /// Deletes an object, whether or not it is there.
    ///
    /// # Errors
    ///
    /// [`BucketError::Unavailable`].
    pub async fn delete(&self, key: &str) -> Result<(), BucketError> {
        let call = self.client.delete_object().bucket(&self.name).key(key);
        let gone: Result<_, SdkError<DeleteObjectError>> = Box::pin(call.send()).await;
        gone.map(|_| ()).map_err(|error| unavailable("delete", key, &error))
    }

    /// A form that puts one object of a type, of 1 to `bytes_max` bytes.
    ///
    /// # Errors
    ///
    /// When the credentials cannot be had.
    pub async fn form(&self, key: &str, content_type: &str, bytes_max: u64, now: Timestamp) -> anyhow::Result<UploadForm> {
        self.links.form(key, content_type, bytes_max, now).await
    }

    /// The same for a page that works without scripts: once the object is there, the browser is sent on to an address.
    ///
    /// # Errors
    ///
    /// When the credentials cannot be had.
    pub async fn form_leading_to(
        &self,
        key: &str,
        content_type: &str,
        bytes_max: u64,
        address: &str,
        now: Timestamp,
    ) -> anyhow::Result<UploadForm> {
        self.links.form_leading_to(key, content_type, bytes_max, address, now).await
    }

    /// A link that fetches an object, which a browser keeps under a name.
    ///
    /// # Errors
    ///
    /// When the credentials cannot be had.
    pub async fn link(&self, key: &str, file_name: &str, now: Timestamp) -> anyhow::Result<String> {
        self.links.link(key, file_name, now).await
    }
}

/// Whether there is no such object: who may fetch objects and may not list them is told by S3 that access is denied.
fn is_not_there(error: &GetObjectError) -> bool {
    error.is_no_such_key() || error.code() == Some("AccessDenied")
}

fn unavailable<E: std::error::Error>(operation: &'static str, key: &str, error: &E) -> BucketError {
    BucketError::Unavailable { operation, key: key.to_owned(), why: kit::causes(error) }
}
