//! What people entered of a customer here, beside what its source describes: contacts, changes of the source's contacts, consents, a postal
//! address, preferences. No document of a source changes it; the customer that is decided about is the source's with this laid over it.
//!
//! | what | which stands |
//! |---|---|
//! | a field that a person entered | the person's, until a person takes it back |
//! | a field that nobody entered | the source's newest |
//! | a contact that a person entered | stays, whatever list of contacts the source sends |
//! | a contact of the source that its list names no more | is gone; what was entered of it waits until a list names it again |
//! | that nobody is to write to a contact of the source | for the contact, and for the same person under another id once the source names the first no more |
//! | a consent that was withdrawn here | withdrawn for this contact, and for whoever of the customer has the address, whatever the source says |
//! | a consent that was given here | given for the address that it was given for, whatever the source says |
//! | a consent that the source states, and another number was entered | not given for that number |
//! | several statements of a consent | the last one |
//! | that a contact asked for no contact at all | for the contact, whatever address the source or a person gives it later |
//! | somebody whom an invoice names, and who is a contact that nobody is to write to, or was before its address was entered | nobody, or the contact as it is now ([`crate::People`]) |

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Time};
use serde::{Deserialize, Serialize};

use crate::{Channel, Consent, Contact, Customer, Identifier, PostalAddress, Role, customer::mailbox_of, settings::Window};

/// Most contacts of one customer of which something is entered.
pub const CONTACTS_BY_HAND_MAX: usize = 100;
/// Most statements of consent that are kept of one contact.
pub const STATEMENTS_MAX: usize = 50;

/// What people entered of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// Contacts that were entered, and what was entered of the source's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<ContactByHand>,
    /// Where letters go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_address: Option<PostalAddress>,
    /// The language that the customer wants, BCP 47 in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The hours in which the customer wants to be contacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<ContactHours>,
}

/// Hours of each day, in the zone of whoever is contacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactHours {
    /// First moment, inclusive.
    pub from: Time,
    /// Last moment, exclusive.
    pub to: Time,
}

/// A contact that a person entered, or what a person entered of a contact of the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactByHand {
    /// The contact's id: the source's own, or one that begins with `ent_` where the contact was entered here.
    pub id: String,
    /// Whether the contact was entered here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
    /// Who the source's contact was when something was first entered of it ([`Contact::person`]): what it is known by where its id only says
    /// where in a list it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the person is there for; the source's roles where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// The email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The phone number, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The channel that the person prefers, among those that a step has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Whether nobody is to write to this contact, because the person left, or is the wrong one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unused: bool,
    /// Since when nobody is to write to whoever this contact is, because somebody at one of its addresses asked for no contact at all. It holds
    /// whatever addresses the contact has later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceased: Option<Timestamp>,
    /// Consents given and withdrawn, in the order in which they were entered. None is ever deleted but with the person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<ConsentStatement>,
}

/// That a person agreed to a channel, or took that back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentStatement {
    /// The channel.
    pub channel: Channel,
    /// The address that it was about when it was entered.
    pub address: String,
    /// Whether the consent was taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
    /// When the person said so.
    pub said_at: Timestamp,
    /// The words that were agreed to, or how it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wording: Option<String>,
    /// When it was entered.
    pub entered_at: Timestamp,
    /// Who entered it.
    pub by: String,
}

/// One contact in every form in which something is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownContact<'a> {
    /// As its source describes it, where it does.
    pub described: Option<&'a Contact>,
    /// What was entered of it.
    pub entered: Option<&'a ContactByHand>,
    /// Every form, each once: as it is with what was entered, whether anybody writes to it or not; as its source describes it; and who it was
    /// when something was entered.
    pub forms: Vec<Contact>,
}

impl<'a> KnownContact<'a> {
    fn of(described: Option<&'a Contact>, entered: Option<&'a ContactByHand>, now: Contact) -> Self {
        let mut forms = vec![now];
        forms.extend(described.filter(|contact| !forms.contains(contact)).cloned());
        let mut persons: BTreeSet<String> = forms.iter().filter_map(Contact::person).collect();
        if let Some(entry) = entered {
            let others = entry.persons().into_iter().filter(|person| persons.insert(person.clone()));
            forms.extend(others.map(|person| entry.named(person)));
        }
        Self { described, entered, forms }
    }
}

/// The statement that counts of several.
pub(crate) fn last_word<'a>(all: impl Iterator<Item = &'a ConsentStatement>) -> Option<&'a ConsentStatement> {
    all.max_by_key(|said| (said.entered_at, said.withdrawn))
}

/// Whether two texts are one address.
fn is_same(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

impl ContactByHand {
    /// What was entered of a contact of the source, before anything was.
    pub fn of(contact: &Contact) -> Self {
        Self { id: contact.external_id.clone(), person: contact.person(), ..Self::default() }
    }

    /// Whether it is about this contact, as the source describes it or with what was entered.
    pub fn is_about(&self, contact: &Contact) -> bool {
        // Ids that begin with `#` only say where in a list somebody stands.
        if !self.id.starts_with('#') {
            return self.id == contact.external_id;
        }
        let person = contact.person();
        let now = self.email.as_deref().map(mailbox_of).or_else(|| self.phone.clone());
        person.is_some() && (person == self.person || person == now)
    }

    /// Who it is as far as the entry itself says, each as [`Contact::person`] has it: who was entered, and who the source's contact was when
    /// something was first entered of it.
    pub fn persons(&self) -> BTreeSet<String> {
        let has_mailbox = self.person.as_deref().is_some_and(|person| person.contains('@'));
        let entered = match &self.email {
            Some(email) => Some(mailbox_of(email)),
            // Whoever has a mailbox is known by it, whatever the number.
            None => self.phone.clone().filter(|_| self.own || !has_mailbox),
        };
        entered.into_iter().chain(self.person.clone()).collect()
    }

    /// The address for which the last statement of a consent says that it was given.
    pub fn agreed(&self, channel: Channel) -> Option<&str> {
        let all = self.statements.iter().filter(|said| said.channel == channel);
        let last = last_word(all)?;
        (!last.withdrawn).then_some(last.address.as_str())
    }

    /// The last statement of a consent to a channel, where it says that it was taken back.
    pub fn taken_back(&self, channel: Channel) -> Option<&ConsentStatement> {
        last_word(self.statements.iter().filter(|said| said.channel == channel)).filter(|said| said.withdrawn)
    }

    /// The last statements of consents, of each channel, that say that one was taken back.
    pub fn all_taken_back(&self) -> impl Iterator<Item = &ConsentStatement> {
        Channel::ALL.into_iter().filter_map(move |channel| self.taken_back(channel))
    }

    /// A contact that stands for somebody whom the entry names and nothing else of the customer does.
    fn named(&self, person: String) -> Contact {
        let (email, phone) = if person.contains('@') { (Some(person), None) } else { (None, Some(person)) };
        Contact { email, phone, ..self.contact() }
    }

    /// The contact that was entered here.
    fn contact(&self) -> Contact {
        let nobody = Contact {
            external_id: self.id.clone(),
            name: String::new(),
            roles: vec![Role::Billing],
            email: None,
            phone: None,
            consents: Vec::new(),
            unusable: Vec::new(),
        };
        self.over(&nobody)
    }

    /// A contact with what was entered of it.
    fn over(&self, contact: &Contact) -> Contact {
        let mut contact = contact.clone();
        if let Some(name) = &self.name {
            contact.name.clone_from(name);
        }
        if !self.roles.is_empty() {
            contact.roles.clone_from(&self.roles);
        }
        if let Some(email) = &self.email {
            contact.email = Some(email.clone());
            contact.unusable.retain(|unusable| unusable.channel != Channel::Email);
        }
        if let Some(phone) = &self.phone {
            if !contact.phone.as_deref().is_some_and(|known| is_same(known, phone)) {
                // What was agreed to for the source's number holds for no other.
                contact.consents.retain(|consent| consent.channel.identifier() != Some(Identifier::Phone));
            }
            contact.phone = Some(phone.clone());
            contact.unusable.retain(|unusable| unusable.channel != Channel::Sms);
        }
        contact
    }
}

impl ByHand {
    /// Whether nothing is entered.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What was entered of a contact.
    pub fn of_contact(&self, contact: &Contact) -> Option<&ContactByHand> {
        self.contacts.iter().find(|entry| entry.is_about(contact))
    }

    /// The customer with what was entered laid over what its source describes.
    pub fn over(&self, described: &Customer) -> Customer {
        let mut customer = described.clone();
        let of_source = described.contacts.iter().map(|contact| {
            let entry = self.contacts.iter().find(|entry| !entry.own && entry.is_about(contact));
            (entry, entry.map_or_else(|| contact.clone(), |entry| entry.over(contact)))
        });
        let own = self.contacts.iter().filter(|entry| entry.own).map(|entry| (Some(entry), entry.contact()));
        let is_left_alone = |entry: Option<&ContactByHand>, contact: &Contact| match entry {
            Some(entry) => entry.unused,
            None => self.left_alone(described, contact).is_some(),
        };
        let all = of_source.chain(own).filter(|(entry, contact)| !is_left_alone(*entry, contact));
        customer.contacts = all.map(|(entry, contact)| self.with_consents(entry, contact)).collect();
        if let Some(address) = &self.postal_address {
            customer.postal_address = Some(address.clone());
        }
        if let Some(language) = &self.language {
            customer.language = Some(language.clone());
        }
        customer
    }

    /// Keeps with a contact that a consent was taken back for an address that it has, without the words of whoever said so.
    pub fn keep_taken_back(&mut self, of: &KnownContact<'_>, said: &ConsentStatement) {
        let Some(contact) = of.described.or(of.forms.first()) else { return };
        let at = self.contacts.iter().position(|entry| entry.is_about(contact)).unwrap_or_else(|| {
            let unused = of.entered.is_some_and(|entry| entry.unused);
            self.contacts.push(ContactByHand { unused, ..ContactByHand::of(contact) });
            self.contacts.len() - 1
        });
        let said = ConsentStatement { wording: None, ..said.clone() };
        if let Some(entry) = self.contacts.get_mut(at).filter(|entry| !entry.statements.contains(&said)) {
            entry.statements.push(said);
        }
    }

    /// What was entered of consents to a channel for an address, whoever has it.
    pub(crate) fn said_of<'a>(&'a self, channel: Channel, address: &'a str) -> impl Iterator<Item = &'a ConsentStatement> {
        let all = self.contacts.iter().flat_map(|entry| &entry.statements);
        all.filter(move |said| said.channel == channel && is_same(&said.address, address))
    }

    /// What was entered of somebody whom the source names under another id now, where it is that nobody is to write to them. What a person
    /// enters of the contact under its new id counts instead.
    fn left_alone(&self, described: &Customer, contact: &Contact) -> Option<&ContactByHand> {
        let person = contact.person()?;
        let is_named = |entry: &ContactByHand| described.contacts.iter().any(|contact| entry.is_about(contact));
        self.contacts.iter().find(|entry| entry.unused && !entry.own && entry.persons().contains(&person) && !is_named(entry))
    }

    /// What is entered of a contact of the source of which nothing was entered under its id yet.
    pub fn begun_of(&self, described: &Customer, contact: &Contact) -> ContactByHand {
        ContactByHand { unused: self.left_alone(described, contact).is_some(), ..ContactByHand::of(contact) }
    }

    /// A contact with the consents that the last statements leave.
    fn with_consents(&self, entry: Option<&ContactByHand>, mut contact: Contact) -> Contact {
        for channel in Channel::ALL.into_iter().filter(|channel| channel.needs_consent()) {
            let Some(address) = contact.address(channel).map(str::to_owned) else { continue };
            let own = entry.into_iter().flat_map(|entry| &entry.statements).filter(|said| said.channel == channel);
            // Whoever took it back did so for every number that they have.
            let own = own.filter(|said| said.withdrawn || is_same(&said.address, &address));
            let Some(last) = last_word(own.chain(self.said_of(channel, &address))) else { continue };
            contact.consents.retain(|consent| consent.channel != channel);
            if !last.withdrawn {
                contact.consents.push(Consent { channel, given_at: Some(last.said_at), wording: last.wording.clone() });
            }
        }
        contact
    }

    /// Everybody of whom the two say something: the source's contacts, those that were entered, and those of whom something was entered and whom
    /// the source names no more.
    pub fn known<'a>(&'a self, described: &'a Customer) -> Vec<KnownContact<'a>> {
        let of_source = described.contacts.iter().map(|contact| {
            let entry = self.contacts.iter().find(|entry| !entry.own && entry.is_about(contact));
            let now = entry.map_or_else(|| contact.clone(), |entry| entry.over(contact));
            let entered = entry.or_else(|| self.left_alone(described, contact));
            KnownContact::of(Some(contact), entered, self.with_consents(entry, now))
        });
        let is_described = |entry: &&ContactByHand| described.contacts.iter().any(|contact| entry.is_about(contact));
        let others = self
            .contacts
            .iter()
            .filter(|entry| entry.own || !is_described(entry))
            .map(|entry| KnownContact::of(None, Some(entry), self.with_consents(Some(entry), entry.contact())));
        of_source.chain(others).collect()
    }

    /// The contacts that this makes of the contacts of customers, and those that were entered here.
    pub fn contacts_of(&self, described: &[Customer]) -> Vec<Contact> {
        let own = self.contacts.iter().filter(|entry| entry.own).map(ContactByHand::contact);
        let of_source = described.iter().flat_map(|customer| &customer.contacts);
        let changed = of_source.filter_map(|contact| {
            let entry = self.contacts.iter().find(|entry| !entry.own && entry.is_about(contact))?;
            Some(entry.over(contact))
        });
        own.chain(changed).collect()
    }

    /// Since when nobody is to write to whoever a contact is.
    pub fn ceased(&self, contact: &Contact) -> Option<Timestamp> {
        self.contacts.iter().filter(|entry| entry.is_about(contact)).find_map(|entry| entry.ceased)
    }

    /// The contacts to whom nobody is to write whatever their addresses are, each since when.
    pub(crate) fn all_ceased(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        self.contacts.iter().filter_map(|entry| Some((entry.id.as_str(), entry.ceased?)))
    }

    /// The channel that a contact prefers.
    pub fn preferred(&self, contact: &Contact) -> Option<Channel> {
        self.of_contact(contact)?.channel
    }

    /// A tenant's hours, narrowed to those of the customer; the tenant's own where the two have no moment in common.
    pub fn within(&self, window: &Window) -> Window {
        let narrowed = self.hours.map(|hours| Window {
            from: window.from.max(hours.from),
            to: window.to.min(hours.to),
            days: window.days.clone(),
        });
        narrowed.filter(|narrowed| narrowed.from < narrowed.to).unwrap_or_else(|| window.clone())
    }

    /// What a decision looks at beside the customer itself, its hours and the channels of its contacts; `None` where that is nothing.
    #[expect(clippy::type_complexity, reason = "its one reader hashes it as it is")]
    pub fn preferences(&self) -> Option<(Option<ContactHours>, Vec<(&str, Channel)>)> {
        let channels = self.contacts.iter().filter_map(|entry| Some((entry.id.as_str(), entry.channel?)));
        let channels: Vec<(&str, Channel)> = channels.collect();
        (self.hours.is_some() || !channels.is_empty()).then_some((self.hours, channels))
    }
}

#[cfg(test)]
mod tests;
