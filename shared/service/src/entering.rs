//! Who somebody is to a tenant.
//!
//! A member's item decides. What a token claims counts only while the tenant has no member with that subject. One who was removed is
//! refused. An invitation makes a member of whoever first comes with its address, where the issuer verified that the address is theirs.

use std::collections::BTreeSet;

use domain::{KeyId, TenantId};
use jiff::Timestamp;
use serde_json::json;
use store::{Admins, ApiKey, AuditEntry, Invitation, Member, Store};

use crate::{
    Actor, Done, KeyScope, StaffRole,
    api_keys::{PresentedKey, opens},
    member_subject::unfit,
};

/// The word of the role of those who operate the deployment.
pub const OPERATOR: &str = "operator";
/// What the audit says of a first sign-in by invitation.
const ACCEPTED: &str = "accept_invitation";

/// Somebody whose token was accepted, and what it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Who: the subject.
    pub subject: String,
    /// Their address in lower case, where the issuer says that it verified it.
    pub email: Option<String>,
    /// What they are called.
    pub name: Option<String>,
    /// The tenant that the token claims.
    pub tenant: Option<String>,
    /// The role that it claims.
    pub role: Option<String>,
}

/// Who somebody is.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one a request, and nearly all are the large one")]
pub enum Entered {
    /// They may act.
    As(Actor),
    /// They are signed in and may act for nobody: why, and what to do about it.
    Nowhere(String),
}

/// Who a person is to the tenant that they name, else to the one that their token claims.
///
/// # Errors
///
/// Those of the table.
pub async fn enter(store: &Store, person: &Person, named: Option<&str>, now: Timestamp) -> Done<Entered> {
    if named.is_none() && person.role.as_deref() == Some(OPERATOR) {
        return Ok(Entered::As(Actor::operator(&person.subject).with_email(person.email.clone())));
    }
    let Some(text) = named.or(person.tenant.as_deref()) else {
        let detail = "the token has no claim 'tenant' (or 'custom:tenant'); name a tenant that you are a member of in X-Dunlin-Tenant; \
                      GET /v1/me lists them";
        return Ok(Entered::Nowhere(detail.to_owned()));
    };
    let Ok(tenant) = TenantId::parse(text) else {
        let whose = if named.is_some() { "X-Dunlin-Tenant" } else { "the claim 'tenant' (or 'custom:tenant')" };
        return Ok(Entered::Nowhere(format!("{whose} is no tenant's id")));
    };
    let (mut member, mut invitation) = store.member(&tenant, &person.subject, person.email.as_deref()).await?;
    // Two calls may be the first: one of them makes the member, and the other finds it.
    for _ in 0..2 {
        let Some(open) = invitation.take().filter(|open| is_for(open, member.as_ref(), now)) else { break };
        if let Some(why) = unfit(&person.subject) {
            return Ok(Entered::Nowhere(format!("you cannot become a member by the subject of your sign-in: {why}")));
        }
        let accepted = accept(store, &tenant, person, member.as_ref(), &open, now).await;
        match accepted {
            Ok(made) => member = Some(made),
            Err(store::Error::Conflict { .. }) => {
                (member, invitation) = store.member(&tenant, &person.subject, person.email.as_deref()).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(match member {
        Some(member) if member.removed_at.is_some() => {
            Entered::Nowhere(format!("you are no longer a member of the tenant {tenant}; an admin of it can invite you again"))
        }
        Some(member) => {
            note(store.seen(&tenant, &member, now).await);
            as_person(person, tenant, &member.role)
        }
        None => claimed(person, tenant),
    })
}

/// What somebody's token says of them, where no member's item does.
fn claimed(person: &Person, tenant: TenantId) -> Entered {
    if person.tenant.as_deref() != Some(tenant.as_str()) {
        return Entered::Nowhere(format!("you are no member of the tenant {tenant}; an admin of it can invite you"));
    }
    match person.role.as_deref() {
        Some(role) if role != OPERATOR => as_person(person, tenant, role),
        Some(_) | None => Entered::Nowhere(no_role(&tenant)),
    }
}

fn as_person(person: &Person, tenant: TenantId, role: &str) -> Entered {
    match StaffRole::read(role) {
        Some(role) => Entered::As(Actor::new(tenant, role, Some(&person.subject)).with_email(person.email.clone())),
        None => Entered::Nowhere(no_role(&tenant)),
    }
}

fn no_role(tenant: &TenantId) -> String {
    format!(
        "you are no member of the tenant {tenant}, and the token has no claim 'role' (or 'custom:role') that is viewer, collector, manager \
         or admin"
    )
}

/// Whether an invitation makes somebody a member: one who was removed needs one that is younger.
fn is_for(open: &Invitation, member: Option<&Member>, now: Timestamp) -> bool {
    let waits = match member {
        None => true,
        Some(member) => member.removed_at.is_some_and(|removed| open.at >= removed),
    };
    waits && open.until > now
}

async fn accept(
    store: &Store,
    tenant: &TenantId,
    person: &Person,
    before: Option<&Member>,
    open: &Invitation,
    now: Timestamp,
) -> store::Result<Member> {
    let member = Member {
        subject: person.subject.clone(),
        email: Some(open.email.clone()),
        email_verified: true,
        name: open.name.clone().or_else(|| person.name.clone()),
        signature: before.and_then(|before| before.signature.clone()),
        role: open.role.clone(),
        added_at: now,
        added_by: open.by.clone(),
        removed_at: None,
        seen_at: None,
        rev: before.map_or(0, |before| before.rev),
    };
    let entry = AuditEntry {
        tenant: tenant.clone(),
        at: now,
        by: person.subject.clone(),
        role: open.role.clone(),
        operation: ACCEPTED.to_owned(),
        object: Some(person.subject.clone()),
        customer: None,
        what: json!({ "role": open.role, "invited_by": open.by }),
        note: None,
        act: None,
        once: None,
    };
    // One who was removed is no admin any more.
    let admins = if open.role == StaffRole::Admin.as_str() { Admins::More } else { Admins::Same };
    store.acting(entry).put_member(tenant, &member, admins, Some(open)).await
}

/// Who somebody is now who began something as `by` and in a role: one who was removed meanwhile, or a key that was revoked, is nobody.
///
/// # Errors
///
/// Those of reading.
pub async fn still(store: &Store, tenant: &TenantId, by: Option<&str>, role: &str) -> Done<Option<Actor>> {
    let by = by.unwrap_or_default();
    if let Some(id) = KeyId::parse(by) {
        let key = store.api_key(tenant, &id).await?.filter(|key| key.revoked_at.is_none());
        return Ok(key.and_then(|key| as_machine(tenant, &key)));
    }
    let role = match store.member(tenant, by, None).await?.0 {
        Some(member) if member.removed_at.is_some() => None,
        Some(member) => StaffRole::read(&member.role),
        None => StaffRole::read(role),
    };
    Ok(role.map(|role| Actor::new(tenant.clone(), role, Some(by).filter(|by| !by.is_empty()))))
}

/// Who a machine is by its key. `None` where the key opens nothing.
///
/// # Errors
///
/// Those of the table.
pub async fn enter_machine(store: &Store, presented: &PresentedKey<'_>, now: Timestamp) -> Done<Option<Actor>> {
    let Some(key) = store.api_key(&presented.tenant, &presented.id).await? else { return Ok(None) };
    if !opens(&key, presented.secret, now) {
        return Ok(None);
    }
    note(store.api_key_used(&presented.tenant, &key, now).await);
    Ok(as_machine(&presented.tenant, &key))
}

fn as_machine(tenant: &TenantId, key: &ApiKey) -> Option<Actor> {
    let scopes: BTreeSet<KeyScope> = key.scopes.iter().filter_map(|word| KeyScope::read(word)).collect();
    Some(Actor::machine(tenant.clone(), StaffRole::read(&key.role)?, &key.id, scopes))
}

/// What is noted of a call is no reason to refuse it: a note that fails is made by the next call.
fn note(noted: store::Result<()>) {
    drop(noted);
}
