//! A tenant's settings. The first write creates the tenant; a merge patch changes what it names; the kill switch and the breaker.

use domain::{
    AnswerModelUse, Mode, Settings, TenantId, Workflow,
    calendar::{check_settings, tenant_zone},
    go_live, identities,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use service::{Actor, Done, NotDone, Operation, flaws::read_what_fits};
use store::{Store, Versioned};

use crate::{
    desk::SetupDesk,
    first_workflows::publish_builtin,
    merge_patch::{ChangedField, changes, merge},
    settings_warnings::warnings,
};

/// Settings as they are, or would be.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingsFound {
    /// The settings, defaults filled in.
    pub settings: Settings,
    /// Their revision; of a trial that of those that are stored.
    pub rev: u64,
    /// What is allowed but should not stay so: JSON pointers, each with a sentence.
    pub warnings: Vec<(String, String)>,
    /// What is other than before; for a new tenant, other than the defaults. Nothing where they were only read.
    pub changes: Vec<ChangedField>,
}

/// How settings are to be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettingsWrite {
    /// The revision that they must be at, 0 for none; whatever is there where it is left out.
    pub if_rev: Option<u64>,
    /// Whether it is only tried: nothing is stored.
    pub is_trial: bool,
}

/// Whether anything leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controls {
    /// The kill switch.
    pub paused: bool,
    /// Whether the circuit breaker holds everything back.
    pub breaker_open: bool,
}

/// The settings, with what should not stay so.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] before the first write, and those of reading.
pub async fn show(desk: SetupDesk<'_>, actor: &Actor) -> Done<SettingsFound> {
    let tenant = actor.may(Operation::ShowSettings)?;
    let Versioned { value, rev } = stored(desk.store, tenant).await?;
    let warnings = warnings(desk, tenant, &value, &published(desk.store, tenant).await?).await?;
    Ok(SettingsFound { settings: value, rev, warnings, changes: vec![] })
}

/// Replaces the settings. Left out, `mode`, `paused`, `shards` and `training` stay as they are; everything else goes back to its default.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Stale`], [`NotDone::Fields`] with every flaw, and those of KMS and of the table.
pub async fn put(
    desk: SetupDesk<'_>,
    actor: &Actor,
    mut wish: Value,
    write: SettingsWrite,
    now: Timestamp,
) -> Done<SettingsFound> {
    let tenant = actor.may(Operation::PutSettings)?;
    let before = desk.store.settings(tenant).await?;
    unless_stale(before.as_ref().map_or(0, |before| before.rev), write)?;
    if let (Some(object), Some(Versioned { value: before, .. })) = (wish.as_object_mut(), &before) {
        let kept = [
            ("mode", json!(before.mode)),
            ("paused", json!(before.paused)),
            ("shards", json!(before.shards)),
            ("training", json!(before.training)),
        ];
        for (name, kept) in kept {
            object.entry(name).or_insert(kept);
        }
    }
    write_checked(desk, (actor, Operation::PutSettings), write, before, wish, now).await
}

/// Changes what a JSON merge patch (RFC 7396) names.
///
/// # Errors
///
/// Those of [`put`], and [`NotDone::NotFound`] before the first write.
pub async fn patch(
    desk: SetupDesk<'_>,
    actor: &Actor,
    patch: Value,
    write: SettingsWrite,
    now: Timestamp,
) -> Done<SettingsFound> {
    let tenant = actor.may(Operation::PatchSettings)?;
    let before = stored(desk.store, tenant).await?;
    unless_stale(before.rev, write)?;
    if !patch.is_object() {
        return Err(NotDone::field("", "a merge patch is an object with the settings that change, such as {\"mode\": \"live\"}"));
    }
    let merged = merge(json!(before.value), patch);
    write_checked(desk, (actor, Operation::PatchSettings), write, Some(before), merged, now).await
}

/// Turns the kill switch on, or lifts it.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] before the first settings, [`NotDone::Changed`] where they keep changing; those of the table.
pub async fn switch(store: &Store, actor: &Actor, paused: bool, now: Timestamp) -> Done<Controls> {
    let operation = if paused { Operation::Pause } else { Operation::Resume };
    let tenant = actor.may(operation)?;
    let acting = store.acting(actor.entry(operation, now));
    for _ in 0..4 {
        let before = stored(store, tenant).await?;
        if before.value.paused == paused {
            return controls(store, tenant).await;
        }
        let settings = Settings { paused, ..before.value };
        match acting.put_settings(tenant, &settings, Some(before.rev), now).await {
            Ok(_) => return controls(store, tenant).await,
            Err(store::Error::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(NotDone::Changed("the settings kept changing; try again".to_owned()))
}

/// Closes the circuit breaker after a person has looked; every customer is decided again.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] before the first settings; those of the table.
pub async fn reset_breaker(store: &Store, actor: &Actor, now: Timestamp) -> Done<Controls> {
    let tenant = actor.may(Operation::ResetBreaker)?;
    let today = now.to_zoned(tenant_zone(&stored(store, tenant).await?.value)).date();
    let acting = store.acting(actor.entry(Operation::ResetBreaker, now));
    acting.approve_day(tenant, today).await?;
    acting.reset_breaker(tenant, now).await?;
    controls(store, tenant).await
}

/// Whether anything leaves, for whoever may read the settings.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], and those of reading.
pub async fn show_controls(store: &Store, actor: &Actor) -> Done<Controls> {
    controls(store, actor.may(Operation::ShowSettings)?).await
}

async fn controls(store: &Store, tenant: &TenantId) -> Done<Controls> {
    let policy = store.policy(tenant, &Default::default(), store::Read::Fresh).await?;
    Ok(Controls { paused: policy.settings.paused, breaker_open: policy.breaker_open })
}

/// The settings as they are stored.
///
/// # Errors
///
/// [`NotDone::NotFound`] before the first write, and those of reading.
pub(crate) async fn stored(store: &Store, tenant: &TenantId) -> Done<Versioned<Settings>> {
    let none = || NotDone::NotFound("this tenant has no settings yet; PUT /v1/settings creates it".to_owned());
    store.settings(tenant).await?.ok_or_else(none)
}

fn unless_stale(rev: u64, write: SettingsWrite) -> Done<()> {
    match write.if_rev {
        Some(wanted) if wanted != rev => Err(NotDone::Stale(rev)),
        Some(_) | None => Ok(()),
    }
}

/// Checks and stores settings, or says what would come of it.
async fn write_checked(
    desk: SetupDesk<'_>,
    (actor, operation): (&Actor, Operation),
    write: SettingsWrite,
    before: Option<Versioned<Settings>>,
    wish: Value,
    now: Timestamp,
) -> Done<SettingsFound> {
    let tenant = actor.may(operation)?;
    let seen = before.as_ref().map_or(0, |before| before.rev);
    let before = before.map(|before| before.value);
    let published = published(desk.store, tenant).await?;
    let instead = before.as_ref().map_or(Value::Null, |before| json!(before));
    let (settings, mut flaws) = read_what_fits::<Settings>(wish, &instead);
    let Some(mut settings) = settings else { return Err(NotDone::Fields(flaws)) };
    demand_of_books(desk, tenant, &mut settings).await?;
    let listed = desk.store.identities(tenant).await?.map(|listed| listed.value);
    let unlisted = identities::unlisted(&settings, listed.as_ref(), before.as_ref());
    let unmodelled = lacks_model(desk, before.as_ref(), &settings);
    for flaw in check(before.as_ref(), &settings, &published).into_iter().chain(unlisted).chain(unmodelled) {
        if !flaws.iter().any(|(pointer, _)| *pointer == flaw.0) {
            flaws.push(flaw);
        }
    }
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws));
    }
    let compared = before.unwrap_or_else(|| Settings::named(""));
    let changes = changes(&json!(compared), &json!(settings));
    if write.is_trial {
        let warnings = warnings(desk, tenant, &settings, &published).await?;
        return Ok(SettingsFound { settings, rev: seen, warnings, changes });
    }
    let what = service::audit::changes(&instead, &json!(settings));
    let acting = desk.acting(actor.entry(operation, now).with(what));
    let rev = match acting.store.put_settings(tenant, &settings, Some(seen), now).await {
        Ok(rev) => rev,
        Err(store::Error::Conflict { .. }) if write.if_rev.is_some() => {
            let rev = desk.store.settings(tenant).await?.map_or(0, |known| known.rev);
            return Err(NotDone::Stale(rev));
        }
        Err(error) => return Err(error.into()),
    };
    // A first try may have stored the settings and got no further.
    acting.vault.ensure_key(tenant).await?;
    if !acting.store.has_workflows(tenant).await? {
        publish_builtin(&acting.store, tenant, now).await?;
    }
    let warnings = warnings(desk, tenant, &settings, &published).await?;
    Ok(SettingsFound { settings, rev, warnings, changes })
}

/// A model is asked for that the deployment does not name. Whose settings said so while it named one keep saying it, and are warned.
fn lacks_model(desk: SetupDesk<'_>, before: Option<&Settings>, settings: &Settings) -> Option<(String, String)> {
    let said = before.map(|before| before.answers.model);
    let is_new = settings.answers.model == AnswerModelUse::Suggest && said != Some(AnswerModelUse::Suggest);
    let detail =
        "this deployment names no model: its operator names one by the parameter AnswersModel, and deploys; until then it is off";
    (is_new && !desk.has_answers_model).then(|| ("/answers/model".to_owned(), detail.to_owned()))
}

/// The published workflows; for a tenant that is not set up yet those that it will start with.
async fn published(store: &Store, tenant: &TenantId) -> Done<Vec<Workflow>> {
    if store.has_workflows(tenant).await? {
        return Ok(store.workflows(tenant).await?);
    }
    Ok(channels::builtin::workflows())
}

/// Books that are read back are never so old as that nobody asks: what is left out gets its default again.
async fn demand_of_books(desk: SetupDesk<'_>, tenant: &TenantId, settings: &mut Settings) -> Done<()> {
    for source in desk.vault.connections(tenant).await? {
        if let Some(books) = connectors::accounting_api_of(&source) {
            settings.freshness.entry(source).or_insert_with(|| reading::connect::demand(books.access().limits.good_for));
        }
    }
    Ok(())
}

/// What keeps settings from being stored. What a live tenant lacks it must not lose, and who is not live yet must have; a tenant that has
/// been live without is warned, so that everything else of it can still be set.
fn check(before: Option<&Settings>, settings: &Settings, published: &[Workflow]) -> Vec<(String, String)> {
    let mut flaws = check_settings(settings);
    let unknown = settings.freshness.keys().filter(|source| connectors::by_source(source).is_none());
    flaws.extend(unknown.map(|source| {
        let pointer = format!("/freshness/{}", source.replace('~', "~0").replace('/', "~1"));
        (pointer, "no source has this name; GET /v1/sources lists those there are".to_owned())
    }));
    if let Some(before) = before.filter(|before| settings.shards < before.shards) {
        flaws.push(("/shards".to_owned(), format!("shards may be raised, not lowered; there are {} now", before.shards)));
    }
    if let Some(before) = before.filter(|before| settings.training != before.training) {
        let stays =
            if before.training { "this tenant is one for training and stays so" } else { "this tenant is none for training" };
        flaws
            .push(("/training".to_owned(), format!("{stays}: that is said with a tenant's first settings; make another tenant")));
    }
    if settings.training && settings.mode == Mode::Live {
        let detail = "a tenant for training never goes live; make another tenant to work with".to_owned();
        flaws.push(("/mode".to_owned(), detail));
    } else if settings.mode == Mode::Live {
        let lacked = before.filter(|before| before.mode == Mode::Live).map(|before| go_live::missing(before, published));
        let lacked = lacked.unwrap_or_default();
        flaws.extend(go_live::missing(settings, published).into_iter().filter(|missing| !lacked.contains(missing)));
    }
    flaws
}
