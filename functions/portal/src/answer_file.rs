//! A file that went along with an answer, for whoever has the link that the answered message came by, or one of its address since.

use domain::{FileId, NoteId, attachment::AttachmentKind};
use service::customer_files::answered_key;
use store::{AnswerFile, Result};

use crate::{document_visit::plain_name, form_visit::FormVisit, page::PortalPage};

/// Leads to the file, which a browser saves; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn lead_to(form: &FormVisit<'_>, note: &NoteId, file: &FileId) -> Result<Option<PortalPage>> {
    let Some(visit) = form.beside().await? else { return Ok(None) };
    if form.is_sent() {
        return Ok(Some(PortalPage::Plain(405, visit.words)));
    }
    let note = form.store.note(form.opened.tenant, &form.opened.head.customer, note).await?;
    let note = note.filter(|note| note.deleted.is_none() && form.holder.is_own(&note.by));
    let Some(file) = note.as_ref().and_then(|note| note.answer_file(file)) else {
        return Ok(Some(PortalPage::Plain(404, visit.words)));
    };
    let key = answered_key(form.holder.tenant(), form.holder.customer(), &file.id);
    Ok(Some(match form.bucket.link(&key, &saved_as(file), form.now).await {
        Ok(address) => PortalPage::See(address),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "a link to a file of an answer cannot be signed");
            PortalPage::Plain(503, visit.words)
        }
    }))
}

/// What a browser saves a file as: its name as far as every system takes it.
fn saved_as(file: &AnswerFile) -> String {
    let ending = AttachmentKind::of_content_type(&file.content_type).and_then(|kind| kind.endings().first()).copied();
    let stem = file.name.rsplit_once('.').map_or(file.name.as_str(), |(stem, _)| stem);
    format!("{}{}", plain_name(stem, "file"), ending.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_saved_under_plain_names() {
        for (name, content_type, expected) in [
            ("Lieferschein 7.pdf", "application/pdf", "Lieferschein-7.pdf"),
            ("Größe.jpeg", "image/jpeg", "Gr--e.jpg"),
            ("..\"; filename=\"x.exe.png", "image/png", "filename--x-exe.png"),
            ("請求書.pdf", "application/pdf", "file.pdf"),
        ] {
            let file = AnswerFile {
                id: FileId::at(jiff::Timestamp::UNIX_EPOCH, &["1"]),
                name: name.to_owned(),
                content_type: content_type.to_owned(),
                bytes: 1,
                sha256: String::new(),
            };
            assert_eq!(saved_as(&file), expected, "{name}");
        }
    }
}
