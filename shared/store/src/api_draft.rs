//! Signatures as they will be; the bodies follow.
#![allow(missing_docs, clippy::todo, unused_variables)]
use std::collections::BTreeMap;
use domain::*;
use jiff::{Timestamp, civil::Date};
use crate::Result;

#[derive(Clone)]
pub struct Store { pub(crate) db: aws_sdk_dynamodb::Client, pub(crate) table: String }

// ---- ingest ----
#[derive(Clone, Debug)]
pub struct Receipt { pub source: String, pub event_id: String }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppliedOutcome { Applied, Duplicate, Stale }
#[derive(Clone, Debug)]
pub struct Applied { pub outcome: AppliedOutcome, pub tasks: Vec<NewTask> }

// ---- sweep ----
#[derive(Clone, Debug)]
pub struct TenantRow { pub tenant: TenantId, pub mode: Mode, pub paused: bool, pub shards: u8, /** counts every change of settings, workflows, templates, breaker */ pub rev: u64, pub replan: Option<Replan> }
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Replan { pub since: Timestamp, pub shard: u8, pub after: Option<String> }
#[derive(Clone, Debug)]
pub struct DueEntry { pub customer: CustomerId, /** `Next::At` or `Next::Parked` */ pub due: Next }
#[derive(Clone, Debug)]
pub struct DuePage { pub entries: Vec<DueEntry>, /** pass as `after` for the next page; none when done */ pub after: Option<String> }
#[derive(Clone, Debug)]
pub struct Head {
    pub customer: CustomerId, pub version: u64, pub shard: u8, pub due: Next, pub decision: u64, pub tip: String,
    pub cases: BTreeMap<Currency, Case>, pub pending: BTreeMap<MessageId, Entry>, pub covered_from: u64,
    pub last_contact: LastContact, pub replied_at: Option<Timestamp>, pub backoff_until: Option<Timestamp>, pub failures: u32,
    /// keys of the last fact writes, newest first; position i belongs to version - i
    pub changed: Vec<String>,
    pub decided_at: Option<Timestamp>, pub because: String, pub open_invoices: u64, pub token_epoch: u32,
}
/// `message.rows` is empty when `chunks > 0` and the head was read without facts; `Store::facts` fills them.
#[derive(Clone, Debug)]
pub struct Entry { pub message: Pending, pub chunks: u32, pub dispatches: u32, pub dispatched_at: Timestamp, pub attempt: Option<Attempt>, pub retry_at: Option<Timestamp> }
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt { pub id: String, pub lease_until: Timestamp }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read { /** what this store instance holds for that `rev` of the tenant row */ Cached(u64), /** strongly consistent */ Fresh }
#[derive(Clone, Debug)]
pub struct Committed { pub number: u64, pub messages: Vec<MessageId>, pub tasks: Vec<TaskId> }

// ---- senders ----
#[derive(Clone, Debug)]
pub enum Claim { Held(Box<Head>), Changed(Box<Head>), Gone }
#[derive(Clone, Debug)]
pub enum Release { /** provider refused for now */ Retry { at: Timestamp }, /** the guard defers */ Deferred { until: Timestamp }, /** back to the queue at once, as it was */ Queue }
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled { Sent, Shadow, Unknown, Failed, Superseded, Blocked }
#[derive(Clone, Debug)]
pub struct Settlement {
    pub status: Settled, pub at: Timestamp, /** a word for failed, superseded, blocked */ pub reason: String, pub provider_id: Option<String>,
    /** as sent */ pub rows: Vec<Covered>, pub rendered_sha256: Option<String>, pub template_version: u32, pub layout_version: u32,
    pub trace: serde_json::Value, pub fact_versions: Vec<(InvoiceId, SourceVersion)>,
}

// ---- feedback ----
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard { Sent, Delivered, Bounced { permanent: bool }, Complained, Rejected, RenderingFailed }
#[derive(Clone, Debug)]
pub enum Found { Pending(Box<Head>, Box<Entry>), Record(Box<Record>), Nothing }
/// What became of a message or a decision; `body` is the hashed text.
#[derive(Clone, Debug)]
pub struct Record { pub number: u64, /** none for a decision's own record */ pub position: Option<u32>, pub at: Timestamp, pub message: Option<MessageId>, pub status: String, pub coverage: Vec<Coverage>, pub body: serde_json::Value, pub hash: String, pub heard: BTreeMap<String, Timestamp>, pub provider_id: Option<String> }

// ---- admin ----
#[derive(Clone, Debug)]
pub struct Versioned<T> { pub value: T, pub rev: u64 }
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Template { pub id: String, pub channel: Channel, pub language: String, #[serde(default)] pub version: u32, #[serde(default, skip_serializing_if = "Option::is_none")] pub subject: Option<String>, pub body: String }
#[derive(Clone, Debug)]
pub struct Connection { pub source: String, pub secrets: Secrets, /** JSON, not secret: base_url, realm */ pub config: serde_json::Value, pub rev: u64 }
#[derive(Clone, Debug)]
pub struct Secrets { pub current: Vec<u8>, /** still accepted until the instant */ pub previous: Option<(Vec<u8>, Timestamp)> }
#[derive(Clone, Debug)]
pub struct Task { pub id: TaskId, pub customer: Option<CustomerId>, pub task: NewTask, pub raised_at: Timestamp, pub done_at: Option<Timestamp> }
#[derive(Clone, Debug)]
pub struct TaskPage { pub tasks: Vec<Task>, pub after: Option<String> }
#[derive(Clone, Debug)]
pub struct Explained { pub head: Head, pub facts: Facts, /** newest first */ pub records: Vec<Record> }
#[derive(Clone, Debug, PartialEq)]
pub struct BusEvent { pub id: String, pub detail_type: &'static str, pub detail: serde_json::Value }

impl Store {
    pub fn new(db: aws_sdk_dynamodb::Client, table: &str) -> Self { todo!() }
    // ingest
    pub async fn apply(&self, tenant: &TenantId, receipt: &Receipt, documents: &[Document], now: Timestamp, refs: bool) -> Result<Applied> { todo!() }
    pub async fn raise(&self, tenant: &TenantId, customer: Option<&CustomerId>, task: &NewTask, now: Timestamp) -> Result<TaskId> { todo!() }
    /// Receipt and exception in one transaction, for a document that cannot be applied; false for a duplicate.
    pub async fn park(&self, tenant: &TenantId, receipt: &Receipt, task: &NewTask, body_key: Option<&str>, now: Timestamp) -> Result<bool> { todo!() }
    pub async fn heard_at(&self, tenant: &TenantId, source: &str, at: Timestamp) -> Result<()> { todo!() }
    // sweep
    pub async fn tenants(&self) -> Result<Vec<TenantRow>> { todo!() }
    pub async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantRow>> { todo!() }
    /// `until` none: all entries, parked and future ones too.
    pub async fn due(&self, tenant: &TenantId, shard: u8, until: Option<Timestamp>, limit: u32, after: Option<&str>) -> Result<DuePage> { todo!() }
    pub async fn head(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Option<Head>> { todo!() }
    pub async fn facts(&self, tenant: &TenantId, head: &Head) -> Result<Facts> { todo!() }
    pub async fn policy(&self, tenant: &TenantId, cases: &BTreeMap<Currency, Case>, read: Read) -> Result<Policy> { todo!() }
    pub async fn commit(&self, tenant: &TenantId, head: &Head, facts: &Facts, decision: &Decision, now: Timestamp) -> Result<Committed> { todo!() }
    /// Dispatches a pending message again under the same id.
    pub async fn touch(&self, tenant: &TenantId, head: &Head, message: &MessageId, now: Timestamp) -> Result<()> { todo!() }
    /// For a message whose claim's lease is over; look again at `recheck_at`.
    pub async fn mark_unknown(&self, tenant: &TenantId, head: &Head, message: &MessageId, recheck_at: Timestamp, now: Timestamp) -> Result<()> { todo!() }
    pub async fn give_up(&self, tenant: &TenantId, head: &Head, message: &MessageId, now: Timestamp) -> Result<()> { todo!() }
    /// Takes back a message that no sender has claimed.
    pub async fn withdraw(&self, tenant: &TenantId, head: &Head, message: &MessageId, reason: &str, now: Timestamp) -> Result<()> { todo!() }
    pub async fn back_off(&self, tenant: &TenantId, customer: &CustomerId, until: Timestamp, failures: u32) -> Result<()> { todo!() }
    pub async fn set_replan(&self, tenant: &TenantId, replan: Option<&Replan>) -> Result<()> { todo!() }
    pub async fn reserve(&self, tenant: &TenantId, on: Date, hour: u8, want: u32, caps: &domain::settings::Caps) -> Result<u32> { todo!() }
    pub async fn give_back(&self, tenant: &TenantId, on: Date, hour: u8, count: u32) -> Result<()> { todo!() }
    pub async fn count_due(&self, tenant: &TenantId, on: Date, count: u32) -> Result<u32> { todo!() }
    /// What became due on each of the 28 days before `on`, oldest first, zeros included.
    pub async fn due_counts(&self, tenant: &TenantId, on: Date) -> Result<[u32; 28]> { todo!() }
    pub async fn trip_breaker(&self, tenant: &TenantId, reason: &str, now: Timestamp) -> Result<()> { todo!() }
    pub async fn reset_breaker(&self, tenant: &TenantId, now: Timestamp) -> Result<()> { todo!() }
    // senders
    pub async fn claim(&self, tenant: &TenantId, customer: &CustomerId, version: u64, message: &MessageId, attempt: &Attempt) -> Result<Claim> { todo!() }
    pub async fn release(&self, tenant: &TenantId, customer: &CustomerId, message: &MessageId, attempt: Option<&Attempt>, how: &Release, now: Timestamp) -> Result<()> { todo!() }
    /// `claimed` is the head from `Claim::Held`; `settle` with `Settled::Unknown` keeps the message pending as unknown.
    pub async fn settle(&self, tenant: &TenantId, claimed: &Head, message: &MessageId, attempt: &Attempt, settlement: &Settlement, next: Next) -> Result<()> { todo!() }
    pub async fn spend(&self, tenant: &TenantId, person: &str, on: Date, cap: &domain::settings::PersonCap) -> Result<bool> { todo!() }
    pub async fn refund(&self, tenant: &TenantId, person: &str, on: Date) -> Result<()> { todo!() }
    // feedback
    pub async fn find_message(&self, tenant: &TenantId, customer: &CustomerId, number: u64, message: &MessageId) -> Result<Found> { todo!() }
    /// False when no such message is known.
    pub async fn receipt(&self, tenant: &TenantId, customer: &CustomerId, number: u64, message: &MessageId, heard: Heard, at: Timestamp, provider_id: Option<&str>, now: Timestamp) -> Result<bool> { todo!() }
    pub async fn suppress(&self, tenant: &TenantId, channel: Channel, address: &str, reason: SuppressionReason, at: Timestamp, customer: Option<&CustomerId>) -> Result<()> { todo!() }
    pub async fn replied(&self, tenant: &TenantId, customer: &CustomerId, at: Timestamp) -> Result<()> { todo!() }
    // admin, portal
    pub async fn settings(&self, tenant: &TenantId) -> Result<Option<Versioned<Settings>>> { todo!() }
    /// `if_rev` none: whatever is there; Some(0): must not exist. The new rev. A change of mode asks for a replan.
    pub async fn put_settings(&self, tenant: &TenantId, settings: &Settings, if_rev: Option<u64>, now: Timestamp) -> Result<u64> { todo!() }
    /// The version that it was published as.
    pub async fn publish_workflow(&self, tenant: &TenantId, workflow: &Workflow, now: Timestamp) -> Result<u32> { todo!() }
    pub async fn unpublish_workflow(&self, tenant: &TenantId, id: &str, now: Timestamp) -> Result<()> { todo!() }
    pub async fn workflows(&self, tenant: &TenantId) -> Result<Vec<Workflow>> { todo!() }
    pub async fn workflow(&self, tenant: &TenantId, id: &str, version: Option<u32>) -> Result<Option<Workflow>> { todo!() }
    pub async fn put_template(&self, tenant: &TenantId, template: &Template) -> Result<u32> { todo!() }
    pub async fn templates(&self, tenant: &TenantId) -> Result<Vec<Template>> { todo!() }
    /// Every language of one template on one channel, current versions.
    pub async fn template(&self, tenant: &TenantId, id: &str, channel: Channel) -> Result<Vec<Template>> { todo!() }
    pub async fn put_hold(&self, tenant: &TenantId, customer: &CustomerId, hold: &Hold, now: Timestamp) -> Result<()> { todo!() }
    pub async fn end_hold(&self, tenant: &TenantId, customer: &CustomerId, hold: &HoldId, now: Timestamp) -> Result<()> { todo!() }
    pub async fn tasks(&self, tenant: &TenantId, limit: u32, after: Option<&str>) -> Result<TaskPage> { todo!() }
    pub async fn task(&self, tenant: &TenantId, id: &TaskId) -> Result<Option<Task>> { todo!() }
    pub async fn finish_task(&self, tenant: &TenantId, id: &TaskId, now: Timestamp) -> Result<()> { todo!() }
    pub async fn explain(&self, tenant: &TenantId, customer: &CustomerId, last: u32) -> Result<Option<Explained>> { todo!() }
    pub async fn revoke_tokens(&self, tenant: &TenantId, customer: &CustomerId) -> Result<()> { todo!() }
}
/// The keys of the facts that changed after `version`; none when the head no longer says.
pub fn changed_since(head: &Head, version: u64) -> Option<Vec<&str>> { todo!() }
pub fn fact_versions(facts: &Facts, rows: &[Covered]) -> Vec<(InvoiceId, SourceVersion)> { todo!() }
/// From stream images.
pub fn events(tenant_item_old: Option<&serde_dynamo::Item>, new: &serde_dynamo::Item) -> Vec<BusEvent> { todo!() }

#[derive(Clone)]
pub struct Vault { kms: aws_sdk_kms::Client, store: Store, key_id: String }
impl Vault {
    pub fn new(kms: aws_sdk_kms::Client, store: Store, key_id: &str) -> Self { todo!() }
    pub async fn put_connection(&self, tenant: &TenantId, source: &str, secret: &[u8], config: serde_json::Value, overlap_until: Option<Timestamp>) -> Result<u64> { todo!() }
    pub async fn connection(&self, tenant: &TenantId, source: &str) -> Result<Option<Connection>> { todo!() }
    pub async fn connections(&self, tenant: &TenantId) -> Result<Vec<String>> { todo!() }
    pub async fn issue_token(&self, tenant: &TenantId, customer: &CustomerId, expires_at: Timestamp) -> Result<String> { todo!() }
    /// None for anything not valid now.
    pub async fn verify_token(&self, text: &str, now: Timestamp) -> Result<Option<(TenantId, CustomerId)>> { todo!() }
}
