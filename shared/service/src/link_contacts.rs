//! What whoever came by a portal link says of people: that messages are for somebody else, that somebody left, whom to write to. It changes no
//! contact. What they said is a note, and a person decides what of it is entered.

use domain::{Contact, Facts, NoteId, People, id::digest, mailbox::is_address};
use jiff::Timestamp;
use store::{AddressId, Store};

use crate::{
    Done, NotDone,
    actor::noted_contact,
    link_holder::{LinkHolder, SaidByLink, WORDS_MAX},
    matter,
};

/// Longest name, in characters.
const NAME_MAX: usize = 200;
/// The pointer of the flaw that nobody is named.
pub const NAME: &str = "/name";
/// The pointer of the flaw that what is named is no email address.
pub const EMAIL: &str = "/email";

/// Somebody whom a customer names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonNamed {
    /// The name; empty where only the address is known.
    pub name: String,
    /// The email address; empty where only the name is known.
    pub email: String,
}

/// What somebody says of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaidOfPeople {
    /// That messages to their own address are not for them. Whom to write to, where they know.
    NotForMe(PersonNamed),
    /// That somebody is to be written to as well.
    AlsoFor(PersonNamed),
    /// That a contact of the customer, by its [`contact_key`], is not there any more.
    Left(String),
}

impl SaidOfPeople {
    fn what(&self) -> &'static str {
        match self {
            Self::NotForMe(_) => "not_for_me",
            Self::AlsoFor(_) => "new_contact",
            Self::Left(_) => "contact_left",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::NotForMe(_) => "The customer says that messages are for somebody else",
            Self::AlsoFor(_) => "The customer names somebody to write to",
            Self::Left(_) => "The customer says that a contact left",
        }
    }

    fn detail(&self) -> &'static str {
        match self {
            Self::NotForMe(_) => {
                "Look whether that is so, and change the customer's contacts; who said it, and of whom, is among its notes"
            }
            Self::AlsoFor(_) => "Look whether that is so, and enter the contact; who is named is among the customer's notes",
            Self::Left(_) => {
                "Look whether that is so, and have nobody write to the contact; which one is among the customer's notes"
            }
        }
    }
}

/// What pages name a contact by: some sources have addresses for ids, and a page shows nobody's whole address to somebody else.
pub fn contact_key(id: &str) -> String {
    digest(&["contact", id])
}

/// The contact of an address among people, with its id: the customer's own, or one whom an invoice names.
pub fn contact_of<'a>(people: &People<'a>, address: &AddressId) -> Option<(String, &'a Contact)> {
    let has = |contact: &Contact| {
        domain::Channel::ALL
            .into_iter()
            .any(|channel| contact.address(channel).is_some_and(|text| AddressId::of(channel, text) == *address))
    };
    people.all().find(|(_, contact)| has(contact)).map(|(id, contact)| (id.to_owned(), contact))
}

impl LinkHolder {
    /// Says something of people, with words of one's own. It becomes a note, whose id is answered, and work for a person: nothing else changes. The
    /// same of the same day, in UTC, is taken once.
    ///
    /// Only what is not for oneself is said by the link alone; the caller looked that a code was entered for anything else.
    ///
    /// # Errors
    ///
    /// [`NotDone::Fields`] for nobody named, an address that is none, a contact that the customer has not, words that are too long, and where the
    /// link said enough today; [`NotDone::NotFound`], [`NotDone::Changed`]; those of the table.
    pub async fn say_of_people(
        &self,
        store: &Store,
        said: &SaidOfPeople,
        address: &AddressId,
        words: &str,
        now: Timestamp,
    ) -> Done<NoteId> {
        let facts = matter::facts(store, &self.tenant, &self.customer).await?;
        let mut flaws = Vec::new();
        let words = matter::text("/words", Some(words), WORDS_MAX, &mut flaws);
        let whose = whose(&facts, address);
        let first = match said {
            SaidOfPeople::NotForMe(instead) => named(instead, &mut flaws).map(|named| {
                let instead = if named.is_empty() { String::new() } else { format!(" Write to: {named}") };
                format!("Messages to {whose} are not for the reader.{instead}")
            }),
            SaidOfPeople::AlsoFor(person) => {
                let named = named(person, &mut flaws);
                if named.as_deref() == Some("") {
                    flaws.push((NAME.to_owned(), "name somebody".to_owned()));
                }
                named.map(|named| format!("Somebody to write to, named by {whose}: {named}"))
            }
            SaidOfPeople::Left(key) => {
                let people = People::of(&facts);
                let known = people.all().find(|(id, _)| contact_key(id) == *key);
                if known.is_none() {
                    flaws.push(("/contact".to_owned(), "the customer has no such contact".to_owned()));
                }
                known
                    .map(|(id, contact)| format!("{} ({}) is not there any more, says {whose}.", contact.name, noted_contact(id)))
            }
        };
        let (Some(first), true) = (first, flaws.is_empty()) else { return Err(NotDone::Fields(flaws)) };
        let text = words.map_or_else(|| first.clone(), |words| format!("{first}\n{words}"));
        let said = SaidByLink { what: said.what(), title: said.title(), detail: said.detail(), about: None, text };
        self.say(store, said, now).await
    }
}

/// Whose the link is, for people of the tenant: the contact's name and id.
fn whose(facts: &Facts, address: &AddressId) -> String {
    match contact_of(&People::of(facts), address) {
        Some((id, contact)) => format!("{} ({})", contact.name, noted_contact(&id)),
        None => "the link's address".to_owned(),
    }
}

/// Somebody in words, none where nobody is named; `None` where what is named is wrong.
fn named(person: &PersonNamed, flaws: &mut Vec<(String, String)>) -> Option<String> {
    let (before, email) = (flaws.len(), person.email.trim());
    let name = matter::text(NAME, Some(&person.name), NAME_MAX, flaws);
    if name.as_deref().is_some_and(|name| name.contains(['\n', '\t'])) {
        flaws.push((NAME.to_owned(), "a name is one line".to_owned()));
    }
    if !email.is_empty() && !is_address(email) {
        flaws.push((EMAIL.to_owned(), "an email address is one address without a name, such as ap@acme.example".to_owned()));
    }
    let words = match (name, email) {
        (None, email) => email.to_owned(),
        (Some(name), "") => name,
        (Some(name), email) => format!("{name} <{email}>"),
    };
    (flaws.len() == before).then_some(words)
}
