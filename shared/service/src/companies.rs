//! Whose company it is, for operators: a company has one tenant, and an operator can take it from one that should not have it.

use domain::{NewTask, TaskKind, TenantId};
use jiff::Timestamp;
use store::{Store, Vault};

use crate::{Actor, Done, NotDone, Operation};

/// The tenant that is, or was, connected to a company of a source.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] where nobody is, and those of reading.
pub async fn whose(store: &Store, actor: &Actor, source: &str, realm: &str) -> Done<TenantId> {
    actor.may(Operation::ShowCompany)?;
    store.tenant_of_company(source, realm).await?.ok_or_else(nobodys)
}

/// Frees a company: the tenant that has it is disconnected, its tokens are forgotten and its people are told. Whose it was.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] where it is nobody's, and those of the table and of KMS.
pub async fn free(store: &Store, vault: &Vault, actor: &Actor, source: &str, realm: &str, now: Timestamp) -> Done<TenantId> {
    actor.may(Operation::FreeCompany)?;
    let entry = actor.entry(Operation::FreeCompany, now).of(format!("{source}/{realm}"));
    let (store, vault) = (store.acting(entry.clone()), vault.acting(entry));
    let tenant = store.free_company(source, realm).await?.ok_or_else(nobodys)?;
    // Its tokens go where they were of this company; those of another stay.
    let held = vault.connection(&tenant, source).await?;
    if held.is_some_and(|held| held.config.get("realm").and_then(serde_json::Value::as_str) == Some(realm)) {
        vault.delete_connection(&tenant, source).await?;
    }
    store.raise(&tenant, None, &freed(source, realm, now), now).await?;
    Ok(tenant)
}

/// What the people of the tenant are told.
fn freed(source: &str, realm: &str, now: Timestamp) -> NewTask {
    NewTask {
        kind: TaskKind::Connection,
        key: format!("{source}:freed:{realm}:{now}"),
        title: format!("An operator disconnected a company of {source}"),
        detail: format!(
            "Company {realm} is no longer read; what was read stays. If it is yours, connect it again: POST \
             /v1/connections/{source}/authorize."
        ),
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    }
}

fn nobodys() -> NotDone {
    NotDone::NotFound("no tenant is connected to this company; give the source and the id that the vendor shows".to_owned())
}
