//! Answers of nobody who is known. Each lies in a partition of the tenant's and expires after [`UNMATCHED_DAYS`]; a row by the digest of its sender lets an
//! export and an erasure find it. One task counts those of a day, and a day has at most [`UNMATCHED_PER_DAY_MAX`].

use domain::{NewTask, ReplyId, TenantId};
use jiff::{Timestamp, ToSpan, civil::Date};

use crate::{
    Error, KeptReply, PersonId, Result, Store,
    table::{
        attributes::{
            answers_of_day::{COUNT, FIRST},
            document::DOC,
            every::{EXPIRES_AT, SK},
            task,
        },
        change::{Change, absent, is, no_item, put_new, some_item},
        db::{Range, Row, Transacted, json, last_of, n, number, row_of, s, text, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
    tasks::task_row,
};

/// For how long an answer of nobody who is known is kept, in days.
pub const UNMATCHED_DAYS: i64 = 90;
/// Most answers of nobody who is known that are kept of a day: anybody can write a mail.
pub const UNMATCHED_PER_DAY_MAX: u64 = 500;
/// Most answers of one sender that are looked through.
const OF_SENDER_MAX: usize = 50_000;

/// What came of keeping an answer of nobody who is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnmatchedKept {
    /// It is kept, and the task of the day counts it.
    Done,
    /// It was kept before, and nothing changed.
    Before,
    /// Nothing is kept: the day has as many as are kept of one.
    DayIsFull,
}

/// Which answers of a day a task counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnmatchedCount {
    /// The first one, from 1. It names the task: what comes after somebody ended one makes another.
    pub first: u64,
    /// The last one, which is being kept.
    pub last: u64,
}

impl Store {
    /// Keeps an answer of nobody who is known, from `sender` where that is known, for [`UNMATCHED_DAYS`]. `task` says the task that counts such answers of a day:
    /// the open one of the day says it anew, and where there is none it is made.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when other writers kept coming between; those of reading and writing.
    pub async fn keep_unmatched(
        &self,
        tenant: &TenantId,
        (reply, sender): (&KeptReply, Option<&PersonId>),
        day: Date,
        task: impl Fn(UnmatchedCount) -> NewTask + Send + Sync,
        now: Timestamp,
    ) -> Result<UnmatchedKept> {
        const OP: &str = "keep an answer to";
        let (key, of_day) = (keys::unmatched_reply(tenant, &reply.id), keys::unmatched_of_day(tenant, day));
        let expires_at = now.checked_add((UNMATCHED_DAYS * 24).hours()).unwrap_or(Timestamp::MAX).as_second();
        let mut tries = Tries::new(ATTEMPTS, OP, reply.id.as_str());
        loop {
            tries.again()?;
            if self.read(OP, &key, true).await?.is_some() {
                return Ok(UnmatchedKept::Before);
            }
            let counted = self.read(OP, &of_day, true).await?;
            let known = |name| counted.as_ref().and_then(|row| number::<u64>(row, name));
            let before = known(COUNT).unwrap_or_default();
            if before >= UNMATCHED_PER_DAY_MAX {
                return Ok(UnmatchedKept::DayIsFull);
            }
            let last = before + 1;
            let open = match known(FIRST) {
                Some(first) => {
                    let said = task(UnmatchedCount { first, last });
                    let id = said.id(tenant, None);
                    let is_open =
                        self.task(tenant, &id).await?.is_some_and(|task| task.done_at.is_none() && task.withdrawn.is_none());
                    is_open.then_some((first, said, id))
                }
                None => None,
            };
            let (first, id, of_task) = match open {
                Some((first, said, id)) => {
                    let again = Change::of(keys::task(tenant, &id))
                        .when(some_item().and(absent(task::DONE_AT)).and(absent(task::WITHDRAWN_AT)))
                        .put(DOC, s(to_json(&said)));
                    (first, id, again.update(self))
                }
                None => {
                    let said = task(UnmatchedCount { first: last, last });
                    let (key, row) = task_row(tenant, None, &said, now);
                    (last, said.id(tenant, None), put_new(self, &key, row))
                }
            };
            let is_as_read = match counted {
                Some(_) => is(COUNT, n(before)),
                None => no_item(),
            };
            let count = Change::of(of_day.clone())
                .when(is_as_read)
                .put(COUNT, n(last))
                .put(FIRST, n(first))
                .put(EXPIRES_AT, n(expires_at));
            let kept = KeptReply { task: Some(id), ..reply.clone() };
            let row = row_of([(DOC, s(to_json(&kept))), (EXPIRES_AT, n(expires_at))]);
            let mut actions = vec![put_new(self, &key, row), count.update(self), of_task];
            if let Some(sender) = sender {
                let found = keys::unmatched_from(tenant, sender.digest(), &reply.id);
                actions.push(put_new(self, &found, row_of([(EXPIRES_AT, n(expires_at))])));
            }
            if let Transacted::Done = self.transact(OP, reply.id.as_str(), actions).await? {
                return Ok(UnmatchedKept::Done);
            }
        }
    }

    /// One answer of nobody who is known.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn unmatched_reply(&self, tenant: &TenantId, id: &ReplyId) -> Result<Option<KeptReply>> {
        let row = self.read("read an answer to", &keys::unmatched_reply(tenant, id), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// Writes what a person decided on an answer of nobody who is known. The task of its day, which counts others too, stays as it is.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] where the answer is no longer what it was before; those of writing.
    pub async fn decide_unmatched(&self, tenant: &TenantId, (before, after): (&KeptReply, &KeptReply)) -> Result<()> {
        const OP: &str = "decide on an answer to";
        let key = keys::unmatched_reply(tenant, &after.id);
        let change = Change::of(key).when(is(DOC, s(to_json(before)))).put(DOC, s(to_json(after)));
        match self.transact(OP, after.id.as_str(), vec![change.update(self)]).await? {
            Transacted::Done => Ok(()),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: after.id.to_string() }),
        }
    }

    /// The answers of nobody who is known that came from a person's mailbox or number, oldest first. Those that an earlier release kept are not found.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn unmatched_of(&self, tenant: &TenantId, sender: &PersonId) -> Result<Vec<KeptReply>> {
        const OP: &str = "look for answers of";
        let ids = self.ids_of_unmatched(OP, tenant, sender).await?;
        let wanted: Vec<keys::Key> = ids.iter().map(|id| keys::unmatched_reply(tenant, id)).collect();
        let rows = self.read_many(OP, &wanted, true).await?;
        let mut replies: Vec<KeptReply> = rows.values().map(|row| json(row, DOC)).collect::<Result<_>>()?;
        replies.sort_by(|one, other| (one.received_at, &one.id).cmp(&(other.received_at, &other.id)));
        Ok(replies)
    }

    /// Deletes the answers of nobody who is known that came from a person's mailbox or number, and how many those were.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn erase_unmatched(&self, tenant: &TenantId, sender: &PersonId) -> Result<usize> {
        let ids = self.ids_of_unmatched("erase answers of", tenant, sender).await?;
        // What finds an answer goes with it or after it, so that an erasure that breaks off finds the rest.
        let both = |id: &ReplyId| [keys::unmatched_reply(tenant, id), keys::unmatched_from(tenant, sender.digest(), id)];
        let gone: Vec<keys::Key> = ids.iter().flat_map(both).collect();
        self.delete_all(&sender.to_string(), &gone).await?;
        Ok(ids.len())
    }

    async fn ids_of_unmatched(&self, operation: &'static str, tenant: &TenantId, sender: &PersonId) -> Result<Vec<ReplyId>> {
        let (pk, kind) = (keys::unmatched(tenant), keys::from_sender(sender.digest()));
        let rows = self.range(operation, Range::new(&pk, &kind, &last_of(&kind), OF_SENDER_MAX)).await?;
        let id = |row: &Row| text(row, SK).and_then(|sk| ReplyId::parse(sk.strip_prefix(kind.as_str())?));
        Ok(rows.iter().filter_map(id).collect())
    }
}
