//! A message with what was known when it was made: what it can be rendered again from.

use domain::{CustomerId, Facts, MessageId, Pending, Policy};
use jiff::Timestamp;
use store::{IdOf, OwnText, Read, Record, Store, Vault};

use crate::{Actor, Done, NotDone, Operation};

/// A message with what was known when it was made.
#[derive(Clone, Debug)]
pub struct MessageThen {
    /// Whose.
    pub customer: CustomerId,
    /// The message as its sender had it.
    pub pending: Pending,
    /// Its record; `None` while it is not settled.
    pub record: Option<Record>,
    /// The words, of a message that a person wrote.
    pub own: Option<OwnText>,
    /// What was known then.
    pub facts: Facts,
    /// What the tenant decided by.
    pub policy: Policy,
    /// The moment of that: when it was settled, or now while it is not.
    pub at: Timestamp,
}

/// A message with what was known when it was settled; `None` where that cannot be put together: of a call or letter, and before history begins.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show((store, vault): (&Store, &Vault), actor: &Actor, id: &str, now: Timestamp) -> Done<Option<MessageThen>> {
    let tenant = actor.may(Operation::ShowMessage)?;
    let none = || NotDone::NotFound("there is no such message; a new one is found some moments after it was decided".to_owned());
    let id = MessageId::parse(id).ok_or_else(none)?;
    let found = store.find_id(tenant, &IdOf::Message(id.clone())).await?.ok_or_else(none)?;
    let customer = found.customer;
    let own = store.own_text(tenant, &customer, &id).await?;
    let record = match found.number.or(own.as_ref().map(|own| own.number)) {
        Some(number) => store.record_of_message(tenant, &customer, number, &id).await?,
        None => None,
    };
    let Some(record) = record else {
        let head = store.head(tenant, &customer).await?.ok_or_else(none)?;
        let facts = store.facts(tenant, &head).await?;
        let Some(pending) = facts.pending.iter().find(|pending| pending.id == id).cloned() else { return Ok(None) };
        let policy = store.policy(tenant, &head.cases, Read::Fresh).await?;
        return Ok(Some(MessageThen { customer, pending, record: None, own, facts, policy, at: now }));
    };
    let mut cases = record.cases.clone();
    if cases.is_empty() {
        cases = store.cases_decided(tenant, &customer, record.number).await?;
    }
    let Some(pending) = record.as_pending(&cases) else { return Ok(None) };
    let when = (record.number, record.at);
    let Some((facts, policy, _)) = vault.after_decision(tenant, &customer, when, &|_, _| true).await? else { return Ok(None) };
    let at = record.at;
    Ok(Some(MessageThen { customer, pending, record: Some(record), own, facts, policy, at }))
}
