//! The page at `/_local`.

use std::sync::Arc;

use axum::{extract::State, response::Html};

use crate::world::World;

/// Shows what was sent.
pub async fn show(State(world): State<Arc<World>>) -> Html<String> {
    Html(format!("<h1>Dunlin</h1><p>{} messages</p>", world.outbox.len()))
}
