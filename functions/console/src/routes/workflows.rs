//! Workflows: those that are published and those that are drafts, and one of them with its ladder, its versions, and the ways on.

use std::collections::BTreeMap;

use domain::rollout::SHARE_WHOLE;
use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use service::{
    NotDone, Operation,
    published_workflows::{self, WorkflowInUse},
    workflows,
};
use store::{Draft, PublishedVersion, WorkflowState};

use crate::{
    formats::Formats,
    ladder::{LadderView, counted},
    outcome::{ConsolePage, ConsoleReply, PageResult},
    posted::FormFlaws,
    sections::Section,
    visit::ConsoleVisit,
    workflow_paths::{draft_if_any, workflow_id},
};

/// A row of the list.
#[derive(Serialize)]
struct WorkflowOnPage {
    id: String,
    name: String,
    stands: String,
    steps: String,
    draft: Option<String>,
}

/// A row of the versions.
#[derive(Serialize)]
struct VersionOnPage {
    number: u32,
    name: String,
    at: Option<String>,
    by: String,
    asked_by: Option<String>,
    why: String,
    is_newest: bool,
}

/// `GET /console/workflows`.
pub(crate) async fn list(visit: &ConsoleVisit) -> PageResult {
    let known = published_workflows::list(visit.store(), &visit.actor).await?;
    let drafts = workflows::drafts(visit.store(), &visit.actor).await?;
    let mut by_id: BTreeMap<&str, &Draft> = drafts.iter().map(|draft| (draft.workflow.id.as_str(), draft)).collect();
    let changed = |draft: &Draft| format!("changed {} by {}", visit.formats.from_now(draft.changed_at), draft.changed_by);
    let mut rows: Vec<WorkflowOnPage> = known
        .iter()
        .map(|WorkflowInUse { workflow, state }| WorkflowOnPage {
            id: workflow.id.clone(),
            name: workflow.name.clone(),
            stands: standing(state),
            steps: counted(u32::try_from(workflow.steps.len()).unwrap_or(u32::MAX), "step"),
            draft: by_id.remove(workflow.id.as_str()).map(changed),
        })
        .collect();
    rows.extend(by_id.into_values().map(|draft| WorkflowOnPage {
        id: draft.workflow.id.clone(),
        name: draft.workflow.name.clone(),
        stands: if draft.base == 0 { "not published yet".to_owned() } else { "out of use".to_owned() },
        steps: counted(u32::try_from(draft.workflow.steps.len()).unwrap_or(u32::MAX), "step"),
        draft: Some(changed(draft)),
    }));
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    let mode = visit.settings.as_ref().map(|settings| settings.mode.to_string());
    let values = context! { rows => Value::from(Serde(&rows)), mode };
    Ok(ConsolePage::new(Section::Workflows, "Workflows", "workflows", values).into())
}

/// `GET /console/workflows/{id}`.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    let id = workflow_id(visit)?;
    let draft = draft_if_any(visit, id).await?;
    let found = match published_workflows::show(visit.store(), &visit.actor, id).await {
        Err(NotDone::NotFound(_)) if draft.is_some() => return Ok(ConsoleReply::see(format!("/console/workflows/{id}/draft"))),
        found => found?,
    };
    let (state, versions) = workflows::versions(visit.store(), &visit.actor, id).await?;
    let rows: Vec<VersionOnPage> = versions.iter().map(|version| of_version(version, &state, &visit.formats)).collect();
    let earlier: Vec<u32> = rows.iter().map(|row| row.number).filter(|number| *number < state.version).collect();
    let draft = draft.map(|draft| {
        let asked = draft.asked.as_ref().map(|asked| asked.by.clone());
        context! { changed => visit.formats.from_now(draft.changed_at), by => draft.changed_by.as_str(), asked }
    });
    let before = state.before.unwrap_or(state.version.saturating_sub(1));
    let values = context! {
        id,
        stands => standing(&state),
        is_published => state.is_published,
        is_shared => state.is_shared(),
        share => state.share,
        next_share => next_share(state.share),
        version => state.version,
        before,
        earlier,
        ladder => Value::from(Serde(&LadderView::of(&found.workflow))),
        versions => Value::from(Serde(&rows)),
        draft,
        flaws => Value::from(Serde(&FormFlaws::default())),
        may_begin => visit.may(Operation::BeginDraft),
        may_publish => visit.may(Operation::PublishWorkflow),
        may_roll_back => visit.may(Operation::RollBackWorkflow) && state.is_published && state.version > 1,
    };
    Ok(ConsolePage::new(Section::Workflows, found.workflow.name, "workflow", values).into())
}

/// How a workflow stands, in words.
pub(crate) fn standing(state: &WorkflowState) -> String {
    let version = state.version;
    match state.before {
        _ if !state.is_published => format!("out of use; version {version} was the last"),
        Some(before) if state.share < SHARE_WHOLE => {
            format!("version {version} for {} of 100 cases; the others take version {before}", state.share)
        }
        _ if state.share < SHARE_WHOLE => format!("version {version} for {} of 100 cases", state.share),
        Some(_) | None => format!("version {version} for all cases"),
    }
}

/// What a share grows to next.
fn next_share(share: u8) -> u8 {
    [10, 25, 50, SHARE_WHOLE].into_iter().find(|next| *next > share).unwrap_or(SHARE_WHOLE)
}

fn of_version(version: &PublishedVersion, state: &WorkflowState, formats: &Formats) -> VersionOnPage {
    let PublishedVersion { workflow, migration, again, published_at, published_by, asked_by } = version;
    let mut why: Vec<String> = again.iter().map(|again| format!("version {again} again")).collect();
    why.extend(migration.as_ref().map(|map| {
        if map.is_empty() {
            "running cases moved".to_owned()
        } else {
            let steps = map.iter().map(|(old, new)| format!("{old} → {}", new.as_deref().unwrap_or("nothing")));
            format!("running cases moved: {}", steps.collect::<Vec<_>>().join(", "))
        }
    }));
    VersionOnPage {
        number: workflow.version,
        name: workflow.name.clone(),
        at: published_at.map(|at| formats.moment(at)),
        by: if published_by.is_empty() { "the beginning".to_owned() } else { published_by.clone() },
        asked_by: asked_by.clone(),
        why: why.join("; "),
        is_newest: workflow.version == state.version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_workflow_stands_is_said() {
        let state = WorkflowState { version: 3, is_published: true, share: 100, before: None, moves: vec![], withdrawn_to: None };
        assert_eq!(standing(&state), "version 3 for all cases");
        let shared = WorkflowState { share: 10, before: Some(2), ..state.clone() };
        assert_eq!(standing(&shared), "version 3 for 10 of 100 cases; the others take version 2");
        assert_eq!(standing(&WorkflowState { is_published: false, ..state }), "out of use; version 3 was the last");
        assert_eq!([1, 10, 25, 60, 100].map(next_share), [10, 25, 50, 100, 100]);
    }
}
