//! Looking at the workflows that are published.

use domain::{TenantId, Workflow};
use store::{Store, WorkflowState};

use crate::{Actor, Done, NotDone, Operation};

/// A published workflow at its newest version, and how it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowInUse {
    /// The workflow.
    pub workflow: Workflow,
    /// Which cases take it.
    pub state: WorkflowState,
}

fn none() -> NotDone {
    NotDone::NotFound("there is no such workflow; GET /v1/workflows lists those that are published".to_owned())
}

/// Every published workflow, and how each stands.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], and those of reading.
pub async fn list(store: &Store, actor: &Actor) -> Done<Vec<WorkflowInUse>> {
    let tenant = actor.may(Operation::ListWorkflows)?;
    let mut all = Vec::new();
    for workflow in store.workflows(tenant).await? {
        if let Some(state) = store.workflow_state(tenant, &workflow.id).await? {
            all.push(WorkflowInUse { workflow, state });
        }
    }
    Ok(all)
}

/// A workflow at its newest version, published or not, and how it stands.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show(store: &Store, actor: &Actor, id: &str) -> Done<WorkflowInUse> {
    let tenant = actor.may(Operation::ShowWorkflow)?;
    let state = store.workflow_state(tenant, id).await?.ok_or_else(none)?;
    let workflow = at_version(store, tenant, id, state.version).await?;
    Ok(WorkflowInUse { workflow, state })
}

/// A workflow at one version.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show_version(store: &Store, actor: &Actor, id: &str, version: u32) -> Done<Workflow> {
    let tenant = actor.may(Operation::ShowWorkflowVersion)?;
    at_version(store, tenant, id, version).await
}

async fn at_version(store: &Store, tenant: &TenantId, id: &str, version: u32) -> Done<Workflow> {
    store.workflow(tenant, id, Some(version)).await?.ok_or_else(none)
}
