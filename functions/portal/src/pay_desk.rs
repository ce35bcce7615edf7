//! Who begins payments and gives them up: a function that the portal invokes, because it opens no connection and writes no basket itself.

use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use kit::{Clients, Env, FunctionInvoker, Queued};
use payments::{ErrandAnswer, PaymentErrand};

/// How long is waited for it: a little longer than it may take.
const PATIENCE: Duration = Duration::from_secs(26);

/// The function that does it, and where the portal itself is.
#[derive(Clone, Debug)]
pub(crate) struct PayDesk {
    function: FunctionInvoker,
    portal_url: String,
}

impl PayDesk {
    /// Reads `BEGIN_PAYMENT` and `PORTAL_URL`.
    ///
    /// # Errors
    ///
    /// When one is missing.
    pub(crate) fn new(env: &Env, clients: &Clients) -> anyhow::Result<Self> {
        let function = env.require("BEGIN_PAYMENT").context("payments are begun by a function of their own")?;
        let portal_url = env.require("PORTAL_URL").context("payers come back to the portal")?;
        let function = FunctionInvoker::new(clients, function, PATIENCE)?;
        Ok(Self { function, portal_url: portal_url.trim_end_matches('/').to_owned() })
    }

    /// The whole address of a path of the portal.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.portal_url)
    }

    /// Has an errand done. Where there is no answer nobody knows what was done, and the same errand may be sent again.
    pub(crate) async fn send(&self, errand: PaymentErrand, now: Timestamp) -> ErrandAnswer {
        let (tenant, customer) = (errand.tenant.clone(), errand.customer.clone());
        let answer = self.ask(errand, now).await;
        answer.unwrap_or_else(|error| {
            tracing::error!(tenant.id = %tenant, customer.id = %customer, error = format!("{error:#}"), "a payment could not be begun or given up");
            ErrandAnswer::Later
        })
    }

    async fn ask(&self, errand: PaymentErrand, now: Timestamp) -> anyhow::Result<ErrandAnswer> {
        let payload = serde_json::to_value(Queued::new(errand))?;
        let answer = self.function.invoke(&payload, now).await?;
        serde_json::from_value(answer).context("the function's answer does not read")
    }
}
