//! Notes of people on a customer, an invoice, a case or an agreement. A note that was changed or taken away says so, by whom and when; the texts that it
//! had stay with it until the customer's people are erased.

use domain::{Agreement, CustomerId, FileId, NewTask, NoteId, PlanOffer, ServiceMail, TaskId, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result, Store,
    customer::{
        agreements::{referred, replacing},
        plan_offers::offered,
        service_mails::requested,
    },
    table::{
        attributes::document::DOC,
        change::{Change, is, put_new},
        db::{Range, Transacted, Wrote, json, last_of, row_of, s, to_json},
        keys,
    },
    tasks::task_row,
};

/// Most notes of a page.
const PAGE_MAX: usize = 200;
/// Most notes that one request looks through.
const LOOKED_MAX: usize = 2_000;

/// A note as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerNote {
    /// Its id.
    pub id: NoteId,
    /// The invoice, case or agreement that it is about; the customer as a whole when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// What it says.
    pub text: String,
    /// Who wrote it: the subject of their sign-in.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The texts before this one, oldest first, each with until when it stood.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<(Timestamp, String)>,
    /// When it was taken away, and by whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<(Timestamp, String)>,
    /// What the tenant's people answered, oldest first: only what came by a portal link is answered, and whoever has that link reads it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<NoteAnswer>,
    /// The task that somebody reads and answers it by, of what came by a portal link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
}

/// An answer to a note of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteAnswer {
    /// What it says.
    pub words: String,
    /// Who wrote it: the subject of their sign-in. The customer is not told.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The files that go along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<AnswerFile>,
}

/// A file that goes along with an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerFile {
    /// Its id.
    pub id: FileId,
    /// What it is called.
    pub name: String,
    /// Its content type, by its content.
    pub content_type: String,
    /// How large it is.
    pub bytes: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

impl CustomerNote {
    /// A note as it is made.
    pub fn new(id: NoteId, about: Option<String>, text: String, by: &str, at: Timestamp) -> Self {
        Self { id, about, text, by: by.to_owned(), at, before: Vec::new(), deleted: None, answers: Vec::new(), task: None }
    }

    /// The files that went along with its answers.
    pub fn answer_files(&self) -> impl Iterator<Item = &AnswerFile> {
        self.answers.iter().flat_map(|answer| &answer.files)
    }

    /// A file of an answer, by its id.
    pub fn answer_file(&self, id: &FileId) -> Option<&AnswerFile> {
        self.answer_files().find(|file| file.id == *id)
    }
}

/// What is written with an agreement.
#[derive(Clone, Copy, Debug, Default)]
pub struct MadeBeside<'a> {
    /// Why it was made.
    pub why: Option<&'a CustomerNote>,
    /// What somebody has to do now.
    pub task: Option<&'a NewTask>,
    /// The notice that tells whoever made it.
    pub mail: Option<&'a ServiceMail>,
    /// The offer that it comes of: as it was, and as it is now.
    pub offer: Option<(&'a PlanOffer, &'a PlanOffer)>,
}

/// A page of notes, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotePage {
    /// The notes.
    pub notes: Vec<CustomerNote>,
    /// The id to go on after; `None` at the end.
    pub after: Option<NoteId>,
}

impl Store {
    /// Writes a note down; the same note again changes nothing.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn add_note(&self, tenant: &TenantId, customer: &CustomerId, note: &CustomerNote) -> Result<()> {
        const OP: &str = "note something about";
        let key = keys::note(tenant, customer, &note.id);
        let row = row_of([(DOC, s(to_json(note)))]);
        let actions = vec![put_new(self, &key, row), referred(tenant, note.id.as_str(), customer).update(self)];
        match self.transact(OP, note.id.as_str(), actions).await? {
            Transacted::Done => Ok(()),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: note.id.to_string() }),
        }
    }

    /// Makes an agreement with the note that says why, with work for a person and with a notice, where there are such: all of it is written, or nothing. The
    /// customer is decided again.
    ///
    /// # Errors
    ///
    /// Those of [`Store::put_agreement`].
    pub async fn make_agreement(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        agreement: &Agreement,
        beside: MadeBeside<'_>,
        now: Timestamp,
    ) -> Result<()> {
        let key = keys::agreement(tenant, customer, &agreement.id);
        self.write_facts("make an agreement of", tenant, customer, now, |_| {
            let mut actions = vec![
                replacing(key.clone(), None, agreement, now).update(self),
                referred(tenant, agreement.id.as_str(), customer).update(self),
            ];
            if let Some(why) = beside.why {
                actions.push(put_new(self, &keys::note(tenant, customer, &why.id), row_of([(DOC, s(to_json(why)))])));
                actions.push(referred(tenant, why.id.as_str(), customer).update(self));
            }
            if let Some(task) = beside.task {
                let (key, row) = task_row(tenant, Some(customer), task, now);
                actions.push(put_new(self, &key, row));
            }
            if let Some(mail) = beside.mail {
                actions.push(requested(tenant, customer, mail).update(self));
            }
            if let Some((before, offer)) = beside.offer {
                actions.push(offered(tenant, customer, Some(before), offer).update(self));
            }
            actions
        })
        .await
    }

    /// Writes down what a customer said, with the work for a person that follows: both, or neither. The same again changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when it was written down before; those of writing.
    pub async fn add_note_asking(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        note: &CustomerNote,
        task: &NewTask,
        now: Timestamp,
    ) -> Result<()> {
        const OP: &str = "note what was asked by";
        let (key, row) = task_row(tenant, Some(customer), task, now);
        let actions = vec![
            put_new(self, &keys::note(tenant, customer, &note.id), row_of([(DOC, s(to_json(note)))])),
            referred(tenant, note.id.as_str(), customer).update(self),
            put_new(self, &key, row),
        ];
        match self.transact(OP, note.id.as_str(), actions).await? {
            Transacted::Done => Ok(()),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: note.id.to_string() }),
        }
    }

    /// Changes a note from what it was `before`.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when it is no longer what it was before; those of writing.
    pub async fn change_note(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        before: &CustomerNote,
        note: &CustomerNote,
    ) -> Result<()> {
        const OP: &str = "change a note about";
        let change = Change::of(keys::note(tenant, customer, &note.id));
        let change = change.when(is(DOC, s(to_json(before)))).put(DOC, s(to_json(note)));
        match self.write(OP, change, false).await? {
            Wrote::Done(_) => Ok(()),
            Wrote::Not(_) => Err(Error::Conflict { operation: OP, id: note.id.to_string() }),
        }
    }

    /// One note, one that was taken away too.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn note(&self, tenant: &TenantId, customer: &CustomerId, id: &NoteId) -> Result<Option<CustomerNote>> {
        let row = self.read("read a note about", &keys::note(tenant, customer, id), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// What stands of a customer's newest notes, newest first: of at most `looked` that are read, so that it costs little however many there are.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn newest_notes(&self, tenant: &TenantId, customer: &CustomerId, looked: usize) -> Result<Vec<CustomerNote>> {
        let (pk, last) = (keys::customer(tenant, customer), last_of(keys::NOTES));
        let range = Range { newest_first: true, ..Range::new(&pk, keys::NOTES, &last, looked) };
        let rows = self.range("read the newest notes about", range).await?;
        let mut notes: Vec<CustomerNote> = rows.iter().map(|row| json(row, DOC)).collect::<Result<_>>()?;
        notes.retain(|note| note.deleted.is_none());
        Ok(notes)
    }

    /// A customer's notes that are not taken away, newest first, at most `limit` and never more than 200: all, or those about one invoice,
    /// case or agreement.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn notes(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        about: Option<&str>,
        limit: usize,
        after: Option<&NoteId>,
    ) -> Result<NotePage> {
        let pk = keys::customer(tenant, customer);
        let last = last_of(keys::NOTES);
        // One that comes right before is left out below: a query begins with what it names.
        let to = after.map_or(last, |after| keys::note(tenant, customer, after).sk);
        let range = Range { newest_first: true, ..Range::new(&pk, keys::NOTES, &to, LOOKED_MAX) };
        let rows = self.range("read the notes about", range).await?;
        let (mut notes, mut more) = (Vec::new(), rows.len() == LOOKED_MAX);
        for row in &rows {
            let note: CustomerNote = json(row, DOC)?;
            if Some(&note.id) == after
                || note.deleted.is_some()
                || about.is_some_and(|about| note.about.as_deref() != Some(about))
            {
                continue;
            }
            if notes.len() == limit.clamp(1, PAGE_MAX) {
                more = true;
                break;
            }
            notes.push(note);
        }
        let after = notes.last().map(|note| note.id.clone()).filter(|_| more);
        Ok(NotePage { notes, after })
    }
}
