//! The end of a credit hold or of stricter terms before what they are for is paid: a person asks for it, and the next decision has it carried out and
//! confirmed as it does when all is paid. What nobody has carried out yet is taken back.

use domain::{TaskId, TaskKind};
use jiff::Timestamp;
use serde_json::json;
use store::Store;

use crate::{
    Actor, Done, NotDone, Operation,
    customers::reason_of,
    tasks::{TaskOf, one},
};

/// Asks for the end of what a task asked for, for a reason that is kept. Asking again changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`] for the reason, which is demanded, [`NotDone::Conflict`] where it is no credit hold and
/// no stricter terms, or is over, [`NotDone::Changed`] where it changed at the same moment; those of the table.
pub async fn release(store: &Store, actor: &Actor, id: &str, reason: Option<&str>, now: Timestamp) -> Done<TaskOf> {
    let tenant = actor.may(Operation::ReleaseTask)?;
    let reason = reason_of(reason)?;
    if reason.is_none() {
        return Err(NotDone::field("/reason", "say why it ends before it is paid; the audit keeps it"));
    }
    let none = || NotDone::NotFound("there is no such task".to_owned());
    let id = TaskId::parse(id).ok_or_else(none)?;
    let known = store.task(tenant, &id).await?.ok_or_else(none)?;
    if !matches!(known.task.kind, TaskKind::CreditHold | TaskKind::ChangeTerms) {
        let why = "only a credit hold and stricter terms are released: name the task of kind 'credit_hold' or 'change_terms' that asked for them";
        return Err(NotDone::Conflict(why.to_owned()));
    }
    let over = || {
        NotDone::Conflict(
            "nothing that it asked for is in force any more: it could not be carried out, was taken back, or its end was asked for".to_owned(),
        )
    };
    let customer = known.customer.as_ref().ok_or_else(over)?;
    let before = store.work(tenant, customer, &id).await?.ok_or_else(over)?;
    if before.released_at.is_none() {
        let after = before.clone().released(now).ok_or_else(over)?;
        let what = json!({ "kind": known.task.kind, "in_force": before.done });
        let entry = actor.entry(Operation::ReleaseTask, now).of(id.as_str()).about(customer).with(what).noting(reason);
        if !store.acting(entry).release_work(tenant, customer, (&before, &after), now).await? {
            return Err(NotDone::Changed("it changed at the same moment; send the same again".to_owned()));
        }
    }
    one(store, actor, &id).await
}
