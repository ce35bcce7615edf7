//! What the local stack needs to know of a template, with every reference resolved.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::pattern::Pattern;

/// A template with everything that runs.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// Where it runs.
    pub place: Place,
    /// By name.
    pub functions: BTreeMap<String, Function>,
    /// In the order of the template.
    pub queues: Vec<Queue>,
    /// Names of event buses, `default` included.
    pub buses: Vec<String>,
    /// Rules of all buses.
    pub rules: Vec<Rule>,
    /// Functions that run on a schedule.
    pub schedules: Vec<Schedule>,
    /// Tables to create.
    pub tables: Vec<Table>,
    /// Functions fed from a table's stream.
    pub streams: Vec<StreamMapping>,
    /// Functions fed from a queue.
    pub pollers: Vec<QueueMapping>,
    /// Routes of the HTTP API.
    pub routes: Vec<Route>,
    /// Key ids, ARNs and aliases of KMS keys.
    pub keys: Vec<Key>,
    /// Bucket names.
    pub buckets: Vec<String>,
    /// What topics pass on to queues.
    pub subscriptions: Vec<Subscription>,
    /// Rules by which SES takes mails in.
    pub receipt_rules: Vec<ReceiptRule>,
    /// SES configuration sets, each with the event types that it publishes; `None` when the template has none at all.
    pub configuration_sets: Option<BTreeMap<String, Vec<String>>>,
}

/// Region, account and addresses.
#[derive(Clone, Debug)]
pub struct Place {
    /// AWS region.
    pub region: String,
    /// AWS account.
    pub account: String,
    /// Where the HTTP API answers.
    pub url: String,
}

impl Default for Place {
    fn default() -> Self {
        Self { region: "us-east-1".to_owned(), account: "123456789012".to_owned(), url: String::new() }
    }
}

impl Place {
    /// An ARN of this region and account.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }
}

/// A Lambda function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Name of its crate and folder.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Seconds.
    pub timeout_s: u64,
    /// Variables, resolved.
    pub env: BTreeMap<String, String>,
    /// How often a failed asynchronous invocation is tried again.
    pub async_retries: u32,
    /// Where an asynchronous event goes when its retries are used up: a queue's ARN.
    pub dead_letter: Option<DeadLetter>,
}

/// Where failed asynchronous events go.
#[derive(Clone, Debug)]
pub enum DeadLetter {
    /// The event itself, as the body.
    Queue(String),
    /// An invocation record that holds the event.
    Destination(String),
}

/// An SQS queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Its URL.
    pub url: String,
    /// Its ARN.
    pub arn: String,
    /// Seconds.
    pub visibility_s: i64,
    /// Seconds.
    pub delay_s: i64,
    /// The dead-letter queue's ARN and the receives before a message goes there.
    pub redrive: Option<(String, u32)>,
}

/// A rule on a bus.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Logical id.
    pub id: String,
    /// Bus name.
    pub bus: String,
    /// What it takes.
    pub pattern: Pattern,
    /// Where that goes.
    pub targets: Vec<Target>,
}

/// A rule's target and what it is given.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where.
    pub to: Destination,
    /// How the event is changed on the way.
    pub input: Input,
}

/// What a rule's target may be.
#[derive(Clone, Debug)]
pub enum Destination {
    /// A function, by name.
    Function(String),
    /// A queue, by ARN.
    Queue(String),
    /// Another bus, by name.
    Bus(String),
}

/// What a target is given.
#[derive(Clone, Debug)]
pub enum Input {
    /// The event.
    Whole,
    /// A constant.
    Constant(Value),
    /// A part of the event, as JSONPath.
    Path(String),
    /// A text with `<name>` for each path.
    Template {
        /// Names and JSONPaths.
        paths: BTreeMap<String, String>,
        /// The text.
        text: String,
    },
}

/// A schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Logical id of the event.
    pub id: String,
    /// Function by name.
    pub function: String,
    /// Seconds between ticks; ticks fall on multiples of it.
    pub every_s: i64,
    /// A constant payload, if the template gives one.
    pub input: Option<Value>,
    /// How often a failed tick is tried again.
    pub retries: Option<u32>,
}

/// A DynamoDB table, as `CreateTable` takes it.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The request.
    pub request: Value,
    /// Whether it has a stream.
    pub has_stream: bool,
    /// The stream's ARN as the template sees it.
    pub stream_arn: String,
}

/// A function fed from a stream.
#[derive(Clone, Debug)]
pub struct StreamMapping {
    /// Logical id of the event.
    pub id: String,
    /// Function by name.
    pub function: String,
    /// Table by name.
    pub table: String,
    /// Records an invocation.
    pub batch: usize,
    /// Any of these; empty takes all.
    pub filters: Vec<Pattern>,
    /// Whether the answer names the records that failed.
    pub reports_failures: bool,
    /// Retries before a batch is given up; `None` until the records are too old.
    pub retries: Option<u32>,
    /// Seconds after which a record that fails is given up.
    pub age_max_s: i64,
    /// Whether a failed batch is halved.
    pub bisect: bool,
    /// A queue's ARN that learns of what was given up.
    pub on_failure: Option<String>,
}

/// A function fed from a queue.
#[derive(Clone, Debug)]
pub struct QueueMapping {
    /// Function by name.
    pub function: String,
    /// Queue by ARN.
    pub queue: String,
    /// Messages an invocation.
    pub batch: usize,
    /// Any of these; empty takes all.
    pub filters: Vec<Pattern>,
    /// Whether the answer names the messages that failed.
    pub reports_failures: bool,
}

/// What a topic passes on to a queue.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// The topic by ARN.
    pub topic: String,
    /// The queue by ARN.
    pub queue: String,
    /// Whether the queue gets what was published, and not SNS's envelope of it.
    pub is_raw: bool,
}

/// A rule by which SES puts mails into a bucket and says so to a topic.
#[derive(Clone, Debug)]
pub struct ReceiptRule {
    /// Domains and addresses, in lower case.
    pub recipients: Vec<String>,
    /// Whether SES looks for spam, viruses and signatures.
    pub is_scanned: bool,
    /// The bucket by name.
    pub bucket: String,
    /// What keys there begin with.
    pub prefix: String,
    /// The topic by ARN.
    pub topic: String,
}

/// A route of the HTTP API.
#[derive(Clone, Debug)]
pub struct Route {
    /// `ANY` takes all.
    pub method: String,
    /// Path with `{name}` and `{name+}`, or `$default`.
    pub path: String,
    /// Function by name.
    pub function: String,
}

/// A KMS key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its ARN.
    pub arn: String,
    /// Other names that callers may use.
    pub names: Vec<String>,
}
