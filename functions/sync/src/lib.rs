//! Reads changed objects back from accounting systems, and writes payments into them that were taken here.
//!
//! A webhook of ids leaves hints in the table; the stream turns them into `SyncRequested`, whose queue this function drains. A
//! tick of the schedule finds the connections that are due: for a poll, a comparison, a page of their first reading, or another
//! try. Either way one reader at a time has a connection ([`run`]), whatever number of events asked for it, so that a vendor's
//! limits are met and what was read later is applied later.
//!
//! | module | does |
//! |---|---|
//! | `run` | the order of work, the end of the time |
//! | `session` | the connection that is read, the lease on it, why the work stops |
//! | `hints` | objects that webhooks pointed at |
//! | `payments_written` | payments that were taken here, written into the books |
//! | `poll` | the first reading, and what changed since |
//! | `compare` | open balances here against those in the books |
//! | `tally` | what is open of whom, on one side and the other |
//! | `objects` | objects by id, of which one may spoil the answer for all |
//! | `limited` | a vendor that only ever says that it was asked too often |
//! | `take` | applies a page: customers first, unreadable objects to people |
//! | `trouble` | what a vendor's trouble leads to: waiting, or a person |

mod compare;
mod hints;
mod limited;
mod objects;
mod past;
mod payments_written;
mod poll;
mod run;
mod session;
mod take;
mod tally;
mod trouble;

use std::{collections::BTreeSet, time::Duration};

use anyhow::Context;
use aws_lambda_events::sqs::SqsEvent;
use domain::TenantId;
use jiff::Timestamp;
use kit::{Budget, Clients, Clock, Env, Queued};
use lambda_runtime::{Error, LambdaEvent};
use reading::Web;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Store, Vault};

use session::{Run, Tools};

/// What an invocation leaves itself to give its leases back in.
const MARGIN: Duration = Duration::from_secs(30);
/// Connections that one tick takes; the others are handed to the queue.
const TAKEN_MAX: usize = 4;
/// Connections that one tick looks at.
const DUE_MAX: i32 = 500;

/// The function.
pub struct Handler {
    tools: Tools,
    queue: aws_sdk_sqs::Client,
    queue_url: String,
}

/// The part of a `SyncRequested` event that matters, as a rule puts it on the queue, and of a hand-over.
#[derive(Debug, Serialize, Deserialize)]
struct Requested {
    detail: Queued<Detail>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Detail {
    tenant: TenantId,
    source: String,
}

/// What a tick did.
#[derive(Debug, Default, Serialize)]
struct Answer {
    read: u64,
    handed_over: u64,
    /// The earliest moment at which a connection is due; none is never.
    idle_until: Option<Timestamp>,
}

impl Handler {
    /// Builds the clients that it uses.
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn new(env: &Env, clients: &Clients, clock: Clock) -> anyhow::Result<Self> {
        let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), env.require("TABLE_NAME")?);
        let tools = Tools {
            vault: Vault::new(aws_sdk_kms::Client::new(&clients.sdk), store.clone(), None),
            store,
            web: Web::default(),
            clock,
        };
        let queue = aws_sdk_sqs::Client::new(&clients.sdk);
        Ok(Self { tools, queue, queue_url: env.require("SYNC_QUEUE_URL")?.to_owned() })
    }

    /// Handles a batch of the queue, or a tick of the schedule.
    ///
    /// # Errors
    ///
    /// When the batch cannot be read, or the connections cannot be listed.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        let budget = Budget::until(event.context.deadline(), self.tools.clock.now(), MARGIN);
        if event.payload.get("Records").is_some() {
            return self.batch(serde_json::from_value(event.payload)?, &budget).await;
        }
        let now = self.tools.clock.now();
        let (due, next) = self.tools.store.books_due(now, DUE_MAX).await?;
        let mut answer = Answer { idle_until: next, ..Answer::default() };
        for (at, (tenant, source)) in due.into_iter().enumerate() {
            let detail = Detail { tenant, source };
            if at >= TAKEN_MAX || budget.is_over() {
                self.hand_over(detail).await?;
                answer.handed_over += 1;
                continue;
            }
            answer.read += 1;
            let next = self.read(&detail, &budget).await;
            answer.idle_until = [answer.idle_until, next].into_iter().flatten().min();
        }
        Ok(serde_json::to_value(answer)?)
    }

    /// Many messages may ask for one connection: it is read once. A message that cannot be read comes again, alone.
    async fn batch(&self, batch: SqsEvent, budget: &Budget) -> Result<Value, Error> {
        let mut wanted = BTreeSet::new();
        let mut failures = Vec::new();
        for record in batch.records {
            match serde_json::from_str::<Requested>(record.body.as_deref().unwrap_or_default()) {
                Ok(requested) => _ = wanted.insert(requested.detail.content),
                Err(error) => {
                    let id = record.message_id.as_deref().unwrap_or("unknown");
                    tracing::warn!(queue.message = id, error = %error, "a message of the sync queue cannot be read and is given back");
                    failures.push(json!({ "itemIdentifier": record.message_id }));
                }
            }
        }
        for detail in wanted {
            self.read(&detail, budget).await;
        }
        Ok(json!({ "batchItemFailures": failures }))
    }

    /// Reads one connection's books as far as there is time; what goes wrong with it holds no other up. Answers when it is due.
    async fn read(&self, detail: &Detail, budget: &Budget) -> Option<Timestamp> {
        let Detail { tenant, source } = detail;
        let read = Run { tools: &self.tools, tenant, source, budget }.run().await;
        let outcome = match read {
            Ok(run::Outcome { due_at: Some(due_at), unfinished: false }) => return Some(due_at),
            Ok(run::Outcome { unfinished: true, .. }) => {
                self.hand_over(Detail { tenant: tenant.clone(), source: source.clone() }).await
            }
            Ok(run::Outcome { due_at: None, .. }) => return None,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            let error = format!("{error:#}");
            tracing::warn!(tenant.id = %tenant, source, error, "a connection could not be read; the next tick tries again");
        }
        Some(self.tools.clock.now())
    }

    async fn hand_over(&self, detail: Detail) -> anyhow::Result<()> {
        let body = serde_json::to_string(&Requested { detail: Queued::new(detail) })?;
        let sent = self.queue.send_message().queue_url(&self.queue_url).message_body(body).send().await;
        sent.context("a connection could not be handed to the queue").map(|_| ())
    }
}
