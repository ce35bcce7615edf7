//! Objects that webhooks pointed at.

use std::collections::BTreeMap;

use connectors::Page;
use store::Waiting;

use crate::{
    objects,
    session::{Stopped, SyncSession},
    take::{Care, take},
};

/// Hints that are read in one go; more of them wait for the next.
const HINTS_MAX: usize = 400;
/// Documents after which what was read is applied before more is asked for.
const GATHERED_MAX: usize = 200;

/// Reads what was hinted, in the order of kinds, many objects a request, as far as there is time. True when there was something.
///
/// A hint is forgotten once what was read is applied; one that came again meanwhile stays.
pub(crate) async fn read(session: &mut SyncSession<'_>) -> Result<bool, Stopped> {
    let (run, books) = (session.run, session.books);
    let waiting = run.tools.store.hinted(run.tenant, run.source, HINTS_MAX).await?;
    let mut by_kind: BTreeMap<usize, Vec<Waiting>> = BTreeMap::new();
    for hint in waiting {
        match books.kinds().iter().position(|kind| *kind == hint.kind) {
            Some(kind) => by_kind.entry(kind).or_default().push(hint),
            // Of a kind that an older release knew.
            None => run.tools.store.unhint(run.tenant, run.source, &hint).await?,
        }
    }
    let any = !by_kind.is_empty();
    let mut gathered = Gathered::default();
    for hints in by_kind.into_values() {
        for some in hints.chunks(books.access().limits.ids_max) {
            if run.budget.is_over() {
                gathered.apply(session).await?;
                return Ok(any);
            }
            let asked = gathered.ask(session, some).await;
            // What was read before the vendor stopped answering is applied all the same.
            if asked.is_err() || gathered.page.documents.len() >= GATHERED_MAX {
                std::mem::take(&mut gathered).apply(session).await?;
            }
            asked?;
            session.keep_alive().await?;
        }
    }
    gathered.apply(session).await?;
    Ok(any)
}

/// What was read of hinted objects and is not applied yet. Kinds that were hinted together are applied together: a payment and its
/// invoice bump their customer's head once.
#[derive(Default)]
struct Gathered {
    page: Page,
    hints: Vec<Waiting>,
}

impl Gathered {
    /// Asks for objects of one kind: one bad id spoils no other.
    async fn ask(&mut self, session: &SyncSession<'_>, hints: &[Waiting]) -> Result<(), Stopped> {
        let Some(kind) = hints.first().map(|hint| hint.kind.clone()) else { return Ok(()) };
        let ids: Vec<String> = hints.iter().map(|hint| hint.id.clone()).collect();
        for page in objects::read(session, &kind, &ids).await?.pages {
            self.page.documents.extend(page.documents);
            self.page.customers.extend(page.customers);
            self.page.unreadable.extend(page.unreadable);
        }
        self.hints.extend(hints.iter().cloned());
        Ok(())
    }

    async fn apply(self, session: &SyncSession<'_>) -> Result<(), Stopped> {
        take(session, self.page, Care::Links).await?;
        for hint in &self.hints {
            session.run.tools.store.unhint(session.run.tenant, session.run.source, hint).await?;
        }
        Ok(())
    }
}
