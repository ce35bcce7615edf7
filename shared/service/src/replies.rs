//! What customers answered: looking through it, and accepting or dismissing what is suggested because of it.

use domain::{
    Agreement, AgreementAct, AgreementId, CustomerId, ReplyId, ReplyProof, ReplyStatus, SaidOtherwise, TaskId, TaskResult,
    TenantId,
    proposal::{Proposer, agreed_already, propose},
};
use jiff::Timestamp;
use serde_json::json;
use store::{AddressId, AuditEntry, DecidedBeside, Ending, KeptReply, Lifted, ReplyPage, Store};

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
        "reply": before.id, "class": before.read.class, "chosen_by": model_of(&before), "kind": proposal.kind, "agreement": agreement,
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
    let what = json!({ "reply": before.id, "class": before.read.class, "chosen_by": model_of(&before) });
    let entry = actor.entry(Operation::DismissReply, now).of(before.id.as_str()).about(&customer).with(what).noting(reason);
    decide(&store.acting(entry), actor, &customer, (&before, &after), None, now).await?;
    Ok((customer, after))
}

/// Which model chose the class that a person decides on, where one did.
fn model_of(reply: &KeptReply) -> Option<&str> {
    reply.read.chosen_by.as_ref().map(|chosen| chosen.model.as_str())
}

/// Opens the channel again that an answer closed of which nothing proves who wrote it, because a person found out that its sender did not. The pause that the
/// answer made is over, and so is its task. Undoing again changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`] for the reason, which is demanded, [`NotDone::Conflict`] where it closed nothing, where
/// it is proven who wrote it, or where somebody else asked for the same since, [`NotDone::Changed`] where it changed at the same moment; those of the table.
pub async fn undo(
    store: &Store,
    actor: &Actor,
    id: &str,
    reason: Option<&str>,
    now: Timestamp,
) -> Done<(Option<CustomerId>, KeptReply)> {
    let tenant = actor.may(Operation::UndoReply)?;
    let reason = reason_of(reason)?;
    if reason.is_none() {
        return Err(NotDone::field("/reason", "say how you know that its sender did not write it; the audit keeps it"));
    }
    let (customer, before) = found(store, tenant, id).await?;
    if before.reopened {
        return Ok((customer, before));
    }
    let conflict = |detail: &str| Err(NotDone::Conflict(detail.to_owned()));
    if !before.stopped {
        return conflict("it closed no channel");
    }
    match before.proof {
        Some(ReplyProof::Nothing) => {}
        Some(ReplyProof::Mark | ReplyProof::Domain | ReplyProof::Carrier | ReplyProof::Later(_)) | None => {
            return conflict(
                "its sender wrote it as far as that can be proven; where they want messages again, POST /v1/suppressions/{id}/lift lifts what \
                 stands against their address",
            );
        }
    }
    let address = AddressId::of(before.channel, &before.from);
    let what = json!({ "reply": before.id, "channel": before.channel, "class": before.read.class });
    let noted = actor.entry(Operation::UndoReply, now).of(before.id.as_str()).with(what).noting(reason);
    let noted = customer.iter().fold(noted, |noted, customer| noted.about(customer));
    // The address first: where this breaks off, doing it again finds nothing there and goes on.
    // The mark of a request that is carried out once goes with what is written last.
    let acting = store.acting(AuditEntry { once: None, ..noted.clone() });
    match acting.lift_unproven(tenant, &address, &before.id, now, customer.as_ref()).await? {
        Lifted::Done(_) | Lifted::Nothing => {}
        Lifted::Another(stands) => {
            return Err(NotDone::Conflict(format!(
                "something else stands against the address by now ({} since {}): a person, a link or another answer asked for it, or nothing arrives there; \
                 look at it by GET /v1/suppressions, and lift it where that is right",
                stands.suppression.reason, stands.suppression.at
            )));
        }
    }
    let status = match before.status {
        ReplyStatus::Open | ReplyStatus::Done => ReplyStatus::Dismissed,
        status @ (ReplyStatus::Accepted | ReplyStatus::Dismissed | ReplyStatus::Later(_)) => status,
    };
    let after = KeptReply { status, reopened: true, decided: Some((now, actor.by().to_owned())), ..before.clone() };
    let acting = store.acting(noted);
    match &customer {
        Some(customer) => decide(&acting, actor, customer, (&before, &after), None, now).await?,
        // The task of the day counts other answers too.
        None => acting.decide_unmatched(tenant, (&before, &after)).await.map_err(changed_meanwhile)?,
    }
    Ok((customer, after))
}

/// That a task is over because somebody decided on its answer.
fn ending_of(actor: &Actor) -> Ending {
    let by = Some(actor.by().to_owned()).filter(|by| !by.is_empty());
    Ending { result: TaskResult::Done, note: None, by }
}

fn changed_meanwhile(error: store::Error) -> NotDone {
    match error {
        store::Error::Conflict { .. } => {
            NotDone::Changed("it, its pause or its task changed at the same moment; send the same again".to_owned())
        }
        error => error.into(),
    }
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
    let ending = ending_of(actor);
    let beside = DecidedBeside {
        agreement: made,
        pause: released.as_ref().map(|(was, over)| (was, over)),
        task: task.as_ref().map(|task| (task, &ending)),
    };
    store.decide_reply(tenant, customer, (before, after), beside, now).await.map_err(changed_meanwhile)
}

/// The task where it is open.
async fn open_task(store: &Store, tenant: &TenantId, task: Option<&TaskId>) -> Done<Option<TaskId>> {
    let known = match task {
        Some(task) => store.task(tenant, task).await?,
        None => None,
    };
    Ok(known.filter(|task| task.done_at.is_none() && task.withdrawn.is_none()).map(|task| task.id))
}
