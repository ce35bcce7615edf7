//! Webhooks that came: looking through them, and what became of each.

use domain::TaskId;
use jiff::{Timestamp, civil::Date};
use store::{ReceivedWebhook, Store, Vault, WebhookPage};

use crate::{Actor, Done, NotDone, Operation, cursors};

/// Which webhooks are wanted.
#[derive(Clone, Debug, Default)]
pub struct WebhooksAsked {
    /// Those of one source.
    pub source: Option<String>,
    /// Those of one day, UTC.
    pub on: Option<Date>,
    /// How many at most.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// The webhooks that came, newest first, while their receipts are kept.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Cursor`] for a cursor that this list did not give, and those of reading.
pub async fn list((store, vault): (&Store, &Vault), actor: &Actor, asked: &WebhooksAsked, now: Timestamp) -> Done<WebhookPage> {
    let tenant = actor.may(Operation::ListWebhooks)?;
    let most = cursors::page_size(asked.limit);
    let which = (asked.source.as_deref(), asked.on);
    let list = format!("webhooks:{which:?}");
    let after = cursors::opened(vault, tenant, &list, asked.cursor.as_deref()).await?;
    let page = store.webhooks(tenant, which, most, after.as_deref(), now).await.map_err(|error| match error {
        store::Error::Refused { .. } => NotDone::Cursor,
        error => error.into(),
    })?;
    let next = cursors::sealed(vault, tenant, &list, page.after.as_deref()).await?;
    Ok(WebhookPage { after: next, ..page })
}

/// A webhook, while its receipt is kept.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show(store: &Store, actor: &Actor, operation: Operation, id: &str) -> Done<ReceivedWebhook> {
    let tenant = actor.may(operation)?;
    let none = || NotDone::NotFound("there is no such webhook, or its receipt is no longer kept".to_owned());
    store.webhook(tenant, id).await?.ok_or_else(none)
}

/// The task of a webhook that is kept for a person, so that it can be applied again.
///
/// # Errors
///
/// Those of [`show`], and [`NotDone::Conflict`] where it is not kept.
pub async fn task_of(store: &Store, actor: &Actor, operation: Operation, id: &str) -> Done<TaskId> {
    let found = show(store, actor, operation, id).await?;
    let why = format!("the webhook was {}, and nothing of it is kept; have its source send it again", found.fate.as_str());
    found.task.ok_or(NotDone::Conflict(why))
}
