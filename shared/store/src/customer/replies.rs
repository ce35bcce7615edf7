//! What customers answered, and what became of each answer. The item is written once, in one transaction with what follows from it: the task, the pause,
//! the mail that answers a request for copies, and the customer's wake-up. Closing a channel comes before it, by itself: it may be done again.
//!
//! An answer of nobody who is known lies in a partition of the tenant's, and expires. One of a customer is personal: an export lists it, and an erasure deletes it
//! ([`crate::WordsAbout`]).

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{
    Agreement, AgreementId, CaseId, Channel, CustomerId, InvoiceId, LinkAsk, LinkId, MessageId, NewTask, ReplyId, ReplyRead,
    ReplyStatus, ReplySuggestion, ServiceMail, ServiceMailId, TaskId, TenantId,
    portal_code::{OF_ANSWERS, OF_CUSTOMER},
};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::{
    AddressId, Ending, Error, Result, Store,
    customer::{
        agreements::{referred, replacing},
        asked_by_link::one_more,
        head::{Wake, bump},
        service_mails::requested,
    },
    table::{
        attributes::{document::DOC, every::EXPIRES_AT, head},
        change::{Change, is, no_item, put_new},
        db::{Range, Row, Transacted, json, last_of, millis, n, row_of, s, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
    tasks::{ended, task_row},
};

/// Most answers of a customer that are looked through for a list.
const LOOKED_MAX: usize = 2_000;
/// Most answers of a page.
const PAGE_MAX: usize = 200;
/// For how long an answer of nobody who is known is kept, in days.
pub const UNMATCHED_DAYS: i64 = 90;

/// An answer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptReply {
    /// Its id.
    pub id: ReplyId,
    /// When its provider took it in.
    pub received_at: Timestamp,
    /// By which channel.
    pub channel: Channel,
    /// Who sent it.
    pub from: String,
    /// Where it was sent to.
    pub to: String,
    /// Its subject, of mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What it says. Empty where nobody is shown it.
    pub text: String,
    /// The customer's language, else the tenant's, in which an answer to it is drafted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// How many files came along and are kept; they name the answer as what they belong to.
    #[serde(default)]
    pub files: usize,
    /// How many files came along and are not kept.
    #[serde(default)]
    pub unkept: usize,
    /// What wrote it, where no person did: `auto_reply` or `robot`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// What says whose it is, in a word.
    pub found_by: String,
    /// The portal link of the address that the answered message was for, or of its sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkId>,
    /// The case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// Whether that case was over when it came.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub case_was_over: bool,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// What the rules read out of it.
    pub read: ReplyRead,
    /// How it stands.
    pub status: ReplyStatus,
    /// What is suggested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<ReplySuggestion>,
    /// The pause that it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<AgreementId>,
    /// The task by which somebody looks at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// The invoices whose copies were sent because of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<InvoiceId>,
    /// The notice by which they were sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<ServiceMailId>,
    /// Whether it closed its channel to its sender.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    /// Whether it opened its channel to its sender again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub started: bool,
    /// The agreement that a person made because of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<AgreementId>,
    /// Who accepted or dismissed it, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<(Timestamp, String)>,
}

/// What is written with an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeptBeside<'a> {
    /// The pause that it makes.
    pub pause: Option<&'a Agreement>,
    /// What somebody has to do now.
    pub task: Option<&'a NewTask>,
    /// The notice that answers it, and the address that it goes to: at most one in 24 hours.
    pub mail: Option<(&'a ServiceMail, &'a AddressId)>,
    /// Whether a person wrote it, so that the customer replied.
    pub is_of_person: bool,
}

/// What came of keeping an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKept {
    /// It is kept, with all that follows.
    Done,
    /// It was kept before, and nothing changed.
    Before,
    /// Nothing is kept: the address was answered by itself as often as may be.
    AnsweredEnough,
}

/// What is written when a person decides on an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct DecidedBeside<'a> {
    /// The agreement that they make.
    pub agreement: Option<&'a Agreement>,
    /// The pause that the answer made, as it was and as it is now.
    pub pause: Option<(&'a Agreement, &'a Agreement)>,
    /// The task that is over, and how.
    pub task: Option<(&'a TaskId, &'a Ending)>,
}

/// A page of answers, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyPage {
    /// The answers.
    pub replies: Vec<KeptReply>,
    /// The id to go on after; `None` at the end.
    pub after: Option<ReplyId>,
}

impl Store {
    /// Keeps an answer of a customer with all that follows from it; the customer is decided again. The same again changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] where there is no such customer; those of reading and writing.
    pub async fn keep_reply(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        reply: &KeptReply,
        beside: KeptBeside<'_>,
        now: Timestamp,
    ) -> Result<ReplyKept> {
        const OP: &str = "keep an answer of";
        let key = keys::reply(tenant, customer, &reply.id);
        let mut tries = Tries::new(ATTEMPTS, OP, reply.id.as_str());
        loop {
            let known = self.next_head(&mut tries, tenant, customer).await?;
            if self.read(OP, &key, true).await?.is_some() {
                return Ok(ReplyKept::Before);
            }
            let mut actions: Vec<TransactWriteItem> = vec![
                put_new(self, &key, row_of([(DOC, s(to_json(reply)))])),
                referred(tenant, reply.id.as_str(), customer).update(self),
            ];
            if let Some(pause) = beside.pause {
                let key = keys::agreement(tenant, customer, &pause.id);
                actions.push(replacing(key, None, pause, now).update(self));
                actions.push(referred(tenant, pause.id.as_str(), customer).update(self));
            }
            if let Some(task) = beside.task {
                let (key, row) = task_row(tenant, Some(customer), task, now);
                actions.push(put_new(self, &key, row));
            }
            if let Some((mail, address)) = beside.mail {
                actions.push(requested(tenant, customer, mail).when(no_item()).update(self));
                for (key, limit) in [
                    (keys::asked_for_address(tenant, address.digest(), LinkAsk::Answer), OF_ANSWERS),
                    (keys::asked_for_customer(tenant, customer, LinkAsk::Answer), OF_CUSTOMER),
                ] {
                    let row = self.read(OP, &key, true).await?;
                    match one_more(&key, row.as_ref(), limit, now)? {
                        Ok(change) => actions.push(change.update(self)),
                        Err(_) => return Ok(ReplyKept::AnsweredEnough),
                    }
                }
            }
            let wake = Wake::of(Some(&known), customer, 1, now);
            let change = bump(tenant, customer, &wake, now);
            // Only a later reply than the last that is known counts as the last.
            let is_later = known.replied_at.is_none_or(|last| millis(last) < millis(reply.received_at));
            let change =
                if beside.is_of_person && is_later { change.put(head::REPLIED_AT, n(millis(reply.received_at))) } else { change };
            actions.push(change.update(self));
            if let Transacted::Done = self.transact(OP, reply.id.as_str(), actions).await? {
                return Ok(ReplyKept::Done);
            }
        }
    }

    /// Keeps an answer of nobody who is known, for [`UNMATCHED_DAYS`], with the task by which somebody looks at it. False where it was kept before.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn keep_unmatched(&self, tenant: &TenantId, reply: &KeptReply, task: &NewTask, now: Timestamp) -> Result<bool> {
        const OP: &str = "keep an answer to";
        let expires_at = now.checked_add((UNMATCHED_DAYS * 24).hours()).unwrap_or(Timestamp::MAX).as_second();
        let row = row_of([(DOC, s(to_json(reply))), (EXPIRES_AT, n(expires_at))]);
        let (task_key, of_task) = task_row(tenant, None, task, now);
        let actions = vec![put_new(self, &keys::unmatched_reply(tenant, &reply.id), row), put_new(self, &task_key, of_task)];
        Ok(matches!(self.transact(OP, reply.id.as_str(), actions).await?, Transacted::Done))
    }

    /// One answer of a customer.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn reply(&self, tenant: &TenantId, customer: &CustomerId, id: &ReplyId) -> Result<Option<KeptReply>> {
        let row = self.read("read an answer of", &keys::reply(tenant, customer, id), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
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

    /// The answers of a customer, or those of nobody who is known, newest first, at most `limit` and never more than 200; of at most 2,000.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn replies(
        &self,
        tenant: &TenantId,
        customer: Option<&CustomerId>,
        limit: usize,
        after: Option<&ReplyId>,
    ) -> Result<ReplyPage> {
        let pk = customer.map_or_else(|| keys::unmatched(tenant), |customer| keys::customer(tenant, customer));
        let last = last_of(keys::REPLIES);
        let range = Range::new(&pk, keys::REPLIES, &last, LOOKED_MAX);
        let rows = self.range("read the answers of", range).await?;
        let mut replies: Vec<KeptReply> = rows.iter().map(|row| json(row, DOC)).collect::<Result<_>>()?;
        // Their ids say nothing of when they came.
        replies.sort_by(|one, other| (other.received_at, &other.id).cmp(&(one.received_at, &one.id)));
        let from = after.and_then(|after| replies.iter().position(|reply| reply.id == *after)).map_or(0, |at| at + 1);
        let limit = limit.clamp(1, PAGE_MAX);
        let more = replies.len() > from.saturating_add(limit);
        let page: Vec<KeptReply> = replies.into_iter().skip(from).take(limit).collect();
        let after = page.last().map(|reply| reply.id.clone()).filter(|_| more);
        Ok(ReplyPage { replies: page, after })
    }

    /// Writes what a person decided on an answer, with what they make of it; the customer is decided again.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] where the answer, its pause or its task is no longer what it was before; those of writing.
    pub async fn decide_reply(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        (before, after): (&KeptReply, &KeptReply),
        beside: DecidedBeside<'_>,
        now: Timestamp,
    ) -> Result<()> {
        const OP: &str = "decide on an answer of";
        let known = self.must_head(tenant, customer).await?;
        let mut actions = vec![
            Change::of(keys::reply(tenant, customer, &after.id))
                .when(is(DOC, s(to_json(before))))
                .put(DOC, s(to_json(after)))
                .update(self),
        ];
        if let Some(agreement) = beside.agreement {
            let key = keys::agreement(tenant, customer, &agreement.id);
            actions.push(replacing(key, None, agreement, now).update(self));
            actions.push(referred(tenant, agreement.id.as_str(), customer).update(self));
        }
        if let Some((was, is_now)) = beside.pause {
            let key = keys::agreement(tenant, customer, &was.id);
            actions.push(replacing(key, Some(was), is_now, now).update(self));
        }
        if let Some((task, ending)) = beside.task {
            actions.push(ended(tenant, task, ending, now).update(self));
        }
        actions.push(bump(tenant, customer, &Wake::of(Some(&known), customer, 1, now), now).update(self));
        match self.transact(OP, after.id.as_str(), actions).await? {
            Transacted::Done => Ok(()),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: after.id.to_string() }),
        }
    }
}

/// An answer as an item has it.
pub(crate) fn read_reply(row: &Row) -> Result<KeptReply> {
    json(row, DOC)
}
