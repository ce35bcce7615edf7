//! What history says of one person at a customer.

use domain::{ByHand, Contact, Customer, CustomerId, TenantId};
use jiff::Timestamp;

use crate::{
    PersonId, Result, Vault,
    table::{attributes::document::DOC, db::json, keys},
};

/// Versions of a contact that are told of at most, the newest.
const VERSIONS_MAX: usize = 500;

impl Vault {
    /// What the source said of a person at a customer, and what people entered, each time that it was something else, oldest first.
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
        let says = |sk: &str| sk == "PROFILE" || sk == keys::BY_HAND;
        versions.retain(|version| says(&version.sk) && version.row.contains_key(DOC));
        versions.sort_by_key(|version| version.at);
        self.open_versions(tenant, customer, &mut versions).await?;
        let mut said: Vec<(Timestamp, Contact)> = Vec::new();
        let is_own = |contact: &Contact| contact.person().is_some_and(|own| PersonId::of(&own) == *person);
        let (mut described, mut by_hand): (Option<Customer>, ByHand) = (None, ByHand::default());
        let mut before: Vec<Contact> = Vec::new();
        for version in &versions {
            if version.sk == keys::BY_HAND {
                by_hand = json(&version.row, DOC)?;
            } else {
                described = Some(json(&version.row, DOC)?);
            }
            let Some(described) = &described else { continue };
            let theirs = by_hand.known(described).into_iter().filter(|known| known.forms.iter().any(is_own));
            let now: Vec<Contact> = theirs.flat_map(|known| known.forms).collect();
            said.extend(now.iter().filter(|contact| !before.contains(contact)).map(|contact| (version.at, contact.clone())));
            before = now;
        }
        let older = said.len().saturating_sub(VERSIONS_MAX);
        Ok(said.split_off(older))
    }
}
