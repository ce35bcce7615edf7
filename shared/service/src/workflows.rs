//! The life of a workflow: a draft, what the prover says of it, its publishing to a share of cases or all, and the way back.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Action, Anchor, At, Channel, CompiledWorkflow, Days, Mode, Offset, Role, Settings, Step, TenantId, Workflow, go_live,
    rollout::SHARE_WHOLE,
    workflow::{Fallback, Finding, Flaw, Migration, PublishContext, Send, Severity, migration_flaws, prove, prove_migration},
};
use jiff::Timestamp;
use serde_json::json;
use store::{Draft, PublishAsked, PublishedVersion, Publishing, Store, StoredTemplate, WorkflowState};

use crate::{Actor, Done, NotDone, Operation, tenant_limits::TenantLimit};

/// What is wrong with the texts of a workflow: asked of whoever renders them.
pub type TextProver = fn(&Workflow, &[StoredTemplate], &Settings) -> Vec<Finding>;

/// What came of a wish to publish.
#[derive(Clone, Debug, PartialEq)]
pub enum PublishOutcome {
    /// The prover refuses it; nothing was written.
    Refused(Vec<Finding>),
    /// It is asked for; another person has to publish it.
    Asked {
        /// What was asked.
        asked: PublishAsked,
        /// What the prover warns of.
        warnings: Vec<Finding>,
    },
    /// It is published.
    Published {
        /// The version.
        version: u32,
        /// Of a hundred cases, how many take it.
        share: u8,
        /// What the prover warns of.
        warnings: Vec<Finding>,
    },
}

/// How a draft is to be published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PublishGiven {
    /// Of a hundred cases, how many take it first; all when left out.
    pub share: Option<u8>,
    /// What becomes of the steps of running cases, which move then; they stay when it is left out.
    pub migration: Option<Migration>,
}

/// Where a draft begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Beginning<'a> {
    /// A workflow that is ready, by its id there.
    Ready(&'a str, &'a Workflow),
    /// A published version; the current one without a number.
    Version(Option<u32>),
}

fn none() -> NotDone {
    NotDone::NotFound("there is no such workflow; GET /v1/workflows lists those that are published".to_owned())
}

fn no_draft() -> NotDone {
    NotDone::NotFound("there is no draft of it; PUT or POST /v1/workflows/{id}/draft makes one".to_owned())
}

fn changed() -> NotDone {
    NotDone::Changed("it changed meanwhile; read it again and repeat the request".to_owned())
}

/// The draft of a workflow.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn draft(store: &Store, actor: &Actor, id: &str) -> Done<Draft> {
    let tenant = actor.may(Operation::ShowDraft)?;
    store.draft(tenant, id).await?.ok_or_else(no_draft)
}

/// Every draft.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], and those of reading.
pub async fn drafts(store: &Store, actor: &Actor) -> Done<Vec<Draft>> {
    Ok(store.drafts(actor.may(Operation::ListDrafts)?).await?)
}

/// The draft of a workflow as the version that it would be, ready to be asked: for whoever plays it through. `None` where there is none.
///
/// # Errors
///
/// Those of reading.
pub async fn compiled_draft(store: &Store, tenant: &TenantId, id: &str) -> Done<Option<Arc<CompiledWorkflow>>> {
    let Some(draft) = store.draft(tenant, id).await? else { return Ok(None) };
    let current = match store.workflow_state(tenant, id).await? {
        Some(state) => store.compiled_workflow(tenant, id, state.version).await?.map(|current| (state.version, current)),
        None => None,
    };
    let version = current.as_ref().map_or(0, |(version, _)| *version) + 1;
    let next = Workflow { version, ..draft.workflow };
    let before = current.as_ref().map(|(_, current)| current.carried()).unwrap_or_default();
    let carried = domain::workflow::carried_on(before, &next, &Migration::new());
    Ok(Some(Arc::new(CompiledWorkflow::compile(next).carrying(carried))))
}

/// Which plan of a workflow is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanOf {
    /// The newest version.
    Newest,
    /// A version.
    Version(u32),
    /// The draft.
    Draft,
}

/// A plan of a workflow, ready to be asked.
///
/// # Errors
///
/// [`NotDone::NotFound`], and those of reading.
pub async fn plan(store: &Store, tenant: &TenantId, id: &str, of: PlanOf) -> Done<Arc<CompiledWorkflow>> {
    let version = match of {
        PlanOf::Draft => return compiled_draft(store, tenant, id).await?.ok_or_else(no_draft),
        PlanOf::Version(version) => version,
        PlanOf::Newest => store.workflow_state(tenant, id).await?.ok_or_else(none)?.version,
    };
    store.compiled_workflow(tenant, id, version).await?.ok_or_else(none)
}

/// The id of the step by which [`with_template`] shows a template.
pub const SHOWN: &str = "preview";

/// A plan with one more step, the day after the due date, that writes a template: for looking at a template by itself.
pub fn with_template(plan: &CompiledWorkflow, template: &str, channels: Vec<Channel>) -> CompiledWorkflow {
    let at = At { anchor: Anchor::DueDate, offset: Offset::Days(Days(1)) };
    let send = Send {
        channels,
        template: template.to_owned(),
        to: vec![Role::Billing],
        fallback: Fallback::Task,
        copies: 0,
        after: None,
        attach: Vec::new(),
    };
    let mut workflow = plan.workflow().clone();
    workflow.steps.retain(|step| step.id != SHOWN);
    workflow.steps.push(Step::new(SHOWN, at, Action::Send(send)));
    CompiledWorkflow::compile(workflow)
}

/// Stores a draft in place of the one at `seen`: 0 for none. `base` is the version that it follows, where whoever wrote it says so.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Conflict`] where the draft is at another revision, and those of the table.
pub async fn put_draft(
    store: &Store,
    actor: &Actor,
    workflow: Workflow,
    base: Option<u32>,
    seen: u64,
    now: Timestamp,
) -> Done<Draft> {
    let tenant = actor.may(Operation::PutDraft)?;
    let before = store.draft(tenant, &workflow.id).await?;
    let current = store.workflow_state(tenant, &workflow.id).await?.map_or(0, |state| state.version);
    if before.is_none() {
        TenantLimit::Drafts.unless_full(store.drafts(tenant).await?.len())?;
    }
    let base = base.or(before.as_ref().map(|before| before.base)).unwrap_or(current);
    if base > current {
        return Err(NotDone::field(
            "/version",
            format!("there is no version {base} yet that it could follow; the newest is {current}"),
        ));
    }
    let draft = Draft {
        workflow: Workflow { version: 0, ..workflow },
        base,
        from: before.and_then(|before| before.from),
        changed_at: now,
        changed_by: actor.by().to_owned(),
        asked: None,
        rev: seen,
    };
    write(store, actor, Operation::PutDraft, draft, now).await
}

/// Begins a draft from a ready workflow or a published version, under the workflow's own id.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] where there is nothing to begin from, [`NotDone::Conflict`] where there is a draft, and
/// those of the table.
pub async fn begin_draft(store: &Store, actor: &Actor, id: &str, from: Beginning<'_>, now: Timestamp) -> Done<Draft> {
    let tenant = actor.may(Operation::BeginDraft)?;
    let state = store.workflow_state(tenant, id).await?;
    let current = state.map_or(0, |state| state.version);
    let (workflow, named) = match from {
        Beginning::Ready(name, ready) => (ready.clone(), format!("ready/{name}")),
        Beginning::Version(version) => {
            let version = version.unwrap_or(current);
            let known = store.workflow(tenant, id, Some(version)).await?.ok_or_else(none)?;
            (known, format!("version/{version}"))
        }
    };
    let draft = Draft {
        workflow: Workflow { id: id.to_owned(), version: 0, ..workflow },
        base: current,
        from: Some(named),
        changed_at: now,
        changed_by: actor.by().to_owned(),
        asked: None,
        rev: 0,
    };
    if store.draft(tenant, id).await?.is_some() {
        let why = "there is a draft of it already; PUT it, or throw it away first with DELETE /v1/workflows/{id}/draft";
        return Err(NotDone::Conflict(why.to_owned()));
    }
    TenantLimit::Drafts.unless_full(store.drafts(tenant).await?.len())?;
    write(store, actor, Operation::BeginDraft, draft, now).await
}

async fn write(store: &Store, actor: &Actor, operation: Operation, draft: Draft, now: Timestamp) -> Done<Draft> {
    let what = json!({ "base": draft.base, "from": draft.from });
    let acting = store.acting(actor.entry(operation, now).of(&draft.workflow.id).with(what));
    let rev = acting.put_draft(actor.tenant(), &draft).await?.ok_or_else(changed)?;
    Ok(Draft { rev, ..draft })
}

/// Throws a draft away.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Conflict`] where it changed meanwhile, and those of the table.
pub async fn drop_draft(store: &Store, actor: &Actor, id: &str, seen: u64, now: Timestamp) -> Done<()> {
    let tenant = actor.may(Operation::DropDraft)?;
    let acting = store.acting(actor.entry(Operation::DropDraft, now).of(id));
    if acting.drop_draft(tenant, id, seen).await? { Ok(()) } else { Err(changed()) }
}

/// Everything that the prover finds in a workflow, as the tenant's settings and texts are now.
///
/// # Errors
///
/// [`NotDone::NotFound`] for a tenant without settings, and those of reading.
pub async fn findings(store: &Store, tenant: &TenantId, workflow: &Workflow, texts: TextProver) -> Done<Vec<Finding>> {
    let settings = store.settings(tenant).await?;
    let settings = settings
        .ok_or_else(|| NotDone::NotFound("this tenant has no settings yet; PUT /v1/settings creates it".to_owned()))?
        .value;
    let all = store.templates(tenant).await?;
    let mut languages: BTreeMap<(String, Channel), Vec<String>> = BTreeMap::new();
    for template in &all {
        languages.entry((template.id.clone(), template.channel)).or_default().push(template.language.clone());
    }
    let context = PublishContext { templates: languages, senders: Channel::with_sender().collect(), settings: &settings };
    let mut found = prove(workflow, &context);
    found.extend(texts(workflow, &all, &settings));
    found.extend(without_sender(store, tenant, &settings, workflow).await?);
    found.sort_by_key(|finding| finding.severity);
    Ok(found)
}

/// Where a workflow sends by a channel that the settings name no sender for: what a live tenant may not publish, as it could not go live with
/// it, and what is only said. Where a live tenant's workflows sent by the channel before, nothing is new.
async fn without_sender(store: &Store, tenant: &TenantId, settings: &Settings, workflow: &Workflow) -> Done<Vec<Finding>> {
    let lacking = go_live::steps_without_sender(settings, workflow);
    if lacking.is_empty() || settings.mode == Mode::Off {
        return Ok(Vec::new());
    }
    let sent_by = go_live::channels(&store.workflows(tenant).await?);
    let steps: Vec<&str> = workflow.steps.iter().map(|step| step.id.as_str()).collect();
    let finding = |(channel, flaw): (Channel, Flaw)| {
        let is_new = settings.mode == Mode::Live && !sent_by.contains(&channel);
        let severity = if is_new { Severity::Error } else { Severity::Warning };
        Finding::of_flaw(flaw, severity, "sender", &steps)
    };
    Ok(lacking.into_iter().map(finding).collect())
}

/// What the prover says of a draft, or of a workflow that is stored nowhere.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] where there is no draft, and those of reading.
pub async fn validate(store: &Store, actor: &Actor, id: &str, given: Option<Workflow>, texts: TextProver) -> Done<Vec<Finding>> {
    let tenant = actor.may(Operation::ValidateWorkflow)?;
    let workflow = match given {
        Some(workflow) => workflow,
        None => store.draft(tenant, id).await?.ok_or_else(no_draft)?.workflow,
    };
    findings(store, tenant, &workflow, texts).await
}

/// Publishes the draft of a workflow; while a version of it is out for a share of cases, gives that version to more of them. Where it takes two
/// people, the first call asks and another person's publishes.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] without a draft, [`NotDone::Conflict`] where something else has to be done first,
/// [`NotDone::Fields`] for a share or map that is wrong, and those of the table.
pub async fn publish(
    store: &Store,
    actor: &Actor,
    id: &str,
    given: &PublishGiven,
    texts: TextProver,
    now: Timestamp,
) -> Done<PublishOutcome> {
    let tenant = actor.may(Operation::PublishWorkflow)?;
    if given.share.is_some_and(|share| !(1..=SHARE_WHOLE).contains(&share)) {
        return Err(NotDone::field("/share", "a share is 1 to 100: of a hundred cases, how many take the version first"));
    }
    let state = store.workflow_state(tenant, id).await?;
    if let Some(state) = state.as_ref().filter(|state| state.is_shared()) {
        return widen(store, actor, id, state, given, now).await;
    }
    let draft = store.draft(tenant, id).await?.ok_or_else(no_draft)?;
    let current = state.as_ref().map_or(0, |state| state.version);
    if draft.base != current {
        return Err(NotDone::Conflict(format!(
            "version {current} was published since the draft was begun from version {}; compare the two, and PUT the draft again with \
             \"version\": {current}",
            draft.base
        )));
    }
    unless_too_many(store, tenant, current).await?;
    let settings = store.settings(tenant).await?.map(|settings| settings.value);
    let takes_two = settings.is_some_and(|settings| settings.publishing.two_people);
    // Whoever has a key has a token too, and would be two.
    if takes_two && actor.scopes().is_some() {
        let why = "publishing takes two people here, and a key is no person: it takes a person's token";
        return Err(NotDone::NotAllowed(why.to_owned()));
    }
    let (share, migration) = match &draft.asked {
        Some(asked) if takes_two => agreed(actor, asked, given)?,
        Some(_) | None => (given.share.unwrap_or(SHARE_WHOLE), given.migration.clone()),
    };
    let mut found = findings(store, tenant, &draft.workflow, texts).await?;
    if let Some(migration) = &migration {
        found.extend(of_migration(store, tenant, &draft, migration).await?);
    }
    if found.iter().any(Finding::refuses) {
        return Ok(PublishOutcome::Refused(found));
    }
    if takes_two && draft.asked.is_none() {
        return ask(store, actor, draft, (share, migration), found, now).await;
    }
    let asked_by = draft.asked.as_ref().filter(|_| takes_two).map(|asked| asked.by.as_str());
    let what = json!({ "from_version": current, "share": share, "migration": migration, "asked_by": asked_by });
    let acting = store.acting(actor.entry(Operation::PublishWorkflow, now).of(id).with(what));
    let publishing = Publishing {
        workflow: &draft.workflow,
        base: current,
        share,
        migration: migration.as_ref(),
        draft: Some(draft.rev),
        asked_by,
    };
    let version = acting.publish_version(tenant, &publishing, now).await?.ok_or_else(changed)?;
    Ok(PublishOutcome::Published { version, share, warnings: found })
}

/// Lets a workflow be published that is at `current` now; 0 where it is new.
async fn unless_too_many(store: &Store, tenant: &TenantId, current: u32) -> Done<()> {
    match current {
        0 => TenantLimit::Workflows.unless_full(store.workflow_count(tenant).await?),
        versions => TenantLimit::WorkflowVersions.unless_full(usize::try_from(versions).unwrap_or(usize::MAX)),
    }
}

/// What another person asked for, which is published as it was asked.
fn agreed(actor: &Actor, asked: &PublishAsked, given: &PublishGiven) -> Done<(u8, Option<Migration>)> {
    if asked.by == actor.by() {
        let why = "you asked for it, and publishing takes two people here: somebody else has to publish it";
        return Err(NotDone::NotAllowed(why.to_owned()));
    }
    let differs = given.share.is_some_and(|share| share != asked.share)
        || given.migration.as_ref().is_some_and(|migration| Some(migration) != asked.migration.as_ref());
    if differs {
        return Err(NotDone::Conflict(format!(
            "what was asked for is a share of {} and {}; publish that with an empty body, or PUT the draft again and ask anew",
            asked.share,
            asked.migration.as_ref().map_or("no migration map".to_owned(), |migration| json!(migration).to_string())
        )));
    }
    Ok((asked.share, asked.migration.clone()))
}

async fn ask(
    store: &Store,
    actor: &Actor,
    draft: Draft,
    (share, migration): (u8, Option<Migration>),
    warnings: Vec<Finding>,
    now: Timestamp,
) -> Done<PublishOutcome> {
    let asked = PublishAsked { by: actor.by().to_owned(), at: now, share, migration };
    let what = json!({ "asked": { "share": share, "migration": asked.migration } });
    let acting = store.acting(actor.entry(Operation::PublishWorkflow, now).of(&draft.workflow.id).with(what));
    let draft = Draft { asked: Some(asked.clone()), ..draft };
    acting.put_draft(actor.tenant(), &draft).await?.ok_or_else(changed)?;
    Ok(PublishOutcome::Asked { asked, warnings })
}

/// What is to be said of a map of steps.
async fn of_migration(store: &Store, tenant: &TenantId, draft: &Draft, migration: &Migration) -> Done<Vec<Finding>> {
    let current = store.compiled_workflow(tenant, &draft.workflow.id, draft.base).await?;
    let Some(current) = current else {
        return Err(NotDone::field("/migration", "there is no version before, so no running case could move; leave the map out"));
    };
    let flaws = migration_flaws(migration, current.workflow(), current.carried(), &draft.workflow);
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws.into_iter().map(|Flaw { pointer, detail }| (pointer, detail)).collect()));
    }
    let carried = domain::workflow::carried_on(current.carried(), &draft.workflow, migration);
    Ok(prove_migration(current.workflow(), &draft.workflow, &carried))
}

/// Gives the version that is out to more cases.
async fn widen(
    store: &Store,
    actor: &Actor,
    id: &str,
    state: &WorkflowState,
    given: &PublishGiven,
    now: Timestamp,
) -> Done<PublishOutcome> {
    let share = given.share.unwrap_or(SHARE_WHOLE);
    if given.migration.is_some() {
        let why =
            format!("version {} is out already, with the map that it was published with; leave 'migration' out", state.version);
        return Err(NotDone::field("/migration", why));
    }
    if share <= state.share {
        return Err(NotDone::Conflict(format!(
            "version {} is out for {} of 100 cases, and a share only grows; POST /v1/workflows/{{id}}/rollback takes it back",
            state.version, state.share
        )));
    }
    let what = json!({ "version": state.version, "share": { "from": state.share, "to": share } });
    let acting = store.acting(actor.entry(Operation::PublishWorkflow, now).of(id).with(what));
    let version = acting.widen_workflow(actor.tenant(), id, state, share, now).await?.ok_or_else(changed)?;
    Ok(PublishOutcome::Published { version, share, warnings: Vec::new() })
}

/// Publishes an earlier version again as the next one, for all cases: the version before, or the one that is named. One person does it, also
/// where publishing takes two: what it leads back to was published before.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`] for a version that is none of before, and those of the table.
pub async fn roll_back(store: &Store, actor: &Actor, id: &str, to: Option<u32>, now: Timestamp) -> Done<u32> {
    let tenant = actor.may(Operation::RollBackWorkflow)?;
    let state = store.workflow_state(tenant, id).await?.ok_or_else(none)?;
    if !state.is_published {
        let why = "it is out of use; begin a draft from the version that you want back, and publish that";
        return Err(NotDone::Conflict(why.to_owned()));
    }
    let before = state.before.unwrap_or(state.version.saturating_sub(1));
    let to = to.unwrap_or(before);
    if to == 0 || to >= state.version || store.workflow(tenant, id, Some(to)).await?.is_none() {
        let why = format!("it goes back to a version before {}, and there is no version {to} of it", state.version);
        return Err(NotDone::field("/to", why));
    }
    let what = json!({ "from_version": state.version, "to_version": to });
    let acting = store.acting(actor.entry(Operation::RollBackWorkflow, now).of(id).with(what));
    acting.roll_back_workflow(tenant, id, &state, to, now).await?.ok_or_else(changed)
}

/// The versions of a workflow, the newest first, and how it stands.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn versions(store: &Store, actor: &Actor, id: &str) -> Done<(WorkflowState, Vec<PublishedVersion>)> {
    let tenant = actor.may(Operation::ListWorkflowVersions)?;
    let state = store.workflow_state(tenant, id).await?.ok_or_else(none)?;
    Ok((state, store.workflow_versions(tenant, id).await?))
}

/// Publishes a workflow at once and for all new cases, as scripts do; running cases stay. The version, and what the prover warns of.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], also where publishing takes two people; [`NotDone::Conflict`] while another version is out for a share of cases;
/// those of the table.
pub async fn publish_at_once(
    store: &Store,
    actor: &Actor,
    workflow: &Workflow,
    texts: TextProver,
    now: Timestamp,
) -> Done<PublishOutcome> {
    let tenant = actor.may(Operation::PutWorkflow)?;
    let found = findings(store, tenant, workflow, texts).await?;
    if found.iter().any(Finding::refuses) {
        return Ok(PublishOutcome::Refused(found));
    }
    let settings = store.settings(tenant).await?.map(|settings| settings.value);
    if settings.is_some_and(|settings| settings.publishing.two_people) {
        let why =
            "publishing takes two people here: PUT /v1/workflows/{id}/draft, and let two people POST /v1/workflows/{id}/publish";
        return Err(NotDone::NotAllowed(why.to_owned()));
    }
    let before = store.workflow_state(tenant, &workflow.id).await?.map_or(0, |state| state.version);
    unless_too_many(store, tenant, before).await?;
    let entry = actor.entry(Operation::PutWorkflow, now).of(&workflow.id).with(json!({ "from_version": before }));
    let version = store.acting(entry).publish_workflow(tenant, workflow, now).await?;
    Ok(PublishOutcome::Published { version, share: SHARE_WHOLE, warnings: found })
}
