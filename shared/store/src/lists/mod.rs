//! Lists: rows in partitions of their own, one for each order of a kind, and one search by the beginnings of words.
//!
//! [`keys`](crate::keys) names every list with what moves a row. `rows` says which rows an item stands for, `follow` writes them as the
//! stream tells of changes, `rebuild` writes them anew. What is listed lags behind the table by the moments that the stream takes.

mod follow;
mod rebuild;
mod rows;
mod words;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    CaseId, CaseState, Channel, Currency, CustomerId, InvoiceId, MessageId, MessageStatus, Mode, Owed, SuppressionReason, TaskId,
    TenantId,
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

pub use follow::{Followed, Rewrite};
pub use rebuild::Rebuilt;

use crate::{
    Error, Result, Store,
    table::{
        attributes::{
            document::DOC,
            every::{PK, SK},
        },
        db::{Range, Row, failed, json, last_of, s, text},
        keys,
    },
};

/// The kind under which words are listed.
const WORDS: &str = "words";
/// Most rows of a page.
const PAGE_MAX: u32 = 200;
/// Most pages of a word that one search looks through for its other words.
const LOOKED_THROUGH_MAX: usize = 10;

/// A list: what is in it, and in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum List {
    /// Customers by name.
    CustomersByName,
    /// Customers by when they are decided next, those that only a new fact or a person wakes at the end; not those who owe nothing.
    CustomersByNext,
    /// Customers who owe in a currency by what was open when they were last decided, largest first.
    CustomersByAmount(Currency),
    /// Customers whose language is known by that language, without its region.
    CustomersByLanguage,
    /// Customers with people who agreed to text messages by the countries of those people's numbers.
    CustomersByTextCountry,
    /// Open invoices by when their oldest open part falls due.
    InvoicesByDue,
    /// The same of one customer.
    InvoicesOf(CustomerId),
    /// The messages that were decided on a day (UTC), in order.
    MessagesOn(Date),
    /// Open tasks, oldest first.
    OpenTasks,
    /// Addresses that must not be used, the longest first.
    Stopped,
}

impl List {
    /// The partitions that it lies in.
    fn partitions(&self, tenant: &TenantId) -> Vec<String> {
        let wide = |kind: &str, order: &str, of: Option<&str>| {
            (0..keys::LIST_SHARDS).map(|shard| keys::list(tenant, kind, order, &shard_name(of, shard))).collect()
        };
        match self {
            Self::CustomersByName => wide("customers", "name", None),
            Self::CustomersByNext => wide("customers", "next", None),
            Self::CustomersByAmount(currency) => wide("customers", "amount", Some(currency.code())),
            Self::CustomersByLanguage => wide("customers", "language", None),
            Self::CustomersByTextCountry => wide("customers", "texts", None),
            Self::InvoicesByDue => wide("invoices", "due", None),
            Self::InvoicesOf(customer) => vec![keys::list(tenant, "invoices", "of", customer.as_str())],
            Self::MessagesOn(day) => wide("messages", "day", Some(&day.to_string())),
            Self::OpenTasks => wide("tasks", "raised", None),
            Self::Stopped => wide("addresses", "stopped", None),
        }
    }
}

/// The last part of a tenant-wide partition's key.
fn shard_name(of: Option<&str>, shard: u8) -> String {
    of.map_or_else(|| format!("{shard:02}"), |of| format!("{of}.{shard:02}"))
}

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "snake_case")]
pub enum Line {
    /// In [`List::CustomersByName`], [`List::CustomersByLanguage`] and [`List::CustomersByTextCountry`].
    Customer(CustomerLine),
    /// In [`List::CustomersByNext`].
    Next(NextLine),
    /// In [`List::CustomersByAmount`].
    Owed(OwedLine),
    /// In [`List::InvoicesByDue`] and [`List::InvoicesOf`].
    Invoice(InvoiceLine),
    /// In [`List::MessagesOn`].
    Message(MessageLine),
    /// In [`List::OpenTasks`].
    Task(TaskLine),
    /// In [`List::Stopped`].
    Stopped(StoppedLine),
    /// Found by a word.
    Word(WordLine),
}

/// A customer by what it is known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerLine {
    /// The customer.
    pub customer: CustomerId,
    /// Its name.
    pub name: String,
    /// The source's id of it.
    pub external_id: String,
}

/// A customer by its next moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextLine {
    /// The customer.
    pub customer: CustomerId,
    /// When it is decided next, in whole seconds; `None` when only a new fact or a person wakes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// What a customer owes in a currency, as of its last decision that found another amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwedLine {
    /// The customer.
    pub customer: CustomerId,
    /// The currency.
    pub currency: Currency,
    /// How much.
    pub owed: Owed,
    /// The cases, and where each stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<(CaseId, CaseState)>,
}

/// An open invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// Who owes it.
    pub customer: CustomerId,
    /// The invoice.
    pub invoice: InvoiceId,
    /// What people call it.
    pub number: String,
    /// The currency of its amounts.
    pub currency: Currency,
    /// Its total, minor units.
    pub total_minor: i64,
    /// What its own document says was paid; payments that came by themselves are not in it.
    pub paid_minor: i64,
    /// What its own document says was credited.
    pub credited_minor: i64,
    /// When its oldest open part falls due.
    pub due_on: Date,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageLine {
    /// Whose.
    pub customer: CustomerId,
    /// The message.
    pub message: MessageId,
    /// The decision's number.
    pub number: u64,
    /// How it stands.
    pub status: MessageStatus,
    /// The ledger that it was decided in.
    pub mode: Mode,
    /// The case's currency, where the message's record says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The channel.
    pub channel: Channel,
    /// The contact's external id.
    pub contact: String,
    /// The template's id.
    pub template: String,
    /// The steps that it stands for, at most five; none where what it covers is too much for its own item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// When it was decided.
    pub decided_at: Timestamp,
}

/// An open task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskLine {
    /// The task.
    pub task: TaskId,
    /// Whose matter it is, where it is a customer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// What kind of work, in the word of the API.
    pub kind: String,
    /// Whether it is an exception.
    pub exception: bool,
    /// One line.
    pub title: String,
    /// By when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Date>,
    /// When it was raised.
    pub raised_at: Timestamp,
}

/// An address that must not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppedLine {
    /// Its id, as [`crate::AddressId`] writes it.
    pub id: String,
    /// On which channel, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Enough of it to know it by, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
    /// Why.
    pub reason: SuppressionReason,
    /// Since when.
    pub at: Timestamp,
    /// The person who entered it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What they said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// What a word leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordLine {
    /// The customer, or who owes the invoice.
    pub customer: CustomerId,
    /// The invoice, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<InvoiceId>,
    /// The customer's name or the invoice's number.
    pub text: String,
    /// All its words, without case and accents.
    pub words: Vec<String>,
}

/// What is searched by words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Searched {
    /// Customers, by their names, their people's and the source's id.
    Customers,
    /// Open invoices, by number, the source's id and purchase order.
    Invoices,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPage {
    /// What its rows say, in order.
    pub lines: Vec<Line>,
    /// What to pass for the next page: an opaque text; `None` at the end.
    pub after: Option<String>,
}

impl Store {
    /// A page of a list, at most `limit` rows and never more than 200.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when `after` is no cursor; those of reading.
    pub async fn list(&self, tenant: &TenantId, list: &List, limit: u32, after: Option<&str>) -> Result<ListPage> {
        let from = after.map(cursor).transpose()?;
        let limit = limit.clamp(1, PAGE_MAX);
        let mut rows = Vec::new();
        for pk in list.partitions(tenant) {
            rows.extend(self.row_page(&pk, keys::ROW, from.as_deref(), limit).await?);
        }
        page(rows, limit)
    }

    /// What the rows of a list stand under, each once: of [`List::CustomersByLanguage`] the languages, of
    /// [`List::CustomersByTextCountry`] the countries. It costs a read of one row a shard and
    /// place, however many rows there are; of each shard it finds at most `most`.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn places(&self, tenant: &TenantId, list: &List, most: usize) -> Result<BTreeSet<String>> {
        let last = last_of(keys::ROW);
        let mut places = BTreeSet::new();
        for pk in list.partitions(tenant) {
            let mut from = keys::ROW.to_owned();
            let mut found = 0;
            while found < most {
                let one = Range { strong: false, ..Range::new(&pk, &from, &last, 1) };
                let rows = self.range("read what a list has rows under of", one).await?;
                let Some(place) = rows.first().and_then(|row| text(row, SK)).and_then(keys::place_of) else { break };
                from = keys::behind_place(place);
                places.insert(place.to_owned());
                found += 1;
            }
        }
        Ok(places)
    }

    /// What is found by all of `words`, each by its beginning, without case and accents; in the order of the longest word. Words
    /// of one letter are passed over, and without longer ones a search finds nothing. A page may be short before the end.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when `after` is no cursor; those of reading.
    pub async fn search(
        &self,
        tenant: &TenantId,
        of: Searched,
        words: &str,
        limit: u32,
        after: Option<&str>,
    ) -> Result<ListPage> {
        let mut from = after.map(cursor).transpose()?;
        let limit = limit.clamp(1, PAGE_MAX);
        let kind = match of {
            Searched::Customers => "customers",
            Searched::Invoices => "invoices",
        };
        let mut asked = words::words([words]);
        asked.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        let Some((longest, others)) = asked.split_first() else { return Ok(ListPage { lines: vec![], after: None }) };
        let Some(beginning) = words::beginning(longest) else { return Ok(ListPage { lines: vec![], after: None }) };
        let pk = keys::list(tenant, WORDS, kind, beginning);
        let prefix = format!("{}{longest}", keys::ROW);
        let mut lines: Vec<Line> = Vec::new();
        let (mut looked, mut is_more) = (0, true);
        while is_more && lines.len() < limit as usize && looked < LOOKED_THROUGH_MAX {
            let rows = self.row_page(&pk, &prefix, from.as_deref(), limit).await?;
            (looked, is_more) = (looked + 1, rows.len() > limit as usize);
            for row in rows.iter().take(limit as usize) {
                if lines.len() == limit as usize {
                    is_more = true;
                    break;
                }
                from = text(row, SK).map(str::to_owned);
                let line: Line = json(row, DOC)?;
                let Line::Word(found) = &line else { continue };
                let has = |word: &String| found.words.iter().any(|own| own.starts_with(word.as_str()));
                // An object that two of its words lead to is one.
                if others.iter().all(has) && !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        Ok(ListPage { lines, after: from.filter(|_| is_more).map(|sk| URL_SAFE_NO_PAD.encode(sk)) })
    }

    /// One more row than asked for, so that the caller knows whether there are more.
    async fn row_page(&self, pk: &str, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<Row>> {
        let start = after.map(|sk| keys::Key { pk: pk.to_owned(), sk: sk.to_owned() }.attributes());
        let out = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{PK} = :pk AND begins_with({SK}, :prefix)"))
            .expression_attribute_values(":pk", s(pk))
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
            .limit(i32::try_from(limit + 1).expect("at most 201"))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| failed("read a list of", pk, error))?;
        Ok(out.items.unwrap_or_default())
    }
}

/// The sort key that a page ended with.
fn cursor(after: &str) -> Result<String> {
    let refused = || Error::Refused { operation: "read a list of", id: String::new(), why: "the cursor is none of ours".into() };
    let sk = URL_SAFE_NO_PAD.decode(after).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    sk.filter(|sk| sk.starts_with(keys::ROW) && sk.len() <= 1_024).ok_or_else(refused)
}

/// The first rows of all partitions.
fn page(mut rows: Vec<Row>, limit: u32) -> Result<ListPage> {
    rows.sort_by(|a, b| text(a, SK).cmp(&text(b, SK)));
    let is_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().and_then(|row| text(row, SK)).filter(|_| is_more);
    let after = last.map(|sk| URL_SAFE_NO_PAD.encode(sk));
    Ok(ListPage { lines: rows.iter().map(|row| json(row, DOC)).collect::<Result<_>>()?, after })
}
