//! What S3 holds: in memory, or in files.

use std::{collections::BTreeMap, path::PathBuf, sync::Mutex};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::lock;

/// Objects by bucket and key.
#[derive(Debug, Default)]
pub struct Objects {
    memory: Mutex<BTreeMap<(String, String), Bytes>>,
    directory: Option<PathBuf>,
}

impl Objects {
    /// In a directory, or in memory.
    ///
    /// # Errors
    ///
    /// When the directory cannot be made.
    pub fn open(directory: Option<PathBuf>) -> anyhow::Result<Self> {
        if let Some(directory) = &directory {
            std::fs::create_dir_all(directory)?;
        }
        Ok(Self { memory: Mutex::default(), directory })
    }

    /// Puts an object; says whether it is kept.
    pub fn put(&self, bucket: &str, key: &str, body: Bytes) -> bool {
        match self.path(bucket, key) {
            Some(path) => std::fs::write(path, &body).is_ok(),
            None => {
                lock(&self.memory).insert((bucket.to_owned(), key.to_owned()), body);
                true
            }
        }
    }

    /// Gets an object.
    pub fn get(&self, bucket: &str, key: &str) -> Option<Bytes> {
        match self.path(bucket, key) {
            Some(path) => std::fs::read(path).ok().map(Bytes::from),
            None => lock(&self.memory).get(&(bucket.to_owned(), key.to_owned())).cloned(),
        }
    }

    /// Deletes an object, whether or not it was there.
    pub fn delete(&self, bucket: &str, key: &str) {
        match self.path(bucket, key) {
            Some(path) => drop(std::fs::remove_file(path)),
            None => drop(lock(&self.memory).remove(&(bucket.to_owned(), key.to_owned()))),
        }
    }

    /// A file name that no key can escape from.
    fn path(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        let digest = Sha256::digest(format!("{bucket}/{key}").as_bytes());
        let name = hex::encode(digest);
        self.directory.as_ref().map(|directory| directory.join(name))
    }
}
