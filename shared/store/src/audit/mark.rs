//! What keeps a request from being carried out twice.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use aws_lc_rs::digest::{Context, SHA256};
use domain::TenantId;
use jiff::Timestamp;

/// A request that is carried out at most once: what its `Idempotency-Key` stands for while it is under way. Every transaction of the store
/// that acts for it ([`Store::acting`](crate::Store::acting)) takes it along, so that of two requests with one key only one has an effect.
#[derive(Clone, Debug)]
pub struct Once {
    /// Whose: the partition that it is kept in.
    pub tenant: TenantId,
    /// The digest of who calls and which key they gave.
    pub id: String,
    /// The digest of what is asked for.
    pub request: String,
    /// A fresh text for this attempt.
    pub attempt: String,
    /// When it began.
    pub at: Timestamp,
    /// Until when the key is remembered.
    pub until: Timestamp,
    wrote: Arc<AtomicBool>,
    lost: Arc<AtomicBool>,
}

impl Once {
    /// An attempt that has written nothing yet.
    pub fn new(tenant: TenantId, id: String, request: String, attempt: String, at: Timestamp, until: Timestamp) -> Self {
        Self { tenant, id, request, attempt, at, until, wrote: Arc::default(), lost: Arc::default() }
    }

    /// The digest of a key or of a request, in hexadecimal: SHA-256 over its parts, which are told apart by their lengths.
    pub fn digest_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
        let mut context = Context::new(&SHA256);
        for part in parts {
            context.update(&part.len().to_be_bytes());
            context.update(part);
        }
        context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether something was written by this attempt.
    pub fn has_written(&self) -> bool {
        self.wrote.load(Ordering::Relaxed)
    }

    /// Whether another attempt of the same key was first.
    pub fn has_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    pub(crate) fn set_written(&self) {
        self.wrote.store(true, Ordering::Relaxed);
    }

    pub(crate) fn set_lost(&self) {
        self.lost.store(true, Ordering::Relaxed);
    }
}

impl PartialEq for Once {
    fn eq(&self, other: &Self) -> bool {
        (&self.tenant, &self.id, &self.attempt) == (&other.tenant, &other.id, &other.attempt)
    }
}
