//! Portal links: those of a customer, one that a person gives out, and those that are made void.

use domain::{Channel, CustomerId, LinkId, People, word::Word};
use jiff::Timestamp;
use serde_json::json;
use store::{FoundLink, LinkCode, LinkPage, LinkStanding, LinkTo, PortalLink, Store, Vault};

use crate::{
    Actor, Done, NotDone, Operation,
    actor::noted_contact,
    cursors::{no_cursor, page_size},
    customers::{known_customer, no_customer, reason_of},
    suppressions::no_channel,
};

/// How often a link is made again that somebody else wrote meanwhile.
const TRIES: usize = 4;

/// The portal links of a customer: one for each address that a message with a link went to.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] for the customer, [`NotDone::Fields`] for a cursor that is none, and those of reading.
pub async fn list(
    store: &Store,
    actor: &Actor,
    operation: Operation,
    customer: &CustomerId,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Done<LinkPage> {
    let tenant = actor.may(operation)?;
    store.head(tenant, customer).await?.ok_or_else(no_customer)?;
    let most = page_size(limit);
    let page = store.links(tenant, customer, most, cursor).await;
    page.map_err(|error| match error {
        store::Error::Refused { .. } => no_cursor(),
        error => error.into(),
    })
}

/// Whom a link is to be given to.
#[derive(Clone, Debug, Default)]
pub struct LinkAsked {
    /// A contact of the customer, by the id that its source gave.
    pub contact: Option<String>,
    /// A channel on which the contact has an address.
    pub channel: Option<String>,
    /// Why, at most 500 characters.
    pub reason: Option<String>,
}

/// The link of a contact's address, for its whole time from now on, with its code: the one that messages to that address have, or one of a
/// new code where there is none or the one before is void.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::NotFound`] for the customer, and those of KMS and of the table.
pub async fn issue(
    store: &Store,
    vault: &Vault,
    actor: &Actor,
    customer: &str,
    asked: &LinkAsked,
    now: Timestamp,
) -> Done<(LinkCode, PortalLink)> {
    let tenant = actor.may(Operation::IssueLink)?;
    let reason = reason_of(asked.reason.as_deref())?;
    let customer = CustomerId::parse(customer).ok_or_else(no_customer)?;
    let head = store.head(tenant, &customer).await?.ok_or_else(no_customer)?;
    let facts = store.facts(tenant, &head).await?;
    let people = People::of(&facts);
    let contact = asked.contact.as_deref().and_then(|id| people.contact(id).map(|contact| (id, contact)));
    let (id, contact) =
        contact.ok_or_else(|| NotDone::field("/contact", "name one of the customer's contacts by its external_id"))?;
    let channel = asked.channel.as_deref().and_then(Channel::of_this_release);
    let channel = channel.filter(|channel| channel.is_addressed());
    let channel = channel.ok_or_else(|| NotDone::field("/channel", no_channel()))?;
    let none = || NotDone::field("/channel", format!("the contact has no address for {}", channel.as_str()));
    let address = contact.address(channel).ok_or_else(none)?;
    let person = contact.person_digest();
    let to = LinkTo { channel, address, contact: id, person: person.as_ref() };
    for _ in 0..TRIES {
        let address = store::AddressId::of(channel, to.address);
        let known = store.link_of(tenant, &customer, &address).await?;
        let (code, link) = vault.link_for(tenant, &customer, to, known.as_ref(), now).await?;
        let link = link.renewed(now);
        let entry = actor.entry(Operation::IssueLink, now).of(link.id.as_str()).about(&customer).noting(reason.clone());
        let entry = entry.with(json!({ "channel": channel, "contact": noted_contact(id), "until": link.expires_at }));
        if store.acting(entry).keep_link(tenant, &customer, known.as_ref(), &link).await? {
            return Ok((code, link));
        }
    }
    Err(NotDone::Changed("the link was changed at the same moment; ask again".to_owned()))
}

/// Makes one portal link void, at once. Doing it again changes nothing. A later message to the address has another link.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::NotFound`] where the tenant has no such link, and those of the table.
pub async fn revoke(
    store: &Store,
    actor: &Actor,
    id: &str,
    reason: Option<&str>,
    now: Timestamp,
) -> Done<(CustomerId, PortalLink)> {
    let tenant = actor.may(Operation::RevokeLink)?;
    let reason = reason_of(reason)?;
    let none = || NotDone::NotFound("there is no such link, or a later one took its place".to_owned());
    let id = LinkId::parse(id).ok_or_else(none)?;
    for _ in 0..TRIES {
        let found = store.link(&id).await?.filter(|found| found.tenant == *tenant && found.link.id == id);
        let FoundLink { customer, link, .. } = found.ok_or_else(none)?;
        if link.standing(now) == LinkStanding::Revoked {
            return Ok((customer, link));
        }
        let entry = actor.entry(Operation::RevokeLink, now).of(id.as_str()).about(&customer).noting(reason.clone());
        let entry = entry.with(json!({ "channel": link.channel, "contact": noted_contact(&link.contact) }));
        if store.acting(entry).revoke_link(tenant, &customer, &link, now).await? {
            return Ok((customer, PortalLink { revoked_at: Some(now), ..link }));
        }
    }
    Err(NotDone::Changed("the link was changed at the same moment; revoke it again".to_owned()))
}

/// Makes every portal link of a customer void, at once. Later messages have links of their own. Stop links stay good.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::NotFound`], and those of the table.
pub async fn revoke_all(store: &Store, actor: &Actor, customer: &str, reason: Option<&str>, now: Timestamp) -> Done<()> {
    let tenant = actor.may(Operation::RevokeLinks)?;
    let reason = reason_of(reason)?;
    let customer = known_customer(store, tenant, customer).await?;
    let entry = actor.entry(Operation::RevokeLinks, now).about(&customer).noting(reason);
    store.acting(entry).revoke_links(tenant, &customer, now).await?;
    Ok(())
}
