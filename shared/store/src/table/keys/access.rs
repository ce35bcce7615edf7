//! Keys of who may call: members, invitations, keys of machines, their rates, and requests that are carried out once.

use domain::{KeyId, TenantId, id::digest};

use super::Key;

/// What the sort keys of members begin with. No filter of the stream passes them, nor any below that are about who may call.
pub(crate) const MEMBERS: &str = "MEM#";
/// What the sort keys of invitations begin with.
pub(crate) const INVITATIONS: &str = "INVITE#";
/// What the sort keys of machines' keys begin with.
pub(crate) const API_KEYS: &str = "APIKEY#";
/// The partition of a tenant's people.
pub(crate) fn members(t: &TenantId) -> String {
    format!("T#{t}#MEMBERS")
}
pub(crate) fn member(t: &TenantId, subject: &str) -> Key {
    Key::new(members(t), format!("{MEMBERS}{}", digest(&[subject])))
}
pub(crate) fn admins(t: &TenantId) -> Key {
    Key::new(members(t), "ADMINS")
}
pub(crate) fn invitation(t: &TenantId, email: &str) -> Key {
    Key::new(members(t), format!("{INVITATIONS}{}", digest(&[email])))
}
/// The partition of the tenants that somebody is a member of.
pub(crate) fn memberships(subject: &str) -> String {
    format!("MEMBER#{}", digest(&[subject]))
}
/// Whether a partition says which tenants somebody is a member of.
pub(crate) fn is_memberships(pk: &str) -> bool {
    pk.starts_with("MEMBER#")
}
pub(crate) fn membership(t: &TenantId, subject: &str) -> Key {
    Key::new(memberships(subject), t.as_str())
}
/// The partition of a tenant's keys of machines.
pub(crate) fn api_keys(t: &TenantId) -> String {
    format!("T#{t}#KEYS")
}
pub(crate) fn api_key(t: &TenantId, id: &KeyId) -> Key {
    Key::new(api_keys(t), format!("{API_KEYS}{id}"))
}
/// How often somebody called within a minute since 1970.
pub(crate) fn rate(t: &TenantId, minute: i64, who: &str) -> Key {
    Key::new(format!("T#{t}#RATES"), format!("RATE#{minute:010}#{}", digest(&[who])))
}
pub(crate) fn once(t: &TenantId, id: &str) -> Key {
    Key::new(format!("T#{t}#ONCE"), format!("ONCE#{id}"))
}
