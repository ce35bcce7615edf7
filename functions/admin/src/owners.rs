//! Who looks after a customer, teams, who stands in, and handing over.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    owners::{self, AbsenceAsked, HandedOver, OwnerFound},
    teams::{self, TeamFound, TeamMemberFound},
};
use store::Absence;
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
    filters::Filters,
    strangers,
    warning::Warning,
};

/// Who looks after a customer.
#[derive(Serialize, ToSchema)]
pub struct OwnerOut {
    /// The customer, `cus_…`.
    customer: String,
    /// The subject of a member's sign-in, or what a team is called; null where neither a person nor a rule says one.
    owner: Option<String>,
    /// `hand` where a person said so, `rule` where the settings' `owners` do; null where nobody is.
    how: Option<&'static str>,
    /// Who said so, by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// When, by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Who stands in today, where the owner is away: the first who is not away too.
    #[serde(skip_serializing_if = "Option::is_none")]
    stand_in: Option<String>,
    /// The members of the owner, where it is a team of the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<Vec<TeamMemberOut>>,
    /// That who was named is neither a member nor a team.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// A member of a team today.
#[derive(Serialize, ToSchema)]
pub struct TeamMemberOut {
    /// The subject of their sign-in.
    sub: String,
    /// Whether they are away today.
    away: bool,
    /// Who stands in then: the first who is not away too; null where nobody is.
    stand_in: Option<String>,
}

/// A team.
#[derive(Serialize, ToSchema)]
pub struct TeamOut {
    /// What it is called.
    name: String,
    /// Its members.
    members: Vec<TeamMemberOut>,
}

/// The teams.
#[derive(Serialize, ToSchema)]
pub struct TeamsOut {
    /// As the settings' `teams` name them.
    data: Vec<TeamOut>,
    /// Always null: all are on one page.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// Who is to look after a customer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnerIn {
    /// The subject of a member's sign-in, or what a team is called; null leaves it to the settings' rules.
    owner: Option<String>,
    /// Why, at most 500 characters; the audit keeps it for good. One with an @ is refused; name nobody.
    #[serde(default)]
    reason: Option<String>,
}

/// Whose customers.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OwnedQuery {
    /// The subject of a member's sign-in, or what a team is called. It is needed.
    owner: Option<String>,
    /// How many, 1 to 200; 100 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Customers of an owner.
#[derive(Serialize, ToSchema)]
pub struct OwnedOut {
    /// Their ids, `cus_…`.
    data: Vec<String>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// From whom to whom customers go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverIn {
    /// The owner that they have.
    from: String,
    /// The owner that they get.
    to: String,
    /// Why, at most 500 characters; the audit keeps it for good. One with an @ is refused; name nobody.
    #[serde(default)]
    reason: Option<String>,
}

/// How far handing over came.
#[derive(Serialize, ToSchema)]
pub struct HandOverOut {
    /// How many customers went over now.
    count: usize,
    /// How many open tasks.
    tasks: usize,
    /// Whether there are more: the same request again goes on.
    more: bool,
    /// What still names the one who handed over: JSON pointers into the settings (rules, teams, `key_accounts`), and paths of absences in which they
    /// stand in. These are changed by hand.
    still: Vec<String>,
    /// That who gets it is neither a member nor a team.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// When a member is away.
#[derive(Serialize, ToSchema)]
pub struct AbsenceOut {
    /// The subject of their sign-in.
    sub: String,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from_on: Date,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    until_on: Date,
    /// Who stands in.
    stand_in: String,
}

/// Who is away.
#[derive(Serialize, ToSchema)]
pub struct AbsencesOut {
    /// Today or later.
    data: Vec<AbsenceOut>,
    /// Always null: all are on one page.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// When a member is away; with none of the days they are there.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AbsenceIn {
    /// The first day.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    from_on: Option<Date>,
    /// The last day, at most 400 days ahead.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    until_on: Option<Date>,
    /// Who stands in: the subject of another member's sign-in, or what a team is called.
    #[serde(default)]
    stand_in: Option<String>,
}

/// Who looks after a customer: whom a person named, else whom the first rule of the settings' `owners` names that fits.
#[utoipa::path(get, path = "/v1/owners/{customer_id}", tag = "owners", operation_id = "show_owner",
    params(("customer_id" = String, Path, description = "`cus_…`")),
    responses((status = 200, description = "The owner", body = OwnerOut), (status = 404, description = "not-found")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(customer): Path<String>) -> ApiResult<Json<OwnerOut>> {
    let found = owners::show(&app.store, &caller.0, &customer, app.clock.now()).await?;
    Ok(Json(shown(customer, found)))
}

/// Says who looks after a customer.
#[utoipa::path(put, path = "/v1/owners/{customer_id}", tag = "owners", operation_id = "set_owner",
    params(("customer_id" = String, Path, description = "`cus_…`")), request_body = OwnerIn,
    responses((status = 200, description = "The owner", body = OwnerOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found"), (status = 409, description = "changed-meanwhile")))]
pub async fn set(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(customer): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<OwnerOut>> {
    caller.may(Operation::SetOwner)?;
    let OwnerIn { owner, reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let (owner, reason, now) = (owner.as_deref(), reason.as_deref(), app.clock.now());
    let found = owners::set(&app.store, &caller.0, &customer, owner, reason, now).await?;
    let warnings = strangers::warnings(&app, caller.0.tenant(), "/owner", owner).await?;
    Ok(Json(OwnerOut { warnings, ..shown(customer, found) }))
}

/// The customers that people gave to an owner. Those that are an owner's by a rule are not among them.
#[utoipa::path(get, path = "/v1/owners", tag = "owners", operation_id = "list_owned", params(OwnedQuery),
    responses((status = 200, description = "A page", body = OwnedOut), (status = 400, description = "bad-request")))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller, Filters(query): Filters<OwnedQuery>) -> ApiResult<Json<OwnedOut>> {
    caller.may(Operation::ListOwned)?;
    let limit = Fail::unless_page_size(query.limit)?;
    let owner =
        query.owner.ok_or_else(|| Fail::bad_request("'owner' says whose customers: a member's subject, or a team's name"))?;
    let (customers, next) = owners::list(&app.store, &caller.0, &owner, limit, query.cursor.as_deref()).await?;
    let data = customers.iter().map(ToString::to_string).collect();
    Ok(Json(OwnedOut { data, next: next.map(|id| id.to_string()), as_of: app.clock.now() }))
}

/// Gives the customers that people gave to one owner, and the open tasks that are theirs, to another, at most 200 at once. Handing them back is
/// the same with the names exchanged, and takes along what the other had before.
#[utoipa::path(post, path = "/v1/owners/hand_over", tag = "owners", operation_id = "hand_over", request_body = HandOverIn,
    responses((status = 200, description = "How far it came", body = HandOverOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found: there are no settings yet"),
              (status = 409, description = "changed-meanwhile")))]
pub async fn hand_over(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<Json<HandOverOut>> {
    caller.may(Operation::HandOver)?;
    let HandOverIn { from, to, reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let done = owners::hand_over(&app.store, &caller.0, &from, &to, reason.as_deref(), app.clock.now()).await?;
    let HandedOver { count, tasks, more, still } = done;
    let warnings = strangers::warnings(&app, caller.0.tenant(), "/to", Some(&to)).await?;
    Ok(Json(HandOverOut { count, tasks, more, still, warnings }))
}

/// Who is away today or later, and who stands in.
#[utoipa::path(get, path = "/v1/absences", tag = "owners", operation_id = "list_absences",
    responses((status = 200, description = "Who is away", body = AbsencesOut), (status = 404, description = "not-found")))]
pub async fn absences(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<AbsencesOut>> {
    let now = app.clock.now();
    let all = owners::absences(&app.store, &caller.0, now).await?;
    Ok(Json(AbsencesOut { data: all.into_iter().map(absence_shown).collect(), next: None, as_of: now }))
}

/// Says when a member is away and who stands in; an empty body says that they are there. Members say it of themselves, managers of everybody.
#[utoipa::path(put, path = "/v1/absences/{sub}", tag = "owners", operation_id = "set_absence",
    params(("sub" = String, Path, description = "The subject of their sign-in, percent-encoded")), request_body = AbsenceIn,
    responses((status = 200, description = "Who is away", body = AbsencesOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile")))]
pub async fn set_absence(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(subject): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<AbsencesOut>> {
    caller.may(Operation::SetAbsence)?;
    let AbsenceIn { from_on, until_on, stand_in } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let asked = AbsenceAsked { subject, from_on, until_on, stand_in };
    let now = app.clock.now();
    let absence = owners::set_absence(&app.store, &caller.0, &asked, now).await?;
    Ok(Json(AbsencesOut { data: absence.into_iter().map(absence_shown).collect(), next: None, as_of: now }))
}

/// The teams, and who of each is there today.
#[utoipa::path(get, path = "/v1/teams", tag = "owners", operation_id = "list_teams",
    responses((status = 200, description = "All of them", body = TeamsOut), (status = 404, description = "not-found: there are no settings yet")))]
pub async fn list_teams(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<TeamsOut>> {
    let now = app.clock.now();
    let team = |found: TeamFound| TeamOut { name: found.name, members: found.members.into_iter().map(member_shown).collect() };
    let data = teams::list(&app.store, &caller.0, now).await?.into_iter().map(team).collect();
    Ok(Json(TeamsOut { data, next: None, as_of: now }))
}

fn member_shown(member: TeamMemberFound) -> TeamMemberOut {
    let TeamMemberFound { subject, is_away, stand_in } = member;
    TeamMemberOut { sub: subject, away: is_away, stand_in }
}

fn absence_shown(absence: Absence) -> AbsenceOut {
    let Absence { subject, from_on, until_on, stand_in } = absence;
    AbsenceOut { sub: subject, from_on, until_on, stand_in }
}

fn shown(customer: String, found: OwnerFound) -> OwnerOut {
    let OwnerFound { owner, by_hand, stand_in, team } = found;
    let how = owner.as_ref().map(|_| if by_hand.is_some() { "hand" } else { "rule" });
    let (by, since) = by_hand.map(|known| (known.by, known.at)).unzip();
    let team = team.map(|members| members.into_iter().map(member_shown).collect());
    OwnerOut { customer, owner, how, by, since, stand_in, team, warnings: vec![] }
}
