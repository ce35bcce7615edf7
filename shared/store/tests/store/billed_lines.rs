//! Lines of invoices: they lie apart, come with the newest document, and cost nothing where they are what they were.

use domain::*;
use store::inspect::attributes::every::SK;

use crate::common::*;

fn line(external_id: &str, amount_minor: i64) -> BilledLine {
    BilledLine {
        external_id: Some(external_id.to_owned()),
        description: format!("Item {external_id}"),
        quantity: Some("2".to_owned()),
        amount_minor,
    }
}

/// An invoice of a customer in a version, with these lines.
fn owed(customer: &str, version: u64, lines: Option<Vec<BilledLine>>) -> Document {
    Document::Invoice { customer: other(customer), invoice: Invoice { lines, ..invoice("INV-1", version) } }
}

async fn lines_of(table: &Table) -> Vec<BilledLine> {
    table.store.billed_lines(&table.tenant, &invoice_id("INV-1")).await.unwrap()
}

#[tokio::test]
async fn lines_come_with_the_newest_document_and_go_with_the_invoice() {
    let table = table().await;
    let (two, one) = (vec![line("a", 300), line("b", 200)], vec![line("c", 500)]);
    assert_eq!(lines_of(&table).await, [], "nothing is known yet");
    table.say("e1", &[owed("A", 2, Some(two.clone()))], 0).await;
    assert_eq!(lines_of(&table).await, two);
    // No fact has them, and evolve knows none.
    let facts = table.facts_of("A").await;
    assert!(facts.invoices[0].invoice.lines.is_none());
    let told = Event::InvoiceUpserted(Invoice { lines: Some(one.clone()), ..invoice("INV-1", 3) });
    assert!(evolve(&facts, &told).invoices[0].invoice.lines.is_none());
    // Older than what is known.
    table.say("e2", &[owed("A", 1, Some(one.clone()))], 1).await;
    assert_eq!(lines_of(&table).await, two);
    // What does not speak of lines leaves them.
    table.say("e3", &[owed("A", 3, None)], 2).await;
    assert_eq!(lines_of(&table).await, two);
    // They stay where the invoice moves, whether the document has them or not.
    table.say("e4", &[owed("B", 4, None)], 3).await;
    assert_eq!(lines_of(&table).await, two);
    table.say("e5", &[owed("A", 5, Some(one.clone()))], 4).await;
    assert_eq!(lines_of(&table).await, one);
    table.say("e6", &[owed("A", 6, Some(vec![]))], 5).await;
    assert_eq!(lines_of(&table).await, []);
}

#[tokio::test]
async fn lines_that_are_said_again_are_not_written_again_and_no_decision_reads_any() {
    let (with, without) = (table().await, table().await);
    // Several units long.
    let lines: Vec<_> = (0..60).map(|n| line(&format!("a-rather-long-identifier-{n}"), n)).collect();
    let mut units = Vec::new();
    for (table, lines) in [(&with, Some(lines.clone())), (&without, Some(vec![]))] {
        for version in 1..=3 {
            table.meter.take();
            table.say(&format!("e{version}"), &[owed("A", version, lines.clone())], 0).await;
            units.push(table.meter.take());
        }
        table.meter.take_reads();
        table.facts_of("A").await;
        units.push(table.meter.take_reads());
    }
    println!("units of three documents and of the facts, with lines and without: {units:?}");
    let (with, without) = units.split_at(4);
    assert!(with[0] > without[0], "the lines are written once");
    assert_eq!(with[1..], without[1..], "and neither again, nor read with the facts");
}

#[tokio::test]
async fn lines_are_kept_as_long_as_their_invoice() {
    let table = table().await;
    let (tenant, customer) = (&table.tenant, customer_of("A"));
    table.say("e1", &[owed("A", 1, Some(vec![line("a", 300)]))], 0).await;
    let paid = Invoice { status: InvoiceStatus::Void, lines: Some(vec![line("a", 300)]), ..invoice("INV-1", 2) };
    table.say("e2", &[Document::Invoice { customer: other("A"), invoice: paid.clone() }], 1).await;
    let (head, facts) = (table.head_of("A").await, table.facts_of("A").await);
    let mut plan = decision(vec![], Next::Parked);
    plan.archiving.archive_invoices = vec![(paid.id.clone(), vec![])];
    table.store.commit(tenant, &head, &facts, &plan, at(2)).await.unwrap();
    let rule = retention_of("DE");
    let last = rule.kept_until(paid.due_on);
    assert_eq!(table.store.retire(tenant, &customer, &rule, last, at(3)).await.unwrap(), 0);
    assert_eq!(ended(&table), [""; 0]);
    assert_eq!(table.store.retire(tenant, &customer, &rule, last.tomorrow().unwrap(), at(3)).await.unwrap(), 1);
    assert_eq!(ended(&table), ["INV", "LINES"], "both are given an end");
}

/// What of the invoice was given an end.
fn ended(table: &Table) -> Vec<&'static str> {
    let records = table.aws.records();
    let with_end = records.iter().filter(|record| record["dynamodb"]["NewImage"].get("expires_at").is_some());
    let kind = |sk: &str| ["INV", "LINES"].into_iter().find(|kind| sk.starts_with(kind));
    let mut kinds: Vec<_> = with_end.filter_map(|record| kind(record["dynamodb"]["Keys"][SK]["S"].as_str()?)).collect();
    kinds.sort_unstable();
    kinds
}
