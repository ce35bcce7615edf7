//! Objects that webhooks pointed at.

use std::collections::BTreeMap;

use connectors::{Ask, Trouble};
use reading::link::Failed;
use store::Waiting;

use crate::{
    run::{Desk, Stopped},
    take::{Care, take},
    trouble,
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

/// Reads objects of one kind. Those that are missing, and all of a batch that the vendor refuses, are asked for one by one: one
/// bad id spoils no other, and only an object's own absence means that it was deleted.
async fn batch(desk: &Desk<'_>, hints: &[Waiting]) -> Result<(), Stopped> {
    let Some(kind) = hints.first().map(|hint| hint.kind.clone()) else { return Ok(()) };
    let ids: Vec<String> = hints.iter().map(|hint| hint.id.clone()).collect();
    let alone = match desk.ask(&Ask::Objects { kind: kind.clone(), ids: ids.clone() }).await {
        Ok(page) => {
            let missing = page.missing.clone();
            take(desk, page, Care::Links).await?;
            missing
        }
        Err(Stopped::Vendor(Failed::Vendor(Trouble::Refused(_)))) => ids,
        Err(stopped) => return Err(stopped),
    };
    for id in alone {
        match desk.ask(&Ask::One { kind: kind.clone(), id: id.clone() }).await {
            Ok(page) => {
                take(desk, page, Care::Links).await?;
            }
            // Denied alone, while others of its kind are shown: the object's own matter.
            Err(Stopped::Vendor(Failed::Vendor(Trouble::Refused(why) | Trouble::Denied(why)))) => {
                trouble::unread(desk.run, &kind, &id, &why).await?
            }
            Err(stopped) => return Err(stopped),
        }
    }
    Ok(())
}
