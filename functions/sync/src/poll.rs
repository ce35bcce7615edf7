//! The first reading of everything that is open, and what changed since.

use connectors::VendorRequest;
use domain::calendar;
use jiff::{SignedDuration, Timestamp};
use reading::progress::Poll;

use crate::{
    session::{Stopped, SyncSession},
    take::{Care, take},
};

/// How far back money is looked for that is not applied to any invoice.
const MONEY_REACH: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);
/// How far behind ours a vendor's clock is believed to be.
const BEHIND_MAX: SignedDuration = SignedDuration::from_hours(1);
/// How many polls there are within the time that the books are good for, with room for some that fail.
const POLLS: i32 = 6;
/// How many when the vendor says that little is left for today.
const POLLS_SCARCE: i32 = 2;
/// The shortest and the longest time between polls.
const EVERY: [SignedDuration; 2] = [SignedDuration::from_mins(5), SignedDuration::from_hours(4)];

fn before(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_sub(span).unwrap_or(Timestamp::MIN)
}

fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// When an answer was asked for, by whichever of two clocks is behind: what the vendor dates after that is found by the next poll. A
/// clock that is behind by more than [`BEHIND_MAX`] is no clock: to follow it would be to read everything anew for ever.
fn earlier(as_of: Option<Timestamp>, ours: Timestamp) -> Timestamp {
    as_of.map_or(ours, |theirs| theirs.clamp(before(ours, BEHIND_MAX), ours))
}

/// Says that the books are known as they were when the last poll began: from then on is sent from them. Where a comparison is due it
/// comes first, because what was paid before a first reading, or past what a vendor could list, is only found by it.
pub(crate) async fn confirm(session: &mut SyncSession<'_>) -> Result<(), Stopped> {
    let now = session.run.now();
    let Some(polled) = session.lease.progress.polled.filter(|_| session.lease.progress.compare_at > now) else { return Ok(()) };
    session.lease.progress.polled = None;
    session.lease.progress.good_at = Some(polled);
    session.run.tools.store.heartbeat(session.run.tenant, session.run.source, polled).await?;
    Ok(())
}

/// One page of the first reading. What changes while it goes on is found by the first poll, which looks back to its beginning.
pub(crate) async fn backfill(session: &mut SyncSession<'_>) -> Result<(), Stopped> {
    let began_at = session.lease.progress.backfill.began_at;
    let ask = VendorRequest::Open {
        money_since: Some(before(began_at, MONEY_REACH)),
        page: session.lease.progress.backfill.page.clone(),
    };
    let page = session.ask(&ask).await?;
    if session.lease.progress.backfill.page.is_none() {
        // Of a company that was read before, what changed since then is still to be asked for.
        let progress = &mut session.lease.progress;
        progress.changed_until = progress.changed_until.min(earlier(page.as_of, began_at));
    }
    let next = page.next.clone();
    let objects = take(session, page, Care::Plain).await?;
    let now = session.run.now();
    let progress = &mut session.lease.progress;
    progress.backfill.objects += objects;
    progress.backfill.page = next;
    if progress.backfill.page.is_none() {
        progress.backfill.finished_at = Some(now);
        progress.poll_at = now;
        tracing::info!(tenant.id = %session.run.tenant, source = session.run.source, objects = progress.backfill.objects, "books read for the first time");
    }
    Ok(())
}

/// One page of what changed. The cursor moves only when the last page is applied, and only to where the first one began. Answers whether
/// there was something to take.
pub(crate) async fn changes(session: &mut SyncSession<'_>) -> Result<bool, Stopped> {
    let limits = session.books.access().limits;
    let now = session.run.now();
    if session.lease.progress.poll.is_none() {
        let since = before(session.lease.progress.changed_until, limits.overlap);
        if since < before(now, limits.changes_reach) {
            // The vendor no longer says what changed since then: everything is read anew.
            let progress = &mut session.lease.progress;
            progress.changed_until = now;
            progress.backfill.finished_at = None;
            progress.backfill.began_at = now;
            progress.backfill.page = None;
            return Ok(true);
        }
        session.lease.progress.poll = Some(Poll { began_at: now, since, page: None });
    }
    let Some(mut poll) = session.lease.progress.poll.clone() else { return Ok(false) };
    let page = session.ask(&VendorRequest::Changes { since: poll.since, page: poll.page.clone() }).await?;
    if poll.page.is_none() {
        // The first page, whichever attempt brought it.
        poll.began_at = earlier(page.as_of, poll.began_at);
    }
    poll.page = page.next.clone();
    let incomplete = page.incomplete;
    let has_unreadable = !page.unreadable.is_empty();
    let took = take(session, page, Care::Links).await? > 0 || has_unreadable || incomplete;
    let progress = &mut session.lease.progress;
    if incomplete {
        progress.compare_at = now;
    }
    if poll.page.is_some() {
        progress.poll = Some(poll);
        return Ok(took);
    }
    let every = every(session).await?;
    let progress = &mut session.lease.progress;
    progress.poll = None;
    progress.changed_until = progress.changed_until.max(poll.began_at);
    progress.polled = Some(poll.began_at);
    progress.poll_at = after(now, every);
    confirm(session).await?;
    Ok(took)
}

/// How long until the next poll: as often as the tenant's demand of freshness takes.
async fn every(session: &SyncSession<'_>) -> Result<SignedDuration, Stopped> {
    let settings = session.run.tools.store.settings(session.run.tenant).await?;
    let demand = settings.and_then(|settings| calendar::freshness(settings.value.freshness.get(session.run.source)?));
    let good_for = demand.unwrap_or(session.books.access().limits.good_for);
    let [shortest, longest] = EVERY;
    let polls = if session.link.is_scarce() { POLLS_SCARCE } else { POLLS };
    Ok((good_for / polls).clamp(shortest, longest))
}
