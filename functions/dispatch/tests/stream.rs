//! Batches of the table's stream against a bus that refuses, on loopback.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use domain::{Customer, Document, InvoiceId};
use serde_json::{Value, json};
use store::{
    Receipt,
    inspect::{
        Item, Stored,
        attributes::every::{PK, SK},
    },
};
use testbed::{
    aws::{Aws, event},
    documents::{customer, invoice, invoiced},
};

struct Subject {
    aws: Aws,
    dispatch: dispatch::Handler,
}

fn document(number: usize) -> Document {
    let customer = Customer { contacts: vec![], ..customer("acme", "canonical", "C-1") };
    invoiced(customer, invoice("acme", "canonical", &format!("INV-{number}")))
}

impl Subject {
    /// With as many invoices written as asked for.
    async fn start(invoices: usize) -> Self {
        let aws = Aws::start().await;
        for number in 0..invoices {
            let receipt = Receipt { source: "canonical".to_owned(), event_id: format!("e{number}") };
            aws.store.apply(&aws.tenant, &receipt, &[document(number)], aws.now()).await.unwrap();
        }
        let dispatch = dispatch::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
        Self { aws, dispatch }
    }

    /// The records that say something, one an invoice.
    fn records(&self) -> Vec<Value> {
        let item = |record: &Value| Item::from_json(&record["dynamodb"]["NewImage"]).map(|item| item.read().unwrap());
        let is_invoice = |record: &Value| matches!(item(record), Some(Stored::Invoice(_)));
        self.aws.records().into_iter().filter(is_invoice).collect()
    }

    /// Hands a batch over; the sequence number that is reported.
    async fn dispatch(&self, records: &[Value]) -> Option<String> {
        let answer = self.dispatch.handle(event(json!({ "Records": records }))).await.unwrap();
        let failures = answer["batchItemFailures"].as_array().expect("a batch answer").clone();
        assert!(failures.len() <= 1, "the stream wants the first failure only: {failures:?}");
        failures.first().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned())
    }

    /// The invoices that the bus was told of, in order.
    fn told(&self) -> Vec<String> {
        let taken = self.aws.world.taken.lock().unwrap();
        taken
            .iter()
            .map(|entry| {
                assert_eq!((entry["Source"].as_str(), entry["EventBusName"].as_str()), (Some("dunlin"), Some("dunlin")));
                assert_eq!(entry["DetailType"], "InvoiceUpserted");
                let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
                detail["invoice"].as_str().unwrap().to_owned()
            })
            .collect()
    }

    fn script(&self, calls: impl IntoIterator<Item = Vec<(usize, &'static str)>>) {
        self.aws.world.script.lock().unwrap().extend(calls);
    }
}

fn expected(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|number| InvoiceId::derive(&["acme", "canonical", &format!("INV-{number}")]).to_string()).collect()
}

fn number_of(record: &Value) -> Option<String> {
    record["dynamodb"]["SequenceNumber"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn events_go_in_order_ten_a_call() {
    let subject = Subject::start(23).await;
    assert_eq!(subject.dispatch(&subject.records()).await, None);
    assert_eq!(subject.told(), expected(0..23));
    assert_eq!(*subject.aws.world.calls.lock().unwrap(), [10, 10, 3]);
}

#[tokio::test]
async fn what_the_bus_refuses_is_offered_again_and_only_that() {
    let subject = Subject::start(12).await;
    subject.script([vec![(3, "ThrottlingException"), (7, "InternalFailure")], vec![(1, "InternalFailure")]]);
    assert_eq!(subject.dispatch(&subject.records()).await, None);
    assert_eq!(*subject.aws.world.calls.lock().unwrap(), [10, 2, 1, 2]);
    let mut told = subject.told();
    told.sort();
    let mut all = expected(0..12);
    all.sort();
    assert_eq!(told, all);
}

#[tokio::test]
async fn the_first_record_that_fails_is_reported_and_those_before_it_are_sent() {
    let subject = Subject::start(25).await;
    let records = subject.records();
    // In the second call entries 2 and 5 are refused for good: records 12 and 15.
    let refused = |positions: &[usize]| positions.iter().map(|at| (*at, "InternalFailure")).collect::<Vec<_>>();
    subject.script([vec![], refused(&[2, 5]), refused(&[0, 1]), refused(&[0, 1]), refused(&[0, 1])]);
    assert_eq!(subject.dispatch(&records).await, number_of(&records[12]));
    let told = subject.told();
    for number in expected(0..12) {
        assert!(told.contains(&number), "{number} comes before the failure");
    }
    assert!(!told.contains(&expected([12])[0]));
    // The stream brings it and all after it again; nothing is missing then.
    assert_eq!(subject.dispatch(&records[12..]).await, None);
    let told = subject.told();
    assert!(expected(0..25).iter().all(|number| told.contains(number)));
}

#[tokio::test]
async fn a_bus_that_fails_as_a_whole_fails_the_first_record() {
    let subject = Subject::start(3).await;
    let records = subject.records();
    subject.script(std::iter::repeat_n(vec![(usize::MAX, "AccessDeniedException")], 4));
    assert_eq!(subject.dispatch(&records).await, number_of(&records[0]));
    assert!(subject.told().is_empty());
}

#[tokio::test]
async fn an_event_that_the_bus_will_never_take_holds_nobody_up() {
    let subject = Subject::start(3).await;
    subject.script([vec![(1, "MalformedDetail")]]);
    assert_eq!(subject.dispatch(&subject.records()).await, None);
    assert_eq!(subject.told(), expected([0, 2]));
}

#[tokio::test]
async fn records_that_say_nothing_or_cannot_be_read_are_passed_over() {
    let subject = Subject::start(2).await;
    let good = subject.records();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut record = good[0].clone();
        change(&mut record);
        record
    };
    let removed = changed(&|record| {
        record["eventName"] = json!("REMOVE");
        record["dynamodb"].as_object_mut().unwrap().remove("NewImage");
    });
    let expired = changed(&|record| {
        record["eventName"] = json!("REMOVE");
        record["dynamodb"].as_object_mut().unwrap().remove("NewImage");
        record["userIdentity"] = json!({ "type": "Service", "principalId": "dynamodb.amazonaws.com" });
    });
    let cases = [
        removed,
        expired,
        changed(&|record| record["dynamodb"]["NewImage"] = json!({ PK: { "WHAT": 1 } })),
        changed(&|record| record["dynamodb"]["NewImage"] = json!({})),
        changed(&|record| record["dynamodb"]["NewImage"] = json!({ PK: { "S": "nonsense" }, SK: { "S": "INV#x" } })),
        changed(&|record| record["eventName"] = json!("EXPLODE")),
        json!({ "nothing": "of the kind" }),
        json!(7),
    ];
    let mut batch = cases.to_vec();
    batch.push(good[1].clone());
    assert_eq!(subject.dispatch(&batch).await, None);
    assert_eq!(subject.told(), expected([1]));
}

#[tokio::test]
async fn the_same_batch_twice_says_the_same_under_the_same_ids() {
    let subject = Subject::start(2).await;
    for _ in 0..2 {
        assert_eq!(subject.dispatch(&subject.records()).await, None);
    }
    let taken = subject.aws.world.taken.lock().unwrap();
    assert_eq!(taken[..2], taken[2..]);
}
