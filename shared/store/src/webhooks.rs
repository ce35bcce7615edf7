//! Webhooks that came, and what became of each. The receipt, by which an event that comes again is known, says it; so it is written in the
//! transaction of what the event did, and costs one write of the index `due` more than a receipt that says nothing. A webhook that comes again
//! is counted at its receipt. One whose document is wrong by itself has an item of its own, without its content.
//!
//! Nothing cheaper lists them. The key of a receipt is made of the event's id alone, because that is all by which a repetition on a later day is
//! known: it has no room for the day. An item by day beside it is a write of two units in the transaction instead of one in the index. And a list
//! of those alone that were not applied, which the index could hold for nothing, would not answer what it is looked through for: whether an
//! invoice that is missed here has come.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{TaskId, TenantId, WebhookFate, id::digest, word::Word};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use crate::{
    Error, Receipt, Result, Store,
    table::{
        attributes::{
            every::{DUE_PK, DUE_SK, EXPIRES_AT, PK, SK},
            receipt as at_receipt,
        },
        change::{Change, put_new, some_item},
        db::{Row, failed, instant, json, millis, n, number, row_of, s, text, to_json},
        keys::{self, Key},
    },
};

/// How long a receipt is kept: longer than any vendor redelivers.
pub const RECEIPT_DAYS: i64 = 35;
/// Most bytes of the sender's id of an event that a receipt says.
const EVENT_BYTES_MAX: usize = 128;
/// Flaws of a refused document that are kept.
const FLAWS_MAX: usize = 10;
/// Longest text of a flaw that is kept, in characters.
const FLAW_CHARS_MAX: usize = 200;

/// A webhook that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedWebhook {
    /// Its id.
    pub id: String,
    /// The connection that it came by.
    pub source: String,
    /// The sender's own id of the event, cut to 128 bytes; none of a document that was refused.
    pub event_id: Option<String>,
    /// When it first came.
    pub at: Timestamp,
    /// What became of it.
    pub fate: WebhookFate,
    /// How often it came again.
    pub repeated: u64,
    /// The task that says why it is kept for a person.
    pub task: Option<TaskId>,
    /// Why it was refused: JSON pointers, each with a sentence.
    pub flaws: Vec<(String, String)>,
}

/// A page of webhooks, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookPage {
    /// The webhooks.
    pub webhooks: Vec<ReceivedWebhook>,
    /// What to pass for the next page; `None` at the end.
    pub after: Option<String>,
}

/// The write of a receipt that says what became of its event; it fails where there is one.
pub(crate) fn receipt_action(
    store: &Store,
    tenant: &TenantId,
    receipt: &Receipt,
    (fate, task): (WebhookFate, Option<&TaskId>),
    now: Timestamp,
) -> TransactWriteItem {
    let key = keys::receipt(tenant, &receipt.source, &receipt.event_id);
    let mut row = row(tenant, &receipt.source, &key, fate, now);
    let cut = (0..=EVENT_BYTES_MAX.min(receipt.event_id.len())).rev().find(|at| receipt.event_id.is_char_boundary(*at));
    let event = cut.and_then(|cut| receipt.event_id.get(..cut)).unwrap_or_default();
    row.insert(at_receipt::EVENT.to_owned(), s(event));
    row.extend(task.map(|task| (at_receipt::TASK.to_owned(), s(task.as_str()))));
    put_new(store, &key, row)
}

/// What each of them says, and where it is listed.
fn row(tenant: &TenantId, source: &str, key: &Key, fate: WebhookFate, now: Timestamp) -> Row {
    let on = day_of(now);
    row_of([
        (EXPIRES_AT, n(now.as_second() + RECEIPT_DAYS * 86_400)),
        (DUE_PK, s(keys::received_on(tenant, on))),
        (DUE_SK, s(keys::received_at(now, source, &key.sk))),
        (at_receipt::FATE, s(fate.as_str())),
        (at_receipt::CAME_AT, n(millis(now))),
    ])
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The id of a webhook, by its source and the sort key of its item.
fn id_of(source: &str, sk: &str) -> String {
    format!("whk_{source}_{}", sk.replace(keys::REFUSED, "r"))
}

/// The item of a webhook, by its id.
fn key_of(tenant: &TenantId, id: &str) -> Option<(String, Key)> {
    const DIGEST: usize = 20;
    let (source, sk) = id.strip_prefix("whk_")?.rsplit_once('_')?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let plain = |text: &str| !text.is_empty() && text.len() <= 40 && text.bytes().all(is_plain);
    if !plain(source) || !plain(sk) {
        return None;
    }
    let sk = match sk.len() {
        DIGEST => sk.to_owned(),
        _ => format!("{}{}", keys::REFUSED, sk.strip_prefix('r').filter(|digest| digest.len() == DIGEST)?),
    };
    Some((source.to_owned(), keys::receipt_of_digest(tenant, source, &sk)))
}

fn read(source: &str, row: &Row) -> Result<Option<ReceivedWebhook>> {
    // Receipts of an older release say nothing.
    let (Some(sk), Some(fate)) = (text(row, SK), text(row, at_receipt::FATE).and_then(WebhookFate::read)) else {
        return Ok(None);
    };
    Ok(Some(ReceivedWebhook {
        id: id_of(source, sk),
        source: source.to_owned(),
        event_id: text(row, at_receipt::EVENT).filter(|event| !event.is_empty()).map(str::to_owned),
        at: number(row, at_receipt::CAME_AT).map(instant).unwrap_or_default(),
        fate,
        repeated: number(row, at_receipt::REPEATED).unwrap_or(0),
        task: text(row, at_receipt::TASK).and_then(TaskId::parse),
        flaws: if row.contains_key(at_receipt::FLAWS) { json(row, at_receipt::FLAWS)? } else { Vec::new() },
    }))
}

impl Store {
    /// Counts that an event came again which has a receipt.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn came_again(&self, tenant: &TenantId, receipt: &Receipt) -> Result<()> {
        let change = Change::of(keys::receipt(tenant, &receipt.source, &receipt.event_id)).add(at_receipt::REPEATED, n(1));
        self.write("count a webhook of", change.when(some_item()), false).await.map(|_| ())
    }

    /// Notes that a document was refused, and why; of the document itself nothing is kept. The same body is one item, however often it comes.
    /// Answers whether it is new.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn refused_webhook(
        &self,
        tenant: &TenantId,
        source: &str,
        body: &[u8],
        flaws: &[(String, String)],
        now: Timestamp,
    ) -> Result<bool> {
        const OP: &str = "note a refused webhook of";
        let sk = format!("{}{}", keys::REFUSED, digest(&[&String::from_utf8_lossy(body)]));
        let key = keys::receipt_of_digest(tenant, source, &sk);
        let short = |text: &String| text.chars().take(FLAW_CHARS_MAX).collect::<String>();
        let kept: Vec<(String, String)> =
            flaws.iter().take(FLAWS_MAX).map(|(pointer, detail)| (short(pointer), short(detail))).collect();
        let mut row = row(tenant, source, &key, WebhookFate::Refused, now);
        row.insert(at_receipt::FLAWS.to_owned(), s(to_json(&kept)));
        if self.create(OP, &key, row).await? {
            return Ok(true);
        }
        let again = Change::of(key).add(at_receipt::REPEATED, n(1)).when(some_item());
        self.write(OP, again, false).await.map(|_| false)
    }

    /// A webhook, while its receipt is kept.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn webhook(&self, tenant: &TenantId, id: &str) -> Result<Option<ReceivedWebhook>> {
        let Some((source, key)) = key_of(tenant, id) else { return Ok(None) };
        let row = self.read("read a webhook of", &key, true).await?;
        row.as_ref().map_or(Ok(None), |row| read(&source, row))
    }

    /// The webhooks that came on a day (UTC), or on each day until now, newest first: of one source, or of all. The list lags behind by moments.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when `after` is none of an earlier page; those of reading.
    pub async fn webhooks(
        &self,
        tenant: &TenantId,
        (source, on): (Option<&str>, Option<Date>),
        limit: usize,
        after: Option<&str>,
        now: Timestamp,
    ) -> Result<WebhookPage> {
        const OP: &str = "read the webhooks of";
        let none = || Error::Refused { operation: OP, id: tenant.to_string(), why: "the cursor is none of ours".into() };
        let mut before = after.map(|after| keys::received_cursor(after).ok_or_else(none)).transpose()?;
        let first = match (&before, on) {
            (Some((day, _)), Some(on)) if *day != on => return Err(none()),
            (_, Some(on)) => on,
            // A day at a time from there: nothing came after today.
            (Some((day, _)), None) => (*day).min(day_of(now)),
            (None, None) => day_of(now),
        };
        let oldest = day_of(now).saturating_sub((RECEIPT_DAYS + 1).days());
        let (mut day, mut found) = (first, Vec::new());
        while day >= oldest && found.len() <= limit {
            let until = before.take().filter(|(of, _)| *of == day).map(|(_, sk)| sk);
            found.extend(self.received(tenant, (source, day), limit + 1 - found.len(), until).await?);
            match (on, day.yesterday()) {
                (None, Ok(yesterday)) => day = yesterday,
                (Some(_), _) | (None, Err(_)) => break,
            }
        }
        let is_more = found.len() > limit;
        found.truncate(limit);
        let after = found.last().filter(|_| is_more).map(|(listed, _)| listed.clone());
        let wanted: Vec<Key> = found.iter().map(|(_, key)| key.clone()).collect();
        let rows: HashMap<Key, Row> = self.read_many(OP, &wanted, true).await?;
        let mut webhooks = Vec::with_capacity(found.len());
        for (_, key) in &found {
            let source = keys::parse_receipts(&key.pk).unwrap_or_default();
            webhooks.extend(rows.get(key).map(|row| read(&source, row)).transpose()?.flatten());
        }
        Ok(WebhookPage { webhooks, after })
    }

    /// Where the webhooks of a day are listed, and their items; newest first.
    async fn received(
        &self,
        tenant: &TenantId,
        (source, day): (Option<&str>, Date),
        most: usize,
        until: Option<String>,
    ) -> Result<Vec<(String, Key)>> {
        const OP: &str = "read the webhooks of";
        let pk = keys::received_on(tenant, day);
        let (mut found, mut start) = (Vec::new(), None);
        let until = until.unwrap_or_else(|| "~".to_owned());
        loop {
            let call = self
                .db
                .query()
                .table_name(&self.table)
                .index_name(keys::DUE)
                .key_condition_expression(format!("{DUE_PK} = :pk AND {DUE_SK} < :until"))
                .expression_attribute_values(":pk", s(pk.clone()))
                .expression_attribute_values(":until", s(until.clone()))
                .scan_index_forward(false)
                .set_exclusive_start_key(start)
                .send();
            let out = Box::pin(call).await.map_err(|error| failed(OP, tenant.as_str(), error))?;
            for row in out.items.unwrap_or_default() {
                let (Some(own), Some(sk), Some(listed)) = (text(&row, PK), text(&row, SK), text(&row, DUE_SK)) else { continue };
                let of = keys::parse_receipts(own);
                if source.is_none_or(|source| of.as_deref() == Some(source)) {
                    found.push((listed.to_owned(), Key { pk: own.to_owned(), sk: sk.to_owned() }));
                }
            }
            start = out.last_evaluated_key;
            if found.len() >= most || start.is_none() {
                found.truncate(most);
                return Ok(found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;

    #[test]
    fn an_id_leads_to_its_item_and_nothing_else_does() {
        let tenant = TenantId::parse("acme").unwrap();
        let hash = digest(&["e1"]);
        for sk in [hash.clone(), format!("{}{hash}", keys::REFUSED)] {
            let id = id_of("stripe", &sk);
            assert_eq!(
                key_of(&tenant, &id),
                Some(("stripe".to_owned(), keys::receipt_of_digest(&tenant, "stripe", &sk))),
                "{id}"
            );
        }
        for id in ["", "whk_", "whk_stripe_", "whk_stripe_x", "whk_#_00000000000000000000", "sup_stripe_00000000000000000000"] {
            assert_eq!(key_of(&tenant, id), None, "{id}");
        }
    }
}
