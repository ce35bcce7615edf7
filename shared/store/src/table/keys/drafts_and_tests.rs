//! Keys of drafts of workflows and of test messages: what people look at before it counts.

use domain::TenantId;
use jiff::Timestamp;

use super::{Key, parse_tenant, tenant};

/// What the sort keys of drafts begin with. No filter of the stream passes them.
pub(crate) const DRAFTS: &str = "DRAFT#";
/// What the sort keys of test messages begin with: the stream's filter passes them.
const TESTS: &str = "TEST#";

pub(crate) fn draft(t: &TenantId, id: &str) -> Key {
    Key::new(tenant(t), format!("{DRAFTS}{id}"))
}
pub(crate) fn test_message(t: &TenantId, id: &str) -> Key {
    Key::new(tenant(t), format!("{TESTS}{id}"))
}
/// Reads tenant and id back from the key of a test message.
pub(crate) fn parse_test(pk: &str, sk: &str) -> Option<(TenantId, String)> {
    let id = sk.strip_prefix(TESTS)?;
    let of = parse_tenant(pk).filter(|of| tenant(of) == pk)?;
    Some((of, id.to_owned()))
}
/// Where the test messages of an instant's hour are counted.
pub(crate) fn test_messages_of_hour(t: &TenantId, at: Timestamp) -> Key {
    Key::new(tenant(t), format!("TESTS#{}", at.strftime("%Y-%m-%dT%H")))
}
