//! Names that are given work, or customers, and are neither a member nor a team: what is theirs is in nobody's worklist.

use std::collections::BTreeSet;

use domain::{Settings, TenantId};

use crate::{answer::ApiResult, app::App, warning::Warning};

/// Which of the names, each with where it stands, are neither a member nor a team, with a sentence for each. None where nobody is a member yet:
/// tokens alone say who there is then.
///
/// # Errors
///
/// Those of reading.
pub async fn among(
    app: &App,
    tenant: &TenantId,
    settings: &Settings,
    named: Vec<(String, &str)>,
) -> ApiResult<Vec<(String, String)>> {
    let named: Vec<(String, &str)> = named.into_iter().filter(|(_, name)| !settings.teams.contains_key(*name)).collect();
    if named.is_empty() {
        return Ok(vec![]);
    }
    let members = app.store.members(tenant).await?.into_iter().filter(|member| member.removed_at.is_none());
    let members: BTreeSet<String> = members.map(|member| member.subject).collect();
    if members.is_empty() {
        return Ok(vec![]);
    }
    let strange = named.into_iter().filter(|(_, name)| !members.contains(*name));
    let said = |name: &str| format!("'{name}' is neither a member nor a team: what is theirs is in nobody's worklist");
    Ok(strange.map(|(pointer, name)| (pointer, said(name))).collect())
}

/// What there is to say of a name that a request gives work or customers to.
///
/// # Errors
///
/// Those of reading.
pub async fn warnings(app: &App, tenant: &TenantId, pointer: &str, name: Option<&str>) -> ApiResult<Vec<Warning>> {
    let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { return Ok(vec![]) };
    let Some(settings) = app.store.settings(tenant).await? else { return Ok(vec![]) };
    let found = among(app, tenant, &settings.value, vec![(pointer.to_owned(), name)]).await?;
    Ok(found.into_iter().map(Warning::from).collect())
}
