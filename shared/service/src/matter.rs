//! What every operation on a customer's matter begins with: the facts as they are now, and the tenant's settings.

use domain::{CustomerId, Facts, Settings, TenantId};
use store::Store;

use crate::{Done, NotDone, customers::no_customer};

/// What is known of a customer now.
pub(crate) async fn facts(store: &Store, tenant: &TenantId, customer: &CustomerId) -> Done<Facts> {
    let head = store.head(tenant, customer).await?.ok_or_else(no_customer)?;
    Ok(store.facts(tenant, &head).await?)
}

/// The tenant's settings.
pub(crate) async fn settings(store: &Store, tenant: &TenantId) -> Done<Settings> {
    let none = || NotDone::NotFound("this tenant has no settings yet; PUT /v1/settings creates it".to_owned());
    Ok(store.settings(tenant).await?.ok_or_else(none)?.value)
}

/// A text that a person typed, without blanks around it. What is wrong with it goes to `flaws`.
pub(crate) fn text(pointer: &str, given: Option<&str>, most: usize, flaws: &mut Vec<(String, String)>) -> Option<String> {
    let given = given.map(str::trim).filter(|given| !given.is_empty())?;
    let bad = given.chars().any(|each| each.is_control() && each != '\n' && each != '\t');
    if bad || given.chars().count() > most {
        flaws.push((pointer.to_owned(), format!("at most {most} characters, and no control characters")));
        return None;
    }
    Some(given.to_owned())
}
