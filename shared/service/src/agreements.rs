//! Promises that change, and changes of agreements that are undone. Making agreements and acting on them lie with who asks over HTTP.

use domain::{
    Agreement, AgreementId, CustomerId, LinkId, ServiceMail, ServiceMailKind,
    proposal::{Amendment, Proposer, amend},
};
use jiff::Timestamp;
use serde_json::json;
use store::Store;

use crate::{Actor, Done, NotDone, Operation, customers::reason_of, matter};

/// Changes the day, the amount or the way of a promise that is open. What is so already changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], [`NotDone::Conflict`] where it is over or no promise; those of the table.
pub async fn change_promise(
    store: &Store,
    actor: &Actor,
    id: &str,
    amendment: &Amendment,
    now: Timestamp,
) -> Done<(CustomerId, Agreement)> {
    let tenant = actor.may(Operation::AmendAgreement)?;
    let (customer, before) = known(store, actor, id).await?;
    let facts = matter::facts(store, tenant, &customer).await?;
    let settings = matter::settings(store, tenant).await?;
    let by = Proposer { id: &before.id, by: actor.by(), now };
    let after = amend(&before, amendment, &facts, &settings, by).map_err(|flaws| {
        let whole = flaws.iter().find(|(pointer, _)| pointer.is_empty()).map(|(_, detail)| detail.clone());
        whole.map_or_else(|| NotDone::Fields(flaws), NotDone::Conflict)
    })?;
    if after != before {
        let what =
            json!({ "amount_minor": { "from": before.amount_minor, "to": after.amount_minor }, "pays_on": amendment.pays_on });
        let entry = actor.entry(Operation::AmendAgreement, now).of(before.id.as_str()).about(&customer).with(what);
        store.acting(entry).change_agreement(tenant, &customer, &before, &after, now).await?;
    }
    Ok((customer, after))
}

/// Undoes the last change of an agreement by a person: it is exactly as it was before, unless something changed it since.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], [`NotDone::Conflict`] where there is nothing to undo, or time, money or
/// people changed it since; those of the table.
pub async fn undo(store: &Store, actor: &Actor, id: &str, reason: Option<&str>, now: Timestamp) -> Done<(CustomerId, Agreement)> {
    let tenant = actor.may(Operation::UndoAgreement)?;
    let reason = reason_of(reason)?;
    let (customer, after) = known(store, actor, id).await?;
    let what = json!({ "status": after.status() });
    let entry = actor.entry(Operation::UndoAgreement, now).of(after.id.as_str()).about(&customer).with(what).noting(reason);
    let undone = store.acting(entry).undo_agreement_telling(tenant, &customer, &after.id, undoing_notice, now).await?;
    let nothing = || {
        NotDone::Conflict(
            "no change of it by a person can be undone: there was none, it was undone, or it changed since".to_owned(),
        )
    };
    Ok((customer, undone.ok_or_else(nothing)?))
}

/// The notice that tells whoever contested something by a portal link how it was decided, where that is what changed.
pub fn decision_notice(before: &Agreement, after: &Agreement, now: Timestamp) -> Option<ServiceMail> {
    let kind = ServiceMailKind::DisputeDecided;
    let is_decided = before.status_at != after.status_at && kind.is_true_of(after);
    // Of what was made by a link, the link says who made it.
    let link = LinkId::parse(&after.by).filter(|_| is_decided)?;
    Some(ServiceMail::of(kind, &link, Some(after.id.as_str()), now))
}

/// The notice that tells whoever contested something by a portal link that its decision was taken back, where that is what is undone.
fn undoing_notice(is: &Agreement, was: &Agreement, now: Timestamp) -> Option<ServiceMail> {
    let kind = ServiceMailKind::DecisionUndone;
    let is_undone = ServiceMailKind::DisputeDecided.is_true_of(is) && kind.is_true_of(was);
    let link = LinkId::parse(&was.by).filter(|_| is_undone)?;
    Some(ServiceMail::of(kind, &link, Some(was.id.as_str()), now))
}

async fn known(store: &Store, actor: &Actor, id: &str) -> Done<(CustomerId, Agreement)> {
    let none = || NotDone::NotFound("there is no such agreement".to_owned());
    let id = AgreementId::parse(id).ok_or_else(none)?;
    let customer = store.whose(actor.tenant(), id.as_str()).await?.ok_or_else(none)?;
    let agreement = store.agreement(actor.tenant(), &customer, &id).await?.ok_or_else(none)?;
    Ok((customer, agreement))
}
