//! Keeps the history of facts and the rows of lists, and looks whether records are as they were written: the second and last reader of the
//! table's stream. A tick each hour goes on with the walk over what is ranked by amounts, which begins at the tenant's midnight, and with the
//! day's walk over whole chains of records and of the audit, which ends with the daily record: what was counted, and what the gate answered
//! to its self-test. It also queues events for the subscriptions of outside systems, because the stream has the order of each customer's.
//!
//! Delivery is at least once, and in any order of items: what a row says is read from the item as it is now. A record that cannot be read is
//! passed over with an error in the log, because a shard that waits for it would hold up every list behind it. What could not be written is
//! reported, and the stream brings it and all after it again.

mod amounts;
mod chain;
mod daily;
mod outbox;
mod quiet;
mod record;

use std::time::Duration;

use futures::future::join_all;
use kit::{Budget, Clients, Clock, Env, StreamBatch};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};
use store::{Followed, Kept, NewVersion, RecordChange, Rewrite, Seen, Store, Vault};

use amounts::Amounts;
use chain::Chains;
use outbox::Outbox;

/// What an invocation leaves itself to answer in.
const MARGIN: Duration = Duration::from_secs(5);
/// Versions, and items whose rows are written, at once.
const AT_ONCE: usize = 8;

/// What a record asks for.
#[derive(Clone, Copy)]
enum What<'a> {
    Version(&'a NewVersion),
    Rows(&'a Rewrite),
}

/// The function.
pub struct Handler {
    store: Store,
    vault: Vault,
    chains: Chains,
    amounts: Amounts,
    outbox: Outbox,
    clock: Clock,
}

impl Handler {
    /// Builds the clients that it uses.
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn new(env: &Env, clients: &Clients, clock: Clock) -> anyhow::Result<Self> {
        let db = aws_sdk_dynamodb::Client::new(&clients.sdk);
        let store = Store::new(db, env.require("TABLE_NAME")?);
        let vault = Vault::new(aws_sdk_kms::Client::new(&clients.sdk), store.clone(), None);
        let chains = Chains::new(store.clone(), vault.clone(), clock.clone());
        let amounts = Amounts::new(store.clone(), clock.clone());
        let outbox = Outbox::new(store.clone(), clients, env.require("DELIVER_QUEUE_URL")?);
        Ok(Self { store, vault, chains, amounts, outbox, clock })
    }

    /// Handles a batch of the table's stream, or a tick of the schedule. The answer to a batch names the first record that is not done, that to
    /// a tick when there is next something to do.
    ///
    /// # Errors
    ///
    /// When a batch is none, nothing of it could be read from the table, a record that failed has no number to name it by, or a tick cannot list
    /// the tenants.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        let budget = Budget::until(event.context.deadline(), self.clock.now(), MARGIN);
        if event.payload["detail-type"] == "Scheduled Event" {
            // What people look at in the morning comes first.
            let tenants = self.store.tenants().await?;
            let amounts = self.amounts.walk(&tenants, &budget).await;
            let chains = self.chains.walk(&tenants, &budget).await;
            return Ok(json!({ "idle_until": amounts.min(chains) }));
        }
        let mut batch = StreamBatch::of(event.payload, record::read)?;
        let mut changes: Vec<Followed> = Vec::new();
        let mut places: Vec<usize> = Vec::new();
        let mut versions: Vec<(usize, NewVersion)> = Vec::new();
        let mut records: Vec<(usize, RecordChange)> = Vec::new();
        for (at, said) in std::mem::take(&mut batch.read) {
            let Some((change, seen)) = said else { continue };
            records.extend(Store::record_change(&change).map(|record| (at, record)));
            versions.extend(Store::version_of(&change, &seen).map(|version| (at, version)));
            changes.push(change);
            places.push(at);
        }
        let rewrites = self.store.rewrites(&changes).await?;
        let rewrites: Vec<(usize, Rewrite)> =
            rewrites.into_iter().filter_map(|rewrite| Some((*places.get(rewrite.record)?, rewrite))).collect();
        let counts = [("listed", rewrites.len()), ("versions", versions.len())];
        let counts: Vec<(&str, u64)> = counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| (name, u64::try_from(count).unwrap_or(u64::MAX)))
            .collect();
        let unwritten = self.write(&versions, &rewrites, &budget).await;
        // A task ranks by what its customer's head says now: after the rows, which are made from the same.
        let unranked = self.amounts.rank(&changes, &places, &budget).await;
        let unseen = self.chains.check(&records, &budget).await;
        let unqueued = self.outbox.queue(&changes, &places, (&budget, self.clock.now())).await;
        kit::metrics::emit(self.clock.now(), &[("function", "read-model")], &counts);
        let failed = unwritten.into_iter().chain(unranked).chain(unseen).chain(unqueued).min();
        Ok(batch.answer(failed.as_ref().map(|(at, reason)| (*at, reason.as_str())))?)
    }

    /// Writes as far as time allows; the first record of which something is not written, and why.
    async fn write(
        &self,
        versions: &[(usize, NewVersion)],
        rewrites: &[(usize, Rewrite)],
        budget: &Budget,
    ) -> Option<(usize, String)> {
        let versions = versions.iter().map(|(at, version)| (*at, What::Version(version)));
        let whats = versions.chain(rewrites.iter().map(|(at, rewrite)| (*at, What::Rows(rewrite))));
        let whats: Vec<(usize, What<'_>)> = whats.collect();
        let mut left: Vec<(usize, String)> = Vec::new();
        let mut lost: Vec<(usize, &Seen)> = Vec::new();
        for some in whats.chunks(AT_ONCE) {
            let mut each = Vec::with_capacity(some.len());
            for (at, what) in some {
                each.push(self.write_one(*at, *what, budget));
            }
            for done in join_all(each).await {
                match done {
                    Ok(not_kept) => lost.extend(not_kept),
                    Err(failed) => left.push(failed),
                }
            }
        }
        left.extend(self.note_gap(&lost).await);
        left.into_iter().min()
    }

    /// Writes one thing. Of a version that is passed over it says which: the record, and when it came.
    async fn write_one<'a>(
        &self,
        at: usize,
        what: What<'a>,
        budget: &Budget,
    ) -> Result<Option<(usize, &'a Seen)>, (usize, String)> {
        if budget.is_over() {
            return Err((at, "the time is up".to_owned()));
        }
        let wrote = match what {
            What::Version(version) => match self.vault.put_version(version).await {
                // Every other tenant's lists would wait behind it: only saving the tenant's settings makes its keys.
                Ok(Kept::Not(tenant)) => {
                    tracing::error!(
                        tenant.id = tenant.as_str(),
                        "a version is not kept, because the tenant has no key to seal it with: save its settings through the admin API"
                    );
                    return Ok(Some((at, &version.seen)));
                }
                Ok(Kept::Whole) => Ok(()),
                Err(error) => Err(error),
            },
            What::Rows(rewrite) => self.store.rewrite(rewrite).await,
        };
        wrote.map(|()| None).map_err(|error| (at, error.to_string()))
    }

    /// Notes that versions are missing, so that explanations say why they differ. Where that fails, the first of their records comes again.
    async fn note_gap(&self, lost: &[(usize, &Seen)]) -> Option<(usize, String)> {
        let (at, first) = lost.iter().min_by_key(|(at, _)| *at)?;
        let from = lost.iter().map(|(_, seen)| seen.at).min()?;
        let until = lost.iter().map(|(_, seen)| seen.at).max()?;
        let count = u64::try_from(lost.len()).unwrap_or(u64::MAX);
        let noted = self.store.put_gap(from, until, &first.sequence, count).await;
        noted.err().map(|error| (*at, error.to_string()))
    }
}
