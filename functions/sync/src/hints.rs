//! Objects that webhooks pointed at.

use std::collections::BTreeMap;

use store::Waiting;

use crate::{
    objects,
    run::{Desk, Stopped},
    take::{Care, take},
};

/// Hints that are read in one go; more of them wait for the next.
const HINTS_MAX: usize = 400;

/// Reads what was hinted, in the order of kinds, many objects a request, as far as there is time. True when there was something.
///
/// A hint is forgotten once what was read is applied; one that came again meanwhile stays.
pub(crate) async fn read(desk: &mut Desk<'_>) -> Result<bool, Stopped> {
    let (run, books) = (desk.run, desk.books);
    let waiting = run.handler.store.hinted(run.tenant, run.source, HINTS_MAX).await?;
    let mut by_kind: BTreeMap<usize, Vec<Waiting>> = BTreeMap::new();
    for hint in waiting {
        match books.kinds().iter().position(|kind| *kind == hint.kind) {
            Some(kind) => by_kind.entry(kind).or_default().push(hint),
            // Of a kind that an older release knew.
            None => run.handler.store.unhint(run.tenant, run.source, &hint).await?,
        }
    }
    let any = !by_kind.is_empty();
    for hints in by_kind.into_values() {
        for some in hints.chunks(books.access().limits.ids_max) {
            if run.budget.is_over() {
                return Ok(any);
            }
            batch(desk, some).await?;
            for hint in some {
                run.handler.store.unhint(run.tenant, run.source, hint).await?;
            }
            desk.keep().await?;
        }
    }
    Ok(any)
}

/// Reads objects of one kind: one bad id spoils no other.
async fn batch(desk: &Desk<'_>, hints: &[Waiting]) -> Result<(), Stopped> {
    let Some(kind) = hints.first().map(|hint| hint.kind.clone()) else { return Ok(()) };
    let ids: Vec<String> = hints.iter().map(|hint| hint.id.clone()).collect();
    for page in objects::read(desk, &kind, &ids).await?.pages {
        take(desk, page, Care::Links).await?;
    }
    Ok(())
}
