//! Files that customers send with a dispute or a message: who may, how many, where each lies, and who fetches one.
//!
//! A browser puts a file into the bucket under `incoming/`, by a form that names its one key; the bucket forgets it after a day. What is attached
//! is looked at by its content before, and lies under `attached/`, where no form leads: whoever still has the form cannot put another content in
//! its place. The item that says that it is attached is written before the content is put there, so that an erasure finds every content.

use std::{pin::Pin, sync::Arc};

use domain::{
    AgreementId, CustomerId, FileId, NewTask, NoteId, TaskKind, TenantId, Terms,
    customer_file::{CustomerFileKind, FILES_A_DAY_MAX, FILES_MAX},
    id::digest,
};
use jiff::Timestamp;
use serde_json::json;
use store::{CustomerFile, Store};

use crate::{Actor, Done, NotDone, Operation, customers::no_customer, link_holder::LinkHolder};

/// How a content is deleted from the bucket, for a crate that knows of none; why it was not, where it was not.
pub type RemovedObject = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
/// Deletes contents by their keys.
pub type RemoveObject = Arc<dyn Fn(String) -> RemovedObject + Send + Sync>;

/// Where a file lies until somebody looked at it.
pub fn incoming_key(tenant: &TenantId, customer: &CustomerId, id: &FileId) -> String {
    format!("incoming/{tenant}/{customer}/{id}")
}

/// Where a file lies that is attached.
pub fn attached_key(tenant: &TenantId, customer: &CustomerId, id: &FileId) -> String {
    format!("attached/{tenant}/{customer}/{id}")
}

/// Where a file lies that went along with an answer to a customer: apart from what customers send, because the portal leads to these alone.
pub fn answered_key(tenant: &TenantId, customer: &CustomerId, id: &FileId) -> String {
    format!("answered/{tenant}/{customer}/{id}")
}

/// Why no more files are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// The dispute is decided.
    Decided,
    /// The message is of another day: somebody may have answered it.
    Later,
    /// There are [`FILES_MAX`] already.
    Enough,
    /// The link sent [`FILES_A_DAY_MAX`] today.
    EnoughToday,
}

/// The files of a dispute or message, and whether there is room for more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRoom {
    /// What is attached, oldest first.
    pub files: Vec<CustomerFile>,
    /// Why nothing more is taken; `None` where something is.
    pub closed: Option<NoRoom>,
    /// Whether they belong to a dispute, and not to a message.
    pub is_of_dispute: bool,
}

/// A file as it was found in the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Its id.
    pub id: FileId,
    /// The dispute or message that it is for.
    pub about: String,
    /// What it is by its content.
    pub kind: CustomerFileKind,
    /// How large it is.
    pub bytes: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

impl LinkHolder {
    /// Whose customer.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Which customer.
    pub fn customer(&self) -> &CustomerId {
        &self.customer
    }

    /// The files of a dispute of the customer, or of a message that came by this link.
    ///
    /// # Errors
    ///
    /// [`NotDone::NotFound`] where there is no such one; those of reading.
    pub async fn file_room(&self, store: &Store, about: &str, now: Timestamp) -> Done<FileRoom> {
        let none = || NotDone::NotFound("the customer has no such dispute, and wrote no such message by this link".to_owned());
        let day = |at: Timestamp| at.strftime("%F").to_string();
        let (is_of_dispute, over) = if let Some(id) = AgreementId::parse(about) {
            let agreement = store.agreement(&self.tenant, &self.customer, &id).await?;
            let agreement = agreement.filter(|known| matches!(known.terms, Terms::Dispute(_))).ok_or_else(none)?;
            (true, (!agreement.runs()).then_some(NoRoom::Decided))
        } else {
            let id = NoteId::parse(about).ok_or_else(none)?;
            let note = store.note(&self.tenant, &self.customer, &id).await?;
            let note = note.filter(|note| note.by == self.link.as_str() && note.deleted.is_none()).ok_or_else(none)?;
            (false, (day(note.at) != day(now)).then_some(NoRoom::Later))
        };
        let all = store.customer_files(&self.tenant, &self.customer).await?;
        let of_today = all.iter().filter(|file| file.by == self.link.as_str() && day(file.at) == day(now)).count();
        let files: Vec<CustomerFile> = all.into_iter().rev().filter(|file| file.about == about).collect();
        let enough = (files.len() >= FILES_MAX).then_some(NoRoom::Enough);
        let enough_today = (of_today >= FILES_A_DAY_MAX).then_some(NoRoom::EnoughToday);
        Ok(FileRoom { files, closed: over.or(enough).or(enough_today), is_of_dispute })
    }

    /// Attaches a file, of which the caller looked what it is. The same file again is the one that is attached. With the first file of a message in an
    /// hour comes work for a person, because the message may have been answered; of a dispute somebody has that already.
    ///
    /// # Errors
    ///
    /// [`NotDone::NotFound`] as [`LinkHolder::file_room`], [`NotDone::Conflict`] where there is no room, [`NotDone::Changed`] where the customer
    /// changed at the same moment; those of the table.
    pub async fn attach(&self, store: &Store, found: &FoundFile, now: Timestamp) -> Done<CustomerFile> {
        let room = self.file_room(store, &found.about, now).await?;
        if let Some(known) = room.files.iter().find(|file| file.id == found.id) {
            return Ok(known.clone());
        }
        if room.closed.is_some() {
            return Err(NotDone::Conflict("no more files are taken here".to_owned()));
        }
        let file = CustomerFile {
            id: found.id.clone(),
            about: found.about.clone(),
            name: format!("file-{}{}", room.files.len() + 1, found.kind.ending()),
            content_type: found.kind.content_type().to_owned(),
            bytes: found.bytes,
            sha256: found.sha256.clone(),
            by: self.link.as_str().to_owned(),
            at: now,
        };
        let hour = |at: Timestamp| at.strftime("%F %H").to_string();
        let is_first = !room.is_of_dispute && !room.files.iter().any(|file| hour(file.at) == hour(now));
        let task = is_first.then(|| self.look_at_files(&found.about, &hour(now)));
        let what = json!({ "about": file.about, "content_type": file.content_type, "bytes": file.bytes });
        let entry = self.entry("attach_by_link", now).of(file.id.as_str()).with(what);
        match store.acting(entry).attach_file(&self.tenant, &self.customer, &file, task.as_ref(), now).await {
            Ok(()) => Ok(file),
            Err(store::Error::Conflict { .. }) => {
                let known = store.customer_file(&self.tenant, &self.customer, &file.id).await?;
                known.ok_or_else(|| NotDone::Changed("another file came at the same moment; send it again".to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The work that files of a message are.
    fn look_at_files(&self, about: &str, hour: &str) -> NewTask {
        NewTask {
            kind: TaskKind::CustomerAsked,
            key: digest(&[self.link.as_str(), about, hour, "files"]),
            title: "The customer sent files".to_owned(),
            detail: format!("Look at what came with the customer's message ({about}): it is among the attachments of that note"),
            to: None,
            due_on: None,
            step: None,
            currency: None,
            case: None,
        }
    }
}

/// The files of an agreement or note, oldest first. The caller looked whether the actor may read it.
///
/// # Errors
///
/// Those of reading.
pub async fn of(store: &Store, actor: &Actor, customer: &CustomerId, about: &str) -> Done<Vec<CustomerFile>> {
    Ok(all(store, actor, customer).await?.into_iter().filter(|file| file.about == about).collect())
}

/// A customer's newest files, oldest first. The caller looked whether the actor may read what they belong to.
///
/// # Errors
///
/// Those of reading.
pub async fn all(store: &Store, actor: &Actor, customer: &CustomerId) -> Done<Vec<CustomerFile>> {
    let files = store.customer_files(actor.tenant(), customer).await?;
    Ok(files.into_iter().rev().collect())
}

/// A file that a customer sent: its key in the bucket, and what it is called.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn fetch(store: &Store, actor: &Actor, customer: &str, id: &str) -> Done<(String, String)> {
    let tenant = actor.may(Operation::FetchCustomerFile)?;
    let customer = CustomerId::parse(customer).ok_or_else(no_customer)?;
    let none = || NotDone::NotFound("the customer sent no such file".to_owned());
    let id = FileId::parse(id).ok_or_else(none)?;
    let file = store.customer_file(tenant, &customer, &id).await?.ok_or_else(none)?;
    Ok((attached_key(tenant, &customer, &file.id), file.name))
}
