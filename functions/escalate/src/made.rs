//! Which notices a task has: what its step asks for, what rules of the settings say of its kind, and what comes once it is overdue.

use domain::{
    EffectStatus, NoticeId, NoticeKind, NoticeUrgency, NoticeWay, OpenWork, Settings, TaskKind, TenantId,
    calendar::tenant_zone,
    notice::{NOTICE_PEOPLE_MAX, NoticePeople},
    word::Word,
};
use jiff::Timestamp;
use store::{Task, TaskNotice};

/// What the keys of tasks begin with that tell of a channel that is gone.
pub(crate) const CHANNEL_GONE: &str = "notice_channel/";

/// A notice that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// It leaves at a moment.
    Waits(TaskNotice, Timestamp),
    /// Nobody is told, and why.
    Ended(TaskNotice, EffectStatus, String),
}

/// Who wants whom told how.
struct Wanted<'a> {
    to: &'a str,
    ways: Vec<NoticeWay>,
    urgency: NoticeUrgency,
}

/// The notices of a task that was just raised. `work` is what a decision knows of it, where one raised it.
pub(crate) fn of_task(
    tenant: &TenantId,
    task: &Task,
    work: Option<&OpenWork>,
    settings: &Settings,
    people: &NoticePeople<'_>,
    now: Timestamp,
) -> Vec<Made> {
    let (zone, notices) = (tenant_zone(settings), &settings.notices);
    let mut made = Vec::new();
    for Wanted { to, ways, urgency } in wanted(task, work, settings) {
        let leaves_at = notices.leaves_at(urgency, &zone, now);
        for way in ways {
            let notice = blank(task, (NoticeKind::Raised, urgency, 0), Some(to), way);
            made.extend(addressed(tenant, notice, people, leaves_at));
        }
    }
    if let Some(due_on) = task.task.due_on {
        let late = notices.overdue.iter().map(|rule| {
            (NoticeKind::Overdue, NoticeUrgency::Soon, rule.after_days, Some(rule.to.as_str()), notices.ways(&rule.via))
        });
        let reminder = (NoticeKind::Reminder, NoticeUrgency::Digest, 1, task.task.to.as_deref(), notices.ways(&[]));
        for (kind, urgency, days, to, ways) in [reminder].into_iter().chain(late) {
            // Whom it goes to is looked up when it leaves: by then somebody else may have the task.
            let at = notices.overdue_at(&zone, due_on, days);
            made.extend(ways.into_iter().map(|way| {
                let notice = blank(task, (kind, urgency, days), to, way).identified(tenant);
                Made::Waits(notice, at)
            }));
        }
    }
    made
}

fn wanted<'a>(task: &'a Task, work: Option<&OpenWork>, settings: &'a Settings) -> Vec<Wanted<'a>> {
    let notices = &settings.notices;
    let mut wanted = Vec::new();
    let usual = if task.task.kind == TaskKind::Notify {
        Some(NoticeUrgency::Digest)
    } else {
        (task.task.kind == TaskKind::Escalation).then_some(NoticeUrgency::Soon)
    };
    if let (Some(usual), Some(to)) = (usual, task.task.to.as_deref()) {
        let named: Vec<NoticeWay> =
            work.iter().flat_map(|work| &work.via).filter_map(|via| NoticeWay::of_this_release(via)).collect();
        let urgency = if work.is_some_and(|work| work.urgent) { NoticeUrgency::Urgent } else { usual };
        wanted.push(Wanted { to, ways: notices.ways(&named), urgency });
    }
    if task.task.kind == TaskKind::Connection && task.task.key.starts_with(CHANNEL_GONE) {
        wanted.push(Wanted { to: "admin", ways: vec![NoticeWay::Email], urgency: NoticeUrgency::Soon });
    }
    wanted.extend(notices.rules.iter().filter(|rule| rule.kinds.contains(&task.task.kind)).map(|rule| Wanted {
        to: &rule.to,
        ways: notices.ways(&rule.via),
        urgency: if rule.urgent { NoticeUrgency::Urgent } else { NoticeUrgency::Digest },
    }));
    wanted
}

fn blank(
    task: &Task,
    (kind, urgency, days_late): (NoticeKind, NoticeUrgency, u16),
    to: Option<&str>,
    way: NoticeWay,
) -> TaskNotice {
    TaskNotice {
        // What it has is made of all that follows.
        id: NoticeId::derive(&[]),
        task: task.id.clone(),
        customer: task.customer.clone(),
        kind,
        urgency,
        to: to.map(str::to_owned),
        way,
        person: None,
        days_late,
        of_step: task.task.step.is_some(),
        made_at: task.raised_at,
    }
}

/// A notice for whoever it is for: of an email one for each of them.
pub(crate) fn addressed(tenant: &TenantId, notice: TaskNotice, people: &NoticePeople<'_>, leaves_at: Timestamp) -> Vec<Made> {
    if notice.way != NoticeWay::Email || notice.person.is_some() {
        return vec![Made::Waits(notice.identified(tenant), leaves_at)];
    }
    let to = notice.to.as_deref();
    let found = match notice.kind {
        NoticeKind::Reminder => people.responsible(to),
        NoticeKind::Raised | NoticeKind::Overdue | NoticeKind::Later(_) => to.map(|to| people.named(to)).unwrap_or_default(),
    };
    if found.is_empty() {
        let why = "nobody is a member, in a team or in a role of that name".to_owned();
        return vec![Made::Ended(notice.identified(tenant), EffectStatus::Blocked, why)];
    }
    let one = |person: &&str| {
        let own = TaskNotice { person: Some((*person).to_owned()), ..notice.clone() };
        Made::Waits(own.identified(tenant), leaves_at)
    };
    found.iter().take(NOTICE_PEOPLE_MAX).map(one).collect()
}

/// The same notice by email, where its channel does not take it.
pub(crate) fn by_email(tenant: &TenantId, notice: &TaskNotice, people: &NoticePeople<'_>, now: Timestamp) -> Vec<Made> {
    addressed(tenant, TaskNotice { way: NoticeWay::Email, person: None, ..notice.clone() }, people, now)
}
