//! Tells people of the tenant of work: what steps want them told, what rules of the settings say, and what is overdue.
//!
//! `TaskCreated` makes the notices of a task, each an item with one life, and those whose moment has come leave at once. A tick finds the others
//! when theirs comes: after quiet hours, with the digest, when a task is overdue, and after a channel refused for a while. Nothing here goes to a
//! customer.
//!
//! | module | does |
//! |---|---|
//! | `made` | which notices a task has, of whom, and when: pure |
//! | `told` | one notice, or the rows of a digest: looked at again, taken, sent, and what became of it |
//! | `people` | who is there to be told |
//! | `wording` | what a notice says: enough to act on |
//! | `slack`, `teams` | the same as their channels take it, and what their answers mean |
//! | `ways`, `outcome` | the calls, and how one ended |

mod made;
mod outcome;
mod people;
mod slack;
mod teams;
mod told;
mod ways;
mod wording;

use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use domain::{TaskId, TenantId};
use kit::{Budget, Clients, Clock, Env, Queued};
use lambda_runtime::{Error, LambdaEvent};
use reading::Web;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Store, Vault};

use told::Desk;
use ways::Ways;

/// What an invocation leaves itself to end what it is at.
const MARGIN: Duration = Duration::from_secs(45);

/// The function.
pub struct Handler {
    desk: Desk,
}

/// The part of a `TaskCreated` event that matters, as a rule puts it on the queue.
#[derive(Debug, Deserialize)]
struct Created {
    detail: Queued<Detail>,
}

#[derive(Debug, Deserialize)]
struct Detail {
    tenant: TenantId,
    task: TaskId,
}

impl Handler {
    /// Reads `TABLE_NAME`, `CONFIGURATION_SET`, `NOTICE_TOPIC` (may be empty: then nothing goes by SNS), `CONSOLE_URL` (may be empty: then notices have
    /// no link) and `STAND_INS`.
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn new(env: &Env, clients: &Clients, clock: Clock) -> anyhow::Result<Self> {
        let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), env.require("TABLE_NAME")?);
        // A second try could tell people twice: those of other calls are of the table alone.
        let sns = aws_sdk_sns::config::Builder::from(&clients.sdk);
        let sns = sns.retry_config(aws_sdk_sns::config::retry::RetryConfig::disabled()).build();
        let ways = Ways {
            vault: Vault::new(aws_sdk_kms::Client::new(&clients.sdk), store.clone(), None),
            mail: (channels::SES.connect)(&clients.sdk, &env.lookup()),
            sns: aws_sdk_sns::Client::from_conf(sns),
            topic: filled(env.get("NOTICE_TOPIC")),
            web: Web::default(),
            stand_ins: env.get("STAND_INS") == Some("loopback"),
        };
        let console_url = filled(env.get("CONSOLE_URL")).map(|url| url.trim_end_matches('/').to_owned());
        env.require("CONFIGURATION_SET")?;
        Ok(Self { desk: Desk { store, ways, console_url, clock } })
    }

    /// Handles a batch of the queue, or a tick of the schedule. The answer to a batch names the records that are to come again.
    ///
    /// # Errors
    ///
    /// When the batch cannot be read, or the notices cannot be listed.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        let budget = Budget::until(event.context.deadline(), self.desk.clock.now(), MARGIN);
        if event.payload.get("Records").is_some() {
            return self.batch(serde_json::from_value(event.payload)?, &budget).await;
        }
        // Boxed: the layers of futures below are deeper than the compiler follows.
        let answer = Box::pin(self.desk.tick(&budget)).await?;
        Ok(serde_json::to_value(answer)?)
    }

    async fn batch(&self, batch: SqsEvent, budget: &Budget) -> Result<Value, Error> {
        let mut failures = Vec::new();
        for record in batch.records {
            let id = record.message_id.as_deref().unwrap_or("unknown");
            let done = match serde_json::from_str::<Created>(record.body.as_deref().unwrap_or_default()) {
                Ok(_) if budget.is_over() => Err("there is no time left".to_owned()),
                Ok(created) => {
                    let Detail { tenant, task } = created.detail.content;
                    let done = Box::pin(self.desk.task_created(&tenant, &task)).await;
                    done.map_err(|error| kit::causes(&error))
                }
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = done {
                tracing::warn!(queue.message = id, error, "a task could not be told of, and comes again");
                failures.push(json!({ "itemIdentifier": record.message_id }));
            }
        }
        Ok(json!({ "batchItemFailures": failures }))
    }
}

/// A variable that says something: an empty parameter of the template is none.
fn filled(variable: Option<&str>) -> Option<String> {
    variable.filter(|text| !text.is_empty()).map(str::to_owned)
}
