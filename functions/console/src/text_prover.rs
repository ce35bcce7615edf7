//! What is wrong with texts, as `service` asks it of whoever renders them.

use channels::Template;
use domain::{Settings, Workflow, workflow::Finding};
use store::StoredTemplate;

/// What is wrong with the texts of a workflow: they are rendered as senders render them.
pub(crate) fn texts(workflow: &Workflow, templates: &[StoredTemplate], settings: &Settings) -> Vec<Finding> {
    let templates: Vec<Template> = templates.iter().map(rendered).collect();
    channels::prove::prove(workflow, &templates, settings)
}

/// What is wrong with one text: a JSON pointer and a sentence each.
pub(crate) fn flaws_of(template: &StoredTemplate) -> Vec<(String, String)> {
    channels::flaws(&rendered(template)).into_iter().map(|flaw| (flaw.pointer.to_owned(), flaw.detail)).collect()
}

/// A text as it is rendered.
pub(crate) fn rendered(template: &StoredTemplate) -> Template {
    Template {
        id: template.id.clone(),
        language: template.language.clone(),
        channel: template.channel,
        subject: template.subject.clone(),
        body: template.body.clone(),
        version: template.version,
    }
}
