//! Workflows and texts as paths name them, and drafts that may be there or not.

use domain::{Channel, word::Word};
use service::{Done, NotDone, templates::TextNamed, workflows};
use store::Draft;

use crate::{outcome::ConsoleTrouble, visit::ConsoleVisit};

/// Names of pages that stand where an id could.
const TAKEN: [&str; 3] = ["ready", "drafts", "begin"];

/// Whether a text has the form of a workflow's or template's id.
pub(crate) fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(plain) && !TAKEN.contains(&text)
}

/// The workflow that the path names.
///
/// # Errors
///
/// [`ConsoleTrouble::NoPage`] of what can be none.
pub(crate) fn workflow_id(visit: &ConsoleVisit) -> Result<&str, ConsoleTrouble> {
    let id = visit.path_value("id");
    if is_id(id) { Ok(id) } else { Err(ConsoleTrouble::NoPage) }
}

/// The text that the path names.
///
/// # Errors
///
/// [`ConsoleTrouble::NoPage`] of what can be none.
pub(crate) fn text_named(visit: &ConsoleVisit) -> Result<TextNamed<'_>, ConsoleTrouble> {
    let (id, language) = (visit.path_value("id"), visit.path_value("language"));
    let channel = Channel::of_this_release(visit.path_value("channel")).filter(|channel| channel.facts().has_sender);
    match channel {
        Some(channel) if is_id(id) && domain::calendar::is_language(language) => Ok(TextNamed { id, language, channel }),
        Some(_) | None => Err(ConsoleTrouble::NoPage),
    }
}

/// The draft of a workflow, where there is one.
///
/// # Errors
///
/// Those of `service`.
pub(crate) async fn draft_if_any(visit: &ConsoleVisit, id: &str) -> Done<Option<Draft>> {
    match workflows::draft(visit.store(), &visit.actor, id).await {
        Ok(draft) => Ok(Some(draft)),
        Err(NotDone::NotFound(_)) => Ok(None),
        Err(why) => Err(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_none_of_our_pages() {
        for (text, expected) in
            [("standard", true), ("net-30_b", true), ("ready", false), ("Standard", false), ("", false), ("a/b", false)]
        {
            assert_eq!(is_id(text), expected, "{text}");
        }
    }
}
