//! Messages of people: words of their own, and calls and letters that they made themselves.
//!
//! A message in words of one's own is committed like any decision with one message, and its words with it. A call or a letter has happened:
//! its record is written with the head that links it, so that no sender ever sees it.

use domain::{
    CaseId, CaseKey, Channel, ContactAttempt, CustomerId, Decision, DeliveryEvent, Facts, MessageId, Mode, NewTask, Outcome,
    Pending, PersonDigest, TenantId,
    own_message::{is_own_message, unsent_task},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Entry, Error, Head, MessageResult, Record, Result, Store,
    customer::{
        agreements::referred,
        contacts,
        head::{Wake, bump},
    },
    message::{
        commit::Committed,
        commit_plan::{CommitPlan, plan_commit},
        record::{self, Body, MessageBody, RecordStatus},
        settle::{Conclusion, contacted},
    },
    table::{
        attributes::{document::DOC, head, pending},
        change::{is, put},
        db::{Transacted, Wrote, json, millis, n, row_of, s, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
};

/// What a person wrote, or said of a call or letter of theirs. It is of people, and no part of any record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnText {
    /// The number of the decision that the message is.
    pub number: u64,
    /// The contact, by its id; empty where nobody is named.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contact: String,
    /// The person whom the contact was then; `None` where nobody is named, and in what an earlier release wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonDigest>,
    /// The subject, of an email.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The words, as templates have them; of a call or letter, what there is to say of it.
    pub body: String,
    /// The language of the words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
    /// Who wrote it: the subject of their sign-in.
    pub by: String,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
    /// The template that the words were taken from, `reminder@3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The files that go along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<OwnAttachment>,
}

/// A file that goes along with a person's message: where it lies, and what it was when the message was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAttachment {
    /// Its key in the bucket.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Its content type, by its content.
    pub content_type: String,
    /// How large it is.
    pub bytes: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

/// A call or a letter that a person made.
#[derive(Clone, Debug)]
pub struct LoggedContact {
    /// What stands in the place of a template: [`domain::own_message::CALL`] or [`domain::own_message::LETTER`].
    pub template: &'static str,
    /// By which channel.
    pub channel: Channel,
    /// The contact's external id; empty where nobody is named.
    pub contact: String,
    /// Whom, by [`domain::Contact::person`].
    pub person: Option<String>,
    /// The case that it is about.
    pub case: CaseKey,
    /// The case's id, where there is one.
    pub case_id: Option<CaseId>,
    /// What came of it, in a word.
    pub outcome: String,
    /// Whether somebody was contacted by it, or may have been.
    pub is_contact: bool,
    /// What there is to say of it.
    pub text: OwnText,
}

/// A message of a customer wherever it stands.
#[derive(Clone, Debug)]
pub enum MessageFound {
    /// It is not settled; the head as it was read.
    Pending(Box<Head>, Box<Entry>),
    /// It has a record.
    Settled(Box<Record>),
}

impl Store {
    /// Stores a message in a person's own words, with the words, in one transaction. `decision` is [`domain::own_message::decision`] of `facts`.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when something came between: read and decide again.
    pub async fn commit_own_message(
        &self,
        tenant: &TenantId,
        head: &Head,
        facts: &Facts,
        decision: &Decision,
        text: &OwnText,
        now: Timestamp,
    ) -> Result<Committed> {
        const OP: &str = "write a message to";
        let customer = &head.customer;
        let CommitPlan { number, messages, head: change, .. } = plan_commit(tenant, head, facts, decision, now)?;
        let (Some(message), Some(planned)) = (messages.first(), decision.messages.first()) else {
            return Err(Error::Refused { operation: OP, id: customer.to_string(), why: "the decision has no message".into() });
        };
        let text = OwnText { number, contact: planned.contact.clone(), person: planned.person.clone(), ..text.clone() };
        let actions = vec![
            change.update(self),
            put(self, &keys::own_text(tenant, customer, message), row_of([(DOC, s(to_json(&text)))])),
            referred(tenant, message.as_str(), customer).update(self),
        ];
        match self.transact(OP, customer.as_str(), actions).await? {
            Transacted::Done => Ok(Committed { number, messages, tasks: Vec::new() }),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: customer.to_string() }),
        }
    }

    /// The words of a person's message.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn own_text(&self, tenant: &TenantId, customer: &CustomerId, message: &MessageId) -> Result<Option<OwnText>> {
        let row = self.read("read the words of a message to", &keys::own_text(tenant, customer, message), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// The task that tells whoever wrote a message that it ended without leaving. `None` where it left or may have, where nobody wrote it, where
    /// whoever wrote it ends it themselves and knows, and where its words are gone, which say who wrote it.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub(crate) async fn unsent_task(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        message: &Pending,
        (status, reason): (MessageResult, &str),
    ) -> Result<Option<NewTask>> {
        let is_unsent = match status {
            MessageResult::Superseded | MessageResult::Blocked => true,
            MessageResult::Sent | MessageResult::Shadow | MessageResult::Unknown | MessageResult::Failed => false,
        };
        if !is_unsent || !is_own_message(&message.template) {
            return Ok(None);
        }
        let ends_it = |by: &str| self.acting.as_ref().is_some_and(|entry| entry.by == by);
        let text = self.own_text(tenant, customer, &message.id).await?.filter(|text| !ends_it(&text.by));
        Ok(text.map(|text| unsent_task(&message.id, &text.by, reason)))
    }

    /// Writes down a call or a letter that a person made: its record, the contact of the person and of the customer, in one transaction. The
    /// customer is decided again. The id that it has among messages.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn log_own_contact(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        logged: &LoggedContact,
        now: Timestamp,
    ) -> Result<MessageId> {
        const OP: &str = "write down a contact of";
        let mut tries = Tries::new(ATTEMPTS, OP, customer.as_str());
        let person = logged.person.as_deref().map(PersonDigest::of);
        loop {
            let head = self.next_head(&mut tries, tenant, customer).await?;
            let number = head.decision + 1;
            let id = keys::message(tenant, customer, number, 0);
            let result = if logged.is_contact { MessageResult::Sent } else { MessageResult::Failed };
            let body = Body {
                previous: head.tip.clone(),
                number,
                at: now,
                status: RecordStatus::Message(result.status()),
                message: Some(MessageBody {
                    id: id.clone(),
                    position: 0,
                    mode: Mode::Live,
                    channel: logged.channel,
                    contact: logged.contact.clone(),
                    person: person.clone(),
                    template: logged.template.to_owned(),
                    template_version: 0,
                    workflow: logged.case.workflow.to_string(),
                    layout_version: 0,
                    rendered_sha256: None,
                    reason: logged.outcome.clone(),
                    pay_by: None,
                    copy_of: None,
                    receipt_within: None,
                    rows: String::new(),
                    decided: String::new(),
                    decided_at: now,
                    asked_for: None,
                }),
                marks: Vec::new(),
                chunks: 0,
                head_version: head.version,
                fact_versions: Vec::new(),
                workflows: record::workflows_of(&head),
                trace: serde_json::json!({ "own": true }),
                decided: None,
                inputs: String::new(),
            };
            let text = to_json(&body);
            let row = record::row(&text, body.status, result.outcome(), None, "");
            let wake = Wake::of(Some(&head), customer, 1, now);
            let change = bump(tenant, customer, &wake, now)
                .when(is(head::VERSION, n(head.version)))
                .when(is(head::DECISION, n(head.decision)))
                .when(is(head::TIP, s(head.tip.clone())))
                .put(head::DECISION, n(number))
                // The daily walk reads the chains of those that were decided lately: this record is in one.
                .put(head::DECIDED_AT, n(millis(now)))
                .put(head::TIP, s(record::hash(&text)));
            let change = contacted(change, &head, result, Mode::Live, now);
            let said = OwnText { number, contact: logged.contact.clone(), person: person.clone(), ..logged.text.clone() };
            let mut actions = vec![
                change.update(self),
                put(self, &keys::record(tenant, customer, number, 0), row),
                put(self, &keys::own_text(tenant, customer, &id), row_of([(DOC, s(to_json(&said)))])),
                referred(tenant, id.as_str(), customer).update(self),
            ];
            if let Some(person) = logged.person.as_deref().filter(|_| logged.is_contact) {
                let known = self.read(OP, &keys::person(tenant, person), true).await?;
                let log = known.as_ref().map(contacts::log_of).transpose()?.unwrap_or_default();
                let attempt = ContactAttempt {
                    at: now,
                    channel: logged.channel,
                    message: id.clone(),
                    case: logged.case_id.clone(),
                    customer: customer.clone(),
                    mode: Mode::Live,
                };
                actions.push(contacts::change(tenant, person, &log.with(&attempt)).update(self));
            }
            if let Transacted::Done = self.transact(OP, id.as_str(), actions).await? {
                return Ok(id);
            }
        }
    }

    /// Takes a call or letter back that did not happen: the contact is taken back, and the record says so. False when there is no such
    /// record.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn take_back_own_message(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        number: u64,
        message: &MessageId,
        now: Timestamp,
    ) -> Result<bool> {
        self.receipt(tenant, customer, number, message, DeliveryEvent::Rejected, now, None, now).await
    }

    /// A message of a customer by its id: while it is not settled, or its record. Where the `number` of its decision is not known, the record
    /// is looked for among the last 200.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn message_of(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        number: Option<u64>,
        message: &MessageId,
    ) -> Result<Option<MessageFound>> {
        let Some(head) = self.head(tenant, customer).await? else { return Ok(None) };
        if let Some(entry) = head.pending.get(message).cloned() {
            return Ok(Some(MessageFound::Pending(Box::new(head), Box::new(entry))));
        }
        let of_it = |record: &Record| record.message.as_ref().is_some_and(|known| known.id == *message);
        let found = match number {
            Some(number) => self.record_of_message(tenant, customer, number, message).await?,
            None => self.records(tenant, customer, 200).await?.into_iter().find(of_it),
        };
        Ok(found.map(|record| MessageFound::Settled(Box::new(record))))
    }

    /// Puts a message back for its sender of which a person said that it was not sent: it is dispatched again under the same id, and checked
    /// again before it is claimed. False when it is not in doubt any more.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] where its record says that it was sent: its sender ended before the head said so too. Those of writing.
    pub async fn queue_again(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        message: &MessageId,
        now: Timestamp,
    ) -> Result<bool> {
        const OP: &str = "queue a message again of";
        let mut tries = Tries::new(ATTEMPTS, OP, message.as_str());
        loop {
            let head = self.next_head(&mut tries, tenant, customer).await?;
            let Some(entry) = head.pending.get(message) else { return Ok(false) };
            if !entry.message.status.is_unknown() {
                return Ok(false);
            }
            let record = Box::pin(self.record_of_message(tenant, customer, entry.message.number, message)).await?;
            if record.is_some_and(|record| record.coverage.iter().any(|known| known.outcome == Outcome::Sent)) {
                let why = "its record says that it was sent; say so, and it does not go twice".into();
                return Err(Error::Refused { operation: OP, id: message.to_string(), why });
            }
            let change = bump(tenant, customer, &Wake::of(Some(&head), customer, 1, now), now)
                .when(is(pending::of(message, pending::STATUS), pending::status(entry.message.status)))
                .when(is(pending::of(message, pending::DISPATCHES), n(entry.dispatches)))
                .put(pending::of(message, pending::STATUS), pending::status(domain::PendingStatus::Queued))
                .put(pending::of(message, pending::DISPATCHES), n(entry.dispatches + 1))
                .put(pending::of(message, pending::DISPATCHED_AT), n(millis(now)))
                .drop(pending::of(message, pending::ATTEMPT))
                .drop(pending::of(message, pending::LEASE_UNTIL))
                .drop(pending::of(message, pending::RETRY_AT));
            if let Wrote::Done(_) = self.write(OP, change, false).await? {
                return Ok(true);
            }
        }
    }

    /// Takes a message off what is pending of which a person said that it was not sent and is not to be. False when it is not in doubt any
    /// more.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn drop_unsent(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        message: &MessageId,
        now: Timestamp,
    ) -> Result<bool> {
        let reason = "a person said that it was not sent, and dropped it";
        let how = Conclusion { reason, ..Conclusion::unsent(MessageResult::Superseded, now) };
        self.conclude(tenant, customer, message, &how, |entry| entry.message.status.is_unknown()).await
    }
}
