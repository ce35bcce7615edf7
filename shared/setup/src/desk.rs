//! What setting up works with.

use reading::Web;
use store::{AuditEntry, Store, Vault};

/// What setting up works with.
#[derive(Clone, Copy)]
pub struct SetupDesk<'a> {
    /// The table.
    pub store: &'a Store,
    /// What is sealed in it.
    pub vault: &'a Vault,
    /// How vendors are asked.
    pub web: &'a Web,
    /// Whether a connection may name what stands for a vendor's hosts.
    pub stand_ins: bool,
    /// Whether the deployment names a model that may be asked of answers.
    pub has_answers_model: bool,
}

/// The table and the vault, as somebody acts: whatever is written has the entry in its transaction.
pub(crate) struct ActingDesk {
    pub(crate) store: Store,
    pub(crate) vault: Vault,
}

impl SetupDesk<'_> {
    pub(crate) fn acting(&self, entry: AuditEntry) -> ActingDesk {
        ActingDesk { store: self.store.acting(entry.clone()), vault: self.vault.acting(entry) }
    }
}
