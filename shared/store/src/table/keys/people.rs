//! Keys of when people were contacted, and of people who are erased.

use domain::{CustomerId, TenantId, id::digest};

use super::Key;

/// When somebody was contacted, by [`domain::Contact::person`].
pub(crate) fn person(t: &TenantId, text: &str) -> Key {
    Key::new(format!("T#{t}#PER#{}", digest(&[text])), "PER")
}
/// Of a person, by the digest of that.
pub(crate) fn person_of_digest(t: &TenantId, digest_of_person: &str) -> Key {
    Key::new(format!("T#{t}#PER#{digest_of_person}"), "PER")
}
/// What is kept of people who were erased.
pub(crate) fn erased(t: &TenantId) -> String {
    format!("T#{t}#ERASED")
}
/// What the sort keys of addresses of people who were erased begin with. No filter of the stream passes them.
pub(crate) const ERASED: &str = "ERASED#";
/// An address of somebody who was erased, by its keyed hash.
pub(crate) fn erased_address(t: &TenantId, keyed_hash: &str) -> Key {
    Key::new(erased(t), format!("{ERASED}{keyed_hash}"))
}
/// What the sort keys of keys that are to be deleted again begin with. No filter of the stream passes them.
pub(crate) const AGAIN: &str = "AGAIN#";
pub(crate) fn forget_again(t: &TenantId, c: &CustomerId, digest_of_person: &str) -> Key {
    Key::new(erased(t), format!("{AGAIN}{c}#{digest_of_person}"))
}
/// Reads customer and digest back from the sort key of keys that are to be deleted again.
pub(crate) fn parse_forget_again(sk: &str) -> Option<(CustomerId, String)> {
    let (customer, person) = sk.strip_prefix(AGAIN)?.split_once('#')?;
    Some((CustomerId::parse(customer)?, person.to_owned()))
}
/// What the sort keys of addresses begin with that are to be forgotten later. No filter of the stream passes them.
pub(crate) const LATER: &str = "LATER#";
/// An address that is to be forgotten later, by its digest.
pub(crate) fn forget_later(t: &TenantId, digest_of_address: &str) -> Key {
    Key::new(erased(t), format!("{LATER}{digest_of_address}"))
}
/// The beginning of the sort keys of a person's erasures that are under way, by the digest of the person. No filter of the stream passes them.
pub(crate) fn erasing_of(digest_of_person: &str) -> String {
    format!("ERASING#{digest_of_person}#")
}
/// The erasure of a person at a customer that is under way.
pub(crate) fn erasing(t: &TenantId, c: &CustomerId, digest_of_person: &str) -> Key {
    Key::new(erased(t), format!("{}{c}", erasing_of(digest_of_person)))
}
/// Reads the customer back from the sort key of an erasure that is under way.
pub(crate) fn parse_erasing(sk: &str) -> Option<CustomerId> {
    CustomerId::parse(sk.strip_prefix("ERASING#")?.split_once('#')?.1)
}
