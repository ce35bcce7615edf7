//! The gallery: workflows that are ready to be taken over, each in words and as a timeline.

use channels::builtin::{ReadyWorkflow, ready};
use minijinja::{Value, context, value::Serde};
use service::Operation;

use crate::{
    ladder::LadderView,
    outcome::{ConsolePage, PageResult},
    sections::Section,
    visit::ConsoleVisit,
};

/// `GET /console/workflows/ready`.
pub(crate) async fn list(visit: &ConsoleVisit) -> PageResult {
    let shown = ready().into_iter().map(|one| {
        let ReadyWorkflow { id, about, workflow } = one;
        context! { id, about, name => workflow.name.as_str(), ladder => Value::from(Serde(&LadderView::of(&workflow))) }
    });
    let values = context! { ready => shown.collect::<Vec<Value>>(), may_begin => visit.may(Operation::BeginDraft) };
    Ok(ConsolePage::new(Section::Workflows, "Ready workflows", "ready_workflows", values).into())
}
