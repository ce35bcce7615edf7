//! What people enter of a customer: contacts, changes of the source's contacts, consents, preferences and a postal address. What is entered
//! stands over what the source says ([`domain::by_hand`] has the order), until a person takes it back.

use domain::{
    ByHand, Channel, ConsentStatement, Contact, ContactByHand, ContactHours, Customer, CustomerId, PostalAddress, Role, TenantId,
    by_hand::{CONTACTS_BY_HAND_MAX, STATEMENTS_MAX},
    calendar::{is_country, is_language},
    id::digest,
    mailbox::is_address,
    phone,
    word::Word,
};
use jiff::{Timestamp, civil::Time};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Store, StoredByHand, Vault};

use crate::{Actor, Done, NotDone, Operation, actor::noted_contact, customers::no_customer};

/// Longest name, or line of an address, in characters.
const LINE_MAX: usize = 200;
/// Longest wording of a consent, in characters.
const WORDING_MAX: usize = 1_000;
/// What the ids of contacts begin with that people entered; `con_` is a person across customers.
const OWN: &str = "ent_";

/// What is wrong: JSON pointers, each with a sentence.
type Wrong = Vec<(String, String)>;

/// A customer with what its source says and what people entered.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerShown {
    /// As its source describes it.
    pub described: Customer,
    /// As it is decided about: with what people entered.
    pub customer: Customer,
    /// What people entered.
    pub by_hand: ByHand,
    /// Counts the writes of what people entered.
    pub rev: u64,
}

/// What is entered of one contact: fields that are not there are the source's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactGiven {
    /// The name.
    pub name: Option<String>,
    /// Words of roles.
    pub roles: Option<Vec<String>>,
    /// The email address.
    pub email: Option<String>,
    /// The phone number, E.164.
    pub phone: Option<String>,
    /// The word of the channel that the person prefers.
    pub channel: Option<String>,
    /// Whether anybody writes to the contact; true where nothing is said.
    pub used: Option<bool>,
}

/// What is entered of a customer itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerGiven {
    /// The language, BCP 47.
    pub language: Option<String>,
    /// The hours in which the customer wants to be contacted, `HH:MM` each: from, and until before.
    pub hours: Option<(String, String)>,
    /// Where letters go.
    pub postal_address: Option<PostalAddress>,
}

/// That somebody agreed to a channel, or took that back, as a person says it.
#[derive(Clone, Debug, Default)]
pub struct ConsentAsked {
    /// A channel that needs consent.
    pub channel: String,
    /// `given` or `withdrawn`.
    pub status: String,
    /// When they said so; now where nothing is said.
    pub said_at: Option<Timestamp>,
    /// The words that they agreed to, or how they took it back.
    pub wording: Option<String>,
}

/// What a write is made from.
struct Before {
    tenant: TenantId,
    customer: CustomerId,
    described: Customer,
    stored: StoredByHand,
}

/// A customer with what its source says and what people entered.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] for the customer, and those of reading.
pub async fn show(store: &Store, actor: &Actor, customer: &str) -> Done<CustomerShown> {
    let tenant = actor.may(Operation::ShowContacts)?;
    Ok(shown(&before(store, tenant, customer, None).await?))
}

/// Enters a contact. Its id, and the customer as it is now. What stood against the address of somebody who was erased stands again before.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] for the customer, [`NotDone::Fields`], [`NotDone::Stale`], [`NotDone::Conflict`] where there are
/// too many; those of the table and of KMS.
pub async fn add(
    (store, vault): (&Store, &Vault),
    actor: &Actor,
    customer: &str,
    given: &ContactGiven,
    seen: Option<u64>,
    now: Timestamp,
) -> Done<(String, CustomerShown)> {
    let tenant = actor.may(Operation::AddContact)?;
    let mut before = before(store, tenant, customer, seen).await?;
    let (rev, moment) = (before.stored.rev.to_string(), now.to_string());
    let id = format!("{OWN}{}", digest(&[tenant.as_str(), before.customer.as_str(), &rev, &moment]));
    let blank = ContactByHand { id: id.clone(), own: true, ..ContactByHand::default() };
    let entry = read_contact(given, &blank)?;
    unless_full(&before.stored.by_hand)?;
    before.stored.by_hand.contacts.push(entry);
    unless_twice(&before, &id)?;
    honour_erased(vault, &before, &id, now).await?;
    let what = json!({ "entered": fields(given) });
    let after = put(store, actor, Operation::AddContact, before, Some(&id), what, now).await?;
    Ok((id, after))
}

/// Changes what is entered of a contact, one that was entered or one of the source: `change` makes of what is entered what is to be. The
/// customer as it is now. What is so already changes nothing. What stood against the address of somebody who was erased stands again before.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] for the customer or contact, [`NotDone::Fields`], [`NotDone::Stale`], [`NotDone::Conflict`]
/// where the contact has neither an id of its source nor an address; those of `change`, of the table and of KMS.
pub async fn change(
    (store, vault): (&Store, &Vault),
    actor: &Actor,
    (customer, contact): (&str, &str),
    change: impl FnOnce(&ContactGiven) -> Done<ContactGiven>,
    seen: Option<u64>,
    now: Timestamp,
) -> Done<CustomerShown> {
    let tenant = actor.may(Operation::ChangeContact)?;
    let mut before = before(store, tenant, customer, seen).await?;
    let at = entry_of(&mut before, contact)?;
    let entry = before.stored.by_hand.contacts[at].clone();
    let had = given_of(&entry);
    let given = change(&had)?;
    if given == had {
        return show_again(store, &before).await;
    }
    before.stored.by_hand.contacts[at] = read_contact(&given, &entry)?;
    unless_twice(&before, contact)?;
    honour_erased(vault, &before, contact, now).await?;
    let what = json!({ "entered": fields(&given), "before": fields(&had) });
    put(store, actor, Operation::ChangeContact, before, Some(contact), what, now).await
}

/// Takes back what was entered of a contact: one that was entered is written to no more, one of the source is as its source says. Statements
/// of consent stay.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] for the customer, or where nothing was entered of the contact; [`NotDone::Stale`]; those of
/// the table.
pub async fn remove(
    store: &Store,
    actor: &Actor,
    customer: &str,
    contact: &str,
    seen: Option<u64>,
    now: Timestamp,
) -> Done<CustomerShown> {
    let tenant = actor.may(Operation::RemoveContact)?;
    let mut before = before(store, tenant, customer, seen).await?;
    let none = || NotDone::NotFound("nothing was entered of such a contact".to_owned());
    let at = before.stored.by_hand.contacts.iter().position(|entry| entry.id == contact).ok_or_else(none)?;
    let entry = before.stored.by_hand.contacts.remove(at);
    let left = if entry.own {
        ContactByHand { unused: true, ..entry.clone() }
    } else {
        let ContactByHand { id, person, statements, .. } = entry.clone();
        ContactByHand { id, person, statements, ..ContactByHand::default() }
    };
    if left == entry {
        return show_again(store, &before).await;
    }
    // Of what says nothing of a consent nothing is kept.
    if !left.statements.is_empty() {
        before.stored.by_hand.contacts.insert(at, left);
    }
    let what = json!({ "before": fields(&given_of(&entry)) });
    put(store, actor, Operation::RemoveContact, before, Some(contact), what, now).await
}

/// Enters that a contact agreed to a channel, or took that back. What the source says of that consent, now or later, does not count from then
/// on.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] for the customer or contact, [`NotDone::Fields`], [`NotDone::Stale`], [`NotDone::Conflict`]
/// where there are too many; those of the table.
pub async fn state_consent(
    store: &Store,
    actor: &Actor,
    (customer, contact): (&str, &str),
    asked: &ConsentAsked,
    seen: Option<u64>,
    now: Timestamp,
) -> Done<CustomerShown> {
    let tenant = actor.may(Operation::StateConsent)?;
    let mut before = before(store, tenant, customer, seen).await?;
    let whom = find(&before, contact).ok_or_else(no_contact)?;
    let mut wrong = Wrong::new();
    let channel = Channel::of_this_release(&asked.channel).filter(|channel| channel.needs_consent());
    let address = channel.and_then(|channel| whom.address(channel)).map(str::to_owned);
    if channel.is_none() {
        let those = Channel::named(Channel::needs_consent);
        let detail = format!("a channel that needs consent is {those}; who wants no mail is entered by POST /v1/suppressions");
        wrong.push(("/channel".to_owned(), detail));
    } else if address.is_none() {
        wrong.push(("/channel".to_owned(), "the contact has no phone number; enter it first".to_owned()));
    }
    let withdrawn = match asked.status.as_str() {
        "given" => Some(false),
        "withdrawn" => Some(true),
        _ => None,
    };
    if withdrawn.is_none() {
        wrong.push(("/status".to_owned(), "a consent is given or withdrawn".to_owned()));
    }
    let wording = asked.wording.as_deref().map(str::trim).filter(|wording| !wording.is_empty()).map(str::to_owned);
    if wording.as_deref().is_some_and(|wording| wording.chars().count() > WORDING_MAX) {
        wrong.push(("/wording".to_owned(), format!("it has at most {WORDING_MAX} characters")));
    } else if wording.is_none() && withdrawn == Some(false) {
        wrong.push(("/wording".to_owned(), "say the words that were agreed to: a consent is proved by them".to_owned()));
    }
    let said_at = asked.said_at.unwrap_or(now);
    if said_at > now {
        wrong.push(("/said_at".to_owned(), "it is in the future; say when they said so".to_owned()));
    }
    let (Some(channel), Some(address), Some(withdrawn), true) = (channel, address, withdrawn, wrong.is_empty()) else {
        return Err(NotDone::Fields(wrong));
    };
    let at = entry_of(&mut before, contact)?;
    let entry = &mut before.stored.by_hand.contacts[at];
    if entry.statements.len() >= STATEMENTS_MAX {
        return Err(NotDone::Conflict(format!("of one contact at most {STATEMENTS_MAX} statements are kept")));
    }
    let by = actor.by().to_owned();
    entry.statements.push(ConsentStatement { channel, address, withdrawn, said_at, wording, entered_at: now, by });
    let what = json!({ "channel": channel, "status": asked.status, "said_at": said_at });
    put(store, actor, Operation::StateConsent, before, Some(contact), what, now).await
}

/// Changes what is entered of a customer itself: `change` makes of what is entered what is to be.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] for the customer, [`NotDone::Fields`], [`NotDone::Stale`]; those of `change` and of the table.
pub async fn change_customer(
    store: &Store,
    actor: &Actor,
    customer: &str,
    change: impl FnOnce(&CustomerGiven) -> Done<CustomerGiven>,
    seen: Option<u64>,
    now: Timestamp,
) -> Done<CustomerShown> {
    let tenant = actor.may(Operation::ChangeCustomer)?;
    let mut before = before(store, tenant, customer, seen).await?;
    let had = customer_given(&before.stored.by_hand);
    let given = change(&had)?;
    if given == had {
        return show_again(store, &before).await;
    }
    let by_hand = &mut before.stored.by_hand;
    (by_hand.language, by_hand.hours, by_hand.postal_address) = read_customer(&given)?;
    let named = |given: &CustomerGiven| {
        let all = [
            ("language", given.language.is_some()),
            ("hours", given.hours.is_some()),
            ("postal_address", given.postal_address.is_some()),
        ];
        all.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name).collect::<Vec<_>>()
    };
    let what = json!({ "entered": named(&given), "before": named(&had) });
    put(store, actor, Operation::ChangeCustomer, before, None, what, now).await
}

async fn before(store: &Store, tenant: &TenantId, customer: &str, seen: Option<u64>) -> Done<Before> {
    let customer = CustomerId::parse(customer).ok_or_else(no_customer)?;
    let head = store.head(tenant, &customer).await?.ok_or_else(no_customer)?;
    let described = store.facts(tenant, &head).await?.described().clone();
    let stored = store.by_hand(tenant, &customer).await?;
    if seen.is_some_and(|seen| seen != stored.rev) {
        return Err(NotDone::Stale(stored.rev));
    }
    Ok(Before { tenant: tenant.clone(), customer, described, stored })
}

fn shown(before: &Before) -> CustomerShown {
    let Before { described, stored: StoredByHand { by_hand, rev }, .. } = before;
    CustomerShown { described: described.clone(), customer: by_hand.over(described), by_hand: by_hand.clone(), rev: *rev }
}

/// The customer where nothing was to be changed.
async fn show_again(store: &Store, before: &Before) -> Done<CustomerShown> {
    let stored = store.by_hand(&before.tenant, &before.customer).await?;
    let (tenant, customer) = (before.tenant.clone(), before.customer.clone());
    Ok(shown(&Before { tenant, customer, described: before.described.clone(), stored }))
}

async fn put(
    store: &Store,
    actor: &Actor,
    operation: Operation,
    mut before: Before,
    contact: Option<&str>,
    what: serde_json::Value,
    now: Timestamp,
) -> Done<CustomerShown> {
    let entry = actor.entry(operation, now).about(&before.customer).with(what);
    // Some sources have addresses for ids, and the audit names none.
    let entry = contact.filter(|id| noted_contact(id) == *id).into_iter().fold(entry, |entry, id| entry.of(id));
    let rev = store.acting(entry).put_by_hand(&before.tenant, &before.customer, &before.stored, now).await?;
    before.stored.rev = rev;
    Ok(shown(&before))
}

/// Enters anew what stood against the addresses that a contact is about to have, where they are of somebody who was erased.
async fn honour_erased(vault: &Vault, before: &Before, contact: &str, now: Timestamp) -> Done<()> {
    let Some(entered) = find(before, contact) else { return Ok(()) };
    Ok(vault.honour_erased_entered(&before.tenant, &entered, now).await?)
}

fn no_contact() -> NotDone {
    NotDone::NotFound("the customer has no such contact; GET /v1/customers/{id}/contacts lists them".to_owned())
}

/// A contact, one that is not used too.
fn find(before: &Before, contact: &str) -> Option<Contact> {
    let by_hand = &before.stored.by_hand;
    let used = |entry: &ContactByHand| ContactByHand { unused: false, ..entry.clone() };
    let all = ByHand { contacts: by_hand.contacts.iter().map(used).collect(), ..by_hand.clone() };
    all.over(&before.described).contacts.into_iter().find(|known| known.external_id == contact)
}

/// Where what is entered of a contact stands; a place is made where nothing is entered yet.
fn entry_of(before: &mut Before, contact: &str) -> Done<usize> {
    let known = find(before, contact).ok_or_else(no_contact)?;
    let entries = &before.stored.by_hand.contacts;
    if let Some(at) = entries.iter().position(|entry| entry.is_about(&known)) {
        return Ok(at);
    }
    if contact.starts_with('#') && known.person().is_none() {
        let why = "its source gives the contact neither an id nor an address, so that it cannot be told from others; enter one of your own";
        return Err(NotDone::Conflict(why.to_owned()));
    }
    unless_full(&before.stored.by_hand)?;
    let begun = before.stored.by_hand.begun_of(&before.described, &known);
    before.stored.by_hand.contacts.push(begun);
    Ok(before.stored.by_hand.contacts.len() - 1)
}

fn unless_full(by_hand: &ByHand) -> Done<()> {
    if by_hand.contacts.len() < CONTACTS_BY_HAND_MAX {
        return Ok(());
    }
    Err(NotDone::Conflict(format!("of one customer at most {CONTACTS_BY_HAND_MAX} contacts are entered")))
}

/// Refuses a contact that would be the same person as another one.
fn unless_twice(before: &Before, contact: &str) -> Done<()> {
    let all = before.stored.by_hand.over(&before.described).contacts;
    let Some(own) = all.iter().find(|known| known.external_id == contact) else { return Ok(()) };
    let is_other = |known: &&Contact| known.external_id != contact && known.person().is_some() && known.person() == own.person();
    let Some(other) = all.iter().find(is_other) else { return Ok(()) };
    let pointer = if own.email.is_some() { "/email" } else { "/phone" };
    Err(NotDone::field(pointer, format!("it is that of the contact {} already; change that one", other.external_id)))
}

/// The names of what is entered: the audit has no names and addresses of people.
fn fields(given: &ContactGiven) -> Vec<&'static str> {
    let ContactGiven { name, roles, email, phone, channel, used } = given;
    let all = [
        ("name", name.is_some()),
        ("roles", roles.is_some()),
        ("email", email.is_some()),
        ("phone", phone.is_some()),
        ("channel", channel.is_some()),
        ("used", used.is_some()),
    ];
    all.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name).collect()
}

/// What is entered of a contact, as people give it.
pub fn given_of(entry: &ContactByHand) -> ContactGiven {
    let roles: Vec<String> = entry.roles.iter().map(|role| role.as_str().to_owned()).collect();
    ContactGiven {
        name: entry.name.clone(),
        roles: (!roles.is_empty()).then_some(roles),
        email: entry.email.clone(),
        phone: entry.phone.clone(),
        channel: entry.channel.map(|channel| channel.as_str().to_owned()),
        used: entry.unused.then_some(false),
    }
}

/// What is entered of a customer itself, as people give it.
pub fn customer_given(by_hand: &ByHand) -> CustomerGiven {
    let text = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
    CustomerGiven {
        language: by_hand.language.clone(),
        hours: by_hand.hours.map(|hours| (text(hours.from), text(hours.to))),
        postal_address: by_hand.postal_address.clone(),
    }
}

/// A text on one line, or what is wrong with it.
fn line(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty; leave it out, or send null to take it back".to_owned());
    }
    if text.chars().count() > LINE_MAX || text.chars().any(char::is_control) {
        return Err(format!("it is one line of at most {LINE_MAX} characters"));
    }
    Ok(text.to_owned())
}

/// Reads one field, and notes what is wrong with it.
fn field<T>(wrong: &mut Wrong, pointer: &str, text: Option<&str>, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
    match read(text?) {
        Ok(value) => Some(value),
        Err(detail) => {
            wrong.push((pointer.to_owned(), detail));
            None
        }
    }
}

/// What is given of a contact, in the place of what was entered of it.
fn read_contact(given: &ContactGiven, entry: &ContactByHand) -> Done<ContactByHand> {
    let mut wrong = Wrong::new();
    let name = field(&mut wrong, "/name", given.name.as_deref(), line);
    let email = field(&mut wrong, "/email", given.email.as_deref(), |text| {
        let address = Some(text.trim().to_owned()).filter(|text| is_address(text));
        address.ok_or_else(|| "an email address is one address without a name, such as ap@acme.example".to_owned())
    });
    let phone = field(&mut wrong, "/phone", given.phone.as_deref(), |text| {
        let number = phone::e164(text.trim());
        number.ok_or_else(|| "a phone number begins with + and its country code, such as +493012345678".to_owned())
    });
    let channel = field(&mut wrong, "/channel", given.channel.as_deref(), |text| {
        Channel::of_this_release(text).ok_or_else(|| format!("a channel is one of {}", Channel::WORDS.join(", ")))
    });
    let mut roles = Vec::new();
    for (at, word) in given.roles.iter().flatten().enumerate() {
        match Role::of_this_release(word) {
            Some(role) => roles.push(role),
            None => wrong.push((format!("/roles/{at}"), format!("a role is one of {}", Role::WORDS.join(", ")))),
        }
    }
    roles.sort_unstable();
    roles.dedup();
    if given.roles.as_ref().is_some_and(Vec::is_empty) {
        wrong.push(("/roles".to_owned(), "name at least one role, or send null to take them back".to_owned()));
    }
    if entry.own && given.email.is_none() && given.phone.is_none() {
        wrong.push(("/email".to_owned(), "it is missing, and phone too; a contact has one of them".to_owned()));
    }
    if !wrong.is_empty() {
        return Err(NotDone::Fields(wrong));
    }
    let unused = given.used == Some(false);
    Ok(ContactByHand { name, roles, email, phone, channel, unused, ..entry.clone() })
}

/// What is entered of a customer itself.
pub(crate) type OfCustomer = (Option<String>, Option<ContactHours>, Option<PostalAddress>);

/// What is given of a customer itself, as it is kept.
pub(crate) fn read_customer(given: &CustomerGiven) -> Done<OfCustomer> {
    let mut wrong = Wrong::new();
    let language = field(&mut wrong, "/language", given.language.as_deref(), |tag| {
        let language = Some(tag.to_lowercase()).filter(|_| is_language(tag));
        language.ok_or_else(|| "it is no language tag, such as de or pt-br".to_owned())
    });
    let time = |text: &str| {
        let whole = text.len() == 5 && text.as_bytes().get(2) == Some(&b':');
        let time = whole.then(|| Time::strptime("%H:%M", text).ok()).flatten();
        time.ok_or_else(|| "it is no time of day, such as 09:30".to_owned())
    };
    let from = field(&mut wrong, "/hours/from", given.hours.as_ref().map(|(from, _)| from.as_str()), time);
    let to = field(&mut wrong, "/hours/to", given.hours.as_ref().map(|(_, to)| to.as_str()), time);
    let hours = from.zip(to).map(|(from, to)| ContactHours { from, to });
    if hours.is_some_and(|hours| hours.from >= hours.to) {
        wrong.push(("/hours".to_owned(), "hours begin before they end, on one day".to_owned()));
    }
    let address = given.postal_address.as_ref().map(|address| read_address(address, &mut wrong));
    if !wrong.is_empty() {
        return Err(NotDone::Fields(wrong));
    }
    Ok((language, hours, address))
}

fn read_address(address: &PostalAddress, wrong: &mut Wrong) -> PostalAddress {
    let PostalAddress { line1, line2, postal_code, city, country } = address;
    let at = |name: &str| format!("/postal_address/{name}");
    let line1 = field(wrong, &at("line1"), Some(line1), line).unwrap_or_default();
    let line2 = field(wrong, &at("line2"), line2.as_deref(), line);
    let postal_code = field(wrong, &at("postal_code"), postal_code.as_deref(), line);
    let city = field(wrong, &at("city"), Some(city), line).unwrap_or_default();
    if !is_country(country) {
        wrong.push((at("country"), "it is no ISO 3166-1 alpha-2 country code in upper case, such as DE".to_owned()));
    }
    PostalAddress { line1, line2, postal_code, city, country: country.clone() }
}
