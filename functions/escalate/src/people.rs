//! Who is there to be told.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    CustomerId, Settings, TenantId,
    calendar::tenant_zone,
    notice::{NoticeMember, NoticePeople},
    owners::owner_by_rule,
};
use jiff::Timestamp;
use store::{Result, Store};

/// A tenant's people today, and who looks after a customer.
pub(crate) struct Today {
    members: Vec<NoticeMember>,
    away: BTreeMap<String, String>,
    owner: Option<String>,
}

impl Today {
    /// # Errors
    ///
    /// Those of reading.
    pub(crate) async fn read(
        store: &Store,
        (tenant, settings): (&TenantId, &Settings),
        customer: Option<&CustomerId>,
        now: Timestamp,
    ) -> Result<Self> {
        let today = now.to_zoned(tenant_zone(settings)).date();
        let members = store.members(tenant).await?.into_iter().filter(|member| member.removed_at.is_none());
        let members = members.map(|member| NoticeMember {
            subject: member.subject,
            role: member.role,
            email: member.email.filter(|_| member.email_verified),
        });
        let absences = store.absences(tenant).await?.into_iter();
        let absences = absences.filter(|away| away.from_on <= today && today <= away.until_on);
        let owner = match customer {
            Some(customer) => {
                let owning = store.owning(tenant, &BTreeSet::from([customer.clone()])).await?.remove(customer);
                owning.and_then(|(by_hand, customer)| {
                    let by_rule = || owner_by_rule(&settings.owners, &customer).map(str::to_owned);
                    by_hand.map(|known| known.owner).or_else(by_rule)
                })
            }
            None => None,
        };
        Ok(Self { members: members.collect(), away: absences.map(|away| (away.subject, away.stand_in)).collect(), owner })
    }

    pub(crate) fn people<'a>(&'a self, settings: &'a Settings) -> NoticePeople<'a> {
        NoticePeople { members: &self.members, teams: &settings.teams, away: &self.away, owner: self.owner.as_deref() }
    }
}
