//! What the prover finds.

use super::Flaw;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The workflow is not published.
    Error,
    /// It may be published; whoever publishes is told.
    Warning,
}

impl Severity {
    /// The text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something that is wrong with a workflow, at one place of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// Which rule found it, one of [`RULES`].
    pub rule: &'static str,
    /// The step's id; `None` for what is wrong with the workflow as a whole.
    pub step: Option<String>,
    /// JSON pointer (RFC 6901) into the workflow.
    pub pointer: String,
    /// What is wrong, and how to mend it.
    pub detail: String,
}

/// The rules of the prover, and what each finds.
pub const RULES: &[(&str, &str)] = &[
    ("form", "a key that is missing, unknown or out of its bounds; a last step that hands nothing over"),
    ("order", "a step that can never come because of the steps before it"),
    ("never", "a condition that never holds, and a step that is always passed over"),
    ("always", "a condition that always holds"),
    ("unbounded", "a step that may wait without end"),
    ("after_exit", "a step that can come although the case is over"),
    ("fallback", "a step that ends nowhere where a person has not agreed to its channels"),
    ("caps", "a plan that breaks the caps of the settings"),
    ("gap", "steps nearer to one another than min_gap"),
    ("text", "a template that is missing, does not render for some data or language, or is too long for its channel"),
    ("language", "a language that some texts of the workflow have and others do not"),
    ("promise", "a text that promises what the plan does not keep"),
    ("sender", "a channel that the settings name no sender for"),
    ("migration", "a new step that running cases would get behind later ones"),
    ("left_to_people", "what nothing carries out yet but people"),
];

impl Finding {
    /// A finding at a step.
    pub fn at_step(severity: Severity, rule: &'static str, step: &str, pointer: String, detail: String) -> Self {
        Self { severity, rule, step: Some(step.to_owned()), pointer, detail }
    }

    /// A flaw, found at one of the steps whose ids are given in their order, or in the workflow as a whole.
    pub fn of_flaw(flaw: Flaw, severity: Severity, rule: &'static str, steps: &[&str]) -> Self {
        let position = flaw.pointer.strip_prefix("/steps/").and_then(|rest| rest.split('/').next()?.parse::<usize>().ok());
        let step = position.and_then(|at| steps.get(at)).map(|id| (*id).to_owned());
        Self { severity, rule, step, pointer: flaw.pointer, detail: flaw.detail }
    }

    /// Whether the workflow is not published because of it.
    pub fn refuses(&self) -> bool {
        self.severity == Severity::Error
    }
}
