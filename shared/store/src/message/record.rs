//! Records: what became of each message and decision, append-only, each holding the hash of the one before.
//!
//! The hashed body never changes. What is heard later (delivered, bounced) stands beside it.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    CaseTrace, Channel, Coverage, Covered, Currency, CustomerId, DeliveryEvent, MessageId, MessageStatus, Mode, Outcome,
    PersonDigest, TenantId, word::Word, workflow::ReceiptTime,
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Head, Result, Store,
    customer::head::{pack, unpack},
    message::why::Decided,
    table::{
        attributes::{
            self,
            every::{PK, SK},
            rows,
        },
        change::Change,
        db::{Range, Row, last_of, number, row_of, s, text, word_of},
        keys::{self, Key},
    },
};

/// Rows that a head or a record holds itself; more go to chunks.
pub(crate) const ROWS_INLINE: usize = 20;
/// Rows in a chunk item: some 50 bytes each, so that a chunk stays under 100 KB.
const ROWS_CHUNK: usize = 1_200;

/// What became of a message, or what a decision came to.
#[derive(Clone, Debug)]
pub struct Record {
    /// The decision's number.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// The message; `None` for the decision's own record.
    pub message: Option<RecordedMessage>,
    /// How the message stands, or what kind of decision it is of.
    pub status: RecordStatus,
    /// The marks that it bears.
    pub coverage: Vec<Coverage>,
    /// Why: of a message what each case came to that it was decided for, of a decision what each case came to.
    pub cases: Vec<CaseTrace>,
    /// The workflow of each case, `standard@1`.
    pub workflows: Vec<String>,
    /// The hashed text, read: for whoever shows or exports it as it is.
    pub body: serde_json::Value,
    /// SHA-256 of the body, URL-safe base 64.
    pub hash: String,
    /// The hash of the record before, empty for the first.
    pub previous: String,
    /// What was heard of the message, and when.
    pub heard: BTreeMap<DeliveryEvent, Timestamp>,
    /// The provider's id of the message.
    pub provider_id: Option<String>,
}

/// What a record says it is: of a message how it stands, of a decision whether steps were over with it.
///
/// Text form: the message's status, `marks` or `decided`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordStatus {
    /// Of a message: how it stands.
    Message(MessageStatus),
    /// Of a decision with which steps were over.
    Marks,
    /// Of any other decision.
    Decided,
}

impl RecordStatus {
    /// The text form.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Message(status) => status.as_str(),
            Self::Marks => "marks",
            Self::Decided => "decided",
        }
    }

    /// What a text says; `None` for one that is no word.
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "marks" => Some(Self::Marks),
            "decided" => Some(Self::Decided),
            status => MessageStatus::read(status).map(Self::Message),
        }
    }

    /// How the message stands, where it is one's.
    pub fn message(self) -> Option<MessageStatus> {
        match self {
            Self::Message(status) => Some(status),
            Self::Marks | Self::Decided => None,
        }
    }
}

impl std::fmt::Display for RecordStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RecordStatus {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RecordStatus {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let status = MessageStatus::deserialize(deserializer)?;
        Ok(Self::read(status.as_str()).unwrap_or(Self::Message(status)))
    }
}

/// A message as its record has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedMessage {
    /// Its id.
    pub id: MessageId,
    /// Its position within the decision.
    pub position: u32,
    /// The ledger that it was decided in.
    pub mode: Mode,
    /// The channel.
    pub channel: Channel,
    /// The contact's external id.
    pub contact: String,
    /// The person whom it was for; `None` where nobody is named, and in what an earlier release wrote.
    pub person: Option<PersonDigest>,
    /// The template's id.
    pub template: String,
    /// Its version, as rendered where it was.
    pub template_version: u32,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// A word where it was not sent; else empty.
    pub reason: String,
    /// By when it asked to be paid.
    pub pay_by: Option<Date>,
    /// What it covered: as sent where it was.
    pub rows: Vec<Covered>,
    /// The position, within the decision, of the message of which it is a copy to one more person.
    pub copy_of: Option<u32>,
    /// How long its arrival was awaited, before its step tried another channel.
    pub receipt_within: Option<ReceiptTime>,
    /// Of words of a person's own, which cover nothing: what they asked for, where they showed what is due.
    pub asked_for: Option<AskedFor>,
}

/// What a message asked for that covers nothing: words of a person's own, shown with what is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedFor {
    /// In which currency.
    pub currency: Currency,
    /// What the due items came to, minor units.
    pub due_now_minor: i64,
    /// The due items that it showed, each with what of it was due. None of them is credited with a step.
    pub rows: Vec<Covered>,
}

impl AskedFor {
    /// What due items of one currency come to; `None` where there are none.
    pub fn of(currency: Currency, rows: Vec<Covered>) -> Option<Self> {
        let due_now_minor = rows.iter().map(|row| row.due_now_minor).fold(0, i64::saturating_add);
        (!rows.is_empty()).then_some(Self { currency, due_now_minor, rows })
    }
}

/// [`AskedFor`] as an item has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AskedForBody {
    currency: Currency,
    due_now_minor: i64,
    /// How many due items.
    items: usize,
    /// Packed; empty when in chunks.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    rows: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    chunks: u32,
}

/// The hashed body of a record. Holds ids and digests, never names or addresses.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Body {
    /// Hash of the record before.
    pub(crate) previous: String,
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) status: RecordStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<MessageBody>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) marks: Vec<Coverage>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) chunks: u32,
    pub(crate) head_version: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) fact_versions: Vec<(domain::InvoiceId, domain::SourceVersion)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) workflows: Vec<String>,
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub(crate) trace: serde_json::Value,
    /// Why the message was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) decided: Option<Decided>,
    /// What a decision was made from: the engine's version, `:` and SHA-256. A message's is in `decided`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) inputs: String,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MessageBody {
    pub(crate) id: MessageId,
    pub(crate) position: u32,
    pub(crate) mode: Mode,
    pub(crate) channel: Channel,
    pub(crate) contact: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) person: Option<PersonDigest>,
    pub(crate) template: String,
    pub(crate) template_version: u32,
    /// The workflow by which its case is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) workflow: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) layout_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rendered_sha256: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pay_by: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) copy_of: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) receipt_within: Option<ReceiptTime>,
    /// Packed; empty when in chunks.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) rows: String,
    /// As decided, packed, where what was sent differs and both are short.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) decided: String,
    pub(crate) decided_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asked_for: Option<AskedForBody>,
}

/// A record as stored: the body, and what may change beside it.
#[derive(Clone, Debug)]
pub(crate) struct RecordItem {
    pub(crate) key: String,
    pub(crate) text: String,
    pub(crate) body: Body,
    pub(crate) status: RecordStatus,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) provider_id: Option<String>,
    pub(crate) heard: BTreeMap<DeliveryEvent, Timestamp>,
}

pub(crate) fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

pub(crate) fn read(row: &Row) -> Result<RecordItem> {
    let key = format!("{}|{}", text(row, PK).unwrap_or("?"), text(row, SK).unwrap_or("?"));
    let body_text = text(row, attributes::record::BODY).unwrap_or_default().to_owned();
    let body: Body = serde_json::from_str(&body_text)
        .map_err(|error| Error::Corrupt { key: key.clone(), detail: format!("'body' does not read at {}", error.column()) })?;
    let outcome = text(row, attributes::record::OUTCOME).and_then(Outcome::read);
    let heard = row
        .keys()
        .filter_map(|name| {
            let word = name.strip_prefix(attributes::record::HEARD_AT)?;
            Some((DeliveryEvent::read(word)?, Timestamp::from_millisecond(number(row, name)?).ok()?))
        })
        .collect();
    Ok(RecordItem {
        key,
        status: text(row, attributes::record::STATUS).and_then(RecordStatus::read).unwrap_or(body.status),
        outcome,
        provider_id: text(row, attributes::record::PROVIDER_ID).map(str::to_owned),
        heard,
        text: body_text,
        body,
    })
}

/// The stored form of a new record. `outcome` is none where it bears no coverage. What the body says is not said again beside
/// it: with one row and what is heard later it stays under 1 KB.
pub(crate) fn row(
    body_text: &str,
    status: RecordStatus,
    outcome: Option<Outcome>,
    provider_id: Option<&str>,
    attempt: &str,
) -> Row {
    let mut row = row_of([
        (attributes::record::BODY, s(body_text)),
        (attributes::record::STATUS, s(status.as_str())),
        (attributes::record::ATTEMPT, s(attempt)),
    ]);
    if let Some(outcome) = outcome {
        row.insert(attributes::record::OUTCOME.to_owned(), s(word_of(outcome)));
    }
    if let Some(id) = provider_id {
        row.insert(attributes::record::PROVIDER_ID.to_owned(), s(id));
    }
    row
}

/// The owner of the chunks that hold what a message asked for.
fn owner_asked(message: &MessageId) -> String {
    format!("{message}.a")
}

/// The chunk items for `rows`, if they are too many for the item that they belong to.
pub(crate) fn chunks(tenant: &TenantId, customer: &CustomerId, owner: &str, rows: &[Covered]) -> Vec<(Key, Row)> {
    if rows.len() <= ROWS_INLINE {
        return vec![];
    }
    rows.chunks(ROWS_CHUNK)
        .zip(0..)
        .map(|(some, at)| (keys::rows(tenant, customer, owner, at), row_of([(rows::ROWS, s(pack(some)))])))
        .collect()
}

impl AskedForBody {
    /// Its stored form, where its rows are in `chunks` if there are any.
    pub(crate) fn new(asked: &AskedFor, chunks: &[(Key, Row)]) -> Self {
        Self {
            currency: asked.currency,
            due_now_minor: asked.due_now_minor,
            items: asked.rows.len(),
            rows: if chunks.is_empty() { pack(&asked.rows) } else { String::new() },
            chunks: u32::try_from(chunks.len()).expect("bounded by the invoices of a customer"),
        }
    }
}

impl RecordItem {
    /// Whether word came that its message arrived.
    fn arrived(&self) -> bool {
        self.heard.keys().any(|heard| heard.proves_arrival())
    }
}

fn borne((number, at): (u64, Timestamp), message: MessageBody, outcome: Outcome, rows: Vec<Covered>, arrived: bool) -> Coverage {
    let awaited = message.receipt_within.filter(|_| message.mode == Mode::Live && !arrived);
    Coverage {
        receipt_by: awaited.map(|time| time.after(at)),
        number,
        at,
        mode: message.mode,
        outcome,
        message: Some(message.id),
        way: Some((message.channel, message.contact)),
        person: message.person,
        pay_by: message.pay_by,
        workflow: message.workflow.as_str().into(),
        rows,
        copy: message.copy_of.is_some(),
    }
}

/// A record without the rows that are in chunks of their own.
pub(crate) fn without_chunks(item: RecordItem) -> Result<Record> {
    let arrived = item.arrived();
    let body = item.body;
    let rows = body.message.as_ref().map(|message| unpack(&message.rows, &item.key)).transpose()?.unwrap_or_default();
    let coverage = match (body.message.clone(), item.outcome) {
        (None, _) => body.marks,
        (Some(_), None) => vec![],
        (Some(message), Some(outcome)) => vec![borne((body.number, body.at), message, outcome, rows.clone(), arrived)],
    };
    let asked_for = |asked: &AskedForBody| -> Result<AskedFor> {
        let rows = unpack(&asked.rows, &item.key)?;
        Ok(AskedFor { currency: asked.currency, due_now_minor: asked.due_now_minor, rows })
    };
    let asked_for = body.message.as_ref().and_then(|message| message.asked_for.as_ref()).map(asked_for).transpose()?;
    let cases = match (body.message.is_some(), body.decided) {
        (true, Some(decided)) => decided.cases,
        (true, None) => vec![],
        (false, _) => serde_json::from_value(body.trace).unwrap_or_default(),
    };
    Ok(Record {
        number: body.number,
        at: body.at,
        message: body.message.map(|message| RecordedMessage {
            id: message.id,
            position: message.position,
            mode: message.mode,
            channel: message.channel,
            contact: message.contact,
            person: message.person,
            template: message.template,
            template_version: message.template_version,
            decided_at: message.decided_at,
            reason: message.reason,
            pay_by: message.pay_by,
            rows,
            copy_of: message.copy_of,
            receipt_within: message.receipt_within,
            asked_for,
        }),
        status: item.status,
        coverage,
        cases,
        workflows: body.workflows,
        body: serde_json::from_str(&item.text).unwrap_or_default(),
        hash: hash(&item.text),
        previous: body.previous,
        heard: item.heard,
        provider_id: item.provider_id,
    })
}

pub(crate) fn workflows_of(head: &Head) -> Vec<String> {
    head.cases.values().map(|case| format!("{}@{}", case.workflow, case.version)).collect()
}

impl Store {
    /// Writes chunk items; doing so twice changes nothing.
    pub(crate) async fn put_chunks(&self, operation: &'static str, chunks: Vec<(Key, Row)>) -> Result<()> {
        for (key, row) in chunks {
            let mut change = Change::of(key);
            for (name, value) in row {
                change = change.put(&name, value);
            }
            self.write(operation, change, false).await?;
        }
        Ok(())
    }

    /// The coverage that a record bears, with what is in chunks of its own; `None` when it bears none.
    pub(crate) async fn coverage(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        record: RecordItem,
    ) -> Result<Option<Vec<Coverage>>> {
        let arrived = record.arrived();
        let body = record.body;
        let Some(message) = body.message else {
            let mut marks = body.marks;
            if body.chunks > 0 {
                let owner = domain::DecisionId::derive(&[tenant.as_str(), customer.as_str(), &body.number.to_string()]);
                for (at, mark) in marks.iter_mut().enumerate().filter(|(_, mark)| mark.rows.is_empty()) {
                    mark.rows = self.rows(tenant, customer, &format!("{owner}.{at}"), true).await?;
                }
            }
            return Ok(Some(marks));
        };
        let Some(outcome) = record.outcome else { return Ok(None) };
        let rows = if body.chunks > 0 {
            self.rows(tenant, customer, &format!("{}.s", message.id), true).await?
        } else {
            unpack(&message.rows, &record.key)?
        };
        Ok(Some(vec![borne((body.number, body.at), message, outcome, rows, arrived)]))
    }

    pub(crate) async fn record_of(&self, tenant: &TenantId, customer: &CustomerId, item: RecordItem) -> Result<Record> {
        let mut record = without_chunks(item.clone())?;
        let asked = item.body.message.as_ref().and_then(|message| message.asked_for.clone());
        if item.body.chunks > 0 {
            match &mut record.message {
                Some(message) => {
                    message.rows = self.rows(tenant, customer, &format!("{}.s", message.id), true).await?;
                    record.coverage.iter_mut().for_each(|borne| borne.rows.clone_from(&message.rows));
                }
                None => record.coverage = self.coverage(tenant, customer, item).await?.unwrap_or_default(),
            }
        }
        if let (Some(message), Some(asked)) = (&mut record.message, asked) {
            message.asked_for = Some(self.read_asked_for(tenant, customer, &owner_asked(&message.id), asked).await?);
        }
        Ok(record)
    }

    /// Keeps what a message asked for, for its record.
    pub(crate) async fn record_asked_for(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        message: &MessageId,
        asked: &AskedFor,
    ) -> Result<AskedForBody> {
        let chunks = chunks(tenant, customer, &owner_asked(message), &asked.rows);
        let body = AskedForBody::new(asked, &chunks);
        self.put_chunks("settle a message of", chunks).await?;
        Ok(body)
    }

    /// Reads what was asked for, with what is in chunks of their own.
    pub(crate) async fn read_asked_for(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        owner: &str,
        asked: AskedForBody,
    ) -> Result<AskedFor> {
        let AskedForBody { currency, due_now_minor, rows, chunks, .. } = asked;
        let rows = if chunks > 0 { self.rows(tenant, customer, owner, true).await? } else { unpack(&rows, owner)? };
        Ok(AskedFor { currency, due_now_minor, rows })
    }

    /// The last records of a customer, newest first: results and decisions merged, at most `last` of them.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn records(&self, tenant: &TenantId, customer: &CustomerId, last: u32) -> Result<Vec<Record>> {
        const OP: &str = "read the records of";
        let pk = keys::customer(tenant, customer);
        let most = usize::try_from(last).unwrap_or(usize::MAX);
        let (cov, dec) = (last_of(keys::COVERAGE), last_of(keys::DECISIONS));
        let newest = |from, to| Range { newest_first: true, ..Range::new(&pk, from, to, most) };
        let mut rows = self.range(OP, newest(keys::COVERAGE, &cov)).await?;
        rows.extend(self.range(OP, newest(keys::DECISIONS, &dec)).await?);
        let mut items = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
        items.sort_by_key(|item| std::cmp::Reverse((item.body.number, item.body.at)));
        let mut records = Vec::new();
        for item in items.into_iter().take(most) {
            records.push(self.record_of(tenant, customer, item).await?);
        }
        Ok(records)
    }
}
