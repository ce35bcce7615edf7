//! What differs between two texts of a workflow, step by step.

use std::collections::BTreeMap;

use domain::Workflow;
use serde::Serialize;
use serde_json::{Value, json};

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ChangeView {
    /// Where: `step reminder`, or `the plan`.
    pub(crate) place: String,
    /// What of it: `at / offset`; empty for a step as a whole.
    pub(crate) part: String,
    /// How it was; absent of what is new.
    pub(crate) before: Option<String>,
    /// How it is; absent of what is gone.
    pub(crate) after: Option<String>,
}

/// What differs: the plan first, then the steps in the order of the second, then those that are gone.
pub(crate) fn between(old: &Workflow, new: &Workflow) -> Vec<ChangeView> {
    let mut found = Vec::new();
    compare("the plan", &plan(old), &plan(new), &mut found);
    let ids = |workflow: &Workflow| workflow.steps.iter().map(|step| step.id.clone()).collect::<Vec<_>>();
    let before: BTreeMap<&str, Value> = old.steps.iter().map(|step| (step.id.as_str(), json!(step))).collect();
    for step in &new.steps {
        let place = format!("step {}", step.id);
        match before.get(step.id.as_str()) {
            Some(known) => compare(&place, known, &json!(step), &mut found),
            None => found.push(ChangeView { place, part: String::new(), before: None, after: Some("a new step".to_owned()) }),
        }
    }
    let (old_ids, new_ids) = (ids(old), ids(new));
    for id in old_ids.iter().filter(|id| !new_ids.contains(id)) {
        let place = format!("step {id}");
        found.push(ChangeView { place, part: String::new(), before: Some("a step".to_owned()), after: None });
    }
    let kept =
        |ids: &[String], others: &[String]| ids.iter().filter(|id| others.contains(id)).cloned().collect::<Vec<_>>().join(", ");
    let (order_before, order_after) = (kept(&old_ids, &new_ids), kept(&new_ids, &old_ids));
    if order_before != order_after {
        let (place, part) = ("the plan".to_owned(), "order of the steps".to_owned());
        found.push(ChangeView { place, part, before: Some(order_before), after: Some(order_after) });
    }
    found
}

/// The steps of the first that the second does not have: what has to be said of them where running cases move.
pub(crate) fn vanished(old: &Workflow, new: &Workflow) -> Vec<String> {
    let is_gone = |id: &&String| !new.steps.iter().any(|step| step.id == **id);
    old.steps.iter().map(|step| &step.id).filter(is_gone).cloned().collect()
}

/// A workflow without its steps and its number.
fn plan(workflow: &Workflow) -> Value {
    let mut plan = json!(workflow);
    if let Some(object) = plan.as_object_mut() {
        object.remove("steps");
        object.remove("version");
        object.remove("id");
    }
    plan
}

fn compare(place: &str, before: &Value, after: &Value, found: &mut Vec<ChangeView>) {
    differing(before, after, &mut Vec::new(), &mut |part, before, after| {
        found.push(ChangeView { place: place.to_owned(), part, before: said(before), after: said(after) });
    });
}

fn differing(before: &Value, after: &Value, at: &mut Vec<String>, tell: &mut impl FnMut(String, &Value, &Value)) {
    if before == after {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        tell(at.join(" / "), before, after);
        return;
    };
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        at.push(name.replace('_', " "));
        differing(old.get(name).unwrap_or(&Value::Null), new.get(name).unwrap_or(&Value::Null), at, tell);
        at.pop();
    }
}

fn said(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => {
            let words: Vec<String> = values.iter().map(|value| said(value).unwrap_or_default()).collect();
            Some(words.join(", "))
        }
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => Some(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workflow(steps: &[(&str, &str)]) -> Workflow {
        let step = |(id, offset): &(&str, &str)| json!({"id": id, "at": {"anchor": "due_date", "offset": offset}, "action": {"task": {"title": "Call"}}});
        let steps: Vec<Value> = steps.iter().map(step).collect();
        serde_json::from_value(json!({"id": "w", "name": "W", "scope": "customer", "steps": steps})).unwrap()
    }

    #[test]
    fn steps_that_moved_changed_came_and_went_are_named() {
        let old = workflow(&[("a", "P1D"), ("b", "P2D"), ("c", "P3D")]);
        let new = Workflow { name: "Ours".to_owned(), version: 2, ..workflow(&[("b", "P2D"), ("a", "P5D"), ("d", "P9D")]) };
        let told: Vec<String> = between(&old, &new)
            .into_iter()
            .map(|change| format!("{}|{}|{:?}|{:?}", change.place, change.part, change.before, change.after))
            .collect();
        assert_eq!(
            told,
            [
                "the plan|name|Some(\"W\")|Some(\"Ours\")",
                "step a|at / offset|Some(\"P1D\")|Some(\"P5D\")",
                "step d||None|Some(\"a new step\")",
                "step c||Some(\"a step\")|None",
                "the plan|order of the steps|Some(\"a, b\")|Some(\"b, a\")",
            ]
        );
        assert_eq!(vanished(&old, &new), ["c"]);
        assert!(between(&old, &Workflow { version: 7, ..old.clone() }).is_empty());
    }
}
