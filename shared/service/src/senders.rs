//! Whom tenants may send as: an operator lists it.

use domain::{Identities, TenantId};
use jiff::Timestamp;
use serde_json::json;
use store::{Store, Versioned};

use crate::{Actor, Done, NotDone, Operation};

/// The senders that the actor's own tenant may use.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] where none were listed, and those of reading.
pub async fn own(store: &Store, actor: &Actor) -> Done<Identities> {
    let tenant = actor.may(Operation::ListSenders)?;
    Ok(listed(store, tenant).await?.value)
}

/// The senders that are listed for a tenant, for an operator.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show(store: &Store, actor: &Actor, tenant: &str) -> Done<(TenantId, Versioned<Identities>)> {
    actor.may(Operation::ShowTenantSenders)?;
    let tenant = named(tenant)?;
    let listed = listed(store, &tenant).await?;
    Ok((tenant, listed))
}

/// Lists the senders that a tenant may use, in place of those before; `if_rev` is the revision that they must replace, 0 for none, and
/// `None` for whatever is there. What its settings keep back because of its senders is tried again. The same list changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] where this is no tenant's id, [`NotDone::Fields`], [`NotDone::Stale`], and those of the table.
pub async fn put(
    store: &Store,
    actor: &Actor,
    tenant: &str,
    given: &Identities,
    if_rev: Option<u64>,
    now: Timestamp,
) -> Done<(TenantId, u64)> {
    actor.may(Operation::PutTenantSenders)?;
    let tenant = named(tenant)?;
    let flaws = given.check();
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws));
    }
    let before = store.identities(&tenant).await?;
    let rev = before.as_ref().map_or(0, |before| before.rev);
    if if_rev.is_some_and(|wanted| wanted != rev) {
        return Err(NotDone::Stale(rev));
    }
    if before.is_some_and(|before| before.value == *given) {
        return Ok((tenant, rev));
    }
    let entry = actor.entry(Operation::PutTenantSenders, now).of(tenant.as_str()).with(json!({ "senders": given.senders }));
    let store = store.acting(entry);
    let rev = store.put_identities(&tenant, given, rev, now).await?;
    if let Some(settings) = store.settings(&tenant).await? {
        store.end_causes(&tenant, &settings.value, now).await?;
    }
    Ok((tenant, rev))
}

fn named(tenant: &str) -> Done<TenantId> {
    let none = "this is no tenant's id; give the id that the tenant's tokens name";
    TenantId::parse(tenant).map_err(|_| NotDone::NotFound(none.to_owned()))
}

async fn listed(store: &Store, tenant: &TenantId) -> Done<Versioned<Identities>> {
    let none = "no senders were listed for this tenant yet; an operator lists them with PUT /v1/tenants/{tenant}/senders";
    store.identities(tenant).await?.ok_or_else(|| NotDone::NotFound(none.to_owned()))
}
