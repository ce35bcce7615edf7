//! Keys of rows of lists.

use domain::TenantId;

use super::Key;

/// Shards of what is listed tenant-wide. Raising it needs every list rebuilt.
pub(crate) const LIST_SHARDS: u8 = 4;
/// What the sort keys of rows begin with. No filter of the stream passes them, so that rows make no more work.
pub(crate) const ROW: &str = "L#";

/// A partition of a list.
pub(crate) fn list(t: &TenantId, kind: &str, order: &str, shard: &str) -> String {
    format!("T#{t}#L#{kind}#{order}#{shard}")
}
/// The shard that a row of a tenant-wide list lies in, by the id of what it stands for.
pub(crate) fn list_shard(id: &str) -> u8 {
    // Ids end in the text of a digest.
    id.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) % LIST_SHARDS
}
/// A row of a list: its place in the order, and the id of what it stands for.
pub(crate) fn list_row(pk: String, place: &str, id: &str) -> Key {
    Key::new(pk, format!("{ROW}{place}#{id}"))
}
/// The partition of the customers at which somebody is a contact, by the digest of [`domain::Contact::person`].
pub(crate) fn person_at(t: &TenantId, digest_of_person: &str) -> String {
    list(t, "people", "at", digest_of_person)
}
/// The partition of the customers at which somebody who is known by a mailbox has a number, by the digest of the number.
pub(crate) fn number_at(t: &TenantId, digest_of_number: &str) -> String {
    list(t, "people", "number", digest_of_number)
}
/// The place of a row, of a list whose places have no `#`.
pub(crate) fn place_of(sk: &str) -> Option<&str> {
    sk.strip_prefix(ROW)?.split_once('#').map(|(place, _)| place)
}
/// Where the rows begin that come after those of a place.
pub(crate) fn behind_place(place: &str) -> String {
    format!("{ROW}{place}#\u{10FFFF}")
}
/// Whether a partition holds rows of lists.
pub(crate) fn is_list(pk: &str) -> bool {
    pk.strip_prefix("T#").and_then(|rest| rest.split_once('#')).is_some_and(|(_, rest)| rest.starts_with(ROW))
}
/// Amounts in the order of their size, largest first.
pub(crate) fn largest_first(amount_minor: i64) -> String {
    format!("{:019}", i64::MAX - amount_minor.max(0))
}
