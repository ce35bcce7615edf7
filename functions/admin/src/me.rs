//! Who calls.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use service::{Operation, entering::Entered, members, teams};
use store::Membership;
use utoipa::ToSchema;

use crate::{answer::ApiResult, app::App, caller::Entrant};

/// A tenant that somebody is a member of.
#[derive(Serialize, ToSchema)]
pub struct MembershipOut {
    /// Its id.
    tenant: String,
    /// As what: `viewer`, `collector`, `manager` or `admin`.
    role: String,
}

/// Who calls.
#[derive(Serialize, ToSchema)]
pub struct MeOut {
    /// Who: the subject of the token, or the id of the key.
    sub: String,
    /// Their address, where the issuer verified it.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// What they are called, as their token says.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// For whom they act; absent for operators, and for whoever belongs to no tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    /// As what: `viewer`, `collector`, `manager`, `admin` or `operator`; absent for whoever belongs to no tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// What the key opens, for machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    /// The operations that they may do, by `operationId`.
    rights: Vec<String>,
    /// The names under which work reaches them today: their own, those of whom they stand in for, and the teams of all of these.
    works_as: Vec<String>,
    /// The tenants that they are a member of; `X-Dunlin-Tenant` names one of them.
    tenants: Vec<MembershipOut>,
    /// Why they may act for no tenant, and what to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    why_not: Option<String>,
}

/// Says who calls, for which tenant, as what, and what they may do. It answers everybody who is signed in, also who belongs to no tenant yet.
#[utoipa::path(get, path = "/v1/me", tag = "members", operation_id = "show_me",
    params(("X-Dunlin-Tenant" = Option<String>, Header, description = "A tenant that you are a member of; without it, that of the token")),
    responses((status = 200, description = "Who calls", body = MeOut)))]
pub async fn show(State(app): State<Arc<App>>, entrant: Entrant) -> ApiResult<Json<MeOut>> {
    let Entrant { entered, person } = entrant;
    let (actor, why_not) = match entered {
        Entered::As(actor) => (Some(actor), None),
        Entered::Nowhere(why) => (None, Some(why)),
    };
    if let Some(actor) = &actor {
        actor.may(Operation::ShowMe)?;
    }
    let person = person.unwrap_or_default();
    // A machine is of one tenant.
    let tenants = if person.subject.is_empty() { vec![] } else { members::memberships(&app.store, &person.subject).await? };
    let rights = Operation::ALL.iter().filter(|operation| actor.as_ref().is_some_and(|actor| actor.may(**operation).is_ok()));
    let rights = rights.map(|operation| operation.as_str().to_owned()).collect();
    let of_tenant = actor.as_ref().filter(|actor| !actor.is_operator());
    // A machine does no work of people.
    let works_as = match of_tenant.filter(|actor| actor.scopes().is_none() && !actor.by().is_empty()) {
        Some(actor) => match app.store.settings(actor.tenant()).await? {
            Some(settings) => {
                let now = app.clock.now();
                teams::works_as(&app.store, actor.tenant(), &settings.value, actor.by(), now).await?.into_iter().collect()
            }
            None => vec![actor.by().to_owned()],
        },
        None => vec![],
    };
    Ok(Json(MeOut {
        sub: actor.as_ref().map_or(person.subject, |actor| actor.by().to_owned()),
        email: person.email,
        name: person.name,
        tenant: of_tenant.map(|actor| actor.tenant().to_string()),
        role: actor.as_ref().map(|actor| actor.as_what().to_owned()),
        scopes: actor.as_ref().and_then(|actor| Some(actor.scopes()?.iter().map(|scope| scope.as_str().to_owned()).collect())),
        rights,
        works_as,
        tenants: tenants.into_iter().map(shown).collect(),
        why_not,
    }))
}

fn shown(membership: Membership) -> MembershipOut {
    let Membership { tenant, role } = membership;
    MembershipOut { tenant: tenant.to_string(), role }
}
