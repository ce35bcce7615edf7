//! An event that was put aside for a person, applied again: after the connector was mended, or what it named has come.

use connectors::{Bodies, FieldFlaw, Headers, Incoming, Reading};
use domain::{TenantId, id::digest, remark::ahead};
use jiff::{Timestamp, tz::TimeZone};
use store::{AppliedOutcome, Receipt, Store, Vault};

use crate::unnamed;

/// What came of applying an event again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppliedAgain {
    /// All of it was taken.
    Done(AppliedOutcome),
    /// It still does not read: nothing of it was taken.
    StillWrong(Vec<FieldFlaw>),
    /// It says nothing of what is owed.
    Nothing(String),
}

/// Applies the body of an event that was put aside. What is older than what is known changes nothing, so that it may be repeated.
///
/// # Errors
///
/// Those of the table.
pub async fn apply_again(
    (store, vault): (&Store, &Vault),
    tenant: &TenantId,
    source: &str,
    body: &[u8],
    zone: &TimeZone,
    now: Timestamp,
) -> store::Result<AppliedAgain> {
    let flaw = |pointer: &str, detail: &str| FieldFlaw { pointer: pointer.to_owned(), detail: detail.to_owned() };
    let objects = match connectors::by_source(source).map(|connector| connector.bodies()) {
        Some(Bodies::Objects(objects)) => objects,
        Some(Bodies::Hints(_)) | None => return Ok(AppliedAgain::StillWrong(vec![flaw("", "no connector reads it any more")])),
    };
    // The first receipt says that it was put aside; this one is of the same bytes, taken.
    let event_id = format!("again-{}", digest(&[&String::from_utf8_lossy(body)]));
    let headers: Headers = [("webhook-id", event_id.as_str())].into_iter().collect();
    let Reading { mut documents, unnamed, parked, ignored, .. } =
        match objects.read(tenant, zone, &Incoming { headers: &headers, body, now }) {
            Ok(reading) => reading,
            Err(rejected) => return Ok(AppliedAgain::StillWrong(rejected.errors)),
        };
    let too_new = documents.iter().filter_map(|document| ahead(source, document, now)).map(|task| flaw("", &task.detail));
    let wrong: Vec<FieldFlaw> = parked.into_iter().map(|part| flaw(&part.pointer, &part.detail)).chain(too_new).collect();
    if !wrong.is_empty() {
        return Ok(AppliedAgain::StillWrong(wrong));
    }
    for payment in unnamed {
        documents.extend(unnamed::document(store, tenant, source, payment).await?);
    }
    if documents.is_empty() {
        return Ok(AppliedAgain::Nothing(ignored.unwrap_or_else(|| "it carries nothing".to_owned())));
    }
    vault.honour_erased(tenant, &documents, now).await?;
    let receipt = Receipt { source: source.to_owned(), event_id };
    Ok(AppliedAgain::Done(store.apply(tenant, &receipt, &documents, now).await?.outcome))
}
