//! Whom a tenant may send as, as an operator lists it.

use domain::{Identities, TenantId};
use jiff::Timestamp;

use crate::{
    Error, Result, Store, Versioned,
    table::{
        attributes::{
            document::{self, DOC},
            fact,
        },
        change::{Change, is, no_item},
        db::{Transacted, json, millis, n, number, s, to_json},
        keys,
    },
};

impl Store {
    /// The senders that were listed for a tenant, and their revision; `None` where nothing was listed yet.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn identities(&self, tenant: &TenantId) -> Result<Option<Versioned<Identities>>> {
        let row = self.read("read the senders of", &keys::identities(tenant), true).await?;
        row.map(|row| Ok(Versioned { value: json(&row, DOC)?, rev: number(&row, document::REVISION).unwrap_or(0) })).transpose()
    }

    /// Lists a tenant's senders in place of those before, also before the tenant is there; every reader of its policy hears of it. `if_rev`
    /// is the revision that they replace: 0 for none. Returns the new revision.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when the revision is another; those of writing.
    pub async fn put_identities(&self, tenant: &TenantId, listed: &Identities, if_rev: u64, now: Timestamp) -> Result<u64> {
        const OP: &str = "list the senders of";
        let change = Change::of(keys::identities(tenant))
            .put(DOC, s(to_json(listed)))
            .put(document::REVISION, n(if_rev + 1))
            .put(fact::SEEN_AT, n(millis(now)));
        let change = self.by_whom(change);
        let change = if if_rev == 0 { change.when(no_item()) } else { change.when(is(document::REVISION, n(if_rev))) };
        let mut actions = vec![change.update(self)];
        // A tenant that is made meanwhile has no senders yet that a list could take away.
        if self.settings(tenant).await?.is_some() {
            actions.extend(self.policy_changed(tenant, None));
        }
        match self.transact(OP, tenant.as_str(), actions).await? {
            Transacted::Done => Ok(if_rev + 1),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: tenant.to_string() }),
        }
    }
}
