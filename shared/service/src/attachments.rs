//! Files that go along with a message that a person writes: each is a file that somebody of the tenant sent before, looked at by its content.

use domain::{
    Channel, Identifier, TenantId,
    attachment::{ATTACHED_BYTES_MAX, ATTACHMENTS_MAX, AttachmentKind, name_flaw, sha256_of},
};
use jiff::{SignedDuration, Timestamp};
use store::OwnAttachment;

use crate::jobs::uploads::Upload;

/// How long before the message a file may have been asked for: it is kept for 7 days, and a message may wait for 3.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(72);

/// A file as whoever writes the message names it, and what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentAsked {
    /// The id of the upload.
    pub upload: String,
    /// What the file is called in the mail.
    pub name: String,
    /// What is there.
    pub seen: SeenFile,
}

/// What was found where a file was sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeenFile {
    /// A file.
    There {
        /// How large it is.
        bytes: u64,
        /// What it is, by its content.
        kind: Option<AttachmentKind>,
        /// The SHA-256 of its content.
        sha256: String,
    },
    /// Nothing.
    Nothing,
    /// More than a message takes.
    TooLarge,
}

impl SeenFile {
    /// What a content is seen as.
    pub fn of(content: &[u8]) -> Self {
        Self::There { bytes: content.len() as u64, kind: AttachmentKind::of(content), sha256: sha256_of(content) }
    }
}

/// The files of a message, where all of them are good.
pub(crate) fn checked(
    tenant: &TenantId,
    asked: &[AttachmentAsked],
    channel: Option<Channel>,
    now: Timestamp,
    flaws: &mut Vec<(String, String)>,
) -> Vec<OwnAttachment> {
    let all = "/attachments".to_owned();
    if asked.is_empty() {
        return Vec::new();
    }
    if channel.is_some_and(|channel| channel.identifier() != Some(Identifier::Email)) {
        flaws.push((all, "only an email has files; leave them out".to_owned()));
        return Vec::new();
    }
    if asked.len() > ATTACHMENTS_MAX {
        flaws.push((all, format!("a message has at most {ATTACHMENTS_MAX} files")));
        return Vec::new();
    }
    let mut files = Vec::new();
    for (n, file) in asked.iter().enumerate() {
        match one(tenant, file, now) {
            Ok(file) => files.push(file),
            Err((part, detail)) => flaws.push((format!("{all}/{n}{part}"), detail)),
        }
    }
    let bytes = files.iter().map(|file| file.bytes).fold(0, u64::saturating_add);
    if bytes > ATTACHED_BYTES_MAX {
        flaws.push((all, format!("the files of a message have at most {ATTACHED_BYTES_MAX} bytes together; these have {bytes}")));
    }
    files
}

/// A file of a message, or what is wrong with it and where.
fn one(tenant: &TenantId, asked: &AttachmentAsked, now: Timestamp) -> Result<OwnAttachment, (&'static str, String)> {
    let upload = Upload::parse(&asked.upload).ok_or_else(|| ("/upload", "an upload's id is `upl_…`".to_owned()))?;
    if now.duration_since(upload.asked_at()) > AGE_MAX {
        return Err(("/upload", "the file was asked for more than 3 days ago; send it again".to_owned()));
    }
    let (bytes, kind, sha256) = match &asked.seen {
        SeenFile::There { bytes, kind, sha256 } => (*bytes, *kind, sha256.clone()),
        SeenFile::Nothing => return Err(("/upload", "no file was sent with this upload's form".to_owned())),
        SeenFile::TooLarge => {
            return Err(("/upload", format!("the files of a message have at most {ATTACHED_BYTES_MAX} bytes together")));
        }
    };
    let Some(kind) = kind else {
        let known: Vec<&str> = AttachmentKind::ALL.iter().map(|kind| kind.content_type()).collect();
        return Err(("/upload", format!("by its content the file is none of these: {}", known.join(", "))));
    };
    if let Some(flaw) = name_flaw(&asked.name, kind) {
        return Err(("/name", flaw));
    }
    Ok(OwnAttachment {
        key: upload.key(tenant),
        name: asked.name.clone(),
        content_type: kind.content_type().to_owned(),
        bytes,
        sha256,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;

    fn now() -> Timestamp {
        "2026-02-10T10:00:00Z".parse().unwrap()
    }

    fn asked(name: &str, seen: SeenFile) -> AttachmentAsked {
        let upload = Upload::at(now() - SignedDuration::from_hours(1), &["acme", "p-1", name]);
        AttachmentAsked { upload: upload.as_str().to_owned(), name: name.to_owned(), seen }
    }

    fn pdf(bytes: u64) -> SeenFile {
        SeenFile::There { bytes, kind: Some(AttachmentKind::Pdf), sha256: "x".to_owned() }
    }

    /// What is wrong, and where.
    fn pointers(asked: &[AttachmentAsked], channel: Channel) -> Vec<String> {
        let mut flaws = Vec::new();
        let files = checked(&TenantId::parse("acme").unwrap(), asked, Some(channel), now(), &mut flaws);
        assert!(!flaws.is_empty() || files.len() == asked.len());
        flaws.into_iter().map(|(pointer, _)| pointer).collect()
    }

    #[test]
    fn files_are_few_small_known_and_young() {
        let half = ATTACHED_BYTES_MAX / 2;
        let old = Upload::at(now() - SignedDuration::from_hours(73), &["acme"]).as_str().to_owned();
        let good = || asked("a.pdf", pdf(1));
        for (files, expected) in [
            (vec![], vec![]),
            (vec![good(), good(), good()], vec![]),
            (vec![good(), good(), good(), good()], vec!["/attachments"]),
            (vec![asked("a.pdf", pdf(half)), asked("b.pdf", pdf(half))], vec![]),
            (vec![asked("a.pdf", pdf(half)), asked("b.pdf", pdf(half + 1))], vec!["/attachments"]),
            (vec![good(), asked("b.pdf", SeenFile::Nothing)], vec!["/attachments/1/upload"]),
            (vec![asked("b.pdf", SeenFile::TooLarge)], vec!["/attachments/0/upload"]),
            (vec![asked("b.pdf", SeenFile::of(b"PK\x03\x04"))], vec!["/attachments/0/upload"]),
            (vec![asked("b.exe", SeenFile::of(b"%PDF-1.7"))], vec!["/attachments/0/name"]),
            (vec![AttachmentAsked { upload: old, ..good() }], vec!["/attachments/0/upload"]),
            (vec![AttachmentAsked { upload: "upl_../x".to_owned(), ..good() }], vec!["/attachments/0/upload"]),
        ] {
            assert_eq!(pointers(&files, Channel::Email), expected, "{files:?}");
        }
        assert_eq!(pointers(&[good()], Channel::Sms), ["/attachments"]);
    }

    #[test]
    fn a_file_is_kept_by_its_content_and_below_its_tenant() {
        let asked = asked("Auszug.pdf", SeenFile::of(b"%PDF-1.7"));
        let files = checked(
            &TenantId::parse("acme").unwrap(),
            std::slice::from_ref(&asked),
            Some(Channel::Email),
            now(),
            &mut Vec::new(),
        );
        let file = &files[0];
        assert_eq!((file.key.as_str(), file.bytes), (format!("uploads/acme/{}", asked.upload).as_str(), 8));
        assert_eq!((file.content_type.as_str(), file.sha256.as_str()), ("application/pdf", sha256_of(b"%PDF-1.7").as_str()));
    }
}
