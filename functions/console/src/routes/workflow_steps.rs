//! What the forms of a draft do with its steps: each changes the document in one place and stores it, and the last change can be undone.

use serde_json::Value;
use service::{NotDone, workflows};
use store::Draft;

use super::workflow_draft::{DraftShown, address, changed_meanwhile, document_of, page, seen, store_draft, workflow_of};
use crate::{
    draft_view::DraftRemark,
    outcome::{ConsoleReply, PageResult},
    posted::Posted,
    step_fields,
    visit::ConsoleVisit,
    workflow_paths::workflow_id,
};

/// What came of a form's change of the document.
struct ChangedSteps {
    /// The step that the next page shows open.
    open: Option<usize>,
    /// What was done.
    said: &'static str,
}

/// `POST /console/workflows/{id}/draft/steps`: `do` says what.
pub(crate) async fn change(visit: &ConsoleVisit) -> PageResult {
    let id = workflow_id(visit)?;
    let draft = workflows::draft(visit.store(), &visit.actor, id).await?;
    let (posted, mut document) = (visit.posted(), document_of(&draft));
    let rev = seen(posted)?;
    if rev != draft.rev {
        return changed_meanwhile(visit, id, None).await;
    }
    match posted.text("do") {
        Some("undo") => return undo(visit, id, rev).await,
        Some("rebase") => return rebase(visit, &draft).await,
        Some(_) | None => {}
    }
    let ChangedSteps { open, said } = apply(&mut document, posted)?;
    match workflow_of(id, &document) {
        Ok(workflow) => {
            let to = open.map_or_else(|| address(id), |step| format!("{}?step={step}#step-{step}", address(id)));
            store_draft(visit, workflow, (None, rev), (to, said)).await
        }
        Err(flaws) => {
            let remarks = flaws.into_iter().map(|(pointer, detail)| DraftRemark::refused(pointer, detail)).collect();
            let shown = DraftShown { document: &document, typed: None, remarks, open, status: 422, is_trial: true };
            page(visit, &draft, shown).await
        }
    }
}

async fn undo(visit: &ConsoleVisit, id: &str, rev: u64) -> PageResult {
    match workflows::undo_draft(visit.store(), &visit.actor, id, rev, visit.now).await {
        Ok(_) => Ok(ConsoleReply::done(address(id), "The last change is undone; the same once more does it again.")),
        Err(NotDone::Changed(_)) => changed_meanwhile(visit, id, None).await,
        Err(why) => Err(why.into()),
    }
}

/// Says that the draft follows the version that is the newest by now.
async fn rebase(visit: &ConsoleVisit, draft: &Draft) -> PageResult {
    let id = draft.workflow.id.as_str();
    let (state, _) = workflows::versions(visit.store(), &visit.actor, id).await?;
    let to = (address(id), "The draft follows the newest version now.");
    store_draft(visit, draft.workflow.clone(), (Some(state.version), draft.rev), to).await
}

/// Changes the document as the form says.
fn apply(document: &mut Value, posted: Posted<'_>) -> Result<ChangedSteps, NotDone> {
    if posted.text("do") == Some("plan") {
        step_fields::put_plan(document, posted);
        return Ok(ChangedSteps { open: None, said: "The plan is saved." });
    }
    let none = || NotDone::field("/steps", "the draft has no list of steps");
    let steps = document.get_mut("steps").and_then(Value::as_array_mut).ok_or_else(none)?;
    if posted.text("do") == Some("add") {
        let kind = posted.text("kind").unwrap_or_default();
        let id = free_id(steps, kind.replace('_', "-").as_str());
        let step = step_fields::fresh(kind, id, steps.is_empty());
        steps.push(step.ok_or_else(|| NotDone::field("/kind", "choose what the new step does"))?);
        return Ok(ChangedSteps { open: Some(steps.len() - 1), said: "The step is added at the end. Say what it does." });
    }
    let at: Option<usize> = posted.text("step").and_then(|step| step.parse().ok());
    let at = at.filter(|at| *at < steps.len()).ok_or_else(|| NotDone::field("/step", "the draft has no such step"))?;
    match posted.text("do") {
        Some("save") => {
            if let Some(step) = steps.get_mut(at) {
                step_fields::put_step(step, at, posted);
            }
            Ok(ChangedSteps { open: Some(at), said: "The step is saved." })
        }
        Some("up") if at > 0 => {
            steps.swap(at, at - 1);
            Ok(ChangedSteps { open: Some(at - 1), said: "The step is moved up." })
        }
        Some("down") if at + 1 < steps.len() => {
            steps.swap(at, at + 1);
            Ok(ChangedSteps { open: Some(at + 1), said: "The step is moved down." })
        }
        Some("up" | "down") => Err(NotDone::Conflict("the step stands at that end already".to_owned())),
        Some("copy") => {
            let mut copy = steps.get(at).cloned().unwrap_or_default();
            let id = free_id(steps, copy.get("id").and_then(Value::as_str).unwrap_or("step"));
            if let Some(object) = copy.as_object_mut() {
                object.insert("id".to_owned(), Value::String(id));
            }
            steps.insert(at + 1, copy);
            Ok(ChangedSteps { open: Some(at + 1), said: "The step is copied." })
        }
        Some("delete") => {
            steps.remove(at);
            Ok(ChangedSteps { open: None, said: "The step is taken out. It can be undone." })
        }
        Some(_) | None => Err(NotDone::field("/do", "the form does not say what to do; load the page again")),
    }
}

/// An id that no step has: the wish, or it with a number behind it.
fn free_id(steps: &[Value], wish: &str) -> String {
    let is_taken = |id: &str| steps.iter().any(|step| step.get("id").and_then(Value::as_str) == Some(id));
    let wish: String = wish.chars().take(58).collect();
    let numbered = (2_u32..).map(|number| format!("{wish}-{number}"));
    std::iter::once(wish.clone()).chain(numbered).find(|id| !is_taken(id)).unwrap_or(wish)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn after(act: &[(&str, &str)]) -> Result<String, NotDone> {
        let step =
            |id: &str| json!({"id": id, "at": {"anchor": "due_date", "offset": "P1D"}, "action": {"task": {"title": "Call"}}});
        let mut document = json!({"id": "w", "name": "W", "scope": "customer", "steps": [step("a"), step("b"), step("c")]});
        let fields: Vec<(String, String)> = act.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let changed = apply(&mut document, Posted::of(&fields))?;
        let ids: Vec<&str> = document["steps"].as_array().unwrap().iter().filter_map(|step| step["id"].as_str()).collect();
        Ok(format!("{} {:?}", ids.join(" "), changed.open))
    }

    #[test]
    fn steps_are_added_moved_copied_and_taken_out() {
        for (act, expected) in [
            (vec![("do", "up"), ("step", "1")], "b a c Some(0)"),
            (vec![("do", "down"), ("step", "1")], "a c b Some(2)"),
            (vec![("do", "copy"), ("step", "0")], "a a-2 b c Some(1)"),
            (vec![("do", "delete"), ("step", "2")], "a b None"),
            (vec![("do", "add"), ("kind", "credit_hold")], "a b c credit-hold Some(3)"),
            (vec![("do", "save"), ("step", "0"), ("steps.0.id", "first"), ("steps.0.at.offset", "2")], "first b c Some(0)"),
        ] {
            assert_eq!(after(&act).unwrap(), expected, "{act:?}");
        }
        for act in [
            vec![("do", "up"), ("step", "0")],
            vec![("do", "down"), ("step", "2")],
            vec![("do", "delete"), ("step", "3")],
            vec![("do", "add"), ("kind", "dance")],
            vec![("step", "0")],
        ] {
            assert!(after(&act).is_err(), "{act:?}");
        }
    }
}
