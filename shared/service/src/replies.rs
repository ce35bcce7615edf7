//! What customers answered: looking through it, and accepting or dismissing what is suggested because of it.

use domain::{
    Agreement, AgreementAct, AgreementId, CustomerId, ReplyId, ReplyStatus, SaidOtherwise, TaskId, TaskResult, TenantId,
    proposal::{Proposer, agreed_already, propose},
};
use jiff::Timestamp;
use serde_json::json;
use store::{DecidedBeside, Ending, KeptReply, ReplyPage, Store};

use crate::{
    Actor, Done, NotDone, Operation,
    cursors::{no_cursor, page_size},
    customers::{known_customer, reason_of},
    matter,
};

/// The answers of a customer, or those of nobody who is known, newest first.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`] for a cursor that is none, and those of reading.
pub async fn list(
    store: &Store,
    actor: &Actor,
    customer: Option<&str>,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Done<(Option<CustomerId>, ReplyPage)> {
    let tenant = actor.may(Operation::ListReplies)?;
    let customer = match customer {
        Some(customer) => Some(known_customer(store, tenant, customer).await?),
        None => None,
    };
    let after = cursor.map(|text| ReplyId::parse(text).ok_or_else(no_cursor)).transpose()?;
    let page = store.replies(tenant, customer.as_ref(), page_size(limit), after.as_ref()).await?;
    Ok((customer, page))
}

/// One answer, with whose it is where that is known.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show(store: &Store, actor: &Actor, id: &str) -> Done<(Option<CustomerId>, KeptReply)> {
    let tenant = actor.may(Operation::ShowReply)?;
    found(store, tenant, id).await
}

async fn found(store: &Store, tenant: &TenantId, id: &str) -> Done<(Option<CustomerId>, KeptReply)> {
    let none = || NotDone::NotFound("there is no such answer".to_owned());
    let id = ReplyId::parse(id).ok_or_else(none)?;
    let customer = store.whose(tenant, id.as_str()).await?;
    let reply = match &customer {
        Some(customer) => store.reply(tenant, customer, &id).await?,
        None => store.unmatched_reply(tenant, &id).await?,
    };
    Ok((customer, reply.ok_or_else(none)?))
}

/// An answer of a customer that may be decided on, and whether it was decided so before.
async fn open(store: &Store, tenant: &TenantId, id: &str, wanted: ReplyStatus) -> Done<(CustomerId, KeptReply, bool)> {
    let (customer, reply) = found(store, tenant, id).await?;
    let Some(customer) = customer else {
        let detail = "it is of nobody who is known: write down what it says at the customer that it is of, and end its task";
        return Err(NotDone::Conflict(detail.to_owned()));
    };
    if reply.status == wanted {
        return Ok((customer, reply, true));
    }
    match reply.status {
        ReplyStatus::Open => Ok((customer, reply, false)),
        ReplyStatus::Done | ReplyStatus::Accepted | ReplyStatus::Dismissed | ReplyStatus::Later(_) => {
            Err(NotDone::Conflict(format!("it is {} already", reply.status)))
        }
    }
}

/// Does what is suggested because of an answer: makes the agreement, as a person says it otherwise where they do. The pause that the answer made is over, and
/// so is its task. Accepting again changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`] for what `domain::proposal` does not allow, [`NotDone::Conflict`] where nothing is
/// suggested or it was dismissed, [`NotDone::Changed`] where it changed at the same moment; those of the table.
pub async fn accept(
    store: &Store,
    actor: &Actor,
    id: &str,
    said: &SaidOtherwise,
    now: Timestamp,
) -> Done<(CustomerId, KeptReply)> {
    let tenant = actor.may(Operation::AcceptReply)?;
    let (customer, before, is_done) = open(store, tenant, id, ReplyStatus::Accepted).await?;
    if is_done {
        return Ok((customer, before));
    }
    let suggestion = before.suggestion.as_ref().ok_or_else(|| {
        let detail = "nothing is suggested because of it: make what it says by POST /v1/agreements, and end its task";
        NotDone::Conflict(detail.to_owned())
    })?;
    let facts = matter::facts(store, tenant, &customer).await?;
    let settings = matter::settings(store, tenant).await?;
    let proposal = suggestion.proposal(said);
    let id = AgreementId::derive(&[tenant.as_str(), customer.as_str(), before.id.as_str(), "accepted"]);
    let by = Proposer { id: &id, by: actor.by(), now };
    let known = agreed_already(&proposal, &facts, &settings, now).cloned();
    let made = match &known {
        Some(_) => None,
        None => Some(propose(&proposal, &facts, &settings, by).map_err(NotDone::Fields)?),
    };
    let agreement = made.as_ref().or(known.as_ref()).map(|agreement| agreement.id.clone());
    let after = KeptReply {
        status: ReplyStatus::Accepted,
        agreement: agreement.clone(),
        decided: Some((now, actor.by().to_owned())),
        ..before.clone()
    };
    let what = json!({
        "reply": before.id, "class": before.read.class, "kind": proposal.kind, "agreement": agreement,
        "amount_minor": proposal.amount_minor, "pays_on": proposal.pays_on, "reason": proposal.reason
    });
    let entry = actor.entry(Operation::AcceptReply, now).of(before.id.as_str()).about(&customer).with(what);
    decide(&store.acting(entry), actor, &customer, (&before, &after), made.as_ref(), now).await?;
    Ok((customer, after))
}

/// Lets what is suggested be: the pause that the answer made is over, and so is its task. Dismissing again changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`] for the reason, [`NotDone::Conflict`] where it was accepted or there is nothing to
/// decide, [`NotDone::Changed`] where it changed at the same moment; those of the table.
pub async fn dismiss(
    store: &Store,
    actor: &Actor,
    id: &str,
    reason: Option<&str>,
    now: Timestamp,
) -> Done<(CustomerId, KeptReply)> {
    let tenant = actor.may(Operation::DismissReply)?;
    let reason = reason_of(reason)?;
    let (customer, before, is_done) = open(store, tenant, id, ReplyStatus::Dismissed).await?;
    if is_done {
        return Ok((customer, before));
    }
    let after = KeptReply { status: ReplyStatus::Dismissed, decided: Some((now, actor.by().to_owned())), ..before.clone() };
    let what = json!({ "reply": before.id, "class": before.read.class });
    let entry = actor.entry(Operation::DismissReply, now).of(before.id.as_str()).about(&customer).with(what).noting(reason);
    decide(&store.acting(entry), actor, &customer, (&before, &after), None, now).await?;
    Ok((customer, after))
}

/// Writes what was decided, with the end of the pause and of the task as far as they are open.
async fn decide(
    store: &Store,
    actor: &Actor,
    customer: &CustomerId,
    (before, after): (&KeptReply, &KeptReply),
    made: Option<&Agreement>,
    now: Timestamp,
) -> Done<()> {
    let tenant = actor.tenant();
    let pause = match &before.pause {
        Some(id) => store.agreement(tenant, customer, id).await?,
        None => None,
    };
    let released = pause.filter(Agreement::runs).and_then(|pause| {
        let over = pause.clone().act(&AgreementAct::Release, Vec::new(), now).ok()?;
        Some((pause, over))
    });
    let task = open_task(store, tenant, before.task.as_ref()).await?;
    let by = Some(actor.by().to_owned()).filter(|by| !by.is_empty());
    let ending = Ending { result: TaskResult::Done, note: None, by };
    let beside = DecidedBeside {
        agreement: made,
        pause: released.as_ref().map(|(was, over)| (was, over)),
        task: task.as_ref().map(|task| (task, &ending)),
    };
    match store.decide_reply(tenant, customer, (before, after), beside, now).await {
        Err(store::Error::Conflict { .. }) => {
            Err(NotDone::Changed("it, its pause or its task changed at the same moment; send the same again".to_owned()))
        }
        done => Ok(done?),
    }
}

/// The task where it is open.
async fn open_task(store: &Store, tenant: &TenantId, task: Option<&TaskId>) -> Done<Option<TaskId>> {
    let known = match task {
        Some(task) => store.task(tenant, task).await?,
        None => None,
    };
    Ok(known.filter(|task| task.done_at.is_none() && task.withdrawn.is_none()).map(|task| task.id))
}
