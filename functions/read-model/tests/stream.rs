//! Batches of the table's stream that hold more than they should.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

#[path = "../../ingest/tests/aws/mod.rs"]
mod aws;

use aws::{Aws, event};
use domain::{CustomerId, NewTask, TaskKind};
use serde_json::{Value, json};
use store::{
    Line, List,
    inspect::attributes::every::{PK, SK},
};

async fn raised(aws: &Aws, key: &str) {
    let task = NewTask {
        case: None,
        kind: TaskKind::Task,
        key: key.to_owned(),
        title: key.to_owned(),
        detail: String::new(),
        to: None,
        due_on: None,
        step: None,
        currency: None,
    };
    aws.store.raise(&aws.tenant, Some(&CustomerId::derive(&["acme", "C-1"])), &task, aws.now()).await.unwrap();
}

async fn listed(aws: &Aws) -> Vec<String> {
    let page = aws.store.list(&aws.tenant, &List::OpenTasks, 200, None).await.unwrap();
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
