//! The other customers of the tenant at which whoever entered a code is known by the same address.

use std::collections::BTreeSet;

use domain::{Channel, CustomerId, People, customer::mailbox_of};
use jiff::Timestamp;
use store::{FoundLink, LinkCode, LinkStanding, LinkTo, PersonId, Store, Vault};

use crate::{Done, link_contacts::contact_of, link_holder::LinkHolder, matter};

/// Customers of one person that are looked at, and listed, at most.
const OTHERS_MAX: usize = 50;

/// A customer that has the link's address too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherCustomer {
    /// Its name.
    pub name: String,
    /// The code of the address's link to it: the one that messages for it have.
    pub code: LinkCode,
}

impl LinkHolder {
    /// The other customers of the tenant to which the link's email address has a link that is good, by name. Nothing is written: an address that no
    /// message of a customer went to lately has none there. The caller looked that a code was entered.
    ///
    /// # Errors
    ///
    /// [`crate::NotDone::NotFound`] for the customer; those of KMS and of the table.
    pub async fn others(&self, (store, vault): (&Store, &Vault), found: &FoundLink, now: Timestamp) -> Done<Vec<OtherCustomer>> {
        let address = &found.link.address;
        let facts = matter::facts(store, &self.tenant, &self.customer).await?;
        let own = contact_of(&People::of(&facts), address).and_then(|(_, contact)| contact.email.clone());
        let Some(email) = own.filter(|_| found.link.channel == Channel::Email) else { return Ok(Vec::new()) };
        let places = store.places_of(&self.tenant, &PersonId::of(&mailbox_of(&email))).await?;
        let others = places.into_iter().map(|place| place.customer).filter(|customer| *customer != self.customer);
        let others: BTreeSet<CustomerId> = others.collect::<BTreeSet<_>>().into_iter().take(OTHERS_MAX).collect();
        let mut all = Vec::new();
        for (customer, brief) in store.briefs(&self.tenant, &others).await? {
            let known = store.link_of(&self.tenant, &customer, address).await?;
            let Some(known) = known.filter(|link| link.standing(now) == LinkStanding::Good) else { continue };
            let to = LinkTo { channel: Channel::Email, address: &email, contact: &known.contact, person: known.person.as_ref() };
            let (code, link) = vault.link_for(&self.tenant, &customer, to, Some(&known), now).await?;
            // One that was made under another key has another code now, which nobody keeps here.
            if link.id == known.id {
                all.push(OtherCustomer { name: brief.name, code });
            }
        }
        all.sort_by(|one, other| (&one.name, one.code.as_str()).cmp(&(&other.name, other.code.as_str())));
        Ok(all)
    }
}
