//! What an entry of the audit says.

use domain::{CustomerId, TenantId};
use jiff::Timestamp;
use serde_json::Value;

use super::mark::Once;

/// What a person did.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// Whose people: the partition that it is kept in.
    pub tenant: TenantId,
    /// When, to the millisecond.
    pub at: Timestamp,
    /// Who: the subject of their sign-in; empty where it has none.
    pub by: String,
    /// As what.
    pub role: String,
    /// What they did: the name of the operation.
    pub operation: String,
    /// To what: an id or a name, where the operation has more than one object.
    pub object: Option<String>,
    /// The customer whose matter it is, where it is one's.
    pub customer: Option<CustomerId>,
    /// What changed by it, by name; never a secret, and of people ids only.
    pub what: Value,
    /// Why, as they said it; of people it names nobody.
    pub note: Option<String>,
    /// Which of their acts it is: lower-case letters and digits. Two acts of one person within one millisecond are told apart by it, and what one
    /// act writes in several transactions has one entry. It is part of the entry's place alone; without one, the same act is known by what it says.
    pub act: Option<String>,
    /// The request that it is done for, where that is carried out at most once: it goes with the entry, and is no part of it.
    pub once: Option<Once>,
}

impl AuditEntry {
    /// About an object.
    pub fn of(self, object: impl Into<String>) -> Self {
        Self { object: Some(object.into()), ..self }
    }

    /// About a customer's matter.
    pub fn about(self, customer: &CustomerId) -> Self {
        Self { customer: Some(customer.clone()), ..self }
    }

    /// With what changes by it.
    pub fn with(self, what: Value) -> Self {
        Self { what, ..self }
    }

    /// With the reason that was given.
    pub fn noting(self, note: Option<String>) -> Self {
        Self { note, ..self }
    }
}
