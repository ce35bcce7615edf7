//! A message on its way: what it was checked against, its words, and what became of it.

use channels::{Attachment, Outgoing};
use domain::{
    Channel, Contact, Covered, Facts, Identifier, Pending, PendingStatus, People, Policy,
    channel::SenderForm,
    own_message::{UNDO_SECONDS, is_own_message},
};
use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use store::{AddressId, AskedFor, Attempt, Entry, Head, MessageResult, OwnAttachment, PortalLink};

use crate::{answer_headers::AnswersTo, queued::QueuedMessage, send_outcome::SendOutcome, signing::Signer};

/// A message on its way, with what it was checked against.
pub(crate) struct Checked {
    pub(crate) head: Head,
    pub(crate) facts: Facts,
    pub(crate) policy: Policy,
    /// The customer's portal links.
    pub(crate) links: Vec<PortalLink>,
    pub(crate) pending: Pending,
}

/// What a sender finds of a queued message.
pub(crate) enum Loaded {
    /// It may try it now: fresh facts.
    Mine(Box<Checked>),
    /// A person wrote it, and can still take it back.
    Held,
    /// It is another's, over, or not to be tried yet.
    NotMine,
}

/// Whether a person's message is not to be sent yet because it can be taken back. What waits for longer waits for something else.
pub(crate) fn is_held(entry: &Entry, now: Timestamp) -> bool {
    let soon = now.checked_add(UNDO_SECONDS.seconds()).unwrap_or(Timestamp::MAX);
    is_own_message(&entry.message.template)
        && entry.message.status == PendingStatus::Queued
        && entry.retry_at.is_some_and(|at| now < at && at <= soon)
}

/// Where a message to a contact goes, by facts.
pub(crate) fn address_of(facts: &Facts, contact: &str, channel: Channel) -> Option<String> {
    People::of(facts).contact(contact).and_then(|contact| contact.address(channel)).map(str::to_owned)
}

/// A message in words, with the links in it.
pub(crate) struct Written {
    pub(crate) rendered: channels::Rendered,
    pub(crate) links: channels::Links,
    pub(crate) template_version: u32,
    /// The portal link as the message has it.
    pub(crate) portal: PortalLink,
    /// Where answers to it go.
    pub(crate) answers: AnswersTo,
    /// In whose name it leaves beside the tenant's.
    pub(crate) signer: Option<Signer>,
    /// What it asks for though it covers nothing.
    pub(crate) asked_for: Option<AskedFor>,
    /// The files that a person's message names.
    pub(crate) listed: Vec<OwnAttachment>,
    /// The documents that were made for it.
    pub(crate) documents: Vec<Attachment>,
    /// All files that it leaves with.
    pub(crate) attachments: Vec<Attachment>,
}

/// The customer's portal link for an address, as it was read.
pub(crate) fn link_to<'a>(checked: &'a Checked, address: &AddressId) -> Option<&'a PortalLink> {
    checked.links.iter().find(|link| link.address == *address)
}

/// What became of a call.
pub(crate) struct Call {
    pub(crate) rows: Vec<Covered>,
    pub(crate) asked_for: Option<AskedFor>,
    pub(crate) rendered_sha256: String,
    pub(crate) template_version: u32,
    pub(crate) sent: MessageResult,
    pub(crate) provider_id: Option<String>,
    pub(crate) reason: String,
    /// What the guard said of it right before the provider was called: `allow`, the rules that did not, or nothing where it was not asked.
    pub(crate) guard: Value,
    /// The documents that it carried; nothing where it had none.
    pub(crate) carried: Value,
}

/// A message that is claimed, right in everything, and to be sent now.
pub(crate) struct Held {
    pub(crate) claimed: Head,
    pub(crate) attempt: Attempt,
    pub(crate) call: Call,
    pub(crate) written: Written,
}

/// How a message was claimed.
pub(crate) enum Claiming {
    /// It was not, and ended so; `None` when it is worth looking again.
    Ended(Option<SendOutcome>),
    /// It is held.
    Held(Box<Held>),
}

/// What keeps a claimed message from being sent.
pub(crate) enum Meanwhile {
    /// It ends so: how, why, and what the guard said.
    Over(MessageResult, String, Value),
    /// It is tried again: why.
    Later(String),
}

/// A message as it goes to a provider.
pub(crate) fn outgoing(queued: &QueuedMessage, checked: &Checked, contact: &Contact, written: &Written) -> Outgoing {
    let Checked { policy, pending, .. } = checked;
    let channel = pending.channel;
    let entity = pending.case.balance.legal_entity.as_str();
    let from = policy.settings.sender_of(entity, channel).unwrap_or_default().to_owned();
    Outgoing {
        tenant: queued.tenant.clone(),
        customer: queued.customer.clone(),
        message: queued.message.clone(),
        number: pending.number,
        from: match channel.facts().sender_form {
            SenderForm::Mailbox => {
                let shown = policy.settings.name_of(entity);
                let own = |signer: &Signer| signer.mailbox(&from, shown);
                written.signer.as_ref().map_or_else(|| channels::channel::set_mailbox(&from, shown), own)
            }
            SenderForm::NumberOrName | SenderForm::Number | SenderForm::Line => from,
        },
        to: contact.address(channel).unwrap_or_default().to_owned(),
        reply_to: written.answers.reply_to.clone(),
        thread: written.answers.thread.clone(),
        rendered: written.rendered.clone(),
        opt_out_url: (channel.identifier() == Some(Identifier::Email)).then(|| written.links.opt_out.clone()),
        attachments: written.attachments.clone(),
        service_mail: None,
    }
}
