//! Who acts.

use std::collections::BTreeSet;

use domain::{KeyId, TenantId};
use jiff::Timestamp;
use store::{AuditEntry, Once};

use crate::{Done, KeyScope, NotDone, Operation, Right, StaffRole, rights};

/// Longest subject that is kept, in characters.
pub const SUBJECT_MAX: usize = 128;

/// As what somebody was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    /// One of a tenant's people.
    Person(StaffRole),
    /// A machine of a tenant, by its key.
    Machine(StaffRole, BTreeSet<KeyScope>),
    /// Somebody who operates the deployment, and is no tenant's.
    Operator,
}

/// Somebody who was let in.
#[derive(Clone, Debug, PartialEq)]
pub struct Actor {
    tenant: TenantId,
    standing: Standing,
    subject: Option<String>,
    email: Option<String>,
    act: Option<String>,
    once: Option<Once>,
}

impl Actor {
    /// Somebody of a tenant, by the subject of their sign-in where it has one.
    pub fn new(tenant: TenantId, role: StaffRole, subject: Option<&str>) -> Self {
        Self { tenant, standing: Standing::Person(role), subject: subject.map(kept), email: None, act: None, once: None }
    }

    /// A machine of a tenant: what its key's role and its scopes both allow.
    pub fn machine(tenant: TenantId, role: StaffRole, key: &KeyId, scopes: BTreeSet<KeyScope>) -> Self {
        let subject = Some(key.as_str().to_owned());
        Self { tenant, standing: Standing::Machine(role, scopes), subject, email: None, act: None, once: None }
    }

    /// Somebody who operates the deployment. What they do is kept under the reserved tenant `app`.
    pub fn operator(subject: &str) -> Self {
        let standing = Standing::Operator;
        Self { tenant: TenantId::app(), standing, subject: Some(kept(subject)), email: None, act: None, once: None }
    }

    /// With an address that the issuer of their token verified.
    #[must_use]
    pub fn with_email(self, email: Option<String>) -> Self {
        Self { email, ..self }
    }

    /// Acting by a request: a fresh text of lower-case letters and digits, which tells what it does from the same done by another one at the same
    /// moment.
    #[must_use]
    pub fn by_act(self, act: String) -> Self {
        Self { act: Some(act), ..self }
    }

    /// Acting for a request that is carried out once.
    #[must_use]
    pub fn only_once(self, once: Once) -> Self {
        Self { once: Some(once), ..self }
    }

    /// Whose people.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Who: the subject of their sign-in, or the id of their key; empty where a sign-in has none.
    pub fn by(&self) -> &str {
        self.subject.as_deref().unwrap_or_default()
    }

    /// Their address, where the issuer of their token verified it.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// Their role, for a tenant's people and machines.
    pub fn role(&self) -> Option<StaffRole> {
        match &self.standing {
            Standing::Person(role) | Standing::Machine(role, _) => Some(*role),
            Standing::Operator => None,
        }
    }

    /// The scopes of their key, for machines.
    pub fn scopes(&self) -> Option<&BTreeSet<KeyScope>> {
        match &self.standing {
            Standing::Machine(_, scopes) => Some(scopes),
            Standing::Person(_) | Standing::Operator => None,
        }
    }

    /// Whether they operate the deployment, and are no tenant's.
    pub fn is_operator(&self) -> bool {
        self.standing == Standing::Operator
    }

    /// The word of what they are.
    pub fn as_what(&self) -> &'static str {
        self.role().map_or("operator", StaffRole::as_str)
    }

    /// Lets through who may do something, and says for which tenant.
    ///
    /// # Errors
    ///
    /// [`NotDone::NotAllowed`] for everybody else.
    pub fn may(&self, operation: Operation) -> Done<&TenantId> {
        let refused = |why: String| Err(NotDone::NotAllowed(why));
        let (needed, role) = match (operation.right(), &self.standing) {
            (Right::Link, _) => return refused("this is opened by a link, not by a token".to_owned()),
            (Right::Public, _) => return refused("this is open to everybody, and is done as nobody".to_owned()),
            (Right::Operator, Standing::Operator) | (Right::SignedIn, Standing::Operator | Standing::Person(_)) => {
                return Ok(&self.tenant);
            }
            (Right::Operator, Standing::Person(role) | Standing::Machine(role, _)) => {
                let (tenant, role) = (&self.tenant, role.as_str());
                return refused(format!("this needs the role operator; you are {role} of the tenant {tenant}"));
            }
            (Right::Staff(role), Standing::Operator) => {
                let role = role.as_str();
                return refused(format!("this is for a tenant's own people and needs the role {role}; you are operator"));
            }
            (Right::Staff(needed), Standing::Person(role) | Standing::Machine(role, _)) => (needed, *role),
            (Right::SignedIn, Standing::Machine(role, _)) => (StaffRole::Viewer, *role),
        };
        if role < needed {
            let (needed, role, tenant) = (needed.as_str(), role.as_str(), &self.tenant);
            let who = if self.scopes().is_some() { "the key has the role" } else { "you are" };
            return refused(format!(
                "this needs the role {needed}; {who} {role} of the tenant {tenant}; ask one of its admins for it"
            ));
        }
        match (self.scopes(), operation.scope()) {
            (None, _) => Ok(&self.tenant),
            (Some(scopes), Some(scope)) if scopes.contains(&scope) => Ok(&self.tenant),
            (Some(scopes), scope) => {
                let has: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
                let needed = scope.map_or("a person's token", KeyScope::as_str);
                refused(format!("this needs the scope {needed}; the key has {}", has.join(", ")))
            }
        }
    }

    /// Lets through who may do something with jobs of a kind, and says for which tenant.
    ///
    /// # Errors
    ///
    /// [`NotDone::NotAllowed`] for everybody else, and for a kind that is in no table.
    pub fn may_work(&self, operation: Operation, kind: &str) -> Done<&TenantId> {
        let tenant = self.may(operation)?;
        let Some((_, needed)) = rights::JOBS.iter().find(|(name, _)| *name == kind) else {
            return Err(NotDone::NotAllowed(format!("jobs of the kind {kind} are of another release")));
        };
        if self.role().is_some_and(|role| role >= *needed) {
            return Ok(tenant);
        }
        let (needed, role) = (needed.as_str(), self.as_what());
        let who = if self.scopes().is_some() { "the key has the role" } else { "you are" };
        Err(NotDone::NotAllowed(format!(
            "jobs of the kind {kind} need the role {needed}; {who} {role} of the tenant {tenant}; ask one of its admins for it"
        )))
    }

    /// The entry of the audit that says that they do something now.
    pub fn entry(&self, operation: Operation, now: Timestamp) -> AuditEntry {
        AuditEntry {
            tenant: self.tenant.clone(),
            at: now,
            by: self.by().to_owned(),
            role: self.as_what().to_owned(),
            operation: operation.as_str().to_owned(),
            object: None,
            customer: None,
            what: serde_json::json!({}),
            note: None,
            act: self.act.clone(),
            once: self.once.clone(),
        }
    }
}

/// A contact's id as the audit names it: some sources give an address as the id, and an entry holds none.
pub(crate) fn noted_contact(id: &str) -> &str {
    // The id of whom only invoices name is a digest of an address.
    let is_digest = id.strip_prefix(domain::INVOICE_CONTACT).is_some_and(|digest| digest.starts_with(':'));
    if is_digest || id.contains('@') || id.trim_start().starts_with('+') { "(an address)" } else { id }
}

fn kept(subject: &str) -> String {
    subject.chars().take(SUBJECT_MAX).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;

    fn acme() -> TenantId {
        TenantId::parse("acme").unwrap()
    }

    #[test]
    fn the_table_says_who_may() {
        let key = KeyId::parse("key_1").unwrap();
        for operation in Operation::ALL {
            let operator = Actor::operator("o-1").may(*operation).is_ok();
            for role in StaffRole::ALL {
                let person = Actor::new(acme(), role, Some("p-1")).may(*operation).is_ok();
                let expected = match operation.right() {
                    Right::Staff(least) => (role >= least, false),
                    Right::Operator => (false, true),
                    Right::SignedIn => (true, true),
                    Right::Link | Right::Public => (false, false),
                };
                assert_eq!((person, operator), expected, "{operation:?} as {role:?}");
                // A key opens what its role and its one scope both allow.
                for scope in KeyScope::ALL {
                    let machine = Actor::machine(acme(), role, &key, [scope].into()).may(*operation).is_ok();
                    let expected = expected.0 && operation.scope() == Some(scope);
                    assert_eq!(machine, expected, "{operation:?} by a key of {role:?} and {scope:?}");
                }
            }
        }
    }

    #[test]
    fn every_operation_of_a_tenant_has_a_scope_and_no_other() {
        for operation in Operation::ALL {
            let of_tenant = matches!(operation.right(), Right::Staff(_) | Right::SignedIn);
            assert_eq!(operation.scope().is_some(), of_tenant, "{operation:?}");
        }
    }

    #[test]
    fn a_refusal_names_what_is_needed_and_what_is_there() {
        let collector = Actor::new(acme(), StaffRole::Collector, Some("p-1"));
        let key = KeyId::parse("key_1").unwrap();
        let machine = Actor::machine(acme(), StaffRole::Admin, &key, [KeyScope::Read].into());
        for (actor, operation, said) in [
            (&collector, Operation::PutWorkflow, ["manager", "collector"]),
            (&collector, Operation::PutApp, ["operator", "collector"]),
            (&Actor::operator("o-1"), Operation::PutSettings, ["admin", "operator"]),
            (&machine, Operation::PutSettings, ["write:settings", "read"]),
        ] {
            let NotDone::NotAllowed(why) = actor.may(operation).unwrap_err() else { panic!("it is another refusal") };
            assert!(said.iter().all(|word| why.contains(word)), "{why}");
        }
    }

    #[test]
    fn an_entry_holds_no_address_in_the_place_of_a_contacts_id() {
        for (id, noted) in [
            ("", ""),
            ("p1", "p1"),
            ("#0", "#0"),
            ("ent_1", "ent_1"),
            ("ap@buyer.example", "(an address)"),
            ("+493012345678", "(an address)"),
            ("#invoice:2Rv6Zb8mUq", "(an address)"),
        ] {
            assert_eq!(noted_contact(id), noted);
        }
    }

    #[test]
    fn entries_say_who_and_as_what() {
        let now: Timestamp = "2026-02-10T10:00:00Z".parse().unwrap();
        let long = "x".repeat(500);
        let key = KeyId::parse("key_1").unwrap();
        for (actor, by, role) in [
            (Actor::new(acme(), StaffRole::Manager, Some("p-1")), "p-1".to_owned(), "manager"),
            (Actor::new(acme(), StaffRole::Manager, None), String::new(), "manager"),
            (Actor::machine(acme(), StaffRole::Collector, &key, [KeyScope::Read].into()), "key_1".to_owned(), "collector"),
            (Actor::operator(&long), "x".repeat(SUBJECT_MAX), "operator"),
        ] {
            let entry = actor.entry(Operation::Pause, now);
            assert_eq!((entry.by, entry.role.as_str(), entry.operation.as_str()), (by, role, "pause"));
        }
    }
}
