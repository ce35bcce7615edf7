//! What the prover says of a workflow, in the API's form.

use domain::{
    Settings, Workflow,
    workflow::{Finding, Flaw, Severity},
};
use serde::Serialize;
use store::StoredTemplate;
use utoipa::ToSchema;

use crate::{answer::Fail, warning::Warning};

/// Something that the prover finds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FindingOut {
    /// `error`: it is not published. `warning`: it may be.
    severity: String,
    /// Which rule found it: `form`, `order`, `never`, `always`, `unbounded`, `after_exit`, `fallback`, `caps`, `gap`, `text`, `language`,
    /// `promise`, `sender`, `migration` or `left_to_people`.
    rule: String,
    /// The step; absent for what is wrong with the workflow as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    /// JSON pointer into the workflow.
    pointer: String,
    /// What is wrong, and how to mend it.
    detail: String,
}

impl From<Finding> for FindingOut {
    fn from(finding: Finding) -> Self {
        let Finding { severity, rule, step, pointer, detail } = finding;
        Self { severity: severity.as_str().to_owned(), rule: rule.to_owned(), step, pointer, detail }
    }
}

/// What is wrong with the texts of a workflow: they are rendered as senders render them.
pub fn texts(workflow: &Workflow, templates: &[StoredTemplate], settings: &Settings) -> Vec<Finding> {
    let templates: Vec<channels::Template> = templates.iter().map(rendered).collect();
    channels::prove::prove(workflow, &templates, settings)
}

/// A template as it is rendered.
pub fn rendered(template: &StoredTemplate) -> channels::Template {
    channels::Template {
        id: template.id.clone(),
        language: template.language.clone(),
        channel: template.channel,
        subject: template.subject.clone(),
        body: template.body.clone(),
        version: template.version,
    }
}

/// 422 with what keeps a workflow from being published.
pub fn refuse(flaws: Vec<Flaw>) -> Fail {
    Fail::invalid("invalid-workflow", "Invalid workflow", flaws.into_iter().map(|flaw| (flaw.pointer, flaw.detail)))
}

/// The same for what the prover found.
pub fn refuse_findings(findings: Vec<Finding>) -> Fail {
    let errors = findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    refuse(errors.map(|finding| Flaw { pointer: finding.pointer, detail: finding.detail }).collect())
}

/// What the prover warns of, as places to look at.
pub fn warnings(findings: Vec<Finding>) -> Vec<Warning> {
    findings.into_iter().map(|Finding { pointer, detail, .. }| Warning { pointer, detail }).collect()
}
