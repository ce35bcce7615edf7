//! The table calls of a sweep, written down as it made them, and the same calls once more by the bare client.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, bail, ensure};
use aws_sdk_dynamodb::{
    Client,
    primitives::Blob,
    types::{AttributeValue, KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use kit::Clients;
use serde_json::{Map, Value};

/// What the table's operations are called on the wire.
const TARGET: &str = "DynamoDB_20120810.";
/// As many at once as the sweep advances customers.
const PARALLEL: usize = 16;

/// Operations and their bodies, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<Mutex<Vec<(String, String)>>>);

impl Calls {
    /// Writes them down, a line each.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<String> = calls.iter().map(|(operation, body)| format!("{operation} {body}\n")).collect();
        Ok(fs::write(path, lines.concat())?)
    }
}

/// The same clients, whose calls of the table are noted.
pub fn recorded(clients: &Clients) -> anyhow::Result<(Clients, Calls)> {
    let calls = Calls::default();
    let inner = clients.sdk.http_client().context("an HTTP client")?;
    let recorder = Recorder { inner, calls: calls.clone() };
    let sdk = clients.sdk.to_builder().http_client(SharedHttpClient::new(recorder)).build();
    Ok((Clients { sdk }, calls))
}

#[derive(Debug)]
struct Recorder<T> {
    inner: T,
    calls: Calls,
}

impl HttpClient for Recorder<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Recorder { inner, calls: self.calls.clone() })
    }
}

impl HttpConnector for Recorder<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = request.headers().get("x-amz-target").and_then(|target| target.strip_prefix(TARGET));
        if let (Some(operation), Some(body)) = (operation, request.body().bytes()) {
            let call = (operation.to_owned(), String::from_utf8_lossy(body).into_owned());
            self.calls.0.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        }
        self.inner.call(request)
    }
}

/// A call that is ready to be made; false when it is refused.
pub type Ready = BoxFuture<'static, bool>;

/// The calls that were written down, each ready to be made.
pub fn load(path: &Path, client: &Client) -> anyhow::Result<Vec<Ready>> {
    fs::read_to_string(path)?.lines().map(|line| ready(client, line).with_context(|| format!("cannot replay {line}"))).collect()
}

/// Makes them in their order; answers how many.
pub async fn run(calls: Vec<Ready>) -> anyhow::Result<usize> {
    let all = calls.len();
    let refused = stream::iter(calls).buffer_unordered(PARALLEL).filter(|done| std::future::ready(!done)).count().await;
    ensure!(refused * 100 <= all, "{refused} of {all} calls were refused, so the table is not as the sweep found it");
    Ok(all)
}

fn ready(client: &Client, line: &str) -> anyhow::Result<Ready> {
    let (operation, body) = line.split_once(' ').context("an operation and its body")?;
    let mut of = Body(serde_json::from_str(body)?);
    let ready = match operation {
        "GetItem" => {
            let call = client.get_item().set_table_name(of.text("TableName")).set_key(of.item("Key")?);
            call.set_consistent_read(of.flag("ConsistentRead")).send().map(|done| done.is_ok()).boxed()
        }
        "BatchGetItem" => {
            let requests = of.map("RequestItems").into_iter().flatten().map(|(table, wanted)| Ok((table, keys(wanted)?)));
            let requests: HashMap<_, _> = requests.collect::<anyhow::Result<_>>()?;
            client.batch_get_item().set_request_items(Some(requests)).send().map(|done| done.is_ok()).boxed()
        }
        "Query" => client
            .query()
            .set_table_name(of.text("TableName"))
            .set_index_name(of.text("IndexName"))
            .set_key_condition_expression(of.text("KeyConditionExpression"))
            .set_filter_expression(of.text("FilterExpression"))
            .set_projection_expression(of.text("ProjectionExpression"))
            .set_expression_attribute_names(of.names())
            .set_expression_attribute_values(of.item("ExpressionAttributeValues")?)
            .set_exclusive_start_key(of.item("ExclusiveStartKey")?)
            .set_consistent_read(of.flag("ConsistentRead"))
            .set_scan_index_forward(of.flag("ScanIndexForward"))
            .set_limit(of.take("Limit").and_then(|limit| i32::try_from(limit.as_i64()?).ok()))
            .send()
            .map(|done| done.is_ok())
            .boxed(),
        "UpdateItem" => client
            .update_item()
            .set_table_name(of.text("TableName"))
            .set_key(of.item("Key")?)
            .set_update_expression(of.text("UpdateExpression"))
            .set_condition_expression(of.text("ConditionExpression"))
            .set_expression_attribute_names(of.names())
            .set_expression_attribute_values(of.item("ExpressionAttributeValues")?)
            .set_return_values(of.text("ReturnValues").map(|word| ReturnValue::from(word.as_str())))
            .set_return_values_on_condition_check_failure(
                of.text("ReturnValuesOnConditionCheckFailure")
                    .map(|word| ReturnValuesOnConditionCheckFailure::from(word.as_str())),
            )
            .send()
            .map(|done| done.is_ok())
            .boxed(),
        other => bail!("the replay does not know {other}"),
    };
    ensure!(of.0.is_empty(), "the replay does not know {:?} of {operation}", of.0.keys());
    Ok(ready)
}

fn keys(wanted: Value) -> anyhow::Result<KeysAndAttributes> {
    let Value::Object(wanted) = wanted else { bail!("keys are an object") };
    let mut of = Body(wanted);
    let keys = of.take("Keys").and_then(|keys| Some(keys.as_array()?.clone())).unwrap_or_default();
    let keys = keys.into_iter().map(item).collect::<anyhow::Result<_>>()?;
    let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).set_consistent_read(of.flag("ConsistentRead"));
    ensure!(of.0.is_empty(), "the replay does not know {:?} of keys", of.0.keys());
    Ok(wanted.build()?)
}

/// A request's body, emptied as it is read.
struct Body(Map<String, Value>);

impl Body {
    fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.take(name)?.as_str().map(str::to_owned)
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        self.take(name)?.as_bool()
    }

    fn map(&mut self, name: &str) -> Option<Map<String, Value>> {
        self.take(name)?.as_object().cloned()
    }

    fn names(&mut self) -> Option<HashMap<String, String>> {
        let names = self.map("ExpressionAttributeNames")?;
        Some(names.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect())
    }

    fn item(&mut self, name: &str) -> anyhow::Result<Option<HashMap<String, AttributeValue>>> {
        self.take(name).map(item).transpose()
    }
}

fn item(value: Value) -> anyhow::Result<HashMap<String, AttributeValue>> {
    let Value::Object(fields) = value else { bail!("an item is an object") };
    fields.into_iter().map(|(name, value)| Ok((name, attribute(value)?))).collect()
}

fn attribute(value: Value) -> anyhow::Result<AttributeValue> {
    let tagged = value.as_object().and_then(|fields| fields.iter().next()).context("an attribute has a type")?;
    Ok(match (tagged.0.as_str(), tagged.1) {
        ("S", Value::String(text)) => AttributeValue::S(text.clone()),
        ("N", Value::String(number)) => AttributeValue::N(number.clone()),
        ("B", Value::String(bytes)) => AttributeValue::B(Blob::new(STANDARD.decode(bytes)?)),
        ("BOOL", Value::Bool(flag)) => AttributeValue::Bool(*flag),
        ("NULL", Value::Bool(flag)) => AttributeValue::Null(*flag),
        ("M", fields) => AttributeValue::M(item(fields.clone())?),
        ("L", Value::Array(list)) => AttributeValue::L(list.iter().cloned().map(attribute).collect::<anyhow::Result<_>>()?),
        (other, _) => bail!("the replay does not know the type {other}"),
    })
}
