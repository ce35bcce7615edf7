//! What people know of messages of which nobody was sure: sent after all, or not sent, to be tried again or dropped.

use domain::{
    CustomerId, DeliveryEvent, MessageId, MessageStatus, NewTask, Order, OrderId, OrderKind, OrderedStep, Outcome, TaskKind,
    TaskResult,
};
use jiff::Timestamp;
use serde_json::json;
use store::{Ending, FoundId, IdOf, MessageFound, Store};

use crate::{
    Actor, Done, NotDone, Operation,
    customers::{no_customer, reason_of},
};

/// What a person says of a message in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It was sent.
    Sent,
    /// It was not: the message goes once more, where it is still right; once the ladder went on, the step is open again, and what is sent for
    /// it is another message.
    TryAgain,
    /// It was not, and is not to be.
    Drop,
}

impl Doubt {
    /// The text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::TryAgain => "try_again",
            Self::Drop => "drop",
        }
    }
}

/// Finds whose a message is: the customer that is named, else by its id, which is known some moments after it was decided.
///
/// # Errors
///
/// [`NotDone::NotFound`], and those of reading.
pub async fn whose(store: &Store, actor: &Actor, message: &MessageId, customer: Option<&str>) -> Done<FoundId> {
    if let Some(named) = customer {
        let customer = CustomerId::parse(named).ok_or_else(no_customer)?;
        return Ok(FoundId { customer, number: None });
    }
    let none = || {
        let why = "there is no such message; a new one is found some moments after it was decided, or at once where its customer is named";
        NotDone::NotFound(why.to_owned())
    };
    store.find_id(actor.tenant(), &IdOf::Message(message.clone())).await?.ok_or_else(none)
}

/// Settles a message of which it is not known whether it was sent, as a person says. Saying the same again changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`] for a note that is too long, [`NotDone::Conflict`] where it is in no
/// doubt; those of the table.
pub async fn settle_doubt(
    store: &Store,
    actor: &Actor,
    id: &str,
    customer: Option<&str>,
    doubt: Doubt,
    note: Option<&str>,
    now: Timestamp,
) -> Done<CustomerId> {
    let tenant = actor.may(Operation::SetMessageResult)?;
    let note = reason_of(note)?;
    let none = || NotDone::NotFound("the customer has no such message, or it is too long ago".to_owned());
    let id = MessageId::parse(id).ok_or_else(none)?;
    let FoundId { customer, number } = whose(store, actor, &id, customer).await?;
    let what = json!({ "result": doubt.as_str() });
    let entry = actor.entry(Operation::SetMessageResult, now).of(id.as_str()).about(&customer).with(what).noting(note.clone());
    let acting = store.acting(entry);
    match store.message_of(tenant, &customer, number, &id).await?.ok_or_else(none)? {
        MessageFound::Pending(_, entry) => {
            if !entry.message.status.is_unknown() {
                return Err(NotDone::Conflict(
                    "it waits for its sender, or its sender has it: there is nothing to settle yet".to_owned(),
                ));
            }
            let number = entry.message.number;
            let settled = match doubt {
                Doubt::Sent => acting.receipt(tenant, &customer, number, &id, DeliveryEvent::Sent, now, None, now).await?,
                Doubt::TryAgain => acting.queue_again(tenant, &customer, &id, now).await.map_err(|error| match error {
                    store::Error::Refused { why, .. } => NotDone::Conflict(why),
                    error => error.into(),
                })?,
                Doubt::Drop => {
                    let pending = store.head(tenant, &customer).await?.ok_or_else(none)?;
                    let facts = store.facts(tenant, &pending).await?;
                    let rows =
                        facts.pending.iter().find(|known| known.id == id).map(|known| known.rows.clone()).unwrap_or_default();
                    skip(store, actor, &customer, &id, entry.message.case.currency(), &rows, now).await?;
                    acting.drop_unsent(tenant, &customer, &id, now).await?
                }
            };
            if !settled {
                return Err(NotDone::Changed("something else settled it meanwhile; look at it again".to_owned()));
            }
        }
        MessageFound::Settled(record) => {
            let status = record.status.message();
            let coverage = record.coverage.first();
            let in_doubt =
                status == Some(MessageStatus::InDoubt) && coverage.is_some_and(|known| known.outcome == Outcome::Unknown);
            let heard = match doubt {
                Doubt::Sent => DeliveryEvent::Sent,
                Doubt::TryAgain => DeliveryEvent::NotSent,
                Doubt::Drop => DeliveryEvent::Dropped,
            };
            let same = status == Some(heard.status());
            if !in_doubt && !same {
                let status = status.map(|status| status.as_str().to_owned()).unwrap_or_default();
                return Err(NotDone::Conflict(format!("it is {status}, and in no doubt")));
            }
            if in_doubt && doubt == Doubt::TryAgain && coverage.is_some_and(|known| known.rows.is_empty()) {
                return Err(NotDone::Conflict(
                    "a person wrote it, and no step of a workflow writes it again: say not_sent with drop, and write it anew by POST /v1/messages"
                        .to_owned(),
                ));
            }
            if in_doubt {
                acting.receipt(tenant, &customer, record.number, &id, heard, now, None, now).await?;
            }
        }
    }
    end_exception(store, actor, &customer, &id, note, now).await?;
    Ok(customer)
}

/// Orders that the steps which a message stands for do not happen. Words of a person's own stand for none.
async fn skip(
    store: &Store,
    actor: &Actor,
    customer: &CustomerId,
    message: &MessageId,
    currency: domain::Currency,
    rows: &[domain::Covered],
    now: Timestamp,
) -> Done<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let tenant = actor.tenant();
    let step = |row: &domain::Covered| OrderedStep {
        item: row.item.clone(),
        step: row.step.clone(),
        occurrence: Some(row.occurrence.clone()),
    };
    let order = Order {
        id: OrderId::derive(&[tenant.as_str(), customer.as_str(), "not sent", message.as_str()]),
        kind: OrderKind::Skip,
        currency,
        case: None,
        steps: rows.iter().map(step).collect(),
        workflow: None,
        by: actor.by().to_owned(),
        given_at: now,
        until: None,
    };
    let what = json!({ "kind": order.kind.as_str(), "message": message });
    let entry = actor.entry(Operation::SetMessageResult, now).of(order.id.as_str()).about(customer).with(what);
    store.acting(entry).put_order(tenant, customer, &order, now).await?;
    Ok(())
}

/// Ends the exception that asked about a message, where one did.
async fn end_exception(
    store: &Store,
    actor: &Actor,
    customer: &CustomerId,
    message: &MessageId,
    note: Option<String>,
    now: Timestamp,
) -> Done<()> {
    let tenant = actor.tenant();
    let asked = NewTask {
        kind: TaskKind::InDoubt,
        key: message.to_string(),
        title: String::new(),
        detail: String::new(),
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    };
    let task = asked.id(tenant, Some(customer));
    let open = store.task(tenant, &task).await?.is_some_and(|task| task.done_at.is_none() && task.withdrawn.is_none());
    if open {
        let by = Some(actor.by().to_owned()).filter(|by| !by.is_empty());
        let entry = actor.entry(Operation::SetMessageResult, now).of(task.as_str()).about(customer);
        store.acting(entry).end_task(tenant, &task, &Ending { result: TaskResult::Done, note, by }, now).await?;
    }
    Ok(())
}
