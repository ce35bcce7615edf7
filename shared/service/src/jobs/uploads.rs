//! Files that people send: where each lies, what it may be.

use domain::{
    TenantId,
    attachment::{ATTACHED_BYTES_MAX, AttachmentKind},
    id::digest,
};
use jiff::Timestamp;

use crate::{Actor, Done, NotDone, Operation};

/// The largest file that a job reads.
pub const BYTES_MAX: u64 = 50 * 1024 * 1024;
/// What a file may be that a job reads. What may go along with a message is of another type, by [`AttachmentKind`].
pub const TYPES: [&str; 2] = ["text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"];

/// A file that a person sends. Its id says when it was asked for: what is taken from it has that as its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload(String);

impl Upload {
    const PREFIX: &'static str = "upl_";

    /// A new one.
    pub fn at(now: Timestamp, parts: &[&str]) -> Self {
        Self(format!("{}{:012x}{}", Self::PREFIX, now.as_millisecond().max(0), &digest(parts)[..12]))
    }

    /// Reads an id; `None` for what is none.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(Self::PREFIX)?;
        let plain = rest.len() == 24 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (plain && u64::from_str_radix(rest.get(..12)?, 16).is_ok()).then(|| Self(text.to_owned()))
    }

    /// Its id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When it was asked for.
    pub fn asked_at(&self) -> Timestamp {
        let millis = self.0.get(4..16).and_then(|hex| i64::from_str_radix(hex, 16).ok()).unwrap_or(0);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Where it lies: below the tenant's own prefix, so that another tenant's id leads nowhere.
    pub fn key(&self, tenant: &TenantId) -> String {
        format!("uploads/{tenant}/{}", self.0)
    }
}

/// A place for a file of a type, and the largest file that it takes. What jobs read is sent by those who may start one that reads it.
///
/// # Errors
///
/// [`NotDone::NotAllowed`] and [`NotDone::Fields`].
pub fn ask(actor: &Actor, content_type: &str, nonce: &str, now: Timestamp) -> Done<(Upload, u64)> {
    let tenant = actor.may(Operation::CreateUpload)?;
    let bytes_max = if TYPES.contains(&content_type) {
        // The least that reads one.
        actor.may_work(Operation::CreateUpload, "reconcile")?;
        BYTES_MAX
    } else if AttachmentKind::of_content_type(content_type).is_some() {
        ATTACHED_BYTES_MAX
    } else {
        let attached = AttachmentKind::ALL.map(AttachmentKind::content_type);
        let all = [TYPES.as_slice(), attached.as_slice()].concat().join(", ");
        return Err(NotDone::field("/content_type", format!("a file is of one of these types: {all}")));
    };
    Ok((Upload::at(now, &[tenant.as_str(), actor.by(), nonce]), bytes_max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StaffRole;

    #[test]
    fn what_a_job_reads_is_sent_by_who_may_start_it() {
        let acme = TenantId::parse("acme").expect("a tenant");
        let asked = |role, content_type| {
            let actor = Actor::new(acme.clone(), role, Some("p-1"));
            match ask(&actor, content_type, "x", Timestamp::UNIX_EPOCH) {
                Ok((_, bytes_max)) => Ok(bytes_max),
                Err(NotDone::NotAllowed(_)) => Err("may not"),
                Err(_) => Err("no such type"),
            }
        };
        for (role, content_type, expected) in [
            (StaffRole::Manager, TYPES[0], Ok(BYTES_MAX)),
            (StaffRole::Manager, TYPES[1], Ok(BYTES_MAX)),
            (StaffRole::Collector, TYPES[0], Err("may not")),
            (StaffRole::Collector, "application/pdf", Ok(ATTACHED_BYTES_MAX)),
            (StaffRole::Viewer, "application/pdf", Err("may not")),
            (StaffRole::Manager, "text/html", Err("no such type")),
        ] {
            assert_eq!(asked(role, content_type), expected, "{role:?} {content_type}");
        }
    }

    #[test]
    fn an_upload_says_when_it_was_asked_for_and_lies_with_its_tenant() {
        let now: Timestamp = "2026-02-10T10:00:00.123Z".parse().expect("an instant");
        let upload = Upload::at(now, &["acme", "p-1", "x"]);
        assert_eq!((Upload::parse(upload.as_str()), upload.asked_at()), (Some(upload.clone()), now));
        let acme = TenantId::parse("acme").expect("a tenant");
        assert_eq!(upload.key(&acme), format!("uploads/acme/{}", upload.as_str()));
        for text in ["", "upl_", "upl_../../x", "upl_zzzzzzzzzzzzaaaaaaaaaaaa", "uploads/acme/x"] {
            assert_eq!(Upload::parse(text), None, "{text}");
        }
    }
}
