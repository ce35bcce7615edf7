//! `POST /_local/tenants`: a tenant through the real admin API, in process.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    Json,
    body::{Body, Bytes, to_bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{Channel, Mailbox, TenantId, word::Word};
use doubles::App;
use http::{Method, Request, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reading::{NotConnected, Tokens, Wanted};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    gateway,
    payments::{self, PaymentIn},
    problem::read,
    world::World,
};

/// A tenant as tests give it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantIn {
    /// Its id.
    pub tenant: String,
    /// Settings; `name` defaults to the id and `mode` to `live`, of a tenant for training to `shadow`.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// Workflows; the built-in ones when none are given.
    #[serde(default)]
    pub workflows: Option<Vec<Value>>,
    /// Templates.
    #[serde(default)]
    pub templates: Vec<Value>,
    /// Connections to outside systems.
    #[serde(default)]
    pub connections: Vec<Value>,
    /// Payment providers; at the stack's own stand-ins unless an entry says otherwise.
    #[serde(default)]
    pub payments: Vec<PaymentIn>,
}

/// Answers `POST /_local/tenants`.
pub async fn create(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let wish: TenantIn = match read(&body) {
        Ok(wish) => wish,
        Err(refusal) => return *refusal,
    };
    match create_tenant(&world, wish).await {
        Ok(answer) => Json(answer).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// What the admin API refused, or why it could not be asked.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Value,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, [(http::header::CONTENT_TYPE, "application/problem+json")], self.body.to_string()).into_response()
    }
}

/// Creates or replaces a tenant; answers its webhooks.
///
/// # Errors
///
/// The admin API's refusal.
pub async fn create_tenant(world: &Arc<World>, wish: TenantIn) -> Result<Value, Refusal> {
    let token = world.token_of(&wish.tenant, "admin").map_err(no_token)?;
    let api = Api { world, token };
    let mut settings = wish.settings.clone();
    settings.entry("name").or_insert_with(|| json!(wish.tenant));
    let usual = if settings.get("training") == Some(&json!(true)) { "shadow" } else { "live" };
    settings.entry("mode").or_insert_with(|| json!(usual));
    if let Some(senders) = settings.entry("sender").or_insert_with(|| json!({})).as_object_mut() {
        senders.entry("email").or_insert_with(|| json!(format!("{}@dunlin.example", wish.tenant)));
        senders.entry("sms").or_insert_with(|| json!(sender_id(&wish.tenant)));
    }
    // What a tenant is given here counts as listed by the operator.
    if TenantId::parse(&wish.tenant).is_ok() {
        let operator = Api { world, token: world.operator_token().map_err(no_token)? };
        let listed = json!({ "senders": senders(&settings) });
        operator.put(&format!("/v1/tenants/{}/senders", segment(&wish.tenant)), &listed).await?;
    }
    api.put("/v1/settings", &Value::Object(settings)).await?;
    for template in &wish.templates {
        let part = |key: &str| segment(template.get(key).and_then(Value::as_str).unwrap_or_default());
        let path = format!("/v1/templates/{}/{}/{}", part("id"), part("language"), part("channel"));
        let body = json!({ "subject": template.get("subject"), "body": template.get("body") });
        api.put(&path, &body).await?;
    }
    if let Some(workflows) = wish.workflows.as_ref().filter(|workflows| !workflows.is_empty()) {
        api.replace_workflows(workflows).await?;
    }
    let mut webhooks = Map::new();
    for source in api.sources().await? {
        let own =
            wish.connections.iter().find(|connection| connection.get("source").and_then(Value::as_str) == Some(&source.name));
        let mut body = own.cloned().unwrap_or_else(|| json!({}));
        if let Some(map) = body.as_object_mut() {
            map.remove("source");
        }
        let webhook = match (source.of_app, own) {
            (false, _) => {
                let connection = api.put(&format!("/v1/connections/{}", segment(&source.name)), &body).await?;
                json!({ "url": source.url(world), "secret": connection.get("secret") })
            }
            (true, own) => {
                let secret = app(world, &source.name).await?;
                if own.is_some() {
                    connect(world, &wish.tenant, &source.name, body).await?;
                }
                json!({ "url": source.url(world), "secret": secret })
            }
        };
        webhooks.insert(source.name, webhook);
    }
    let connected = payments::open_accounts(world, &wish.tenant, &wish.payments).await;
    let [of_payments, payments] = connected.map_err(|(status, body)| Refusal { status, body })?;
    webhooks.extend(of_payments);
    Ok(json!({ "tenant": wish.tenant, "webhooks": webhooks, "payments": payments }))
}

/// A connection to books that are read back, as a test gives it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BooksIn {
    realm: String,
    tokens: Tokens,
    #[serde(default)]
    base_url: Option<String>,
}

/// Connects a company that counts as confirmed by its vendor: nobody is asked, as the admin API would.
async fn connect(world: &World, tenant: &str, source: &str, given: Value) -> Result<(), Refusal> {
    let refused = |status: StatusCode, kind: &str, detail: String| Refusal {
        status,
        body: json!(kit::Problem::new(status.as_u16(), kind, "The connection is not made", detail)),
    };
    let bad = |detail: String| refused(StatusCode::BAD_REQUEST, "bad-request", detail);
    let BooksIn { realm, tokens, base_url } =
        serde_json::from_value(given).map_err(|error| bad(format!("the connection to {source}: {error}")))?;
    let tenant = TenantId::parse(tenant).map_err(|_| bad("this is no tenant's id".to_owned()))?;
    let books = connectors::accounting_api_of(source).ok_or_else(|| bad(format!("no books are read from {source}")))?;
    if !reading::connect::is_realm(&realm) {
        return Err(bad("realm is no company id: 1 to 64 letters, digits and hyphens".to_owned()));
    }
    if base_url.as_deref().is_some_and(|base| !reading::connect::is_loopback(base)) {
        return Err(bad("base_url must be plain HTTP on loopback".to_owned()));
    }
    let (store, vault) = (world.store(), world.vault());
    let wanted = Wanted { tenant: &tenant, source, books, realm: &realm, base: base_url.as_deref() };
    wanted.connect(&store, &vault, &tokens, world.clock.now()).await.map_err(|error| match error {
        NotConnected::Another { .. } | NotConnected::Taken => refused(StatusCode::CONFLICT, "not-possible", error.to_string()),
        NotConnected::NoTenant | NotConnected::Store(_) => {
            refused(StatusCode::INTERNAL_SERVER_ERROR, "internal", error.to_string())
        }
    })
}

fn no_token(error: anyhow::Error) -> Refusal {
    let body = json!({ "title": "no token", "detail": format!("{error:#}") });
    Refusal { status: StatusCode::INTERNAL_SERVER_ERROR, body }
}

/// The sender of text messages of a tenant whose settings name none: as much of its id as a sender id may have.
fn sender_id(tenant: &str) -> String {
    let id: String = tenant.chars().filter(|char| char.is_ascii_alphanumeric() || *char == '-').take(11).collect();
    if id.chars().any(|char| char.is_ascii_alphabetic()) { id } else { "Dunlin".to_owned() }
}

/// Every sender that settings name, as an operator lists them: the tenant's and those of its legal entities, and where replies go.
fn senders(settings: &Map<String, Value>) -> Value {
    let entities = settings.get("legal_entities").and_then(Value::as_object);
    let own = [settings].into_iter().chain(entities.into_iter().flat_map(|all| all.values()).filter_map(Value::as_object));
    let mut listed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in own {
        for (channel, sender) in one.get("sender").and_then(Value::as_object).into_iter().flatten() {
            listed.entry(channel).or_default().extend(sender.as_str());
        }
        listed.entry("email").or_default().extend(one.get("reply_to").and_then(Value::as_str));
    }
    // A mailbox is listed by its address; what is none is refused with the settings.
    let fits = |sender: &str| (1..=254).contains(&sender.chars().count()) && !sender.chars().any(char::is_control);
    let plain = |channel: &str, sender: &str| match Mailbox::parse(sender) {
        Ok(mailbox) if channel == "email" => Some(mailbox.address),
        Err(_) if channel == "email" => None,
        Ok(_) | Err(_) => Some(sender.trim().to_owned()).filter(|sender| fits(sender)),
    };
    let listed = listed.into_iter().filter(|(channel, _)| Channel::WORDS.contains(channel));
    let listed = listed.map(|(channel, all)| {
        let all: Vec<String> = all.into_iter().filter_map(|sender| plain(channel, sender)).collect();
        (channel.to_owned(), json!(all))
    });
    Value::Object(listed.collect())
}

/// A kind of system, as the admin API lists it.
struct Source {
    name: String,
    of_app: bool,
    path: String,
}

impl Source {
    fn url(&self, world: &World) -> String {
        format!("{}{}", world.template.place.url, self.path)
    }
}

/// The app that a vendor knows this stack as: the same for all tenants, and for every stack. Answers what its webhooks are signed
/// with.
async fn app(world: &Arc<World>, source: &str) -> Result<String, Refusal> {
    let token = world.operator_token().map_err(no_token)?;
    let App { client_id, client_secret, webhook_secret } = App::of(source);
    let body = json!({"client_id": client_id, "client_secret": client_secret, "webhook_secret": webhook_secret});
    Api { world, token }.put(&format!("/v1/apps/{source}"), &body).await?;
    Ok(webhook_secret)
}

/// The admin API with a token.
struct Api<'a> {
    world: &'a Arc<World>,
    token: String,
}

impl Api<'_> {
    async fn put(&self, path: &str, body: &Value) -> Result<Value, Refusal> {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// Publishes a set of workflows and unpublishes those that it does not have.
    async fn replace_workflows(&self, workflows: &[Value]) -> Result<(), Refusal> {
        let id = |workflow: &Value| workflow.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let wanted: BTreeSet<String> = workflows.iter().map(id).collect();
        for workflow in workflows {
            self.put(&format!("/v1/workflows/{}", segment(&id(workflow))), workflow).await?;
        }
        let listed = self.call(Method::GET, "/v1/workflows", None).await?;
        for published in items(&listed).iter().map(id).filter(|id| !id.is_empty() && !wanted.contains(id)) {
            self.call(Method::DELETE, &format!("/v1/workflows/{}", segment(&published)), None).await?;
        }
        Ok(())
    }

    async fn sources(&self) -> Result<Vec<Source>, Refusal> {
        let listed = self.call(Method::GET, "/v1/sources", None).await?;
        let text = |item: &Value, name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
        let source = |item: &Value| {
            Some(Source { name: text(item, "source")?, of_app: text(item, "scope")? == "app", path: text(item, "webhook_path")? })
        };
        Ok(items(&listed).iter().filter_map(source).collect())
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Refusal> {
        let broken = |detail: String| Refusal {
            status: StatusCode::BAD_GATEWAY,
            body: json!({ "title": "the admin API cannot be asked", "detail": detail }),
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.token))
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .map_err(|error| broken(format!("{path}: {error}")))?;
        let response = gateway::handle(State(Arc::clone(self.world)), request).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.map_err(|error| broken(error.to_string()))?;
        let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if status.is_success() {
            return Ok(value);
        }
        let body = if value.is_null() { json!({ "title": format!("{path} answered {status}") }) } else { value };
        Err(Refusal { status, body })
    }
}

/// The entries of a list, bare or under `items`.
fn items(listed: &Value) -> Vec<Value> {
    let inner = ["items", "workflows", "sources"].iter().find_map(|key| listed.get(*key)).unwrap_or(listed);
    inner.as_array().cloned().unwrap_or_default()
}

/// What a segment of a path may not hold.
const NO_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// An id as one segment of a path.
fn segment(id: &str) -> String {
    let out = utf8_percent_encode(id, NO_SEGMENT).to_string();
    // A segment cannot be empty; a name that no route has is refused with its own words.
    if out.is_empty() { "-".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tenant_has_a_sender_of_texts() {
        for (tenant, expected) in
            [("acme", "acme"), ("fern_and_field-supplies", "fernandfiel"), ("42", "Dunlin"), ("a-1", "a-1"), ("", "Dunlin")]
        {
            assert_eq!(sender_id(tenant), expected, "{tenant}");
        }
    }
}
