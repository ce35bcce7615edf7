//! The way to live: what has to be done before messages leave, what of it is missing, and going there. Nothing is passed over: [`go_live`] refuses
//! while a step is open.

use domain::{Mode, Settings, Workflow, calendar::check_settings, go_live, identities, job::JobStatus};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{Job, Store, Versioned};

use crate::{Actor, Done, NotDone, Operation, audit};

/// The newest jobs that are looked through for an audit of the book and a simulation.
const LOOKED_AT: u32 = 200;
/// How old the audit of the book and the simulation may be, in hours.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A step on the way to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveStep {
    /// The book was looked through.
    BookAudit,
    /// What would be sent is decided and recorded, and nothing leaves.
    Shadow,
    /// The days to come were played.
    Simulation,
    /// Messages of a day are capped at the beginning.
    Ramp,
    /// Everything is there that messages need, and they leave.
    Live,
}

impl LiveStep {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [Self::BookAudit, Self::Shadow, Self::Simulation, Self::Ramp, Self::Live];
}

/// A step, and what is missing of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveStepState {
    /// The step.
    pub step: LiveStep,
    /// What is missing: a JSON pointer into the settings, or an empty one, and what to do. Empty where it is passed.
    pub missing: Vec<(String, String)>,
    /// What is allowed, and should be looked at.
    pub warnings: Vec<(String, String)>,
    /// The job that it is about.
    pub job: Option<Job>,
}

/// How far a tenant is.
#[derive(Clone, Debug, PartialEq)]
pub struct GoLiveState {
    /// The mode that it is in.
    pub mode: Mode,
    /// The steps, in their order.
    pub steps: Vec<LiveStepState>,
    /// Messages of a day by week that the audit of the book recommends; empty where it recommends none or was not done.
    pub ramp: Vec<u64>,
    /// Messages of a day at most, where the settings say so.
    pub per_day: Option<u32>,
    /// The revision of the settings.
    pub rev: u64,
}

impl GoLiveState {
    /// Whether nothing is missing any more.
    pub fn is_ready(&self) -> bool {
        self.steps.iter().all(|step| step.missing.is_empty())
    }
}

/// What of the way to live is done, and what is missing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] for a tenant without settings, and those of reading.
pub async fn show(store: &Store, actor: &Actor, now: Timestamp) -> Done<GoLiveState> {
    let tenant = actor.may(Operation::ShowSettings)?;
    let settings = settings_of(store, actor).await?;
    let jobs = store.jobs(tenant, LOOKED_AT, None).await?.jobs;
    let published = store.workflows(tenant).await?;
    Ok(state(&settings, &jobs, &published, now))
}

/// Switches to shadow: what would be sent is decided and recorded, and nothing leaves. `seen` is the revision of the settings.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Stale`] where the settings changed meanwhile, and those of the table.
pub async fn to_shadow(store: &Store, actor: &Actor, seen: u64, now: Timestamp) -> Done<()> {
    change(store, actor, seen, now, |settings| settings.mode = Mode::Shadow).await
}

/// Caps the messages of a day.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`] for a cap that is none, [`NotDone::Stale`], and those of the table.
pub async fn set_ramp(store: &Store, actor: &Actor, per_day: u32, seen: u64, now: Timestamp) -> Done<()> {
    if per_day == 0 {
        return Err(NotDone::field("/caps/per_day", "0 lets nothing leave; a ramp begins with some messages a day, such as 20"));
    }
    change(store, actor, seen, now, |settings| settings.caps.per_day = Some(per_day)).await
}

/// Goes live: messages leave from now on.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`] with everything that is missing, [`NotDone::Stale`], and those of the table.
pub async fn go_live(store: &Store, actor: &Actor, seen: u64, now: Timestamp) -> Done<()> {
    actor.may(Operation::PatchSettings)?;
    let open: Vec<(String, String)> = show(store, actor, now).await?.steps.into_iter().flat_map(|step| step.missing).collect();
    if !open.is_empty() {
        return Err(NotDone::Fields(open));
    }
    change(store, actor, seen, now, |settings| settings.mode = Mode::Live).await
}

async fn settings_of(store: &Store, actor: &Actor) -> Done<Versioned<Settings>> {
    let none = || NotDone::NotFound("this tenant has no settings yet; PUT /v1/settings creates it".to_owned());
    store.settings(actor.tenant()).await?.ok_or_else(none)
}

async fn change(store: &Store, actor: &Actor, seen: u64, now: Timestamp, change: impl FnOnce(&mut Settings)) -> Done<()> {
    let tenant = actor.may(Operation::PatchSettings)?;
    let Versioned { value: before, rev } = settings_of(store, actor).await?;
    if rev != seen {
        return Err(NotDone::Stale(rev));
    }
    let mut settings = before.clone();
    change(&mut settings);
    let listed = store.identities(tenant).await?.map(|listed| listed.value);
    let mut flaws = check_settings(&settings);
    flaws.extend(identities::unlisted(&settings, listed.as_ref(), Some(&before)));
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws));
    }
    let what = audit::changes(&json!(before), &json!(settings));
    let acting = store.acting(actor.entry(Operation::PatchSettings, now).with(what));
    match acting.put_settings(tenant, &settings, Some(seen), now).await {
        Ok(_) => Ok(()),
        Err(store::Error::Conflict { .. }) => Err(NotDone::Stale(settings_of(store, actor).await?.rev)),
        Err(error) => Err(error.into()),
    }
}

fn state(settings: &Versioned<Settings>, jobs: &[Job], published: &[Workflow], now: Timestamp) -> GoLiveState {
    let Versioned { value: settings, rev } = settings;
    let audited = newest(jobs, "audit_book");
    let played = newest(jobs, "simulate");
    let ramp = audited.and_then(|job| job.result.as_ref()).map(ramp_of).unwrap_or_default();
    let steps = LiveStep::ALL.into_iter().map(|step| {
        let (missing, warnings, job) = match step {
            LiveStep::BookAudit => {
                (undone(audited, "the book was not looked through yet; start the audit of the book", now), Vec::new(), audited)
            }
            LiveStep::Shadow => (not_in_shadow(settings), Vec::new(), None),
            LiveStep::Simulation => {
                let missing = undone(played, "the days to come were not played yet; start a simulation", now);
                (missing, breaker_opened(played), played)
            }
            LiveStep::Ramp => (no_ramp(settings, &ramp), Vec::new(), None),
            LiveStep::Live => (not_ready(settings, published), go_live::held_back(settings), None),
        };
        LiveStepState { step, missing, warnings, job: job.cloned() }
    });
    GoLiveState { mode: settings.mode, steps: steps.collect(), ramp, per_day: settings.caps.per_day, rev: *rev }
}

/// The newest job of a kind that ended well, else the newest of all.
fn newest<'a>(jobs: &'a [Job], kind: &str) -> Option<&'a Job> {
    let mut own = jobs.iter().filter(|job| job.kind == kind);
    let first = own.clone().next();
    own.find(|job| job.status == JobStatus::Done).or(first)
}

fn undone(job: Option<&Job>, never: &str, now: Timestamp) -> Vec<(String, String)> {
    let said = match job {
        None => never.to_owned(),
        Some(job) if job.status.is_under_way() => "it is under way; wait until it is done".to_owned(),
        Some(job) if job.status != JobStatus::Done => {
            format!("the last one did not end well ({}); start it again", job.status)
        }
        Some(job) if now.duration_since(job.asked_at) > GOOD_FOR => {
            "the last one is older than 14 days, and the book changed since; start it again".to_owned()
        }
        Some(_) => return Vec::new(),
    };
    vec![(String::new(), said)]
}

fn not_in_shadow(settings: &Settings) -> Vec<(String, String)> {
    let said = match settings.mode {
        Mode::Shadow | Mode::Live => return Vec::new(),
        Mode::Off | Mode::Later(_) => {
            "nothing is decided while the tenant is switched off; switch to shadow and look at what would be sent"
        }
    };
    vec![("/mode".to_owned(), said.to_owned())]
}

fn breaker_opened(job: Option<&Job>) -> Vec<(String, String)> {
    let opened = job.and_then(|job| job.result.as_ref()?.pointer("/present/breaker_opened")?.as_array());
    if opened.is_none_or(Vec::is_empty) {
        return Vec::new();
    }
    let said = "the circuit breaker would open in the days to come: an unusual day stops everything until a person looks";
    vec![("/breaker".to_owned(), said.to_owned())]
}

/// Without a cap, where the audit calls for a ramp.
fn no_ramp(settings: &Settings, ramp: &[u64]) -> Vec<(String, String)> {
    match (settings.caps.per_day, ramp.first()) {
        (None, Some(first)) => {
            let said = format!("a backlog waits, and nothing caps the messages of a day; begin with {first} a day");
            vec![("/caps/per_day".to_owned(), said)]
        }
        (Some(_), _) | (None, None) => Vec::new(),
    }
}

fn not_ready(settings: &Settings, published: &[Workflow]) -> Vec<(String, String)> {
    if settings.training {
        let said = "a tenant for training never goes live; make another tenant to work with";
        return vec![("/mode".to_owned(), said.to_owned())];
    }
    go_live::missing(settings, published)
}

/// The ramp that an audit of the book recommends.
fn ramp_of(result: &Value) -> Vec<u64> {
    let weeks = result.pointer("/ramp/caps_per_day_by_week").and_then(Value::as_array);
    weeks.into_iter().flatten().filter_map(Value::as_u64).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use std::collections::BTreeMap;

    use domain::{Channel, JobId};

    use super::*;

    fn job(kind: &str, status: JobStatus, asked_at: Timestamp, result: Value) -> Job {
        Job {
            id: JobId::at(asked_at, &["acme", kind]),
            kind: kind.to_owned(),
            args: json!({}),
            status,
            by: "ann".to_owned(),
            asked_at,
            done: 0,
            total: None,
            slice: 1,
            tries: 0,
            checkpoint: Value::Null,
            parts: BTreeMap::new(),
            result: Some(result),
            result_key: None,
            file_name: None,
            why: None,
            ended_at: None,
        }
    }

    fn open(settings: &Settings, jobs: &[Job], published: &[Workflow], now: Timestamp) -> Vec<LiveStep> {
        let settings = Versioned { value: settings.clone(), rev: 3 };
        let steps = state(&settings, jobs, published, now).steps.into_iter();
        steps.filter(|step| !step.missing.is_empty()).map(|step| step.step).collect()
    }

    #[test]
    fn each_step_is_open_until_it_is_done() {
        let now: Timestamp = "2026-02-10T10:00:00Z".parse().unwrap();
        let workflow: Workflow = serde_json::from_value(json!({
            "id": "w", "name": "W", "scope": "customer", "steps": [{"id": "s", "at": {"anchor": "due_date", "offset": "P1D"},
            "action": {"send": {"channels": ["email"], "template": "t", "to": ["billing"]}}}],
        }))
        .unwrap();
        let mut settings = Settings::named("Acme");
        settings.mode = Mode::Off;
        assert_eq!(open(&settings, &[], &[], now), [LiveStep::BookAudit, LiveStep::Shadow, LiveStep::Simulation, LiveStep::Live]);
        settings.mode = Mode::Shadow;
        let ramp = json!({"ramp": {"caps_per_day_by_week": [20, 40]}});
        let old = now - SignedDuration::from_hours(15 * 24);
        let late = [job("audit_book", JobStatus::Done, old, ramp.clone()), job("simulate", JobStatus::Failed, now, json!({}))];
        let expected = [LiveStep::BookAudit, LiveStep::Simulation, LiveStep::Ramp, LiveStep::Live];
        assert_eq!(open(&settings, &late, std::slice::from_ref(&workflow), now), expected);
        let running = job("simulate", JobStatus::Running, now, json!({}));
        let done = job("simulate", JobStatus::Done, now, json!({"present": {"breaker_opened": ["2026-03-01T00:00:00Z"]}}));
        let jobs = [running, job("audit_book", JobStatus::Done, now, ramp), done];
        settings.sender.insert(Channel::Email, "ar@acme.example".to_owned());
        assert_eq!(open(&settings, &jobs, std::slice::from_ref(&workflow), now), [LiveStep::Ramp]);
        settings.caps.per_day = Some(20);
        assert!(open(&settings, &jobs, std::slice::from_ref(&workflow), now).is_empty());
        let all = state(&Versioned { value: settings.clone(), rev: 3 }, &jobs, std::slice::from_ref(&workflow), now);
        assert!(all.is_ready() && all.ramp == [20, 40] && all.steps[2].warnings.len() == 1, "{all:?}");
        settings.training = true;
        assert_eq!(open(&settings, &jobs, &[workflow], now), [LiveStep::Live]);
    }
}
