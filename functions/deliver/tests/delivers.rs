//! Delivering to a subscriber on loopback, which answers as it is told and keeps what it got.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{DeliveryStatus, SubscriptionEnd, SubscriptionId};
use jiff::{SignedDuration, Timestamp};
use kit::Env;
use serde_json::{Value, json};
use store::{DeliveryLane, EventDelivery, NewDelivery, ReplayOf, SAMPLES, Subscription};
use testbed::{
    TABLE,
    aws::{Aws, event},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const OLD: &[u8] = b"an old secret of many bytes indeed";
const NEW: &[u8] = b"a new secret of many more bytes....";

/// A request that a subscriber got, and what it answered.
#[derive(Clone, Debug)]
struct Got {
    headers: BTreeMap<String, String>,
    body: String,
    answer: u16,
}

impl Got {
    fn event(&self) -> String {
        self.headers["webhook-id"].clone()
    }

    /// Whether one of the signatures is by this secret.
    fn is_signed_by(&self, secret: &[u8]) -> bool {
        let signed = format!("{}.{}.{}", self.event(), self.headers["webhook-timestamp"], self.body);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(tag));
        self.headers["webhook-signature"].split(' ').any(|one| one == expected)
    }
}

type Answers = Arc<Mutex<Box<dyn FnMut(&str) -> u16 + Send>>>;

/// A subscriber.
struct Subscriber {
    url: String,
    got: Arc<Mutex<Vec<Got>>>,
    answers: Answers,
}

impl Subscriber {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://127.0.0.1:{}/hook?of=dunlin", listener.local_addr().unwrap().port());
        let got = Arc::new(Mutex::new(Vec::new()));
        let first: Box<dyn FnMut(&str) -> u16 + Send> = Box::new(|_| 200);
        let answers: Answers = Arc::new(Mutex::new(first));
        let (kept, answering) = (got.clone(), answers.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, kept.clone(), answering.clone()));
            }
        });
        Self { url, got, answers }
    }

    /// Answers from now on by what the event's id is.
    fn answers(&self, answer: impl FnMut(&str) -> u16 + Send + 'static) {
        *self.answers.lock().unwrap() = Box::new(answer);
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// The events that it took, in order.
    fn taken(&self) -> Vec<String> {
        self.got().iter().filter(|got| got.answer < 300).map(Got::event).collect()
    }
}

async fn serve(mut stream: TcpStream, kept: Arc<Mutex<Vec<Got>>>, answers: Answers) {
    let mut read = Vec::new();
    let head = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        let mut some = [0_u8; 4_096];
        match stream.read(&mut some).await {
            Ok(0) | Err(_) => return,
            Ok(count) => read.extend_from_slice(&some[..count]),
        }
    };
    let text = String::from_utf8_lossy(&read[..head]).into_owned();
    let fields = text.lines().skip(1).filter_map(|line| line.split_once(':'));
    let headers: BTreeMap<String, String> =
        fields.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let length: usize = headers["content-length"].parse().unwrap();
    while read.len() < head + 4 + length {
        let mut some = [0_u8; 4_096];
        let count = stream.read(&mut some).await.unwrap();
        read.extend_from_slice(&some[..count]);
    }
    let body = String::from_utf8(read[head + 4..head + 4 + length].to_vec()).unwrap();
    let answer = {
        let mut answering = answers.lock().unwrap();
        (*answering)(&headers["webhook-id"])
    };
    kept.lock().unwrap().push(Got { headers, body, answer });
    let said = format!("HTTP/1.1 {answer} Said\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(said.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// A subscription to a subscriber, and the function.
struct Desk {
    aws: Aws,
    deliver: deliver::Handler,
    subscriber: Subscriber,
    id: SubscriptionId,
}

fn form(secret: &[u8]) -> Vec<u8> {
    format!("whsec_{}", STANDARD.encode(secret)).into_bytes()
}

impl Desk {
    async fn new() -> Self {
        let aws = Aws::start().await;
        aws.vault.ensure_key(&aws.tenant).await.unwrap();
        let subscriber = Subscriber::start().await;
        let id = SubscriptionId::derive(&["acme", "1"]);
        let new = Subscription {
            sealed: aws.vault.seal(&aws.tenant, &Subscription::sealed_for(&id), &form(OLD)).await.unwrap(),
            id: id.clone(),
            name: None,
            url: subscriber.url.clone(),
            events: vec!["InvoiceUpserted".to_owned()],
            enabled: true,
            ended: None,
            sealed_before: None,
            made_at: aws.now(),
            made_by: "robin".to_owned(),
            rev: 0,
        };
        aws.store.put_subscription(&aws.tenant, &new).await.unwrap();
        let env = [("TABLE_NAME", TABLE), ("STAND_INS", "loopback")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let deliver = deliver::Handler::new(&Env::from_pairs(env), &aws.clients, aws.clock.clone()).unwrap();
        Self { aws, deliver, subscriber, id }
    }

    fn lane(&self, customer: &str) -> DeliveryLane {
        DeliveryLane { tenant: self.aws.tenant.clone(), subscription: self.id.clone(), lane: customer.to_owned() }
    }

    /// An event of a customer, as `read-model` queues it.
    async fn queue(&self, customer: &str, event: &str) {
        let at = self.aws.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let detail = json!({"schema_version": 1, "id": event, "tenant": "acme", "occurred_at": at, "customer": customer});
        let new = NewDelivery { event, kind: "InvoiceUpserted", detail: &detail, status: DeliveryStatus::Waiting };
        assert!(self.aws.store.queue_delivery(&self.lane(customer), &new, self.aws.now()).await.unwrap());
    }

    /// Rings for lanes, as `read-model` does.
    async fn ring(&self, customers: &[&str]) {
        let body = |customer: &&str| json!({ "detail": { "schema_version": 1, "tenant": "acme", "subscription": self.id.as_str(), "lane": customer } });
        let records: Vec<Value> =
            customers.iter().map(|customer| json!({ "messageId": customer, "body": body(customer).to_string() })).collect();
        let answer = self.deliver.handle(event(json!({ "Records": records }))).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }

    async fn tick(&self) -> Value {
        self.deliver.handle(event(json!({ "source": "aws.events", "detail-type": "Scheduled Event" }))).await.unwrap()
    }

    /// Ticks at the moments that the function names until nothing is due, or until an instant.
    async fn ticks_until(&self, end: Timestamp) {
        loop {
            let answer = self.tick().await;
            let Some(next) = answer["idle_until"].as_str().map(|next| next.parse::<Timestamp>().unwrap()) else { return };
            // A tick comes each minute, and not before.
            let wait = next.duration_since(self.aws.now()).max(SignedDuration::from_mins(1));
            if self.aws.now() + wait > end {
                return;
            }
            self.aws.advance(wait);
        }
    }

    async fn subscription(&self) -> Subscription {
        self.aws.store.subscription(&self.aws.tenant, &self.id).await.unwrap().unwrap()
    }

    async fn delivery(&self, id: &str) -> EventDelivery {
        self.aws.store.event_delivery(&self.aws.tenant, &self.id, id).await.unwrap().unwrap()
    }

    async fn exceptions(&self) -> Vec<String> {
        self.aws.tasks().await.into_iter().map(|task| task.task.title).collect()
    }
}

#[tokio::test]
async fn events_of_a_customer_come_signed_and_in_their_order() {
    let desk = Desk::new().await;
    for event in ["evt_c", "evt_a", "evt_b"] {
        desk.queue("cus_1", event).await;
    }
    desk.ring(&["cus_1", "cus_1"]).await;
    assert_eq!(desk.subscriber.taken(), ["evt_c", "evt_a", "evt_b"]);
    let first = desk.subscriber.got()[0].clone();
    assert!(first.is_signed_by(OLD) && !first.is_signed_by(NEW), "{first:?}");
    assert_eq!((first.headers["content-type"].as_str(), first.headers["user-agent"].as_str()), ("application/json", "Dunlin"));
    let body: Value = serde_json::from_str(&first.body).unwrap();
    assert_eq!((body["type"].as_str(), &body["timestamp"]), (Some("InvoiceUpserted"), &body["data"]["occurred_at"]));
    assert_eq!((body["data"]["id"].as_str(), body["data"]["customer"].as_str()), (Some("evt_c"), Some("cus_1")));
    // Who rings again, and who ticks, finds nothing.
    desk.ring(&["cus_1"]).await;
    assert_eq!(desk.tick().await, json!({"delivered": 0, "failed": 0, "given_up": 0, "idle_until": null}));
    assert_eq!(desk.subscriber.got().len(), 3);
    assert_eq!(desk.delivery("evt_a.cus_1").await.answer, Some(200));
}

#[tokio::test]
async fn a_customers_next_event_waits_and_others_go_on() {
    let desk = Desk::new().await;
    for (customer, event) in [("cus_1", "evt_1"), ("cus_1", "evt_2"), ("cus_2", "evt_3"), ("cus_2", "evt_4")] {
        desk.queue(customer, event).await;
    }
    desk.subscriber.answers(|event| if event == "evt_1" { 500 } else { 204 });
    desk.ring(&["cus_1", "cus_2"]).await;
    assert_eq!(desk.subscriber.taken(), ["evt_3", "evt_4"]);
    let waits = desk.delivery("evt_1.cus_1").await;
    assert_eq!((waits.status, waits.tries, waits.answer), (DeliveryStatus::Waiting, 1, Some(500)));
    assert_eq!(
        (waits.why.as_deref(), waits.next_at),
        (Some("it answered 500"), Some(desk.aws.now() + SignedDuration::from_secs(5)))
    );
    assert_eq!(desk.delivery("evt_2.cus_1").await.tries, 0);
    // Neither a ring nor a tick hurries it.
    desk.ring(&["cus_1"]).await;
    assert_eq!(desk.subscriber.got().len(), 3);
    desk.subscriber.answers(|_| 200);
    desk.aws.advance(SignedDuration::from_secs(60));
    assert_eq!(desk.tick().await["delivered"], 2);
    assert_eq!(desk.subscriber.taken(), ["evt_3", "evt_4", "evt_1", "evt_2"]);
    let again = desk.subscriber.got().into_iter().filter(|got| got.event() == "evt_1").collect::<Vec<_>>();
    assert_eq!(again.len(), 2);
    assert_eq!(again[0].body, again[1].body, "a try says the same");
    assert_ne!(again[0].headers["webhook-timestamp"], again[1].headers["webhook-timestamp"]);
    assert_eq!(desk.aws.store.delivery_health(&desk.aws.tenant, &desk.id).await.unwrap(), store::DeliveryHealth::default());
}

#[tokio::test]
async fn a_subscriber_that_answers_410_gets_no_more() {
    let desk = Desk::new().await;
    for (customer, event) in [("cus_1", "evt_1"), ("cus_1", "evt_2"), ("cus_2", "evt_3")] {
        desk.queue(customer, event).await;
    }
    desk.subscriber.answers(|_| 410);
    desk.ring(&["cus_1"]).await;
    desk.ring(&["cus_2"]).await;
    assert_eq!(desk.subscriber.got().len(), 1);
    let ended = desk.subscription().await;
    assert_eq!((ended.enabled, ended.ended), (false, Some((SubscriptionEnd::Gone, desk.aws.now()))));
    for id in ["evt_1.cus_1", "evt_2.cus_1", "evt_3.cus_2"] {
        assert_eq!(desk.delivery(id).await.status, DeliveryStatus::GivenUp, "{id}");
    }
    assert_eq!(desk.exceptions().await, ["A subscription to events ended"]);
    assert_eq!(desk.tick().await["idle_until"], Value::Null);
}

#[tokio::test]
async fn a_subscriber_that_is_down_for_days_ends_visibly_and_is_replayed_when_it_is_back() {
    let desk = Desk::new().await;
    let began_at = desk.aws.now();
    for n in 0..12 {
        desk.queue(&format!("cus_{}", n % 4), &format!("evt_{n}")).await;
    }
    desk.subscriber.answers(|_| 503);
    let day = SignedDuration::from_hours(24);
    desk.ticks_until(began_at + day - SignedDuration::from_mins(1)).await;
    assert_eq!(desk.exceptions().await, [""; 0]);
    desk.ticks_until(began_at + day * 2).await;
    assert_eq!(desk.exceptions().await, ["Events cannot be delivered to a subscription"]);
    desk.ticks_until(began_at + day * 7).await;
    let ended = desk.subscription().await;
    let (because, at) = ended.ended.unwrap();
    assert_eq!((ended.enabled, because), (false, SubscriptionEnd::Failing));
    assert!(at >= began_at + day * 3 && at <= began_at + day * 3 + SignedDuration::from_hours(1), "{at}");
    assert_eq!(desk.exceptions().await, ["A subscription to events ended"]);
    assert!(desk.subscriber.got().len() < 100, "it was tried {} times", desk.subscriber.got().len());
    for n in 0..12 {
        assert_eq!(desk.delivery(&format!("evt_{n}.cus_{}", n % 4)).await.status, DeliveryStatus::GivenUp, "{n}");
    }

    desk.subscriber.answers(|_| 200);
    let again = Subscription { enabled: true, ended: None, ..ended };
    desk.aws.store.resume_subscription(&desk.aws.tenant, &again).await.unwrap();
    desk.queue("cus_0", "evt_later").await;
    let all_since = ReplayOf::Since(began_at);
    assert!(desk.aws.store.ask_replay(&desk.aws.tenant, &desk.id, &all_since, desk.aws.now()).await.unwrap());
    // While it is replayed, nothing passes by.
    desk.ring(&["cus_0"]).await;
    assert_eq!(desk.subscriber.taken(), [""; 0]);
    desk.ticks_until(desk.aws.now() + day).await;
    let taken = desk.subscriber.taken();
    assert_eq!(taken.len(), 13, "{taken:?}");
    let of_first: Vec<&String> =
        taken.iter().filter(|event| ["evt_0", "evt_4", "evt_8", "evt_later"].contains(&event.as_str())).collect();
    assert_eq!(of_first, ["evt_0", "evt_4", "evt_8", "evt_later"]);
}

#[tokio::test]
async fn while_a_secret_is_rotated_both_sign_and_then_the_new_one_alone() {
    let desk = Desk::new().await;
    let (vault, tenant) = (&desk.aws.vault, &desk.aws.tenant);
    let known = desk.subscription().await;
    let until = desk.aws.now() + SignedDuration::from_hours(24);
    let rotated = Subscription {
        sealed: vault.seal(tenant, &Subscription::sealed_for(&desk.id), &form(NEW)).await.unwrap(),
        sealed_before: Some((known.sealed.clone(), until)),
        ..known
    };
    desk.aws.store.put_subscription(tenant, &rotated).await.unwrap();
    desk.queue("cus_1", "evt_1").await;
    desk.ring(&["cus_1"]).await;
    desk.aws.advance(SignedDuration::from_hours(25));
    desk.queue("cus_1", "evt_2").await;
    desk.ring(&["cus_1"]).await;
    let got = desk.subscriber.got();
    assert!(got[0].is_signed_by(NEW) && got[0].is_signed_by(OLD), "{got:?}");
    assert!(got[1].is_signed_by(NEW) && !got[1].is_signed_by(OLD), "{got:?}");
}

#[tokio::test]
async fn a_sample_is_tried_once_whether_or_not_the_subscription_is_in_use() {
    let desk = Desk::new().await;
    let off = Subscription { enabled: false, ..desk.subscription().await };
    desk.aws.store.put_subscription(&desk.aws.tenant, &off).await.unwrap();
    desk.queue("cus_1", "evt_1").await;
    desk.queue(SAMPLES, "evt_sample1").await;
    assert_eq!(desk.tick().await["delivered"], 1);
    assert_eq!(desk.subscriber.taken(), ["evt_sample1"]);
    let given_up = desk.delivery("evt_1.cus_1").await;
    assert_eq!((given_up.status, given_up.tries), (DeliveryStatus::GivenUp, 0));
    desk.subscriber.answers(|_| 500);
    desk.queue(SAMPLES, "evt_sample2").await;
    assert_eq!(desk.tick().await["given_up"], 1);
    let failed = desk.delivery("evt_sample2.sample").await;
    assert_eq!((failed.status, failed.tries, failed.answer), (DeliveryStatus::GivenUp, 1, Some(500)));
    assert_eq!(desk.aws.store.delivery_health(&desk.aws.tenant, &desk.id).await.unwrap().failures, 0, "a sample proves nothing");
}

/// As many events as the variable `DUNLIN_SEQUENCES` says, 200 where it says nothing: each is taken, none is lost, and those of a customer come in
/// their order, though every third answer is a failure.
#[tokio::test]
async fn a_subscriber_that_fails_at_random_gets_everything_in_order() {
    let desk = Desk::new().await;
    let count = testbed::sequences(200);
    let mut queued: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for n in 0..count {
        let (customer, event) = (format!("cus_{}", n % 20), format!("evt_{n}"));
        desk.queue(&customer, &event).await;
        queued.entry(customer).or_default().push(event);
    }
    let mut state = 7_u64;
    desk.subscriber.answers(move |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match (state >> 33) % 6 {
            0 => 500,
            1 => 302,
            _ => 200,
        }
    });
    desk.ticks_until(Timestamp::MAX).await;
    let taken = desk.subscriber.taken();
    assert_eq!(taken.len(), usize::try_from(count).unwrap(), "each once: a failure was no success");
    for (customer, events) in queued {
        let own: Vec<&String> = taken.iter().filter(|event| events.contains(event)).collect();
        assert_eq!(own, events.iter().collect::<Vec<_>>(), "{customer}");
    }
    assert!(desk.subscription().await.enabled);
}
