//! Addresses that must not be used: looking through them, entering one that somebody asked for, lifting one with a reason.

use domain::{Channel, CustomerId, Identifier, Suppression, SuppressionReason, TenantId, mailbox::is_address, phone, word::Word};
use jiff::Timestamp;
use serde_json::json;
use store::{AddressId, Lifted, Line, List, Stopped, StoppedLine, Store};

use crate::{Actor, Done, NotDone, Operation, cursors::no_cursor, customers::reason_of};

/// Longest note, in characters.
const NOTE_MAX: usize = 500;

/// An address as a person names it: whole, on a channel.
#[derive(Clone, Debug, Default)]
pub struct AddressGiven {
    /// A channel on which people have addresses.
    pub channel: Option<String>,
    /// An email address, or a phone number in E.164.
    pub address: Option<String>,
}

/// A page of addresses that must not be used, the longest first.
#[derive(Clone, Debug, PartialEq)]
pub struct StoppedList {
    /// The addresses.
    pub stopped: Vec<StoppedLine>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// The addresses that must not be used. One that is named is looked up as it is now; the list lags behind by moments.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], and those of reading.
pub async fn list(
    store: &Store,
    actor: &Actor,
    named: &AddressGiven,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Done<StoppedList> {
    let tenant = actor.may(Operation::ListSuppressions)?;
    if named.channel.is_some() || named.address.is_some() {
        let (channel, address) = named_address(named)?;
        let known = store.stopped(tenant, &AddressId::of(channel, &address)).await?;
        return Ok(StoppedList { stopped: known.map(line).into_iter().collect(), next: None });
    }
    let page = store.list(tenant, &List::Stopped, limit.unwrap_or(50), cursor).await;
    let page = page.map_err(|error| match error {
        store::Error::Refused { .. } => no_cursor(),
        error => error.into(),
    })?;
    let stopped = page.lines.into_iter().filter_map(|line| if let Line::Stopped(line) = line { Some(line) } else { None });
    Ok(StoppedList { stopped: stopped.collect(), next: page.after })
}

/// What somebody asked for: no more messages to an address.
#[derive(Clone, Debug, Default)]
pub struct StopAsked {
    /// Which.
    pub named: AddressGiven,
    /// `opt_out`, `cease`, `complaint` or `bounce`; `opt_out` when left out.
    pub reason: Option<String>,
    /// What there is to say of it.
    pub note: Option<String>,
    /// The customer who is to be decided again.
    pub customer: Option<String>,
}

/// Enters that an address must not be used. A stricter reason that stands stays; entering it again changes nothing. That somebody asked for
/// no contact at all is entered at all of their addresses and contacts.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::NotFound`] for the customer, and those of the table.
pub async fn enter(store: &Store, actor: &Actor, asked: &StopAsked, now: Timestamp) -> Done<Stopped> {
    let tenant = actor.may(Operation::EnterSuppression)?;
    let (channel, address) = named_address(&asked.named)?;
    let reason = match asked.reason.as_deref() {
        None => SuppressionReason::OptOut,
        Some(word) => SuppressionReason::of_this_release(word)
            .ok_or_else(|| NotDone::field("/reason", "a reason is opt_out, cease, complaint or bounce"))?,
    };
    let note = note_of(asked.note.as_deref())?;
    let customer = customer(store, actor, asked.customer.as_deref()).await?;
    let id = AddressId::of(channel, &address);
    // The words go with what is known of the address when its person is erased; an entry stays.
    let what = json!({ "channel": channel, "reason": reason, "noted": note.is_some() });
    let entry = actor.entry(Operation::EnterSuppression, now).of(id.to_string()).with(what);
    let entry = customer.iter().fold(entry, |entry, customer| entry.about(customer));
    let (acting, named, note) = (store.acting(entry), (channel, address.as_str()), note.as_deref());
    if reason.is_of_the_person() {
        acting.cease(tenant, named, now, note, customer.as_ref()).await?;
    } else {
        acting.suppress_saying(tenant, named, Suppression { reason, at: now }, note, customer.as_ref()).await?;
    }
    let stands = store.stopped(tenant, &id).await?;
    stands.ok_or_else(|| NotDone::Changed("it was lifted at the same moment; enter it again".to_owned()))
}

/// That an address may be used again.
#[derive(Clone, Debug, Default)]
pub struct LiftAsked {
    /// What is to be lifted: the `entry` of what they looked at.
    pub entry: Option<String>,
    /// Why: it is kept in the audit.
    pub reason: Option<String>,
    /// The customer who is to be decided again.
    pub customer: Option<String>,
}

/// Lifts that an address must not be used, for a reason that is kept. What was lifted; lifting it again changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::NotFound`] where nothing stands against the address, [`NotDone::Changed`] where
/// something else stands against it than was named, and those of the table.
pub async fn lift(store: &Store, actor: &Actor, id: &str, asked: &LiftAsked, now: Timestamp) -> Done<Stopped> {
    let tenant = actor.may(Operation::LiftSuppression)?;
    let none = || NotDone::NotFound("nothing stands against such an address; GET /v1/suppressions lists what does".to_owned());
    let id = AddressId::parse(id).ok_or_else(none)?;
    let mut flaws = Vec::new();
    let mut lacks = |pointer: &str, detail: &str| flaws.push((pointer.to_owned(), detail.to_owned()));
    let reason = reason_of(asked.reason.as_deref())?;
    if reason.is_none() {
        lacks("/reason", "say why it may be used again; the audit keeps it");
    }
    let entry = asked.entry.as_deref().unwrap_or_default();
    if entry.is_empty() {
        lacks("/entry", "name what is to be lifted: the 'entry' that GET /v1/suppressions shows of it");
    }
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws));
    }
    let customer = customer(store, actor, asked.customer.as_deref()).await?;
    let another = |stands: &Stopped| {
        let Suppression { reason, at } = &stands.suppression;
        let entry = stands.suppression.entry();
        NotDone::Changed(format!(
            "what stands against the address is not the entry that was named, but {reason} since {at} (entry '{entry}'); look whether that may be \
             lifted too, and name it then"
        ))
    };
    let stands = store.stopped(tenant, &id).await?.ok_or_else(none)?;
    // What the audit says of it is what is lifted: the store compares it again as it writes.
    if stands.suppression.entry() != entry {
        return Err(another(&stands));
    }
    let what = json!({ "channel": stands.channel, "was": stands.suppression.reason, "since": stands.suppression.at });
    let noted = actor.entry(Operation::LiftSuppression, now).of(id.to_string()).with(what).noting(reason);
    let noted = customer.iter().fold(noted, |noted, customer| noted.about(customer));
    let acting = store.acting(noted);
    if stands.suppression.reason.is_of_the_person() {
        acting.lift_what_came_with(tenant, &stands, now).await?;
    }
    match acting.lift(tenant, &id, entry, now, customer.as_ref()).await? {
        Lifted::Done(stood) => Ok(stood),
        Lifted::Nothing => Err(none()),
        Lifted::Another(stands) => Err(another(&stands)),
    }
}

/// What is said of a channel on which people have no addresses, or that is none.
pub(crate) fn no_channel() -> String {
    format!("a channel is {}", Channel::named(Channel::is_addressed))
}

/// An address that is named whole, in the form in which it is kept.
pub(crate) fn named_address(named: &AddressGiven) -> Done<(Channel, String)> {
    let mut flaws = Vec::new();
    let channel = named.channel.as_deref().and_then(Channel::of_this_release).filter(|channel| channel.is_addressed());
    if channel.is_none() {
        flaws.push(("/channel".to_owned(), no_channel()));
    }
    let text = named.address.as_deref().unwrap_or_default().trim();
    let address = if channel.and_then(Channel::identifier) == Some(Identifier::Email) {
        let good = Some(text.to_owned()).filter(|text| is_address(text));
        good.ok_or("an email address is one address without a name, such as ap@acme.example")
    } else {
        phone::e164(text).ok_or("a phone number begins with + and its country code, such as +493012345678")
    };
    match (channel, address) {
        (Some(channel), Ok(address)) if flaws.is_empty() => Ok((channel, address)),
        (_, address) => {
            flaws.extend(address.err().map(|why| ("/address".to_owned(), why.to_owned())));
            Err(NotDone::Fields(flaws))
        }
    }
}

/// What stands against an address that somebody names; nothing where it is no address.
///
/// # Errors
///
/// Those of reading.
pub async fn stands_against(store: &Store, tenant: &TenantId, named: &AddressGiven) -> Done<Option<Stopped>> {
    let Ok((channel, address)) = named_address(named) else { return Ok(None) };
    Ok(store.stopped(tenant, &AddressId::of(channel, &address)).await?)
}

/// What a person said, if anything.
fn note_of(text: Option<&str>) -> Done<Option<String>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > NOTE_MAX) {
        return Err(NotDone::field("/note", format!("it has at most {NOTE_MAX} characters")));
    }
    Ok(text.map(str::to_owned))
}

async fn customer(store: &Store, actor: &Actor, id: Option<&str>) -> Done<Option<CustomerId>> {
    let Some(id) = id else { return Ok(None) };
    let none = || NotDone::NotFound("there is no such customer".to_owned());
    let customer = CustomerId::parse(id).ok_or_else(none)?;
    store.head(actor.tenant(), &customer).await?.ok_or_else(none)?;
    Ok(Some(customer))
}

/// An address as a row of the list would say it.
pub fn line(stopped: Stopped) -> StoppedLine {
    let Stopped { id, channel, shown, suppression, by, said, .. } = stopped;
    StoppedLine { id: id.to_string(), channel, shown, reason: suppression.reason, at: suppression.at, by, said }
}
