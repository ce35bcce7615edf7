//! Answers to what customers wrote by a portal link: they stand with what was written, the address of the link is told by mail that there is one, and
//! whoever has the link reads it on the page.

use domain::{CustomerId, FileId, LinkId, NoteId, ServiceMail, ServiceMailKind, TaskResult};
use jiff::Timestamp;
use serde_json::json;
use store::{AnswerFile, CustomerNote, Ending, NoteAnswer, OwnAttachment, Store};

use crate::{
    Actor, Done, NotDone, Operation,
    attachments::{AttachmentAsked, checked},
    customer_files::answered_key,
    matter,
};

/// Longest answer, in characters.
const WORDS_MAX: usize = 2_000;
/// Most answers to a note. Whoever has more to say writes a message.
pub const ANSWERS_MAX: usize = 10;
/// How often a note is read anew that changed while it was answered.
const TRIES_MAX: usize = 3;

/// An answer as a person gives it.
#[derive(Clone, Debug, Default)]
pub struct AnswerAsked {
    /// What it says.
    pub words: String,
    /// The files that go along.
    pub attachments: Vec<AttachmentAsked>,
}

/// A note that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteAnswered {
    /// Whose it is.
    pub customer: CustomerId,
    /// The note, with the answer.
    pub note: CustomerNote,
    /// Where each file of the answer belongs in the bucket, in the order in which they were given: the caller puts it there.
    pub places: Vec<String>,
}

/// Answers a note that came by a portal link. The link's address is told that there is an answer, and the task is over that the note was. The same
/// answer of the same person again changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], [`NotDone::Conflict`] for a note that no customer wrote, that was taken away,
/// or that has [`ANSWERS_MAX`] answers; [`NotDone::Changed`] where it changed at the same moment; those of the table.
pub async fn answer(store: &Store, actor: &Actor, id: &str, asked: &AnswerAsked, now: Timestamp) -> Done<NoteAnswered> {
    let tenant = actor.may(Operation::AnswerNote)?;
    let none = || NotDone::NotFound("there is no such note".to_owned());
    let id = NoteId::parse(id).ok_or_else(none)?;
    let customer = store.whose(tenant, id.as_str()).await?.ok_or_else(none)?;
    let mut flaws = Vec::new();
    let words = matter::text("/words", Some(&asked.words), WORDS_MAX, &mut flaws);
    if words.is_none() && flaws.is_empty() {
        flaws.push(("/words".to_owned(), "an answer says something".to_owned()));
    }
    let files = checked(tenant, &asked.attachments, None, now, &mut flaws);
    let (Some(words), true) = (words, flaws.is_empty()) else { return Err(NotDone::Fields(flaws)) };
    for _ in 0..TRIES_MAX {
        let before = store.note(tenant, &customer, &id).await?.ok_or_else(none)?;
        let link = LinkId::parse(&before.by).ok_or_else(|| {
            NotDone::Conflict(
                "a person of the tenant wrote it: only what a customer wrote by a portal link is answered".to_owned(),
            )
        })?;
        if before.deleted.is_some() {
            return Err(NotDone::Conflict("it was taken away; put it back first".to_owned()));
        }
        if let Some(known) = before.answers.iter().find(|known| is_same(known, actor, &words, &files)) {
            let places = known.files.iter().map(|file| answered_key(tenant, &customer, &file.id)).collect();
            return Ok(NoteAnswered { customer, note: before, places });
        }
        if before.answers.len() >= ANSWERS_MAX {
            let detail = format!("it has {ANSWERS_MAX} answers; write a message instead (POST /v1/messages)");
            return Err(NotDone::Conflict(detail));
        }
        let files: Vec<AnswerFile> = files.iter().enumerate().map(|(at, file)| kept(&id, at, file, now)).collect();
        let places: Vec<String> = files.iter().map(|file| answered_key(tenant, &customer, &file.id)).collect();
        let mut after = before.clone();
        let by = actor.by().to_owned();
        after.answers.push(NoteAnswer { words: words.clone(), by: by.clone(), at: now, files });
        let open = match &before.task {
            Some(task) => store.task(tenant, task).await?.filter(|task| task.done_at.is_none() && task.withdrawn.is_none()),
            None => None,
        };
        let ending = Ending { result: TaskResult::Done, note: None, by: (!by.is_empty()).then_some(by) };
        let mail = ServiceMail::of(ServiceMailKind::Answered, &link, Some(id.as_str()), now);
        let what = json!({ "task": open.as_ref().map(|task| task.id.as_str()), "files": places.len() });
        let entry = actor.entry(Operation::AnswerNote, now).of(id.as_str()).about(&customer).with(what);
        let task = open.as_ref().map(|task| (&task.id, &ending));
        match store.acting(entry).answer_note(tenant, &customer, (&before, &after), task, &mail, now).await {
            Ok(()) => return Ok(NoteAnswered { customer, note: after, places }),
            // Somebody else answered it, or ended its task.
            Err(store::Error::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(NotDone::Changed("the note changed at the same moment; answer it again".to_owned()))
}

/// Whether an answer is the one that somebody gives.
fn is_same(known: &NoteAnswer, actor: &Actor, words: &str, files: &[OwnAttachment]) -> bool {
    let is_file = |(kept, given): (&AnswerFile, &OwnAttachment)| kept.name == given.name && kept.sha256 == given.sha256;
    known.by == actor.by()
        && known.words == words
        && known.files.len() == files.len()
        && known.files.iter().zip(files).all(is_file)
}

/// A file as an answer keeps it.
fn kept(note: &NoteId, at: usize, file: &OwnAttachment, now: Timestamp) -> AnswerFile {
    AnswerFile {
        id: FileId::at(now, &[note.as_str(), "answer", &at.to_string()]),
        name: file.name.clone(),
        content_type: file.content_type.clone(),
        bytes: file.bytes,
        sha256: file.sha256.clone(),
    }
}
