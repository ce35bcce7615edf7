//! Batches of the table's stream that hold more than they should.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use domain::{Channel, CustomerId, Document, SuppressionReason, TaskKind};
use serde_json::{Value, json};
use store::{
    AddressId, Line, List, Receipt,
    inspect::attributes::every::{PK, SK},
};
use testbed::{
    aws::{Aws, event},
    documents::{customer, task},
};

async fn raised(aws: &Aws, key: &str) {
    aws.store
        .raise(&aws.tenant, Some(&CustomerId::derive(&["acme", "C-1"])), &task(TaskKind::Task, key), aws.now())
        .await
        .unwrap();
}

async fn listed(aws: &Aws) -> Vec<String> {
    let page = aws.store.list(&aws.tenant, &List::TasksByStake, 200, None).await.unwrap();
    let title = |line: Line| if let Line::Task(task) = line { task.title } else { panic!("{line:?}") };
    let mut titles: Vec<String> = page.lines.into_iter().map(title).collect();
    titles.sort();
    titles
}

#[tokio::test]
async fn what_cannot_be_read_holds_no_list_up() {
    let aws = Aws::start().await;
    let handler = read_model::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
    raised(&aws, "a").await;
    let good: Vec<Value> = aws.records().into_iter().filter(|record| record.to_string().contains("TSK#")).collect();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut record = good[0].clone();
        change(&mut record);
        record
    };
    let batch = [
        changed(&|record| record["dynamodb"]["NewImage"] = json!({ PK: { "WHAT": 1 } })),
        changed(&|record| record["dynamodb"]["NewImage"] = json!({})),
        changed(&|record| record["dynamodb"]["NewImage"] = json!({ PK: { "S": "nonsense" }, SK: { "S": "INV#x" } })),
        changed(&|record| record["dynamodb"]["NewImage"] = json!({ PK: { "S": "T#acme#C#cus_1" }, SK: { "S": "HEAD" } })),
        changed(&|record| record["eventName"] = json!("EXPLODE")),
        json!({ "nothing": "of the kind" }),
        json!(7),
        good[0].clone(),
    ];
    let answer = handler.handle(event(json!({ "Records": batch }))).await.unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    assert_eq!(listed(&aws).await, ["a"]);
    assert!(handler.handle(event(json!({ "no": "batch" }))).await.is_err());
}

#[tokio::test]
async fn without_time_nothing_is_written_and_the_first_record_comes_again() {
    let aws = Aws::start().await;
    let handler = read_model::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
    for key in ["a", "b"] {
        raised(&aws, key).await;
    }
    let records: Vec<Value> = aws.records().into_iter().filter(|record| record.to_string().contains("TSK#")).collect();
    let mut late = event(json!({ "Records": records }));
    late.context.deadline = 0;
    let answer = handler.handle(late).await.unwrap();
    assert_eq!(answer["batchItemFailures"][0]["itemIdentifier"], records[0]["dynamodb"]["SequenceNumber"]);
    assert!(listed(&aws).await.is_empty());
    handler.handle(event(json!({ "Records": records }))).await.unwrap();
    assert_eq!(listed(&aws).await, ["a", "b"]);
}

/// How many items were written whose keys begin so.
fn written(aws: &Aws, key: &str, begins: &str) -> usize {
    let begins_so = |record: &Value| record["dynamodb"]["Keys"][key]["S"].as_str().is_some_and(|text| text.starts_with(begins));
    aws.records().iter().filter(|record| begins_so(record)).count()
}

#[tokio::test]
async fn what_no_key_can_seal_holds_nothing_up_and_is_noted_as_a_gap() {
    let aws = Aws::start().await;
    let handler = read_model::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
    let receipt = Receipt { source: "canonical".to_owned(), event_id: "e1".to_owned() };
    aws.store.apply(&aws.tenant, &receipt, &[Document::Customer(customer("acme", "canonical", "C-1"))], aws.now()).await.unwrap();
    let of_profile = |record: &Value| record["dynamodb"]["Keys"][SK]["S"] == "PROFILE";
    let records: Vec<Value> = aws.records().into_iter().filter(of_profile).collect();
    assert!(!records.is_empty());
    for _ in 0..2 {
        let answer = handler.handle(event(json!({ "Records": records }))).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
        assert_eq!((written(&aws, PK, "GAPS"), written(&aws, SK, "V#PROFILE")), (1, 0));
    }
    // Once there is a key, it is kept.
    aws.vault.ensure_key(&aws.tenant).await.unwrap();
    handler.handle(event(json!({ "Records": records }))).await.unwrap();
    assert_eq!((written(&aws, PK, "GAPS"), written(&aws, SK, "V#PROFILE")), (1, records.len()));
}

/// One is a bounce, the other what a stop link asked for. A stricter reason moves a row, lifting it takes the row off.
#[tokio::test]
async fn addresses_that_must_not_be_used_are_listed_until_they_are_lifted() {
    let aws = Aws::start().await;
    let handler = read_model::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
    let list = async || {
        let changed: Vec<Value> = aws.records().into_iter().filter(|record| record.to_string().contains("#ADR#")).collect();
        handler.handle(event(json!({ "Records": changed }))).await.unwrap();
        let page = aws.store.list(&aws.tenant, &List::Stopped, 200, None).await.unwrap();
        let said = |line: Line| {
            let Line::Stopped(line) = line else { panic!("{line:?}") };
            (line.shown.unwrap(), line.reason.to_string())
        };
        let mut said: Vec<_> = page.lines.into_iter().map(said).collect();
        said.sort();
        said
    };
    let expected = |rows: &[(&str, &str)]| rows.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
    let (mail, now) = ("ap@acme.example", aws.now());
    aws.store.suppress(&aws.tenant, Channel::Email, mail, SuppressionReason::Bounce, now, None).await.unwrap();
    aws.store.stop(&store::Stop::of(&aws.tenant, Channel::Sms, "+493012345678"), now).await.unwrap();
    assert_eq!(list().await, expected(&[("a…@acme.example", "bounce"), ("…678", "opt_out")]));
    let later = now + jiff::SignedDuration::from_mins(5);
    aws.store.suppress(&aws.tenant, Channel::Email, mail, SuppressionReason::OptOut, later, None).await.unwrap();
    assert_eq!(list().await, expected(&[("a…@acme.example", "opt_out"), ("…678", "opt_out")]));
    let address = AddressId::of(Channel::Email, mail);
    let stands = aws.store.stopped(&aws.tenant, &address).await.unwrap().unwrap();
    let entry = stands.suppression.entry();
    assert_eq!(aws.store.lift(&aws.tenant, &address, &entry, later, None).await.unwrap(), store::Lifted::Done(stands));
    assert_eq!(list().await, expected(&[("…678", "opt_out")]));
}
