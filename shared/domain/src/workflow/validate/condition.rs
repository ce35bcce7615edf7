//! Conditions of workflows.

use super::{flaw::Flaw, limits::STEPS_MAX};
use crate::{condition::Condition, workflow::Workflow};

/// `useless` is the constant that makes the condition pointless, and why.
pub(super) fn condition(found: &mut Vec<Flaw>, workflow: &Workflow, pointer: &str, source: Option<&str>, useless: (bool, &str)) {
    let Some(source) = source else { return };
    let condition = match Condition::check(source) {
        Ok(condition) => condition,
        Err(error) => return found.push(Flaw::at(pointer, error.to_string())),
    };
    if condition.constant() == Some(useless.0) {
        found.push(Flaw::at(pointer, format!("the condition is always {}, {}", useless.0, useless.1)));
    }
    for (at, named) in condition.steps() {
        if !workflow.steps.iter().any(|step| step.id == named) {
            let known: Vec<&str> = workflow.steps.iter().take(STEPS_MAX).map(|step| step.id.as_str()).collect();
            let detail = format!("at byte {at}: there is no step '{named}'; the steps are {}", known.join(", "));
            found.push(Flaw::at(pointer, detail));
        }
    }
}
