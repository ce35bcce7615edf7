//! People and their rights: finding somebody across the customers of a tenant, everything that is known of them, and erasing it.
//!
//! A person is a mailbox, or a number where there is none: two customers at which one mailbox is a contact have one person. What must be kept
//! is kept, and the answer says what and why.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Channel, Checked, Contact, ContactByHand, CustomerId, CustomerKind, Facts, Identifier, People, TenantId, address_key,
    customer::mailbox_of, retention_of, service_mail::SERVICE_MAIL_DAYS,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{
    AddressId, AskedFor, AuditEntry, CLAIM_DAYS, CustomerFile, Erasing, MeantForPerson, OwnAttachment, PersonId, PortalLink,
    RecordedMessage, Stopped, Store, TakenOut, UNMATCHED_DAYS, Vault, WordsAbout,
};

use crate::{
    Actor, Done, NotDone, Operation,
    actor::noted_contact,
    customer_files::{RemoveObject, answered_key, attached_key},
    customers::reason_of,
    suppressions::{AddressGiven, named_address},
};

/// Records of one customer that an export looks through, the newest.
const RECORDS_MAX: u32 = 1_000;
/// Portal links of one customer that an export looks through.
const LINKS_MAX: usize = 10_000;

/// Somebody, and where they are a contact.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonFound {
    /// Who.
    pub person: PersonId,
    /// The customers at which they are a contact, each with the source's id of the contact.
    pub places: Vec<(CustomerId, String)>,
}

/// Finds somebody by an address: an email address, or the number of somebody who has none.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], and those of reading.
pub async fn find(store: &Store, actor: &Actor, named: &AddressGiven) -> Done<PersonFound> {
    let tenant = actor.may(Operation::FindContact)?;
    let (channel, address) = named_address(named)?;
    let is_email = channel.identifier() == Some(Identifier::Email);
    let person = PersonId::of(&if is_email { mailbox_of(&address) } else { address });
    let places = store.places_of(tenant, &person).await?;
    Ok(PersonFound { person, places: places.into_iter().map(|place| (place.customer, place.contact)).collect() })
}

/// One customer at which somebody is a contact, with what is known there.
struct Place {
    customer: CustomerId,
    facts: Facts,
    /// The person's contacts, in every form in which they are known.
    contacts: Vec<Contact>,
    ids: BTreeSet<String>,
    /// What people entered of them.
    entered: Vec<ContactByHand>,
    /// Everybody else there.
    others: Vec<Contact>,
    /// Whether the customer is the person itself.
    own: bool,
    /// Whether the customer owes something.
    owes: bool,
}

/// The customers at which somebody is a contact, and those at which an erasure of them is under way.
async fn places(store: &Store, tenant: &TenantId, person: &PersonId, begun: &BTreeMap<CustomerId, Erasing>) -> Done<Vec<Place>> {
    let mut customers: BTreeSet<CustomerId> =
        store.places_of(tenant, person).await?.into_iter().map(|place| place.customer).collect();
    customers.extend(begun.keys().cloned());
    let mut places = Vec::new();
    for customer in customers {
        let Some(head) = store.head(tenant, &customer).await? else { continue };
        let facts = store.facts(tenant, &head).await?;
        let is_own = |contact: &Contact| contact.person().is_some_and(|own| PersonId::of(&own) == *person);
        let mut ids: BTreeSet<String> = BTreeSet::new();
        let (mut contacts, mut others, mut entered): (Vec<Contact>, Vec<Contact>, Vec<ContactByHand>) =
            (Vec::new(), Vec::new(), Vec::new());
        for known in facts.by_hand.known(facts.described()) {
            if known.forms.iter().any(is_own) {
                ids.extend(known.forms.iter().map(|form| form.external_id.clone()));
                entered.extend(known.entered.cloned());
                contacts.extend(known.forms);
            } else {
                others.extend(known.forms);
            }
        }
        // Those whom only invoices name, be they closed.
        for contact in store.named_by_invoices(tenant, &customer).await? {
            if !is_own(&contact) {
                others.push(contact);
                continue;
            }
            ids.insert(People::id_of(&contact));
            let is_known = |known: &Contact| known.email == contact.email && known.phone == contact.phone;
            if !contacts.iter().any(is_known) {
                contacts.push(contact);
            }
        }
        // What finds them lags: they may be gone by now.
        if contacts.is_empty() && !begun.contains_key(&customer) {
            continue;
        }
        let own = match facts.customer.kind {
            Some(CustomerKind::Person | CustomerKind::SoleTrader) => true,
            Some(CustomerKind::Company | CustomerKind::Later(_)) | None => false,
        };
        let owes = head.open_invoices > 0 || !head.owed.is_empty();
        places.push(Place { customer, facts, contacts, ids, entered, others, own, owes });
    }
    Ok(places)
}

fn nobody() -> NotDone {
    NotDone::NotFound("nobody is known by that id; POST /v1/contacts/find gives the id of a person by an address".to_owned())
}

/// Everything that is known of a person, as JSON.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn export((store, vault): (&Store, &Vault), actor: &Actor, id: &str, now: Timestamp) -> Done<Value> {
    let tenant = actor.may(Operation::ExportContact)?;
    let person = PersonId::parse(id).ok_or_else(nobody)?;
    let found = places(store, tenant, &person, &BTreeMap::new()).await?;
    if found.is_empty() {
        return Err(nobody());
    }
    let mut suppressions: BTreeMap<String, Value> = BTreeMap::new();
    let mut told = Vec::new();
    for place in &found {
        for contact in &place.contacts {
            for channel in Channel::ALL {
                let Some(address) = contact.address(channel) else { continue };
                let name = address_key(channel, address);
                if suppressions.contains_key(&name) {
                    continue;
                }
                let stopped = store.stopped(tenant, &AddressId::of(channel, address)).await?;
                if let Some(Stopped { suppression, .. }) = stopped {
                    suppressions
                        .insert(name, json!({ "channel": channel, "reason": suppression.reason, "since": suppression.at }));
                }
            }
        }
        told.push(told_of(store, vault, tenant, &person, place).await?);
    }
    let log = store.contacts_with(tenant, &person).await?;
    let contacted: Vec<Value> = log
        .attempts
        .iter()
        .map(|attempt| {
            json!({
                "at": attempt.at, "channel": attempt.channel, "customer": attempt.customer, "message": attempt.message,
                "mode": attempt.mode,
            })
        })
        .collect();
    Ok(json!({
        "id": person.to_string(),
        "as_of": now,
        "places": told,
        "contacted": contacted,
        "suppressions": suppressions.into_values().collect::<Vec<_>>(),
        "scores": [],
    }))
}

async fn told_of(store: &Store, vault: &Vault, tenant: &TenantId, person: &PersonId, place: &Place) -> Done<Value> {
    let customer = &place.facts.customer;
    let whose = MeantForPerson::of(person, &place.contacts, store.contacts_with(tenant, person).await?);
    let records = store.records(tenant, &place.customer, RECORDS_MAX).await?;
    let looked_through = records.len();
    let messages: Vec<Value> = records
        .into_iter()
        .filter_map(|record| {
            let is_to = |of: &&RecordedMessage| whose.is_to(&of.contact, of.person.as_ref(), Some(&of.id));
            let message = record.message.as_ref().filter(is_to)?;
            Some(json!({
                "id": message.id, "decided_at": message.decided_at, "channel": message.channel, "template": message.template,
                "template_version": message.template_version, "mode": message.mode, "status": record.status.to_string(),
                "settled_at": record.at, "reason": message.reason, "covers": message.rows, "decided": record.cases,
                "asked_for": message.asked_for.as_ref().map(asked_in_json),
                "heard": record.heard.iter().map(|(event, at)| (event.as_str().to_owned(), at)).collect::<BTreeMap<_, _>>(),
            }))
        })
        .collect();
    let history = vault.history_of_person(tenant, &place.customer, person).await?;
    let history: Vec<Value> = history.into_iter().map(|(at, contact)| json!({ "at": at, "contact": contact })).collect();
    let named_by = place.facts.invoices.iter().filter(|fact| {
        let named = fact.invoice.contact.as_ref().and_then(Contact::person);
        named.is_some_and(|named| PersonId::of(&named) == *person)
    });
    let named_by: Vec<&str> = named_by.map(|fact| fact.invoice.number.as_str()).collect();
    Ok(json!({
        "customer": {
            "id": place.customer, "name": customer.name, "source": customer.source, "external_id": customer.external_id,
            "kind": customer.kind, "language": customer.language, "country": customer.country, "time_zone": customer.time_zone,
        },
        "contacts": place.contacts,
        "entered": place.entered,
        "named_by_invoices": named_by,
        "messages": messages,
        "is_whole": looked_through < RECORDS_MAX as usize,
        "history": history,
        "links": links_of(store, tenant, place, &whose).await?,
        "written": written_about(store, tenant, person, place).await?,
    }))
}

/// What a message asked for that covers nothing.
fn asked_in_json(asked: &AskedFor) -> Value {
    json!({ "currency": asked.currency, "due_now_minor": asked.due_now_minor, "items": asked.rows })
}

/// What was written about a person at a customer, by the tenant's people and by the person: to the person, of calls and letters, in notes, and in
/// agreements before they were changed; and the files and ratings that the person sent.
async fn written_about(store: &Store, tenant: &TenantId, person: &PersonId, place: &Place) -> Done<Value> {
    let (mut messages, mut notes, mut agreements, mut files) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut ratings, mut replies) = (Vec::new(), Vec::new());
    for about in store.words_about(tenant, &place.customer, person, &place.contacts, place.own).await? {
        match about {
            WordsAbout::Message(id, words) => messages.push(json!({
                "message": id, "contact": words.contact, "subject": words.subject, "body": words.body, "language": words.language,
                "by": words.by, "in_reply_to": words.in_reply_to, "template": words.template,
                "attachments": words.attachments.iter().map(file_of).collect::<Vec<_>>(),
            })),
            WordsAbout::Note(note) => notes.push(json!({
                "id": note.id, "about": note.about, "text": note.text, "by": note.by, "at": note.at, "before": note.before,
                "deleted": note.deleted, "answers": note.answers,
            })),
            WordsAbout::Agreement(id, before) => agreements.push(json!({ "id": id, "was": before })),
            WordsAbout::File(CustomerFile { id, about, name, content_type, bytes, sha256, by, at }) => files.push(json!({
                "id": id, "about": about, "name": name, "content_type": content_type, "bytes": bytes, "sha256": sha256, "by": by,
                "at": at,
            })),
            WordsAbout::Rating(rating) => ratings.push(rating),
            WordsAbout::Reply(reply) => replies.push(json!({
                "id": reply.id, "received_at": reply.received_at, "channel": reply.channel, "from": reply.from,
                "subject": reply.subject, "text": reply.text,
            })),
        }
    }
    Ok(json!({ "messages": messages, "notes": notes, "agreements": agreements, "files": files, "ratings": ratings,
        "replies": replies,
    }))
}

/// A file that went along with a message, without where it lay.
fn file_of(file: &OwnAttachment) -> Value {
    json!({ "name": file.name, "content_type": file.content_type, "bytes": file.bytes, "sha256": file.sha256 })
}

/// The portal links of a person at a customer: those that were made for the contact, and those of its addresses.
async fn links_of(store: &Store, tenant: &TenantId, place: &Place, whose: &MeantForPerson) -> Done<Vec<Value>> {
    let mut addresses: BTreeSet<AddressId> = BTreeSet::new();
    for contact in &place.contacts {
        let of = |channel| contact.address(channel).map(|address| AddressId::of(channel, address));
        addresses.extend(Channel::ALL.into_iter().filter_map(of));
    }
    let links = store.links(tenant, &place.customer, LINKS_MAX, None).await?.links;
    let is_own = |link: &PortalLink| addresses.contains(&link.address) || whose.is_to(&link.contact, link.person.as_ref(), None);
    let told = |link: PortalLink| {
        json!({
            "id": link.id, "channel": link.channel, "contact": link.contact, "address": link.shown, "made_at": link.made_at,
            "expires_at": link.expires_at, "revoked_at": link.revoked_at, "earlier": link.earlier,
        })
    };
    Ok(links.into_iter().filter(is_own).map(told).collect())
}

/// What was erased at one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasedPlace {
    /// The customer.
    pub customer: CustomerId,
    /// How many contacts were taken out, each form in which one was known for itself.
    pub contacts: usize,
    /// How many invoices named the person.
    pub invoices: usize,
    /// How many messages, notes, files, ratings and earlier terms of agreements were of or about the person.
    pub words: usize,
    /// Whether the customer is the person, and its name and postal address went too.
    pub own: bool,
    /// Whether nothing was erased here, because the customer is the person and owes something.
    pub restricted: bool,
}

/// What is kept, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOfPerson {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// Until when, where that is known.
    pub until: Option<String>,
}

/// What an erasure came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub places: Vec<ErasedPlace>,
    /// What is kept.
    pub kept: Vec<KeptOfPerson>,
}

/// Erases a person at every customer: contacts, history, portal links, contact log, addresses, what people wrote about the person, and the files
/// that the person sent, whose contents `remove` deletes. A suppression stays under a keyed hash, the
/// customers' other portal links are void at once, and what the law wants kept is kept and named. Where the customer is the person and owes
/// something, nothing is erased there.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`] without a reason, [`NotDone::Changed`] where a content could not be deleted,
/// and those of the table and of KMS. An erasure that broke off goes on where it is asked for again.
pub async fn erase(
    (store, vault, remove): (&Store, &Vault, &RemoveObject),
    actor: &Actor,
    id: &str,
    reason: Option<&str>,
    now: Timestamp,
) -> Done<Erasure> {
    let tenant = actor.may(Operation::EraseContact)?;
    let person = PersonId::parse(id).ok_or_else(nobody)?;
    let reason = reason_of(reason)?;
    let reason =
        reason.ok_or_else(|| NotDone::field("/reason", "say why the person is erased; the audit keeps it, so name nobody"))?;
    if has_phone_number(&reason) {
        let why = "the audit keeps it for good: leave out phone numbers, and other numbers of nine digits or more";
        return Err(NotDone::field("/reason", why));
    }
    let begun = store.erasing(tenant, &person).await?;
    let found = places(store, tenant, &person, &begun).await?;
    if found.is_empty() {
        return Err(nobody());
    }
    // Before anything is deleted: what comes after the last deletion would find nobody when it is asked for again.
    let country = store.settings(tenant).await?.map(|settings| settings.value.country).unwrap_or_default();
    // The entries name customers and the sources' ids of contacts that are no addresses: not even a digest of an address stays.
    let last = actor.entry(Operation::EraseContact, now).noting(Some(reason));
    // The mark of a request that is carried out once goes with the last transaction alone: before it the request is not carried out, and doing
    // what was done again changes nothing.
    let entry = || AuditEntry { once: None, ..last.clone() };
    // What was taken out before the customer owed anything is erased to the end.
    let is_half_done = |place: &Place| place.contacts.is_empty() && begun.contains_key(&place.customer);
    let is_restricted = |place: &Place| place.own && place.owes && !is_half_done(place);
    let (stay, go): (Vec<&Place>, Vec<&Place>) = found.iter().partition(|place| is_restricted(place));
    let contacts: Vec<Contact> = go.iter().flat_map(|place| place.contacts.clone()).collect();
    let others: Vec<Contact> =
        go.iter().flat_map(|place| &place.others).chain(stay.iter().flat_map(|place| &place.contacts)).cloned().collect();
    // First, so that nothing is lost of what stands against an address whatever comes between.
    let kept_entry = entry().with(json!({ "addresses": "kept as keyed hashes" }));
    let mut suppressions = vault.acting(kept_entry).keep_suppressions(tenant, &contacts, &others, now).await?;
    let mut places = Vec::new();
    let mut done: BTreeMap<CustomerId, TakenOut> = BTreeMap::new();
    for place in &go {
        let customer = place.customer.clone();
        let contacts: BTreeSet<&str> = place.ids.iter().map(|id| noted_contact(id)).collect();
        let what = json!({ "customer": customer, "contacts": contacts, "own": place.own });
        let entry = entry().about(&customer).with(what);
        let out = vault.acting(entry.clone()).erase_at(tenant, &customer, &person, place.own, now).await?;
        store.acting(entry).revoke_links(tenant, &customer, now).await?;
        // While the erasure is written down, so that one that breaks off here goes on here.
        let sent = out.files.iter().map(|file| attached_key(tenant, &customer, file));
        let answered = out.answer_files.iter().map(|file| answered_key(tenant, &customer, file));
        let keys: Vec<String> = sent.chain(answered).collect();
        for key in keys {
            let gone = remove(key).await;
            gone.map_err(|_| {
                NotDone::Changed("a file of the person could not be deleted now; ask for the erasure again".to_owned())
            })?;
        }
        let (contacts, invoices, words) = (out.contacts.len(), out.invoices, out.words);
        places.push(ErasedPlace { customer: customer.clone(), contacts, invoices, words, own: place.own, restricted: false });
        done.insert(customer, out);
    }
    for place in &stay {
        let customer = place.customer.clone();
        places.push(ErasedPlace { customer, contacts: 0, invoices: 0, words: 0, own: false, restricted: true });
    }
    places.sort_by(|a, b| a.customer.cmp(&b.customer));
    // Where something is restricted the addresses are still in use, and what was begun stays written down until they are not.
    if stay.is_empty() {
        let entry = last.clone().with(json!({ "addresses": "erased", "customers": places.len() }));
        // One that came while the person was erased is kept as well.
        suppressions = suppressions.max(vault.acting(entry).end_erasure(tenant, &person, &done, now).await?);
    }
    let kept = kept(&country, &places, suppressions);
    Ok(Erasure { person, places, kept })
}

/// Whether a text seems to have a phone number: seven digits after a plus, or nine, with nothing but what groups them in between.
fn has_phone_number(text: &str) -> bool {
    let (mut digits, mut least) = (0, 9);
    for letter in text.chars() {
        match letter {
            '+' => (digits, least) = (0, 7),
            ' ' | '-' | '.' | '/' | '(' | ')' => {}
            letter if letter.is_numeric() => digits += 1,
            _ => (digits, least) = (0, 9),
        }
        if digits >= least {
            return true;
        }
    }
    false
}

fn kept(country: &str, places: &[ErasedPlace], suppressions: usize) -> Vec<KeptOfPerson> {
    let rule = retention_of(country);
    let wanted = if rule.checked == Checked::HouseRule { "a rule of Dunlin's keeps them" } else { "the law wants them kept" };
    let of = |what: &str, why: String, until: Option<String>| KeptOfPerson { what: what.to_owned(), why, until };
    let mut kept = vec![
        of(
            "invoices, payments and credit notes",
            format!("{wanted} ({}); Art. 17(3)(b) GDPR", rule.law),
            Some(format!("the end of the {}th year after that of each document", rule.years)),
        ),
        of(
            "records of decisions and messages",
            "they hold ids, no names and no addresses, and prove what was sent; of whom a message was for they have the first 8 characters of \
             a digest; Art. 17(3)(e) GDPR"
                .to_owned(),
            None,
        ),
        of(
            "entries of the audit",
            "they hold ids, no names and no addresses, and the reasons that people gave, which name nobody; Art. 17(3)(e) GDPR"
                .to_owned(),
            None,
        ),
        of(
            "notes and words of calls that have neither the name nor an address of the person, and what people wrote of tasks",
            "nothing says whom they are about".to_owned(),
            None,
        ),
        of(
            "files that customers sent by links of other people, and files of the person as old versions",
            "nothing says whom the former are about; the bucket deletes the latter".to_owned(),
            Some("a day after the erasure, of the latter".to_owned()),
        ),
        of(
            "the digest of the address of a message that a sender of the tenant's own claimed",
            "where that sender says that the address takes nothing, it is stopped by its digest".to_owned(),
            Some(format!("{CLAIM_DAYS} days after the claim")),
        ),
        of(
            "proposals, which may name the person, and what was answered to whoever accepted one",
            "a person decides about them, and they expire".to_owned(),
            Some("8 days after it was proposed, and until the table deletes it".to_owned()),
        ),
        of(
            "service mails to whoever came by a portal link",
            "they hold ids and what became of each, no names, no addresses and no words".to_owned(),
            Some(format!("{SERVICE_MAIL_DAYS} days after each was asked for")),
        ),
        of(
            "payments that were begun here, how each was written into the books, and offers of plans",
            "they prove what was paid and offered, by ids, numbers of invoices, amounts, and what a provider or a collector knows a payment by"
                .to_owned(),
            Some("for good, of payments; 400 days after the last day of an offer".to_owned()),
        ),
        of(
            "answers to calls with an Idempotency-Key",
            "they are kept for a repetition of the call".to_owned(),
            Some("a day after the call".to_owned()),
        ),
        of(
            "webhooks that a person has to look at",
            "the body is kept as it came until the parameter ParkedDays of the deployment is over".to_owned(),
            Some("ParkedDays after it came".to_owned()),
        ),
        of(
            "mails that came in, as they came",
            "the bucket keeps each until the parameter InboundDays of the deployment is over".to_owned(),
            Some("InboundDays after it came".to_owned()),
        ),
        of(
            "answers of nobody who is known, and those that have neither the name nor an address of the person",
            "the former are of no customer, and expire; nothing says whom the latter are about".to_owned(),
            Some(format!("{UNMATCHED_DAYS} days after it came, of the former")),
        ),
        of(
            "files that people sent, and that jobs made",
            "they are kept as they are until the bucket deletes them".to_owned(),
            Some("7 days after a file was sent, 30 days after a job made it".to_owned()),
        ),
    ];
    if suppressions > 0 {
        kept.push(of(
            "suppressions",
            format!(
                "{suppressions} of them stand under a keyed hash of the address, so that they hold if a source names it again"
            ),
            None,
        ));
    }
    for place in places.iter().filter(|place| place.restricted) {
        kept.push(of(
            &format!("everything of the person at {}", place.customer),
            "the customer is the person and owes something; Art. 17(3)(e) and 18 GDPR".to_owned(),
            Some("nothing is open; erase the person again then".to_owned()),
        ));
    }
    kept
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;

    #[test]
    fn a_phone_number_is_seen_however_it_is_grouped() {
        for (text, expected) in [
            ("asked for it by letter of 20 March 2026", false),
            ("asked on 2026-03-20, ticket 4711", false),
            ("asked by +1 212 555 0123", true),
            ("asked by (212) 555-0123", true),
            ("asked by 0049/30.12345678", true),
            ("asked by +1 (212) 55", false),
            ("asked by \u{0661}\u{0662}\u{0661}\u{0662}\u{0665}\u{0665}\u{0665}\u{0660}\u{0661}", true),
        ] {
            assert_eq!(has_phone_number(text), expected, "{text}");
        }
    }

    #[test]
    fn whatever_is_kept_stands_in_the_page_about_privacy_too() {
        let page = include_str!("../../../docs/privacy.md").replace(['`', '\n'], " ");
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        let (_, listed) = page.split_once("What is kept is named in kept").unwrap();
        for kept in kept("DE", &[], 0) {
            assert!(listed.contains(&kept.what), "docs/privacy.md does not say that this is kept: {}", kept.what);
            // The days, too, where the answer says a number.
            let days: Vec<&str> = kept.until.iter().flat_map(|until| until.split(|of: char| !of.is_ascii_digit())).collect();
            assert!(days.iter().all(|days| listed.contains(days)), "{:?}", kept.until);
        }
    }
}
