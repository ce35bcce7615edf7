//! The people of a customer at any time: their addresses, when they were contacted, and the customers whose people were written to.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ByHand, Contact, Customer, CustomerId, Invoice, TenantId, address_key, reached_by};

use super::Everything;
use crate::{
    Result, Store, Vault,
    customer::contacts::log_of,
    table::{
        attributes::document::DOC,
        db::json,
        keys::{self, Key},
    },
};

impl Store {
    /// Versions of the addresses of everybody who was ever a contact, and of the customers whose people were written to.
    pub(super) async fn people_ever(&self, vault: &Vault, tenant: &TenantId, all: &mut Everything) -> Result<()> {
        let mut profiles: Vec<Customer> = Vec::new();
        let mut above: BTreeSet<CustomerId> = BTreeSet::new();
        let mut by_hand: Vec<ByHand> = Vec::new();
        for version in all.own.iter().filter(|version| version.row.contains_key(DOC)) {
            match version.sk.as_str() {
                "PROFILE" => {
                    let profile: Customer = json(&version.row, DOC)?;
                    above.extend(profile.contacts_of.clone());
                    profiles.push(profile);
                }
                keys::BY_HAND => by_hand.push(json(&version.row, DOC)?),
                _ => {}
            }
        }
        for id in above {
            let mut versions = self.versions(&keys::customer(tenant, &id), "PROFILE").await?;
            vault.open_versions(tenant, &id, &mut versions).await?;
            for version in versions.iter().filter(|version| version.row.contains_key(DOC)) {
                match version.sk.as_str() {
                    "PROFILE" => profiles.push(json(&version.row, DOC)?),
                    keys::BY_HAND => by_hand.push(json(&version.row, DOC)?),
                    _ => {}
                }
            }
            all.above.insert(id, versions);
        }
        let mut invoices: Vec<Invoice> = Vec::new();
        for version in all.own.iter().filter(|version| version.sk.starts_with("INV#") && version.row.contains_key(DOC)) {
            invoices.push(json(&version.row, DOC)?);
        }
        let own = invoices.iter().filter_map(|invoice| invoice.contact.as_ref());
        let (mut names, mut persons) = (BTreeSet::new(), BTreeSet::new());
        // Whoever a contact was, with what was entered of it at any time.
        let described = profiles.iter().flat_map(|profile| &profile.contacts);
        let entered: Vec<Contact> = by_hand.iter().flat_map(|by_hand| by_hand.contacts_of(&profiles)).collect();
        for contact in described.chain(own).chain(&entered) {
            persons.extend(contact.person());
            names.extend(reached_by(contact).into_iter().map(|(channel, address)| address_key(channel, &address)));
        }
        for name in names {
            let Key { pk, .. } = keys::address(tenant, &name);
            let versions = self.versions(&pk, "").await?;
            all.addresses.insert(name, versions);
        }
        let persons: BTreeMap<Key, String> = persons.into_iter().map(|person| (keys::person(tenant, &person), person)).collect();
        let wanted: Vec<Key> = persons.keys().cloned().collect();
        for (key, row) in self.read_many("read the contacts of people for", &wanted, true).await? {
            let Some(person) = persons.get(&key) else { continue };
            all.contact_log.insert(person.clone(), log_of(&row)?);
        }
        Ok(())
    }
}
