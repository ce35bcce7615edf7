//! What shows that whoever holds a portal link reads the mail of its address too: a code that is sent there. And the link that is good now, for
//! whoever has one whose time is over.
//!
//! Nothing here says whether the address can be written to: who asks may have found the link. The sender looks at that, and sends or does not.

use domain::{CodeGuess, Identifier, PortalCode};
use jiff::Timestamp;
use serde_json::json;
use store::{FoundLink, LinkMailAsked, PortalLink, Store, Vault};

use crate::{Done, NotDone, link_holder::LinkHolder};

/// Whether codes and new links can be sent to the address of a link: they are mails.
pub fn takes_mail(link: &PortalLink) -> bool {
    match link.channel.identifier() {
        Some(Identifier::Email) => true,
        Some(Identifier::Phone | Identifier::Postal) | None => false,
    }
}

fn no_mail() -> NotDone {
    NotDone::Conflict("the link is of no email address: codes and new links are sent by mail".to_owned())
}

impl LinkHolder {
    /// Has a code sent to the address of the link, which is good.
    ///
    /// # Errors
    ///
    /// [`NotDone::Conflict`] for a link of a phone number, [`NotDone::Changed`] where others asked at the same moment; those of KMS and of the
    /// table.
    pub async fn ask_code(&self, vault: &Vault, found: &FoundLink, now: Timestamp) -> Done<LinkMailAsked> {
        if !takes_mail(&found.link) {
            return Err(no_mail());
        }
        let entry = self.entry("ask_code_by_link", now).of(self.link.as_str());
        changed(vault.acting(entry).ask_code(found, now).await)
    }

    /// Tries a code. The right one is noted.
    ///
    /// # Errors
    ///
    /// [`NotDone::Changed`] where others tried at the same moment; those of KMS and of the table.
    pub async fn enter_code(&self, vault: &Vault, found: &FoundLink, typed: &PortalCode, now: Timestamp) -> Done<CodeGuess> {
        let entry = self.entry("enter_code_by_link", now).of(self.link.as_str());
        changed(vault.enter_code(found, typed, entry, now).await)
    }
}

/// Has the link that is good now sent to the address of one whose time is over.
///
/// # Errors
///
/// [`NotDone::NotFound`] where a person made the link void meanwhile, [`NotDone::Conflict`] for a link of a phone number, [`NotDone::Changed`] where
/// others asked at the same moment; those of the table.
pub async fn ask_new_link(store: &Store, found: &FoundLink, now: Timestamp) -> Done<LinkMailAsked> {
    let FoundLink { tenant, customer, link } = found;
    if !takes_mail(link) {
        return Err(no_mail());
    }
    // What it was found by may be of moments ago.
    let as_it_is = store.link_of(tenant, customer, &link.address).await?;
    let link = as_it_is.filter(|link| link.revoked_at.is_none());
    let link = link.ok_or_else(|| NotDone::NotFound("a person made the link void".to_owned()))?;
    let found = FoundLink { tenant: tenant.clone(), customer: customer.clone(), link };
    let entry = LinkHolder::of(&found).entry("ask_new_link", now).of(found.link.id.as_str());
    let entry = entry.with(json!({ "channel": found.link.channel }));
    changed(store.acting(entry).ask_new_link(&found, now).await)
}

/// What others wrote meanwhile may be tried again.
fn changed<T>(done: store::Result<T>) -> Done<T> {
    match done {
        Err(store::Error::Conflict { .. }) => {
            Err(NotDone::Changed("the same was asked for at the same moment; try again".to_owned()))
        }
        done => Ok(done?),
    }
}
