//! The fault harness's judges, given what they must not accept: a judge that cannot find a fault proves nothing.

use dynoxide::actions::{get_records::GetRecordsRequest, get_shard_iterator::encode_shard_iterator};
use local::{Sent, Stack};
use serde_json::{Value, json};
use store::{
    Head,
    inspect::{
        Item, Stored,
        attributes::{every::SK, record},
    },
};
use tests::faults::{
    Plan, Random,
    judge::{Verdict, judge},
    play,
    scenario::{FEW, TENANT},
};

const SEED: u64 = 20_260_302;

async fn verdict(stack: &Stack, outbox: &[Sent]) -> Verdict {
    judge(stack, outbox, &FEW).await.unwrap()
}

/// The id of the message that a provider call names.
fn message_of(sent: &Sent) -> String {
    let text = sent.raw.to_string();
    text[text.find("msg_").unwrap()..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect()
}

/// What an item holds, where that is a head.
fn head_of(item: &Value) -> Option<Head> {
    match Item::from_json(item)?.read().unwrap() {
        Stored::Head(head) => Some(*head),
        _ => None,
    }
}

/// The rows of the table whose sort key begins so, past the functions.
fn rows(stack: &Stack, prefix: &str) -> Vec<Value> {
    let world = stack.world();
    let table = &world.template.tables.iter().find(|table| table.has_stream).unwrap().name;
    let request = json!({"TableName": table, "FilterExpression": format!("begins_with({SK}, :prefix)"),
        "ExpressionAttributeValues": {":prefix": {"S": prefix}}});
    let answer = world.database.scan(serde_json::from_value(request).unwrap()).unwrap();
    serde_json::to_value(&answer).unwrap()["Items"].as_array().unwrap().clone()
}

/// A head as it was when it had a message pending, from the table's stream.
fn head_with_pending(stack: &Stack) -> Value {
    let world = stack.world();
    let table = &world.template.tables.iter().find(|table| table.has_stream).unwrap().name;
    let mut iterator = encode_shard_iterator(table, &dynoxide::streams::shard_id(table), 0);
    loop {
        let request = GetRecordsRequest { shard_iterator: iterator, limit: Some(1_000) };
        let answer = world.database.get_records(request).unwrap();
        for record in &answer.records {
            let image = serde_json::to_value(record).unwrap()["dynamodb"]["NewImage"].clone();
            if head_of(&image).is_some_and(|head| !head.pending.is_empty()) {
                return image;
            }
        }
        iterator = answer.next_shard_iterator.unwrap();
    }
}

/// The row as it is given, instead of what was there; without `row`, nothing.
fn put_row(stack: &Stack, key: &Value, row: Option<&Value>) {
    let world = stack.world();
    let table = &world.template.tables.iter().find(|table| table.has_stream).unwrap().name;
    match row {
        Some(row) => {
            let request = json!({"TableName": table, "Item": row});
            world.database.put_item(serde_json::from_value(request).unwrap()).unwrap();
        }
        None => {
            let key = Item::from(Item::from_json(key).unwrap().key()).to_json();
            let request = json!({"TableName": table, "Key": key});
            world.database.delete_item(serde_json::from_value(request).unwrap()).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_judges_see_every_double_and_every_loss() {
    let plan = Plan { name: "judged".to_owned(), customers: FEW.into(), seed: SEED, ..Plan::default() };
    let stack = play(&plan).await.unwrap();
    let outbox = stack.outbox(Some(TENANT));
    let fair = verdict(&stack, &outbox).await;
    assert_eq!((&fair.twice, &fair.lost, fair.accepted), (&vec![], &vec![], outbox.len()));
    assert!(outbox.len() >= 20, "{} messages", outbox.len());

    for (at, sent) in outbox.iter().enumerate() {
        let id = message_of(sent);
        // It never left, though its record says so.
        let mut doctored = outbox.clone();
        doctored.remove(at);
        let seen = verdict(&stack, &doctored).await;
        assert!(seen.twice.is_empty() && seen.lost.len() == 1 && seen.lost[0].contains(&id), "{id}: {seen:#?}");
        // The provider was called twice under one id.
        let mut doctored = outbox.clone();
        doctored.push(sent.clone());
        let seen = verdict(&stack, &doctored).await;
        assert!(seen.lost.is_empty() && seen.twice.iter().any(|what| what.contains(&id)), "{id}: {seen:#?}");
        // The same person was written to again about the same thing under an id that nobody decided.
        let forged = "msg_forged";
        let mut again = sent.clone();
        again.raw = serde_json::from_str(&sent.raw.to_string().replace(&id, forged)).unwrap();
        let mut doctored = outbox.clone();
        doctored.push(again);
        let seen = verdict(&stack, &doctored).await;
        assert!(seen.lost.iter().any(|what| what.contains(forged)), "{id}: {seen:#?}");
    }

    let mut random = Random(SEED);
    let is_delivered = |row: &Value| match Item::from_json(row).unwrap().read().unwrap() {
        Stored::Record(record) => record.status.as_str() == "delivered",
        _ => false,
    };
    let records: Vec<Value> = rows(&stack, "COV#").into_iter().filter(is_delivered).collect();
    assert!(records.len() >= 10, "{} records of delivered messages", records.len());
    for _ in 0..10 {
        let row = &records[usize::try_from(random.below(records.len() as u64)).unwrap()];
        // The record is gone: nobody knows what became of the message, and the chain is broken.
        put_row(&stack, row, None);
        let seen = verdict(&stack, &outbox).await;
        assert!(seen.lost.iter().any(|what| what.contains("has no record")), "{row}: {seen:#?}");
        assert!(seen.lost.iter().any(|what| what.contains("the chain of")), "{row}: {seen:#?}");
        // It says what the outbox belies.
        for word in ["superseded", "blocked", "failed", "in_doubt", "lost in thought"] {
            let mut doctored = row.clone();
            doctored[record::STATUS] = json!({"S": word});
            put_row(&stack, row, Some(&doctored));
            let seen = verdict(&stack, &outbox).await;
            assert!(!seen.lost.is_empty(), "{word}: {row}");
        }
        put_row(&stack, row, Some(row));
    }

    // A message that is pending to this day.
    let pending = head_with_pending(&stack);
    let owner = head_of(&pending).unwrap().customer;
    let head = rows(&stack, "HEAD").into_iter().find(|row| head_of(row).unwrap().customer == owner).unwrap();
    put_row(&stack, &head, Some(&pending));
    let seen = verdict(&stack, &outbox).await;
    assert!(seen.lost.iter().any(|what| what.contains("is still")), "{seen:#?}");
    put_row(&stack, &head, Some(&head));
    let again = verdict(&stack, &outbox).await;
    assert_eq!((again.twice, again.lost.len()), (vec![], 0), "as it was");
    stack.stop().await;
}
