//! What is wrong with a tenant's template.

use std::collections::BTreeSet;

pub use crate::message_template::Template;
use crate::{engine, samples, scan};

/// Longest body, in bytes.
pub const BODY_BYTES_MAX: usize = 16 * 1024;
/// Longest subject, in bytes of its source.
pub const SUBJECT_BYTES_MAX: usize = 300;

/// One thing that keeps a template from being published.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateFlaw {
    /// JSON pointer into the template: `/body`.
    pub pointer: &'static str,
    /// What is wrong, where, and how to mend it.
    pub detail: String,
}

/// Everything that is wrong with a template; empty when it may be published.
///
/// It is read token by token, compiled, and rendered with made-up data of every shape that real data has: one invoice, several
/// and many, with and without a way to pay and a date to pay by, in a known and an unknown region.
pub fn flaws(template: &Template) -> Vec<TemplateFlaw> {
    let mut flaws = form_flaws(template);
    let sources =
        [("/subject", template.subject.as_deref(), SUBJECT_BYTES_MAX), ("/body", Some(&*template.body), BODY_BYTES_MAX)];
    for (pointer, source, bytes_max) in sources {
        let Some(source) = source else { continue };
        let add = |flaws: &mut Vec<TemplateFlaw>, detail: String| flaws.push(TemplateFlaw { pointer, detail });
        if source.len() > bytes_max {
            add(&mut flaws, format!("{} bytes are more than the {bytes_max} allowed", source.len()));
            continue;
        }
        if source.trim().is_empty() {
            add(&mut flaws, "is empty".into());
            continue;
        }
        let scanned = scan::flaws(source);
        if !scanned.is_empty() {
            scanned.into_iter().for_each(|detail| add(&mut flaws, detail));
            continue;
        }
        match engine::check(source) {
            Ok(()) => {}
            Err(detail) => add(&mut flaws, detail),
        }
    }
    if flaws.is_empty() { trial_flaws(template) } else { flaws }
}

fn form_flaws(template: &Template) -> Vec<TemplateFlaw> {
    let mut flaws = Vec::new();
    let mut add = |pointer, detail: &str| flaws.push(TemplateFlaw { pointer, detail: detail.to_owned() });
    let id_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    if template.id.is_empty() || template.id.len() > 64 || !template.id.bytes().all(id_byte) {
        add("/id", "must be 1 to 64 of a-z, 0-9, '-' and '_'");
    }
    if !is_language(&template.language) {
        add("/language", "must be a language in lower case such as 'de' or 'fr-ca'");
    }
    let channel = template.channel.facts();
    match &template.subject {
        _ if !channel.has_sender => add("/channel", &wrong_channel()),
        None if channel.has_subject => add("/subject", &format!("is required for {}", template.channel)),
        Some(_) if !channel.has_subject => add("/subject", &format!("must be left out: {} has none", template.channel)),
        Some(_) | None => {}
    }
    flaws
}

/// What is said of a template for a channel that nothing is sent by.
pub fn wrong_channel() -> String {
    let sent: Vec<String> = domain::Channel::with_sender().map(|channel| format!("'{channel}'")).collect();
    format!("templates are for {}", sent.join(" and "))
}

fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let first_good = (2..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_lowercase());
    let plain =
        |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    first_good && text.len() <= 16 && parts.all(plain)
}

/// Renders with every sample; the first failures, each once.
fn trial_flaws(template: &Template) -> Vec<TemplateFlaw> {
    let mut found = BTreeSet::new();
    for sample in samples::all(&template.language) {
        if let Err(error) = crate::render(template, &sample, &samples::brand()) {
            found.insert(TemplateFlaw { pointer: error.pointer(), detail: error.detail() });
        }
    }
    found.into_iter().collect()
}
