//! A message on its way: what it was checked against, its words, and what became of it.

use channels::Outgoing;
use domain::{Contact, Covered, Facts, Identifier, Pending, Policy, channel::SenderForm};
use serde_json::Value;
use store::{Attempt, Head, MessageResult, PortalLink};

use crate::queued::QueuedMessage;

/// A message on its way, with what it was checked against.
pub(crate) struct Checked {
    pub(crate) head: Head,
    pub(crate) facts: Facts,
    pub(crate) policy: Policy,
    /// The customer's portal links.
    pub(crate) links: Vec<PortalLink>,
    pub(crate) pending: Pending,
}

/// A message in words, with the links in it.
pub(crate) struct Written {
    pub(crate) rendered: channels::Rendered,
    pub(crate) links: channels::Links,
    pub(crate) template_version: u32,
    /// The portal link as the message has it.
    pub(crate) portal: PortalLink,
}

/// What became of a call.
pub(crate) struct Call {
    pub(crate) rows: Vec<Covered>,
    pub(crate) rendered_sha256: String,
    pub(crate) template_version: u32,
    pub(crate) sent: MessageResult,
    pub(crate) provider_id: Option<String>,
    pub(crate) reason: String,
    /// What the guard said of it right before the provider was called: `allow`, the rules that did not, or nothing where it was not asked.
    pub(crate) guard: Value,
}

/// A message that is claimed, right in everything, and to be sent now.
pub(crate) struct Held {
    pub(crate) claimed: Head,
    pub(crate) attempt: Attempt,
    pub(crate) call: Call,
    pub(crate) written: Written,
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
            SenderForm::Mailbox => channels::channel::set_mailbox(&from, policy.settings.name_of(entity)),
            SenderForm::NumberOrName | SenderForm::Number | SenderForm::Line => from,
        },
        to: contact.address(channel).unwrap_or_default().to_owned(),
        reply_to: policy.settings.reply_to_of(entity).map(|address| channels::channel::set_mailbox(address, "")),
        rendered: written.rendered.clone(),
        opt_out_url: (channel.identifier() == Some(Identifier::Email)).then(|| written.links.opt_out.clone()),
    }
}
