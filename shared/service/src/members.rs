//! The tenant's people, and invitations. The last member who is an admin stays one.

use domain::{TenantId, mailbox::is_address, signing::signature_flaw};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{Admins, Invitation, Member, Membership, Store};

use crate::{Actor, Done, NotDone, Operation, StaffRole, member_subject::unfit, tenant_limits::TenantLimit};

/// Longest name, in characters.
const NAME_MAX: usize = 100;
/// How long an invitation can be accepted.
const INVITED_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The members, those that were removed where they are asked for.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], and those of reading.
pub async fn list(store: &Store, actor: &Actor, removed_too: bool) -> Done<Vec<Member>> {
    let members = store.members(actor.may(Operation::ListMembers)?).await?;
    Ok(members.into_iter().filter(|member| removed_too || member.removed_at.is_none()).collect())
}

/// One member, one that was removed too.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show(store: &Store, actor: &Actor, subject: &str) -> Done<Member> {
    let tenant = actor.may(Operation::ShowMember)?;
    store.member(tenant, subject, None).await?.0.ok_or_else(no_member)
}

/// The tenants that somebody is a member of.
///
/// # Errors
///
/// Those of reading.
pub async fn memberships(store: &Store, subject: &str) -> Done<Vec<Membership>> {
    Ok(store.memberships(subject).await?)
}

/// Who is to be a member, and as what.
#[derive(Clone, Debug, Default)]
pub struct MemberAsked {
    /// The subject of their sign-in.
    pub subject: String,
    /// Their address.
    pub email: Option<String>,
    /// What they are called.
    pub name: Option<String>,
    /// Their role.
    pub role: String,
}

/// Makes somebody a member by the subject of their sign-in, one who was removed too.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::Conflict`] where they are one already; those of the table.
pub async fn add(store: &Store, actor: &Actor, asked: &MemberAsked, now: Timestamp) -> Done<Member> {
    let tenant = actor.may(Operation::AddMember)?;
    let mut flaws = Vec::new();
    let subject = asked.subject.trim();
    flaws.extend(unfit(subject).map(|detail| ("/sub".to_owned(), detail)));
    let email = asked.email.as_deref().map(plain_address);
    if email.as_ref().is_some_and(Option::is_none) {
        flaws.push(no_address());
    }
    let name = plain_name(asked.name.as_deref(), &mut flaws);
    let role = plain_role(actor, &asked.role, &mut flaws)?;
    let Some(role) = role.filter(|_| flaws.is_empty()) else { return Err(NotDone::Fields(flaws)) };
    let before = store.member(tenant, subject, None).await?.0;
    if before.as_ref().is_some_and(|before| before.removed_at.is_none()) {
        return Err(NotDone::Conflict("they are a member already; PATCH /v1/members/{sub} changes them".to_owned()));
    }
    if before.is_none() {
        unless_full(store, tenant).await?;
    }
    let member = Member {
        subject: subject.to_owned(),
        email: email.flatten(),
        email_verified: false,
        name,
        signature: before.as_ref().and_then(|before| before.signature.clone()),
        role: role.as_str().to_owned(),
        added_at: now,
        added_by: actor.by().to_owned(),
        removed_at: None,
        seen_at: None,
        rev: before.map_or(0, |before| before.rev),
    };
    let entry = actor.entry(Operation::AddMember, now).of(subject).with(json!({ "role": role.as_str() }));
    let admins = if role == StaffRole::Admin { Admins::More } else { Admins::Same };
    put(store.acting(entry), tenant, &member, admins).await
}

/// What is to change of a member.
#[derive(Clone, Debug, Default)]
pub struct MemberChange {
    /// The role that they get.
    pub role: Option<String>,
    /// What they are called from now on; nothing where it is empty.
    pub name: Option<String>,
    /// How mails in their name are signed from now on, line by line; with the name where it is empty.
    pub signature: Option<String>,
}

/// Changes a member's role, name or signature. What is so already changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], [`NotDone::Conflict`] where no admin would be left; those of the table.
pub async fn change(store: &Store, actor: &Actor, subject: &str, asked: &MemberChange, now: Timestamp) -> Done<Member> {
    let tenant = actor.may(Operation::ChangeMember)?;
    let mut flaws = Vec::new();
    let name = plain_name(asked.name.as_deref(), &mut flaws);
    let signature = asked.signature.as_deref().map(str::trim).filter(|text| !text.is_empty());
    flaws.extend(signature.and_then(signature_flaw).map(|detail| ("/signature".to_owned(), detail)));
    let role = match asked.role.as_deref() {
        Some(role) => plain_role(actor, role, &mut flaws)?,
        None => None,
    };
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws));
    }
    let before = present(store, tenant, subject).await?;
    unless_more(actor, &before)?;
    let after = Member {
        role: role.map_or_else(|| before.role.clone(), |role| role.as_str().to_owned()),
        name: if asked.name.is_some() { name } else { before.name.clone() },
        signature: if asked.signature.is_some() { signature.map(str::to_owned) } else { before.signature.clone() },
        ..before.clone()
    };
    if after == before {
        return Ok(before);
    }
    let (renamed, signs) = (before.name != after.name, before.signature != after.signature);
    let what = json!({ "role": { "from": before.role, "to": after.role }, "renamed": renamed, "signature_changed": signs });
    let entry = actor.entry(Operation::ChangeMember, now).of(subject).with(what);
    put(store.acting(entry), tenant, &after, admins(&before.role, &after.role)).await
}

/// Removes a member: they are refused at once. Removing them again changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Conflict`] for the last admin; those of the table.
pub async fn remove(store: &Store, actor: &Actor, subject: &str, now: Timestamp) -> Done<Member> {
    let tenant = actor.may(Operation::RemoveMember)?;
    let before = store.member(tenant, subject, None).await?.0.ok_or_else(no_member)?;
    if before.removed_at.is_some() {
        return Ok(before);
    }
    unless_more(actor, &before)?;
    let entry = actor.entry(Operation::RemoveMember, now).of(subject).with(json!({ "role": before.role }));
    let gone = Member { removed_at: Some(now), ..before.clone() };
    put(store.acting(entry), tenant, &gone, admins(&before.role, "")).await
}

/// The invitations that can be accepted.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], and those of reading.
pub async fn invitations(store: &Store, actor: &Actor, now: Timestamp) -> Done<Vec<Invitation>> {
    let all = store.invitations(actor.may(Operation::ListInvitations)?).await?;
    Ok(all.into_iter().filter(|invited| invited.until > now).collect())
}

/// Who is to be invited, and as what.
#[derive(Clone, Debug, Default)]
pub struct InvitationAsked {
    /// Their address.
    pub email: String,
    /// What they are called.
    pub name: Option<String>,
    /// The role that they get.
    pub role: String,
}

/// Invites somebody: whoever first signs in with that address, verified by the issuer, becomes a member. One for the same address is
/// replaced. Nothing is sent to them.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], and those of the table.
pub async fn invite(store: &Store, actor: &Actor, asked: &InvitationAsked, now: Timestamp) -> Done<Invitation> {
    let tenant = actor.may(Operation::InviteMember)?;
    let mut flaws = Vec::new();
    let email = plain_address(&asked.email);
    if email.is_none() {
        flaws.push(no_address());
    }
    let name = plain_name(asked.name.as_deref(), &mut flaws);
    let role = plain_role(actor, &asked.role, &mut flaws)?;
    let (Some(email), Some(role), true) = (email, role, flaws.is_empty()) else { return Err(NotDone::Fields(flaws)) };
    TenantLimit::Invitations.unless_full(store.invitations(tenant).await?.len())?;
    unless_full(store, tenant).await?;
    let role = role.as_str().to_owned();
    let entry = actor.entry(Operation::InviteMember, now).with(json!({ "role": role }));
    let invited = Invitation { email, name, role, at: now, by: actor.by().to_owned(), until: now + INVITED_FOR };
    store.acting(entry).put_invitation(tenant, &invited).await?;
    Ok(invited)
}

/// Takes an invitation back.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of the table.
pub async fn withdraw(store: &Store, actor: &Actor, email: &str, now: Timestamp) -> Done<()> {
    let tenant = actor.may(Operation::WithdrawInvitation)?;
    let none = || NotDone::NotFound("there is no such invitation; GET /v1/invitations lists them".to_owned());
    let email = plain_address(email).ok_or_else(none)?;
    let entry = actor.entry(Operation::WithdrawInvitation, now);
    if store.acting(entry).withdraw_invitation(tenant, &email).await? { Ok(()) } else { Err(none()) }
}

async fn put(store: Store, tenant: &TenantId, member: &Member, admins: Admins) -> Done<Member> {
    store.put_member(tenant, member, admins, None).await.map_err(|error| match error {
        store::Error::Refused { why, .. } => NotDone::Conflict(why),
        error => error.into(),
    })
}

/// What a change of role does to the number of admins.
fn admins(before: &str, after: &str) -> Admins {
    let admin = StaffRole::Admin.as_str();
    match (before == admin, after == admin) {
        (false, true) => Admins::More,
        (true, false) => Admins::Less,
        (true, true) | (false, false) => Admins::Same,
    }
}

async fn present(store: &Store, tenant: &TenantId, subject: &str) -> Done<Member> {
    let known = store.member(tenant, subject, None).await?.0;
    known.filter(|member| member.removed_at.is_none()).ok_or_else(no_member)
}

async fn unless_full(store: &Store, tenant: &TenantId) -> Done<()> {
    TenantLimit::Members.unless_full(store.members(tenant).await?.len())
}

/// A machine changes nobody who is more than itself.
fn unless_more(actor: &Actor, member: &Member) -> Done<()> {
    if StaffRole::read(&member.role) > actor.role() {
        return Err(NotDone::NotAllowed("they have a higher role than who asks".to_owned()));
    }
    Ok(())
}

fn plain_role(actor: &Actor, role: &str, flaws: &mut Vec<(String, String)>) -> Done<Option<StaffRole>> {
    let Some(role) = StaffRole::read(role) else {
        flaws.push(("/role".to_owned(), "a role is viewer, collector, manager or admin".to_owned()));
        return Ok(None);
    };
    if Some(role) > actor.role() {
        return Err(NotDone::NotAllowed("nobody gives a higher role than their own".to_owned()));
    }
    Ok(Some(role))
}

fn plain_name(name: Option<&str>, flaws: &mut Vec<(String, String)>) -> Option<String> {
    let name = name.map(str::trim).filter(|name| !name.is_empty())?;
    if name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        flaws.push(("/name".to_owned(), format!("a name has at most {NAME_MAX} characters in one line")));
        return None;
    }
    Some(name.to_owned())
}

fn plain_address(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    is_address(&text).then_some(text)
}

fn no_address() -> (String, String) {
    ("/email".to_owned(), "an email address is one address without a name, such as robin@acme.example".to_owned())
}

fn no_member() -> NotDone {
    NotDone::NotFound("there is no such member; GET /v1/members lists them".to_owned())
}
