//! The stack end to end, with toy functions behind a template that has one of each thing.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
use base64::Engine;
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use jiff::Timestamp;
use local::{Fault, Mode, Options, Registry, Stack, When, from_fn};
use serde_json::{Value, json};

/// What the toy that ticks reads.
const READ: &str = "anna";
const TEMPLATE: &str = include_str!("toy.yaml");

/// How often `work` is to fail before it sends.
#[derive(Clone, Default)]
struct Script {
    failures: Arc<AtomicU32>,
    ticks_until: Arc<std::sync::Mutex<Option<Value>>>,
}

fn functions(script: &Script) -> Registry {
    let (work, tick) = (script.clone(), script.clone());
    Registry::default()
        .with("front", |env, clients, _| {
            let table = env.require("TABLE")?.to_owned();
            let client = aws_sdk_dynamodb::Client::new(&clients.sdk);
            Ok(from_fn(move |event| {
                let (client, table) = (client.clone(), table.clone());
                async move {
                    let name = event.payload.pointer("/pathParameters/name").and_then(Value::as_str).unwrap_or("none").to_owned();
                    if event.payload["routeKey"] == "POST /in/{name}" {
                        let put = client
                            .put_item()
                            .table_name(&table)
                            .item("pk", AttributeValue::S(name))
                            .item("sk", AttributeValue::S("HEAD".to_owned()));
                        put.send().await.map_err(|error| format!("{error:?}"))?;
                    }
                    let echo = json!({
                        "route": event.payload["routeKey"],
                        "authorization": event.payload.pointer("/headers/authorization"),
                        "encoded": event.payload["isBase64Encoded"],
                        "body": event.payload["body"],
                    });
                    Ok(json!({"statusCode": 202, "headers": {"x-toy": "1"}, "body": echo.to_string()}))
                }
            }))
        })
        .with("relay", |env, clients, _| {
            let bus = env.require("BUS")?.to_owned();
            let client = aws_sdk_eventbridge::Client::new(&clients.sdk);
            Ok(from_fn(move |event| {
                let (client, bus) = (client.clone(), bus.clone());
                async move {
                    for record in event.payload["Records"].as_array().into_iter().flatten() {
                        let detail = json!({"pk": record.pointer("/dynamodb/Keys/pk/S")});
                        let entry = PutEventsRequestEntry::builder()
                            .source("dunlin")
                            .detail_type("MessageQueued")
                            .detail(detail.to_string())
                            .event_bus_name(&bus);
                        client.put_events().entries(entry.build()).send().await.map_err(|error| format!("{error:?}"))?;
                    }
                    Ok(json!({"batchItemFailures": []}))
                }
            }))
        })
        .with("work", move |_, clients, _| {
            let client = aws_sdk_sesv2::Client::new(&clients.sdk);
            let script = work.clone();
            Ok(from_fn(move |event| {
                let (client, script) = (client.clone(), script.clone());
                async move {
                    let mut failures = Vec::new();
                    for record in event.payload["Records"].as_array().into_iter().flatten() {
                        let fails = script.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
                        if fails.is_ok() {
                            failures.push(json!({"itemIdentifier": record["messageId"]}));
                            continue;
                        }
                        let event: Value =
                            serde_json::from_str(record["body"].as_str().unwrap_or_default()).map_err(|e| e.to_string())?;
                        let to = format!("{}@acme.example", event["detail"]["pk"].as_str().unwrap_or_default());
                        let text = |text: &str| Content::builder().data(text).build().map_err(|e| e.to_string());
                        let body = Body::builder().text(text("Please pay.")?).build();
                        let message = Message::builder().subject(text("Invoice")?).body(body).build();
                        let tag = MessageTag::builder().name("dunlin_tenant").value("acme").build().map_err(|e| e.to_string())?;
                        client
                            .send_email()
                            .from_email_address("dunlin@dunlin.example")
                            .destination(Destination::builder().to_addresses(to).build())
                            .content(EmailContent::builder().simple(message).build())
                            .email_tags(tag)
                            .send()
                            .await
                            .map_err(|error| format!("{error:?}"))?;
                    }
                    Ok(json!({"batchItemFailures": failures}))
                }
            }))
        })
        .with("tick", move |env, clients, _| {
            let table = env.require("TABLE")?.to_owned();
            let client = aws_sdk_dynamodb::Client::new(&clients.sdk);
            let script = tick.clone();
            Ok(from_fn(move |_| {
                let until = script.ticks_until.lock().unwrap().clone();
                let text = |text: &str| AttributeValue::S(text.to_owned());
                let get = client.get_item().table_name(&table).key("pk", text(READ)).key("sk", text("HEAD"));
                async move {
                    get.send().await.map_err(|error| format!("{error:?}"))?;
                    Ok(until.map_or_else(|| json!({}), |until| json!({"idle_until": until})))
                }
            }))
        })
}

async fn start(script: &Script) -> Stack {
    let options = Options {
        now: Some("2026-03-02T09:00:30Z".parse().unwrap()),
        template: Some(TEMPLATE.to_owned()),
        registry: functions(script),
        seed: Some(1),
        ..Options::default()
    };
    Stack::start(options).await.unwrap()
}

async fn call(stack: &Stack, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Value) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<bytes::Bytes>>();
    let mut request = http::Request::builder().method(method).uri(format!("{}{path}", stack.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = client.request(request.body(Full::from(body.to_vec())).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

fn fault(target: &str, mode: Mode, times: u32) -> Fault {
    Fault { target: target.to_owned(), mode: Some(mode), times, call: None, when: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_becomes_a_message() {
    let stack = start(&Script::default()).await;
    assert_eq!(call(&stack, "POST", "/in/anna", &[], b"{}").await.0, 202);
    stack.advance("PT0S").await.unwrap();
    let sent = stack.outbox(Some("acme"));
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].to.as_str(), sent[0].subject.as_deref()), ("anna@acme.example", Some("Invoice")));
    assert_eq!(sent[0].at, "2026-03-02T09:00:30Z".parse::<Timestamp>().unwrap());
    assert!(stack.outbox(Some("other")).is_empty());
    let metrics = stack.metrics();
    assert_eq!(metrics.write_units["table"], 1.0);
    assert_eq!(metrics.aws_calls["sesv2:SendEmail"], 1);
    assert_eq!(metrics.invocations["work"], 1);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_http_api_is_api_gateways() {
    let stack = start(&Script::default()).await;
    // Functions look themselves who calls.
    let (status, answer) = call(&stack, "PUT", "/v1/settings", &[("authorization", "Bearer x")], b"{}").await;
    assert_eq!((status, &answer["authorization"]), (202, &json!("Bearer x")));
    assert_eq!(answer["route"], "ANY /v1/{proxy+}");
    assert_eq!(call(&stack, "PUT", "/v1/settings", &[], b"{}").await.0, 202);
    for (method, path) in [("GET", "/nowhere"), ("GET", "/in/anna")] {
        assert_eq!(call(&stack, method, path, &[], b"").await.0, 404, "{method} {path}");
    }
    let long = "x".repeat(11 * 1024);
    assert_eq!(call(&stack, "POST", "/in/a", &[("x-long", &long)], b"").await.0, 431);
    assert_eq!(call(&stack, "POST", "/in/a", &[], &vec![b' '; 10 * 1024 * 1024 + 1]).await.0, 413);
    let (_, answer) = call(&stack, "POST", "/in/a", &[("content-type", "application/octet-stream")], b"\xff\x00").await;
    assert_eq!(
        (&answer["encoded"], &answer["body"]),
        (&json!(true), &json!(base64::engine::general_purpose::STANDARD.encode(b"\xff\x00")))
    );
    let (_, answer) = call(&stack, "POST", "/in/a", &[("content-type", "application/json")], b"{}").await;
    assert_eq!((&answer["encoded"], &answer["body"]), (&json!(false), &json!("{}")));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_fails_is_given_again_and_then_set_apart() {
    let script = Script::default();
    let stack = start(&script).await;
    // One failure: given again after the visibility timeout.
    script.failures.store(1, Ordering::SeqCst);
    call(&stack, "POST", "/in/anna", &[], b"").await;
    stack.advance("PT59S").await.unwrap();
    assert_eq!(stack.outbox(None).len(), 0);
    stack.advance("PT2S").await.unwrap();
    assert_eq!(stack.outbox(None).len(), 1);
    // Two failures are all that it is given.
    script.failures.store(2, Ordering::SeqCst);
    call(&stack, "POST", "/in/bert", &[], b"").await;
    stack.advance("PT10M").await.unwrap();
    assert_eq!(stack.outbox(None).len(), 1);
    assert_eq!(queue_length(&stack, "toy-dead"), 1);
    stack.stop().await;
}

fn queue_length(stack: &Stack, name: &str) -> usize {
    let world = stack.world();
    let index = world.template.queues.iter().position(|queue| queue.name == name).unwrap();
    world.engine.state.lock().unwrap().queues[index].messages.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_that_would_find_nothing_are_skipped() {
    let script = Script::default();
    let stack = start(&script).await;
    let ticks = |stack: &Stack| stack.metrics().invocations.get("tick").copied().unwrap_or_default();
    stack.advance("PT10M").await.unwrap();
    assert_eq!(ticks(&stack), 10);
    *script.ticks_until.lock().unwrap() = Some(json!("2026-03-02T12:00:00Z"));
    stack.advance("PT1H").await.unwrap();
    assert_eq!(ticks(&stack), 11);
    stack.to("2026-03-02T12:00:00Z".parse().unwrap()).await.unwrap();
    assert_eq!(ticks(&stack), 12, "the moment itself is not missed");
    *script.ticks_until.lock().unwrap() = Some(Value::Null);
    stack.advance("P365D").await.unwrap();
    assert_eq!(ticks(&stack), 13, "never, by itself");
    call(&stack, "POST", "/in/bert", &[], b"").await;
    stack.advance("PT2M").await.unwrap();
    assert_eq!(ticks(&stack), 13, "it never read what was written");
    call(&stack, "POST", &format!("/in/{READ}"), &[], b"").await;
    stack.advance("PT2M").await.unwrap();
    assert_eq!(ticks(&stack), 14, "a write to what it read wakes it");
    stack.fault(fault("tick", Mode::Skip, 60)).unwrap();
    stack.advance("PT1H").await.unwrap();
    assert_eq!(ticks(&stack), 14, "skipped ticks are used up one a minute");
    let before: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    assert!(stack.to(before).await.is_err(), "time does not go back");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_services_and_carriers() {
    for (target, mode, sent) in [
        ("sesv2", Mode::Throttle, 1),
        ("sesv2", Mode::Error, 1),
        ("sesv2", Mode::Timeout, 1),
        ("sesv2", Mode::AcceptThenDrop, 2),
        ("dynamodb", Mode::Throttle, 1),
        ("bus", Mode::Duplicate, 2),
        ("queue", Mode::Duplicate, 2),
        ("stream", Mode::Duplicate, 2),
        ("bus", Mode::Reorder, 1),
        ("queue", Mode::Reorder, 1),
        ("stream", Mode::Reorder, 1),
    ] {
        let stack = start(&Script::default()).await;
        stack.fault(fault(target, mode, 1)).unwrap();
        call(&stack, "POST", "/in/anna", &[], b"").await;
        stack.advance("PT0S").await.unwrap();
        assert_eq!(stack.outbox(None).len(), sent, "{target} {mode:?}");
        stack.stop().await;
    }
    for target in ["bus", "queue", "stream"] {
        let stack = start(&Script::default()).await;
        stack.fault(fault(target, Mode::Delay, 1)).unwrap();
        call(&stack, "POST", "/in/anna", &[], b"").await;
        stack.advance("PT4M59S").await.unwrap();
        assert_eq!(stack.outbox(None).len(), 0, "{target}");
        stack.advance("PT1S").await.unwrap();
        assert_eq!(stack.outbox(None).len(), 1, "{target}");
        stack.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_happens_before_or_after_the_call() {
    for (when, at_once, in_the_end) in [(When::Before, 0, 1), (When::After, 1, 2)] {
        let stack = start(&Script::default()).await;
        stack.fault(Fault { call: Some(1), when: Some(when), ..fault("work", Mode::Crash, 1) }).unwrap();
        call(&stack, "POST", "/in/anna", &[], b"").await;
        let moved = stack.advance("PT0S").await.unwrap();
        assert_eq!(stack.outbox(None).len(), at_once, "{when:?}");
        assert!(moved.errors <= 1);
        stack.advance("PT2M").await.unwrap();
        assert_eq!(stack.outbox(None).len(), in_the_end, "{when:?}: the message is given again");
        stack.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_survives() {
    let folder = tempfile::tempdir().unwrap();
    let script = Script::default();
    let options = Options {
        data: Some(folder.path().to_owned()),
        now: Some("2026-03-02T09:00:30Z".parse().unwrap()),
        template: Some(TEMPLATE.to_owned()),
        registry: functions(&script),
        ..Options::default()
    };
    let stack = Stack::start(options.clone()).await.unwrap();
    script.failures.store(1, Ordering::SeqCst);
    call(&stack, "POST", "/in/anna", &[], b"").await;
    stack.advance("PT1S").await.unwrap();
    let keys = call(&stack, "GET", "/_local/issuer/keys", &[], b"").await;
    stack.stop().await;
    let stack = Stack::start(Options { now: None, ..options }).await.unwrap();
    assert_eq!(stack.now(), "2026-03-02T09:00:31Z".parse::<Timestamp>().unwrap());
    assert_eq!(call(&stack, "GET", "/_local/issuer/keys", &[], b"").await, keys, "the key that tokens are signed with");
    stack.advance("PT2M").await.unwrap();
    assert_eq!(stack.outbox(None).len(), 1, "the message was in its queue");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_surface_answers() {
    let stack = start(&Script::default()).await;
    let (status, moved) = call(&stack, "POST", "/_local/clock", &[], br#"{"advance": "PT1M"}"#).await;
    assert_eq!((status, &moved["now"], &moved["invocations"]), (200, &json!("2026-03-02T09:01:30Z"), &json!(1)));
    for (path, body, expected) in [
        ("/_local/clock", r#"{"to": "2020-01-01T00:00:00Z"}"#, 422),
        ("/_local/clock", r#"{"advance": "-P1D"}"#, 422),
        ("/_local/clock", "{}", 422),
        ("/_local/faults", r#"{"target": "sesv2", "mode": "throttle", "times": 1}"#, 200),
        ("/_local/faults", r#"{"target": "sesv2", "times": 0}"#, 200),
        ("/_local/faults", r#"{"target": "nobody", "mode": "throttle", "times": 1}"#, 422),
        ("/_local/faults", r#"{"target": "sesv2", "mode": "crash"}"#, 422),
        ("/_local/token", r#"{"tenant": "acme", "role": "viewer"}"#, 200),
        ("/_local/token", r#"{"role": "operator"}"#, 200),
        ("/_local/token", r#"{"tenant": "acme", "roles": "viewer"}"#, 422),
        ("/_local/events", r#"{"source": "aws.ses", "detail-type": "Email Bounced", "detail": {}}"#, 202),
        ("/_local/events", r#"{"source": "aws.ses"}"#, 422),
    ] {
        assert_eq!(call(&stack, "POST", path, &[], body.as_bytes()).await.0, expected, "{path} {body}");
    }
    assert_eq!(call(&stack, "GET", "/_local/outbox?tenant=acme&since=0", &[], b"").await, (200, json!([])));
    assert_eq!(call(&stack, "GET", "/_local/metrics", &[], b"").await.1["invocations"]["tick"], 1);
    let found = call(&stack, "GET", "/_local/issuer/.well-known/openid-configuration", &[], b"").await.1;
    assert_eq!(found["issuer"], format!("{}/_local/issuer", stack.url()));
    stack.stop().await;
}
