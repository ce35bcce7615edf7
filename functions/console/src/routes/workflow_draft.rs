//! The draft of a workflow: begun, looked at, proven, written as JSON, and thrown away.

use domain::workflow::{Finding, read};
use minijinja::{Value as Shown, context, value::Serde};
use serde_json::{Value, json};
use service::{
    NotDone, Operation, published_workflows,
    workflows::{self, Beginning},
};
use store::Draft;

use crate::{
    draft_view::{self, DraftRemark},
    outcome::{ConsolePage, ConsoleReply, ConsoleTrouble, PageResult},
    posted::Posted,
    sections::Section,
    text_prover::texts,
    visit::ConsoleVisit,
    what_changed,
    workflow_paths::{is_id, workflow_id},
};

/// A document as a page shows it, and what is said of it.
pub(crate) struct DraftShown<'a> {
    /// The document.
    pub(crate) document: &'a Value,
    /// What was typed, where it is no JSON.
    pub(crate) typed: Option<&'a str>,
    /// What is to be said of it.
    pub(crate) remarks: Vec<DraftRemark>,
    /// The step whose form stands open.
    pub(crate) open: Option<usize>,
    /// The status of the page.
    pub(crate) status: u16,
    /// Whether it was only looked at, and is stored nowhere.
    pub(crate) is_trial: bool,
}

/// Where the draft of a workflow is.
pub(crate) fn address(id: &str) -> String {
    format!("/console/workflows/{id}/draft")
}

/// The document of a draft: the workflow without its number, which publishing gives.
pub(crate) fn document_of(draft: &Draft) -> Value {
    let mut document = json!(draft.workflow);
    if let Some(object) = document.as_object_mut() {
        object.remove("version");
    }
    document
}

/// The revision that a form was made from.
///
/// # Errors
///
/// [`NotDone::Fields`] of a form without one.
pub(crate) fn seen(posted: Posted<'_>) -> Result<u64, NotDone> {
    let rev = posted.text("revision").and_then(|text| text.parse().ok());
    rev.ok_or_else(|| NotDone::field("/rev", "the form does not say which revision it is of; load the page again"))
}

/// A workflow as somebody wrote it under an id.
///
/// # Errors
///
/// What does not read.
pub(crate) fn workflow_of(id: &str, document: &Value) -> Result<domain::Workflow, Vec<(String, String)>> {
    let mut document = document.clone();
    if let Some(object) = document.as_object_mut() {
        object.entry("id").or_insert_with(|| json!(id));
        object.remove("version");
        object.remove("warnings");
    }
    let workflow =
        read(&document).map_err(|flaws| flaws.into_iter().map(|flaw| (flaw.pointer, flaw.detail)).collect::<Vec<_>>())?;
    if workflow.id != id {
        return Err(vec![("/id".to_owned(), format!("it differs from '{id}', the id of this workflow"))]);
    }
    Ok(workflow)
}

/// `GET /console/workflows/{id}/draft`.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    let id = workflow_id(visit)?;
    let draft = workflows::draft(visit.store(), &visit.actor, id).await?;
    let found = workflows::validate(visit.store(), &visit.actor, id, None, texts).await?;
    let open = visit.query("step").and_then(|step| step.parse().ok());
    let document = document_of(&draft);
    let shown = DraftShown { document: &document, typed: None, remarks: remarks(found), open, status: 200, is_trial: false };
    page(visit, &draft, shown).await
}

/// What the prover finds, as remarks.
pub(crate) fn remarks(found: Vec<Finding>) -> Vec<DraftRemark> {
    found.into_iter().map(DraftRemark::found).collect()
}

/// The page of a draft with a document, which may be another one than is stored.
pub(crate) async fn page(visit: &ConsoleVisit, draft: &Draft, shown: DraftShown<'_>) -> PageResult {
    let DraftShown { document, typed, remarks, open, status, is_trial } = shown;
    let id = draft.workflow.id.as_str();
    let current = match published_workflows::show(visit.store(), &visit.actor, id).await {
        Ok(known) => Some(known),
        Err(NotDone::NotFound(_)) => None,
        Err(why) => return Err(why.into()),
    };
    let version = current.as_ref().map_or(0, |known| known.state.version);
    let changes = current.as_ref().map(|known| what_changed::between(&known.workflow, &draft.workflow));
    let asked = draft.asked.as_ref().map(|asked| context! { by => asked.by.as_str(), share => asked.share });
    let values = context! {
        id,
        rev => draft.rev,
        base => draft.base,
        version,
        is_behind => draft.base != version,
        from => draft.from.as_deref(),
        changed => visit.formats.from_now(draft.changed_at),
        changed_by => draft.changed_by.as_str(),
        asked,
        can_undo => draft.before.is_some(),
        has_changes => changes.is_some(),
        changes_rows => Shown::from(Serde(&changes.unwrap_or_default())),
        draft => draft_view::of(document, typed, remarks, open),
        is_trial,
        may_change => visit.may(Operation::PutDraft),
        may_publish => visit.may(Operation::PublishWorkflow),
        may_simulate => visit.may(Operation::SimulateWorkflow),
        may_drop => visit.may(Operation::DropDraft),
    };
    let title = format!("Draft of {}", draft.workflow.name);
    Ok(ConsolePage::new(Section::Workflows, title, "workflow_draft", values).with_status(status).into())
}

/// The page for whoever changed a draft that somebody else changed meanwhile: what differs.
pub(crate) async fn changed_meanwhile(visit: &ConsoleVisit, id: &str, mine: Option<&domain::Workflow>) -> PageResult {
    let draft = workflows::draft(visit.store(), &visit.actor, id).await?;
    let last = draft.before.as_ref().map(|before| what_changed::between(before, &draft.workflow));
    let own = mine.map(|mine| what_changed::between(&draft.workflow, mine));
    let values = context! {
        id,
        rev => draft.rev,
        changed => visit.formats.from_now(draft.changed_at),
        changed_by => draft.changed_by.as_str(),
        has_last => last.is_some(),
        last => Shown::from(Serde(&last.unwrap_or_default())),
        has_own => own.is_some(),
        own => Shown::from(Serde(&own.unwrap_or_default())),
        text => mine.map(|mine| draft_view::pretty(&json!(mine))),
    };
    let title = "Somebody changed the draft meanwhile";
    Ok(ConsolePage::new(Section::Workflows, title, "draft_changed", values).with_status(409).into())
}

/// What a form wrote, stored in place of the draft at the revision that it was made from.
pub(crate) async fn store_draft(
    visit: &ConsoleVisit,
    workflow: domain::Workflow,
    (base, seen): (Option<u32>, u64),
    (to, said): (String, &str),
) -> PageResult {
    let id = workflow.id.clone();
    match workflows::put_draft(visit.store(), &visit.actor, workflow.clone(), base, seen, visit.now).await {
        Ok(_) => Ok(ConsoleReply::done(to, said)),
        Err(NotDone::Changed(_)) => changed_meanwhile(visit, &id, Some(&workflow)).await,
        Err(why) => Err(why.into()),
    }
}

/// `POST /console/workflows/{id}/draft`: the document as JSON, stored.
pub(crate) async fn save(visit: &ConsoleVisit) -> PageResult {
    let id = workflow_id(visit)?;
    let draft = workflows::draft(visit.store(), &visit.actor, id).await?;
    let seen = seen(visit.posted())?;
    match typed(visit, id) {
        Ok(workflow) => store_draft(visit, workflow, (None, seen), (address(id), "The draft is saved.")).await,
        Err(wrong) => wrong_document(visit, &draft, wrong).await,
    }
}

/// `POST /console/workflows/{id}/draft/check`: what the prover says of the document, which is stored nowhere.
pub(crate) async fn check(visit: &ConsoleVisit) -> PageResult {
    let id = workflow_id(visit)?;
    let draft = workflows::draft(visit.store(), &visit.actor, id).await?;
    match typed(visit, id) {
        Ok(workflow) => {
            let document = document_of(&Draft { workflow: workflow.clone(), ..draft.clone() });
            let found = workflows::validate(visit.store(), &visit.actor, id, Some(workflow), texts).await?;
            let shown =
                DraftShown { document: &document, typed: None, remarks: remarks(found), open: None, status: 200, is_trial: true };
            page(visit, &draft, shown).await
        }
        Err(wrong) => wrong_document(visit, &draft, wrong).await,
    }
}

/// A document that does not read.
struct WrongDocument {
    /// The document, where it is JSON at all.
    document: Option<Value>,
    flaws: Vec<(String, String)>,
}

fn typed(visit: &ConsoleVisit, id: &str) -> Result<domain::Workflow, WrongDocument> {
    let text = visit.posted().text("document").unwrap_or_default();
    let document: Value = serde_json::from_str(text).map_err(|error| WrongDocument {
        document: None,
        flaws: vec![("/document".to_owned(), format!("this is no JSON, at line {}: {error}", error.line()))],
    })?;
    workflow_of(id, &document).map_err(|flaws| WrongDocument { document: Some(document), flaws })
}

async fn wrong_document(visit: &ConsoleVisit, draft: &Draft, wrong: WrongDocument) -> PageResult {
    let WrongDocument { document, flaws } = wrong;
    let typed = visit.posted().text("document").filter(|_| document.is_none());
    let stored = document_of(draft);
    let remarks = flaws.into_iter().map(|(pointer, detail)| DraftRemark::refused(pointer, detail)).collect();
    let document = document.as_ref().unwrap_or(&stored);
    page(visit, draft, DraftShown { document, typed, remarks, open: None, status: 422, is_trial: true }).await
}

/// `POST /console/workflows/begin`: from a ready workflow, a version, or the newest one.
pub(crate) async fn begin(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    let id = posted.text("id").unwrap_or_default();
    if !is_id(id) {
        return Err(NotDone::field("/id", "an id is 1 to 64 of a-z 0-9 - _, and neither 'ready', 'drafts' nor 'begin'").into());
    }
    let wrong = || ConsoleTrouble::from(NotDone::field("/from", "a draft begins from a ready workflow or a version"));
    let known = channels::builtin::ready();
    let named = posted.text("from").unwrap_or_default();
    let from = match named.split_once('/') {
        None if named == "current" => Beginning::Version(None),
        Some(("version", number)) => Beginning::Version(Some(number.parse().map_err(|_| wrong())?)),
        Some(("ready", name)) => {
            let found = known.iter().find(|ready| ready.id == name).ok_or_else(wrong)?;
            Beginning::Ready(found.id, &found.workflow)
        }
        None | Some(_) => return Err(wrong()),
    };
    workflows::begin_draft(visit.store(), &visit.actor, id, from, visit.now).await?;
    Ok(ConsoleReply::done(address(id), "The draft is begun. Nothing changes for anybody before it is published."))
}

/// `POST /console/workflows/{id}/draft/drop`.
pub(crate) async fn drop(visit: &ConsoleVisit) -> PageResult {
    let id = workflow_id(visit)?;
    workflows::draft(visit.store(), &visit.actor, id).await?;
    match workflows::drop_draft(visit.store(), &visit.actor, id, seen(visit.posted())?, visit.now).await {
        Ok(()) => Ok(ConsoleReply::done(Section::Workflows.path(), "The draft is thrown away.")),
        Err(NotDone::Changed(_)) => changed_meanwhile(visit, id, None).await,
        Err(why) => Err(why.into()),
    }
}
