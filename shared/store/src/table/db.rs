//! Calls on the table with their outcomes told apart; retries of transactions that collided.
//!
//! Each call of the SDK is boxed: its future is kilobytes large, and its type more than the compiler looks through from far above.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::{transact_write_items::TransactWriteItemsError, update_item::UpdateItemError},
    types::{KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem},
};

use futures::FutureExt;

use crate::{
    Error, Once, Result, Store,
    table::{
        attributes::every::{CHASE, PK, SK},
        change::{Change, no_item, put_new},
        keys::Key,
    },
};

pub(crate) use crate::table::value::{Row, instant, millis, n, number, row_of, s, text, to_json, word_of};

/// Most actions that a transaction is asked for: of the hundred that the table takes, one is the mark of a request that is carried out once,
/// and two are the audit's, the entry and the tip of its chain.
pub(crate) const ACTIONS_MAX: usize = 100 - 3;
/// How long a collided transaction is tried again.
const COLLISION_PATIENCE: Duration = Duration::from_millis(3_000);

pub(crate) fn json<T: serde::de::DeserializeOwned>(row: &Row, name: &str) -> Result<T> {
    let key = || format!("{}|{}", text(row, PK).unwrap_or("?"), text(row, SK).unwrap_or("?"));
    let found = text(row, name).ok_or_else(|| Error::Corrupt { key: key(), detail: format!("'{name}' is missing") })?;
    serde_json::from_str(found).map_err(|error| Error::Corrupt {
        key: key(),
        detail: format!("'{name}' does not read: line {} column {}", error.line(), error.column()),
    })
}

/// What came of a conditional write.
#[derive(Debug)]
pub(crate) enum Wrote {
    /// It was written; what was asked for of the item as it was.
    Done(Option<Row>),
    /// The condition did not hold; the item as it is.
    Not(Option<Row>),
}

/// What came of a transaction.
#[derive(Debug)]
pub(crate) enum Transacted {
    /// All of it was written.
    Done,
    /// Nothing was: the positions whose conditions did not hold.
    Not(Vec<usize>),
}

pub(crate) fn failed<E>(operation: &'static str, id: &str, error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default().to_owned();
    let id = id.to_owned();
    match code.as_str() {
        "ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded" => {
            Error::Throttled { operation, id }
        }
        "ConditionalCheckFailedException" | "TransactionConflictException" | "TransactionInProgressException" => {
            Error::Conflict { operation, id }
        }
        "ValidationException" => {
            let why = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or("invalid request").to_owned();
            Error::Refused { operation, id, why }
        }
        _ => Error::Unknown { operation, id, source: Box::new(error) },
    }
}

/// Between half and all of a span that doubles with every try.
///
/// By hand instead of `backon`: it repeats a closure, and each loop here goes on with what the answer before left over (keys, the item that was
/// refused) until a time or count of its own. It would take `fastrand` for the jitter besides; here `aws-lc-rs` has it.
pub(crate) async fn jitter(attempt: u32) {
    let mut random = [0_u8; 2];
    // Without randomness the wait is the same for all, which is slower and not wrong.
    let _ = aws_lc_rs::rand::fill(&mut random);
    let span = 20_u64 << attempt.min(5);
    let part = u64::from(u16::from_be_bytes(random)) * span / 2 / 65_536;
    tokio::time::sleep(Duration::from_millis(span / 2 + part)).await;
}

impl Store {
    pub(crate) async fn read(&self, operation: &'static str, key: &Key, strong: bool) -> Result<Option<Row>> {
        let call = self.db.get_item().table_name(&self.table).set_key(Some(key.attributes())).consistent_read(strong).send();
        let out = call.boxed().await.map_err(|error| failed(operation, &key.sk, error))?;
        Ok(out.item)
    }

    /// Writes one item; `old` asks for the item as it was, which a store that acts for a person does not tell.
    pub(crate) async fn write(&self, operation: &'static str, change: Change, old: bool) -> Result<Wrote> {
        if self.acting.is_some() {
            let id = change.key.sk.clone();
            return Ok(match self.transact(operation, &id, vec![change.update(self)]).await? {
                Transacted::Done => Wrote::Done(None),
                Transacted::Not(_) => Wrote::Not(None),
            });
        }
        let started = tokio::time::Instant::now();
        let mut attempt = 0;
        loop {
            let call = self
                .db
                .update_item()
                .table_name(&self.table)
                .set_key(Some(change.key.attributes()))
                .set_update_expression(change.expression())
                .set_condition_expression(change.condition())
                .set_expression_attribute_names(change.names())
                .set_expression_attribute_values(change.values())
                .return_values(if old { ReturnValue::AllOld } else { ReturnValue::None })
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                .send();
            match call.boxed().await {
                Ok(out) => return Ok(Wrote::Done(out.attributes)),
                Err(error) => match error.as_service_error() {
                    Some(UpdateItemError::ConditionalCheckFailedException(failure)) => {
                        return Ok(Wrote::Not(failure.item.clone()));
                    }
                    Some(UpdateItemError::TransactionConflictException(_)) if started.elapsed() < COLLISION_PATIENCE => {
                        jitter(attempt).await;
                        attempt += 1;
                    }
                    _ => return Err(failed(operation, &change.key.sk, error)),
                },
            }
        }
    }

    /// Puts an item if none is there. False when there was one.
    pub(crate) async fn create(&self, operation: &'static str, key: &Key, mut row: Row) -> Result<bool> {
        if self.acting.is_some() {
            let action = put_new(self, key, row);
            return Ok(matches!(self.transact(operation, &key.sk, vec![action]).await?, Transacted::Done));
        }
        row.extend(key.attributes());
        let new = Change::of(key.clone()).when(no_item());
        let call = self
            .db
            .put_item()
            .table_name(&self.table)
            .set_item(Some(row))
            .set_condition_expression(new.condition())
            .set_expression_attribute_names(new.names())
            .send();
        match call.boxed().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => Ok(false),
            Err(error) => Err(failed(operation, &key.sk, error)),
        }
    }

    /// Writes all or nothing, with the entry of the audit where a person acts, and with what keeps their request from being carried out twice.
    /// Collisions with other transactions are waited out for a while, and an entry that another one of its chain came before is linked
    /// behind that one.
    pub(crate) async fn transact(
        &self,
        operation: &'static str,
        id: &str,
        mut actions: Vec<TransactWriteItem>,
    ) -> Result<Transacted> {
        let own = actions.len();
        // The mark stands behind what is asked for, and what is noted behind the mark.
        let (once, mark) = self.only_once().unzip();
        actions.extend(mark);
        let mut noted = self.noted().await?;
        let started = tokio::time::Instant::now();
        let mut attempt = 0;
        loop {
            let all = actions.iter().chain(noted.actions()).cloned().collect();
            let call = self.db.transact_write_items().set_transact_items(Some(all)).send();
            let error = match call.boxed().await {
                Ok(_) => {
                    once.into_iter().for_each(Once::set_written);
                    return Ok(Transacted::Done);
                }
                Err(error) => error,
            };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
                return Err(failed(operation, id, error));
            };
            let codes: Vec<&str> =
                cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or("None")).collect();
            let failed_at: Vec<usize> =
                codes.iter().enumerate().filter(|(_, code)| **code == "ConditionalCheckFailed").map(|(at, _)| at).collect();
            let throttled = codes.iter().any(|code| matches!(*code, "ThrottlingError" | "ProvisionedThroughputExceeded"));
            if let Some(once) = once.filter(|_| failed_at.contains(&own)) {
                once.set_lost();
                return Err(Error::Conflict { operation, id: id.to_owned() });
            }
            let of_actions: Vec<usize> = failed_at.iter().copied().filter(|at| *at < own).collect();
            if !of_actions.is_empty() {
                return Ok(Transacted::Not(of_actions));
            }
            if failed_at.is_empty() && !codes.contains(&"TransactionConflict") && !throttled {
                let why = codes.join(", ");
                return Err(Error::Refused { operation, id: id.to_owned(), why });
            }
            if started.elapsed() >= COLLISION_PATIENCE {
                let id = id.to_owned();
                return Err(if throttled { Error::Throttled { operation, id } } else { Error::Conflict { operation, id } });
            }
            jitter(attempt).await;
            attempt += 1;
            if !failed_at.is_empty() {
                noted = self.noted().await?;
            }
        }
    }

    pub(crate) async fn read_many(&self, operation: &'static str, keys: &[Key], strong: bool) -> Result<HashMap<Key, Row>> {
        let mut found = HashMap::new();
        let mut unique: Vec<&Key> = keys.iter().collect();
        unique.sort();
        unique.dedup();
        for some in unique.chunks(100) {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(some.iter().map(|key| key.attributes()).collect()))
                .consistent_read(strong)
                .build()
                .expect("keys are set");
            let mut rest = Some(HashMap::from([(self.table.clone(), wanted)]));
            let mut attempt = 0;
            while let Some(request) = rest.take() {
                let id = some.first().map(|key| key.sk.as_str()).unwrap_or_default();
                let call = self.db.batch_get_item().set_request_items(Some(request)).send();
                let out = call.boxed().await.map_err(|error| failed(operation, id, error))?;
                for row in out.responses.unwrap_or_default().remove(&self.table).unwrap_or_default() {
                    if let (Some(pk), Some(sk)) = (text(&row, PK), text(&row, SK)) {
                        found.insert(Key { pk: pk.to_owned(), sk: sk.to_owned() }, row);
                    }
                }
                rest = out.unprocessed_keys.filter(|left| !left.is_empty());
                if rest.is_some() {
                    if attempt == 6 {
                        return Err(Error::Throttled { operation, id: id.to_owned() });
                    }
                    jitter(attempt).await;
                    attempt += 1;
                }
            }
        }
        Ok(found)
    }

    /// All items of a partition whose sort key (or `chase`) lies within `from..=to`, at most `most`.
    pub(crate) async fn range(&self, operation: &'static str, range: Range<'_>) -> Result<Vec<Row>> {
        let sorted_by = if range.chase { CHASE } else { SK };
        let mut rows = Vec::new();
        let mut start = None;
        loop {
            let left = range.most - rows.len();
            let call = self
                .db
                .query()
                .table_name(&self.table)
                .set_index_name(range.chase.then(|| CHASE.to_owned()))
                .key_condition_expression(format!("{PK} = :pk AND {sorted_by} BETWEEN :from AND :to"))
                .expression_attribute_values(":pk", s(range.pk))
                .expression_attribute_values(":from", s(range.from))
                .expression_attribute_values(":to", s(range.to))
                .consistent_read(range.strong)
                .scan_index_forward(!range.newest_first)
                .set_limit((left < 1_000).then(|| i32::try_from(left).expect("below a thousand")))
                .set_exclusive_start_key(start)
                .send();
            let out = call.boxed().await.map_err(|error| failed(operation, range.pk, error))?;
            rows.extend(out.items.unwrap_or_default());
            start = out.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() || rows.len() >= range.most {
                return Ok(rows);
            }
        }
    }
}

/// A bounded query of one partition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range<'a> {
    pub(crate) pk: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) chase: bool,
    pub(crate) strong: bool,
    pub(crate) newest_first: bool,
    pub(crate) most: usize,
}

impl<'a> Range<'a> {
    /// Strong, oldest first, by sort key.
    pub(crate) fn new(pk: &'a str, from: &'a str, to: &'a str, most: usize) -> Self {
        Self { pk, from, to, chase: false, strong: true, newest_first: false, most }
    }
}

/// The last text that begins with `prefix`.
pub(crate) fn last_of(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}
