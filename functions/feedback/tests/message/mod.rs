//! A customer with a message on its way, and SES's events about it.

use domain::{Customer, CustomerId, Document, Invoice, MessageId, Next};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{Attempt, Claim, Found, MessageResult, Receipt, Settlement};
use testbed::{
    aws::{Aws, NOW_S, event},
    documents::{contact, covered, customer, decision, invoice, invoiced, planned},
};

/// The one that the message is for, and the one that gets a copy.
pub const MAIN: &str = "ap@acme.example";
pub const COPY: &str = "cfo@acme.example";

/// How far the message's sender came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It called and has not said what came of it.
    Calling,
    /// It does not know what came of it.
    Unknown,
    /// The provider took it.
    Sent,
}

pub struct Subject {
    pub aws: Aws,
    pub feedback: feedback::Handler,
    pub customer: CustomerId,
    pub message: MessageId,
    pub number: u64,
    claimed: store::Head,
    attempt: Attempt,
}

fn document(customer: Customer, invoice: Invoice) -> Document {
    let contacts = vec![contact("p1", MAIN), contact("p2", COPY)];
    invoiced(Customer { contacts, ..customer }, invoice)
}

impl Subject {
    pub async fn start(stage: Stage) -> Self {
        let aws = Aws::start().await;
        let (owes, owed) = (customer("acme", "canonical", "C-1"), invoice("acme", "canonical", "INV-1"));
        let (customer, row) = (owes.id.clone(), covered(&owed.id));
        let receipt = Receipt { source: "canonical".to_owned(), event_id: "e1".to_owned() };
        aws.store.apply(&aws.tenant, &receipt, &[document(owes, owed)], aws.now()).await.unwrap();
        let decision = decision(aws.now(), vec![planned(vec![row])], Next::Parked);
        let head = aws.store.head(&aws.tenant, &customer).await.unwrap().unwrap();
        let facts = aws.store.facts(&aws.tenant, &head).await.unwrap();
        let committed = aws.store.commit(&aws.tenant, &head, &facts, &decision, aws.now()).await.unwrap();
        let message = committed.messages[0].clone();
        let version = aws.store.head(&aws.tenant, &customer).await.unwrap().unwrap().version;
        let attempt = Attempt { id: "a1".to_owned(), lease_until: aws.now() + SignedDuration::from_secs(60) };
        let claim = aws.store.claim(&aws.tenant, &customer, version, &message, &attempt).await.unwrap();
        let Claim::Held(claimed) = claim else { panic!("not held: {claim:?}") };
        let feedback = feedback::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
        let subject = Self { aws, feedback, customer, message, number: committed.number, claimed: *claimed, attempt };
        match stage {
            Stage::Calling => {}
            Stage::Unknown => subject.settle(MessageResult::Unknown).await,
            Stage::Sent => subject.settle(MessageResult::Sent).await,
        }
        subject
    }

    /// The sender says what came of its call.
    pub async fn settle(&self, status: MessageResult) {
        let now = self.aws.now();
        let head = self.aws.store.head(&self.aws.tenant, &self.customer).await.unwrap().unwrap();
        let rows = head.pending.get(&self.message).map(|entry| entry.message.rows.clone()).unwrap_or_default();
        let settlement = Settlement {
            status,
            at: now,
            reason: String::new(),
            provider_id: (status == MessageResult::Sent).then(|| "ses-1".to_owned()),
            rows,
            asked_for: None,
            rendered_sha256: None,
            template_version: 1,
            layout_version: 1,
            trace: json!([]),
            fact_versions: vec![],
        };
        let next = Next::At(now + SignedDuration::from_secs(3_600));
        self.aws.store.settle(&self.aws.tenant, &self.claimed, &self.message, &self.attempt, &settlement, next).await.unwrap();
    }

    /// The tags of the message.
    pub fn tags(&self) -> Value {
        json!({
            "dunlin_tenant": ["acme"], "dunlin_customer": [self.customer.as_str()], "dunlin_message": [self.message.as_str()],
            "dunlin_number": [self.number.to_string()], "ses:source-ip": ["192.0.2.1"]
        })
    }

    /// SES's event about the message; `part` is what is peculiar to its kind.
    pub fn ses(&self, kind: &str, part: Value) -> Value {
        envelope(kind, part, self.tags())
    }

    /// Hands bodies over as one batch of the queue; which of them come again.
    pub async fn deliver(&self, queue: &str, bodies: &[String]) -> Vec<usize> {
        let records: Vec<Value> = bodies.iter().enumerate().map(|(at, body)| record(queue, at, body)).collect();
        self.deliver_records(&records).await
    }

    pub async fn deliver_records(&self, records: &[Value]) -> Vec<usize> {
        let answer = self.feedback.handle(event(json!({ "Records": records }))).await.unwrap();
        let failures = answer["batchItemFailures"].as_array().expect("a batch answer");
        failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().parse().unwrap()).collect()
    }

    /// Hands events of SES over, one batch.
    pub async fn hear(&self, events: &[Value]) {
        let bodies: Vec<String> = events.iter().map(Value::to_string).collect();
        assert_eq!(self.deliver("stack-FeedbackQueue-1", &bodies).await, Vec::<usize>::new());
    }

    /// Where the message stands: its status and what its coverage came to.
    pub async fn status(&self) -> String {
        let found = self.aws.store.find_message(&self.aws.tenant, &self.customer, self.number, &self.message).await.unwrap();
        match found {
            Found::Pending(_, entry) => format!("pending {:?}", entry.message.status),
            Found::Record(record) => {
                let outcome = record.coverage.first().map(|coverage| format!("{:?}", coverage.outcome));
                format!("{} {}", record.status, outcome.unwrap_or_default())
            }
            Found::Nothing => "nothing".to_owned(),
        }
    }

    /// The addresses that must not be used, with why.
    pub async fn suppressed(&self) -> Vec<String> {
        let head = self.aws.store.head(&self.aws.tenant, &self.customer).await.unwrap().unwrap();
        let facts = self.aws.store.facts(&self.aws.tenant, &head).await.unwrap();
        let known = facts.addresses.iter().filter_map(|(key, fact)| Some((key, fact.suppressed.as_ref()?)));
        known.map(|(key, suppression)| format!("{key} {:?}", suppression.reason)).collect()
    }
}

/// A record of a queue.
pub fn record(queue: &str, at: usize, body: &str) -> Value {
    json!({
        "messageId": at.to_string(), "receiptHandle": "r", "body": body, "attributes": { "ApproximateReceiveCount": "1" },
        "messageAttributes": {}, "eventSource": "aws:sqs", "eventSourceARN": format!("arn:aws:sqs:eu-central-1:1:{queue}")
    })
}

/// An event of SES in EventBridge's envelope, to the main recipient and a copy.
pub fn envelope(kind: &str, part: Value, tags: Value) -> Value {
    let mut detail = json!({
        "eventType": kind,
        "mail": {
            "timestamp": "2026-01-05T08:00:00.000Z", "messageId": "ses-1", "source": "billing@acme.example",
            "sendingAccountId": "1", "destination": [MAIN, COPY], "headersTruncated": false,
            "headers": [{ "name": "To", "value": MAIN }],
            "commonHeaders": { "from": ["billing@acme.example"], "to": [format!("Anna Weber <{MAIN}>")], "cc": [COPY], "subject": "s" },
            "tags": tags
        }
    });
    for (name, value) in part.as_object().into_iter().flatten() {
        detail[name] = value.clone();
    }
    let time = jiff::Timestamp::from_second(NOW_S).unwrap();
    json!({ "version": "0", "id": "i", "detail-type": "Email", "source": "aws.ses", "account": "1", "time": time.to_string(), "detail": detail })
}

/// A bounce of these addresses; `extra` is what the report says of each.
pub fn bounce(kind: &str, sub: &str, who: &[&str], extra: Value) -> Value {
    let recipients: Vec<Value> = who
        .iter()
        .map(|address| {
            let mut one = extra.clone();
            one["emailAddress"] = json!(address);
            one
        })
        .collect();
    json!({ "bounce": {
        "bounceType": kind, "bounceSubType": sub, "bouncedRecipients": recipients, "timestamp": "2026-01-05T08:05:00.000Z",
        "feedbackId": "f", "reportingMTA": "dsn; mta.example"
    } })
}

pub fn delivery(who: &[&str]) -> Value {
    json!({ "delivery": { "timestamp": "2026-01-05T08:01:00.000Z", "recipients": who, "smtpResponse": "250 ok" } })
}

pub fn complaint(who: &[&str], extra: Value) -> Value {
    let recipients: Vec<Value> = who.iter().map(|address| json!({ "emailAddress": address })).collect();
    let mut part = json!({ "complainedRecipients": recipients, "timestamp": "2026-01-05T09:00:00.000Z", "feedbackId": "f" });
    for (name, value) in extra.as_object().into_iter().flatten() {
        part[name] = value.clone();
    }
    json!({ "complaint": part })
}
