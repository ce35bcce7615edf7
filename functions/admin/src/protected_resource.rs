//! Whose tokens are taken here, for programs that find it out by themselves: protected resource metadata as RFC 9728 has it. It is open to
//! everybody and looks nothing up.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header::WWW_AUTHENTICATE},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{app::App, host::Host};

/// Where it is answered for the endpoint of assistants.
const OF_ASSISTANTS: &str = "/.well-known/oauth-protected-resource/mcp";

/// Whose tokens a resource takes.
#[derive(Serialize, ToSchema)]
pub struct ProtectedResourceOut {
    /// The address of the resource.
    resource: String,
    /// Who issues its tokens: the deployment's issuer. What it needs of a client is below its own address.
    authorization_servers: Vec<String>,
    /// How a token is sent: in the header `Authorization`.
    bearer_methods_supported: Vec<&'static str>,
    /// What it is called.
    resource_name: &'static str,
}

impl ProtectedResourceOut {
    fn of(app: &App, host: &Host, path: &str) -> Self {
        Self {
            resource: format!("{}{path}", app.public(host)),
            authorization_servers: vec![app.issuer.clone()],
            bearer_methods_supported: vec!["header"],
            resource_name: "Dunlin",
        }
    }
}

/// Whose tokens the API takes.
#[utoipa::path(get, path = "/.well-known/oauth-protected-resource", tag = "document", operation_id = "show_protected_resource",
    responses((status = 200, description = "The metadata", body = ProtectedResourceOut)))]
pub async fn of_api(State(app): State<Arc<App>>, host: Host) -> Json<ProtectedResourceOut> {
    Json(ProtectedResourceOut::of(&app, &host, ""))
}

/// Whose tokens the endpoint of assistants, `/mcp`, takes.
#[utoipa::path(get, path = "/.well-known/oauth-protected-resource/mcp", tag = "document", operation_id = "show_assistants_resource",
    responses((status = 200, description = "The metadata", body = ProtectedResourceOut)))]
pub async fn of_assistants(State(app): State<Arc<App>>, host: Host) -> Json<ProtectedResourceOut> {
    Json(ProtectedResourceOut::of(&app, &host, "/mcp"))
}

/// Says in a 401 of the endpoint of assistants where the metadata is.
pub fn name_metadata(app: &App, host: &Host, headers: &mut HeaderMap) {
    let said = headers.get(WWW_AUTHENTICATE).and_then(|said| said.to_str().ok()).unwrap_or("Bearer");
    let said = format!("{said}, resource_metadata=\"{}{OF_ASSISTANTS}\"", app.public(host));
    if let Ok(said) = HeaderValue::from_str(&said) {
        headers.insert(WWW_AUTHENTICATE, said);
    }
}
