//! What a person answered, for an export and an erasure: also where nothing said whose the answer was.

use std::collections::BTreeSet;

use domain::{Contact, TenantId, customer::mailbox_of};
use serde_json::{Value, json};
use store::{KeptReply, PersonId, Store};

use crate::Done;

/// Who a person may be as a sender: the person, and whoever each of the person's addresses makes.
pub(crate) fn senders<'a>(person: &PersonId, contacts: impl Iterator<Item = &'a Contact>) -> BTreeSet<PersonId> {
    let of = |contact: &Contact| [contact.email.as_deref().map(mailbox_of), contact.phone.clone()];
    contacts.flat_map(of).flatten().map(|address| PersonId::of(&address)).chain([person.clone()]).collect()
}

/// The answers of nobody who is known that came from somebody.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn answers_of_nobody(store: &Store, tenant: &TenantId, senders: &BTreeSet<PersonId>) -> Done<Vec<KeptReply>> {
    let mut found = Vec::new();
    for sender in senders {
        found.extend(store.unmatched_of(tenant, sender).await?);
    }
    Ok(found)
}

/// An answer as an export shows it.
pub(crate) fn answer_in_json(reply: &KeptReply) -> Value {
    json!({
        "id": reply.id, "received_at": reply.received_at, "channel": reply.channel, "from": reply.from, "subject": reply.subject,
        "text": reply.text, "class": reply.read.class, "model": reply.read.chosen_by.as_ref().map(|chosen| &chosen.model),
    })
}
