//! Keys of notices to people of the tenant.

use domain::{NoticeId, NoticeWay, TenantId};

use super::Key;

/// What the sort keys of notices begin with. No filter of the stream passes them.
pub(crate) const NOTICES: &str = "NTC#";
/// The partition of the index `due` that lists the notices of all tenants that wait for their moment.
pub(crate) const NOTICES_DUE: &str = "NOTICES";

/// The partition of a tenant's notices.
pub(crate) fn notices_of(t: &TenantId) -> String {
    format!("T#{t}#NOTICES")
}
pub(crate) fn notice(t: &TenantId, id: &NoticeId) -> Key {
    Key::new(notices_of(t), format!("{NOTICES}{id}"))
}
/// Reads tenant and id back from the key of a notice.
pub(crate) fn parse_notice(pk: &str, sk: &str) -> Option<(TenantId, NoticeId)> {
    let tenant = pk.strip_prefix("T#")?.strip_suffix("#NOTICES")?;
    Some((TenantId::parse(tenant).ok()?, NoticeId::parse(sk.strip_prefix(NOTICES)?)?))
}
/// The channel that notices go to by a way.
pub(crate) fn notice_channel(t: &TenantId, way: NoticeWay) -> Key {
    Key::new(super::tenant(t), format!("NOTICECHANNEL#{way}"))
}
/// The key under which the addresses of these channels are sealed.
pub(crate) fn notice_key(t: &TenantId) -> Key {
    Key::new(super::tenant(t), "KEY#NOTICES")
}
