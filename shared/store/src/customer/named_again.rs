//! Erased people who are named again, by a source or by a person: what stood against their addresses stands again before they are known.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ByHand, Channel, ConsentStatement, Contact, ContactByHand, Customer, CustomerId, CustomerRef, Document, NewTask, TaskKind,
    TenantId,
};
use jiff::Timestamp;

use crate::{
    Result, Vault,
    customer::erased_addresses::{ErasedAddress, KeptTakingBack, addresses, as_read},
    table::{
        attributes::document::{self, DOC},
        change::Change,
        db::{json, n, s, to_json},
        keys,
    },
};

/// Somebody who is named, and at which customer; `None` where that is not known, or a person enters them.
type NamedAt<'a> = (Option<&'a CustomerId>, &'a Contact);

/// The people whom a document names with its customer.
fn described(customer: &CustomerRef) -> Vec<NamedAt<'_>> {
    match customer {
        CustomerRef::Full(described) => of_customer(described),
        CustomerRef::Named(_) | CustomerRef::Called { .. } | CustomerRef::OfInvoice(_) => vec![],
    }
}

fn of_customer(described: &Customer) -> Vec<NamedAt<'_>> {
    described.contacts.iter().map(|contact| (Some(&described.id), contact)).collect()
}

/// The people whom a document names.
fn people_of(document: &Document) -> Vec<NamedAt<'_>> {
    match document {
        Document::Customer(customer) => of_customer(customer),
        Document::Invoice { customer, invoice } => {
            let mut all = described(customer);
            let id = match customer {
                CustomerRef::Full(described) => Some(&described.id),
                CustomerRef::Named(id) | CustomerRef::Called { id, .. } => Some(id),
                CustomerRef::OfInvoice(_) => None,
            };
            all.extend(invoice.contact.iter().map(|contact| (id, contact)));
            all
        }
        Document::Payment { customer, .. } => described(customer),
        Document::Reversal(_) | Document::Withdrawn(_) | Document::Heartbeat(_) => vec![],
    }
}

impl Vault {
    /// Enters anew what stood against erased people whom documents name again, before the documents are applied, and tells a person of each:
    /// what stood against their addresses, consents that were taken back, and that nobody is to write to them.
    ///
    /// # Errors
    ///
    /// Those of KMS, of reading and of writing: then the documents must not be applied either.
    pub async fn honour_erased(&self, tenant: &TenantId, documents: &[Document], now: Timestamp) -> Result<()> {
        let people: Vec<NamedAt<'_>> = documents.iter().flat_map(people_of).collect();
        self.honour_erased_people(tenant, &people, NamedBy::Source, now).await
    }

    /// What stood against the addresses of a contact that a person is about to enter is entered anew. Nobody writes to such a contact by a
    /// channel that needs consent before a person enters the consent.
    ///
    /// # Errors
    ///
    /// Those of [`Vault::honour_erased`].
    pub async fn honour_erased_entered(&self, tenant: &TenantId, contact: &Contact, now: Timestamp) -> Result<()> {
        self.honour_erased_people(tenant, &[(None, contact)], NamedBy::Person, now).await
    }

    /// The same for people of a customer who are known again though they were erased just now. Nobody enters it: it is what stood before.
    pub(super) async fn honour_erased_back(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        people: &[Contact],
        now: Timestamp,
    ) -> Result<()> {
        let mut of_nobody = self.clone();
        of_nobody.store.acting = None;
        let people: Vec<NamedAt<'_>> = people.iter().map(|contact| (Some(customer), contact)).collect();
        of_nobody.honour_erased_people(tenant, &people, NamedBy::Source, now).await
    }

    async fn honour_erased_people(&self, tenant: &TenantId, people: &[NamedAt<'_>], by: NamedBy, now: Timestamp) -> Result<()> {
        let named = addresses(people.iter().map(|(_, contact)| *contact));
        if named.is_empty() || !self.store.is_any_erased(tenant).await? {
            return Ok(());
        }
        // The mark of a request that is carried out once goes with what the person asked for.
        let store = self.store.unmarked();
        let mut items = BTreeMap::new();
        for (name, at) in named {
            items.insert(keys::erased_address(tenant, &self.keyed_hash(tenant, &name).await?), (name, at));
        }
        let wanted: Vec<keys::Key> = items.keys().cloned().collect();
        let found = store.read_many("look for erased people of", &wanted, true).await?;
        for (key, row) in &found {
            let Some((name, (_, address))) = items.get(key) else { continue };
            let before: ErasedAddress = json(row, DOC)?;
            let mut kept = before.clone();
            let who: Vec<&NamedAt<'_>> = people.iter().filter(|(_, contact)| addresses([*contact]).contains_key(name)).collect();
            if let Some(suppression) = kept.suppressed.take() {
                store.suppress_saying(tenant, (kept.channel, address.as_str()), suppression.clone(), None, None).await?;
                // What stands against the person does so at whatever they have now.
                let all = who.iter().map(|(_, contact)| *contact).filter(|_| suppression.reason.is_of_the_person());
                for (channel, address) in addresses(all).into_values() {
                    store.suppress_saying(tenant, (channel, address.as_str()), suppression.clone(), None, None).await?;
                }
            }
            for (customer, contact) in &who {
                let Some(customer) = customer else { continue };
                let said = kept.taken_back.iter().find(|said| said.customer == **customer).cloned();
                let is_unused = kept.unused.contains(*customer);
                if said.is_some() || is_unused {
                    let again = EnteredAgain { channel: kept.channel, address, said: said.as_ref(), is_unused };
                    store.change_by_hand(tenant, customer, now, |stored| again.enter(&mut stored.by_hand, contact)).await?;
                }
            }
            let at: BTreeSet<&CustomerId> = who.iter().filter_map(|(customer, _)| *customer).collect();
            kept.taken_back.retain(|said| !at.contains(&said.customer));
            kept.unused.retain(|customer| !at.contains(customer));
            if kept != before {
                // It stands there from now on, where a person may lift it for good; unless an erasure kept it anew meanwhile.
                let moved = Change::of(key.clone()).put(DOC, s(to_json(&kept))).add(document::REVISION, n(1)).when(as_read(row));
                store.write("enter anew what stood against somebody of", moved, false).await?;
            }
            store.raise(tenant, None, &exception(&key.sk, by), now).await?;
        }
        Ok(())
    }
}

/// What people had entered of somebody who is named again.
struct EnteredAgain<'a> {
    channel: Channel,
    address: &'a str,
    said: Option<&'a KeptTakingBack>,
    is_unused: bool,
}

impl EnteredAgain<'_> {
    fn enter(&self, by_hand: &mut ByHand, contact: &Contact) {
        let entries = &mut by_hand.contacts;
        if !entries.iter().any(|entry| entry.is_about(contact)) {
            entries.push(ContactByHand::of(contact));
        }
        let Some(entry) = entries.iter_mut().find(|entry| entry.is_about(contact)) else { return };
        entry.unused |= self.is_unused;
        let said = self.said.map(|said| ConsentStatement {
            channel: self.channel,
            address: self.address.to_owned(),
            withdrawn: true,
            said_at: said.said_at,
            wording: None,
            entered_at: said.entered_at,
            by: said.by.clone(),
        });
        entry.statements.extend(said.filter(|said| !entry.statements.contains(said)));
    }
}

/// Who names somebody again who was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NamedBy {
    /// A source.
    Source,
    /// A person who enters them.
    Person,
}

/// The exception for somebody who was erased and is named again.
fn exception(sk: &str, by: NamedBy) -> NewTask {
    let (title, detail) = match by {
        NamedBy::Source => (
            "A source names somebody again who was erased",
            "The person was erased here, and the accounting system still has them, so that they are known again. What stood against \
             their addresses was entered anew before anything else. Erase the person in the accounting system first, then here again.",
        ),
        NamedBy::Person => (
            "Somebody was entered again who was erased",
            "The person was erased here, and a person entered an address of theirs as that of a contact, so that they are known again. \
             What stood against the address was entered anew before the contact was. The audit says who entered it.",
        ),
    };
    NewTask {
        kind: TaskKind::Document,
        key: format!("named_again:{sk}"),
        title: title.to_owned(),
        detail: detail.to_owned(),
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    }
}
