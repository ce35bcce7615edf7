//! What a customer wrote by its link, or by one of its address before it, and what was answered. Answers are part of what was written: no other note
//! of the tenant's people is read from.

use domain::calendar::tenant_zone;
use minijinja::{Value, context};
use store::{CustomerNote, Result};

use crate::{file_labels::FileLabels, form_visit::FormVisit, talk_labels::TalkLabels, visit::Visit};

/// Notes of the customer that are read for what came by the link, the newest: a page costs little however many there are.
const LOOKED_MAX: usize = 20;
/// Messages of the link that the page shows.
const SHOWN_MAX: usize = 5;

/// What was written and answered lately, for a page.
pub(crate) struct Conversation {
    /// Heads it.
    pub(crate) title: &'static str,
    /// Newest first: when, with how many files, in which words, and the answers.
    pub(crate) messages: Vec<Value>,
}

/// What was written by this link lately, or by one of its address before it.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn lately(form: &FormVisit<'_>, visit: &Visit) -> Result<Conversation> {
    let (tenant, customer) = (form.opened.tenant, &form.opened.head.customer);
    let labels = FileLabels::of(visit.words);
    let mut notes = form.store.newest_notes(tenant, customer, LOOKED_MAX).await?;
    notes.retain(|note| form.holder.is_own(&note.by));
    notes.truncate(SHOWN_MAX);
    if notes.is_empty() {
        return Ok(Conversation { title: labels.what_you_wrote, messages: Vec::new() });
    }
    let files = form.store.customer_files(tenant, customer).await?;
    let shown = |note: &CustomerNote| {
        let day = day_of(visit, note.at);
        let count = files.iter().filter(|file| file.about == note.id.as_str()).count();
        let line = if count == 0 { day } else { labels.with_files.replace("{day}", &day).replace("{}", &count.to_string()) };
        context! {
            address => format!("{}/write?made={}", visit.path, note.id),
            line,
            words => note.text.as_str(),
            answers => answers(visit, note),
        }
    };
    let is_answered = notes.iter().any(|note| !note.answers.is_empty());
    let title = if is_answered { TalkLabels::of(visit.words).conversation } else { labels.what_you_wrote };
    Ok(Conversation { title, messages: notes.iter().map(shown).collect() })
}

/// The answers to what was written, oldest first. Who of the tenant's people wrote one is nobody's business but the tenant's.
pub(crate) fn answers(visit: &Visit, note: &CustomerNote) -> Vec<Value> {
    let answered = TalkLabels::of(visit.words).answered;
    let shown = note.answers.iter().map(|answer| {
        // The name comes last: it may hold anything.
        let line = answered.replace("{day}", &day_of(visit, answer.at)).replace("{tenant}", &visit.settings.name);
        let files = answer.files.iter().map(|file| {
            context! { address => format!("{}/answers/{}/{}", visit.path, note.id, file.id), name => file.name.as_str() }
        });
        context! { line, words => answer.words.as_str(), files => files.collect::<Vec<_>>() }
    });
    shown.collect()
}

/// A day as the customer reads it.
pub(crate) fn day_of(visit: &Visit, at: jiff::Timestamp) -> String {
    visit.locale.date(at.to_zoned(tenant_zone(&visit.settings)).date())
}
