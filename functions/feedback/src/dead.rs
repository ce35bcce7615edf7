//! Dead letters: told apart by their form, each named to a person with what to do.

use aws_lambda_events::sqs::SqsMessage;
use domain::{CustomerId, MessageId, MessageStatus, NewTask, ServiceMailId, TaskKind, TenantId, id::digest};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::Value;
use store::{BusKind, KnownServiceMail, Result, ServiceMailResult, Store};

use crate::{outcome::FeedbackOutcome, ses};

/// Whether a message was given up before it came here.
pub fn is_dead(message: &SqsMessage) -> bool {
    let marked = message.attributes.contains_key("DeadLetterQueueSourceArn");
    // The bus says why it could not deliver to its target.
    let from_bus = ["ERROR_CODE", "RULE_ARN"].iter().any(|name| message.message_attributes.contains_key(*name));
    let queue = message.event_source_arn.as_deref().and_then(|arn| arn.rsplit(':').next()).unwrap_or_default();
    marked || from_bus || queue.contains("DeadLetters")
}

/// What a dead letter is.
#[derive(Debug, PartialEq, Eq)]
pub enum Letter {
    /// An event of ours that no sender took.
    Queued {
        /// The tenant.
        tenant: TenantId,
        /// The customer.
        customer: CustomerId,
        /// The message.
        message: MessageId,
        /// The channel's name.
        channel: String,
    },
    /// A service mail that its sender gave up.
    ServiceMail {
        /// The tenant.
        tenant: TenantId,
        /// The customer.
        customer: CustomerId,
        /// The mail.
        mail: ServiceMailId,
    },
    /// Records of the table's stream that their reader gave up.
    Stream {
        /// Whether they were to become versions of facts and rows of lists.
        kept: bool,
        /// When the first and the last of them came.
        came: Option<(Timestamp, Timestamp)>,
        /// The stream's shard.
        shard: String,
        /// First sequence number.
        from: String,
        /// Last sequence number.
        to: String,
        /// How many.
        count: u64,
    },
    /// A part of a sweep.
    Sweep {
        /// The tenant.
        tenant: TenantId,
        /// The shard of the due index.
        shard: u64,
        /// When it was handed over.
        at: String,
    },
    /// Another event of ours, or something that has no form that is known.
    Other {
        /// What is known of it, in a few words, without content.
        what: String,
    },
}

impl Letter {
    /// Tells what a message's body is.
    pub fn of(body: &Value) -> Self {
        let other = |what: &str| Self::Other { what: what.to_owned() };
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
        let tenant = |pointer: &str| text(pointer).and_then(|text| TenantId::parse(text).ok());
        if let Some(batch) = body.get("DDBStreamBatchInfo") {
            let field = |name: &str| batch.get(name).and_then(Value::as_str).unwrap_or("unknown").to_owned();
            let at = |name: &str| batch.get(name).and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
            let reader = text("/requestContext/functionArn").unwrap_or_default().to_ascii_lowercase().replace('-', "");
            return Self::Stream {
                kept: reader.contains("readmodel"),
                came: at("approximateArrivalOfFirstRecord").zip(at("approximateArrivalOfLastRecord")),
                shard: field("shardId"),
                from: field("startSequenceNumber"),
                to: field("endSequenceNumber"),
                count: batch.get("batchSize").and_then(Value::as_u64).unwrap_or(0),
            };
        }
        if text("/source") == Some("dunlin") {
            if text("/detail-type") == Some(BusKind::ServiceMailRequested.as_str()) {
                let parsed = (
                    tenant("/detail/tenant"),
                    text("/detail/customer").and_then(CustomerId::parse),
                    text("/detail/mail").and_then(ServiceMailId::parse),
                );
                return match parsed {
                    (Some(tenant), Some(customer), Some(mail)) => Self::ServiceMail { tenant, customer, mail },
                    _ => other("a ServiceMailRequested without its ids"),
                };
            }
            if text("/detail-type") != Some(BusKind::MessageQueued.as_str()) {
                return other("an event of ours that is not for a sender");
            }
            let parsed = (
                tenant("/detail/tenant"),
                text("/detail/customer").and_then(CustomerId::parse),
                text("/detail/message").and_then(MessageId::parse),
            );
            return match parsed {
                (Some(tenant), Some(customer), Some(message)) => {
                    Self::Queued { tenant, customer, message, channel: text("/detail/channel").unwrap_or("unknown").to_owned() }
                }
                _ => other("a MessageQueued without its ids"),
            };
        }
        if let (Some(tenant), Some(shard)) = (tenant("/tenant"), body.get("shard").and_then(Value::as_u64)) {
            return Self::Sweep { tenant, shard, at: text("/at").unwrap_or_default().to_owned() };
        }
        other("a message of no known form")
    }

    /// For metrics: few words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "dead_message",
            Self::ServiceMail { .. } => "dead_service_mail",
            Self::Stream { .. } => "dead_stream",
            Self::Sweep { .. } => "dead_sweep",
            Self::Other { .. } => "dead_other",
        }
    }
}

/// Names what was given up to people.
pub struct DeadLetters<'a> {
    /// The table.
    pub store: &'a Store,
    /// Now.
    pub now: Timestamp,
}

impl DeadLetters<'_> {
    /// Names a dead letter to a person.
    pub async fn say(&self, letter: Letter, queued: &SqsMessage) -> Result<FeedbackOutcome> {
        let id = queued.message_id.as_deref().unwrap_or("unknown");
        match letter {
            Letter::Queued { tenant, customer, message, channel } => {
                // Each time that the sweep tries, the message may be given up again: a person hears of it once a day.
                let key = format!("{message}:{}", self.now.to_zoned(TimeZone::UTC).date());
                let detail = format!(
                    "Message {message} of {customer} was given up on its way to the {channel} sender. It is not lost: while it \
                     waits the sweep puts it on the bus again under the same id. If this comes again, look for {message} in the \
                     log of send-{channel}, mend the cause, and see the case for where the message stands."
                );
                self.exception(&tenant, Some(&customer), key, "A message was given up on its way to its sender", detail, id).await
            }
            Letter::ServiceMail { tenant, customer, mail } => {
                let why = "it was given up on its way to its sender";
                let known = self.store.service_mail(&tenant, &customer, &mail, self.now).await?;
                // One that was taken is another sender's, who may still say what became of it.
                let waits = |known: &KnownServiceMail| known.status == MessageStatus::Queued && known.taken_at.is_none();
                let Some(known) = known.filter(waits) else {
                    tracing::warn!(tenant.id = %tenant, mail.id = %mail, "a service mail was given up that nothing waits for");
                    return Ok(FeedbackOutcome::Ignored);
                };
                let result = ServiceMailResult { status: MessageStatus::Failed, why: Some(why), provider_id: None, at: self.now };
                self.store.end_service_mail(&tenant, &customer, &mail, result).await?;
                let detail = format!(
                    "The notice {mail} ({}) to {customer} did not leave and will not: {why}. Look for {mail} in the log of send-email, mend \
                     the cause, and tell the customer by hand what it was about.",
                    known.mail.kind
                );
                self.exception(&tenant, Some(&customer), mail.to_string(), "A notice to a customer was given up", detail, id)
                    .await
            }
            Letter::Sweep { tenant, shard, at } => {
                let detail = format!(
                    "The part of the sweep of tenant {tenant}, shard {shard}, that was handed over at {at} was given up. The sweep of \
                     every minute finds the same customers due. If this comes again, look for {tenant} in the log of sweep."
                );
                self.exception(&tenant, None, format!("sweep:{shard}:{at}"), "A part of a sweep was given up", detail, id).await
            }
            Letter::Stream { kept: true, came, shard, from, to, count } => {
                let now = self.now;
                // Without a word of when, everything that the stream still keeps may be meant.
                let (first, last) = came.unwrap_or((now - SignedDuration::from_hours(24), now));
                self.store.put_gap(first, last, &from, count).await?;
                tracing::error!(
                    stream.shard = shard,
                    sequence.from = from,
                    sequence.to = to,
                    count,
                    "changes were given up before they became history and rows of lists: explanations name the gap; rebuild the lists"
                );
                Ok(FeedbackOutcome::Logged)
            }
            Letter::Stream { kept: false, came: _, shard, from, to, count } => {
                tracing::error!(
                    stream.shard = shard,
                    sequence.from = from,
                    sequence.to = to,
                    count,
                    "events of the table's stream were given up; the sweep dispatches waiting messages again, other events are lost to subscribers"
                );
                Ok(FeedbackOutcome::Logged)
            }
            Letter::Other { what } => {
                tracing::error!(
                    queue.message = id,
                    what,
                    "a dead letter was dropped; find it in the log of the function that it was for"
                );
                Ok(FeedbackOutcome::Logged)
            }
        }
    }

    /// An event of SES that cannot be taken in: an exception where its tags say whose it is.
    pub async fn malformed(&self, envelope: &Value, what: &str) -> Result<FeedbackOutcome> {
        let Some(about) = ses::about(envelope) else {
            tracing::error!(what, "an event of SES cannot be read and names no message");
            return Ok(FeedbackOutcome::Logged);
        };
        let kind =
            envelope.pointer("/detail/eventType").and_then(Value::as_str).filter(|text| text.len() <= 40).unwrap_or("unknown");
        let message = about.id();
        let detail = format!(
            "SES's event '{kind}' about message {message} was not taken in: {what}. See in SES what became of the message, and set \
             what follows from it by hand."
        );
        let key = format!("ses:{message}:{}", digest(&[&envelope.to_string()]));
        let title = "What SES says of a message could not be read";
        self.exception(about.tenant(), Some(about.customer()), key, title, detail, message).await
    }

    async fn exception(
        &self,
        tenant: &TenantId,
        customer: Option<&CustomerId>,
        key: String,
        title: &str,
        detail: String,
        id: &str,
    ) -> Result<FeedbackOutcome> {
        if self.store.tenant(tenant).await?.is_none() {
            tracing::error!(tenant.id = %tenant, id, title, "an exception of a tenant that does not exist");
            return Ok(FeedbackOutcome::Logged);
        }
        let task = NewTask {
            case: None,
            kind: TaskKind::DeadLetter,
            key,
            title: title.to_owned(),
            detail,
            to: None,
            due_on: None,
            step: None,
            currency: None,
        };
        self.store.raise(tenant, customer, &task, self.now).await?;
        tracing::warn!(tenant.id = %tenant, id, title, "exception raised");
        Ok(FeedbackOutcome::Raised)
    }
}
