//! Somebody who asked for no contact at all: what is written so that it follows the person.
//!
//! A cease is entered for one address. Whoever has that address is asked after at every customer, and it is written down
//!
//! | where | holds for |
//! |---|---|
//! | at each of their addresses, and at the mailbox that their email address leads to | whoever has it, on every channel |
//! | at a number of theirs that others have as well, such as that of a switchboard | the number alone, as an opt-out |
//! | in what people entered of the customer, at the contact | the contact, whatever address it has later |
//!
//! Decisions and senders read all of these anyway. Who is written down beside the address is remembered at it, so that a person who lifts the
//! cease lifts what came with it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Channel, ContactByHand, CustomerId, Identifier, Suppression, SuppressionReason, TenantId, address_key, customer::mailbox_of,
    reached_by,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::people_at::Somebody;
use crate::{
    AddressId, Error, Result, Stopped, Store, StoredByHand,
    table::{
        attributes::address,
        change::{Change, some_item},
        db::{json, s, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
};

const OP: &str = "cease to write to somebody of";

/// What was written down with a cease, by digests and ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CeasedWith {
    /// Digests of the other addresses.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) addresses: BTreeSet<String>,
    /// The customers at which it stands at a contact.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    customers: BTreeSet<CustomerId>,
}

/// Whom a cease is about.
struct Reached {
    people: Vec<Somebody>,
    /// Their addresses beside the one that it is entered for, by their names, each with whether others have it as well.
    addresses: BTreeMap<String, (Channel, String, bool)>,
}

impl Store {
    /// Never writes again to whoever has an address, on any channel, at any customer. What stands so already stays, and is written down anew
    /// wherever it is missing. False when it stood at the address before.
    ///
    /// # Errors
    ///
    /// Those of reading and writing. What was written by then holds; asked for again, the rest is.
    pub async fn cease(
        &self,
        tenant: &TenantId,
        (channel, address): (Channel, &str),
        at: Timestamp,
        said: Option<&str>,
        customer: Option<&CustomerId>,
    ) -> Result<bool> {
        let (beside, id) = (self.unmarked(), AddressId::of(channel, address));
        let stands = self.stopped(tenant, &id).await?.map(|stopped| stopped.suppression);
        let at_once = Suppression { reason: SuppressionReason::Cease, at };
        let cease = stands.filter(|stands| stands.reason.is_of_the_person()).unwrap_or(at_once);
        let reached = self.whom_it_reaches(tenant, (channel, address), customer).await?;
        let mut with = CeasedWith::default();
        for (channel, address, is_others_too) in reached.addresses.values() {
            let reason = if *is_others_too { SuppressionReason::OptOut } else { SuppressionReason::Cease };
            let suppression = Suppression { reason, at: cease.at };
            beside.suppress_saying(tenant, (*channel, address.as_str()), suppression, None, None).await?;
            with.addresses.insert(AddressId::of(*channel, address).digest().to_owned());
        }
        let mut contacts: BTreeMap<CustomerId, Vec<Somebody>> = BTreeMap::new();
        for somebody in reached.people {
            // Who stands at a position, or is named by an invoice, is known by the addresses alone.
            if !somebody.id.starts_with('#') {
                contacts.entry(somebody.customer.clone()).or_default().push(somebody);
            }
        }
        for (customer, people) in &contacts {
            beside.cease_contacts(tenant, customer, people, cease.at, at).await?;
        }
        with.customers.extend(contacts.into_keys());
        let is_new = self.suppress_saying(tenant, (channel, address), cease, said, customer).await?;
        beside.remember_with(tenant, &id, with).await?;
        Ok(is_new)
    }

    /// Lifts what was written down with the cease that stands against an address, but for what another cease wrote as well. The address itself
    /// is lifted after.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn lift_what_came_with(&self, tenant: &TenantId, lifted: &Stopped, now: Timestamp) -> Result<()> {
        let (beside, at) = (self.unmarked(), lifted.suppression.at);
        let with = self.came_with(tenant, &lifted.id).await?;
        for digest in &with.addresses {
            let id = AddressId::of_digest(digest);
            let stands = self.stopped(tenant, &id).await?.filter(|stands| stands.suppression.at == at);
            if let Some(stands) = stands {
                beside.lift(tenant, &id, &stands.suppression.entry(), now, None).await?;
            }
        }
        for customer in &with.customers {
            beside.lift_contacts(tenant, customer, &lifted.id, at, now).await?;
        }
        Ok(())
    }

    pub(super) async fn came_with(&self, tenant: &TenantId, id: &AddressId) -> Result<CeasedWith> {
        let row = self.read(OP, &keys::address_of_digest(tenant, id.digest()), true).await?;
        let with = row.filter(|row| row.contains_key(address::CEASED_WITH)).map(|row| json(&row, address::CEASED_WITH));
        Ok(with.transpose()?.unwrap_or_default())
    }

    /// Adds to what is remembered at an address.
    async fn remember_with(&self, tenant: &TenantId, id: &AddressId, with: CeasedWith) -> Result<()> {
        let mut all = self.came_with(tenant, id).await?;
        let known = all.clone();
        all.addresses.extend(with.addresses);
        all.customers.extend(with.customers);
        if all == known {
            return Ok(());
        }
        self.put_with(tenant, id, &all).await
    }

    pub(super) async fn put_with(&self, tenant: &TenantId, id: &AddressId, with: &CeasedWith) -> Result<()> {
        let change = Change::of(keys::address_of_digest(tenant, id.digest()));
        let change = change.put(address::CEASED_WITH, s(to_json(with))).when(some_item());
        self.write(OP, change, false).await.map(|_| ())
    }

    /// Whoever has an address, and is the same person elsewhere.
    async fn whom_it_reaches(
        &self,
        tenant: &TenantId,
        (channel, address): (Channel, &str),
        also: Option<&CustomerId>,
    ) -> Result<Reached> {
        let mut people = self.who_has(tenant, (channel, address), also).await?;
        let named = (channel.identifier() == Some(Identifier::Email)).then(|| mailbox_of(address));
        let mailboxes: BTreeSet<String> =
            people.iter().flat_map(|somebody| &somebody.forms).filter_map(|form| form.email.as_deref().map(mailbox_of)).collect();
        for mailbox in mailboxes.iter().filter(|mailbox| named.as_ref() != Some(*mailbox)) {
            for somebody in self.who_has(tenant, (Channel::Email, mailbox.as_str()), None).await? {
                if !people.contains(&somebody) {
                    people.push(somebody);
                }
            }
        }
        let persons: BTreeSet<String> = people.iter().flat_map(Somebody::persons).collect();
        let all = people.iter().flat_map(|somebody| &somebody.forms).flat_map(reached_by);
        let all = all.chain(named.map(|mailbox| (Channel::Email, mailbox)));
        let own = address_key(channel, address);
        let mut addresses = BTreeMap::new();
        let mut shared: BTreeMap<String, bool> = BTreeMap::new();
        for (channel, address) in all {
            let name = address_key(channel, &address);
            if name == own || addresses.contains_key(&name) {
                continue;
            }
            let mut is_others_too = false;
            if channel.identifier() == Some(Identifier::Phone) {
                is_others_too = match shared.get(&address) {
                    Some(known) => *known,
                    None => {
                        let mut having = self.who_has(tenant, (Channel::Sms, address.as_str()), None).await?.into_iter();
                        having.any(|somebody| !somebody.persons().any(|person| persons.contains(&person)))
                    }
                };
                shared.insert(address.clone(), is_others_too);
            }
            addresses.insert(name, (channel, address, is_others_too));
        }
        Ok(Reached { people, addresses })
    }

    /// Writes down at contacts of a customer that nobody is to write to them.
    async fn cease_contacts(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        people: &[Somebody],
        since: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        self.change_by_hand(tenant, customer, now, |stored| {
            for somebody in people {
                let entries = &mut stored.by_hand.contacts;
                let at = match entries.iter().position(|entry| entry.id == somebody.id) {
                    Some(at) => at,
                    None => {
                        entries.extend(somebody.forms.first().map(ContactByHand::of));
                        entries.len() - 1
                    }
                };
                if let Some(entry) = entries.get_mut(at) {
                    entry.ceased = entry.ceased.or(Some(since));
                }
            }
        })
        .await
    }

    /// Takes that back from the contacts of a customer at which it stands since an instant, and no longer at any address.
    async fn lift_contacts(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        lifted: &AddressId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let mut stays = BTreeSet::new();
        for somebody in self.everybody_at(tenant, customer).await? {
            for (channel, address) in somebody.forms.iter().flat_map(reached_by) {
                let id = AddressId::of(channel, &address);
                let stands = if id == *lifted { None } else { self.stopped(tenant, &id).await? };
                if stands.is_some_and(|stands| stands.suppression.reason.is_of_the_person()) {
                    stays.insert(somebody.id.clone());
                }
            }
        }
        self.change_by_hand(tenant, customer, now, |stored| {
            stored.by_hand.contacts.retain_mut(|entry| {
                if entry.ceased != Some(since) || stays.contains(&entry.id) {
                    return true;
                }
                entry.ceased = None;
                // Of what says nothing else nothing is kept.
                let ContactByHand { id, own, person, .. } = entry.clone();
                *entry != ContactByHand { id, own, person, ..ContactByHand::default() }
            });
        })
        .await
    }

    /// Changes what is entered of a customer, whatever another writes meanwhile. A customer that is gone has nothing to change.
    pub(super) async fn change_by_hand(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        now: Timestamp,
        change: impl Fn(&mut StoredByHand),
    ) -> Result<()> {
        let mut tries = Tries::new(ATTEMPTS, OP, customer.as_str());
        loop {
            tries.again()?;
            let known = self.by_hand(tenant, customer).await?;
            let mut stored = known.clone();
            change(&mut stored);
            if stored == known || self.head(tenant, customer).await?.is_none() {
                return Ok(());
            }
            match self.put_by_hand(tenant, customer, &stored, now).await {
                Err(Error::Conflict { .. }) => {}
                done => return done.map(|_| ()),
            }
        }
    }
}
