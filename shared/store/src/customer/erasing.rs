//! Erasing a person: what the table says of them goes, and what must stay is no name and no address.
//!
//! | what | becomes |
//! |---|---|
//! | the contact in profiles, what people entered of it, and invoices that name the person | taken out; the customer is decided again |
//! | what history says of the person | unreadable: the person's key is deleted, at once and again for two days, because the stream may lag |
//! | portal links for the person's addresses, or made for the contact | deleted, with the items of all their codes |
//! | the contact log of the person | deleted |
//! | what is known of the person's addresses | deleted; a suppression stays under a keyed hash, also one that came meanwhile (`erased_addresses`) |
//! | what people wrote about the person: words of messages, notes, what an agreement was before; what the person answered | deleted ([`Store::words_about`]) |
//! | files that went along with answers to a note that is deleted | their contents, by whoever erases ([`TakenOut::answer_files`]) |
//! | files that came by the person's links | deleted; their contents, which lie in the bucket, by whoever erases ([`TakenOut::files`]) |
//! | records of messages | stay: they hold ids, and what the digest of a person begins with, so that their chain is whole |
//!
//! What is to be deleted at a customer is written down first, by ids and digests ([`Erasing`]), and that is deleted last. So an erasure that
//! broke off goes on when it is asked for again, also where the profile does not name the person any more.
//!
//! The hash is an HMAC under the tenant's data key of people, which KMS wraps: whoever has the table alone learns nothing from it. When a
//! source names an erased person again, the suppression is entered anew before the document is applied ([`Vault::honour_erased`]); and when a
//! person enters them again, before that is written.
//! From then on it stands at the address, and nowhere else: who lifts it there lifts it for good.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ByHand, Contact, ContactByHand, ContactLog, Customer, CustomerId, FileId, Invoice, KnownContact, PersonDigest, TenantId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    PersonId, Result, Store, Vault, Whose, WordsAbout,
    customer::{
        contacts::log_of,
        erased_addresses::{AGAIN_DAYS, KeptUnder, OutlivesThem, as_read, digests},
        head::{Wake, bump},
    },
    table::{
        attributes::{
            document::{self, DOC},
            every::SK,
            fact,
        },
        change::Change,
        db::{Range, Row, Transacted, json, last_of, millis, n, number, s, text, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
};

const OP: &str = "erase a person at";
/// Documents that one transaction rewrites.
const AT_ONCE: usize = 80;
/// Invoices of one customer that are looked through.
const INVOICES_MAX: usize = 60_000;
/// Most customers at which one person is erased.
const CUSTOMERS_MAX: usize = 1_000;
/// Most portal links of a customer that are looked through.
const LINKS_MAX: usize = 10_000;
/// Erasures that are followed up at once.
const AGAIN_MAX: usize = 10_000;

/// An erasure under way at one customer: what is to be deleted there, by ids and digests. No name, no address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasing {
    /// The source's ids of the person's contacts.
    contacts: BTreeSet<String>,
    /// The persons who they are, as links keep them. An erasure that an older release began has none.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    persons: BTreeSet<PersonDigest>,
    /// Sort keys of the person's keys.
    keys: BTreeSet<String>,
    /// Digests of the person's addresses.
    addresses: BTreeSet<String>,
    /// Where what stands against each of them is kept, by its digest. An erasure that an older release began has none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    kept: BTreeMap<String, KeptUnder>,
    /// Sort keys of what people wrote about the person.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    words: BTreeSet<String>,
    /// Files of answers to notes that are deleted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    answer_files: BTreeSet<FileId>,
}

impl Erasing {
    /// With contacts that are the person; with `own` the customer is the person as well.
    fn and(mut self, (tenant, customer): (&TenantId, &CustomerId), contacts: &[Contact], own: bool) -> Self {
        let key = |whose: Whose<'_>| whose.key(tenant, customer).sk;
        for contact in contacts {
            // Who stands at a position may be somebody else later.
            if !contact.external_id.starts_with('#') {
                self.contacts.insert(contact.external_id.clone());
                self.keys.insert(key(Whose::Contact(&contact.external_id)));
            }
            self.keys.extend(contact.person().map(|person| key(Whose::Named(&person))));
            self.persons.extend(contact.person_digest());
        }
        self.keys.extend(own.then(|| key(Whose::Customer)));
        self.addresses.extend(digests(contacts));
        self
    }
}

/// What was taken out at one customer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TakenOut {
    /// The contacts as they were, in every form in which they were known.
    pub contacts: Vec<Contact>,
    /// How many invoices named the person.
    pub invoices: usize,
    /// How many messages, notes, files and earlier terms of agreements were of or about the person.
    pub words: usize,
    /// The files of the person that are attached to nothing any more, of an erasure that broke off too: their contents are to be deleted before
    /// the erasure ends.
    pub files: Vec<FileId>,
    /// The same of files that went along with answers.
    pub answer_files: Vec<FileId>,
    /// Digests of the person's addresses, of an erasure that broke off too.
    addresses: BTreeSet<String>,
    /// Where what stands against each of them is kept, by its digest.
    kept: BTreeMap<String, KeptUnder>,
    /// Digests of the addresses of everybody else there.
    others: BTreeSet<String>,
    /// What people entered of the person that outlives them.
    entered: Vec<OutlivesThem>,
}

/// A document that takes the place of the one that was read.
fn rewritten(key: keys::Key, row: &Row, doc: String, now: Timestamp) -> Change {
    let change = Change::of(key).put(DOC, s(doc)).put(fact::SEEN_AT, n(millis(now))).add(document::REVISION, n(1));
    change.when(as_read(row))
}

/// The files of answers that go with something.
fn answer_files(about: &WordsAbout) -> Vec<&FileId> {
    match about {
        WordsAbout::Note(note) => note.answer_files().map(|file| &file.id).collect(),
        WordsAbout::Message(..)
        | WordsAbout::Agreement(..)
        | WordsAbout::File(_)
        | WordsAbout::Rating(_)
        | WordsAbout::Reply(_) => Vec::new(),
    }
}

fn is_person(contact: &Contact, person: &PersonId) -> bool {
    contact.person().is_some_and(|own| PersonId::of(&own) == *person)
}

/// Whether a contact is somebody in any form in which it is known.
fn is_known_as(known: &KnownContact<'_>, person: &PersonId) -> bool {
    known.forms.iter().any(|form| is_person(form, person))
}

/// What a customer's source says of it, and what people entered.
struct Said {
    described: Customer,
    by_hand: ByHand,
    /// The items of both.
    rows: [Option<Row>; 2],
}

impl Said {
    /// The changes that make both into these.
    fn rewritten(&self, described: &Customer, by_hand: &ByHand, keys: [keys::Key; 2], now: Timestamp) -> Vec<Change> {
        let after =
            [(*described != self.described).then(|| to_json(described)), (*by_hand != self.by_hand).then(|| to_json(by_hand))];
        let all = keys.into_iter().zip(&self.rows).zip(after);
        all.filter_map(|((key, row), doc)| Some(rewritten(key, row.as_ref()?, doc?, now))).collect()
    }
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

    /// The erasures of a person that are under way, by customer.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn erasing(&self, tenant: &TenantId, person: &PersonId) -> Result<BTreeMap<CustomerId, Erasing>> {
        let (pk, from) = (keys::erased(tenant), keys::erasing_of(person.digest()));
        let rows = self.range(OP, Range::new(&pk, &from, &last_of(&from), CUSTOMERS_MAX)).await?;
        let mut all = BTreeMap::new();
        for row in &rows {
            if let Some(customer) = text(row, SK).and_then(keys::parse_erasing) {
                all.insert(customer, json(row, DOC)?);
            }
        }
        Ok(all)
    }

    /// What a customer's source says of it, and what people entered; `None` where nobody said anything.
    async fn said_of(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Option<Said>> {
        let keys = [keys::profile(tenant, customer), keys::by_hand(tenant, customer)];
        let mut found = self.read_many(OP, &keys, true).await?;
        let rows = keys.map(|key| found.remove(&key).filter(|row| row.contains_key(DOC)));
        let [Some(profile), entered] = &rows else { return Ok(None) };
        let described = json(profile, DOC)?;
        let by_hand = entered.as_ref().map(|row| json(row, DOC)).transpose()?.unwrap_or_default();
        Ok(Some(Said { described, by_hand, rows }))
    }

    /// The profile, what people entered and the invoices of a customer that name a person, without them, and how many invoices; who else is
    /// there goes to `out`, with the contacts as they were.
    async fn without_person(
        &self,
        (tenant, customer): (&TenantId, &CustomerId),
        person: &PersonId,
        own: bool,
        now: Timestamp,
        out: &mut TakenOut,
    ) -> Result<(Vec<Change>, usize)> {
        let (mut changes, mut invoices) = (Vec::new(), 0);
        let mut taken = |contact: &Contact| {
            if !out.contacts.contains(contact) {
                out.contacts.push(contact.clone());
            }
        };
        let mut others: BTreeSet<String> = BTreeSet::new();
        if let Some(said) = self.said_of(tenant, customer).await? {
            let (mut described, mut by_hand) = (said.described.clone(), said.by_hand.clone());
            let all = said.by_hand.known(&said.described);
            let (theirs, rest): (Vec<KnownContact<'_>>, Vec<KnownContact<'_>>) =
                all.into_iter().partition(|known| is_known_as(known, person));
            theirs.iter().flat_map(|known| &known.forms).for_each(&mut taken);
            let contacts: Vec<&Contact> = theirs.iter().filter_map(|known| known.described).collect();
            let entries: Vec<&ContactByHand> = theirs.iter().filter_map(|known| known.entered).collect();
            described.contacts.retain(|contact| !contacts.contains(&contact));
            by_hand.contacts.retain(|entry| !entries.contains(&entry));
            others.extend(digests(rest.iter().flat_map(|known| &known.forms)));
            out.entered = theirs.iter().flat_map(|known| OutlivesThem::of(customer, known)).collect();
            // What was taken back for a number holds for whoever of the customer has it, once the person is gone too.
            for said in entries.iter().flat_map(|entry| entry.all_taken_back()) {
                for other in rest
                    .iter()
                    .filter(|known| known.forms.iter().any(|form| form.address(said.channel) == Some(said.address.as_str())))
                {
                    by_hand.keep_taken_back(other, said);
                }
            }
            if own {
                (described.name, described.postal_address) = (described.external_id.clone(), None);
                by_hand.postal_address = None;
            }
            let keys = [keys::profile(tenant, customer), keys::by_hand(tenant, customer)];
            changes.extend(said.rewritten(&described, &by_hand, keys, now));
        }
        let pk = keys::customer(tenant, customer);
        for row in self.range(OP, Range::new(&pk, "INV#", &last_of("INV#"), INVOICES_MAX)).await? {
            let Some(sk) = text(&row, SK).filter(|_| row.contains_key(DOC)) else { continue };
            let mut invoice: Invoice = json(&row, DOC)?;
            let Some(named) = invoice.contact.take_if(|named| is_person(named, person)) else {
                others.extend(digests(&invoice.contact));
                continue;
            };
            taken(&named);
            let key = keys::Key { pk: pk.clone(), sk: sk.to_owned() };
            changes.push(rewritten(key, &row, to_json(&invoice), now));
            invoices += 1;
        }
        out.others = others;
        Ok((changes, invoices))
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
}

impl Vault {
    /// Takes a person out of a customer's profile and of its invoices. With `own` the customer is the person: its name and postal address go
    /// too, and it is called by the source's id. Before anything is taken out, it is written down what is to be deleted with it.
    ///
    /// # Errors
    ///
    /// Those of KMS, of reading and of writing.
    async fn take_out(
        &self,
        (tenant, customer): (&TenantId, &CustomerId),
        person: &PersonId,
        own: bool,
        now: Timestamp,
    ) -> Result<(TakenOut, Erasing)> {
        let (store, mut out) = (&self.store, TakenOut::default());
        let begun_at = keys::erasing(tenant, customer, person.digest());
        let known = store.read(OP, &begun_at, true).await?;
        let mut begun: Option<Erasing> = known.as_ref().map(|row| json(row, DOC)).transpose()?;
        let mut tries = Tries::new(ATTEMPTS, OP, customer.as_str());
        loop {
            tries.again()?;
            let (changes, invoices) = store.without_person((tenant, customer), person, own, now, &mut out).await?;
            let mut whole = begun.clone().unwrap_or_default().and((tenant, customer), &out.contacts, own);
            let words = store.words_about(tenant, customer, person, &out.contacts, own).await?;
            whole.kept.extend(self.kept_under(tenant, &out.contacts).await?);
            self.keep_entered(tenant, &out.entered, now).await?;
            whole.words.extend(words.iter().map(|about| about.key(tenant, customer).sk));
            whole.answer_files.extend(words.iter().flat_map(answer_files).cloned());
            if begun.as_ref() != Some(&whole) {
                let change = Change::of(begun_at.clone()).put(DOC, s(to_json(&whole))).put(fact::SEEN_AT, n(millis(now)));
                store.write(OP, change, false).await?;
            }
            out.addresses.clone_from(&whole.addresses);
            out.kept.clone_from(&whole.kept);
            out.files = whole.words.iter().filter_map(|sk| keys::parse_customer_file(sk)).collect();
            out.answer_files = whole.answer_files.iter().cloned().collect();
            if store.rewrite_all(tenant, customer, changes, now).await? {
                return Ok((TakenOut { invoices, words: whole.words.len(), ..out }, whole));
            }
            begun = Some(whole);
        }
    }

    /// Erases a person at one customer: in its profile, its invoices, its history, its portal links and in what people wrote. What else is to
    /// be erased once this is done everywhere [`Vault::end_erasure`] erases.
    ///
    /// # Errors
    ///
    /// Those of KMS, of reading and of writing.
    pub async fn erase_at(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        person: &PersonId,
        own: bool,
        now: Timestamp,
    ) -> Result<TakenOut> {
        let store = &self.store;
        let (out, begun) = self.take_out((tenant, customer), person, own, now).await?;
        let again = Change::of(keys::forget_again(tenant, customer, person.digest()))
            .put(DOC, s(to_json(&begun.keys)))
            .put(fact::SEEN_AT, n(millis(now)));
        store.write(OP, again, false).await?;
        store.forget_keys(tenant, customer, &begun.keys).await?;
        let pk = keys::customer(tenant, customer);
        let words: Vec<keys::Key> = begun.words.iter().map(|sk| keys::Key { pk: pk.clone(), sk: sk.clone() }).collect();
        store.delete_all(customer.as_str(), &words).await?;
        for link in store.links(tenant, customer, LINKS_MAX, None).await?.links {
            let address = link.address.digest();
            let is_person = link.person.as_ref().is_some_and(|of| begun.persons.contains(of) || *of == person.short());
            let is_own = is_person || begun.addresses.contains(address) || begun.contacts.contains(&link.contact);
            if is_own && !out.others.contains(address) {
                // What says which codes there were goes last.
                let mut gone: Vec<keys::Key> = link.earlier.iter().chain([&link.id]).map(keys::link_owner).collect();
                gone.push(keys::link(tenant, customer, address));
                store.delete_all(customer.as_str(), &gone).await?;
            }
        }
        Ok(out)
    }

    /// Ends an erasure that is done at each of these customers: deletes what is known of the person's addresses, with its history, and the
    /// contact log of the person, and at last what was written down of the erasure. An address that somebody else has as well stays. What
    /// stands against an address by then is kept, whenever it came; how many of those there are.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn end_erasure(
        &self,
        tenant: &TenantId,
        person: &PersonId,
        done: &BTreeMap<CustomerId, TakenOut>,
        now: Timestamp,
    ) -> Result<usize> {
        let (store, id) = (&self.store, person.to_string());
        // The mark of a request that is carried out once goes with the last transaction: one that breaks off before can be asked for again.
        let unmarked = store.unmarked();
        let own: BTreeSet<&String> = done.values().flat_map(|out| &out.addresses).collect();
        let others: BTreeSet<&String> = done.values().flat_map(|out| &out.others).collect();
        let erased: BTreeSet<&String> = own.difference(&others).copied().collect();
        let mut count = 0;
        for digest in &erased {
            let kept = done.values().find_map(|out| out.kept.get(*digest));
            count += usize::from(unmarked.forget_unless_others(tenant, digest, kept, now).await?);
        }
        for digest in &own {
            unmarked.forget_beside(tenant, digest, &erased).await?;
        }
        // Whom a source named again meanwhile is known again, and what it entered anew before that has just been deleted.
        for customer in done.keys() {
            let everybody = store.everybody_at(tenant, customer).await?.into_iter();
            let mut back: Vec<Contact> = everybody.flat_map(|somebody| somebody.forms).collect();
            back.retain(|contact| digests([contact]).iter().any(|digest| erased.contains(digest)));
            self.honour_erased_back(tenant, customer, &back, now).await?;
        }
        let mut gone = vec![keys::person_of_digest(tenant, person.digest())];
        gone.extend(done.keys().map(|customer| keys::erasing(tenant, customer, person.digest())));
        let (first, last) = gone.split_at(gone.len().saturating_sub(AT_ONCE));
        unmarked.delete_all(&id, first).await?;
        store.delete_all(&id, last).await?;
        Ok(count)
    }

    /// Deletes again what a lagging stream may have sealed anew of people who were erased; how many erasures were followed up. What stood
    /// against whoever is named again stands again.
    ///
    /// # Errors
    ///
    /// Those of KMS, of reading and of writing.
    pub async fn forget_again(&self, tenant: &TenantId, now: Timestamp) -> Result<u64> {
        let (store, pk) = (&self.store, keys::erased(tenant));
        let mut count = 0;
        let rows = store.range("follow erasures of", Range::new(&pk, keys::AGAIN, &last_of(keys::AGAIN), AGAIN_MAX)).await?;
        for row in rows {
            let Some((customer, person)) = text(&row, SK).and_then(keys::parse_forget_again) else { continue };
            let key = keys::forget_again(tenant, &customer, &person);
            let person = PersonId::of_digest(&person);
            let names: Vec<String> = json(&row, DOC)?;
            // Whom the source named again, or a person entered again, has a key that is theirs.
            let mut back: Vec<Contact> = Vec::new();
            if let Some(said) = store.said_of(tenant, &customer).await? {
                let all = said.by_hand.known(&said.described).into_iter();
                back.extend(all.filter(|known| is_known_as(known, &person)).flat_map(|known| known.forms));
            }
            let named = store.named_by_invoices(tenant, &customer).await?.into_iter();
            back.extend(named.filter(|named| is_person(named, &person)));
            let is_back = !back.is_empty();
            let mut gone = Vec::new();
            if is_back {
                self.honour_erased_back(tenant, &customer, &back, now).await?;
            } else {
                for sk in names {
                    gone.push(Change::of(keys::Key { pk: keys::customer(tenant, &customer), sk }).delete(store));
                }
                count += 1;
            }
            let at = number::<i64>(&row, fact::SEEN_AT).unwrap_or(0);
            if is_back || millis(now) - at > AGAIN_DAYS * 86_400_000 {
                gone.push(Change::of(key).delete(store));
            }
            if !gone.is_empty() {
                store.transact("follow erasures of", customer.as_str(), gone).await?;
            }
        }
        store.forget_later(tenant, now).await?;
        Ok(count)
    }
}
