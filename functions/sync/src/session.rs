//! What the steps of a run work with: the connection that is read, the lease on it, and why they stop.

use connectors::{AccountingApi, VendorRequest};
use domain::TenantId;
use jiff::{SignedDuration, Timestamp};
use kit::{Budget, Clock};
use reading::{Link, Progress, Web, link::LinkError};
use store::{Lease, Store, Vault};

/// How long a lease lasts unless its holder renews it. It is longer than an invocation may take, so that no reader loses it at work, and
/// only a little longer, because the next reader has to wait for the lease of a reader that died.
const LEASE: SignedDuration = SignedDuration::from_secs(150);

/// What the function is built from, as far as a run needs it.
pub(crate) struct Tools {
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    pub(crate) web: Web,
    pub(crate) clock: Clock,
}

/// One run.
pub(crate) struct Run<'a> {
    pub(crate) tools: &'a Tools,
    pub(crate) tenant: &'a TenantId,
    pub(crate) source: &'a str,
    pub(crate) budget: &'a Budget,
}

/// What a run works with once it holds the lease.
pub(crate) struct SyncSession<'a> {
    pub(crate) run: &'a Run<'a>,
    pub(crate) books: &'static dyn AccountingApi,
    pub(crate) link: Link<'a>,
    pub(crate) lease: Lease<Progress>,
    /// When the lease was last said to go on.
    pub(crate) kept_at: Timestamp,
    /// When hints were looked for last and there was none.
    pub(crate) hints_read_at: Option<Timestamp>,
}

impl Run<'_> {
    pub(crate) fn now(&self) -> Timestamp {
        self.tools.clock.now()
    }

    pub(crate) fn until(&self) -> Timestamp {
        self.now().saturating_add(LEASE).unwrap_or(Timestamp::MAX)
    }
}

/// Why the work stopped.
pub(crate) enum Stopped {
    /// The vendor, or its tokens.
    Vendor(LinkError),
    /// Ours: the table.
    Here(anyhow::Error),
}

impl From<LinkError> for Stopped {
    fn from(failed: LinkError) -> Self {
        Self::Vendor(failed)
    }
}

impl From<store::Error> for Stopped {
    fn from(error: store::Error) -> Self {
        Self::Here(error.into())
    }
}

impl SyncSession<'_> {
    /// Keeps what was done, and the lease.
    pub(crate) async fn keep(&mut self) -> Result<(), Stopped> {
        let Run { tools, tenant, source, .. } = self.run;
        if tools.store.keep_books(tenant, source, &self.lease, self.run.until()).await? {
            self.kept_at = self.run.now();
            return Ok(());
        }
        Err(Stopped::Here(anyhow::anyhow!("another reader took the connection over")))
    }

    /// Keeps the lease where a good part of it is over. Nothing else is to be kept: whoever dies here leaves what it did not do.
    pub(crate) async fn keep_alive(&mut self) -> Result<(), Stopped> {
        if self.run.now().duration_since(self.kept_at) < LEASE / 3 {
            return Ok(());
        }
        self.keep().await
    }

    /// Asks one thing of the company that is known.
    pub(crate) async fn ask(&self, ask: &VendorRequest) -> Result<connectors::Page, Stopped> {
        Ok(self.link.ask(&self.company(), ask).await?)
    }

    pub(crate) fn company(&self) -> connectors::Company {
        self.lease.progress.company.clone().unwrap_or_default()
    }
}
