//! A version of a workflow as it was published, and what differs from another one.

use minijinja::{Value, context, value::Serde};
use service::{NotDone, Operation, published_workflows};

use crate::{
    ladder::LadderView,
    outcome::{ConsolePage, ConsoleTrouble, PageResult},
    sections::Section,
    visit::ConsoleVisit,
    what_changed,
    workflow_paths::{draft_if_any, workflow_id},
};

/// `GET /console/workflows/{id}/versions/{version}`, against the one before or the one that `against` names.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    let id = workflow_id(visit)?;
    let version: u32 = visit.path_value("version").parse().map_err(|_| ConsoleTrouble::NoPage)?;
    let workflow = published_workflows::show_version(visit.store(), &visit.actor, id, version).await?;
    let against = match visit.query("against") {
        Some(text) => text.parse().map_err(|_| NotDone::field("/against", "a version is a number, from 1"))?,
        None => version.saturating_sub(1),
    };
    let changes = match against {
        0 => None,
        against => {
            let other = published_workflows::show_version(visit.store(), &visit.actor, id, against).await?;
            Some(what_changed::between(&other, &workflow))
        }
    };
    let has_draft = draft_if_any(visit, id).await?.is_some();
    let values = context! {
        id,
        version,
        against,
        has_changes => changes.is_some(),
        changes_rows => Value::from(Serde(&changes.unwrap_or_default())),
        ladder => Value::from(Serde(&LadderView::of(&workflow))),
        may_begin => visit.may(Operation::BeginDraft) && !has_draft,
    };
    let title = format!("{}, version {version}", workflow.name);
    Ok(ConsolePage::new(Section::Workflows, title, "workflow_version", values).into())
}
