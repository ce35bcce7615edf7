//! What is decided today, and what was done since yesterday without anybody, as the home page shows both: a few lines each.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Next, PaymentKind};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::Serialize;
use service::{
    Done, Operation,
    lists::{
        PageAsked,
        customer_cards::show_cards,
        customers::{self, CustomersAsked},
        messages::{self, MessageRow, MessagesAsked},
        payments::{self, PaymentRow, PaymentsAsked},
    },
};

use crate::{visit::ConsoleVisit, work_asked::label_of, work_rows::amounts_of};

/// Lines of each.
const LINES: usize = 8;
/// Rows of a list that are looked at.
const LOOKED_AT: u32 = 100;

/// A customer that is decided today.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DueToday {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The time of day.
    pub(crate) at: String,
    pub(crate) overdue: Vec<String>,
}

/// Messages since yesterday.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct MessagesSince {
    pub(crate) total: usize,
    /// Whether there are more than were looked at.
    pub(crate) more: bool,
    pub(crate) counts: Vec<StatusCount>,
    pub(crate) rows: Vec<MessageOnHome>,
}

/// How many messages have a status.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StatusCount {
    pub(crate) status: String,
    pub(crate) count: usize,
}

/// A message.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MessageOnHome {
    pub(crate) customer: String,
    pub(crate) name: String,
    pub(crate) when: String,
    pub(crate) at: String,
    pub(crate) what: String,
}

/// Payments since yesterday.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct PaymentsSince {
    pub(crate) more: bool,
    pub(crate) rows: Vec<PaymentOnHome>,
}

/// A payment.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PaymentOnHome {
    pub(crate) customer: String,
    pub(crate) name: String,
    pub(crate) amount: String,
    pub(crate) on: String,
}

/// The first moment of a day where the tenant is.
fn begin_of(visit: &ConsoleVisit, day: Date) -> Timestamp {
    day.to_zoned(visit.formats.zone().clone()).map_or(visit.now, |begin| begin.timestamp())
}

/// The customers that are decided today from now on, the next first.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn due_today(visit: &ConsoleVisit) -> Done<Vec<DueToday>> {
    if !visit.may(Operation::ListCustomers) {
        return Ok(Vec::new());
    }
    let tomorrow = visit.formats.today().checked_add(1.day()).map_or(visit.now, |day| begin_of(visit, day));
    let asked = CustomersAsked { sort: Some("next_action".to_owned()), ..CustomersAsked::default() };
    let page = PageAsked { limit: Some(2 * u32::try_from(LINES).unwrap_or(LOOKED_AT)), cursor: None };
    let found = customers::list(visit.reading(), &visit.actor, &asked, &page).await?;
    let ids: BTreeSet<_> = found.rows.iter().map(|row| row.id.clone()).collect();
    let mut cards = show_cards(visit.reading(), &visit.actor, &ids).await?;
    let line = |id: domain::CustomerId| {
        let card = cards.remove(&id)?;
        let Some(Next::At(at)) = card.next else { return None };
        let is_today = at < tomorrow;
        let overdue = amounts_of(card.owed.iter().map(|(currency, owed)| (*currency, owed.overdue_minor)), &visit.formats);
        is_today.then(|| DueToday { id: id.to_string(), name: card.name, at: time_of(visit, at), overdue })
    };
    Ok(found.rows.into_iter().map(|row| row.id).filter_map(line).take(LINES).collect())
}

/// The time of day where the tenant is.
fn time_of(visit: &ConsoleVisit, at: Timestamp) -> String {
    let there = at.to_zoned(visit.formats.zone().clone());
    format!("{:02}:{:02}", there.hour(), there.minute())
}

/// Messages and payments since yesterday began, the latest first.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn done_since_yesterday(visit: &ConsoleVisit) -> Done<(MessagesSince, PaymentsSince)> {
    let yesterday = visit.formats.today().checked_sub(1.day()).unwrap_or(visit.formats.today());
    let messages =
        if visit.may(Operation::ListMessages) { messages_since(visit, yesterday).await? } else { MessagesSince::default() };
    let payments =
        if visit.may(Operation::ListPayments) { payments_since(visit, yesterday).await? } else { PaymentsSince::default() };
    Ok((messages, payments))
}

async fn messages_since(visit: &ConsoleVisit, yesterday: Date) -> Done<MessagesSince> {
    let since = begin_of(visit, yesterday);
    let utc = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    let (first, mut day) = (utc(since), utc(visit.now));
    let mut found: Vec<MessageRow> = Vec::new();
    let mut more = false;
    // Days of the list are those of UTC: two or three of them.
    while day >= first && !more {
        let asked =
            MessagesAsked { sort: Some("-decided_at".to_owned()), day: Some(day.to_string()), ..MessagesAsked::default() };
        let page = PageAsked { limit: Some(LOOKED_AT), cursor: None };
        let of_day = messages::list(visit.reading(), &visit.actor, &asked, &page, visit.now).await?;
        found.extend(of_day.rows.into_iter().filter(|(line, _)| line.decided_at >= since));
        more = of_day.next.is_some();
        let Ok(before) = day.checked_sub(1.day()) else { break };
        day = before;
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (line, _) in &found {
        *counts.entry(line.status.as_str().replace('_', " ")).or_default() += 1;
    }
    let counts = counts.into_iter().map(|(status, count)| StatusCount { status, count }).collect();
    let total = found.len();
    let rows = found.into_iter().take(LINES).map(|row| message(visit, row)).collect();
    Ok(MessagesSince { total, more, counts, rows })
}

fn message(visit: &ConsoleVisit, (line, name): MessageRow) -> MessageOnHome {
    let steps = if line.steps.is_empty() { label_of(&line.template) } else { line.steps.join(", ") };
    MessageOnHome {
        name: name.map_or_else(|| line.customer.to_string(), |name| name.name),
        customer: line.customer.to_string(),
        when: visit.formats.from_now(line.decided_at),
        at: visit.formats.moment(line.decided_at),
        what: format!("{steps}, {}, {}", line.channel.as_str(), line.status.as_str().replace('_', " ")),
    }
}

async fn payments_since(visit: &ConsoleVisit, yesterday: Date) -> Done<PaymentsSince> {
    let asked = PaymentsAsked { received_from: Some(yesterday.to_string()), ..PaymentsAsked::default() };
    let page = PageAsked { limit: Some(u32::try_from(LINES).unwrap_or(LOOKED_AT)), cursor: None };
    let found = payments::list(visit.reading(), &visit.actor, PaymentKind::Payment, &asked, &page).await?;
    let payment = |(line, name): PaymentRow| PaymentOnHome {
        name: name.map_or_else(|| line.customer.to_string(), |name| name.name),
        customer: line.customer.to_string(),
        amount: visit.formats.amount(line.amount_minor, line.currency),
        on: visit.formats.date(line.received_on),
    };
    Ok(PaymentsSince { more: found.next.is_some(), rows: found.rows.into_iter().map(payment).collect() })
}
