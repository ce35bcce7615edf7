//! How somebody looks at lists: views of their own.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::{Operation, saved_views};
use store::{SavedView, SavedViews};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
};

/// A filter and an order of a list, under a name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedViewIn {
    /// What it is called, one line of at most 60 characters.
    name: String,
    /// Of which list: `tasks` or `customers`.
    of: String,
    /// What the list is asked for by: of `tasks` `kind`, `whose`, `to` and `sort`, of `customers` `owner` and `sort`, each as that list takes it.
    #[serde(default)]
    asked: BTreeMap<String, String>,
}

/// The views of whoever calls, in place of those that are there.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedViewsIn {
    /// In the order in which they are shown, at most 30.
    views: Vec<SavedViewIn>,
    /// `revision` of the views that these are made from; 0 before the first.
    revision: u64,
}

/// A filter and an order of a list, under a name.
#[derive(Serialize, ToSchema)]
pub struct SavedViewOut {
    /// What it is called.
    name: String,
    /// Of which list: `tasks` or `customers`.
    of: String,
    /// What the list is asked for by.
    asked: BTreeMap<String, String>,
}

/// The views of whoever calls.
#[derive(Serialize, ToSchema)]
pub struct SavedViewsOut {
    /// In the order in which they are shown.
    views: Vec<SavedViewOut>,
    /// Counts the writes: the next one names it.
    revision: u64,
    /// When they were read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// How you look at lists: your filters and orders, each under a name. Nobody else sees them.
#[utoipa::path(get, path = "/v1/me/views", tag = "members", operation_id = "list_views",
    responses((status = 200, description = "Your views", body = SavedViewsOut)))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<SavedViewsOut>> {
    Ok(Json(shown(saved_views::list(&app.store, &caller.0).await?, app.clock.now())))
}

/// Keeps how you look at lists, in place of what was kept.
#[utoipa::path(put, path = "/v1/me/views", tag = "members", operation_id = "save_views", request_body = SavedViewsIn,
    responses((status = 200, description = "Your views", body = SavedViewsOut),
              (status = 400, description = "bad-request, every flaw in errors"),
              (status = 409, description = "changed-meanwhile: they were changed since they were read")))]
pub async fn save(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<Json<SavedViewsOut>> {
    caller.may(Operation::SaveViews)?;
    let SavedViewsIn { views, revision: rev } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let own = |SavedViewIn { name, of, asked }| SavedView { name, of, asked };
    let asked = SavedViews { views: views.into_iter().map(own).collect(), rev };
    let now = app.clock.now();
    Ok(Json(shown(saved_views::save(&app.store, &caller.0, asked, now).await?, now)))
}

fn shown(known: SavedViews, as_of: Timestamp) -> SavedViewsOut {
    let own = |SavedView { name, of, asked }| SavedViewOut { name, of, asked };
    SavedViewsOut { views: known.views.into_iter().map(own).collect(), revision: known.rev, as_of }
}
