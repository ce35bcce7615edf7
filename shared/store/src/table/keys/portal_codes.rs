//! Keys of what whoever came by a portal link had sent to its address.

use domain::{CustomerId, LinkAsk, LinkId, TenantId};

use super::{Key, address_of_digest, customer};

/// The last code that was asked for by a link. No filter of the stream passes it.
pub(crate) fn code_of_link(t: &TenantId, c: &CustomerId, link: &LinkId) -> Key {
    Key::new(customer(t, c), format!("CODE#{link}"))
}
/// When something was asked for an address, by its digest, whichever customer has it. No filter of the stream passes it.
pub(crate) fn asked_for_address(t: &TenantId, digest: &str, what: LinkAsk) -> Key {
    Key::new(address_of_digest(t, digest).pk, asked(what))
}
/// When something was asked for a customer, whichever its address. No filter of the stream passes it.
pub(crate) fn asked_for_customer(t: &TenantId, c: &CustomerId, what: LinkAsk) -> Key {
    Key::new(customer(t, c), asked(what))
}
fn asked(what: LinkAsk) -> String {
    format!("ASKED#{}", what.as_str())
}
