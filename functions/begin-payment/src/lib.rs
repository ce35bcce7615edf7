//! Begins payments, and gives them up: the portal invokes it and waits. It opens the connection of a tenant to its payment provider, which the
//! portal may not.
//!
//! ```json
//! {"schema_version": 1, "tenant": "acme", "customer": "cus_1", "what": {"kind": "begin", "id": "pay_1", "lines": [], "provider": "stripe", "…": "…"}}
//! {"schema_version": 1, "tenant": "acme", "customer": "cus_1", "what": {"kind": "cancel", "basket": "pay_1"}}
//! ```
//!
//! | step of a beginning | what holds when it dies after it |
//! |---|---|
//! | baskets of the customer whose time is over are ended at their providers, and then here | they are looked at again with the next beginning |
//! | what is due is read anew, and the basket is written with what it keeps back | the amounts are kept back for 30 minutes at most |
//! | the provider is asked, under the basket's id as its idempotency key | the same errand asks the same, and the provider answers alike |
//! | the provider's id and page are written into the basket | the page is known |
//!
//! The answer is `{"status": "begun", "pay_url": …}`, or says why not: see [`payments::ErrandAnswer`].

#![recursion_limit = "256"]

mod beginning;
mod desk;
mod ending;
mod payer;

use anyhow::Context;
use kit::{Clients, Clock, Env, Queued};
use lambda_runtime::{Error, LambdaEvent};
use payments::{ErrandAnswer, ErrandKind, PaymentErrand};
use reading::Web;
use serde_json::Value;
use store::{BasketOwner, Store, Vault};

use payer::Payer;

/// The function.
pub struct Handler {
    store: Store,
    vault: Vault,
    web: Web,
    clock: Clock,
}

impl Handler {
    /// Reads `TABLE_NAME`.
    ///
    /// # Errors
    ///
    /// When it is missing.
    pub fn new(env: &Env, clients: &Clients, clock: Clock) -> anyhow::Result<Self> {
        let table = env.require("TABLE_NAME").context("baskets are written to the table")?;
        let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), table);
        // It only opens keys that exist; KMS reads from a wrapped key under which key it was wrapped.
        let vault = Vault::new(aws_sdk_kms::Client::new(&clients.sdk), store.clone(), None);
        Ok(Self { store, vault, web: Web::default(), clock })
    }

    /// Does one errand.
    ///
    /// # Errors
    ///
    /// When the payload is no errand, or the table or KMS does not answer; then the same errand may be sent again.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        let errand: Queued<PaymentErrand> = serde_json::from_value(event.payload).context("the payload is no errand")?;
        let answer = self.run(errand.content).await?;
        Ok(serde_json::to_value(answer)?)
    }

    async fn run(&self, errand: PaymentErrand) -> anyhow::Result<ErrandAnswer> {
        let PaymentErrand { tenant, customer, what } = errand;
        let Some(settings) = self.store.settings(&tenant).await? else { return Ok(ErrandAnswer::Unknown) };
        let payer = Payer {
            store: &self.store,
            vault: &self.vault,
            web: &self.web,
            owner: BasketOwner { tenant, customer },
            settings: settings.value,
            now: self.clock.now(),
        };
        match what {
            ErrandKind::Begin(wish) => payer.begin(&wish).await,
            ErrandKind::Cancel { basket } => payer.cancel(&basket).await,
        }
    }
}
