//! A request of a customer's own system under a key of its own (`Idempotency-Key`).

use domain::{AgreementId, LinkId, TenantId};
use jiff::{SignedDuration, Timestamp};
use store::Once;

use crate::{Done, NotDone};

/// Longest key, in characters.
pub const KEY_MAX: usize = 200;
/// The pointer of the flaw that a key is none.
pub const KEY_WRONG: &str = "/idempotency_key/form";
/// How long a key is remembered.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A request under a key.
#[derive(Clone, Debug)]
pub struct LinkRequest {
    mark: Once,
}

impl LinkRequest {
    /// The request of a link: its key, and everything that tells it from another one.
    pub(super) fn of(tenant: &TenantId, link: &LinkId, key: &str, request: &[&[u8]], now: Timestamp) -> Done<Self> {
        let is_plain = (1..=KEY_MAX).contains(&key.len()) && key.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
        if !is_plain {
            let detail = format!("an Idempotency-Key has 1 to {KEY_MAX} characters of visible ASCII, such as a UUID");
            return Err(NotDone::field(KEY_WRONG, detail));
        }
        let mut random = [0_u8; 16];
        let no_randomness = |_| NotDone::Changed("there is no randomness now; send it again".to_owned());
        aws_lc_rs::rand::fill(&mut random).map_err(no_randomness)?;
        let whose = [b"a portal link".as_slice(), tenant.as_str().as_bytes(), link.as_str().as_bytes(), key.as_bytes()];
        let (id, request) = (Once::digest_of(whose), Once::digest_of(request.iter().copied()));
        Ok(Self { mark: Once::new(tenant.clone(), id, request, hex(&random), now, now + REMEMBERED_FOR) })
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
