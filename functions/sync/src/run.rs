//! One reader's run over one connection: hints first, then what is due, until nothing is or the time is over.

use anyhow::{Context, Result};
use connectors::VendorRequest;
use jiff::{SignedDuration, Timestamp};
use reading::{Link, Opened, Progress, link::LinkError};
use store::{Lease, Leased};

use crate::{
    compare, hints, past, payments_written, poll,
    session::{Run, Stopped, SyncSession},
    trouble,
};

/// How long after a look that found nothing hints are looked for again.
const HINTS_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// When the connection is due again; nothing when it is closed.
    pub(crate) due_at: Option<Timestamp>,
    /// The time was over before the work was.
    pub(crate) unfinished: bool,
}

impl Run<'_> {
    pub(crate) async fn run(&self) -> Result<Outcome> {
        let nothing = Outcome { due_at: None, unfinished: false };
        let Some(books) = connectors::accounting_api_of(self.source) else { return Ok(nothing) };
        let store = &self.tools.store;
        let holder = holder()?;
        let leased: Leased<Progress> = store.lease_books(self.tenant, self.source, &holder, self.now(), self.until()).await?;
        let mut lease = match leased {
            Leased::Mine(lease) => lease,
            // Whoever holds it may be dead: it stays due.
            Leased::Held => return Ok(Outcome { due_at: Some(self.now()), unfinished: false }),
            Leased::Closed => return Ok(nothing),
        };
        if let Some(not_before) = lease.progress.not_before.filter(|at| *at > self.now()) {
            // The vendor asked to be left alone, or does not answer: what webhooks say waits as well.
            return self.give_back(lease, not_before, false).await;
        }
        lease.progress.not_before = None;
        let opened = Opened { vault: &self.tools.vault, web: &self.tools.web, clock: &self.tools.clock };
        let (due_at, unfinished) = match Link::open(opened, self.tenant, self.source, books, &lease.progress).await {
            Ok(link) => {
                let mut session = SyncSession { run: self, books, link, lease, kept_at: self.now(), hints_read_at: None };
                let worked = session.work().await;
                let (calls, answers) = (session.link.calls(), session.link.answers());
                lease = session.lease;
                let counts = [("vendor_calls", calls)];
                kit::metrics::emit(self.now(), &[("source", self.source)], if calls > 0 { &counts } else { &[] });
                match worked {
                    Ok(unfinished) => (next(&lease.progress), unfinished),
                    Err(Stopped::Vendor(failed)) => {
                        (trouble::note(self, &mut lease.progress, &failed, answers > 0).await?, false)
                    }
                    Err(Stopped::Here(error)) => return self.give_up(lease, error).await,
                }
            }
            Err(error) => (trouble::note(self, &mut lease.progress, &LinkError::Tokens(error), false).await?, false),
        };
        let due_at = if unfinished { self.now() } else { due_at };
        self.give_back(lease, due_at, unfinished).await
    }

    async fn give_back(&self, lease: Lease<Progress>, due_at: Timestamp, unfinished: bool) -> Result<Outcome> {
        let store = &self.tools.store;
        let Progress { good_at, backfill, .. } = &lease.progress;
        let age = self.now().duration_since(good_at.unwrap_or(backfill.began_at)).as_secs();
        let age = u64::try_from(age).unwrap_or(0);
        kit::metrics::emit_seconds(self.now(), &[("source", self.source)], "books_age", age);
        if store.return_books(self.tenant, self.source, &lease, due_at).await? {
            return Ok(Outcome { due_at: Some(due_at), unfinished });
        }
        // Somebody asked for one more look since the last: the lease goes back, and the look is handed over.
        store.look_again(self.tenant, self.source, &lease).await?;
        let due_at = lease.progress.not_before.unwrap_or(self.now());
        let returned = store.return_books(self.tenant, self.source, &lease, due_at).await?;
        Ok(Outcome { due_at: Some(due_at), unfinished: returned && lease.progress.not_before.is_none() })
    }

    /// The table failed: the lease goes back as it is, so that the next tick need not wait for its end.
    async fn give_up(&self, lease: Lease<Progress>, error: anyhow::Error) -> Result<Outcome> {
        let again_at = self.now().saturating_add(SignedDuration::from_mins(1)).unwrap_or(Timestamp::MAX);
        self.tools.store.return_books(self.tenant, self.source, &lease, again_at).await?;
        Err(error)
    }
}

impl SyncSession<'_> {
    /// Works until nothing is due. True when the time was over first. What was hinted needs no word of how far it is: each hint is
    /// forgotten when it is applied.
    async fn work(&mut self) -> Result<bool, Stopped> {
        if self.lease.progress.company.is_none() {
            self.meet().await?;
        }
        loop {
            if self.run.budget.is_over() {
                return Ok(true);
            }
            let now = self.run.now();
            let more = self.hints().await?;
            if self.run.budget.is_over() {
                return Ok(true);
            }
            let progress = &self.lease.progress;
            let took = if progress.backfill.finished_at.is_none() {
                poll::backfill(self).await?;
                true
            } else if progress.poll.is_some() || progress.poll_at <= now {
                poll::changes(self).await?
            } else if progress.compare_at <= now {
                compare::step(self).await?;
                true
            } else if past::is_due(self) {
                past::read(self).await?;
                true
            } else if !more {
                trouble::is_over(self.run, &mut self.lease.progress).await?;
                trouble::warn_of_end(self.run, self.link.consent_ends().await).await?;
                return Ok(false);
            } else {
                continue;
            };
            if took {
                self.keep().await?;
            } else {
                // Whoever asks again for a page that had nothing loses nothing.
                self.keep_alive().await?;
            }
        }
    }

    /// Reads what webhooks pointed at and writes what waits to be written, the first time and then every few seconds: what comes between wants
    /// another look, and keeps the lease from being given back without one. True when there was something.
    async fn hints(&mut self) -> Result<bool, Stopped> {
        let now = self.run.now();
        if self.hints_read_at.is_some_and(|at| now.duration_since(at) < HINTS_EVERY) {
            return Ok(false);
        }
        let has_read = hints::read(self).await?;
        let has_written = payments_written::carry(self).await?;
        let more = has_read || has_written;
        self.hints_read_at = (!more).then_some(now);
        Ok(more)
    }

    /// Asks for the company itself, page by page: also the test of a new connection.
    async fn meet(&mut self) -> Result<(), Stopped> {
        let mut company = connectors::Company::default();
        let mut page = None;
        loop {
            let said = self.link.ask(&company, &VendorRequest::Company { page }).await?;
            company.learn(said.company.unwrap_or_default());
            page = said.next;
            if page.is_none() {
                break;
            }
        }
        self.lease.progress.company = Some(company);
        self.keep().await
    }
}

/// When a connection in order is due next.
fn next(progress: &Progress) -> Timestamp {
    let regular = progress.poll_at.min(progress.compare_at);
    progress.write_at.map_or(regular, |write_at| regular.min(write_at))
}

fn holder() -> Result<String> {
    let mut bytes = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut bytes).ok().context("there is no randomness")?;
    Ok(hex::encode(bytes))
}
