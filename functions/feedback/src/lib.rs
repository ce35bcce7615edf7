//! Takes in what providers say of messages, and what was given up on the way.
//!
//! Two queues come here. The feedback queue brings SES's events in EventBridge's envelope; they settle messages, set their
//! status and suppress addresses. It also brings word of mails that came in, which are read, led to whose they are and heard.
//! By the same queue come what End User Messaging says of text messages, and text messages that came in. The dead letters are told apart by their form and become exceptions that people see.
//!
//! Any order and any number of repeats ends in the same state: suppressions only get stricter, receipts are ranked in the
//! table, and tasks have derived ids. A record that failed for now goes back to its queue; one that can never be read does not.

mod cases;
mod classified;
mod dead;
mod hear;
mod inbound;
mod inbound_bounce;
mod inbound_files;
mod inbound_notice;
mod inbound_whose;
mod outcome;
mod portal_whose;
mod ses;
mod text_inbound;
mod text_receipt;
mod verdict;

use anyhow::Context;
use aws_lambda_events::sqs::SqsMessage;
use files::Bucket;
use jiff::Timestamp;
use kit::{Clients, Clock, Env};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};
use store::{SentMail, Store, Vault};

use dead::DeadLetters;
use inbound::Inbound;
use outcome::FeedbackOutcome;
use ses::{SesEvent, SesEventKind, SesSubject};

/// The function.
pub struct Handler {
    store: Store,
    clock: Clock,
    /// Absent where no mails are taken in.
    inbound: Option<Inbound>,
    /// Whether text messages are taken in.
    hears_texts: bool,
}

impl Handler {
    /// Builds the clients that it uses.
    ///
    /// # Errors
    ///
    /// When a variable is missing, or the bucket's region or credentials are.
    pub fn new(env: &Env, clients: &Clients, clock: Clock) -> anyhow::Result<Self> {
        let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), env.require("TABLE_NAME")?);
        let inbound = match env.get("INBOUND_DOMAIN") {
            Some(domain) => {
                let bucket_name = env.require("BUCKET_NAME").context("mails that come in lie in a bucket")?.to_owned();
                let vault = Vault::new(aws_sdk_kms::Client::new(&clients.sdk), store.clone(), None);
                Some(Inbound { bucket: Bucket::new(clients, &bucket_name)?, bucket_name, vault, domain: domain.to_lowercase() })
            }
            None => None,
        };
        let hears_texts = env.get("SMS_TWO_WAY") == Some("true");
        Ok(Self { store, clock, inbound, hears_texts })
    }

    /// Handles a batch of either queue. The answer names the records that are to come again.
    ///
    /// # Errors
    ///
    /// When the payload is no batch, or a record that failed has no id to name it by.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        let Some(Value::Array(records)) = event.payload.get("Records") else {
            return Err("the payload is no batch of a queue".into());
        };
        let mut failed = Vec::new();
        for record in records {
            // By itself, so that one that is malformed spoils no other.
            let Ok(message) = serde_json::from_value::<SqsMessage>(record.clone()) else {
                tracing::error!("a record of a queue has another form and is dropped");
                continue;
            };
            // Boxed: the layers of futures below are deeper than the compiler follows.
            let (kind, result) = Box::pin(self.one(&message)).await;
            let now = self.clock.now();
            match result {
                Ok(done) => {
                    kit::metrics::emit(now, &[("kind", kind), ("result", done.word())], &[("feedback", 1)]);
                }
                Err(error) => {
                    tracing::warn!(kind, error = kit::causes(&error), "a record could not be taken in and comes again");
                    let id = message.message_id.ok_or("a record that failed has no id")?;
                    failed.push(json!({ "itemIdentifier": id }));
                }
            }
        }
        Ok(json!({ "batchItemFailures": failed }))
    }

    async fn one(&self, message: &SqsMessage) -> (&'static str, store::Result<FeedbackOutcome>) {
        let text = message.body.as_deref().unwrap_or_default();
        let Ok(body) = serde_json::from_str::<Value>(text) else {
            tracing::error!(queue.message = message.message_id, bytes = text.len(), "a message that is not JSON is dropped");
            return ("unreadable", Ok(FeedbackOutcome::Logged));
        };
        if body["source"] == "aws.ses" {
            let result = self.ses(&body, dead::is_dead(message)).await;
            return ("ses", result);
        }
        if body["source"] == "aws.sms-voice" {
            return ("text_receipt", Box::pin(self.text_receipt(&body, dead::is_dead(message))).await);
        }
        if let Some(text) = text_inbound::TextIn::of(&body, queued_at(message), self.clock.now()) {
            return ("text", Box::pin(self.text(&text, dead::is_dead(message))).await);
        }
        if let Some(notice) = inbound_notice::notice_in(&body) {
            return ("mail", Box::pin(self.mail(&notice, dead::is_dead(message))).await);
        }
        let letter = dead::Letter::of(&body);
        (letter.kind(), self.dead_letters().say(letter, message).await)
    }

    fn dead_letters(&self) -> DeadLetters<'_> {
        DeadLetters { store: &self.store, now: self.clock.now() }
    }

    /// Word of a mail that came in. One that was given up before is tried once more; then it is in the log, and in the bucket.
    async fn mail(&self, notice: &Value, dead: bool) -> store::Result<FeedbackOutcome> {
        let now = self.clock.now();
        let Some(inbound) = &self.inbound else {
            tracing::error!(
                "a mail came in, and this deployment takes none in: name InboundDomain, or take the rule of SES away"
            );
            return Ok(FeedbackOutcome::Logged);
        };
        let notice = match inbound_notice::read_notice(notice, now) {
            Ok(notice) => notice,
            Err(malformed) => {
                tracing::error!(malformed, "word of a mail that came in cannot be read");
                return Ok(FeedbackOutcome::Logged);
            }
        };
        match Box::pin(inbound.take(&self.store, &notice, now)).await {
            Err(error @ (store::Error::Refused { .. } | store::Error::Corrupt { .. })) if dead => {
                tracing::error!(
                    ses.mail = notice.message_id,
                    error = kit::causes(&error),
                    "a mail that came in was given up: it lies in the bucket"
                );
                Ok(FeedbackOutcome::Logged)
            }
            result => result,
        }
    }

    /// An event about a text message that left. One that was given up before is tried once more; then it is in the log.
    async fn text_receipt(&self, envelope: &Value, dead: bool) -> store::Result<FeedbackOutcome> {
        let now = self.clock.now();
        let Some(receipt) = text_receipt::TextReceipt::read(envelope, now) else {
            tracing::error!("an event about a text message cannot be read");
            return Ok(FeedbackOutcome::Logged);
        };
        match text_receipt::apply(&self.store, &receipt, self.hears_texts, now).await {
            Err(error @ (store::Error::Refused { .. } | store::Error::Corrupt { .. })) if dead => {
                tracing::error!(kind = receipt.kind, error = kit::causes(&error), "an event about a text message was given up");
                Ok(FeedbackOutcome::Logged)
            }
            result => result,
        }
    }

    /// A text message that came in. One that was given up before is tried once more; then it is in the log.
    async fn text(&self, text: &text_inbound::TextIn, dead: bool) -> store::Result<FeedbackOutcome> {
        if !self.hears_texts {
            tracing::error!(
                "a text message came in, and this deployment takes none in: set SmsTwoWay, or take the topic off the number"
            );
            return Ok(FeedbackOutcome::Logged);
        }
        match Box::pin(text_inbound::take(&self.store, text, self.clock.now())).await {
            Err(error @ (store::Error::Refused { .. } | store::Error::Corrupt { .. })) if dead => {
                tracing::error!(
                    inbound.message = text.id,
                    error = kit::causes(&error),
                    "a text message that came in was given up"
                );
                Ok(FeedbackOutcome::Logged)
            }
            result => result,
        }
    }

    /// An event of SES. One that was given up before is tried once more; then a person looks at it.
    async fn ses(&self, envelope: &Value, dead: bool) -> store::Result<FeedbackOutcome> {
        let now = self.clock.now();
        let event = match ses::read(envelope, now) {
            Ok(event) => event,
            Err(malformed) => return self.dead_letters().malformed(envelope, &malformed).await,
        };
        match Box::pin(verdict::apply(&self.store, &event, now)).await {
            Err(error @ (store::Error::Refused { .. } | store::Error::Corrupt { .. })) if dead => {
                tracing::error!(error = kit::causes(&error), "an event of SES was given up");
                self.dead_letters()
                    .malformed(
                        envelope,
                        &format!("it could not be taken in ({error}); mend the item, then the message's status by hand"),
                    )
                    .await
            }
            Ok(FeedbackOutcome::Noted) => {
                self.note_sent(&event, now).await?;
                Ok(FeedbackOutcome::Noted)
            }
            result => result,
        }
    }

    /// Keeps under which id of SES a message left, where answers come in: one may name nothing else of it.
    async fn note_sent(&self, event: &SesEvent, now: Timestamp) -> store::Result<()> {
        if self.inbound.is_some()
            && let (SesEventKind::Send, Some(id), Some(SesSubject::Message(about))) =
                (&event.kind, &event.provider_id, &event.about)
        {
            let mail = SentMail { customer: about.customer.clone(), message: about.message.clone(), number: about.number };
            self.store.note_sent_mail(&about.tenant, id, &mail, now).await?;
        }
        Ok(())
    }
}

/// When a message was put into its queue.
fn queued_at(message: &SqsMessage) -> Option<Timestamp> {
    message.attributes.get("SentTimestamp").and_then(|ms| ms.parse().ok()).and_then(|ms| Timestamp::from_millisecond(ms).ok())
}
