//! What a simulation of another version of a workflow is asked.

use serde_json::{Map, Value, json};
use store::Store;

use crate::{Actor, Done, NotDone, Operation};

/// Completes what is asked of `simulate` for the workflow `id`: where no version is given, the draft is played, with the share and the map of
/// steps that its publishing was asked for with, unless others are given.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] where there is no draft either, [`NotDone::Fields`], and those of reading.
pub async fn of_version(store: &Store, actor: &Actor, id: &str, mut asked: Map<String, Value>) -> Done<Map<String, Value>> {
    let tenant = actor.may(Operation::SimulateWorkflow)?;
    match asked.get_mut("workflow") {
        Some(Value::Object(workflow)) => {
            if *workflow.entry("id").or_insert_with(|| json!(id)) != json!(id) {
                return Err(NotDone::field("/workflow/id", format!("it differs from '{id}', the id in the address")));
            }
        }
        Some(_) => return Err(NotDone::field("/workflow", "a version to play is an object, as PUT /v1/workflows/{id} takes it")),
        None => {
            let none =
                || NotDone::NotFound("there is no draft of it to play; PUT one, or give the version as 'workflow'".to_owned());
            let draft = store.draft(tenant, id).await?.ok_or_else(none)?;
            if let Some(publishing) = draft.asked {
                asked.entry("share").or_insert_with(|| json!(publishing.share));
                if let Some(migration) = publishing.migration {
                    asked.entry("migration").or_insert_with(|| json!(migration));
                }
            }
            asked.insert("workflow".to_owned(), json!(draft.workflow));
        }
    }
    asked.insert("kind".to_owned(), json!("simulate"));
    Ok(asked)
}
