//! Who is known at a customer, in every form in which they are, and who has an address, at every customer.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Channel, Contact, CustomerId, Identifier, Invoice, People, TenantId, customer::mailbox_of};

use crate::{
    PersonId, Result, Store,
    table::{
        attributes::document::DOC,
        db::{Range, json, last_of},
        keys,
    },
};

const OP: &str = "look who is known at";
/// Invoices of one customer that are looked through.
const INVOICES_MAX: usize = 60_000;

/// Somebody at a customer: a contact, or whom invoices name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Somebody {
    /// The customer.
    pub(crate) customer: CustomerId,
    /// The id under which messages name them.
    pub(crate) id: String,
    /// Every form in which they are known; never none.
    pub(crate) forms: Vec<Contact>,
}

impl Somebody {
    /// Whether they have an address, in one of the forms. Two addresses of one mailbox are one.
    pub(crate) fn has(&self, channel: Channel, address: &str) -> bool {
        self.forms.iter().any(|form| match channel.identifier() {
            Some(Identifier::Email) => form.email.as_deref().map(mailbox_of) == Some(mailbox_of(address)),
            Some(Identifier::Phone) => form.phone.as_deref() == Some(address),
            Some(Identifier::Postal) | None => false,
        })
    }

    /// Who they are, in each form.
    pub(crate) fn persons(&self) -> impl Iterator<Item = String> {
        self.forms.iter().filter_map(Contact::person)
    }
}

impl Store {
    /// Whom the invoices of a customer name for themselves, those that are set aside too, each once.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn named_by_invoices(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Vec<Contact>> {
        let pk = keys::customer(tenant, customer);
        let mut named: BTreeMap<String, Contact> = BTreeMap::new();
        for row in self.range(OP, Range::new(&pk, "INV#", &last_of("INV#"), INVOICES_MAX)).await? {
            if row.contains_key(DOC)
                && let Some(contact) = json::<Invoice>(&row, DOC)?.contact
            {
                named.entry(People::id_of(&contact)).or_insert(contact);
            }
        }
        Ok(named.into_values().collect())
    }

    /// Everybody whom a customer's source, people or its invoices name.
    pub(crate) async fn everybody_at(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Vec<Somebody>> {
        let mut all = Vec::new();
        if let Some((described, by_hand)) = self.described_and_by_hand(OP, tenant, customer).await? {
            for known in by_hand.known(&described) {
                let Some(id) = known.forms.first().map(|form| form.external_id.clone()) else { continue };
                all.push(Somebody { customer: customer.clone(), id, forms: known.forms });
            }
        }
        let named = self.named_by_invoices(tenant, customer).await?.into_iter();
        all.extend(named.map(|named| Somebody { customer: customer.clone(), id: People::id_of(&named), forms: vec![named] }));
        Ok(all)
    }

    /// Those who have an address, at every customer that lists lead to and at `also`, as they are in the table now. Lists lag behind by moments.
    pub(crate) async fn who_has(
        &self,
        tenant: &TenantId,
        (channel, address): (Channel, &str),
        also: Option<&CustomerId>,
    ) -> Result<Vec<Somebody>> {
        let places = if channel.identifier() == Some(Identifier::Email) {
            self.places_of(tenant, &PersonId::of(&mailbox_of(address))).await?
        } else {
            self.places_of_number(tenant, &PersonId::of(address)).await?
        };
        let customers: BTreeSet<CustomerId> = places.into_iter().map(|place| place.customer).chain(also.cloned()).collect();
        let mut all = Vec::new();
        for customer in customers {
            let everybody = self.everybody_at(tenant, &customer).await?.into_iter();
            all.extend(everybody.filter(|somebody| somebody.has(channel, address)));
        }
        Ok(all)
    }
}
