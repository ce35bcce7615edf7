//! Operations that somebody proposes, such as an assistant, and a person accepts or refuses: a task each, until it expires.
//!
//! Whoever accepts has it done as themselves and with their own rights. What an operation does, and that it is carried out once, is the
//! business of whoever carries it out; here it is looked at who may, and whether it still may be.

use domain::{CustomerId, NewTask, TaskId, TaskKind, TaskResult};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{Ending, ProposedOperation, Store, Task};

use crate::{
    Actor, Done, KeyScope, NotDone, Operation, Right, matter,
    tasks::{TaskOf, how_over, one, over},
};

/// How long a proposal may be accepted.
pub const OPEN_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Largest arguments, in bytes of JSON.
const ARGUMENTS_BYTES_MAX: usize = 32 * 1024;
/// Longest reason, in characters.
const REASON_MAX: usize = 500;

/// Operations that nobody proposes though a tenant's people do them, and why.
const NEVER: &[(Operation, &str)] = &[
    (Operation::MakeProposal, "a proposal of a proposal says nothing"),
    (Operation::FinishTask, "a task is ended, and a proposal accepted, by a person alone"),
    (Operation::PutConnection, "it takes or shows a secret, and a proposal keeps none"),
    (Operation::AuthorizeConnection, "a sign-in belongs to the person who begins it"),
    (Operation::ConfirmConnection, "a sign-in belongs to the person who begins it"),
    (Operation::PutNoticeChannel, "it takes a secret, and a proposal keeps none"),
    (Operation::MakeSubscription, "its secret is shown once, to whoever asks for it"),
    (Operation::RotateSubscription, "its secret is shown once, to whoever asks for it"),
    (Operation::IssueLink, "the link opens a customer's statement, and is shown to whoever asks for it"),
    (Operation::CreateUpload, "the form is for whoever asks for it, at once"),
    (Operation::ClaimMessage, "a claim is a sender's, which sends at once"),
];

/// Says why nobody proposes an operation.
///
/// # Errors
///
/// The reason, in words. Nothing is looked up.
pub fn may_be_proposed(operation: Operation) -> Result<(), &'static str> {
    if let Some(&(_, why)) = NEVER.iter().find(|(never, _)| *never == operation) {
        return Err(why);
    }
    match (operation.right(), operation.scope()) {
        (Right::Staff(_), Some(KeyScope::Members | KeyScope::Keys)) => Err("who may come in is for people alone to say"),
        (Right::Staff(_), Some(KeyScope::Read)) => Err("it only reads; call it"),
        (
            Right::Staff(_),
            Some(KeyScope::Propose | KeyScope::Customers | KeyScope::Messages | KeyScope::Workflows | KeyScope::Settings),
        ) => Ok(()),
        (Right::Staff(_), None) | (Right::Operator | Right::SignedIn | Right::Link | Right::Public, _) => {
            Err("only what a tenant's own people do is proposed")
        }
    }
}

/// Lets through arguments that a proposal has room for.
///
/// # Errors
///
/// [`NotDone::Fields`] for larger ones.
pub fn unless_too_large(arguments: &Value) -> Done<()> {
    if arguments.to_string().len() <= ARGUMENTS_BYTES_MAX {
        return Ok(());
    }
    let detail = format!("arguments have at most {ARGUMENTS_BYTES_MAX} bytes of JSON; do it in the API itself");
    Err(NotDone::field("/arguments", detail))
}

/// What somebody proposes.
#[derive(Clone, Debug)]
pub struct ProposalAsked {
    /// The operation.
    pub operation: Operation,
    /// Its arguments, as it takes them.
    pub arguments: Value,
    /// Why.
    pub reason: String,
    /// What it acts on, as one text; `None` where it acts on nothing that is there.
    pub facts_version: Option<String>,
    /// The customer whose matter it is, where it is one's.
    pub customer: Option<CustomerId>,
}

/// Proposes an operation: a task for those who may do it.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], and those of the table.
pub async fn propose(store: &Store, actor: &Actor, asked: &ProposalAsked, now: Timestamp) -> Done<TaskOf> {
    let tenant = actor.may(Operation::MakeProposal)?;
    let ProposalAsked { operation, arguments, reason, facts_version, customer } = asked;
    unless_too_large(arguments)?;
    let mut flaws = Vec::new();
    if let Err(why) = may_be_proposed(*operation) {
        flaws.push(("/operation".to_owned(), why.to_owned()));
    }
    let said = flaws.len();
    let reason = matter::text("/reason", Some(reason), REASON_MAX, &mut flaws);
    if reason.is_none() && flaws.len() == said {
        flaws.push(("/reason".to_owned(), "say why, so that a person can decide".to_owned()));
    }
    let (Some(reason), true) = (reason, flaws.is_empty()) else { return Err(NotDone::Fields(flaws)) };
    let to = match operation.right() {
        Right::Staff(role) => Some(role.as_str().to_owned()),
        Right::Operator | Right::SignedIn | Right::Link | Right::Public => None,
    };
    let expires_at = now.checked_add(OPEN_FOR).unwrap_or(Timestamp::MAX);
    let name = operation.as_str();
    let seen = facts_version.as_deref().unwrap_or_default();
    let task = NewTask {
        kind: TaskKind::Proposal,
        key: format!("{}/{}/{}", now.as_millisecond(), actor.by(), domain::id::digest(&[name, &arguments.to_string(), seen])),
        title: format!("Accept or refuse what was proposed: {name}"),
        detail: reason.clone(),
        to,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    };
    let proposal = ProposedOperation {
        operation: name.to_owned(),
        arguments: arguments.clone(),
        reason,
        by: actor.by().to_owned(),
        facts_version: facts_version.clone(),
        expires_at,
    };
    let id = store::task_id(tenant, customer.as_ref(), &task);
    let what = json!({ "operation": name, "facts_version": facts_version, "expires_at": expires_at });
    let entry = actor.entry(Operation::MakeProposal, now).of(id.as_str()).with(what);
    let entry = customer.iter().fold(entry, |entry, customer| entry.about(customer));
    store.acting(entry).raise_proposal(tenant, customer.as_ref(), &task, &proposal, now).await?;
    one(store, actor, &id).await
}

/// A proposal that is open, and that who asks may accept.
#[derive(Clone, Debug)]
pub struct OpenProposal {
    /// Its task.
    pub task: Task,
    /// What was proposed.
    pub proposal: ProposedOperation,
    /// The operation.
    pub operation: Operation,
}

impl OpenProposal {
    /// Lets through what may still be carried out.
    ///
    /// # Errors
    ///
    /// [`NotDone::Conflict`] once it expired.
    pub fn unless_expired(&self, now: Timestamp) -> Done<()> {
        if self.proposal.expires_at <= now {
            let detail = format!("the proposal expired at {}; have it proposed anew", self.proposal.expires_at);
            return Err(NotDone::Conflict(detail));
        }
        Ok(())
    }
}

/// The proposal of a task, where somebody may accept it: a person with the right to do what it asks for. It may have expired, which matters
/// where it was not carried out yet.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Conflict`] where it is over, or another release's; those of reading.
pub async fn open(store: &Store, actor: &Actor, id: &str) -> Done<OpenProposal> {
    let tenant = actor.may(Operation::FinishTask)?;
    let none = || NotDone::NotFound("there is no such proposal".to_owned());
    let mut task = store.task(tenant, &TaskId::parse(id).ok_or_else(none)?).await?.ok_or_else(none)?;
    let proposal = task.proposal.take().ok_or_else(none)?;
    if actor.scopes().is_some() {
        let why = "a proposal is accepted by a person, with a token of theirs, and not by a key of a machine";
        return Err(NotDone::NotAllowed(why.to_owned()));
    }
    if task.done_at.is_some() || task.withdrawn.is_some() {
        return Err(NotDone::Conflict(how_over(&task)));
    }
    let known = Operation::read(&proposal.operation).filter(|operation| may_be_proposed(*operation).is_ok());
    let other = || NotDone::Conflict(format!("this release does not carry out {} for a proposal", proposal.operation));
    let operation = known.ok_or_else(other)?;
    actor.may(operation)?;
    Ok(OpenProposal { task, proposal, operation })
}

/// Notes that a proposal was accepted, once what it asked for was carried out.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Conflict`] where it was refused meanwhile; those of the table.
pub async fn accepted(store: &Store, actor: &Actor, open: &OpenProposal, note: Option<String>, now: Timestamp) -> Done<TaskOf> {
    let tenant = actor.may(Operation::FinishTask)?;
    let result = TaskResult::Approve;
    let what = json!({ "kind": open.task.task.kind, "result": result.as_str(), "operation": open.operation.as_str() });
    let entry = actor.entry(Operation::FinishTask, now).of(open.task.id.as_str()).with(what).noting(note.clone());
    let entry = open.task.customer.iter().fold(entry, |entry, customer| entry.about(customer));
    let by = Some(actor.by().to_owned()).filter(|by| !by.is_empty());
    let ended = store.acting(entry).end_task(tenant, &open.task.id, &Ending { result, note, by }, now).await?;
    over(store, actor, ended).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_proposes_says_why() {
        for (operation, proposed) in [
            (Operation::MakeAgreement, true),
            (Operation::WriteMessage, true),
            (Operation::PutHold, true),
            (Operation::PublishWorkflow, true),
            (Operation::PatchSettings, true),
            (Operation::RunBulk, true),
            // It reads, ends itself, lets somebody in, shows a secret, or is no tenant's.
            (Operation::ListTasks, false),
            (Operation::FinishTask, false),
            (Operation::MakeProposal, false),
            (Operation::AddMember, false),
            (Operation::MakeKey, false),
            (Operation::PutConnection, false),
            (Operation::PutApp, false),
            (Operation::ShowMe, false),
            (Operation::EndSignIn, false),
            (Operation::ShowDocument, false),
        ] {
            assert_eq!(may_be_proposed(operation).is_ok(), proposed, "{operation:?}");
        }
    }

    #[test]
    fn every_exception_is_of_an_operation_that_could_be_proposed_otherwise() {
        for (operation, _) in NEVER {
            let of_tenant = matches!(operation.right(), Right::Staff(_));
            let by_scope = matches!(operation.scope(), Some(KeyScope::Read | KeyScope::Members | KeyScope::Keys));
            assert!(of_tenant && !by_scope, "{operation:?} needs no exception");
        }
    }
}
