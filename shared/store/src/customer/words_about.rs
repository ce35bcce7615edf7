//! What people wrote that is about a person at a customer: an export lists it, and an erasure deletes it.
//!
//! | what | is about the person |
//! |---|---|
//! | words of a message that a person wrote, or of a call or letter, and names of its files | where they were for the person, went to an id that the source gave to the person's contact, or have the name or an address |
//! | a note, with the texts that it had and what was answered | where one of them has the name or an address |
//! | an answer | where it came from one of the person's addresses or answers what went to the person's link, or has the name or an address |
//! | a rating | where the link that it came by is for the person, or its words have the name or an address |
//! | what an agreement was before a person changed it | where it has the name or an address |
//! | a file that a customer sent | where the link that it came by is for the person, or the note or answer that it belongs to is about the person |
//!
//! Where the customer is the person, all of it is about the person. Owners and absences name members of the tenant, and actions in bulk hold
//! ids: none of these is about a customer's person.

use std::{collections::BTreeSet, iter::once};

use domain::{Agreement, AgreementId, Channel, Contact, ContactLog, CustomerId, MessageId, People, PersonDigest, TenantId};

use crate::{
    AddressId, CustomerFile, CustomerNote, CustomerRating, KeptReply, OwnText, PersonId, PortalLink, Result, Store,
    customer::{agreements::Undoable, customer_files::ALL_MAX, ratings},
    table::{
        attributes::{document::DOC, every::SK},
        db::{Range, Row, json, last_of, text},
        keys,
    },
};

/// Most items of a kind that are looked through at a customer.
const LOOKED_MAX: usize = 60_000;
/// Shortest name that is looked for, in characters: a shorter one stands in many words.
const NAME_MIN: usize = 4;

/// Something that people wrote and that is about a person.
#[derive(Clone, Debug, PartialEq)]
pub enum WordsAbout {
    /// The words of a message, or of a call or letter.
    Message(MessageId, OwnText),
    /// A note.
    Note(CustomerNote),
    /// What an agreement was before a person changed it.
    Agreement(AgreementId, Box<Agreement>),
    /// A file that a customer sent.
    File(CustomerFile),
    /// A rating.
    Rating(CustomerRating),
    /// An answer.
    Reply(Box<KeptReply>),
}

impl WordsAbout {
    /// Where it is.
    pub(crate) fn key(&self, tenant: &TenantId, customer: &CustomerId) -> keys::Key {
        match self {
            Self::Message(message, _) => keys::own_text(tenant, customer, message),
            Self::Note(note) => keys::note(tenant, customer, &note.id),
            Self::Agreement(agreement, _) => keys::agreement_before(tenant, customer, agreement),
            Self::File(file) => keys::customer_file(tenant, customer, &file.id),
            Self::Rating(rating) => keys::rating(tenant, customer, &rating.about),
            Self::Reply(reply) => keys::reply(tenant, customer, &reply.id),
        }
    }
}

/// What says that something was meant for a person, whatever the ids of contacts name by now.
#[derive(Debug)]
pub struct MeantForPerson {
    /// Everybody who the person is known as.
    persons: BTreeSet<PersonDigest>,
    /// The ids that sources gave to the person's contacts, and those that invoices name them by.
    ids: BTreeSet<String>,
    /// Messages that the contact log says the person had.
    messages: BTreeSet<MessageId>,
}

impl MeantForPerson {
    /// Of a person with these contacts, in every form in which they are known, and the person's contact log.
    pub fn of(person: &PersonId, contacts: &[Contact], log: ContactLog) -> Self {
        let persons = contacts.iter().filter_map(Contact::person_digest).chain([person.short()]).collect();
        // Who stands at a position may have been somebody else before; the id of somebody whom invoices name is of their addresses.
        let given = contacts.iter().map(|contact| contact.external_id.clone()).filter(|id| !id.starts_with('#'));
        let ids = given.chain(contacts.iter().map(People::id_of)).collect();
        Self { persons, ids, messages: log.attempts.into_iter().map(|attempt| attempt.message).collect() }
    }

    /// Whether something that names a contact was meant for the person: by the person that is noted with it, by the id that a source gave, or
    /// by the message that it is of.
    pub fn is_to(&self, contact: &str, person: Option<&PersonDigest>, message: Option<&MessageId>) -> bool {
        let is_person = person.is_some_and(|person| self.persons.contains(person));
        is_person || self.ids.contains(contact) || message.is_some_and(|message| self.messages.contains(message))
    }
}

/// What names somebody in a text.
#[derive(Default)]
struct Names {
    /// Names and email addresses, in small letters.
    words: BTreeSet<String>,
    /// Phone numbers, E.164.
    numbers: BTreeSet<String>,
}

impl Names {
    fn of(contacts: &[Contact]) -> Self {
        let mut names = Self::default();
        for contact in contacts {
            let name = Some(contact.name.trim()).filter(|name| name.chars().count() >= NAME_MIN);
            names.words.extend([name, contact.email.as_deref()].into_iter().flatten().map(str::to_lowercase));
            names.numbers.extend(contact.phone.clone());
        }
        names
    }

    fn are_in(&self, said: &str) -> bool {
        let small = said.to_lowercase();
        if self.words.iter().any(|word| small.contains(word.as_str())) {
            return true;
        }
        // People write numbers in groups.
        let whole: String = said.chars().filter(|each| each.is_ascii_digit() || *each == '+').collect();
        self.numbers.iter().any(|number| whole.contains(number.as_str()))
    }
}

impl Store {
    /// What people wrote at a customer that is about a person with these contacts; all of it with `own`, where the customer is the person.
    ///
    /// Of words that an earlier release wrote to a position (`#0`) the contact log says whose they were, for as long as it has them.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn words_about(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        person: &PersonId,
        contacts: &[Contact],
        own: bool,
    ) -> Result<Vec<WordsAbout>> {
        let names = Names::of(contacts);
        let whose = MeantForPerson::of(person, contacts, self.contacts_with(tenant, person).await?);
        let mut found = Vec::new();
        for row in self.written(tenant, customer, keys::OWN_TEXTS).await? {
            let id = text(&row, SK).and_then(|sk| MessageId::parse(sk.strip_prefix(keys::OWN_TEXTS)?));
            let (Some(id), words) = (id, json::<OwnText>(&row, DOC)?) else { continue };
            let files = words.attachments.iter().map(|file| &file.name);
            let mut said = words.subject.iter().chain(once(&words.body)).chain(files);
            let is_to = whose.is_to(&words.contact, words.person.as_ref(), Some(&id));
            if own || is_to || said.any(|said| names.are_in(said)) {
                found.push(WordsAbout::Message(id, words));
            }
        }
        for row in self.written(tenant, customer, keys::NOTES).await? {
            let note: CustomerNote = json(&row, DOC)?;
            let files = note.answer_files().map(|file| &file.name);
            let answered = note.answers.iter().map(|answer| &answer.words).chain(files);
            let is_named = {
                let mut said = note.before.iter().map(|(_, said)| said).chain(once(&note.text)).chain(answered);
                said.any(|said| names.are_in(said))
            };
            if own || is_named {
                found.push(WordsAbout::Note(note));
            }
        }
        for row in self.written(tenant, customer, keys::BEFORE).await? {
            let Undoable { before, .. } = json(&row, DOC)?;
            if own || text(&row, DOC).is_some_and(|doc| names.are_in(doc)) {
                found.push(WordsAbout::Agreement(before.id.clone(), Box::new(before)));
            }
        }
        let files = self.files_read(tenant, customer, ALL_MAX).await?;
        let ratings = self.ratings(tenant, customer, ratings::ALL_MAX, None).await?.ratings;
        let replies = self.written(tenant, customer, keys::REPLIES).await?;
        if files.is_empty() && ratings.is_empty() && replies.is_empty() {
            return Ok(found);
        }
        // Nothing in a file or rating says whom it is about: the link that it came by does.
        let of = |contact: &Contact, channel| contact.address(channel).map(|address| AddressId::of(channel, address));
        let addresses: Vec<AddressId> = contacts
            .iter()
            .flat_map(|contact| Channel::ALL.into_iter().filter_map(move |channel| of(contact, channel)))
            .collect();
        let is_theirs =
            |link: &&PortalLink| addresses.contains(&link.address) || whose.is_to(&link.contact, link.person.as_ref(), None);
        let links = self.links(tenant, customer, LOOKED_MAX, None).await?.links;
        let mut from: BTreeSet<String> = BTreeSet::new();
        for link in links.iter().filter(is_theirs) {
            from.extend(link.earlier.iter().chain([&link.id]).map(|id| id.as_str().to_owned()));
        }
        for row in &replies {
            let reply: KeptReply = json(row, DOC)?;
            let is_from = addresses.contains(&AddressId::of(reply.channel, &reply.from));
            let is_to = reply.link.as_ref().is_some_and(|link| from.contains(link.as_str()));
            let names_them = {
                let mut said = reply.subject.iter().chain([&reply.text, &reply.from]).chain(&reply.read.deputy);
                said.any(|said| names.are_in(said))
            };
            if own || is_from || is_to || names_them {
                found.push(WordsAbout::Reply(Box::new(reply)));
            }
        }
        let of_notes = found.iter().filter_map(|about| match about {
            WordsAbout::Note(note) => Some(note.id.as_str().to_owned()),
            WordsAbout::Reply(reply) => Some(reply.id.as_str().to_owned()),
            WordsAbout::Message(..) | WordsAbout::Agreement(..) | WordsAbout::File(_) | WordsAbout::Rating(_) => None,
        });
        let notes: BTreeSet<String> = of_notes.collect();
        let is_about = |file: &CustomerFile| own || from.contains(&file.by) || notes.contains(&file.about);
        found.extend(files.into_iter().filter(is_about).map(WordsAbout::File));
        let is_theirs = |rating: &CustomerRating| {
            own || from.contains(&rating.by) || rating.words.as_ref().is_some_and(|words| names.are_in(words))
        };
        found.extend(ratings.into_iter().filter(is_theirs).map(WordsAbout::Rating));
        Ok(found)
    }

    async fn written(&self, tenant: &TenantId, customer: &CustomerId, kind: &str) -> Result<Vec<Row>> {
        let pk = keys::customer(tenant, customer);
        self.range("look for words about a person at", Range::new(&pk, kind, &last_of(kind), LOOKED_MAX)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_named_by_name_and_address_and_number() {
        let contact = |name: &str| Contact {
            external_id: "p1".to_owned(),
            name: name.to_owned(),
            roles: vec![],
            email: Some("Ann@Acme.example".to_owned()),
            phone: Some("+4915112345678".to_owned()),
            consents: vec![],
            unusable: vec![],
        };
        let names = Names::of(&[contact("Ann Smith")]);
        for (said, expected) in [
            ("Spoke to ANN SMITH.", true),
            ("Write to ann@acme.example", true),
            ("Call +49 151 1234-5678", true),
            ("Ann is away", false),
            ("Invoice 4915112345678", false),
            ("", false),
        ] {
            assert_eq!(names.are_in(said), expected, "{said}");
        }
        assert!(!Names::of(&[contact("Ann")]).are_in("Annex of the contract"));
    }

    #[test]
    fn what_was_meant_for_a_person_is_known_by_the_person_and_never_by_a_position() {
        let contact = |id: &str, email: &str| Contact::by_email(id, domain::Role::Billing, email);
        let (ann, bob) = (PersonId::of("ann@acme.example"), PersonId::of("bob@acme.example"));
        let log = ContactLog::default();
        // The feed swapped them: Bob stands where Ann stood.
        let places = [contact("#0", "bob@acme.example"), contact("#1", "ann@acme.example")];
        let of = |person: &PersonId, at: usize| MeantForPerson::of(person, &places[at..=at], log.clone());
        let to_ann = Some(ann.short());
        assert!(of(&ann, 1).is_to("#0", to_ann.as_ref(), None));
        assert!(!of(&bob, 0).is_to("#0", to_ann.as_ref(), None));
        assert!(!of(&bob, 0).is_to("#0", None, None), "a position says nothing by itself");
        // An id that the source gave is the contact's, whichever address it has by now.
        let source = MeantForPerson::of(&bob, &[contact("p1", "bob@acme.example")], log.clone());
        assert!(source.is_to("p1", to_ann.as_ref(), None) && !source.is_to("p2", None, None));
        // Of what an earlier release left the log says it.
        let message = MessageId::derive(&["m"]);
        let attempt = domain::ContactAttempt {
            at: jiff::Timestamp::UNIX_EPOCH,
            channel: domain::Channel::Email,
            message: message.clone(),
            case: None,
            customer: CustomerId::derive(&["c"]),
            mode: domain::Mode::Live,
        };
        let logged = MeantForPerson::of(&ann, &places[1..], log.with(&attempt));
        assert!(logged.is_to("#0", None, Some(&message)) && !logged.is_to("#0", None, None));
    }
}
