//! People and their rights: finding somebody, everything that is known of them, erasing it.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::{
    Operation,
    customer_files::{RemoveObject, RemovedObject},
    privacy::{
        ErasedPlace, Erasure, KeptOfPerson, PersonFound, erase as erase_person, export as export_person, find as find_person,
    },
    suppressions::AddressGiven,
};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
    repeats::ShownOnce,
};

/// An address of somebody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindContactIn {
    /// `email`, or for somebody who has none a channel of phone numbers.
    #[serde(default)]
    channel: Option<String>,
    /// An email address, or a phone number in E.164.
    #[serde(default)]
    address: Option<String>,
}

/// Somebody, and where they are a contact.
#[derive(Serialize, ToSchema)]
pub struct PersonOut {
    /// The person's id, across the tenant's customers.
    id: String,
    /// The customers at which they are a contact; a change of a customer is there some moments later.
    places: Vec<PersonPlaceOut>,
}

/// Where somebody is a contact.
#[derive(Serialize, ToSchema)]
pub struct PersonPlaceOut {
    /// The customer.
    customer: String,
    /// The source's own id of the contact.
    contact: String,
}

/// Why somebody is erased.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseIn {
    /// Why, at most 500 characters; the audit keeps it for good. One with an @ is refused; name nobody.
    #[serde(default)]
    reason: Option<String>,
}

/// What an erasure came to.
#[derive(Serialize, ToSchema)]
pub struct ErasureOut {
    /// The person's id.
    id: String,
    /// What was erased at each customer.
    places: Vec<ErasedPlaceOut>,
    /// What is kept, and why.
    kept: Vec<KeptOut>,
}

/// What was erased at a customer.
#[derive(Serialize, ToSchema)]
pub struct ErasedPlaceOut {
    /// The customer.
    customer: String,
    /// How many contacts were taken out.
    contacts: usize,
    /// How many invoices named the person.
    invoices: usize,
    /// How many messages, notes, files and earlier terms of agreements were of or about the person; they are deleted.
    words: usize,
    /// Whether the customer is the person, and its name and postal address went too.
    own: bool,
    /// Whether nothing was erased here, because the customer is the person and owes something.
    restricted: bool,
}

/// What is kept.
#[derive(Serialize, ToSchema)]
pub struct KeptOut {
    /// What.
    what: String,
    /// Why.
    why: String,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

/// Finds a person across customers: the id under which they are exported or erased.
#[utoipa::path(post, path = "/v1/contacts/find", tag = "privacy", operation_id = "find_contact", request_body = FindContactIn,
    responses((status = 200, description = "The person; without places where nobody has the address", body = PersonOut)))]
pub async fn find(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<Json<PersonOut>> {
    caller.may(Operation::FindContact)?;
    let FindContactIn { channel, address } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let PersonFound { person, places } = find_person(&app.store, &caller.0, &AddressGiven { channel, address }).await?;
    let places = places.into_iter().map(|(customer, contact)| PersonPlaceOut { customer: customer.to_string(), contact });
    Ok(Json(PersonOut { id: person.to_string(), places: places.collect() }))
}

/// Everything that is known of a person: contacts and what they were before, messages with why each was decided, what people wrote to and of
/// them, what files they sent, portal links, when they were contacted, and what stands against their addresses.
#[utoipa::path(post, path = "/v1/contacts/{id}/export", tag = "privacy", operation_id = "export_contact",
    params(("id" = String, Path, description = "`con_…`")),
    responses((status = 200, description = "Everything that is known", body = Object), (status = 404, description = "not-found")))]
pub async fn export(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<(Extension<ShownOnce>, Json<Value>)> {
    caller.may(Operation::ExportContact)?;
    let all = export_person((&app.store, &app.vault), &caller.0, &id, app.clock.now()).await?;
    // An answer that is kept for repetitions would outlive an erasure.
    Ok((Extension(ShownOnce), Json(all)))
}

/// Erases a person at every customer: contacts, their history, their portal links, when they were contacted, their addresses, what people
/// wrote to them or with their name or address, and the files that they sent. A suppression
/// holds on under a keyed hash. Other portal links of the customers are void at once. What must be kept is named in the answer. Where the
/// customer is the person and owes something, nothing is erased there. It cannot be taken back. One that broke off goes on when it is asked for
/// again.
#[utoipa::path(post, path = "/v1/contacts/{id}/erase", tag = "privacy", operation_id = "erase_contact",
    params(("id" = String, Path, description = "`con_…`")), request_body = EraseIn,
    responses((status = 200, description = "What was erased, and what is kept", body = ErasureOut),
              (status = 400, description = "bad-request: the reason is missing"), (status = 404, description = "not-found")))]
pub async fn erase(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<ErasureOut>> {
    caller.may(Operation::EraseContact)?;
    let EraseIn { reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let now = app.clock.now();
    let remove = removing(&app);
    let done = erase_person((&app.store, &app.vault, &remove), &caller.0, &id, reason.as_deref(), now).await?;
    let Erasure { person, places, kept } = done;
    let place = |ErasedPlace { customer, contacts, invoices, words, own, restricted }: ErasedPlace| ErasedPlaceOut {
        customer: customer.to_string(),
        contacts,
        invoices,
        words,
        own,
        restricted,
    };
    let kept_out = |KeptOfPerson { what, why, until }: KeptOfPerson| KeptOut { what, why, until };
    Ok(Json(ErasureOut {
        id: person.to_string(),
        places: places.into_iter().map(place).collect(),
        kept: kept.into_iter().map(kept_out).collect(),
    }))
}

/// Deletes contents of the bucket.
fn removing(app: &App) -> RemoveObject {
    let bucket = app.files.clone();
    Arc::new(move |key: String| -> RemovedObject {
        let bucket = bucket.clone();
        Box::pin(async move {
            let gone = bucket.delete(&key).await;
            gone.map_err(|error| {
                tracing::error!(%error, "a file of somebody who is erased cannot be deleted");
                error.to_string()
            })
        })
    })
}
