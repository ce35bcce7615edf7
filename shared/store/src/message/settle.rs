//! Settles messages: the record, then the head that takes the message off what is pending and links the record.

use domain::{
    Covered, CustomerId, InvoiceId, MessageId, MessageStatus, Mode, Next, Pending, RuleTrace, SourceVersion, TenantId,
    decide::Refusal,
};
use futures::FutureExt;
use jiff::Timestamp;

use crate::{
    Attempt, Entry, Head, Result, Store,
    customer::{
        contacts::MeantFor,
        head::{move_due, pack, read_head},
    },
    message::{
        note::Note,
        record::{self, AskedFor, Body, MessageBody, ROWS_INLINE, RecordStatus},
        result::MessageResult,
        why,
    },
    table::{
        attributes::{self, head, pending},
        change::{Change, absent, is, no_item, put},
        db::{Row, Transacted, Wrote, failed, millis, n, s, to_json},
        keys,
        retry::{ATTEMPTS, ATTEMPTS_DEAR, Tries},
    },
    tasks::task_row,
};

/// What a sender did, for the record.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// How it ended.
    pub status: MessageResult,
    /// When.
    pub at: Timestamp,
    /// A word where it was not sent.
    pub reason: String,
    /// The provider's id of the message.
    pub provider_id: Option<String>,
    /// The rows as sent.
    pub rows: Vec<Covered>,
    /// What it asked for though it covers nothing.
    pub asked_for: Option<AskedFor>,
    /// SHA-256 of what was rendered, where something was.
    pub rendered_sha256: Option<String>,
    /// The template version as rendered.
    pub template_version: u32,
    /// The layout version as rendered, 0 without a layout.
    pub layout_version: u32,
    /// Rule outcomes and render inputs; ids only, never names or addresses.
    pub trace: serde_json::Value,
    /// Source versions of the covered invoices: [`crate::fact_versions`].
    pub fact_versions: Vec<(InvoiceId, SourceVersion)>,
}

impl Store {
    /// Settles the message that `attempt` holds on `claimed`, the head as claimed. The customer is due at `next` where
    /// nothing changed since the claim, else at once. With [`MessageResult::Unknown`] the message stays pending. False when the
    /// message is no longer the attempt's; then somebody settled it before. Doing it twice changes nothing.
    ///
    /// # Errors
    ///
    /// Those of writing; after [`crate::Error::Unknown`] it may be settled again.
    pub async fn settle(
        &self,
        tenant: &TenantId,
        claimed: &Head,
        message: &MessageId,
        attempt: &Attempt,
        settlement: &Settlement,
        next: Next,
    ) -> Result<bool> {
        const OP: &str = "settle a message of";
        let customer = &claimed.customer;
        if settlement.status == MessageResult::Unknown {
            return self.set_unknown(tenant, claimed, message, attempt, next, settlement.at).await;
        }
        let mut head = claimed.clone();
        let mut tries = Tries::new(ATTEMPTS_DEAR, OP, message.as_str());
        loop {
            tries.again()?;
            let Some(entry) = head.pending.get(message).cloned() else { return Ok(false) };
            if entry.attempt.as_ref().is_none_or(|held| held.id != attempt.id) {
                return Ok(false);
            }
            let (body, text) = self.message_body(tenant, &head, &entry, settlement).await?;
            let note = entry.heard.as_deref().and_then(Note::read);
            let outcome = settlement.status.outcome();
            let mut row = record::row(&text, body.status, outcome, settlement.provider_id.as_deref(), &attempt.id);
            let lost = note.is_some_and(|note| note.merge_into_record(&mut row, outcome));
            if !self.put_record(tenant, customer, &body, row, attempt).await? {
                return Ok(false);
            }
            let unchanged = head.version == claimed.version && head.tip == claimed.tip;
            let mut change = Change::of(keys::head(tenant, customer))
                .when(is(head::TIP, s(head.tip.clone())))
                .when(is(pending::of(message, pending::ATTEMPT), s(attempt.id.clone())))
                .when(is(head::VERSION, n(head.version)))
                .drop([head::PENDING, message.as_str()])
                .put(head::TIP, s(record::hash(&text)));
            change = as_heard(change, message, &entry);
            if !lost {
                change = contacted(change, &head, settlement.status, entry.message.mode, settlement.at);
            }
            if head.pending.len() == 1 {
                let next = if unchanged && !lost { next } else { Next::At(settlement.at) };
                change = move_due(change, tenant, &head, next);
            }
            // Raised once, however often this is done: the message is this attempt's to settle, and it did not leave.
            let told = (settlement.status, settlement.reason.as_str());
            if let Some(task) = Box::pin(self.unsent_task(tenant, customer, &entry.message, told)).await? {
                self.raise(tenant, Some(customer), &task, settlement.at).await?;
            }
            match self.write(OP, change, false).await? {
                Wrote::Done(_) => {
                    if lost {
                        // In a box: it reads all the facts, which would make every future that may come here as large.
                        Box::pin(self.contact_was_lost(tenant, customer, whom(&entry.message), message)).await?;
                    }
                    return Ok(true);
                }
                Wrote::Not(Some(row)) => head = read_head(row)?,
                Wrote::Not(None) => return Ok(false),
            }
        }
    }

    async fn message_body(
        &self,
        tenant: &TenantId,
        head: &Head,
        entry: &Entry,
        settlement: &Settlement,
    ) -> Result<(Body, String)> {
        let message = &entry.message;
        let chunks = record::chunks(tenant, &head.customer, &format!("{}.s", message.id), &settlement.rows);
        let count = u32::try_from(chunks.len()).expect("bounded by the invoices of a customer");
        self.put_chunks("settle a message of", chunks).await?;
        let asked_for = match &settlement.asked_for {
            Some(asked) => Some(self.record_asked_for(tenant, &head.customer, &message.id, asked).await?),
            None => None,
        };
        let changed = message.rows != settlement.rows && message.rows.len() <= ROWS_INLINE && entry.chunks == 0;
        let body = Body {
            previous: head.tip.clone(),
            number: message.number,
            at: settlement.at,
            status: RecordStatus::Message(settlement.status.status()),
            message: Some(MessageBody {
                id: message.id.clone(),
                position: message.position,
                mode: message.mode,
                channel: message.channel,
                contact: message.contact.clone(),
                person: message.person.clone(),
                template: message.template.clone(),
                template_version: settlement.template_version,
                workflow: message.case.workflow.to_string(),
                layout_version: settlement.layout_version,
                rendered_sha256: settlement.rendered_sha256.clone(),
                reason: settlement.reason.clone(),
                pay_by: message.pay_by,
                copy_of: message.copy_of,
                receipt_within: message.receipt_within,
                rows: if count == 0 { pack(&settlement.rows) } else { String::new() },
                decided: if changed { pack(&message.rows) } else { String::new() },
                decided_at: message.decided_at,
                asked_for,
            }),
            marks: vec![],
            chunks: count,
            head_version: head.version,
            fact_versions: settlement.fact_versions.clone(),
            workflows: record::workflows_of(head),
            trace: settlement.trace.clone(),
            decided: why::unpack(&entry.why, message, head),
            inputs: String::new(),
        };
        let text = to_json(&body);
        Ok((body, text))
    }

    /// Puts the record unless another's is there. It counts only once the head links it.
    async fn put_record(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        body: &Body,
        mut row: Row,
        attempt: &Attempt,
    ) -> Result<bool> {
        let position = body.message.as_ref().map_or(keys::MARKS, |message| message.position);
        let key = keys::record(tenant, customer, body.number, position);
        row.extend(key.attributes());
        let own = Change::of(key).when(no_item().or(is(attributes::record::ATTEMPT, s(attempt.id.clone()))));
        let call = self
            .db
            .put_item()
            .table_name(&self.table)
            .set_item(Some(row))
            .set_condition_expression(own.condition())
            .set_expression_attribute_names(own.names())
            .set_expression_attribute_values(own.values())
            .send();
        match call.boxed().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => Ok(false),
            Err(error) => Err(failed("record a message of", customer.as_str(), error)),
        }
    }

    /// Settles a pending message without its sender: taken back, given up, or spoken of by its provider. `allowed` looks at
    /// the entry as it is. Whoever wrote a message that did not leave is told of it, but for one who ends it themselves. False when `allowed`
    /// does not allow it, or nothing is pending under that id.
    pub(crate) async fn conclude(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        message: &MessageId,
        how: &Conclusion<'_>,
        allowed: impl Fn(&Entry) -> bool,
    ) -> Result<bool> {
        const OP: &str = "conclude a message of";
        let mut tries = Tries::new(ATTEMPTS, OP, message.as_str());
        loop {
            tries.again()?;
            let Some(head) = self.head(tenant, customer).await? else { return Ok(false) };
            let Some(entry) = head.pending.get(message) else { return Ok(false) };
            if !allowed(entry) {
                return Ok(false);
            }
            let rows = if entry.chunks > 0 {
                self.rows(tenant, customer, message.as_str(), true).await?
            } else {
                entry.message.rows.clone()
            };
            let fact_versions = self.versions_now(tenant, customer, &rows).await?;
            let settlement = Settlement {
                status: how.status,
                at: how.at,
                reason: how.reason.to_owned(),
                provider_id: how.provider_id.map(str::to_owned),
                rows,
                asked_for: None,
                rendered_sha256: None,
                template_version: entry.message.template_version,
                layout_version: 0,
                trace: if how.rules.is_empty() { serde_json::Value::Null } else { serde_json::json!({ "guard": how.rules }) },
                fact_versions,
            };
            let (body, text) = self.message_body(tenant, &head, entry, &settlement).await?;
            let key = keys::record(tenant, customer, entry.message.number, entry.message.position);
            let outcome = how.status.outcome();
            let mut row = record::row(&text, body.status, outcome, how.provider_id, "");
            if how.status == MessageResult::Unknown {
                row.insert(attributes::record::STATUS.to_owned(), s(MessageStatus::InDoubt.as_str()));
            }
            let note = how.heard.cloned().or_else(|| entry.heard.as_deref().and_then(Note::read));
            let lost = note.is_some_and(|note| note.merge_into_record(&mut row, outcome));
            let mut change = Change::of(keys::head(tenant, customer))
                .when(is(head::TIP, s(head.tip.clone())))
                .when(is(head::VERSION, n(head.version)))
                .when(is(pending::of(message, pending::STATUS), pending::status(entry.message.status)))
                .drop([head::PENDING, message.as_str()])
                .put(head::TIP, s(record::hash(&text)));
            change = match &entry.attempt {
                Some(held) => change.when(is(pending::of(message, pending::ATTEMPT), s(held.id.clone()))),
                None => change.when(absent(pending::of(message, pending::ATTEMPT))),
            };
            change = as_heard(change, message, entry);
            if !lost {
                change = contacted(change, &head, how.status, entry.message.mode, how.contacted_at);
            }
            if head.pending.len() == 1 {
                change = move_due(change, tenant, &head, Next::At(how.at));
            }
            let mut actions = vec![change.update(self), put(self, &key, row)];
            if let Some(task) = Box::pin(self.unsent_task(tenant, customer, &entry.message, (how.status, how.reason))).await? {
                let (key, row) = task_row(tenant, Some(customer), &task, how.at);
                actions.push(put(self, &key, row));
            }
            if let Transacted::Done = self.transact(OP, message.as_str(), actions).await? {
                if lost || how.status == MessageResult::Failed {
                    Box::pin(self.contact_was_lost(tenant, customer, whom(&entry.message), message)).await?;
                }
                return Ok(true);
            }
        }
    }

    /// Takes back a message that no sender has claimed. False when one has, or it is settled.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn withdraw(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        message: &MessageId,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool> {
        use domain::PendingStatus::{Queued, Retrying};
        let how = Conclusion { reason, ..Conclusion::unsent(MessageResult::Superseded, now) };
        let allowed = |entry: &Entry| matches!(entry.message.status, Queued | Retrying);
        self.conclude(tenant, customer, message, &how, allowed).await
    }

    /// Takes back a message that no sender has claimed, because rules of the guard forbid it: the record names them. False when
    /// one has, or it is settled.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn block(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        message: &MessageId,
        refusal: &Refusal,
        now: Timestamp,
    ) -> Result<bool> {
        use domain::PendingStatus::{Queued, Retrying};
        let (reason, rules) = (refusal.to_string(), refusal.rules.as_slice());
        let how = Conclusion { reason: &reason, rules, ..Conclusion::unsent(MessageResult::Blocked, now) };
        let allowed = |entry: &Entry| matches!(entry.message.status, Queued | Retrying);
        self.conclude(tenant, customer, message, &how, allowed).await
    }

    /// Stops waiting for word of a message that may have been sent: it counts as sent, and an exception asks a person. False
    /// when it is not unknown any more.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn give_up(&self, tenant: &TenantId, customer: &CustomerId, message: &MessageId, now: Timestamp) -> Result<bool> {
        let task = domain::NewTask {
            kind: domain::TaskKind::InDoubt,
            key: message.to_string(),
            title: "It is not known whether a message was sent".to_owned(),
            detail: format!(
                "message {message}: its provider never said; ask the provider, then say whether it was sent by POST \
                 /v1/messages/{message}/result"
            ),
            to: None,
            due_on: None,
            step: None,
            currency: None,
            case: None,
        };
        self.raise(tenant, Some(customer), &task, now).await?;
        let sent_at = self
            .head(tenant, customer)
            .await?
            .and_then(|mut head| head.pending.remove(message))
            .map_or(now, |entry| entry.dispatched_at);
        let how = Conclusion {
            contacted_at: sent_at,
            reason: MessageStatus::InDoubt.as_str(),
            ..Conclusion::unsent(MessageResult::Unknown, now)
        };
        let allowed = |entry: &Entry| entry.message.status.is_unknown();
        self.conclude(tenant, customer, message, &how, allowed).await
    }
}

/// How a message ends without its sender.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conclusion<'a> {
    pub(crate) status: MessageResult,
    pub(crate) at: Timestamp,
    pub(crate) contacted_at: Timestamp,
    pub(crate) reason: &'a str,
    /// Rules of the guard that forbid it.
    pub(crate) rules: &'a [RuleTrace],
    pub(crate) provider_id: Option<&'a str>,
    pub(crate) heard: Option<&'a Note>,
}

impl<'a> Conclusion<'a> {
    /// Without a provider's word.
    pub(crate) fn unsent(status: MessageResult, now: Timestamp) -> Self {
        Self { status, at: now, contacted_at: now, reason: "", rules: &[], provider_id: None, heard: None }
    }

    /// By what its provider said.
    pub(crate) fn of_receipt(note: &'a Note, now: Timestamp) -> Self {
        Self {
            status: note.settles(),
            at: now,
            contacted_at: note.at,
            reason: note.heard.as_str(),
            rules: &[],
            provider_id: note.provider_id.as_deref(),
            heard: Some(note),
        }
    }
}

/// Whom a message is for.
fn whom(message: &Pending) -> MeantFor<'_> {
    MeantFor { contact: &message.contact, person: message.person.as_ref() }
}

/// Holds only as long as no more is heard of the message than `entry` knows.
pub(crate) fn as_heard(change: Change, message: &MessageId, entry: &Entry) -> Change {
    let heard = pending::of(message, pending::HEARD);
    match &entry.heard {
        Some(note) => change.when(is(heard, s(note.clone()))),
        None => change.when(absent(heard)),
    }
}

/// The last contact, in the ledger that the message was decided in: also of one of shadow mode whose sender did not come back.
pub(crate) fn contacted(change: Change, head: &Head, status: MessageResult, mode: Mode, at: Timestamp) -> Change {
    let (name, last) = match (status, mode) {
        (MessageResult::Failed | MessageResult::Superseded | MessageResult::Blocked, _) => return change,
        (MessageResult::Sent | MessageResult::Shadow | MessageResult::Unknown, Mode::Shadow) => {
            (head::LAST_SHADOW, head.last_contact.shadow)
        }
        (MessageResult::Sent | MessageResult::Shadow | MessageResult::Unknown, Mode::Off | Mode::Live | Mode::Later(_)) => {
            (head::LAST_LIVE, head.last_contact.live)
        }
    };
    change.put(name, n(millis(last.map_or(at, |last| last.max(at)))))
}
