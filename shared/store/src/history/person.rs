//! What history says of one person at a customer.

use domain::{Contact, Customer, CustomerId, TenantId};
use jiff::Timestamp;

use crate::{
    PersonId, Result, Vault,
    table::{attributes::document::DOC, db::json, keys},
};

/// Versions of a contact that are told of at most, the newest.
const VERSIONS_MAX: usize = 500;

impl Vault {
    /// What the source said of a person at a customer, each time that it was something else, oldest first.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn history_of_person(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        person: &PersonId,
    ) -> Result<Vec<(Timestamp, Contact)>> {
        let mut versions = self.store.versions(&keys::customer(tenant, customer), "PROFILE").await?;
        versions.retain(|version| version.sk == "PROFILE" && version.row.contains_key(DOC));
        versions.sort_by_key(|version| version.at);
        self.open_versions(tenant, customer, &mut versions).await?;
        let mut said: Vec<(Timestamp, Contact)> = Vec::new();
        for version in &versions {
            let profile: Customer = json(&version.row, DOC)?;
            let is_own = |contact: &Contact| contact.person().is_some_and(|own| PersonId::of(&own) == *person);
            for contact in profile.contacts.into_iter().filter(is_own) {
                if said.last().is_none_or(|(_, known)| *known != contact) {
                    said.push((version.at, contact));
                }
            }
        }
        let older = said.len().saturating_sub(VERSIONS_MAX);
        Ok(said.split_off(older))
    }
}
