//! AWS on loopback for handler tests: an embedded table, and small stand-ins for KMS, S3 and EventBridge on one address.
#![allow(dead_code, reason = "each suite uses its own part")]

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, LocalSecondaryIndex, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
};
use bytes::Bytes;
use domain::{Mode, Settings, TenantId};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
};
use jiff::{SignedDuration, Timestamp};
use kit::{Clients, Clock, Env};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use store::{Store, Vault};
use tokio::net::TcpListener;

/// When every test begins.
pub const NOW_S: i64 = 1_767_600_000;

/// How the stand-ins behave and what they saw.
#[derive(Default)]
pub struct World {
    /// What was put into the bucket, by path.
    pub objects: Mutex<BTreeMap<String, Vec<u8>>>,
    /// The entries that the bus took, in order.
    pub taken: Mutex<Vec<Value>>,
    /// How many entries each call to the bus had.
    pub calls: Mutex<Vec<usize>>,
    /// What the bus does with the next calls: an error code for each entry that is named by its position, or for all.
    pub script: Mutex<VecDeque<Vec<(usize, &'static str)>>>,
    /// How many of the next writes to the table are throttled.
    pub throttled: Mutex<u32>,
    /// The operations on the table, by name.
    pub operations: Mutex<Vec<String>>,
    now: Mutex<i64>,
}

pub struct Aws {
    pub world: Arc<World>,
    pub clients: Clients,
    pub env: Env,
    pub clock: Clock,
    pub store: Store,
    pub vault: Vault,
    pub tenant: TenantId,
    database: dynoxide::Database,
}

impl Aws {
    /// With the tenant `acme`, live, in Berlin.
    pub async fn start() -> Self {
        let world = Arc::new(World { now: Mutex::new(NOW_S), ..World::default() });
        let database = dynoxide::Database::memory().unwrap();
        let endpoint = serve(Arc::clone(&world), database.clone()).await;
        let clients = Clients::at_endpoint(&endpoint, "eu-central-1");
        let db = aws_sdk_dynamodb::Client::new(&clients.sdk);
        create_table(&db).await;
        let pairs = [("TABLE_NAME", "dunlin"), ("BUCKET_NAME", "bodies"), ("KEY_ID", "key"), ("BUS_NAME", "dunlin")];
        let env = Env::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let ticking = Arc::clone(&world);
        let clock = Clock::from_fn(move || Timestamp::from_second(*ticking.now.lock().unwrap()).unwrap());
        let store = Store::new(db, "dunlin");
        let vault = Vault::new(aws_sdk_kms::Client::new(&clients.sdk), store.clone(), Some("key"));
        let aws = Self { world, clients, env, clock, store, vault, tenant: TenantId::parse("acme").unwrap(), database };
        aws.settings(|_| {}).await;
        aws
    }

    /// Stores the tenant's settings with changes.
    pub async fn settings(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = Settings::named("Acme");
        settings.mode = Mode::Live;
        settings.country = "DE".to_owned();
        settings.time_zone = Some("Europe/Berlin".to_owned());
        change(&mut settings);
        self.store.put_settings(&self.tenant, &settings, None, self.now()).await.unwrap();
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn advance(&self, by: SignedDuration) {
        *self.world.now.lock().unwrap() += by.as_secs();
    }

    /// The records of the table's stream so far, as a function gets them.
    pub fn records(&self) -> Vec<Value> {
        use dynoxide::actions::{get_records::GetRecordsRequest, get_shard_iterator::encode_shard_iterator};
        let shard_iterator = encode_shard_iterator("dunlin", &dynoxide::streams::shard_id("dunlin"), 0);
        let request = GetRecordsRequest { shard_iterator, limit: Some(1_000) };
        let records = self.database.get_records(request).unwrap().records;
        records.iter().map(|record| serde_json::to_value(record).unwrap()).collect()
    }

    /// The open tasks.
    pub async fn tasks(&self) -> Vec<store::Task> {
        self.store.tasks(&self.tenant, 200, None).await.unwrap().tasks
    }
}

/// An event with time left.
pub fn event(payload: Value) -> LambdaEvent<Value> {
    let mut context = Context::default();
    context.deadline = 4_000_000_000_000;
    LambdaEvent::new(payload, context)
}

fn attribute(name: &str) -> AttributeDefinition {
    AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build().unwrap()
}

fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
}

async fn create_table(db: &aws_sdk_dynamodb::Client) {
    let chase = LocalSecondaryIndex::builder()
        .index_name("chase")
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("chase", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::All).build())
        .build()
        .unwrap();
    let due = GlobalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(key("due_pk", KeyType::Hash))
        .key_schema(key("due_sk", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
        .unwrap();
    let stream =
        StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewAndOldImages).build().unwrap();
    db.create_table()
        .table_name("dunlin")
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(["pk", "sk", "chase", "due_pk", "due_sk"].map(attribute).to_vec()))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .local_secondary_indexes(chase)
        .global_secondary_indexes(due)
        .stream_specification(stream)
        .send()
        .await
        .unwrap();
    loop {
        let state = db.describe_table().table_name("dunlin").send().await.unwrap();
        if state.table.and_then(|table| table.table_status).is_some_and(|status| status.as_str() == "ACTIVE") {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn serve(world: Arc<World>, database: dynoxide::Database) -> String {
    let engine = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let table = engine.local_addr().unwrap().to_string();
    tokio::spawn(dynoxide::server::serve_with_shutdown(engine, database, std::future::pending()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _nodelay = stream.set_nodelay(true);
            let (world, client, table) = (Arc::clone(&world), client.clone(), table.clone());
            let service = service_fn(move |request: Request<Incoming>| {
                let (world, client, table) = (Arc::clone(&world), client.clone(), table.clone());
                async move {
                    let (mut head, body) = request.into_parts();
                    let body = body.collect().await.unwrap().to_bytes();
                    let target =
                        head.headers.get("x-amz-target").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
                    let (service, operation) = target.split_once('.').unwrap_or_default();
                    let answer = if service.starts_with("DynamoDB") {
                        world.operations.lock().unwrap().push(operation.to_owned());
                        if throttles(&world, operation) {
                            error(400, "com.amazonaws.dynamodb.v20120810#ThrottlingException")
                        } else {
                            head.uri = format!("http://{table}/").parse().unwrap();
                            let answer = client.request(Request::from_parts(head, Full::new(body))).await.unwrap();
                            let (head, body) = answer.into_parts();
                            Response::from_parts(head, Full::new(body.collect().await.unwrap().to_bytes()))
                        }
                    } else if service == "TrentService" {
                        kms(operation, &serde_json::from_slice(&body).unwrap())
                    } else if service == "AWSEvents" {
                        put_events(&world, &serde_json::from_slice(&body).unwrap())
                    } else {
                        assert_eq!(head.method, "PUT", "only S3's PutObject is left");
                        world.objects.lock().unwrap().insert(head.uri.path().to_owned(), body.to_vec());
                        Response::new(Full::default())
                    };
                    Ok::<_, Infallible>(answer)
                }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    endpoint
}

fn throttles(world: &World, operation: &str) -> bool {
    let mut left = world.throttled.lock().unwrap();
    let hit = *left > 0 && (operation.starts_with("Transact") || operation == "PutItem" || operation == "UpdateItem");
    *left -= u32::from(hit);
    hit
}

fn error(status: u16, code: &str) -> Response<Full<Bytes>> {
    let body = json!({ "__type": code, "message": "so says the test" }).to_string();
    Response::builder().status(status).header("content-type", "application/x-amz-json-1.0").body(Full::from(body)).unwrap()
}

/// One key, wrapped by naming its tenant.
fn kms(operation: &str, request: &Value) -> Response<Full<Bytes>> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let tenant = request["EncryptionContext"]["tenant"].as_str().unwrap_or_default();
    let wrapped = STANDARD.encode(format!("wrapped for {tenant}"));
    if operation == "Decrypt" && request["CiphertextBlob"] != wrapped.as_str() {
        return error(400, "InvalidCiphertextException");
    }
    let answer = json!({ "KeyId": "key", "Plaintext": STANDARD.encode([7_u8; 32]), "CiphertextBlob": wrapped });
    Response::new(Full::from(answer.to_string()))
}

fn put_events(world: &World, request: &Value) -> Response<Full<Bytes>> {
    let entries = request["Entries"].as_array().unwrap();
    world.calls.lock().unwrap().push(entries.len());
    let script = world.script.lock().unwrap().pop_front().unwrap_or_default();
    if let [(usize::MAX, code)] = script.as_slice() {
        return error(400, code);
    }
    let mut failed = 0;
    let results: Vec<Value> = entries
        .iter()
        .enumerate()
        .map(|(at, entry)| match script.iter().find(|(position, _)| *position == at) {
            Some((_, code)) => {
                failed += 1;
                json!({ "ErrorCode": code, "ErrorMessage": "so says the test" })
            }
            None => {
                world.taken.lock().unwrap().push(entry.clone());
                json!({ "EventId": "e" })
            }
        })
        .collect();
    Response::new(Full::from(json!({ "FailedEntryCount": failed, "Entries": results }).to_string()))
}
