//! Files that customers sent, with a dispute or a message: an item for each, and its content in the bucket.
//!
//! A file's id says when its form was made, so that the items of a customer lie in the order in which files were sent.

use domain::{CustomerId, FileId, NewTask, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result, Store,
    table::{
        attributes::document::DOC,
        change::put_new,
        db::{Range, Transacted, json, last_of, row_of, s, to_json},
        keys,
    },
    tasks::task_row,
};

/// Most files of a customer that are looked through, the newest.
const LOOKED_MAX: usize = 500;
/// Most files of a customer that an export or an erasure looks through.
pub(crate) const ALL_MAX: usize = 60_000;

/// A file that a customer sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerFile {
    /// Its id.
    pub id: FileId,
    /// The agreement or note that it belongs to, by its id.
    pub about: String,
    /// What it is called here. What the customer called it is kept nowhere.
    pub name: String,
    /// Its content type, by its content.
    pub content_type: String,
    /// How large it is.
    pub bytes: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Who sent it: the id of the portal link.
    pub by: String,
    /// When it was attached.
    pub at: Timestamp,
}

impl Store {
    /// Attaches a file, with work for a person where there is such: both, or neither.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when the file is attached already, or the work is there; those of writing.
    pub async fn attach_file(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        file: &CustomerFile,
        task: Option<&NewTask>,
        now: Timestamp,
    ) -> Result<()> {
        const OP: &str = "attach a file of";
        let row = row_of([(DOC, s(to_json(file)))]);
        let mut actions = vec![put_new(self, &keys::customer_file(tenant, customer, &file.id), row)];
        if let Some(task) = task {
            let (key, row) = task_row(tenant, Some(customer), task, now);
            actions.push(put_new(self, &key, row));
        }
        match self.transact(OP, file.id.as_str(), actions).await? {
            Transacted::Done => Ok(()),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: file.id.to_string() }),
        }
    }

    /// One file of a customer.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn customer_file(&self, tenant: &TenantId, customer: &CustomerId, id: &FileId) -> Result<Option<CustomerFile>> {
        let row = self.read("read a file of", &keys::customer_file(tenant, customer, id), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// A customer's files, newest first: the newest 500.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn customer_files(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Vec<CustomerFile>> {
        self.files_read(tenant, customer, LOOKED_MAX).await
    }

    /// A customer's files, newest first, at most so many.
    pub(crate) async fn files_read(&self, tenant: &TenantId, customer: &CustomerId, most: usize) -> Result<Vec<CustomerFile>> {
        let (pk, last) = (keys::customer(tenant, customer), last_of(keys::CUSTOMER_FILES));
        let range = Range { newest_first: true, ..Range::new(&pk, keys::CUSTOMER_FILES, &last, most) };
        let rows = self.range("read the files of", range).await?;
        rows.iter().map(|row| json(row, DOC)).collect()
    }
}
