//! A vendor that limits every request. A vendor that limits a request now and then is normal. If a vendor limits every request for an
//! hour, `sync` can read nothing from it, and raises an exception for a person.

use domain::{NewTask, TaskKind};
use jiff::SignedDuration;
use reading::{Progress, progress::Limited};

use crate::session::Run;

/// How long a vendor may say nothing else before a person hears of it.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// Notes that the vendor was asked too often; `moved_on` says that it answered something before that.
pub(crate) async fn note(run: &Run<'_>, progress: &mut Progress, moved_on: bool) -> anyhow::Result<()> {
    let now = run.now();
    if moved_on {
        is_over(run, progress).await?;
    }
    let limited = progress.limited.get_or_insert(Limited { since: now, times: 0, told: false });
    limited.times = limited.times.saturating_add(1);
    if !limited.told && now.duration_since(limited.since) >= PATIENCE {
        run.tools.store.raise(run.tenant, None, &task(run, limited), now).await?;
        limited.told = true;
        tracing::warn!(tenant.id = %run.tenant, source = run.source, "the vendor answers nothing but that it was asked too often");
    }
    Ok(())
}

/// It answers again: what a person was told of is done.
pub(crate) async fn is_over(run: &Run<'_>, progress: &mut Progress) -> anyhow::Result<()> {
    if let Some(limited) = progress.limited.take().filter(|limited| limited.told) {
        run.tools.store.finish_task(run.tenant, &store::task_id(run.tenant, None, &task(run, &limited)), run.now()).await?;
    }
    Ok(())
}

/// One exception a spell: its key is when the spell began.
fn task(run: &Run<'_>, limited: &Limited) -> NewTask {
    NewTask {
        case: None,
        kind: TaskKind::Connection,
        key: format!("{}:limited:{:.0}", run.source, limited.since),
        title: format!("{} does not let its books be read", run.source),
        detail: format!(
            "Since {:.0} it answers nothing but that it was asked too often. Nothing is sent once the books are too old. It is tried \
             again by itself; if this lasts, look whether another app uses up what the vendor allows for this company, and at the \
             vendor's status page.",
            limited.since
        ),
        to: None,
        due_on: None,
        step: None,
        currency: None,
    }
}
