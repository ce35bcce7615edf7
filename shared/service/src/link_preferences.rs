//! How whoever came by a portal link wants to be written to, and a way back after they stopped it.
//!
//! | what | whose | needs a code |
//! |---|---|---|
//! | the channel that is tried first | the contact's whose address the link has | no |
//! | language and hours | the customer's, all of its people | yes |
//! | that nothing more is sent to the address, taken back | the address's | yes |
//!
//! Stopping needs no more than a link, and starting again does: whoever got a link passed on may not have somebody else written to who asked for
//! no more. It is for mail alone. What was stopped on a phone number is started from that phone, which its network asks for (`START`).

use domain::{
    Channel, Contact, ContactHours, Facts, People, Settings, Suppression, SuppressionReason, by_hand::CONTACTS_BY_HAND_MAX,
    settings::Window,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{AddressId, Lifted, PortalLink, Stopped, Store};

use crate::{
    Done, NotDone,
    contacts::{customer_given, read_customer},
    customers::no_customer,
    link_contacts::contact_of,
    link_holder::{ASKED_ENOUGH, LinkHolder},
    matter,
};

/// The least that hours of a customer have in common with the tenant's, where they have anything: in less nobody is sure to be reached, and whoever wants
/// to be left alone says so in other ways.
pub const HOURS_IN_COMMON_MIN: SignedDuration = SignedDuration::from_hours(1);

/// How somebody is written to, as far as their link lets them see it.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkPreferences {
    /// The channels that the contact can be written to by, where there is a choice.
    pub channels: Vec<Channel>,
    /// The one that is tried first.
    pub channel: Option<Channel>,
    /// The language that the customer is written to in, where people entered one.
    pub language: Option<String>,
    /// The hours that people entered.
    pub hours: Option<ContactHours>,
    /// Since when nothing more is sent to the address because its owner stopped it, and may be taken back here.
    pub stopped_at: Option<Timestamp>,
}

/// What a customer wants: empty texts take back what was entered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreferencesGiven {
    /// A language, BCP 47.
    pub language: String,
    /// From when, `HH:MM`.
    pub from: String,
    /// Until before when.
    pub to: String,
}

impl LinkHolder {
    /// How the customer, and the contact of the link's address, are written to.
    ///
    /// # Errors
    ///
    /// [`NotDone::NotFound`] for the customer; those of the table.
    pub async fn preferences(&self, store: &Store, link: &PortalLink) -> Done<LinkPreferences> {
        let facts = self.people(store).await?;
        // What was entered a moment ago is shown.
        let by_hand = store.by_hand(&self.tenant, &self.customer).await?.by_hand;
        let settings = matter::settings(store, &self.tenant).await?;
        let own = own_contact(&facts, &link.address);
        let channels = own.as_ref().map(|own| channels_of(own, &settings)).unwrap_or_default();
        let channel = own.as_ref().and_then(|own| by_hand.preferred(own));
        let stopped = store.stopped(&self.tenant, &link.address).await?;
        let by_owner = stopped.filter(|stopped| is_taken_back_here(link, stopped));
        Ok(LinkPreferences {
            channel: channel.filter(|channel| channels.contains(channel)),
            channels,
            language: by_hand.language,
            hours: by_hand.hours,
            stopped_at: by_owner.map(|stopped| stopped.suppression.at),
        })
    }

    /// Says which channel is tried first for the contact of the link's address; none takes it back. What is so already changes nothing.
    ///
    /// # Errors
    ///
    /// [`NotDone::Fields`] for a channel that there is no choice of, and where the customer's links changed enough today; [`NotDone::NotFound`],
    /// [`NotDone::Conflict`] where too much was entered of the customer, [`NotDone::Changed`]; those of the table.
    pub async fn prefer_channel(&self, store: &Store, address: &AddressId, channel: Option<Channel>, now: Timestamp) -> Done<()> {
        let facts = self.people(store).await?;
        let settings = matter::settings(store, &self.tenant).await?;
        let own = own_contact(&facts, address);
        let choices = own.as_ref().map(|own| channels_of(own, &settings)).unwrap_or_default();
        let (Some(own), true) = (own, channel.is_none_or(|channel| choices.contains(&channel))) else {
            return Err(NotDone::field("/channel", "there is no such choice"));
        };
        let mut stored = store.by_hand(&self.tenant, &self.customer).await?;
        let at = match stored.by_hand.contacts.iter().position(|entry| entry.is_about(&own)) {
            Some(at) => at,
            None if channel.is_none() => return Ok(()),
            None if stored.by_hand.contacts.len() >= CONTACTS_BY_HAND_MAX => {
                return Err(NotDone::Conflict(format!("of one customer at most {CONTACTS_BY_HAND_MAX} contacts are entered")));
            }
            None => {
                let begun = stored.by_hand.begun_of(facts.described(), &own);
                stored.by_hand.contacts.push(begun);
                stored.by_hand.contacts.len() - 1
            }
        };
        let Some(entry) = stored.by_hand.contacts.get_mut(at).filter(|entry| entry.channel != channel) else { return Ok(()) };
        let before = std::mem::replace(&mut entry.channel, channel);
        let what = json!({ "channel": channel, "before": before });
        self.put(store, &stored, what, now).await
    }

    /// Says in which language and hours the customer is written to. What is so already changes nothing. The caller looked that a code was entered.
    ///
    /// # Errors
    ///
    /// [`NotDone::Fields`] for what does not read, hours that leave less than [`HOURS_IN_COMMON_MIN`] of the tenant's, and where the customer's links
    /// changed enough today; [`NotDone::NotFound`], [`NotDone::Changed`]; those of the table.
    pub async fn prefer(&self, store: &Store, given: &PreferencesGiven, now: Timestamp) -> Done<()> {
        store.head(&self.tenant, &self.customer).await?.ok_or_else(no_customer)?;
        let mut stored = store.by_hand(&self.tenant, &self.customer).await?;
        let mut asked = customer_given(&stored.by_hand);
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        asked.language = some(&given.language);
        asked.hours = match (some(&given.from), some(&given.to)) {
            (None, None) => None,
            (from, to) => Some((from.unwrap_or_default(), to.unwrap_or_default())),
        };
        let before = (stored.by_hand.language.clone(), stored.by_hand.hours);
        let (language, hours, _) = read_customer(&asked)?;
        if (&language, &hours) == (&before.0, &before.1) {
            return Ok(());
        }
        let window = matter::settings(store, &self.tenant).await?.window;
        if hours.is_some_and(|hours| leaves_too_little(&window, hours)) {
            return Err(NotDone::field("/hours", "they leave less than an hour of those in which anybody is written to"));
        }
        let what = json!({ "language": language, "hours": asked.hours, "before": { "language": before.0 } });
        (stored.by_hand.language, stored.by_hand.hours) = (language, hours);
        self.put(store, &stored, what, now).await
    }

    /// Has the address of the link written to again whose owner stopped it. False where nothing of theirs stands against it. The caller looked that
    /// a code was entered.
    ///
    /// # Errors
    ///
    /// [`NotDone::Changed`] where something else came to stand against it at the same moment; those of the table.
    pub async fn write_again(&self, store: &Store, link: &PortalLink, now: Timestamp) -> Done<bool> {
        let stands = store.stopped(&self.tenant, &link.address).await?;
        let Some(stands) = stands.filter(|stands| is_taken_back_here(link, stands)) else {
            return Ok(false);
        };
        let what = json!({ "channel": link.channel, "was": stands.suppression.reason, "since": stands.suppression.at });
        let entry = self.entry("write_again_by_link", now).of(link.address.to_string()).with(what);
        let named = stands.suppression.entry();
        match store.acting(entry).lift(&self.tenant, &link.address, &named, now, Some(&self.customer)).await? {
            Lifted::Done(Stopped { beside: None, .. }) => Ok(true),
            // The address bounced, or complained, at the same moment: that stands now.
            Lifted::Done(Stopped { beside: Some(reason), .. }) => {
                let suppression = Suppression { reason, at: now };
                let address = (link.channel, &link.address);
                store.suppress_by_id(&self.tenant, address, suppression, Some(&self.customer)).await?;
                Ok(false)
            }
            Lifted::Nothing => Ok(false),
            Lifted::Another(_) => {
                Err(NotDone::Changed("something else came to stand against the address; look again".to_owned()))
            }
        }
    }

    /// The customer's people, without its invoices where that is little: what a link alone asks for costs no more than a page.
    async fn people(&self, store: &Store) -> Done<Facts> {
        let head = store.head(&self.tenant, &self.customer).await?.ok_or_else(no_customer)?;
        match store.facts_beside_invoices(&self.tenant, &head).await? {
            Some(facts) => Ok(facts),
            None => Ok(store.facts(&self.tenant, &head).await?),
        }
    }

    /// Writes what is entered of the customer, and that it was said by this link.
    async fn put(&self, store: &Store, stored: &store::StoredByHand, what: serde_json::Value, now: Timestamp) -> Done<()> {
        if let Err(again_at) = store.count_link_change(&self.tenant, &self.customer, now).await? {
            return Err(NotDone::field(
                ASKED_ENOUGH,
                format!("it was changed as often as may be; from {again_at} on there is room again"),
            ));
        }
        let entry = self.entry("prefer_by_link", now).with(what);
        match store.acting(entry).put_by_hand(&self.tenant, &self.customer, stored, now).await {
            Err(store::Error::Conflict { .. }) => {
                Err(NotDone::Changed("it was changed at the same moment; try again".to_owned()))
            }
            done => Ok(done.map(|_| ())?),
        }
    }
}

/// Whether what stands against the address of a link is what its owner may take back here: that they stopped mail. A bounce, a complaint, whether
/// they stand by themselves or beside that, and that somebody asked for no contact at all stay.
fn is_taken_back_here(link: &PortalLink, stands: &Stopped) -> bool {
    match stands.suppression.reason {
        SuppressionReason::OptOut => link.channel == Channel::Email && stands.beside.is_none(),
        SuppressionReason::Bounce | SuppressionReason::Complaint | SuppressionReason::Cease | SuppressionReason::Later(_) => {
            false
        }
    }
}

/// Whether hours have something in common with the tenant's, and too little. The tenant's own count where they have nothing.
fn leaves_too_little(window: &Window, hours: ContactHours) -> bool {
    let common = window.to.min(hours.to).duration_since(window.from.max(hours.from));
    let own = window.to.duration_since(window.from);
    common.is_positive() && common < HOURS_IN_COMMON_MIN.min(own)
}

/// The customer's own contact of an address: not one of the customer above it, and none whom an invoice alone names, of whom nothing is entered.
fn own_contact(facts: &Facts, address: &AddressId) -> Option<Contact> {
    let (id, _) = contact_of(&People::of(facts), address)?;
    facts.by_hand.over(facts.described()).contacts.into_iter().find(|contact| contact.external_id == id)
}

/// The channels that a contact has an address of and the tenant a sender; nothing where that is no choice.
fn channels_of(contact: &Contact, settings: &Settings) -> Vec<Channel> {
    let has = |channel: &Channel| contact.address(*channel).is_some() && settings.sender.contains_key(channel);
    let channels: Vec<Channel> = Channel::ALL.into_iter().filter(has).collect();
    if channels.len() > 1 { channels } else { vec![] }
}
