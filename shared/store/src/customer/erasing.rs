//! Erasing a person: what the table says of them goes, and what must stay is no name and no address.
//!
//! | what | becomes |
//! |---|---|
//! | the contact in profiles, and invoices that name the person | taken out; the customer is decided again |
//! | what history says of the person | unreadable: the person's key is deleted, at once and again for two days, because the stream may lag |
//! | the contact log of the person | deleted |
//! | what is known of the person's addresses | deleted; a suppression stays under a keyed hash |
//! | records of messages | stay: they hold ids only, so that their chain is whole |
//!
//! The hash is an HMAC under the tenant's data key of people, which KMS wraps: whoever has the table alone learns nothing from it. When a
//! source names an erased person again, the suppression is entered anew before the document is applied ([`Vault::honour_erased`]).

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    AddressFact, Channel, Contact, ContactLog, Customer, CustomerId, CustomerRef, Document, Invoice, NewTask, Suppression,
    TaskKind, TenantId, address_key,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    PersonId, Result, Store, Vault, Whose,
    customer::{
        addresses::AddressId,
        contacts::log_of,
        head::{Wake, bump},
    },
    table::{
        attributes::{
            document::{self, DOC},
            every::SK,
            fact,
        },
        change::{Change, absent, is},
        db::{Range, Row, Transacted, json, last_of, millis, n, number, s, text, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
    tenant::vault::Purpose,
};

const OP: &str = "erase a person at";
/// Documents that one transaction rewrites.
const AT_ONCE: usize = 80;
/// Invoices of one customer that are looked through.
const INVOICES_MAX: usize = 60_000;
/// Days for which keys are deleted again: longer than the stream keeps a record.
const AGAIN_DAYS: i64 = 2;
/// Erasures that are followed up at once.
const AGAIN_MAX: usize = 10_000;

/// What was taken out at one customer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TakenOut {
    /// The contacts as they were.
    pub contacts: Vec<Contact>,
    /// How many invoices named the person.
    pub invoices: usize,
}

/// What is kept of an address of somebody who was erased.
#[derive(Serialize, Deserialize)]
struct ErasedAddress {
    channel: Channel,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suppressed: Option<Suppression>,
}

/// The addresses of contacts, by the text that names each.
fn addresses<'c>(contacts: impl IntoIterator<Item = &'c Contact>) -> BTreeMap<String, (Channel, &'c str)> {
    let of_contact = |contact: &'c Contact| {
        Channel::ALL.into_iter().filter_map(move |channel| {
            let address = contact.address(channel)?;
            Some((address_key(channel, address), (channel, address)))
        })
    };
    contacts.into_iter().flat_map(of_contact).collect()
}

/// The people whom a document names with its customer.
fn described(customer: &CustomerRef) -> Vec<&Contact> {
    match customer {
        CustomerRef::Full(described) => described.contacts.iter().collect(),
        CustomerRef::Named(_) | CustomerRef::Called { .. } | CustomerRef::OfInvoice(_) => vec![],
    }
}

/// The people whom a document names.
fn people_of(document: &Document) -> Vec<&Contact> {
    match document {
        Document::Customer(customer) => customer.contacts.iter().collect(),
        Document::Invoice { customer, invoice } => {
            let mut all: Vec<&Contact> = described(customer);
            all.extend(&invoice.contact);
            all
        }
        Document::Payment { customer, .. } => described(customer),
        Document::Reversal(_) | Document::Withdrawn(_) | Document::Heartbeat(_) => vec![],
    }
}

/// A document that takes the place of the one that was read.
fn rewritten(key: keys::Key, row: &Row, doc: String, now: Timestamp) -> Change {
    let change = Change::of(key).put(DOC, s(doc)).put(fact::SEEN_AT, n(millis(now))).add(document::REVISION, n(1));
    match number::<u64>(row, document::REVISION) {
        Some(revision) => change.when(is(document::REVISION, n(revision))),
        None => change.when(absent(document::REVISION)),
    }
}

fn is_person(contact: &Contact, person: &PersonId) -> bool {
    contact.person().is_some_and(|own| PersonId::of(&own) == *person)
}

impl Store {
    /// When a person was contacted.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn contacts_with(&self, tenant: &TenantId, person: &PersonId) -> Result<ContactLog> {
        let row = self.read("read the contacts of", &keys::person_of_digest(tenant, person.digest()), true).await?;
        Ok(row.as_ref().map(log_of).transpose()?.unwrap_or_default())
    }

    /// Takes a person out of a customer's profile and of its invoices. With `own` the customer is the person: its name and postal address go
    /// too, and it is called by the source's id.
    ///
    /// # Errors
    ///
    /// Those of writing.
    async fn take_out(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        person: &PersonId,
        own: bool,
        now: Timestamp,
    ) -> Result<TakenOut> {
        let mut out = TakenOut::default();
        let mut tries = Tries::new(ATTEMPTS, OP, customer.as_str());
        loop {
            tries.again()?;
            let mut changes = Vec::new();
            let key = keys::profile(tenant, customer);
            if let Some(row) = self.read(OP, &key, true).await?.filter(|row| row.contains_key(DOC)) {
                let mut known: Customer = json(&row, DOC)?;
                let before = known.clone();
                for contact in known.contacts.iter().filter(|contact| is_person(contact, person)) {
                    if !out.contacts.contains(contact) {
                        out.contacts.push(contact.clone());
                    }
                }
                known.contacts.retain(|contact| !is_person(contact, person));
                if own {
                    (known.name, known.postal_address) = (known.external_id.clone(), None);
                }
                if known != before {
                    changes.push(rewritten(key, &row, to_json(&known), now));
                }
            }
            let pk = keys::customer(tenant, customer);
            for row in self.range(OP, Range::new(&pk, "INV#", &last_of("INV#"), INVOICES_MAX)).await? {
                let Some(sk) = text(&row, SK).filter(|_| row.contains_key(DOC)) else { continue };
                let mut invoice: Invoice = json(&row, DOC)?;
                let Some(named) = invoice.contact.take_if(|named| is_person(named, person)) else { continue };
                if !out.contacts.contains(&named) {
                    out.contacts.push(named);
                }
                let key = keys::Key { pk: pk.clone(), sk: sk.to_owned() };
                changes.push(rewritten(key, &row, to_json(&invoice), now));
                out.invoices += 1;
            }
            if self.rewrite_all(tenant, customer, changes, now).await? {
                return Ok(out);
            }
            out.invoices = 0;
        }
    }

    /// Whether all of it was written; the customer is decided again.
    async fn rewrite_all(&self, tenant: &TenantId, customer: &CustomerId, changes: Vec<Change>, now: Timestamp) -> Result<bool> {
        for some in changes.chunks(AT_ONCE) {
            let head = self.must_head(tenant, customer).await?;
            let wake = Wake::of(Some(&head), customer, 1, now);
            let mut actions: Vec<_> = some.iter().map(|change| self.by_whom(change.clone()).update(self)).collect();
            actions.push(bump(tenant, customer, &wake, now).update(self));
            if let Transacted::Not(_) = self.transact(OP, customer.as_str(), actions).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Deletes again what a lagging stream may have sealed anew of people who were erased; how many erasures were followed up.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn forget_again(&self, tenant: &TenantId, now: Timestamp) -> Result<u64> {
        let pk = keys::erased(tenant);
        let mut count = 0;
        for row in self.range("follow erasures of", Range::new(&pk, keys::AGAIN, &last_of(keys::AGAIN), AGAIN_MAX)).await? {
            let Some((customer, person)) = text(&row, SK).and_then(keys::parse_forget_again) else { continue };
            let key = keys::forget_again(tenant, &customer, &person);
            let person = PersonId::of_digest(&person);
            let names: Vec<String> = json(&row, DOC)?;
            // Whom the source named again has a key that is theirs.
            let profile = self.read("follow erasures of", &keys::profile(tenant, &customer), true).await?;
            let known = profile.filter(|row| row.contains_key(DOC)).map(|row| json::<Customer>(&row, DOC)).transpose()?;
            let is_back = known.is_some_and(|known| known.contacts.iter().any(|contact| is_person(contact, &person)));
            let mut gone = Vec::new();
            if !is_back {
                for sk in names {
                    gone.push(Change::of(keys::Key { pk: keys::customer(tenant, &customer), sk }).delete(self));
                }
                count += 1;
            }
            let at = number::<i64>(&row, fact::SEEN_AT).unwrap_or(0);
            if is_back || millis(now) - at > AGAIN_DAYS * 86_400_000 {
                gone.push(Change::of(key).delete(self));
            }
            if !gone.is_empty() {
                self.transact("follow erasures of", customer.as_str(), gone).await?;
            }
        }
        Ok(count)
    }

    async fn is_any_erased(&self, tenant: &TenantId) -> Result<bool> {
        let pk = keys::erased(tenant);
        let rows = self.range("look for erased people of", Range::new(&pk, keys::ERASED, &last_of(keys::ERASED), 1)).await?;
        Ok(!rows.is_empty())
    }
}

impl Vault {
    /// The keyed hash of an address.
    async fn keyed_hash(&self, tenant: &TenantId, address: &str) -> Result<String> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.data_key(tenant, Purpose::People).await?);
        let tag = hmac::sign(&key, format!("dunlin:{tenant}:erased:{address}").as_bytes());
        Ok(URL_SAFE_NO_PAD.encode(tag.as_ref()))
    }

    /// Notes the addresses of somebody who is about to be erased under their keyed hashes, with the suppressions that stand against them; how
    /// many of those there are. From now on a source that names them again finds them.
    ///
    /// # Errors
    ///
    /// Those of KMS, of reading and of writing.
    pub async fn keep_suppressions(&self, tenant: &TenantId, contacts: &[Contact], now: Timestamp) -> Result<usize> {
        let mut count = 0;
        for (name, (channel, _)) in addresses(contacts) {
            let row = self.store.read(OP, &keys::address(tenant, &name), true).await?;
            let known: AddressFact = row.as_ref().map(|row| json(row, DOC)).transpose()?.unwrap_or_default();
            count += usize::from(known.suppressed.is_some());
            let kept = ErasedAddress { channel, at: now, suppressed: known.suppressed };
            let key = keys::erased_address(tenant, &self.keyed_hash(tenant, &name).await?);
            self.store.write(OP, Change::of(key).put(DOC, s(to_json(&kept))), false).await?;
        }
        Ok(count)
    }

    /// Erases a person at one customer: in its profile, its invoices and its history. The contacts as they were, whose addresses are to be
    /// erased once this is done everywhere ([`Vault::erase_addresses`]).
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn erase_at(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        person: &PersonId,
        own: bool,
        now: Timestamp,
    ) -> Result<TakenOut> {
        let out = self.store.take_out(tenant, customer, person, own, now).await?;
        let named: BTreeSet<String> = out.contacts.iter().filter_map(Contact::person).collect();
        let of_source = |contact: &&Contact| !contact.external_id.starts_with('#');
        let mut whose: Vec<Whose<'_>> =
            out.contacts.iter().filter(of_source).map(|contact| Whose::Contact(&contact.external_id)).collect();
        whose.extend(named.iter().map(|person| Whose::Named(person)));
        whose.extend(own.then_some(Whose::Customer));
        let names: Vec<String> = whose.iter().map(|whose| whose.key(tenant, customer).sk).collect();
        let again = Change::of(keys::forget_again(tenant, customer, person.digest()))
            .put(DOC, s(to_json(&names)))
            .put(fact::SEEN_AT, n(millis(now)));
        self.store.write(OP, again, false).await?;
        self.store.forget(tenant, customer, &whose).await?;
        let mut links = Vec::new();
        for (channel, address) in addresses(&out.contacts).into_values() {
            let id = AddressId::of(channel, address);
            if let Some(link) = self.store.link_of(tenant, customer, &id).await? {
                links.extend([keys::link(tenant, customer, id.digest()), keys::link_owner(&link.id)]);
            }
        }
        for some in links.chunks(AT_ONCE) {
            let deletes = some.iter().map(|key| Change::of(key.clone()).delete(&self.store)).collect();
            self.store.transact(OP, customer.as_str(), deletes).await?;
        }
        Ok(out)
    }

    /// Deletes what is known of addresses, with their history, and the contact log of the person.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn erase_addresses(&self, tenant: &TenantId, person: &PersonId, contacts: &[Contact]) -> Result<()> {
        let store = &self.store;
        let mut gone = vec![keys::person_of_digest(tenant, person.digest())];
        for name in addresses(contacts).into_keys() {
            let key = keys::address(tenant, &name);
            let (pk, from) = (keys::versions(&key.pk), keys::VERSION);
            for row in store.range(OP, Range::new(&pk, from, &last_of(from), INVOICES_MAX)).await? {
                gone.extend(text(&row, SK).map(|sk| keys::Key { pk: pk.clone(), sk: sk.to_owned() }));
            }
            gone.push(key);
        }
        for some in gone.chunks(AT_ONCE) {
            let deletes = some.iter().map(|key| Change::of(key.clone()).delete(store)).collect();
            store.transact(OP, &person.to_string(), deletes).await?;
        }
        Ok(())
    }

    /// Enters anew what stood against the addresses of erased people whom documents name again, before the documents are applied, and tells a
    /// person of each.
    ///
    /// # Errors
    ///
    /// Those of KMS, of reading and of writing: then the documents must not be applied either.
    pub async fn honour_erased(&self, tenant: &TenantId, documents: &[Document], now: Timestamp) -> Result<()> {
        let named = addresses(documents.iter().flat_map(people_of));
        if named.is_empty() || !self.store.is_any_erased(tenant).await? {
            return Ok(());
        }
        let mut items = BTreeMap::new();
        for (name, at) in named {
            items.insert(keys::erased_address(tenant, &self.keyed_hash(tenant, &name).await?), at);
        }
        let wanted: Vec<keys::Key> = items.keys().cloned().collect();
        let found = self.store.read_many("look for erased people of", &wanted, true).await?;
        for (key, row) in &found {
            let Some((_, address)) = items.get(key) else { continue };
            let kept: ErasedAddress = json(row, DOC)?;
            if let Some(suppression) = kept.suppressed {
                self.store.suppress_saying(tenant, (kept.channel, *address), suppression, None, None).await?;
            }
            self.store.raise(tenant, None, &named_again(&key.sk), now).await?;
        }
        Ok(())
    }
}

/// The exception for somebody who was erased and whom a source names again.
fn named_again(sk: &str) -> NewTask {
    NewTask {
        kind: TaskKind::Document,
        key: format!("named_again:{sk}"),
        title: "A source names somebody again who was erased".to_owned(),
        detail: "The person was erased here, and the accounting system still has them, so that they are known again. What stood against \
                 their addresses was entered anew before anything else. Erase the person in the accounting system first, then here again."
            .to_owned(),
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    }
}
