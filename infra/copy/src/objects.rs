//! What the bucket has of one tenant: taken out into a folder, put into another bucket, compared, deleted.
//!
//! Each object is a file under its own key. `objects.jsonl` has a line for each: its key, size, type, and SHA-256. What a run that was broken off has
//! done is not done again. Mails below `inbound/` are no tenant's until they are read, and are not part of it.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_s3::{Client, primitives::ByteStream};
use domain::TenantId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What keys of tenants' objects begin with; the tenant follows.
const ROOMS: [&str; 9] = ["answered", "attached", "documents", "incoming", "jobs", "parked", "reports", "slices", "uploads"];
/// The file that says what there is.
const LIST: &str = "objects.jsonl";
/// The type of an object whose bucket says none.
const ANY_TYPE: &str = "application/octet-stream";

/// One tenant's objects in one bucket.
pub struct Shelf {
    /// A client of the bucket.
    pub s3: Client,
    /// The bucket.
    pub bucket: String,
    /// The tenant.
    pub tenant: TenantId,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObjectsCopied {
    /// Objects that this run copied.
    pub copied: usize,
    /// Objects that were there already, as they are.
    pub there: usize,
    /// What all of them come to, in bytes.
    pub bytes: u64,
}

/// What is not the same, by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectDifferences {
    /// Objects that are in the bucket only.
    pub bucket_only: Vec<String>,
    /// Objects that are in the folder only.
    pub folder_only: Vec<String>,
    /// Objects that are in both and differ.
    pub changed: Vec<String>,
}

impl ObjectDifferences {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An object as the folder has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    key: String,
    bytes: u64,
    sha256: String,
    content_type: String,
    /// What its bucket told it from an earlier object of the key by, when it was taken out.
    #[serde(default)]
    etag: String,
}

/// An object as the bucket lists it.
struct Listed {
    bytes: u64,
    etag: String,
}

impl Shelf {
    /// Takes every object of the tenant into a folder, which is made where it is not there. Run again, it fetches what is new or not whole.
    ///
    /// # Errors
    ///
    /// Those of the bucket and of the folder; where count or sizes are not what the bucket lists.
    pub async fn export(&self, folder: &Path) -> Result<ObjectsCopied> {
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let before = lines_of(folder)?;
        let listed = self.listed().await?;
        let (mut all, mut came) = (BTreeMap::new(), ObjectsCopied::default());
        // What is done is noted as it is done, so that a run that is broken off is gone on with.
        let mut list = OpenOptions::new().create(true).append(true).open(folder.join(LIST))?;
        for (key, found) in &listed {
            let known = before.get(key).filter(|line| line.etag == found.etag && line.bytes == found.bytes);
            let line = match known.filter(|line| is_whole(folder, line)) {
                Some(line) => {
                    came.there += 1;
                    line.clone()
                }
                None => {
                    let line = self.fetched(folder, key, &found.etag).await?;
                    writeln!(list, "{}", serde_json::to_string(&line)?)?;
                    list.flush()?;
                    came.copied += 1;
                    line
                }
            };
            came.bytes = came.bytes.saturating_add(line.bytes);
            all.insert(key.clone(), line);
        }
        drop(list);
        let sizes: u64 = listed.values().map(|found| found.bytes).fold(0, u64::saturating_add);
        ensure!(
            all.len() == listed.len() && came.bytes == sizes,
            "the bucket {} lists {} objects of {sizes} bytes, and {} of {} bytes came; do it again",
            self.bucket,
            listed.len(),
            all.len(),
            came.bytes
        );
        write_list(folder, &all)?;
        Ok(came)
    }

    /// Puts every object of a folder into the bucket. Run again, it puts what is not there yet. At the end the bucket lists as many objects, of
    /// the same sizes, as the folder has.
    ///
    /// # Errors
    ///
    /// A folder that is not whole or another tenant's, and objects of the tenant in the bucket that the folder does not have: all before anything is
    /// put. Those of the bucket; where count or sizes are others in the end.
    pub async fn import(&self, folder: &Path) -> Result<ObjectsCopied> {
        let lines = self.whole(folder)?;
        let listed = self.listed().await?;
        if let Some(other) = listed.keys().find(|key| !lines.contains_key(*key)) {
            bail!("the bucket {} has {other}, which the folder does not; the two would be mixed", self.bucket);
        }
        let mut came = ObjectsCopied::default();
        for (key, line) in &lines {
            came.bytes = came.bytes.saturating_add(line.bytes);
            if listed.get(key).is_some_and(|found| found.bytes == line.bytes) && self.hash_of(key).await? == line.sha256 {
                came.there += 1;
                continue;
            }
            let body = fs::read(file_of(folder, key))?;
            let put = self.s3.put_object().bucket(&self.bucket).key(key).content_type(&line.content_type);
            Box::pin(put.body(ByteStream::from(body)).send()).await.with_context(|| format!("{key} cannot be put"))?;
            came.copied += 1;
        }
        let after = self.listed().await?;
        let same = |(key, line): (&String, &Line)| after.get(key).is_some_and(|found| found.bytes == line.bytes);
        ensure!(
            after.len() == lines.len() && lines.iter().all(same),
            "the folder has {} objects, and the bucket {} lists {} of other sizes or keys; do it again",
            lines.len(),
            self.bucket,
            after.len()
        );
        Ok(came)
    }

    /// Compares the bucket with a folder: keys, sizes and contents. It fetches every object.
    ///
    /// # Errors
    ///
    /// Those of the bucket, and a folder that is not whole.
    pub async fn compare(&self, folder: &Path) -> Result<ObjectDifferences> {
        let (lines, listed) = (self.whole(folder)?, self.listed().await?);
        let mut found = ObjectDifferences {
            bucket_only: listed.keys().filter(|key| !lines.contains_key(*key)).cloned().collect(),
            folder_only: lines.keys().filter(|key| !listed.contains_key(*key)).cloned().collect(),
            changed: Vec::new(),
        };
        for (key, line) in lines.iter().filter(|(key, _)| listed.contains_key(*key)) {
            if self.hash_of(key).await? != line.sha256 {
                found.changed.push(key.clone());
            }
        }
        Ok(found)
    }

    /// Deletes the tenant's objects, where the folder has all of them as they are; how many. The bucket keeps them as old versions for as long as its
    /// rules say.
    ///
    /// # Errors
    ///
    /// A folder that is not what the bucket has: nothing is deleted then. Those of the bucket.
    pub async fn delete(&self, folder: &Path) -> Result<usize> {
        let compared = self.compare(folder).await?;
        ensure!(
            compared.bucket_only.is_empty() && compared.changed.is_empty(),
            "bucket {} and folder differ, and only what was saved is deleted: export the objects anew",
            self.bucket
        );
        let (lines, listed) = (self.whole(folder)?, self.listed().await?);
        let (gone, came) = saved(&lines, &listed);
        for key in &gone {
            let deleted = Box::pin(self.s3.delete_object().bucket(&self.bucket).key(*key).send()).await;
            deleted.with_context(|| format!("{key} cannot be deleted"))?;
        }
        ensure!(
            came.is_empty(),
            "{} objects are deleted, and {} stay that came meanwhile, such as {}: export the objects anew",
            gone.len(),
            came.len(),
            came.first().map_or("", |key| key.as_str())
        );
        Ok(gone.len())
    }

    /// What the bucket has of the tenant, by key.
    async fn listed(&self) -> Result<BTreeMap<String, Listed>> {
        let mut all = BTreeMap::new();
        for room in ROOMS {
            let prefix = format!("{room}/{}/", self.tenant);
            let mut pages = self.s3.list_objects_v2().bucket(&self.bucket).prefix(&prefix).into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.with_context(|| format!("{prefix} of the bucket {} cannot be listed", self.bucket))?;
                for object in page.contents() {
                    let key = object.key().context("the bucket lists an object without a key")?;
                    let bytes = object.size().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
                    let etag = object.e_tag().unwrap_or_default().to_owned();
                    ensure!(is_plain(key), "{key} cannot be the name of a file");
                    all.insert(key.to_owned(), Listed { bytes, etag });
                }
            }
        }
        Ok(all)
    }

    /// Fetches an object into its file. It is known by what it was listed with: one that takes its place meanwhile is fetched by the next run.
    async fn fetched(&self, folder: &Path, key: &str, etag: &str) -> Result<Line> {
        let found = Box::pin(self.s3.get_object().bucket(&self.bucket).key(key).send()).await;
        let found = found.with_context(|| format!("{key} cannot be fetched"))?;
        let content_type = found.content_type().unwrap_or(ANY_TYPE).to_owned();
        let body = found.body.collect().await.with_context(|| format!("{key} broke off"))?.to_vec();
        let file = file_of(folder, key);
        if let Some(above) = file.parent() {
            fs::create_dir_all(above)?;
        }
        fs::write(&file, &body).with_context(|| format!("{} cannot be written", file.display()))?;
        Ok(Line { key: key.to_owned(), bytes: bytes_of(&body), sha256: hash(&body), content_type, etag: etag.to_owned() })
    }

    async fn hash_of(&self, key: &str) -> Result<String> {
        let found = Box::pin(self.s3.get_object().bucket(&self.bucket).key(key).send()).await;
        let found = found.with_context(|| format!("{key} cannot be fetched"))?;
        Ok(hash(&found.body.collect().await.with_context(|| format!("{key} broke off"))?.to_vec()))
    }

    /// What a folder has, where every file of it is there as its line says and is this tenant's.
    fn whole(&self, folder: &Path) -> Result<BTreeMap<String, Line>> {
        ensure!(folder.join(LIST).exists(), "{} has no {LIST}: it is no export of objects", folder.display());
        let lines = lines_of(folder)?;
        for (key, line) in &lines {
            let is_own = ROOMS.iter().any(|room| key.starts_with(&format!("{room}/{}/", self.tenant)));
            ensure!(is_own && is_plain(key), "{key} is not of tenant {}", self.tenant);
            ensure!(is_whole(folder, line), "the file of {key} is missing or not as {LIST} says: export the objects anew");
        }
        Ok(lines)
    }
}

/// The keys of a bucket of which a folder has the object, and those of which it has none.
fn saved<'k>(lines: &BTreeMap<String, Line>, listed: &'k BTreeMap<String, Listed>) -> (Vec<&'k String>, Vec<&'k String>) {
    listed.keys().partition(|key| lines.contains_key(*key))
}

/// The lines of a folder's list, by key; the last one of a key counts. One that was broken off at the end counts for nothing.
fn lines_of(folder: &Path) -> Result<BTreeMap<String, Line>> {
    let Ok(file) = File::open(folder.join(LIST)) else { return Ok(BTreeMap::new()) };
    let mut lines = BTreeMap::new();
    for line in BufReader::new(file).lines() {
        if let Ok(line) = serde_json::from_str::<Line>(&line?) {
            lines.insert(line.key.clone(), line);
        }
    }
    Ok(lines)
}

/// Writes the list of all that there is in the place of the one that grew.
fn write_list(folder: &Path, all: &BTreeMap<String, Line>) -> Result<()> {
    let new = folder.join("objects.new");
    let mut out = File::create(&new)?;
    for line in all.values() {
        writeln!(out, "{}", serde_json::to_string(line)?)?;
    }
    out.flush()?;
    fs::rename(&new, folder.join(LIST))?;
    Ok(())
}

fn is_whole(folder: &Path, line: &Line) -> bool {
    fs::read(file_of(folder, &line.key)).is_ok_and(|body| bytes_of(&body) == line.bytes && hash(&body) == line.sha256)
}

fn file_of(folder: &Path, key: &str) -> PathBuf {
    folder.join(key)
}

/// Whether a key is a path below a folder, and leads nowhere else.
fn is_plain(key: &str) -> bool {
    key.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':', '\0']))
}

fn bytes_of(body: &[u8]) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX)
}

fn hash(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Line, Listed, is_plain, saved};

    #[test]
    fn what_comes_while_objects_are_deleted_was_not_saved_and_stays() {
        let line = |key: &str| Line {
            key: key.to_owned(),
            bytes: 1,
            sha256: String::new(),
            content_type: String::new(),
            etag: String::new(),
        };
        let key = |name: &str| format!("attached/acme/{name}");
        let lines = BTreeMap::from(["1", "2"].map(|name| (key(name), line(&key(name)))));
        let listed = BTreeMap::from(["2", "3"].map(|name| (key(name), Listed { bytes: 1, etag: String::new() })));
        assert_eq!(saved(&lines, &listed), (vec![&key("2")], vec![&key("3")]));
    }

    #[test]
    fn keys_lead_into_the_folder_alone() {
        assert!(is_plain("attached/acme/cus_1/fil_1") && is_plain("documents/acme/ab.pdf"));
        for other in ["../x", "attached/acme/../../x", "/etc/x", "attached//x", "attached/acme/", "a\\b", "c:/x", ""] {
            assert!(!is_plain(other), "{other}");
        }
    }
}
