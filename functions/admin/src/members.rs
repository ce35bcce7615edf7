//! The tenant's people, and invitations.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    members::{self, InvitationAsked, MemberAsked, MemberChange},
    owners::{LeftBehind, left_behind},
};
use store::{Invitation, Member};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
    filters::Filters,
};

/// Which members.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MembersAsked {
    /// Whether those that were removed are listed too.
    removed: Option<bool>,
}

/// One of the tenant's people.
#[derive(Serialize, ToSchema)]
pub struct MemberOut {
    /// Who: the subject of their sign-in.
    sub: String,
    /// Their address, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// What they are called, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// How mails in their name are signed, line by line; with the name where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    /// `viewer`, `collector`, `manager` or `admin`.
    role: String,
    /// When they became a member.
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
    /// Who made them one.
    added_by: String,
    /// Since when they are refused; absent while they are a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    removed_at: Option<Timestamp>,
    /// When they last called, to the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    seen_at: Option<Timestamp>,
    /// What is still theirs, where they are just removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<LeftBehindOut>,
}

/// What somebody leaves who is removed: it is in nobody's worklist until `POST /v1/owners/hand_over` gives it to somebody else.
#[derive(Serialize, ToSchema)]
pub struct LeftBehindOut {
    /// How many customers a person gave them; at most 200 are counted.
    customers: usize,
    /// How many open tasks are theirs; at most 200 are counted.
    tasks: usize,
    /// Whether there are more of either.
    more: bool,
    /// What still names them: JSON pointers into the settings (rules, teams, `key_accounts`), and paths of absences in which they stand in.
    still: Vec<String>,
}

/// The tenant's people.
#[derive(Serialize, ToSchema)]
pub struct MembersOut {
    /// The members.
    data: Vec<MemberOut>,
    /// Always null: all are on one page.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// Who is to be a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberIn {
    /// The subject of their sign-in, as the issuer has it.
    sub: String,
    /// `viewer`, `collector`, `manager` or `admin`.
    role: String,
    /// Their address.
    #[serde(default)]
    email: Option<String>,
    /// What they are called.
    #[serde(default)]
    name: Option<String>,
}

/// What is to change of a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberPatch {
    /// `viewer`, `collector`, `manager` or `admin`.
    #[serde(default)]
    role: Option<String>,
    /// What they are called; an empty text takes the name away.
    #[serde(default)]
    name: Option<String>,
    /// How mails in their name are signed, line by line, at most 400 characters in 8 lines; an empty text takes it away.
    #[serde(default)]
    #[schema(example = "Anna Weber\nAccounts receivable\n+49 30 1234")]
    signature: Option<String>,
}

/// An invitation that nobody has accepted yet.
#[derive(Serialize, ToSchema)]
pub struct InvitationOut {
    /// Whom: their address in lower case.
    email: String,
    /// What they are called, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The role that they get.
    role: String,
    /// When they were invited.
    #[schema(value_type = String, format = DateTime)]
    invited_at: Timestamp,
    /// Who invited them.
    invited_by: String,
    /// Until when the invitation can be accepted.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

/// Invitations that nobody has accepted yet.
#[derive(Serialize, ToSchema)]
pub struct InvitationsOut {
    /// The invitations.
    data: Vec<InvitationOut>,
    /// Always null: all are on one page.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// Who is to be invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationIn {
    /// Their address.
    email: String,
    /// `viewer`, `collector`, `manager` or `admin`.
    role: String,
    /// What they are called.
    #[serde(default)]
    name: Option<String>,
}

/// The tenant's people.
#[utoipa::path(get, path = "/v1/members", tag = "members", operation_id = "list_members", params(MembersAsked),
    responses((status = 200, description = "The members", body = MembersOut)))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(asked): Filters<MembersAsked>,
) -> ApiResult<Json<MembersOut>> {
    let members = members::list(&app.store, &caller.0, asked.removed.unwrap_or(false)).await?;
    Ok(Json(MembersOut { data: members.into_iter().map(shown).collect(), next: None, as_of: app.clock.now() }))
}

/// One of the tenant's people, one who was removed too.
#[utoipa::path(get, path = "/v1/members/{sub}", tag = "members", operation_id = "show_member",
    params(("sub" = String, Path, description = "The subject of their sign-in, percent-encoded")),
    responses((status = 200, description = "The member", body = MemberOut), (status = 404, description = "not-found")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(sub): Path<String>) -> ApiResult<Json<MemberOut>> {
    Ok(Json(shown(members::show(&app.store, &caller.0, &sub).await?)))
}

/// Makes somebody a member by the subject of their sign-in, one who was removed too. From then on their role here counts, and what their
/// token claims does not.
#[utoipa::path(post, path = "/v1/members", tag = "members", operation_id = "add_member", request_body = MemberIn,
    responses((status = 200, description = "The member", body = MemberOut),
              (status = 400, description = "bad-request, every flaw in errors"),
              (status = 409, description = "not-possible: they are a member already")))]
pub async fn add(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<Json<MemberOut>> {
    caller.may(Operation::AddMember)?;
    let MemberIn { sub, role, email, name } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let asked = MemberAsked { subject: sub, email, name, role };
    Ok(Json(shown(members::add(&app.store, &caller.0, &asked, app.clock.now()).await?)))
}

/// Changes a member's role or name. The last member who is an admin stays one.
#[utoipa::path(patch, path = "/v1/members/{sub}", tag = "members", operation_id = "change_member",
    params(("sub" = String, Path, description = "The subject of their sign-in, percent-encoded")),
    request_body = MemberPatch,
    responses((status = 200, description = "The member as it is now", body = MemberOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile: somebody else changed them; not-possible: no admin would be left")))]
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(sub): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<MemberOut>> {
    caller.may(Operation::ChangeMember)?;
    let MemberPatch { role, name, signature } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let asked = MemberChange { role, name, signature };
    Ok(Json(shown(members::change(&app.store, &caller.0, &sub, &asked, app.clock.now()).await?)))
}

/// Removes a member. They are refused at once, whatever their token claims. The last member who is an admin stays. What is still theirs is
/// counted, and stays so until it is handed over.
#[utoipa::path(delete, path = "/v1/members/{sub}", tag = "members", operation_id = "remove_member",
    params(("sub" = String, Path, description = "The subject of their sign-in, percent-encoded")),
    responses((status = 200, description = "The member as it is now", body = MemberOut), (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile: somebody else changed them; not-possible: no admin would be left")))]
pub async fn remove(State(app): State<Arc<App>>, caller: Caller, Path(sub): Path<String>) -> ApiResult<Json<MemberOut>> {
    let now = app.clock.now();
    let gone = members::remove(&app.store, &caller.0, &sub, now).await?;
    let LeftBehind { customers, tasks, more, still } = left_behind(&app.store, &caller.0, &sub, now).await?;
    let left = Some(LeftBehindOut { customers, tasks, more, still });
    Ok(Json(MemberOut { left, ..shown(gone) }))
}

/// The invitations that can be accepted.
#[utoipa::path(get, path = "/v1/invitations", tag = "members", operation_id = "list_invitations",
    responses((status = 200, description = "The invitations", body = InvitationsOut)))]
pub async fn invitations(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<InvitationsOut>> {
    let now = app.clock.now();
    let invited = members::invitations(&app.store, &caller.0, now).await?;
    Ok(Json(InvitationsOut { data: invited.into_iter().map(invitation).collect(), next: None, as_of: now }))
}

/// Invites somebody. Whoever first signs in with the address, verified by the issuer, becomes a member, within 14 days. Nothing is sent to
/// them: tell them the address of the sign-in. An invitation for the same address is replaced.
#[utoipa::path(post, path = "/v1/invitations", tag = "members", operation_id = "invite_member", request_body = InvitationIn,
    responses((status = 200, description = "The invitation", body = InvitationOut),
              (status = 400, description = "bad-request, every flaw in errors"),
              (status = 409, description = "not-possible: there are too many")))]
pub async fn invite(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<Json<InvitationOut>> {
    caller.may(Operation::InviteMember)?;
    let InvitationIn { email, role, name } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let asked = InvitationAsked { email, name, role };
    Ok(Json(invitation(members::invite(&app.store, &caller.0, &asked, app.clock.now()).await?)))
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/v1/invitations/{email}", tag = "members", operation_id = "withdraw_invitation",
    params(("email" = String, Path, description = "The address that was invited")),
    responses((status = 204, description = "It can be accepted no more"), (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile")))]
pub async fn withdraw(State(app): State<Arc<App>>, caller: Caller, Path(email): Path<String>) -> ApiResult<StatusCode> {
    members::withdraw(&app.store, &caller.0, &email, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(member: Member) -> MemberOut {
    let Member { subject, email, email_verified: _, name, signature, role, added_at, added_by, removed_at, seen_at, rev: _ } =
        member;
    MemberOut { sub: subject, email, name, signature, role, added_at, added_by, removed_at, seen_at, left: None }
}

fn invitation(invited: Invitation) -> InvitationOut {
    let Invitation { email, name, role, at, by, until } = invited;
    InvitationOut { email, name, role, invited_at: at, invited_by: by, until }
}
