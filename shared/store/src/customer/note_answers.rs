//! Answers of the tenant's people to what a customer wrote by a portal link. They are part of the note that they answer, so that no other note is
//! ever shown to a customer, and so that what deletes the note deletes them.

use domain::{CustomerId, ServiceMail, TaskId, TenantId};
use jiff::Timestamp;

use crate::{
    CustomerNote, Ending, Error, Result, Store,
    customer::service_mails::requested,
    table::{
        attributes::document::DOC,
        change::{Change, is},
        db::{Transacted, s, to_json},
        keys,
    },
    tasks::ended,
};

impl Store {
    /// Writes an answer into the note that it is to, from what that was `before`, with the mail that tells of it and the end of the task that the
    /// note was, where that is open: all of it is written, or nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when the note is no longer what it was before, or the task is over; those of writing.
    pub async fn answer_note(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        (before, after): (&CustomerNote, &CustomerNote),
        task: Option<(&TaskId, &Ending)>,
        mail: &ServiceMail,
        now: Timestamp,
    ) -> Result<()> {
        const OP: &str = "answer a note of";
        let id = &after.id;
        let change = Change::of(keys::note(tenant, customer, id));
        let change = change.when(is(DOC, s(to_json(before)))).put(DOC, s(to_json(after)));
        let mut actions = vec![change.update(self), requested(tenant, customer, mail).update(self)];
        actions.extend(task.map(|(task, ending)| ended(tenant, task, ending, now).update(self)));
        match self.transact(OP, id.as_str(), actions).await? {
            Transacted::Done => Ok(()),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: id.to_string() }),
        }
    }
}
