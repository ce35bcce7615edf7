//! The first reading of everything that is open, and what changed since.

use connectors::{Ask, Page};
use jiff::{SignedDuration, Timestamp};
use reading::progress::Poll;

use crate::{
    run::{Desk, Stopped},
    take::{Care, take},
};

/// How far back money is looked for that is not applied to any invoice.
const MONEY_REACH: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);
/// How much rarer polls are when the vendor says that little is left for today.
const SCARCE_FACTOR: i32 = 4;

fn before(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_sub(span).unwrap_or(Timestamp::MIN)
}

fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// Two clocks: what the vendor dates after its own now is found by the next poll, whichever of the two is ahead.
fn by_either_clock(began_at: Timestamp, page: &Page) -> Timestamp {
    page.as_of.map_or(began_at, |as_of| as_of.min(began_at))
}

/// Says that the books are known as they were when the last poll began: from then on is sent from them. Where a comparison is due it
/// comes first, because what was paid before a first reading, or past what a vendor could list, is only found by it.
pub(crate) async fn confirm(desk: &mut Desk<'_>) -> Result<(), Stopped> {
    let now = desk.run.now();
    let Some(polled) = desk.lease.progress.polled.filter(|_| desk.lease.progress.compare_at > now) else { return Ok(()) };
    desk.lease.progress.polled = None;
    desk.lease.progress.good_at = Some(polled);
    desk.run.handler.store.heartbeat(desk.run.tenant, desk.run.source, polled).await?;
    Ok(())
}

/// One page of the first reading. What changes while it goes on is found by the first poll, which looks back to its beginning.
pub(crate) async fn backfill(desk: &mut Desk<'_>) -> Result<(), Stopped> {
    let mut began_at = desk.lease.progress.backfill.began_at;
    let is_first = desk.lease.progress.backfill.page.is_none();
    let ask = Ask::Open { money_since: Some(before(began_at, MONEY_REACH)), page: desk.lease.progress.backfill.page.clone() };
    let page = desk.ask(&ask).await?;
    if is_first {
        began_at = by_either_clock(began_at, &page);
    }
    let next = page.next.clone();
    let objects = take(desk, page, Care::Plain).await?;
    let now = desk.run.now();
    let progress = &mut desk.lease.progress;
    progress.backfill.began_at = began_at;
    progress.backfill.objects += objects;
    progress.backfill.page = next;
    if progress.backfill.page.is_none() {
        progress.backfill.finished_at = Some(now);
        // Of a company that was read before, what changed since then is still to be asked for.
        progress.changed_until = progress.changed_until.min(began_at);
        progress.poll_at = now;
        tracing::info!(tenant.id = %desk.run.tenant, source = desk.run.source, objects = progress.backfill.objects, "books read for the first time");
    }
    Ok(())
}

/// One page of what changed. The cursor moves only when the last page is applied, and only to where the first one began.
pub(crate) async fn changes(desk: &mut Desk<'_>) -> Result<(), Stopped> {
    let limits = desk.books.access().limits;
    let now = desk.run.now();
    if desk.lease.progress.poll.is_none() {
        let since = before(desk.lease.progress.changed_until, limits.overlap);
        if since < before(now, limits.changes_reach) {
            // The vendor no longer says what changed since then: everything is read anew.
            let progress = &mut desk.lease.progress;
            progress.changed_until = now;
            progress.backfill.finished_at = None;
            progress.backfill.began_at = now;
            progress.backfill.page = None;
            return Ok(());
        }
        desk.lease.progress.poll = Some(Poll { began_at: now, since, page: None });
    }
    let Some(mut poll) = desk.lease.progress.poll.clone() else { return Ok(()) };
    let page = desk.ask(&Ask::Changes { since: poll.since, page: poll.page.clone() }).await?;
    if poll.page.is_none() {
        // The first page, whichever attempt brought it.
        poll.began_at = by_either_clock(poll.began_at, &page);
    }
    poll.page = page.next.clone();
    let incomplete = page.incomplete;
    take(desk, page, Care::Links).await?;
    let progress = &mut desk.lease.progress;
    if incomplete {
        progress.compare_at = now;
    }
    if poll.page.is_some() {
        progress.poll = Some(poll);
        return Ok(());
    }
    progress.poll = None;
    progress.changed_until = progress.changed_until.max(poll.began_at);
    progress.polled = Some(poll.began_at);
    let every = if desk.link.is_scarce() { limits.poll_every * SCARCE_FACTOR } else { limits.poll_every };
    progress.poll_at = after(now, every);
    confirm(desk).await
}
