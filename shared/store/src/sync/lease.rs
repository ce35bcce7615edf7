//! Books that are read back: which company is whose, what webhooks pointed at, and how far the reading of each connection is.
//!
//! One item a connection says how far its reading is. Its document is the reader's own; here only matters who holds it (one
//! reader at a time) and when it is due. Hints lie beside it until they are read: the same object hinted ten times is one item,
//! and an item that is hinted again while it is read stays.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    primitives::Blob,
    types::{AttributeValue, ReturnValue},
};
use domain::{TenantId, WebhookFate};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Error, Receipt, Result, Store, Vault,
    table::{
        attributes::{
            books, company, connection,
            document::DOC,
            every::{DUE_PK, DUE_SK, EXPIRES_AT, PK, SK},
            hint, sign_in,
        },
        change::{Change, absent, at_most, below, is, no_item, present, some_item},
        db::{Range, Row, Transacted, Wrote, failed, json, last_of, millis, n, number, s, text, to_json},
        keys,
    },
    webhooks::receipt_action,
};

/// What the due index calls the connections that are due.
const DUE: &str = "BOOKS";
/// Hints that one transaction takes beside its receipt.
const HINTS_MAX: usize = 90;

/// How far the reading of a connection is, held by its reader.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease<T> {
    /// The reader's own document.
    pub progress: T,
    /// Who holds it: a fresh text for every attempt.
    pub holder: String,
}

/// What came of asking for a lease.
#[derive(Clone, Debug, PartialEq)]
pub enum Leased<T> {
    /// It is held now.
    Mine(Lease<T>),
    /// Another holds it, and looks once more before it gives it back.
    Held,
    /// The connection's books are not read.
    Closed,
}

/// An object that a webhook pointed at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The kind of object.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// How often it was hinted: more by the time that it is read means once more.
    times: u64,
}

impl Store {
    /// Whose company it is.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn tenant_of_company(&self, source: &str, realm: &str) -> Result<Option<TenantId>> {
        let row = self.read("find whose company it is", &keys::company(source, realm), false).await?;
        Ok(row.as_ref().and_then(|row| text(row, company::TENANT)).and_then(|tenant| TenantId::parse(tenant).ok()))
    }

    /// Whose companies they are, of those that are anybody's, by the company.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn tenants_of_companies(&self, source: &str, realms: &[&str]) -> Result<HashMap<String, TenantId>> {
        let wanted: Vec<_> = realms.iter().map(|realm| keys::company(source, realm)).collect();
        let rows = self.read_many("find whose companies they are", &wanted, false).await?;
        let owner = |row: &Row| TenantId::parse(text(row, company::TENANT)?).ok();
        Ok(rows.iter().filter_map(|(key, row)| Some((key.sk.clone(), owner(row)?))).collect())
    }

    /// Begins the reading of a connection's books, or begins it anew; due at once.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when the company is another tenant's; those of writing.
    pub async fn open_books(
        &self,
        tenant: &TenantId,
        source: &str,
        realm: &str,
        progress: &impl Serialize,
        now: Timestamp,
    ) -> Result<()> {
        const OP: &str = "open the books of";
        let books = Change::of(keys::books(tenant, source))
            .put(DOC, s(to_json(progress)))
            .put(books::REALM, s(realm))
            .put(DUE_PK, s(DUE))
            .put(DUE_SK, s(due_sk(now, tenant, source)))
            .drop(books::HOLDER)
            .drop(books::HELD_UNTIL)
            .drop(books::AGAIN);
        let company = Change::of(keys::company(source, realm))
            .put(company::TENANT, s(tenant.as_str()))
            .when(no_item().or(is(company::TENANT, s(tenant.as_str()))));
        match self.transact(OP, tenant.as_str(), vec![books.update(self), company.update(self)]).await? {
            Transacted::Done => Ok(()),
            Transacted::Not(_) => Err(Error::Refused {
                operation: OP,
                id: tenant.to_string(),
                why: "another tenant is connected to this company; disconnect it there first".to_owned(),
            }),
        }
    }

    /// Ends the reading of a connection's books; the company is nobody's afterwards.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn close_books(&self, tenant: &TenantId, source: &str) -> Result<()> {
        const OP: &str = "close the books of";
        let key = keys::books(tenant, source);
        let Some(row) = self.read(OP, &key, true).await? else { return Ok(()) };
        let mut actions = vec![Change::of(key).delete(self)];
        actions.extend(text(&row, books::REALM).map(|realm| Change::of(keys::company(source, realm)).delete(self)));
        self.transact(OP, tenant.as_str(), actions).await?;
        Ok(())
    }

    /// How far the reading is, without holding it.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn progress<T: DeserializeOwned>(&self, tenant: &TenantId, source: &str) -> Result<Option<T>> {
        let row = self.read("read how far the books are read of", &keys::books(tenant, source), true).await?;
        row.map(|row| json(&row, DOC)).transpose()
    }

    /// Takes the reading of a connection until `until`, if nobody has it. `holder` is fresh for every attempt; asking again with
    /// the same one answers the same.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn lease_books<T: DeserializeOwned>(
        &self,
        tenant: &TenantId,
        source: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Leased<T>> {
        const OP: &str = "take the books of";
        let key = keys::books(tenant, source);
        let take = Change::of(key.clone())
            .put(books::HOLDER, s(holder))
            .put(books::HELD_UNTIL, n(millis(until)))
            .drop(books::AGAIN)
            .when(some_item())
            .when(absent(books::HOLDER).or(is(books::HOLDER, s(holder))).or(below(books::HELD_UNTIL, n(millis(now)))));
        let row = match self.write(OP, take, true).await? {
            Wrote::Done(Some(row)) => row,
            Wrote::Done(None) | Wrote::Not(None) => return Ok(Leased::Closed),
            Wrote::Not(Some(_)) => {
                // Whoever holds it must look once more: what was hinted since may have come after its last look.
                let again = Change::of(key).put(books::AGAIN, n(1)).when(present(books::HOLDER));
                return match self.write(OP, again, false).await? {
                    Wrote::Done(_) => Ok(Leased::Held),
                    // It was given back meanwhile; the next look is the caller's.
                    Wrote::Not(_) => Err(Error::Conflict { operation: OP, id: source.to_owned() }),
                };
            }
        };
        Ok(Leased::Mine(Lease { progress: json(&row, DOC)?, holder: holder.to_owned() }))
    }

    /// Keeps what was read so far, and the lease until `until`. False when the lease was lost: another reads now.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn keep_books<T: Serialize>(
        &self,
        tenant: &TenantId,
        source: &str,
        lease: &Lease<T>,
        until: Timestamp,
    ) -> Result<bool> {
        let keep = held(tenant, source, lease).put(books::HELD_UNTIL, n(millis(until)));
        Ok(matches!(self.write("keep the books of", keep, false).await?, Wrote::Done(_)))
    }

    /// Gives the reading back, due again at `due_at`. False when it was not given back: somebody asked for one more look, or the
    /// lease was lost.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn return_books<T: Serialize>(
        &self,
        tenant: &TenantId,
        source: &str,
        lease: &Lease<T>,
        due_at: Timestamp,
    ) -> Result<bool> {
        let back = held(tenant, source, lease)
            .put(DUE_PK, s(DUE))
            .put(DUE_SK, s(due_sk(due_at, tenant, source)))
            .drop(books::HOLDER)
            .drop(books::HELD_UNTIL)
            .when(absent(books::AGAIN));
        Ok(matches!(self.write("return the books of", back, false).await?, Wrote::Done(_)))
    }

    /// Answers whoever asked for one more look. False when nobody did, or the lease was lost.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn look_again<T: Serialize>(&self, tenant: &TenantId, source: &str, lease: &Lease<T>) -> Result<bool> {
        let looked = held(tenant, source, lease).drop(books::AGAIN).when(present(books::AGAIN));
        Ok(matches!(self.write("look again at the books of", looked, false).await?, Wrote::Done(_)))
    }

    /// The connections whose reading is due at `now`, the longest due first, and when the next one will be.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn books_due(&self, now: Timestamp, most: i32) -> Result<(Vec<(TenantId, String)>, Option<Timestamp>)> {
        let out = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(keys::DUE)
            .key_condition_expression(format!("{DUE_PK} = :pk"))
            .expression_attribute_values(":pk", s(DUE))
            .limit(most)
            .send()
            .await
            .map_err(|error| failed("find the books that are due", DUE, error))?;
        let rows = out.items.unwrap_or_default();
        let at = |row: &Row| text(row, DUE_SK)?.split_once('#')?.0.parse::<Timestamp>().ok();
        let is_due = |row: &&Row| at(row).is_none_or(|at| at <= now);
        let due = rows.iter().take_while(is_due).filter_map(|row| keys::parse_books(text(row, PK)?, text(row, SK)?));
        Ok((due.collect(), rows.iter().find(|row| !is_due(row)).and_then(at)))
    }

    /// Notes what a webhook pointed at: receipt and hints in one transaction. False when the receipt is a duplicate. Only the
    /// first [`HINTS_MAX`] hints go with the receipt; the others come before it, and coming twice changes nothing.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn hint(&self, tenant: &TenantId, receipt: &Receipt, hints: &[(&str, &str)], now: Timestamp) -> Result<bool> {
        const OP: &str = "note what changed for";
        let mut hints = hints.to_vec();
        hints.sort_unstable();
        hints.dedup();
        let notes: Vec<_> = hints
            .iter()
            .map(|(kind, id)| {
                Change::of(keys::hint(tenant, &receipt.source, kind, id))
                    .add(hint::TIMES, n(1))
                    .put(hint::SEEN_AT, n(millis(now)))
                    .update(self)
            })
            .collect();
        let mut groups: Vec<Vec<_>> = notes.chunks(HINTS_MAX).map(<[_]>::to_vec).collect();
        let mut last = groups.pop().unwrap_or_default();
        last.push(receipt_action(self, tenant, receipt, (WebhookFate::Noted, None), now));
        for group in groups {
            self.transact(OP, tenant.as_str(), group).await?;
        }
        Ok(matches!(self.transact(OP, tenant.as_str(), last).await?, Transacted::Done))
    }

    /// What waits to be read, by kind, at most `most`.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn hinted(&self, tenant: &TenantId, source: &str, most: usize) -> Result<Vec<Waiting>> {
        let pk = keys::hints(tenant, source);
        let rows = self.range("find what changed for", Range::new(&pk, keys::HINTS, &last_of(keys::HINTS), most)).await?;
        let waiting = |row: &Row| {
            let (kind, id) = text(row, SK)?.strip_prefix(keys::HINTS)?.split_once('#')?;
            Some(Waiting { kind: kind.to_owned(), id: id.to_owned(), times: number(row, hint::TIMES)? })
        };
        Ok(rows.iter().filter_map(waiting).collect())
    }

    /// An object was read as it was after it was hinted; one that was hinted again meanwhile stays.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn unhint(&self, tenant: &TenantId, source: &str, waiting: &Waiting) -> Result<()> {
        let key = keys::hint(tenant, source, &waiting.kind, &waiting.id);
        let as_read = Change::of(key.clone()).when(no_item().or(is(hint::TIMES, n(waiting.times))));
        let out = self
            .db
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .set_condition_expression(as_read.condition())
            .set_expression_attribute_names(as_read.names())
            .set_expression_attribute_values(as_read.values())
            .send()
            .await;
        match out {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => Ok(()),
            Err(error) => Err(failed("forget what changed for", &key.sk, error)),
        }
    }
}

/// A sign-in under way: what is needed when the person comes back from the vendor.
#[derive(Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct SignIn {
    /// Whose.
    pub tenant: TenantId,
    /// Of which source.
    pub source: String,
    /// What proves to the vendor who began it.
    pub verifier: String,
    /// The company that must be agreed to, where one is connected or chosen.
    pub realm: Option<String>,
    /// What stands for the vendor's hosts.
    pub base: Option<String>,
    /// Who began it, by the subject of their token, where it has one.
    #[serde(default)]
    pub by: Option<String>,
    /// As what they began it, by the role of their token. A sign-in without one was begun by a function of an earlier release, and ends nothing.
    #[serde(default)]
    pub role: Option<String>,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("tenant", &self.tenant).field("source", &self.source).finish_non_exhaustive()
    }
}

impl Vault {
    /// Forgets a connection and its secrets.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn delete_connection(&self, tenant: &TenantId, source: &str) -> Result<()> {
        let gone = Change::of(keys::connection(tenant, source)).delete(&self.store);
        self.store.transact("forget a connection of", tenant.as_str(), vec![gone]).await?;
        Ok(())
    }

    /// Keeps a sign-in under its state until `expires_at`. The table holds neither the state nor the proof as they are.
    ///
    /// # Errors
    ///
    /// Those of KMS and of writing.
    pub async fn begin_sign_in(&self, state: &str, sign_in: &SignIn, expires_at: Timestamp) -> Result<()> {
        let sealed = self.seal(&sign_in.tenant, &sign_in.source, to_json(sign_in).as_bytes()).await?;
        let change = Change::of(keys::sign_in(state))
            .put(company::TENANT, s(sign_in.tenant.as_str()))
            .put(sign_in::SOURCE, s(&sign_in.source))
            .put(sign_in::SEALED, AttributeValue::B(Blob::new(sealed)))
            .put(EXPIRES_AT, n(expires_at.as_second()));
        self.store.write("begin a sign-in of", change, false).await?;
        Ok(())
    }

    /// The sign-in of a state, once: a state that was used, is too old or was never given has none.
    ///
    /// # Errors
    ///
    /// Those of KMS, of reading and of writing.
    pub async fn take_sign_in(&self, state: &str, now: Timestamp) -> Result<Option<SignIn>> {
        const OP: &str = "end a sign-in of";
        let key = keys::sign_in(state);
        let out = self
            .store
            .db
            .delete_item()
            .table_name(&self.store.table)
            .set_key(Some(key.attributes()))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(|error| failed(OP, &key.sk, error))?;
        let Some(row) = out.attributes else { return Ok(None) };
        if number::<i64>(&row, EXPIRES_AT).is_none_or(|expires| expires <= now.as_second()) {
            return Ok(None);
        }
        let corrupt = || Error::Corrupt { key: key.to_string(), detail: "the sign-in does not read".to_owned() };
        let tenant = text(&row, company::TENANT).and_then(|tenant| TenantId::parse(tenant).ok()).ok_or_else(corrupt)?;
        let source = text(&row, sign_in::SOURCE).ok_or_else(corrupt)?;
        let sealed = row.get(sign_in::SEALED).and_then(|value| value.as_b().ok()).ok_or_else(corrupt)?;
        let plain = self.open(&tenant, source, sealed.as_ref()).await?;
        serde_json::from_slice(&plain).map(Some).map_err(|_| corrupt())
    }

    /// Takes the refreshing of a connection's tokens until `until`: of any number that ask for revision `rev`, one gets it. Storing
    /// the new tokens ends it; so does its time.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn claim_refresh(
        &self,
        tenant: &TenantId,
        source: &str,
        rev: u64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        let claim = Change::of(keys::connection(tenant, source))
            .put(connection::REFRESHING_UNTIL, n(millis(until)))
            .when(is(connection::REVISION, n(rev)))
            .when(absent(connection::REFRESHING_UNTIL).or(at_most(connection::REFRESHING_UNTIL, n(millis(now)))));
        Ok(matches!(self.store.write("refresh the tokens of", claim, false).await?, Wrote::Done(_)))
    }
}

fn held<T: Serialize>(tenant: &TenantId, source: &str, lease: &Lease<T>) -> Change {
    Change::of(keys::books(tenant, source)).put(DOC, s(to_json(&lease.progress))).when(is(books::HOLDER, s(&lease.holder)))
}

fn due_sk(at: Timestamp, tenant: &TenantId, source: &str) -> String {
    format!("{}#{tenant}#{source}", keys::second(at))
}
