//! The judges: the outbox, every image that the table's stream ever had, and the table as it is in the end.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use domain::{CustomerId, MessageId, MessageStatus, Outcome, PendingStatus, TaskKind, TenantId};
use dynoxide::actions::{get_records::GetRecordsRequest, get_shard_iterator::encode_shard_iterator};
use local::{Sent, Stack};
use serde_json::Value;
use store::{
    Record, RecordStatus, Store,
    inspect::{Item, Stored},
};

use super::scenario::{self, TENANT};

/// What the judges found.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Messages that providers accepted.
    pub accepted: usize,
    /// Messages that were ever decided.
    pub decided: usize,
    /// How they ended, by their record's word.
    pub ended: BTreeMap<String, usize>,
    /// Messages of which it was not known for a time whether they had been sent.
    pub in_doubt: usize,
    /// Of those, settled by word of the provider.
    pub settled: usize,
    /// Of those, left to a person with an exception.
    pub parked: usize,
    /// One for each time that somebody was contacted again for one item and step.
    pub twice: Vec<String>,
    /// One for each decided message without an end, or whose end is not what the outbox says.
    pub lost: Vec<String>,
    /// Customer, item and step of every message that was sent or may have been.
    pub sent: BTreeSet<(String, String, String)>,
    /// Customers with a message that was in doubt.
    pub doubtful: BTreeSet<String>,
}

/// What was ever pending: each message with its customer and whether it was ever unknown.
fn ever_pending(stack: &Stack) -> anyhow::Result<BTreeMap<String, (String, bool)>> {
    let world = stack.world();
    let table = world.template.tables.iter().find(|table| table.has_stream).context("no table has a stream")?;
    let mut iterator = encode_shard_iterator(&table.name, &dynoxide::streams::shard_id(&table.name), 0);
    let mut all: BTreeMap<String, (String, bool)> = BTreeMap::new();
    loop {
        let request = GetRecordsRequest { shard_iterator: iterator, limit: Some(1_000) };
        let answer = world.database.get_records(request).map_err(|error| anyhow::anyhow!("the stream: {error}"))?;
        if answer.records.is_empty() {
            return Ok(all);
        }
        for record in &answer.records {
            let change = serde_json::to_value(record)?;
            let Some(item) = change.pointer("/dynamodb/NewImage").and_then(Item::from_json) else { continue };
            let Stored::Head(head) = item.read()? else { continue };
            for (id, entry) in head.pending {
                let is_unknown = entry.message.status == PendingStatus::Unknown;
                all.entry(id.to_string()).or_insert((head.customer.to_string(), false)).1 |= is_unknown;
            }
        }
        let Some(next) = answer.next_shard_iterator else { return Ok(all) };
        iterator = next;
    }
}

/// The table through a client of its own, past every fault.
pub async fn open_table(stack: &Stack) -> anyhow::Result<Store> {
    let world = stack.world();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, world.database.clone(), std::future::pending()));
    let clients = kit::Clients::at_endpoint(&endpoint, &world.template.place.region);
    let table = world.template.tables.iter().find(|table| table.has_stream).context("no table has a stream")?;
    Ok(Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), &table.name))
}

/// Judges a run that has come to its end by its stack and by what left.
///
/// # Errors
///
/// When the table cannot be read.
pub async fn judge(stack: &Stack, outbox: &[Sent], customers: &[usize]) -> anyhow::Result<Verdict> {
    let mut verdict = judge_table(stack, outbox).await?;
    // The outbox alone: one template about one invoice to one person, once.
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    for sent in outbox {
        let text = sent.subject.as_deref().or(sent.text.as_deref()).unwrap_or_default();
        let mut words = text.split_whitespace();
        let step = words.next().unwrap_or_default();
        let number = words.next().unwrap_or_default();
        let who = scenario::owner(&sent.to, customers).with_context(|| format!("nobody has {}", sent.to))?;
        anyhow::ensure!(number.starts_with(&format!("N{who}x")), "{} got a message about {number}", sent.to);
        if scenario::is_single(who) && !seen.insert((format!("c{who} {number}"), step.to_owned())) {
            verdict.twice.push(format!("{} about {number} at {step}, again at {}", sent.to, sent.at));
        }
    }
    Ok(verdict)
}

/// Judges the table of any story in the end, every image that its stream had, and the outbox by the messages that it names.
///
/// # Errors
///
/// When the table cannot be read.
pub async fn judge_table(stack: &Stack, outbox: &[Sent]) -> anyhow::Result<Verdict> {
    let store = open_table(stack).await?;
    let tenant = TenantId::parse(TENANT).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let pending = ever_pending(stack)?;
    // Service mails are no messages of a decision, and no record speaks of them.
    let messages: Vec<&Sent> = outbox.iter().filter(|sent| sent.service_mail.is_none()).collect();
    let mut verdict = Verdict { accepted: messages.len(), decided: pending.len(), ..Verdict::default() };
    // The outbox by message: its tags are what the sender claimed.
    let mut accepted: BTreeMap<String, usize> = BTreeMap::new();
    for sent in messages {
        let people = recipients(&sent.raw);
        if people > 1 {
            verdict.twice.push(format!("{} people are named by one call at {}", people, sent.at));
        }
        *accepted.entry(message_of(&sent.raw).with_context(|| format!("no id in {}", sent.raw))?).or_default() += 1;
    }
    verdict.twice.extend(accepted.iter().filter(|(_, times)| **times > 1).map(|(id, times)| format!("{id} left {times} times")));
    verdict
        .lost
        .extend(accepted.keys().filter(|id| !pending.contains_key(*id)).map(|id| format!("{id} left and was never decided")));

    let tasks = open_tasks(&store, &tenant).await?;
    let parked: BTreeSet<&str> =
        tasks.iter().filter(|task| task.task.kind == TaskKind::InDoubt).map(|task| task.task.key.as_str()).collect();
    let by_customer: BTreeSet<&String> = pending.values().map(|(customer, _)| customer).collect();
    for customer in by_customer {
        let id = CustomerId::parse(customer).with_context(|| format!("{customer} is no id"))?;
        let head = store.head(&tenant, &id).await?.context("a customer without a head")?;
        for (message, entry) in &head.pending {
            verdict.lost.push(format!("{message} of {customer} is still {:?}", entry.message.status));
        }
        if let Err(error) = store.verify_chain(&tenant, &id, 1_000).await {
            verdict.lost.push(format!("the chain of {customer}: {error}"));
        }
        let records = store.records(&tenant, &id, 1_000).await?;
        let by_id: BTreeMap<&MessageId, &Record> =
            records.iter().filter_map(|record| record.message.as_ref().map(|sent| (&sent.id, record))).collect();
        // Once to one person, and beside that once to each person of a copy.
        let mut steps: BTreeMap<(String, String, String), usize> = BTreeMap::new();
        let mut people: BTreeMap<(String, String, String), usize> = BTreeMap::new();
        for (message, _) in pending.iter().filter(|(_, (of, _))| of == customer) {
            let record = MessageId::parse(message).and_then(|id| by_id.get(&id).copied());
            let Some(record) = record else {
                if !head.pending.keys().any(|id| id.as_str() == message) {
                    verdict.lost.push(format!("{message} of {customer} has no record"));
                }
                continue;
            };
            let left = accepted.get(message).copied().unwrap_or(0);
            let was_unknown = pending[message].1;
            *verdict.ended.entry(record.status.to_string()).or_default() += 1;
            verdict.in_doubt += usize::from(was_unknown);
            let is_parked = parked.contains(message.as_str());
            if was_unknown {
                verdict.doubtful.insert(customer.clone());
            }
            match record.status {
                RecordStatus::Message(
                    MessageStatus::Sent
                    | MessageStatus::Delivered
                    | MessageStatus::Bounced
                    | MessageStatus::BouncedForNow
                    | MessageStatus::Complained,
                ) => {
                    verdict.settled += usize::from(was_unknown);
                    if left == 0 {
                        verdict.lost.push(format!("{message} of {customer} is {} and never left", record.status));
                    }
                }
                RecordStatus::Message(MessageStatus::InDoubt) => {
                    verdict.parked += usize::from(is_parked);
                    if !is_parked {
                        verdict.lost.push(format!("{message} of {customer} is in doubt and nobody was asked"));
                    }
                }
                RecordStatus::Message(
                    MessageStatus::Superseded
                    | MessageStatus::NotSent
                    | MessageStatus::Dropped
                    | MessageStatus::Blocked
                    | MessageStatus::Failed
                    | MessageStatus::Rejected
                    | MessageStatus::RenderingFailed,
                ) => {
                    verdict.settled += usize::from(was_unknown);
                    if left > 0 {
                        verdict.lost.push(format!("{message} of {customer} left and is {}", record.status));
                    }
                }
                other @ (RecordStatus::Message(
                    MessageStatus::Queued | MessageStatus::Unknown | MessageStatus::Shadow | MessageStatus::Later(_),
                )
                | RecordStatus::Marks
                | RecordStatus::Decided) => verdict.lost.push(format!("{message} of {customer} ended as {other}")),
            }
            for coverage in &record.coverage {
                if !matches!(coverage.outcome, Outcome::Sent | Outcome::Unknown) {
                    continue;
                }
                let contact = record.message.as_ref().map(|sent| sent.contact.clone()).unwrap_or_default();
                let copy = if coverage.copy { format!(" in copy to {contact}") } else { String::new() };
                for row in &coverage.rows {
                    let of = |who: &str| (row.item.to_string(), row.step.clone(), who.to_owned());
                    *steps.entry(of(&copy)).or_default() += 1;
                    *people.entry(of(&contact)).or_default() += 1;
                    verdict.sent.insert((customer.clone(), row.item.to_string(), row.step.clone()));
                }
            }
        }
        for ((item, step, copy), times) in steps.into_iter().filter(|(_, times)| *times > 1) {
            verdict.twice.push(format!("{customer} {item} {step}{copy}: {times} messages count"));
        }
        for ((item, step, contact), times) in people.into_iter().filter(|(_, times)| *times > 1) {
            verdict.twice.push(format!("{customer} {item} {step}: {contact} was written to {times} times"));
        }
    }
    Ok(verdict)
}

/// The message that a provider call names: in SES's tags, or SNS's attributes.
fn message_of(raw: &Value) -> Option<String> {
    let text = raw.to_string();
    let at = text.find("msg_")?;
    let id: String = text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
    Some(id)
}

/// How many people one call of SES names; a call of SNS has one number.
fn recipients(raw: &Value) -> usize {
    let named = |list: &str| raw.pointer(&format!("/Destination/{list}")).and_then(Value::as_array).map_or(0, Vec::len);
    ["ToAddresses", "CcAddresses", "BccAddresses"].into_iter().map(named).sum()
}

async fn open_tasks(store: &Store, tenant: &TenantId) -> anyhow::Result<Vec<store::Task>> {
    let (mut tasks, mut after) = (Vec::new(), None);
    loop {
        let page = store.tasks(tenant, 200, after.as_deref()).await?;
        tasks.extend(page.tasks);
        if page.after.is_none() {
            return Ok(tasks);
        }
        after = page.after;
    }
}
