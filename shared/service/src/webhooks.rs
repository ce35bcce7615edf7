//! Webhooks that came: looking through them, and what became of each.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::TaskId;
use jiff::{Timestamp, civil::Date};
use store::{ReceivedWebhook, Store, WebhookPage};

use crate::{Actor, Done, NotDone, Operation};

/// Webhooks of a page where nothing else is asked.
const PAGE: usize = 50;
/// Most webhooks of a page.
const PAGE_MAX: usize = 200;

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
/// [`NotDone::NotAllowed`], [`NotDone::Fields`] for a cursor that is none, and those of reading.
pub async fn list(store: &Store, actor: &Actor, asked: &WebhooksAsked, now: Timestamp) -> Done<WebhookPage> {
    let tenant = actor.may(Operation::ListWebhooks)?;
    let most = asked.limit.map_or(PAGE, |limit| limit as usize).clamp(1, PAGE_MAX);
    let which = (asked.source.as_deref(), asked.on);
    let none = || NotDone::field("/cursor", "'cursor' is the 'next' of an earlier page of the same day");
    let place = |cursor: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok();
    let after = asked.cursor.as_deref().map(|cursor| place(cursor).ok_or_else(none)).transpose()?;
    let page = store.webhooks(tenant, which, most, after.as_deref(), now).await.map_err(|error| match error {
        store::Error::Refused { .. } => none(),
        error => error.into(),
    })?;
    Ok(WebhookPage { after: page.after.map(|place| URL_SAFE_NO_PAD.encode(place)), ..page })
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
