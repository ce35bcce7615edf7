//! Names that are given work, or customers, and are neither a member nor a team: what is theirs is in nobody's worklist.

use std::collections::BTreeSet;

use domain::{Settings, TenantId};
use service::Done;

use crate::desk::SetupDesk;

/// Which of the names, each with where it stands, are neither a member nor a team, with a sentence for each. None where nobody is a member yet:
/// tokens alone say who there is then.
///
/// # Errors
///
/// Those of reading.
pub async fn among(
    desk: SetupDesk<'_>,
    tenant: &TenantId,
    settings: &Settings,
    named: Vec<(String, &str)>,
) -> Done<Vec<(String, String)>> {
    let named: Vec<(String, &str)> = named.into_iter().filter(|(_, name)| !settings.teams.contains_key(*name)).collect();
    if named.is_empty() {
        return Ok(vec![]);
    }
    let members = desk.store.members(tenant).await?.into_iter().filter(|member| member.removed_at.is_none());
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
pub async fn warnings(desk: SetupDesk<'_>, tenant: &TenantId, pointer: &str, name: Option<&str>) -> Done<Vec<(String, String)>> {
    let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { return Ok(vec![]) };
    let Some(settings) = desk.store.settings(tenant).await? else { return Ok(vec![]) };
    among(desk, tenant, &settings.value, vec![(pointer.to_owned(), name)]).await
}
