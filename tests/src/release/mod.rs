//! What a release leaves for the next: a table, what its functions were about to be given, links in mails, secrets of webhooks.
//!
//! Recorded once for each release ([`record()`], `cargo run -p tests --bin release`) and kept in `tests/fixtures/releases`; from then on
//! every later one has to go on from there exactly as the release itself did. Until a release is recorded, tests record it themselves.

mod record;
mod tap;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use dynoxide::actions::scan::ScanRequest;
use jiff::Timestamp;
use local::{Options, Stack};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::inspect::{Item, key};
use tempfile::TempDir;

use crate::test_tenant::{Hook, TENANT, TestTenant};
pub use record::{events, record};
pub use tap::{Given, Tap, Way};

/// The version that is built here.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The files of a stack that its secrets are sealed and its tokens signed with.
const KEYS: [&str; 2] = ["kms.key", "token.p8"];

/// What a release left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Left {
    /// When it stopped.
    pub at: Timestamp,
    /// The stack's keys by file, base 64.
    pub keys: BTreeMap<String, String>,
    /// The secret of the canonical webhook.
    pub secret: String,
    /// External ids of its customers.
    pub customers: Vec<String>,
    /// Paths that are in its mails.
    pub links: Vec<String>,
    /// What functions were to be given next, in order.
    pub given: Vec<Given>,
}

/// A change of an item, and what it was to the bus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The record of the table's stream.
    pub record: Value,
    /// Name and detail of its events.
    pub events: Vec<(String, Value)>,
}

/// A recorded release.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// Its version.
    pub version: String,
    /// Every item of the table, in DynamoDB's own JSON.
    pub table: Vec<Value>,
    /// What else it left.
    pub left: Left,
    /// Changes of items, each kind once.
    pub told: Vec<Told>,
    /// What it made of all that itself.
    pub outcome: Value,
}

impl Release {
    /// The folder that recordings are kept in, each in a folder of its version; it begins with the first recording.
    pub fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/releases")
    }

    /// Every release that was recorded.
    ///
    /// # Errors
    ///
    /// A file that does not read.
    pub fn recorded() -> anyhow::Result<Vec<Self>> {
        let folder = Self::folder();
        if !folder.exists() {
            return Ok(vec![]);
        }
        let mut folders: Vec<_> = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        folders.sort();
        folders.iter().map(|folder| Self::read(folder)).collect()
    }

    /// Every release that was recorded, and this one: recorded now, where it is not among them yet.
    ///
    /// # Errors
    ///
    /// A file that does not read, and those of [`record()`].
    pub async fn all() -> anyhow::Result<Vec<Self>> {
        let mut all = Self::recorded()?;
        if all.iter().all(|release| release.version != VERSION) {
            all.push(record(VERSION).await?);
        }
        Ok(all)
    }

    fn read(folder: &Path) -> anyhow::Result<Self> {
        let text = |name: &str| fs::read_to_string(folder.join(name)).with_context(|| format!("{}/{name}", folder.display()));
        Ok(Self {
            version: folder.file_name().context("it has a name")?.to_string_lossy().into_owned(),
            table: lines(&text("table.jsonl")?)?,
            left: serde_json::from_str(&text("left.json")?)?,
            told: lines(&text("told.jsonl")?)?,
            outcome: serde_json::from_str(&text("outcome.json")?)?,
        })
    }

    /// Writes it into a folder of its version, which must not be there yet.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self) -> anyhow::Result<()> {
        let folder = Self::folder().join(&self.version);
        fs::create_dir_all(Self::folder())?;
        fs::create_dir(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        fs::write(folder.join("table.jsonl"), joined(&self.table)?)?;
        fs::write(folder.join("told.jsonl"), joined(&self.told)?)?;
        fs::write(folder.join("left.json"), serde_json::to_string_pretty(&self.left)? + "\n")?;
        Ok(fs::write(folder.join("outcome.json"), serde_json::to_string_pretty(&self.outcome)? + "\n")?)
    }

    /// A stack that has what was left, at the moment when the release stopped, and nothing else to do. It ends before its folder does.
    ///
    /// # Errors
    ///
    /// When the stack does not start or does not take the items.
    pub async fn resume(&self) -> anyhow::Result<(TestTenant, TempDir)> {
        let folder = tempfile::tempdir()?;
        for (name, key) in &self.left.keys {
            fs::write(folder.path().join(name), STANDARD.decode(key)?)?;
        }
        // Items that are put in are changes too; they are nobody's news.
        let tap = Tap::default();
        tap.set("dispatch", Way::Kept);
        let options = |registry| Options {
            data: Some(folder.path().to_owned()),
            now: Some(self.left.at),
            seed: Some(1),
            registry,
            ..Options::default()
        };
        let filling = Stack::start(options(tap.registry())).await?;
        let table = table_name(&filling)?;
        for item in &self.table {
            let put = serde_json::from_value(json!({"TableName": table, "Item": item}))?;
            filling.world().database.put_item(put).map_err(|error| anyhow::anyhow!("{item}: {error}"))?;
        }
        // A write over HTTP: the stack looks at the stream after one.
        let db = aws_sdk_dynamodb::Client::new(&filling.clients().sdk);
        db.delete_item().table_name(&table).set_key(Some(key("nobody", "nobody"))).send().await?;
        filling.advance("PT0S").await?;
        anyhow::ensure!(!tap.noted("dispatch").is_empty(), "the items were no news to the stream");
        filling.stop().await;
        let stack = Stack::start(options(local::registry())).await?;
        let hook = |source: &str| Hook { path: format!("/webhooks/{TENANT}/{source}"), secret: self.left.secret.clone() };
        Ok((TestTenant::resume(stack, hook("canonical"), hook("stripe")), folder))
    }

    /// Goes on from there: every function is given what it was to be given, then the links of the mails are followed.
    ///
    /// # Errors
    ///
    /// A function that fails, or gives back a part of what it was given.
    pub async fn play(&self, desk: &TestTenant) -> anyhow::Result<Value> {
        for given in &self.left.given {
            let answer = desk.stack.invoke(&given.function, given.event.clone()).await?;
            let failures = answer["batchItemFailures"].as_array().map_or(0, Vec::len);
            anyhow::ensure!(failures == 0, "{} gave back {failures} of {}", given.function, given.event);
            desk.advance("PT0S").await;
        }
        let mut links = Vec::new();
        for link in &self.left.links {
            links.push(desk.call("GET", link, &[], b"").await.status);
        }
        Ok(json!({
            "sent": sent(desk), "customers": customers(desk, &self.left.customers).await, "tasks": tasks(desk).await, "links": links,
            "books": desk.health("quickbooks").await["status"],
        }))
    }
}

/// What left: by which channel, to whom, which message.
fn sent(desk: &TestTenant) -> Vec<Value> {
    desk.sent().iter().map(|sent| json!([sent.channel, sent.to, message_id(&sent.raw)])).collect()
}

/// The id among the tags of a mail, or the attributes of a text message.
fn message_id(raw: &Value) -> Option<&str> {
    match raw {
        Value::String(text) => text.starts_with("msg_").then_some(text),
        Value::Array(values) => values.iter().find_map(message_id),
        Value::Object(fields) => fields.values().find_map(message_id),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Where each customer stands.
async fn customers(desk: &TestTenant, ids: &[String]) -> BTreeMap<String, Value> {
    let of = |list: &Value, keys: &[&str]| -> Vec<Value> {
        let picked = |entry: &Value| json!(keys.iter().map(|key| &entry[*key]).collect::<Vec<_>>());
        list.as_array().into_iter().flatten().map(picked).collect()
    };
    let mut all = BTreeMap::new();
    for id in ids {
        let matter = desk.matter(id).await;
        let stands = json!({
            "cases": of(&matter["cases"], &["id", "currency", "state", "workflow", "version", "due_now_minor"]),
            "due_items": of(&matter["due_items"], &["number", "open_minor", "due_on", "rung", "next_step"]),
            "pending": of(&matter["pending"], &["message_id", "status"]),
            "records": of(&matter["records"], &["number", "status", "message_id"]),
            "contacts": of(&matter["customer"]["contacts"], &["external_id", "suppressed"]),
        });
        all.insert(id.clone(), stands);
    }
    all
}

async fn tasks(desk: &TestTenant) -> Vec<Value> {
    let listed = desk.admin("GET", "/v1/tasks", &Value::Null).await.body["tasks"].as_array().cloned().unwrap_or_default();
    listed.iter().map(|task| json!([task["kind"], task["title"]])).collect()
}

/// Every item of a stack's table, in the order of its keys.
fn items(stack: &Stack) -> anyhow::Result<Vec<Value>> {
    let mut items = Vec::new();
    let mut from = Value::Null;
    loop {
        let mut request: ScanRequest = serde_json::from_value(json!({"TableName": table_name(stack)?}))?;
        request.exclusive_start_key = serde_json::from_value(from)?;
        let page = stack.world().database.scan(request).map_err(|error| anyhow::anyhow!("{error}"))?;
        let page = serde_json::to_value(&page)?;
        items.extend(page["Items"].as_array().cloned().unwrap_or_default());
        from = page["LastEvaluatedKey"].clone();
        if from.is_null() {
            break;
        }
    }
    items.sort_by_cached_key(|item| Item::from_json(item).map(|item| [item.pk().to_owned(), item.sk().to_owned()]));
    Ok(items)
}

fn table_name(stack: &Stack) -> anyhow::Result<String> {
    Ok(stack.world().template.tables.first().context("the template has a table")?.name.clone())
}

fn joined<T: Serialize>(values: &[T]) -> anyhow::Result<String> {
    let lines: Vec<String> = values.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    Ok(lines.join("\n") + "\n")
}

fn lines<T: serde::de::DeserializeOwned>(text: &str) -> anyhow::Result<Vec<T>> {
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}
