//! Files that came along with an answer. Each is what its content says; what is taken of customers by their pages is taken here, and no more. The item is
//! written before the content is put ([why](../../../docs/adr/0023-a-file-is-attached-after-it-was-sent.md)).

use domain::{
    Channel, CustomerId, FileId, HeardAbout, HeardFile, ReplyId, TenantId, UnkeptBecause, UnkeptFile,
    attachment::sha256_of,
    customer_file::{FILE_BYTES_MAX, FILES_A_DAY_MAX, FILES_MAX},
};
use files::{Bucket, BucketError, judged_file};
use jiff::Timestamp;
use mail::MailFile;
use service::customer_files::attached_key;
use store::{AddressId, CustomerFile, Error, Result, Store};

/// What the bucket says of every file of a customer, so that no browser shows one whoever opens it.
const STORED_AS: &str = "application/octet-stream";
/// Most characters of a name that a task shows.
const NAME_CHARS_MAX: usize = 80;

/// What became of the files of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SortedFiles {
    /// Those that are kept.
    pub kept: Vec<HeardFile>,
    /// Those that are not.
    pub unkept: Vec<UnkeptFile>,
}

/// The answer that files came along with.
pub struct FilesOf<'a> {
    /// Its id: what its files are about.
    pub reply: &'a ReplyId,
    /// Whose it is.
    pub about: &'a HeardAbout,
    /// Who sent it.
    pub from: &'a str,
    /// When it came in.
    pub received_at: Timestamp,
}

/// Names files that are not looked at.
pub fn unlooked(files: &[MailFile], because: UnkeptBecause) -> SortedFiles {
    let unkept = files.iter().map(|file| UnkeptFile { name: shown(&file.name), because }).collect();
    SortedFiles { kept: Vec::new(), unkept }
}

/// Looks what files are, and keeps those that are taken. The same again keeps the same.
///
/// # Errors
///
/// Those of the table, and [`Error::Unknown`] where the bucket does not answer.
pub async fn keep_files(
    store: &Store,
    bucket: &Bucket,
    of: &FilesOf<'_>,
    customer: &CustomerId,
    files: Vec<MailFile>,
) -> Result<SortedFiles> {
    let tenant = &of.about.tenant;
    let mut sorted = SortedFiles::default();
    if files.is_empty() {
        return Ok(sorted);
    }
    let by = sent_by(store, of, customer).await?;
    let day = |at: Timestamp| at.strftime("%F").to_string();
    let known = store.customer_files(tenant, customer).await?;
    // Of senders for whom no portal link was made any number may write: all of them have together what one has.
    let is_unknown = ReplyId::parse(&by).is_some();
    let is_same = |file: &CustomerFile| file.by == by || is_unknown && ReplyId::parse(&file.by).is_some();
    let others =
        known.iter().filter(|file| file.about != of.reply.as_str() && is_same(file) && day(file.at) == day(of.received_at));
    let room = FILES_A_DAY_MAX.saturating_sub(others.count()).min(FILES_MAX);
    for (place, file) in files.into_iter().enumerate() {
        let refused = |because| UnkeptFile { name: shown(&file.name), because };
        let bytes = file.content.len() as u64;
        if bytes > FILE_BYTES_MAX {
            sorted.unkept.push(refused(UnkeptBecause::TooLarge));
            continue;
        }
        let kind = match judged_file(&file.content) {
            Ok(kind) => kind,
            Err(flaw) => {
                sorted.unkept.push(refused(UnkeptBecause::Flaw(flaw)));
                continue;
            }
        };
        if sorted.kept.len() == room {
            sorted.unkept.push(refused(UnkeptBecause::TooMany));
            continue;
        }
        let id = FileId::at(of.received_at, &[of.reply.as_str(), &place.to_string()]);
        let attached = CustomerFile {
            id: id.clone(),
            about: of.reply.to_string(),
            name: format!("file-{}{}", sorted.kept.len() + 1, kind.ending()),
            content_type: kind.content_type().to_owned(),
            bytes,
            sha256: sha256_of(&file.content),
            by: by.clone(),
            at: of.received_at,
        };
        match store.attach_file(tenant, customer, &attached, None, of.received_at).await {
            // A conflict is the same file of the same mail, which comes again.
            Ok(()) | Err(Error::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
        let key = attached_key(tenant, customer, &id);
        bucket.put(&key, STORED_AS, file.content).await.map_err(|error| away("keep a file of", tenant, error))?;
        let CustomerFile { name, content_type, sha256, .. } = attached;
        sorted.kept.push(HeardFile { id, key, name, content_type, bytes, sha256 });
    }
    Ok(sorted)
}

/// The portal link of whoever sent an answer, by which an erasure finds their files; else the answer.
async fn sent_by(store: &Store, of: &FilesOf<'_>, customer: &CustomerId) -> Result<String> {
    if let Some(link) = &of.about.link {
        return Ok(link.to_string());
    }
    let link = store.link_of(&of.about.tenant, customer, &AddressId::of(Channel::Email, of.from)).await?;
    Ok(link.map_or_else(|| of.reply.to_string(), |link| link.id.to_string()))
}

/// The bucket does not answer, and may the next time.
pub fn away(operation: &'static str, tenant: &TenantId, error: BucketError) -> Error {
    Error::Unknown { operation, id: tenant.to_string(), source: Box::new(error) }
}

/// A name as people may be shown it: one line of signs that are seen, shortened.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect()
}
