//! Keys by which machines call.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    api_keys::{self, KeyAsked, ShownKey},
};
use store::ApiKey;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, OptionalBody, read},
    app::App,
    caller::Caller,
    repeats::ShownOnce,
};

/// A key by which a machine calls; never its secret.
#[derive(Serialize, ToSchema)]
pub struct KeyOut {
    /// Its id, `key_…`.
    id: String,
    /// What people call it.
    name: String,
    /// The role that it has at most: `viewer`, `collector`, `manager` or `admin`.
    role: String,
    /// What it opens: `read`, `propose`, `write:customers`, `write:messages`, `write:workflows`, `write:settings`, `write:members`, `write:keys`.
    scopes: Vec<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// Who made it.
    made_by: String,
    /// When it was last used, to the hour; absent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    used_at: Option<Timestamp>,
    /// Until when the secret before is accepted, after a rotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_until: Option<Timestamp>,
    /// Since when it opens nothing; absent while it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
}

/// A key with what the machine sends; it is shown this once.
#[derive(Serialize, ToSchema)]
pub struct NewKeyOut {
    /// What the machine sends: `Authorization: Bearer dun_…`. It is shown this once.
    token: String,
    /// The key.
    key: KeyOut,
}

/// The keys.
#[derive(Serialize, ToSchema)]
pub struct KeysOut {
    /// The keys, those that were revoked too.
    data: Vec<KeyOut>,
    /// Always null: all are on one page.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// What a key is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyIn {
    /// What it is for.
    name: String,
    /// The role that it has at most: `viewer`, `collector`, `manager` or `admin`.
    role: String,
    /// What it opens: `read`, `propose`, `write:customers`, `write:messages`, `write:workflows`, `write:settings`, `write:members`, `write:keys`.
    scopes: Vec<String>,
}

/// How a key gets a new secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRotation {
    /// For how many more hours the secret before is accepted, 0 to 720; 24 when left out.
    #[serde(default)]
    overlap_hours: Option<u32>,
}

/// The keys of the tenant's machines, those that were revoked too. No call shows a secret again.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", operation_id = "list_keys",
    responses((status = 200, description = "The keys", body = KeysOut)))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<KeysOut>> {
    let keys = api_keys::list(&app.store, &caller.0).await?;
    Ok(Json(KeysOut { data: keys.into_iter().map(shown).collect(), next: None, as_of: app.clock.now() }))
}

/// Makes a key. It opens what its role and its scopes both allow, and never more than who makes it may do. An answer to a repeated
/// `Idempotency-Key` does not show the secret again.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", operation_id = "make_key", request_body = KeyIn,
    responses((status = 200, description = "The key, and its secret this once", body = NewKeyOut),
              (status = 400, description = "bad-request, every flaw in errors"),
              (status = 409, description = "not-possible: there are too many")))]
pub async fn make(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(body): Body,
) -> ApiResult<(Extension<ShownOnce>, Json<NewKeyOut>)> {
    caller.may(Operation::MakeKey)?;
    let KeyIn { name, role, scopes } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let asked = KeyAsked { name, role, scopes };
    Ok(new(api_keys::make(&app.store, &caller.0, &asked, app.clock.now()).await?))
}

/// Gives a key a new secret. The one before is accepted for so many more hours.
#[utoipa::path(post, path = "/v1/keys/{id}/rotate", tag = "keys", operation_id = "rotate_key",
    params(("id" = String, Path, description = "`key_…`")),
    request_body = KeyRotation,
    responses((status = 200, description = "The key, and its new secret this once", body = NewKeyOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: it is revoked; changed-meanwhile: somebody else changed it")))]
pub async fn rotate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<(Extension<ShownOnce>, Json<NewKeyOut>)> {
    caller.may(Operation::RotateKey)?;
    let KeyRotation { overlap_hours } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    Ok(new(api_keys::rotate(&app.store, &caller.0, &id, overlap_hours, app.clock.now()).await?))
}

/// Ends a key at once.
#[utoipa::path(delete, path = "/v1/keys/{id}", tag = "keys", operation_id = "revoke_key",
    params(("id" = String, Path, description = "`key_…`")),
    responses((status = 200, description = "The key as it is now", body = KeyOut), (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile")))]
pub async fn revoke(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<KeyOut>> {
    Ok(Json(shown(api_keys::revoke(&app.store, &caller.0, &id, app.clock.now()).await?)))
}

fn new(made: ShownKey) -> (Extension<ShownOnce>, Json<NewKeyOut>) {
    (Extension(ShownOnce), Json(NewKeyOut { token: made.token, key: shown(made.key) }))
}

fn shown(key: ApiKey) -> KeyOut {
    let ApiKey { id, name, role, scopes, hash: _, before, made_at, made_by, used_at, revoked_at, rev: _ } = key;
    let previous_until = before.map(|(_, until)| until);
    KeyOut { id: id.as_str().to_owned(), name, role, scopes, made_at, made_by, used_at, previous_until, revoked_at }
}
