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
    /// Where the portal is; where this is not told, at the host that was asked.
    public_url: Option<String>,
}

impl PayDesk {
    /// Reads `BEGIN_PAYMENT` and `PUBLIC_URL`, which may be empty.
    ///
    /// # Errors
    ///
    /// When the first is missing.
    pub(crate) fn new(env: &Env, clients: &Clients) -> anyhow::Result<Self> {
        let function = env.require("BEGIN_PAYMENT").context("payments are begun by a function of their own")?;
        let public_url = env.get("PUBLIC_URL").map(|url| url.trim_end_matches('/').to_owned());
        let function = FunctionInvoker::new(clients, function, PATIENCE)?;
        Ok(Self { function, public_url })
    }

    /// The whole address of a path of the portal, asked at `host`.
    pub(crate) fn address(&self, host: &str, path: &str) -> String {
        format!("{}{path}", self.public_url.as_deref().unwrap_or(host))
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
