//! Whom a message about a customer's money can go to: the customer's people, and those whom invoices name for themselves.

use std::collections::BTreeMap;

use crate::{Contact, Customer, Facts, INVOICE_CONTACT, Invoice, InvoiceFact, PersonDigest, id::digest};

/// Own contacts of invoices that are looked at, each address once; an invoice whose own is one more goes to the customer's people.
pub const OWN_CONTACTS_MAX: usize = 100;

/// The people by the ids under which messages name them.
#[derive(Clone, Debug)]
pub struct People<'a> {
    of_customer: &'a [Contact],
    of_invoices: BTreeMap<String, &'a Contact>,
}

impl<'a> People<'a> {
    /// The people of these facts.
    pub fn of(facts: &'a Facts) -> Self {
        Self::among(&facts.customer, &facts.invoices)
    }

    /// The people of a customer with these invoices. Archived ones name nobody.
    pub fn among(customer: &'a Customer, invoices: &'a [InvoiceFact]) -> Self {
        let mut named: Vec<(&Invoice, &Contact)> = invoices
            .iter()
            .filter(|fact| !fact.archived)
            .filter_map(|fact| Some((&fact.invoice, fact.invoice.contact.as_ref()?)))
            .collect();
        // Facts come in no order, and what is decided must not depend on it.
        named.sort_by(|a, b| a.0.id.cmp(&b.0.id));
        let mut people = Self { of_customer: &customer.contacts, of_invoices: BTreeMap::new() };
        for (_, contact) in named {
            let is_new = people.of_customer(contact).is_none() && contact.person().is_some();
            if is_new && people.of_invoices.len() < OWN_CONTACTS_MAX {
                people.of_invoices.entry(own_id(contact)).or_insert(contact);
            }
        }
        people
    }

    /// The customer's own contact who is the same person.
    fn of_customer(&self, contact: &Contact) -> Option<&'a Contact> {
        let person = contact.person()?;
        self.of_customer.iter().find(|known| known.person().as_ref() == Some(&person))
    }

    /// Everybody with their ids: the customer's people in the source's order, then those of invoices.
    pub fn all(&self) -> impl Iterator<Item = (&str, &'a Contact)> {
        let own = self.of_invoices.iter().map(|(id, contact)| (id.as_str(), *contact));
        self.of_customer.iter().map(|contact| (contact.external_id.as_str(), contact)).chain(own)
    }

    /// Whom an id names.
    pub fn contact(&self, id: &str) -> Option<&'a Contact> {
        self.of_customer.iter().find(|contact| contact.external_id == id).or_else(|| self.of_invoices.get(id).copied())
    }

    /// Whom a message was for: the person who is known of it, under whatever id by now, else whom its id names.
    pub fn addressee(&self, id: &str, person: Option<&PersonDigest>) -> Option<&'a Contact> {
        let Some(person) = person else { return self.contact(id) };
        self.all().map(|(_, contact)| contact).find(|contact| contact.person_digest().as_ref() == Some(person))
    }

    /// The id of an invoice's own contact: the customer's, where it is one of its people, else one of the address.
    pub fn own(&self, invoice: &Invoice) -> Option<&str> {
        let contact = invoice.contact.as_ref()?;
        match self.of_customer(contact) {
            Some(known) => Some(&known.external_id),
            None => self.of_invoices.get_key_value(&own_id(contact)).map(|(id, _)| id.as_str()),
        }
    }
}

/// The id of somebody whom only invoices name: of their addresses, so that invoices that name one person make one message, and of nothing
/// that could be read.
pub fn own_id(contact: &Contact) -> String {
    let part = |address: &Option<String>| address.as_deref().unwrap_or_default().trim().to_lowercase();
    format!("{INVOICE_CONTACT}:{}", digest(&[&part(&contact.email), &part(&contact.phone)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Currency, Role,
        testing::{Stage, contact, ladder},
    };

    #[test]
    fn an_invoices_own_contact_is_one_of_the_customers_people_or_one_of_its_address() {
        let mut stage = Stage::new(ladder());
        for (number, email) in [("A", "Bills@shop.example"), ("B", "bills@shop.example"), ("C", "P1@beispiel.example"), ("D", "")]
        {
            let id = stage.invoice(number, Currency::EUR, 1_000, "2026-02-04");
            let email = Some(email.to_owned()).filter(|email| !email.is_empty());
            let own = Contact { external_id: INVOICE_CONTACT.to_owned(), email, phone: None, ..contact("x", Role::Billing) };
            stage.invoice_mut(&id).contact = Some(own);
        }
        let people = People::of(&stage.facts);
        let own: Vec<Option<&str>> = stage.facts.invoices.iter().map(|fact| people.own(&fact.invoice)).collect();
        assert_eq!(own[0], own[1], "one address is one person, however it is written");
        assert_eq!((own[2], own[3]), (Some("p1"), None));
        let named = own[0].expect("an own contact");
        assert!(named.starts_with("#invoice:") && !named.contains("bills"), "{named}");
        let email = people.contact(named).and_then(|contact| contact.email.as_deref()).map(str::to_lowercase);
        assert_eq!(email.as_deref(), Some("bills@shop.example"));
        assert_eq!(people.all().count(), 2);
    }
}
