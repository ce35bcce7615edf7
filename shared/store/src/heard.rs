//! What is heard of messages after they left: receipts, bounces, complaints, replies, opt-outs.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{
    AddressFact, Channel, CustomerId, MessageId, Mode, Outcome, PendingStatus, Suppression, SuppressionReason, TenantId,
    address_key,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Entry, Error, Head, Result, Store,
    db::{Change, Transacted, Wrote, json, n, s, to_json},
    head::{Wake, bump, millis},
    keys, record,
    record::Record,
    settle::{Conclusion, Settled},
};

/// What a provider says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// It left.
    Sent,
    /// It arrived.
    Delivered,
    /// It did not arrive.
    Bounced {
        /// And never will at this address.
        permanent: bool,
    },
    /// Its reader complained.
    Complained,
    /// The provider refused it after all.
    Rejected,
    /// The provider could not make it from its parts.
    RenderingFailed,
}

impl Heard {
    fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Bounced { permanent: true } => "bounced",
            Self::Bounced { permanent: false } => "bounced_for_now",
            Self::Complained => "complained",
            Self::Rejected => "rejected",
            Self::RenderingFailed => "rendering_failed",
        }
    }

    /// Whether it proves that nobody got the message.
    fn proves_loss(self) -> bool {
        match self {
            Self::Bounced { permanent } => permanent,
            Self::Rejected | Self::RenderingFailed => true,
            Self::Sent | Self::Delivered | Self::Complained => false,
        }
    }
}

/// Which word stands, whatever the order in which they were heard.
fn rank(word: &str) -> u8 {
    match word {
        "sent" | "shadow" | "in_doubt" => 1,
        "bounced_for_now" => 2,
        "delivered" => 3,
        "bounced" | "rejected" | "rendering_failed" => 4,
        "complained" => 5,
        _ => 0,
    }
}

/// A message, wherever it stands.
#[derive(Clone, Debug)]
pub enum Found {
    /// Not settled.
    Pending(Box<Head>, Box<Entry>),
    /// Settled.
    Record(Box<Record>),
    /// Not known.
    Nothing,
}

#[derive(Serialize, Deserialize)]
struct Note {
    heard: Heard,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider_id: Option<String>,
    number: u64,
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
        let Some(head) = self.head(tenant, customer).await? else { return Ok(Found::Nothing) };
        if let Some(entry) = head.pending.get(message).cloned() {
            return Ok(Found::Pending(Box::new(head), Box::new(entry)));
        }
        match self.record_row(tenant, customer, number, message).await? {
            Some((_, item)) => Ok(Found::Record(Box::new(self.record_of(tenant, customer, item).await?))),
            None => Ok(Found::Nothing),
        }
    }

    async fn record_row(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        number: u64,
        message: &MessageId,
    ) -> Result<Option<(keys::Key, record::RecordItem)>> {
        let pk = keys::customer(tenant, customer);
        let from = keys::records_of(number);
        let to = crate::db::last_of(&from);
        let rows = self.range("find a message of", crate::db::Range::new(&pk, &from, &to, 1_000)).await?;
        for row in &rows {
            let item = record::read(row)?;
            if let Some(body) = &item.body.message
                && body.id == *message
            {
                return Ok(Some((keys::record(tenant, customer, number, body.position), item)));
            }
        }
        Ok(None)
    }

    /// Takes in what a provider says of a message: settles it where its sender did not, and notes it on the record. Proof
    /// that nobody got it opens the step again, by another way. The same words in any order and number end the same. False
    /// when no such message is known, or it never left.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    #[expect(clippy::too_many_arguments, reason = "they are the parts of one sentence that a provider says")]
    pub async fn receipt(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        number: u64,
        message: &MessageId,
        heard: Heard,
        at: Timestamp,
        provider_id: Option<&str>,
        now: Timestamp,
    ) -> Result<bool> {
        for _ in 0..4 {
            match self.find_message(tenant, customer, number, message).await? {
                Found::Nothing => return Ok(false),
                Found::Record(_) => {
                    return self.note_record(tenant, customer, number, message, heard, at, provider_id, now).await;
                }
                Found::Pending(_, entry) => match entry.message.status {
                    PendingStatus::Queued | PendingStatus::Retrying => return Ok(false),
                    PendingStatus::Calling => {
                        // Its sender is about to record the result; it takes this note along.
                        let note = Note { heard, at, provider_id: provider_id.map(str::to_owned), number };
                        let loudest = entry
                            .heard
                            .as_deref()
                            .and_then(|text| serde_json::from_str::<Note>(text).ok())
                            .filter(|before| rank(before.heard.word()) > rank(heard.word()))
                            .unwrap_or(note);
                        let change = self
                            .of_pending(tenant, customer, message)
                            .when("#p.#m.s = :calling")
                            .value(":calling", s("calling"))
                            .value(":note", s(to_json(&loudest)))
                            .set("#p.#m.hd = :note");
                        if let Wrote::Done(_) = self.write("note what was heard of", change, false).await? {
                            return Ok(true);
                        }
                    }
                    PendingStatus::Unknown => {
                        let status = if heard.proves_loss() { Settled::Failed } else { Settled::Sent };
                        let how = Conclusion { status, at: now, contacted_at: at, reason: heard.word(), provider_id };
                        let allowed = |entry: &Entry| entry.message.status == PendingStatus::Unknown;
                        self.conclude(tenant, customer, message, &how, allowed, Vec::new).await?;
                    }
                },
            }
        }
        Err(Error::Conflict { operation: "take a receipt for", id: message.to_string() })
    }

    /// Takes in a note that was left while the sender was calling.
    pub(crate) async fn replay(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        message: &MessageId,
        note: &str,
        now: Timestamp,
    ) -> Result<()> {
        let Ok(note) = serde_json::from_str::<Note>(note) else { return Ok(()) };
        let provider_id = note.provider_id.as_deref();
        // Boxed: settling and hearing call each other, at most twice deep.
        Box::pin(self.receipt(tenant, customer, note.number, message, note.heard, note.at, provider_id, now)).await?;
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "they are the parts of one sentence that a provider says")]
    async fn note_record(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        number: u64,
        message: &MessageId,
        heard: Heard,
        at: Timestamp,
        provider_id: Option<&str>,
        now: Timestamp,
    ) -> Result<bool> {
        const OP: &str = "note what was heard of";
        for _ in 0..4 {
            let Some((key, item)) = self.record_row(tenant, customer, number, message).await? else { return Ok(false) };
            let Some(outcome) = item.outcome else { return Ok(false) };
            let word = heard.word();
            let name = format!("at_{word}");
            let louder = rank(word) > rank(&item.status);
            let lost = heard.proves_loss() && outcome.satisfies();
            // Word that it left settles a doubt; it never undoes a proof of loss.
            let settled = !heard.proves_loss() && outcome == Outcome::Unknown;
            let mut change = Change::of(key)
                .name("#at", &name)
                .set("#at = if_not_exists(#at, :at)")
                .value(":at", n(millis(at)))
                .name("#st", "st")
                .when("#st = :seen")
                .value(":seen", s(item.status.clone()))
                .put("outbox", s("r"));
            if louder || settled {
                change = change.put("st", s(word));
            }
            if let Some(id) = provider_id {
                change = change.set("pid = if_not_exists(pid, :pid)").value(":pid", s(id));
            }
            if !lost && !settled {
                if let Wrote::Done(_) = self.write(OP, change, false).await? {
                    return Ok(true);
                }
                continue;
            }
            change = change.put("oc", s(record::word(if lost { Outcome::Undelivered } else { Outcome::Sent })));
            let head = self.must_head(tenant, customer).await?;
            let wake = Wake::of(Some(&head), customer, 1, now);
            let mut of_head = bump(tenant, customer, &wake, &format!("COV#{number}"), now);
            if lost {
                of_head = self.contact_before(of_head, tenant, customer, message).await?;
            }
            let actions = vec![of_head.update(self), change.update(self)];
            if let Transacted::Done = self.transact(OP, message.as_str(), actions).await? {
                return Ok(true);
            }
        }
        Err(Error::Conflict { operation: OP, id: message.to_string() })
    }

    /// The last contacts as they are without `message`, which nobody got.
    async fn contact_before(
        &self,
        change: Change,
        tenant: &TenantId,
        customer: &CustomerId,
        message: &MessageId,
    ) -> Result<Change> {
        let records = self.records(tenant, customer, 50).await?;
        let last = |mode: Mode| {
            records
                .iter()
                .flat_map(|record| &record.coverage)
                .filter(|coverage| coverage.message.as_ref().is_some_and(|id| id != message))
                .filter(|coverage| coverage.outcome.satisfies() && coverage.mode == mode)
                .map(|coverage| coverage.at)
                .max()
        };
        let mut change = change;
        for (name, at) in [("la", last(Mode::Live)), ("ls", last(Mode::Shadow))] {
            change = match at {
                Some(at) => change.put(name, n(millis(at))),
                None => change.drop(name),
            };
        }
        Ok(change)
    }

    /// Never uses an address on a channel again. The strictest reason stands; with `customer` its head is bumped in the same
    /// transaction.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn suppress(
        &self,
        tenant: &TenantId,
        channel: Channel,
        address: &str,
        reason: SuppressionReason,
        at: Timestamp,
        customer: Option<&CustomerId>,
    ) -> Result<()> {
        const OP: &str = "suppress an address for";
        let key = keys::address(tenant, &address_key(channel, address));
        let strictness = |reason: SuppressionReason| match reason {
            SuppressionReason::Bounce => 0,
            SuppressionReason::Complaint => 1,
            SuppressionReason::OptOut => 2,
            SuppressionReason::Cease => 3,
        };
        for _ in 0..4 {
            let row = self.read(OP, &key, true).await?;
            let mut fact: AddressFact = row.as_ref().map(|row| json(row, "doc")).transpose()?.unwrap_or_default();
            if fact.suppressed.as_ref().is_some_and(|known| strictness(known.reason) >= strictness(reason)) {
                return Ok(());
            }
            fact.suppressed = Some(Suppression { reason, at });
            let mut actions: Vec<TransactWriteItem> = vec![self.address_change(key.clone(), row.as_ref(), &fact).update(self)];
            if let Some(customer) = customer
                && let Some(head) = self.head(tenant, customer).await?
            {
                let wake = Wake::of(Some(&head), customer, 1, at);
                actions.push(bump(tenant, customer, &wake, "ADR", at).update(self));
            }
            if let Transacted::Done = self.transact(OP, customer.map_or("", CustomerId::as_str), actions).await? {
                return Ok(());
            }
        }
        Err(Error::Conflict { operation: OP, id: customer.map_or_else(String::new, ToString::to_string) })
    }

    /// Writes what is known of an address if nobody wrote it since it was read.
    pub(crate) fn address_change(&self, key: keys::Key, seen: Option<&crate::db::Row>, fact: &AddressFact) -> Change {
        let change = Change::of(key).put("doc", s(to_json(fact))).add("rev :one").value(":one", n(1));
        match seen.and_then(|row| crate::db::number::<u64>(row, "rev")) {
            Some(rev) => change.when("rev = :rev").value(":rev", n(rev)),
            None => change.when("attribute_not_exists(pk)"),
        }
    }

    /// Notes that the customer replied; only a later reply changes it.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn replied(&self, tenant: &TenantId, customer: &CustomerId, at: Timestamp) -> Result<()> {
        for _ in 0..4 {
            let head = self.must_head(tenant, customer).await?;
            if head.replied_at.is_some_and(|known| millis(known) >= millis(at)) {
                return Ok(());
            }
            let wake = Wake::of(Some(&head), customer, 1, at);
            let change = bump(tenant, customer, &wake, "REPLY", at).put("ra", n(millis(at)));
            if let Wrote::Done(_) = self.write("note a reply of", change, false).await? {
                return Ok(());
            }
        }
        Err(Error::Conflict { operation: "note a reply of", id: customer.to_string() })
    }
}
