//! The chains of the audit: what an entry's hash is of, and whether a chain is whole.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{CustomerId, TenantId};
use jiff::Timestamp;

use crate::{
    Result, Store,
    table::{
        attributes::{audit, every::SK},
        db::{Range, Row, last_of, number, text, to_json},
        keys::{self, Key},
    },
};

/// Entries that one chain is followed back through at most.
const WALK_MAX: usize = 2_000;
/// Entries of the last days that are looked through at most.
const RECENT_MAX: usize = 50_000;

/// What a look at chains of the audit came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditCheck {
    /// Chains that were followed.
    pub checked: u64,
    /// Those that are not as they were written: the customer, where it is one's, and what is wrong.
    pub broken: Vec<(Option<CustomerId>, String)>,
}

/// The hash of an entry as it is stored, with where it stands and the hash of the one before.
pub(super) fn hash_of(tenant: &TenantId, sk: &str, row: &Row) -> String {
    let names = [
        audit::BY,
        audit::ROLE,
        audit::OPERATION,
        audit::OBJECT,
        audit::CUSTOMER,
        audit::WHAT,
        audit::NOTE,
        audit::PREVIOUS,
        audit::PREVIOUS_AT,
    ];
    let said: Vec<Option<&str>> = names.into_iter().map(|name| text(row, name)).collect();
    let at: Option<i64> = number(row, audit::AT);
    let whole = to_json(&(tenant.as_str(), sk, at, said));
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, whole.as_bytes()))
}

impl Store {
    /// Follows the chains that got entries since an instant, back to it and one entry further.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn check_audit_since(&self, tenant: &TenantId, since: Timestamp) -> Result<AuditCheck> {
        let pk = keys::audits(tenant);
        let (from, to) = (keys::audit_moment(since), last_of(keys::AUDIT));
        let newest = Range { newest_first: true, ..Range::new(&pk, &from, &to, RECENT_MAX) };
        let mut chains: BTreeMap<Option<CustomerId>, BTreeSet<String>> = BTreeMap::new();
        for row in self.range("follow the audit of", newest).await? {
            let customer = text(&row, audit::CUSTOMER).and_then(CustomerId::parse);
            chains.entry(customer).or_default().extend(text(&row, SK).map(str::to_owned));
        }
        let mut check = AuditCheck::default();
        for (customer, entries) in chains {
            check.checked += 1;
            let wrong = match self.follow_audit(tenant, customer.as_ref(), &from).await? {
                Ok(seen) => {
                    // What lies further back than a chain is followed is not looked for.
                    let beside = entries.difference(&seen).next().filter(|_| seen.len() < WALK_MAX);
                    beside.map(|place| format!("the entry {place} of the audit is not part of its chain"))
                }
                Err(wrong) => Some(wrong),
            };
            check.broken.extend(wrong.map(|wrong| (customer, wrong)));
        }
        Ok(check)
    }

    /// What is wrong with the chain of the entries about a customer, or about none, if anything; the newest 2,000.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn check_audit(&self, tenant: &TenantId, customer: Option<&CustomerId>) -> Result<Option<String>> {
        Ok(self.follow_audit(tenant, customer, "").await?.err())
    }

    /// Follows a chain back from its tip until behind a sort key: the entries that it passed, or what is wrong.
    async fn follow_audit(
        &self,
        tenant: &TenantId,
        customer: Option<&CustomerId>,
        until: &str,
    ) -> Result<std::result::Result<BTreeSet<String>, String>> {
        const OP: &str = "follow the audit of";
        let mut seen = BTreeSet::new();
        let Some(tip) = self.read(OP, &keys::audit_tip(tenant, customer), true).await? else { return Ok(Ok(seen)) };
        let of = |row: &Row, name| text(row, name).unwrap_or_default().to_owned();
        let (mut hash, mut place) = (of(&tip, audit::TIP), of(&tip, audit::TIP_AT));
        while !place.is_empty() && seen.len() < WALK_MAX {
            let key = Key { pk: keys::audits(tenant), sk: place.clone() };
            let Some(row) = self.read(OP, &key, true).await? else {
                return Ok(Err(format!("the entry {place} of the audit is missing")));
            };
            if hash_of(tenant, &place, &row) != hash {
                return Ok(Err(format!("the entry {place} of the audit is not as it was written")));
            }
            let is_last = place.as_str() < until;
            if !seen.insert(place) {
                return Ok(Err("the entries of the audit go in a circle".to_owned()));
            }
            if is_last {
                break;
            }
            (hash, place) = (of(&row, audit::PREVIOUS), of(&row, audit::PREVIOUS_AT));
        }
        Ok(Ok(seen))
    }
}
