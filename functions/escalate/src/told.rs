//! Notices on their way: made of a task, looked at again when their moment has come, taken, sent, and noted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::{
    EffectStatus, NewTask, NoticeId, NoticeKind, NoticeUrgency, NoticeWay, Settings, TaskId, TaskKind, TaskResult, TenantId,
    calendar::tenant_zone, notice::why_not,
};
use jiff::{SignedDuration, Timestamp};
use kit::{Budget, Clock};
use serde::Serialize;
use store::{CustomerBrief, Ending, KnownNotice, Result, Store, Task};

use crate::{
    made::{self, CHANNEL_GONE, Made},
    outcome::Outcome,
    people::Today,
    ways::{Ways, no_sender},
    wording::{self, ROWS_MAX},
};

/// Notices that one tick looks at.
const DUE_MAX: i32 = 200;

/// How often a channel is asked to take a notice before it goes by email, and a mail is tried.
const TRIES_MAX: u32 = 3;
/// How long a notice waits that was refused, and longer each time.
const WAIT: SignedDuration = SignedDuration::from_mins(5);
/// Longest wait that somebody may ask for.
const WAIT_MAX: SignedDuration = SignedDuration::from_hours(6);
/// Whom the audit and the worklist name where a task ends because people were told.
const BY: &str = "escalate";

/// A notice that may leave, with what it tells of.
struct Ready {
    known: KnownNotice,
    task: Task,
}

/// What goes together: of a digest everything for one person or channel.
type Bundle = (NoticeWay, Option<String>, Option<NoticeId>);

/// What a tick did.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Ticked {
    told: u64,
    /// The earliest moment at which a notice is due; none is never.
    idle_until: Option<Timestamp>,
}

/// What notices are made and sent with.
pub(crate) struct Desk {
    pub(crate) store: Store,
    pub(crate) ways: Ways,
    /// Where people look at work, without a slash at the end; `None` where there is no such page.
    pub(crate) console_url: Option<String>,
    pub(crate) clock: Clock,
}

impl Desk {
    /// Makes the notices of a task, and sends those whose moment has come.
    ///
    /// # Errors
    ///
    /// The table's: the queue delivers it again, and what was made stays made.
    pub(crate) async fn task_created(&self, tenant: &TenantId, id: &TaskId) -> Result<()> {
        let now = self.clock.now();
        let Some(task) = self.store.task(tenant, id).await?.filter(|task| task.done_at.is_none() && task.withdrawn.is_none())
        else {
            return Ok(());
        };
        let Some(settings) = self.store.settings(tenant).await?.map(|found| found.value) else { return Ok(()) };
        let work = match &task.customer {
            Some(customer) => self.store.work(tenant, customer, id).await?,
            None => None,
        };
        let today = Today::read(&self.store, (tenant, &settings), task.customer.as_ref(), now).await?;
        let made = made::of_task(tenant, &task, work.as_ref(), &settings, &today.people(&settings), now);
        let due = self.make(tenant, made, now).await?;
        self.tell_all(tenant, due).await.map(|_| ())
    }

    /// Sends the notices whose moment has come.
    ///
    /// # Errors
    ///
    /// Those of finding them; what goes wrong with one tenant's holds up no other's.
    pub(crate) async fn tick(&self, budget: &Budget) -> Result<Ticked> {
        let (due, _) = self.store.notices_due(self.clock.now(), DUE_MAX).await?;
        let mut by_tenant: BTreeMap<TenantId, Vec<NoticeId>> = BTreeMap::new();
        for (tenant, id) in due {
            by_tenant.entry(tenant).or_default().push(id);
        }
        let mut told = 0;
        for (tenant, ids) in by_tenant {
            if budget.is_over() {
                break;
            }
            match self.tell_all(&tenant, ids).await {
                Ok(took) => told += took,
                Err(error) => {
                    let error = kit::causes(&error);
                    tracing::warn!(tenant.id = %tenant, error, "notices could not be sent; the next tick tries again");
                }
            }
        }
        let now = self.clock.now();
        let (left, next) = self.store.notices_due(now, 1).await?;
        Ok(Ticked { told, idle_until: if left.is_empty() { next } else { Some(now) } })
    }

    /// Writes what was made; gives those that may leave now.
    async fn make(&self, tenant: &TenantId, made: Vec<Made>, now: Timestamp) -> Result<Vec<NoticeId>> {
        let mut due = Vec::new();
        for one in made {
            match one {
                Made::Waits(notice, leaves_at) => {
                    self.store.make_notice(tenant, &notice, leaves_at).await?;
                    if leaves_at <= now {
                        due.push(notice.id);
                    }
                }
                Made::Ended(notice, status, why) => {
                    tracing::info!(tenant.id = %tenant, notice.id = %notice.id, reason = why, "a notice reaches nobody");
                    self.store.make_ended_notice(tenant, &notice, status, &why).await?;
                }
            }
        }
        Ok(due)
    }

    /// Sends notices of one tenant, and what comes of them: how many people and channels took something.
    async fn tell_all(&self, tenant: &TenantId, ids: Vec<NoticeId>) -> Result<u64> {
        if ids.is_empty() {
            return Ok(0);
        }
        let Some(settings) = self.store.settings(tenant).await?.map(|found| found.value) else { return Ok(0) };
        let mut told = 0;
        let mut round: VecDeque<NoticeId> = ids.into();
        // What falls back, or goes to each of several people, is one more round; nothing falls back twice.
        for _ in 0..4 {
            let mut bundles: BTreeMap<Bundle, Vec<Ready>> = BTreeMap::new();
            let mut next = Vec::new();
            while let Some(id) = round.pop_front() {
                let Some(ready) = self.ready(tenant, &settings, &id, &mut next).await? else { continue };
                let notice = &ready.known.notice;
                let alone = (notice.urgency != NoticeUrgency::Digest).then(|| id.clone());
                bundles.entry((notice.way, notice.person.clone(), alone)).or_default().push(ready);
            }
            for ((way, person, _), mut all) in bundles {
                while !all.is_empty() {
                    let rest = all.split_off(all.len().min(ROWS_MAX));
                    let took = self.tell(tenant, &settings, (way, person.as_deref()), all, &mut next).await?;
                    told += u64::from(took);
                    all = rest;
                }
            }
            if next.is_empty() {
                break;
            }
            round = next.into();
        }
        Ok(told)
    }

    /// A notice that may leave now. What may not is ended or put off; one for several people becomes one for each, in `next`.
    async fn ready(
        &self,
        tenant: &TenantId,
        settings: &Settings,
        id: &NoticeId,
        next: &mut Vec<NoticeId>,
    ) -> Result<Option<Ready>> {
        let now = self.clock.now();
        let Some(known) = self.store.notice(tenant, id, now).await? else { return Ok(None) };
        if known.status != EffectStatus::Queued || known.leaves_at.is_some_and(|at| at > now) {
            return Ok(None);
        }
        let notice = &known.notice;
        let task = self.store.task(tenant, &notice.task).await?;
        // One that ended because some were told is still told to the others.
        let is_told = |task: &Task| {
            let by = task.ending.as_ref().and_then(|ending| ending.by.as_deref());
            by == Some(BY) && notice.kind == NoticeKind::Raised
        };
        let is_open = |task: &Task| task.withdrawn.is_none() && (task.done_at.is_none() || is_told(task));
        let Some(task) = task.filter(is_open) else {
            self.end(tenant, &known, EffectStatus::Superseded, Some("the task is over")).await?;
            return Ok(None);
        };
        if let Some(why) = why_not(settings.mode, settings.paused, settings.training, notice.of_step) {
            self.end(tenant, &known, EffectStatus::Blocked, Some(why)).await?;
            return Ok(None);
        }
        let is_late = matches!(notice.kind, NoticeKind::Reminder | NoticeKind::Overdue);
        if is_late {
            // The day may have been moved since.
            let at = task.task.due_on.map(|due_on| settings.notices.overdue_at(&tenant_zone(settings), due_on, notice.days_late));
            match at {
                None => {
                    self.end(tenant, &known, EffectStatus::Superseded, Some("the task has no day any more")).await?;
                    return Ok(None);
                }
                Some(at) if at > now => {
                    self.store.put_notice_off(tenant, id, at).await?;
                    return Ok(None);
                }
                Some(_) => {}
            }
        }
        if notice.way == NoticeWay::Email && notice.person.is_none() {
            let today = Today::read(&self.store, (tenant, settings), notice.customer.as_ref(), now).await?;
            let to = if notice.kind == NoticeKind::Reminder { task.task.to.clone() } else { notice.to.clone() };
            let asked = store::TaskNotice { to, ..notice.clone() };
            let made = made::addressed(tenant, asked, &today.people(settings), now);
            let (status, why) = match made.as_slice() {
                [Made::Ended(_, status, why)] => (*status, why.clone()),
                _ => (EffectStatus::Superseded, "it goes to each of them by itself".to_owned()),
            };
            next.extend(self.make(tenant, made, now).await?);
            self.end(tenant, &known, status, Some(&why)).await?;
            return Ok(None);
        }
        Ok(Some(Ready { known, task }))
    }

    /// Takes notices that go together, and sends them at once. Whether somebody took them.
    async fn tell(
        &self,
        tenant: &TenantId,
        settings: &Settings,
        (way, person): (NoticeWay, Option<&str>),
        ready: Vec<Ready>,
        next: &mut Vec<NoticeId>,
    ) -> Result<bool> {
        let now = self.clock.now();
        let mut taken = Vec::with_capacity(ready.len());
        for one in ready {
            if self.store.take_notice(tenant, &one.known.notice.id, now).await? {
                taken.push(one);
            }
        }
        let Some(first) = taken.first().map(|one| one.known.notice.id.clone()) else { return Ok(false) };
        let outcome = match self.call(tenant, settings, (way, person), &first, &taken).await {
            Ok(outcome) => outcome,
            Err(error) => {
                // Nobody was called.
                for one in &taken {
                    self.store.give_notice_back(tenant, &one.known.notice.id, now, now).await?;
                }
                return Err(error);
            }
        };
        kit::metrics::emit(now, &[("way", way.as_str()), ("ended", outcome.word())], &[("notices", 1)]);
        for Ready { known, task } in &taken {
            let id = &known.notice.id;
            let (wait, why, is_last) = match &outcome {
                Outcome::Took => {
                    self.end(tenant, known, EffectStatus::Done, None).await?;
                    self.end_task(tenant, known, task).await?;
                    continue;
                }
                Outcome::Unknown { why } => {
                    self.end(tenant, known, EffectStatus::Unknown, Some(why)).await?;
                    continue;
                }
                Outcome::Never { why } => {
                    next.extend(self.fall_back(tenant, settings, known, now).await?);
                    self.end(tenant, known, EffectStatus::Blocked, Some(why)).await?;
                    continue;
                }
                Outcome::Later { after_s, why } => (*after_s, why, false),
                // Of a mail that is refused the same would be refused again.
                Outcome::Refused { why } => (None, why, way == NoticeWay::Email),
            };
            let tries = known.tries.saturating_add(1);
            if is_last || tries >= TRIES_MAX {
                next.extend(self.fall_back(tenant, settings, known, now).await?);
                self.end(tenant, known, EffectStatus::Failed, Some(why)).await?;
                continue;
            }
            let wait = wait.map(|seconds| SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)));
            let wait = wait.unwrap_or(WAIT * i32::try_from(tries).unwrap_or(1)).min(WAIT_MAX);
            let at = now.checked_add(wait).unwrap_or(Timestamp::MAX);
            tracing::info!(tenant.id = %tenant, notice.id = %id, reason = why, "a notice was not taken for now");
            self.store.give_notice_back(tenant, id, now, at).await?;
        }
        Ok(outcome == Outcome::Took)
    }

    /// Puts what was taken in words, and calls whom it is for.
    async fn call(
        &self,
        tenant: &TenantId,
        settings: &Settings,
        (way, person): (NoticeWay, Option<&str>),
        first: &NoticeId,
        taken: &[Ready],
    ) -> Result<Outcome> {
        let now = self.clock.now();
        let customers: BTreeSet<_> = taken.iter().filter_map(|one| one.task.customer.clone()).collect();
        let briefs = self.store.briefs(tenant, &customers).await?;
        let brief_of = |task: &Task| task.customer.as_ref().and_then(|customer| briefs.get(customer));
        let matters = taken.iter().map(|one| {
            let brief: Option<&CustomerBrief> = brief_of(&one.task);
            wording::matter(&one.known, &one.task, brief, self.console_url.as_deref())
        });
        let name = taken.first().and_then(|one| brief_of(&one.task)).map(|brief| brief.name.as_str());
        let worded = wording::worded(settings.name_of(""), name, matters.collect());
        let never = |why: &str| Ok(Outcome::Never { why: why.to_owned() });
        match way {
            NoticeWay::Email => {
                if let Some(why) = no_sender(&self.store, tenant, settings).await? {
                    return never(why);
                }
                let today = Today::read(&self.store, (tenant, settings), None, now).await?;
                let people = today.people(settings);
                match person.and_then(|person| people.email(person)) {
                    Some(to) => Ok(self.ways.mail((tenant, settings), first, to, &worded).await),
                    None => never("they have no address that is proven to be theirs: they get one by an invitation"),
                }
            }
            NoticeWay::Slack | NoticeWay::Teams => {
                let Some(channel) = self.store.notice_channel(tenant, way).await? else {
                    return never("no channel was entered: an admin does by PUT /v1/notice_channels/{way}");
                };
                if channel.gone_at.is_some() {
                    return never("its channel refused what it was sent, and nothing goes there any more");
                }
                let outcome = self.ways.channel(tenant, &channel, &worded).await?;
                let took = match &outcome {
                    Outcome::Took => Some(true),
                    Outcome::Refused { .. } | Outcome::Unknown { .. } => Some(false),
                    Outcome::Later { .. } | Outcome::Never { .. } => None,
                };
                if let Some(took) = took {
                    self.note_channel(tenant, &channel, took, now).await;
                }
                Ok(outcome)
            }
            NoticeWay::Sns => Ok(self.ways.publish(tenant, &worded).await),
            NoticeWay::Later(_) => never("this release does not know the way"),
        }
    }

    /// Notes how a channel took something; admins hear of one that is gone. What goes wrong with that is in the log: somebody may have been told.
    async fn note_channel(&self, tenant: &TenantId, channel: &store::NoticeChannel, took: bool, now: Timestamp) {
        let way = channel.way;
        let noted = async {
            if !self.store.note_notice_channel(tenant, channel, took, now).await? {
                return Ok(());
            }
            let task = NewTask {
                kind: TaskKind::Connection,
                key: format!("{CHANNEL_GONE}{way}/{}", channel.rev),
                title: format!("Notices do not reach {way} any more"),
                detail: format!(
                    "its channel refused what it was sent {} times in a row; what was to go there goes by email; make a new webhook there and enter \
                     its address by PUT /v1/notice_channels/{way}",
                    store::CHANNEL_FAILURES_MAX
                ),
                to: Some("admin".to_owned()),
                due_on: None,
                step: None,
                currency: None,
                case: None,
            };
            self.store.raise(tenant, None, &task, now).await.map(|_| ())
        };
        let noted: Result<()> = noted.await;
        if let Err(error) = noted {
            let error = kit::causes(&error);
            tracing::warn!(tenant.id = %tenant, way = way.as_str(), error, "how a channel of notices stands is not noted");
        }
    }

    /// What its channel does not take goes by email to those whom it is for.
    async fn fall_back(
        &self,
        tenant: &TenantId,
        settings: &Settings,
        known: &KnownNotice,
        now: Timestamp,
    ) -> Result<Vec<NoticeId>> {
        if known.notice.way == NoticeWay::Email {
            return Ok(Vec::new());
        }
        let today = Today::read(&self.store, (tenant, settings), known.notice.customer.as_ref(), now).await?;
        let made = made::by_email(tenant, &known.notice, &today.people(settings), now);
        self.make(tenant, made, now).await
    }

    /// People were told, which is all that a step wanted: the work is done. An escalation stays theirs.
    async fn end_task(&self, tenant: &TenantId, known: &KnownNotice, task: &Task) -> Result<()> {
        if task.task.kind != TaskKind::Notify || known.notice.kind != NoticeKind::Raised || !known.notice.of_step {
            return Ok(());
        }
        let note = Some(format!("told by {}", known.notice.way));
        let ending = Ending { result: TaskResult::Done, note, by: Some(BY.to_owned()) };
        self.store.end_task(tenant, &task.id, &ending, self.clock.now()).await.map(|_| ())
    }

    async fn end(&self, tenant: &TenantId, known: &KnownNotice, status: EffectStatus, why: Option<&str>) -> Result<()> {
        let id = &known.notice.id;
        tracing::info!(tenant.id = %tenant, notice.id = %id, status = status.as_str(), why = why.unwrap_or_default(), "notice handled");
        self.store.end_notice(tenant, id, status, why, self.clock.now()).await
    }
}
