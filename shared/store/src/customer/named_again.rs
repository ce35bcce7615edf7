//! Erased people who are named again, by a source or by a person: what stood against their addresses stands again before they are known.

use std::collections::BTreeMap;

use domain::{Contact, CustomerRef, Document, NewTask, TaskKind, TenantId};
use jiff::Timestamp;

use crate::{
    Result, Vault,
    customer::erasing::{ErasedAddress, addresses, as_read},
    table::{
        attributes::document::{self, DOC},
        change::Change,
        db::{json, n, s, to_json},
        keys,
    },
};

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

impl Vault {
    /// Enters anew what stood against the addresses of erased people whom documents name again, before the documents are applied, and tells a
    /// person of each.
    ///
    /// # Errors
    ///
    /// Those of KMS, of reading and of writing: then the documents must not be applied either.
    pub async fn honour_erased(&self, tenant: &TenantId, documents: &[Document], now: Timestamp) -> Result<()> {
        let people: Vec<&Contact> = documents.iter().flat_map(people_of).collect();
        self.honour_erased_people(tenant, &people, NamedBy::Source, now).await
    }

    /// The same for a contact that a person is about to enter.
    ///
    /// # Errors
    ///
    /// Those of [`Vault::honour_erased`].
    pub async fn honour_erased_entered(&self, tenant: &TenantId, contact: &Contact, now: Timestamp) -> Result<()> {
        self.honour_erased_people(tenant, &[contact], NamedBy::Person, now).await
    }

    /// The same for people who are known again though they were erased just now. Nobody enters it: it is what stood before.
    pub(super) async fn honour_erased_back(&self, tenant: &TenantId, people: &[Contact], now: Timestamp) -> Result<()> {
        let mut of_nobody = self.clone();
        of_nobody.store.acting = None;
        let people: Vec<&Contact> = people.iter().collect();
        of_nobody.honour_erased_people(tenant, &people, NamedBy::Source, now).await
    }

    async fn honour_erased_people(&self, tenant: &TenantId, people: &[&Contact], by: NamedBy, now: Timestamp) -> Result<()> {
        let named = addresses(people.iter().copied());
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
            let mut kept: ErasedAddress = json(row, DOC)?;
            if let Some(suppression) = kept.suppressed.take() {
                self.store.suppress_saying(tenant, (kept.channel, *address), suppression, None, None).await?;
                // It stands at the address from now on, where a person may lift it for good; unless an erasure kept it anew meanwhile.
                let moved = Change::of(key.clone()).put(DOC, s(to_json(&kept))).add(document::REVISION, n(1)).when(as_read(row));
                self.store.write("enter anew what stood against somebody of", moved, false).await?;
            }
            self.store.raise(tenant, None, &exception(&key.sk, by), now).await?;
        }
        Ok(())
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
