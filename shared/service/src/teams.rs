//! Teams, who of them is there today, and under which names work reaches a person.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    CustomerId, Settings, TenantId,
    calendar::tenant_zone,
    owners::owner_by_rule,
    teams::{names_of, stand_in},
};
use jiff::Timestamp;
use store::Store;

use crate::{Actor, Done, Operation, matter};

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamFound {
    /// What it is called.
    pub name: String,
    /// Its members.
    pub members: Vec<TeamMemberFound>,
}

/// A member of a team today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamMemberFound {
    /// The subject of their sign-in.
    pub subject: String,
    /// Whether they are away today.
    pub is_away: bool,
    /// Who stands in then: the first who is not away.
    pub stand_in: Option<String>,
}

/// The teams of the settings, each with who of it is there today.
///
/// # Errors
///
/// [`crate::NotDone::NotAllowed`], and those of reading.
pub async fn list(store: &Store, actor: &Actor, now: Timestamp) -> Done<Vec<TeamFound>> {
    let tenant = actor.may(Operation::ListTeams)?;
    let settings = matter::settings(store, tenant).await?;
    let away = away(store, tenant, &settings, now).await?;
    let found = settings.teams.iter().map(|(name, members)| TeamFound { name: name.clone(), members: today(members, &away) });
    Ok(found.collect())
}

/// Who of a team is there.
pub(crate) fn today(members: &[String], away: &BTreeMap<String, String>) -> Vec<TeamMemberFound> {
    let of = |subject: &String| {
        let is_away = away.contains_key(subject);
        let instead = stand_in(subject, away).filter(|acts| *acts != subject).map(str::to_owned);
        TeamMemberFound { subject: subject.clone(), is_away, stand_in: instead }
    };
    members.iter().map(of).collect()
}

/// Who is away today, each with who stands in.
pub(crate) async fn away(
    store: &Store,
    tenant: &TenantId,
    settings: &Settings,
    now: Timestamp,
) -> Done<BTreeMap<String, String>> {
    let today = now.to_zoned(tenant_zone(settings)).date();
    let absences = store.absences(tenant).await?.into_iter();
    let absences = absences.filter(|away| away.from_on <= today && today <= away.until_on);
    Ok(absences.map(|away| (away.subject, away.stand_in)).collect())
}

/// The names under which work reaches somebody today: their own, those of whom they stand in for, and the teams of all of these.
///
/// # Errors
///
/// Those of reading.
pub async fn works_as(
    store: &Store,
    tenant: &TenantId,
    settings: &Settings,
    subject: &str,
    now: Timestamp,
) -> Done<BTreeSet<String>> {
    Ok(names_of(subject, &settings.teams, &away(store, tenant, settings, now).await?))
}

/// Whose customers are: whom a person named of each, else whom the first rule of the settings names. Those that are nobody's are left out.
///
/// # Errors
///
/// Those of reading.
pub async fn owners_of(
    store: &Store,
    tenant: &TenantId,
    settings: &Settings,
    customers: &BTreeSet<CustomerId>,
) -> Done<BTreeMap<CustomerId, String>> {
    let mut owners = BTreeMap::new();
    if customers.is_empty() {
        return Ok(owners);
    }
    for (id, (by_hand, customer)) in store.owning(tenant, customers).await? {
        let by_rule = || owner_by_rule(&settings.owners, &customer).map(str::to_owned);
        if let Some(owner) = by_hand.map(|known| known.owner).or_else(by_rule) {
            owners.insert(id, owner);
        }
    }
    Ok(owners)
}
