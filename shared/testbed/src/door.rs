//! The one address of the stand-ins.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use dynoxide::{
    Database,
    actions::{get_records::GetRecordsRequest, get_shard_iterator::encode_shard_iterator},
};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use kit::Clients;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    TABLE, bus, issuer, kms, table,
    world::{World, error},
};

/// AWS on loopback with an empty table.
pub struct Loopback {
    /// What the stand-ins saw.
    pub world: Arc<World>,
    /// Clients of all of it.
    pub clients: Clients,
    /// A client of the table.
    pub db: aws_sdk_dynamodb::Client,
    /// Where the stand-ins answer.
    pub endpoint: String,
    database: Database,
}

impl Loopback {
    /// Starts it; it ends with the test.
    pub async fn start() -> Self {
        let world = Arc::new(World::default());
        let (database, engine) = table::engine().await;
        let endpoint = serve(Arc::clone(&world), engine).await;
        let clients = Clients::at_endpoint(&endpoint, "eu-central-1");
        let db = aws_sdk_dynamodb::Client::new(&clients.sdk);
        table::create(&db).await;
        Self { world, clients, db, endpoint, database }
    }

    /// The records of the table's stream so far, as a function gets them.
    pub fn records(&self) -> Vec<Value> {
        let shard_iterator = encode_shard_iterator(TABLE, &dynoxide::streams::shard_id(TABLE), 0);
        let request = GetRecordsRequest { shard_iterator, limit: Some(1_000) };
        let records = self.database.get_records(request).unwrap().records;
        records.iter().map(|record| serde_json::to_value(record).unwrap()).collect()
    }
}

type Http = Client<HttpConnector, Full<Bytes>>;

async fn serve(world: Arc<World>, engine: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let http: Http = Client::builder(TokioExecutor::new()).build_http();
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _nodelay = stream.set_nodelay(true);
            let (world, http, engine) = (Arc::clone(&world), http.clone(), engine.clone());
            let service = service_fn(move |request: Request<Incoming>| {
                let (world, http, engine) = (Arc::clone(&world), http.clone(), engine.clone());
                async move { Ok::<_, Infallible>(answer(&world, &http, &engine, request).await) }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    endpoint
}

async fn answer(world: &World, http: &Http, engine: &str, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (mut head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let target = head.headers.get("x-amz-target").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let (service, operation) = target.split_once('.').unwrap_or_default();
    let json = || serde_json::from_slice(&body).unwrap();
    if service.starts_with("DynamoDB") {
        world.operations.lock().unwrap().push(operation.to_owned());
        world.hold().await;
        if throttles(world, operation) {
            return error(400, "com.amazonaws.dynamodb.v20120810#ThrottlingException");
        }
        head.uri = format!("http://{engine}/").parse().unwrap();
        let body = metered(operation, body);
        head.headers.insert("content-length", body.len().into());
        let (head, body) = http.request(Request::from_parts(head, Full::new(body))).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        if READS.contains(&operation) {
            world.read_units.lock().unwrap().push(units(&body));
        }
        Response::from_parts(head, Full::new(body))
    } else if service == "TrentService" {
        kms::answer(operation, &json())
    } else if service == "AWSEvents" {
        bus::put_events(world, &json())
    } else {
        let path = head.uri.path().to_owned();
        if path == issuer::KEYS_PATH {
            *world.asked_for_keys.lock().unwrap() += 1;
            let is_away = *world.issuer_is_away.lock().unwrap();
            return if is_away { no_such_key() } else { Response::new(Full::from(issuer::keys().to_string())) };
        }
        if let Some(function) = invoked(&path) {
            let signed = head.headers.get("authorization").map(|value| value.to_str().unwrap()).unwrap_or_default();
            let good = signed.starts_with("AWS4-HMAC-SHA256 Credential=") && signed.contains("/lambda/aws4_request,");
            assert!(good && head.method == "POST", "an invocation is signed: {signed}");
            world.invoked.lock().unwrap().push((function.to_owned(), json()));
            return match world.invocations.lock().unwrap().pop_front().flatten() {
                Some(answer) => Response::new(Full::from(answer.to_string())),
                None => Response::builder().header("x-amz-function-error", "Unhandled").body(Full::from("{}")).unwrap(),
            };
        }
        if head.method == "GET" {
            return match world.objects.lock().unwrap().get(&path) {
                Some(object) => Response::new(Full::from(object.clone())),
                None => no_such_key(),
            };
        }
        if head.method == "DELETE" {
            world.objects.lock().unwrap().remove(&path);
            return Response::builder().status(204).body(Full::default()).unwrap();
        }
        assert_eq!(head.method, "PUT", "only S3's PutObject is left");
        world.objects.lock().unwrap().insert(path, body.to_vec());
        Response::new(Full::default())
    }
}

/// The function that an address of Lambda's invokes.
fn invoked(path: &str) -> Option<&str> {
    path.strip_prefix("/2015-03-31/functions/")?.strip_suffix("/invocations")
}

/// The operations that read.
const READS: [&str; 3] = ["GetItem", "BatchGetItem", "Query"];

/// A request to the table that also asks what it costs, where it reads and does not ask.
fn metered(operation: &str, body: Bytes) -> Bytes {
    if !READS.contains(&operation) {
        return body;
    }
    let mut asked: Value = serde_json::from_slice(&body).unwrap();
    if asked.get("ReturnConsumedCapacity").is_some() {
        return body;
    }
    asked["ReturnConsumedCapacity"] = json!("TOTAL");
    asked.to_string().into()
}

/// The units that an answer says it cost: of one table, or of several in a list.
fn units(body: &Bytes) -> f64 {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let of = |one: &Value| one["CapacityUnits"].as_f64().unwrap_or(0.0);
    let said = &answer["ConsumedCapacity"];
    said.as_array().map_or_else(|| of(said), |all| all.iter().map(of).sum())
}

fn throttles(world: &World, operation: &str) -> bool {
    let mut left = world.throttled.lock().unwrap();
    let hit = *left > 0 && (operation.starts_with("Transact") || operation == "PutItem" || operation == "UpdateItem");
    *left -= u32::from(hit);
    hit
}

fn no_such_key() -> Response<Full<Bytes>> {
    let body = "<Error><Code>NoSuchKey</Code><Message>so says the test</Message></Error>";
    Response::builder().status(404).header("content-type", "application/xml").body(Full::from(body)).unwrap()
}
