//! Lists: rows in partitions of their own, one for each order of a kind, and one search by the beginnings of words.
//!
//! [`keys`](crate::keys) names every list with what moves a row. `rows` says which rows an item stands for, `lines` what they say, `places`
//! where they stand; `follow` writes them as the stream tells of changes, `rebuild` writes them anew, `rerank` those whose order another
//! setting changed; `walk` goes over all customers. What is listed lags behind the table by the moments that the stream takes.

mod follow;
mod lines;
mod person_id;
mod places;
mod rebuild;
mod rerank;
mod rows;
mod walk;
mod whose;
mod words;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{CaseId, CustomerId, MessageId, PaymentKind, TenantId};
use futures::{FutureExt, future::try_join_all};
use jiff::{Timestamp, civil::Date};

pub use follow::{Followed, Rewrite};
pub use lines::*;
pub use person_id::PersonId;
pub use places::{InvoiceStanding, RankedIn};
pub use rebuild::Rebuilt;
pub use rerank::{AmountsPage, AmountsWalk, WalkedList};
pub use walk::CustomerWalk;
pub use whose::{FoundId, IdOf};

use crate::{
    Error, Result, Store,
    table::{
        attributes::{
            document::DOC,
            every::{PK, SK},
            row::AS_OF,
        },
        db::{Range, Row, failed, json, last_of, number, s, text},
        keys,
    },
};

/// The kind under which words are listed.
const WORDS: &str = "words";
/// The kind under which it is listed whose something is.
const PLACES: &str = "places";
/// Most rows of a page.
const PAGE_MAX: u32 = 200;
/// Most pages of a word that one search looks through for its other words.
const LOOKED_THROUGH_MAX: usize = 10;

/// Days, both inclusive; open ends where they are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayRange {
    /// The first.
    pub from: Option<Date>,
    /// The last.
    pub until: Option<Date>,
}

/// A list: what is in it, and in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum List {
    /// Customers by name.
    CustomersByName,
    /// Customers by when they are decided next, those that only a new fact or a person wakes at the end; not those who owe nothing.
    CustomersByNext,
    /// Customers by what is past due, largest first: in the reporting currency, then each currency that has no rate; or one of these alone.
    CustomersByOverdue(Option<RankedIn>),
    /// Customers by net exposure, likewise.
    CustomersByStake(Option<RankedIn>),
    /// Customers who owe by when the oldest that is open fell due.
    CustomersByOldest,
    /// Customers that a person gave to an owner, by owner, and of each by their ids.
    CustomersByOwner,
    /// Cases of one state in a word, by when they opened.
    Cases(String),
    /// Invoices of one standing by when their oldest open part falls due; of one customer, or all.
    Invoices(Option<CustomerId>, InvoiceStanding, DayRange),
    /// Payments, or credit notes, by the day on which they were received; of one customer, or all.
    Payments(Option<CustomerId>, PaymentKind, DayRange),
    /// Customers whose language is known by that language, without its region.
    CustomersByLanguage,
    /// Customers with people who agreed to text messages by the countries of those people's numbers.
    CustomersByTextCountry,
    /// The messages that were decided on a day (UTC), in order.
    MessagesOn(Date),
    /// Agreements of one kind and status, in words: promises by the day promised, others by when they were made.
    Agreements(String, String),
    /// Open tasks by money at stake: those after a broken promise first, then by amount, largest first, then by age.
    TasksByStake,
    /// Addresses that must not be used, the longest first.
    Stopped,
}

impl List {
    /// The partitions that it lies in.
    fn partitions(&self, tenant: &TenantId) -> Vec<String> {
        let wide = |kind: &str, order: &str, of: Option<&str>| {
            (0..keys::LIST_SHARDS).map(|shard| keys::list(tenant, kind, order, &shard_name(of, shard))).collect()
        };
        let own = |kind: &str, customer: &CustomerId| vec![keys::list(tenant, kind, "of", customer.as_str())];
        match self {
            Self::CustomersByName => wide("customers", "name", None),
            Self::CustomersByNext => wide("customers", "next", None),
            Self::CustomersByOverdue(_) => wide("customers", "overdue", None),
            Self::CustomersByStake(_) => wide("customers", "stake", None),
            Self::CustomersByOldest => wide("customers", "oldest", None),
            Self::CustomersByOwner => wide("customers", "owner", None),
            Self::Cases(_) => wide("cases", "state", None),
            Self::Invoices(None, ..) => wide("invoices", "due", None),
            Self::Invoices(Some(customer), ..) => own("invoices", customer),
            Self::Payments(None, kind, _) => wide(payments(*kind), "day", None),
            Self::Payments(Some(customer), kind, _) => own(payments(*kind), customer),
            Self::CustomersByLanguage => wide("customers", "language", None),
            Self::CustomersByTextCountry => wide("customers", "texts", None),
            Self::MessagesOn(day) => wide("messages", "day", Some(&day.to_string())),
            Self::Agreements(kind, _) => wide("agreements", kind, None),
            Self::TasksByStake => wide("tasks", "stake", None),
            Self::Stopped => wide("addresses", "stopped", None),
        }
    }

    /// The first and the last sort key that it may have there.
    fn ends(&self) -> (String, String) {
        let under = |beginning: &str| {
            let from = format!("{}{beginning}", keys::ROW);
            (from.clone(), last_of(&from))
        };
        let days = |beginning: &str, range: &DayRange| {
            let (from, until) = under(beginning);
            let first = range.from.map_or(from, |day| format!("{}{beginning}{day}", keys::ROW));
            (first, range.until.map_or(until, |day| last_of(&format!("{}{beginning}{day}", keys::ROW))))
        };
        match self {
            Self::CustomersByOverdue(Some(of)) | Self::CustomersByStake(Some(of)) => under(&of.beginning()),
            Self::Cases(state) => under(&format!("{state}#")),
            Self::Invoices(_, standing, range) => days(&format!("{}#", standing.as_str()), range),
            Self::Payments(_, _, range) => days("", range),
            Self::Agreements(_, status) => under(&format!("{status}#")),
            Self::CustomersByName
            | Self::CustomersByNext
            | Self::CustomersByLanguage
            | Self::CustomersByTextCountry
            | Self::CustomersByOverdue(None)
            | Self::CustomersByStake(None)
            | Self::CustomersByOldest
            | Self::CustomersByOwner
            | Self::MessagesOn(_)
            | Self::TasksByStake
            | Self::Stopped => under(""),
        }
    }
}

/// The kind under which payments are listed, or credit notes.
fn payments(kind: PaymentKind) -> &'static str {
    match kind {
        PaymentKind::CreditNote => "credit_notes",
        PaymentKind::Payment | PaymentKind::Later(_) => "payments",
    }
}

/// The last part of a tenant-wide partition's key.
fn shard_name(of: Option<&str>, shard: u8) -> String {
    of.map_or_else(|| format!("{shard:02}"), |of| format!("{of}.{shard:02}"))
}

/// What is searched by words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Searched {
    /// Customers, by their names, their people's, the parts of mail addresses and the source's id.
    Customers,
    /// Invoices, by number, the source's id and purchase order.
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
        self.list_from(tenant, list, false, limit, after).await
    }

    /// The same from its end: the last row first.
    ///
    /// # Errors
    ///
    /// Those of [`Store::list`].
    pub async fn list_backwards(&self, tenant: &TenantId, list: &List, limit: u32, after: Option<&str>) -> Result<ListPage> {
        self.list_from(tenant, list, true, limit, after).await
    }

    /// One query a partition, all at once.
    async fn list_from(
        &self,
        tenant: &TenantId,
        list: &List,
        backwards: bool,
        limit: u32,
        after: Option<&str>,
    ) -> Result<ListPage> {
        let start = after.map(cursor).transpose()?;
        let limit = limit.clamp(1, PAGE_MAX);
        let (from, to) = list.ends();
        let stretch = Stretch { from: &from, to: &to, after: start.as_deref(), backwards, limit };
        let partitions = list.partitions(tenant);
        let mut each = Vec::with_capacity(partitions.len());
        for pk in &partitions {
            each.push(self.row_page(pk, stretch).boxed());
        }
        let rows = try_join_all(each).await?;
        page(rows.into_iter().flatten().collect(), backwards, limit)
    }

    /// Whose a message is, and what its row says.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn message_line(&self, tenant: &TenantId, id: &MessageId) -> Result<Option<MessageLine>> {
        let Some(PlaceLine { decided_at: Some(at), .. }) = self.place_of(tenant, id.as_str()).await? else { return Ok(None) };
        let row = self.read("read the row of", &message_key(tenant, id, at), false).await?;
        let line = row.as_ref().map(|row| json::<Line>(row, DOC)).transpose()?;
        Ok(line.and_then(|line| if let Line::Message(line) = line { Some(line) } else { None }))
    }

    /// Whose a case is.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn whose_case(&self, tenant: &TenantId, id: &CaseId) -> Result<Option<CustomerId>> {
        Ok(self.place_of(tenant, id.as_str()).await?.map(|place| place.customer))
    }

    async fn place_of(&self, tenant: &TenantId, id: &str) -> Result<Option<PlaceLine>> {
        let row = self.read("find whose it is:", &place_key(tenant, id), false).await?;
        let line = row.as_ref().map(|row| json::<Line>(row, DOC)).transpose()?;
        Ok(line.and_then(|line| if let Line::Place(line) = line { Some(line) } else { None }))
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
        let to = last_of(&prefix);
        let mut lines: Vec<Line> = Vec::new();
        let (mut looked, mut is_more) = (0, true);
        while is_more && lines.len() < limit as usize && looked < LOOKED_THROUGH_MAX {
            let stretch = Stretch { from: &prefix, to: &to, after: from.as_deref(), backwards: false, limit };
            let rows = self.row_page(&pk, stretch).await?;
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
                // An object that two of its words lead to is one, and one that is found by what people entered as well.
                let is_it = |known: &Line| matches!(known, Line::Word(known) if known.customer == found.customer && known.invoice == found.invoice);
                if others.iter().all(has) && !lines.iter().any(is_it) {
                    lines.push(line);
                }
            }
        }
        self.with_names(tenant, &mut lines).await?;
        Ok(ListPage { lines, after: from.filter(|_| is_more).map(|sk| URL_SAFE_NO_PAD.encode(sk)) })
    }

    /// Says what the customers are called who are found by what people entered: that is in their profiles alone.
    async fn with_names(&self, tenant: &TenantId, lines: &mut [Line]) -> Result<()> {
        let mut nameless: BTreeSet<CustomerId> = BTreeSet::new();
        for line in lines.iter() {
            if let Line::Word(found) = line
                && found.text.is_empty()
            {
                nameless.insert(found.customer.clone());
            }
        }
        if nameless.is_empty() {
            return Ok(());
        }
        let names = self.names(tenant, &nameless).await?;
        for line in lines {
            if let Line::Word(found) = line
                && found.text.is_empty()
                && let Some(known) = names.get(&found.customer)
            {
                found.text.clone_from(&known.name);
            }
        }
        Ok(())
    }

    /// One more row than asked for, so that the caller knows whether there are more.
    async fn row_page(&self, pk: &str, stretch: Stretch<'_>) -> Result<Vec<Row>> {
        let start = stretch.after.map(|sk| keys::Key { pk: pk.to_owned(), sk: sk.to_owned() }.attributes());
        let out = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{PK} = :pk AND {SK} BETWEEN :from AND :to"))
            .expression_attribute_values(":pk", s(pk))
            .expression_attribute_values(":from", AttributeValue::S(stretch.from.to_owned()))
            .expression_attribute_values(":to", AttributeValue::S(stretch.to.to_owned()))
            .scan_index_forward(!stretch.backwards)
            .limit(i32::try_from(stretch.limit + 1).expect("at most 201"))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| failed("read a list of", pk, error))?;
        Ok(out.items.unwrap_or_default())
    }
}

/// What of a partition is read.
#[derive(Clone, Copy)]
struct Stretch<'a> {
    from: &'a str,
    to: &'a str,
    /// The row that the page before ended with.
    after: Option<&'a str>,
    backwards: bool,
    limit: u32,
}

/// Where the row of a message stands.
fn message_key(tenant: &TenantId, id: &MessageId, decided_at: Timestamp) -> keys::Key {
    let day = decided_at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let shard = shard_name(Some(&day.to_string()), keys::list_shard(id.as_str()));
    keys::list_row(keys::list(tenant, "messages", "day", &shard), &keys::second(decided_at), id.as_str())
}

/// Where the row stands that says whose something is.
fn place_key(tenant: &TenantId, id: &str) -> keys::Key {
    keys::list_row(keys::list(tenant, PLACES, "of", id), "", id)
}

/// The sort key that a page ended with.
fn cursor(after: &str) -> Result<String> {
    let refused = || Error::Refused { operation: "read a list of", id: String::new(), why: "the cursor is none of ours".into() };
    let sk = URL_SAFE_NO_PAD.decode(after).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    sk.filter(|sk| sk.starts_with(keys::ROW) && sk.len() <= 1_024).ok_or_else(refused)
}

/// The first rows of all partitions.
fn page(mut rows: Vec<Row>, backwards: bool, limit: u32) -> Result<ListPage> {
    rows.sort_by(|a, b| text(a, SK).cmp(&text(b, SK)));
    if backwards {
        rows.reverse();
    }
    let is_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().and_then(|row| text(row, SK)).filter(|_| is_more);
    let after = last.map(|sk| URL_SAFE_NO_PAD.encode(sk));
    Ok(ListPage { lines: rows.iter().map(line_of).collect::<Result<_>>()?, after })
}

/// What a row says.
fn line_of(row: &Row) -> Result<Line> {
    let mut line: Line = json(row, DOC)?;
    if let Line::Owed(owed) = &mut line {
        owed.as_of = number(row, AS_OF).and_then(|millis| Timestamp::from_millisecond(millis).ok());
    }
    Ok(line)
}
