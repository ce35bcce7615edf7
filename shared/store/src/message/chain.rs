//! Whether the chain of a customer's records is whole.
//!
//! Each record holds the hash of the one before it, and the head holds the hash of the last. `read-model` looks at each record that the
//! stream brings: the one before it must be there, and its body never changes. Once a day it follows the whole chain of the customers
//! that got records, and of a thirtieth of the others. Who got records is read off the heads: each decision, and so each message, leaves
//! its moment there in a write that is made anyway. Only the record of a message that was decided on an earlier day is marked, by customer
//! and day. So the walk costs a read of each head a day, and the message no write.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CustomerId, MessageId, NewTask, TaskKind, TenantId};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Followed, Head, Result, Store,
    message::record,
    table::{
        attributes::{
            self,
            document::DOC,
            every::{PK, SK},
        },
        change::Change,
        db::{Range, Row, failed, json, last_of, s, text, to_json},
        keys::{self, Key, Sort},
        retry::{ATTEMPTS, Tries},
    },
};

/// Records that are looked through for the one before another: the newest few nearly always have it.
const NEAR: usize = 4;
/// Records of one kind that a chain is followed through. A customer has two a decision, so this is a lifetime.
const CHAIN_MAX: usize = 50_000;
/// Marks that are read at once.
const MARKS_PAGE: usize = 500;
/// Customers of a list, and with them heads, that are read at once.
const CUSTOMERS_PAGE: i32 = 500;
/// What a decision may take from its moment to its write: one of the evening before may be written after the walk has passed.
const DECIDED_LATE: SignedDuration = SignedDuration::from_hours(1);

/// What a change of the stream says of one customer's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordChange {
    /// Whose.
    pub tenant: TenantId,
    /// Whose.
    pub customer: CustomerId,
    /// The hash of the record's body; empty where the record is gone.
    pub hash: String,
    /// The hash of the one before, as a new record says it; `None` where the record was there before, and its body is not what it was.
    pub previous: Option<String>,
    /// When the message was decided that a new record is of, where it is of one.
    pub decided_at: Option<Timestamp>,
}

/// How far a day's walk over a tenant's chains has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainWalk {
    /// The day (UTC).
    pub on: Date,
    /// The first day whose decisions it looks for: that of the walk before it. Without, the day before its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
    /// The shard of the list of customers that is under way.
    pub shard: u8,
    /// The last row of it that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Whether the day's walk is over.
    pub is_done: bool,
    /// Chains that were followed so far.
    #[serde(default)]
    pub checked: u64,
    /// Those that are not as they were written.
    #[serde(default)]
    pub broken: u64,
    /// Documents whose time to be kept was over.
    #[serde(default)]
    pub retired: u64,
    /// Erased people whose keys were deleted again.
    #[serde(default)]
    pub forgotten: u64,
}

impl ChainWalk {
    /// A day's walk that begins, where the `last` one of an earlier day ended, or was left before its end.
    pub fn begin(on: Date, last: Option<&Self>) -> Self {
        let since = last.map(|last| if last.is_done { last.on } else { last.decided_since() });
        Self { on, since, shard: 0, after: None, is_done: false, checked: 0, broken: 0, retired: 0, forgotten: 0 }
    }

    /// The first day whose decisions it looks for, never its own.
    pub fn decided_since(&self) -> Date {
        let before = self.on.saturating_sub(1.day());
        self.since.map_or(before, |since| since.min(before))
    }

    /// Goes on behind a page: with its last row, with the next shard, or not at all.
    #[must_use]
    pub fn behind(self, after: Option<String>) -> Self {
        match after {
            Some(after) => Self { after: Some(after), ..self },
            None if self.shard + 1 < keys::LIST_SHARDS => Self { shard: self.shard + 1, after: None, ..self },
            None => Self { is_done: true, after: None, ..self },
        }
    }
}

/// A customer that got the record of a message on a later day than that of its decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainMark {
    /// The customer.
    pub customer: CustomerId,
    /// The day (UTC) on which it got the record.
    pub on: Date,
}

/// The exception for a customer whose records are not as they were written.
pub fn broken_chain(detail: &str) -> NewTask {
    NewTask {
        kind: TaskKind::Records,
        key: format!("chain:{detail}"),
        title: "The records of a customer are not as they were written".to_owned(),
        detail: format!(
            "{detail}. Somebody or something changed the table past Dunlin. Find out who with CloudTrail, compare with a backup, and do not \
             rely on this customer's history until then. What is sent does not depend on it."
        ),
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    }
}

/// The part of a day of thirty in which a customer's chain is followed though nothing happened: 0 to 29.
pub fn chain_turn(customer: &CustomerId) -> u8 {
    keys::shard(customer, 30)
}

/// A link of the chain: where the record is, the hash of the one before, and the message that it is of.
struct ChainLink {
    sk: String,
    previous: String,
    message: Option<MessageId>,
}

type Links = BTreeMap<String, ChainLink>;

/// Follows the links back from the tip; how many there are, or what is wrong. The record of a message that is still pending is not linked yet:
/// its sender writes the record first, and then the head.
fn follow(tip: &str, links: &Links, is_whole: bool, is_pending: impl Fn(&MessageId) -> bool) -> std::result::Result<u32, String> {
    let (mut tip, mut seen) = (tip, BTreeSet::new());
    while !tip.is_empty() {
        let Some(link) = links.get(tip) else {
            if !is_whole {
                break;
            }
            return Err(format!("a record with the hash {tip} is missing, or its body was changed"));
        };
        if !seen.insert(tip) {
            return Err(format!("the records go in a circle at {}", link.sk));
        }
        tip = &link.previous;
    }
    let waits = |link: &ChainLink| link.message.as_ref().is_some_and(&is_pending);
    match links.iter().find(|(hash, link)| is_whole && !seen.contains(hash.as_str()) && !waits(link)) {
        Some((_, beside)) => Err(format!("the record {} is not part of the chain", beside.sk)),
        None => Ok(u32::try_from(seen.len()).unwrap_or(u32::MAX)),
    }
}

impl Store {
    /// What a change says of a chain; `None` where it is none of a record, or nothing of it that is hashed has changed.
    pub fn record_change(change: &Followed) -> Option<RecordChange> {
        let [old, new] = [&change.old, &change.new].map(|image| image.clone().map(Row::from));
        let image = new.as_ref().or(old.as_ref())?;
        let (pk, sk) = (text(image, PK)?, text(image, SK)?);
        let (tenant, customer) = keys::parse_customer(pk)?;
        let Sort::Record = Sort::of(sk) else { return None };
        let body = |row: &Row| text(row, attributes::record::BODY).unwrap_or_default().to_owned();
        let hash = new.as_ref().map(|row| record::hash(&body(row))).unwrap_or_default();
        match (&old, &new) {
            (None, Some(new)) => {
                let read = record::read(new).map(|item| item.body).ok();
                let decided_at = read.as_ref().and_then(|body| Some(body.message.as_ref()?.decided_at));
                Some(RecordChange { tenant, customer, hash, previous: read.map(|body| body.previous), decided_at })
            }
            (Some(old), Some(new)) if body(old) == body(new) => None,
            _ => Some(RecordChange { tenant, customer, hash, previous: None, decided_at: None }),
        }
    }

    /// Whether the record before each of one customer's new ones is there, and no other has changed. What is wrong is said by following
    /// the whole chain, so that a tenant that is being put into the table, or taken out of it, is nobody's concern.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn check_changes(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        changes: &[&RecordChange],
    ) -> Result<Option<String>> {
        let own: BTreeSet<&str> = changes.iter().map(|change| change.hash.as_str()).collect();
        let is_first = |previous: &str| previous.is_empty() || own.contains(previous);
        let mut wanted: BTreeSet<&str> = BTreeSet::new();
        for change in changes {
            match &change.previous {
                Some(previous) if is_first(previous) => {}
                Some(previous) => _ = wanted.insert(previous),
                None => return self.check_chain(tenant, customer).await,
            }
        }
        if wanted.is_empty() {
            return Ok(None);
        }
        let near = self.chain_links(tenant, customer, NEAR).await?;
        if wanted.iter().all(|hash| near.contains_key(*hash)) {
            return Ok(None);
        }
        self.check_chain(tenant, customer).await
    }

    /// What is wrong with the chain of a customer, if anything. A customer without a head, or of a tenant that is not listed, is being put
    /// into the table or taken out of it: nothing is wrong with that.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn check_chain(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Option<String>> {
        if self.tenant(tenant).await?.is_none() || self.head(tenant, customer).await?.is_none() {
            return Ok(None);
        }
        match self.verify_chain(tenant, customer, u32::try_from(CHAIN_MAX).unwrap_or(u32::MAX)).await {
            Ok(_) => Ok(None),
            Err(Error::Corrupt { key, detail }) => Ok(Some(format!("{key}: {detail}"))),
            Err(error) => Err(error),
        }
    }

    /// Whether the customer's records form one chain that ends in its head's tip, and how long it is; `last` bounds how many records of a
    /// kind it reads.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] where the chain breaks; those of reading.
    pub async fn verify_chain(&self, tenant: &TenantId, customer: &CustomerId, last: u32) -> Result<u32> {
        let mut tries = Tries::new(ATTEMPTS, "follow the records of", customer.as_str());
        let most = usize::try_from(last).unwrap_or(usize::MAX);
        loop {
            let head = self.next_head(&mut tries, tenant, customer).await?;
            let links = self.chain_links(tenant, customer, most).await?;
            let detail = match follow(&head.tip, &links, links.len() < most, |id| head.pending.contains_key(id)) {
                Ok(length) => return Ok(length),
                Err(detail) => detail,
            };
            // A record that was appended meanwhile is read again.
            if self.must_head(tenant, customer).await?.tip == head.tip {
                return Err(Error::Corrupt { key: keys::customer(tenant, customer), detail });
            }
        }
    }

    /// The newest records of a customer, at most `most` of each kind, by their hashes.
    async fn chain_links(&self, tenant: &TenantId, customer: &CustomerId, most: usize) -> Result<Links> {
        const OP: &str = "follow the records of";
        let pk = keys::customer(tenant, customer);
        let mut links = Links::new();
        for kind in [keys::COVERAGE, keys::DECISIONS] {
            let last = last_of(kind);
            for row in self.range(OP, Range { newest_first: true, ..Range::new(&pk, kind, &last, most) }).await? {
                let item = record::read(&row)?;
                let sk = text(&row, SK).unwrap_or_default().to_owned();
                let message = item.body.message.map(|message| message.id);
                links.insert(record::hash(&item.text), ChainLink { sk, previous: item.body.previous, message });
            }
        }
        Ok(links)
    }

    /// Notes that a customer got such a record on a day; doing so twice changes nothing.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn mark_chain(&self, tenant: &TenantId, mark: &ChainMark) -> Result<()> {
        let key = keys::chain_mark(tenant, mark.on, &mark.customer);
        self.create("mark the records of", &key, Row::new()).await.map(|_| ())
    }

    /// Customers that were marked before a day and not followed since, at most 500.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn chain_marks(&self, tenant: &TenantId, before: Date) -> Result<Vec<ChainMark>> {
        let (pk, to) = (keys::chains(tenant), keys::chain_marks_of(before));
        let rows = self.range("read whose records to follow of", Range::new(&pk, keys::CHAIN_MARKS, &to, MARKS_PAGE)).await?;
        Ok(rows
            .iter()
            .filter_map(|row| keys::parse_chain_mark(text(row, SK)?))
            .map(|(on, customer)| ChainMark { customer, on })
            .collect())
    }

    /// Which of these customers were decided since a moment, or within the hour before it. A head that does not read is left to the sweep,
    /// which makes an exception of it: the walk goes on.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn decided_since(&self, tenant: &TenantId, customers: &[CustomerId], since: Timestamp) -> Result<Vec<CustomerId>> {
        let since = since.saturating_sub(DECIDED_LATE).unwrap_or(Timestamp::MIN);
        let heads = self.heads(tenant, customers).await?;
        let is_due = |head: &Result<Head>| head.as_ref().is_ok_and(|head| head.decided_at.is_some_and(|at| at >= since));
        Ok(heads.into_iter().filter(|(_, head)| is_due(head)).map(|(customer, _)| customer).collect())
    }

    /// Forgets that a customer was marked on a day.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn unmark_chain(&self, tenant: &TenantId, mark: &ChainMark) -> Result<()> {
        let key = keys::chain_mark(tenant, mark.on, &mark.customer);
        let gone = self.db.delete_item().table_name(&self.table).set_key(Some(key.attributes())).send().await;
        gone.map(|_| ()).map_err(|error| failed("forget a mark of", &key.sk, error))
    }

    /// How far the last walk over the chains of a tenant has come.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn chain_walk(&self, tenant: &TenantId) -> Result<Option<ChainWalk>> {
        let row = self.read("read the walk over", &keys::chain_walk(tenant), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// Notes how far it has come.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn put_chain_walk(&self, tenant: &TenantId, walk: &ChainWalk) -> Result<()> {
        let change = Change::of(keys::chain_walk(tenant)).put(DOC, s(to_json(walk)));
        self.write("note the walk over", change, false).await.map(|_| ())
    }

    /// A page of a shard of the tenant's customers, by name, and its last row; `None` at the end. A customer that is renamed meanwhile
    /// may be missing: its next turn is a month later.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn customers_of_shard(
        &self,
        tenant: &TenantId,
        shard: u8,
        after: Option<&str>,
    ) -> Result<(Vec<CustomerId>, Option<String>)> {
        let pk = keys::list(tenant, "customers", "name", &format!("{shard:02}"));
        let start = after.map(|sk| Key { pk: pk.clone(), sk: sk.to_owned() }.attributes());
        let page = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{PK} = :pk AND begins_with({SK}, :prefix)"))
            .expression_attribute_values(":pk", s(pk.clone()))
            .expression_attribute_values(":prefix", s(keys::ROW))
            .projection_expression(SK)
            .limit(CUSTOMERS_PAGE)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| failed("list the customers of", &pk, error))?;
        let after = page.last_evaluated_key.as_ref().and_then(|key| text(key, SK)).map(str::to_owned);
        let customers = page.items.unwrap_or_default();
        let customer = |row: &Row| CustomerId::parse(text(row, SK)?.rsplit_once('#')?.1);
        Ok((customers.iter().filter_map(customer).collect(), after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(all: &[(&str, &str)]) -> Links {
        let link = |hash: &str, previous: &str| ChainLink {
            sk: format!("DEC#{hash}"),
            previous: previous.to_owned(),
            message: hash.starts_with('m').then(|| MessageId::derive(&[hash])),
        };
        all.iter().map(|(hash, previous)| ((*hash).to_owned(), link(hash, previous))).collect()
    }

    #[test]
    fn a_chain_is_followed_from_its_tip_to_its_first_record() {
        let whole = [("a", ""), ("b", "a"), ("c", "b")];
        let missing = |hash: &str| Err(format!("a record with the hash {hash} is missing, or its body was changed"));
        let beside = |hash: &str| Err(format!("the record DEC#{hash} is not part of the chain"));
        for (tip, some, is_whole, comes_to) in [
            ("c", &whole[..], true, Ok(3)),
            ("", &[], true, Ok(0)),
            ("c", &whole[1..], true, missing("a")),
            // What lies further back was not read.
            ("c", &whole[1..], false, Ok(2)),
            ("b", &whole[..], true, beside("c")),
            ("", &whole[..1], true, beside("a")),
            ("x", &whole[..], true, missing("x")),
            ("b", &[("a", "b"), ("b", "a")], true, Err("the records go in a circle at ".to_owned() + "DEC#b")),
            // A pending message's record waits for its link, another's does not.
            ("a", &[("a", ""), ("m1", "a")], true, Ok(1)),
            ("a", &[("a", ""), ("m2", "a")], true, beside("m2")),
        ] {
            let pending = MessageId::derive(&["m1"]);
            assert_eq!(follow(tip, &links(some), is_whole, |id| *id == pending), comes_to, "{tip} {some:?} {is_whole}");
        }
    }

    #[test]
    fn a_walk_goes_through_each_shard_once() {
        let mut walk = ChainWalk::begin("2026-02-05".parse().expect("a date"), None);
        let mut shards = vec![];
        while !walk.is_done {
            shards.push(walk.shard);
            walk = walk.behind(Some("L#a".to_owned()));
            assert_eq!(walk.after.as_deref(), Some("L#a"));
            walk = walk.behind(None);
            assert_eq!(walk.after, None);
        }
        assert_eq!(shards, (0..keys::LIST_SHARDS).collect::<Vec<_>>());
    }

    #[test]
    fn a_walk_looks_for_the_decisions_since_the_one_before() {
        let on = |day: i8| Date::constant(2026, 2, day);
        let of = |day: i8, since: Option<i8>, is_done: bool| ChainWalk {
            is_done,
            since: since.map(on),
            ..ChainWalk::begin(on(day), None)
        };
        for (last, since) in [
            (None, 4),
            (Some(of(4, Some(3), true)), 4),
            // Days without a walk.
            (Some(of(1, None, true)), 1),
            // One that did not come to its end.
            (Some(of(4, Some(2), false)), 2),
            (Some(of(4, None, false)), 3),
            // A clock that went back.
            (Some(of(9, None, true)), 4),
        ] {
            assert_eq!(ChainWalk::begin(on(5), last.as_ref()).decided_since(), on(since), "{last:?}");
        }
    }

    #[test]
    fn every_customer_has_its_turn() {
        let turns: BTreeSet<u8> =
            (0..1_000).map(|at| chain_turn(&CustomerId::derive(&["acme", "canonical", &format!("C-{at}")]))).collect();
        assert_eq!(turns, (0..30).collect());
    }
}
