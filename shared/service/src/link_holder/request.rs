//! A request of a customer's own system under a key of its own (`Idempotency-Key`).

use domain::{AgreementId, LinkId, TenantId};
use jiff::Timestamp;
use store::Once;

use crate::{
    Done, NotDone,
    api_keys::drawn,
    idempotency_keys::{REMEMBERED_FOR, key_flaw},
};

/// The pointer of the flaw that a key is none.
pub const KEY_WRONG: &str = "/idempotency_key/form";

/// A request under a key.
#[derive(Clone, Debug)]
pub(super) struct LinkRequest {
    mark: Once,
}

impl LinkRequest {
    /// The request of a link: its key, and everything that tells it from another one.
    pub(super) fn of(tenant: &TenantId, link: &LinkId, key: &str, request: &[&[u8]], now: Timestamp) -> Done<Self> {
        if let Some(flaw) = key_flaw(key) {
            return Err(NotDone::field(KEY_WRONG, flaw));
        }
        let whose = [b"a portal link".as_slice(), tenant.as_str().as_bytes(), link.as_str().as_bytes(), key.as_bytes()];
        let (id, request) = (Once::digest_of(whose), Once::digest_of(request.iter().copied()));
        Ok(Self { mark: Once::new(tenant.clone(), id, request, drawn::<16>()?, now, now + REMEMBERED_FOR) })
    }

    /// What keeps it from being carried out twice: goes with the transaction that carries it out.
    pub(super) fn mark(&self) -> &Once {
        &self.mark
    }

    /// The id of the agreement that it comes to. A key that stands for something else, once it is forgotten, comes to another.
    pub(super) fn agreement(&self) -> AgreementId {
        AgreementId::derive(&[self.mark.tenant.as_str(), "by key", &self.mark.id, &self.mark.request])
    }
}
