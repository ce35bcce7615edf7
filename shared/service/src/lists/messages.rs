//! Messages of a day, in the order in which they were decided. And one by its id.

use domain::{Channel, MessageId, MessageStatus, word::Word};
use jiff::{Timestamp, tz::TimeZone};
use store::{CustomerName, Line, List, MessageLine};

use super::{ListReading, ListedPage, Listing, PageAsked, SortOrder, customer, day, word};
use crate::{Actor, Done, NotDone, Operation};

/// Which messages, and in which order.
#[derive(Clone, Debug, Default)]
pub struct MessagesAsked {
    /// `decided_at`; with `-` before it from its end.
    pub sort: Option<String>,
    /// The day (UTC) on which they were decided; today where it is left out.
    pub day: Option<String>,
    /// Those that stand so.
    pub status: Option<String>,
    /// Those that stand for this step.
    pub step: Option<String>,
    /// Those on this channel.
    pub channel: Option<String>,
    /// Those of one customer.
    pub customer: Option<String>,
}

/// A message in a list, and what its customer is called.
pub type MessageRow = (MessageLine, Option<CustomerName>);

/// A page of a day's messages. What is not wanted of a page is left out of it.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::Cursor`], and those of reading.
pub async fn list(
    reading: ListReading<'_>,
    actor: &Actor,
    asked: &MessagesAsked,
    page: &PageAsked,
    now: Timestamp,
) -> Done<ListedPage<MessageRow>> {
    let tenant = actor.may(Operation::ListMessages)?;
    let on = day("/day", asked.day.as_deref())?.unwrap_or_else(|| now.to_zoned(TimeZone::UTC).date());
    let listing = Listing::open(reading, tenant, "messages", &(on, asked), page).await?;
    let order = SortOrder::read(asked.sort.as_deref(), &[("decided_at", ())])?;
    if let Some(status) = &asked.status {
        word("/status", status, MessageStatus::WORDS)?;
    }
    if let Some(channel) = &asked.channel {
        word("/channel", channel, Channel::WORDS)?;
    }
    let whose = customer(asked.customer.as_deref())?;
    let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
    let wanted = |line: &MessageLine| {
        is(&asked.status, line.status.as_str())
            && is(&asked.channel, line.channel.as_str())
            && asked.step.as_ref().is_none_or(|step| line.steps.contains(step))
            && whose.as_ref().is_none_or(|whose| line.customer == *whose)
    };
    let found = listing.read(&List::MessagesOn(on), order.backwards).await?;
    let of = |line: Line| if let Line::Message(line) = line { Some(line) } else { None };
    let lines: Vec<MessageLine> = found.lines.into_iter().filter_map(of).filter(|line| wanted(line)).collect();
    let names = listing.names(lines.iter().map(|line| &line.customer)).await?;
    let named = |line: MessageLine| {
        let name = names.get(&line.customer).cloned();
        (line, name)
    };
    listing.page(lines.into_iter().map(named).collect(), found.after).await
}

/// One message, as its row has it: it lags behind by moments.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show(reading: ListReading<'_>, actor: &Actor, id: &str) -> Done<MessageRow> {
    let tenant = actor.may(Operation::ShowMessage)?;
    let none = || NotDone::NotFound("there is no such message; GET /v1/messages lists those of a day".to_owned());
    let id = MessageId::parse(id).ok_or_else(none)?;
    let line = reading.store.message_line(tenant, &id).await?.ok_or_else(none)?;
    let name = reading.store.names(tenant, &[line.customer.clone()].into()).await?.remove(&line.customer);
    Ok((line, name))
}
