//! What becomes of the addresses of somebody who is erased, and what is kept of them under a keyed hash.
//!
//! | what | becomes |
//! |---|---|
//! | what is known of an address | deleted |
//! | a suppression of it | kept under the keyed hash |
//! | a number that stands suppressed and that somebody else of the tenant has, be it at another customer or by an invoice | stays with what stands against it |
//! | a number that stands suppressed and that nobody else seems to have | stays for two days, because who else has it is found by lists, which lag; then it is looked at again |
//! | a consent that was taken back here, and that nobody is to write to a contact | kept under the keyed hash, with the customer at which it was entered |
//!
//! An email address that two people have is none: they are one mailbox, and are erased together.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    AddressFact, Channel, Contact, CustomerId, Identifier, KnownContact, Suppression, TenantId, address_key,
    customer::mailbox_of, reached_by,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::people_at::Somebody;
use crate::{
    AddressId, PersonId, Result, Store, Vault,
    table::{
        attributes::{
            address,
            document::{self, DOC},
            every::SK,
            fact,
        },
        change::{Change, When, absent, is, no_item},
        db::{Range, Row, Transacted, Wrote, json, last_of, millis, n, number, s, text, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
    tenant::vault::Purpose,
};

const OP: &str = "erase an address of";
/// Days for which what may still have to be looked at stays: longer than the stream keeps a record.
pub(super) const AGAIN_DAYS: i64 = 2;
/// Addresses that are looked at again at once.
const LATER_MAX: usize = 10_000;
/// Versions of one address that are deleted.
const VERSIONS_MAX: usize = 60_000;

/// What is kept of an address of somebody who was erased.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ErasedAddress {
    pub(super) channel: Channel,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) suppressed: Option<Suppression>,
    /// The consents to the channel that were taken back for it, the last one of each customer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) taken_back: Vec<KeptTakingBack>,
    /// The customers at which nobody is to write to whoever it is.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) unused: BTreeSet<CustomerId>,
}

/// That a consent was taken back, without the words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptTakingBack {
    pub(super) customer: CustomerId,
    pub(super) said_at: Timestamp,
    pub(super) entered_at: Timestamp,
    pub(super) by: String,
}

/// Where what stands against an address is kept once the address is forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptUnder {
    channel: Channel,
    /// The keyed hash of the address.
    hash: String,
    /// Of a phone number, its digest as who somebody is: several people may have it. What an older release wrote down has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<String>,
}

/// What people entered of somebody that outlives them, by an address.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OutlivesThem {
    name: String,
    channel: Channel,
    said: Said,
}

#[derive(Clone, Debug, PartialEq)]
enum Said {
    TakenBack(KeptTakingBack),
    Unused(CustomerId),
}

impl OutlivesThem {
    /// What was entered of a contact of a customer.
    pub(super) fn of(customer: &CustomerId, known: &KnownContact<'_>) -> Vec<Self> {
        let Some(entry) = known.entered else { return vec![] };
        let mut all = Vec::new();
        for (channel, said) in Channel::ALL.into_iter().filter_map(|channel| Some((channel, entry.taken_back(channel)?))) {
            // Whoever took it back did so for every number that they have.
            let own = known.forms.iter().filter_map(|form| form.address(channel)).chain([said.address.as_str()]);
            let names: BTreeSet<String> = own.map(|address| address_key(channel, address)).collect();
            let kept = KeptTakingBack {
                customer: customer.clone(),
                said_at: said.said_at,
                entered_at: said.entered_at,
                by: said.by.clone(),
            };
            all.extend(names.into_iter().map(|name| Self { name, channel, said: Said::TakenBack(kept.clone()) }));
        }
        if entry.unused {
            let named = |form: &Contact| match (&form.email, &form.phone) {
                (Some(email), _) => Some((Channel::Email, mailbox_of(email))),
                (None, Some(phone)) => Some((Channel::Sms, phone.clone())),
                (None, None) => None,
            };
            let persons: BTreeSet<(Channel, String)> = known.forms.iter().filter_map(named).collect();
            all.extend(persons.into_iter().map(|(channel, address)| Self {
                name: address_key(channel, &address),
                channel,
                said: Said::Unused(customer.clone()),
            }));
        }
        all
    }

    fn add_to(&self, kept: &mut ErasedAddress) {
        match &self.said {
            Said::TakenBack(said) => {
                kept.taken_back.retain(|known| known.customer != said.customer);
                kept.taken_back.push(said.clone());
            }
            Said::Unused(customer) => {
                kept.unused.insert(customer.clone());
            }
        }
    }
}

/// Whatever contacts are reached by, by the text that names each.
pub(super) fn addresses<'c>(contacts: impl IntoIterator<Item = &'c Contact>) -> BTreeMap<String, (Channel, String)> {
    let all = contacts.into_iter().flat_map(reached_by);
    all.map(|(channel, address)| (address_key(channel, &address), (channel, address))).collect()
}

/// The digests of the addresses of contacts.
pub(super) fn digests<'c>(contacts: impl IntoIterator<Item = &'c Contact>) -> BTreeSet<String> {
    let all = addresses(contacts).into_values();
    all.map(|(channel, address)| AddressId::of(channel, &address).digest().to_owned()).collect()
}

/// Nobody wrote an item since it was read.
pub(super) fn as_read(row: &Row) -> When {
    match number::<u64>(row, document::REVISION) {
        Some(revision) => is(document::REVISION, n(revision)),
        None => absent(document::REVISION),
    }
}

/// What is kept, written over what was kept before, if nobody wrote it since it was read.
fn kept_over(key: keys::Key, before: Option<&Row>, kept: &ErasedAddress) -> Change {
    let change = Change::of(key).put(DOC, s(to_json(kept))).add(document::REVISION, n(1));
    change.when(before.map_or_else(no_item, as_read))
}

impl Store {
    pub(super) async fn is_any_erased(&self, tenant: &TenantId) -> Result<bool> {
        let pk = keys::erased(tenant);
        let rows = self.range("look for erased people of", Range::new(&pk, keys::ERASED, &last_of(keys::ERASED), 1)).await?;
        Ok(!rows.is_empty())
    }

    /// Whether somebody of the tenant has a number, as far as lists lead to them.
    async fn is_had_by_somebody(&self, tenant: &TenantId, digest_of_number: &str) -> Result<bool> {
        let number = PersonId::of_digest(digest_of_number);
        let places = self.places_of_number(tenant, &number).await?;
        let customers: BTreeSet<CustomerId> = places.into_iter().map(|place| place.customer).collect();
        let has = |form: &Contact| form.phone.as_deref().is_some_and(|phone| PersonId::of(phone) == number);
        for customer in customers {
            let everybody: Vec<Somebody> = self.everybody_at(tenant, &customer).await?;
            if everybody.iter().flat_map(|somebody| &somebody.forms).any(has) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Deletes what is known of an address of somebody who is erased, and its history. What stands against it goes to its keyed hash in the same
    /// transaction, so that nothing is lost that came while the person was erased. Whether something stood.
    async fn forget_address(
        &self,
        tenant: &TenantId,
        digest: &str,
        kept_under: Option<&KeptUnder>,
        now: Timestamp,
    ) -> Result<bool> {
        let key = keys::address_of_digest(tenant, digest);
        let pk = keys::versions(&key.pk);
        let rows = self.range(OP, Range::new(&pk, keys::VERSION, &last_of(keys::VERSION), VERSIONS_MAX)).await?;
        let versions = rows.iter().filter_map(|row| Some(keys::Key { pk: pk.clone(), sk: text(row, SK)?.to_owned() }));
        self.delete_all(digest, &versions.collect::<Vec<_>>()).await?;
        let mut tries = Tries::new(ATTEMPTS, OP, digest);
        loop {
            tries.again()?;
            let Some(row) = self.read(OP, &key, true).await? else { return Ok(false) };
            let known: AddressFact = json(&row, DOC)?;
            let stands = known.suppressed.is_some();
            let mut actions = vec![Change::of(key.clone()).when(as_read(&row)).delete(self)];
            if let (Some(KeptUnder { channel, hash, .. }), true) = (kept_under, stands) {
                let key = keys::erased_address(tenant, hash);
                let before = self.read(OP, &key, true).await?;
                let mut kept = erased_address(before.as_ref(), *channel, now)?;
                kept.suppressed = known.suppressed;
                actions.push(kept_over(key, before.as_ref(), &kept).update(self));
            }
            if let Transacted::Done = self.transact(OP, digest, actions).await? {
                return Ok(stands);
            }
        }
    }

    /// Forgets an address of somebody who is erased, now or, where others may have it as well, later or never. Whether something stood against
    /// it.
    pub(super) async fn forget_unless_others(
        &self,
        tenant: &TenantId,
        digest: &str,
        kept_under: Option<&KeptUnder>,
        now: Timestamp,
    ) -> Result<bool> {
        let number = kept_under.and_then(|kept| kept.number.as_deref().map(|number| (kept, number)));
        let key = keys::address_of_digest(tenant, digest);
        let row = self.read(OP, &key, true).await?;
        let known: AddressFact = row.as_ref().map(|row| json(row, DOC)).transpose()?.unwrap_or_default();
        let (Some((kept, number)), Some(row), true) = (number, row, known.suppressed.is_some()) else {
            return self.forget_address(tenant, digest, kept_under, now).await;
        };
        // What people know it by, and said of it, goes at once.
        let bare = [address::SHOWN, address::SAID, address::CEASED_WITH, fact::BY];
        if !self.is_had_by_somebody(tenant, number).await? {
            let later = Change::of(keys::forget_later(tenant, digest));
            self.write(OP, later.put(DOC, s(to_json(kept))).put(fact::SEEN_AT, n(millis(now))), false).await?;
            if bare.iter().any(|name| row.contains_key(*name)) {
                let change = bare.into_iter().fold(Change::of(key).when(as_read(&row)), |change, name| change.drop(name));
                self.write(OP, change.add(document::REVISION, n(1)), false).await?;
            }
        }
        Ok(true)
    }

    /// Forgets the addresses that stayed for a while, where nobody has them by now; how many.
    pub(super) async fn forget_later(&self, tenant: &TenantId, now: Timestamp) -> Result<u64> {
        let (pk, mut count) = (keys::erased(tenant), 0);
        for row in self.range(OP, Range::new(&pk, keys::LATER, &last_of(keys::LATER), LATER_MAX)).await? {
            let Some(digest) = text(&row, SK).and_then(|sk| sk.strip_prefix(keys::LATER)) else { continue };
            let since = number::<i64>(&row, fact::SEEN_AT).unwrap_or(0);
            if millis(now) - since <= AGAIN_DAYS * 86_400_000 {
                continue;
            }
            let kept: KeptUnder = json(&row, DOC)?;
            let is_had = match &kept.number {
                Some(number) => self.is_had_by_somebody(tenant, number).await?,
                None => false,
            };
            if !is_had {
                self.forget_address(tenant, digest, Some(&kept), now).await?;
                count += 1;
            }
            self.delete_all(digest, &[keys::forget_later(tenant, digest)]).await?;
        }
        Ok(count)
    }

    /// Forgets, at an address that stays because others have it, that it was written down with addresses that are erased.
    pub(super) async fn forget_beside(&self, tenant: &TenantId, digest: &str, erased: &BTreeSet<&String>) -> Result<()> {
        let id = AddressId::of_digest(digest);
        let mut with = self.came_with(tenant, &id).await?;
        let before = with.addresses.len();
        with.addresses.retain(|address| !erased.contains(address));
        if with.addresses.len() == before { Ok(()) } else { self.put_with(tenant, &id, &with).await }
    }

    /// Deletes items in their order.
    pub(super) async fn delete_all(&self, id: &str, items: &[keys::Key]) -> Result<()> {
        // As many as one transaction writes, with what is noted.
        for some in items.chunks(80) {
            let deletes = some.iter().map(|key| Change::of(key.clone()).delete(self)).collect();
            self.transact(OP, id, deletes).await?;
        }
        Ok(())
    }
}

/// What was kept of an address before, or nothing yet.
fn erased_address(before: Option<&Row>, channel: Channel, now: Timestamp) -> Result<ErasedAddress> {
    let known = before.map(|row| json::<ErasedAddress>(row, DOC)).transpose()?;
    let nothing = ErasedAddress { channel, at: now, suppressed: None, taken_back: vec![], unused: BTreeSet::new() };
    Ok(ErasedAddress { at: now, ..known.unwrap_or(nothing) })
}

impl Vault {
    /// The keyed hash of an address.
    pub(super) async fn keyed_hash(&self, tenant: &TenantId, address: &str) -> Result<String> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.data_key(tenant, Purpose::People).await?);
        let tag = hmac::sign(&key, format!("dunlin:{tenant}:erased:{address}").as_bytes());
        Ok(URL_SAFE_NO_PAD.encode(tag.as_ref()))
    }

    /// Where what stands against the addresses of contacts is kept, by their digests.
    pub(super) async fn kept_under(&self, tenant: &TenantId, contacts: &[Contact]) -> Result<BTreeMap<String, KeptUnder>> {
        let mut all = BTreeMap::new();
        for (name, (channel, address)) in addresses(contacts) {
            let hash = self.keyed_hash(tenant, &name).await?;
            let is_number = channel.identifier() == Some(Identifier::Phone);
            let number = is_number.then(|| PersonId::of(&address).digest().to_owned());
            all.insert(AddressId::of(channel, &address).digest().to_owned(), KeptUnder { channel, hash, number });
        }
        Ok(all)
    }

    /// Notes the addresses of somebody who is about to be erased under their keyed hashes, with the suppressions that stand against them; how
    /// many of those there are. From now on a source that names them again finds them. Addresses of contacts that `stay` are left out.
    ///
    /// # Errors
    ///
    /// Those of KMS, of reading and of writing.
    pub async fn keep_suppressions(
        &self,
        tenant: &TenantId,
        contacts: &[Contact],
        stay: &[Contact],
        now: Timestamp,
    ) -> Result<usize> {
        let (mut count, stay) = (0, addresses(stay));
        for (name, (channel, _)) in addresses(contacts).into_iter().filter(|(name, _)| !stay.contains_key(name)) {
            let row = self.store.read(OP, &keys::address(tenant, &name), true).await?;
            let known: Option<AddressFact> = row.as_ref().map(|row| json(row, DOC)).transpose()?;
            count += usize::from(known.as_ref().is_some_and(|known| known.suppressed.is_some()));
            let mut tries = Tries::new(ATTEMPTS, OP, tenant.as_str());
            loop {
                tries.again()?;
                // Where nothing is known of the address any more, what was kept of it before says more.
                let suppressed = known.as_ref().map(|known| known.suppressed.clone());
                let change = |kept: &mut ErasedAddress| kept.suppressed = suppressed.unwrap_or_else(|| kept.suppressed.take());
                if self.keep_erased(tenant, (name.as_str(), channel), now, change).await? {
                    break;
                }
            }
        }
        Ok(count)
    }

    /// Keeps what people entered of somebody who is about to be erased.
    pub(super) async fn keep_entered(&self, tenant: &TenantId, entered: &[OutlivesThem], now: Timestamp) -> Result<()> {
        for one in entered {
            let mut tries = Tries::new(ATTEMPTS, OP, tenant.as_str());
            loop {
                tries.again()?;
                if self.keep_erased(tenant, (one.name.as_str(), one.channel), now, |kept| one.add_to(kept)).await? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Changes what is kept of an address, unless another wrote it meanwhile.
    async fn keep_erased(
        &self,
        tenant: &TenantId,
        (name, channel): (&str, Channel),
        now: Timestamp,
        change: impl FnOnce(&mut ErasedAddress) + Send,
    ) -> Result<bool> {
        let key = keys::erased_address(tenant, &self.keyed_hash(tenant, name).await?);
        let before = self.store.read(OP, &key, true).await?;
        let mut kept = erased_address(before.as_ref(), channel, now)?;
        change(&mut kept);
        let wrote = self.store.write(OP, kept_over(key, before.as_ref(), &kept), false).await?;
        Ok(matches!(wrote, Wrote::Done(_)))
    }
}
