//! What a vendor's trouble leads to: waiting for it, or a person.

use connectors::Trouble;
use domain::{NewTask, TaskKind};
use jiff::{SignedDuration, Timestamp};
use reading::{Progress, link::LinkError, progress::ReadingTrouble, tokens::TokenTrouble};

use crate::{
    limited,
    session::{Run, Stopped},
};

/// The first wait after a trouble; it doubles with each in a row.
const WAIT: SignedDuration = SignedDuration::from_mins(1);
/// The longest wait.
const WAIT_MAX: SignedDuration = SignedDuration::from_hours(1);
/// How long after a vendor's limit, where it does not say.
const LIMITED: SignedDuration = SignedDuration::from_mins(1);
/// Troubles in a row after which a person hears of them.
const TIMES_MAX: u32 = 3;
/// How often a connection is tried that a person must renew.
const REVOKED: SignedDuration = SignedDuration::from_hours(6);
/// How long before consent ends a person hears of it.
const WARN_BEFORE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Notes a trouble and answers when to try again. `moved_on` says that the vendor answered something before.
pub(crate) async fn note(
    run: &Run<'_>,
    progress: &mut Progress,
    failed: &LinkError,
    moved_on: bool,
) -> anyhow::Result<Timestamp> {
    let now = run.now();
    let after = |span: SignedDuration| now.saturating_add(span).unwrap_or(Timestamp::MAX);
    if let LinkError::Vendor(Trouble::Limited(wait)) = failed {
        let wait = wait.and_then(|wait| SignedDuration::try_from(wait).ok()).unwrap_or(LIMITED);
        tracing::info!(tenant.id = %run.tenant, source = run.source, wait_s = wait.as_secs(), "the vendor asks to wait");
        limited::note(run, progress, moved_on).await?;
        progress.not_before = Some(after(wait));
        return Ok(after(wait));
    }
    limited::is_over(run, progress).await?;
    let reconnect =
        matches!(failed, LinkError::Tokens(TokenTrouble::Revoked(_)) | LinkError::Vendor(Trouble::Token | Trouble::Denied(_)));
    if let LinkError::Tokens(TokenTrouble::Store(error)) = failed {
        let error = kit::causes(error);
        tracing::warn!(tenant.id = %run.tenant, source = run.source, error, "the table failed under the tokens");
        return Ok(after(WAIT));
    }
    let mut before = progress.trouble.take();
    if let Some(other) = before.take_if(|before| before.reconnect != reconnect) {
        // Another matter now: what was asked for about the one before is done.
        finish(run, &other).await?;
    }
    let held = ReadingTrouble {
        why: failed.to_string(),
        reconnect,
        times: before.as_ref().map_or(0, |before| before.times).saturating_add(1),
        since: before.as_ref().map_or(now, |before| before.since),
    };
    tracing::warn!(tenant.id = %run.tenant, source = run.source, why = held.why, times = held.times, "the books could not be read");
    if reconnect && held.times == 1 {
        raise(run, &held, "ask").await?;
    } else if !reconnect && held.times == TIMES_MAX {
        raise(run, &held, "wait").await?;
    }
    let wait = WAIT.saturating_mul(1 << held.times.saturating_sub(1).min(6)).min(WAIT_MAX);
    progress.trouble = Some(held);
    let again_at = after(if reconnect { REVOKED } else { wait });
    progress.not_before = Some(again_at);
    Ok(again_at)
}

/// All is well: what a person was asked for is done.
pub(crate) async fn is_over(run: &Run<'_>, progress: &mut Progress) -> Result<(), Stopped> {
    limited::is_over(run, progress).await.map_err(Stopped::Here)?;
    let Some(held) = progress.trouble.take() else { return Ok(()) };
    finish(run, &held).await.map_err(Stopped::Here)
}

async fn finish(run: &Run<'_>, held: &ReadingTrouble) -> anyhow::Result<()> {
    let id = store::task_id(run.tenant, None, &task(run, held, String::new()));
    run.tools.store.finish_task(run.tenant, &id, run.now()).await?;
    Ok(())
}

/// Says that consent ends soon, while it can still be renewed without a gap.
pub(crate) async fn warn_of_end(run: &Run<'_>, ends: Option<Timestamp>) -> Result<(), Stopped> {
    let now = run.now();
    let Some(ends) = ends.filter(|ends| ends.duration_since(now) < WARN_BEFORE) else { return Ok(()) };
    let mut task = NewTask {
        case: None,
        kind: TaskKind::Connection,
        // Refreshing moves the end by seconds; a person is asked once a day at most.
        key: format!("{}:ends:{}", run.source, ends.strftime("%Y-%m-%d")),
        title: format!("The connection to {} ends soon", run.source),
        detail: String::new(),
        to: None,
        due_on: None,
        step: None,
        currency: None,
    };
    if run.tools.store.task(run.tenant, &store::task_id(run.tenant, None, &task)).await?.is_some() {
        return Ok(());
    }
    task.detail = format!("The consent to read the books ends at {ends:.0}. {}", remedy(run));
    run.tools.store.raise(run.tenant, None, &task, now).await?;
    Ok(())
}

/// An object that the vendor refuses to show.
pub(crate) async fn unread(run: &Run<'_>, kind: &str, id: &str, why: &str) -> Result<(), Stopped> {
    let task = NewTask {
        case: None,
        kind: TaskKind::Document,
        key: format!("{}:{kind}:{id}:refused", run.source),
        title: format!("An object of {} cannot be read", run.source),
        detail: format!("{kind} {id}: {why}. It stays as it was read last; look at it in the books."),
        to: None,
        due_on: None,
        step: None,
        currency: None,
    };
    run.tools.store.raise(run.tenant, None, &task, run.now()).await?;
    Ok(())
}

async fn raise(run: &Run<'_>, held: &ReadingTrouble, what: &str) -> anyhow::Result<()> {
    let remedy = if what == "ask" {
        remedy(run)
    } else {
        "It is tried again by itself; if this lasts, look at the vendor's status page.".to_owned()
    };
    run.tools.store.raise(run.tenant, None, &task(run, held, remedy), run.now()).await?;
    Ok(())
}

/// One exception a spell of trouble: its key is when the spell began.
fn task(run: &Run<'_>, held: &ReadingTrouble, remedy: String) -> NewTask {
    let what = if held.reconnect { "reconnect" } else { "trouble" };
    NewTask {
        case: None,
        kind: TaskKind::Connection,
        key: format!("{}:{what}:{:.0}", run.source, held.since),
        title: format!("The books of {} cannot be read", run.source),
        detail: format!("Since {:.0}: {}. Nothing is sent once they are too old. {remedy}", held.since, held.why),
        to: None,
        due_on: None,
        step: None,
        currency: None,
    }
}

/// How a person connects again. No sign-in is begun for them: whoever has the address of one can have the tokens replaced, and anybody who may
/// read reads the exception.
fn remedy(run: &Run<'_>) -> String {
    format!(
        "To connect again, an admin calls POST /v1/connections/{}/authorize, opens the address that it answers, and agrees for the same company.",
        run.source
    )
}
