//! What is heard of messages after they left: receipts, bounces, complaints.

use std::collections::BTreeSet;

use domain::{ContactAttempt, Coverage, CustomerId, DeliveryEvent, MessageId, Mode, PendingStatus, TenantId, hear};
use jiff::Timestamp;

use crate::{
    Entry, Head, MessageResult, Result, Store,
    customer::{
        contacts::MeantFor,
        head::{Wake, bump},
    },
    message::{
        note::Note,
        record::{self, MessageBody, Record, RecordItem},
        settle::{Conclusion, as_heard, contacted},
    },
    table::{
        attributes::{self, head, pending},
        change::{Change, is},
        db::{Transacted, Wrote, millis, n, s, to_json, word_of},
        keys,
        retry::{ATTEMPTS_DEAR, Tries},
    },
};

/// A message, wherever it stands.
#[derive(Clone, Debug)]
pub enum Found {
    /// Not settled.
    Pending(Box<Head>, Box<Entry>),
    /// MessageResult.
    Record(Box<Record>),
    /// Not known.
    Nothing,
}

/// Where a message stands.
enum RecordedAt {
    Pending(Box<Head>, Box<Entry>),
    Record(keys::Key, Box<RecordItem>),
    Nowhere,
}

impl Store {
    /// Finds a message by the number of its decision and its id.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn find_message(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        number: u64,
        message: &MessageId,
    ) -> Result<Found> {
        Ok(match self.locate(tenant, customer, number, message).await? {
            RecordedAt::Pending(head, entry) => Found::Pending(head, entry),
            RecordedAt::Record(_, item) => Found::Record(Box::new(self.record_of(tenant, customer, *item).await?)),
            RecordedAt::Nowhere => Found::Nothing,
        })
    }

    async fn locate(&self, tenant: &TenantId, customer: &CustomerId, number: u64, message: &MessageId) -> Result<RecordedAt> {
        let Some(head) = self.head(tenant, customer).await? else { return Ok(RecordedAt::Nowhere) };
        if let Some(entry) = head.pending.get(message).cloned() {
            return Ok(RecordedAt::Pending(Box::new(head), Box::new(entry)));
        }
        let pk = keys::customer(tenant, customer);
        let from = keys::records_of(number);
        let to = crate::table::db::last_of(&from);
        let rows = self.range("find a message of", crate::table::db::Range::new(&pk, &from, &to, 1_000)).await?;
        for row in &rows {
            let item = record::read(row)?;
            if let Some(body) = &item.body.message
                && body.id == *message
            {
                return Ok(RecordedAt::Record(keys::record(tenant, customer, number, body.position), Box::new(item)));
            }
        }
        Ok(RecordedAt::Nowhere)
    }

    /// Takes in what is said of a message: settles it where its sender did not, and notes it on the record. Proof that nobody got it opens the
    /// step again, by another way. Proof that it left ends it also where it waits for another try, and overrules a person who said that it never
    /// left. The same words in any order and number end the same. False when no such message is known, or it never left.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    #[expect(clippy::too_many_arguments, reason = "a provider says them together, and the caller has each by itself")]
    pub async fn receipt(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        number: u64,
        message: &MessageId,
        heard: DeliveryEvent,
        at: Timestamp,
        provider_id: Option<&str>,
        now: Timestamp,
    ) -> Result<bool> {
        let note = Note { heard, at, provider_id: provider_id.map(str::to_owned) };
        let mut tries = Tries::new(ATTEMPTS_DEAR, "take a receipt for", message.as_str());
        loop {
            tries.again()?;
            match self.locate(tenant, customer, number, message).await? {
                RecordedAt::Nowhere => return Ok(false),
                RecordedAt::Record(key, item) => {
                    if let Some(known) = self.note_record(tenant, customer, message, key, &item, &note, now).await? {
                        return Ok(known);
                    }
                }
                RecordedAt::Pending(_, entry) => match entry.message.status {
                    PendingStatus::Queued | PendingStatus::Retrying => {
                        // A try before it was given back may have left: a person had it sent again, or its provider said that it took nothing.
                        if note.settles() != MessageResult::Sent {
                            return Ok(false);
                        }
                        let allowed = |entry: &Entry| {
                            let waits = matches!(entry.message.status, PendingStatus::Queued | PendingStatus::Retrying);
                            waits && entry.attempt.is_none()
                        };
                        let how = Conclusion::of_receipt(&note, now);
                        if self.conclude(tenant, customer, message, &how, allowed).await? {
                            return Ok(true);
                        }
                    }
                    PendingStatus::Calling => {
                        // Its sender is about to record the result; it takes this note along.
                        let before = entry.heard.as_deref().and_then(Note::read);
                        if before.is_some_and(|before| before.heard.status().rank() >= heard.status().rank()) {
                            return Ok(true);
                        }
                        let change = as_heard(Change::of(keys::head(tenant, customer)), message, &entry)
                            .when(is(pending::of(message, pending::STATUS), pending::status(PendingStatus::Calling)))
                            .put(pending::of(message, pending::HEARD), s(to_json(&note)));
                        if let Wrote::Done(_) = self.write("note what was heard of", change, false).await? {
                            return Ok(true);
                        }
                    }
                    PendingStatus::Unknown | PendingStatus::Later(_) => {
                        let allowed = |entry: &Entry| entry.message.status.is_unknown();
                        let how = Conclusion::of_receipt(&note, now);
                        if self.conclude(tenant, customer, message, &how, allowed).await? {
                            return Ok(true);
                        }
                    }
                },
            }
        }
    }

    /// Notes on a record what was heard of its message: whether it ever left, or `None` when the record changed since.
    #[expect(clippy::too_many_arguments, reason = "a message, its record as it was found, and what is said of it")]
    async fn note_record(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        message: &MessageId,
        key: keys::Key,
        item: &RecordItem,
        note: &Note,
        now: Timestamp,
    ) -> Result<Option<bool>> {
        const OP: &str = "note what was heard of";
        let Some(outcome) = item.outcome else { return Ok(Some(false)) };
        let changes = hear(note.heard, item.status.message(), outcome);
        let names_it = item.provider_id.is_none() && note.provider_id.is_some();
        // That it left is what the record says already: no more than its provider's id could be new.
        let known = item.heard.contains_key(&note.heard) || note.heard == DeliveryEvent::Sent;
        if known && !changes.status && changes.outcome.is_none() && !names_it {
            return Ok(Some(true));
        }
        let name = attributes::record::heard_at(note.heard);
        let mut change =
            Change::of(key).put_once(&name, n(millis(note.at))).when(is(attributes::record::STATUS, s(item.status.as_str())));
        if changes.status {
            change = change.put(attributes::record::STATUS, s(note.heard.as_str()));
        }
        if let Some(id) = &note.provider_id {
            change = change.put_once(attributes::record::PROVIDER_ID, s(id));
        }
        // A step waits for the arrival: the decision that tries another channel must not be made past it.
        let is_awaited = item.body.message.as_ref().is_some_and(|body| body.receipt_within.is_some());
        let ends_waiting = changes.arrived && is_awaited && !item.heard.keys().any(|heard| heard.proves_arrival());
        let before = outcome;
        let Some(outcome) = changes.outcome.or(ends_waiting.then_some(before)) else {
            let wrote = self.write(OP, change, false).await?;
            return Ok(matches!(wrote, Wrote::Done(_)).then_some(true));
        };
        if changes.outcome.is_some() {
            change = change.put(attributes::record::OUTCOME, s(word_of(outcome)));
        }
        let head = self.must_head(tenant, customer).await?;
        let wake = Wake::of(Some(&head), customer, 1, now);
        let mut of_head = bump(tenant, customer, &wake, now);
        if changes.outcome.is_none() {
            // Who was contacted stays as it is.
        } else if !outcome.is_contact() {
            of_head = self.contact_before(of_head, tenant, &head, message).await?;
        } else if let (true, Some(body)) = (!before.is_contact(), &item.body.message) {
            // A person had said that it never left.
            of_head = contacted(of_head, &head, MessageResult::Sent, body.mode, item.body.at);
            let attempt = ContactAttempt {
                at: item.body.at,
                channel: body.channel,
                message: message.clone(),
                case: None,
                customer: customer.clone(),
                mode: body.mode,
            };
            Box::pin(self.contact_was_had(tenant, customer, whom(body), &attempt)).await?;
        }
        let mut actions = vec![of_head.update(self), change.update(self)];
        actions.extend(self.tell_folded(tenant, customer, item, (outcome, changes.arrived), now).await?);
        let Transacted::Done = self.transact(OP, message.as_str(), actions).await? else { return Ok(None) };
        if let (true, false, Some(body)) = (changes.outcome.is_some(), outcome.is_contact(), &item.body.message) {
            Box::pin(self.contact_was_lost(tenant, customer, whom(body), message)).await?;
        }
        Ok(Some(true))
    }

    /// The last contacts as they are without `message`, which nobody got: those of the customer's own records, and those that came along
    /// with invoices.
    async fn contact_before(&self, change: Change, tenant: &TenantId, head: &Head, message: &MessageId) -> Result<Change> {
        let records = self.records(tenant, &head.customer, 50).await?;
        let facts = Box::pin(self.facts(tenant, head)).await?;
        let own: BTreeSet<&MessageId> = records.iter().filter_map(|record| Some(&record.message.as_ref()?.id)).collect();
        let came_along = |coverage: &&Coverage| coverage.message.as_ref().is_some_and(|id| !own.contains(id));
        let last = |mode: Mode| {
            records
                .iter()
                .flat_map(|record| &record.coverage)
                .chain(facts.invoices.iter().flat_map(|fact| &fact.folded).filter(came_along))
                .filter(|coverage| coverage.message.as_ref().is_some_and(|id| id != message))
                .filter(|coverage| coverage.outcome.is_contact() && coverage.mode == mode)
                .map(|coverage| coverage.at)
                .max()
        };
        let mut change = change;
        for (name, at) in [(head::LAST_LIVE, last(Mode::Live)), (head::LAST_SHADOW, last(Mode::Shadow))] {
            change = match at {
                Some(at) => change.put(name, n(millis(at))),
                None => change.drop(name),
            };
        }
        Ok(change)
    }
}

/// Whom the message of a record was for.
fn whom(body: &MessageBody) -> MeantFor<'_> {
    MeantFor { contact: &body.contact, person: body.person.as_ref() }
}
