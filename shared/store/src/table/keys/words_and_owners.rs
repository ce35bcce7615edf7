//! Keys of what people write, say and do themselves, of what customers answer, and of whose customers are whose. Of these the stream's filters pass answers,
//! and who an owner is.

use domain::{AgreementId, BulkId, CustomerId, FileId, MessageId, NoteId, ReplyId, TenantId, id::digest};

use super::{CUSTOMERS, Key, customer, members, tenant};

/// What the sort keys of the words of people's messages begin with.
pub(crate) const OWN_TEXTS: &str = "TEXT#";
pub(crate) fn own_text(t: &TenantId, c: &CustomerId, message: &MessageId) -> Key {
    Key::new(customer(t, c), format!("{OWN_TEXTS}{message}"))
}
/// What the sort keys of what agreements were before begin with.
pub(crate) const BEFORE: &str = "BEFORE#";
pub(crate) fn agreement_before(t: &TenantId, c: &CustomerId, id: &AgreementId) -> Key {
    Key::new(customer(t, c), format!("{BEFORE}{id}"))
}
/// The sort key of who a customer's owner is, as a person said: the filter of `read-model` passes it.
pub(crate) const OWNER: &str = "OWNER";
pub(crate) fn owner(t: &TenantId, c: &CustomerId) -> Key {
    Key::new(customer(t, c), OWNER)
}
pub(crate) fn owned_by(t: &TenantId, owner: &str) -> String {
    format!("T#{t}#OWNED#{}", digest(&[owner]))
}
pub(crate) fn owned(t: &TenantId, owner: &str, c: &CustomerId) -> Key {
    Key::new(owned_by(t, owner), format!("{CUSTOMERS}{c}"))
}
pub(crate) fn key_accounts(t: &TenantId) -> Key {
    Key::new(tenant(t), "ACCOUNTS")
}
pub(crate) const ABSENCES: &str = "AWAY#";
pub(crate) fn absence(t: &TenantId, subject: &str) -> Key {
    Key::new(members(t), format!("{ABSENCES}{}", digest(&[subject])))
}
pub(crate) fn bulk(t: &TenantId, id: &BulkId) -> Key {
    Key::new(format!("T#{t}#BULK"), format!("BULK#{id}"))
}
pub(crate) fn bulk_lines(t: &TenantId, id: &BulkId, chunk: u32) -> Key {
    Key::new(format!("T#{t}#BULK"), format!("BULK#{id}#{chunk:06}"))
}
pub(crate) fn outside_claim(t: &TenantId, c: &CustomerId, message: &MessageId) -> Key {
    Key::new(customer(t, c), format!("CLAIM#{message}"))
}
/// What the sort keys of notes begin with.
pub(crate) const NOTES: &str = "NOTE#";
pub(crate) fn note(t: &TenantId, c: &CustomerId, id: &NoteId) -> Key {
    Key::new(customer(t, c), format!("{NOTES}{id}"))
}
/// What the sort keys of answers begin with: the filters of the stream pass them.
pub(crate) const REPLIES: &str = "REPLY#";
pub(crate) fn reply(t: &TenantId, c: &CustomerId, id: &ReplyId) -> Key {
    Key::new(customer(t, c), format!("{REPLIES}{id}"))
}
/// The answers of nobody who is known.
pub(crate) fn unmatched(t: &TenantId) -> String {
    format!("T#{t}#UNMATCHED")
}
pub(crate) fn unmatched_reply(t: &TenantId, id: &ReplyId) -> Key {
    Key::new(unmatched(t), format!("{REPLIES}{id}"))
}
/// What the sort keys of customers' ratings begin with.
pub(crate) const RATINGS: &str = "RATING#";
pub(crate) fn rating(t: &TenantId, c: &CustomerId, about: &str) -> Key {
    Key::new(customer(t, c), format!("{RATINGS}{about}"))
}
/// What the sort keys of files that a customer sent begin with.
pub(crate) const CUSTOMER_FILES: &str = "FILE#";
pub(crate) fn customer_file(t: &TenantId, c: &CustomerId, id: &FileId) -> Key {
    Key::new(customer(t, c), format!("{CUSTOMER_FILES}{id}"))
}
/// Reads the id back from the sort key of a file.
pub(crate) fn parse_customer_file(sk: &str) -> Option<FileId> {
    FileId::parse(sk.strip_prefix(CUSTOMER_FILES)?)
}
