//! Test messages: what a tenant's own people send to themselves, marked, in no ledger and counted by the hour. What became of one is kept with
//! it for a day.

use domain::{CustomerId, MessageStatus, TenantId, word::Word};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result, Store,
    table::{
        attributes::{document::DOC, every::EXPIRES_AT, test_message},
        change::{Change, absent, below, put_new, some_item},
        db::{Row, Transacted, Wrote, instant, json, millis, n, number, row_of, s, text, to_json},
        keys,
    },
};

/// Most test messages of a tenant in an hour.
pub const TESTS_PER_HOUR: u32 = 20;
/// How long a sender may be at it: longer than its function runs.
const UNDER_WAY_FOR: SignedDuration = SignedDuration::from_secs(90);

/// A message to somebody of the tenant's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestMessage {
    /// Its id, `tst_…`.
    pub id: String,
    /// The customer whose facts it shows.
    pub customer: CustomerId,
    /// Who gets it.
    pub to: String,
    /// Who it comes from, as the settings name them.
    pub from: String,
    /// The name that it comes under.
    pub name: String,
    /// Its subject, marked as a test.
    pub subject: String,
    /// What it says, marked as a test.
    pub text: String,
    /// The same as HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
}

/// A test message, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// Who gets it.
    pub to: String,
    /// `queued` until its sender knows; then `sent`, `failed`, or `unknown` where nobody knows whether it left.
    pub status: MessageStatus,
    /// Why it did not leave, or why nobody knows; never an address.
    pub why: Option<String>,
}

impl TestResult {
    fn read(row: &Row, now: Timestamp) -> Result<Self> {
        let message: TestMessage = json(row, DOC)?;
        let taken_at = number(row, test_message::TAKEN_AT).map(instant);
        let ended = text(row, test_message::OUTCOME).map(|word| MessageStatus::read(word).unwrap_or(MessageStatus::Unknown));
        let died = taken_at.is_some_and(|at| now.duration_since(at) > UNDER_WAY_FOR);
        let status = ended.unwrap_or(if died { MessageStatus::Unknown } else { MessageStatus::Queued });
        let why = text(row, test_message::FAILED_BECAUSE).map(str::to_owned);
        let why = why.or_else(|| (ended.is_none() && died).then(|| "its sender ended before it knew".to_owned()));
        Ok(Self { to: message.to, status, why })
    }
}

impl Store {
    /// Keeps a test message for its sender, who is told by the stream. False, and nothing is written, when the tenant had its twenty of the
    /// hour.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn request_test(&self, tenant: &TenantId, message: &TestMessage, now: Timestamp) -> Result<bool> {
        const OP: &str = "keep a test message of";
        let expires_at = now.checked_add(24.hours()).unwrap_or(Timestamp::MAX).as_second();
        let count = Change::of(keys::test_messages_of_hour(tenant, now))
            .add(test_message::COUNT, n(1))
            .put(EXPIRES_AT, n(expires_at))
            .when(absent(test_message::COUNT).or(below(test_message::COUNT, n(TESTS_PER_HOUR))));
        let row = row_of([(DOC, s(to_json(message))), (EXPIRES_AT, n(expires_at))]);
        let actions = vec![count.update(self), put_new(self, &keys::test_message(tenant, &message.id), row)];
        match self.transact(OP, &message.id, actions).await? {
            Transacted::Done => Ok(true),
            Transacted::Not(failed) if failed.contains(&0) => Ok(false),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: message.id.clone() }),
        }
    }

    /// Takes a test message to send it; `None` when there is none, or it was taken before.
    ///
    /// # Errors
    ///
    /// Those of writing, and [`Error::Corrupt`].
    pub async fn take_test(&self, tenant: &TenantId, id: &str, now: Timestamp) -> Result<Option<TestMessage>> {
        let change = Change::of(keys::test_message(tenant, id))
            .put(test_message::TAKEN_AT, n(millis(now)))
            .when(some_item())
            .when(absent(test_message::TAKEN_AT));
        match self.write("take a test message of", change, true).await? {
            Wrote::Done(Some(row)) => json(&row, DOC).map(Some),
            Wrote::Done(None) | Wrote::Not(_) => Ok(None),
        }
    }

    /// Notes what became of a test message that was taken: `sent`, `failed` or `unknown`, and why.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn end_test(&self, tenant: &TenantId, id: &str, status: MessageStatus, why: Option<&str>) -> Result<()> {
        let change = Change::of(keys::test_message(tenant, id)).put(test_message::OUTCOME, s(status.as_str()));
        let change = match why {
            Some(why) => change.put(test_message::FAILED_BECAUSE, s(why)),
            None => change,
        };
        // One that expired meanwhile is not made anew.
        self.write("note what became of a test message of", change.when(some_item()), false).await.map(|_| ())
    }

    /// What became of a test message, as far as is known at `now`; `None` when there is none, or no longer.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn test_result(&self, tenant: &TenantId, id: &str, now: Timestamp) -> Result<Option<TestResult>> {
        let row = self.read("read a test message of", &keys::test_message(tenant, id), true).await?;
        row.map(|row| TestResult::read(&row, now)).transpose()
    }
}
