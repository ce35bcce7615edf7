//! Who acts.

use domain::TenantId;
use jiff::Timestamp;
use store::AuditEntry;

use crate::{Done, NotDone, Operation, Right, StaffRole};

/// Longest subject that is kept, in characters.
const SUBJECT_MAX: usize = 128;

/// Somebody who was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    tenant: TenantId,
    role: StaffRole,
    subject: Option<String>,
}

impl Actor {
    /// Somebody of a tenant, by the subject of their sign-in where it has one. The reserved tenant `app` has operators.
    pub fn new(tenant: TenantId, role: StaffRole, subject: Option<&str>) -> Self {
        Self { tenant, role, subject: subject.map(|subject| subject.chars().take(SUBJECT_MAX).collect()) }
    }

    /// Whose people.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// As what.
    pub fn role(&self) -> StaffRole {
        self.role
    }

    /// Who: the subject of their sign-in; empty where it has none.
    pub fn by(&self) -> &str {
        self.subject.as_deref().unwrap_or_default()
    }

    /// Whether they operate the deployment, and are no tenant's.
    fn is_operator(&self) -> bool {
        self.tenant == TenantId::app()
    }

    /// Lets through who may do something, and says for which tenant.
    ///
    /// # Errors
    ///
    /// [`NotDone::NotAllowed`] for everybody else.
    pub fn may(&self, operation: Operation) -> Done<&TenantId> {
        let refused = |why: String| Err(NotDone::NotAllowed(why));
        match operation.right() {
            Right::Operator if self.is_operator() && self.role == StaffRole::Admin => Ok(&self.tenant),
            Right::Operator => refused("this is for operators: the token's tenant must be 'app' and its role 'admin'".to_owned()),
            Right::Staff(_) if self.is_operator() => {
                refused("this is for a tenant's own people: the token's tenant is 'app', which is nobody's".to_owned())
            }
            Right::Staff(role) if self.role >= role => Ok(&self.tenant),
            Right::Staff(role) => refused(format!(
                "this needs the role {}; the token says {}; ask an admin of the tenant for it",
                role.as_str(),
                self.role.as_str()
            )),
            Right::Link => refused("this is opened by a link, not by a token".to_owned()),
        }
    }

    /// The entry of the audit that says that they do something now.
    pub fn entry(&self, operation: Operation, now: Timestamp) -> AuditEntry {
        AuditEntry {
            tenant: self.tenant.clone(),
            at: now,
            by: self.by().to_owned(),
            role: if self.is_operator() { "operator" } else { self.role.as_str() }.to_owned(),
            operation: operation.as_str().to_owned(),
            object: None,
            customer: None,
            what: serde_json::json!({}),
            note: None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;

    #[test]
    fn the_table_says_who_may() {
        let acme = TenantId::parse("acme").unwrap();
        for operation in Operation::ALL {
            for role in StaffRole::ALL {
                let of_tenant = Actor::new(acme.clone(), role, Some("p-1")).may(*operation).is_ok();
                let of_app = Actor::new(TenantId::app(), role, Some("o-1")).may(*operation).is_ok();
                let expected = match operation.right() {
                    Right::Staff(least) => (role >= least, false),
                    Right::Operator => (false, role == StaffRole::Admin),
                    Right::Link => (false, false),
                };
                assert_eq!((of_tenant, of_app), expected, "{operation:?} as {role:?}");
            }
        }
    }

    #[test]
    fn entries_say_who_and_as_what() {
        let now: Timestamp = "2026-02-10T10:00:00Z".parse().unwrap();
        let long = "x".repeat(500);
        for (tenant, subject, by, role) in [
            (TenantId::parse("acme").unwrap(), Some("p-1"), "p-1".to_owned(), "manager"),
            (TenantId::parse("acme").unwrap(), None, String::new(), "manager"),
            (TenantId::app(), Some(long.as_str()), "x".repeat(SUBJECT_MAX), "operator"),
        ] {
            let entry = Actor::new(tenant, StaffRole::Manager, subject).entry(Operation::Pause, now);
            assert_eq!((entry.by, entry.role.as_str(), entry.operation.as_str()), (by, role, "pause"));
        }
    }
}
